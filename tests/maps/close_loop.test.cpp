// SPDX-License-Identifier: MIT
#include <libration/maps/close_loop.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/add_noise.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/tangent/finite_difference.hpp>
#include <libration/testing/laws.hpp>

#include "formula_laws.hpp"
#include "support/message.hpp"
#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::matrix_span, libration::matrix_view, libration::vector_span, libration::vector_view;

// Forgets its state at a, whatever the inputs: the exponent along given inputs is ln a.
struct leaky {
  static constexpr int dimension = 1, input_dimension = 1;
  double a = 0.5;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h, const state<T, 1>& x) const {
    return {a * h[0] + x[0]};
  }
};
// The feedback that makes of it the logistic map: f(h) = 4 h (1 - h) - a h.
struct logistic_feedback {
  double a = 0.5;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {4.0 * h[0] * (1.0 - h[0]) - a * h[0]};
  }
};

// Of a step of time, and without lanes: what a closed loop passes on.
struct sampled_in_time {
  static constexpr int dimension = 2, input_dimension = 1;
  static constexpr bool lanes = false;
  double time_step() const { return 0.25; }
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h, const state<T, 1>& x) const {
    return {h[1] * 0.5 + static_cast<double>(t), h[0] * h[0] - x[0] * x[0]};
  }
};

// h' = tanh(W h + U x) without a workspace.
struct cell {
  using scalar_type = double;
  MatrixXd W, U;
  Index state_size() const { return W.rows(); }
  Index input_size() const { return U.cols(); }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    next = (W * h + U * x).array().tanh().matrix();
  }
  VectorXd slope(const vector_view<double>& h, const vector_view<double>& x) const {
    return 1.0 - (W * h + U * x).array().tanh().square();
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    JV = slope(h, x).asDiagonal() * (W * V);
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_view<double> VX,
               matrix_span<double> JV) const {
    JV = slope(h, x).asDiagonal() * (W * V + U * VX);
  }
};
struct timed_cell : cell {
  void step(std::int64_t t, vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    cell::step(h, x, next);
    next *= static_cast<double>(t);
  }
  void tangent(std::int64_t t, vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    cell::tangent(h, x, V, JV);
    JV *= static_cast<double>(t);
  }
  void tangent(std::int64_t t, vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_view<double> VX,
               matrix_span<double> JV) const {
    cell::tangent(h, x, V, VX, JV);
    JV *= static_cast<double>(t);
  }
};
struct without_input_tangent : cell {
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    cell::tangent(h, x, V, JV);
  }
};

// x = sin(C h): with and without a workspace, and without a tangent.
struct sine {
  using scalar_type = double;
  MatrixXd C;
  Index input_size() const { return C.cols(); }
  Index output_size() const { return C.rows(); }
  void evaluate(vector_view<double> h, vector_span<double> x) const { x = (C * h).array().sin().matrix(); }
};
struct sine_with_tangent : sine {
  void tangent(vector_view<double> h, matrix_view<double> V, matrix_span<double> VX) const {
    VX = (C * h).array().cos().matrix().asDiagonal() * (C * V);
  }
};
struct sine_in_workspace {
  using scalar_type = double;
  MatrixXd C;
  struct workspace {
    VectorXd cosine;
  };
  Index input_size() const { return C.cols(); }
  Index output_size() const { return C.rows(); }
  workspace make_workspace(Index) const { return {VectorXd(C.rows())}; }
  void evaluate(vector_view<double> h, vector_span<double> x, workspace& ws) const {
    x = (C * h).array().sin().matrix();
    ws.cosine = (C * h).array().cos();
  }
  void tangent(matrix_view<double> V, matrix_span<double> VX, workspace& ws) const { VX = ws.cosine.asDiagonal() * (C * V); }
};
struct no_sizes {
  using scalar_type = double;
};
struct no_evaluate {
  using scalar_type = double;
  Index input_size() const { return 1; }
  Index output_size() const { return 1; }
};

cell a_cell() { return {0.4 * normals<double>(5, 5, 1), normals<double>(5, 2, 2)}; }
MatrixXd a_readout() { return normals<double>(2, 5, 3); }

constexpr bool says(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("maps::close_loop: a formula fed by a formula is their composition, in every scalar", "[law]") {
  const auto loop = maps::close_loop(leaky{}, logistic_feedback{});
  static_assert(maps::formula_map<decltype(loop)> && !maps::driven<decltype(loop)> && !maps::timed<decltype(loop)>);
  static_assert(maps::lanes_allowed<decltype(loop)>);
  const state<double, 1> h{0.3};
  CHECK(loop(h) == leaky{}(h, logistic_feedback{}(h)));
  check_formula(loop, h);
  // d/dh (a h + 4 h (1 - h) - a h) = 4 - 8 h
  CHECK(std::abs(jacobian(loop, h)(0, 0) - 1.6) < 1e-15);
  const auto laws = libration::testing::check_laws(loop, h);
  INFO(laws.text());
  CHECK(laws.ok());

  const auto timed = maps::close_loop(sampled_in_time{}, [](const auto& s) {
    using T = std::decay_t<decltype(s[0])>;
    return state<T, 1>{s[0] * s[1]};
  });
  static_assert(maps::timed<decltype(timed)> && !maps::driven<decltype(timed)> && !maps::lanes_allowed<decltype(timed)>);
  CHECK(timed(7, state<double, 2>{0.2, 0.1}) == sampled_in_time{}(7, state<double, 2>{0.2, 0.1}, state<double, 1>{0.2 * 0.1}));
  CHECK(timed.time_step() == 0.25);
  check_jacobian(timed, state<double, 2>{0.2, 0.1});
}

TEST_CASE("maps::close_loop: a cell that forgets, in a loop that is chaotic", "[oracle][stat]") {
  // Along its own inputs the cell's exponent is ln a; closed, it is the logistic map of r = 4, whose exponent is ln 2.
  const double a = 0.5;
  MatrixXd inputs(1, 3000);
  state<double, 1> h{0.3};
  for (Index t = 0; t < inputs.cols(); ++t) {
    inputs(0, t) = logistic_feedback{a}(h)[0];
    h = leaky{a}(h, state<double, 1>{inputs(0, t)});
  }
  const auto open = libration::lyapunov::spectrum(leaky{a}, {0.3}, inputs, {.steps = 1000});
  CHECK(std::abs(open.exponents[0] - std::log(a)) < 1e-12);
  CHECK(open.verdict == libration::verdict::stable);
  const auto closed = libration::lyapunov::spectrum(maps::close_loop(leaky{a}, logistic_feedback{a}), {0.3}, {.steps = 20'000});
  CHECK(std::abs(closed.exponents[0] - std::numbers::ln2) < 4 * closed.standard_error[0] + 1e-6);
  CHECK(closed.verdict == libration::verdict::chaotic);
}

TEST_CASE("maps::close_loop: vector maps, with and without workspaces, timed or not", "[law]") {
  const VectorXd h = normals<double>(5, 1, 9);
  const auto check = [&](const auto& loop) {
    check_vector_map(loop);
    check_last_step(loop);
    const auto laws = libration::testing::check_laws(loop, h);
    INFO(laws.text());
    CHECK(laws.ok());
  };
  const auto plain = maps::close_loop(a_cell(), sine_with_tangent{{a_readout()}});
  static_assert(!maps::driven<decltype(plain)> && !maps::timed<decltype(plain)>);
  check(plain);
  check(maps::close_loop(a_cell(), sine_in_workspace{a_readout()}));
  const auto timed = maps::close_loop(timed_cell{a_cell()}, sine_in_workspace{a_readout()});
  static_assert(maps::timed<decltype(timed)>);
  check(timed);

  VectorXd x(2), wanted(5);
  sine_with_tangent{{a_readout()}}.evaluate(h, x);
  a_cell().step(h, x, wanted);
  CHECK(stepped(plain, 0, h, h) == wanted);
}

TEST_CASE("maps::close_loop: noise and rounding of the cell pass the tangent in its input on", "[law]") {
  const maps::quantized_vector<cell> few = maps::quantize(a_cell(), maps::number_format::bfloat16());
  const maps::noisy_vector<cell> noisy = maps::add_noise(a_cell(), 0.1);
  static_assert(maps::differentiable_in_input<maps::quantized_vector<cell>>);
  static_assert(maps::differentiable_in_input<maps::noisy_vector<timed_cell>>);
  check_vector_map(maps::close_loop(noisy, sine_in_workspace{a_readout()}));
  const VectorXd h = normals<double>(5, 1, 9);
  const MatrixXd V = normals<double>(5, 3, 10);
  CHECK(tangent_of(maps::close_loop(few, sine_in_workspace{a_readout()}), 0, h, h, V) ==
        tangent_of(maps::close_loop(a_cell(), sine_in_workspace{a_readout()}), 0, h, h, V));
}

TEST_CASE("maps::close_loop: a loop without a tangent runs, and takes one by differences", "[differential]") {
  const auto loop = maps::close_loop(a_cell(), sine{a_readout()});
  const auto other = maps::close_loop(without_input_tangent{a_cell()}, sine_in_workspace{a_readout()});
  static_assert(maps::vector_map<decltype(loop)> && !maps::differentiable<decltype(loop)>);
  static_assert(maps::vector_map<decltype(other)> && !maps::differentiable<decltype(other)>);
  const VectorXd h = normals<double>(5, 1, 9);
  const MatrixXd V = normals<double>(5, 3, 10);
  const MatrixXd exact = tangent_of(maps::close_loop(a_cell(), sine_with_tangent{{a_readout()}}), 0, h, h, V);
  // Truncation ε²/6 times the third derivative, ε = 6e-6 (1 + |h|), weights of norm 10 cubed.
  CHECK((tangent_of(libration::tangent::finite_difference(other), 0, h, h, V) - exact).cwiseAbs().maxCoeff() < 1e-6);
  CHECK((tangent_of(libration::tangent::finite_difference(loop), 0, h, h, V) - exact).cwiseAbs().maxCoeff() < 1e-6);
}

TEST_CASE("maps::differentiable_in_input: what is, what is not, and why", "[law]") {
  STATIC_REQUIRE(maps::differentiable_in_input<leaky> && maps::differentiable_in_input<sampled_in_time>);
  STATIC_REQUIRE(maps::differentiable_in_input<cell> && maps::differentiable_in_input<timed_cell>);
  STATIC_REQUIRE(!maps::differentiable_in_input<without_input_tangent>);
  STATIC_REQUIRE(!maps::differentiable_in_input<maps::logistic> && !maps::differentiable_in_input<maps::linear<>>);
  STATIC_REQUIRE(!maps::differentiable_in_input<sine>);
  STATIC_REQUIRE(maps::explain_input_tangent<leaky>().empty() && maps::explain_input_tangent<timed_cell>().empty());
  STATIC_REQUIRE(says(maps::explain_input_tangent<maps::logistic>(), "this map takes no input"));
  STATIC_REQUIRE(says(maps::explain_input_tangent<maps::linear<>>(), "this map takes no input"));
  STATIC_REQUIRE(says(maps::explain_input_tangent<without_input_tangent>(), "no tangent in its input: give it `void tangent([t,]"));
  STATIC_REQUIRE(says(maps::explain_input_tangent<maps::noisy_vector<without_input_tangent>>(), "JV, workspace&) const`"));
  STATIC_REQUIRE(says(maps::explain_input_tangent<sine>(), "a vector map needs `Eigen::Index state_size() const`"));
}

TEST_CASE("maps::feedback: what is, what is not, and why", "[law]") {
  STATIC_REQUIRE(maps::feedback<sine> && !maps::differentiable_feedback<sine>);
  STATIC_REQUIRE(maps::differentiable_feedback<sine_with_tangent> && maps::differentiable_feedback<sine_in_workspace>);
  STATIC_REQUIRE(!maps::feedback<leaky> && !maps::feedback<no_sizes> && !maps::feedback<no_evaluate>);
  STATIC_REQUIRE(maps::explain_feedback<sine_in_workspace>().empty());
  STATIC_REQUIRE(says(maps::explain_feedback<sine>(), "this feedback has no tangent"));
  STATIC_REQUIRE(says(maps::explain_feedback<leaky>(), "`using scalar_type`"));
  STATIC_REQUIRE(says(maps::explain_feedback<no_sizes>(), "`Eigen::Index output_size() const`"));
  STATIC_REQUIRE(says(maps::explain_feedback<no_evaluate>(), "needs `void evaluate("));
}

TEST_CASE("maps::close_loop: sizes that do not fit are refused", "[failure]") {
  CHECK(message_of<argument_error>([] { (void)maps::close_loop(a_cell(), sine{normals<double>(2, 4, 1)}); }) ==
        "maps::close_loop: the state that the feedback reads has 4 rows, expected 5 (the cell's state size)");
  CHECK(message_of<argument_error>([] { (void)maps::close_loop(a_cell(), sine{normals<double>(3, 5, 1)}); }) ==
        "maps::close_loop: the feedback's output has 3 rows, expected 2 (the cell's input size)");
}
