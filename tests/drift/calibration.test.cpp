// SPDX-License-Identifier: MIT
#include <libration/drift/calibration.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/drift/adwin.hpp>
#include <libration/drift/conformal_martingale.hpp>
#include <libration/drift/cusum_detector.hpp>
#include <libration/drift/cusum_run_length.hpp>
#include <libration/drift/e_detector.hpp>
#include <libration/drift/page_hinkley.hpp>

#include "drift/run_lengths.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using Eigen::VectorXd;
using libration::argument_error, libration::status;
using namespace libration_test;

TEST_CASE("drift::calibrate: the exact threshold of independent normal scores", "[oracle][stat]") {
  const auto found =
      drift::calibrate(drift::cusum_rule(), drift::autoregressive_scores(0.0), {.false_alarm_every = 200.0, .runs = 2000});
  CHECK(found.status == status::ok);
  // What this threshold gives exactly, within four standard errors.
  const double exact = drift::cusum_run_length({.reference = 0.5, .threshold = found.threshold});
  CHECK(std::abs(exact - found.run_length) < 4.0 * found.run_length_error);
  CHECK(std::abs(found.run_length - 200.0) < 1.0);
  CHECK(std::abs(found.run_length_error - 200.0 / std::sqrt(2000.0)) < 1.0);
  CHECK(found.unfinished == 0.0);
  CHECK_FALSE(found.autocorrelated);
  CHECK(found.independent_threshold == found.threshold);
  CHECK(found.uncalibrated_run_length == found.run_length);
}

TEST_CASE("drift::calibrate: the CUSUM chart of 930 that alarms after 73 scores that remember", "[oracle][stat][heavy]") {
  const auto process = drift::autoregressive_scores(0.9);
  const auto found = drift::calibrate(drift::cusum_rule(), process, {.false_alarm_every = 930.0, .runs = 1000});
  CHECK(found.status == status::ok);
  CHECK(found.autocorrelated);
  // Independent: 5. What is 930 here was measured elsewhere: 924 ± 6 at 36, 635 at 30.
  CHECK(std::abs(drift::cusum_run_length({0.5, found.independent_threshold}) - 930.0) < 4.0 * 930.0 / std::sqrt(1000.0));
  CHECK(std::abs(found.uncalibrated_run_length - 73.4) < 4.0 * found.uncalibrated_error + 2.0);
  CHECK(found.threshold > 33.0);
  CHECK(found.threshold < 38.0);
  CHECK(found.median_run_length < found.run_length);
  CHECK(found.phi == 0.9);

  // Whitened by the process itself, scores are independent: the exact threshold again.
  const auto white =
      drift::calibrate(drift::cusum_rule(), process, {.false_alarm_every = 930.0, .runs = 500, .whiten = true, .seed = 4});
  CHECK(white.whitened);
  CHECK(std::abs(drift::cusum_run_length({0.5, white.threshold}) - 930.0) < 4.0 * white.run_length_error);
  CHECK(std::abs(white.uncalibrated_run_length - 73.4) < 4.0 * white.uncalibrated_error + 2.0);

  // Scores that alternate run longer than independent ones.
  const auto other =
      drift::calibrate(drift::cusum_rule(), drift::autoregressive_scores(-0.5), {.false_alarm_every = 100.0, .runs = 200});
  CHECK(other.threshold < other.independent_threshold);
  CHECK(other.uncalibrated_run_length > 150.0);
}

TEST_CASE("drift::calibrate: the same digits on any number of threads, others of another seed", "[law]") {
  const auto process = drift::autoregressive_scores(0.5);
  const drift::conformal_rule rule({.capacity = 5000});
  const auto with = [&](int threads, std::uint64_t seed) {
    return drift::calibrate(rule, process, {.false_alarm_every = 100.0, .runs = 50, .seed = seed, .threads = threads});
  };
  const auto one = with(1, 0), three = with(3, 0), other = with(1, 1);
  CHECK(one.threshold == three.threshold);
  CHECK(one.uncalibrated_run_length == three.uncalibrated_run_length);
  CHECK(one.threshold != other.threshold);
}

TEST_CASE("drift::calibrate: every detector keeps its run length on runs of its own", "[law][stat][heavy]") {
  const auto process = drift::autoregressive_scores(0.7, 10.0, 2.0);
  const drift::calibration_options options{.false_alarm_every = 200.0, .runs = 400};
  const auto check = [&](const std::string& name, const auto& detector) {
    INFO(name);
    CHECK(detector.calibration().status == status::ok);
    CHECK(std::abs(detector.calibration().run_length - 200.0) < 5.0);
    CHECK(detector.calibration().uncalibrated_run_length < 150.0);
    // Both have an error of 200/√400 or less.
    const run_lengths found = run_lengths_of(detector, process, 400, 77);
    CHECK(agree(found, detector.calibration().run_length, detector.calibration().run_length_error));
  };
  check("cusum", drift::cusum_detector(process, options));
  check("cusum, two-sided", drift::cusum_detector(process, options, {.two_sided = true}));
  check("page_hinkley", drift::page_hinkley_detector(process, options));
  check("adwin", drift::adwin_detector(process, options));
  check("conformal, power", drift::conformal_detector(process, options));
  check("conformal, jumper", drift::conformal_detector(process, options, {.bet = drift::conformal_bet::jumper}));
  check("e, cusum", drift::e_detector(process, options));
  check("e, sums", drift::e_detector(process, options, {.form = drift::e_form::shiryaev_roberts}));
}

TEST_CASE("drift::calibrate: of a martingale, whose alarm may never come, no average", "[failure]") {
  const auto found = drift::calibrate(drift::conformal_rule({.form = drift::e_form::martingale, .capacity = 2000}),
                                      drift::autoregressive_scores(0.0), {.false_alarm_every = 100.0, .runs = 50});
  CHECK(found.status == status::not_converged);
  CHECK(found.unfinished > 0.01);
}

TEST_CASE("drift::calibrate: unusable processes, and options it refuses", "[failure]") {
  VectorXd growing(100);
  for (Eigen::Index t = 0; t < 100; ++t) growing[t] = std::pow(1.1, static_cast<double>(t));
  const auto process = drift::fit_scores(growing, {.order = 1});
  const auto found = drift::calibrate(drift::cusum_rule(), process);
  CHECK(found.status == status::diverged);
  CHECK(std::isnan(found.run_length));
  CHECK(found.threshold < 0.0);
  CHECK(found.phi > 1.0);

  const auto refusal = [](const drift::calibration_options& options) {
    return message_of<argument_error>(
        [&] { (void)drift::calibrate(drift::cusum_rule(), drift::autoregressive_scores(0.5), options); });
  };
  CHECK(refusal({.false_alarm_every = 1.0}) == "drift::calibrate: .false_alarm_every is 1, expected 2 to 1e9 scores");
  CHECK_THAT(refusal({.runs = 19}), Contains(".runs is 19, expected 20 to 1000000"));
  CHECK_THAT(refusal({.longest = 1.0}), Contains(".longest is 1,"));
  CHECK_THAT(refusal({.threads = -1}), Contains(".threads is -1, expected >= 0"));
}

TEST_CASE("drift::calibrate: run lengths within 25 % of the wanted one, and the delay after a shift", "[stat][.slow]") {
  // The process is fitted to reference scores that are worth 10,000 independent ones: their mean, to which run lengths are
  // sensitive, is known to a hundredth of a deviation. Then fresh runs of the true process.
  constexpr double wanted = 1000.0;
  std::printf("%-20s %4s %9s %9s %9s %11s %11s\n", "detector", "phi", "threshold", "run", "error", "no calibr.", "delay at 1");
  for (const double phi : {0.0, 0.5, 0.9}) {
    const auto truth = drift::autoregressive_scores(phi, 3.0, 2.0);
    drift::score_simulator source(truth, 2024, 0);
    VectorXd reference(static_cast<Eigen::Index>(10'000.0 * (1.0 + phi) / (1.0 - phi)));
    for (double& x : reference) x = source.next();
    const auto process = drift::fit_scores(reference);
    const drift::calibration_options options{.false_alarm_every = wanted, .runs = 1000};
    const auto check = [&](const char* name, const auto& detector) {
      const run_lengths control = run_lengths_of(detector, truth, 1000, 99);
      const run_lengths delay = run_lengths_of(detector, truth, 500, 98, 2.0, 200);
      std::printf("%-20s %4.1f %9.3f %9.1f %9.1f %11.1f %6.1f ± %.1f\n", name, phi, detector.threshold(), control.mean,
                  control.error, detector.calibration().uncalibrated_run_length, delay.mean, delay.error);
      INFO(name << ", φ = " << phi);
      CHECK(std::abs(control.mean / wanted - 1.0) < 0.25);
      // The jumper's capital grows on its own where scores remember: at φ = 0.9 its alarm says next to nothing.
      CHECK(delay.mean < (std::string(name).ends_with("jumper") ? 0.8 : 0.4) * control.mean);
    };
    check("cusum", drift::cusum_detector(process, options));
    check("cusum, whitened", drift::cusum_detector(process, {.false_alarm_every = wanted, .whiten = true}, {.reference = 0.1147}));
    check("page_hinkley", drift::page_hinkley_detector(process, options));
    check("adwin", drift::adwin_detector(process, options));
    check("conformal, power", drift::conformal_detector(process, options));
    check("conformal, jumper", drift::conformal_detector(process, options, {.bet = drift::conformal_bet::jumper}));
    check("e, cusum", drift::e_detector(process, options));
    check("e, sums", drift::e_detector(process, options, {.form = drift::e_form::shiryaev_roberts}));
  }
}

TEST_CASE("drift::calibrate: of 200 reference scores, the average hides that half the detectors alarm early",
          "[oracle][stat][.slow]") {
  // Each with a reference of its own, φ = 0.9, whitened by it at the exact threshold of 930: the mean is about 1100, the median far
  // below that of an exponential, 645.
  const auto truth = drift::autoregressive_scores(0.9);
  std::vector<double> lengths;
  for (std::uint64_t r = 0; r < 2000; ++r) {
    drift::score_simulator scores(truth, 5, r);
    VectorXd reference(200);
    for (double& x : reference) x = scores.next();
    const auto process = drift::fit_scores(reference, {.order = 1});
    if (process.status != status::ok) continue;
    auto detector = drift::cusum_detector::uncalibrated(process, {}, true);
    drift::score_simulator stream(truth, 6, r);
    while (detector.pushed() < 100'000 && !detector.push(stream.next())) {
    }
    lengths.push_back(static_cast<double>(detector.pushed()));
  }
  const run_lengths found = summary_of(lengths);
  std::printf("200 reference scores: mean %.0f ± %.0f, median %.0f of %zu\n", found.mean, found.error, found.median,
              lengths.size());
  CHECK(found.mean > 900.0);
  CHECK(found.median < 550.0);
}
