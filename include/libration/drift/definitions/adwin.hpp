// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/adwin.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/adwin.hpp>

namespace libration::inline LIBRATION_ABI::drift {

LIBRATION_DEFINED void adwin_rule::insert(double z) noexcept {
  // Squares about the mean, as one value more makes them.
  if (width_ > 0.0) {
    const double apart = z - total_ / width_;
    squares_ += width_ * apart * apart / (width_ + 1.0);
  }
  width_ += 1.0;
  total_ += z;
  buckets_[0][count_[0]++] = {z, 0.0};
  double size = 1.0;
  for (std::size_t row = 0; count_[row] > most && row + 1 < largest_rows; ++row, size *= 2.0) {
    auto& from = buckets_[row];
    const double apart = (from[0].total - from[1].total) / size;
    const bucket both = {from[0].total + from[1].total, from[0].squares + from[1].squares + 0.5 * size * apart * apart};
    std::copy(from.begin() + 2, from.begin() + count_[row], from.begin());
    count_[row] = static_cast<std::uint8_t>(count_[row] - 2);
    rows_ = std::max(rows_, row + 2);
    buckets_[row + 1][count_[row + 1]++] = both;
  }
}

LIBRATION_DEFINED void adwin_rule::drop_oldest() noexcept {
  auto& row = buckets_[rows_ - 1];
  const double n = std::ldexp(1.0, static_cast<int>(rows_ - 1));
  const bucket oldest = row[0];
  width_ -= n;
  total_ -= oldest.total;
  if (width_ > 0.0) {
    const double apart = oldest.total / n - total_ / width_;
    squares_ = std::max(0.0, squares_ - oldest.squares - n * width_ * apart * apart / (n + width_));
  }
  std::copy(row.begin() + 1, row.begin() + count_[rows_ - 1], row.begin());
  --count_[rows_ - 1];
  while (rows_ > 1 && count_[rows_ - 1] == 0) --rows_;
}

LIBRATION_DEFINED double adwin_rule::largest_cut() const noexcept {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  if (width_ <= static_cast<double>(options_.grace)) return nothing;
  const bool river = options_.cuts == adwin_cuts::river;
  const auto least = static_cast<double>(options_.smallest);
  const double less = river ? least - 1.0 : 0.0, variance = squares_ / width_;
  double n0 = 0.0, u0 = 0.0, n1 = width_, u1 = total_, largest = -1.0;
  double size = std::ldexp(1.0, static_cast<int>(rows_ - 1));
  for (std::size_t row = rows_; row-- > 0; size *= 0.5) {
    const int last = count_[row] - (river ? 1 : 0);
    for (int k = 0; k < last; ++k) {
      const bucket& b = buckets_[row][static_cast<std::size_t>(k)];
      n0 += size;
      n1 -= size;
      u0 += b.total;
      u1 -= b.total;
      if (n0 < least || n1 < least) continue;
      // 2/(3 m) s² + √(2 v/m) s = |difference|, s² = L.
      const double apart = std::abs(u0 / n0 - u1 / n1);
      const double inverse = 1.0 / (n0 - less) + 1.0 / (n1 - less);
      const double half = std::sqrt(0.5 * variance * inverse), square = 2.0 / 3.0 * inverse;
      const double s = apart > 0.0 ? apart / (half + std::sqrt(half * half + square * apart)) : 0.0;
      largest = std::max(largest, s * s);
    }
  }
  return largest < 0.0 ? nothing : largest - std::log(2.0 * std::log(width_));
}

LIBRATION_DEFINED void adwin_rule::restart_at(double threshold) noexcept {
  if (options_.restart) return reset();
  while (largest_cut() > threshold) drop_oldest();
}

LIBRATION_DEFINED double adwin_epsilon(std::int64_t n0, std::int64_t n1, double variance, double delta, adwin_cuts cuts) {
  constexpr std::string_view who = "drift::adwin_epsilon";
  const std::int64_t less = cuts == adwin_cuts::river ? 4 : 0;
  require(n0 > less && n1 > less, who, [&] {
    return "the sides have " + number_text(n0) + " and " + number_text(n1) + " values, expected at least " + number_text(less + 1);
  });
  require(variance >= 0.0 && std::isfinite(variance), who,
          [&] { return "the variance is " + number_text(variance) + ", expected a number >= 0"; });
  require(delta > 0.0 && delta < 1.0, who, [&] { return "delta is " + number_text(delta) + ", expected a number in (0, 1)"; });
  const double level = std::log(2.0 * std::log(static_cast<double>(n0 + n1)) / delta);
  const double inverse = 1.0 / static_cast<double>(n0 - less) + 1.0 / static_cast<double>(n1 - less);
  return std::sqrt(2.0 * variance * level * inverse) + 2.0 / 3.0 * level * inverse;
}

}  // namespace libration::inline LIBRATION_ABI::drift
