// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a comparison of lanes returns: one truth value a lane.

#include <concepts>
#include <cstddef>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>

namespace libration::inline LIBRATION_ABI {

template <class T, int N>
class lanes;

/// One truth value a lane. `&&`, `||`, `!` work lane by lane and evaluate both sides; a bool stands for all lanes
/// alike.
template <class T, int N>
class lanes_mask {
  using registers = detail::packet<T, N>;
  using chunk = typename registers::mask;
  static constexpr int count = registers::count;

 public:
  lanes_mask() = default;
  template <std::same_as<bool> B>
  LIBRATION_INLINE lanes_mask(B value) {
    detail::unrolled<count>([&](auto i) LIBRATION_INLINE_LAMBDA { chunk_[i] = detail::mask_fill<chunk>(value); });
  }

  /// \return the truth value of lane i
  bool operator[](int i) const {
    const auto j = static_cast<std::size_t>(i);
    constexpr auto size = static_cast<std::size_t>(registers::size);
    return detail::mask_at(chunk_[j / size], j % size);
  }

  friend LIBRATION_INLINE lanes_mask operator&&(const lanes_mask& a, const lanes_mask& b) {
    lanes_mask r;
    detail::unrolled<count>(
        [&](auto i) LIBRATION_INLINE_LAMBDA { r.chunk_[i] = detail::mask_and<chunk>(a.chunk_[i], b.chunk_[i]); });
    return r;
  }
  friend LIBRATION_INLINE lanes_mask operator||(const lanes_mask& a, const lanes_mask& b) {
    lanes_mask r;
    detail::unrolled<count>(
        [&](auto i) LIBRATION_INLINE_LAMBDA { r.chunk_[i] = detail::mask_or<chunk>(a.chunk_[i], b.chunk_[i]); });
    return r;
  }
  friend LIBRATION_INLINE lanes_mask operator!(const lanes_mask& a) {
    lanes_mask r;
    detail::unrolled<count>([&](auto i)
                                LIBRATION_INLINE_LAMBDA { r.chunk_[i] = detail::mask_not<chunk>(a.chunk_[i]); });
    return r;
  }

  friend LIBRATION_INLINE bool all(const lanes_mask& a) {
    chunk every = a.chunk_[0];
    detail::unrolled<count>([&](auto i)
                                LIBRATION_INLINE_LAMBDA { every = detail::mask_and<chunk>(every, a.chunk_[i]); });
    return detail::mask_all(every);
  }
  friend LIBRATION_INLINE bool any(const lanes_mask& a) { return !all(!a); }
  friend LIBRATION_INLINE bool none(const lanes_mask& a) { return all(!a); }

 private:
  friend class lanes<T, N>;
  chunk chunk_[static_cast<std::size_t>(count)];
};

}  // namespace libration::inline LIBRATION_ABI
