// SPDX-License-Identifier: MIT
#include <libration/error/growth.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <vector>

#include <Eigen/Core>

#include <libration/error/finite_size.hpp>
#include <libration/error/horizon.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/gauss.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace maps = libration::maps;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using libration::argument_error;
using libration::status;
using namespace libration_test;

namespace {

struct square {
  static constexpr int dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {2.0 * h[0] * h[0]};
  }
};

struct follower {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {0.5 * h[0] + x[0]};
  }
};

// A rotation of the circle, which says its period or does not, beside a phase that is not wrapped.
template <bool says>
struct rotation {
  static constexpr int dimension = 2;
  static constexpr double turn = 0.3819660112501051;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    return {libration::fract(h[0] + turn), h[1] + turn};
  }
  auto periods() const requires says { return libration::state<double, 2>{1.0, 0.0}; }
  auto unbounded() const requires says { return libration::state<bool, 2>{false, true}; }
};

// On the circle of length 6, of the given degree.
template <int degree>
struct circle {
  static constexpr int dimension = 1;
  double turn, bend;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    using std::sin;
    const T x = (1.0 / 6.0) * h[0];
    return {6.0 * libration::fract(degree * x + turn + bend * sin(6.283185307179586 * x))};
  }
};

// Cat map of angles in turns.
struct two_angles {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    return {libration::fract(2.0 * h[0] + h[1]), libration::fract(h[0] + h[1])};
  }
};

// Rounded to multiples of 1/1023, with a dither that keeps it from a cycle.
struct rounded_logistic {
  static constexpr int dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(std::int64_t t, const libration::state<T, 1>& h) const {
    const T x = 1023.0 * 3.9 * h[0] * (1.0 - h[0]) + libration::fract(0.6180339887 * static_cast<double>(t));
    return {(1.0 / 1023.0) * (x - libration::fract(x))};
  }
};

struct baker {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    // 2.999 in place of 3: a multiple of a power of two runs out of bits.
    const T x = libration::fract(2.999 * h[0]);
    return {x, (1.0 / 3.0) * (h[1] + (2.999 * h[0] - x))};
  }
};

// A slow driver whose response grows at first and then contracts faster than the driver.
struct skew_product {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    const T far = 1.0 - h[0];
    const T r = 2.8 + 1.2 * (far * far) / (0.0001 + far * far);
    return {0.1 + 0.9 * h[0], r * h[1] * (1.0 - h[1])};
  }
};

}  // namespace

TEST_CASE("error::growth: on a circle whose map says its period an error is never a turn", "[oracle]") {
  const auto r = error::growth(rotation<true>{}, {0.1, 0.0}, {.size = 1e-3, .steps = 2000, .windows = 16});
  CHECK(r.jumps == 0);
  CHECK(r.drifting.empty());
  // The standard deviation of a uniform angle, whatever the cut; the phase beside it is not bounded and not measured.
  CHECK(std::abs(r.normaliser - 1.0 / std::sqrt(12.0)) < 1e-3);
  CHECK((r.error.array() * r.normaliser / 1e-3 - 1.0).abs().maxCoeff() < 1e-9);
  const auto h = error::horizon(r, {.threshold = 0.4, .exponent = 0.0});
  CHECK(h.censored == 16);
  CHECK(h.median.time == std::numeric_limits<double>::infinity());
}

TEST_CASE("error::growth: a coordinate that wraps undeclared is a status, and no horizon is made of it", "[oracle]") {
  const auto r = error::growth(rotation<false>{}, {0.1, 0.0}, {.size = 1e-3, .steps = 2000, .windows = 16});
  CHECK(r.status == status::undeclared_period);
  CHECK(r.jumps > 0);
  REQUIRE(r.undeclared.size() == 1);
  CHECK(r.undeclared[0].coordinate == 0);
  CHECK(std::abs(r.undeclared[0].period - 1.0) < 1e-12);
  CHECK(r.undeclared[0].jumps == r.jumps);
  CHECK(r.drifting == std::vector<Eigen::Index>{1});
  CHECK(std::abs(r.normaliser - 1.0 / std::sqrt(12.0)) < 1e-3);  // not that of the phase, 1000 times as much
  const auto h = error::horizon(r, {.threshold = 0.4, .exponent = 0.0});
  CHECK(h.status == status::undeclared_period);
  CHECK(h.jumps == r.jumps);
  CHECK(std::isnan(h.median.time));
  CHECK(h.crossing.size() == 0);
  const auto sizes = error::finite_size_exponent(r);
  CHECK(sizes.status == status::undeclared_period);
  CHECK(sizes.jumps == r.jumps);
  CHECK(sizes.size.size() == 0);
}

TEST_CASE("error::growth: which jumps are those of a coordinate that wraps", "[oracle]") {
  const error::growth_options options{.size = 1e-6, .steps = 40, .windows = 200}, larger{.size = 0.02, .steps = 40, .windows = 200};
  // Circle maps, of degree 1 with a curved graph and of degree 3; two angles that mix.
  const auto undeclared = [&](const auto& map, const auto& h0, double period, std::size_t coordinates, const auto& own) {
    const auto r = error::growth(map, h0, own);
    CHECK(r.status == status::undeclared_period);
    REQUIRE(r.undeclared.size() == coordinates);
    for (const auto& u : r.undeclared) CHECK(std::abs(u.period / period - 1.0) < 1e-4);
  };
  undeclared(circle<1>{0.31, 0.02}, libration::state<double, 1>{0.2}, 6.0, 1, larger);
  undeclared(circle<3>{0.0, 0.1}, libration::state<double, 1>{0.2}, 6.0, 1, options);
  undeclared(two_angles{}, libration::state<double, 2>{0.2, 0.3}, 1.0, 2, options);
  const auto single = error::growth<libration::single>(circle<1>{0.31, 0.02}, {0.2}, larger);
  CHECK(single.status == status::undeclared_period);
  CHECK(single.undeclared.size() == 1);
  // Discontinuities of an interval, of a rounded state and of the baker's map in y, whose x alone is no circle; none at all.
  const auto discontinuous = [&](const auto& map, const auto& h0, double size) {
    auto own = options;
    own.size = size;
    const auto r = error::growth(map, h0, own);
    CAPTURE(size, r.jumps);
    CHECK(r.status == status::ok);
    CHECK(r.jumps > 0);
    CHECK(r.undeclared.empty());
    CHECK(error::horizon(r).crossing.minCoeff() <= 40.0);
  };
  discontinuous(maps::gauss{}, maps::gauss::start(), 1e-6);
  discontinuous(rounded_logistic{}, libration::state<double, 1>{0.3}, 5e-5);
  discontinuous(baker{}, libration::state<double, 2>{0.3, 0.4}, 1e-6);
  const auto henon = error::growth(maps::henon{}, {0.1, 0.1}, {.size = 1e-6, .steps = 100, .windows = 50});
  CHECK(henon.status == status::ok);
  CHECK(henon.jumps == 0);
  CHECK(henon.drifting.empty());
}

TEST_CASE("error::growth: the leading direction of a driver that falls below the response's rounding is kept", "[oracle]") {
  // At the end errors fade as the driver does, by 0.9 a step, and not by the response's 0.8.
  const auto r = error::growth(skew_product{}, {0.0, 0.3},
                               {.size = 1e-6, .direction = error::direction::leading, .steps = 20, .windows = 2, .transient = 0});
  const VectorXd mean = r.mean_log();
  CHECK(std::abs((mean[20] - mean[0]) / 20.0 - std::log(0.9)) < 1e-4);
}

TEST_CASE("error::growth: states whose squares leave the range", "[edge]") {
  const maps::basic_linear<1> twice{{{2.0}}};
  for (const int steps : {400, 600, 1000}) {
    const auto r = error::growth(twice, {1.0}, {.size = 1e-6, .steps = steps, .windows = 1, .transient = 0});
    CHECK(r.status == status::ok);
    CHECK(std::isfinite(r.normaliser));
    CHECK(r.normaliser > std::ldexp(1.0, steps - 8));
    CHECK(std::abs(r.error(0, steps) / r.error(0, 0) / std::ldexp(1.0, steps) - 1.0) < 1e-8);
  }
  const auto lost = error::growth(twice, {1.0}, {.size = 1e-6, .steps = 1100, .windows = 1, .transient = 0});
  CHECK(lost.status == status::diverged);
}

TEST_CASE("error::growth: a linear map's errors are |A^t d|, in each norm", "[oracle]") {
  Eigen::Matrix2d A;
  A << 0.9, 1.0, 0.0, 0.9;
  const maps::linear<> map(A);
  for (const auto kind : {error::norm::euclidean, error::norm::maximum, error::norm::root_mean_square}) {
    const auto r =
        error::growth(map, VectorXd::Zero(2).eval(),
                      {.size = 1e-3, .steps = 20, .windows = 5, .members = 3, .transient = 0, .norm = kind, .normaliser = 2.0});
    CHECK(r.status == status::ok);
    REQUIRE(r.pairs() == 15);
    REQUIRE(r.points() == 21);
    CHECK(r.norm == kind);
    CHECK(r.normaliser == 2.0);
    CHECK_FALSE(r.normalised_by_spread);
    CHECK((r.error.col(0).array() - 0.5e-3).abs().maxCoeff() < 1e-17);
    // A's powers are known: at most sqrt(2) times the spectral norm in the maximum norm, 3.912567 at k = 9.
    CHECK(r.error.maxCoeff() <= 0.5e-3 * 3.912567 * std::sqrt(2.0));
    CHECK(r.error.col(9).maxCoeff() > 0.5e-3 * 2.0);
    CHECK(r.diverged_pairs == 0);
  }
}

TEST_CASE("error::growth: the mean of ln error grows at the leading exponent's rate", "[differential][stat]") {
  const auto r = error::growth(maps::henon{}, {0.1, 0.1},
                               {.size = 1e-10, .direction = error::direction::leading, .steps = 40, .windows = 400});
  CHECK(r.normalised_by_spread);
  CHECK(r.normaliser > 0.7);  // the attractor's standard deviations are 0.72 and 0.22
  CHECK(r.normaliser < 0.8);
  const VectorXd mean = r.mean_log(), se = r.mean_log_error();
  // From step 5 to 30, errors are between 1e-9 and 1e-4; four standard errors of the difference.
  const double rate = (mean[30] - mean[5]) / 25.0;
  CHECK(std::abs(rate - 0.41922) < 4.0 * std::hypot(se[30], se[5]) / 25.0);
  CHECK(std::hypot(se[30], se[5]) / 25.0 < 0.01);
}

TEST_CASE("error::growth: a window sets out in the leading direction at its own start", "[oracle]") {
  // The leading eigenvector of A is (1, 0): an error in its direction is |d| 0.9^t from the first step on. The neighbour that
  // shows it is 1.5e-8 away, to eps/1.5e-8 of that.
  Eigen::Matrix2d A;
  A << 0.9, 1.0, 0.0, 0.5;
  const auto r = error::growth(
      maps::linear<>(A), Eigen::Vector2d(1.0, 1.0).eval(),
      {.size = 1e-3, .direction = error::direction::leading, .steps = 20, .windows = 3, .transient = 0, .normaliser = 1.0});
  REQUIRE(r.pairs() == 3);
  for (int t = 0; t <= 20; ++t) CHECK((r.error.col(t).array() / (1e-3 * std::pow(0.9, t)) - 1.0).abs().maxCoeff() < 1e-6);
}

TEST_CASE("error::growth: saturates where two independent points of the attractor are", "[law][stat]") {
  const auto r = error::growth(maps::logistic{4.0}, {0.3}, {.size = 1e-9, .steps = 200, .windows = 500});
  // Independent points: sqrt of the mean square distance is sqrt(2) standard deviations.
  const double late = std::sqrt(r.error.rightCols(100).array().square().mean());
  CHECK(std::abs(late - std::sqrt(2.0)) < 0.05);
  CHECK(r.quantile(0.0)[0] <= r.quantile(0.5)[0]);
  CHECK(r.quantile(1.0)[150] >= r.quantile(0.5)[150]);
  CHECK(r.rounding < 1e-15);
}

TEST_CASE("error::growth: open loop, single precision, time steps, recording every few steps", "[edge]") {
  const MatrixXd inputs = MatrixXd::Constant(1, 400, 0.25);
  const auto driven =
      error::growth(follower{}, {0.0}, inputs, {.size = 1.0, .steps = 10, .windows = 3, .transient = 20, .normaliser = 1.0});
  for (int t = 0; t <= 10; ++t) CHECK((driven.error.col(t).array() - std::pow(0.5, t)).abs().maxCoeff() < 1e-15);

  const auto flow =
      error::growth(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(), {.steps = 100, .every = 25, .windows = 2});
  CHECK(flow.per_unit_of_time);
  CHECK(flow.points() == 5);
  CHECK(std::abs(flow.time[4] - 1.0) < 1e-15);

  const auto single = error::growth<libration::single>(maps::henon{}, {0.1, 0.1}, {.size = 1e-4, .steps = 20, .windows = 10});
  CHECK(single.status == status::ok);
  CHECK(single.rounding > 1e-8);
  const auto network = error::growth(maps::tanh_network<double>(20, 2.0), maps::tanh_network<double>(20, 2.0).start(),
                                     {.size = 1e-6, .steps = 10, .windows = 4, .members = 5});
  CHECK(network.pairs() == 20);
}

TEST_CASE("error::growth: in one pass with the spectrum", "[law]") {
  const maps::henon map;
  const auto [spectrum, curve] =
      libration::analyze(map, {0.1, 0.1}, {.steps = 1000, .transient = 100}, libration::lyapunov::spectrum_estimator{},
                         error::growth_estimator{{.size = 1e-6, .steps = 50}});
  CHECK(curve.status == status::ok);
  CHECK(curve.pairs() == 20);
  CHECK(spectrum.status == status::ok);
}

TEST_CASE("error::growth_between: two maps part from the same state", "[oracle]") {
  Eigen::Matrix<double, 1, 1> a, b;
  a << 0.5;
  b << 0.75;
  const auto r = error::growth_between(maps::linear<>(a), maps::linear<>(b), VectorXd::Ones(1).eval(),
                                       {.steps = 5, .windows = 1, .transient = 0, .normaliser = 1.0});
  for (int t = 0; t <= 5; ++t) CHECK(std::abs(r.error(0, t) - (std::pow(0.75, t) - std::pow(0.5, t))) < 1e-15);
  CHECK(r.size == 0.0);
}

TEST_CASE("error::growth: divergence, cancellation, refusals", "[failure]") {
  // The reference rests at 0.5; a perturbed run leaves for infinity where it starts above.
  const auto r = error::growth(square{}, {0.5}, {.size = 1e-3, .steps = 40, .windows = 20, .transient = 0});
  CHECK(r.status == status::ok);
  CHECK(r.diverged_pairs > 0);
  CHECK(r.diverged_pairs < 20);
  CHECK(r.error.maxCoeff() == std::numeric_limits<double>::infinity());
  CHECK(r.normaliser == 1.0);  // a fixed point has no spread
  CHECK_FALSE(r.normalised_by_spread);

  const auto lost = error::growth(maps::henon{}, {10.0, 10.0}, {.steps = 10, .windows = 3, .transient = 0});
  CHECK(lost.status == status::diverged);
  CHECK(lost.failed_at >= 0);
  CHECK(lost.pairs() == 0);
  std::stop_source source;
  source.request_stop();
  CHECK(error::growth(maps::henon{}, {0.1, 0.1}, {.stop = source.get_token()}).status == status::cancelled);
  CHECK(error::growth(maps::henon{}, {0.1, 0.1}, {.size = 10.0, .steps = 10, .windows = 9}).starts_saturated());
  CHECK_FALSE(
      error::growth(maps::henon{}, {0.1, 0.1}, {.size = 1e-4, .steps = 10, .windows = 9, .normaliser = 1e-6}).starts_saturated());
  const auto swallowed = error::growth<libration::single>(maps::henon{}, {0.1, 0.1}, {.size = 1e-12, .steps = 10, .windows = 9});
  CHECK(swallowed.swallowed_pairs == 9);
  CHECK(swallowed.status == libration::status::not_resolved);

  // The windows that were finished before the orbit is infinite are kept, with the size that it had in them.
  const auto escapes = error::growth(maps::logistic{4.01}, {0.33}, {.size = 1e-9, .steps = 10, .windows = 100000, .transient = 0});
  CHECK(escapes.status == status::diverged);
  REQUIRE(escapes.pairs() >= 1);
  CHECK(std::isfinite(escapes.normaliser));
  CHECK(escapes.error.maxCoeff() > 0.0);
  CHECK(std::isfinite(escapes.rounding));

  const auto refusal = [](const error::growth_options& options) {
    return message_of<argument_error>([&] { (void)error::growth(maps::henon{}, {0.1, 0.1}, options); });
  };
  CHECK(refusal({.size = 0.0}) == "error::growth: .size is 0, expected > 0");
  CHECK_THAT(refusal({.steps = 0}), Contains(".steps is 0, expected >= 1"));
  CHECK_THAT(refusal({.every = 0}), Contains(".every is 0"));
  CHECK_THAT(refusal({.steps = 10, .every = 11}), Contains(".every is 11, expected 1 to .steps"));
  // Neither the product of options nor that of sizes wraps around, and memory that there is not is no std::bad_alloc.
  CHECK_THAT(refusal({.steps = std::int64_t{1} << 40, .windows = std::int64_t{1} << 40}), Contains("of memory"));
  CHECK_THAT(refusal({.steps = 100, .windows = 1, .members = std::int64_t{1} << 60}), Contains("of memory"));
  CHECK_THAT(message_of<argument_error>([] {
               (void)libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 100}, error::growth_estimator{{.steps = 1000}});
             }),
             Contains("error::growth: .steps is 1000, expected at most 100"));
  CHECK_THAT(refusal({.windows = 0}), Contains(".windows is 0"));
  CHECK_THAT(refusal({.members = 0}), Contains(".members is 0"));
  CHECK_THAT(refusal({.transient = -1}), Contains(".transient is -1"));
  CHECK_THAT(refusal({.alignment = 0}), Contains(".alignment is 0"));
  CHECK_THAT(refusal({.normaliser = -1.0}), Contains(".normaliser is -1"));
  CHECK_THAT(refusal({.direction = error::direction::leading, .members = 2}), Contains("one leading direction"));
  CHECK_THAT(message_of<argument_error>([] {
               (void)error::growth_between(maps::linear<>(MatrixXd::Identity(2, 2)), maps::linear<>(MatrixXd::Identity(3, 3)),
                                           VectorXd::Zero(2).eval());
             }),
             Contains("error::growth_between: the other map's state has 3 rows, expected 2"));
}
