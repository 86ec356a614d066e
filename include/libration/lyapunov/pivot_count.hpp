// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Counts the pivots of a frame, and keeps the books of how far rounding lets them be trusted.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/lyapunov/frame_rounding.hpp>
#include <libration/lyapunov/growth_record.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/frame.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Where some pivot that `factor` has found, of its first `count`, is below a bound.
template <class Factor, class Real>
auto some_pivot_below(const Factor& factor, Eigen::Index count, const Real& bound) {
  auto some = factor.pivot(0) < bound;
  for (Eigen::Index i = 1; i < count; ++i) some = some || factor.pivot(i) < bound;
  return some;
}

/// Multiplies pivots into a record of growth, in each lane, and sums what rounding may have done to them: eps times |v_i| / R_ii,
/// and, of a vector map's columns, times what `frame_rounding` finds. (The few columns of a formula are looked at one by one.)
///
/// A column may be lost after a single step, which cannot be shortened. Its factor is 0 where the step's Jacobian is structurally
/// singular; else the exponent is not resolved, and the pivot's upper bound is counted. So it is where a pivot is denormal: of a
/// step that is made of many (a stroboscopic map) its size is rounding.
template <class System>
class pivot_count {
  using real = tangent::growth_type<typename System::scalar>;
  using mask = typename System::mask;
  static constexpr bool follows_turning = requires(const tangent::frame_factor<System>& factor) { factor.upper(); };

 public:
  static constexpr double eps =
      static_cast<double>(std::numeric_limits<typename scalar_traits<typename System::scalar>::base>::epsilon());

  /// \param n          the map's dimension
  /// \param each_step  every step is orthonormalised: the worst condition stands for all ratios
  /// \param seed       of the rounding whose consequences are followed
  pivot_count(Eigen::Index n, Eigen::Index count, bool each_step, std::uint64_t seed)
      : n_(n),
        count_(count),
        each_step_(each_step),
        ratios_(static_cast<std::size_t>(count), real(0.0)),
        bounded_(static_cast<std::size_t>(count), real(0.0)),
        turning_(count, eps, seed) {}

  /// Counts what `factor` has found, where the mask holds.
  ///
  /// \param steps   that the frame was carried since the last orthonormalisation
  /// \param system  holds the last step's linearisation; null: nothing does
  /// \param counted whether the steps count; else only the record takes the growth
  void add(const mask& where, const real& steps, const tangent::frame_factor<System>& factor, const System* system, bool counted,
           growth_record<System>& record) {
    const mask single = where && steps <= real(1.0);
    const mask denormal = some_pivot_below(factor, count_, real(least_normal));
    if (any(single && (denormal || factor.unresolved() || factor.condition() > real(1.0 / unresolvable())))) [[unlikely]] {
      add_doubtful(where, single, factor, system, counted, record);
    } else {
      for (Eigen::Index i = 0; i < count_; ++i) record.pivots[static_cast<std::size_t>(i)].multiply(where, factor.pivot(i));
    }
    if constexpr (follows_turning)
      if (where) turning_.add(factor.upper(), counted);
    if (each_step_ || !counted) return;
    for (Eigen::Index i = 1; i < count_; ++i)
      ratios_[static_cast<std::size_t>(i)] += select(where, factor.ratio(i), real(0.0));
  }

  /// Whether of column i an upper bound was counted.
  bool bounded(Eigen::Index i, int lane) const { return lane_value(bounded_[static_cast<std::size_t>(i)], lane) > 0.0; }

  /// Nats that rounding may have added to column i's growth in all.
  ///
  /// \param steps               that were counted
  /// \param orthonormalisations in the whole run
  double rounding(Eigen::Index i, int lane, std::int64_t steps, const growth_record<System>& record,
                  const real& orthonormalisations) const {
    double ratios = lane_value(ratios_[static_cast<std::size_t>(i)], lane);
    if (each_step_ && i > 0) ratios = lane_value(record.worst_condition(), lane) * lane_value(orthonormalisations, lane);
    if constexpr (follows_turning) ratios += turning_.nats(i);
    return 4.0 * eps * (ratios + static_cast<double>(steps));
  }

 private:
  void add_doubtful(const mask& where, const mask& single, const tangent::frame_factor<System>& factor, const System* system,
                    bool counted, growth_record<System>& record) {
    mask singular = everywhere<mask>(false);
    if constexpr (System::has_determinant) {
      if (count_ == n_ && system != nullptr) {
        if constexpr (requires { system->structurally_singular(); })
          singular = system->structurally_singular();
        else
          singular = tangent::to_growth(system->log_abs_determinant()) == real(-std::numeric_limits<double>::infinity());
      }
    }
    for (Eigen::Index i = 0; i < count_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const real pivot = factor.pivot(i), ratio = factor.ratio(i);
      const double n_eps = static_cast<double>(n_) * eps;
      const real norm = select(pivot < real(0.0), -pivot / n_eps, ratio * pivot);
      const mask doubtful = single && (pivot < real(0.0) || ratio > real(1.0 / unresolvable()));
      const mask denormal = single && pivot > real(0.0) && pivot < real(least_normal);
      const real known = select(denormal, real(least_normal), pivot);
      if (counted) bounded_[at] += select((doubtful && !singular) || denormal, real(1.0), real(0.0));
      record.pivots[at].multiply(where, select(doubtful && !denormal, select(singular, real(0.0), norm * unresolvable()), known));
    }
  }

  static constexpr double least_normal =
      static_cast<double>(std::numeric_limits<typename scalar_traits<typename System::scalar>::base>::min());

  // The share of a column's norm below which a pivot after a single step says nothing. A step may itself be made of many, each of
  // which rounds; what they leave across the leading directions is contracted again: measured, some ten eps.
  double unresolvable() const { return eps * static_cast<double>(std::max<Eigen::Index>(256, n_)); }

  struct no_rounding {
    no_rounding(Eigen::Index, double, std::uint64_t) {}
  };

  Eigen::Index n_, count_;
  bool each_step_;
  std::vector<real> ratios_;   // sum of |v_i| / R_ii over the counted orthonormalisations
  std::vector<real> bounded_;  // orthonormalisations of which only an upper bound was counted
  std::conditional_t<follows_turning, frame_rounding, no_rounding> turning_;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
