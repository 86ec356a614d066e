// SPDX-License-Identifier: MIT
#include <libration/maps/with_time_step.hpp>

#include <string>
#include <type_traits>

#include <Eigen/Core>
#include <fmt/format.h>

#include <libration/error/growth.hpp>
#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/llama.hpp>
#include <libration/report/format.hpp>
#include <libration/testing/laws.hpp>

#include "models/llama_reference.hpp"
#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
namespace models = libration::models;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration_test::random_layers, libration_test::random_matrix;

namespace {

// A power of two: per unit of time is then exactly four times per step.
constexpr double dt = 0.25;

void check_per_unit(const lyapunov::spectrum_result& timed, const lyapunov::spectrum_result& plain) {
  CHECK(timed.per_unit_of_time);
  CHECK(timed.time_step == dt);
  CHECK_FALSE(timed.stepper_bias_unknown);
  CHECK(timed.exponents == plain.exponents / dt);
  CHECK(timed.standard_error == plain.standard_error / dt);
  CHECK(timed.half_width == plain.half_width / dt);
  CHECK(timed.final_state == plain.final_state);
  CHECK(timed.entropy_rate.value == plain.entropy_rate.value / dt);
  CHECK(timed.kaplan_yorke_dimension.value == plain.kaplan_yorke_dimension.value);
  CHECK(fmt::format("{}", timed).find("per unit of time (a step is 0.25), over") != std::string::npos);
  CHECK(fmt::format("{}", timed).find("stepper") == std::string::npos);
}

}  // namespace

TEST_CASE("maps::with_time_step: exponents are per unit of time, and all else is the map's own", "[law]") {
  const maps::henon map;
  const auto timed = maps::with_time_step(map, dt);
  const auto h0 = maps::henon::start();
  check_per_unit(lyapunov::spectrum(timed, h0, {.steps = 20'000}), lyapunov::spectrum(map, h0, {.steps = 20'000}));
  check_per_unit(lyapunov::largest(timed, h0, {.steps = 2000}), lyapunov::largest(map, h0, {.steps = 2000}));
  CHECK(libration::testing::check_laws(timed, h0).ok());

  const auto curve = libration::error::growth(timed, h0, {.steps = 20, .windows = 2});
  CHECK(curve.per_unit_of_time);
  CHECK(curve.time[20] == 20 * dt);
  CHECK(curve.error == libration::error::growth(map, h0, {.steps = 20, .windows = 2}).error);

  // Combinators forward it.
  CHECK(maps::iterate(timed, 3).time_step() == 3 * dt);
  const auto rounded = maps::quantize(timed, maps::number_format::bfloat16());
  CHECK(rounded.time_step() == dt);
  STATIC_REQUIRE(maps::exact_steps<std::remove_const_t<decltype(rounded)>>);
  CHECK(libration_test::message_of<libration::argument_error>([&] { (void)maps::with_time_step(map, 0.0); }) ==
        "maps::with_time_step: dt is 0, expected a finite time > 0");
}

TEST_CASE("maps::with_time_step: of the library's models and of closed loops", "[law]") {
  const MatrixXd inputs = random_matrix(4, 900, 1.0, 5);
  libration_test::for_each_network<double>(0.9, [&](const std::string& name, const auto& net) {
    INFO(name);
    const VectorXd h0 = VectorXd::Zero(net.state_size());
    const auto timed = maps::with_time_step(net, dt);
    check_per_unit(lyapunov::spectrum(timed, h0, inputs, {.count = 1, .steps = 600, .transient = 100}),
                   lyapunov::spectrum(net, h0, inputs, {.count = 1, .steps = 600, .transient = 100}));
    // A loop of it, and a loop that is given one itself.
    const models::readout<double> readout(random_matrix(4, net.hidden_size(), 1.5, 9), VectorXd());
    const auto plain = lyapunov::spectrum(models::close_loop(net, readout), h0, {.count = 1, .steps = 300, .transient = 50});
    const auto inside = models::close_loop(timed, readout);
    const auto outside = maps::with_time_step(models::close_loop(net, readout), dt);
    check_per_unit(lyapunov::spectrum(inside, h0, {.count = 1, .steps = 300, .transient = 50}), plain);
    check_per_unit(lyapunov::spectrum(outside, h0, {.count = 1, .steps = 300, .transient = 50}), plain);
  });
}

TEST_CASE("maps::with_time_step: of a transformer, whose loop has it and which still reads tokens", "[law]") {
  const auto weights = libration_test::small_weights<double>(libration_test::small_llama());
  const models::llama<double> net(libration_test::small_llama(), weights, {.window = 5});
  const auto timed = maps::with_time_step(net, dt);
  STATIC_REQUIRE(maps::token_model<std::remove_const_t<decltype(timed)>>);
  auto ws = timed.make_workspace();
  VectorXd h = VectorXd::Zero(timed.state_size());
  for (const maps::token v : {3, 1, 4, 1, 5}) timed.read(v, h, ws);
  const lyapunov::spectrum_options options{.count = 1, .steps = 100, .transient = 20};
  check_per_unit(lyapunov::spectrum(models::close_loop(timed), h, options),
                 lyapunov::spectrum(models::close_loop(net), h, options));
}
