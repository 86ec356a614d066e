// SPDX-License-Identifier: MIT
#include <libration/report/format_diagnosis.hpp>

#include <limits>
#include <string>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/status.hpp>

#include "support/catch.hpp"

namespace diagnosis = libration::diagnosis;
using diagnosis::mechanism;
using libration::status;
using namespace libration_test;

namespace {

bool has(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text << "\nhas no " << part);
  return text.find(part) != std::string::npos;
}

// Eight positions of eight texts that lose more in the second half by `rise`.
Eigen::MatrixXd rising(double rise) {
  Eigen::MatrixXd losses(8, 8);
  for (Eigen::Index j = 0; j < 8; ++j)
    for (Eigen::Index i = 0; i < 8; ++i) losses(i, j) = 2.0 + (i >= 4 ? rise : 0.0) + 0.01 * static_cast<double>((i * j) % 3);
  return losses;
}

}  // namespace

TEST_CASE("report::text: a ratio in percent", "[edge]") {
  CHECK(fmt::format("{}", libration::stats::ratio_estimate{0.5, 0.25, 1.0041, 0.95}) == "50 % (25 to 100)");
  CHECK(fmt::format("{}", libration::stats::ratio_estimate{-0.0001, -0.0321, 0.2, 0.95}) == "0 % (-3.2 to 20)");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(fmt::format("{}", libration::stats::ratio_estimate{2.0, -infinity, infinity, 0.95}) == "200 % (-inf to inf)");
  CHECK(fmt::format("{}", libration::stats::ratio_estimate{}) == "unknown");
}

TEST_CASE("report::text: a degradation, with and without a reference, and of too few texts", "[edge]") {
  CHECK(has(fmt::format("{}", diagnosis::degradation_result{}), "degradation: nothing was computed"));
  const std::string alone = fmt::format("{}", diagnosis::degradation(rising(1.0), {.bins = 2}));
  CHECK(has(alone, "degradation over 8 positions of 8 texts: 1.00"));
  CHECK(has(alone, ", degrades\n"));
  CHECK(has(alone, "that it is at most 0.05\n"));
  CHECK(has(alone, "      positions  loss                    change\n"));
  CHECK(has(alone, "            4-7  3.00"));
  CHECK(has(alone, "status ok"));
  const std::string against = fmt::format("{}", diagnosis::degradation_against(rising(1.0), rising(1.0), {.bins = 2}));
  CHECK(has(against, "degradation over 8 positions of 8 texts: 0 (0 to 0) nats a token, holds\n"));
  CHECK(has(against, "loss                    reference               change\n"));
  const std::string few = fmt::format("{}", diagnosis::degradation(rising(1.0).leftCols(3)));
  CHECK(has(few, "an interval takes 8 texts: no verdict\n"));
  CHECK(has(few, "              0  2 (error unknown)"));
  CHECK(has(few, "status not_converged"));
}

TEST_CASE("report::text: a diagnosis with its summary, its table and its curves", "[edge]") {
  CHECK(has(fmt::format("{}", diagnosis::attribution_result{}), "diagnosis: nothing was computed"));
  diagnosis::attribution_data data;
  data.baseline = rising(1.0);
  data.interventions = {{{"feedback cut", mechanism::accumulated_error}, rising(0.2)},
                        {{"state brought back", mechanism::drift}, (rising(0.0).array() + 1.0).matrix()}};
  data.together = rising(0.2);
  diagnosis::attribution_options options;
  options.degradation.bins = 2;
  const std::string text = fmt::format("{}", diagnosis::attribution(data, options));
  CHECK(has(text, "diagnosis: at_work\n  Long runs of this model get worse: "));
  CHECK(has(text, "share (97.5 %)"));
  CHECK(has(text, "  feedback cut          accumulated error    0.8 "));
  CHECK(has(text, "not_at_work; early losses rise\n"));
  CHECK(has(text, "all at once                                0.8 "));
  CHECK(has(text, "less all at once 0 % (0 to 0): additive\n"));
  CHECK(has(text, "      positions  loss, as it is          feedback cut            state brought back      all at once\n"));
  CHECK(has(text, "status ok"));
  CHECK(text.find(" \n") == std::string::npos);

  diagnosis::attribution_result broken;
  broken.status = status::diverged;
  broken.failed_text = 3;
  broken.failed_at = 17;
  broken.failed_run = "as it is";
  CHECK(has(fmt::format("{}", broken), "No verdict: the loss of text 3, run as it is, is not finite at position 17"));
}
