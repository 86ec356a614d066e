// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The fused kernel: some strips of queries of one head against all keys that they see, tile by tile.

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include <Eigen/Core>

#include <libration/attention/detail/largest_values.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/detail/strip_logits.hpp>
#include <libration/attention/detail/strip_sums.hpp>
#include <libration/attention/detail/visible_keys.hpp>
#include <libration/attention/heads.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

struct no_bias {};

// The queries first .. first + count - 1 of a head, count <= `most`. A tile of keys is used by every strip while it is near.
template <class T, class Bias>
class query_block {
 public:
  using shape = strip<T>;
  static constexpr Eigen::Index strips = 4, width = shape::width, tile = shape::tile, most = strips * width;
  static constexpr bool biased = !std::is_same_v<Bias, no_bias>;

  query_block(const heads_view<T>& Q, const heads_view<T>& K, const Bias& bias, const entropy_options& options, double scale,
              const visible_keys& see, Eigen::Index head, Eigen::Index first, Eigen::Index count, Eigen::Index first_key)
      : Q_(Q), K_(K), bias_(bias), options_(options), see_(see), head_(head), key_head_(head / (Q.heads / K.heads)),
        first_(first), count_(count), first_key_(first_key), sink_(std::min(options.sink, K.tokens - first_key)),
        top_(std::min(options.top, K.tokens)), packed_(strips * width * Q.size),
        logits_(width * tile), added_(biased ? width * tile : 0), sinks_(most * sink_), heaps_(most * top_) {
    constexpr T masked = -std::numeric_limits<T>::infinity();
    pack(static_cast<T>(scale));
    logits_.setZero();  // lanes without a query are never filled
    sinks_.setConstant(masked);
    heaps_.setConstant(masked);
  }

  void run(entropy_result& result) {
    const Eigen::Index end = see_.end(first_ + count_ - 1);
    for (Eigen::Index from = see_.begin(first_) / tile * tile; from < end; from += tile)
      for (Eigen::Index s = 0; s * width < count_; ++s) meet(s, from);
    for (Eigen::Index q = 0; q < count_; ++q) write(result, q);
  }

 private:
  Eigen::Index queries_of(Eigen::Index s) const { return std::min(width, count_ - s * width); }

  void pack(T scale) {
    packed_.setZero();
    for (Eigen::Index q = 0; q < count_; ++q) {
      const T* const from = Q_.vector(head_, first_ + q);
      T* const to = packed_.data() + q / width * width * Q_.size + q % width;
      for (Eigen::Index i = 0; i < Q_.size; ++i) to[i * width] = scale * from[i];
    }
  }

  // Strip s and what it sees of the tile that begins at key `from`.
  void meet(Eigen::Index s, Eigen::Index from) {
    const Eigen::Index first = first_ + s * width, queries = queries_of(s), last = first + queries - 1;
    const Eigen::Index begin = std::max(from, see_.begin(first)), end = std::min(from + tile, see_.end(last));
    if (begin >= end) return;
    if constexpr (biased)
      if (!fetch_bias(s, begin, end)) return;
    const Eigen::Index registers = strip_logits(queries, packed_.data() + s * width * Q_.size, Q_.size,
                                                K_.vector(key_head_, begin), K_.token_stride, end - begin, logits_.data());
    if constexpr (biased)
      add_bias((end - begin) * width);
    else if (begin < see_.begin(last) || end > see_.end(first))
      mask(first, queries, begin, end);
    if (options_.distance)
      sums_[static_cast<std::size_t>(s)].template take<true>(logits_.data(), end - begin, registers, see_.position(first) - begin);
    else
      sums_[static_cast<std::size_t>(s)].template take<false>(logits_.data(), end - begin, registers, 0);
    keep(s, begin, end);
  }

  void mask(Eigen::Index first, Eigen::Index queries, Eigen::Index begin, Eigen::Index end) {
    constexpr T masked = -std::numeric_limits<T>::infinity();
    for (Eigen::Index q = 0; q < queries; ++q) {
      T* const row = logits_.data() + q;
      for (Eigen::Index j = begin; j < std::min(end, see_.begin(first + q)); ++j) row[(j - begin) * width] = masked;
      for (Eigen::Index j = std::max(begin, see_.end(first + q)); j < end; ++j) row[(j - begin) * width] = masked;
    }
  }

  // \return whether anything is visible
  bool fetch_bias(Eigen::Index s, Eigen::Index begin, Eigen::Index end) {
    constexpr T masked = -std::numeric_limits<T>::infinity();
    bool any = false;
    added_.setZero();
    for (Eigen::Index q = 0; q < queries_of(s); ++q) {
      const Eigen::Index query = first_ + s * width + q, from = see_.begin(query), to = see_.end(query);
      Eigen::Index& visible = visible_[static_cast<std::size_t>(s * width + q)];
      for (Eigen::Index j = begin; j < end; ++j) {
        const T b = j >= from && j < to ? static_cast<T>(bias_(head_, query, j)) : masked;
        added_[(j - begin) * width + q] = b;
        visible += b == masked ? 0 : 1;
        any = any || !(b == masked);
      }
    }
    return any;
  }

  // A masked logit is minus infinity whatever its product is.
  void add_bias(Eigen::Index count) {
    constexpr T masked = -std::numeric_limits<T>::infinity();
    for (Eigen::Index i = 0; i < count; ++i) logits_[i] = added_[i] == masked ? masked : logits_[i] + added_[i];
  }

  void keep(Eigen::Index s, Eigen::Index begin, Eigen::Index end) {
    if ((begin >= first_key_ + sink_ || end <= first_key_) && top_ == 0) return;
    for (Eigen::Index q = 0; q < queries_of(s); ++q) {
      const T* const row = logits_.data() + q;
      for (Eigen::Index j = std::max(begin, first_key_); j < std::min(end, first_key_ + sink_); ++j)
        sinks_[(s * width + q) * sink_ + j - first_key_] = row[(j - begin) * width];
      if (top_ == 0) continue;
      largest_values<T> heap(heap_of(s * width + q));
      for (Eigen::Index j = begin; j < end; ++j) heap.add(row[(j - begin) * width]);
    }
  }

  std::span<T> heap_of(Eigen::Index q) {
    return {heaps_.data() + q * top_, static_cast<std::size_t>(top_)};
  }

  void write(entropy_result& result, Eigen::Index q) {
    const Eigen::Index query = first_ + q;
    const strip_sums<T>& strip = sums_[static_cast<std::size_t>(q / width)];
    shifted_sums row = strip.of(q % width);
    row.count = biased ? visible_[static_cast<std::size_t>(q)] : see_.end(query) - see_.begin(query);
    // Visible logits that are all minus infinity have left the range of T.
    if (row.count > 0 && !(row.top > -std::numeric_limits<double>::infinity())) row.spoil();
    write_row(result, head_, query, row);
    if (options_.sink > 0)
      result.sink_mass(head_, query) =
          mass_of(std::span<const T>(sinks_.data() + q * sink_, static_cast<std::size_t>(sink_)), row);
    if (options_.top > 0) result.top_mass(head_, query) = mass_of(std::span<const T>(heap_of(q)), row);
    if (options_.distance && row.count > 0) result.mean_distance(head_, query) = strip.distance(q % width) / (1.0 + row.rest);
  }

  const heads_view<T>& Q_;
  const heads_view<T>& K_;
  const Bias& bias_;
  const entropy_options& options_;
  const visible_keys& see_;
  const Eigen::Index head_, key_head_, first_, count_, first_key_, sink_, top_;
  Eigen::Matrix<T, Eigen::Dynamic, 1> packed_, logits_, added_, sinks_, heaps_;
  std::array<strip_sums<T>, static_cast<std::size_t>(strips)> sums_;
  std::array<Eigen::Index, static_cast<std::size_t>(most)> visible_{};
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail
