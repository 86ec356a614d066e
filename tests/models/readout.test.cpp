// SPDX-License-Identifier: MIT
#include <libration/models/readout.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Core>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::file_of;
using libration_test::message_of;
using libration_test::random_matrix;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using Eigen::MatrixXd, Eigen::VectorXd;

TEST_CASE("models::readout: y = W h + b, read with and without a bias", "[oracle]") {
  const MatrixXd W = random_matrix(3, 5, 1.0, 1);
  const VectorXd b = random_matrix(3, 1, 1.0, 2), h = random_matrix(5, 1, 1.0, 3);
  VectorXd y(3);
  models::readout<double>::from(file_of(safetensors::tensor_set().add("fc.weight", W).add("fc.bias", b)), "fc.")
      .evaluate(h, y);
  CHECK((y - (W * h + b)).cwiseAbs().maxCoeff() < 1e-15 * 6);  // six rounded terms
  models::readout<double>::from(file_of(safetensors::tensor_set().add("weight", W)), "").evaluate(h, y);
  CHECK((y - W * h).cwiseAbs().maxCoeff() < 1e-15 * 6);
}

TEST_CASE("models::readout: what does not fit is refused by name", "[failure]") {
  const MatrixXd W = random_matrix(3, 5, 1.0, 1);
  CHECK(message_of<libration::argument_error>([&] { models::readout<double>(W, VectorXd(VectorXd::Zero(4))); }) ==
        "models::readout: bias has 4 rows, expected 3 (the weight's rows)");
  const auto from = [](const safetensors::tensor_set& tensors) {
    const auto file = file_of(tensors);
    return message_of<libration::file_error>([&] { models::readout<double>::from(file, "fc."); });
  };
  CHECK(from(safetensors::tensor_set().add("fc.weight", W).add("fc.bias", VectorXd(VectorXd::Zero(4))))
            .find("\"fc.bias\" has shape (4), expected (3)") != std::string::npos);
  MatrixXd bad = W;
  bad(2, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(from(safetensors::tensor_set().add("fc.weight", bad))
            .find("fc.weight holds a number that is not finite, at row 2, column 1") != std::string::npos);
}

TEST_CASE("models::cross_entropy: equal logits cost ln V, a leading one log1p of the rest, whatever the offset",
          "[oracle]") {
  // Rounding of the offset logits themselves: 3000 eps.
  for (const double offset : {0.0, 3000.0, -3000.0}) {
    VectorXd logits = VectorXd::Constant(5, offset);
    CHECK(std::abs(models::cross_entropy(logits, 3) - std::log(5.0)) < 1e-12);
    logits[2] += 10;
    CHECK(std::abs(models::cross_entropy(logits, 2) - std::log1p(4 * std::exp(-10.0))) < 1e-12);
    CHECK(std::abs(models::cross_entropy(logits, 0) - 10 - std::log1p(4 * std::exp(-10.0))) < 1e-12);
    models::log_softmax_in_place<double>(logits);
    CHECK(std::abs(logits.array().exp().sum() - 1) < 1e-12);
  }
}
