// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::decode_rows`: the rows of one query, as a decoder makes it, against a growing cache of keys.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/accumulator.hpp>
#include <libration/attention/detail/block_sums.hpp>
#include <libration/attention/detail/shifted_sums.hpp>
#include <libration/attention/detail/strip_logits.hpp>
#include <libration/attention/detail/strip_sums.hpp>
#include <libration/attention/heads.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Shapes of a decoder's attention, in this order.
struct decode_options {
  Eigen::Index query_heads = 1;  ///< >= 1
  Eigen::Index key_heads = 0;    ///< a divisor of the query heads, see `entropy_options`; 0: as many
  Eigen::Index size = 0;         ///< components of a head's vector, d >= 1
  double scale = 0.0;            ///< see `entropy_options`; 0: 1/sqrt(d)
};

/// One row of attention for each head: a query against the keys of a cache.
///
///     attention::decode_rows<float> rows({.query_heads = 8, .key_heads = 2, .size = 64});
///     rows.see(q, attention::heads_view<float>::stacked(cache.leftCols(filled), 2));   // again at each token
///     rows[head].entropy();
///
/// The order of keys does not matter: a full ring is seen as it lies. What a window leaves of a ring may be two pieces:
/// `see(q, one)`, then `see_also(another)`. Padding is not known here: of a cache whose first tokens are padding give the view of
/// the others.
///
/// Accuracy: as `attention::entropy`
/// Cost:     the products, and an exponential a logit; the query heads of a key head share the reading of its keys. After
///           construction nothing is allocated
template <class Scalar>
class decode_rows {
 public:
  using scalar_type = Scalar;

  /// \throws argument_error where a number is out of its range
  explicit decode_rows(const decode_options& options)
      : heads_(options.query_heads), key_heads_(options.key_heads == 0 ? heads_ : options.key_heads), size_(options.size) {
    const option_check check("attention::decode_rows");
    check(heads_ >= 1, "query_heads", heads_, ">= 1");
    check(key_heads_ >= 1 && heads_ % key_heads_ == 0, "key_heads", key_heads_,
          "a divisor of " + number_text(heads_) + " (.query_heads)");
    check(size_ >= 1, "size", size_, ">= 1");
    scale_ = static_cast<Scalar>(options.scale == 0.0 ? 1.0 / std::sqrt(static_cast<double>(size_)) : options.scale);
    check(std::isfinite(scale_), "scale", options.scale, "finite in the scalar of the keys (0: 1/sqrt d)");
    require(heads_ <= std::numeric_limits<std::int32_t>::max() && size_ <= std::numeric_limits<std::int32_t>::max(), who,
            [&] { return number_text(heads_) + " query heads of " + number_text(size_) + ", expected fewer than 2^31 of each"; });
    with_memory(who, [&] {
      scaled_.setZero(heads_ * size_);
      if (group() > 1) packed_.setZero(key_heads_ * strips() * width * size_);
      logits_.setZero(std::max(width * tile, piece));
      rows_.resize(static_cast<std::size_t>(heads_));
    });
  }

  /// Starts new rows: the query against these keys.
  ///
  /// \param q     shape (query_heads·d)
  /// \param keys  key_heads heads of vectors of size d; any number of tokens, also none
  /// \throws argument_error where a shape is another, and of rows that were moved from
  void see(vector_view<Scalar> q, const heads_view<Scalar>& keys) {
    require_held();
    require_rows(q.size(), heads_ * size_, who, "q",
                 number_text(heads_) + (heads_ == 1 ? " head of " : " heads of ") + number_text(size_));
    check(keys);
    scaled_ = scale_ * q;
    for (Eigen::Index h = 0; h < heads_ && group() > 1; ++h) {
      const Eigen::Index g = h % group();
      Scalar* const to = packed_.data() + (h / group() * strips() + g / width) * width * size_ + g % width;
      for (Eigen::Index i = 0; i < size_; ++i) to[i * width] = scaled_[h * size_ + i];
    }
    std::fill(rows_.begin(), rows_.end(), accumulator<Scalar>());
    add(keys);
  }

  /// Takes more keys into the rows of the same query.
  void see_also(const heads_view<Scalar>& keys) {
    require_held();
    check(keys);
    add(keys);
  }

  Eigen::Index heads() const { return heads_; }

  /// \param head  0 <= head < query_heads
  /// \throws argument_error for another
  const accumulator<Scalar>& operator[](Eigen::Index head) const {
    require_held();
    require(head >= 0 && head < heads_, who,
            [&] { return "head " + number_text(head) + ", expected 0 to " + number_text(heads_ - 1); });
    return rows_[static_cast<std::size_t>(head)];
  }

 private:
  static constexpr std::string_view who = "attention::decode_rows";
  static constexpr Eigen::Index width = detail::strip<Scalar>::width, tile = detail::strip<Scalar>::tile;
  static constexpr Eigen::Index piece = 512;  // keys of a single query whose logits are there together

  // The query heads of one key head lie in the lanes of a strip, where `entropy` has the queries.
  Eigen::Index group() const { return heads_ / key_heads_; }
  Eigen::Index strips() const { return (group() + width - 1) / width; }

  void require_held() const { require(!rows_.empty(), who, "rows that were moved from"); }

  void check(const heads_view<Scalar>& keys) const {
    keys.check(who, "keys");
    require(keys.heads == key_heads_ && keys.size == size_, who, [&] {
      return "keys are of " + number_text(keys.heads) + " heads of " + number_text(keys.size) + ", expected " +
             number_text(key_heads_) + " of " + number_text(size_);
    });
  }

  void add(const heads_view<Scalar>& keys) {
    if (group() == 1)
      add_single(keys);
    else
      add_groups(keys);
  }

  // A single query has the lanes of a strip for itself and no use for them: there a product with a vector is faster.
  void add_single(const heads_view<Scalar>& keys) {
    using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
    for (Eigen::Index h = 0; h < heads_; ++h) {
      for (Eigen::Index from = 0; from < keys.tokens; from += piece) {
        const Eigen::Index n = std::min(piece, keys.tokens - from);
        const Eigen::Map<const matrix, 0, Eigen::OuterStride<>> K(keys.vector(h, from), size_, n,
                                                                  Eigen::OuterStride<>(keys.token_stride));
        logits_.head(n).noalias() = K.transpose() * scaled_.segment(h * size_, size_);
        push(h, detail::block_sums(logits_.data(), n), n);
      }
    }
  }

  // All keys are visible: a logit of minus infinity is a product that has left the range, not a masked key.
  void push(Eigen::Index head, detail::shifted_sums row, Eigen::Index keys) {
    if (keys > 0 && !(row.top > -std::numeric_limits<double>::infinity())) row.spoil();
    row.count = keys;
    rows_[static_cast<std::size_t>(head)].merge(accumulator<Scalar>(row));
  }

  void add_groups(const heads_view<Scalar>& keys) {
    for (Eigen::Index s = 0; s < key_heads_ * strips(); ++s) {
      const Eigen::Index key_head = s / strips(), first = s % strips() * width, count = std::min(width, group() - first);
      const Scalar* const packed = packed_.data() + s * width * size_;
      detail::strip_sums<Scalar> sums;
      for (Eigen::Index from = 0; from < keys.tokens; from += tile) {
        const Eigen::Index n = std::min(tile, keys.tokens - from);
        const Eigen::Index registers =
            detail::strip_logits(count, packed, size_, keys.vector(key_head, from), keys.token_stride, n, logits_.data());
        sums.template take<false>(logits_.data(), n, registers, 0);
      }
      for (Eigen::Index g = 0; g < count; ++g) {
        push(key_head * group() + first + g, sums.of(g), keys.tokens);
      }
    }
  }

  Eigen::Index heads_, key_heads_, size_;
  Scalar scale_;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> scaled_, packed_, logits_;
  std::vector<accumulator<Scalar>> rows_;
};

}  // namespace libration::inline LIBRATION_ABI::attention
