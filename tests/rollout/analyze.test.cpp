// SPDX-License-Identifier: MIT
#include <libration/rollout/analyze.hpp>

#include <cmath>
#include <stop_token>

#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/models/rnn.hpp>

#include "lyapunov/support.hpp"
#include "models/networks.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;
using libration::status;
using lyapunov::largest_estimator;
using lyapunov::spectrum_estimator;
using namespace libration_test;

namespace {

// Depends on the step's number and on an input.
struct timed_driven {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  libration::state<T, 2> operator()(std::int64_t t, const libration::state<T, 2>& h, const libration::state<T, 1>& x) const {
    const double a = t % 2 == 0 ? 1.4 : 1.2;
    return {1.0 - a * h[0] * h[0] + h[1] + 1e-3 * x[0], 0.3 * h[0]};
  }
};

}  // namespace

TEST_CASE("analyze: one pass gives each estimator the digits of a pass of its own", "[differential]") {
  const lyapunov::spectrum_options both{.steps = 3000, .transient = 200, .frame_transient = 100},
      leading{.count = 1, .steps = 3000, .transient = 200, .frame_transient = 100};
  const lyapunov::largest_options two{.steps = 3000, .transient = 200, .frame_transient = 100};
  const auto [a, b, c] = libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 3000, .transient = 200},
                                            spectrum_estimator{{.frame_transient = 100}},
                                            largest_estimator{{.frame_transient = 100}},
                                            spectrum_estimator{{.count = 1, .frame_transient = 100}});
  CHECK(difference(a, lyapunov::spectrum(maps::henon{}, {0.1, 0.1}, both)) == "");
  CHECK(difference(b, lyapunov::largest(maps::henon{}, {0.1, 0.1}, two)) == "");
  const auto alone = lyapunov::spectrum(maps::henon{}, {0.1, 0.1}, leading);
  CHECK(difference(c, alone) == "");
  CHECK(c.exponents.size() == 1);
}

TEST_CASE("analyze: the same for a vector map, and for estimators that warm up for different times", "[differential]") {
  const maps::tanh_network<> net(8, 2.0, 3);
  const VectorXd h = net.start();
  const lyapunov::spectrum_options wide{.steps = 600, .transient = 50}, narrow{.count = 3, .steps = 600, .transient = 50};
  const auto [a, b] =
      libration::analyze(net, h, {.steps = 600, .transient = 50}, spectrum_estimator{}, spectrum_estimator{{.count = 3}});
  CHECK(difference(a, lyapunov::spectrum(net, h, wide)) == "");
  CHECK(difference(b, lyapunov::spectrum(net, h, narrow)) == "");
  // One that warms up for 40 steps less begins 40 steps later: the same steps are counted.
  const auto [c, d] = libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 500, .transient = 20},
                                         spectrum_estimator{{.frame_transient = 90}}, spectrum_estimator{{.frame_transient = 50}});
  CHECK(c.steps == 500);
  CHECK(d.steps == 500);
  CHECK(difference(c, lyapunov::spectrum(maps::henon{}, {0.1, 0.1}, {.steps = 500, .transient = 20, .frame_transient = 90})) == "");
  CHECK(difference(d, lyapunov::spectrum(maps::henon{}, {0.1, 0.1}, {.steps = 500, .transient = 60, .frame_transient = 50})) == "");
}

TEST_CASE("analyze: inputs as a matrix, as a callable and one by one are the same", "[differential]") {
  const MatrixXd inputs = uniform_inputs(1, 1000, 5);
  const auto callable = [&](std::int64_t t, libration::vector_span<double> x) { x = inputs.col(t); };
  const lyapunov::spectrum_options options{.steps = 800, .transient = 50};
  const auto by_matrix = lyapunov::spectrum(timed_driven{}, {0.1, 0.1}, inputs, options);
  CHECK(by_matrix.status == status::ok);
  CHECK(difference(lyapunov::spectrum(timed_driven{}, {0.1, 0.1}, callable, options), by_matrix) == "");
  CHECK(by_matrix.sum_defect() < rounding(by_matrix));
  const auto [a, b] = libration::analyze(timed_driven{}, {0.1, 0.1}, inputs, {.steps = 800, .transient = 50},
                                         spectrum_estimator{}, largest_estimator{});
  CHECK(difference(a, by_matrix) == "");
  CHECK(std::abs(b.exponents[0] - a.exponents[0]) < 1e-3);  // along the same orbit

  const libration::models::rnn<double> rnn(random_layers<double>(1, 1, {5}, 0.9));
  const VectorXd zero = VectorXd::Zero(5);
  const auto net_matrix = lyapunov::spectrum(rnn, zero, inputs, options);
  CHECK(difference(lyapunov::spectrum(rnn, zero, callable, options), net_matrix) == "");
  const auto [c] = libration::analyze(rnn, zero, callable, {.steps = 800, .transient = 50}, spectrum_estimator{});
  CHECK(difference(c, net_matrix) == "");
}

TEST_CASE("analyze: what does not fit is refused before the first step", "[failure]") {
  const auto refusal = [](auto&& work) { return message_of<argument_error>(work); };
  CHECK_THAT(refusal([] {
               (void)libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = -1}, spectrum_estimator{});
             }),
             Contains("analyze: .steps is -1, expected >= 0"));
  CHECK_THAT(refusal([] {
               (void)libration::analyze(maps::henon{}, {0.1, 0.1}, {.transient = -1}, spectrum_estimator{});
             }),
             Contains("analyze: .transient is -1"));
  CHECK_THAT(refusal([] {
               (void)libration::analyze(maps::henon{}, {0.1, 0.1}, {}, spectrum_estimator{{.count = 7}});
             }),
             Contains(".count is 7"));
  // What the pass decides is not silently ignored in an estimator's options.
  const auto with = [&](const lyapunov::spectrum_options& options) {
    return refusal([&] { (void)libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 10}, spectrum_estimator{options}); });
  };
  CHECK(with({.steps = 500}) ==
        "analyze: an estimator's .steps is set, which the pass decides: give it in the options of analyze");
  CHECK_THAT(with({.transient = 0}), Contains(".transient is set"));
  CHECK_THAT(with({.tolerance = 0.1, .max_steps = 5000}), Contains(".max_steps is set"));
  CHECK_THAT(with({.stepper_bias = false}), Contains(".stepper_bias (of lyapunov::spectrum alone) is set"));
  CHECK_THAT(with({.on_progress = [](const libration::progress&) {}}), Contains(".on_progress is set"));
  std::stop_source source;
  CHECK_THAT(with({.stop = source.get_token()}), Contains(".stop is set"));
  CHECK_THAT(refusal([] {
               (void)libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 10}, lyapunov::largest_estimator{{.transient = 5}});
             }),
             Contains("an estimator's .transient is set"));
  bool called = false;
  const auto callable = [&](std::int64_t, libration::vector_span<double> x) {
    called = true;
    x.setZero();
  };
  CHECK_THAT(refusal([&] {
               (void)libration::analyze(timed_driven{}, {0.1, infinity}, callable, {.steps = 10}, spectrum_estimator{});
             }),
             Contains("analyze: h0 has a component that is not finite (1)"));
  CHECK(!called);
  CHECK_THAT(refusal([] {
               (void)libration::analyze(timed_driven{}, {0.1, 0.1}, MatrixXd::Zero(1, 100).eval(), {.steps = 50, .transient = 10},
                                        spectrum_estimator{});
             }),
             Contains("inputs have 100 columns, expected at least 160 (110 steps of transients and 50 counted)"));
}

TEST_CASE("analyze: a run that ends early ends for each estimator", "[failure]") {
  const auto [a, b] = libration::analyze(maps::henon{}, {10.0, 10.0}, {.steps = 100}, spectrum_estimator{}, largest_estimator{});
  CHECK(a.status == status::diverged);
  CHECK(b.status == status::diverged);
  CHECK(a.failed_at >= b.failed_at);  // the separation overflows before the orbit does
}
