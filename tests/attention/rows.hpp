// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Rows of attention by their definitions in long doubles, and random logits, queries and keys to compare with.

#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>

namespace libration_test {

/// What the definitions give for a row of logits; minus infinity is masked.
struct row_by_definition {
  double entropy = 0, varentropy = 0, renyi2 = 0, log_sum_exp = 0, largest_weight = 0;
  Eigen::VectorXd weights;
};

template <class Derived>
row_by_definition by_definition(const Eigen::MatrixBase<Derived>& logits) {
  using real = long double;
  const auto n = logits.size();
  const auto top = static_cast<real>(logits.maxCoeff());
  real total = 0, squares = 0, entropy = 0, second = 0;
  for (Eigen::Index j = 0; j < n; ++j) total += std::exp(static_cast<real>(logits[j]) - top);
  row_by_definition row;
  row.weights.resize(n);
  for (Eigen::Index j = 0; j < n; ++j) {
    const real log_p = static_cast<real>(logits[j]) - top - std::log(total), p = std::exp(log_p);
    row.weights[j] = static_cast<double>(p);
    if (p == 0) continue;
    squares += p * p;
    entropy -= p * log_p;
    second += p * log_p * log_p;
  }
  row.entropy = static_cast<double>(entropy);
  row.varentropy = static_cast<double>(second - entropy * entropy);
  row.renyi2 = static_cast<double>(-std::log(squares));
  row.log_sum_exp = static_cast<double>(top + std::log(total));
  row.largest_weight = static_cast<double>(1 / total);
  return row;
}

/// A row with one key ahead of n - 1 others by `gap`, in closed form.
inline row_by_definition one_key_ahead(Eigen::Index n, double gap, double offset) {
  const double others = static_cast<double>(n - 1), rest = others * std::exp(-gap);
  row_by_definition row;
  row.entropy = std::log1p(rest) + gap * rest / (1 + rest);
  row.varentropy = gap * gap * rest / ((1 + rest) * (1 + rest));
  row.renyi2 = 2 * std::log1p(rest) - std::log1p(others * std::exp(-2 * gap));
  row.log_sum_exp = offset + std::log1p(rest);
  row.largest_weight = 1 / (1 + rest);
  return row;
}

template <class Scalar>
Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> normal(Eigen::Index rows, Eigen::Index cols, std::uint64_t stream) {
  Eigen::MatrixXd m(rows, cols);
  libration::random_stream(20, stream).fill_normal(m);
  return m.cast<Scalar>();
}

inline bool within(double x, double expected, double relative) { return std::abs(x - expected) <= relative * std::abs(expected); }

/// Half a unit in the last place of 1: what one operation rounds by, relative.
template <class Scalar>
constexpr double rounding = static_cast<double>(std::numeric_limits<Scalar>::epsilon()) / 2;

/// Relative rounding of a row's sums: 64 terms in the scalar, and the exponential.
template <class Scalar>
constexpr double row_rounding = 72 * rounding<Scalar>;

}  // namespace libration_test
