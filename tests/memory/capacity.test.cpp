// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/memory/capacity.hpp>
#include <libration/memory/linear_capacity.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status, libration::vector_span, libration::vector_view;
using libration::memory::capacity, libration::memory::capacity_options, libration::memory::capacity_result;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A ring of n units with gain r, the input at the first, and noise in each that is a function of the step.
struct ring {
  using scalar_type = double;
  Index n = 10;
  double r = 0.9, noise = 0.0;
  Index state_size() const { return n; }
  Index input_size() const { return 1; }
  void step(std::int64_t t, vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    const libration::random_stream numbers(3, 9);
    for (Index i = 0; i < n; ++i) {
      next[i] = r * h[i == 0 ? n - 1 : i - 1] + (i == 0 ? x[0] : 0.0);
      if (noise > 0.0) next[i] += noise * numbers.normal(static_cast<std::uint64_t>(t * n + i));
    }
  }
  MatrixXd matrix() const {
    MatrixXd W = MatrixXd::Zero(n, n);
    for (Index i = 0; i < n; ++i) W(i, i == 0 ? n - 1 : i - 1) = r;
    return W;
  }
};

VectorXd first_unit(Index n) {
  VectorXd v = VectorXd::Zero(n);
  v[0] = 1.0;
  return v;
}

}  // namespace

TEST_CASE("memory::capacity: of linear maps, linear_capacity", "[oracle][stat]") {
  SECTION("without noise") {
    const ring map;
    const capacity_result r = capacity(map, VectorXd::Zero(10), {.lags = 30, .steps = 4000});
    REQUIRE(r.status == status::ok);
    const auto exact = libration::memory::linear_capacity(map.matrix(), first_unit(10), {.lags = 30});
    // What N training steps miss, n/N of 1 - MC, and four standard errors of the held-out steps; 30 lags: one seed in 500 fails.
    for (Index k = 0; k < 30; ++k) {
      INFO("lag " << k << ": " << r.capacity[k] << " +- " << r.standard_error[k] << ", exact " << exact.capacity[k]);
      const double missed = 10.0 / 2000.0 * (1.0 - exact.capacity[k]);
      CHECK(std::abs(r.capacity[k] - exact.capacity[k]) < 4.0 * r.standard_error[k] + 3.0 * missed);
      CHECK(r.significant(k) == (exact.capacity[k] > 0.05));
    }
    CHECK(std::abs(r.total - exact.capacity.sum()) < 4.0 * r.total_standard_error + 0.4);
    CHECK(r.rank == 10);
  }
  SECTION("with noise, whose readouts have errors") {
    const ring map{.n = 10, .r = 0.9, .noise = 0.3};
    const capacity_result r = capacity(map, VectorXd::Zero(10), {.lags = 25, .steps = 8000, .seed = 4});
    const auto exact =
        libration::memory::linear_capacity(map.matrix(), first_unit(10), {.lags = 25, .power = 1.0 / 3.0, .noise = 0.09});
    for (Index k = 0; k < 25; ++k) {
      INFO("lag " << k << ": " << r.capacity[k] << " +- " << r.standard_error[k] << ", exact " << exact.capacity[k]);
      CHECK(r.standard_error[k] > 0.0);
      CHECK(std::abs(r.capacity[k] - exact.capacity[k]) < 4.0 * r.standard_error[k] + 3.0 * 10.0 / 4000.0);
    }
    CHECK(r.training_floor < 0.004);  // n/N = 0.0025
  }
}

TEST_CASE("memory::capacity: the floor of permuted signals, and the bias of training steps", "[stat]") {
  // States that have nothing to do with the signal: n/N on N training steps, about -n/N on the others.
  const Index n = 60, T = 701;
  MatrixXd states(n, T), signal(T, 1);
  libration::random_stream(1, 2).fill_normal(states);
  libration::random_stream(1, 3).fill_normal(signal);
  const capacity_result r = capacity(states, signal.col(0), {.lags = 20, .training = 0.44, .ridge = 1e-9, .permutations = 40});
  CHECK(r.training_steps == 300);
  CHECK(r.held_out_steps == T - 19 - 300 - 20);
  // Of 40 permutations and 20 lags the deviation of one is about 0.03: four standard errors.
  CHECK(std::abs(r.training_floor - 60.0 / 300.0) < 0.025);
  CHECK(std::abs(r.training.mean() - 60.0 / 300.0) < 0.03);
  CHECK(r.floor < -0.15);  // n/(N - n) of the variance is what the weights' noise adds
  CHECK(r.floor > -0.35);
  CHECK(r.floor_deviation > 0.01);
  for (Index k = 0; k < 20; ++k) CHECK(!r.significant(k));
  // A ridge that is chosen gives up instead.
  const capacity_result chosen = capacity(states, signal.col(0), {.lags = 20, .training = 0.44});
  CHECK(chosen.floor > -0.06);
  CHECK(chosen.floor < 0.02);
  CHECK(chosen.ridge.minCoeff() >= 1e-14);

  // The same seed, the same digits; another scale of states and signal too.
  const capacity_result again = capacity(states, signal.col(0), {.lags = 20, .training = 0.44});
  CHECK(again.floor == chosen.floor);
  CHECK((again.capacity - chosen.capacity).norm() == 0.0);
  const capacity_result scaled = capacity(0x1p400 * states, 0x1p-300 * signal.col(0), {.lags = 20, .training = 0.44});
  CHECK((scaled.capacity - chosen.capacity).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("memory::capacity: given inputs, single precision, and a run that diverges", "[differential][edge]") {
  const ring map;
  const MatrixXd inputs = [] {
    MatrixXd x(2, 2500);
    libration::random_stream(1, 8).fill_normal(x);
    return x;
  }();
  const capacity_result r = capacity(map, VectorXd::Zero(10), inputs.topRows(1), {.lags = 12, .steps = 2000, .transient = 500});
  // The states by a loop.
  MatrixXd states(10, 2000);
  VectorXd h = VectorXd::Zero(10), next(10);
  for (Index t = 0; t < 2500; ++t) {
    map.step(t, h, inputs.col(t).head(1), next);
    h = next;
    if (t >= 500) states.col(t - 500) = h;
  }
  const capacity_result same = capacity(states, inputs.row(0).tail(2000), {.lags = 12});
  CHECK((r.capacity - same.capacity).cwiseAbs().maxCoeff() < 1e-12);
  const capacity_result single = capacity(states.cast<float>(), inputs.row(0).tail(2000), {.lags = 12});
  CHECK((single.capacity - same.capacity).cwiseAbs().maxCoeff() < 1e-5);
  // A component that says nothing leaves a direction out.
  MatrixXd more(11, 2000);
  more << states, 3.0 * states.row(2);
  const capacity_result wider = capacity(more, inputs.row(0).tail(2000), {.lags = 12, .ridge = 1e-12});
  const capacity_result fixed = capacity(states, inputs.row(0).tail(2000), {.lags = 12, .ridge = 1e-12});
  CHECK(wider.rank == 10);
  CHECK((wider.capacity - fixed.capacity).cwiseAbs().maxCoeff() < 1e-6);

  const capacity_result away = capacity(ring{.n = 4, .r = 1e3}, VectorXd::Ones(4), {.lags = 5});
  CHECK(away.status == status::diverged);
  CHECK(away.capacity.size() == 0);
}

TEST_CASE("memory::capacity: what is refused", "[failure]") {
  const MatrixXd states = MatrixXd::Random(5, 100);
  const VectorXd signal = VectorXd::Random(100);
  const auto message = [](const MatrixXd& h, const VectorXd& u, const capacity_options& options) {
    return message_of<argument_error>([&] { (void)capacity(h, u, options); });
  };
  CHECK(message(states, signal.head(99), {.lags = 3}) ==
        "memory::capacity: the signal has 99 values, expected 100 (the columns of the states)");
  CHECK(message(MatrixXd::Random(60, 100), signal, {.lags = 3}) ==
        "memory::capacity: 49 training steps for a state of 60 components, expected at least 62: more steps, or a larger "
        ".training");
  CHECK(message(states, signal, {.lags = 3, .training = 0.8}) ==
        "memory::capacity: 17 held-out steps, expected at least 32: more steps, fewer .lags or a smaller .training");
  CHECK(message(states, signal, {.lags = 200}).find("memory::capacity: 0 training steps") == 0);
  CHECK(message(states, VectorXd::Ones(100), {.lags = 3}) == "memory::capacity: the signal is constant on the training steps");
  CHECK(message(MatrixXd::Ones(5, 100), signal, {.lags = 3}) ==
        "memory::capacity: the states are constant on the training steps");
  CHECK(message(states, signal * infinity, {.lags = 3}) == "memory::capacity: the signal has a value that is not finite");
  CHECK(message(states * infinity, signal, {.lags = 3}) == "memory::capacity: states have an entry that is not finite");
  CHECK(message(states, signal, {.lags = 0}) == "memory::capacity: .lags is 0, expected >= 1");
  CHECK(message(states, signal, {.training = 1.0}) == "memory::capacity: .training is 1, expected a share in (0, 1)");
  CHECK(message(states, signal, {.ridge = -1.0}) == "memory::capacity: .ridge is -1, expected finite and >= 0");
  CHECK(message(states, signal, {.permutations = 1}) == "memory::capacity: .permutations is 1, expected >= 2");
  CHECK(message(states, signal, {.block = 0}) == "memory::capacity: .block is 0, expected >= 1");
  CHECK(message_of<argument_error>([] {
          (void)capacity(ring{}, VectorXd::Zero(10), MatrixXd::Random(1, 100), {.steps = 90, .transient = 20});
        }) == "memory::capacity: inputs have 100 columns, expected at least 110 (.transient and .steps)");
  CHECK(message_of<argument_error>([] { (void)capacity(ring{}, VectorXd::Zero(10), {.component = 1}); }) ==
        "memory::capacity: .component is 1, expected 0 to 0");
  CHECK(capacity_result{}.status == status::not_run);
}
