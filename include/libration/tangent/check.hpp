// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `tangent::check`: a map's tangent against central differences at one point.

#include <algorithm>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/scalar/state.hpp>
#include <libration/tangent/first_frame.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// What `tangent::check` found, in the direction in which the error is largest against its tolerance.
struct [[nodiscard]] check_result {
  /// A check whose tolerance is above this has seen less than two digits, and is not `ok`: rounding or a branch hides the rest.
  static constexpr double largest_tolerance = 0.01;

  double error = std::numeric_limits<double>::quiet_NaN();      ///< |J v − difference|, in units of the largest |J v|
  double tolerance = std::numeric_limits<double>::quiet_NaN();  ///< what rounding and truncation explain, in the same units
  Eigen::Index worst_direction = -1;                            ///< which direction that is
  bool ok() const { return error <= tolerance && tolerance <= largest_tolerance; }  ///< false for NaN too
};

namespace detail {

// Central differences in one direction, extrapolated to step 0, and how far that can be trusted.
struct extrapolated {
  Eigen::VectorXd value;
  double tolerance = std::numeric_limits<double>::infinity();
  double step = 0.0;  ///< the smallest of the three that it rests on
};

// \param central   central(d): the central difference with step d, shape (n)
// \param rounding  rounding(d): what the rounding of a step explains at least of it; grows as d falls
template <class Central, class Rounding>
extrapolated extrapolate(const Central& central, const Rounding& rounding, double largest, double smallest) {
  extrapolated best;
  Eigen::VectorXd fine, coarse, coarser;
  for (double d = largest; d > smallest && rounding(d) < best.tolerance; d /= 2) {
    coarser.swap(coarse);
    coarse.swap(fine);
    fine = central(d);
    if (coarser.size() == 0) continue;
    const double spread = std::max((fine - coarse).norm(), (coarse - coarser).norm());
    const double tolerance = 4.0 * spread + rounding(d);
    if (tolerance < best.tolerance) best = {fine + (fine - coarse) / 3.0, tolerance, d};
  }
  return best;
}

/// \param where  the coordinates of the map's state
template <class M, class Coordinates>
check_result check_vector(const M& map, const Coordinates& where,
                          const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& h,
                          const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& x, std::int64_t t, std::uint64_t seed) {
  using S = typename M::scalar_type;
  const Eigen::Index n = map.state_size();
  require(n >= 1, "tangent::check", "the map's dimension is 0, expected at least 1");
  const Eigen::Index k = std::min<Eigen::Index>(n, 16);
  vector_system<M> system(map, k);
  auto next = system.make_state(), plus = next, minus = next, moved = next;
  auto JV = system.make_frame(k);
  write_frame(random_frame(n, k, seed), JV);
  const typename vector_system<M>::frame_type V = JV;
  system.advance(t, h, x, next);
  system.tangent(JV);

  const double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const double from = static_cast<double>(h.norm()), image = static_cast<double>(next.norm());
  const Eigen::MatrixXd slopes = JV.template cast<double>();
  const double largest_slope = slopes.colwise().norm().maxCoeff();
  const double unit = largest_slope > 0.0 ? largest_slope : 1.0;
  Eigen::VectorXd change(n);
  check_result worst;
  const double size = static_cast<double>(static_cast<S>(1.0 + from));
  double largest = 0.25 * size;
  for (Eigen::Index j = 0; j < k; ++j) {
    const auto central = [&](double d) -> Eigen::VectorXd {
      moved = h + static_cast<S>(d) * V.col(j);
      system.step(t, moved, x, plus);
      moved = h - static_cast<S>(d) * V.col(j);
      system.step(t, moved, x, minus);
      where.difference(plus, minus, change);
      return change / (2.0 * d);
    };
    // The moved state and its image are rounded: eps (|h| + d) |J| and eps |g|, on both sides.
    const auto rounding = [&](double d) { return 4.0 * eps * (image + (from + d) * unit) / d; };
    const extrapolated found = extrapolate(central, rounding, largest, eps * size);
    if (found.step > 0.0) largest = std::min(largest, 16.0 * found.step);  // one direction is much like another
    const bool any = found.value.size() == n;
    const double error = any ? (slopes.col(j) - found.value).norm() / unit : std::numeric_limits<double>::quiet_NaN();
    const double tolerance = found.tolerance / unit;
    if (worst.worst_direction < 0 || !(error / tolerance <= worst.error / worst.tolerance)) worst = {error, tolerance, j};
    if (!(error <= tolerance)) break;
  }
  return worst;
}

}  // namespace detail

/// Compares a map's tangent with central differences at (h [, x]) in up to 16 random directions.
///
/// The differences say themselves how far they can be trusted: in each direction the step is halved until rounding outgrows what
/// smaller steps gain, and of three neighbouring steps whose differences agree best the extrapolated one is taken.
///
/// \param h    shape (n); \param x shape (m), for driven maps; \param t the step's number
/// \return     error and tolerance; a branch of the map at h shows as an error, and not `ok`
/// \throws     argument_error where a shape does not fit or the dimension is 0
/// Accuracy:   an error of 1 % in single precision and of 1e-5 in double is found, where J v is not small against h and its image
///             (tests/tangent/check.test.cpp); both are relative to the largest |J v|: a small entry's error can hide beside
///             large entries
/// Cost:       at most 100 steps a direction; about 30 in the first one and 15 in the others
/// Source:     Richardson's extrapolation; the tolerance, 4 times the largest difference of the three and what rounding explains at
///             least, is derived here
template <maps::differentiable M>
  requires maps::vector_map<M>
check_result check(const M& map, vector_view<typename M::scalar_type> h,
                   vector_view<typename M::scalar_type> x = Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>(),
                   std::int64_t t = 0, std::uint64_t seed = 0) {
  require_rows(h.rows(), map.state_size(), "tangent::check", "h", "the map's dimension");
  if constexpr (maps::driven<M>) require_rows(x.rows(), map.input_size(), "tangent::check", "x", "the map's input size");
  return detail::check_vector(map, maps::coordinates<M>(map), h, x, t, seed);
}
template <maps::formula_map M>
check_result check(const M& map, const state<double, M::dimension>& h,
                   const state<double, (maps::input_dimension<M> > 0 ? maps::input_dimension<M> : 1)>& x = {},
                   std::int64_t t = 0, std::uint64_t seed = 0) {
  const formula_as_vector<M> vector(map);
  return detail::check_vector(vector, maps::coordinates<M>(map), Eigen::VectorXd(h.vector()), Eigen::VectorXd(x.vector()), t, seed);
}

}  // namespace libration::inline LIBRATION_ABI::tangent
