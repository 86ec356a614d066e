// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// From logits to the next token: temperature, top-k and top-p; choice by inverse CDF, by Gumbel-max, or greedily.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/token_model.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// How logits become probabilities: divided by the temperature, then cut down to the `top_k` most likely tokens, then to the
/// fewest of these that hold `top_p` of their probability, then normalised.
struct sampling {
  /// T >= 0, finite: probabilities go as exp(logit/T). 1: those the model was trained for; 0: greedy, the most likely token alone.
  double temperature = 1.0;
  /// Most tokens that are kept, >= 0; 0: all.
  Eigen::Index top_k = 0;
  /// Probability that is kept, 0 < top_p <= 1; 1: all. The token that reaches it is kept too, so that one always is.
  double top_p = 1.0;
};

/// \throws argument_error that names the field, what came and what was expected: `who: .sampling.top_p is 0, expected ...`
LIBRATION_DECLARED void validate(const sampling& how, std::string_view who);

/// Whether only one token can be chosen, so that chance has no part in it.
inline bool is_greedy(const sampling& how) noexcept { return how.temperature == 0.0 || how.top_k == 1; }

/// Whether every token of a vocabulary of V can be chosen.
inline bool keeps_all(const sampling& how, Eigen::Index vocabulary_size) noexcept {
  return how.temperature > 0.0 && (how.top_k == 0 || how.top_k >= vocabulary_size) && how.top_p == 1.0;
}

/// The most likely token; among equals the first.
///
/// \param logits  shape (V), V >= 1
/// \return        -1 where a logit is not finite
template <class Derived>
token greedy_choice(const Eigen::MatrixBase<Derived>& logits) {
  if (!logits.allFinite()) return -1;
  const auto top = logits.maxCoeff();
  Eigen::Index v = 0;
  while (logits[v] != top) ++v;
  return static_cast<token>(v);
}

namespace detail {

// exp((logit - top)/T) for T > 0.
template <class Scalar>
void weigh(const vector_view<Scalar>& logits, double temperature, vector_span<double> weights) {
  const double top = static_cast<double>(logits.maxCoeff());
  weights.array() = ((logits.template cast<double>().array() - top) / temperature).exp();
}

// Which tokens top-k and top-p keep, in no particular order, from finite logits and their weights.
template <class Scalar>
void keep_top(const vector_view<Scalar>& logits, const sampling& how, const vector_view<double>& weights,
              std::vector<token>& kept) {
  const auto size = static_cast<std::size_t>(logits.size());
  const auto before = [&](token a, token b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); };
  const auto at = [&](std::size_t i) { return kept.begin() + static_cast<std::ptrdiff_t>(i); };
  double total = 0.0, sum = 0.0;
  kept.resize(size);
  if (how.top_k > 0 && static_cast<std::size_t>(how.top_k) < size) {
    const auto k = static_cast<std::size_t>(how.top_k);
    std::iota(kept.begin(), kept.end(), token{0});
    // A heap of the few best is faster than a partition while they are few (measured).
    if (k <= size / 64)
      std::partial_sort(at(0), at(k), kept.end(), before);
    else
      std::nth_element(at(0), at(k), kept.end(), before);
    kept.resize(k);
    for (const token v : kept) total += weights[v];
  } else {
    // All tokens below this weight hold together less than top_p leaves out, half of it: none of them is needed.
    total = weights.sum();
    const double least = 0.5 * (1.0 - how.top_p) * total / static_cast<double>(size);
    std::size_t n = 0;
    for (std::size_t v = 0; v < size; ++v) {
      kept[n] = static_cast<token>(v);
      n += weights[static_cast<Eigen::Index>(v)] >= least;
    }
    kept.resize(n);
  }
  if (how.top_p == 1.0) return;
  // Another heap gives the most likely one after another, without sorting those that are left out.
  const auto after = [&](token a, token b) { return before(b, a); };
  std::make_heap(kept.begin(), kept.end(), after);
  std::size_t left = kept.size();
  do {
    std::pop_heap(at(0), at(left), after);
    sum += weights[kept[--left]];
  } while (left > 0 && sum < how.top_p * total);
  kept.erase(at(0), at(left));
}

template <class Uniform>
token gumbel_choice(const vector_view<double>& probabilities, Uniform&& uniform) {
  double best = std::numeric_limits<double>::infinity();
  Eigen::Index chosen = -1;
  for (Eigen::Index v = 0; v < probabilities.size(); ++v) {
    const double p = probabilities[v];
    if (!(p > 0.0)) continue;
    const double u = uniform(v);
    if (1.0 - u >= best * p) continue;  // -ln u >= 1 - u: hardly any logarithm is needed
    const double exponential = -std::log(u);
    if (exponential >= best * p) continue;
    best = exponential / p;
    chosen = v;
  }
  return static_cast<token>(chosen);
}

}  // namespace detail

/// What the next token is drawn from.
///
/// Equal logits are in the order of their numbers: of those that top-k or top-p divides the first are kept.
///
/// \param logits  shape (V), V >= 1
/// \param how     valid
/// \param out     out: probabilities, shape (V), 0 for what is left out; NaN where a logit is not finite
/// \param kept    scratch, which grows to V the first time that top-k or top-p is in force
/// \return        false where a logit is not finite
/// Accuracy:  relative (4 + (max - logit)/T + V/4) eps at worst; which token reaches `top_p` is settled up to that
/// Cost:      one exponential a token (V = 50,000: 0.3 ms); top-k adds O(V), top-p O(V + kept ln V) (0.2 to 1 ms)
template <class Derived>
bool probabilities(const Eigen::MatrixBase<Derived>& logits, const sampling& how, vector_span<double> out,
                   std::vector<token>& kept) {
  eigen_assert(logits.size() > 0 && out.size() == logits.size());
  if (!logits.allFinite()) {
    out.setConstant(std::numeric_limits<double>::quiet_NaN());
    return false;
  }
  if (is_greedy(how)) {
    out.setZero();
    out[greedy_choice(logits)] = 1.0;
    return true;
  }
  detail::weigh<typename Derived::Scalar>(logits, how.temperature, out);
  if (!keeps_all(how, logits.size())) {
    detail::keep_top<typename Derived::Scalar>(logits, how, out, kept);
    for (const token v : kept) out[v] = -out[v];  // a sign marks what is kept
    out = (-out).cwiseMax(0.0);
  }
  out /= out.sum();
  return true;
}

/// The natural logarithms of `probabilities`: -infinity for what is left out; exact where a probability underflows.
template <class Derived>
bool log_probabilities(const Eigen::MatrixBase<Derived>& logits, const sampling& how, vector_span<double> out,
                       std::vector<token>& kept) {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  eigen_assert(logits.size() > 0 && out.size() == logits.size());
  if (!logits.allFinite()) {
    out.setConstant(std::numeric_limits<double>::quiet_NaN());
    return false;
  }
  if (is_greedy(how)) {
    out.setConstant(nothing);
    out[greedy_choice(logits)] = 0.0;
    return true;
  }
  const double top = static_cast<double>(logits.maxCoeff());
  detail::weigh<typename Derived::Scalar>(logits, how.temperature, out);
  if (keeps_all(how, logits.size())) {
    const double log_total = std::log(out.sum());
    out.array() = (logits.template cast<double>().array() - top) / how.temperature - log_total;
  } else {
    detail::keep_top<typename Derived::Scalar>(logits, how, out, kept);
    double total = 0.0;
    for (const token v : kept) total += out[v];
    out.setConstant(nothing);
    for (const token v : kept) out[v] = (static_cast<double>(logits[v]) - top) / how.temperature - std::log(total);
  }
  return true;
}

/// The same as values, for a single use.
///
/// \throws argument_error where an option is out of range, or there are no logits
template <class Derived>
Eigen::VectorXd probabilities(const Eigen::MatrixBase<Derived>& logits, const sampling& how = {}) {
  validate(how, "maps::probabilities");
  require(logits.size() > 0, "maps::probabilities", "no logits");
  Eigen::VectorXd out(logits.size());
  std::vector<token> kept;
  probabilities(logits, how, out, kept);
  return out;
}
template <class Derived>
Eigen::VectorXd log_probabilities(const Eigen::MatrixBase<Derived>& logits, const sampling& how = {}) {
  validate(how, "maps::log_probabilities");
  require(logits.size() > 0, "maps::log_probabilities", "no logits");
  Eigen::VectorXd out(logits.size());
  std::vector<token> kept;
  log_probabilities(logits, how, out, kept);
  return out;
}

/// The first token v with p_0 + ... + p_v > u: the inverse of the distribution function.
///
/// Under one uniform two distributions p, q choose differently with probability 1 - sum_v |I_v(p) ∩ I_v(q)|, I_v the tokens'
/// intervals: at least their total variation distance TV, but up to (V - 1) TV where a little probability moves from the first
/// token to the last, and with it every boundary between them.
///
/// \param probabilities  shape (V), sum 1 up to rounding
/// \param u              0 < u < 1
/// \return               never a token of probability 0; -1 where there is none of more
LIBRATION_DECLARED token inverse_cdf_choice(const vector_view<double>& probabilities, double u);

/// The numbers that `gumbel_choice` takes at step t: out[v] = uniform(t V + v), shape (V).
///
/// Two models that choose with the same numbers are coupled: make them once for both.
LIBRATION_DECLARED void token_uniforms(const random_stream& numbers, std::int64_t t, vector_span<double> out);

/// Gumbel-max: the v with the largest ln p_v + G_v, G_v = -ln(-ln u_v); found as the smallest -ln(u_v)/p_v.
///
/// Under the same uniforms p and q both choose v with probability 1/sum_w max(p_w/p_v, q_w/q_v) (the race of the exponentials
/// -ln u_w; derived here), so that they differ with a probability between TV, the total variation distance, which no coupling goes
/// below, and 2 TV/(1 + TV).
///
/// \param probabilities  shape (V)
/// \param uniforms       shape (V), each in (0, 1)
/// \return               never a token of probability 0; -1 where there is none of more
LIBRATION_DECLARED token gumbel_choice(const vector_view<double>& probabilities, const vector_view<double>& uniforms);
/// The same with the uniforms of step t, made only for tokens of positive probability: better where few are kept.
LIBRATION_DECLARED token gumbel_choice(const vector_view<double>& probabilities, const random_stream& numbers, std::int64_t t);

}  // namespace libration::inline LIBRATION_ABI::maps

#if !defined(LIBRATION_COMPILED)
#include <libration/maps/definitions/sampler.hpp>
#endif
