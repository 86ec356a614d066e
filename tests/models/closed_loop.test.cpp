// SPDX-License-Identifier: MIT
// What closing the loop does to a network's stability.
#include <libration/models/feedback.hpp>

#include <cmath>

#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/models/reservoir.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/dense.hpp"

using libration_test::random_matrix;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

TEST_CASE("models::close_loop: a network that forgets along given inputs, in a loop that is chaotic", "[stat]") {
  // W alone contracts (its norm is below 1); the loop's weight is W + W_in W_out, whose gain is far above 1.
  const Index n = 40, m = 20;
  const MatrixXd W = random_matrix(n, n, 0.1, 1), W_in = random_matrix(n, m, 0.5, 2);
  const models::reservoir<double> net(W, W_in);
  const models::readout<double> readout(random_matrix(m, n, 1.0, 3), VectorXd());
  REQUIRE(libration_test::singular_values(W)[0] < 1.0);
  const auto loop = models::close_loop(net, readout);
  const VectorXd start = random_matrix(n, 1, 0.5, 4);
  const auto closed = libration::lyapunov::spectrum(loop, start, {.count = 1, .steps = 3000, .transient = 200});
  CHECK(closed.status == libration::status::ok);
  CHECK(closed.verdict == libration::verdict::chaotic);
  CHECK(closed.exponents[0] > 0.1);

  // The same network along the very inputs that the loop makes for itself.
  MatrixXd inputs(m, 3300);
  VectorXd h = start, next(n);
  auto ws = loop.make_workspace(0);
  for (Index t = 0; t < inputs.cols(); ++t) {
    readout.evaluate(h, inputs.col(t));
    loop.step(h, next, ws);
    h.swap(next);
  }
  const auto open = libration::lyapunov::spectrum(net, start, inputs, {.count = 1, .steps = 3000, .transient = 200});
  CHECK(open.status == libration::status::ok);
  CHECK(open.verdict == libration::verdict::stable);
  CHECK(open.exponents[0] < std::log(libration_test::singular_values(W)[0]));
}
