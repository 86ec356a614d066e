// SPDX-License-Identifier: MIT
#include <libration/maps/eigenvalue_moduli.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using maps::eigenvalue_moduli, maps::spectral_radius;
using namespace libration_test;

TEST_CASE("maps::eigenvalue_moduli: triangles, turned planes, multiplicities", "[oracle]") {
  MatrixXd A(4, 4);
  A << 0.5, 3.0, -1.0, 2.0,  //
      0.0, -2.0, 1.0, 4.0,   //
      0.0, 0.0, 0.6, -0.8,   //
      0.0, 0.0, 0.8, 0.6;
  // The last two are e^{±iφ}.
  const VectorXd moduli = eigenvalue_moduli(A);
  CHECK((moduli - (VectorXd(4) << 2.0, 1.0, 1.0, 0.5).finished()).cwiseAbs().maxCoeff() < 1e-14);
  CHECK(spectral_radius(A) == moduli[0]);
  CHECK(spectral_radius(MatrixXd::Zero(3, 3)) == 0.0);
  CHECK(eigenvalue_moduli(MatrixXd(0, 0)).size() == 0);
  CHECK(spectral_radius(MatrixXd(0, 0)) == 0.0);
}

TEST_CASE("maps::eigenvalue_moduli: their product is |det|, at any size of the entries", "[law]") {
  MatrixXd A(12, 12);
  libration::random_stream(3).fill_normal(A);
  const VectorXd moduli = eigenvalue_moduli(A);
  CHECK(std::abs(moduli.array().log().sum() - std::log(std::abs(A.determinant()))) < 1e-12);
  for (const int e : {-900, 900}) {
    const VectorXd scaled = eigenvalue_moduli(std::ldexp(1.0, e) * A);
    CHECK((scaled / std::ldexp(1.0, e) - moduli).cwiseAbs().maxCoeff() < 1e-13);
  }
}

TEST_CASE("maps::eigenvalue_moduli: what it refuses", "[failure]") {
  const auto refusal = [](const MatrixXd& A) { return message_of<libration::argument_error>([&] { (void)eigenvalue_moduli(A); }); };
  CHECK(refusal(MatrixXd::Zero(2, 3)) == "maps::eigenvalue_moduli: A is 2 x 3, expected a square matrix");
  CHECK(refusal(MatrixXd::Constant(2, 2, std::numeric_limits<double>::infinity())) ==
        "maps::eigenvalue_moduli: A has an entry that is not finite");
}
