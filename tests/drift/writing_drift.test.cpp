// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/writing_drift.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Catch::Matchers::Contains;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status, libration::vector_span, libration::vector_view;
using libration::maps::token;
using namespace libration::drift;
using namespace libration_test;

namespace {

// Four tokens; a state of three numbers that are leaky counts of the first three. The next token is uniform, but for a preference
// of token 0.
struct leaky_counts {
  using scalar_type = float;
  struct workspace {};
  float preference = 0.0f;     // added to the logit of token 0
  float spoilt_above = 1e30f;  // of the first count: then logits are not numbers
  Index state_size() const { return 3; }
  Index vocabulary_size() const { return 4; }
  workspace make_workspace(Index) const { return {}; }
  void read(token v, vector_span<float> h, workspace&) const {
    h *= 0.8f;
    if (v < 3) h[v] += 1.0f;
  }
  void logits(vector_view<float> h, vector_span<float> out) const {
    out.setZero();
    out[0] = h[0] > spoilt_above ? std::numeric_limits<float>::quiet_NaN() : preference;
  }
};

std::vector<token> uniform_text(std::int64_t length, std::uint64_t stream) {
  libration::random_stream random(61, stream);
  std::vector<token> text;
  for (std::int64_t t = 0; t < length; ++t) text.push_back(static_cast<token>(4.0 * random.next_uniform()));
  return text;
}

writing_drift_options few(std::uint64_t seed = 0) {
  return {
      .steps = 100, .prompt = 30, .runs = 12, .reference_runs = 20, .held_out_runs = 20, .false_alarm_every = 1000.0, .seed = seed};
}

std::int64_t alarmed(const std::vector<std::int64_t>& alarms) {
  return std::count_if(alarms.begin(), alarms.end(), [](std::int64_t t) { return t >= 0; });
}

}  // namespace

TEST_CASE("drift::writing_drift: a model that writes what it reads does not drift, at the level of the interval", "[property]") {
  int told = 0;
  std::int64_t reading_alarms = 0, writing_alarms = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto r = writing_drift(leaky_counts{}, uniform_text(52 * 130, seed), few(seed));
    REQUIRE(r.status == status::ok);
    CHECK(r.failed_runs == 0);
    told += r.direction() != 0 ? 1 : 0;
    reading_alarms += alarmed(r.reading_alarms);
    writing_alarms += alarmed(r.writing_alarms);
  }
  CHECK(told <= 6);  // of 40 at 5 %: more in 1 of 70 such tests
  // Runs of 100 tokens at a false alarm in 1000: about 46 of 480, were the scores the autoregression that they are taken for. They
  // come in bursts, and there are twice as many; of writing as of reading.
  CHECK(reading_alarms > 23);
  CHECK(reading_alarms < 3 * 46);
  CHECK(std::abs(static_cast<double>(writing_alarms - reading_alarms)) < 4.0 * std::sqrt(2.0 * 480.0 * 0.2 * 0.8));
}

TEST_CASE("drift::writing_drift: a model that writes one token more often drifts, and the detector says when", "[property]") {
  const auto text = uniform_text(52 * 130, 3);
  const auto r = writing_drift(leaky_counts{.preference = 4.0f}, text, few());
  CHECK(r.status == status::ok);
  CHECK(r.direction() == 1);
  CHECK(r.state_size == 3);
  CHECK(r.reference_states == 2000);
  CHECK(std::abs(r.reading_mean.mean - 1.0) < 0.2);
  CHECK(r.writing_mean.mean > 2.0);
  CHECK(std::abs(r.difference.mean - (r.writing.mean() - r.reading.mean())) < 1e-12);
  CHECK(alarmed(r.writing_alarms) == 12);
  CHECK(*std::max_element(r.writing_alarms.begin(), r.writing_alarms.end()) < 60);
  CHECK(r.calibration.autocorrelated);
  CHECK(r.calibration.uncalibrated_run_length < 500.0);
  // The states of reading are those of the text, and the digits do not depend on the threads.
  auto options = few();
  options.threads = 2;
  std::int64_t reports = 0, total = 0;
  options.on_progress = [&](const libration::progress& p) {
    ++reports;
    total = p.total;
  };
  const auto again = writing_drift(leaky_counts{.preference = 4.0f}, text, options);
  CHECK(again.reading == r.reading);
  CHECK(again.writing == r.writing);
  CHECK(again.writing_alarms == r.writing_alarms);
  CHECK(reports == 64);
  CHECK(total == 64);
}

TEST_CASE("drift::writing_drift: distances are those of states that are read by hand", "[differential]") {
  const auto text = uniform_text(52 * 130, 4);
  const leaky_counts model;
  const auto options = few(5);
  const auto r = writing_drift(model, text, options);
  // Of the prompts' states a second reference, fitted on all the rest of the text, is nearly the same one.
  std::vector<MatrixXd> rest;
  MatrixXd first(3, 100);
  for (std::int64_t begin = 0; begin + 130 <= static_cast<std::int64_t>(text.size()); begin += 130) {
    Eigen::VectorXf h = Eigen::VectorXf::Zero(3);
    leaky_counts::workspace ws;
    MatrixXd states(3, 100);
    for (std::int64_t t = 0; t < 130; ++t) {
      model.read(text[static_cast<std::size_t>(begin + t)], h, ws);
      if (t >= 30) states.col(static_cast<Index>(t - 30)) = h.cast<double>();
    }
    if (begin == r.prompts[0])
      first = states;
    else
      rest.push_back(states);
  }
  REQUIRE(rest.size() == 51);
  const VectorXd expected = reference(rest).squared_mahalanobis_along(first) / 3.0;
  CHECK((r.reading.col(0) - expected).cwiseAbs().maxCoeff() < 0.15 * expected.maxCoeff());
  // Stretches do not overlap, and each is measured once.
  auto prompts = r.prompts;
  std::sort(prompts.begin(), prompts.end());
  CHECK(std::adjacent_find(prompts.begin(), prompts.end()) == prompts.end());
}

TEST_CASE("drift::writing_drift: runs that end early, a state that does not move, a stop", "[failure]") {
  const auto text = uniform_text(52 * 130, 6);
  const auto r = writing_drift(leaky_counts{.preference = 0.0f, .spoilt_above = 3.2f}, text, few());
  CHECK(r.status == status::diverged);
  CHECK(r.failed_runs >= 1);
  CHECK(r.reading.allFinite());
  CHECK_FALSE(r.writing.allFinite());
  CHECK(r.difference.steps == 12 - r.failed_runs);

  struct still : leaky_counts {
    void read(token, vector_span<float>, workspace&) const {}
  };
  const auto unmoved = writing_drift(still{}, text, few());
  CHECK(unmoved.status == status::not_resolved);
  CHECK(unmoved.reading.size() == 0);
  CHECK(unmoved.direction() == 0);

  std::stop_source source;
  source.request_stop();
  auto options = few();
  options.stop = source.get_token();
  CHECK(writing_drift(leaky_counts{}, text, options).status == status::cancelled);
}

TEST_CASE("drift::writing_drift: what a caller gets wrong is refused", "[failure]") {
  auto text = uniform_text(52 * 130, 7);
  const auto refused = [&](const writing_drift_options& options) {
    return message_of<argument_error>([&] { (void)writing_drift(leaky_counts{}, text, options); });
  };
  CHECK_THAT(refused({}), Contains("the text has 6760 tokens, expected at least 45600: 76 stretches"));
  CHECK_THAT(refused({.steps = 10}), Contains(".steps is 10, expected >= 50"));
  CHECK_THAT(refused({.prompt = 0}), Contains(".prompt is 0"));
  CHECK_THAT(refused({.runs = 1}), Contains(".runs is 1, expected >= 2"));
  CHECK_THAT(refused({.reference_runs = 1}), Contains(".reference_runs is 1"));
  CHECK_THAT(refused({.held_out_runs = 1}), Contains(".held_out_runs is 1"));
  CHECK_THAT(refused({.decoding = {.temperature = -1.0}}), Contains("temperature"));
  CHECK_THAT(refused({.false_alarm_every = 1.0}), Contains(".false_alarm_every is 1"));
  text[7] = 4;
  CHECK_THAT(refused(few()), Contains("the text"));
}
