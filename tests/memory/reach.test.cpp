// SPDX-License-Identifier: MIT
#include <libration/memory/reach.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>

#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/gru.hpp>
#include <libration/rollout/analyze.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace memory = libration::memory;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::state, libration::status;
using libration::matrix_span, libration::matrix_view, libration::vector_span, libration::vector_view;
using libration_test::random_layers;
using libration_test::random_matrix;
using memory::transport;
using namespace libration_test;

namespace {

// h' = a h + x.
struct first_order {
  static constexpr int dimension = 1, input_dimension = 1;
  double a = 0.9;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h, const state<T, 1>& x) const {
    return {a * h[0] + x[0]};
  }
};

// h' = h/2, without an adjoint.
struct tangent_alone {
  using scalar_type = double;
  Index state_size() const { return 2; }
  void step(vector_view<double> h, vector_span<double> next) const { next = 0.5 * h; }
  void tangent(vector_view<double>, matrix_view<double> V, matrix_span<double> JV) const { JV = 0.5 * V; }
};

MatrixXd contraction(Index n, std::uint64_t stream) {
  MatrixXd A = random_matrix(n, n, 1.0, stream);
  return A * (0.9 / A.norm());
}

bool close(const VectorXd& a, const VectorXd& b, double tolerance) {
  return a.size() == b.size() && ((a - b).array().abs() <= tolerance * (b.array().abs() + 1e-300)).all();
}

// ‖C Aᵏ B‖ for k = 0 .. lags.
VectorXd gains_of(const MatrixXd& C, const MatrixXd& A, MatrixXd B, Index lags) {
  VectorXd g(lags + 1);
  for (Index k = 0; k <= lags; ++k, B = A * B) g[k] = (C * B).norm();
  return g;
}

}  // namespace

TEST_CASE("memory::reach: a first-order recurrence forgets by its factor", "[oracle]") {
  const auto zero = [](std::int64_t, auto out) { out.setZero(); };
  for (const double a : {0.9, 0.99}) {
    for (const transport by : {transport::adjoint, transport::tangent}) {
      const auto heard = memory::reach(first_order{a}, {0.3}, zero,
                                       {.lags = 3000, .steps = 12'004, .transient = 0, .by = by, .resamples = 50});
      REQUIRE(heard.status == status::ok);
      CHECK(heard.by == by);
      CHECK(heard.windows.cols() == 4);
      for (const Index k : {0, 1, 7, 500}) CHECK(std::abs(heard.gain[k] - std::pow(a, k)) <= 1e-12 * std::pow(a, k));
      CHECK(std::abs(heard.fraction_lag.value - std::log(2.0) / -std::log(a)) < 1e-10);
      CHECK(std::abs(heard.mean_lag.value - a / (1.0 - a)) < 1e-8);  // what is beyond 3000 lags is below e^-30
      CHECK(heard.fraction_lag.lower == heard.fraction_lag.upper);   // the windows are alike
      CHECK((heard.upper - heard.lower).cwiseAbs().maxCoeff() < 1e-15);
      CHECK(heard.channels.row(0).transpose() == heard.gain);
      CHECK(heard.channel_lag[0] == heard.fraction_lag.value);
    }
  }
}

TEST_CASE("memory::reach: a linear map's gain is that of its powers, by adjoints and by tangents", "[oracle][differential]") {
  const MatrixXd A = contraction(6, 1), B = random_matrix(6, 2, 1.0, 2), C = random_matrix(3, 6, 1.0, 3);
  const maps::driven_linear<> map(A, B);
  const VectorXd h0 = VectorXd::Zero(6), wanted = gains_of(C, A, B, 20), of_state = gains_of(MatrixXd::Identity(6, 6), A, B, 20);
  const MatrixXd inputs = random_matrix(2, 200, 1.0, 4);
  for (const transport by : {transport::adjoint, transport::tangent})
    for (const bool recompute : {false, true}) {
      const auto heard =
          memory::reach(map, h0, inputs, {.lags = 20, .output = C, .every = 7, .transient = 10, .by = by, .recompute = recompute});
      REQUIRE(heard.status == status::ok);
      CHECK(heard.steps == 190);
      CHECK(heard.windows.cols() == 1 + (190 - 21) / 7);
      CHECK(close(heard.gain, wanted, 1e-12));
      for (Index j = 0; j < heard.windows.cols(); ++j) CHECK(close(heard.windows.col(j), wanted, 1e-12));
      CHECK(heard.columns == (by == transport::adjoint ? 3 : 2));
      CHECK(!heard.random_directions);
      CHECK(close(heard.channels.row(1).transpose(), gains_of(C, A, B.col(1), 20), 1e-12));
      CHECK(heard.layers.size() == 0);
      const auto all = memory::reach(map, h0, inputs, {.lags = 20, .transient = 10, .by = by, .recompute = recompute});
      CHECK(close(all.gain, of_state, 1e-12));
    }
  // Of 3 outputs and 2 inputs the inputs are carried, of one output and 2 inputs the output.
  CHECK(memory::reach(map, h0, inputs, {.lags = 20, .output = C, .transient = 0}).by == transport::tangent);
  CHECK(memory::reach(map, h0, inputs, {.lags = 20, .output = C.row(0), .transient = 0}).by == transport::adjoint);
}

TEST_CASE("memory::reach: a delay line remembers its length and no more", "[oracle]") {
  MatrixXd A = MatrixXd::Zero(5, 5);
  A.diagonal(-1).setOnes();
  const maps::driven_linear<> map(A, MatrixXd::Identity(5, 1));
  const auto heard = memory::reach(map, VectorXd::Zero(5), MatrixXd::Zero(1, 300), {.lags = 10, .transient = 0});
  CHECK(heard.gain.head(5) == VectorXd::Ones(5));
  CHECK(heard.gain.tail(6) == VectorXd::Zero(6));
  CHECK(heard.fraction_lag.value == 4.0);
  CHECK(heard.mean_lag.value == 2.0);
  // The last tap alone: nothing, and then its one lag.
  const auto last = memory::reach(map, VectorXd::Zero(5), MatrixXd::Zero(1, 300),
                                  {.lags = 10, .output = MatrixXd::Identity(5, 5).row(4), .transient = 0});
  CHECK(last.gain[4] == 1.0);
  CHECK(last.gain.sum() == 1.0);
  CHECK(last.fraction_lag.value == 4.0);
  // Not yet below the fraction: the lag is beyond.
  const auto ring = memory::reach(map, VectorXd::Zero(5), MatrixXd::Zero(1, 300), {.lags = 3, .transient = 0});
  CHECK(ring.fraction_lag.value == std::numeric_limits<double>::infinity());
  // An output that reads nothing.
  const auto deaf = memory::reach(map, VectorXd::Zero(5), MatrixXd::Zero(1, 300),
                                  {.lags = 3, .output = MatrixXd::Zero(1, 5), .transient = 0});
  CHECK(deaf.status == status::ok);
  CHECK(deaf.gain.sum() == 0.0);
  CHECK(std::isnan(deaf.fraction_lag.value));
}

TEST_CASE("memory::reach: a gain beyond the range of single precision", "[edge]") {
  const Eigen::MatrixXf A = Eigen::MatrixXf::Constant(1, 1, 0.5f), B = Eigen::MatrixXf::Ones(1, 1);
  const maps::driven_linear<float> map(A, B);
  for (const transport by : {transport::adjoint, transport::tangent}) {
    const auto heard =
        memory::reach(map, Eigen::VectorXf::Zero(1), MatrixXd::Zero(1, 401), {.lags = 400, .transient = 0, .by = by});
    REQUIRE(heard.status == status::ok);
    for (const Index k : {0, 100, 200, 400}) CHECK(heard.gain[k] == std::ldexp(1.0, static_cast<int>(-k)));
    CHECK(std::isnan(heard.lower[0]));  // of one window there is no interval
    CHECK(std::isnan(heard.fraction_lag.lower));
    CHECK(std::abs(heard.fraction_lag.value - 1.0) < 1e-12);
  }
}

TEST_CASE("memory::reach: a GRU's gains are the products of its Jacobians, and those are differences", "[oracle][differential]") {
  const models::gru<double> net(random_layers<double>(3, 2, {5, 4}, 0.9));
  const Index n = 9, lags = 6;
  const MatrixXd inputs = random_matrix(2, 20, 1.0, 7), C = random_matrix(1, n, 1.0, 8);
  const VectorXd h0 = random_matrix(n, 1, 0.5, 9);
  // The window that begins at step 3, by central differences of whole runs: from the input of step s, and from the state after it.
  auto ws = net.make_workspace(0);
  const auto run = [&](Index from, VectorXd h, const VectorXd& dx) {
    VectorXd next(n);
    for (Index t = from; t <= 3 + lags; ++t) {
      net.step(h, inputs.col(t) + (t == from ? dx : VectorXd::Zero(2)), next, ws);
      h = next;
    }
    return h;
  };
  const auto state_before = [&](Index step) {
    VectorXd h = h0, next(n);
    for (Index t = 0; t < step; ++t) {
      net.step(h, inputs.col(t), next, ws);
      h = next;
    }
    return h;
  };
  const double d = 1e-5;  // truncation d² times a third derivative of order 10, and rounding eps/d: 1e-9
  MatrixXd of_input(n, 2);
  const auto heard = memory::reach(net, h0, inputs, {.lags = lags, .output = C, .steps = lags + 1, .transient = 3});
  const auto again =
      memory::reach(net, h0, inputs, {.lags = lags, .output = C, .steps = lags + 1, .transient = 3, .recompute = true});
  REQUIRE(heard.by == transport::adjoint);
  REQUIRE(heard.through_layers.rows() == 2);
  for (Index k = 0; k <= lags; ++k) {
    const Index s = 3 + lags - k;
    for (Index c = 0; c < 2; ++c) {
      const VectorXd dx = d * VectorXd::Unit(2, c);
      of_input.col(c) = (run(s, state_before(s), dx) - run(s, state_before(s), -dx)) / (2 * d);
    }
    CHECK(std::abs(heard.gain[k] - (C * of_input).norm()) < 1e-7);
    CHECK(std::abs(heard.channels(1, k) - std::abs((C * of_input.col(1))(0))) < 1e-7);
    // Through the upper layer: the state after step s moved in its rows.
    VectorXd through(4);
    for (Index i = 0; i < 4; ++i) {
      const VectorXd moved = d * VectorXd::Unit(n, 5 + i), at = state_before(s + 1);
      through[i] = (C * (run(s + 1, at + moved, VectorXd::Zero(2)) - run(s + 1, at - moved, VectorXd::Zero(2))))(0) / (2 * d);
    }
    CHECK(std::abs(heard.through_layers(1, k) - through.norm()) < 1e-7);
  }
  CHECK(again.windows == heard.windows);
  CHECK(again.through_layers == heard.through_layers);

  // Forward from the window's first input; the last lag is that of the adjoint.
  const auto ahead =
      memory::reach(net, h0, inputs, {.lags = lags, .output = C, .steps = lags + 1, .transient = 3, .by = transport::tangent});
  CHECK(std::abs(ahead.gain[lags] - heard.gain[lags]) < 1e-13);
  REQUIRE(ahead.layers.rows() == 2);
  CHECK(std::abs(ahead.layers(0, lags) - of_input.topRows(5).norm()) < 1e-7);
  CHECK(std::abs(ahead.layers(1, lags) - of_input.bottomRows(4).norm()) < 1e-7);
  CHECK(ahead.through_layers.size() == 0);
}

TEST_CASE("memory::reach: means over many windows agree between adjoints and tangents, within their intervals", "[stat]") {
  const models::gru<double> net(random_layers<double>(3, 2, {6}, 1.5));
  const MatrixXd inputs = random_matrix(2, 12'000, 1.0, 7), C = random_matrix(1, 6, 1.0, 8);
  memory::reach_options options{.lags = 30, .output = C, .transient = 100, .by = transport::adjoint};
  const auto back = memory::reach(net, VectorXd::Zero(6), inputs, options);
  options.by = transport::tangent;
  const auto ahead = memory::reach(net, VectorXd::Zero(6), inputs, options);
  REQUIRE(back.status == status::ok);
  REQUIRE(ahead.status == status::ok);
  CHECK(back.windows.cols() == ahead.windows.cols());
  for (const Index k : {0, 1, 5, 15}) {
    CHECK(back.lower[k] < back.gain[k]);
    CHECK(back.gain[k] < back.upper[k]);
    // Two independent means: four of the larger half width is eight standard errors.
    const double width = std::max(back.upper[k] - back.lower[k], ahead.upper[k] - ahead.lower[k]);
    CHECK(std::abs(back.gain[k] - ahead.gain[k]) < 2.0 * width);
  }
  CHECK(back.fraction_lag.lower <= back.fraction_lag.value);
  CHECK(back.fraction_lag.value <= back.fraction_lag.upper);
  CHECK(back.mean_lag.lower <= back.mean_lag.value);
  CHECK(back.mean_lag.value <= back.mean_lag.upper);
}

TEST_CASE("memory::reach: an output by a feedback, with and without an adjoint", "[differential]") {
  const models::gru<double> net(random_layers<double>(3, 2, {5, 4}, 0.9));
  const MatrixXd inputs = random_matrix(2, 60, 1.0, 7), weight = random_matrix(2, 4, 1.0, 8);
  const models::readout<double> readout(weight, VectorXd());
  MatrixXd C = MatrixXd::Zero(2, 9);
  C.rightCols(4) = weight;
  const VectorXd h0 = VectorXd::Zero(9);
  const models::soft_feedback<double> soft(net, readout, models::embedding<double>::one_hot(2));
  for (const transport by : {transport::adjoint, transport::tangent}) {
    const auto by_matrix = memory::reach(net, h0, inputs, {.lags = 10, .output = C, .transient = 5, .by = by});
    const models::direct_feedback<double> direct(net, readout);
    const auto by_feedback = memory::reach(net, h0, inputs, {.lags = 10, .output = direct, .transient = 5, .by = by});
    CHECK(close(by_matrix.gain, by_feedback.gain, 1e-13));
    // p = softmax of two logits: dp = p_0 p_1 (dl_0 - dl_1) (1, -1).
    MatrixXd D = MatrixXd::Zero(1, 9);
    D.rightCols(4) = weight.row(0) - weight.row(1);
    const auto difference = memory::reach(net, h0, inputs, {.lags = 10, .output = D, .steps = 11, .transient = 5, .by = by});
    const auto share = memory::reach(net, h0, inputs, {.lags = 10, .output = soft, .steps = 11, .transient = 5, .by = by});
    VectorXd h = h0, next(9);
    auto ws = net.make_workspace(0);
    for (Index t = 0; t < 16; ++t) {
      net.step(h, inputs.col(t), next, ws);
      h = next;
    }
    const double logit = (D * h)(0), slope = 1.0 / ((1.0 + std::exp(logit)) * (1.0 + std::exp(-logit)));
    CHECK(std::abs(share.gain[10] - std::sqrt(2.0) * slope * difference.gain[10]) < 1e-14);
  }
}

TEST_CASE("memory::reach: a map without inputs: the gain of its state, alone and in a pass", "[oracle]") {
  const MatrixXd A = contraction(4, 5);
  const auto powers = gains_of(MatrixXd::Identity(4, 4), A, MatrixXd::Identity(4, 4), 12);
  for (const transport by : {transport::automatic, transport::adjoint, transport::tangent}) {
    const auto heard = memory::reach(maps::linear<>(A), VectorXd::Zero(4), {.lags = 12, .transient = 0, .by = by});
    CHECK(close(heard.gain, powers, 1e-12));
    CHECK(heard.channels.size() == 0);
    CHECK(heard.windows.cols() == 16);
  }
  // A formula by itself and in a pass; over few steps, in which its two preparations do not round apart.
  const maps::henon map;
  const auto alone = memory::reach(map, maps::henon::start(), {.lags = 5, .steps = 12, .transient = 0});
  const auto [few] =
      libration::analyze(map, maps::henon::start(), {.steps = 12, .transient = 0}, memory::reach_estimator{{.lags = 5}});
  CHECK(close(few.gain, alone.gain, 1e-12));
  CHECK(few.steps == 12);
  CHECK(std::abs(alone.gain[0] - std::sqrt(2.0)) < 1e-15);
  // Along a chaotic orbit it grows by the exponent.
  const auto [spectrum, reach] =
      libration::analyze(map, maps::henon::start(), {.steps = 4100}, libration::lyapunov::spectrum_estimator{},
                         memory::reach_estimator{{.lags = 40}});
  const Eigen::ArrayXd growth = (reach.windows.row(40).array() / reach.windows.row(0).array()).log() / 40.0;
  CHECK(std::abs(growth.mean() - spectrum.exponents[0]) < 0.05);  // 100 windows
}

TEST_CASE("memory::reach: in a pass with a wider frame the workspaces are copied", "[differential]") {
  const models::gru<double> net(random_layers<double>(3, 2, {5, 4}, 0.9));
  const MatrixXd inputs = random_matrix(2, 300, 1.0, 7), C = random_matrix(1, 9, 1.0, 8);
  const auto alone = memory::reach(net, VectorXd::Zero(9), inputs, {.lags = 10, .output = C, .steps = 100, .transient = 50});
  const auto [reach, spectrum, of_state] = libration::analyze(
      net, VectorXd::Zero(9), inputs, {.steps = 100, .transient = 50}, memory::reach_estimator{{.lags = 10, .output = C}},
      libration::lyapunov::spectrum_estimator{{.count = 4, .frame_transient = 0}}, memory::reach_estimator{{.lags = 10}});
  CHECK(reach.by == transport::adjoint);
  CHECK(close(reach.gain, alone.gain, 1e-14));
  CHECK(of_state.by == transport::tangent);
}

TEST_CASE("memory::reach: random directions have the right mean square", "[stat]") {
  const MatrixXd A = contraction(6, 1), B = random_matrix(6, 5, 1.0, 2);
  const maps::driven_linear<> map(A, B);
  const VectorXd wanted = gains_of(MatrixXd::Identity(6, 6), A, B, 5);
  for (const transport by : {transport::adjoint, transport::tangent}) {
    const auto heard = memory::reach(map, VectorXd::Zero(6), MatrixXd::Zero(5, 12'000),
                                     {.lags = 5, .transient = 0, .by = by, .probes = 2, .seed = 4});
    CHECK(heard.random_directions);
    CHECK(heard.columns == 2);
    CHECK((heard.channels.size() > 0) == (by == transport::adjoint));
    // 2000 windows, whose squares spread by less than √2 of their mean each: four standard errors are 0.13 of it.
    for (Index k = 0; k <= 5; ++k)
      CHECK(std::abs(heard.windows.row(k).array().square().mean() / (wanted[k] * wanted[k]) - 1.0) < 0.13);
    CHECK(heard.gain[0] < wanted[0]);
  }
}

TEST_CASE("memory::reach: a run that ends early keeps the windows that it completed", "[failure]") {
  const maps::driven_linear<> doubling(MatrixXd::Constant(1, 1, 2.0), MatrixXd::Ones(1, 1));
  const auto heard = memory::reach(doubling, VectorXd::Ones(1), MatrixXd::Ones(1, 3000), {.lags = 99, .transient = 0});
  CHECK(heard.status == status::diverged);
  CHECK(heard.windows.cols() == 10);  // the state of step t is 2^(t + 2) - 1, and 2^1024 is out of range
  CHECK(heard.failed_at == 1022);
  CHECK(heard.gain[99] == std::ldexp(1.0, 99));

  std::stop_source source;
  source.request_stop();
  const auto stopped =
      memory::reach(doubling, VectorXd::Ones(1), MatrixXd::Ones(1, 3000), {.lags = 99, .transient = 0, .stop = source.get_token()});
  CHECK(stopped.status == status::cancelled);
  CHECK(stopped.gain.size() == 0);
  CHECK(stopped.lags() == 0);
  CHECK(std::isnan(stopped.fraction_lag.value));
}

TEST_CASE("memory::reach: what does not fit is refused", "[failure]") {
  const maps::driven_linear<> map(contraction(3, 1), MatrixXd::Ones(3, 1));
  const VectorXd h0 = VectorXd::Zero(3);
  const MatrixXd inputs = MatrixXd::Zero(1, 50);
  const auto refused = [&](const memory::reach_options& options, const std::string& what) {
    CHECK_THROWS_WITH(memory::reach(map, h0, inputs, options), Contains("memory::reach: " + what));
  };
  refused({.lags = 0}, ".lags is 0, expected >= 1");
  refused({.lags = 10, .fraction = 1.0}, ".fraction is 1, expected a number in (0, 1)");
  refused({.lags = 10, .every = -1}, ".every is -1");
  refused({.lags = 10, .probes = -1}, ".probes is -1");
  refused({.lags = 10, .level = 0.0}, ".level is 0");
  refused({.lags = 10, .resamples = 0}, ".resamples is 0");
  refused({.lags = 10, .output = MatrixXd::Ones(1, 2)}, ".output has 2 rows, expected 3");
  refused({.lags = 10, .steps = 10, .transient = 0}, "there are 10 steps to count, expected at least 11");
  refused({.lags = 60, .transient = 0}, "there are 50 steps to count, expected at least 61");
  refused({.lags = 10, .transient = 60}, "inputs have 50 columns, expected at least");
  refused({.lags = std::int64_t{1} << 39, .steps = std::int64_t{1} << 40, .transient = 0}, "");
  CHECK_THROWS_WITH(memory::reach(map, h0, MatrixXd::Zero(2, 50), {.lags = 10}), Contains("memory::reach: inputs has 2 rows"));
  CHECK_THROWS_WITH(memory::reach(map, VectorXd::Zero(2), inputs, {.lags = 10, .transient = 0}),
                    Contains("memory::reach: h0 has 2 rows"));
  CHECK_THROWS_WITH(memory::state_output(MatrixXd()), Contains("memory::state_output: the matrix is empty"));
  CHECK_THROWS_WITH(memory::state_output(MatrixXd::Constant(1, 2, std::numeric_limits<double>::infinity())),
                    Contains("memory::state_output: the matrix has an entry that is not finite"));
  CHECK_THROWS_WITH(memory::reach(tangent_alone{}, VectorXd::Zero(2), {.lags = 10, .by = transport::adjoint}),
                    Contains("memory::reach: .by is adjoint, which this map has not: this vector map has no adjoint: give it"));
  CHECK(memory::reach(tangent_alone{}, VectorXd::Zero(2), {.lags = 10}).by == transport::tangent);
}
