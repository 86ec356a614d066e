// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One attention head that reads a growing context, as a subject: its logits as they are, or sharpened as the context grows.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/subject.hpp>
#include <libration/maps/log_sum_exp.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// Attention weights of one query: the softmax of its logits; sharpened, of s ln n times the logits, n their number.
///
/// \param logits         shape (n), n >= 1
/// \param s              0: none
/// \param least_context  n >= 1 from which on logits are sharpened
/// \return  shape (n), sums to 1; NaN where a logit is
/// \throws argument_error  no logits
/// Source:  K. M. Nakanishi, "Scalable-Softmax is superior for attention", arXiv:2501.19399 (2025): s is learned there, and acts at
///          every n
LIBRATION_DECLARED Eigen::VectorXd attention_weights(vector_view<double> logits, double s = 0.0, std::int64_t least_context = 1);

/// What one head reads.
///
///     std::int64_t positions() const;
///     Eigen::VectorXd logits(std::int64_t t, std::int64_t text) const;          // shape (n), whatever keys position t sees
///     double loss(std::int64_t t, vector_view<double> weights, std::int64_t text) const;    // nats, of these attention weights
template <class Read>
concept attention_read = requires(const Read& read, std::int64_t t, vector_view<double> weights) {
  { read.positions() } -> std::convertible_to<std::int64_t>;
  { read.logits(t, t) } -> std::convertible_to<Eigen::VectorXd>;
  { read.loss(t, weights, t) } -> std::convertible_to<double>;
};

/// A subject with two interventions on attention dilution, both of which change nothing where at most as many keys are seen as in
/// training, n₀:
///
/// - "logits sharpened": logits are multiplied by ln n/ln n₀ (scalable softmax with s = 1/ln n₀), so that a key that is ahead keeps
///   its weight;
/// - "middle dropped": only the first keys (the sinks) and the last ones are left, n₀ together. It helps uniform attention too,
/// which
///   has nothing to sharpen, and takes away what the middle says: a model that needs it gets worse.
///
/// At once, what is left is sharpened by its own number of keys: not at all.
template <attention_read Read>
class attention_subject {
 public:
  /// \param read             outlives the subject
  /// \param trained_context  n₀ >= 2: keys that a query saw at most in training
  /// \param sinks            first keys that are never dropped, 0 to n₀ - 1; models are known to use a few of them whatever they
  /// say \throws argument_error  out of range
  explicit attention_subject(const Read& read, std::int64_t trained_context, std::int64_t sinks = 1)
      : read_(&read), trained_context_(trained_context), sinks_(sinks) {
    constexpr std::string_view who = "diagnosis::attention_subject";
    require(trained_context >= 2, who,
            [&] { return "trained_context is " + number_text(trained_context) + " keys, expected >= 2"; });
    require(sinks >= 0 && sinks < trained_context, who,
            [&] { return "sinks is " + number_text(sinks) + ", expected 0 to " + number_text(trained_context - 1); });
  }

  std::vector<intervention> interventions() const {
    return {{"logits sharpened", mechanism::attention_dilution}, {"middle dropped", mechanism::attention_dilution}};
  }

  Eigen::VectorXd losses(const intervention_set& active, std::int64_t text) const {
    const double s = active[0] ? 1.0 / std::log(static_cast<double>(trained_context_)) : 0.0;
    Eigen::VectorXd losses(read_->positions()), left(trained_context_);
    for (std::int64_t t = 0; t < losses.size(); ++t) {
      const Eigen::VectorXd logits = read_->logits(t, text);
      Eigen::VectorXd weights;
      if (active[1] && logits.size() > trained_context_) {
        const Eigen::Index last = trained_context_ - sinks_;
        left.head(sinks_) = logits.head(sinks_);
        left.tail(last) = logits.tail(last);
        left = attention_weights(left, s, trained_context_);
        weights = Eigen::VectorXd::Zero(logits.size());
        weights.head(sinks_) = left.head(sinks_);
        weights.tail(last) = left.tail(last);
      } else {
        weights = attention_weights(logits, s, trained_context_);
      }
      losses[t] = read_->loss(t, weights, text);
    }
    return losses;
  }

 private:
  const Read* read_;
  std::int64_t trained_context_, sinks_;
};

}  // namespace libration::inline LIBRATION_ABI::diagnosis

#if !defined(LIBRATION_COMPILED)
#include <libration/diagnosis/definitions/attention_subject.hpp>
#endif
