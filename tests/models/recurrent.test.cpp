// SPDX-License-Identifier: MIT
#include <libration/models/detail/recurrent_tensors.hpp>

#include <limits>
#include <string>

#include <Eigen/Core>

#include <libration/models/lstm.hpp>
#include <libration/models/recurrent.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::add_layers;
using libration_test::file_of;
using libration_test::message_of;
using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using Eigen::MatrixXd, Eigen::VectorXd;
using models::detail::read_layers;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// What reading an LSTM below `prefix` says.
std::string complaint(const safetensors::tensor_set& tensors, const std::string& prefix = "rnn.") {
  const auto file = file_of(tensors);
  return message_of<libration::file_error>([&] { read_layers<double>(file, prefix, 4, "models::lstm"); });
}

safetensors::tensor_set two_layers() {
  safetensors::tensor_set tensors;
  add_layers(tensors, "rnn.", random_layers<double>(4, 3, {2, 2}));
  return tensors;
}

}  // namespace

TEST_CASE("models::detail::read_layers: reads PyTorch's names, any number of layers, with any prefix", "[oracle]") {
  const auto expected = random_layers<double>(4, 3, {2, 2, 2});
  for (const char* prefix : {"", "rnn.", "model.encoder.lstm."}) {
    safetensors::tensor_set tensors;
    add_layers(tensors, prefix, expected);
    tensors.add("other.weight", MatrixXd(MatrixXd::Ones(2, 2)));
    const auto layers = read_layers<double>(file_of(tensors), prefix, 4, "models::lstm");
    REQUIRE(layers.size() == 3);
    for (std::size_t l = 0; l < 3; ++l) {
      CHECK(layers[l].input == expected[l].input);
      CHECK(layers[l].recurrent == expected[l].recurrent);
      CHECK(layers[l].input_bias == expected[l].input_bias);
      CHECK(layers[l].recurrent_bias == expected[l].recurrent_bias);
    }
  }
}

TEST_CASE("models::detail::read_layers: reads a single cell's names, and files without biases", "[oracle]") {
  auto expected = random_layers<double>(3, 4, {2});
  expected[0].input_bias.resize(0);
  expected[0].recurrent_bias.resize(0);
  safetensors::tensor_set tensors;
  add_layers(tensors, "cell.", expected, "");
  const auto layers = read_layers<float>(file_of(tensors), "cell.", 3, "models::gru");
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].input == expected[0].input.cast<float>());
  CHECK(layers[0].recurrent == expected[0].recurrent.cast<float>());
  CHECK(layers[0].input_bias.size() == 0);
  CHECK(layers[0].recurrent_bias.size() == 0);
}

TEST_CASE("models::detail::read_layers: what it cannot be is refused by the tensor's name", "[failure]") {
  CHECK(contains(complaint(two_layers().add("rnn.weight_ih_l0_reverse", random_matrix(8, 3, 1, 1))),
                 "models::lstm: rnn.weight_ih_l0_reverse belongs to a bidirectional network"));
  CHECK(contains(complaint(two_layers().add("rnn.weight_hr_l0", random_matrix(1, 2, 1, 1))),
                 "models::lstm: rnn.weight_hr_l0 belongs to a network with a projection (proj_size)"));
  CHECK(contains(complaint(two_layers().add("rnn.weight_hh_l3", random_matrix(8, 2, 1, 1))),
                 "no tensor \"rnn.weight_ih_l2\""));
  CHECK(contains(
      complaint(two_layers(), "lstm."),
      "models::lstm: no tensor lstm.weight_hh_l0 or lstm.weight_hh; recurrent layers are there with the prefix "
      "\"rnn.\""));
  CHECK(contains(complaint(safetensors::tensor_set().add("a.weight", random_matrix(2, 2, 1, 1))),
                 "no tensor rnn.weight_hh_l0 or rnn.weight_hh; the file holds a.weight"));
  CHECK(complaint(two_layers()).empty());
}

TEST_CASE("models::detail::read_layers: wrong shapes and numbers are refused by the tensor's name", "[failure]") {
  const auto with = [](auto change) {
    auto layers = random_layers<double>(4, 3, {2, 2});
    change(layers);
    safetensors::tensor_set tensors;
    add_layers(tensors, "rnn.", layers);
    return complaint(tensors);
  };
  CHECK(contains(with([](auto& layers) { layers[0].recurrent = random_matrix(6, 2, 1, 1); }),
                 "\"rnn.bias_ih_l0\" has shape (8), expected (6)"));
  CHECK(contains(with([](auto& layers) {
                   layers[0] = {random_matrix(6, 3, 1, 1), random_matrix(6, 2, 1, 1), {}, {}};
                 }),
                 "models::lstm: rnn.weight_hh_l0 has shape (6, 2), expected (8, 2) (4 times its columns)"));
  CHECK(contains(with([](auto& layers) { layers[1].input = random_matrix(8, 3, 1, 1); }),
                 "models::lstm: rnn.weight_ih_l1 has shape (8, 3), expected (8, 2) (the units of the layer below)"));
  CHECK(contains(with([](auto& layers) { layers[1].recurrent(5, 1) = std::numeric_limits<double>::quiet_NaN(); }),
                 "models::lstm: rnn.weight_hh_l1 holds a number that is not finite, at row 5, column 1"));
  CHECK(contains(with([](auto& layers) { layers[0].recurrent_bias[3] = std::numeric_limits<double>::infinity(); }),
                 "models::lstm: rnn.bias_hh_l0 holds a number that is not finite, at row 3"));

  auto half = safetensors::tensor_set().add("rnn.weight_ih", random_matrix(8, 3, 1, 1));
  half.add("rnn.weight_hh", random_matrix(8, 2, 1, 1)).add("rnn.bias_ih", VectorXd(VectorXd::Zero(8)));
  CHECK(contains(complaint(half), "no tensor \"rnn.bias_hh\""));
}

TEST_CASE("models::load_recurrent: the kind follows from the shapes, or from the metadata", "[oracle]") {
  const auto kind_of = [](Eigen::Index gates, const std::map<std::string, std::string>& metadata = {},
                          const models::recurrent_options& options = {}) {
    safetensors::tensor_set tensors;
    add_layers(tensors, "any.prefix.", random_layers<double>(gates, 3, {2, 2}));
    return models::load_recurrent<double>(file_of(tensors, metadata), options);
  };
  CHECK(std::holds_alternative<models::rnn<double>>(kind_of(1)));
  CHECK(std::holds_alternative<models::gru<double>>(kind_of(3)));
  CHECK(std::holds_alternative<models::lstm<double>>(kind_of(4)));
  CHECK(std::holds_alternative<models::lstm<double>>(kind_of(4, {{"model_type", "char_lstm"}})));
  using libration::file_error;
  CHECK(contains(message_of<file_error>([&] { kind_of(4, {{"model_type", "gru"}}); }), "expected (6, 2)"));
  CHECK(contains(message_of<file_error>([&] {
                   kind_of(4, {{"model_type", "llama"}});
                 }),
                 "model_type is \"llama\", expected rnn, gru or lstm"));
  CHECK(
      contains(message_of<file_error>([&] { kind_of(2); }), "has shape (4, 2), expected 1 (rnn), 3 (gru) or 4 (lstm)"));
  CHECK(contains(message_of<file_error>([&] {
                   kind_of(1, {{"nonlinearity", "gelu"}});
                 }),
                 "nonlinearity is \"gelu\", expected relu or tanh"));

  // The metadata says what the weights cannot, and wins over the options.
  const VectorXd h = random_matrix(4, 1, 1.0, 50), x = random_matrix(3, 1, 1.0, 51);
  const auto next = [&](const models::any_recurrent<double>& any) {
    return std::visit(
        [&](const auto& net) {
          auto ws = net.make_workspace(0);
          VectorXd result(4);
          net.step(h, x, result, ws);
          return result;
        },
        any);
  };
  models::recurrent_options before;
  before.gru.reset_before = true;
  CHECK(next(kind_of(3)) != next(kind_of(3, {{"reset_after", "false"}})));
  CHECK(next(kind_of(3, {}, before)) == next(kind_of(3, {{"reset_after", "false"}})));
  CHECK(next(kind_of(3, {{"reset_after", "true"}}, before)) == next(kind_of(3)));
  CHECK(next(kind_of(1, {{"nonlinearity", "relu"}})) != next(kind_of(1)));
}

TEST_CASE("models::load_recurrent: no network, or several, are refused, and a prefix chooses", "[failure]") {
  safetensors::tensor_set tensors;
  add_layers(tensors, "a.", random_layers<double>(3, 3, {2}));
  add_layers(tensors, "b.", random_layers<double>(4, 3, {2}));
  const auto file = file_of(tensors);
  CHECK(contains(message_of<libration::file_error>([&] { models::load_recurrent<double>(file); }),
                 "2 recurrent networks, expected one, or the prefix of one; there are a., b."));
  CHECK(std::holds_alternative<models::lstm<double>>(models::load_recurrent<double>(file, {.prefix = "b."})));
  const auto none = file_of(safetensors::tensor_set().add("q_proj.weight", random_matrix(2, 2, 1, 1)));
  CHECK(contains(
      message_of<libration::file_error>([&] { models::load_recurrent<double>(none); }),
      "not a recurrent network: no tensor's name ends in weight_hh_l0 or weight_hh; the file holds q_proj.weight"));
}
