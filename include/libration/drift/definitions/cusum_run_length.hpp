// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/cusum_run_length.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include <Eigen/Core>
#include <Eigen/LU>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/cusum_run_length.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

inline constexpr double highest_threshold = 50.0, longest_run = 1e13;

/// L(u) = 1 + L(0) Φ(k - shift - u) + ∫₀^h L(y) φ(y + k - shift - u) dy, solved at 10 points in each of as many panels as h has
/// units.
LIBRATION_DECLARED double one_sided_run_length(double reference, double threshold, double shift) {
  // The points of (0, 1), of which each has its mirror image, and their weights.
  using rule = boost::math::quadrature::gauss<double, 10>;
  const auto& points = rule::abscissa();
  const auto& shares = rule::weights();
  const auto panels = static_cast<Eigen::Index>(std::ceil(threshold));
  const double half = 0.5 * threshold / static_cast<double>(panels);
  const Eigen::Index n = 10 * panels;
  Eigen::VectorXd y(n), weight(n);
  for (Eigen::Index p = 0; p < panels; ++p)
    for (Eigen::Index i = 0; i < 10; ++i) {
      const auto of = static_cast<std::size_t>(i < 5 ? 4 - i : i - 5);
      y[10 * p + i] = half * (2.0 * static_cast<double>(p) + 1.0 + (i < 5 ? -points[of] : points[of]));
      weight[10 * p + i] = half * shares[of];
    }
  // Unknowns: L at the points, and last L(0).
  const double drop = reference - shift;
  const double density = 1.0 / std::sqrt(2.0 * std::numbers::pi);
  Eigen::MatrixXd A(n + 1, n + 1);
  for (Eigen::Index i = 0; i <= n; ++i) {
    const double u = i < n ? y[i] : 0.0;
    for (Eigen::Index j = 0; j < n; ++j) {
      const double z = y[j] + drop - u;
      A(i, j) = -weight[j] * density * std::exp(-0.5 * z * z);
    }
    A(i, n) = -stats::normal_tail(u - drop);
    A(i, i) += 1.0;
  }
  const double length = Eigen::PartialPivLU<Eigen::MatrixXd>(A).solve(Eigen::VectorXd::Ones(n + 1))[n];
  // The matrix is singular to rounding where runs are as long as that.
  return length > 0.0 && length < longest_run ? length : std::numeric_limits<double>::infinity();
}

LIBRATION_DECLARED double run_length_of(const cusum_chart& chart, double shift) {
  const double up = one_sided_run_length(chart.reference, chart.threshold, shift);
  if (!chart.two_sided) return up;
  return 1.0 / (1.0 / up + 1.0 / one_sided_run_length(chart.reference, chart.threshold, -shift));
}

}  // namespace detail

LIBRATION_DEFINED double cusum_run_length(const cusum_chart& chart, double shift) {
  constexpr std::string_view who = "drift::cusum_run_length";
  const option_check check(who);
  check(chart.reference >= 0.0 && std::isfinite(chart.reference), "reference", chart.reference, "a number >= 0");
  check(chart.threshold > 0.0 && chart.threshold <= detail::highest_threshold, "threshold", chart.threshold,
        "a number in (0, 50]");
  require(std::isfinite(shift), who, [&] { return "the shift is " + number_text(shift) + ", expected a finite number"; });
  return detail::run_length_of(chart, shift);
}

LIBRATION_DEFINED double cusum_threshold(double run_length, double reference, bool two_sided) {
  constexpr std::string_view who = "drift::cusum_threshold";
  constexpr double longest = 1e9;
  require(reference >= 0.0 && std::isfinite(reference), who,
          [&] { return "the reference is " + number_text(reference) + ", expected a number >= 0"; });
  // A threshold of 0 alarms at the first value above the reference.
  const double shortest = 1.0 / (stats::normal_tail(reference) * (two_sided ? 2.0 : 1.0));
  require(run_length > shortest && run_length <= longest, who, [&] {
    return "the run length is " + number_text(run_length) + ", expected more than " + number_text(shortest, 6) +
           " (a threshold of 0 gives that) and at most " + number_text(longest);
  });
  const auto above = [&](double h) { return std::log(detail::run_length_of({reference, h, two_sided}, 0.0) / run_length); };
  double low = 0.0, at_low = std::log(shortest / run_length), high = 1.0, at_high = above(high);
  while (at_high < 0.0) {
    require(high < detail::highest_threshold, who, [&] {
      return "the run length " + number_text(run_length) + " takes a threshold above " + number_text(detail::highest_threshold) +
             ", expected a larger reference or a shorter run";
    });
    low = high;
    at_low = at_high;
    high = std::min(2.0 * high, detail::highest_threshold);
    at_high = above(high);
  }
  while (std::isinf(at_high)) {  // a run too long to be known
    const double middle = 0.5 * (low + high), at = above(middle);
    (at < 0.0 ? low : high) = middle;
    (at < 0.0 ? at_low : at_high) = at;
  }
  if (at_high == 0.0) return high;
  std::uintmax_t most = 100;
  const auto [from, to] = boost::math::tools::toms748_solve(above, low, high, at_low, at_high,
                                                            boost::math::tools::eps_tolerance<double>(45), most);
  return 0.5 * (from + to);
}

}  // namespace libration::inline LIBRATION_ABI::drift
