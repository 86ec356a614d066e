// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::entropy_result`: what is known of each row of attention.

#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Statistics of rows of attention, each of shape (heads, queries). p are a row's weights, i its position, j a key's. A row of
/// padding, one without a visible key, and one with a logit that is NaN or +inf, is NaN everywhere.
struct [[nodiscard]] entropy_result {
  /// `ok`; `diverged` where `bad_rows` is not 0: the other rows are right all the same.
  libration::status status = libration::status::not_run;

  Eigen::MatrixXd entropy;         ///< -sum p ln p, nats
  Eigen::MatrixXd varentropy;      ///< variance of ln p under p, nats²
  Eigen::MatrixXd renyi2;          ///< -ln sum p², nats
  Eigen::MatrixXd log_sum_exp;     ///< of the logits, bias included; minus infinity without a visible key
  Eigen::MatrixXd largest_weight;  ///< max p

  Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic> visible;  ///< keys that are not masked; 0: padding, or an empty row

  Eigen::MatrixXd sink_mass;      ///< p on the `.sink` keys from `first_key` on; empty unless asked for
  Eigen::MatrixXd top_mass;       ///< p on the `.top` heaviest keys; empty unless asked for
  Eigen::MatrixXd mean_distance;  ///< sum p |i - j|, tokens; empty unless asked for with `.distance`

  std::int64_t bad_rows = 0;      ///< with a visible logit (or weight) that is NaN, or a logit of +inf
  std::int64_t empty_rows = 0;    ///< without a visible key: all of them masked
  std::int64_t padding_rows = 0;  ///< of queries that `.mask` calls padding

  /// Shape (heads): a head's first key that is not padding, where its sequence begins; 0 unless the first keys are hidden by
  /// `.mask` or masked for every query.
  Eigen::Matrix<Eigen::Index, Eigen::Dynamic, 1> first_key;

  /// Logits (or biases) at most this high were taken as masked: `.masked_below`, or what was recognised; minus infinity: no other.
  double masked_below = -std::numeric_limits<double>::infinity();
  std::int64_t masked_logits = 0;  ///< finite logits (or biases) that were taken as masked
  std::int64_t masked_zeros = 0;   ///< recorded weights of 0 that no position or `.mask` hides, taken as masked keys
  std::int64_t zero_weights = 0;   ///< recorded weights of 0 that count as keys that are seen

  /// \return entropy / ln visible, in [0, 1]; NaN where a single key is visible
  LIBRATION_DECLARED Eigen::MatrixXd normalised_entropy() const;

  /// \return e^entropy: among so many keys equal weights would be spread as much
  LIBRATION_DECLARED Eigen::MatrixXd effective_support() const;
};

/// A statistic's mean over the queries of each head, of those that are finite.
///
/// \param rows  shape (heads, queries)
/// \return      shape (heads); NaN where no entry is finite
LIBRATION_DECLARED Eigen::VectorXd mean_over_queries(const Eigen::MatrixXd& rows);

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/result.hpp>
#endif
