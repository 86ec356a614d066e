// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/mamba.hpp declares.

#include <cstddef>

#include <Eigen/Core>

#include <libration/models/detail/activation.hpp>
#include <libration/models/detail/shift_register.hpp>
#include <libration/models/mamba.hpp>

namespace libration::inline LIBRATION_ABI::models {

template <class Scalar>
mamba_layer<Scalar>::mamba_layer(const mamba_config& c, const typename mamba_weights<Scalar>::layer& w, std::size_t)
    : hidden_(c.hidden_size),
      inner_(c.inner_size),
      states_(c.state_size),
      kernel_(c.conv_kernel),
      rank_(c.time_step_rank),
      norm_(w.norm, c.norm_epsilon),
      in_(w.in),
      x_(w.x),
      dt_(w.dt),
      out_(w.out),
      in_bias_(w.in_bias),
      conv_bias_(w.conv_bias),
      dt_bias_(w.dt_bias),
      D_(w.D),
      out_bias_(w.out_bias),
      conv_(w.conv),
      A_(-w.A_log.transpose().array().exp()) {}

template <class Scalar>
typename mamba_layer<Scalar>::scratch mamba_layer<Scalar>::make_scratch(Eigen::Index k, Eigen::Index m) const {
  const Eigen::Index d = hidden_, I = inner_, Q = rank_ + 2 * states_;
  const auto zero = [](Eigen::Index rows, Eigen::Index columns) { return matrix(matrix::Zero(rows, columns)); };
  return {zero(d, m),       zero(d, m), zero(2 * I, m), zero(I, m), zero(I, m),     zero(Q, m), zero(I, m), zero(I, m), zero(I, m),
          zero(states_, I), zero(I, m), zero(I, m),     zero(d, k), zero(2 * I, k), zero(I, k), zero(Q, k), zero(I, k), zero(I, k)};
}

template <class Scalar>
typename mamba_layer<Scalar>::kept mamba_layer<Scalar>::make_kept() const {
  const Eigen::Index I = inner_;
  const vector inner = vector::Zero(I);
  const matrix states = matrix::Zero(states_, I);
  return {vector::Zero(hidden_),
          inner,
          inner,
          vector::Zero(rank_ + 2 * states_),
          inner,
          inner,
          inner,
          inner,
          inner,
          states,
          states,
          states,
          Scalar(0)};
}

template <class Scalar>
void mamba_layer<Scalar>::step(matrix_span<Scalar> stream, matrix_view<Scalar> state, matrix_span<Scalar> next, scratch& s,
                               kept* keep) const {
  const Eigen::Index d = hidden_, I = inner_, N = states_, R = rank_, Q = R + 2 * N, members = stream.cols();
  for (Eigen::Index j = 0; j < members; ++j) {
    const Scalar scale = norm_.apply(stream.col(j).data(), s.unit.col(j).data(), s.normed.col(j).data());
    if (keep != nullptr && j == 0) keep->scale = scale;
  }
  in_.multiply({s.normed.data(), d}, members, s.projected.data(), 2 * I);
  for (Eigen::Index j = 0; j < members; ++j) {
    auto projected = s.projected.col(j);
    if (in_bias_.size() != 0) projected += in_bias_;
    detail::convolve(conv_, conv_bias_, state.col(j).data(), projected.data(), s.conv.col(j).data());
    detail::shift(state.col(j).data(), projected.data(), next.col(j).data(), I, kernel_);
    detail::silu(s.conv.col(j).data(), s.conv_slope.col(j).data(), I);
    detail::silu(projected.data() + I, s.gate_slope.col(j).data(), I);
  }
  x_.multiply({s.conv.data(), I}, members, s.selected.data(), Q);
  dt_.multiply({s.selected.data(), Q}, members, s.dt.data(), I);
  for (Eigen::Index j = 0; j < members; ++j) {
    auto dt = s.dt.col(j);
    dt += dt_bias_;
    detail::softplus(dt.data(), s.dt_slope.col(j).data(), I);
    for (Eigen::Index c = 0; c < I; ++c) s.decay.col(c) = A_.col(c) * dt[c];
    s.decay.array() = s.decay.array().exp();
    const Eigen::Map<const matrix> S(state.col(j).data() + recurrent_offset(), N, I);
    Eigen::Map<matrix> S_next(next.col(j).data() + recurrent_offset(), N, I);
    const auto B = s.selected.col(j).segment(R, N), C = s.selected.col(j).tail(N);
    const auto x = s.conv.col(j);
    const auto gate = s.projected.col(j).tail(I);
    for (Eigen::Index c = 0; c < I; ++c) {
      S_next.col(c).array() = s.decay.col(c).array() * S.col(c).array() + (dt[c] * x[c]) * B.array();
      s.read(c, j) = S_next.col(c).dot(C) + D_[c] * x[c];
    }
    s.joined.col(j).array() = s.read.col(j).array() * gate.array();
    if (keep == nullptr || j != 0) continue;
    keep->unit = s.unit.col(0);
    keep->conv = x;
    keep->conv_slope = s.conv_slope.col(0);
    keep->selected = s.selected.col(0);
    keep->dt = dt;
    keep->dt_slope = s.dt_slope.col(0);
    keep->gate = gate;
    keep->gate_slope = s.gate_slope.col(0);
    keep->read = s.read.col(0);
    keep->decay = s.decay;
    keep->state = S_next;
    for (Eigen::Index c = 0; c < I; ++c)
      keep->drive.col(c).array() = s.decay.col(c).array() * A_.col(c).array() * S.col(c).array() + x[c] * B.array();
  }
  out_.multiply({s.joined.data(), I}, members, s.normed.data(), d);
  for (Eigen::Index j = 0; j < members; ++j) {
    stream.col(j) += s.normed.col(j);
    if (out_bias_.size() != 0) stream.col(j) += out_bias_;
  }
}

template <class Scalar>
void mamba_layer<Scalar>::tangent(matrix_span<Scalar> stream, matrix_view<Scalar> V, matrix_span<Scalar> JV, scratch& s,
                                  const kept& at) const {
  const Eigen::Index d = hidden_, I = inner_, N = states_, R = rank_, Q = R + 2 * N, k = V.cols();
  const vector no_bias;
  for (Eigen::Index j = 0; j < k; ++j)
    norm_.tangent(stream.col(j).data(), at.unit.data(), at.scale, s.normed_tangent.col(j).data());
  in_.multiply({s.normed_tangent.data(), d}, k, s.projected_tangent.data(), 2 * I);
  for (Eigen::Index j = 0; j < k; ++j) {
    detail::convolve(conv_, no_bias, V.col(j).data(), s.projected_tangent.col(j).data(), s.conv_tangent.col(j).data());
    detail::shift(V.col(j).data(), s.projected_tangent.col(j).data(), JV.col(j).data(), I, kernel_);
    s.conv_tangent.col(j).array() *= at.conv_slope.array();
  }
  x_.multiply({s.conv_tangent.data(), I}, k, s.selected_tangent.data(), Q);
  dt_.multiply({s.selected_tangent.data(), Q}, k, s.dt_tangent.data(), I);
  const auto B = at.selected.segment(R, N).array(), C = at.selected.tail(N).array();
  for (Eigen::Index j = 0; j < k; ++j) {
    const Eigen::Map<const matrix> dS(V.col(j).data() + recurrent_offset(), N, I);
    Eigen::Map<matrix> dS_next(JV.col(j).data() + recurrent_offset(), N, I);
    const auto dB = s.selected_tangent.col(j).segment(R, N).array(), dC = s.selected_tangent.col(j).tail(N).array();
    const auto dx = s.conv_tangent.col(j);
    const auto dz = s.projected_tangent.col(j).tail(I);
    for (Eigen::Index c = 0; c < I; ++c) {
      const Scalar ddt = at.dt_slope[c] * s.dt_tangent(c, j);
      auto next = dS_next.col(c).array();
      next = at.decay.col(c).array() * dS.col(c).array() + ddt * at.drive.col(c).array() + (at.dt[c] * dx[c]) * B +
             (at.dt[c] * at.conv[c]) * dB;
      const Scalar read = (C * next + dC * at.state.col(c).array()).sum() + D_[c] * dx[c];
      s.joined_tangent(c, j) = at.gate[c] * read + at.read[c] * at.gate_slope[c] * dz[c];
    }
  }
  out_.multiply({s.joined_tangent.data(), I}, k, s.normed_tangent.data(), d);
  stream += s.normed_tangent.leftCols(k);
}

template <class Scalar>
void mamba_layer<Scalar>::pullback(matrix_span<Scalar> stream, matrix_view<Scalar> W, matrix_span<Scalar> JtW, scratch& s,
                                   const kept& at) const {
  const Eigen::Index d = hidden_, I = inner_, N = states_, R = rank_, Q = R + 2 * N, k = W.cols();
  out_.multiply_transposed({stream.data(), stream.outerStride()}, k, s.joined_tangent.data(), I);
  const auto B = at.selected.segment(R, N).array(), C = at.selected.tail(N).array();
  for (Eigen::Index j = 0; j < k; ++j) {
    const Eigen::Map<const matrix> of_next(W.col(j).data() + recurrent_offset(), N, I);
    Eigen::Map<matrix> of_state(JtW.col(j).data() + recurrent_offset(), N, I);
    auto of_B = s.selected_tangent.col(j).segment(R, N).array(), of_C = s.selected_tangent.col(j).tail(N).array();
    of_B.setZero();
    of_C.setZero();
    for (Eigen::Index c = 0; c < I; ++c) {
      const Scalar of_joined = s.joined_tangent(c, j), of_read = at.gate[c] * of_joined;
      s.projected_tangent(I + c, j) = at.read[c] * at.gate_slope[c] * of_joined;
      auto sum = of_state.col(c).array();
      sum = of_next.col(c).array() + of_read * C;
      of_C += of_read * at.state.col(c).array();
      of_B += (at.dt[c] * at.conv[c]) * sum;
      s.conv_tangent(c, j) = D_[c] * of_read + at.dt[c] * (B * sum).sum();
      s.dt_tangent(c, j) = at.dt_slope[c] * (at.drive.col(c).array() * sum).sum();
      sum *= at.decay.col(c).array();
    }
  }
  // Only the first R of what dt_ reads are its inputs: they lie at the top of `selected`.
  dt_.multiply_transposed({s.dt_tangent.data(), I}, k, s.selected_tangent.data(), Q);
  x_.multiply_transposed({s.selected_tangent.data(), Q}, k, s.dt_tangent.data(), I);
  for (Eigen::Index j = 0; j < k; ++j) {
    auto of_conv = s.conv_tangent.col(j);
    of_conv.array() = (of_conv.array() + s.dt_tangent.col(j).array()) * at.conv_slope.array();
    detail::convolve_and_shift_pullback(conv_, of_conv.data(), W.col(j).data(), JtW.col(j).data(),
                                        s.projected_tangent.col(j).data());
  }
  in_.multiply_transposed({s.projected_tangent.data(), 2 * I}, k, s.normed_tangent.data(), d);
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const of_normed = s.normed_tangent.col(j).data();
    norm_.pullback(of_normed, at.unit.data(), at.scale, of_normed);
  }
  stream += s.normed_tangent.leftCols(k);
}

#if defined(LIBRATION_COMPILED)
template class mamba_layer<double>;
template class mamba_layer<float>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
