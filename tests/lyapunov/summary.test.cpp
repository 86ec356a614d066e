// SPDX-License-Identifier: MIT
#include <libration/lyapunov/summary.hpp>

#include <cmath>
#include <vector>

#include <libration/core/random.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
using libration::verdict;
using namespace libration_test;

namespace {

// A result with these exponents, each window a little different, as a run would leave it.
lyapunov::spectrum_result with_exponents(const std::vector<double>& exponents, Eigen::Index windows = 64) {
  lyapunov::spectrum_result r;
  r.exponents = Eigen::Map<const Eigen::VectorXd>(exponents.data(), static_cast<Eigen::Index>(exponents.size()));
  Eigen::MatrixXd batches(r.exponents.size(), windows);
  libration::random_stream(1).fill_normal(batches);
  batches *= 0.1;
  batches.colwise() += r.exponents;
  lyapunov::detail::dimension_and_entropy(batches, r);
  return r;
}

}  // namespace

TEST_CASE("lyapunov::judge: the interval against the margin", "[oracle][edge]") {
  using lyapunov::judge;
  CHECK(judge(-0.1, 0.01, 1e-3) == verdict::stable);
  CHECK(judge(0.1, 0.01, 1e-3) == verdict::chaotic);
  CHECK(judge(1e-4, 5e-4, 1e-3) == verdict::neutral);
  CHECK(judge(1e-4, 5e-3, 1e-3) == verdict::undecided);
  CHECK(judge(0.1, 0.2, 1e-3) == verdict::undecided);
  CHECK(judge(-1e-3, 0.0, 1e-3) == verdict::neutral);  // the margin itself belongs to neutral
  CHECK(judge(0.0, 0.0, 0.0) == verdict::neutral);
  CHECK(judge(-infinity, lyapunov::unknown, 1e-3) == verdict::stable);
  CHECK(judge(0.1, lyapunov::unknown, 1e-3) == verdict::undecided);
  CHECK(judge(lyapunov::unknown, 0.1, 1e-3) == verdict::undecided);
}

TEST_CASE("lyapunov::spectrum_result: Kaplan-Yorke dimension and entropy rate", "[oracle][edge]") {
  const auto dimension = [](const std::vector<double>& exponents) {
    return with_exponents(exponents).kaplan_yorke_dimension.value;
  };
  CHECK(std::abs(dimension({std::log(2.0), std::log(0.2)}) - 1.4306765581) < 1e-10);
  CHECK(std::abs(dimension({0.9, 0.0, -14.5}) - (2.0 + 0.9 / 14.5)) < 1e-14);
  CHECK(dimension({-0.1, -0.2}) == 0.0);      // all negative
  CHECK(dimension({0.5, 0.1}) == 2.0);        // never above n
  CHECK(dimension({0.3, 0.0, -0.3}) == 3.0);  // a sum of exactly 0 is not negative
  CHECK(dimension({0.0, -1.0}) == 1.0);
  CHECK(std::abs(dimension({-14.5, 0.0, 0.9}) - (2.0 + 0.9 / 14.5)) < 1e-14);  // it sorts
  CHECK(dimension({0.7, -infinity}) == 1.0);
  CHECK(dimension({-infinity, -infinity}) == 0.0);
  const auto r = with_exponents({0.9, 0.2, -14.5});
  CHECK(std::abs(r.entropy_rate.value - 1.1) < 1e-15);
  // The errors are those of the combinations: independent windows of spread 0.1.
  const double mean = 0.1 / 8.0;
  CHECK(std::abs(r.entropy_rate.standard_error / (std::sqrt(2.0) * mean) - 1.0) < 1.0);  // 8 cosines: 25 %, four times
  CHECK(std::abs(r.kaplan_yorke_dimension.standard_error / (std::sqrt(2.0) * mean / 14.5) - 1.0) < 1.0);
  CHECK(!r.dimension_is_lower_bound);
  CHECK(with_exponents({0.9, 0.2}).dimension_is_lower_bound);
  CHECK(with_exponents({-1.0}).entropy_rate.value == 0.0);
  CHECK(with_exponents({-1.0}).entropy_rate.standard_error == 0.0);
}

TEST_CASE("lyapunov::spectrum_result: dimension and entropy carry what rounding and the frame do to the exponents", "[oracle]") {
  lyapunov::spectrum_result r;
  r.exponents = Eigen::Vector3d(0.9, 0.1, -2.0);
  r.rounding = Eigen::Vector3d(0.003, 0.0, 0.0);
  r.frame_error = Eigen::Vector3d(0.004, 0.02, 0.01);  // together 0.005, 0.02, 0.01
  Eigen::MatrixXd windows(3, 64);
  libration::random_stream(1).fill_normal(windows);
  windows *= 1e-12;  // next to no statistical error
  windows.colwise() += r.exponents;
  lyapunov::detail::dimension_and_entropy(windows, r);
  CHECK(std::abs(r.entropy_rate.standard_error - 0.025) < 1e-10);
  // D = 2 + (λ1 + λ2)/|λ3|
  CHECK(std::abs(r.kaplan_yorke_dimension.value - 2.5) < 1e-12);
  CHECK(std::abs(r.kaplan_yorke_dimension.standard_error - (0.025 / 2.0 + 0.01 * 1.0 / 4.0)) < 1e-10);
}

TEST_CASE("lyapunov::finite_time: mean, spread and quantiles of the windows", "[oracle][edge]") {
  lyapunov::finite_time f;
  f.window = 10;
  f.values.resize(2, 5);
  f.values << 5.0, 1.0, 3.0, 2.0, 4.0,  //
      0.0, 0.0, 0.0, 0.0, 1.0;
  CHECK(f.mean() == Eigen::Vector2d(3.0, 0.2));
  CHECK(std::abs(f.spread()[0] - std::sqrt(2.5)) < 1e-15);
  CHECK(std::abs(f.spread()[1] - std::sqrt(0.2)) < 1e-15);
  CHECK(f.quantile(0.5) == Eigen::Vector2d(3.0, 0.0));
  CHECK(f.quantile(0.0) == Eigen::Vector2d(1.0, 0.0));
  CHECK(f.quantile(1.0) == Eigen::Vector2d(5.0, 1.0));
  f.values = Eigen::MatrixXd::Ones(2, 1);
  CHECK(std::isnan(f.spread()[0]));
}

TEST_CASE("lyapunov::spectrum_result: totals, errors and units of a recorded growth", "[oracle]") {
  libration::stats::batch_series<double> series(2, 4);
  for (int i = 0; i < 100; ++i) {
    const double growth[2] = {4.0 * (0.5 + 0.01 * (i % 2)), -4.0};
    series.add(std::span<const double>(growth), 4);
  }
  lyapunov::spectrum_result r;
  r.time_step = 0.1;
  r.neutral_margin = 1e-3;
  const double pending[2] = {1.0, -2.0};
  lyapunov::detail::summarise(series, pending, 2, 2, true, true, {}, r);
  CHECK(r.steps == 402);
  CHECK(std::abs(r.exponents[0] - (400.0 * 0.505 + 1.0) / 40.2) < 1e-12);
  CHECK(std::abs(r.exponents[1] + 402.0 / 40.2) < 1e-12);
  CHECK(std::abs(r.sum - r.exponents.sum()) < 1e-12);
  CHECK(r.standard_error[0] > 0.0);
  CHECK(std::abs(r.finite_time.values(1, 3) + 10.0) < 1e-12);
  CHECK(r.history.steps.size() == r.finite_time.values.cols());
  CHECK(!r.dimension_is_lower_bound);
  // Nothing counted: nothing known.
  lyapunov::spectrum_result none;
  lyapunov::detail::summarise(libration::stats::batch_series<double>(2, 4), pending, 0, 2, true, false, {}, none);
  CHECK(none.steps == 0);
  CHECK(none.exponents.size() == 2);
  CHECK(std::isnan(none.exponents[0]));
  CHECK(std::isnan(none.standard_error[1]));
}
