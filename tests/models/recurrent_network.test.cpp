// SPDX-License-Identifier: MIT
#include <libration/models/recurrent_network.hpp>

#include <string_view>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>
#include <libration/maps/token_model.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace models = libration::models;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using namespace libration_test;

static_assert(maps::driven<models::recurrent_network<double>>);
static_assert(maps::differentiable<models::recurrent_network<float>>);
static_assert(maps::steps_batches<models::recurrent_network<double>>);
static_assert(maps::token_model<models::character_model<models::recurrent_network<double>>>);

TEST_CASE("models::recurrent_network: each kind does what it does by itself", "[law]") {
  const auto same = [](const auto& own, std::string_view kind) {
    const models::recurrent_network<double> net{models::any_recurrent<double>(own)};
    CHECK(net.kind() == kind);
    const Eigen::Index n = own.state_size();
    REQUIRE(net.state_size() == n);
    CHECK(net.input_size() == own.input_size());
    CHECK(net.hidden_size() == own.hidden_size());
    CHECK(net.layer_count() == own.layer_count());
    CHECK(net.offset(1) == own.offset(1));
    const MatrixXd H = random_matrix(n, 3, 0.8, 1), X = random_matrix(4, 3, 1.0, 2), V = random_matrix(n, 5, 1.0, 3),
                   VX = random_matrix(4, 5, 1.0, 4);
    auto a = own.make_workspace(5, 3);
    auto b = net.make_workspace(5, 3);
    MatrixXd first(n, 3), second(n, 3);
    own.step_batch(H, X, first, a);
    net.step_batch(H, X, second, b);
    CHECK(first == second);
    VectorXd one(n), two(n);
    own.step(H.col(0), X.col(0), one, a);
    net.step(H.col(0), X.col(0), two, b);
    CHECK(one == two);
    CHECK(own.output(one) == net.output(two));
    MatrixXd J(n, 5), K(n, 5);
    own.tangent(V, J, a);
    net.tangent(V, K, b);
    CHECK(J == K);
    own.tangent(V, VX, J, a);
    net.tangent(V, VX, K, b);
    CHECK(J == K);
  };
  same(models::rnn<double>(random_layers<double>(1, 4, {6, 5})), "rnn");
  same(models::gru<double>(random_layers<double>(3, 4, {6, 5})), "gru");
  same(models::lstm<double>(random_layers<double>(4, 4, {6, 5})), "lstm");
}
