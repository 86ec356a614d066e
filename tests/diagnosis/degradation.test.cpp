// SPDX-License-Identifier: MIT
#include <libration/diagnosis/degradation.hpp>

#include <cmath>
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
using diagnosis::degradation, diagnosis::degradation_against, diagnosis::degradation_verdict;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

Eigen::MatrixXd noise(Eigen::Index positions, Eigen::Index texts, std::uint64_t seed) {
  Eigen::MatrixXd losses(positions, texts);
  libration::random_stream(seed).fill_normal(losses);
  return losses;
}

}  // namespace

TEST_CASE("diagnosis::degradation: bins, changes and the interval of a small table", "[oracle]") {
  // Four positions: bins {0}, {1}, {2, 3}. Late less early by text: 1, 2, 3.
  Eigen::MatrixXd losses(4, 3);
  losses << 1.0, 2.0, 3.0,  //
      1.5, 2.5, 3.5,        //
      1.0, 3.0, 5.0,        //
      3.0, 5.0, 7.0;
  const auto r = degradation(losses, {.minimum_texts = 3});
  REQUIRE(r.status == status::ok);
  REQUIRE(r.bins.size() == 3);
  CHECK((r.bins[0].first == 0 && r.bins[0].end == 1));
  CHECK((r.bins[1].first == 1 && r.bins[1].end == 2));
  CHECK((r.bins[2].first == 2 && r.bins[2].end == 4));
  CHECK(r.bins[2].loss.mean == 4.0);
  CHECK(r.bins[1].change.mean == 0.5);
  CHECK(r.bins[1].change.standard_error == 0.0);
  CHECK(r.bins[0].change.mean == 0.0);
  CHECK((r.by_text - Eigen::Vector3d(1.0, 2.0, 3.0)).isZero());
  CHECK(r.change.mean == 2.0);
  // Student's quantile of two degrees of freedom is 4.30265..., the standard error 1/√3.
  CHECK(std::abs(r.upper - (2.0 + 4.302652729911 / std::sqrt(3.0))) < 1e-9);
  CHECK(r.verdict == degradation_verdict::undecided);
  // P(T > t) = 1/2 - t/(2 √(2 + t²)) of two degrees of freedom.
  const double t = 1.95 * std::sqrt(3.0);
  CHECK(std::abs(r.p_value - (0.5 - t / (2.0 * std::sqrt(2.0 + t * t)))) < 1e-12);
  CHECK(degradation(losses, {.level = 0.8, .minimum_texts = 3}).verdict == degradation_verdict::degrades);

  // Against a reference that rises by 1, 1, 2 itself; and against it alone.
  Eigen::MatrixXd reference(4, 3);
  reference << 0.0, 0.0, 1.0,  //
      0.0, 0.0, 1.0,           //
      1.0, 1.0, 3.0,           //
      1.0, 1.0, 3.0;
  const auto against = degradation_against(losses, reference, {.minimum_texts = 3});
  CHECK((against.by_text - Eigen::Vector3d(0.0, 1.0, 1.0)).isZero());
  CHECK(against.bins[2].reference.mean == 5.0 / 3.0);
  const auto late = degradation_against(losses, reference, {.from_early = false, .minimum_texts = 3});
  CHECK((late.by_text - Eigen::Vector3d(1.0, 3.0, 3.0)).isZero());
  CHECK(late.bins[0].change.mean == (1.0 + 2.0 + 2.0) / 3.0);
}

TEST_CASE("diagnosis::degradation: where bins end", "[oracle][edge]") {
  const auto ends = [](Eigen::Index positions, const diagnosis::degradation_options& options) {
    std::vector<std::int64_t> list;
    for (const auto& bin : degradation(Eigen::MatrixXd::Zero(positions, 8), options).bins) {
      if (list.empty()) list.push_back(bin.first);
      CHECK(bin.first == list.back());
      list.push_back(bin.end);
    }
    return list;
  };
  using list = std::vector<std::int64_t>;
  CHECK(ends(64, {}) == list{0, 2, 4, 8, 16, 32, 64});
  CHECK(ends(100, {.bins = 3}) == list{0, 25, 50, 100});
  CHECK(ends(110, {.skip = 10, .bins = 3}) == list{10, 35, 60, 110});
  CHECK(ends(2, {}) == list{0, 1, 2});
  CHECK(ends(3, {}) == list{0, 1, 3});
  CHECK(ends(4, {}) == list{0, 1, 2, 4});
  CHECK(ends(64, {.bins = 100}) == list{0, 1, 2, 4, 8, 16, 32, 64});
  CHECK(ends(64, {.skip = 4, .ends = {10, 50}}) == list{4, 10, 50});
}

TEST_CASE("diagnosis::degradation: a natural text whose loss falls hides a degradation, until it is the reference", "[law]") {
  constexpr Eigen::Index positions = 64, texts = 24;
  const Eigen::MatrixXd each = 0.1 * noise(positions, texts, 3);
  Eigen::MatrixXd natural(positions, texts), losses(positions, texts);
  for (Eigen::Index j = 0; j < texts; ++j)
    for (Eigen::Index i = 0; i < positions; ++i) {
      const auto p = static_cast<double>(i);
      natural(i, j) = 3.0 + 2.0 / (1.0 + p) + each(i, j);
      losses(i, j) = natural(i, j) + 0.01 * p + 0.05 * each(j, i % texts);
    }
  CHECK(degradation(losses).verdict == degradation_verdict::holds);
  const auto r = degradation_against(losses, natural);
  CHECK(r.verdict == degradation_verdict::degrades);
  // Mean positions 47.5 and 0.5.
  CHECK(std::abs(r.change.mean - 0.47) < 4.0 * r.change.standard_error);

  // The order of the texts, and a constant, change nothing.
  const Eigen::MatrixXd turned = losses.rowwise().reverse(), natural_turned = natural.rowwise().reverse();
  const auto again = degradation_against((turned.array() + 1.0).matrix(), natural_turned);
  CHECK(std::abs(again.change.mean - r.change.mean) < 1e-13);
  CHECK(std::abs(again.upper - r.upper) < 1e-13);
}

TEST_CASE("diagnosis::degradation: the interval holds the truth in 95 % of seeds, at the margin too", "[stat]") {
  constexpr int seeds = 2000;
  int held = 0, degrades = 0, holds = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    Eigen::MatrixXd losses = noise(4, 10, static_cast<std::uint64_t>(seed));
    losses.bottomRows(2).array() += 0.05;  // the margin
    const auto r = degradation(losses, {.bins = 2});
    held += r.lower <= 0.05 && r.upper >= 0.05;
    degrades += r.verdict == degradation_verdict::degrades;
    holds += r.verdict == degradation_verdict::holds;
    CHECK((r.p_value < 0.025) == (r.verdict == degradation_verdict::degrades));
  }
  const auto near = [&](int count, double p) { return std::abs(count - seeds * p) < 4.0 * std::sqrt(seeds * p * (1.0 - p)); };
  CHECK(near(held, 0.95));
  CHECK(near(degrades, 0.025));
  CHECK(near(holds, 0.025));
}

TEST_CASE("diagnosis::degradation: too few texts give no interval, bad input is refused", "[failure]") {
  const Eigen::MatrixXd losses = noise(16, 7, 1);
  const auto few = degradation(losses);
  CHECK(few.status == status::not_converged);
  CHECK(few.verdict == degradation_verdict::undecided);
  CHECK(std::isfinite(few.change.mean));
  CHECK(std::isnan(few.change.standard_error));
  CHECK(std::isnan(few.lower));
  CHECK(std::isnan(few.p_value));
  CHECK(degradation(losses, {.minimum_texts = 7}).status == status::ok);
  CHECK(diagnosis::degradation_result{}.status == status::not_run);

  const auto message = [&](const Eigen::MatrixXd& L, const diagnosis::degradation_options& options) {
    return message_of<argument_error>([&] { (void)degradation(L, options); });
  };
  CHECK_THAT(message(losses, {.skip = -1}), Contains(".skip is -1, expected >= 0"));
  CHECK_THAT(message(losses, {.skip = 15}), Contains("16 positions, of which .skip leaves out 15"));
  CHECK_THAT(message(losses, {.skip = std::numeric_limits<std::int64_t>::max()}), Contains("of which .skip leaves out"));
  CHECK_THAT(message(losses, {.bins = 1}), Contains(".bins is 1, expected >= 2"));
  CHECK_THAT(message(losses, {.ends = {4}}), Contains(".ends has 1 entry"));
  CHECK_THAT(message(losses, {.ends = {4, 4}}), Contains(".ends has 4 after 4"));
  CHECK_THAT(message(losses, {.ends = {4, 17}}), Contains(".ends goes to position 17, expected at most 16"));
  CHECK_THAT(message(losses, {.margin = -0.1}), Contains(".margin is -0.1"));
  CHECK_THAT(message(losses, {.margin = std::nan("")}), Contains(".margin is nan"));
  CHECK_THAT(message(losses, {.level = 1.0}), Contains(".level is 1"));
  CHECK_THAT(message(losses, {.minimum_texts = 1}), Contains(".minimum_texts is 1, expected >= 2"));
  CHECK_THAT(message(losses, {.from_early = false}), Contains("there is no reference"));
  CHECK_THAT(message(Eigen::MatrixXd(16, 0), {}), Contains("expected at least one text"));
  CHECK_THAT(message(Eigen::MatrixXd::Zero(1, 8), {}), Contains("expected at least 2"));
  Eigen::MatrixXd bad = losses;
  bad(3, 2) = std::numeric_limits<double>::infinity();
  CHECK_THAT(message(bad, {}), Contains("inf at position 3 of text 2"));
  CHECK_THAT(message_of<argument_error>([&] { (void)degradation_against(losses, Eigen::MatrixXd(16, 8)); }),
             Contains("the reference is 16 x 8, expected 16 x 7"));
  CHECK_THAT(message_of<argument_error>([&] { (void)degradation_against(losses, bad); }), Contains("reference's losses: inf"));
  CHECK_THAT(message_of<argument_error>([&] { (void)degradation_against(losses, Eigen::MatrixXd()); }),
             Contains("the reference is empty"));
}
