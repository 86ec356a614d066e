// SPDX-License-Identifier: MIT
#include <libration/attention/weight_rollout.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace attention = libration::attention;
using attention::mean_over_heads, attention::weight_rollout;
using Eigen::Index, Eigen::MatrixXd;
using libration::argument_error;
using libration_test::message_of;

namespace {

// Causal weights of one head, a query in each column.
MatrixXd causal(Index tokens, std::uint64_t stream) {
  MatrixXd A(tokens, tokens);
  libration::random_stream(2, stream).fill_normal(A);
  for (Index j = 0; j < tokens; ++j) {
    double sum = 0.0;
    for (Index i = 0; i < tokens; ++i) {
      A(i, j) = i > j ? 0.0 : std::exp(A(i, j));
      sum += A(i, j);
    }
    A.col(j) /= sum;
  }
  return A;
}

double off(const MatrixXd& A, const MatrixXd& B) { return (A - B).cwiseAbs().maxCoeff(); }

}  // namespace

// Query 1 looks at key 0 alone: after l layers it keeps 2^-l of itself.
TEST_CASE("attention::weight_rollout: a query that looks away keeps half of itself at each layer", "[oracle]") {
  const MatrixXd A = (MatrixXd(2, 2) << 1.0, 1.0, 0.0, 0.0).finished();
  std::vector<double> kept;
  const MatrixXd last = weight_rollout(std::vector<MatrixXd>(5, A), {}, [&](const MatrixXd& R) { kept.push_back(R(1, 1)); });
  CHECK(kept == std::vector<double>{0.5, 0.25, 0.125, 0.0625, 0.03125});
  CHECK(last == (MatrixXd(2, 2) << 1.0, 0.96875, 0.0, 0.03125).finished());
  CHECK(weight_rollout(std::vector<MatrixXd>(2, A), {.residual = 0.0}) == A);
  CHECK(weight_rollout(std::vector<MatrixXd>(1, A), {.residual = 0.75})(1, 1) == 0.75);
}

TEST_CASE("attention::weight_rollout: identity stays, uniform attention by hand, causal stays causal, columns sum to 1",
          "[oracle][law]") {
  CHECK(weight_rollout(std::vector<MatrixXd>(7, MatrixXd::Identity(4, 4))) == MatrixXd::Identity(4, 4));
  // ((I + J/n)/2)^l = 2^-l I + (1 - 2^-l) J/n.
  const MatrixXd even = MatrixXd::Constant(4, 4, 0.25);
  CHECK(off(weight_rollout(std::vector<MatrixXd>(3, even)), 0.125 * MatrixXd::Identity(4, 4) + 0.875 * even) < 1e-15);

  constexpr Index tokens = 40;
  std::vector<MatrixXd> layers;
  Eigen::ArrayXd diagonal = Eigen::ArrayXd::Ones(tokens);
  for (std::uint64_t l = 0; l < 6; ++l) {
    layers.push_back(causal(tokens, l));
    diagonal *= 0.5 + 0.5 * layers.back().diagonal().array();
  }
  const MatrixXd R = weight_rollout(layers);
  CHECK(R.triangularView<Eigen::StrictlyLower>().toDenseMatrix().cwiseAbs().maxCoeff() == 0.0);
  CHECK((R.diagonal().array() - diagonal).abs().maxCoeff() < 1e-15);
  CHECK((R.colwise().sum().array() - 1.0).abs().maxCoeff() < 6 * 40 * 2.3e-16);
  CHECK(R.minCoeff() >= 0.0);
}

// With a query's weights in a row the paper multiplies a new layer from the left.
TEST_CASE("attention::weight_rollout: the transpose of the paper's product, in its order", "[differential]") {
  constexpr Index tokens = 9;
  std::vector<MatrixXd> layers;
  MatrixXd rows = MatrixXd::Identity(tokens, tokens);
  for (std::uint64_t l = 0; l < 3; ++l) {
    layers.push_back(causal(tokens, 10 + l));
    rows = (0.5 * (layers.back().transpose() + MatrixXd::Identity(tokens, tokens))) * rows;
  }
  CHECK(off(weight_rollout(layers), rows.transpose()) < 1e-15);
  std::swap(layers[0], layers[2]);
  CHECK(off(weight_rollout(layers), rows.transpose()) > 0.01);
}

TEST_CASE("attention::mean_over_heads: a dump (heads, queries, keys) and sums that rounding has moved", "[oracle]") {
  // Two heads, two queries, two keys, row by row.
  const float dump[] = {1.0F, 0.0F, 0.25F, 0.75F, 1.0F, 0.0F, 0.75F, 0.25F};
  const Eigen::Map<const Eigen::MatrixXf> weights(dump, 2, 4);
  const MatrixXd mean = mean_over_heads(weights, 2);
  CHECK(mean == (MatrixXd(2, 2) << 1.0, 0.5, 0.0, 0.5).finished());
  CHECK(mean_over_heads(weights, 4) == Eigen::Vector2d(0.75, 0.25));
  // Columns are divided by their sums.
  const MatrixXd R = weight_rollout(std::vector<MatrixXd>{0.995 * mean});
  CHECK(std::abs(R.col(1).sum() - 1.0) < 1e-15);
  CHECK(message_of<argument_error>([&] { (void)mean_over_heads(weights, 3); }) ==
        "attention::mean_over_heads: weights has 4 columns, expected a multiple of 3 (the heads)");
  CHECK(message_of<argument_error>([&] { (void)mean_over_heads(weights, 0); }) ==
        "attention::mean_over_heads: heads is 0, expected >= 1");
}

TEST_CASE("attention::weight_rollout: with padding the real tokens' rollout is that of the sequence without it",
          "[oracle][failure]") {
  constexpr Index tokens = 9, pads = 3;
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  std::vector<MatrixXd> cropped, padded;
  for (std::uint64_t l = 0; l < 3; ++l) {
    cropped.push_back(causal(tokens - pads, 20 + l));
    MatrixXd A = MatrixXd::Zero(tokens, tokens);
    A.bottomRightCorner(tokens - pads, tokens - pads) = cropped.back();
    A.leftCols(pads).setConstant(l == 0 ? unknown : l == 1 ? 0.0 : 1.0 / tokens);  // what a softmax makes of nothing
    padded.push_back(A);
  }
  const attention::rollout_options options{.mask = attention::token_mask::left(tokens, pads)};
  const MatrixXd R = weight_rollout(padded, options);
  CHECK(off(R.bottomRightCorner(tokens - pads, tokens - pads), weight_rollout(cropped)) < 1e-15);
  CHECK(R.leftCols(pads) == MatrixXd::Identity(tokens, tokens).leftCols(pads));
  CHECK(R.topRightCorner(pads, tokens - pads).cwiseAbs().maxCoeff() == 0.0);
  padded[1](0, 5) = 0.01;
  const auto refusal = [&](const attention::rollout_options& o) {
    return message_of<argument_error>([&] { (void)weight_rollout(padded, o); });
  };
  CHECK(refusal(options).find("layers[1](0, 5) is 0.01") != std::string::npos);
  CHECK(refusal(options).find("expected 0 (key 0 is padding by .mask") != std::string::npos);
  CHECK(refusal({.mask = attention::token_mask::left(8, 3)}).find(".mask is 8 x 1, expected 9 x 1") != std::string::npos);
}

TEST_CASE("attention::weight_rollout: one token, and what is refused", "[edge][failure]") {
  CHECK(weight_rollout(std::vector<MatrixXd>(3, MatrixXd::Ones(1, 1))) == MatrixXd::Ones(1, 1));
  const MatrixXd good = causal(3, 1);
  MatrixXd bad = good;
  const auto refusal = [&](const attention::rollout_options& options = {}) {
    return message_of<argument_error>([&] { (void)weight_rollout(std::vector<MatrixXd>{good, bad}, options); });
  };
  CHECK(refusal().empty());
  CHECK(refusal({.residual = 1.0}).find("attention::weight_rollout: .residual is 1") != std::string::npos);
  CHECK(refusal({.residual = -0.1}).find(".residual is -0.1") != std::string::npos);
  CHECK(refusal({.tolerance = 0.0}).find(".tolerance is 0") != std::string::npos);
  // A column of zeros would be within it, and divided by its sum.
  CHECK(refusal({.tolerance = 1.0}) == "attention::weight_rollout: .tolerance is 1, expected a number in (0, 1)");
  bad.col(2) *= 1.1;
  CHECK(refusal() ==
        "attention::weight_rollout: layers[1]: the weights of query 2 (column 2) sum to 1.1, expected 1 "
        "(rows of padding: .mask)");
  CHECK(refusal({.tolerance = 0.2}).empty());
  bad = good.transpose();  // a query's weights in a row
  CHECK(refusal().find("sum to") != std::string::npos);
  bad = good;
  bad(0, 1) = -0.5;
  CHECK(refusal() == "attention::weight_rollout: layers[1](0, 1) is -0.5, expected >= 0");
  bad(0, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal().find("layers[1](0, 1) is nan") != std::string::npos);
  bad = MatrixXd::Identity(4, 4);
  CHECK(refusal() == "attention::weight_rollout: layers[1] is 4 x 4, expected 3 x 3 (keys, queries)");
  CHECK(message_of<argument_error>([] { (void)weight_rollout(std::vector<MatrixXd>{MatrixXd(2, 3)}); }) ==
        "attention::weight_rollout: layers[0] is 2 x 3, expected 2 x 2 (keys, queries)");
  CHECK(message_of<argument_error>([] { (void)weight_rollout(std::vector<MatrixXd>{}); }) ==
        "attention::weight_rollout: there are no layers");
}
