// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Kullback-Leibler divergence of two distributions over a vocabulary, from probabilities or from logits.

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::error {

namespace detail {

// q - p - p d, which is p (e^d - 1 - d) >= 0, where q = p e^d. Summed over two normalised distributions it is the divergence,
// and its terms do not cancel as those of p d do where the distributions are close.
LIBRATION_DECLARED double divergence_term(double p, double q, double d);

// ln sum e^l; logits in double, the largest of them finite.
LIBRATION_DECLARED double log_total(const vector_view<double>& logits);

// From logits of which no p is finite where q is not. Differences are taken entry by entry first: an error that all of them share
// changes the sum of the terms by its square only.
LIBRATION_DECLARED double logit_divergence(const vector_view<double>& p, const vector_view<double>& q);

}  // namespace detail

/// KL(p‖q) = Σ p_i ln(p_i/q_i), from probabilities.
///
/// \param p, q       shape (V), >= 0, sums 1 within `tolerance`; both are then normalised
/// \param tolerance  what storing a distribution in single precision may do to its sum
/// \return           nats, >= 0
/// \throws argument_error where the shapes differ or are empty, an entry is negative or not finite, a sum is not 1, or q is zero
///                   where p is not and the divergence infinite; says at which entry
/// Accuracy: relative, about 10 eps, also where p and q are close and Σ p_i ln(p_i/q_i) cancels; eps² absolute
template <class P, class Q>
double kullback_leibler(const Eigen::MatrixBase<P>& p, const Eigen::MatrixBase<Q>& q, double tolerance = 1e-6) {
  constexpr std::string_view who = "error::kullback_leibler";
  require(p.size() > 0, who, "p is empty");
  require_rows(q.size(), p.size(), who, "q", "as p");
  const auto total = [&](const auto& values, const char* name) {
    stats::compensated_sum<double> sum;
    for (Eigen::Index i = 0; i < values.size(); ++i) {
      const auto x = static_cast<double>(values[i]);
      require(x >= 0.0 && std::isfinite(x), who,
              [&] { return std::string(name) + "[" + number_text(i) + "] is " + number_text(x) + ", expected >= 0"; });
      sum.add(x);
    }
    require(std::abs(sum.value() - 1.0) <= tolerance, who,
            [&] { return std::string(name) + " sums to " + number_text(sum.value(), 10) + ", expected 1"; });
    return sum.value();
  };
  const double p_total = total(p, "p"), q_total = total(q, "q"), shift = std::log(q_total / p_total);
  stats::compensated_sum<double> sum;
  for (Eigen::Index i = 0; i < p.size(); ++i) {
    const auto a = static_cast<double>(p[i]), b = static_cast<double>(q[i]);
    require(a == 0.0 || b > 0.0, who,
            [&] { return "q[" + number_text(i) + "] is 0 where p is " + number_text(a) + ": the divergence is infinite"; });
    if (a == 0.0) {
      sum.add(b / q_total);
      continue;
    }
    // The quotient may overflow; the difference of nearly equal logarithms would cancel.
    const double d = std::abs(b - a) < 0.5 * a ? std::log1p((b - a) / a) : std::log(b) - std::log(a);
    sum.add(detail::divergence_term(a / p_total, b / q_total, d - shift));
  }
  return sum.value();
}

/// KL(softmax(p)‖softmax(q)), from logits.
///
/// \param p, q  shape (V); minus infinity where a token is excluded
/// \return      nats, >= 0
/// \throws argument_error where the shapes differ or are empty, an entry is NaN or infinite, all are minus infinity, or q's is
///                   where p's is not and the divergence infinite; says at which entry
/// Accuracy: relative (10 + |logit|) eps, also where the two are close; (eps |logit|)² absolute
/// Cost:     five exponentials a token; two vectors of V doubles
template <class P, class Q>
double kullback_leibler_from_logits(const Eigen::MatrixBase<P>& p, const Eigen::MatrixBase<Q>& q) {
  constexpr std::string_view who = "error::kullback_leibler_from_logits";
  constexpr double excluded = -std::numeric_limits<double>::infinity();
  require(p.size() > 0, who, "p is empty");
  require_rows(q.size(), p.size(), who, "q", "as p");
  const Eigen::VectorXd a = p.template cast<double>(), b = q.template cast<double>();
  const auto check = [&](const Eigen::VectorXd& values, const char* name) {
    for (Eigen::Index i = 0; i < values.size(); ++i)
      require(values[i] < -excluded, who, [&] {
        return std::string(name) + "[" + number_text(i) + "] is " + (std::isnan(values[i]) ? "NaN" : "infinite") +
               ", expected a number, or minus infinity";
      });
    require(values.maxCoeff() > excluded, who, [&] { return std::string(name) + " excludes every token"; });
  };
  check(a, "p");
  check(b, "q");
  for (Eigen::Index i = 0; i < a.size(); ++i)
    require(a[i] == excluded || b[i] != excluded, who, [&] {
      return "q[" + number_text(i) + "] is minus infinity where p is " + number_text(a[i]) + ": the divergence is infinite";
    });
  return detail::logit_divergence(a, b);
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/kullback_leibler.hpp>
#endif
