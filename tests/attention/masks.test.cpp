// SPDX-License-Identifier: MIT
// Masks and padding of recorded attention: every way in which the same visible keys are written down gives the same numbers, which
// are those of loops over the visible keys, or is refused.
#include <libration/attention/entropy.hpp>
#include <libration/attention/from_logits.hpp>
#include <libration/attention/from_weights.hpp>
#include <libration/attention/token_mask.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "attention/rows.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf;
using libration::argument_error, libration::status;
using namespace libration::attention;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// Which keys the queries of one head see.
struct pattern {
  Index queries, keys;
  bool causal;
  Index left, right;  // padded keys
  bool padding(Index j) const { return j < left || j >= keys - right; }
  bool sees(Index q, Index j) const { return !padding(j) && (!causal || j <= q + keys - queries); }
  // All keys of some queries are masked.
  bool nothing(Index q) const {
    for (Index j = 0; j < keys; ++j)
      if (sees(q, j)) return false;
    return true;
  }
};

// A row's statistics from loops over the keys that it sees.
struct expected_row {
  Index visible = 0;
  double entropy = 0.0, first = 0.0, distance = 0.0;  // first: weight on the first key that is not padding
};

template <class Matrix>
expected_row by_loops(const Matrix& S, const pattern& p, Index q, Index column) {
  expected_row row;
  long double total = 0, top = -infinity;
  for (Index j = 0; j < p.keys; ++j)
    if (p.sees(q, j)) top = std::max(top, static_cast<long double>(S(j, column)));
  for (Index j = 0; j < p.keys; ++j)
    if (p.sees(q, j)) total += std::exp(static_cast<long double>(S(j, column)) - top), ++row.visible;
  for (Index j = 0; j < p.keys; ++j) {
    if (!p.sees(q, j)) continue;
    const long double w = std::exp(static_cast<long double>(S(j, column)) - top) / total;
    if (w > 0) row.entropy -= static_cast<double>(w * std::log(w));
    if (j == p.left) row.first = static_cast<double>(w);
    row.distance += static_cast<double>(w) * std::abs(static_cast<double>(q + p.keys - p.queries - j));
  }
  return row;
}

// Every row of a result against the loops; rows of padding are NaN if the mask was given.
template <class Matrix>
void check_rows(const entropy_result& r, const Matrix& S, const pattern& p, double rounding, bool padding_given) {
  std::int64_t empty = 0, padding = 0;
  bool visible = true, entropy = true, first = true, distance = true;
  for (Index h = 0; h < r.entropy.rows(); ++h)
    for (Index q = 0; q < p.queries; ++q) {
      if ((padding_given && p.padding(q + p.keys - p.queries)) || p.nothing(q)) {
        ++(padding_given ? padding : empty);
        visible = visible && r.visible(h, q) == 0;
        entropy = entropy && std::isnan(r.entropy(h, q)) && std::isnan(r.sink_mass(h, q)) && std::isnan(r.mean_distance(h, q));
        continue;
      }
      const expected_row row = by_loops(S, p, q, h * p.queries + q);
      visible = visible && r.visible(h, q) == row.visible;
      entropy = entropy && within(r.entropy(h, q), row.entropy, rounding);
      first = first && within(r.sink_mass(h, q), row.first, rounding);
      distance = distance && within(r.mean_distance(h, q), row.distance, 2 * rounding);
    }
  CHECK(visible);
  CHECK(entropy);
  CHECK(first);
  CHECK(distance);
  CHECK(r.empty_rows == empty);
  CHECK(r.padding_rows == padding);
  CHECK(r.bad_rows == 0);
  CHECK(r.status == status::ok);
  for (Index h = 0; h < r.entropy.rows(); ++h) CHECK(r.first_key[h] == p.left);
}

const pattern patterns[] = {{24, 24, false, 0, 9}, {24, 24, true, 7, 0}, {24, 24, true, 0, 5},
                            {24, 24, false, 4, 3}, {10, 24, true, 6, 0}, {8, 24, false, 0, 11}};

// Logits with a number in the place of, or added to, what is masked.
template <class T>
Eigen::Matrix<T, -1, -1> masked_logits(const Eigen::Matrix<T, -1, -1>& S, const pattern& p, T number, bool added, bool twice) {
  Eigen::Matrix<T, -1, -1> masked = S;
  for (Index c = 0; c < S.cols(); ++c)
    for (Index j = 0; j < p.keys; ++j)
      if (!p.sees(c % p.queries, j)) {
        const bool both = twice && p.padding(j) && p.causal && j > c % p.queries + p.keys - p.queries;
        masked(j, c) = (added ? S(j, c) : T(0)) + number + (both ? number : T(0));
      }
  return masked;
}

// The softmax of what is visible, and `nothing` in the rows where nothing is: a weight, or NaN, or -1 for an even spread over all.
template <class T>
Eigen::Matrix<T, -1, -1> weights_of(const Eigen::Matrix<T, -1, -1>& S, const pattern& p, double nothing) {
  Eigen::Matrix<T, -1, -1> A = Eigen::Matrix<T, -1, -1>::Zero(S.rows(), S.cols());
  for (Index c = 0; c < S.cols(); ++c) {
    const Index q = c % p.queries;
    if (p.nothing(q)) {
      A.col(c).setConstant(static_cast<T>(nothing < 0.0 ? 1.0 / static_cast<double>(p.keys) : nothing));
      continue;
    }
    double total = 0.0;
    for (Index j = 0; j < p.keys; ++j)
      if (p.sees(q, j)) total += std::exp(static_cast<double>(S(j, c)));
    for (Index j = 0; j < p.keys; ++j)
      if (p.sees(q, j)) A(j, c) = static_cast<T>(std::exp(static_cast<double>(S(j, c))) / total);
  }
  return A;
}

recorded_options recorded(const pattern& p, Index heads) {
  return {.causal = p.causal, .heads = heads, .sink = 1, .distance = true, .threads = 1};
}

}  // namespace

TEMPLATE_TEST_CASE("attention::entropy_from_logits: a mask of any large negative number is the mask of minus infinity", "[oracle]",
                   float, double) {
  using T = TestType;
  std::vector<double> numbers{-1250.0, -1e4, -65504.0, -1e9, -1e30, -3.3895313892515355e38, -3.4028234663852886e38};
  if (sizeof(T) == 8) numbers.push_back(std::numeric_limits<double>::lowest());
  for (const pattern& p : patterns) {
    const Eigen::Matrix<T, -1, -1> S = T(3) * normal<T>(p.keys, 3 * p.queries, 7);
    for (const bool by_option : {true, false}) {  // the future hidden by .causal, or masked like padding
      if (!by_option && !p.causal) continue;
      recorded_options options = recorded(p, 3);
      options.causal = options.causal && by_option;
      options.distance = p.queries == p.keys || options.causal;
      if (!options.distance) continue;
      const auto exact = entropy_from_logits(masked_logits<T>(S, p, static_cast<T>(-infinity), false, false), options);
      check_rows(exact, S, p, row_rounding<T>, false);
      CHECK(exact.masked_logits == 0);
      for (const double number : numbers)
        for (const bool added : {false, true})
          for (const bool twice : {false, true}) {
            INFO(number << (added ? " added" : " instead") << (twice ? ", twice" : "") << ", keys " << p.keys << ", left "
                        << p.left);
            const auto r = entropy_from_logits(masked_logits<T>(S, p, static_cast<T>(number), added, twice), options);
            check_rows(r, S, p, row_rounding<T>, false);
            // Twice the lowest number is minus infinity.
            CHECK((r.masked_logits > 0 && r.masked_below < -500.0 && r.masked_below >= number));
          }
    }
  }
}

TEST_CASE("attention::entropy_from_logits: low logits that are no mask are visible", "[edge]") {
  const auto visible = [](const MatrixXd& S) {
    const auto r = entropy_from_logits(S);
    CHECK(r.masked_logits == 0);
    CHECK(r.masked_below == -infinity);
    return (r.visible.array() == S.rows()).all();
  };
  MatrixXd S = 2.0 * normal<double>(3000, 4, 1);
  for (Index j = 0; j < 3000; ++j) S.row(j).array() -= 0.5 * static_cast<double>(2999 - j);  // biases that grow with the distance
  CHECK(visible(S));
  CHECK(visible(300.0 * normal<double>(100, 20, 2)));                      // a head that has become hard
  CHECK(visible((normal<double>(100, 20, 3).array() - 5000.0).matrix()));  // an offset that softmax does not see
  CHECK(visible((normal<double>(100, 20, 3).array() + 5000.0).matrix()));
  MatrixXd ahead = normal<double>(50, 4, 4);
  for (const double gap : {60.0, 300.0, 2000.0, 1e5}) {
    ahead.row(7).setConstant(gap);  // one key ahead of ordinary ones
    CHECK(visible(ahead));
  }
  MatrixXd behind = normal<double>(50, 4, 4);
  behind.row(7).setConstant(-40.0);
  CHECK(visible(behind));
}

TEST_CASE("attention::entropy_from_logits: where low logits may be a mask or not, the caller decides", "[failure]") {
  const MatrixXd ordinary = normal<double>(50, 6, 1);
  const auto refusal = [](const MatrixXd& S, const recorded_options& options = {}) {
    return message_of<argument_error>([&] { (void)entropy_from_logits(S, options); });
  };
  MatrixXd S = ordinary;
  S.topRows(10).setConstant(-400.0);  // far down, but a logit can be
  CHECK(refusal(S).find("S: head 0, query 0 has -400 where") != std::string::npos);
  CHECK(refusal(S).find("a mask or not? .masked_below decides") != std::string::npos);
  CHECK((entropy_from_logits(S, {.masked_below = -200.0}).visible.array() == 40).all());
  CHECK((entropy_from_logits(S, {.masked_below = -infinity}).visible.array() == 50).all());
  S.topRows(10) = ordinary.topRows(10).array() - 100.0;  // some models mask so
  CHECK(refusal(S).find(".masked_below decides") != std::string::npos);
  CHECK((entropy_from_logits(S, {.masked_below = -50.0}).visible.array() == 40).all());
  S.topRows(10).setConstant(-2000.0);
  S(20, 3) = -450.0;  // less than an eighth of the way is free of logits
  CHECK(!refusal(S).empty());
  // Rows that are far below others as a whole: masked, or an offset.
  S = ordinary;
  S.col(2).array() -= 10000.0;
  CHECK(refusal(S).find("head 0, query 2 has -99") != std::string::npos);
  const auto masked = entropy_from_logits(S, {.masked_below = -1000.0});
  CHECK((masked.empty_rows == 1 && masked.visible(0, 2) == 0 && masked.masked_logits == 50));
  CHECK(entropy_from_logits(S, {.masked_below = -infinity}).empty_rows == 0);
  CHECK(refusal(S, {.masked_below = infinity}).find(".masked_below is inf, expected below infinity") != std::string::npos);
  CHECK(refusal(ordinary, {.zeros = zero_weights::masked}).find(".zeros is 2, expected automatic") != std::string::npos);
}

TEMPLATE_TEST_CASE("attention::entropy_from_weights: what padding leaves after a softmax is recognised", "[oracle]", float,
                   double) {
  using T = TestType;
  for (const pattern& p : patterns) {
    if (p.queries != p.keys && !p.causal) continue;
    const Eigen::Matrix<T, -1, -1> S = normal<T>(p.keys, 3 * p.queries, 8);
    for (const double nothing : {0.0, -1.0, unknown}) {
      INFO("rows of padding hold " << nothing << ", left " << p.left << ", right " << p.right);
      const auto A = weights_of<T>(S, p, nothing);
      const auto r = entropy_from_weights(A, recorded(p, 3));
      check_rows(r, S, p, 2 * row_rounding<T>, false);
      CHECK(r.masked_zeros > 0);
      CHECK(r.zero_weights == 0);
      // Given as a mask; what its rows hold does not matter.
      recorded_options options = recorded(p, 3);
      Eigen::Array<int, -1, 1> mask = Eigen::Array<int, -1, 1>::Ones(p.keys);
      mask.head(p.left).setZero();
      mask.tail(p.right).setZero();
      options.mask = mask;
      check_rows(entropy_from_weights(A, options), S, p, 2 * row_rounding<T>, true);
    }
  }
}

TEST_CASE("attention: several sequences with a mask each", "[oracle]") {
  // Two heads of each of three sequences, as (batch, heads, queries, keys) lies in memory; PyTorch's mask is (batch, tokens).
  const pattern each[] = {{30, 30, true, 8, 0}, {30, 30, true, 0, 0}, {30, 30, true, 0, 6}};
  const std::vector<std::int64_t> dump = [&] {
    std::vector<std::int64_t> values;
    for (const pattern& p : each)
      for (Index j = 0; j < 30; ++j) values.push_back(p.padding(j) ? 0 : 1);
    return values;
  }();
  const token_mask mask(Eigen::Map<const Eigen::Matrix<std::int64_t, -1, -1>>(dump.data(), 30, 3));
  MatrixXd S(30, 6 * 30), A(30, 6 * 30);
  for (Index s = 0; s < 3; ++s) {
    const MatrixXd own = normal<double>(30, 60, 10 + static_cast<std::uint64_t>(s));
    S.middleCols(s * 60, 60) = own;
    A.middleCols(s * 60, 60) = weights_of<double>(own, each[s], -1.0);
  }
  const auto check = [&](const entropy_result& r, bool given) {
    for (Index h = 0; h < 6; ++h)
      for (Index q = 0; q < 30; ++q) {
        const pattern& p = each[h / 2];
        INFO("head " << h << ", query " << q);
        if (p.nothing(q) || (given && p.padding(q))) {
          CHECK((r.visible(h, q) == 0 && std::isnan(r.entropy(h, q))));
          continue;
        }
        const expected_row row = by_loops(S, p, q, h * 30 + q);
        CHECK((r.visible(h, q) == row.visible && within(r.entropy(h, q), row.entropy, 1e-13)));
        CHECK(within(r.sink_mass(h, q), row.first, 1e-13));
      }
    CHECK((r.first_key[0] == 8 && r.first_key[1] == 8 && r.first_key[2] == 0 && r.first_key[5] == 0));
    CHECK(r.padding_rows == (given ? 2 * 14 : 0));
    CHECK(r.empty_rows == (given ? 0 : 2 * 8));
  };
  const recorded_options options{.causal = true, .heads = 6, .mask = mask, .sink = 1};
  check(entropy_from_logits(S, options), true);
  check(entropy_from_weights(A, options), true);
  check(entropy_from_weights(A, {.causal = true, .heads = 6, .sink = 1}), false);

  // Queries and keys: with the mask each sequence is what it is without its padding, whatever stands there.
  const Index d = 8;
  MatrixXd Q = normal<double>(6 * d, 30, 20), K = normal<double>(3 * d, 30, 21);
  for (Index s = 0; s < 3; ++s)
    for (Index j = 0; j < 30; ++j)
      if (each[s].padding(j))
        K.col(j).segment(s * d, d).setConstant(unknown), Q.col(j).segment(2 * s * d, 2 * d).setConstant(unknown);
  const entropy_options fused{.causal = true, .query_heads = 6, .key_heads = 3, .mask = mask, .sink = 1, .distance = true};
  const auto r = entropy(Q, K, fused);
  CHECK((r.padding_rows == 28 && r.bad_rows == 0 && r.status == status::ok && r.first_key[1] == 8));
  const auto biased = entropy(
      Q, K, [](Index, Index q, Index j) { return -0.1 * static_cast<double>(q - j); }, fused);
  for (Index s = 0; s < 3; ++s) {
    const Index from = each[s].left, n = 30 - from - each[s].right;
    const MatrixXd own_Q = Q.block(2 * s * d, from, 2 * d, n), own_K = K.block(s * d, from, d, n);
    const entropy_options cropped{.causal = true, .query_heads = 2, .key_heads = 1, .sink = 1, .distance = true};
    const auto alone = entropy(own_Q, own_K, cropped);
    const auto biased_alone = entropy(
        own_Q, own_K, [](Index, Index q, Index j) { return -0.1 * static_cast<double>(q - j); }, cropped);
    const auto near = [&](const MatrixXd& all, const MatrixXd& own) {
      return ((all.block(2 * s, from, 2, n) - own).array().abs() <= 1e-13 * (1.0 + own.array().abs())).all();
    };
    CHECK(near(r.entropy, alone.entropy));
    CHECK(near(r.sink_mass, alone.sink_mass));
    CHECK(near(r.mean_distance, alone.mean_distance));
    CHECK(r.visible.block(2 * s, from, 2, n) == alone.visible);
    CHECK(near(biased.entropy, biased_alone.entropy));
  }
}

TEST_CASE("attention::entropy: biases of any large negative number mask", "[oracle]") {
  const pattern p{40, 40, true, 9, 0};
  const MatrixXf Q = normal<float>(6, 40, 1), K = normal<float>(6, 40, 2);
  const auto matrix = [&](float number) { return masked_logits<float>(MatrixXf::Zero(40, 40), p, number, false, false); };
  const entropy_options options{.sink = 1, .top = 2, .distance = true};
  const auto exact = entropy(Q, K, matrix(static_cast<float>(-infinity)), options);
  CHECK((exact.empty_rows == 9 && exact.masked_logits == 0 && exact.first_key[0] == 9));
  for (const float number : {-1e4F, -65504.0F, -1e9F, std::numeric_limits<float>::lowest()}) {
    const auto r = entropy(Q, K, matrix(number), options);
    CHECK(r.masked_logits > 0);
    CHECK(r.visible == exact.visible);
    CHECK((r.empty_rows == 9 && r.bad_rows == 0 && r.first_key[0] == 9));
    for (Index q = 9; q < 40; ++q)
      CHECK((r.entropy(0, q) == exact.entropy(0, q) && r.sink_mass(0, q) == exact.sink_mass(0, q) &&
             r.top_mass(0, q) == exact.top_mass(0, q)));
    const auto called = entropy(
        Q, K, [&](Index, Index q, Index j) { return p.sees(q, j) ? 0.0F : number; }, options);
    CHECK(called.visible == exact.visible);
  }
  CHECK(message_of<argument_error>([&] {
          (void)entropy(Q, K, matrix(-300.0F), options);
        }).find("attention::entropy: bias: head 0") == 0);
  CHECK(message_of<argument_error>([&] { (void)entropy(Q, K, {.masked_below = -5.0}); }).find(".masked_below is -5,") !=
        std::string::npos);
}

TEST_CASE("attention::entropy_from_weights: weights of 0 that may be masked keys or rounded, the caller decides",
          "[failure][edge]") {
  const auto refusal = [](const MatrixXf& A, const recorded_options& options) {
    return message_of<argument_error>([&] { (void)entropy_from_weights(A, options); });
  };
  // A window that no option tells of.
  MatrixXf band = MatrixXf::Zero(40, 40);
  for (Index q = 0; q < 40; ++q)
    for (Index j = std::max<Index>(0, q - 4); j <= q; ++j) band(j, q) = 1.0F / static_cast<float>(std::min<Index>(q + 1, 5));
  CHECK(refusal(band, {.causal = true}).find(".zeros decides (or .mask and .window") != std::string::npos);
  CHECK(refusal(band, {.causal = true, .window = 5}).empty());
  CHECK(entropy_from_weights(band, {.causal = true, .zeros = zero_weights::masked}).visible(0, 30) == 5);
  const auto seen = entropy_from_weights(band, {.causal = true, .zeros = zero_weights::visible});
  CHECK((seen.visible(0, 30) == 31 && seen.zero_weights == 35 * 36 / 2 && seen.masked_zeros == 0));
  // Causal attention that is taken for another: its zeros are no keys of weight 0.
  const MatrixXf causal = weights_of<float>(normal<float>(20, 20, 1), {20, 20, true, 0, 0}, 0.0);
  CHECK(refusal(causal, {}).find("every weight behind its query is 0, 190 of them: is this attention causal?") !=
        std::string::npos);
  CHECK(refusal(causal, {.causal = true}).empty());
  // And attention that is not causal, taken for causal: refused, also where its rows are even.
  CHECK(!refusal(weights_of<float>(normal<float>(20, 20, 1), {20, 20, false, 0, 0}, 0.0), {.causal = true}).empty());
  CHECK(!refusal(MatrixXf::Constant(20, 20, 0.05F), {.causal = true}).empty());
  CHECK(entropy_from_weights(MatrixXf::Constant(20, 20, 0.05F)).empty_rows == 0);
  // Half precision rounds what is below 3e-8 to 0: those keys are seen, and counted.
  MatrixXf half = MatrixXf::Zero(64, 30);
  for (Index q = 0; q < 30; ++q) {
    for (Index j = 0; j < 64; ++j) {
      const double w = std::exp(-0.3 * static_cast<double>((j + q) % 64)) * (1.0 - std::exp(-0.3));
      half(j, q) = static_cast<float>(std::nearbyint(w * 16777216.0) / 16777216.0);
    }
  }
  const auto rounded = entropy_from_weights(half, {.tolerance = 1e-3});
  CHECK((rounded.zero_weights > 16 && rounded.masked_zeros == 0 && rounded.visible(0, 3) == 64));
  // A single key with all the weight in every row: hard attention, or everything else masked.
  MatrixXf hard = MatrixXf::Zero(10, 10);
  hard.row(3).setConstant(1.0F);
  CHECK(refusal(hard, {}).find("beside a single key that has all the weight") != std::string::npos);
  CHECK(entropy_from_weights(hard, {.zeros = zero_weights::visible}).visible(0, 0) == 10);
  CHECK(entropy_from_weights(hard, {.zeros = zero_weights::masked}).visible(0, 0) == 1);
  // A padded key with weight, and the opposite mask.
  const pattern p{20, 20, false, 0, 6};
  const MatrixXf A = weights_of<float>(normal<float>(20, 20, 2), p, 0.0);
  CHECK(refusal(A, {.mask = token_mask::right(20, 8)}).find("padding by .mask, where 1 is a real token and 0 is padding") !=
        std::string::npos);
  CHECK(!refusal(A, {.mask = token_mask::left(20, 14)}).empty());
  CHECK(refusal(A, {.masked_below = -1.0}).find(".masked_below is -1,") != std::string::npos);
}

TEST_CASE("attention::entropy_from_weights: a row that is NaN is bad unless nobody looks at its token", "[edge]") {
  const MatrixXf A = weights_of<float>(normal<float>(20, 20, 2), {20, 20, true, 0, 0}, 0.0);
  MatrixXf bad = A;
  bad.col(6).setConstant(static_cast<float>(unknown));
  const auto r = entropy_from_weights(bad, {.causal = true});
  CHECK((r.bad_rows == 1 && r.empty_rows == 0 && r.visible(0, 6) == 7 && r.status == status::diverged));
}

TEST_CASE("attention::token_mask: shapes and values", "[failure]") {
  const auto refusal = [](const auto& mask) { return message_of<argument_error>([&] { (void)token_mask(mask); }); };
  CHECK(refusal(Eigen::ArrayXd::Constant(4, -10000.0)).find("has -10000, expected 1 (a real token) or 0 (padding)") !=
        std::string::npos);
  CHECK(!refusal(Eigen::ArrayXd::Constant(4, unknown)).empty());
  CHECK(token_mask(Eigen::RowVectorXi::Ones(5)).tokens() == 5);
  CHECK(token_mask(Eigen::ArrayXXi::Ones(5, 2)).sequences() == 2);
  CHECK(token_mask(Eigen::ArrayXXi::Ones(5, 2)).sequence(1).sequences() == 1);
  CHECK_THROWS_AS(token_mask(Eigen::ArrayXXi::Ones(5, 2)).sequence(2), argument_error);
  CHECK_THROWS_AS(token_mask::left(4, 5), argument_error);
  CHECK_THROWS_AS(token_mask::right(4, -1), argument_error);
  CHECK(token_mask::right(4, 1).real()(2, 0));
  CHECK(!token_mask::right(4, 1).real()(3, 0));
  const MatrixXd S = normal<double>(10, 40, 1);
  const auto shape = [&](const token_mask& mask) {
    return message_of<argument_error>([&] { (void)entropy_from_logits(S, {.heads = 4, .mask = mask}); });
  };
  CHECK(shape(token_mask::left(9, 1)).find(".mask is 9 x 1, expected 10 x a divisor of 4") != std::string::npos);
  CHECK(shape(Eigen::ArrayXXi::Ones(10, 3)).find(".mask is 10 x 3") != std::string::npos);
  CHECK(shape(Eigen::ArrayXXi::Ones(10, 2)).empty());
  CHECK(!message_of<argument_error>([&] {
           (void)entropy(MatrixXd(S.leftCols(10)), MatrixXd(S.leftCols(10)), {.mask = token_mask::left(9, 1)});
         }).empty());
  const auto all = entropy_from_logits(S, {.heads = 4, .mask = token_mask::left(10, 10)});
  CHECK((all.padding_rows == 40 && all.empty_rows == 0 && all.bad_rows == 0));
}

TEST_CASE("attention: absurd and empty shapes are refused in words", "[failure]") {
  const float x[4] = {1.0F, 2.0F, 3.0F, 4.0F};
  using view = heads_view<float>;
  const Index huge = Index{1} << 40;
  const auto refusal = [](const auto& work) { return message_of<argument_error>(work); };
  const view good{x, 1, 2, 2, 4, 2};
  CHECK(refusal([&] { (void)entropy(view{x, 1, huge << 20, 2, 0, 0}, good); }).size() > 0);
  CHECK(refusal([&] { (void)entropy(view{x, huge, huge, 2, 0, 0}, good); }).size() > 0);
  CHECK(refusal([&] {
          (void)entropy(view{x, 1 << 10, huge, 2, 0, 0}, good);
        }).find("expected at most 2^36 rows") != std::string::npos);
  CHECK(refusal([&] { (void)entropy(view{x, 1, -3, 2, 4, 2}, good); }).find("Q has 1 heads of -3 vectors") != std::string::npos);
  CHECK(refusal([&] { (void)entropy(good, view{nullptr, 1, 2, 2, 4, 2}); }).find("at no address") != std::string::npos);
  CHECK(refusal([&] { (void)entropy(view{x, 1, 2, 0, 0, 0}, view{x, 1, 2, 0, 0, 0}); }).find("size 0") != std::string::npos);
  CHECK(refusal([&] { (void)view::dump(x, huge, huge, 4); }).find("more elements than an array can have") != std::string::npos);
  CHECK(refusal([&] { (void)entropy(MatrixXf(0, 3), MatrixXf(0, 3)); }).find("0 rows") != std::string::npos);
  CHECK(refusal([&] { (void)entropy(good, good, {.scale = 1e300}); }).find(".scale is ") != std::string::npos);
  CHECK(entropy(view{x, 1, 0, 2, 4, 2}, good).entropy.size() == 0);
  CHECK(entropy(good, view{x, 1, 0, 2, 4, 2}).empty_rows == 2);
  CHECK(entropy(good, good, {.sink = huge, .top = huge}).sink_mass(0, 0) == 1.0);
  CHECK(refusal([&] { (void)entropy_from_logits(MatrixXd(3, 4), {.heads = huge}); }).find("expected a multiple of") !=
        std::string::npos);
  CHECK(refusal([&] { (void)entropy_from_logits(MatrixXd(3, 0), {.heads = huge << 20}); }).size() > 0);
  CHECK(entropy_from_logits(MatrixXd(0, 0)).entropy.size() == 0);
}

TEST_CASE("attention::entropy: logits that leave the range are no masked keys", "[edge]") {
  // Every product is minus infinity in single precision: there is no softmax.
  MatrixXf Q = MatrixXf::Constant(2, 3, 1e30F), K = MatrixXf::Constant(2, 3, -1e30F);
  const auto r = entropy(Q, K);
  CHECK((r.bad_rows == 3 && r.empty_rows == 0 && r.status == status::diverged));
  CHECK(std::isnan(r.entropy(0, 0)));
  const MatrixXd big = MatrixXd::Constant(2, 3, 1e200);
  CHECK(entropy(big, big).bad_rows == 3);
  K.col(1).setConstant(1.0F);  // the others have weight 0 beside this one, and are seen
  const auto one = entropy(Q, K);
  CHECK((one.bad_rows == 0 && one.entropy(0, 0) == 0.0 && one.visible(0, 0) == 3));
}
