// SPDX-License-Identifier: MIT
#include <libration/attention/accumulator.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include "attention/rows.hpp"
#include "support/catch.hpp"

using Eigen::Index;
using libration::attention::accumulator;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Scalar>
using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

template <class Scalar>
accumulator<Scalar> one_by_one(const vector<Scalar>& logits) {
  accumulator<Scalar> a;
  for (const Scalar s : logits) a.push(s);
  return a;
}

template <class Scalar>
accumulator<Scalar> block(const vector<Scalar>& logits) {
  accumulator<Scalar> a;
  a.push(logits);
  return a;
}

template <class Scalar>
accumulator<Scalar> merged(const vector<Scalar>& logits, Index cut) {
  accumulator<Scalar> a = block<Scalar>(logits.head(cut));
  a.merge(block<Scalar>(logits.tail(logits.size() - cut)));
  return a;
}

template <class Scalar>
void check_row(const accumulator<Scalar>& a, const row_by_definition& row, double relative, double moment) {
  INFO("entropy " << a.entropy() << ", expected " << row.entropy);
  CHECK(within(a.entropy(), row.entropy, relative));
  // Two sums are subtracted; `moment` is E[d²]/Var, d the distance from the largest logit.
  INFO("varentropy " << a.varentropy() << ", expected " << row.varentropy);
  CHECK(within(a.varentropy(), row.varentropy, 4 * relative * moment));
  INFO("Rényi " << a.renyi2() << ", expected " << row.renyi2);
  CHECK(within(a.renyi2(), row.renyi2, 4 * relative));
  INFO("log-sum-exp " << a.log_sum_exp() << ", expected " << row.log_sum_exp);
  CHECK(std::abs(a.log_sum_exp() - row.log_sum_exp) <= relative + 4 * rounding<double> * std::abs(row.log_sum_exp));
  CHECK(within(a.largest_weight(), row.largest_weight, relative));
}

// A fresh row's E[d²]/Var.
double moment_of(const vector<double>& logits, const row_by_definition& row) {
  const Eigen::ArrayXd d = logits.array() - logits.maxCoeff();
  return (row.weights.array() * d * d).sum() / row.varentropy;
}

template <class Scalar>
void check_one_key_ahead() {
  for (const double offset : {0.0, 3000.0})
    for (const Index n : {2, 3, 4, 8, 17, 128})
      for (int gap = 2; gap <= 30; gap += 4) {
        vector<Scalar> logits = vector<Scalar>::Constant(n, static_cast<Scalar>(offset - gap));
        const Index ahead = (n * gap) % n + n / 2 - (n > 2 ? gap % 2 : 0);
        logits[ahead] = static_cast<Scalar>(offset);
        const row_by_definition row = one_key_ahead(n, gap, offset);
        const double moment = 1.0 + static_cast<double>(n) * std::exp(-gap);  // E[d²] = Δ² rest / Z, Var = that / Z
        const double pushed = static_cast<double>(2 * n + 16) * rounding<double>;
        INFO(n << " keys, one ahead by " << gap << ", offset " << offset);
        check_row(one_by_one<Scalar>(logits), row, pushed, moment);
        check_row(block<Scalar>(logits), row, row_rounding<Scalar>, moment);
        check_row(merged<Scalar>(logits, n / 2), row, row_rounding<Scalar>, moment);
        check_row(merged<Scalar>(logits, 1), row, row_rounding<Scalar>, moment);
      }
}

}  // namespace

TEST_CASE("attention::accumulator: one key ahead of others, collapsed and offset rows included", "[oracle]") {
  check_one_key_ahead<float>();
  check_one_key_ahead<double>();
  const vector<float> logits = Eigen::Vector4f(20, 0, 0, 0);
  CHECK(std::abs(block<float>(logits).entropy() / 1.298527e-7 - 1) < 1e-6);
  CHECK(block<float>(logits).count() == 4);
}

TEST_CASE("attention::accumulator: equal logits", "[oracle]") {
  for (const Index n : {1, 2, 9, 1000, 20000}) {
    const vector<float> logits = vector<float>::Constant(n, 7.0f);
    const double ln_n = std::log(static_cast<double>(n));
    for (const auto& a : {one_by_one<float>(logits), block<float>(logits), merged<float>(logits, n / 3)}) {
      CHECK(std::abs(a.entropy() - ln_n) <= 4 * rounding<double> * ln_n);
      CHECK(a.varentropy() == 0.0);
      CHECK(std::abs(a.renyi2() - ln_n) <= 4 * rounding<double> * ln_n);
      CHECK(a.log_sum_exp() == 7.0 + std::log1p(static_cast<double>(n - 1)));
      CHECK(a.largest_logit() == 7.0);
      CHECK(a.largest_weight() == 1.0 / static_cast<double>(n));
      CHECK(within(a.effective_support(), static_cast<double>(n), 1e-14));
      CHECK(a.count() == n);
      if (n > 1) CHECK(within(a.normalised_entropy(), 1.0, 1e-15));
    }
  }
}

TEMPLATE_TEST_CASE("attention::accumulator: random logits against the definitions, in any grouping", "[differential]", float,
                   double) {
  for (const Index n : {2, 5, 31, 64, 513, 3001}) {
    for (const double spread : {0.5, 2.0, 6.0}) {
      const vector<TestType> logits = static_cast<TestType>(spread) * normal<TestType>(n, 1, static_cast<std::uint64_t>(n));
      const row_by_definition row = by_definition(logits);
      const double moment = moment_of(logits.template cast<double>(), row);
      const double pushed = static_cast<double>(2 * n + 16) * rounding<double>;
      INFO(n << " logits of spread " << spread);
      check_row(one_by_one<TestType>(logits), row, pushed, moment);
      check_row(block<TestType>(logits), row, row_rounding<TestType>, moment);
      for (const Index cut : {Index{1}, n / 3, n - 1})
        check_row(merged<TestType>(logits, cut), row, row_rounding<TestType>, moment);
      accumulator<TestType> pieces;  // ever larger blocks, from inside a matrix too
      for (Index from = 0, size = 1; from < n; from += size, ++size) pieces.push(logits.segment(from, std::min(size, n - from)));
      check_row(pieces, row, row_rounding<TestType>, moment);
      CHECK(pieces.count() == n);
    }
  }
}

TEST_CASE("attention::accumulator: merging is associative and has a neutral element", "[law]") {
  const vector<double> logits = 4.0 * normal<double>(90, 1, 3);
  const auto part = [&](Index i) { return block<double>(logits.segment(30 * i, 30)); };
  accumulator<double> left = part(0), right = part(1), all = part(2);
  left.merge(part(1));
  left.merge(part(2));
  right.merge(part(2));
  all.merge(part(0));
  all.merge(part(1));
  accumulator<double> first = part(0);
  first.merge(right);
  for (const auto& a : {first, all}) {
    CHECK(within(a.entropy(), left.entropy(), row_rounding<double>));
    CHECK(within(a.varentropy(), left.varentropy(), 100 * row_rounding<double>));
    CHECK(within(a.renyi2(), left.renyi2(), row_rounding<double>));
    CHECK(a.largest_logit() == left.largest_logit());
    CHECK(a.count() == 90);
  }
  accumulator<double> with_nothing = left;
  with_nothing.merge({});
  CHECK(with_nothing.entropy() == left.entropy());
  accumulator<double> nothing;
  nothing.merge(left);
  CHECK(nothing.entropy() == left.entropy());
  CHECK(nothing.count() == 90);
}

TEST_CASE("attention::accumulator: nothing, one logit, masked logits", "[edge]") {
  accumulator<float> a;
  const auto is_empty = [&] {
    CHECK(a.count() == 0);
    CHECK(a.log_sum_exp() == -infinity);
    CHECK(std::isnan(a.entropy()));
    CHECK(std::isnan(a.varentropy()));
    CHECK(std::isnan(a.renyi2()));
    CHECK(std::isnan(a.largest_weight()));
    CHECK(std::isnan(a.normalised_entropy()));
    CHECK(std::isnan(a.effective_support()));
  };
  is_empty();
  const auto masked = static_cast<float>(-infinity);
  a.push(masked);
  a.push(vector<float>());
  a.push(vector<float>::Constant(19, masked));
  is_empty();
  a.push(3.0f);
  CHECK(a.count() == 1);
  CHECK(a.entropy() == 0.0);
  CHECK(a.varentropy() == 0.0);
  CHECK(a.log_sum_exp() == 3.0);
  CHECK(a.largest_weight() == 1.0);
  CHECK(a.effective_support() == 1.0);
  CHECK(std::isnan(a.normalised_entropy()));

  vector<float> logits = normal<float>(200, 1, 5);
  accumulator<float> visible;
  for (Index i = 0; i < 200; ++i) {
    if (i % 3 == 0)
      logits[i] = masked;
    else
      visible.push(logits[i]);
  }
  CHECK(block<float>(logits).count() == 133);
  CHECK(one_by_one<float>(logits).count() == 133);
  CHECK(within(block<float>(logits).entropy(), visible.entropy(), row_rounding<float>));
}

TEST_CASE("attention::accumulator: NaN and plus infinity spoil a row for good", "[edge]") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), infinity}) {
    for (const Index place : {0, 7, 20}) {
      vector<double> logits = normal<double>(21, 1, 6);
      logits[place] = bad;
      accumulator<double> fine = block<double>(normal<double>(5, 1, 7));
      fine.merge(one_by_one<double>(logits));
      for (accumulator<double> a : {one_by_one<double>(logits), block<double>(logits), merged<double>(logits, 10), fine}) {
        a.push(1.0);
        a.merge(block<double>(normal<double>(5, 1, 7)));
        CHECK(std::isnan(a.entropy()));
        CHECK(std::isnan(a.varentropy()));
        CHECK(std::isnan(a.renyi2()));
        CHECK(std::isnan(a.log_sum_exp()));
        CHECK(std::isnan(a.largest_weight()));
        CHECK(a.count() >= 27);
      }
    }
  }
}

TEST_CASE("attention::accumulator: logits at the ends of their range", "[edge]") {
  const float lowest = std::numeric_limits<float>::lowest(), highest = std::numeric_limits<float>::max();
  // As a mask that is added in single precision leaves them: all equally masked, or one not.
  const vector<float> all = vector<float>::Constant(10, lowest);
  vector<float> one = all;
  one[4] = highest;
  for (const auto& a : {one_by_one<float>(all), block<float>(all)}) CHECK(within(a.entropy(), std::log(10.0), 1e-15));
  for (const auto& a : {one_by_one<float>(one), block<float>(one), merged<float>(one, 3)}) {
    CHECK(a.entropy() == 0.0);
    CHECK(a.largest_weight() == 1.0);
    CHECK(a.count() == 10);
  }
  const vector<double> wide = Eigen::Vector3d(-1e308, 1e308, 1e308);
  for (const auto& a : {one_by_one<double>(wide), block<double>(wide), merged<double>(wide, 1)}) {
    CHECK(within(a.entropy(), std::log(2.0), 1e-15));
    CHECK(a.varentropy() == 0.0);
  }
  // Weights down to the smallest normal number, and below it nothing.
  const vector<float> deep = Eigen::Vector2f(0.0f, -86.0f), deeper = Eigen::Vector2f(0.0f, -88.5f);
  CHECK(within(block<float>(deep).entropy(), one_key_ahead(2, 86.0, 0.0).entropy, row_rounding<float>));
  CHECK(block<float>(deeper).entropy() == 0.0);
  CHECK(within(one_by_one<float>(deeper).entropy(), one_key_ahead(2, 88.5, 0.0).entropy, 100 * rounding<double>));
}
