// SPDX-License-Identifier: MIT
// Watching states that remember each other for a change: what a detector's threshold promises, what it does, and calibrated.

#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/cusum_detector.hpp>
#include <libration/drift/e_detector.hpp>
#include <libration/drift/page_hinkley.hpp>
#include <libration/drift/reference.hpp>
#include <libration/drift/score_process.hpp>

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

constexpr Index n = 8;

// A slow network that is driven by noise: its state moves a tenth of the way to tanh(W h + x) in a step.
struct network {
  MatrixXd W{n, n};
  VectorXd h = VectorXd::Zero(n), x{n};
  libration::random_stream noise;

  explicit network(std::uint64_t run) : noise(1, run) {
    libration::random_stream(2).fill_normal(W);
    W *= 0.2;
    for (int t = 0; t < 200; ++t) step(1.0);
  }
  void step(double input) {
    noise.fill_normal(x, noise.position());
    noise.seek(noise.position() + n);
    h += 0.1 * ((W * h + input * x).array().tanh().matrix() - h);
  }
};

MatrixXd recorded(std::uint64_t run, Index steps) {
  network net(run);
  MatrixXd states(n, steps);
  for (Index t = 0; t < steps; ++t) {
    net.step(1.0);
    states.col(t) = net.h;
  }
  return states;
}

int main() {
  // The reference, and the scores of other usual states: those that the reference was fitted to are too close to it. A score is the
  // logarithm of the distance, whose distribution is nearly symmetric: the autoregression that stands for it describes it better
  // than the distance itself, whose large values also vary more.
  const drift::reference usual(recorded(0, 20'000));
  const VectorXd scores = 0.5 * usual.squared_mahalanobis_along(recorded(1, 20'000)).array().log();
  const drift::score_process process = drift::fit_scores(scores);
  fmt::print("log distance of usual states: {:.3f}, deviation {:.3f}, correlation of neighbours {:.3f} ± {:.3f}, order {}\n\n",
             process.mean, process.deviation, process.phi, process.phi_error, process.order());

  // Steps to an alarm, on the average over fresh runs; from step `change` on inputs are larger by half.
  auto ws = usual.make_workspace();
  const auto score = [&](const VectorXd& h) { return 0.5 * std::log(usual.squared_mahalanobis(h, -1, ws)); };
  const auto steps_to_alarm = [&](const auto& detector, std::int64_t change, int runs) {
    double sum = 0.0, counted = 0.0;
    for (int r = 0; r < runs; ++r) {
      network net(static_cast<std::uint64_t>(100 + r));
      auto watch = detector;
      for (std::int64_t t = 0; t < 20'000; ++t) {
        net.step(t < change ? 1.0 : 1.5);
        if (!watch.push(score(net.h))) continue;
        if (t >= change || change == 20'000) {
          sum += static_cast<double>(change == 20'000 ? t + 1 : t + 1 - change);
          counted += 1.0;
        }
        break;
      }
    }
    return sum / counted;
  };
  constexpr std::int64_t never = 20'000;

  constexpr double wanted = 1000.0;
  fmt::print("steps to an alarm, wanted: a false one every {:.0f}\n", wanted);
  fmt::print("  {:<32}{:>10}{:>11}{:>11}{:>16}\n", "", "threshold", "simulated", "measured", "after a change");
  const auto show = [&](const char* name, const auto& plain, const auto& watch) {
    const auto& found = watch.calibration();
    fmt::print("  {:<32}{:>10.3f}{:>11.0f}{:>11.0f}\n", fmt::format("{}, as if independent", name), found.independent_threshold,
               found.uncalibrated_run_length, steps_to_alarm(plain, never, 100));
    fmt::print("  {:<32}{:>10.3f}{:>11.0f}{:>11.0f}{:>16.0f}\n", fmt::format("{}, calibrated", name), found.threshold,
               found.run_length, steps_to_alarm(watch, never, 100), steps_to_alarm(watch, 100, 100));
  };
  const drift::calibration_options rate{.false_alarm_every = wanted};
  const drift::cusum_detector cusum(process, rate);
  const double h = cusum.calibration().independent_threshold;
  show("CUSUM", drift::cusum_detector::uncalibrated(process, {.threshold = h}), cusum);
  const drift::e_detector e(process, rate);
  show("e-detector", drift::e_detector::uncalibrated(process, {.threshold = std::exp(e.calibration().independent_threshold)}), e);
  const drift::page_hinkley_detector page(process, rate);
  show("Page-Hinkley", drift::page_hinkley_detector::uncalibrated(process, {.threshold = page.calibration().independent_threshold}),
       page);

  // One stream, as a program would watch it.
  drift::e_detector watch(process, {.false_alarm_every = 10'000, .runs = 300});
  network net(7);
  for (std::int64_t t = 0; t < 2000; ++t) {
    net.step(t < 500 ? 1.0 : 1.5);
    if (const auto told = watch.push(score(net.h))) {
      fmt::print("\nthe input changes at step 500: the e-detector alarms at step {}, ln M = {:.2f}\n", watch.last_alarm(),
                 told.statistic);
      break;
    }
  }
}
