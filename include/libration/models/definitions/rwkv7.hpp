// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/rwkv7.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <Eigen/Core>

#include <libration/models/detail/activation.hpp>
#include <libration/models/rwkv7.hpp>

namespace libration::inline LIBRATION_ABI::models {

template <class Scalar>
rwkv7_layer<Scalar>::rwkv7_layer(const rwkv7_config& c, const typename rwkv7_weights<Scalar>::layer& w, std::size_t index)
    : config_(c),
      lowest_(index == 0),
      norm_(w.norm, w.norm_bias, c.norm_epsilon),
      ffn_norm_(w.ffn_norm, w.ffn_norm_bias, c.norm_epsilon),
      x_r_(w.x_r),
      x_w_(w.x_w),
      x_k_(w.x_k),
      x_v_(w.x_v),
      x_a_(w.x_a),
      x_g_(w.x_g),
      k_k_(w.k_k),
      k_a_(w.k_a),
      r_k_(w.r_k),
      output_bias_(w.output_bias),
      group_norm_(w.group_norm),
      group_norm_bias_(w.group_norm_bias),
      ffn_x_k_(w.ffn_x_k),
      w_{packed(w.w.down), packed(w.w.up), w.w.bias},
      a_{packed(w.a.down), packed(w.a.up), w.a.bias},
      v_{packed(w.v.down), packed(w.v.up), w.v.bias},
      g_{packed(w.g.down), packed(w.g.up), w.g.bias},
      receptance_(w.receptance),
      key_(w.key),
      value_(w.value),
      output_(w.output),
      ffn_key_(w.ffn_key),
      ffn_value_(w.ffn_value),
      widest_rank_(std::max({c.decay_rank, c.rate_rank, c.value_rank, c.gate_rank})) {
  if (lowest_ && c.pre_norm) pre_norm_.emplace(w.pre_norm, w.pre_norm_bias, c.norm_epsilon);
}

template <class Scalar>
typename rwkv7_layer<Scalar>::buffers rwkv7_layer<Scalar>::make_buffers(Eigen::Index columns) const {
  const matrix wide = matrix::Zero(config_.hidden_size, columns);
  return {wide,
          wide,
          wide,
          wide,
          wide,
          wide,
          wide,
          wide,
          matrix::Zero(widest_rank_, columns),
          wide,
          wide,
          wide,
          matrix::Zero(config_.ffn_size, columns),
          wide};
}

template <class Scalar>
typename rwkv7_layer<Scalar>::scratch rwkv7_layer<Scalar>::make_scratch(Eigen::Index columns, Eigen::Index members) const {
  const vector wide = vector::Zero(config_.hidden_size);
  return {make_buffers(members),
          make_buffers(columns),
          matrix::Zero(config_.hidden_size, members),
          wide,
          vector::Zero(widest_rank_),
          wide,
          wide,
          wide,
          wide,
          wide,
          matrix::Zero(config_.hidden_size, columns)};
}

template <class Scalar>
typename rwkv7_layer<Scalar>::kept rwkv7_layer<Scalar>::make_kept() const {
  const vector wide = vector::Zero(config_.hidden_size), heads = vector::Zero(config_.heads),
               state = vector::Zero(config_.hidden_size * config_.head_size);
  kept made;
  for (vector kept::*each :
       {&kept::pre_unit,  &kept::unit,      &kept::ffn_unit,    &kept::r,       &kept::w,          &kept::w_slope, &kept::k,
        &kept::v,         &kept::own_value, &kept::first_value, &kept::a,       &kept::a_slope,    &kept::g,       &kept::mix,
        &kept::mix_slope, &kept::kappa,     &kept::key,         &kept::removed, &kept::unit_heads, &kept::joined})
    made.*each = wide;
  for (vector kept::*each : {&kept::lengths, &kept::group_scales, &kept::bonus}) made.*each = heads;
  for (vector kept::*each : {&kept::before, &kept::state}) made.*each = state;
  made.w_low_slope.setZero(config_.decay_rank);
  made.g_low_slope.setZero(config_.gate_rank);
  made.ffn.setZero(config_.ffn_size);
  return made;
}

template <class Scalar>
void rwkv7_layer<Scalar>::mix(const vector& x, const Scalar* past, Eigen::Index past_stride, buffers& b, Eigen::Index count) const {
  for (Eigen::Index j = 0; j < count; ++j) {
    const Eigen::Map<const vector> before(past + j * past_stride, x.size());
    b.mixed.col(j).array() = b.normed.col(j).array() + (before - b.normed.col(j)).array() * x.array();
  }
}

template <class Scalar>
void rwkv7_layer<Scalar>::step(matrix_span<Scalar> stream, matrix_view<Scalar> state, matrix_span<Scalar> next, scratch& s,
                               kept* keep) const {
  const Eigen::Index d = config_.hidden_size, K = config_.head_size, H = config_.heads, members = stream.cols();
  const Eigen::Index shift = shift_offset();
  buffers& b = s.step;
  if (pre_norm_) {
    for (Eigen::Index j = members; j-- > 0;) {
      const Scalar scale = pre_norm_->apply(stream.col(j).data(), s.unit.col(j).data(), stream.col(j).data());
      if (keep != nullptr && j == 0) keep->pre_scale = scale;
    }
    if (keep != nullptr) keep->pre_unit = s.unit.col(0);
  }
  for (Eigen::Index j = members; j-- > 0;) {
    const Scalar scale = norm_.apply(stream.col(j).data(), s.unit.col(j).data(), b.normed.col(j).data());
    next.col(j).segment(shift, d) = b.normed.col(j);
    if (keep != nullptr && j == 0) keep->scale = scale;
  }
  if (keep != nullptr) keep->unit = s.unit.col(0);
  const Scalar* const past = state.data() + shift;
  const Eigen::Index stride = state.outerStride();

  mix(x_r_, past, stride, b, members);
  multiply(receptance_, b.mixed, members, b.r);
  mix(x_w_, past, stride, b, members);
  multiply(w_.down, b.mixed, members, b.low);
  for (Eigen::Index j = members; j-- > 0;) detail::tanh(b.low.col(j).data(), s.low_slope.data(), config_.decay_rank);
  if (keep != nullptr) keep->w_low_slope = s.low_slope.head(config_.decay_rank);
  multiply(w_.up, b.low, members, b.w);
  const auto rate = static_cast<Scalar>(-std::exp(-0.5));
  for (Eigen::Index j = members; j-- > 0;) {
    auto w = b.w.col(j);
    w += w_.bias;
    detail::sigmoid(w.data(), s.slope.data(), d);
    s.slope.array() *= w.array() * rate;
    w.array() = (rate * w.array()).exp();
    s.slope.array() *= w.array();
  }
  if (keep != nullptr) keep->w_slope = s.slope;
  mix(x_k_, past, stride, b, members);
  multiply(key_, b.mixed, members, b.k);
  mix(x_v_, past, stride, b, members);
  multiply(value_, b.mixed, members, b.v);
  if (lowest_) {
    b.first_value.leftCols(members) = b.v.leftCols(members);
  } else {
    multiply(v_.down, b.mixed, members, b.low);
    multiply(v_.up, b.low, members, b.out);
    for (Eigen::Index j = members; j-- > 0;) {
      auto share = b.out.col(j);
      share += v_.bias;
      detail::sigmoid(share.data(), s.slope.data(), d);
    }
    if (keep != nullptr) {
      keep->own_value = b.v.col(0);
      keep->first_value = b.first_value.col(0);
      keep->mix = b.out.col(0);
      keep->mix_slope = b.out.col(0).cwiseProduct(s.slope);
    }
    auto v = b.v.leftCols(members).array();
    v += (b.first_value.leftCols(members).array() - v) * b.out.leftCols(members).array();
  }
  mix(x_a_, past, stride, b, members);
  multiply(a_.down, b.mixed, members, b.low);
  multiply(a_.up, b.low, members, b.a);
  for (Eigen::Index j = members; j-- > 0;) {
    b.a.col(j) += a_.bias;
    detail::sigmoid(b.a.col(j).data(), s.slope.data(), d);
  }
  if (keep != nullptr) keep->a_slope = b.a.col(0).cwiseProduct(s.slope);
  mix(x_g_, past, stride, b, members);
  multiply(g_.down, b.mixed, members, b.low);
  for (Eigen::Index j = members; j-- > 0;) detail::sigmoid(b.low.col(j).data(), s.low_slope.data(), config_.gate_rank);
  if (keep != nullptr) {
    const Eigen::Index rank = config_.gate_rank;
    keep->g_low_slope = b.low.col(0).head(rank).cwiseProduct(s.low_slope.head(rank));
  }
  multiply(g_.up, b.low, members, b.g);

  for (Eigen::Index j = members; j-- > 0;) {
    const auto r = b.r.col(j), w = b.w.col(j), v = b.v.col(j), a = b.a.col(j), k = b.k.col(j);
    auto kappa = b.added.col(j), key = b.key.col(j), joined = b.out.col(j);
    kappa = k.cwiseProduct(k_k_);
    key.array() = k.array() * (Scalar(1) + (a.array() - Scalar(1)) * k_a_.array());
    for (Eigen::Index h = 0; h < H; ++h) {
      const auto at = [&](const auto& x) { return x.segment(h * K, K); };
      const Scalar length = std::max(at(kappa).norm(), static_cast<Scalar>(1e-12));
      kappa.segment(h * K, K) *= Scalar(1) / length;
      s.rate.head(K) = at(kappa).cwiseProduct(at(a));
      const auto S = head(state.col(j).data(), h);
      auto S_next = head(next.col(j).data(), h);
      auto removed = s.removed.segment(h * K, K);
      for (Eigen::Index value = 0; value < K; ++value) {
        removed[value] = S.col(value).dot(at(kappa));
        S_next.col(value) = at(w).cwiseProduct(S.col(value)) - s.rate.head(K) * removed[value] + at(key) * v[h * K + value];
        s.read[h * K + value] = S_next.col(value).dot(at(r));
      }
      const Scalar scale = detail::standardise(s.read.data() + h * K, s.unit_heads.data() + h * K, K,
                                               static_cast<Scalar>(config_.group_norm_epsilon));
      const Scalar bonus = (at(r).array() * at(key).array() * at(r_k_).array()).sum();
      joined.segment(h * K, K) = at(s.unit_heads).cwiseProduct(at(group_norm_)) + at(group_norm_bias_) + bonus * at(v);
      if (keep != nullptr && j == 0) {
        keep->lengths[h] = length;
        keep->group_scales[h] = scale;
        keep->bonus[h] = bonus;
      }
    }
    if (keep != nullptr && j == 0) {
      keep->r = r;
      keep->w = w;
      keep->k = k;
      keep->v = v;
      keep->a = a;
      keep->g = b.g.col(0);
      keep->kappa = kappa;
      keep->key = key;
      keep->removed = s.removed;
      keep->unit_heads = s.unit_heads;
      keep->joined = joined;
      keep->before = state.col(0).head(shift);
      keep->state = next.col(0).head(shift);
    }
    joined.array() *= b.g.col(j).array();
  }
  multiply(output_, b.out, members, b.added);
  for (Eigen::Index j = members; j-- > 0;) {
    stream.col(j) += b.added.col(j);
    if (output_bias_.size() != 0) stream.col(j) += output_bias_;
    const Scalar scale = ffn_norm_.apply(stream.col(j).data(), s.unit.col(j).data(), b.normed.col(j).data());
    next.col(j).segment(shift + d, d) = b.normed.col(j);
    if (keep != nullptr && j == 0) keep->ffn_scale = scale;
  }
  if (keep != nullptr) keep->ffn_unit = s.unit.col(0);
  mix(ffn_x_k_, past + d, stride, b, members);
  multiply(ffn_key_, b.mixed, members, b.ffn);
  auto inner = b.ffn.leftCols(members).array();
  inner = (inner <= Scalar(0)).select(Scalar(0), inner);  // NaN stays NaN
  if (keep != nullptr) keep->ffn = Scalar(2) * b.ffn.col(0);
  inner = inner.square();
  multiply(ffn_value_, b.ffn, members, b.out);
  stream += b.out.leftCols(members);
}

template <class Scalar>
void rwkv7_layer<Scalar>::tangent(matrix_span<Scalar> stream, matrix_view<Scalar> V, matrix_span<Scalar> JV, scratch& s,
                                  const kept& at) const {
  const Eigen::Index d = config_.hidden_size, K = config_.head_size, H = config_.heads, k = V.cols();
  const Eigen::Index shift = shift_offset();
  buffers& b = s.tangent;
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const x = stream.col(j).data();
    if (pre_norm_) pre_norm_->tangent(x, at.pre_unit.data(), at.pre_scale, x);
    norm_.tangent(x, at.unit.data(), at.scale, b.normed.col(j).data());
    JV.col(j).segment(shift, d) = b.normed.col(j);
  }
  const Scalar* const past = V.data() + shift;
  const Eigen::Index stride = V.outerStride();
  const auto scale_rows = [k](matrix& columns, const vector& by) {
    for (Eigen::Index j = 0; j < k; ++j) columns.col(j).head(by.size()).array() *= by.array();
  };
  mix(x_r_, past, stride, b, k);
  multiply(receptance_, b.mixed, k, b.r);
  mix(x_w_, past, stride, b, k);
  multiply(w_.down, b.mixed, k, b.low);
  scale_rows(b.low, at.w_low_slope);
  multiply(w_.up, b.low, k, b.w);
  scale_rows(b.w, at.w_slope);
  mix(x_k_, past, stride, b, k);
  multiply(key_, b.mixed, k, b.k);
  mix(x_v_, past, stride, b, k);
  multiply(value_, b.mixed, k, b.v);
  if (lowest_) {
    b.first_value.leftCols(k) = b.v.leftCols(k);
  } else {
    multiply(v_.down, b.mixed, k, b.low);
    multiply(v_.up, b.low, k, b.out);
    for (Eigen::Index j = 0; j < k; ++j) {
      auto dv = b.v.col(j).array();
      dv += (b.first_value.col(j).array() - dv) * at.mix.array() +
            (at.first_value - at.own_value).array() * at.mix_slope.array() * b.out.col(j).array();
    }
  }
  mix(x_a_, past, stride, b, k);
  multiply(a_.down, b.mixed, k, b.low);
  multiply(a_.up, b.low, k, b.a);
  scale_rows(b.a, at.a_slope);
  mix(x_g_, past, stride, b, k);
  multiply(g_.down, b.mixed, k, b.low);
  scale_rows(b.low, at.g_low_slope);
  multiply(g_.up, b.low, k, b.g);

  for (Eigen::Index j = 0; j < k; ++j) {
    const auto dr = b.r.col(j), dw = b.w.col(j), dk = b.k.col(j), dv = b.v.col(j), da = b.a.col(j);
    auto dkappa = b.added.col(j), dkey = b.key.col(j), djoined = b.out.col(j);
    dkappa = dk.cwiseProduct(k_k_);
    dkey.array() = dk.array() * (Scalar(1) + (at.a.array() - Scalar(1)) * k_a_.array()) + at.k.array() * da.array() * k_a_.array();
    for (Eigen::Index h = 0; h < H; ++h) {
      const auto of = [&](const auto& x) { return x.segment(h * K, K); };
      const auto kappa = of(at.kappa), key = of(at.key), r = of(at.r), w = of(at.w), v = of(at.v);
      // A vector shorter than the least length is divided by that.
      const bool turns = at.lengths[h] > static_cast<Scalar>(1e-12);
      const Scalar along = turns ? kappa.dot(of(dkappa)) : Scalar(0);
      dkappa.segment(h * K, K) = (of(dkappa) - along * kappa) * (Scalar(1) / at.lengths[h]);
      // of the rate κ ∘ a, and the rate itself
      s.rate.head(K) = of(dkappa).cwiseProduct(of(at.a)) + kappa.cwiseProduct(of(da));
      s.gathered.head(K) = kappa.cwiseProduct(of(at.a));
      const auto S = head(at.before.data(), h), S_next = head(at.state.data(), h), dS = head(V.col(j).data(), h);
      auto dS_next = head(JV.col(j).data(), h);
      for (Eigen::Index value = 0; value < K; ++value) {
        const Eigen::Index row = h * K + value;
        const Scalar removed = at.removed[row], dremoved = dS.col(value).dot(kappa) + S.col(value).dot(of(dkappa));
        auto next = dS_next.col(value);
        next.array() = w.array() * dS.col(value).array() + of(dw).array() * S.col(value).array() -
                       s.rate.head(K).array() * removed - s.gathered.head(K).array() * dremoved + of(dkey).array() * v[value] +
                       key.array() * dv[row];
        s.read[row] = next.dot(r) + S_next.col(value).dot(of(dr));
      }
      detail::standardise_tangent(s.read.data() + h * K, at.unit_heads.data() + h * K, at.group_scales[h], s.read.data() + h * K,
                                  K);
      const Scalar dbonus = ((of(dr).array() * key.array() + r.array() * of(dkey).array()) * of(r_k_).array()).sum();
      djoined.segment(h * K, K) = of(s.read).cwiseProduct(of(group_norm_)) + dbonus * v + at.bonus[h] * of(dv);
    }
    djoined.array() = djoined.array() * at.g.array() + at.joined.array() * b.g.col(j).array();
  }
  multiply(output_, b.out, k, b.added);
  for (Eigen::Index j = 0; j < k; ++j) {
    stream.col(j) += b.added.col(j);
    ffn_norm_.tangent(stream.col(j).data(), at.ffn_unit.data(), at.ffn_scale, b.normed.col(j).data());
    JV.col(j).segment(shift + d, d) = b.normed.col(j);
  }
  mix(ffn_x_k_, past + d, stride, b, k);
  multiply(ffn_key_, b.mixed, k, b.ffn);
  scale_rows(b.ffn, at.ffn);
  multiply(ffn_value_, b.ffn, k, b.out);
  stream += b.out.leftCols(k);
}

// The tangent's lines from the last to the first, each transposed.
template <class Scalar>
void rwkv7_layer<Scalar>::pullback(matrix_span<Scalar> stream, matrix_view<Scalar> W, matrix_span<Scalar> JtW, scratch& s,
                                   const kept& at) const {
  const Eigen::Index d = config_.hidden_size, K = config_.head_size, H = config_.heads, k = W.cols();
  const Eigen::Index shift = shift_offset();
  buffers& b = s.tangent;
  const auto scale_rows = [k](matrix& columns, const vector& by) {
    for (Eigen::Index j = 0; j < k; ++j) columns.col(j).head(by.size()).array() *= by.array();
  };
  // Of `mix`: mixed is u + (u_prev - u) ∘ x.
  const auto unmix = [&](const vector& x, Eigen::Index past) {
    for (Eigen::Index j = 0; j < k; ++j) {
      b.normed.col(j).array() += b.mixed.col(j).array() * (Scalar(1) - x.array());
      JtW.col(j).segment(past, d).array() += b.mixed.col(j).array() * x.array();
    }
  };
  const auto begin_norm = [&](Eigen::Index past) {
    for (Eigen::Index j = 0; j < k; ++j) {
      b.normed.col(j) = W.col(j).segment(past, d);
      JtW.col(j).segment(past, d).setZero();
    }
  };

  begin_norm(shift + d);
  for (Eigen::Index j = 0; j < k; ++j) b.out.col(j) = stream.col(j);
  multiply_transposed(ffn_value_, b.out, k, b.ffn);
  scale_rows(b.ffn, at.ffn);
  multiply_transposed(ffn_key_, b.ffn, k, b.mixed);
  unmix(ffn_x_k_, shift + d);
  for (Eigen::Index j = 0; j < k; ++j) {
    ffn_norm_.pullback(b.normed.col(j).data(), at.ffn_unit.data(), at.ffn_scale, b.normed.col(j).data());
    stream.col(j) += b.normed.col(j);
    b.added.col(j) = stream.col(j);
  }
  multiply_transposed(output_, b.added, k, b.out);

  for (Eigen::Index j = 0; j < k; ++j) {
    auto of_joined = b.out.col(j);
    auto of_r = b.r.col(j), of_w = b.w.col(j), of_k = b.k.col(j), of_v = b.v.col(j), of_a = b.a.col(j);
    auto of_kappa = b.added.col(j), of_key = b.key.col(j);
    b.g.col(j).array() = at.joined.array() * of_joined.array();
    of_joined.array() *= at.g.array();
    for (Eigen::Index h = 0; h < H; ++h) {
      const auto of = [&](const auto& x) { return x.segment(h * K, K); };
      const auto kappa = of(at.kappa), key = of(at.key), r = of(at.r), w = of(at.w), v = of(at.v);
      const Scalar of_bonus = of(of_joined).dot(v);
      s.read.segment(h * K, K) = of(of_joined).cwiseProduct(of(group_norm_));
      detail::standardise_tangent(s.read.data() + h * K, at.unit_heads.data() + h * K, at.group_scales[h], s.read.data() + h * K,
                                  K);
      of_v.segment(h * K, K) = at.bonus[h] * of(of_joined);
      of_r.segment(h * K, K) = of_bonus * key.cwiseProduct(of(r_k_));
      of_key.segment(h * K, K) = of_bonus * r.cwiseProduct(of(r_k_));
      of_w.segment(h * K, K).setZero();
      of_kappa.segment(h * K, K).setZero();
      s.rate.head(K).setZero();
      s.gathered.head(K) = kappa.cwiseProduct(of(at.a));
      const auto S = head(at.before.data(), h), S_next = head(at.state.data(), h), of_next = head(W.col(j).data(), h);
      auto of_S = head(JtW.col(j).data(), h);
      for (Eigen::Index value = 0; value < K; ++value) {
        const Eigen::Index row = h * K + value;
        auto sum = of_S.col(value);
        sum = of_next.col(value) + s.read[row] * r;
        of_r.segment(h * K, K) += s.read[row] * S_next.col(value);
        of_w.segment(h * K, K) += S.col(value).cwiseProduct(sum);
        s.rate.head(K) -= at.removed[row] * sum;
        of_key.segment(h * K, K) += v[value] * sum;
        of_v[row] += key.dot(sum);
        const Scalar of_removed = -s.gathered.head(K).dot(sum);
        of_kappa.segment(h * K, K) += of_removed * S.col(value);
        sum = w.cwiseProduct(sum) + of_removed * kappa;
      }
      of_kappa.segment(h * K, K) += s.rate.head(K).cwiseProduct(of(at.a));
      of_a.segment(h * K, K) = kappa.cwiseProduct(s.rate.head(K));
      const bool turns = at.lengths[h] > static_cast<Scalar>(1e-12);
      const Scalar along = turns ? kappa.dot(of(of_kappa)) : Scalar(0);
      of_kappa.segment(h * K, K) = (of(of_kappa) - along * kappa) * (Scalar(1) / at.lengths[h]);
    }
    of_k.array() = of_kappa.array() * k_k_.array() +
                   of_key.array() * (Scalar(1) + (at.a.array() - Scalar(1)) * k_a_.array());
    of_a.array() += of_key.array() * at.k.array() * k_a_.array();
  }

  begin_norm(shift);
  multiply_transposed(g_.up, b.g, k, b.low);
  scale_rows(b.low, at.g_low_slope);
  multiply_transposed(g_.down, b.low, k, b.mixed);
  unmix(x_g_, shift);
  scale_rows(b.a, at.a_slope);
  multiply_transposed(a_.up, b.a, k, b.low);
  multiply_transposed(a_.down, b.low, k, b.mixed);
  unmix(x_a_, shift);
  if (lowest_) {
    b.v.leftCols(k) += s.of_first_value.leftCols(k);
    s.of_first_value.leftCols(k).setZero();
  } else {
    for (Eigen::Index j = 0; j < k; ++j) {
      auto of_v = b.v.col(j).array();
      s.of_first_value.col(j).array() += of_v * at.mix.array();
      b.out.col(j).array() = of_v * (at.first_value - at.own_value).array() * at.mix_slope.array();
      of_v *= Scalar(1) - at.mix.array();
    }
    multiply_transposed(v_.up, b.out, k, b.low);
    multiply_transposed(v_.down, b.low, k, b.mixed);
    unmix(x_v_, shift);
  }
  multiply_transposed(value_, b.v, k, b.mixed);
  unmix(x_v_, shift);
  multiply_transposed(key_, b.k, k, b.mixed);
  unmix(x_k_, shift);
  scale_rows(b.w, at.w_slope);
  multiply_transposed(w_.up, b.w, k, b.low);
  scale_rows(b.low, at.w_low_slope);
  multiply_transposed(w_.down, b.low, k, b.mixed);
  unmix(x_w_, shift);
  multiply_transposed(receptance_, b.r, k, b.mixed);
  unmix(x_r_, shift);
  for (Eigen::Index j = 0; j < k; ++j) {
    Scalar* const x = stream.col(j).data();
    norm_.pullback(b.normed.col(j).data(), at.unit.data(), at.scale, b.normed.col(j).data());
    stream.col(j) += b.normed.col(j);
    if (pre_norm_) pre_norm_->pullback(x, at.pre_unit.data(), at.pre_scale, x);
  }
}

#if defined(LIBRATION_COMPILED)
template class rwkv7_layer<double>;
template class rwkv7_layer<float>;
#endif

}  // namespace libration::inline LIBRATION_ABI::models
