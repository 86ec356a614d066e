// SPDX-License-Identifier: MIT
#include <libration/rollout/batch_stepper.hpp>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/models/gru.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace rollout = libration::rollout;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using namespace libration_test;

TEST_CASE("rollout::batch_stepper: every kind of map steps each column as it steps one state", "[law]") {
  MatrixXd H = random_matrix(2, 5, 0.5, 1), next(2, 5);
  const maps::henon map;
  rollout::batch_stepper<maps::henon> henon(map, 5);
  henon.step(0, H, VectorXd(), next);
  for (int j = 0; j < 5; ++j) {
    CHECK(next(0, j) == 1.0 - 1.4 * H(0, j) * H(0, j) + H(1, j));
    CHECK(next(1, j) == 0.3 * H(0, j));
  }
  const MatrixXd A = random_matrix(2, 2, 1.0, 2);
  const maps::linear<> linear(A);
  rollout::batch_stepper<maps::linear<>> plain(linear, 5);
  plain.step(0, H, VectorXd(), next);
  CHECK((next - A * H).cwiseAbs().maxCoeff() < 1e-15);

  const libration::models::gru<double> gru(random_layers<double>(3, 4, {6, 5}));
  static_assert(maps::steps_batches<libration::models::gru<double>>);
  static_assert(!maps::steps_batches<maps::linear<>>);
  const MatrixXd states = random_matrix(11, 7, 0.9, 3);
  const VectorXd x = random_matrix(4, 1, 1.0, 4);
  rollout::batch_stepper<libration::models::gru<double>> batch(gru, 7);
  MatrixXd together(11, 7);
  batch.step(0, states, x, together);
  auto ws = gru.make_workspace(0);
  VectorXd one(11);
  for (int j = 0; j < 7; ++j) {
    gru.step(states.col(j), x, one, ws);
    CHECK((together.col(j) - one).cwiseAbs().maxCoeff() < 1e-14);
  }
  // Fewer columns than it was made for.
  MatrixXd first(11, 1);
  batch.step(0, states.leftCols(1), x, first);
  CHECK((first - together.leftCols(1)).cwiseAbs().maxCoeff() < 1e-14);
}
