// SPDX-License-Identifier: MIT
#include <libration/lyapunov/largest.hpp>

#include <cmath>
#include <numbers>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/ikeda.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
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
using libration::verdict;
using lyapunov::largest;
using namespace libration_test;

namespace {

// A network without a tangent: all that `largest` needs is the step.
struct without_tangent {
  using scalar_type = double;
  MatrixXd J;
  Eigen::Index state_size() const { return J.rows(); }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const { next = J * h.array().tanh().matrix(); }
};

// x -> 20.3 x mod 1.
struct twenty_fold {
  static constexpr int dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    using std::floor;
    const T y = 20.3 * h[0];
    return {y - floor(y)};
  }
};

// The logistic map whose parameter is driven: in single precision a pair is folded onto one number now and then.
struct driven_logistic {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {(3.8 + 0.1 * x[0]) * h[0] * (1.0 - h[0])};
  }
};

// A slow driver, and a response that grows at first and then contracts faster than the driver: the exponent is the driver's.
struct skew_product {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    const T far = 1.0 - h[0];
    const T r = 2.8 + 1.2 * (far * far) / (0.0001 + far * far);
    return {0.1 + 0.9 * h[0], r * h[1] * (1.0 - h[1])};
  }
};

// Maps of the circle that say nothing of their period: h -> factor h + turn modulo 1.
struct circle {
  static constexpr int dimension = 1;
  double factor, turn;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {libration::fract(factor * h[0] + turn)};
  }
};

// A chaotic component in units of any size, beside a clock.
struct chaos_with_clock {
  static constexpr int dimension = 2;
  double unit, tick;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    return {4.0 * h[0] * (1.0 - h[0] / unit), h[1] + tick};
  }
};

// h' = 9/10 h + x for h > 0; below, the slope is another one.
struct kinked {
  static constexpr int dimension = 1, input_dimension = 1;
  double below;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {libration::select(h[0] > 0.0, 0.9 * h[0], below * h[0]) + x[0]};
  }
};

struct affine {
  static constexpr int dimension = 1;
  double factor, offset;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {offset + factor * h[0]};
  }
};

void check_agree(const lyapunov::spectrum_result& two, const lyapunov::spectrum_result& tangent) {
  CHECK(two.status == status::ok);
  REQUIRE(two.exponents.size() == 1);
  INFO(two.exponents[0] << " +- " << two.standard_error[0] << ", by the tangent " << tangent.exponents[0] << " +- "
                        << tangent.standard_error[0]);
  // The separation's own size and the rounding of a difference: the square root of eps, twice.
  CHECK(std::abs(two.exponents[0] - tangent.exponents[0]) <
        4.0 * std::hypot(two.standard_error[0], tangent.standard_error[0]) + 4.0 * std::sqrt(eps));
}

}  // namespace

TEST_CASE("lyapunov::largest: closed forms", "[oracle][stat]") {
  const auto logistic = largest(maps::logistic{}, maps::logistic::start(), {.steps = 100'000});
  CHECK(logistic.status == status::ok);
  CHECK(std::abs(logistic.exponents[0] - std::numbers::ln2) < 4.0 * logistic.standard_error[0] + 1e-6);
  CHECK(logistic.verdict == verdict::chaotic);
  CHECK(logistic.steps == 100'000);
  const auto henon = largest(maps::henon{}, maps::henon::start(), {.steps = 100'000});
  CHECK(std::abs(henon.exponents[0] - 0.4192154) < 4.0 * henon.standard_error[0] + 1e-6);
  const maps::basic_linear<2> map{{{0.5, 0.2}, {0.0, 0.9}}};
  const auto linear = largest(map, {0.0, 0.0}, {.steps = 2000, .frame_transient = 500});
  CHECK(std::abs(linear.exponents[0] - std::log(0.9)) < 1e-12);
  CHECK(linear.verdict == verdict::stable);
}

TEST_CASE("lyapunov::largest: agrees with the tangent on Hénon, Ikeda, networks, driven ones too", "[differential][stat]") {
  check_agree(largest(maps::henon{}, maps::henon::start(), {.steps = 50'000}),
              lyapunov::spectrum(maps::henon{}, maps::henon::start(), {.count = 1, .steps = 50'000}));
  check_agree(largest(maps::ikeda{}, maps::ikeda::start(), {.steps = 50'000}),
              lyapunov::spectrum(maps::ikeda{}, maps::ikeda::start(), {.count = 1, .steps = 50'000}));
  check_agree(largest(maps::henon{}, maps::henon::start(), {.steps = 50'000, .interval = 5}),
              lyapunov::spectrum(maps::henon{}, maps::henon::start(), {.count = 1, .steps = 50'000}));
  const maps::tanh_network<> net(30, 3.0, 4);
  const VectorXd h = net.start();
  check_agree(largest(net, h, {.steps = 5000}), lyapunov::spectrum(net, h, {.count = 1, .steps = 5000}));
  check_agree(largest(without_tangent{net.matrix()}, h, {.steps = 5000}), lyapunov::spectrum(net, h, {.count = 1, .steps = 5000}));
  // A driven network along given inputs: the same orbit, so that the two estimates hardly differ.
  const libration::models::rnn<double> rnn(random_layers<double>(1, 4, {12}, 0.9));
  const VectorXd zero = VectorXd::Zero(12);
  const MatrixXd inputs = uniform_inputs(4, 6000, 2);
  const auto two = largest(rnn, zero, inputs, {.transient = 500, .frame_transient = 500});
  CHECK(two.steps == 5000);
  const auto tangent = lyapunov::spectrum(rnn, zero, inputs, {.count = 1, .transient = 500, .frame_transient = 500});
  check_agree(two, tangent);
  CHECK(std::abs(two.exponents[0] - tangent.exponents[0]) < 1e-4);
}

TEST_CASE("lyapunov::largest: a pair that is folded onto one point is set out anew and counted", "[stat]") {
  std::int64_t merged = 0;
  for (std::uint64_t k = 0; k < 30; ++k) {
    const MatrixXd inputs = uniform_inputs(1, 21'100, 77 + k);
    const auto two = largest<libration::single>(driven_logistic{}, {0.3 + 0.001 * static_cast<double>(k)}, inputs,
                                                {.steps = 20'000, .seed = k});
    const auto tangent = lyapunov::spectrum(driven_logistic{}, {0.3}, inputs, {.steps = 20'000});
    CHECK(two.status == status::ok);
    CHECK(two.verdict == verdict::chaotic);
    // 30 pairs of estimates: one is beyond five standard errors by chance once in 30,000 runs of this test.
    CHECK(std::abs(two.exponents[0] - tangent.exponents[0]) < 5.0 * std::hypot(two.standard_error[0], tangent.standard_error[0]));
    merged += two.merged_pairs;
  }
  CHECK(merged > 0);
}

TEST_CASE("lyapunov::largest: a direction that falls below the state's rounding is renewed", "[oracle]") {
  for (const int transient : {0, 20, 1000}) {
    const auto r = largest(skew_product{}, {0.0, 0.3}, {.steps = 5000, .transient = transient, .frame_transient = 1000});
    CHECK(r.status == status::ok);
    CHECK(std::abs(r.exponents[0] - std::log(0.9)) < r.half_width[0]);
    // The response bends by 2.4/0.0001 · h(1 - h) = 5500 where the driver rests: half of that times the separation, √eps |h| =
    // 1.8e-8, is 5.4e-5 of the driver's 0.9 a step.
    CHECK(r.half_width[0] < 3.0 * 5.4e-5);
  }
  const auto single = largest<libration::single>(skew_product{}, {0.0, 0.3}, {.steps = 5000, .frame_transient = 1000});
  CHECK(std::abs(single.exponents[0] - std::log(0.9)) < single.half_width[0]);
}

TEST_CASE("lyapunov::largest: a separation that still turns is in the error bar, or left out", "[oracle]") {
  // The response's direction takes some 200 steps to give way to the driver's, whose share has fallen to an ulp: at first the
  // growth is ln 0.8, and the mean of 5000 steps is off by 1e-3.
  for (const std::int64_t transient : {0, 20, 200})
    for (const std::int64_t frame_transient : {lyapunov::automatic, std::int64_t{0}, std::int64_t{50}, std::int64_t{100}})
      for (const std::int64_t steps : {1000, 5000, 20'000}) {
        const lyapunov::largest_options options{.steps = steps, .transient = transient, .frame_transient = frame_transient};
        const auto r = largest(skew_product{}, {0.0, 0.3}, options);
        INFO("transient " << transient << ", frame transient " << frame_transient << ", " << steps << " steps: " << r.exponents[0]
                          << " +- " << r.half_width[0] << ", left out " << steps - r.steps);
        CHECK(r.status == status::ok);
        CHECK(std::abs(r.exponents[0] - std::log(0.9)) < r.half_width[0]);
        if (frame_transient == lyapunov::automatic) {
          CHECK(r.half_width[0] < 3.0 * 5.4e-5 + 0.02 / static_cast<double>(steps));
          CHECK(r.frame_steps >= std::max<std::int64_t>(100, steps / 16));
        } else {
          CHECK(r.steps == steps);
        }
      }
  // A spectrum of one exponent is the same. A single component has nothing to turn.
  const auto one =
      lyapunov::spectrum(skew_product{}, {0.0, 0.3}, {.count = 1, .steps = 5000, .transient = 0, .frame_transient = 60});
  CHECK(std::abs(one.exponents[0] - std::log(0.9)) < one.half_width[0]);
  CHECK(largest(maps::logistic{3.2}, {0.3}, {.steps = 3000, .transient = 0, .frame_transient = 0}).frame_error[0] == 0.0);
  // An automatic transient takes no more of a matrix of inputs than it has room for.
  const auto inputs = uniform_inputs(1, 2150, 3);
  const auto driven = largest(driven_logistic{}, {0.3}, inputs, {.steps = 2000, .transient = 20});
  CHECK(driven.steps == 2000);
  CHECK(driven.frame_steps == 125);
  CHECK(largest(driven_logistic{}, {0.3}, inputs, {.steps = 2040, .transient = 10}).frame_steps == 100);
}

TEST_CASE("lyapunov::largest: a pair astride a discontinuity counts no growth, and is evidence", "[oracle]") {
  for (const double separation : {0.0, 1e-3}) {
    const auto turned = largest(circle{1.0, 0.3819660112501051}, {0.1}, {.steps = 100'000, .separation = separation});
    CHECK(turned.verdict == verdict::neutral);
    CHECK(std::abs(turned.exponents[0]) < 4.0 * turned.standard_error[0] + 1e-15);
    const auto tripled = largest(circle{3.0, 0.0}, {0.1}, {.steps = 100'000, .separation = separation});
    CHECK(std::abs(tripled.exponents[0] - std::log(3.0)) < 4.0 * tripled.standard_error[0] + 1e-12);
    if (separation > 0.0) {
      CHECK(turned.jumps > 0);
      CHECK(tripled.jumps > 0);
    }
  }
  const auto single = largest<libration::single>(circle{1.0, 0.3819660112501051}, {0.1}, {.steps = 100'000});
  CHECK(single.verdict == verdict::neutral);
  CHECK(single.jumps > 0);
  // A large expansion is none: there is nothing to be seen on the other side.
  CHECK(largest(affine{1e3, 1.0}, {1.0}, {.steps = 80, .transient = 0, .frame_transient = 0}).jumps == 0);
}

TEST_CASE("lyapunov::largest: a pair astride a kink is part of the error, however seldom it is", "[oracle]") {
  // The state rests at 5, but for one step, in which it stands beside the kink.
  for (const double below : {0.09, 0.0, 40.0, 1e4})
    for (const double beside : {1e-12, -1e-12}) {
      const double slope = beside > 0.0 ? 0.9 : below;
      double off = 0.0;
      for (int at = 20; at < 60; ++at) {
        MatrixXd inputs = MatrixXd::Constant(1, 110, 0.5);
        inputs(0, at) = beside - 4.5;
        const auto r = largest(kinked{below}, {5.0}, inputs,
                               {.transient = 0, .frame_transient = 10, .seed = static_cast<std::uint64_t>(at)});
        INFO("slopes 0.9 and " << below << ", at step " << at << ": " << r.exponents[0] << " +- " << r.standard_error[0]
                               << " and rounding " << r.rounding[0]);
        if (slope == 0.0) {  // minus infinity, which no error bar holds
          CHECK((r.exponents[0] == -infinity || r.rounding[0] > 0.05));
          continue;
        }
        const double wanted = std::log(0.9) + std::log(slope / 0.9) / 100.0;
        CHECK(std::abs(r.exponents[0] - wanted) <= r.rounding[0] + 1e-6);
        off = std::max(off, std::abs(r.exponents[0] - wanted));
      }
      if (slope > 0.0) CHECK(off > 1e-3);
    }
}

TEST_CASE("lyapunov::largest: states in any unit, beside a clock, and a long interval", "[law][stat]") {
  for (const double unit : {1e-200, 1e-9, 1.0, 1e200}) {
    const auto r = largest(chaos_with_clock{unit, 0.0}, {0.3 * unit, 0.0}, {.steps = 20'000});
    CHECK(std::abs(r.exponents[0] - std::numbers::ln2) < 4.0 * r.standard_error[0]);
    CHECK(r.standard_error[0] < 0.01);
    CHECK(r.verdict == verdict::chaotic);
  }
  const auto clock = largest(chaos_with_clock{1.0, 1.0}, {0.3, 1e6}, {.steps = 20'000});
  CHECK(std::abs(clock.exponents[0] - std::numbers::ln2) < 4.0 * clock.standard_error[0]);
  CHECK(clock.rounding[0] > 1e-4);  // a separation of 1e-8 of the clock is a large one for what stands beside it
  // Not one that overflows in 100 steps, or whose distance is that of two independent points.
  for (const std::int64_t interval : {7, 100, 1'000'000}) {
    const auto r = largest(maps::logistic{}, maps::logistic::start(), {.steps = 50'000, .interval = interval});
    CHECK(std::abs(r.exponents[0] - std::numbers::ln2) < 4.0 * r.standard_error[0]);
  }
}

TEST_CASE("lyapunov::largest: how far the separation's size and rounding let it be trusted", "[law]") {
  const auto twice = largest(maps::henon{}, maps::henon::start(), {.steps = 20'000});
  const auto once = largest<libration::single>(maps::henon{}, maps::henon::start(), {.steps = 20'000});
  CHECK(twice.rounding[0] > 1e-9);
  CHECK(twice.rounding[0] < 1e-6);
  CHECK(once.rounding[0] > 1e-5);
  CHECK(once.rounding[0] < 1e-2);
  CHECK(once.half_width[0] > 2.0 * once.rounding[0]);
  CHECK(largest(maps::basic_linear<1>{{{0.5}}}, {0.0}, {.steps = 100}).rounding[0] == 0.0);
  // Also where every step expands by so much that it is looked at twice.
  const auto steep = largest(twenty_fold{}, {0.3}, {.steps = 20'000});
  CHECK(steep.rounding[0] > 1e-10);
  CHECK(steep.rounding[0] < 1e-6);
  CHECK(std::abs(steep.exponents[0] - std::log(20.3)) < 4.0 * steep.standard_error[0]);
}

TEST_CASE("lyapunov::largest: a step that forgets the state has minus infinity, one below rounding only a bound", "[edge]") {
  for (const double offset : {0.0, 0.5}) {
    const auto r = largest(affine{0.0, offset}, {0.0}, {.steps = 100});
    CHECK(r.status == status::ok);
    CHECK(r.exponents[0] == -infinity);
    CHECK(r.verdict == verdict::stable);
  }
  const auto bound = largest(affine{1e-10, 0.5}, {0.0}, {.steps = 100});
  CHECK(bound.status == status::not_resolved);
  CHECK(bound.exponents[0] > std::log(1e-10));
  CHECK(bound.exponents[0] < std::log(1e-7));
  CHECK(std::isnan(bound.standard_error[0]));
  CHECK(bound.unresolved_steps > 0);
  const auto wider = largest(affine{1e-10, 0.5}, {0.0}, {.steps = 100, .separation = 1e-2});
  CHECK(wider.status == status::ok);
  CHECK(std::abs(wider.exponents[0] - std::log(1e-10)) < 4.0 * wider.standard_error[0]);
}

TEST_CASE("lyapunov::largest: an orbit that falls onto an unstable cycle in floating point is no orbit", "[edge]") {
  // Each doubling modulo 1 takes a binary digit; after 54 of them the state is 0, whose exponent is ln 2 as well.
  const auto fallen = largest(circle{2.0, 0.0}, {0.1}, {.steps = 1000});
  CHECK(fallen.status == status::collapsed);
  CHECK(fallen.cycle_length == 1);
  CHECK(largest(circle{2.0, 0.0}, {0.0}, {.steps = 1000}).status == status::ok);  // it begins there
}

TEST_CASE("lyapunov::largest: statuses and refusals", "[failure]") {
  CHECK(largest(maps::henon{}, {10.0, 10.0}).status == status::diverged);
  CHECK(largest(maps::henon{}, {10.0, 10.0}).failed_at >= 0);
  // Squares overflow long before the states: h' = 1e10 h is followed to its last finite state, 1e308.
  const auto far = largest(maps::basic_linear<1>{{{1e10}}}, {1.0}, {.steps = 40, .transient = 0, .frame_transient = 0});
  CHECK(far.status == status::diverged);
  CHECK(far.failed_at == 30);
  CHECK(std::abs(far.exponents[0] - std::log(1e10)) < 1e-6);
  std::stop_source source;
  source.request_stop();
  CHECK(largest(maps::henon{}, {0.1, 0.1}, {.stop = source.get_token()}).status == status::cancelled);
  const auto refusal = [](const lyapunov::largest_options& options) {
    return message_of<argument_error>([&] { (void)largest(maps::henon{}, {0.1, 0.1}, options); });
  };
  CHECK_THAT(refusal({.steps = -1}), Contains("lyapunov::largest: .steps is -1, expected >= 0"));
  CHECK_THAT(refusal({.transient = -1}), Contains(".transient is -1"));
  CHECK_THAT(refusal({.frame_transient = -2}), Contains(".frame_transient is -2, expected >= 0 (or automatic, -1)"));
  CHECK_THAT(refusal({.interval = -1}), Contains(".interval is -1"));
  CHECK_THAT(refusal({.interval = std::int64_t{1} << 60}), Contains(".interval is 1152921504606846976, expected 0 to 1000000"));
  CHECK_THAT(refusal({.separation = -1.0}), Contains(".separation is -1"));
  CHECK_THAT(refusal({.separation = 0.5}), Contains("expected 0 to 0.01"));
  CHECK_THAT(refusal({.separation = 1e-16}), Contains("expected 0 or at least"));
  CHECK_THAT(message_of<argument_error>(
                 [] { (void)largest<libration::single>(maps::henon{}, {0.1, 0.1}, {.separation = 1e-8}); }),
             Contains("lyapunov::largest: .separation is"));
  CHECK_THAT(refusal({.neutral_margin = -1.0}), Contains(".neutral_margin is -1"));
  CHECK_THAT(message_of<argument_error>([] { (void)largest(maps::linear<>(MatrixXd::Ones(2, 2)), VectorXd::Zero(3).eval()); }),
             Contains("lyapunov::largest: h0 has 3 rows, expected 2"));
  CHECK_THAT(message_of<argument_error>([] { (void)largest(maps::henon{}, {infinity, 0.0}); }), Contains("not finite"));
}
