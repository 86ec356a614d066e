// SPDX-License-Identifier: MIT
#include <libration/stats/fisher_f.hpp>
#include <libration/stats/student_t.hpp>

#include <cmath>

#include <libration/core/error.hpp>

#include "support/catch.hpp"

namespace stats = libration::stats;

TEST_CASE("stats::fisher_f_quantile: two degrees of the numerator have a closed form, one is Student's t squared", "[oracle]") {
  for (const double p : {1e-6, 0.05, 0.5, 0.95, 0.999, 1.0 - 1e-9})
    for (const double d : {0.5, 1.0, 3.0, 97.0, 2000.0}) {
      // P(X > x) = (1 + 2 x/d)^(-d/2).
      const double two = 0.5 * d * std::expm1(-2.0 / d * std::log1p(-p));
      CHECK(std::abs(stats::fisher_f_quantile(p, 2.0, d) - two) < 1e-11 * two);
      const double t = stats::student_t_quantile(0.5 - 0.5 * p, d);
      CHECK(std::abs(stats::fisher_f_quantile(p, 1.0, d) - t * t) < 1e-9 * t * t);
      // The reciprocal has the degrees exchanged.
      const double x = stats::fisher_f_quantile(p, 3.0, d);
      CHECK(std::abs(x * stats::fisher_f_quantile(1.0 - p, d, 3.0) - 1.0) < 1e-6);
    }
  CHECK(stats::fisher_f_quantile(0.0, 3.0, 4.0) == 0.0);
  CHECK(std::isinf(stats::fisher_f_quantile(1.0, 3.0, 4.0)));
}

TEST_CASE("stats::fisher_f_quantile: what it refuses", "[failure]") {
  CHECK_THROWS_AS(stats::fisher_f_quantile(1.5, 3.0, 4.0), libration::argument_error);
  CHECK_THROWS_AS(stats::fisher_f_quantile(0.5, 0.0, 4.0), libration::argument_error);
  CHECK_THROWS_AS(stats::fisher_f_quantile(0.5, 3.0, -1.0), libration::argument_error);
}
