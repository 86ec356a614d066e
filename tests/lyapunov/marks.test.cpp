// SPDX-License-Identifier: MIT
// What a run comes back with at chosen marks, from the first step on, and the state that it ends in.
#include <libration/lyapunov/spectrum.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <Eigen/Core>
#include <Eigen/LU>

#include <libration/error/growth.hpp>
#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/largest.hpp>
#include <libration/maps/doubling.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/rollout/run.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
namespace rollout = libration::rollout;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::state, libration::status;
using libration_test::message_of;
using lyapunov::spectrum, lyapunov::spectrum_options;

namespace {

// h' = A_t h + x, A_t alternating between a rotation with growth and a shear: a driven linear map of which the product is known.
struct alternating {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>& x) const {
    return {x[0] * h[0] + 0.5 * h[1], 0.3 * h[1] - 0.2 * h[0]};
  }
  static Eigen::Matrix2d jacobian(double x) { return Eigen::Matrix2d{{x, 0.5}, {-0.2, 0.3}}; }
};

void check_equal(const lyapunov::spectrum_result& a, const lyapunov::spectrum_result& b) {
  const auto same = [](const auto& x, const auto& y) {
    return x.size() == y.size() && ((x.array() == y.array()) || (x.array() != x.array() && y.array() != y.array())).all();
  };
  CHECK(same(a.exponents, b.exponents));
  CHECK(same(a.standard_error, b.standard_error));
  CHECK(same(a.half_width, b.half_width));
  CHECK(same(a.rounding, b.rounding));
  CHECK(same(a.frame_error, b.frame_error));
  CHECK(same(a.final_state, b.final_state));
  CHECK(same(a.finite_time.values, b.finite_time.values));
  CHECK(a.kaplan_yorke_dimension.value == b.kaplan_yorke_dimension.value);
  CHECK(a.orthonormalisations == b.orthonormalisations);
  CHECK(a.worst_condition == b.worst_condition);
  CHECK(a.breakdowns == b.breakdowns);
  CHECK(a.steps == b.steps);
  CHECK(a.frame_steps == b.frame_steps);
  CHECK(a.status == b.status);
  CHECK(a.verdict == b.verdict);
}

// At each mark as the same call that ends there; and marks leave the end as it is.
template <class M, class H>
void check_marks(const M& map, const H& h0, spectrum_options options) {
  options.stepper_bias = false;
  const auto r = spectrum(map, h0, options);
  REQUIRE(r.at_marks.size() == options.marks.size());
  for (std::size_t i = 0; i < options.marks.size(); ++i) {
    INFO("mark " << options.marks[i]);
    auto ended = options;
    ended.steps = options.marks[i];
    check_equal(r.at_marks[i], spectrum(map, h0, ended));
    if (options.marks.front() >= 32768 && options.frame_transient >= 0) {
      ended.marks.clear();
      check_equal(r.at_marks[i], spectrum(map, h0, ended));
    }
  }
  auto fewer = options;
  fewer.marks.resize(1);
  check_equal(r, spectrum(map, h0, fewer));
}

// The state after so many steps, by the steps alone.
template <class M, class H>
VectorXd after(const M& map, const H& h0, std::int64_t steps) {
  return rollout::state_values(rollout::run(map, h0, {.steps = steps}).final_state);
}

}  // namespace

TEST_CASE("lyapunov::spectrum: marks are, bit for bit, the same call ended there", "[law]") {
  const auto h = maps::henon::start();
  check_marks(maps::henon{}, h, {.steps = 9000, .marks = {1000, 1001, 5003, 9000}});
  check_marks(maps::henon{}, h, {.steps = 9000, .interval = 1, .marks = {10, 777, 8191}});
  check_marks(maps::henon{}, h, {.count = 1, .steps = 3000, .interval = 3, .marks = {1000, 2001}});
  check_marks(maps::henon{}, h, {.steps = 70'000, .frame_transient = 500, .marks = {32'768, 50'001}});
  check_marks(maps::henon{}, h, {.steps = 70'000, .frame_transient = 500, .interval = 1, .marks = {32'768, 50'001}});
  check_marks(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start(), {.count = 2, .steps = 4000, .marks = {500, 3999}});
  const maps::logistic_lattice<12> lattice;
  check_marks(lattice, maps::logistic_lattice<12>::start(), {.count = 5, .steps = 3000, .marks = {1, 2, 1500}});
  const maps::tanh_network<double> network(9, 4.0, 3);
  check_marks(network, VectorXd::Constant(9, 0.1).eval(), {.count = 4, .steps = 2000, .marks = {300, 1777}});
}

TEST_CASE("lyapunov::spectrum: what marks mean", "[edge]") {
  // Without .steps the run ends at the last mark; marks beyond the end are not reached.
  const auto r = spectrum(maps::henon{}, maps::henon::start(), {.frame_transient = 100, .marks = {1000, 3000}});
  CHECK(r.steps == 3000);
  REQUIRE(r.at_marks.size() == 2);
  check_equal(r.at_marks[1], r);
  CHECK(r.at_marks[0].at_marks.empty());
  CHECK(spectrum(maps::henon{}, maps::henon::start(), {.steps = 2000, .marks = {1000, 3000}}).at_marks.size() == 1);

  // In SIMD lanes each member has its own, equal to the member's that ends there.
  const MatrixXd starts = MatrixXd::Random(2, 5) * 0.1;
  const auto many = lyapunov::spectrum_ensemble(maps::henon{}, starts, {.steps = 4000, .marks = {500, 2001}});
  const auto ended = lyapunov::spectrum_ensemble(maps::henon{}, starts, {.steps = 2001, .marks = {500}});
  for (std::size_t i = 0; i < many.size(); ++i) {
    REQUIRE(many[i].at_marks.size() == 2);
    check_equal(many[i].at_marks[1], ended[i]);
  }

  const auto refusal = [](const spectrum_options& options) {
    return message_of<libration::argument_error>([&] { (void)spectrum(maps::henon{}, maps::henon::start(), options); });
  };
  CHECK(refusal({.marks = {0}}) == "lyapunov::spectrum: .marks is 0, expected steps >= 1 in ascending order");
  CHECK(refusal({.marks = {5, 5}}) == "lyapunov::spectrum: .marks is 5, expected steps >= 1 in ascending order");
  CHECK(refusal({.tolerance = 0.1, .marks = {5}}).find(".tolerance is 0.1, expected 0 where .marks are set") != std::string::npos);
}

TEST_CASE("lyapunov::spectrum: from the first step, the QR decomposition of the whole product", "[oracle]") {
  constexpr Eigen::Index steps = 30;
  const MatrixXd inputs = (MatrixXd::Random(1, steps).array() * 0.4 + 1.0).matrix();
  MatrixXd product = MatrixXd::Identity(2, 2);
  for (Eigen::Index t = 0; t < steps; ++t) product = alternating::jacobian(inputs(0, t)) * product;
  const MatrixXd R = libration_test::householder_qr(product).R;
  // det is the product of both, and known exactly; the smaller from it, since the product itself has lost it.
  double log_det = 0.0;
  for (Eigen::Index t = 0; t < steps; ++t) log_det += std::log(std::abs(alternating::jacobian(inputs(0, t)).determinant()));
  const double first = std::log(std::abs(R(0, 0)));

  const auto r = spectrum(alternating{}, {0.1, 0.2}, inputs, {.from_first_step = true});
  CHECK(r.status == status::ok);
  CHECK(r.steps == steps);
  CHECK(r.frame_steps == 0);
  CHECK(std::abs(r.exponents[0] - first / steps) < 1e-14);
  CHECK(std::abs(r.exponents[1] - (log_det - first) / steps) < 1e-14);

  // What it stands for, written out; a matrix as frame is kept.
  check_equal(r, spectrum(alternating{}, {0.1, 0.2}, inputs, {.transient = 0, .frame_transient = 0, .frame = lyapunov::identity}));
  const MatrixXd frame{{0.0, 1.0}, {1.0, 0.0}};
  check_equal(spectrum(alternating{}, {0.1, 0.2}, inputs, {.frame = frame, .from_first_step = true}),
              spectrum(alternating{}, {0.1, 0.2}, inputs, {.transient = 0, .frame_transient = 0, .frame = frame}));
  const std::vector<MatrixXd> trials{inputs};
  const auto trial = lyapunov::spectrum_trials<alternating, double>(alternating{}, {0.1, 0.2}, trials, {.from_first_step = true},
                                                                    {.lanes = false});
  check_equal(trial[0], r);
  // A stepper's bias, where it is asked for: of the same stretch of time at half the step, from the first step too.
  const auto flow = maps::rk4(maps::lorenz63{}, 0.02);
  const auto biased = spectrum(flow, maps::lorenz63::start(), {.steps = 500, .stepper_bias = true, .from_first_step = true});
  const auto finer = spectrum(flow.with_time_step(0.01), maps::lorenz63::start(), {.steps = 1000, .from_first_step = true});
  REQUIRE(biased.stepper_bias.size() == 3);
  CHECK(biased.stepper_bias == biased.exponents - finer.exponents);
  CHECK(finer.stepper_bias.size() == 0);

  // With marks: the growth up to chosen times.
  const auto marked = spectrum(alternating{}, {0.1, 0.2}, inputs, {.marks = {1, 7}, .from_first_step = true});
  CHECK(marked.steps == 7);
  CHECK(std::abs(marked.at_marks[0].exponents[0] - std::log(std::hypot(inputs(0, 0), 0.2))) < 1e-14);
}

TEST_CASE("lyapunov::spectrum: from_first_step refuses what contradicts it", "[failure]") {
  const auto refusal = [](const spectrum_options& options) {
    return message_of<libration::argument_error>([&] { (void)spectrum(maps::henon{}, maps::henon::start(), options); });
  };
  CHECK(refusal({.transient = 5, .from_first_step = true}).find(".transient is 5, expected 0 (or not set)") != std::string::npos);
  CHECK(refusal({.frame_transient = 5, .from_first_step = true}).find(".frame_transient is 5, expected 0") != std::string::npos);
  CHECK(refusal({.tolerance = 0.5, .from_first_step = true}).find(".tolerance is 0.5, expected 0") != std::string::npos);
  CHECK(refusal({.transient = 0, .frame_transient = 0, .from_first_step = true}).empty());
  CHECK(message_of<libration::argument_error>([] {
          (void)libration::analyze(maps::henon{}, maps::henon::start(), {.steps = 10},
                                   lyapunov::spectrum_estimator{{.from_first_step = true}});
        }).find("from_first_step") != std::string::npos);
}

TEST_CASE("final_state: a run goes on from where a measurement ended", "[law]") {
  const auto check = [](const auto& map, const auto& h0) {
    const auto s = spectrum(map, h0, {.count = 1, .steps = 700, .transient = 100, .frame_transient = 50, .stepper_bias = false});
    CHECK(s.final_state == after(map, h0, 850));
    const auto on = spectrum(map, rollout::start_at(map, s.final_state),
                             {.count = 1, .steps = 300, .transient = 0, .frame_transient = 0, .stepper_bias = false});
    CHECK(on.final_state == after(map, h0, 1150));
    CHECK(lyapunov::largest(map, h0, {.steps = 300, .transient = 20, .frame_transient = 5}).final_state == after(map, h0, 325));
    CHECK(error::growth(map, h0, {.steps = 40, .windows = 3, .transient = 7}).final_state == after(map, h0, 127));
    const auto [first, second] = libration::analyze(map, h0, {.steps = 90, .transient = 10}, lyapunov::largest_estimator{},
                                                    error::growth_estimator{{.steps = 30}});
    CHECK(first.final_state == second.final_state);
    CHECK(rollout::state_values(rollout::run(map, rollout::start_at(map, first.final_state), {.steps = 5}).final_state) ==
          after(map, h0, 205));
  };
  check(maps::henon{}, maps::henon::start());
  check(maps::rk4(maps::lorenz63{}, 0.01), maps::lorenz63::start());
  check(maps::logistic_lattice<12>{}, maps::logistic_lattice<12>::start());
  check(maps::tanh_network<double>(6, 3.0, 11), VectorXd::Constant(6, 0.1).eval());
  check(maps::tanh_network<float>(6, 3.0, 11), Eigen::VectorXf::Constant(6, 0.1f).eval());

  // In lanes, each member its own.
  const MatrixXd starts = MatrixXd::Random(2, 5) * 0.1;
  const auto many = lyapunov::spectrum_ensemble(maps::henon{}, starts, {.steps = 400, .transient = 50, .frame_transient = 25});
  for (Eigen::Index i = 0; i < 5; ++i)
    CHECK(many[static_cast<std::size_t>(i)].final_state == after(maps::henon{}, state<double, 2>{starts(0, i), starts(1, i)}, 475));

  // Where a run ends before its time: the last finite state, and the cycle that a collapsed orbit is on.
  const maps::logistic escaping{4.5};
  const auto gone = spectrum(escaping, {0.4}, {.steps = 1000, .transient = 0, .frame_transient = 0});
  CHECK(gone.status == status::diverged);
  CHECK(gone.final_state == after(escaping, state<double, 1>{0.4}, gone.failed_at));
  const auto fallen = spectrum(maps::doubling{}, {0.3}, {.steps = 200, .transient = 0, .frame_transient = 0});
  CHECK(fallen.status == status::collapsed);
  CHECK(fallen.final_state[0] == 0.0);
  CHECK(message_of<libration::argument_error>([&] { (void)rollout::start_at(maps::henon{}, fallen.final_state); }) ==
        "rollout::start_at: the final state has 1 rows, expected 2 (the map's dimension)");
}
