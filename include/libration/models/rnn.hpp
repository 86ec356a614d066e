// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The plain recurrent network (tanh or relu, leaky on request) as a driven map: cell, options, `models::rnn`.

#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/models/detail/activation.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/stacked.hpp>

namespace libration::inline LIBRATION_ABI::models {

enum class nonlinearity { tanh, relu };

struct rnn_options {
  nonlinearity activation = nonlinearity::tanh;  ///< f; PyTorch's default, which its weight files do not record
  double leak = 1.0;  ///< a, in (0, 1]: h' = (1 - a) h + a f(...); 1 is PyTorch's network, less is a leaky integrator
};
/// Where `recurrent_options` has them.
struct assumed_rnn {
  rnn_options rnn = {};
};

/// One layer: h' = (1 - a) h + a f(W x + U h + b), with b the sum of the biases.
///
/// State: h, shape (H). Tangent: (1 - a) I + a D(f') U.
template <class Scalar>
class rnn_cell {
 public:
  using scalar_type = Scalar;
  using options_type = rnn_options;
  using matrix = typename layer_weights<Scalar>::matrix;
  static constexpr std::string_view name = "models::rnn";
  static constexpr std::string_view kind = "rnn";
  static constexpr Eigen::Index gate_count = 1;    ///< blocks of H rows in the weights
  static constexpr Eigen::Index state_blocks = 1;  ///< blocks of H rows in the state

  // What describes the kind to readers of files (see `recurrent_kind`).
  using assumed_type = assumed_rnn;
  static constexpr auto assumed = &assumed_rnn::rnn;
  template <class Said>
  static void read_conventions(Said& said, rnn_options& options) {
    const bool relu = said.take("nonlinearity", "relu", "tanh", options.activation == nonlinearity::relu);
    options.activation = relu ? nonlinearity::relu : nonlinearity::tanh;
    options.leak = said.take("leak", options.leak);
  }

  struct workspace {
    matrix value;  ///< f(W x + U h + b), shape (H, members)
    matrix slope;  ///< a f', shape (H, members)
    matrix block;  ///< preactivations' tangent, shape (H, columns)
  };

  /// \param layer  checked weights (see `stacked`)
  rnn_cell(layer_weights<Scalar> layer, const rnn_options& options);

  Eigen::Index hidden_size() const { return recurrent_.cols(); }
  Eigen::Index input_size() const { return input_.cols(); }
  /// The weights and biases in force, and the options that they are to be read with: a cell made of the two is this one.
  layer_weights<Scalar> weights() const { return {input_, recurrent_, bias_, {}}; }
  const rnn_options& options() const { return options_; }

  workspace make_workspace(Eigen::Index columns, Eigen::Index members) const;

  /// P = W X + b; X: shape (m, members), P: shape (H, members)
  void project(matrix_view<Scalar> X, matrix_span<Scalar> P) const;

  /// One step of every column of `state`, shape (H, members), from the projected inputs P, shape (H, members).
  void step(matrix_view<Scalar> P, matrix_view<Scalar> state, matrix_span<Scalar> next, workspace& ws) const;

  /// JV = (dh'/dh) V at the last step's first member; V, JV: shape (H, k).
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const;

  /// JV = (dh'/dh) V + (dh'/dx) X; X: shape (m, k).
  void tangent(matrix_view<Scalar> V, matrix_view<Scalar> X, matrix_span<Scalar> JV, workspace& ws) const;

  /// JtW = (dh'/dh)ᵀ W at the last step's first member and, unless it is null, BtW = (dh'/dx)ᵀ W; shapes (H, k) and (m, k).
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar>* BtW, workspace& ws) const;

 private:
  void combine(matrix_view<Scalar> V, matrix_span<Scalar> JV, const workspace& ws) const;

  typename layer_weights<Scalar>::vector bias_;
  matrix input_, recurrent_;
  rnn_options options_;
};

template <class Scalar>
rnn_cell<Scalar>::rnn_cell(layer_weights<Scalar> layer, const rnn_options& options)
    : bias_(detail::total_bias(layer)),
      input_(std::move(layer.input)),
      recurrent_(std::move(layer.recurrent)),
      options_(options) {
  require(options.leak > 0 && options.leak <= 1, name,
          [&] { return "leak is " + number_text(options.leak) + ", expected a number in (0, 1]"; });
}

template <class Scalar>
typename rnn_cell<Scalar>::workspace rnn_cell<Scalar>::make_workspace(Eigen::Index columns, Eigen::Index members) const {
  const Eigen::Index H = hidden_size();
  return {matrix(H, members), matrix(H, members), matrix(H, columns)};
}

template <class Scalar>
void rnn_cell<Scalar>::project(matrix_view<Scalar> X, matrix_span<Scalar> P) const {
  P.noalias() = input_ * X;
  P.colwise() += bias_;
}

template <class Scalar>
void rnn_cell<Scalar>::step(matrix_view<Scalar> P, matrix_view<Scalar> state, matrix_span<Scalar> next, workspace& ws) const {
  const Eigen::Index H = hidden_size(), members = state.cols();
  const Scalar a = static_cast<Scalar>(options_.leak);
  auto value = ws.value.leftCols(members);
  value = P;
  value.noalias() += recurrent_ * state;
  if (options_.activation == nonlinearity::tanh)
    detail::tanh(ws.value.data(), ws.slope.data(), H * members);
  else
    detail::relu(ws.value.data(), ws.slope.data(), H * members);
  if (options_.leak == 1.0) {
    next = value;
  } else {
    next = (Scalar(1) - a) * state + a * value;
    ws.slope.leftCols(members) *= a;
  }
}

template <class Scalar>
void rnn_cell<Scalar>::tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const {
  ws.block.leftCols(V.cols()).noalias() = recurrent_ * V;
  combine(V, JV, ws);
}

template <class Scalar>
void rnn_cell<Scalar>::tangent(matrix_view<Scalar> V, matrix_view<Scalar> X, matrix_span<Scalar> JV, workspace& ws) const {
  auto block = ws.block.leftCols(V.cols());
  block.noalias() = recurrent_ * V;
  block.noalias() += input_ * X;
  combine(V, JV, ws);
}

template <class Scalar>
void rnn_cell<Scalar>::combine(matrix_view<Scalar> V, matrix_span<Scalar> JV, const workspace& ws) const {
  const Scalar keep = static_cast<Scalar>(1.0 - options_.leak);
  const auto slope = ws.slope.col(0).array();
  for (Eigen::Index j = 0; j < V.cols(); ++j) {
    if (keep == Scalar(0))
      JV.col(j).array() = slope * ws.block.col(j).array();
    else
      JV.col(j).array() = slope * ws.block.col(j).array() + keep * V.col(j).array();
  }
}

template <class Scalar>
void rnn_cell<Scalar>::pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar>* BtW, workspace& ws) const {
  const Scalar keep = static_cast<Scalar>(1.0 - options_.leak);
  const auto slope = ws.slope.col(0).array();
  auto block = ws.block.leftCols(W.cols());
  for (Eigen::Index j = 0; j < W.cols(); ++j) block.col(j).array() = slope * W.col(j).array();
  JtW.noalias() = recurrent_.transpose() * block;
  if (keep != Scalar(0)) JtW += keep * W;
  if (BtW != nullptr) BtW->noalias() = input_.transpose() * block;
}

/// Layers of `rnn_cell`; see `stacked`. `models::rnn<float>::from(file, "rnn.")` reads PyTorch's RNN and RNNCell.
template <class Scalar>
using rnn = stacked<rnn_cell<Scalar>>;

#if defined(LIBRATION_COMPILED)
extern template class rnn_cell<double>;
extern template class rnn_cell<float>;
extern template class stacked<rnn_cell<double>>;
extern template class stacked<rnn_cell<float>>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
