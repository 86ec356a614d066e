// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/finite_size.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <Eigen/Core>

#include <libration/error/finite_size.hpp>

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED finite_size_result finite_size_exponent(const growth_curve& curve, const finite_size_options& options) {
  constexpr std::string_view who = "error::finite_size_exponent";
  const option_check check(who);
  check(options.ratio > 1.0 && std::isfinite(options.ratio), "ratio", options.ratio, "> 1");
  check(options.smallest >= 0.0 && std::isfinite(options.smallest), "smallest", options.smallest, ">= 0");
  check(options.largest >= 0.0 && std::isfinite(options.largest), "largest", options.largest, ">= 0");
  require(curve.pairs() >= 1 && curve.points() >= 2, who, "the curve holds no pair of two points");

  finite_size_result r;
  r.ratio = options.ratio;
  r.jumps = curve.jumps;
  r.undeclared = curve.undeclared;
  r.status = curve.status;
  r.floor = 100.0 * curve.rounding;
  const double first = options.smallest > 0.0 ? options.smallest : std::max(4.0 * curve.error.col(0).maxCoeff(), r.floor);
  const double last = options.largest > 0.0 ? options.largest : 1.0;
  require(first > 0.0 && std::isfinite(first), who,
          "no first size: every error begins at 0 and the rounding is not known; .smallest has to be given");
  const Eigen::Index sizes =
      first > last || !curve.undeclared.empty()
          ? 0
          : 1 + static_cast<Eigen::Index>(std::floor(std::log(last / first) / std::log(options.ratio) + 1e-9));

  const Eigen::Index stretches = curve.pairs() / curve.members;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  r.size = r.exponent = r.standard_error = Eigen::VectorXd::Constant(sizes, nan);
  r.count = r.censored = Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>::Zero(sizes);
  Eigen::VectorXd growth(stretches), duration(stretches);
  for (Eigen::Index k = 0; k < sizes; ++k) {
    const double low = first * std::pow(options.ratio, static_cast<double>(k)), high = low * options.ratio;
    growth.setZero();
    duration.setZero();
    double logs = 0.0;
    std::int64_t with_something = 0;
    for (Eigen::Index w = 0; w < stretches; ++w) {
      for (Eigen::Index pair = w * curve.members; pair < (w + 1) * curve.members; ++pair) {
        const auto e = curve.error.row(pair);
        Eigen::Index i = 0;
        while (i < curve.points() && e[i] < low) ++i;
        if (i == curve.points() || e[i] >= high) continue;  // never there, or leapt over
        Eigen::Index j = i;
        while (j < curve.points() && e[j] < high) ++j;
        if (j == curve.points() || !std::isfinite(e[j])) {
          ++r.censored[k];
          continue;
        }
        ++r.count[k];
        logs += std::log(e[i]);
        growth[w] += std::log(e[j] / e[i]);
        duration[w] += curve.time[j] - curve.time[i];
      }
      if (duration[w] > 0.0) ++with_something;
    }
    if (r.count[k] == 0) continue;
    const double time = duration.sum();
    r.size[k] = std::exp(logs / static_cast<double>(r.count[k]));
    r.exponent[k] = growth.sum() / time;
    if (with_something >= 3) {
      const double clusters = static_cast<double>(with_something);
      const double squares = (growth - r.exponent[k] * duration).squaredNorm() * clusters / (clusters - 1.0);
      r.standard_error[k] = std::sqrt(squares) / time;
    }
  }
  return r;
}

}  // namespace libration::inline LIBRATION_ABI::error
