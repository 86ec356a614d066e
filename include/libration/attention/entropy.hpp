// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::entropy`: how widely attention spreads, row by row, from queries and keys in one pass.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <Eigen/Core>

#include <libration/attention/detail/added_mask.hpp>
#include <libration/attention/detail/query_block.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/detail/visible_keys.hpp>
#include <libration/attention/heads.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>

namespace libration::inline LIBRATION_ABI::attention {

namespace detail {

// Shapes and options that fit. \return the scale
template <class T>
T checked_scale(const heads_view<T>& Q, const heads_view<T>& K, const entropy_options& options, std::string_view who) {
  const option_check check(who);
  Q.check(who, "Q");
  K.check(who, "K");
  check(options.query_heads == 0 || options.query_heads == Q.heads, "query_heads", options.query_heads,
        number_text(Q.heads) + " (Q's)");
  check(options.key_heads == 0 || options.key_heads == K.heads, "key_heads", options.key_heads, number_text(K.heads) + " (K's)");
  require(K.heads >= 1 && Q.heads >= 1 && Q.heads % K.heads == 0, who,
          [&] { return number_text(Q.heads) + " query heads to " + number_text(K.heads) + " key heads, expected a multiple"; });
  require(Q.size == K.size && Q.size >= 1, who,
          [&] { return "Q's vectors have size " + number_text(Q.size) + ", K's " + number_text(K.size) + ", expected the same"; });
  validate_rows(options, Q.tokens, K.tokens, who);
  const auto scale = static_cast<T>(options.scale == 0.0 ? 1.0 / std::sqrt(static_cast<double>(Q.size)) : options.scale);
  check(std::isfinite(scale), "scale", options.scale, "finite in the scalar of Q and K (0: 1/sqrt d)");
  return scale;
}

template <class T, class Bias>
void fused_rows(const heads_view<T>& Q, const heads_view<T>& K, const Bias& bias, const entropy_options& options, T scale,
                const visible_keys& see, entropy_result& result) {
  using block = query_block<T, Bias>;
  const Eigen::Index blocks = (Q.tokens + block::most - 1) / block::most;
  parallel_for(Q.heads * blocks, options.threads, [&](std::int64_t index) {
    const Eigen::Index first = index % blocks * block::most, head = index / blocks;
    block(Q, K, bias, options, scale, see, head, first, std::min(block::most, Q.tokens - first), result.first_key[head])
        .run(result);
  });
  close_result(result);
}

// A bias with what it masks as minus infinity.
template <class T, class Bias>
struct masking_bias {
  const Bias& bias;
  const visible_keys& see;
  double below;
  T operator()(Eigen::Index head, Eigen::Index query, Eigen::Index key) const {
    constexpr T masked = -std::numeric_limits<T>::infinity();
    if (see.hidden.row(head, query) || see.hidden.key(head, key)) return masked;
    const auto b = bias(head, query, key);
    return static_cast<double>(b) <= below ? masked : static_cast<T>(b);
  }
};

struct zero_bias {
  double operator()(Eigen::Index, Eigen::Index, Eigen::Index) const { return 0.0; }
};

template <class T, class Bias>
entropy_result fused_entropy(const heads_view<T>& Q, const heads_view<T>& K, const Bias& bias, const entropy_options& options) {
  constexpr std::string_view who = "attention::entropy";
  constexpr bool biased = !std::is_same_v<Bias, no_bias>;
  const T scale = checked_scale(Q, K, options, who);
  const option_check check(who);
  check(biased || std::isnan(options.masked_below), "masked_below", options.masked_below, "NaN (it is for a bias)");
  entropy_result result = empty_result(Q.heads, Q.tokens, options, who);
  visible_keys see{Q.tokens, K.tokens, options.causal, options.window};
  see.hide(options.mask, Q.heads, who);
  result.padding_rows = see.hidden_rows(Q.heads);
  if constexpr (biased) {
    const auto each = [&](Eigen::Index h, Eigen::Index q, const auto& visit) {
      for (Eigen::Index j = see.begin(q); j < see.end(q); ++j)
        if (!see.hidden.key(h, j)) visit(static_cast<double>(bias(h, q, j)));
    };
    const auto range = [&](Eigen::Index h, Eigen::Index q) {
      logit_range found;
      each(h, q, [&](double b) { found.add(b); });
      return found;
    };
    const added_mask found = find_added_mask(Q.heads, see, options.masked_below, options.threads, range, each, who, "bias");
    result.masked_below = found.below;
    result.masked_logits = found.logits;
    result.first_key = first_keys(Q.heads, see, [&](Eigen::Index h, Eigen::Index q, Eigen::Index j) {
      return static_cast<double>(bias(h, q, j)) <= found.below;
    });
    fused_rows(Q, K, masking_bias<T, Bias>{bias, see, found.below}, options, scale, see, result);
  } else if (see.hidden.any()) {
    result.first_key = first_keys(Q.heads, see, [](Eigen::Index, Eigen::Index, Eigen::Index) { return false; });
    constexpr zero_bias none;
    fused_rows(Q, K, masking_bias<T, zero_bias>{none, see, result.masked_below}, options, scale, see, result);
  } else {
    fused_rows(Q, K, bias, options, scale, see, result);
  }
  return result;
}

// A matrix of biases as the callable that the kernel takes.
template <class Matrix>
struct matrix_bias {
  const Matrix& matrix;
  Eigen::Index queries_apart;  // from head to head: 0 where they share it
  auto operator()(Eigen::Index head, Eigen::Index query, Eigen::Index key) const {
    return matrix.coeff(key, head * queries_apart + query);
  }
};

template <class Bias>
concept bias_function = requires(const Bias& bias, Eigen::Index i) {
  { bias(i, i, i) } -> std::convertible_to<double>;
};
template <class Bias>
concept bias_matrix = std::is_base_of_v<Eigen::MatrixBase<Bias>, Bias>;

template <class T, class Bias>
entropy_result biased_entropy(const heads_view<T>& Q, const heads_view<T>& K, const Bias& bias, const entropy_options& options) {
  if constexpr (bias_matrix<Bias>) {
    require(bias.rows() == K.tokens && (bias.cols() == Q.tokens || bias.cols() == Q.heads * Q.tokens), "attention::entropy", [&] {
      return "bias is " + number_text(bias.rows()) + " x " + number_text(bias.cols()) + ", expected " + number_text(K.tokens) +
             " x " + number_text(Q.tokens) + " (keys, queries), or x " + number_text(Q.heads * Q.tokens) + " (a matrix a head)";
    });
    const Eigen::Index apart = bias.cols() == Q.tokens ? 0 : Q.tokens;
    return fused_entropy(Q, K, matrix_bias<Bias>{bias, apart}, options);
  } else {
    return fused_entropy(Q, K, bias, options);
  }
}

// Q and K, heads stacked in rows, as views; matrices that are not column-major are copied.
template <class T, class Work>
entropy_result with_views(const Eigen::Ref<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>& Q,
                          const Eigen::Ref<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>& K,
                          const entropy_options& options, Work&& work) {
  constexpr std::string_view who = "attention::entropy";
  const option_check check(who);
  check(options.query_heads >= 0, "query_heads", options.query_heads, ">= 0 (0: one)");
  check(options.key_heads >= 0, "key_heads", options.key_heads, ">= 0 (0: as .query_heads)");
  const Eigen::Index heads = options.query_heads == 0 ? 1 : options.query_heads;
  const auto keys = heads_view<T>::stacked(K, options.key_heads == 0 ? heads : options.key_heads, who, "K");
  require_rows(Q.rows(), heads * keys.size, who, "Q",
               number_text(heads) + (heads == 1 ? " head of " : " heads of ") + number_text(keys.size));
  return work(heads_view<T>::stacked(Q, heads, who, "Q"), keys);
}

}  // namespace detail

/// What may be added to the logits: a matrix, or a callable `bias(head, query, key)` that returns a number.
template <class Bias>
concept logit_bias = detail::bias_matrix<Bias> || detail::bias_function<Bias>;

/// Entropy of the attention softmax(scale·Kᵀq) of each query q over the keys that it sees, and what else each row's weights
/// tell, in one pass over tiles of logits. The matrix of weights is never there.
///
///     const auto r = attention::entropy(Q, K, {.causal = true, .query_heads = 32, .key_heads = 8});
///     r.entropy(head, token);        // nats
///
/// \param Q       shape (query_heads·d, queries), heads stacked in rows
/// \param K       shape (key_heads·d, keys), of the same scalar, float or double
/// \return        each of shape (query_heads, queries). `diverged` where rows are NaN because Q, K or the bias is, see
///                `bad_rows`; a key that is NaN spoils those rows only that see it
/// \throws argument_error where shapes or options do not fit; before any work
/// Accuracy: given the logits as for `accumulator`: in float a bound of 4e-6 relative, also for collapsed rows. The logits are
///           products in the scalar's precision: an error e of theirs moves the entropy by e sqrt(varentropy) at most, e at most
///           (d + 4) eps/2 sum |q_i k_i| scale. Measured in float against double, worst of 2000 rows, d = 64, normal k and q of
///           deviation 1: 1.5e-7 relative; of deviation 8, mean entropy 0.88: 1.7e-5. `tests/attention/entropy.test.cpp`
///           holds the bounds
/// Cost:     the products of the visible pairs, and about 25 operations for a register of logits; memory O(queries), and a few
///           tiles a thread
template <class DerivedQ, class DerivedK>
entropy_result entropy(const Eigen::MatrixBase<DerivedQ>& Q, const Eigen::MatrixBase<DerivedK>& K,
                       const entropy_options& options = {}) {
  using T = typename DerivedQ::Scalar;
  static_assert(std::is_same_v<T, typename DerivedK::Scalar>, "attention::entropy: Q and K have the same scalar, float or double");
  return detail::with_views<T>(Q.derived(), K.derived(), options, [&](const auto& queries, const auto& keys) {
    return detail::fused_entropy(queries, keys, detail::no_bias{}, options);
  });
}

/// The same with a bias: logit(head, query, key) = scale·k·q + bias.
///
/// \param bias  shape (keys, queries) for all heads, or (keys, query_heads·queries): a row-major dump (query_heads, queries,
///              keys) is the same memory. Or a callable, a function of its arguments, called a few times for each pair that the
///              options leave visible, from several threads:
///              `[](Index head, Index query, Index key) { return -slope[head] * float(query - key); }` is ALiBi. Minus infinity
///              masks: the key is not visible. So does a large negative number that a mask was made of, which is recognised as in
///              `entropy_from_logits`, here by the biases alone
/// \throws argument_error  also where it cannot be told whether biases mask: `.masked_below` decides
template <class DerivedQ, class DerivedK, logit_bias Bias>
entropy_result entropy(const Eigen::MatrixBase<DerivedQ>& Q, const Eigen::MatrixBase<DerivedK>& K, const Bias& bias,
                       const entropy_options& options = {}) {
  using T = typename DerivedQ::Scalar;
  static_assert(std::is_same_v<T, typename DerivedK::Scalar>, "attention::entropy: Q and K have the same scalar, float or double");
  return detail::with_views<T>(Q.derived(), K.derived(), options, [&](const auto& queries, const auto& keys) {
    return detail::biased_entropy(queries, keys, bias, options);
  });
}

/// The same of heads where they lie, in a dump for instance.
template <class Scalar>
entropy_result entropy(const heads_view<Scalar>& Q, const heads_view<Scalar>& K, const entropy_options& options = {}) {
  return detail::fused_entropy(Q, K, detail::no_bias{}, options);
}
template <class Scalar, logit_bias Bias>
entropy_result entropy(const heads_view<Scalar>& Q, const heads_view<Scalar>& K, const Bias& bias,
                       const entropy_options& options = {}) {
  return detail::biased_entropy(Q, K, bias, options);
}

}  // namespace libration::inline LIBRATION_ABI::attention
