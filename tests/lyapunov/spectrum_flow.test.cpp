// SPDX-License-Identifier: MIT
// Flows under a stepper: exponents per unit of time, sum rules, the zero exponent, and the stepper's bias.
#include <libration/lyapunov/spectrum.hpp>

#include <cmath>

#include <libration/maps/euler.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/lorenz96.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/rossler.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using libration::argument_error;
using libration::status;
using libration::verdict;
using lyapunov::spectrum;
using namespace libration_test;

namespace {

// What a Runge-Kutta step of order 4 leaves of the rate of volumes: the first term of the exponential series that it lacks,
// (trace dt)^5 / 120 a step, for a Jacobian of which no eigenvalue is above the trace; ten times that for its changes along
// the step.
double volume_bias(double trace, double dt) { return 10.0 * std::pow(std::abs(trace) * dt, 5) / 120.0 / dt; }

// With an input, x - h.
struct relaxing {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  libration::state<T, 1> derivative(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {x[0] - h[0]};
  }
};

struct oscillator {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> derivative(const libration::state<T, 2>& h) const {
    return {h[1], -h[0]};
  }
};

}  // namespace

TEST_CASE("lyapunov::spectrum: Lorenz's system of 1963", "[oracle][stat]") {
  const double dt = 0.005;
  const auto r = spectrum(maps::rk4(maps::lorenz63{}, dt), maps::lorenz63::start(), {.steps = 200'000, .transient = 5000});
  CHECK(r.status == status::ok);
  CHECK(r.time_step == dt);
  check_exponent(r, 0, 0.905675, 1e-4);
  check_exponent(r, 1, 0.0);
  check_exponent(r, 2, -14.572336, 1e-4);
  const double trace = 10.0 + 1.0 + 8.0 / 3.0;
  CHECK(std::abs(r.sum + trace) < volume_bias(trace, dt));
  CHECK(r.sum_defect() < rounding(r) / dt);
  CHECK(std::abs(r.kaplan_yorke_dimension.value - 2.062150) < 4.0 * r.kaplan_yorke_dimension.standard_error + 1e-5);
  CHECK(std::abs(r.entropy_rate.value - 0.905675) < 4.0 * r.entropy_rate.standard_error + std::abs(r.exponents[1]));
  CHECK(r.verdict == verdict::chaotic);
  CHECK(r.mean_interval > 10.0);  // a flow needs it rarely
}

TEST_CASE("lyapunov::spectrum: Roessler's system", "[oracle][stat]") {
  const double dt = 0.02;
  const auto r = spectrum(maps::rk4(maps::rossler{}, dt), maps::rossler::start(), {.steps = 200'000, .transient = 5000});
  CHECK(r.status == status::ok);
  check_exponent(r, 0, 0.071362, 1.1e-4);
  check_exponent(r, 1, 0.0);
  check_exponent(r, 2, -5.394252, 1.1e-4);
}

TEST_CASE("lyapunov::spectrum: Lorenz's system of 1996, on small frames and on blocks", "[oracle][stat]") {
  const double dt = 0.02;
  const auto check = [&](auto field) {
    constexpr int n = decltype(field)::dimension;
    INFO(n << " sites");
    const auto r = spectrum(maps::rk4(field, dt), decltype(field)::start(), {.steps = 5000, .transient = 2000});
    CHECK(r.status == status::ok);
    CHECK(r.exponents.size() == n);
    // The largest rate along the orbit is about the size of a state, 10.
    CHECK(std::abs(r.sum + n) < n * volume_bias(10.0, dt));
    CHECK(r.exponents[0] > 0.0);
    // One exponent is 0: the nearest has it within its error.
    Eigen::Index nearest;
    r.exponents.cwiseAbs().minCoeff(&nearest);
    check_exponent(r, nearest, 0.0);
  };
  check(maps::lorenz96<6>{});
  check(maps::lorenz96<10>{});
}

TEST_CASE("lyapunov::spectrum: the stepper's bias is measured by a repeat at half the step", "[oracle][stat]") {
  // At dt = 0.01 Runge-Kutta's bias of the volume's rate is known from its series: it is in the third exponent.
  const auto fine = spectrum(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(), {.steps = 20'000, .stepper_bias = true});
  REQUIRE(fine.stepper_bias.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(std::abs(fine.stepper_bias[i]) < 4.0 * fine.stepper_bias_error[i] + volume_bias(13.7, 0.01));
  // Euler's step has ln det(1 + dt J) = dt tr J - dt^2/2 tr J^2 + ...: the sum's bias is -dt/2 times the mean of tr J^2, which
  // is 71 on the attractor (mean z = 23.5, mean x^2 = 8/3 mean z); between dt and dt/2 half of that, to about a tenth.
  const double dt = 0.002;
  const auto coarse = spectrum(maps::euler(maps::lorenz63{}, dt), maps::lorenz63::start(), {.steps = 50'000, .stepper_bias = true});
  REQUIRE(coarse.stepper_bias.size() == 3);
  CHECK(std::abs(coarse.stepper_bias.sum() / (-0.25 * dt * 71.0) - 1.0) < 0.3);
  CHECK(spectrum(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(), {.steps = 1000}).stepper_bias.size() == 0);
  // The repeat counts as many steps as it needs, whatever the limit of a tolerance.
  const auto limited = spectrum(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(),
                                {.steps = 2000, .tolerance = 0.5, .max_steps = 3000, .stepper_bias = true});
  CHECK(limited.status == status::ok);
  CHECK(limited.stepper_bias_steps > 3000);
}

TEST_CASE("lyapunov::spectrum: a run stopped in its repeat at half the step says so, and its bias is unknown", "[failure]") {
  std::stop_source source;
  std::int64_t last = 0;
  int passes = 0;
  const auto r = spectrum(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(),
                          {.steps = 20'000,
                           .stepper_bias = true,
                           .on_progress =
                               [&](const libration::progress& p) {
                                 if (p.done < last) ++passes;
                                 last = p.done;
                                 if (passes == 1 && p.done > 6000) source.request_stop();
                               },
                           .stop = source.get_token()});
  CHECK(passes == 1);
  CHECK(r.status == status::cancelled);
  CHECK(r.steps == 20'000);
  CHECK((r.stepper_bias.size() == 3 && r.stepper_bias.array().isNaN().all()));
  CHECK((r.stepper_bias_error.size() == 3 && r.stepper_bias_error.array().isNaN().all()));
  // Stopped in the first: the second is not begun.
  const auto first = spectrum(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(),
                              {.steps = 20'000, .stepper_bias = true, .stop = source.get_token()});
  CHECK(first.status == status::cancelled);
  CHECK(first.stepper_bias.array().isNaN().all());
}

TEST_CASE("lyapunov::spectrum: a stepper's bias above the error bar is measured without being asked for", "[oracle]") {
  // Euler's step of the harmonic oscillator multiplies by 1 ± i dt: both exponents are ln(1 + dt²)/(2 dt), about dt/2.
  const oscillator field;
  const double dt = 0.01;
  const auto exact = [](double step) { return 0.5 * std::log1p(step * step) / step; };
  const auto plain = spectrum(maps::euler(field, dt), {1.0, 0.0}, {.steps = 20'000, .frame_transient = 100});
  REQUIRE(plain.stepper_bias.size() == 2);
  CHECK(plain.stepper_bias_steps == 2000);
  CHECK(std::abs(plain.stepper_bias.sum() - 2.0 * (exact(dt) - exact(0.5 * dt))) < 1e-9);
  CHECK(plain.biased(0));
  const auto none = spectrum(maps::euler(field, dt), {1.0, 0.0}, {.steps = 20'000, .frame_transient = 100, .stepper_bias = false});
  CHECK(none.stepper_bias.size() == 0);
  CHECK(plain.exponents == none.exponents);
  // Runge-Kutta's is far below the error bar of a chaotic flow.
  const auto small = spectrum(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(), {.steps = 20'000});
  REQUIRE(small.stepper_bias.size() == 3);
  CHECK(!small.biased(0));
  CHECK(!small.biased(1));
}

TEST_CASE("lyapunov::spectrum: an iterated flow's bias is measured, a driven flow's is said to be unknown", "[oracle]") {
  // Two steps of Euler's at dt are one of 2 dt, with the exponent of a step of dt.
  const double dt = 0.01;
  const auto exact = [](double step) { return 0.5 * std::log1p(step * step) / step; };
  const auto twice = spectrum(maps::iterate(maps::euler(oscillator{}, dt), 2), {1.0, 0.0},
                              {.steps = 20'000, .frame_transient = 100, .stepper_bias = true});
  REQUIRE(twice.stepper_bias.size() == 2);
  CHECK(std::abs(twice.stepper_bias.sum() - 2.0 * (exact(dt) - exact(0.5 * dt))) < 1e-9);
  CHECK(!twice.stepper_bias_unknown);
  const auto pushed = spectrum(maps::rk4(relaxing{}, 0.1), {1.0}, Eigen::MatrixXd::Constant(1, 1200, 0.5), {.transient = 10});
  CHECK(pushed.stepper_bias.size() == 0);
  CHECK(pushed.stepper_bias_unknown);
  CHECK(!spectrum(maps::henon{}, maps::henon::start(), {.steps = 100}).stepper_bias_unknown);
}

TEST_CASE("lyapunov::spectrum: a bias can be asked of a stepper only", "[failure]") {
  bool ran = false;
  const auto text = message_of<argument_error>([&] {
    (void)spectrum(maps::henon{}, maps::henon::start(),
                   {.steps = 100, .stepper_bias = true, .on_progress = [&](const libration::progress&) { ran = true; }});
  });
  CHECK_THAT(text, Contains("stepper_bias") && Contains("with_time_step"));
  CHECK(!ran);  // a caller's mistake is told before the first step
}

TEST_CASE("lyapunov::spectrum: a flow's exponents are per unit of time whatever its step, a map's per step", "[edge]") {
  const maps::lorenz63 field;
  CHECK(spectrum(maps::rk4(field, 1.0), maps::lorenz63::start(), {.steps = 1}).per_unit_of_time);
  CHECK(spectrum(maps::rk4(field, 0.01), maps::lorenz63::start(), {.steps = 100}).per_unit_of_time);
  CHECK_FALSE(spectrum(maps::henon{}, {0.1, 0.1}, {.steps = 100}).per_unit_of_time);
}
