// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Why a pair parted in one step as no growth explains: a discontinuity of the map, or a coordinate that wraps without the map's
/// saying so.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/detail/measured_error.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/maps/coordinates.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// Of an error in a step, before it is looked at twice.
inline constexpr double most_growth = 16.0;

/// The smallest error that is looked at, relative to the state's size: below it a step's growth is rounding.
template <class Scalar>
inline constexpr double least_looked_at = 1024.0 * std::numeric_limits<Scalar>::epsilon();

/// What a step did to a pair whose distance grew by more than `most_growth`.
struct parting {
  bool jump = false;             ///< by a discontinuity: a run on the other side of the reference stays near it
  Eigen::Index coordinate = -1;  ///< that wraps though the map declares no period of it; -1: none
  double period = 0.0;           ///< of that coordinate, as measured
  double accuracy = 0.0;         ///< of the period
};

/// Looks at a step from h to `next` in which a pair parted.
///
/// A jump is a discontinuity where the opposite run h - d stays near the reference. Both runs' differences then add up to what the
/// discontinuity adds. Where that is a number P in one coordinate alone, the definition of a period decides: g(h ± P e_i) is g(h)
/// up to P. A state that is rounded to multiples of P fulfils this too; of it g(h + c P e_i), c no fraction, is g(h) up to P as
/// well.
///
/// \tparam Scalar  that the runs are computed in
/// \param after    distance of the pair at the step's end
/// \param h, next  component i of the reference at the step's start and end; \param before, apart  of the pair's difference
/// \param step     step(from, image): image = g(from), from being called as from(i), image shape (n)
/// \param image, base  scratch, shape (n)
template <class Scalar, class M, class H, class Before, class Next, class Apart, class Step>
parting find_parting(const measured_error<M>& error, double after, const H& h, const Before& before, const Next& next,
                     const Apart& apart, const Step& step, Eigen::VectorXd& image, Eigen::VectorXd& base) {
  constexpr double eps = std::numeric_limits<Scalar>::epsilon();
  parting found;
  step([&](Eigen::Index i) { return h(i) - before(i); }, image);
  const auto opposite = [&](Eigen::Index i) { return error.template difference<Scalar>(i, image[i], next(i)); };
  const double near = error(opposite);
  if (!(near < 0.25 * after)) return found;
  found.jump = true;

  const auto added = [&](Eigen::Index i) { return apart(i) + opposite(i); };
  Eigen::Index c = -1;
  double period = 0.0, largest = 0.0;
  for (Eigen::Index k = 0; k < error.count(); ++k) {
    const Eigen::Index i = error.coordinate(k);
    largest = std::max(largest, std::abs(opposite(i)));
    if (error.coordinates().period(i) != 0.0 || !(std::abs(added(i)) > period)) continue;
    period = std::abs(added(i));
    c = i;
  }
  if (c < 0 || !(error([&](Eigen::Index i) { return i == c ? 0.0 : added(i); }) < 0.25 * after)) return found;

  step(h, base);
  // The period's own error is of the second order in `largest`, and the step may stretch it.
  const double uncertain = std::min(period / 64.0, most_growth * largest);
  const auto unmoved_by = [&](double shift) {
    step([&](Eigen::Index i) { return i == c ? h(i) + shift : h(i); }, image);
    for (Eigen::Index k = 0; k < error.count(); ++k) {
      const Eigen::Index i = error.coordinate(k);
      const double moved =
          i == c ? maps::coordinate_difference(image[i], base[i], period) : error.template difference<Scalar>(i, image[i], base[i]);
      if (!(std::abs(moved) <= uncertain + 1024.0 * eps * std::max(period, std::abs(base[i])))) return false;
    }
    return true;
  };
  constexpr double no_fraction = 0.38196601125010515;  // 2 minus the golden ratio
  if (!unmoved_by(period) || !unmoved_by(-period) || unmoved_by(no_fraction * period)) return found;
  found.coordinate = c;
  found.period = period;
  found.accuracy = largest;
  return found;
}

/// Counts the jumps of pairs, and the coordinates that wrap undeclared.
class jump_record {
 public:
  LIBRATION_DECLARED void add(const parting& p);
  LIBRATION_DECLARED void add(const jump_record& other);

  /// An eighth of all jumps must be wraps, and of these a coordinate's a sixteenth: at an error that is no longer small one jump in
  /// 64 at a discontinuity passes for a wrap by chance.
  LIBRATION_DECLARED void report_to(growth_curve& curve) const;

 private:
  LIBRATION_DECLARED void add(const undeclared_period& wrap, double accuracy);

  std::int64_t jumps_ = 0;
  std::vector<undeclared_period> wraps_;
  std::vector<double> accuracy_;
};

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/parting.hpp>
#endif
