// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The options of `attention::entropy` and of its forms for recorded logits and weights, and their checks.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/token_mask.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Options of `attention::entropy`, declared in the order in which designated initialisers name them.
struct entropy_options {
  /// A query sees no key behind its own position. The last query is aligned with the last key: with fewer queries than keys
  /// (a cache before them) query q stands at key q + keys - queries.
  bool causal = false;

  /// What the products of queries and keys are multiplied with, finite; 0: 1/sqrt(d).
  double scale = 0.0;

  /// Heads stacked in Q's rows, >= 0. 0: one, or as many as a `heads_view` has.
  Eigen::Index query_heads = 0;

  /// Heads stacked in K's rows, a divisor of the query heads: query head j meets key head j / (query_heads / key_heads).
  /// 0: as many as the query heads, or as a `heads_view` has.
  Eigen::Index key_heads = 0;

  /// Keys that a query sees at most, its own included, as a sliding window does; >= 0, with `.causal` only. 0: all.
  Eigen::Index window = 0;

  /// Padding: its keys are not visible. Where queries are tokens of the same sequence (with `.causal`, or as many queries as keys),
  /// its rows are left out (`padding_rows`). Shape (keys, sequences), the sequences a divisor of the query heads.
  token_mask mask = {};

  /// A bias at most this high masks, as minus infinity does; below infinity. NaN: a mask that was made of a large negative number
  /// (-10000, the lowest of a type) is recognised, see `entropy_result::masked_below`. Minus infinity: nothing else masks.
  double masked_below = std::numeric_limits<double>::quiet_NaN();

  /// `sink_mass` is wanted: the weight on the first so many keys that are not padding, >= 0. 0: not wanted.
  Eigen::Index sink = 0;

  /// `top_mass` is wanted: the weight on the so many heaviest keys of each row, >= 0. 0: not wanted.
  Eigen::Index top = 0;

  /// `mean_distance` is wanted. Needs `.causal`, or as many queries as keys.
  bool distance = false;

  /// Threads, >= 0; 0: one per hardware thread. The digits are the same on any number.
  int threads = 0;
};

/// What a recorded weight of exactly 0 is that no option hides.
enum class zero_weights : std::uint8_t {
  automatic,  ///< recognised, see `attention::entropy_from_weights`; refused where it cannot be told
  visible,    ///< a key that is seen and whose weight was rounded to 0
  masked,     ///< a masked key
};

/// Options of `attention::entropy_from_logits` and `attention::entropy_from_weights`, in this order.
struct recorded_options {
  /// As in `entropy_options`. What lies behind a query's position is not looked at in logits, and must be 0 in weights.
  bool causal = false;

  /// Heads one after another in the columns, a divisor of their number, >= 1.
  Eigen::Index heads = 1;

  Eigen::Index window = 0;  ///< as in `entropy_options`
  token_mask mask = {};     ///< as in `entropy_options`, of heads instead of query heads. A real query's weights must be 0 on it

  /// As in `entropy_options`, of logits (with their bias). Not for weights.
  double masked_below = std::numeric_limits<double>::quiet_NaN();

  zero_weights zeros = zero_weights::automatic;  ///< for weights only

  Eigen::Index sink = 0;  ///< as in `entropy_options`
  Eigen::Index top = 0;   ///< as in `entropy_options`
  bool distance = false;  ///< as in `entropy_options`

  /// Largest distance of a row's sum of weights from 1, >= 0. 0: (keys + 16) eps of the weights' type, what the rounding of
  /// a softmax in that type can do. Weights that a model had in bfloat16 want 0.01, in half precision 1e-3.
  double tolerance = 0.0;

  int threads = 0;  ///< as in `entropy_options`
};

namespace detail {

/// \throws argument_error that names the field, what came and what was expected
template <class Options>
void validate_rows(const Options& options, Eigen::Index queries, Eigen::Index keys, std::string_view who) {
  const option_check check(who);
  check(options.window >= 0, "window", options.window, ">= 0");
  check(options.window == 0 || options.causal, "window", options.window, "0 (all keys) without .causal");
  check(options.sink >= 0, "sink", options.sink, ">= 0");
  check(options.top >= 0, "top", options.top, ">= 0");
  check(!(options.masked_below == std::numeric_limits<double>::infinity()), "masked_below", options.masked_below,
        "below infinity (NaN: recognised)");
  check(options.threads >= 0, "threads", options.threads, ">= 0 (0: one per hardware thread)");
  require(!options.causal || queries <= keys, who, [&] {
    return number_text(queries) + " queries to " + number_text(keys) +
           " keys, expected at most as many with .causal (the last query is aligned with the last key)";
  });
  require(!options.distance || options.causal || queries == keys, who, [&] {
    return number_text(queries) + " queries to " + number_text(keys) + " keys, expected as many for .distance without .causal";
  });
}

}  // namespace detail
}  // namespace libration::inline LIBRATION_ABI::attention
