// SPDX-License-Identifier: MIT
#include <libration/rollout/run.hpp>

#include <cstdint>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/add_noise.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace rollout = libration::rollout;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::state, libration::status;
using libration_test::message_of;

namespace {

// h' = h + x.
struct summing {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h, const state<T, 1>& x) const {
    return {h[0] + x[0]};
  }
};

// h' = h + x on vectors of float.
struct summing_vector {
  using scalar_type = float;
  Eigen::Index state_size() const { return 2; }
  Eigen::Index input_size() const { return 2; }
  void step(libration::vector_view<float> h, libration::vector_view<float> x, libration::vector_span<float> next) const {
    next = h + x;
  }
};

struct doubling_up {
  static constexpr int dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {2.0 * h[0]};
  }
};

}  // namespace

TEST_CASE("rollout::run: the final state and every k-th state are those of the steps written out", "[oracle]") {
  const maps::henon map;
  const auto h0 = maps::henon::start();
  std::vector<state<double, 2>> by_hand{h0};
  for (int t = 0; t < 60; ++t) by_hand.push_back(map(by_hand.back()));

  const auto r = rollout::run(map, h0, {.steps = 50, .transient = 10, .every = 7});
  CHECK(r.status == status::ok);
  CHECK(r.steps == 50);
  CHECK(r.failed_at == -1);
  CHECK_FALSE(r.per_unit_of_time);
  CHECK(r.final_state == by_hand[60]);
  REQUIRE(r.states.rows() == 2);
  REQUIRE(r.kept() == 7);
  for (Eigen::Index j = 0; j < r.kept(); ++j)
    CHECK(r.states.col(j) == by_hand[static_cast<std::size_t>(10 + 7 * (j + 1))].vector());

  CHECK(rollout::run(map, h0, {.steps = 1}).kept() == 0);
  CHECK(rollout::run(map, h0, {.steps = 1}).final_state == by_hand[1]);
  CHECK(rollout::run(map, h0).steps == 100'000);
  const auto single = rollout::run<libration::single>(map, h0, {.steps = 3, .every = 1});
  CHECK(single.final_state[0] == static_cast<double>(static_cast<float>(single.final_state[0])));
  CHECK(single.states(0, 2) == single.final_state[0]);
}

TEST_CASE("rollout::run: a callback sees what would be kept", "[differential]") {
  const maps::henon map;
  for (const std::int64_t every : {0, 1, 4}) {
    const auto kept = rollout::run(map, maps::henon::start(), {.steps = 30, .transient = 5, .every = every == 0 ? 1 : every});
    std::vector<std::int64_t> times;
    MatrixXd states(2, 0);
    const auto r = rollout::run(map, maps::henon::start(), {.steps = 30, .transient = 5, .every = every},
                                [&](std::int64_t t, const state<double, 2>& h) {
                                  times.push_back(t);
                                  states.conservativeResize(2, states.cols() + 1);
                                  states.rightCols(1) = h.vector();
                                });
    CHECK(r.kept() == 0);
    CHECK(r.final_state == kept.final_state);
    CHECK(states == kept.states);
    CHECK(times.front() == 5 + (every == 0 ? 1 : every));
  }
  // Of a vector map, vectors of its scalar; a callable's inputs are read at the step's number.
  Eigen::VectorXf last;
  const auto inputs = [](std::int64_t t, libration::vector_span<float> x) { x.setConstant(static_cast<float>(t)); };
  const auto v = rollout::run(summing_vector{}, Eigen::VectorXf::Zero(2).eval(), inputs, {.steps = 5},
                              [&](std::int64_t, const Eigen::VectorXf& h) { last = h; });
  static_assert(std::is_same_v<decltype(v.final_state), Eigen::VectorXf>);
  CHECK(v.final_state == Eigen::VectorXf::Constant(2, 10.0f));
  CHECK(last == v.final_state);
}

TEST_CASE("rollout::run: runs of a and b steps are one of a + b, bit for bit", "[law]") {
  const auto check = [](const auto& map, const auto& h0) {
    for (const std::int64_t a : {1, 37, 256, 300}) {
      const auto whole = rollout::run(map, h0, {.steps = a + 123, .every = 1});
      const auto first = rollout::run(map, h0, {.steps = a, .every = 1});
      const auto second = rollout::run(map, first.final_state, {.steps = 123, .every = 1, .first_step = a});
      CHECK(second.final_state == whole.final_state);
      CHECK(first.states == whole.states.leftCols(a));
      CHECK(second.states == whole.states.rightCols(123));
    }
  };
  check(maps::henon{}, maps::henon::start());
  check(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start());
  check(maps::add_noise(maps::logistic{3.9}, 1e-6, {.seed = 7}), state<double, 1>{0.3});  // depends on time
  check(maps::logistic_lattice<12>{}, maps::logistic_lattice<12>::start());
  check(maps::tanh_network<double>(6, 3.0, 11), VectorXd::Constant(6, 0.1).eval());
}

TEST_CASE("rollout::run: a driven map goes on in the same inputs", "[law]") {
  const MatrixXd inputs = MatrixXd::Random(1, 40);
  const auto whole = rollout::run(summing{}, {0.5}, inputs);
  CHECK(whole.steps == 40);
  const auto first = rollout::run(summing{}, {0.5}, inputs, {.steps = 25});
  const auto second = rollout::run(summing{}, first.final_state, inputs, {.first_step = 25});
  CHECK(second.steps == 15);
  CHECK(second.final_state == whole.final_state);
  CHECK(rollout::run(summing{}, first.final_state, inputs.rightCols(15)).final_state == whole.final_state);
}

TEST_CASE("rollout::run: diverged and cancelled runs come back with what there was", "[failure]") {
  const auto r = rollout::run(doubling_up{}, {1.0}, {.steps = 5000, .every = 10});
  CHECK(r.status == status::diverged);
  CHECK(r.failed_at == 1023);
  CHECK(r.steps == 1023);
  CHECK(r.kept() == 102);
  CHECK(r.final_state[0] == 0x1p1023);
  CHECK(r.states(0, 101) == 0x1p1020);

  std::stop_source source;
  const auto stopped = rollout::run(maps::logistic{}, {0.3}, {.steps = libration::unlimited_steps, .stop = source.get_token()},
                                    [&](std::int64_t t, const state<double, 1>&) {
                                      if (t == 700) source.request_stop();
                                    });
  CHECK(stopped.status == status::cancelled);
  CHECK(stopped.steps == 768);  // the next look at the token
  CHECK(stopped.final_state == rollout::run(maps::logistic{}, {0.3}, {.steps = 768}).final_state);
  CHECK(rollout::run_result<maps::henon>{}.status == status::not_run);
}

TEST_CASE("rollout::run: mistakes are refused before the first step", "[failure]") {
  const maps::henon map;
  const auto h0 = maps::henon::start();
  const auto message = [](const auto& work) { return message_of<libration::argument_error>(work); };
  const auto refusal = [&](const rollout::run_options& options) { return message([&] { (void)rollout::run(map, h0, options); }); };
  CHECK(refusal({.steps = -1}) == "rollout::run: .steps is -1, expected >= 0");
  CHECK(refusal({.transient = -1}) == "rollout::run: .transient is -1, expected >= 0");
  CHECK(refusal({.every = -2}) == "rollout::run: .every is -2, expected >= 0");
  CHECK(refusal({.first_step = -2}) == "rollout::run: .first_step is -2, expected >= 0");
  CHECK(refusal({.steps = libration::unlimited_steps, .every = 1}).find(".every is 1, expected 0") != std::string::npos);
  CHECK(refusal({.steps = std::int64_t{1} << 50, .every = 1}).find("a larger .every") != std::string::npos);
  const MatrixXd one = MatrixXd::Zero(1, 10), two = MatrixXd::Zero(2, 10);
  CHECK(message([&] { (void)rollout::run(summing{}, {0.5}, one, {.steps = 8, .first_step = 5}); })
            .find("inputs have 10 columns, expected at least 13") != std::string::npos);
  CHECK(message([&] { (void)rollout::run(summing_vector{}, Eigen::VectorXf::Zero(3).eval(), two); })
            .find("h0 has 3 rows, expected 2") != std::string::npos);
}
