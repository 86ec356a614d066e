// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The long short-term memory as a driven map: cell, options, `models::lstm`.

#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/models/detail/activation.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/stacked.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct lstm_options {
  std::string gate_order =
      "ifgo";  ///< blocks of rows in the weights: input, forget, candidate, output; PyTorch's order
};
/// Where `recurrent_options` has them.
struct assumed_lstm {
  lstm_options lstm = {};
};

/// One layer: i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b), c' = f c + i g, h' = o tanh c'.
///
/// State: h, then c, shape (2 H). Tangent, with k = o (1 - tanh^2 c'):
///   dc' = f dc + c f(1-f) df + g i(1-i) di + i (1-g^2) dg,   dh' = tanh c' o(1-o) do + k dc',
/// where di, df, dg, do are the preactivations' tangents, U dh + W dx.
template <class Scalar>
class lstm_cell {
 public:
  using scalar_type = Scalar;
  using options_type = lstm_options;
  using matrix = typename layer_weights<Scalar>::matrix;
  static constexpr std::string_view name = "models::lstm";
  static constexpr std::string_view kind = "lstm";
  static constexpr Eigen::Index gate_count = 4;    ///< blocks of H rows in the weights
  static constexpr Eigen::Index state_blocks = 2;  ///< blocks of H rows in the state

  // What describes the kind to readers of files (see `recurrent_kind`).
  using assumed_type = assumed_lstm;
  static constexpr auto assumed = &assumed_lstm::lstm;
  template <class Said>
  static void read_conventions(Said& said, lstm_options& options) {
    options.gate_order = said.take_order("gate_order", options.gate_order, "ifgo", "cgjg");
  }

  struct workspace {
    matrix gates;  ///< i, f, o, g in this order, shape (4 H, members)
    matrix
        coefficients;  ///< factors of di, df, do, dg, and k, shape (5 H, members); without columns: the gates' slopes
    matrix cell;       ///< tanh c', shape (H, members)
    matrix block;      ///< di, df, do, dg, shape (4 H, columns)
  };

  /// \param layer  checked weights (see `stacked`)
  lstm_cell(layer_weights<Scalar> layer, const lstm_options& options);

  Eigen::Index hidden_size() const { return recurrent_.cols(); }
  Eigen::Index input_size() const { return input_.cols(); }
  /// The weights and biases in force, and the options that they are to be read with: a cell made of the two is this one.
  layer_weights<Scalar> weights() const { return {input_, recurrent_, bias_, {}}; }
  lstm_options options() const { return {.gate_order = "ifog"}; }

  workspace make_workspace(Eigen::Index columns, Eigen::Index members) const;

  /// P = W X + b; X: shape (m, members), P: shape (4 H, members)
  void project(matrix_view<Scalar> X, matrix_span<Scalar> P) const;

  /// One step of every column of `state`, shape (2 H, members), from the projected inputs P, shape (4 H, members).
  void step(matrix_view<Scalar> P, matrix_view<Scalar> state, matrix_span<Scalar> next, workspace& ws) const;

  /// JV = (d(h', c')/d(h, c)) V at the last step's first member; V, JV: shape (2 H, k).
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const;

  /// JV = (d(h', c')/d(h, c)) V + (d(h', c')/dx) X; X: shape (m, k).
  void tangent(matrix_view<Scalar> V, matrix_view<Scalar> X, matrix_span<Scalar> JV, workspace& ws) const;

  /// JtW = (d(h', c')/d(h, c))ᵀ W at the last step's first member and, unless it is null, BtW = (d(h', c')/dx)ᵀ W; shapes (2 H, k)
  /// and (m, k).
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar>* BtW, workspace& ws) const;

 private:
  void combine(matrix_view<Scalar> V, matrix_span<Scalar> JV, const workspace& ws) const;

  typename layer_weights<Scalar>::vector bias_;
  matrix input_, recurrent_;
};

template <class Scalar>
lstm_cell<Scalar>::lstm_cell(layer_weights<Scalar> layer, const lstm_options& options) {
  detail::require_gate_order(options.gate_order, "ifgo", name);
  bias_ = detail::total_bias(layer);
  input_ = std::move(layer.input);
  recurrent_ = std::move(layer.recurrent);
  // Inside, the three sigmoids lie side by side.
  detail::reorder_gates(input_, options.gate_order, "ifog");
  detail::reorder_gates(recurrent_, options.gate_order, "ifog");
  detail::reorder_gates(bias_, options.gate_order, "ifog");
}

template <class Scalar>
typename lstm_cell<Scalar>::workspace lstm_cell<Scalar>::make_workspace(Eigen::Index columns, Eigen::Index members) const {
  const Eigen::Index H = hidden_size();
  return {matrix(4 * H, members), matrix(5 * H, members), matrix(H, members), matrix(4 * H, columns)};
}

template <class Scalar>
void lstm_cell<Scalar>::project(matrix_view<Scalar> X, matrix_span<Scalar> P) const {
  P.noalias() = input_ * X;
  P.colwise() += bias_;
}

template <class Scalar>
void lstm_cell<Scalar>::step(matrix_view<Scalar> P, matrix_view<Scalar> state, matrix_span<Scalar> next, workspace& ws) const {
  const Eigen::Index H = hidden_size(), members = state.cols();
  auto gates = ws.gates.leftCols(members);
  gates = P;
  gates.noalias() += recurrent_ * state.topRows(H);
  for (Eigen::Index j = 0; j < members; ++j) {
    auto gate = [&, j](Eigen::Index block) { return ws.gates.col(j).segment(block * H, H).array(); };
    auto coefficient = [&, j](Eigen::Index block) { return ws.coefficients.col(j).segment(block * H, H).array(); };
    Scalar* const slopes = ws.coefficients.col(j).data();
    detail::sigmoid(ws.gates.col(j).data(), slopes, 3 * H);
    detail::tanh(ws.gates.col(j).data() + 3 * H, slopes + 3 * H, H);
    const auto c = state.col(j).tail(H).array();
    auto cell = ws.cell.col(j).array();
    cell = gate(1) * c + gate(0) * gate(3);
    next.col(j).tail(H).array() = cell;
    detail::tanh(ws.cell.col(j).data(), slopes + 4 * H, H);
    next.col(j).head(H).array() = gate(2) * cell;
    if (ws.block.cols() == 0) continue;
    coefficient(0) *= gate(0) * gate(3);
    coefficient(1) *= gate(1) * c;
    coefficient(2) *= gate(2) * cell;
    coefficient(3) *= gate(0);
    coefficient(4) *= gate(2);
  }
}

template <class Scalar>
void lstm_cell<Scalar>::tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const {
  ws.block.leftCols(V.cols()).noalias() = recurrent_ * V.topRows(hidden_size());
  combine(V, JV, ws);
}

template <class Scalar>
void lstm_cell<Scalar>::tangent(matrix_view<Scalar> V, matrix_view<Scalar> X, matrix_span<Scalar> JV, workspace& ws) const {
  auto block = ws.block.leftCols(V.cols());
  block.noalias() = recurrent_ * V.topRows(hidden_size());
  block.noalias() += input_ * X;
  combine(V, JV, ws);
}

template <class Scalar>
void lstm_cell<Scalar>::combine(matrix_view<Scalar> V, matrix_span<Scalar> JV, const workspace& ws) const {
  const Eigen::Index H = hidden_size();
  const auto coefficient = [&](Eigen::Index block) { return ws.coefficients.col(0).segment(block * H, H).array(); };
  const auto forget = ws.gates.col(0).segment(H, H).array();
  for (Eigen::Index j = 0; j < V.cols(); ++j) {
    const auto d = [&, j](Eigen::Index block) { return ws.block.col(j).segment(block * H, H).array(); };
    auto dh = JV.col(j).head(H).array();
    auto dc = JV.col(j).tail(H).array();
    dc = forget * V.col(j).tail(H).array() + coefficient(0) * d(0) + coefficient(1) * d(1) + coefficient(3) * d(3);
    dh = coefficient(2) * d(2) + coefficient(4) * dc;
  }
}

template <class Scalar>
void lstm_cell<Scalar>::pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar>* BtW, workspace& ws) const {
  const Eigen::Index H = hidden_size();
  const auto coefficient = [&](Eigen::Index block) { return ws.coefficients.col(0).segment(block * H, H).array(); };
  const auto forget = ws.gates.col(0).segment(H, H).array();
  auto block = ws.block.leftCols(W.cols());
  for (Eigen::Index j = 0; j < W.cols(); ++j) {
    auto d = [&, j](Eigen::Index b) { return ws.block.col(j).segment(b * H, H).array(); };
    auto wc = JtW.col(j).tail(H).array();
    wc = W.col(j).tail(H).array() + coefficient(4) * W.col(j).head(H).array();
    d(0) = coefficient(0) * wc;
    d(1) = coefficient(1) * wc;
    d(2) = coefficient(2) * W.col(j).head(H).array();
    d(3) = coefficient(3) * wc;
    wc *= forget;
  }
  JtW.topRows(H).noalias() = recurrent_.transpose() * block;
  if (BtW != nullptr) BtW->noalias() = input_.transpose() * block;
}

/// Layers of `lstm_cell`; see `stacked`. The state is h, then c, layer by layer: [h_0, c_0, h_1, c_1, ...].
/// `models::lstm<float>::from(file, "lstm.")` reads PyTorch's LSTM and LSTMCell.
template <class Scalar>
using lstm = stacked<lstm_cell<Scalar>>;

#if defined(LIBRATION_COMPILED)
extern template class lstm_cell<double>;
extern template class lstm_cell<float>;
extern template class stacked<lstm_cell<double>>;
extern template class stacked<lstm_cell<float>>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
