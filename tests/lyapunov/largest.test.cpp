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

TEST_CASE("lyapunov::largest: two trajectories that merge have minus infinity", "[edge]") {
  const maps::basic_linear<1> nothing{{{0.0}}};
  const auto r = largest(nothing, {0.0}, {.steps = 100});
  CHECK(r.status == status::ok);
  CHECK(r.exponents[0] == -infinity);
  CHECK(r.verdict == verdict::stable);
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
  CHECK_THAT(refusal({.frame_transient = -1}), Contains(".frame_transient is -1"));
  CHECK_THAT(refusal({.interval = -1}), Contains(".interval is -1"));
  CHECK_THAT(refusal({.separation = -1.0}), Contains(".separation is -1"));
  CHECK_THAT(refusal({.neutral_margin = -1.0}), Contains(".neutral_margin is -1"));
  CHECK_THAT(message_of<argument_error>([] { (void)largest(maps::linear<>(MatrixXd::Ones(2, 2)), VectorXd::Zero(3).eval()); }),
             Contains("lyapunov::largest: h0 has 3 rows, expected 2"));
  CHECK_THAT(message_of<argument_error>([] { (void)largest(maps::henon{}, {infinity, 0.0}); }), Contains("not finite"));
}
