// SPDX-License-Identifier: MIT
// The adjoints of recurrent networks and of what closes their loops.
#include <libration/models/stacked.hpp>

#include <Eigen/Core>

#include <libration/maps/close_loop.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/recurrent_network.hpp>
#include <libration/models/reservoir.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::for_each_network;
using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

static_assert(maps::has_input_pullback<models::rnn<double>> && maps::has_input_pullback<models::gru<float>> &&
              maps::has_input_pullback<models::lstm<double>> && maps::has_input_pullback<models::reservoir<float>> &&
              maps::has_input_pullback<models::recurrent_network<double>>);
static_assert(maps::feedback_with_pullback<models::direct_feedback<double>> &&
              maps::feedback_with_pullback<models::soft_feedback<float>>);

namespace {

template <class Map>
void check_adjoint(const Map& map) {
  static_assert(maps::has_pullback<Map>);
  VectorXd x;
  if constexpr (maps::driven<Map>) x = random_matrix(map.input_size(), 1, 1.0, 51);
  for (const double size : {1.0, 0.0}) {
    const auto laws = libration::testing::check_laws(map, random_matrix(map.state_size(), 1, size, 50).col(0), x);
    INFO(laws.text());
    CHECK(laws.ok());
  }
}

}  // namespace

TEST_CASE("models::stacked: the adjoint in state and input is that of the tangent", "[law]") {
  // Behind one type, so that the laws are compiled once.
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    check_adjoint(models::recurrent_network<double>(models::any_recurrent<double>(net)));
  });
  const models::rnn<double> reservoir =
      models::reservoir<double>(random_matrix(12, 12, 0.6, 1), random_matrix(12, 3, 1.0, 2), VectorXd(), 0.3);
  check_adjoint(models::recurrent_network<double>(models::any_recurrent<double>(reservoir)));
}

TEST_CASE("models::stacked: the adjoint in single precision", "[law]") {
  const models::gru<float> net(random_layers<float>(3, 4, {5, 7, 3}));
  const auto laws = libration::testing::check_laws(net, Eigen::VectorXf(random_matrix(15, 1, 1.0, 50).cast<float>()),
                                                   Eigen::VectorXf(random_matrix(4, 1, 1.0, 51).cast<float>()));
  INFO(laws.text());
  CHECK(laws.ok());
}

TEST_CASE("models::close_loop: the adjoint goes through the feedback", "[law]") {
  for_each_network<double>(0.6, [](const char* name, const auto& own) {
    INFO(name);
    const models::recurrent_network<double> net{models::any_recurrent<double>(own)};
    const auto readout = [&](Index outputs) {
      return models::readout<double>(random_matrix(outputs, net.hidden_size(), 1.0, 70), random_matrix(outputs, 1, 1.0, 71));
    };
    check_adjoint(models::close_loop(net, readout(net.input_size())));
    const models::embedding<double> table(random_matrix(4, 6, 1.0, 72));
    check_adjoint(maps::close_loop(net, models::soft_feedback<double>(net, readout(6), table, {.temperature = 0.4})));
    check_adjoint(
        maps::close_loop(net, models::soft_feedback<double>(net, readout(4), models::embedding<double>::one_hot(4))));
  });
}
