// SPDX-License-Identifier: MIT
#include <libration/maps/structured_spectrum.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/models/diagonal_recurrence.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/forecaster.hpp>
#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/min_gru.hpp>
#include <libration/models/rwkv7.hpp>
#include <libration/models/sequence_model.hpp>

#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"

using namespace libration_test;
namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::status;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Few states, as a frame has a column for each.
models::mamba_config mamba_of_few() {
  models::mamba_config c = small_mamba();
  c.hidden_size = 4;
  c.inner_size = 3;
  c.state_size = 2;
  c.conv_kernel = 3;
  return c;
}

models::mamba2_config mamba2_of_few() {
  models::mamba2_config c = small_mamba2();
  c.inner_size = 4;
  c.heads = 2;
  c.state_size = 2;
  c.conv_kernel = 2;
  return c;
}

models::min_gru_config min_gru_of_few(bool forget_gate) {
  models::min_gru_config c = small_min_gru();
  c.inner_size = 3;
  c.ffn_size = 5;
  c.forget_gate = forget_gate;
  return c;
}

// Along random inputs: an exact spectrum, and that of a frame over the same steps, which turns before.
template <class Body>
void check_against_frame(const typename Body::config_type& config, Index nilpotent, Index steps) {
  const Body net(config, random_weights<Body>(config));
  const Index n = net.state_size(), count = n - nilpotent;
  const MatrixXd X = random_matrix(net.input_size(), steps + 300, 1.0, 20);
  const VectorXd h0 = VectorXd::Zero(n);
  lyapunov::spectrum_options options{.steps = steps, .transient = 100, .frame_transient = 200};
  const auto exact = lyapunov::spectrum(net, h0, X, options);
  options.structured = false;
  options.count = count;
  const auto frame = lyapunov::spectrum(net, h0, X, options);
  REQUIRE(exact.exact);
  REQUIRE_FALSE(frame.exact);
  CHECK(exact.status == status::ok);
  REQUIRE(exact.exponents.size() == n);
  CHECK((exact.exponents.tail(nilpotent).array() == -infinity).all());
  CHECK((exact.exponents.head(count).array() < 0.0).all());
  // Over the same steps the sums differ by what the frame's first and last directions are worth, some nats, and no more; and where
  // two exponents are close, columns still turn, by which the frame's error bar is the larger.
  for (Index i = 0; i < count; ++i) {
    INFO(i << ": " << exact.exponents[i] << " by gates, " << frame.exponents[i] << " by a frame");
    CHECK(std::abs(exact.exponents[i] - frame.exponents[i]) < 4.0 * frame.standard_error[i] + 20.0 / static_cast<double>(steps));
  }
  CHECK(std::abs(exact.exponents.head(count).sum() - frame.exponents.sum()) < 20.0 / static_cast<double>(steps));

  // The model of which it is the body adds its output, and is exact too; not in a closed loop.
  using model = models::sequence_model<Body>;
  STATIC_REQUIRE(maps::has_structured_spectrum<model>);
  STATIC_REQUIRE(maps::has_structured_spectrum<maps::quantized_token_model<model>>);
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<decltype(models::close_loop(std::declval<const model&>()))>);
  const model whole(net, models::embedding<double>(random_matrix(4, 7, 1.0, 50)), {random_matrix(7, 4, 1.0, 51), VectorXd()});
  options.structured = true;
  const auto of_model = lyapunov::spectrum(whole, VectorXd::Zero(whole.state_size()), X, options);
  CHECK(of_model.exact);
  CHECK(of_model.exponents == exact.exponents.head(count));
}

void check_all_against_frame(Index steps) {
  check_against_frame<models::mamba<double>>(mamba_of_few(), 2 * 3 * 2, steps);
  check_against_frame<models::mamba2<double>>(mamba2_of_few(), 2 * (4 + 4), steps);
  check_against_frame<models::min_gru<double>>(min_gru_of_few(false), 0, steps);
  check_against_frame<models::min_gru<double>>(min_gru_of_few(true), 0, steps);
}

}  // namespace

TEST_CASE("maps::has_structured_spectrum: the general engine agrees with the mean log gates of state-space models",
          "[differential]") {
  check_all_against_frame(1000);
}
TEST_CASE("maps::has_structured_spectrum: the general engine agrees with the mean log gates over 4,000 steps",
          "[differential][heavy]") {
  check_all_against_frame(4000);
}

TEST_CASE("maps::has_structured_spectrum: a Mamba's exponents are its rates times the mean time steps, those of its equations",
          "[oracle]") {
  const models::mamba_config c = mamba_of_few();
  auto weights = random_weights<models::mamba<double>>(c);
  // A time step that does not depend on the input: softplus of its bias.
  for (auto& layer : weights.layers) layer.dt.setZero();
  const models::mamba<double> net(c, weights);
  const MatrixXd X = random_matrix(4, 200, 1.0, 21);
  const auto r = lyapunov::spectrum(net, VectorXd::Zero(net.state_size()), X, {.steps = 100, .transient = 0});
  std::vector<double> expected;
  for (const auto& layer : weights.layers)
    for (Index i = 0; i < 3; ++i)
      for (Index k = 0; k < 2; ++k) expected.push_back(-std::exp(layer.A_log(i, k)) * std::log1p(std::exp(layer.dt_bias[i])));
  std::sort(expected.begin(), expected.end(), std::greater<>());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(std::abs(r.exponents[static_cast<Index>(i)] - expected[i]) < 1e-13 * (1.0 - expected[i]));
    CHECK(r.standard_error[static_cast<Index>(i)] < 1e-13 * (1.0 - expected[i]));
  }
  CHECK(r.exponents[static_cast<Index>(expected.size())] == -infinity);
}

TEST_CASE("maps::has_structured_spectrum: in single precision and of many states at once, the gates are the first member's",
          "[differential]") {
  const models::mamba2_config c = mamba2_of_few();
  const models::mamba2<double> wide(c, random_weights<models::mamba2<double>>(c));
  const models::mamba2<float> narrow(c, random_weights<models::mamba2<float>>(c));
  const Index n = wide.state_size(), m = wide.structured_spectrum().gates;
  REQUIRE(m == 4);
  auto one = wide.make_workspace(0), many = wide.make_workspace(3, 5);
  auto single = narrow.make_workspace(0);
  const MatrixXd H = random_matrix(n, 5, 0.5, 30), X = random_matrix(4, 5, 1.0, 31);
  MatrixXd Next(n, 5);
  VectorXd next(n), a(m), b(m), s(m);
  Eigen::VectorXf after(n);
  wide.step(H.col(0), X.col(0), next, one);
  wide.step_batch(H, X, Next, many);
  narrow.step(Eigen::VectorXf(H.col(0).cast<float>()), Eigen::VectorXf(X.col(0).cast<float>()), after, single);
  wide.gates(one, a);
  wide.gates(many, b);
  narrow.gates(single, s);
  CHECK((a - b).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((a - s).cwiseAbs().maxCoeff() < 1e-5);
  CHECK((a.array() > 0.0).all());
}

TEST_CASE("maps::has_structured_spectrum: a diagonal recurrence's exponents are ln |lambda|, whatever it reads", "[oracle]") {
  Eigen::VectorXcd lambda(3);
  lambda << std::polar(0.9, 1.0), std::polar(1.0, 2.0), std::complex<double>(-0.5, 0.0);
  const models::diagonal_recurrence<double> net(lambda, Eigen::MatrixXcd::Ones(3, 1), Eigen::MatrixXcd::Ones(1, 3));
  const auto r = lyapunov::spectrum(net, VectorXd::Zero(6), random_matrix(1, 400, 1.0, 22), {.steps = 300, .transient = 10});
  REQUIRE(r.exact);
  const double expected[] = {0.0, 0.0, std::log(0.9), std::log(0.9), std::log(0.5), std::log(0.5)};
  for (Index i = 0; i < 6; ++i) {
    CHECK(std::abs(r.exponents[i] - expected[i]) < 1e-14);
    CHECK(r.standard_error[i] == 0.0);
  }
  CHECK(r.verdict == libration::verdict::neutral);
  CHECK(std::abs(r.sum - net.log_abs_determinant(VectorXd::Zero(6))) < 1e-13);
  CHECK(r.kaplan_yorke_dimension.value == 2.0);
}

TEST_CASE("maps::has_structured_spectrum: RWKV-7 claims none, and a forecaster has its body's", "[law]") {
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<models::rwkv7<double>>);
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<models::sequence_model<models::rwkv7<double>>>);
  const models::mamba<double> body(mamba_of_few(), random_weights<models::mamba<double>>(mamba_of_few()));
  const models::forecaster<models::mamba<double>> net(body, {random_matrix(4, 2, 1.0, 40), VectorXd::Zero(4)},
                                                      {random_matrix(2, 4, 0.2, 41), VectorXd::Zero(2)});
  STATIC_REQUIRE_FALSE(maps::has_structured_spectrum<decltype(models::close_loop(net))>);
  const auto whole = net.structured_spectrum(), own = body.structured_spectrum();
  CHECK(whole.gates == own.gates);
  CHECK((whole.gate.head(2).array() == maps::gate_structure::nilpotent).all());
  CHECK(whole.gate.tail(own.gate.size()) == own.gate);
  CHECK(whole.scale.tail(own.scale.size()) == own.scale);
  const MatrixXd X = random_matrix(2, 300, 1.0, 42);
  const auto r = lyapunov::spectrum(net, VectorXd::Zero(net.state_size()), X, {.steps = 200, .transient = 50});
  CHECK(r.exact);
  CHECK(r.exponents[11] > -infinity);
  CHECK(r.exponents[12] == -infinity);
}
