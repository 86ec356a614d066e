// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The likelihood of a Weibull law in discrete time, its derivatives and its profile.

#include <cmath>
#include <cstdint>
#include <span>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::stats::detail {

// What happened at one time.
struct time_count {
  std::int64_t time, events, censored;
};

struct value_and_slope {
  double value, slope;
};

// The root of a function that falls from above 0 at `low` to below 0 at `high`, by Newton's method within the bracket;
// f(x) returns its value and slope.
template <class F>
double falling_root(F&& f, double low, double high, double x) {
  for (int i = 0; i < 200; ++i) {
    const value_and_slope at = f(x);
    (at.value > 0.0 ? low : high) = x;
    double next = x - at.value / at.slope;
    if (!(next >= low && next <= high)) next = 0.5 * (low + high);
    const double moved = std::abs(next - x);
    x = next;
    if (moved <= 1e-9 * (1.0 + std::abs(x))) break;  // a next step of Newton's would be of the order of its square
  }
  return x;
}

// ln likelihood of S(t) = exp(-e^a (t/longest)^k), with its derivatives by a and k.
struct weibull_likelihood {
  double value = 0.0, a = 0.0, k = 0.0, aa = 0.0, ak = 0.0, kk = 0.0;

  LIBRATION_DECLARED weibull_likelihood(std::span<const time_count> counts, double longest, double log_rate, double shape);

 private:
  // ln S = -u, u = exp(a + k ln(t/longest)).
  LIBRATION_DECLARED void add_survival(double weight, double log_time, double log_rate, double shape);

  // ln(S(t-1) - S(t)) = ln S(t-1) + ln(1 - e^-v), ln v = a + y(k), y = k ln(t/longest) + ln(1 - (1 - 1/t)^k).
  LIBRATION_DECLARED void add_event(double weight, double t, double longest, double log_rate, double shape);
};

// The a that is most likely for a shape. 1/v - 1/2 <= 1/(e^v - 1) <= 1/v brackets it.
LIBRATION_DECLARED double best_log_rate(std::span<const time_count> counts, double longest, double shape);

}  // namespace libration::inline LIBRATION_ABI::stats::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/detail/weibull_likelihood.hpp>
#endif
