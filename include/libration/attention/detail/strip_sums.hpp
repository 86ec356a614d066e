// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shifted sums of a strip of queries, tile of keys by tile.

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <Eigen/Core>

#include <libration/attention/detail/exp_below_zero.hpp>
#include <libration/attention/detail/packet_sums.hpp>
#include <libration/attention/detail/shifted_sums.hpp>
#include <libration/attention/detail/strip_logits.hpp>
#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// The sums of each query of a strip; within a tile in T, from tile to tile in double. `count` is left to whoever masks.
template <class T>
class strip_sums {
 public:
  using P = packet_of<T>;
  static constexpr Eigen::Index lanes = strip<T>::lanes, width = strip<T>::width;

  strip_sums() { tops_.fill(-std::numeric_limits<T>::infinity()); }

  /// Takes in a tile of logits, logits[j·width + q], of which minus infinity is masked.
  ///
  /// \param count  keys in the tile, at most `strip<T>::tile`
  /// \param ahead  position of the strip's first query less that of the tile's first key; read if distances are wanted
  template <bool distances>
  void take(const T* logits, Eigen::Index count, Eigen::Index registers, Eigen::Index ahead) {
    for (Eigen::Index r = 0; r < registers; ++r) take_register<distances>(logits + r * lanes, count, r * lanes, ahead);
  }

  /// \return the sums of a query without its count; NaN where a logit was NaN or +inf
  shifted_sums of(Eigen::Index query) const {
    shifted_sums sums = row(query);
    if (!(sums.rest <= std::numeric_limits<double>::max())) sums.spoil();
    return sums;
  }

  /// \return sum |i - j| e^d over all visible keys of a query
  double distance(Eigen::Index query) const { return far_[query]; }

 private:
  static constexpr int at_once = 3;  // keys whose exponentials are taken side by side
  using numbers = Eigen::Array<double, width, 1>;

  shifted_sums row(Eigen::Index q) const {
    const auto top = static_cast<double>(tops_[static_cast<std::size_t>(q)]);
    return {top, rest_[q] + ones_[q], first_[q], second_[q], square_[q] + ones_[q], 0};
  }

  // Moves a query's sums to a new largest logit, which is in the tile that is added next; there it will be one too many.
  void raise(Eigen::Index q, T top) {
    shifted_sums sums = row(q);
    if (sums.top > -std::numeric_limits<double>::infinity()) {
      sums.lower(sums.top - static_cast<double>(top));
      far_[q] *= std::exp(static_cast<double>(tops_[static_cast<std::size_t>(q)]) - static_cast<double>(top));
    }
    rest_[q] = sums.rest;
    first_[q] = sums.first;
    second_[q] = sums.second;
    square_[q] = sums.square;
    ones_[q] = -1.0;
  }

  template <bool distances>
  void take_register(const T* logits, Eigen::Index count, Eigen::Index first, Eigen::Index ahead) {
    using Eigen::internal::ploadu, Eigen::internal::pmax, Eigen::internal::pstoreu;
    using libration::detail::broadcast, libration::detail::multiply_add, libration::detail::unrolled;
    T* const tops = tops_.data() + first;
    const P before = ploadu<P>(tops);
    P top[4] = {before, before, before, before};
    Eigen::Index j = 0;
    for (; j + 4 <= count; j += 4)
      for (int k = 0; k < 4; ++k) top[k] = pmax<P>(top[k], ploadu<P>(logits + (j + k) * width));
    for (; j < count; ++j) top[0] = pmax<P>(top[0], ploadu<P>(logits + j * width));
    const P now = pmax<P>(pmax<P>(top[0], top[1]), pmax<P>(top[2], top[3]));
    const P base = finite_base<P>(now);

    packet_sums<P> part;
    P far{}, distance = Eigen::internal::plset<P>(static_cast<T>(ahead + first));
    const auto take = [&](auto together) LIBRATION_INLINE_LAMBDA {
      P d[together], weight[together];
      unrolled<together>([&](auto k) LIBRATION_INLINE_LAMBDA {
        d[k] = above_exp_floor<P>(ploadu<P>(logits + (j + static_cast<Eigen::Index>(k)) * width) - base);
      });
      exp_below_zero<P>(d, weight);
      unrolled<together>([&](auto k) LIBRATION_INLINE_LAMBDA {
        part.add(d[k], weight[k]);
        if constexpr (distances) {
          far = multiply_add<P>(Eigen::internal::pabs<P>(distance), weight[k], far);
          distance = distance - broadcast<P>(T(1));
        }
      });
      j += static_cast<Eigen::Index>(together);
    };
    for (j = 0; j + at_once <= count;) take(std::integral_constant<std::size_t, at_once>{});
    while (j < count) take(std::integral_constant<std::size_t, 1>{});

    if (!libration::detail::mask_all(now == before)) {
      Eigen::Array<T, lanes, 1> risen;
      pstoreu<T>(risen.data(), now);
      for (Eigen::Index lane = 0; lane < lanes; ++lane)
        if (risen[lane] > tops[lane]) raise(first + lane, risen[lane]);
    }
    pstoreu<T>(tops, now);
    const auto add = [&](numbers& to, const P& p) LIBRATION_INLINE_LAMBDA {
      Eigen::Array<T, lanes, 1> values;
      pstoreu<T>(values.data(), p);
      to.template segment<lanes>(first) += values.template cast<double>();
    };
    add(rest_, part.rest);
    add(first_, part.first);
    add(second_, part.second);
    add(square_, part.square);
    add(ones_, part.ones);
    if constexpr (distances) add(far_, far);
  }

  std::array<T, static_cast<std::size_t>(width)> tops_;
  numbers rest_ = numbers::Zero(), first_ = numbers::Zero(), second_ = numbers::Zero(), square_ = numbers::Zero();
  numbers ones_ = numbers::Zero();  // weights of exactly 1, less the one of the largest logit
  numbers far_ = numbers::Zero();
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail
