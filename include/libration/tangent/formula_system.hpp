// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A formula map prepared for runs: its orbit and its tangent on a small frame, on one orbit or on many in SIMD lanes.

#include <cmath>
#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/state.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// A frame of `count` tangent directions, column by column; its capacity K is fixed at compile time.
template <class T, int n, int K>
struct small_frame {
  state<T, n> column[static_cast<std::size_t>(K)];
  int count = K;
};

/// Copies a frame in the lanes where the mask holds.
template <class Mask, class T, int n, int K>
void assign_where(const Mask& mask, const small_frame<T, n, K>& from, small_frame<T, n, K>& to) {
  for (int j = 0; j < K; ++j) libration::assign_where(mask, from.column[j], to.column[j]);
}

/// A formula map on scalars T (double, single, lanes), with frames of at most K columns.
///
/// `advance` computes a step and its linearisation; `tangent` applies that linearisation to a frame, any number of times.
/// Up to n = 4 the Jacobian comes from the one evaluation that also gives the step; beyond, four directions at a time are
/// carried through the formula when they are asked for.
template <class M, class T, int K = M::dimension>
class formula_system {
 public:
  static constexpr int n = M::dimension;
  static constexpr int m = maps::input_dimension<M> > 0 ? maps::input_dimension<M> : 1;
  static constexpr int capacity = K;  // of a frame, in columns
  static constexpr int width = scalar_traits<T>::width;
  static constexpr bool dense = n <= 4;  // whether `advance` computes the whole Jacobian
  static constexpr bool autonomous = maps::repeats_itself<M>;
  static constexpr bool has_determinant =
      n <= 3 || requires(const M& map, const state<T, n>& h) { map.log_abs_determinant(h); };

  using map_type = M;
  using scalar = T;
  using mask = typename scalar_traits<T>::mask;
  using state_type = state<T, n>;
  using input_type = state<T, m>;
  using frame_type = small_frame<T, n, K>;

  /// \param map outlives the system
  explicit formula_system(const M& map, Eigen::Index /*columns*/ = K) : map_(&map) {}

  const M& map() const { return *map_; }
  Eigen::Index state_size() const { return n; }
  Eigen::Index input_size() const { return maps::input_dimension<M>; }
  double time_step() const { return maps::time_step(*map_); }
  bool per_unit_of_time() const { return maps::per_unit_of_time(*map_); }
  state_type make_state() const { return state_type{}; }
  input_type make_input() const { return input_type{}; }
  frame_type make_frame(Eigen::Index columns) const {
    frame_type frame{};
    frame.count = static_cast<int>(columns);
    return frame;
  }

  /// One step of the orbit, without its linearisation.
  void step(std::int64_t t, const state_type& h, const input_type& x, state_type& next) const {
    next = maps::evaluate(*map_, t, h, x);
  }

  /// One step of the orbit, and its linearisation for `tangent` and `log_abs_determinant`.
  void advance(std::int64_t t, const state_type& h, const input_type& x, state_type& next) {
    if constexpr (dense) {
      state<dual<T, n>, n> seeded;
      for (int i = 0; i < n; ++i) {
        seeded[i] = dual<T, n>(h[i]);
        seeded[i].derivative[i] = T(1.0);
      }
      const auto image = maps::evaluate(*map_, t, seeded, lift<n>(x));
      for (int i = 0; i < n; ++i) {
        next[i] = image[i].value;
        for (int j = 0; j < n; ++j) jacobian_[j][i] = image[i].derivative[j];
      }
    } else {
      t_ = t;
      x_ = x;
      step(t, h, x, next);
    }
    if constexpr (n > 3) h_ = h;
  }

  /// Replaces every column v of the frame by J v, J being the Jacobian at the last `advance`.
  void tangent(frame_type& frame) const {
    const int count = frame_count(frame);
    if constexpr (dense) {
      for (int c = 0; c < count; ++c) {
        const state_type v = frame.column[c];
        for (int i = 0; i < n; ++i) {
          T sum = jacobian_[0][i] * v[0];
          for (int j = 1; j < n; ++j) sum += jacobian_[j][i] * v[j];
          frame.column[c][i] = sum;
        }
      }
    } else {
      const auto input = lift<chunk>(x_);
      for (int first = 0; first < count; first += chunk) {
        const int used = count - first < chunk ? count - first : chunk;
        state<dual<T, chunk>, n> seeded;
        for (int i = 0; i < n; ++i) {
          seeded[i] = dual<T, chunk>(h_[i]);
          for (int c = 0; c < used; ++c) seeded[i].derivative[c] = frame.column[first + c][i];
        }
        const auto image = maps::evaluate(*map_, t_, seeded, input);
        for (int c = 0; c < used; ++c)
          for (int i = 0; i < n; ++i) frame.column[first + c][i] = image[i].derivative[c];
      }
    }
  }

  /// \return det J at the last `advance`, by cofactors
  T determinant() const
    requires(n <= 3)
  {
    const auto& J = jacobian_;
    if constexpr (n == 1)
      return J[0][0];
    else if constexpr (n == 2)
      return J[0][0] * J[1][1] - J[1][0] * J[0][1];
    else
      return J[0][0] * (J[1][1] * J[2][2] - J[2][1] * J[1][2]) - J[1][0] * (J[0][1] * J[2][2] - J[2][1] * J[0][2]) +
             J[2][0] * (J[0][1] * J[1][2] - J[1][1] * J[0][2]);
  }

  /// Where J at the last `advance` is singular for the zeros in it, not by rounding: every product of its determinant's
  /// expansion has a factor that is 0.
  mask structurally_singular() const
    requires(n <= 3)
  {
    const auto& J = jacobian_;
    const auto zero = [&](int i, int j) { return J[i][j] == T(0.0); };
    if constexpr (n == 1) {
      return zero(0, 0);
    } else if constexpr (n == 2) {
      return (zero(0, 0) || zero(1, 1)) && (zero(1, 0) || zero(0, 1));
    } else {
      const auto minor = [&](int a, int b) { return (zero(a, 1) || zero(b, 2)) && (zero(b, 1) || zero(a, 2)); };
      return (zero(0, 0) || minor(1, 2)) && (zero(1, 0) || minor(0, 2)) && (zero(2, 0) || minor(0, 1));
    }
  }

  /// \return ln|det J| at the last `advance`, in the map's own closed form
  T log_abs_determinant() const
    requires(n > 3 && has_determinant)
  {
    return T(map_->log_abs_determinant(h_));
  }

 private:
  static constexpr int chunk = 4;

  static constexpr int frame_count(const frame_type& frame) {
    if constexpr (K <= 4)
      return K;
    else
      return frame.count;
  }

  template <int k>
  static state<dual<T, k>, m> lift(const input_type& x) {
    state<dual<T, k>, m> lifted;
    for (int i = 0; i < m; ++i) lifted[i] = dual<T, k>(x[i]);
    return lifted;
  }

  const M* map_;
  state_type h_{};
  input_type x_{};                              // only where the linearisation is carried later
  std::int64_t t_ = 0;                          // likewise
  state<T, n> jacobian_[static_cast<std::size_t>(dense ? n : 1)] = {};    // column by column, where dense
};

}  // namespace libration::inline LIBRATION_ABI::tangent
