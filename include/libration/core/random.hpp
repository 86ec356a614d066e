// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Counter-based random numbers: each value is a pure function of (seed, stream, index).

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// Random numbers by Philox4x32-10, addressed by (seed, stream, index).
///
/// The values at an index depend on nothing else, so that an ensemble has the same digits on any number of threads, and
/// a noisy map stays a pure function of (seed, stream, t). Streams of one seed, and seeds, are statistically
/// independent. `bits(i)` and `uniform(i)` share their randomness; `normal(i)` has its own.
///
/// Each of them has a form without index that reads on from a cursor, which starts at 0 and is shared by the three.
///
/// Cost:    one Philox block (10 rounds) a call; `fill_normal` needs half as many. No allocation.
/// Source:  Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11 (2011); the key is the
///          seed, the counter's halves are the index and the stream.
class random_stream {
 public:
  explicit random_stream(std::uint64_t seed, std::uint64_t stream = 0) noexcept : seed_(seed), stream_(stream) {}

  std::uint64_t seed() const noexcept { return seed_; }
  std::uint64_t stream() const noexcept { return stream_; }

  /// \return 64 random bits
  std::uint64_t bits(std::uint64_t index) const noexcept {
    const auto [even, odd] = block(index >> 1);
    return (index & 1) != 0 ? odd : even;
  }

  /// \return uniform in the open interval (0, 1): an odd multiple of 2^-53, never 0 or 1, symmetric about 1/2
  double uniform(std::uint64_t index) const noexcept { return to_uniform(bits(index)); }

  /// \return standard normal (Box-Muller), at most 8.6 in size
  double normal(std::uint64_t index) const noexcept {
    const auto [even, odd] = normal_pair(index >> 1);
    return (index & 1) != 0 ? odd : even;
  }

  std::uint64_t next_bits() noexcept { return bits(position_++); }
  double next_uniform() noexcept { return uniform(position_++); }
  double next_normal() noexcept { return normal(position_++); }

  /// The index that the next form without an index reads.
  std::uint64_t position() const noexcept { return position_; }
  void seek(std::uint64_t index) noexcept { position_ = index; }

  /// Fills a matrix or array with standard normals: out(i, j) = normal(first + i + j * rows).
  template <class Matrix>
  void fill_normal(Matrix&& out, std::uint64_t first = 0) const {
    using scalar = typename std::decay_t<Matrix>::Scalar;
    std::uint64_t held = ~std::uint64_t{0};
    std::pair<double, double> pair;
    std::uint64_t index = first;
    for (Eigen::Index j = 0; j < out.cols(); ++j) {
      for (Eigen::Index i = 0; i < out.rows(); ++i, ++index) {
        if (held != index >> 1) {
          held = index >> 1;
          pair = normal_pair(held);
        }
        out(i, j) = static_cast<scalar>((index & 1) != 0 ? pair.second : pair.first);
      }
    }
  }

 private:
  // A pair of values uses one block, so that block numbers below 2^63 address all indices; the top bit is free to keep
  // the normals' blocks apart from the uniforms'.
  static constexpr std::uint64_t normal_tag = std::uint64_t{1} << 63;

  LIBRATION_DECLARED std::pair<std::uint64_t, std::uint64_t> block(std::uint64_t number) const noexcept;

  std::pair<double, double> normal_pair(std::uint64_t number) const noexcept {
    const auto [a, b] = block(number | normal_tag);
    const double radius = std::sqrt(-2.0 * std::log(to_uniform(a)));
    const double angle = 2.0 * std::numbers::pi * to_uniform(b);
    return {radius * std::cos(angle), radius * std::sin(angle)};
  }

  static double to_uniform(std::uint64_t word) noexcept { return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52; }
  static std::uint32_t low(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x); }
  static std::uint32_t high(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x >> 32); }
  static std::uint64_t join(std::uint32_t lo, std::uint32_t hi) noexcept {
    return std::uint64_t{lo} | (std::uint64_t{hi} << 32);
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI

#if !defined(LIBRATION_COMPILED)
#include <libration/core/definitions/random.hpp>
#endif
