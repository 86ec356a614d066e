// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/detail/weibull_likelihood.hpp declares.

#include <cmath>
#include <span>

#include <libration/stats/detail/weibull_likelihood.hpp>

namespace libration::inline LIBRATION_ABI::stats::detail {

LIBRATION_DEFINED weibull_likelihood::weibull_likelihood(std::span<const time_count> counts, double longest, double log_rate,
                                                      double shape) {
  for (const auto& row : counts) {
    const double t = static_cast<double>(row.time);
    if (row.events > 0) add_event(static_cast<double>(row.events), t, longest, log_rate, shape);
    if (row.censored > 0) add_survival(static_cast<double>(row.censored), std::log(t / longest), log_rate, shape);
  }
}

LIBRATION_DEFINED void weibull_likelihood::add_survival(double weight, double log_time, double log_rate, double shape) {
  const double u = weight * std::exp(log_rate + shape * log_time);
  value -= u;
  a -= u;
  k -= u * log_time;
  aa -= u;
  ak -= u * log_time;
  kk -= u * log_time * log_time;
}

LIBRATION_DEFINED void weibull_likelihood::add_event(double weight, double t, double longest, double log_rate, double shape) {
  const double log_time = std::log(t / longest);
  double y = shape * log_time, y1 = log_time, y2 = 0.0;
  if (t > 1.0) {
    add_survival(weight, std::log((t - 1.0) / longest), log_rate, shape);
    const double r = -std::log1p(-1.0 / t), g = r / std::expm1(shape * r);
    y += std::log(-std::expm1(-shape * r));
    y1 += g;
    y2 -= g * (g + r);
  }
  const double v = std::exp(log_rate + y);
  const double h = v > 0.0 ? v / std::expm1(v) : 1.0;  // d ln(1 - e^-v)/d ln v
  const double h1 = h * (1.0 - h - v);
  value += weight * (v > 1e-9 ? std::log(-std::expm1(-v)) : log_rate + y - 0.5 * v);
  a += weight * h;
  k += weight * h * y1;
  aa += weight * h1;
  ak += weight * h1 * y1;
  kk += weight * (h1 * y1 * y1 + h * y2);
}

LIBRATION_DEFINED double best_log_rate(std::span<const time_count> counts, double longest, double shape) {
  double events = 0.0, before = 0.0, within = 0.0;
  for (const auto& row : counts) {
    const double d = static_cast<double>(row.events), t = static_cast<double>(row.time);
    const double end = std::pow(t / longest, shape), start = std::pow((t - 1.0) / longest, shape);
    events += d;
    before += d * start + static_cast<double>(row.censored) * end;
    within += d * (end - start);
  }
  const double low = std::log(events / (before + 0.5 * within)), high = std::log(events / before);
  return falling_root(
      [&](double a) {
        const weibull_likelihood at(counts, longest, a, shape);
        return value_and_slope{at.a, at.aa};
      },
      low, high, low);
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail
