// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The gated recurrent unit as a driven map, in each of its conventions: cell, options, `models::gru`.

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

/// The defaults are PyTorch's. A file does not record which convention its weights belong to, and a wrong one gives
/// wrong numbers without complaint.
struct gru_options {
  bool reset_before = false;       ///< n = tanh(W x + U (r h) + b) instead of tanh(W x + b_ih + r (U h + b_hh))
  bool swapped_update = false;     ///< h' = z n + (1 - z) h instead of (1 - z) n + z h
  std::string gate_order = "rzn";  ///< blocks of rows in the weights: reset, update, candidate
};
/// Where `recurrent_options` has them.
struct assumed_gru {
  gru_options gru = {};
};

/// One layer: r, z = sigmoid(W x + U h + b), n = tanh(W x + b_ih + r (U h + b_hh)), h' = (1 - z) n + z h.
///
/// State: h, shape (H). Tangent, with q = U_n h + b_hh and dr, dz, dn the gates' preactivations' tangents:
///   dh' = z dh + (h - n) z(1-z) dz + (1-z)(1-n^2) dn,   dn = W_n dx + r (U_n dh) + q r(1-r) dr,
/// or, with the reset before the product, dn = W_n dx + U_n (r dh + h r(1-r) dr).
template <class Scalar>
class gru_cell {
 public:
  using scalar_type = Scalar;
  using options_type = gru_options;
  using matrix = typename layer_weights<Scalar>::matrix;
  using vector = typename layer_weights<Scalar>::vector;
  static constexpr std::string_view name = "models::gru";
  static constexpr std::string_view kind = "gru";
  static constexpr Eigen::Index gate_count = 3;    ///< blocks of H rows in the weights
  static constexpr Eigen::Index state_blocks = 1;  ///< blocks of H rows in the state

  // What describes the kind to readers of files (see `recurrent_kind`).
  using assumed_type = assumed_gru;
  static constexpr auto assumed = &assumed_gru::gru;
  template <class Said>
  static void read_conventions(Said& said, gru_options& options) {
    options.reset_before = !said.take("reset_after", "true", "false", !options.reset_before);
    options.swapped_update = said.take("swapped_update", "true", "false", options.swapped_update);
    options.gate_order = said.take_order("gate_order", options.gate_order, "rzn", "uzhncn");
  }

  struct workspace {
    matrix gates;  ///< r, z (as in h' = (1 - z) n + z h), n, shape (3 H, members)
    matrix reset;  ///< what the reset gate acted on or made: U_n h + b_hh, or r h where it comes before; (H, members)
    matrix
        coefficients;  ///< factors of dr, dz, dn and U_n dh, shape (4 H, members); without columns: the gates' slopes
    matrix block;      ///< dr, dz, and U_n dh or dn, shape (3 H, columns)
    matrix candidate;  ///< W_n dx, or d(r h) where the reset comes before, shape (H, columns)
  };

  /// \param layer  checked weights (see `stacked`)
  gru_cell(layer_weights<Scalar> layer, const gru_options& options);

  Eigen::Index hidden_size() const { return recurrent_.cols(); }
  Eigen::Index input_size() const { return input_.cols(); }
  /// The weights and biases in force, and the options that they are to be read with: a cell made of the two is this one.
  /// Rows are in PyTorch's order and reading of z, whatever they came in.
  layer_weights<Scalar> weights() const;
  gru_options options() const { return {.reset_before = reset_before_}; }

  workspace make_workspace(Eigen::Index columns, Eigen::Index members) const;

  /// P = W X + b; X: shape (m, members), P: shape (3 H, members)
  void project(matrix_view<Scalar> X, matrix_span<Scalar> P) const;

  /// One step of every column of `state`, shape (H, members), from the projected inputs P, shape (3 H, members).
  void step(matrix_view<Scalar> P, matrix_view<Scalar> state, matrix_span<Scalar> next, workspace& ws) const;

  /// JV = (dh'/dh) V at the last step's first member; V, JV: shape (H, k).
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const { tangent_of(V, nullptr, JV, ws); }

  /// JV = (dh'/dh) V + (dh'/dx) X; X: shape (m, k).
  void tangent(matrix_view<Scalar> V, matrix_view<Scalar> X, matrix_span<Scalar> JV, workspace& ws) const {
    tangent_of(V, &X, JV, ws);
  }

  /// JtW = (dh'/dh)ᵀ W at the last step's first member and, unless it is null, BtW = (dh'/dx)ᵀ W; shapes (H, k) and (m, k).
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar>* BtW, workspace& ws) const;

 private:
  void tangent_of(const matrix_view<Scalar>& V, const matrix_view<Scalar>* X, matrix_span<Scalar>& JV,
                  workspace& ws) const;

  vector bias_, candidate_bias_;
  matrix input_, recurrent_;
  bool reset_before_;
};

template <class Scalar>
gru_cell<Scalar>::gru_cell(layer_weights<Scalar> layer, const gru_options& options) : reset_before_(options.reset_before) {
  detail::require_gate_order(options.gate_order, "rzn", name);
  const Eigen::Index H = layer.recurrent.cols();
  bias_ = layer.input_bias.size() != 0 ? layer.input_bias : vector(vector::Zero(3 * H));
  candidate_bias_ = layer.recurrent_bias.size() != 0 ? layer.recurrent_bias : vector(vector::Zero(3 * H));
  input_ = std::move(layer.input);
  recurrent_ = std::move(layer.recurrent);
  detail::reorder_gates(bias_, options.gate_order, "rzn");
  detail::reorder_gates(candidate_bias_, options.gate_order, "rzn");
  detail::reorder_gates(input_, options.gate_order, "rzn");
  detail::reorder_gates(recurrent_, options.gate_order, "rzn");
  // Where the reset gate multiplies U h + b_hh, the candidate's two biases stay apart; all others are summed.
  if (reset_before_)
    bias_ += candidate_bias_;
  else
    bias_.head(2 * H) += candidate_bias_.head(2 * H);
  candidate_bias_ = candidate_bias_.tail(H).eval();
  // sigmoid(-a) = 1 - sigmoid(a): the other reading of z is the same network with this gate's weights negated.
  if (options.swapped_update) {
    bias_.segment(H, H) *= Scalar(-1);
    input_.middleRows(H, H) *= Scalar(-1);
    recurrent_.middleRows(H, H) *= Scalar(-1);
  }
}

template <class Scalar>
layer_weights<Scalar> gru_cell<Scalar>::weights() const {
  layer_weights<Scalar> layer{input_, recurrent_, bias_, vector::Zero(bias_.size())};
  if (!reset_before_) layer.recurrent_bias.tail(hidden_size()) = candidate_bias_;
  return layer;
}

template <class Scalar>
typename gru_cell<Scalar>::workspace gru_cell<Scalar>::make_workspace(Eigen::Index columns, Eigen::Index members) const {
  const Eigen::Index H = hidden_size();
  return {matrix(3 * H, members), matrix(H, members), matrix(4 * H, members), matrix(3 * H, columns),
          matrix(H, columns)};
}

template <class Scalar>
void gru_cell<Scalar>::project(matrix_view<Scalar> X, matrix_span<Scalar> P) const {
  P.noalias() = input_ * X;
  P.colwise() += bias_;
}

template <class Scalar>
void gru_cell<Scalar>::step(matrix_view<Scalar> P, matrix_view<Scalar> state, matrix_span<Scalar> next, workspace& ws) const {
  const Eigen::Index H = hidden_size(), members = state.cols();
  auto gates = ws.gates.leftCols(members);
  auto reset = ws.reset.leftCols(members);
  if (reset_before_) {
    gates = P;
    gates.topRows(2 * H).noalias() += recurrent_.topRows(2 * H) * state;
    for (Eigen::Index j = 0; j < members; ++j) {
      detail::sigmoid(ws.gates.col(j).data(), ws.coefficients.col(j).data(), 2 * H);
      reset.col(j).array() = gates.col(j).head(H).array() * state.col(j).array();
    }
    gates.bottomRows(H).noalias() += recurrent_.bottomRows(H) * reset;
  } else {
    gates.noalias() = recurrent_ * state;
    reset = gates.bottomRows(H).colwise() + candidate_bias_;
    gates.topRows(2 * H) += P.topRows(2 * H);
    for (Eigen::Index j = 0; j < members; ++j) {
      detail::sigmoid(ws.gates.col(j).data(), ws.coefficients.col(j).data(), 2 * H);
      gates.col(j).tail(H).array() = P.col(j).tail(H).array() + gates.col(j).head(H).array() * reset.col(j).array();
    }
  }
  for (Eigen::Index j = 0; j < members; ++j) {
    const auto gate = [&, j](Eigen::Index block) { return ws.gates.col(j).segment(block * H, H).array(); };
    auto coefficient = [&, j](Eigen::Index block) { return ws.coefficients.col(j).segment(block * H, H).array(); };
    detail::tanh(ws.gates.col(j).data() + 2 * H, ws.coefficients.col(j).data() + 2 * H, H);
    const auto h = state.col(j).array();
    next.col(j).array() = coefficient(1) * gate(2) + gate(1) * h;  // coefficient(1) is 1 - z here
    if (ws.block.cols() == 0) continue;
    coefficient(2) *= coefficient(1);
    coefficient(1) *= gate(1) * (h - gate(2));
    if (reset_before_) {
      coefficient(0) *= gate(0) * h;
    } else {
      coefficient(0) *= gate(0) * coefficient(2) * reset.col(j).array();
      coefficient(3) = gate(0) * coefficient(2);
    }
  }
}

template <class Scalar>
void gru_cell<Scalar>::tangent_of(const matrix_view<Scalar>& V, const matrix_view<Scalar>* X, matrix_span<Scalar>& JV,
                workspace& ws) const {
  const Eigen::Index H = hidden_size(), k = V.cols();
  auto block = ws.block.leftCols(k);
  auto candidate = ws.candidate.leftCols(k);
  const auto coefficient = [&](Eigen::Index b) { return ws.coefficients.col(0).segment(b * H, H).array(); };
  const auto z = ws.gates.col(0).segment(H, H).array();
  if (reset_before_) {
    const auto r = ws.gates.col(0).head(H).array();
    block.topRows(2 * H).noalias() = recurrent_.topRows(2 * H) * V;
    if (X != nullptr) block.topRows(2 * H).noalias() += input_.topRows(2 * H) * *X;
    for (Eigen::Index j = 0; j < k; ++j)
      candidate.col(j).array() = r * V.col(j).array() + coefficient(0) * block.col(j).head(H).array();
    block.bottomRows(H).noalias() = recurrent_.bottomRows(H) * candidate;
    if (X != nullptr) block.bottomRows(H).noalias() += input_.bottomRows(H) * *X;
    for (Eigen::Index j = 0; j < k; ++j)
      JV.col(j).array() = z * V.col(j).array() + coefficient(1) * block.col(j).segment(H, H).array() +
                          coefficient(2) * block.col(j).tail(H).array();
    return;
  }
  block.noalias() = recurrent_ * V;
  if (X != nullptr) {
    block.topRows(2 * H).noalias() += input_.topRows(2 * H) * *X;
    candidate.noalias() = input_.bottomRows(H) * *X;
  }
  for (Eigen::Index j = 0; j < k; ++j) {
    JV.col(j).array() = z * V.col(j).array() + coefficient(0) * block.col(j).head(H).array() +
                        coefficient(1) * block.col(j).segment(H, H).array() +
                        coefficient(3) * block.col(j).tail(H).array();
    if (X != nullptr) JV.col(j).array() += coefficient(2) * candidate.col(j).array();
  }
}

template <class Scalar>
void gru_cell<Scalar>::pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar>* BtW, workspace& ws) const {
  const Eigen::Index H = hidden_size(), k = W.cols();
  auto block = ws.block.leftCols(k);
  auto candidate = ws.candidate.leftCols(k);
  const auto coefficient = [&](Eigen::Index b) { return ws.coefficients.col(0).segment(b * H, H).array(); };
  const auto z = ws.gates.col(0).segment(H, H).array();
  const auto d = [&](Eigen::Index b, Eigen::Index j) { return ws.block.col(j).segment(b * H, H).array(); };
  for (Eigen::Index j = 0; j < k; ++j) {
    const auto w = W.col(j).array();
    d(1, j) = coefficient(1) * w;
    d(2, j) = coefficient(2) * w;
  }
  if (reset_before_) {
    const auto r = ws.gates.col(0).head(H).array();
    candidate.noalias() = recurrent_.bottomRows(H).transpose() * block.bottomRows(H);
    for (Eigen::Index j = 0; j < k; ++j) d(0, j) = coefficient(0) * candidate.col(j).array();
    JtW.noalias() = recurrent_.topRows(2 * H).transpose() * block.topRows(2 * H);
    for (Eigen::Index j = 0; j < k; ++j) JtW.col(j).array() += z * W.col(j).array() + r * candidate.col(j).array();
    if (BtW != nullptr) BtW->noalias() = input_.transpose() * block;
    return;
  }
  for (Eigen::Index j = 0; j < k; ++j) d(0, j) = coefficient(0) * W.col(j).array();
  if (BtW != nullptr) BtW->noalias() = input_.transpose() * block;
  for (Eigen::Index j = 0; j < k; ++j) d(2, j) = coefficient(3) * W.col(j).array();
  JtW.noalias() = recurrent_.transpose() * block;
  for (Eigen::Index j = 0; j < k; ++j) JtW.col(j).array() += z * W.col(j).array();
}

/// Layers of `gru_cell`; see `stacked`. `models::gru<float>::from(file, "gru.")` reads PyTorch's GRU and GRUCell.
template <class Scalar>
using gru = stacked<gru_cell<Scalar>>;

#if defined(LIBRATION_COMPILED)
extern template class gru_cell<double>;
extern template class gru_cell<float>;
extern template class stacked<gru_cell<double>>;
extern template class stacked<gru_cell<float>>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
