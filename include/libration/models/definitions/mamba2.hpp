// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/mamba2.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <Eigen/Core>

#include <libration/models/detail/activation.hpp>
#include <libration/models/detail/shift_register.hpp>
#include <libration/models/mamba2.hpp>

namespace libration::inline LIBRATION_ABI::models {

template <class Scalar>
mamba2_layer<Scalar>::mamba2_layer(const mamba2_config& c, const typename mamba2_weights<Scalar>::layer& w, std::size_t)
    : config_(c),
      norm_(w.norm, c.norm_epsilon),
      inner_norm_(w.inner_norm, c.norm_epsilon),
      in_(w.in),
      out_(w.out),
      in_bias_(w.in_bias),
      conv_bias_(w.conv_bias),
      dt_bias_(w.dt_bias),
      A_(-w.A_log.array().exp()),
      D_(w.D),
      out_bias_(w.out_bias),
      conv_(w.conv) {}

template <class Scalar>
typename mamba2_layer<Scalar>::scratch mamba2_layer<Scalar>::make_scratch(Eigen::Index k, Eigen::Index m) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, channels = config_.conv_channels(), heads = config_.heads;
  const Eigen::Index rows = I + channels + heads;
  const auto zero = [](Eigen::Index r, Eigen::Index columns) { return matrix(matrix::Zero(r, columns)); };
  return {zero(d, m),          zero(d, m), zero(rows, m), zero(channels, m), zero(channels, m),
          zero(I, m),          zero(I, m), zero(I, m),    zero(I, m),        vector::Zero(heads),
          vector::Zero(heads), zero(d, k), zero(rows, k), zero(channels, k), zero(I, k)};
}

template <class Scalar>
typename mamba2_layer<Scalar>::kept mamba2_layer<Scalar>::make_kept() const {
  const vector inner = vector::Zero(config_.inner_size), channels = vector::Zero(config_.conv_channels()),
               heads = vector::Zero(config_.heads);
  const matrix states = matrix::Zero(config_.state_size, config_.inner_size);
  return {vector::Zero(config_.hidden_size),
          channels,
          channels,
          inner,
          inner,
          inner,
          inner,
          heads,
          heads,
          heads,
          states,
          states,
          Scalar(0),
          Scalar(0)};
}

template <class Scalar>
void mamba2_layer<Scalar>::step(matrix_span<Scalar> stream, matrix_view<Scalar> state, matrix_span<Scalar> next, scratch& s,
                                kept* keep) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, N = config_.state_size, P = config_.head_size;
  const Eigen::Index heads = config_.heads, groups = config_.groups, channels = config_.conv_channels();
  const Eigen::Index rows = I + channels + heads, members = stream.cols();
  for (Eigen::Index j = 0; j < members; ++j) {
    const Scalar scale = norm_.apply(stream.col(j).data(), s.unit.col(j).data(), s.normed.col(j).data());
    if (keep != nullptr && j == 0) keep->scale = scale;
  }
  in_.multiply({s.normed.data(), d}, members, s.projected.data(), rows);
  for (Eigen::Index j = 0; j < members; ++j) {
    auto projected = s.projected.col(j);
    if (in_bias_.size() != 0) projected += in_bias_;
    detail::convolve(conv_, conv_bias_, state.col(j).data(), projected.data() + I, s.conv.col(j).data());
    detail::shift(state.col(j).data(), projected.data() + I, next.col(j).data(), channels, config_.conv_kernel);
    detail::silu(s.conv.col(j).data(), s.conv_slope.col(j).data(), channels);
    detail::silu(projected.data(), s.gate_slope.col(j).data(), I);
    auto dt = projected.tail(heads);
    dt += dt_bias_;
    detail::softplus(dt.data(), s.dt_slope.data(), heads);
    const auto low = static_cast<Scalar>(config_.least_time_step), high = static_cast<Scalar>(config_.largest_time_step);
    for (Eigen::Index h = 0; h < heads; ++h) {
      if (dt[h] < low || dt[h] > high) s.dt_slope[h] = 0;
      dt[h] = dt[h] < low ? low : dt[h] > high ? high : dt[h];  // NaN stays NaN
    }
    s.decay.array() = (dt.array() * A_.array()).exp();

    const Eigen::Map<const matrix> S(state.col(j).data() + recurrent_offset(), N, I);
    Eigen::Map<matrix> S_next(next.col(j).data() + recurrent_offset(), N, I);
    const auto x = s.conv.col(j).head(I);
    for (Eigen::Index h = 0; h < heads; ++h) {
      const Eigen::Index group = h / (heads / groups);
      const auto B = s.conv.col(j).segment(I + group * N, N), C = s.conv.col(j).segment(I + (groups + group) * N, N);
      for (Eigen::Index c = h * P; c < (h + 1) * P; ++c) {
        S_next.col(c).noalias() = s.decay[h] * S.col(c) + (dt[h] * x[c]) * B;
        s.read(c, j) = S_next.col(c).dot(C) + D_[h] * x[c];
      }
    }
    s.joined.col(j).array() = s.read.col(j).array() * projected.head(I).array();
    const Scalar scale = inner_norm_.apply(s.joined.col(j).data(), s.inner_unit.col(j).data(), s.joined.col(j).data());
    if (keep == nullptr || j != 0) continue;
    keep->inner_scale = scale;
    keep->unit = s.unit.col(0);
    keep->conv = s.conv.col(0);
    keep->conv_slope = s.conv_slope.col(0);
    keep->gate = projected.head(I);
    keep->gate_slope = s.gate_slope.col(0);
    keep->read = s.read.col(0);
    keep->inner_unit = s.inner_unit.col(0);
    keep->dt = dt;
    keep->dt_slope = s.dt_slope;
    keep->decay = s.decay;
    keep->before = S;
    keep->state = S_next;
  }
  out_.multiply({s.joined.data(), I}, members, s.normed.data(), d);
  for (Eigen::Index j = 0; j < members; ++j) {
    stream.col(j) += s.normed.col(j);
    if (out_bias_.size() != 0) stream.col(j) += out_bias_;
  }
}

template <class Scalar>
void mamba2_layer<Scalar>::tangent(matrix_span<Scalar> stream, matrix_view<Scalar> V, matrix_span<Scalar> JV, scratch& s,
                                   const kept& at) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, N = config_.state_size, P = config_.head_size;
  const Eigen::Index heads = config_.heads, groups = config_.groups, channels = config_.conv_channels();
  const Eigen::Index rows = I + channels + heads, k = V.cols();
  const vector no_bias;
  for (Eigen::Index j = 0; j < k; ++j)
    norm_.tangent(stream.col(j).data(), at.unit.data(), at.scale, s.normed_tangent.col(j).data());
  in_.multiply({s.normed_tangent.data(), d}, k, s.projected_tangent.data(), rows);
  for (Eigen::Index j = 0; j < k; ++j) {
    const Scalar* const in = s.projected_tangent.col(j).data();
    detail::convolve(conv_, no_bias, V.col(j).data(), in + I, s.conv_tangent.col(j).data());
    detail::shift(V.col(j).data(), in + I, JV.col(j).data(), channels, config_.conv_kernel);
    auto dconv = s.conv_tangent.col(j);
    dconv.array() *= at.conv_slope.array();
    const Eigen::Map<const matrix> dS(V.col(j).data() + recurrent_offset(), N, I);
    Eigen::Map<matrix> dS_next(JV.col(j).data() + recurrent_offset(), N, I);
    const auto dz = s.projected_tangent.col(j).head(I), ddelta = s.projected_tangent.col(j).tail(heads);
    for (Eigen::Index h = 0; h < heads; ++h) {
      const Eigen::Index b = I + h / (heads / groups) * N, c_row = b + groups * N;
      const auto B = at.conv.segment(b, N).array(), C = at.conv.segment(c_row, N).array();
      const auto dB = dconv.segment(b, N).array(), dC = dconv.segment(c_row, N).array();
      const Scalar dt = at.dt[h], ddt = at.dt_slope[h] * ddelta[h], faded = at.decay[h] * A_[h] * ddt;
      for (Eigen::Index c = h * P; c < (h + 1) * P; ++c) {
        const Scalar x = at.conv[c], dx = dconv[c];
        auto next = dS_next.col(c).array();
        next = at.decay[h] * dS.col(c).array() + faded * at.before.col(c).array() + (ddt * x + dt * dx) * B + (dt * x) * dB;
        const Scalar read = (C * next + dC * at.state.col(c).array()).sum() + D_[h] * dx;
        s.joined_tangent(c, j) = at.gate[c] * read + at.read[c] * at.gate_slope[c] * dz[c];
      }
    }
    Scalar* const joined = s.joined_tangent.col(j).data();
    inner_norm_.tangent(joined, at.inner_unit.data(), at.inner_scale, joined);
  }
  out_.multiply({s.joined_tangent.data(), I}, k, s.normed_tangent.data(), d);
  stream += s.normed_tangent.leftCols(k);
}

template <class Scalar>
void mamba2_layer<Scalar>::pullback(matrix_span<Scalar> stream, matrix_view<Scalar> W, matrix_span<Scalar> JtW, scratch& s,
                                    const kept& at) const {
  const Eigen::Index d = config_.hidden_size, I = config_.inner_size, N = config_.state_size, P = config_.head_size;
  const Eigen::Index heads = config_.heads, groups = config_.groups, channels = config_.conv_channels();
  const Eigen::Index rows = I + channels + heads, k = W.cols();
  out_.multiply_transposed({stream.data(), stream.outerStride()}, k, s.joined_tangent.data(), I);
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const joined = s.joined_tangent.col(j).data();
    inner_norm_.pullback(joined, at.inner_unit.data(), at.inner_scale, joined);
    const Eigen::Map<const matrix> of_next(W.col(j).data() + recurrent_offset(), N, I);
    Eigen::Map<matrix> of_state(JtW.col(j).data() + recurrent_offset(), N, I);
    auto of_conv = s.conv_tangent.col(j);
    auto of_z = s.projected_tangent.col(j).head(I), of_delta = s.projected_tangent.col(j).tail(heads);
    of_conv.tail(channels - I).setZero();
    for (Eigen::Index h = 0; h < heads; ++h) {
      const Eigen::Index b = I + h / (heads / groups) * N, c_row = b + groups * N;
      const auto B = at.conv.segment(b, N).array(), C = at.conv.segment(c_row, N).array();
      auto of_B = of_conv.segment(b, N).array(), of_C = of_conv.segment(c_row, N).array();
      Scalar of_dt(0);
      for (Eigen::Index c = h * P; c < (h + 1) * P; ++c) {
        const Scalar x = at.conv[c], of_read = at.gate[c] * joined[c];
        of_z[c] = at.read[c] * at.gate_slope[c] * joined[c];
        auto sum = of_state.col(c).array();
        sum = of_next.col(c).array() + of_read * C;
        of_C += of_read * at.state.col(c).array();
        of_B += (at.dt[h] * x) * sum;
        const Scalar along = (B * sum).sum();
        of_conv[c] = D_[h] * of_read + at.dt[h] * along;
        of_dt += at.decay[h] * A_[h] * (at.before.col(c).array() * sum).sum() + x * along;
        sum *= at.decay[h];
      }
      of_delta[h] = at.dt_slope[h] * of_dt;
    }
    of_conv.array() *= at.conv_slope.array();
    detail::convolve_and_shift_pullback(conv_, of_conv.data(), W.col(j).data(), JtW.col(j).data(),
                                        s.projected_tangent.col(j).data() + I);
  }
  in_.multiply_transposed({s.projected_tangent.data(), rows}, k, s.normed_tangent.data(), d);
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const of_normed = s.normed_tangent.col(j).data();
    norm_.pullback(of_normed, at.unit.data(), at.scale, of_normed);
  }
  stream += s.normed_tangent.leftCols(k);
}

#if defined(LIBRATION_COMPILED)
template class mamba2_layer<double>;
template class mamba2_layer<float>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
