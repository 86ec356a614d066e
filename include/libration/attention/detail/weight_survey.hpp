// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Recognises in recorded weights what was masked: keys that no query sees, and rows of queries that saw nothing.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/added_mask.hpp>
#include <libration/attention/detail/block_sums.hpp>
#include <libration/attention/detail/visible_keys.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// Fewer weights of 0 than these show no pattern.
inline constexpr std::int64_t least_evidence = 16;

// The rows of one head.
struct head_survey {
  std::vector<bool> empty;                                 // shape (queries): saw nothing
  std::vector<bool> unseen;                                // shape (keys): 0 in every row that may see the key, and there is one
  std::int64_t in_columns = 0;                             // weights of 0 on such keys
  std::int64_t elsewhere = 0;                              // other weights of 0 that nothing hides
  Eigen::Index query = 0, key = 0;                         // where one is, of the latter if there is any
  std::int64_t rows = 0, positive = 0;                     // rows with a weight of 0, and their positive weights
  double least = std::numeric_limits<double>::infinity();  // the smallest positive weight of these
  bool half = true;                                        // all are multiples of half precision's smallest number
  std::int64_t behind = 0;                                 // keys behind their queries, in ordinary rows,
  bool causal = true;                                      // whose weights are all 0
};

/// \param weights  the row of query q: weights(q)[key]
template <class T, class Weights>
head_survey survey_head(const Weights& weights, const visible_keys& see, Eigen::Index head, bool recognise_rows) {
  const auto keys = static_cast<std::size_t>(see.keys), queries = static_cast<std::size_t>(see.queries);
  enum class kind : std::uint8_t { ordinary, hidden, even, candidate };
  std::vector<kind> kinds(queries, kind::ordinary);
  head_survey found;
  found.empty.resize(queries);
  for (Eigen::Index q = 0; q < see.queries; ++q) {
    kind& own = kinds[static_cast<std::size_t>(q)];
    const T* const w = weights(q);
    if (see.hidden.row(head, q) || see.keys == 0) {
      own = kind::hidden;
      continue;
    }
    bool beyond = false;  // a weight where position hides the key: a row of a causal model that has none
    for (Eigen::Index j = 0; j < see.begin(q); ++j) beyond = beyond || !(w[j] == T(0));
    for (Eigen::Index j = see.end(q); j < see.keys; ++j) beyond = beyond || !(w[j] == T(0));
    if (!beyond && std::all_of(w + see.begin(q), w + see.end(q), [](T x) { return x == T(0); })) {
      own = kind::hidden;
      found.empty[static_cast<std::size_t>(q)] = true;
    } else if (recognise_rows) {
      const bool unknown = std::isnan(w[0]) && std::all_of(w, w + see.keys, [](T x) { return std::isnan(x); });
      if (beyond || unknown)
        own = kind::candidate;
      else if (!see.causal && see.keys > 1 && std::all_of(w, w + see.keys, [&](T x) { return x == w[0]; }))
        own = kind::even;
    }
  }

  std::vector<std::int64_t> seen(keys), zero(keys);  // by how many ordinary rows, and how often with weight 0
  const auto count = [&] {
    std::vector<std::int64_t> change(keys + 1);
    std::fill(zero.begin(), zero.end(), 0);
    for (Eigen::Index q = 0; q < see.queries; ++q) {
      if (kinds[static_cast<std::size_t>(q)] != kind::ordinary) continue;
      const Eigen::Index begin = see.begin(q), end = see.end(q);
      ++change[static_cast<std::size_t>(begin)];
      --change[static_cast<std::size_t>(end)];
      const T* const w = weights(q);
      if (smallest_above_infinity(w + begin, end - begin) > T(0)) continue;
      for (Eigen::Index j = begin; j < end; ++j) zero[static_cast<std::size_t>(j)] += w[j] == T(0) ? 1 : 0;
    }
    std::int64_t rows = 0;
    for (std::size_t j = 0; j < keys; ++j) seen[j] = rows += change[j];
  };
  count();
  const auto unseen = [&](std::size_t j) {
    return seen[j] > 0 && zero[j] == seen[j] && !see.hidden.key(head, static_cast<Eigen::Index>(j));
  };
  // A row that cannot be what a query made of its keys is padding if no other row looks at its token.
  if (recognise_rows) {
    const auto is_padding = [&](Eigen::Index q) { return unseen(static_cast<std::size_t>(see.position(q))); };
    bool even_rows = true;  // all of them are padding
    for (Eigen::Index q = 0; q < see.queries; ++q)
      even_rows = even_rows && (kinds[static_cast<std::size_t>(q)] != kind::even || is_padding(q));
    for (kind& k : kinds)
      if (k == kind::even) k = even_rows ? kind::candidate : kind::ordinary;
    if (!even_rows) count();
    std::int64_t evidence = 0;
    for (Eigen::Index q = 0; q < see.queries; ++q)
      if (kinds[static_cast<std::size_t>(q)] == kind::candidate && is_padding(q))
        evidence += seen[static_cast<std::size_t>(see.position(q))];
    for (Eigen::Index q = 0; q < see.queries && evidence >= least_evidence; ++q)
      if (kinds[static_cast<std::size_t>(q)] == kind::candidate && is_padding(q)) found.empty[static_cast<std::size_t>(q)] = true;
  }

  found.unseen.resize(keys);
  for (std::size_t j = 0; j < keys; ++j) {
    if (see.hidden.key(head, static_cast<Eigen::Index>(j))) continue;
    found.unseen[j] = unseen(j);
    (found.unseen[j] ? found.in_columns : found.elsewhere) += zero[j];
    if (zero[j] > 0 && (!found.unseen[j] || found.elsewhere == 0)) found.key = static_cast<Eigen::Index>(j);
  }
  if (found.in_columns + found.elsewhere == 0) return found;
  for (Eigen::Index q = 0; q < see.queries; ++q) {
    if (kinds[static_cast<std::size_t>(q)] != kind::ordinary) continue;
    const T* const w = weights(q);
    if (smallest_above_infinity(w + see.begin(q), see.end(q) - see.begin(q)) > T(0)) {
      found.causal = found.causal && q + see.keys - see.queries + 1 >= see.end(q);
      continue;
    }
    ++found.rows;
    for (Eigen::Index j = std::max<Eigen::Index>(0, q + see.keys - see.queries + 1); j < see.end(q); ++j) {
      ++found.behind;
      found.causal = found.causal && w[j] == T(0);
    }
    if (found.key >= see.begin(q) && found.key < see.end(q) && w[found.key] == T(0)) found.query = q;
    for (Eigen::Index j = see.begin(q); j < see.end(q); ++j) {
      if (!(w[j] > T(0))) continue;
      const auto x = static_cast<double>(w[j]);
      ++found.positive;
      found.least = std::min(found.least, x);
      found.half = found.half && std::nearbyint(x * 16777216.0) == x * 16777216.0;
    }
  }
  return found;
}

/// What the surveys of all heads say together: counts, and the keys and rows to be hidden.
///
/// \throws argument_error where weights of 0 are neither a mask's pattern nor what rounding does
LIBRATION_DECLARED void judge_survey(const std::vector<head_survey>& found, Eigen::Index heads, const recorded_options& options,
                                     visible_keys& see, entropy_result& result, std::string_view who);

/// Hides keys and rows that were recognised as masked, and counts the weights of 0.
///
/// \param weights  the row of a head's query: weights(head, q)[key]
/// \throws argument_error where weights of 0 are neither a mask's pattern nor what rounding does
template <class T, class Weights>
void survey_weights(const Weights& weights, Eigen::Index heads, const recorded_options& options, visible_keys& see,
                    entropy_result& result, std::string_view who) {
  const bool recognise_rows = options.mask.empty() && see.self();
  std::vector<head_survey> found(static_cast<std::size_t>(heads));
  parallel_for(heads, options.threads, [&](std::int64_t h) {
    found[static_cast<std::size_t>(h)] =
        survey_head<T>([&](Eigen::Index q) { return weights(h, q); }, see, static_cast<Eigen::Index>(h), recognise_rows);
  });
  judge_survey(found, heads, options, see, result, who);
  const bool masked = options.zeros == zero_weights::masked;
  result.first_key =
      first_keys(heads, see, [&](Eigen::Index h, Eigen::Index q, Eigen::Index j) { return masked && weights(h, q)[j] == T(0); });
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/weight_survey.hpp>
#endif
