// SPDX-License-Identifier: MIT
#include <libration/error/growth_ensemble.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <thread>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/growth_law.hpp>
#include <libration/error/horizon.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace maps = libration::maps;
using Eigen::MatrixXd;
using libration::argument_error;
using libration::status;
using namespace libration_test;

namespace {

MatrixXd near_origin(Eigen::Index n, Eigen::Index members) {
  MatrixXd starts(n, members);
  libration::random_stream(5).fill_normal(starts);
  return 0.01 * starts;
}

// A rotation of the circle, which says its period, beside a phase that is not wrapped, of which it says something or not.
template <bool says>
struct turning {
  static constexpr int dimension = 2;
  static constexpr libration::state<double, 2> periods = {1.0, 0.0};
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    return {libration::fract(h[0] + 0.3819660112501051), h[1] + 0.25};
  }
  auto unbounded() const requires says { return libration::state<bool, 2>{false, true}; }
};

struct silent_rotation {
  static constexpr int dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {libration::fract(h[0] + 0.3819660112501051)};
  }
};

}  // namespace

TEST_CASE("error::growth_ensemble: on a circle an error is never a turn, and a phase has no size", "[oracle]") {
  MatrixXd starts(2, 40);
  for (Eigen::Index j = 0; j < 40; ++j) starts.col(j) << 0.025 * static_cast<double>(j), 0.0;
  for (const auto direction : {error::direction::random, error::direction::leading}) {
    const error::growth_options options{.size = 1e-3, .direction = direction, .steps = 500, .transient = 10, .alignment = 10};
    const auto said = error::growth_ensemble(turning<true>{}, starts, options).curve;
    CHECK(std::abs(said.normaliser - 1.0 / std::sqrt(12.0)) < 1e-3);
    CHECK((said.error.array() * said.normaliser / 1e-3 - 1.0).abs().maxCoeff() < 1e-6);
    CHECK(said.drifting.empty());
    const auto found = error::growth_ensemble(turning<false>{}, starts, options).curve;
    CHECK(found.drifting == std::vector<Eigen::Index>{1});
    CHECK(std::abs(found.normaliser - said.normaliser) < 1e-12);
  }
}

TEST_CASE("error::growth_ensemble: a coordinate that wraps undeclared is a status", "[oracle]") {
  MatrixXd starts(1, 40);
  for (Eigen::Index j = 0; j < 40; ++j) starts(0, j) = 0.025 * static_cast<double>(j);
  const error::growth_options options{.size = 1e-3, .steps = 500, .every = 7, .transient = 10};
  for (const bool lanes : {false, true}) {
    const auto r = error::growth_ensemble(silent_rotation{}, starts, options, {.lanes = lanes}).curve;
    CHECK(r.status == status::undeclared_period);
    REQUIRE(r.undeclared.size() == 1);
    CHECK(std::abs(r.undeclared[0].period - 1.0) < 1e-12);
    // Each of 40 pairs stands astride the cut for 1e-3 of the steps.
    CHECK(r.jumps >= 10);
    CHECK(r.jumps <= 40);
    CHECK(std::isnan(error::horizon(r).median.time));
    const auto law = error::fit_growth_law(r);
    CHECK(law.status == status::undeclared_period);
    CHECK(law.law == error::growth_law::undecided);
  }
  const auto henon = error::growth_ensemble(maps::henon{}, near_origin(2, 40), {.size = 1e-6, .steps = 100}).curve;
  CHECK(henon.status == status::ok);
  CHECK(henon.jumps == 0);
}

TEST_CASE("error::growth_ensemble: a stop token ends a group between its steps", "[failure]") {
  constexpr auto unlimited = std::int64_t{1} << 60;
  for (const auto& options : {error::growth_options{.steps = unlimited, .every = unlimited},
                              error::growth_options{.steps = 1, .transient = unlimited},
                              error::growth_options{.direction = error::direction::leading, .steps = 1, .alignment = unlimited}}) {
    std::stop_source source;
    auto stoppable = options;
    stoppable.stop = source.get_token();
    std::jthread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      source.request_stop();
    });
    const auto r = error::growth_ensemble(maps::henon{}, near_origin(2, 9), stoppable, {.threads = 1});
    CHECK(r.curve.status == status::cancelled);
    CHECK(r.curve.pairs() == 0);
  }
}

TEST_CASE("error::growth_ensemble: the same digits on 1, 2 and 7 threads and in any company", "[law]") {
  const MatrixXd starts = near_origin(2, 37);
  const error::growth_options options{.size = 1e-6, .steps = 60, .transient = 50};
  const auto one = error::growth_ensemble(maps::henon{}, starts, options, {.threads = 1});
  CHECK(one.curve.status == status::ok);
  CHECK(one.curve.pairs() == 37);
  for (const int threads : {2, 7}) {
    const auto more = error::growth_ensemble(maps::henon{}, starts, options, {.threads = threads});
    CHECK(more.curve.error == one.curve.error);
    CHECK(more.curve.normaliser == one.curve.normaliser);
  }
  const auto alone =
      error::growth_ensemble(maps::henon{}, starts.leftCols(1), {.size = 1e-6, .steps = 60, .transient = 50, .normaliser = 1.0});
  CHECK((alone.curve.error.row(0) / one.curve.normaliser - one.curve.error.row(0)).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("error::growth_ensemble: lanes, single orbits and error::growth agree", "[differential]") {
  const auto map = maps::rk4(maps::lorenz63{}, 0.01);
  MatrixXd starts = near_origin(3, 11);
  starts.row(2).array() += 20.0;
  // Short enough that rounding (sums in another order) has not grown: 1e-15 · e^(0.9 · 2) beside errors of 1e-3.
  const error::growth_options options{
      .size = 1e-3, .steps = 200, .every = 20, .transient = 0, .norm = error::norm::root_mean_square};
  const auto lanes = error::growth_ensemble(map, starts, options, {.threads = 1});
  const auto plain = error::growth_ensemble(map, starts, options, {.threads = 1, .lanes = false});
  CHECK((lanes.curve.error - plain.curve.error).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(std::abs(lanes.curve.normaliser - plain.curve.normaliser) < 1e-10);
  CHECK(lanes.curve.per_unit_of_time);
  const libration::state<double, 3> first{starts(0, 0), starts(1, 0), starts(2, 0)};
  const auto one = error::growth(map, first,
                                 {.size = 1e-3,
                                  .steps = 200,
                                  .every = 20,
                                  .windows = 1,
                                  .transient = 0,
                                  .norm = error::norm::root_mean_square,
                                  .normaliser = lanes.curve.normaliser});
  CHECK((one.error.row(0) - lanes.curve.error.row(0)).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("error::growth_ensemble: the leading direction grows at the exponent's rate from the first step on", "[stat]") {
  const error::growth_options options{.size = 1e-9, .direction = error::direction::leading, .steps = 30, .transient = 100};
  const auto r = error::growth_ensemble(maps::henon{}, near_origin(2, 600), options).curve;
  const Eigen::VectorXd mean = r.mean_log(), se = r.mean_log_error();
  CHECK(std::abs((mean[20] - mean[0]) / 20.0 - 0.41922) < 4.0 * std::hypot(se[20], se[0]) / 20.0);
  CHECK((r.error.col(0).array() * r.normaliser / 1e-9 - 1.0).abs().maxCoeff() < 1e-6);  // eps / 1e-9
}

TEST_CASE("error::fit_growth_law: a recorded curve's law and exponent", "[stat]") {
  const error::growth_options options{.size = 1e-9, .direction = error::direction::leading, .steps = 60, .transient = 100};
  const auto curve = error::growth_ensemble(maps::henon{}, near_origin(2, 300), options).curve;
  const auto law = error::fit_growth_law(curve, {.largest = 1e-3});
  CHECK(law.name == "exponential");
  const auto& rate = law.best().rate;
  CHECK(std::abs(rate.value - 0.41922) < 4.0 * rate.standard_error);
  CHECK(rate.standard_error < 0.02);
  // A curve that diverges beyond the window counts like any other.
  auto later = curve;
  later.error.rightCols(5).setConstant(std::numeric_limits<double>::infinity());
  CHECK(error::fit_growth_law(later, {.largest = 1e-3}).best().rate.value == rate.value);
  later.error(7, 3) = 0.0;
  CHECK(error::fit_growth_law(later, {.largest = 1e-3}).members == 299);
  later.error.col(0).setZero();
  CHECK_THAT(message_of<argument_error>([&] { (void)error::fit_growth_law(later, {.largest = 1e-3}); }), Contains(".from"));
}

TEST_CASE("error::growth_ensemble: the leading direction is found whatever the state's size", "[edge]") {
  // h' = A h from 1e9: the leading eigenvector is (1, 0), and an error in its direction is |d| 0.9^t.
  const maps::basic_linear<2> map{{{0.9, 1.0}, {0.0, 0.5}}};
  for (const double scale : {1e-9, 1.0, 1e9}) {
    const auto r = error::growth_ensemble(map, scale * MatrixXd::Ones(2, 3),
                                          {.size = 1e-3 * scale,
                                           .direction = error::direction::leading,
                                           .steps = 10,
                                           .transient = 0,
                                           .alignment = 60,
                                           .normaliser = scale})
                       .curve;
    REQUIRE(r.pairs() == 3);
    for (int t = 0; t <= 10; ++t) CHECK((r.error.col(t).array() / (1e-3 * std::pow(0.9, t)) - 1.0).abs().maxCoeff() < 1e-5);
  }
}

TEST_CASE("error::growth_ensemble: failures stay in their place", "[failure]") {
  MatrixXd starts = near_origin(2, 20);
  starts.col(3).setConstant(10.0);
  const auto r = error::growth_ensemble(maps::henon{}, starts, {.steps = 30, .transient = 10});
  REQUIRE(r.diverged.size() == 1);
  CHECK(r.diverged[0] == 3);
  CHECK(r.curve.pairs() == 19);
  CHECK(r.curve.error.allFinite());
  CHECK(r.curve.status == status::ok);
  const auto all = error::growth_ensemble(maps::henon{}, starts.middleCols(3, 1), {.steps = 30, .transient = 10});
  CHECK(all.curve.status == status::diverged);
  std::stop_source source;
  source.request_stop();
  CHECK(error::growth_ensemble(maps::henon{}, starts, {.stop = source.get_token()}).curve.status == status::cancelled);

  const auto refusal = [](const MatrixXd& h, const error::growth_options& options) {
    return message_of<argument_error>([&] { (void)error::growth_ensemble(maps::henon{}, h, options); });
  };
  CHECK_THAT(refusal(MatrixXd::Zero(3, 4), {}), Contains("error::growth_ensemble: starts has 3 rows, expected 2"));
  CHECK_THAT(refusal(MatrixXd::Zero(2, 0), {}), Contains("no columns"));
  CHECK_THAT(refusal(MatrixXd::Constant(2, 1, std::nan("")), {}), Contains("not finite"));
  CHECK_THAT(refusal(MatrixXd::Zero(2, 1), {.size = -1.0}), Contains(".size is -1"));
}
