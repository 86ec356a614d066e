// SPDX-License-Identifier: MIT
#pragma once
// Average run lengths of detectors on simulated scores, with their standard errors.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <libration/drift/monitor.hpp>
#include <libration/drift/score_process.hpp>

namespace libration_test {

struct run_lengths {
  double mean = 0.0, error = 0.0, median = 0.0;
};

inline run_lengths summary_of(std::vector<double> lengths) {
  run_lengths out;
  const auto n = static_cast<double>(lengths.size());
  for (const double x : lengths) out.mean += x / n;
  for (const double x : lengths) out.error += (x - out.mean) * (x - out.mean);
  out.error = std::sqrt(out.error / (n * (n - 1.0)));
  std::sort(lengths.begin(), lengths.end());
  out.median = lengths[lengths.size() / 2];
  return out;
}

// Values to the first alarm, from the detector as it is. From value `change` on, `shift` is added; the length counts from there,
// and runs that alarm before are left out. A run whose bag is full ends there.
template <class Detector>
run_lengths run_lengths_of(const Detector& detector, const libration::drift::score_process& process, int runs, std::uint64_t seed,
                           double shift = 0.0, std::int64_t change = 0) {
  std::vector<double> lengths;
  for (int r = 0; r < runs; ++r) {
    Detector d = detector;
    libration::drift::score_simulator scores(process, seed, static_cast<std::uint64_t>(r));
    std::int64_t t = 0;
    for (;; ++t) {
      const auto told = d.push(scores.next() + (t >= change ? shift : 0.0));
      if (told || told.reading != libration::drift::reading::ok) break;
    }
    if (t >= change) lengths.push_back(static_cast<double>(t + 1 - change));
  }
  return summary_of(lengths);
}

// Four standard errors of both, one false alarm in 16,000.
inline bool agree(const run_lengths& ours, double value, double error) {
  return std::abs(ours.mean - value) < 4.0 * std::hypot(ours.error, error);
}

}  // namespace libration_test
