// SPDX-License-Identifier: MIT
#pragma once
// Python's random.Random(seed): the Mersenne Twister, choices and gauss, so that streams of published examples are at hand.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>

namespace libration_test {

// Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", 1998; seeded by an array of one word, as Python does.
class python_random {
 public:
  explicit python_random(std::uint32_t seed) {
    state_[0] = 19650218U;
    for (std::uint32_t i = 1; i < n; ++i) state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
    std::uint32_t i = 1;
    for (std::size_t k = 0; k < n; ++k) {
      state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525U)) + seed;
      advance(i);
    }
    for (std::size_t k = 1; k < n; ++k) {
      state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941U)) - i;
      advance(i);
    }
    state_[0] = 0x80000000U;
  }

  double random() {
    const double a = word() >> 5, b = word() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }
  // Of choices(): one of `first` to `first + count - 1`.
  double choice(int first, int count) { return first + std::floor(random() * count); }
  double gauss(double mean, double deviation) {
    double z = 0.0;
    if (kept_) {
      z = *kept_;
      kept_.reset();
    } else {
      const double angle = random() * 2.0 * std::numbers::pi;
      const double radius = std::sqrt(-2.0 * std::log(1.0 - random()));
      z = std::cos(angle) * radius;
      kept_ = std::sin(angle) * radius;
    }
    return mean + z * deviation;
  }

 private:
  static constexpr std::uint32_t n = 624, m = 397;

  void advance(std::uint32_t& i) {
    if (++i < n) return;
    state_[0] = state_[n - 1];
    i = 1;
  }
  std::uint32_t word() {
    if (at_ == n) {
      for (std::uint32_t k = 0; k < n; ++k) {
        const std::uint32_t y = (state_[k] & 0x80000000U) | (state_[(k + 1) % n] & 0x7fffffffU);
        state_[k] = state_[(k + m) % n] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
      }
      at_ = 0;
    }
    std::uint32_t y = state_[at_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    return y ^ (y >> 18);
  }

  std::array<std::uint32_t, n> state_{};
  std::uint32_t at_ = n;
  std::optional<double> kept_;
};

}  // namespace libration_test
