// SPDX-License-Identifier: MIT
#include <libration/diagnosis/diagnose.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/diagnosis/mechanism.hpp>

#include "known_faults.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace diagnosis = libration::diagnosis;
namespace faults = libration_test::faults;
using diagnosis::finding, diagnosis::mechanism, diagnosis::mechanism_verdict;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

// The first eight positions against the later half.
diagnosis::diagnose_options four_bins(std::int64_t texts = 32) {
  diagnosis::diagnose_options options;
  options.texts = texts;
  options.attribution.degradation.bins = 4;
  return options;
}

faults::fault_set with(mechanism m) {
  return {m == mechanism::accumulated_error, m == mechanism::attention_dilution, m == mechanism::drift,
          m == mechanism::state_compression};
}

// Late less early of what a position is expected to lose.
template <class Expected>
double rise(const Expected& expected) {
  double early = 0.0, late = 0.0;
  for (std::int64_t t = 0; t < 8; ++t) early += expected(t) / 8.0;
  for (std::int64_t t = 32; t < 64; ++t) late += expected(t) / 32.0;
  return late - early;
}

// How many of the seeds have exactly these mechanisms at work, and none undecided.
int named(const faults::fault_set& f, int seeds) {
  const std::array<bool, 4> truth = {f.accumulated_error, f.attention_dilution, f.drift, f.state_compression};
  const bool any = truth[0] || truth[1] || truth[2] || truth[3];
  int right = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto r = diagnosis::diagnose(faults::panel(f, static_cast<std::uint64_t>(seed)), four_bins());
    bool same = r.status == status::ok && r.finding == (any ? finding::at_work : finding::none_found);
    for (std::size_t m = 0; m < 4; ++m)
      same = same && r.mechanisms[m] == (truth[m] ? mechanism_verdict::at_work : mechanism_verdict::not_at_work);
    right += same;
  }
  return right;
}

}  // namespace

TEST_CASE("diagnosis::diagnose: each mechanism is named where it alone is at fault, and a healthy model is healthy", "[oracle]") {
  for (const mechanism m : diagnosis::all_mechanisms) {
    CAPTURE(to_string(m));
    CHECK(named(with(m), 1) == 1);
  }
  CHECK(named({}, 1) == 1);
}

TEST_CASE("diagnosis::diagnose: named in 10 seeds, alone and two at once", "[stat][heavy]") {
  // Right in 95 % of seeds, 8 and more of 10 are with a probability of 0.988.
  for (const mechanism m : diagnosis::all_mechanisms) {
    CAPTURE(to_string(m));
    CHECK(named(with(m), 10) >= 8);
  }
  CHECK(named({.attention_dilution = true, .uniform = true}, 10) >= 8);
  CHECK(named({}, 10) >= 8);
  CHECK(named({.accumulated_error = true, .drift = true}, 10) >= 8);
  CHECK(named({.attention_dilution = true, .state_compression = true}, 10) >= 8);
}

TEST_CASE("diagnosis::diagnose: named in 95 % of 200 seeds", "[stat][.slow]") {
  for (const mechanism m : diagnosis::all_mechanisms) {
    CAPTURE(to_string(m));
    CHECK(named(with(m), 200) >= 190);
  }
  CHECK(named({.attention_dilution = true, .uniform = true}, 200) >= 190);
  CHECK(named({}, 200) >= 190);
  CHECK(named({.accumulated_error = true, .drift = true}, 200) >= 190);
  CHECK(named({.attention_dilution = true, .state_compression = true}, 200) >= 190);
}

TEST_CASE("diagnosis::diagnose: the shares of a mixture are those of its parts", "[oracle][stat]") {
  // Three faults of which each rise is known; expected losses are averages over an infinity of texts.
  const faults::panel p({.accumulated_error = true, .drift = true, .state_compression = true}, 5);
  const double loop = rise([&](std::int64_t t) { return p.loop_run.expected(t); });
  const double clock = rise([&](std::int64_t t) { return p.clock_run.expected(t); });
  const double memory = rise([&](std::int64_t t) { return p.memory_run.expected(t, p.memory.gate); });
  const double head = rise([&](std::int64_t t) { return p.head_read.expected(t); });
  const double sharpened = rise([&](std::int64_t t) { return p.head_read.sharpened(t); });
  const double dropped = rise([&](std::int64_t t) { return p.head_read.dropped(t); });
  const double whole = loop + clock + memory + head;
  const auto r = diagnosis::diagnose(p, four_bins());
  REQUIRE(r.finding == finding::at_work);
  CHECK((r.degradation.lower < whole && whole < r.degradation.upper));
  const std::array<double, 5> reductions = {loop, head - sharpened, head - dropped, clock, memory};
  for (std::size_t i = 0; i < 5; ++i) {
    CAPTURE(i);
    CHECK(r.effects[i].intervention.mechanism == diagnosis::all_mechanisms[i < 2 ? i : i - 1]);
    CHECK(std::abs(r.effects[i].reduction.mean - reductions[i]) < 4.0 * r.effects[i].reduction.standard_error);
    CHECK(r.effects[i].share.lower < reductions[i] / whole);
    CHECK(r.effects[i].share.upper > reductions[i] / whole);
  }
  CHECK(r.interaction_verdict == diagnosis::interaction_verdict::additive);
  CHECK(std::abs(r.together.share.value - (loop + clock + memory) / whole) < 0.05);
}

TEST_CASE("diagnosis::attention_subject: a key ahead, plain and sharpened, and uniform attention, in closed form", "[oracle]") {
  const faults::one_key_ahead read{.gap = 4.5};
  const diagnosis::attention_subject head(read, 16);
  const Eigen::VectorXd plain = head.losses(diagnosis::intervention_set::none(), 0);
  const Eigen::VectorXd sharp = head.losses(diagnosis::intervention_set::only(0), 0);
  for (std::int64_t t = 0; t < faults::positions; ++t) {
    CHECK(std::abs(plain[t] - read.expected(t)) < 1e-13);
    CHECK(std::abs(sharp[t] - read.sharpened(t)) < 1e-13);
  }
  const Eigen::VectorXd fewer = head.losses(diagnosis::intervention_set::only(1), 0);
  const Eigen::VectorXd both = head.losses(diagnosis::intervention_set::first(2), 0);
  for (std::int64_t t = 0; t < faults::positions; ++t) {
    CHECK(std::abs(fewer[t] - read.dropped(t)) < 1e-13);
    CHECK(both[t] == fewer[t]);
  }
  // Where no logit is ahead there is nothing to sharpen; with the middle dropped the weight stays at 1/16.
  const faults::one_key_ahead uniform{.gap = 0.0};
  const auto r = diagnosis::diagnose(diagnosis::attention_subject(uniform, 16), four_bins(8));
  const auto rises = rise([](std::int64_t t) { return std::log(faults::one_key_ahead::keys(t)); });
  const auto left = rise([](std::int64_t t) { return std::log(std::min(faults::one_key_ahead::keys(t), 16.0)); });
  CHECK(std::abs(r.degradation.change.mean - rises) < 1e-12);
  CHECK(r.finding == finding::at_work);
  CHECK(r.verdict(mechanism::attention_dilution) == mechanism_verdict::at_work);
  CHECK(r.effects[0].verdict == mechanism_verdict::not_at_work);
  CHECK(std::abs(r.effects[1].share.value - (1.0 - left / rises)) < 1e-12);
}

TEST_CASE("diagnosis::attention_weights: sums, scalable softmax, refusals", "[law][failure]") {
  const Eigen::VectorXd z = Eigen::Vector4d(1.0, -2.0, 0.5, 3.0);
  const Eigen::VectorXd plain = diagnosis::attention_weights(z);
  CHECK(std::abs(plain.sum() - 1.0) < 1e-15);
  CHECK(std::abs(plain[3] / plain[0] - std::exp(2.0)) < 1e-14);
  const Eigen::VectorXd sharp = diagnosis::attention_weights(z, 1.0 / std::log(2.0), 2);
  CHECK(std::abs(sharp[3] / sharp[0] - std::exp(4.0)) < 1e-12);
  CHECK((diagnosis::attention_weights(z, 1.0, 5) - plain).isZero());
  CHECK(diagnosis::attention_weights(Eigen::VectorXd::Constant(1, 800.0))[0] == 1.0);
  CHECK_THAT(message_of<argument_error>([] { (void)diagnosis::attention_weights(Eigen::VectorXd()); }), Contains("no logits"));
  const faults::one_key_ahead read{};
  CHECK_THAT(message_of<argument_error>([&] { diagnosis::attention_subject(read, 1); }), Contains("trained_context is 1 keys"));
  CHECK_THAT(message_of<argument_error>([&] { diagnosis::attention_subject(read, 4, 4); }),
             Contains("sinks is 4, expected 0 to 3"));
}

TEST_CASE("diagnosis::diagnose: the same digits on any number of threads, and other texts from another first one", "[law]") {
  const faults::panel p({.drift = true}, 3, 24);
  auto options = four_bins(16);
  const auto one = diagnosis::diagnose(p, options);
  options.threads = 3;
  const auto three = diagnosis::diagnose(p, options);
  CHECK(one.degradation.change.mean == three.degradation.change.mean);
  for (std::size_t i = 0; i < 5; ++i) CHECK(one.effects[i].share.lower == three.effects[i].share.lower);
  options.first_text = 8;
  const auto others = diagnosis::diagnose(p, options);
  CHECK((one.degradation.by_text.tail(8) - others.degradation.by_text.head(8)).isZero());
  CHECK(one.degradation.change.mean != others.degradation.change.mean);
  options.together = false;
  const auto without = diagnosis::diagnose(p, options);
  CHECK_FALSE(without.has_together);
  CHECK(without.interaction_verdict == diagnosis::interaction_verdict::undecided);
  CHECK(without.finding == finding::at_work);
}

namespace {

// Losses of a formula; one intervention, which does nothing.
template <class Loss>
struct formula_subject {
  explicit formula_subject(Loss l) : loss(l) {}
  Loss loss;
  std::vector<diagnosis::intervention> interventions() const { return {{"nothing", mechanism::drift}}; }
  Eigen::VectorXd losses(const diagnosis::intervention_set& active, std::int64_t text) const { return loss(active, text); }
};

struct with_natural_text {
  std::vector<diagnosis::intervention> interventions() const { return {}; }
  Eigen::VectorXd losses(const diagnosis::intervention_set&, std::int64_t text) const {
    return reference(text) + Eigen::VectorXd::LinSpaced(8, 0.0, 0.7);
  }
  Eigen::VectorXd reference(std::int64_t text) const {
    return Eigen::VectorXd::LinSpaced(8, 3.0, 1.0).array() + 0.1 * static_cast<double>(text);
  }
};
struct without_losses {
  std::vector<diagnosis::intervention> interventions() const;
};

}  // namespace

TEST_CASE("diagnosis::diagnose: a natural text whose loss falls is subtracted", "[oracle]") {
  const auto r = diagnosis::diagnose(with_natural_text{}, {.texts = 8});
  CHECK(r.degradation.has_reference);
  // Positions 4 to 7 against position 0.
  CHECK(std::abs(r.degradation.change.mean - 0.55) < 1e-14);
  CHECK(r.finding == finding::undecided);  // nothing was tried
  const with_natural_text part;
  const diagnosis::joint_subject both(part, part);
  CHECK(std::abs(diagnosis::diagnose(both, {.texts = 8}).degradation.change.mean - 1.1) < 1e-14);
}

TEST_CASE("diagnosis::diagnose: losses that are not finite, a stop, too few texts, and refusals", "[failure]") {
  const formula_subject breaks{[](const diagnosis::intervention_set& active, std::int64_t text) {
    Eigen::VectorXd losses = Eigen::VectorXd::Zero(8);
    if (active[0] && text >= 2) losses[5] = std::numeric_limits<double>::infinity();
    return losses;
  }};
  const auto r = diagnosis::diagnose(breaks, {.texts = 8});
  CHECK(r.status == status::diverged);
  CHECK(r.finding == finding::undecided);
  CHECK((r.failed_text == 2 && r.failed_at == 5));
  CHECK(r.failed_run == "\"nothing\"");
  CHECK_THAT(diagnosis::summary(r).front(), Contains("the loss of text 2, run \"nothing\", is not finite at position 5"));
  CHECK(diagnosis::diagnose(breaks, {.texts = 2}).status == status::not_converged);

  std::stop_source source;
  source.request_stop();
  const auto stopped = diagnosis::diagnose(breaks, {.texts = 8, .stop = source.get_token()});
  CHECK(stopped.status == status::cancelled);
  CHECK(diagnosis::summary(stopped).size() == 1);

  const formula_subject uneven{[](const diagnosis::intervention_set&, std::int64_t text) -> Eigen::VectorXd {
    return Eigen::VectorXd::Zero(text == 3 ? 7 : 8);
  }};
  CHECK_THAT(message_of<argument_error>([&] { (void)diagnosis::diagnose(uneven); }),
             Contains("text 3, run as it is, has losses at 7 positions, expected 8"));
  const auto message = [&](const diagnosis::diagnose_options& options) {
    return message_of<argument_error>([&] { (void)diagnosis::diagnose(breaks, options); });
  };
  CHECK_THAT(message({.texts = 0}), Contains("diagnosis::diagnose: .texts is 0, expected >= 1"));
  CHECK_THAT(message({.first_text = -1}), Contains(".first_text is -1"));
  CHECK_THAT(message({.threads = -1}), Contains(".threads is -1"));
  CHECK_THAT(message({.attribution = {.share_margin = -1.0}}), Contains(".share_margin is -1"));
  CHECK_THAT(message_of<argument_error>([] { diagnosis::intervention_set::only(64); }),
             Contains("intervention 64, expected 0 to 63"));
  const formula_subject shorter{
      [](const diagnosis::intervention_set&, std::int64_t) -> Eigen::VectorXd { return Eigen::VectorXd::Zero(7); }};
  CHECK_THAT(
      message_of<argument_error>([&] { diagnosis::joint_subject(breaks, shorter).losses(diagnosis::intervention_set::none(), 0); }),
      Contains("the second part's losses"));
}

TEST_CASE("diagnosis::explain_subject: what a type lacks, in words", "[law]") {
  static_assert(diagnosis::subject<faults::panel>);
  static_assert(diagnosis::has_reference<with_natural_text>);
  static_assert(!diagnosis::has_reference<faults::panel>);
  static_assert(!diagnosis::subject<without_losses>);
  CHECK(diagnosis::explain_subject<faults::panel>().empty());
  CHECK_THAT(std::string(diagnosis::explain_subject<without_losses>()), Contains("Eigen::VectorXd losses("));
  CHECK_THAT(std::string(diagnosis::explain_subject<int>()), Contains("interventions() const"));
  auto set = diagnosis::intervention_set::first(3);
  CHECK((set[0] && set[2] && !set[3] && !set[200]));
  CHECK(set.from(2) == diagnosis::intervention_set::only(0));
  CHECK(set.from(64).empty());
  CHECK(std::string(in_words(mechanism::drift)) == "drift of the state");
}
