// SPDX-License-Identifier: MIT
#include <libration/lyapunov/gate_books.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/add_noise.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/report/format.hpp>
#include <libration/report/json.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/stats/mean_error.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::matrix_span, libration::matrix_view, libration::status, libration::vector_span, libration::vector_view;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Two units whose gates are functions of the input alone, one of which reads the other, and one that only passes on what it read:
// h_0' = e^{-x²} h_0 + x,  h_1' = e^{-x²/2} h_1 + h_0 x + h_2,  h_2' = x.
struct gated {
  using scalar_type = double;
  double sign = -1.0;  // of the exponents: 1 for a map that diverges

  struct workspace {
    double x = 0.0, h0 = 0.0;
  };
  Index state_size() const { return 3; }
  Index input_size() const { return 1; }
  workspace make_workspace(Index) const { return {}; }
  double factor(double x) const { return std::exp(sign * x * x); }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next, workspace& ws) const {
    ws = {x[0], h[0]};
    next[0] = factor(x[0]) * h[0] + x[0];
    next[1] = std::sqrt(factor(x[0])) * h[1] + h[0] * x[0] + h[2];
    next[2] = x[0];
  }
  void tangent(matrix_view<double> V, matrix_span<double> JV, workspace& ws) const {
    JV.row(0) = factor(ws.x) * V.row(0);
    JV.row(1) = std::sqrt(factor(ws.x)) * V.row(1) + ws.x * V.row(0) + V.row(2);
    JV.row(2).setZero();
  }
  maps::gate_structure structured_spectrum() const {
    maps::gate_structure all{1, {}, {}};
    all.gate.resize(3);
    all.scale.resize(3);
    all.set(0, 1, 0, sign);
    all.set(1, 1, 0, 0.5 * sign);
    all.set(2, 1, maps::gate_structure::nilpotent, 0.0);
    return all;
  }
  void gates(const workspace& ws, vector_span<double> out) const { out[0] = ws.x * ws.x; }
};

// A slowly varying input, so that neighbouring gates are correlated.
struct slow_inputs {
  void operator()(std::int64_t t, vector_span<double> x) const {
    x[0] = 0.6 + 0.3 * std::sin(0.05 * static_cast<double>(t)) + 0.1 * std::sin(1.7 * static_cast<double>(t) * std::sqrt(2.0));
  }
};

VectorXd start() { return VectorXd::Constant(3, 0.1); }

template <class Result>
void check_same(const Result& a, const Result& b) {
  CHECK(a.exponents == b.exponents);
  CHECK(a.standard_error.head(2) == b.standard_error.head(2));
  CHECK(a.finite_time.values == b.finite_time.values);
  CHECK(a.steps == b.steps);
  CHECK(a.status == b.status);
  CHECK(a.final_state == b.final_state);
}

// It says that it is triangular, but not with these parameters.
struct unstructured : gated {
  maps::gate_structure structured_spectrum() const { return {}; }
};

struct read_first {
  using scalar_type = double;
  Index input_size() const { return 3; }
  Index output_size() const { return 1; }
  void evaluate(vector_view<double> h, vector_span<double> x) const { x[0] = h[0]; }
  void tangent(vector_view<double>, matrix_view<double> V, matrix_span<double> VX) const { VX = V.topRows(1); }
};

}  // namespace

TEST_CASE("lyapunov::spectrum: causal attention's exponents are the means of ln A_ii, exactly", "[oracle]") {
  // Uniform attention over what stands before.
  const Index n = 6;
  MatrixXd A = MatrixXd::Zero(n, n);
  for (Index i = 0; i < n; ++i) A.row(i).head(i + 1).setConstant(1.0 / static_cast<double>(i + 1));
  const auto uniform = lyapunov::spectrum(maps::causal_product<double>({A}), VectorXd::Zero(n), {.steps = 1000});
  REQUIRE(uniform.exact);
  CHECK(uniform.status == status::ok);
  for (Index i = 0; i < n; ++i) {
    CHECK(std::abs(uniform.exponents[i] + std::log(static_cast<double>(i + 1))) < 1e-14);
    CHECK(uniform.standard_error[i] < 1e-14);
  }
  CHECK(uniform.orthonormalisations == 0);

  // Two matrices in turn, an entry of whose diagonals is zero in one of them.
  MatrixXd B(3, 3), C(3, 3);
  B << 1, 0, 0, 0.25, 0.75, 0, 0.5, 0.5, 0;
  C << 1, 0, 0, 0.5, 0.5, 0, 0.2, 0.2, 0.6;
  const auto two = lyapunov::spectrum(maps::causal_product<double>({B, C}), VectorXd::Zero(3), {.steps = 1000});
  CHECK(two.exponents[0] == 0.0);
  CHECK(std::abs(two.exponents[1] - 0.5 * std::log(0.375)) < 1e-13);
  CHECK(two.exponents[2] == -infinity);
  CHECK(two.status == status::ok);
}

TEST_CASE("maps::causal_product: refuses what stands above the diagonal", "[failure]") {
  MatrixXd A = MatrixXd::Identity(3, 3), B = A;
  B(0, 2) = 0.5;
  CHECK(libration_test::message_of<libration::argument_error>([&] {
          maps::causal_product<double>({A, B});
        }) == "maps::causal_product: matrix 1 has 0.5 at row 0, column 2, expected 0 above the diagonal");
}

TEST_CASE("lyapunov::spectrum: the general engine agrees with an exact spectrum over the same steps", "[differential]") {
  const lyapunov::spectrum_options options{.steps = 20'000, .transient = 50, .frame_transient = 500};
  auto by_frame = options;
  by_frame.structured = false;
  by_frame.count = 2;
  const auto exact = lyapunov::spectrum(gated{}, start(), slow_inputs{}, options);
  const auto frame = lyapunov::spectrum(gated{}, start(), slow_inputs{}, by_frame);
  REQUIRE(exact.exact);
  REQUIRE_FALSE(frame.exact);
  CHECK(exact.steps == frame.steps);
  CHECK(exact.frame_steps == 500);
  CHECK(exact.final_state == frame.final_state);
  // The same products: what differs is what the frame does at both ends, a few nats over all steps.
  for (Index i = 0; i < 2; ++i) CHECK(std::abs(exact.exponents[i] - frame.exponents[i]) < 10.0 / 20'000);
  CHECK(exact.exponents[0] == 0.5 * exact.exponents[1]);
  CHECK(exact.exponents[2] == -infinity);
  CHECK(exact.status == status::ok);
  CHECK(exact.verdict == libration::verdict::stable);
  CHECK(exact.kaplan_yorke_dimension.value == 0.0);
  CHECK(exact.entropy_rate.value == 0.0);

  // Mean and standard error are those of the gates by themselves.
  libration::stats::batch_series<double> gates(1, 64);
  double sum = 0.0;
  for (std::int64_t t = 550; t < 20'550; ++t) {
    Eigen::Matrix<double, 1, 1> x;
    slow_inputs{}(t, x);
    sum += x[0] * x[0];
    if ((t - 549) % 64 == 0) {
      gates.add(sum, 64);
      sum = 0.0;
    }
  }
  const auto mean = libration::stats::mean_error(gates, 0);
  CHECK(std::abs(exact.exponents[1] + (gates.total(0) + sum) / 20'000) < 1e-13);
  CHECK(std::abs(exact.standard_error[1] - mean.standard_error) < 1e-12);
  CHECK(std::abs(exact.standard_error[0] - 0.5 * mean.standard_error) < 1e-12);
  CHECK(std::abs(exact.half_width[1] - mean.half_width()) < 1e-12);
  CHECK(exact.effective_samples[0] == mean.effective_samples);
  CHECK(exact.degrees_of_freedom == mean.degrees_of_freedom);
}

TEST_CASE("lyapunov::spectrum: what makes a run exact, and what does not", "[law]") {
  const auto run = [](const auto& map, const lyapunov::spectrum_options& options) {
    return lyapunov::spectrum(map, start(), slow_inputs{}, options);
  };
  CHECK(run(gated{}, {.steps = 100}).exact);
  CHECK(run(gated{}, {.steps = 100}).frame_steps == 0);
  CHECK_FALSE(run(gated{}, {.steps = 100, .structured = false}).exact);
  CHECK_FALSE(run(gated{}, {.steps = 100, .interval = 4}).exact);
  CHECK_FALSE(run(gated{}, {.count = 2, .steps = 100, .frame = lyapunov::identity}).exact);
  CHECK_FALSE(run(gated{}, {.steps = 100, .transient = 0, .from_first_step = true}).exact);
  CHECK_FALSE(run(unstructured{}, {.count = 2, .steps = 100}).exact);
  // Combinators whose Jacobian is the inner map's keep it, others do not.
  CHECK(run(maps::quantize(gated{}, maps::number_format::bfloat16()), {.steps = 100}).exact);
  CHECK(run(maps::add_noise(gated{}, 1e-3), {.steps = 100}).exact);
  STATIC_REQUIRE(maps::has_structured_spectrum<gated> && maps::has_structured_spectrum<unstructured>);
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<decltype(maps::iterate(gated{}, 2))>);
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<decltype(maps::close_loop(gated{}, read_first{}))>);
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<maps::matrix_product<double>>);
}

TEST_CASE("lyapunov::spectrum: an exact run alone, beside others and in an ensemble are the same", "[differential]") {
  const lyapunov::spectrum_options options{.count = 2, .steps = 700, .transient = 10, .frame_transient = 20};
  const auto alone = lyapunov::spectrum(gated{}, start(), slow_inputs{}, options);
  lyapunov::spectrum_options quiet{.count = 2, .frame_transient = 20};
  auto by_frame = quiet;
  by_frame.structured = false;
  const auto [one, other] = libration::analyze(gated{}, start(), slow_inputs{}, {.steps = 700, .transient = 10},
                                               lyapunov::spectrum_estimator{quiet}, lyapunov::spectrum_estimator{by_frame});
  check_same(alone, one);
  CHECK_FALSE(other.exact);
  CHECK(other.steps == 700);
  MatrixXd X(1, 730);
  for (Index t = 0; t < X.cols(); ++t) slow_inputs{}(t, X.col(t));
  const std::vector<MatrixXd> trials = {X, X};
  for (const auto& r : lyapunov::spectrum_trials(gated{}, start(), std::span<const MatrixXd>(trials), options))
    check_same(alone, r);
}

TEST_CASE("lyapunov::spectrum: an exact run stops at a tolerance, at marks, and where the orbit diverges or is stopped",
          "[failure]") {
  const auto by_tolerance = lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.steps = 1000, .tolerance = 2e-3});
  CHECK(by_tolerance.exact);
  CHECK(by_tolerance.status == status::ok);
  CHECK(by_tolerance.standard_error[0] <= 2e-3);
  CHECK(by_tolerance.standard_error[1] <= 2e-3);
  CHECK(lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.steps = 1000, .tolerance = 1e-9, .max_steps = 3000}).status ==
        status::not_converged);

  lyapunov::spectrum_options marks{.steps = 1000};
  marks.marks = {100, 600};
  const auto marked = lyapunov::spectrum(gated{}, start(), slow_inputs{}, marks);
  REQUIRE(marked.at_marks.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(marked.at_marks[i].steps == marks.marks[i]);
    const auto shorter = lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.steps = marks.marks[i]});
    CHECK((marked.at_marks[i].exponents - shorter.exponents).head(2).cwiseAbs().maxCoeff() < 1e-14);
    CHECK(marked.at_marks[i].final_state == shorter.final_state);
  }

  const auto diverged = lyapunov::spectrum(gated{.sign = 1.0}, start(), slow_inputs{}, {.steps = 100'000, .transient = 0});
  CHECK(diverged.status == status::diverged);
  CHECK(diverged.failed_at == diverged.steps);
  CHECK(diverged.final_state.allFinite());
  CHECK(diverged.exponents[0] > 0.0);

  std::stop_source source;
  source.request_stop();
  const auto stopped = lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.steps = 100, .stop = source.get_token()});
  CHECK(stopped.status == status::cancelled);
  CHECK(stopped.steps == 0);
  CHECK(stopped.exponents.size() == 3);
  CHECK(stopped.exact);

  const auto one = lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.steps = 1, .transient = 0});
  CHECK(one.status == status::ok);
  CHECK(std::isnan(one.standard_error[0]));
}

TEST_CASE("lyapunov::gate_books: of many exponents the windows are fewer and longer, and the errors the same", "[edge]") {
  const Index n = Index{1} << 18;
  maps::gate_structure many{1, {}, {}};
  many.gate.setZero(n);
  many.scale = VectorXd::LinSpaced(n, -2.0, -1.0);
  maps::gate_structure few{1, many.gate.tail(2), many.scale.tail(2)};
  const lyapunov::spectrum_options options{.steps = 4096, .frame_transient = 0};
  lyapunov::gate_books large(many, options, 4096, 0, 1.0, false), small(few, options, 4096, 0, 1.0, false);
  for (int t = 0; t < 4096; ++t) {
    const VectorXd gate = VectorXd::Constant(1, 1.0 + std::sin(0.1 * t));
    large.add(gate);
    small.add(gate);
  }
  const auto a = large.result(status::ok, -1), b = small.result(status::ok, -1);
  CHECK(a.exponents[0] == b.exponents[0]);
  CHECK(a.standard_error[0] == b.standard_error[0]);
  CHECK(a.finite_time.values.size() <= Index{1} << 24);
  CHECK(a.finite_time.values.cols() >= 16);
  CHECK(a.finite_time.window > b.finite_time.window);
  CHECK(std::abs(a.finite_time.values.row(0).mean() - a.exponents[0]) < 1e-12);
  CHECK(std::is_sorted(a.exponents.begin(), a.exponents.end(), std::greater<>()));
}

TEST_CASE("report: an exact spectrum is said to be one", "[law]") {
  const auto r = lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.steps = 2000});
  const std::string text = libration::report::text(r);
  CHECK(text.find("exact: ") != std::string::npos);
  CHECK(text.find("-inf") != std::string::npos);
  CHECK(text.find("orthonormalisations") == std::string::npos);
  CHECK(libration::report::to_json(r)["exact"] == true);
  const auto by_frame = lyapunov::spectrum(gated{}, start(), slow_inputs{}, {.count = 2, .steps = 200, .structured = false});
  CHECK(libration::report::to_json(by_frame)["exact"] == false);
}
