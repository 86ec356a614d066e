// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/min_gru.hpp declares.

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/models/detail/activation.hpp>
#include <libration/models/min_gru.hpp>

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED min_gru_config min_gru_config::complete(checkpoint& tensors) const {
  constexpr std::string_view who = "models::min_gru";
  min_gru_config c = *this;
  const auto fill = [&](Eigen::Index& size, const std::string& name, std::size_t axis) {
    const auto tensor = tensors.tensor(name);
    if (tensor.shape.size() != 2)
      tensors.refuse(who, name, name + " has " + number_text(tensor.shape.size()) + " axes, expected 2");
    if (size == 0) size = static_cast<Eigen::Index>(tensor.shape[axis]);
  };
  fill(c.vocabulary_size, "token_emb.weight", 0);
  fill(c.hidden_size, "token_emb.weight", 1);
  const std::string lstm = "2.to_hidden_and_f_i_gate.weight", gru = "2.to_hidden_and_gate.weight";
  c.forget_gate = tensors.contains("layers.0." + lstm);
  c.projected = tensors.contains("layers.0.2.to_out.weight");
  if (c.inner_size == 0) {
    fill(c.inner_size, "layers.0." + (c.forget_gate ? lstm : gru), 0);
    c.inner_size /= c.blocks();  // the shape is checked when it is read
  }
  fill(c.ffn_size, "layers.0.4.0.weight", 0);
  if (c.layers == 0)
    while (tensors.contains("layers." + number_text(c.layers) + ".1.gamma")) ++c.layers;
  try {
    c.validate();
  } catch (const argument_error& error) {
    tensors.refuse(who, error.what());
  }
  return c;
}

LIBRATION_DEFINED void min_gru_config::validate() const {
  const option_check check("models::min_gru_config");
  constexpr Eigen::Index most = Eigen::Index{1} << 31;
  for (const auto& [name, value] : {std::pair("hidden_size", hidden_size), std::pair("inner_size", inner_size),
                                    std::pair("ffn_size", ffn_size), std::pair("layers", layers)})
    check(value >= 1 && value <= most, name, value, ">= 1 and at most 2^31");
  check(projected || inner_size == hidden_size, "inner_size", inner_size, "hidden_size, where there is no to_out");
}

template <class Scalar>
min_gru_layer<Scalar>::min_gru_layer(const min_gru_config& c, const typename min_gru_weights<Scalar>::layer& w, std::size_t)
    : config_(c),
      norm_(norm_of(w.gamma)),
      ffn_norm_(norm_of(w.ffn_gamma)),
      in_(w.in),
      out_(w.out),
      ffn_in_(w.ffn_in),
      ffn_out_(w.ffn_out),
      ffn_in_bias_(w.ffn_in_bias),
      ffn_out_bias_(w.ffn_out_bias) {}

template <class Scalar>
typename min_gru_layer<Scalar>::scratch min_gru_layer<Scalar>::make_scratch(Eigen::Index k, Eigen::Index m) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, F = config_.ffn_size, G = config_.blocks() * I;
  const auto zero = [](Eigen::Index rows, Eigen::Index columns) { return matrix(matrix::Zero(rows, columns)); };
  return {zero(d, m),      zero(d, m), zero(G, m), zero(I, m), zero(F, m), vector::Zero(3 * I),
          vector::Zero(F), zero(d, k), zero(G, k), zero(I, k), zero(F, k)};
}

template <class Scalar>
typename min_gru_layer<Scalar>::kept min_gru_layer<Scalar>::make_kept() const {
  const vector wide = vector::Zero(config_.hidden_size), units = vector::Zero(config_.inner_size);
  return {
      wide,      wide,     units, units, vector::Zero((config_.blocks() - 1) * config_.inner_size), vector::Zero(config_.ffn_size),
      Scalar(0), Scalar(0)};
}

template <class Scalar>
void min_gru_layer<Scalar>::add_output(matrix_span<Scalar>& stream, const matrix& units, matrix& product) const {
  if (!config_.projected) {
    stream += units.leftCols(stream.cols());
    return;
  }
  out_.multiply({units.data(), units.rows()}, stream.cols(), product.data(), product.rows());
  stream += product.leftCols(stream.cols());
}

template <class Scalar>
void min_gru_layer<Scalar>::step(matrix_span<Scalar> stream, matrix_view<Scalar> state, matrix_span<Scalar> next, scratch& s,
                                 kept* keep) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, F = config_.ffn_size, members = stream.cols();
  // From the last member to the first, which is the one that is kept.
  for (Eigen::Index j = members; j-- > 0;) {
    const Scalar scale = norm_.apply(stream.col(j).data(), s.unit.col(j).data(), s.normed.col(j).data());
    if (keep != nullptr && j == 0) keep->scale = scale;
  }
  if (keep != nullptr) keep->unit = s.unit.col(0);
  in_.multiply({s.normed.data(), d}, members, s.gates.data(), s.gates.rows());
  for (Eigen::Index j = members; j-- > 0;) {
    auto gates = s.gates.col(j);
    auto z = gates.segment(I, I);
    auto complement = s.slope.head(I), first = s.slope.segment(I, I), second = s.slope.tail(I);
    if (config_.forget_gate) {
      // z = σ(softplus(-f) - softplus(-i)), which is right where both gates underflow; slopes: 1 - σ(f), 1 - σ(i).
      auto i = gates.tail(I);
      gates.tail(2 * I) *= Scalar(-1);
      detail::softplus(z.data(), first.data(), I);
      detail::softplus(i.data(), second.data(), I);
      z -= i;
    }
    detail::sigmoid(z.data(), complement.data(), I);
    auto candidate = gates.head(I);
    for (Eigen::Index c = 0; c < I; ++c) {
      const Scalar a = candidate[c], e = std::exp(a < Scalar(0) ? a : Scalar(0)), below = e / (Scalar(1) + e);
      const Scalar g = a < Scalar(0) ? below : a + Scalar(0.5);
      const Scalar h = state(c, j);
      next(c, j) = complement[c] * h + z[c] * g;
      if (keep == nullptr || j != 0) continue;
      keep->keep[c] = complement[c];
      keep->candidate[c] = z[c] * (a < Scalar(0) ? below / (Scalar(1) + e) : Scalar(1));
      const Scalar dz = (g - h) * z[c] * complement[c];
      if (config_.forget_gate) {
        keep->gates[c] = -dz * first[c];
        keep->gates[I + c] = dz * second[c];
      } else {
        keep->gates[c] = dz;
      }
    }
    s.units.col(j) = next.col(j);
  }
  add_output(stream, s.units, s.normed);
  for (Eigen::Index j = members; j-- > 0;) {
    const Scalar scale = ffn_norm_.apply(stream.col(j).data(), s.unit.col(j).data(), s.normed.col(j).data());
    if (keep != nullptr && j == 0) keep->ffn_scale = scale;
  }
  if (keep != nullptr) keep->ffn_unit = s.unit.col(0);
  ffn_in_.multiply({s.normed.data(), d}, members, s.ffn.data(), F);
  for (Eigen::Index j = members; j-- > 0;) {
    auto inner = s.ffn.col(j);
    inner += ffn_in_bias_;
    detail::gelu(inner.data(), s.ffn_slope.data(), F);
  }
  if (keep != nullptr) keep->ffn = s.ffn_slope;
  ffn_out_.multiply({s.ffn.data(), F}, members, s.normed.data(), d);
  for (Eigen::Index j = 0; j < members; ++j) stream.col(j) += s.normed.col(j) + ffn_out_bias_;
}

template <class Scalar>
void min_gru_layer<Scalar>::tangent(matrix_span<Scalar> stream, matrix_view<Scalar> V, matrix_span<Scalar> JV, scratch& s,
                                    const kept& at) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, F = config_.ffn_size, k = V.cols();
  for (Eigen::Index j = 0; j < k; ++j)
    norm_.tangent(stream.col(j).data(), at.unit.data(), at.scale, s.normed_tangent.col(j).data());
  in_.multiply({s.normed_tangent.data(), d}, k, s.gates_tangent.data(), s.gates_tangent.rows());
  for (Eigen::Index j = 0; j < k; ++j) {
    const auto gates = s.gates_tangent.col(j).array();
    auto next = JV.col(j).array();
    next =
        at.keep.array() * V.col(j).array() + at.candidate.array() * gates.head(I) + at.gates.head(I).array() * gates.segment(I, I);
    if (config_.forget_gate) next += at.gates.tail(I).array() * gates.tail(I);
    s.units_tangent.col(j) = JV.col(j);
  }
  add_output(stream, s.units_tangent, s.normed_tangent);
  for (Eigen::Index j = 0; j < k; ++j)
    ffn_norm_.tangent(stream.col(j).data(), at.ffn_unit.data(), at.ffn_scale, s.normed_tangent.col(j).data());
  ffn_in_.multiply({s.normed_tangent.data(), d}, k, s.ffn_tangent.data(), F);
  for (Eigen::Index j = 0; j < k; ++j) s.ffn_tangent.col(j).array() *= at.ffn.array();
  ffn_out_.multiply({s.ffn_tangent.data(), F}, k, s.normed_tangent.data(), d);
  stream += s.normed_tangent.leftCols(k);
}

template <class Scalar>
void min_gru_layer<Scalar>::pullback(matrix_span<Scalar> stream, matrix_view<Scalar> W, matrix_span<Scalar> JtW, scratch& s,
                                     const kept& at) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, F = config_.ffn_size, k = W.cols();
  ffn_out_.multiply_transposed({stream.data(), stream.outerStride()}, k, s.ffn_tangent.data(), F);
  for (Eigen::Index j = 0; j < k; ++j) s.ffn_tangent.col(j).array() *= at.ffn.array();
  ffn_in_.multiply_transposed({s.ffn_tangent.data(), F}, k, s.normed_tangent.data(), d);
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const of_normed = s.normed_tangent.col(j).data();
    ffn_norm_.pullback(of_normed, at.ffn_unit.data(), at.ffn_scale, of_normed);
  }
  stream += s.normed_tangent.leftCols(k);
  if (config_.projected)
    out_.multiply_transposed({stream.data(), stream.outerStride()}, k, s.units_tangent.data(), I);
  else
    s.units_tangent.leftCols(k) = stream;
  for (Eigen::Index j = 0; j < k; ++j) {
    auto units = s.units_tangent.col(j).array();
    units += W.col(j).array();
    auto gates = s.gates_tangent.col(j).array();
    gates.head(I) = at.candidate.array() * units;
    gates.segment(I, I) = at.gates.head(I).array() * units;
    if (config_.forget_gate) gates.tail(I) = at.gates.tail(I).array() * units;
    JtW.col(j).array() = at.keep.array() * units;
  }
  in_.multiply_transposed({s.gates_tangent.data(), s.gates_tangent.rows()}, k, s.normed_tangent.data(), d);
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const of_normed = s.normed_tangent.col(j).data();
    norm_.pullback(of_normed, at.unit.data(), at.scale, of_normed);
  }
  stream += s.normed_tangent.leftCols(k);
}

#if defined(LIBRATION_COMPILED)
template class min_gru_layer<double>;
template class min_gru_layer<float>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
