// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The weights of one recurrent layer, as PyTorch lays them out, and what is checked about them.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// One layer of G gates, H units and m inputs; gate blocks are stacked in the rows, in the order the cell's options
/// say.
template <class Scalar>
struct layer_weights {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  matrix input;           ///< weight_ih, shape (G H, m), acts on the input
  matrix recurrent;       ///< weight_hh, shape (G H, H), acts on the layer's own h
  vector input_bias;      ///< bias_ih, shape (G H), or empty: zero
  vector recurrent_bias;  ///< bias_hh, shape (G H), or empty: zero
};

namespace detail {

/// What the four arrays of a layer are called in a message, in the order of `layer_weights`.
using layer_names = std::array<std::string, 4>;

inline std::string shape_text(Eigen::Index rows, Eigen::Index columns) {
  return "(" + number_text(rows) + ", " + number_text(columns) + ")";
}

/// \return what is wrong with an array that must be finite, or an empty text
template <class Derived>
std::string find_non_finite(const Eigen::DenseBase<Derived>& values, const std::string& name) {
  for (Eigen::Index j = 0; j < values.cols(); ++j)
    for (Eigen::Index i = 0; i < values.rows(); ++i)
      if (!(Eigen::numext::isfinite)(values.coeff(i, j)))
        return name + " holds a number that is not finite, at row " + number_text(i) +
               (values.cols() > 1 ? ", column " + number_text(j) : std::string());
  return {};
}

/// \param gates   blocks of rows, G
/// \param inputs  columns that the input weight must have, or -1: any number
/// \return        what is wrong with a layer (the array's name, what is expected and what came), or an empty text
template <class Scalar>
std::string find_fault(const layer_weights<Scalar>& layer, Eigen::Index gates, Eigen::Index inputs,
                       const layer_names& names) {
  const Eigen::Index hidden = layer.recurrent.cols();
  if (hidden < 1 || layer.recurrent.rows() != gates * hidden)
    return names[1] + " has shape " + shape_text(layer.recurrent.rows(), hidden) + ", expected " +
           (hidden < 1 ? std::string("at least one column")
                       : shape_text(gates * hidden, hidden) + " (" + number_text(gates) + " times its columns)");
  if (layer.input.rows() != gates * hidden || (inputs >= 0 && layer.input.cols() != inputs))
    return names[0] + " has shape " + shape_text(layer.input.rows(), layer.input.cols()) + ", expected " +
           shape_text(gates * hidden, inputs >= 0 ? inputs : layer.input.cols()) +
           (layer.input.rows() != gates * hidden ? " (as many rows as " + names[1] + ")"
                                                 : " (the units of the layer below)");
  for (const auto& [bias, name] :
       {std::pair(&layer.input_bias, &names[2]), std::pair(&layer.recurrent_bias, &names[3])})
    if (bias->size() != 0 && bias->size() != gates * hidden)
      return *name + " has " + number_text(bias->size()) + " numbers, expected " + number_text(gates * hidden);
  std::string fault = find_non_finite(layer.input, names[0]);
  if (fault.empty()) fault = find_non_finite(layer.recurrent, names[1]);
  if (fault.empty()) fault = find_non_finite(layer.input_bias, names[2]);
  if (fault.empty()) fault = find_non_finite(layer.recurrent_bias, names[3]);
  return fault;
}

/// Puts blocks of rows, which stand in the order `from`, into the order `to`.
///
/// \param rows  shape (G H, any), or empty: left alone
/// \param from  one letter a block, for example "ifgo"
/// \param to    the same letters in the order wanted
template <class Derived>
void reorder_gates(Eigen::PlainObjectBase<Derived>& rows, std::string_view from, std::string_view to) {
  if (rows.size() == 0 || from == to) return;
  const Eigen::Index block = rows.rows() / static_cast<Eigen::Index>(from.size());
  const Derived source = rows;
  for (std::size_t gate = 0; gate < to.size(); ++gate)
    rows.middleRows(static_cast<Eigen::Index>(gate) * block, block) =
        source.middleRows(static_cast<Eigen::Index>(from.find(to[gate])) * block, block);
}

/// Throws unless `order` holds each letter of `letters` once.
LIBRATION_DECLARED void require_gate_order(std::string_view order, std::string_view letters, std::string_view who);

/// The biases' sum, or zero where both are empty.
template <class Scalar>
typename layer_weights<Scalar>::vector total_bias(const layer_weights<Scalar>& layer) {
  typename layer_weights<Scalar>::vector sum = layer_weights<Scalar>::vector::Zero(layer.recurrent.rows());
  if (layer.input_bias.size() != 0) sum += layer.input_bias;
  if (layer.recurrent_bias.size() != 0) sum += layer.recurrent_bias;
  return sum;
}

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/layer_weights.hpp>
#endif
