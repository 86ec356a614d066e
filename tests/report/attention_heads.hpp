// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Heads as `dilution` and `sinks` return them, with round numbers, for the tests of what is said of them.

#include <cmath>

#include <libration/attention/dilution.hpp>
#include <libration/attention/sinks.hpp>

namespace libration_test {

inline libration::attention::head_dilution head(libration::attention::dilution_verdict verdict, double slope, double half,
                                                double entropy = std::log(8.0)) {
  libration::attention::head_dilution h;
  h.status = libration::status::ok;
  h.verdict = verdict;
  h.slope = slope;
  h.standard_error = 0.4 * half;
  h.lower = slope - half;
  h.upper = slope + half;
  h.degrees_of_freedom = 6.0;
  h.entropy.mean = entropy;
  h.entropy.standard_error = 0.05;
  h.normalised_entropy.mean = 0.5;
  h.tokens = 113;
  return h;
}

inline libration::attention::head_sink sink(libration::attention::sink_verdict verdict, double mass) {
  libration::attention::head_sink s;
  s.status = libration::status::ok;
  s.verdict = verdict;
  s.mass.mean = mass;
  s.lower = mass - 0.05;
  s.upper = mass + 0.05;
  s.uniform = 0.01;
  s.rows = 65;
  return s;
}

}  // namespace libration_test
