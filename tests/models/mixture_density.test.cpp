// SPDX-License-Identifier: MIT
#include <libration/models/mixture_density.hpp>

#include <cmath>
#include <cstdint>
#include <string>

#include <Eigen/Core>

#include <libration/maps/loop_with_input.hpp>
#include <libration/models/gru.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration_test::message_of, libration_test::random_layers, libration_test::random_matrix;
using models::mixture_kind, models::mixture_value;

namespace {

// A head of 3 components for m values, on 5 units, with deviations about 1.
models::mixture_density<double> head_of(Index m, mixture_kind kind, Index units = 5, std::uint64_t stream = 40) {
  const Index rows = kind == mixture_kind::each ? 9 * m : 3 + 6 * m;
  return {models::readout<double>(random_matrix(rows, units, 0.8, stream), random_matrix(rows, 1, 0.5, stream + 1)), 3, kind};
}

// The integral of f over [-60, 60] by the trapezoidal rule, which converges faster than any power for densities like these.
template <class F>
double integral(const F& f) {
  constexpr int n = 4000;
  double sum = 0.0;
  for (int i = 0; i <= n; ++i) sum += f(-60.0 + 120.0 * i / n);
  return sum * 120.0 / n;
}

}  // namespace

TEST_CASE("models::mixture_density: the parameters are softmax, the layer's own and exponentials", "[oracle]") {
  const VectorXd h = random_matrix(5, 1, 1.0, 7);
  for (const auto kind : {mixture_kind::each, mixture_kind::joint}) {
    const auto head = head_of(2, kind);
    CHECK(head.output_size() == 2);
    CHECK(head.components() == 3);
    const VectorXd raw = head.layer().weight() * h + head.layer().bias();
    const auto p = head.at(h);
    const Index groups = kind == mixture_kind::each ? 2 : 1, d = 2 / groups;
    REQUIRE(p.groups() == groups);
    for (Index g = 0; g < groups; ++g) {
      const VectorXd e = raw.segment(3 * g, 3).array().exp();
      CHECK((p.weight.segment(3 * g, 3) - e / e.sum()).cwiseAbs().maxCoeff() < 1e-15);
      for (Index k = 0; k < 3; ++k)
        for (Index i = 0; i < d; ++i) {
          CHECK(p.mean(i, 3 * g + k) == raw[3 * groups + (3 * g + k) * d + i]);
          CHECK(p.deviation(i, 3 * g + k) == std::exp(raw[3 * groups + 6 + (3 * g + k) * d + i]));
        }
    }
  }
}

TEST_CASE("models::mixture_density: the density integrates to 1, with the mean and the variance that it says", "[oracle]") {
  const VectorXd h = random_matrix(5, 1, 1.0, 8);
  const auto one = head_of(1, mixture_kind::each).at(h);
  const auto density = [&](double x) { return std::exp(one.log_density(VectorXd::Constant(1, x))); };
  VectorXd mean(1);
  one.expectation(mean);
  CHECK(std::abs(integral(density) - 1.0) < 1e-12);
  CHECK(std::abs(integral([&](double x) { return x * density(x); }) - mean[0]) < 1e-12);
  CHECK(std::abs(integral([&](double x) { return (x - mean[0]) * (x - mean[0]) * density(x); }) - one.variance()[0]) < 1e-11);
  // By hand, from the parameters.
  CHECK(std::abs(mean[0] - one.weight.dot(one.mean.row(0))) < 1e-15);
  const double second = (one.weight.array() * (one.deviation.row(0).transpose().array().square() +
                                               one.mean.row(0).transpose().array().square())).sum();
  CHECK(std::abs(one.variance()[0] - (second - mean[0] * mean[0])) < 1e-13);

  // Two values: independent of each other, or jointly distributed with marginals that integrate.
  const auto each = head_of(2, mixture_kind::each).at(h), joint = head_of(2, mixture_kind::joint).at(h);
  for (const auto* p : {&each, &joint}) {
    VectorXd centre(2);
    p->expectation(centre);
    double total = 0.0, first = 0.0, product = 0.0;
    constexpr int n = 400;  // steps of 0.2: the rule's error is exp(-2 π² σ²/0.04), below 4e-10
    CHECK(p->deviation.minCoeff() > 0.21);
    for (int i = 0; i <= n; ++i)
      for (int j = 0; j <= n; ++j) {
        const Eigen::Vector2d x(-40.0 + 80.0 * i / n, -40.0 + 80.0 * j / n);
        const double q = std::exp(p->log_density(x)) * 0.04;
        total += q;
        first += x[0] * q;
        product += (x[0] - centre[0]) * (x[1] - centre[1]) * q;
      }
    CHECK(std::abs(total - 1.0) < 1e-9);
    CHECK(std::abs(first - centre[0]) < 1e-8);
    if (p == &each) CHECK(std::abs(product) < 1e-8);
  }
  // One component far away does not make the others underflow.
  CHECK(std::isfinite(one.log_density(VectorXd::Constant(1, 1e3))));
}

TEST_CASE("models::mixture_density: what is drawn has the mixture's mean and variance, at every temperature", "[stat]") {
  // Of 40,000 draws the mean is right to 4 sd/200 (false alarm 6e-5); the variance to 4 times its own standard error, taken from
  // the fourth moment of the draws.
  const VectorXd h = random_matrix(5, 1, 1.0, 9);
  for (const auto kind : {mixture_kind::each, mixture_kind::joint}) {
    const auto p = head_of(2, kind).at(h);
    VectorXd mean(2), x(2);
    p.expectation(mean);
    const libration::random_stream numbers(6);
    constexpr int draws = 40'000;
    MatrixXd all(2, draws);
    for (int t = 0; t < draws; ++t) {
      p.sample(numbers, t, 1.0, x);
      all.col(t) = x;
    }
    const VectorXd variance = p.variance();
    for (Index i = 0; i < 2; ++i) {
      const Eigen::ArrayXd d = all.row(i).transpose().array() - mean[i];
      CHECK(std::abs(d.mean()) < 4.0 * std::sqrt(variance[i] / draws));
      const double error = std::sqrt((d.pow(4).mean() - variance[i] * variance[i]) / draws);
      CHECK(std::abs(d.square().mean() - variance[i]) < 4.0 * error);
    }
    // The same numbers again; cold draws are near the likeliest value, and at 0 are it.
    p.sample(numbers, 17, 1.0, x);
    CHECK(x == all.col(17));
    VectorXd likeliest(2);
    p.likeliest(likeliest);
    p.sample(numbers, 17, 0.0, x);
    CHECK(x == likeliest);
    p.sample(numbers, 17, 1e-8, x);
    CHECK((x - likeliest).cwiseAbs().maxCoeff() < 1e-2);
  }
}

TEST_CASE("models::mixture_density: loops that are fed what it expects, and their tangents", "[law][differential]") {
  const models::gru<double> net(random_layers<double>(3, 2, {4, 5}, 0.9));
  const VectorXd h = random_matrix(net.state_size(), 1, 0.7, 11);
  for (const auto kind : {mixture_kind::each, mixture_kind::joint}) {
    for (const auto value : {mixture_value::expectation, mixture_value::likeliest}) {
      const auto head = head_of(2, kind);
      const auto loop = models::close_loop(net, head, value);
      CHECK(libration::testing::check_laws(loop, h).ok());
      // The input that the loop makes is the mixture's.
      VectorXd x(2), next(h.size()), expected(h.size());
      const auto p = head.at(h.segment(net.output_offset(), 5));
      value == mixture_value::expectation ? p.expectation(x) : p.likeliest(x);
      auto ws = loop.make_workspace(0);
      auto own = net.make_workspace(0);
      loop.step(h, next, ws);
      net.step(h, x, expected, own);
      CHECK(next == expected);
    }
  }
}

TEST_CASE("models::mixture_density: a layer of another shape is refused; a file's layer is read", "[failure]") {
  const auto refusal = [](Index rows, Index components, mixture_kind kind) {
    return message_of<libration::argument_error>([&] {
      (void)models::mixture_density<double>(models::readout<double>(MatrixXd::Ones(rows, 4), VectorXd()), components, kind);
    });
  };
  CHECK(refusal(9, 0, mixture_kind::each) == "models::mixture_density: components is 0, expected >= 1");
  CHECK(refusal(10, 3, mixture_kind::each) ==
        "models::mixture_density: the layer has 10 outputs, expected a multiple of 9 (3 components for each of m values)");
  CHECK(refusal(10, 3, mixture_kind::joint).find("expected 3 and a multiple of 6") != std::string::npos);
  CHECK(refusal(3, 3, mixture_kind::joint).find("the layer has 3 outputs") != std::string::npos);
  CHECK(refusal(15, 3, mixture_kind::joint).empty());

  VectorXd drawn(2);
  CHECK(message_of<libration::argument_error>([&] {
          head_of(2, mixture_kind::each).at(VectorXd::Ones(5)).sample(libration::random_stream(1), 0, -1.0, drawn);
        }) == "models::mixture::sample: temperature is -1, expected finite and >= 0");

  const auto head = head_of(2, mixture_kind::each);
  libration::io::safetensors::tensor_set tensors;
  tensors.add("mdn.weight", head.layer().weight()).add("mdn.bias", VectorXd(head.layer().bias()));
  const auto read = models::mixture_density<double>::from(libration_test::file_of(tensors), "mdn.", 3);
  CHECK(read.layer().weight() == head.layer().weight());
  CHECK(read.output_size() == 2);

  const models::gru<double> net(random_layers<double>(3, 2, {4}, 0.9));
  CHECK(message_of<libration::argument_error>([&] { (void)models::close_loop(net, head); }).find("models::mixture_feedback") !=
        std::string::npos);
}
