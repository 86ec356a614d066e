// SPDX-License-Identifier: MIT
#include <libration/diagnosis/attribution.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace diagnosis = libration::diagnosis;
using diagnosis::attribution, diagnosis::finding, diagnosis::interaction_verdict, diagnosis::mechanism,
    diagnosis::mechanism_verdict;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

constexpr Eigen::Index positions = 8, texts = 12;

Eigen::MatrixXd noise(std::uint64_t seed, double size, Eigen::Index columns = texts) {
  Eigen::MatrixXd losses(positions, columns);
  libration::random_stream(seed).fill_normal(losses);
  return size * losses;
}

/// Losses that rise by `rise` from the first half to the second one.
Eigen::MatrixXd rising(double rise, const Eigen::MatrixXd& noise) {
  Eigen::MatrixXd losses = noise;
  losses.bottomRows(positions / 2).array() += rise;
  return losses;
}

diagnosis::attribution_options halves() {
  diagnosis::attribution_options options;
  options.degradation.bins = 2;
  return options;
}

const diagnosis::intervention cut{"feedback cut", mechanism::accumulated_error};
const diagnosis::intervention back{"state brought back", mechanism::drift};
const diagnosis::intervention sharp{"logits sharpened", mechanism::attention_dilution};

}  // namespace

TEST_CASE("diagnosis::attribution: shares of an additive case are exact", "[oracle]") {
  const Eigen::MatrixXd common = noise(1, 0.2);
  diagnosis::attribution_data data;
  data.baseline = rising(1.0, common);
  data.interventions = {{cut, rising(0.7, common)}, {back, rising(0.25, common)}, {sharp, rising(1.0, common)}};
  data.together = rising(-0.05, common);
  const auto r = attribution(data, halves());
  REQUIRE(r.status == status::ok);
  CHECK(r.finding == finding::at_work);
  REQUIRE(r.effects.size() == 3);
  CHECK(std::abs(r.effects[0].reduction.mean - 0.3) < 1e-14);
  CHECK(r.effects[0].reduction.standard_error < 1e-15);
  CHECK(std::abs(r.effects[0].late_gain.mean - 0.3) < 1e-14);
  CHECK(std::abs(r.effects[0].early_gain.mean) < 1e-15);
  // The reduction of each text is the same, the degradation is not: its mean is 1 and something.
  const double whole = r.degradation.change.mean;
  CHECK(std::abs(r.effects[0].share.value - 0.3 / whole) < 1e-14);
  CHECK(std::abs(r.effects[1].share.value - 0.75 / whole) < 1e-14);
  CHECK(std::abs(r.effects[2].share.value) < 1e-14);
  CHECK(r.effects[0].share.lower < r.effects[0].share.value);
  CHECK(std::abs(r.sum_of_shares.value - 1.05 / whole) < 1e-14);
  CHECK(std::abs(r.together.share.value - 1.05 / whole) < 1e-14);
  CHECK(r.interaction_verdict == interaction_verdict::additive);
  CHECK(r.verdict(mechanism::accumulated_error) == mechanism_verdict::at_work);
  CHECK(r.verdict(mechanism::drift) == mechanism_verdict::at_work);
  CHECK(r.verdict(mechanism::attention_dilution) == mechanism_verdict::not_at_work);
  CHECK(r.verdict(mechanism::state_compression) == mechanism_verdict::not_tried);
  CHECK(std::abs(r.simultaneous_level - (1.0 - 0.05 / 3.0)) < 1e-15);
  REQUIRE(r.effects[1].losses.size() == 2);
  CHECK(std::abs(r.effects[1].losses[1].mean - r.effects[1].losses[0].mean - (whole - 0.75)) < 1e-14);

  // An intervention that takes all of it away has a share of 1 without error.
  data.interventions = {{cut, rising(0.0, Eigen::MatrixXd::Zero(positions, texts))}};
  data.together.resize(0, 0);
  const auto all = attribution(data, halves());
  CHECK(std::abs(all.effects[0].share.value - 1.0) < 1e-14);
  CHECK(all.effects[0].share.upper - all.effects[0].share.lower < 1e-13);
  CHECK(std::isnan(all.interaction.value));
  CHECK_FALSE(all.has_together);
}

TEST_CASE("diagnosis::attribution: a healthy model, one that no intervention helps, and none tried", "[oracle]") {
  diagnosis::attribution_data data;
  data.baseline = rising(0.0, noise(1, 0.01));
  data.interventions = {{cut, rising(0.0, noise(2, 0.01))}, {back, rising(-1.0, noise(3, 0.01))}};
  data.together = rising(-1.0, noise(4, 0.01));
  const auto healthy = attribution(data, halves());
  CHECK(healthy.finding == finding::none_found);
  CHECK(healthy.verdict(mechanism::drift) == mechanism_verdict::not_at_work);
  CHECK(healthy.verdict(mechanism::state_compression) == mechanism_verdict::not_tried);
  CHECK(std::isnan(healthy.effects[1].share.value));  // of a degradation that is not there
  CHECK(std::abs(healthy.effects[1].reduction.mean - 1.0) < 0.02);

  data.baseline = rising(1.0, noise(1, 0.01));
  data.interventions = {{cut, rising(1.0, noise(2, 0.01))}, {back, rising(1.1, noise(3, 0.01))}};
  data.together = rising(1.05, noise(4, 0.01));
  CHECK(attribution(data, halves()).finding == finding::unexplained);
  // Not known while nobody has looked at both at once.
  data.together.resize(0, 0);
  CHECK(attribution(data, halves()).finding == finding::undecided);
  data.interventions.pop_back();
  CHECK(attribution(data, halves()).finding == finding::unexplained);
  data.interventions.clear();
  const auto none = attribution(data, halves());
  CHECK(none.finding == finding::undecided);
  CHECK(none.degradation.verdict == diagnosis::degradation_verdict::degrades);

  // Intervals that do not tell: of the degradation, and of a share.
  data.baseline = rising(0.2, noise(1, 2.0));
  CHECK(attribution(data, halves()).finding == finding::undecided);
  data.baseline = rising(1.0, noise(1, 0.01));
  data.interventions = {{cut, rising(0.9, noise(2, 0.5))}};
  const auto wide = attribution(data, halves());
  CHECK(wide.finding == finding::undecided);
  CHECK(wide.verdict(mechanism::accumulated_error) == mechanism_verdict::undecided);
}

TEST_CASE("diagnosis::attribution: interventions of which either one is enough, and two that need each other", "[oracle]") {
  const Eigen::MatrixXd common = noise(1, 0.05);
  diagnosis::attribution_data data;
  data.baseline = rising(1.0, common);
  // Each alone leaves all of it, both leave nothing.
  data.interventions = {{cut, rising(1.0, common)}, {back, rising(1.0, common)}};
  data.together = rising(0.0, common);
  const auto hidden = attribution(data, halves());
  CHECK(hidden.interaction_verdict == interaction_verdict::interact);
  CHECK(hidden.interaction.value < -0.9);
  CHECK(hidden.finding == finding::undecided);
  CHECK(hidden.together.verdict == mechanism_verdict::at_work);
  // Each alone takes all of it away: the shares sum to 2.
  data.interventions = {{cut, rising(0.0, common)}, {back, rising(0.0, common)}};
  const auto both = attribution(data, halves());
  CHECK(both.interaction_verdict == interaction_verdict::interact);
  CHECK(std::abs(both.sum_of_shares.value - 2.0 / both.degradation.change.mean) < 1e-13);
  CHECK(both.finding == finding::at_work);
}

TEST_CASE("diagnosis::attribution: what makes early losses worse is no cure", "[oracle]") {
  const Eigen::MatrixXd common = noise(1, 0.05);
  diagnosis::attribution_data data;
  data.baseline = rising(1.0, common);
  // Early losses are as high as late ones: no rise, and no gain.
  data.interventions = {{cut, (common.array() + 1.0).matrix()}};
  const auto r = attribution(data, halves());
  CHECK(r.effects[0].harms_early);
  CHECK(std::abs(r.effects[0].reduction.mean) < 1e-14);
  CHECK(r.effects[0].verdict == mechanism_verdict::not_at_work);
  // A gain at all positions is no reduction of the degradation either.
  data.interventions = {{cut, (data.baseline.array() - 0.5).matrix()}};
  const auto better = attribution(data, halves());
  CHECK_FALSE(better.effects[0].harms_early);
  CHECK(std::abs(better.effects[0].late_gain.mean - 0.5) < 1e-14);
  CHECK(std::abs(better.effects[0].share.value) < 1e-14);
  CHECK(better.effects[0].verdict == mechanism_verdict::not_at_work);
  // Against a reference alone, all of the late gain counts.
  auto options = halves();
  options.degradation.from_early = false;
  data.reference = Eigen::MatrixXd::Zero(positions, texts);
  CHECK(std::abs(attribution(data, options).effects[0].reduction.mean - 0.5) < 1e-14);
}

TEST_CASE("diagnosis::attribution: several interventions on one mechanism", "[oracle]") {
  const Eigen::MatrixXd common = noise(1, 0.05);
  diagnosis::attribution_data data;
  data.baseline = rising(1.0, common);
  const diagnosis::intervention window{"a window", mechanism::attention_dilution};
  data.interventions = {{sharp, rising(1.0, common)}, {window, rising(0.2, common)}};
  CHECK(attribution(data, halves()).verdict(mechanism::attention_dilution) == mechanism_verdict::at_work);
  // The sum counts the mechanism once, by what removes most.
  CHECK(std::abs(attribution(data, halves()).sum_of_reductions.mean - 0.8) < 1e-14);
  data.interventions = {{window, rising(0.2, common)}, {sharp, rising(1.0, common)}};
  CHECK(attribution(data, halves()).verdict(mechanism::attention_dilution) == mechanism_verdict::at_work);
  data.interventions = {{sharp, rising(1.0, common)}, {window, rising(1.0, noise(5, 0.5))}};
  CHECK(attribution(data, halves()).verdict(mechanism::attention_dilution) == mechanism_verdict::undecided);
  data.interventions = {{sharp, rising(1.0, common)}, {window, rising(1.0, common)}};
  CHECK(attribution(data, halves()).verdict(mechanism::attention_dilution) == mechanism_verdict::not_at_work);
}

TEST_CASE("diagnosis::attribution: shares are held in 95 % of seeds, one at the margin is named in at most 2.5 %", "[stat]") {
  constexpr int seeds = 1000;
  int held = 0, named = 0, exactly = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto s = static_cast<std::uint64_t>(10 * seed);
    const Eigen::MatrixXd common = noise(s, 0.3);
    diagnosis::attribution_data data;
    data.baseline = rising(1.0, common + noise(s + 1, 0.2));
    // Truths 0.1, which is the margin, of four interventions.
    for (std::uint64_t i = 0; i < 4; ++i)
      data.interventions.push_back({{"one", diagnosis::all_mechanisms[i]}, rising(0.9, common + noise(s + 2 + i, 0.2))});
    const auto r = attribution(data, halves());
    bool all = true, any = false;
    for (const auto& e : r.effects) {
      all = all && e.share.lower <= 0.1 && e.share.upper >= 0.1;
      any = any || e.verdict == mechanism_verdict::at_work;
    }
    held += all;
    named += any;
    exactly += r.effects[0].share.lower <= 0.1 && r.effects[0].share.upper >= 0.1;
  }
  const auto sd = [&](double p) { return std::sqrt(seeds * p * (1.0 - p)); };
  CHECK(held >= 0.95 * seeds - 4.0 * sd(0.95));  // Bonferroni's bound
  CHECK(named <= 0.025 * seeds + 4.0 * sd(0.025));
  CHECK(std::abs(exactly - 0.9875 * seeds) < 4.0 * sd(0.9875));
}

TEST_CASE("diagnosis::summary: what a reader is told", "[oracle]") {
  CHECK(summary(diagnosis::attribution_result{}) == std::vector<std::string>{"No diagnosis was run."});
  const Eigen::MatrixXd common = noise(1, 0.05);
  diagnosis::attribution_data data;
  data.baseline = rising(1.0, common);
  data.interventions = {{cut, rising(0.7, common)}, {back, rising(0.3, common)}, {sharp, rising(1.0, common)}};
  data.together = rising(0.0, common);
  const auto lines = summary(attribution(data, halves()));
  REQUIRE(lines.size() == 5);
  CHECK_THAT(lines[0], StartsWith("Long runs of this model get worse: the loss at positions 4 to 7 is "));
  CHECK_THAT(lines[0], Contains("12 texts; up to 0.05 does not count)."));
  CHECK_THAT(lines[1], StartsWith("At work is accumulated error (feedback cut: 30 %, "));
  CHECK_THAT(lines[1], EndsWith(": the model reads its own errors and the state leaves the region that is usual for it."));
  CHECK_THAT(lines[2], StartsWith("Not at work is attention dilution (logits sharpened: 0 %, 0 to 0)."));
  CHECK_THAT(lines[3], StartsWith("All interventions at once remove 99 % ("));
  CHECK_THAT(lines[3], EndsWith(": they act side by side."));
  CHECK(lines[4] == "Not tried, and so not excluded: state compression.");

  data.interventions[0].losses = rising(0.0, common);
  CHECK_THAT(summary(attribution(data, halves()))[3], EndsWith("they interact, and no share belongs to one mechanism alone."));

  data.baseline = rising(0.0, common);
  const auto healthy = summary(attribution(data, halves()));
  REQUIRE(healthy.size() == 2);
  CHECK_THAT(healthy[0], StartsWith("Long runs of this model do not get worse: "));
  CHECK_THAT(healthy[1], StartsWith("None of the mechanisms is found"));

  data.baseline = rising(1.0, common.leftCols(3));
  data.interventions = {{cut, rising(0.0, common.leftCols(3))}};
  data.together.resize(0, 0);
  const auto few = attribution(data, halves());
  CHECK(few.status == status::not_converged);
  CHECK(few.finding == finding::undecided);
  CHECK(std::isnan(few.effects[0].reduction.standard_error));
  CHECK_THAT(summary(few)[0], EndsWith("an interval takes 8 texts, and there are 3."));
}

TEST_CASE("diagnosis::attribution: bad input is refused", "[failure]") {
  diagnosis::attribution_data data;
  data.baseline = rising(1.0, noise(1, 0.05));
  data.interventions = {{cut, rising(0.0, noise(2, 0.05))}};
  const auto message = [&](const diagnosis::attribution_options& options = {}) {
    return message_of<argument_error>([&] { (void)attribution(data, options); });
  };
  CHECK_THAT(message({.share_margin = 1.0}), Contains(".share_margin is 1, expected a number in [0, 1)"));
  CHECK_THAT(message({.degradation = {.bins = 0}}), Contains(".bins is 0"));
  data.interventions[0].losses(2, 3) = std::nan("");
  CHECK_THAT(message(), Contains("intervention \"feedback cut\": nan at position 2 of text 3"));
  data.interventions[0].losses = Eigen::MatrixXd::Zero(positions, texts + 1);
  CHECK_THAT(message(), Contains("intervention \"feedback cut\" has losses of 8 x 13, expected 8 x 12"));
  data.interventions[0] = {{"", mechanism::drift}, data.baseline};
  CHECK_THAT(message(), Contains("an intervention has no name"));
  data.interventions.clear();
  data.together = data.baseline;
  CHECK_THAT(message(), Contains("of no single one"));
  data.together = Eigen::MatrixXd::Zero(positions + 1, texts);
  data.interventions = {{cut, data.baseline}};
  CHECK_THAT(message(), Contains("all interventions at once has losses of 9 x 12"));
}
