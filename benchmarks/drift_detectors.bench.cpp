// SPDX-License-Identifier: MIT
/// \file
/// A push of each drift detector, against 100 ns.

#include <string>
#include <utility>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/adwin.hpp>
#include <libration/drift/conformal_martingale.hpp>
#include <libration/drift/cusum_detector.hpp>
#include <libration/drift/e_detector.hpp>
#include <libration/drift/page_hinkley.hpp>

#include "ratio.hpp"

namespace {

namespace drift = libration::drift;

constexpr double target_nanoseconds = 100.0;

// Nine rounds of a million pushes or so, of which each begins with a reset detector.
template <class Detector>
void measure(benchmarks::program& program, const std::string& name, const std::string& what, Detector detector,
             Eigen::Index pushes) {
  if (!program.wanted(name)) return;
  Eigen::VectorXd scores(pushes);
  libration::random_stream(1).fill_normal(scores);
  const int repeats = static_cast<int>(1'000'000 / pushes);
  program.measure_cost(name, "ns", target_nanoseconds, {what, 1e-9 * static_cast<double>(pushes * repeats), [&] {
                                                          for (int r = 0; r < repeats; ++r) {
                                                            detector.reset();
                                                            for (const double score : scores) {
                                                              auto told = detector.push(score);
                                                              benchmark::DoNotOptimize(told);
                                                            }
                                                          }
                                                        }});
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  const auto white = drift::autoregressive_scores(0.9);
  measure(program, "push_cusum", "CUSUM", drift::cusum_detector(), 1'000'000);
  measure(program, "push_cusum_whitened", "CUSUM, whitened", drift::cusum_detector::uncalibrated(white, {}, true), 1'000'000);
  measure(program, "push_page_hinkley", "Page-Hinkley", drift::page_hinkley_detector(), 1'000'000);
  measure(program, "push_adwin", "ADWIN, a check every 32 values", drift::adwin_detector(), 1'000'000);
  measure(program, "push_e_cusum", "e-detector, CUSUM", drift::e_detector(), 1'000'000);
  measure(program, "push_e_sums", "e-detector, Shiryaev-Roberts", drift::e_detector({.form = drift::e_form::shiryaev_roberts}),
          1'000'000);
  // No alarm, after which the bag would be small again.
  for (const auto& [size, name] : {std::pair<Eigen::Index, const char*>{1000, "1000"}, {10'000, "10000"}, {100'000, "100000"}}) {
    const std::string bag = std::string(", up to ") + name + " scores";
    measure(program, std::string("push_conformal_power_") + name, "conformal, power" + bag,
            drift::conformal_detector({.threshold = 1e300, .capacity = size}), size);
    measure(program, std::string("push_conformal_jumper_") + name, "conformal, jumper" + bag,
            drift::conformal_detector({.threshold = 1e300, .bet = drift::conformal_bet::jumper, .capacity = size}), size);
  }
  measure(program, "push_conformal_mixture_1000", "conformal, mixture, up to 1000 scores",
          drift::conformal_detector({.threshold = 1e300, .bet = drift::conformal_bet::mixture, .capacity = 1000}), 1000);
  return program.status();
}
