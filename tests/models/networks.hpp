// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Random networks of every kind and convention, and files to read them from, for the tests of `models`.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/gru.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/lstm.hpp>
#include <libration/models/rnn.hpp>

#include "support/message.hpp"
#include "support/scratch.hpp"

namespace libration_test {

/// A matrix of uniform numbers in (-size, size) that single precision holds exactly.
inline Eigen::MatrixXd random_matrix(Eigen::Index rows, Eigen::Index columns, double size, std::uint64_t stream) {
  const libration::random_stream numbers(20, stream);
  Eigen::MatrixXd result(rows, columns);
  for (Eigen::Index i = 0; i < result.size(); ++i)
    result.data()[i] = static_cast<float>(size * (2 * numbers.uniform(static_cast<std::uint64_t>(i)) - 1));
  return result;
}

/// Layers of `gates` blocks, with m inputs and the given units; weights in (-size, size).
template <class Scalar>
std::vector<libration::models::layer_weights<Scalar>> random_layers(Eigen::Index gates, Eigen::Index inputs,
                                                                    const std::vector<Eigen::Index>& units,
                                                                    double size = 0.6, std::uint64_t stream = 0) {
  std::vector<libration::models::layer_weights<Scalar>> layers;
  for (const Eigen::Index hidden : units) {
    const Eigen::Index rows = gates * hidden;
    layers.push_back({random_matrix(rows, inputs, size, stream).cast<Scalar>(),
                      random_matrix(rows, hidden, size, stream + 1).cast<Scalar>(),
                      random_matrix(rows, 1, size, stream + 2).cast<Scalar>(),
                      random_matrix(rows, 1, size, stream + 3).cast<Scalar>()});
    inputs = hidden;
    stream += 4;
  }
  return layers;
}

/// Calls `test(name, network)` for a network of each kind and convention, all with 4 inputs.
template <class Scalar, class Test>
void for_each_network(double size, Test&& test) {
  namespace models = libration::models;
  test("rnn, one unit", models::rnn<Scalar>(random_layers<Scalar>(1, 4, {1}, size)));
  test("rnn, tanh, 3 layers", models::rnn<Scalar>(random_layers<Scalar>(1, 4, {5, 7, 3}, size)));
  test("rnn, relu, 2 layers",
       models::rnn<Scalar>(random_layers<Scalar>(1, 4, {6, 5}, size), {.activation = models::nonlinearity::relu}));
  test("rnn, leaky, 2 layers", models::rnn<Scalar>(random_layers<Scalar>(1, 4, {6, 5}, size), {.leak = 0.25}));
  test("gru, one unit", models::gru<Scalar>(random_layers<Scalar>(3, 4, {1}, size)));
  test("gru, 3 layers", models::gru<Scalar>(random_layers<Scalar>(3, 4, {5, 7, 3}, size)));
  test("gru, reset before, 2 layers",
       models::gru<Scalar>(random_layers<Scalar>(3, 4, {6, 5}, size), {.reset_before = true}));
  test("gru, swapped update, 2 layers",
       models::gru<Scalar>(random_layers<Scalar>(3, 4, {6, 5}, size), {.swapped_update = true}));
  test("lstm, one unit", models::lstm<Scalar>(random_layers<Scalar>(4, 4, {1}, size)));
  test("lstm, 3 layers", models::lstm<Scalar>(random_layers<Scalar>(4, 4, {5, 7, 3}, size)));
}

/// Writes tensors to a file and opens it.
inline libration::io::safetensors::file file_of(const libration::io::safetensors::tensor_set& tensors,
                                                const std::map<std::string, std::string>& metadata = {}) {
  const scratch_folder folder;
  const auto path = folder / "model.safetensors";
  libration::io::safetensors::write(path, tensors, metadata);
  return libration::io::safetensors::open(path, {.mapped = false});
}

/// Adds layers under PyTorch's names. \param suffix  "_l" for a network's numbered layers, "" for a single cell
template <class Scalar>
void add_layers(libration::io::safetensors::tensor_set& tensors, const std::string& prefix,
                const std::vector<libration::models::layer_weights<Scalar>>& layers, const std::string& suffix = "_l") {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::string ending = suffix.empty() ? "" : suffix + std::to_string(l);
    tensors.add(prefix + "weight_ih" + ending, layers[l].input).add(prefix + "weight_hh" + ending, layers[l].recurrent);
    if (layers[l].input_bias.size() != 0)
      tensors.add(prefix + "bias_ih" + ending, layers[l].input_bias)
          .add(prefix + "bias_hh" + ending, layers[l].recurrent_bias);
  }
}

}  // namespace libration_test
