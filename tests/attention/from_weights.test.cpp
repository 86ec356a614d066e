// SPDX-License-Identifier: MIT
#include <libration/attention/from_weights.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/attention/from_logits.hpp>
#include <libration/io/safetensors.hpp>

#include "attention/rows.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/shared.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;
using libration::argument_error, libration::status;
using libration::attention::entropy_from_logits, libration::attention::entropy_from_weights, libration::attention::recorded_options;
using namespace libration_test;

namespace {

// The softmax of each column's visible part, rounded to T; zero where it is masked.
template <class T>
Eigen::Matrix<T, -1, -1> softmax(const MatrixXd& S, bool causal) {
  Eigen::Matrix<T, -1, -1> A = Eigen::Matrix<T, -1, -1>::Zero(S.rows(), S.cols());
  for (Index i = 0; i < S.cols(); ++i) {
    const Index n = causal ? S.rows() - S.cols() + i + 1 : S.rows();
    A.col(i).head(n) = by_definition(S.col(i).head(n)).weights.cast<T>();
  }
  return A;
}

}  // namespace

TEMPLATE_TEST_CASE("attention::entropy_from_weights: the weights of logits give what the logits give", "[differential]", float,
                   double) {
  for (const bool causal : {false, true}) {
    const MatrixXd S = 3.0 * normal<double>(90, 90, 1);
    const recorded_options options{.causal = causal, .sink = 3, .top = 4, .distance = true};
    const auto expected = entropy_from_logits(S, options);
    const auto r = entropy_from_weights(softmax<TestType>(S, causal), options);
    const auto near = [&](const MatrixXd& x, const MatrixXd& y, double times) {
      return ((x - y).array().abs() <= times * row_rounding<TestType> * y.array().abs() + 1e-300).all();
    };
    // Rounding a weight by u moves ln p by u.
    CHECK(near(r.entropy, expected.entropy, 2));
    CHECK(near(r.renyi2, expected.renyi2, 4));
    CHECK(near(r.largest_weight, expected.largest_weight, 1));
    CHECK(near(r.sink_mass, expected.sink_mass, 1));
    CHECK(near(r.top_mass, expected.top_mass, 1));
    CHECK(near(r.mean_distance, expected.mean_distance, 1));
    // E[d²]/Var is at most (ln 90 + 10)²/Var here.
    CHECK(((r.varentropy - expected.varentropy).array().abs() <= 4 * 200 * row_rounding<TestType>).all());
    CHECK(r.visible == expected.visible);
    CHECK(r.log_sum_exp.size() == 0);
    CHECK(r.status == status::ok);
  }
}

TEST_CASE("attention::entropy_from_weights: a collapsed row whose largest weight was rounded to 1", "[oracle]") {
  for (const Index n : {2, 4, 128}) {
    for (const double gap : {17.0, 20.0, 30.0}) {
      const row_by_definition row = one_key_ahead(n, gap, 0.0);
      Eigen::VectorXf weights = Eigen::VectorXf::Constant(n, static_cast<float>(std::exp(-gap) * row.largest_weight));
      weights[n / 2] = static_cast<float>(row.largest_weight);
      const auto r = entropy_from_weights(weights);
      INFO(n << " keys, gap " << gap);
      CHECK(within(r.entropy(0, 0), row.entropy, row_rounding<float>));
    }
  }
}

TEST_CASE("attention::entropy_from_weights: the recorded attention of a trained transformer", "[differential]") {
  LIBRATION_REQUIRE_SHARED(folder);
  const auto run = libration::io::safetensors::open(folder / "models" / "stories260k" / "run.safetensors");
  const Index layers = 5, heads = 8, n = 128;
  const auto values = run.values<float>("attention", {layers, heads, n, n});
  const VectorXd recorded = run.values<double>("entropy", {layers, heads, n});
  const auto r = entropy_from_weights(Eigen::Map<const MatrixXf>(values.data(), n, layers * heads * n),
                                      {.causal = true, .heads = layers * heads});
  const Eigen::Map<const MatrixXd> expected(recorded.data(), n, layers * heads);
  CHECK(r.status == status::ok);
  // Both weights and entropies were recorded in single precision.
  CHECK(((r.entropy.transpose() - expected).array().abs() <= 1e-6 + 2 * rounding<float> * expected.array()).all());
  CHECK(r.entropy.col(0).cwiseAbs().maxCoeff() == 0.0);
}

TEST_CASE("attention::entropy_from_weights: zeros, NaN and nothing", "[edge]") {
  MatrixXf A = MatrixXf::Zero(3, 4);
  A(1, 0) = 1.0f;
  A.col(1).setConstant(std::numeric_limits<float>::quiet_NaN());
  A.col(2) << 0.5f, 0.5f, 0.0f;
  A.col(3) << 1.0f, 1e-40f, 0.0f;
  const auto r = entropy_from_weights(A, {.sink = 1, .top = 1});
  CHECK(r.entropy(0, 0) == 0.0);
  CHECK(r.visible(0, 0) == 3);
  CHECK(std::isnan(r.entropy(0, 1)));
  CHECK(std::isnan(r.sink_mass(0, 1)));
  CHECK(std::isnan(r.top_mass(0, 1)));
  CHECK(r.entropy(0, 2) == std::log(2.0));
  CHECK(r.sink_mass(0, 2) == 0.5);
  CHECK(r.entropy(0, 3) >= 0.0);
  CHECK(r.entropy(0, 3) <= 1e-37);
  CHECK(r.bad_rows == 1);
  CHECK(r.status == status::diverged);
  const auto none = entropy_from_weights(MatrixXf(0, 2));
  CHECK(none.empty_rows == 2);
  CHECK(none.status == status::ok);
}

TEST_CASE("attention::entropy_from_weights: refusals", "[failure]") {
  const auto refusal = [](const MatrixXf& A, const recorded_options& options) {
    return message_of<argument_error>([&] { (void)entropy_from_weights(A, options); });
  };
  MatrixXf A = MatrixXf::Constant(4, 6, 0.25f);
  CHECK(refusal(A, {.heads = 2}).empty());
  CHECK(refusal(A, {.heads = 4}) == "attention::entropy_from_weights: A has 6 columns, expected a multiple of 4 (.heads)");
  CHECK_THAT(refusal(A, {.tolerance = -1}), Contains(".tolerance is -1, expected >= 0"));
  CHECK(refusal(A, {.causal = true, .heads = 2}) ==
        "attention::entropy_from_weights: head 0, query 0, key 2: weight 0.25, expected 0 (masked by .causal)");
  A(1, 4) = 0.2f;
  CHECK(refusal(A, {.heads = 2}) ==
        "attention::entropy_from_weights: head 1, query 1 sums to 0.95, expected 1 within 2.38e-06 "
        "(.tolerance; a query is a column)");
  CHECK(refusal(A, {.heads = 2, .tolerance = 0.06}).empty());
  A(1, 4) = 0.75f;
  A(2, 4) = -0.25f;
  CHECK(refusal(A, {.heads = 2}) == "attention::entropy_from_weights: head 1, query 1, key 2: weight -0.25, expected >= 0");
  A(2, 4) = std::numeric_limits<float>::infinity();
  CHECK_THAT(refusal(A, {.heads = 2}), Contains("head 1, query 1 sums to inf"));
  // The window hides too.
  MatrixXf band = MatrixXf::Constant(2, 2, 0.5f);
  band.col(0) << 1.0f, 0.0f;
  CHECK(refusal(band, {.causal = true, .window = 2}).empty());
  CHECK_THAT(refusal(band, {.causal = true, .window = 1}), Contains("head 0, query 1, key 0: weight 0.5, expected 0"));
  // The rounding of a softmax over many keys is no mistake; a softmax along the other axis is one.
  const MatrixXd S = normal<double>(1500, 2, 3);
  CHECK(refusal(softmax<float>(S, false), {}).empty());
  CHECK_THAT(refusal(softmax<float>(normal<double>(30, 30, 4), false).transpose(), {}), Contains("a query is a column"));
}
