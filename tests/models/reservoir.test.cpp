// SPDX-License-Identifier: MIT
#include <libration/models/reservoir.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/dense.hpp"

using libration_test::file_of;
using libration_test::message_of;
using libration_test::random_matrix;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

static_assert(libration::maps::driven<models::reservoir<double>> &&
              libration::maps::differentiable<models::reservoir<float>>);

namespace {

/// W, seen through the map: at x = 0, b = 0, h = 0 the tangent is (1 - a) I + a W.
MatrixXd jacobian_at_zero(const models::reservoir<double>& map) {
  const Index n = map.state_size();
  auto ws = map.make_workspace(n);
  VectorXd next(n);
  MatrixXd J(n, n);
  map.step(VectorXd::Zero(n), VectorXd::Zero(map.input_size()), next, ws);
  map.tangent(MatrixXd::Identity(n, n), J, ws);
  return J;
}

}  // namespace

TEST_CASE("models::reservoir: a step and its tangent are the formulas", "[differential]") {
  const Index n = 8;
  const MatrixXd W = random_matrix(n, n, 1.0, 1), W_in = random_matrix(n, 2, 1.0, 2);
  const VectorXd b = random_matrix(n, 1, 1.0, 3), h = random_matrix(n, 1, 1.0, 4), x = random_matrix(2, 1, 1.0, 5);
  const double a = 0.3;
  const models::reservoir<double> map(W, W_in, b, a);
  auto ws = map.make_workspace(n);
  VectorXd next(n);
  MatrixXd J(n, n);
  map.step(h, x, next, ws);
  map.tangent(MatrixXd::Identity(n, n), J, ws);
  const VectorXd z = (W * h + W_in * x + b).array().tanh();
  const VectorXd expected = (1 - a) * h + a * z;
  const MatrixXd slope = (a * (1 - z.array().square())).matrix().asDiagonal();
  CHECK((next - expected).cwiseAbs().maxCoeff() < 1e-14);  // 11 rounded terms of order one
  CHECK((J - ((1 - a) * MatrixXd::Identity(n, n) + slope * W)).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("models::reservoir::random: has the spectral radius, and the same digits for the same seed", "[law]") {
  const auto map = models::reservoir<double>::random(40, 2, {.spectral_radius = 1.25, .seed = 7});
  const MatrixXd W = jacobian_at_zero(map);
  const double radius = libration_test::eigenvalues_of(W).cwiseAbs().maxCoeff();
  // The eigenvalue's condition times n eps; a random matrix's leading one is conditioned below 1e3.
  CHECK(std::abs(radius - 1.25) < 1e3 * 40 * std::numeric_limits<double>::epsilon());
  CHECK(W == jacobian_at_zero(models::reservoir<double>::random(40, 2, {.spectral_radius = 1.25, .seed = 7})));
  CHECK(W != jacobian_at_zero(models::reservoir<double>::random(40, 2, {.spectral_radius = 1.25, .seed = 8})));
}

TEST_CASE("models::reservoir::random: connectivity is the share of entries that are not zero", "[stat]") {
  const MatrixXd W = jacobian_at_zero(models::reservoir<double>::random(100, 1, {.connectivity = 0.2}));
  // Binomial, 10^4 entries: 2000 +- 40. Four deviations; the seed is fixed.
  CHECK(std::abs(static_cast<double>((W.array() != 0).count()) - 2000) < 160);
}

TEST_CASE("models::reservoir: reads its own names, with bias and leak where they are", "[oracle]") {
  const Index n = 5;
  const MatrixXd W = random_matrix(n, n, 1.0, 1), W_in = random_matrix(n, 2, 1.0, 2);
  const VectorXd b = random_matrix(n, 1, 1.0, 3), h = random_matrix(n, 1, 1.0, 4), x = random_matrix(2, 1, 1.0, 5);
  const auto step = [&](const models::reservoir<double>& map) {
    auto ws = map.make_workspace(0);
    VectorXd next(n);
    map.step(h, x, next, ws);
    return next;
  };
  const auto full =
      file_of(safetensors::tensor_set().add("esn.W", W).add("esn.W_in", W_in).add("esn.bias", b).add("esn.leak", 0.3));
  CHECK(step(models::reservoir<double>::from(full, "esn.")) == step({W, W_in, b, 0.3}));
  const auto bare = file_of(safetensors::tensor_set().add("W", W).add("W_in", W_in));
  CHECK(step(models::reservoir<double>::from(bare)) == step({W, W_in}));
}

TEST_CASE("models::reservoir: wrong options and wrong files are refused by name", "[failure]") {
  using libration::argument_error, libration::file_error;
  const auto random = [](Index n, Index m, models::reservoir_options options) {
    return message_of<argument_error>([&] { models::reservoir<double>::random(n, m, options); });
  };
  CHECK(random(0, 1, {}) == "models::reservoir::random: state_size and input_size must be at least 1");
  CHECK(random(5, 1, {.spectral_radius = 0}).find("spectral_radius is 0,") != std::string::npos);
  CHECK(random(5, 1, {.connectivity = 1.5}).find("connectivity is 1.5") != std::string::npos);
  CHECK(random(5, 1, {.input_scale = -1}).find("input_scale is -1,") != std::string::npos);
  CHECK(random(5, 1, {.leak = 0}).find("leak is 0,") != std::string::npos);
  CHECK(random(3, 1, {.connectivity = 1e-9}).find("nilpotent") != std::string::npos);

  const auto from = [](const safetensors::tensor_set& tensors) {
    const auto file = file_of(tensors);
    return message_of<file_error>([&] { models::reservoir<double>::from(file); });
  };
  const MatrixXd W = random_matrix(5, 5, 1.0, 1), W_in = random_matrix(5, 2, 1.0, 2);
  CHECK(from(safetensors::tensor_set().add("W", W)).find("no tensor \"W_in\"") != std::string::npos);
  CHECK(from(safetensors::tensor_set().add("W", MatrixXd(W.topRows(4))).add("W_in", W_in)).find("W has shape (4, 5)") !=
        std::string::npos);
  CHECK(from(safetensors::tensor_set().add("W", W).add("W_in", W_in).add("leak", 2.0)).find("leak is 2,") !=
        std::string::npos);
}
