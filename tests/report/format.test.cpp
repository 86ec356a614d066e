// SPDX-License-Identifier: MIT
#include <libration/report/format.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace report = libration::report;
using libration::status;
using libration::verdict;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A result with every field set by hand.
lyapunov::spectrum_result example() {
  lyapunov::spectrum_result r;
  r.exponents = Eigen::Vector2d(0.41922, -infinity);
  r.standard_error = Eigen::Vector2d(0.00035, lyapunov::unknown);
  r.half_width = Eigen::Vector2d(0.0007, lyapunov::unknown);
  r.effective_samples = Eigen::Vector2d(1000.0, lyapunov::unknown);
  r.kaplan_yorke_dimension = {1.25, 0.01};
  r.entropy_rate = {0.41922, 0.00035};
  r.verdict = verdict::chaotic;
  r.steps = 100'000;
  r.status = status::ok;
  r.worst_condition = 1.5e6;
  r.worst_defect = 3e-16;
  r.orthonormalisations = 16'000;
  r.mean_interval = 6.25;
  r.finite_time.window = 500;
  r.finite_time.values = Eigen::MatrixXd::Random(2, 200);
  return r;
}

}  // namespace

TEST_CASE("report::with_error: two digits of the error decide the digits of the number", "[oracle][edge]") {
  using report::with_error;
  CHECK(with_error(0.4192154, 0.00035) == "0.41922 ± 0.00035");
  CHECK(with_error(-14.572336, 0.0123) == "-14.572 ± 0.012");
  CHECK(with_error(123.4, 5.0) == "123.4 ± 5.0");
  CHECK(with_error(1234.0, 56.0) == "1234 ± 56");
  CHECK(with_error(-infinity, lyapunov::unknown) == "-inf");
  CHECK(with_error(infinity, 1.0) == "inf");
  CHECK(with_error(lyapunov::unknown, 1.0) == "unknown");
  CHECK(with_error(0.25, lyapunov::unknown) == "0.25 (error unknown)");
  CHECK(with_error(-0.9162907318741551, 0.0) == "-0.916290731874");  // no error but rounding
  CHECK(with_error(-0.9162907318741551, 1e-17) == "-0.916290731874");
  CHECK(with_error(0.25, infinity) == "0.25 (error infinite)");  // not "0 ± inf", from a logarithm that fits no int
  CHECK(with_error(0.3125, 4e-16) == "0.3125 ± 4e-16");          // not "0.312 ± 4e-16"
  CHECK(with_error(-1.2345678e-20, 1e-25) == "-1.234568e-20 ± 1e-25");
  CHECK(with_error(0.0, 1e-25) == "0 ± 1e-25");
  CHECK(with_error(1e-30, 1e-25) == "1e-30 ± 1e-25");
  CHECK(with_error(1e300, 2e290) == "1e+300 ± 2e+290");          // not three hundred digits
}

TEST_CASE("report::explain: a sentence for each status, a name for each", "[edge]") {
  for (const status s : {status::not_run, status::ok, status::not_converged, status::lost_frame, status::collapsed,
                         status::diverged, status::cancelled, status::not_resolved, status::undeclared_period}) {
    CHECK(!report::explain(s).empty());
    CHECK(fmt::format("{}", s) == std::string(to_string(s)));
  }
  CHECK(fmt::format("{:>10}", verdict::stable) == "    stable");
}

TEST_CASE("report::text: a spectrum says what was measured, how it ended, and the evidence", "[oracle]") {
  auto r = example();
  const std::string text = fmt::format("{}", r);
  CHECK_THAT(text, Contains("Lyapunov exponents, per step, over 100000 steps: chaotic"));
  CHECK_THAT(text, Contains("1  0.41922 ± 0.00035"));
  CHECK_THAT(text, Contains("2  -inf"));
  CHECK_THAT(text, Contains("Kaplan-Yorke dimension 1.250 ± 0.010"));
  CHECK_THAT(text, Contains("entropy rate 0.41922 ± 0.00035 nats per step"));
  CHECK_THAT(text, Contains("status ok: ran to its end"));
  CHECK_THAT(text,
             Contains("16000 orthonormalisations, every 6.25 steps; worst condition 1.5e+06, defect 3e-16; 0 rolled back"));
  CHECK_THAT(text, !Contains("det J") && !Contains("repeats") && !Contains("bias") && !Contains("at least"));

  r.time_step = 0.01;
  r.per_unit_of_time = true;
  r.dimension_is_lower_bound = true;
  r.status = status::diverged;
  r.failed_at = 77;
  r.sum = -1.2;
  r.mean_log_abs_determinant = -1.2;
  r.cycle_length = 3;
  r.merged_pairs = 4;
  r.jumps = 5;
  r.unresolved_steps = 6;
  r.stepper_bias_steps = r.steps;
  r.stepper_bias = Eigen::Vector2d(0.01, 0.02);
  r.stepper_bias_error = Eigen::Vector2d(0.001, 0.002);
  const std::string more = fmt::format("{}", r);
  CHECK_THAT(more, Contains("per unit of time (a step is 0.01), over"));
  CHECK_THAT(more, Contains("dimension at least 1.250"));
  CHECK_THAT(more, Contains("status diverged") && Contains("(step 77)"));
  CHECK_THAT(more, Contains("sum -1.2, mean ln|det J| -1.2"));
  CHECK_THAT(more, Contains("repeats after 3 steps; the two trajectories became one 4 times and were set out anew"));
  CHECK_THAT(more, Contains("parted 5 times as no growth explains: at a discontinuity, or a coordinate that wraps"));
  CHECK_THAT(more, Contains("6 steps shrink every difference below rounding"));
  CHECK_THAT(more, Contains("stepper's bias of exponent 2: 0.0200 ± 0.0020 (dt less dt/2)"));
}

TEST_CASE("report::text: long spectra are cut, and nothing is a text too", "[edge]") {
  lyapunov::spectrum_result r;
  CHECK_THAT(fmt::format("{}", r), Contains("status not_run: nothing was computed"));
  r.exponents = Eigen::VectorXd::LinSpaced(40, 1.0, -1.0);
  r.standard_error = Eigen::VectorXd::Constant(40, 0.1);
  CHECK_THAT(report::text(r, 3), Contains("and 37 more"));
  CHECK_THAT(report::text(r, 40), !Contains("more\n"));
}

TEST_CASE("report: the other results have a text", "[edge]") {
  CHECK(fmt::format("{}", lyapunov::estimate{1.5, 0.25}) == "1.50 ± 0.25");
  CHECK(fmt::format("{}", lyapunov::estimate{}) == "unknown");
  libration::stats::mean_estimate mean;
  mean.mean = 2.0;
  mean.standard_error = 0.5;
  CHECK(fmt::format("{}", mean) == "2.00 ± 0.50");
  auto r = example();
  CHECK_THAT(fmt::format("{}", r.finite_time),
             Contains("finite-time exponents over 200 windows of 500 steps") && Contains("spread") && Contains("  2  mean"));
  CHECK_THAT(fmt::format("{}", lyapunov::finite_time{}), Contains("over 0 windows"));
  r.history.steps.resize(2);
  r.history.steps << 10, 20;
  r.history.exponents = Eigen::MatrixXd::Constant(2, 2, 0.5);
  r.history.half_width = Eigen::MatrixXd::Constant(2, 2, 0.25);
  CHECK_THAT(fmt::format("{}", r.history), Contains("20  0.5 ± 0.25"));
  libration::tangent::check_result check;
  check.error = 1e-11;
  check.tolerance = 1e-9;
  CHECK_THAT(fmt::format("{}", check), Contains("tangent ok") && Contains("1e-11"));
  check.error = 1.0;
  CHECK_THAT(fmt::format("{}", check), Contains("tangent WRONG"));
  libration::testing::law_report laws;
  laws.checked = 4;
  CHECK(fmt::format("{}", laws) == "4 laws hold");
  laws.failures.push_back("purity: it is not");
  CHECK_THAT(fmt::format("{}", laws), Contains("broken laws:") && Contains("purity: it is not"));
}

TEST_CASE("report::indented: every line is moved, empty ones and the last too", "[oracle][edge]") {
  CHECK(report::indented("a\n\nb") == "  a\n  \n  b");
  CHECK(report::indented("", 3) == "   ");
  CHECK(report::indented("a\n", 1) == " a\n ");
}
