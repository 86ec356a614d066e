// SPDX-License-Identifier: MIT
#include <libration/drift/e_detector.hpp>

#include <array>
#include <cmath>
#include <limits>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "drift/run_lengths.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using drift::e_form;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("drift::e_process: published values", "[oracle]") {
  constexpr std::array<double, 5> e = {0.5, 3.0, 2.0, 0.1, 4.0};
  constexpr std::array<double, 5> sums = {0.5, 4.5, 11.0, 1.2, 8.8}, best = {0.5, 3.0, 6.0, 0.6, 4.0};
  drift::e_process sr(e_form::shiryaev_roberts), cusum(e_form::cusum), martingale(e_form::martingale);
  double product = 1.0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    const double log_e = std::log(e[i]);
    product *= e[i];
    CHECK(std::abs(std::exp(sr.update(log_e)) - sums[i]) < 1e-13);
    CHECK(std::abs(std::exp(cusum.update(log_e)) - best[i]) < 1e-13);
    CHECK(std::abs(std::exp(martingale.update(log_e)) - product) < 1e-13);
  }
}

TEST_CASE("drift::e_process: no overflow, and an e-value of 0", "[edge]") {
  for (const auto form : {e_form::shiryaev_roberts, e_form::cusum, e_form::martingale}) {
    drift::e_process process(form);
    for (int t = 0; t < 1000; ++t) (void)process.update(100.0);
    CHECK(std::abs(process.log_value() - 1e5) < 1e-6);
    CHECK(process.update(-std::numeric_limits<double>::infinity()) == -std::numeric_limits<double>::infinity());
    if (form != e_form::martingale) CHECK(process.update(2.0) == 2.0);
    process.reset();
    CHECK(process.update(2.0) == 2.0);
  }
  // The 1 that is left out above e³⁷ is below the rounding.
  drift::e_process process(e_form::shiryaev_roberts);
  (void)process.update(37.0);
  CHECK(process.update(0.0) == std::log1p(std::exp(37.0)));
}

TEST_CASE("drift::e_detector: the likelihood ratio, and the sum of a CUSUM chart", "[oracle][law]") {
  drift::e_detector detector({.threshold = 1e9, .shift = 2.0});
  CHECK(detector.push(1.5).statistic == 1.0);
  CHECK(detector.push(0.5).statistic == 0.0);
  CHECK(detector.push(0.5).statistic == -1.0);
  CHECK(detector.push(2.0).statistic == 2.0);  // afresh from 1
  drift::e_detector falls({.shift = -1.0});
  CHECK(falls.push(-2.0).statistic == 1.5);

  // ln M above 0 is the sum of a chart with reference δ/2, times δ.
  libration::random_stream random(3);
  drift::e_detector ratio({.threshold = 1e300, .shift = 0.8});
  double sum = 0.0;
  for (int t = 0; t < 1000; ++t) {
    const double z = random.next_normal() + 0.3;
    sum = std::max(0.0, sum + z - 0.4);
    const double log_value = ratio.push(z).statistic;
    CHECK(std::abs(std::max(log_value, 0.0) - 0.8 * sum) < 1e-11);
  }
}

TEST_CASE("drift::e_detector: run lengths measured elsewhere", "[oracle][stat]") {
  const drift::e_detector cusum, sums({.form = e_form::shiryaev_roberts});
  const auto independent = drift::autoregressive_scores(0.0), remembers = drift::autoregressive_scores(0.9);
  CHECK(agree(run_lengths_of(cusum, independent, 60, 1), 6326.0, 88.0));
  CHECK(agree(run_lengths_of(sums, independent, 150, 1), 1782.0, 25.0));
  CHECK(agree(run_lengths_of(cusum, remembers, 1000, 1), 95.7, 1.4));
  CHECK(agree(run_lengths_of(sums, remembers, 1000, 1), 79.4, 1.1));
}

TEST_CASE("drift::e_detector: what it refuses", "[failure]") {
  const auto refusal = [](const drift::e_options& options) {
    return message_of<argument_error>([&] { drift::e_detector detector(options); });
  };
  CHECK(refusal({.threshold = 1.0}) == "drift::e_detector: .threshold is 1, expected a number > 1");
  CHECK_THAT(refusal({.threshold = std::numeric_limits<double>::infinity()}), Contains(".threshold is inf"));
  CHECK_THAT(refusal({.shift = 0.0}), Contains(".shift is 0, expected a number other than 0"));
}
