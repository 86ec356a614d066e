// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Formats of few bits that a state may be kept in: how they round, and how large an error that makes.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/level_grid.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Smallest and largest values, shape (n) each, or (1): of all components.
struct value_range {
  Eigen::VectorXd lower, upper;
};

struct range_options {
  /// Added on both sides, as a part of the range's width, >= 0: a later run may go further than the recorded one.
  double margin = 0.0;
  /// A range for each component; false: one for all.
  bool per_component = true;
};

/// The range that recorded states cover.
///
/// \param states  shape (n, T), one state a column; finite, not empty
/// \throws        argument_error where there are none, for a value that is not finite, and for a margin out of range
template <class Derived>
value_range range_of(const Eigen::MatrixBase<Derived>& states, const range_options& options = {}) {
  constexpr const char* who = "maps::range_of";
  require(states.size() > 0, who, "no states, expected at least one column");
  require(options.margin >= 0.0 && std::isfinite(options.margin), who,
          [&] { return ".margin is " + number_text(options.margin) + ", expected a finite number >= 0"; });
  require(states.allFinite(), who, "the states hold a number that is not finite");
  value_range range{states.rowwise().minCoeff().template cast<double>(), states.rowwise().maxCoeff().template cast<double>()};
  if (!options.per_component) {
    range.lower = Eigen::VectorXd::Constant(1, range.lower.minCoeff());
    range.upper = Eigen::VectorXd::Constant(1, range.upper.maxCoeff());
  }
  const Eigen::VectorXd margin = options.margin * (range.upper - range.lower);
  range.lower -= margin;
  range.upper += margin;
  return range;
}

/// A format of fewer bits, and rounding to it: always to the nearest value, ties to the even one; NaN stays NaN.
///
/// A value of the map's own scalar stands for each value of the format. Floats of fewer bits stand exactly; a grid's points are
/// rounded to the scalar once more, which matters where the map is in single precision and the grid has 22 bits or more.
/// Rounding follows the processor's rounding mode, nearest-even unless a program has changed it.
class number_format {
 public:
  /// IEEE 754 binary32; beyond its largest number, 3.4e38, lies infinity.
  static number_format float32() { return floating(24, -126); }
  /// The upper half of a binary32: 8 bits of significand, the range of binary32.
  static number_format bfloat16() { return floating(8, -126); }
  /// IEEE 754 binary16: 11 bits of significand, largest number 65504, then infinity; smallest 2^-24.
  static number_format float16() { return floating(11, -14); }

  /// A fixed grid: 2^bits equidistant values from lower to upper, both included. What lies outside saturates.
  ///
  /// \param bits         2 <= bits <= 24
  /// \param lower,upper  finite, lower <= upper (equal: the only value)
  /// \throws             argument_error for either out of range
  static number_format uniform(int bits, double lower, double upper) {
    return uniform(bits, {Eigen::VectorXd::Constant(1, lower), Eigen::VectorXd::Constant(1, upper)});
  }
  /// \param range  of all components, shape (1), or of each, shape (n): `range_of(states)`
  static number_format uniform(int bits, value_range range) {
    number_format format(kind::grid, checked(bits, "maps::number_format::uniform"));
    constexpr const char* who = "maps::number_format::uniform";
    require(range.lower.size() > 0, who, "an empty range");
    require_rows(range.upper.size(), range.lower.size(), who, "upper", "as many as lower");
    for (Eigen::Index i = 0; i < range.lower.size(); ++i)
      require(std::isfinite(range.upper[i] - range.lower[i]) && range.lower[i] <= range.upper[i], who, [&] {
        return "range " + number_text(i) + " is [" + number_text(range.lower[i]) + ", " + number_text(range.upper[i]) +
               "], expected finite ends in order";
      });
    format.step_ = (range.upper - range.lower) / format.intervals();
    format.range_ = std::move(range);
    return format;
  }

  /// A grid that every step scales anew, as a cache of 8 bits does: 2^bits - 1 equidistant values from -max|h| to max|h|, zero
  /// among them. Nothing saturates.
  ///
  /// \param bits   2 <= bits <= 24
  /// \param group  components that share a scale, consecutive ones, >= 1; the last group may be shorter. 0: all
  /// \throws       argument_error for either out of range
  static number_format dynamic(int bits, Eigen::Index group = 0) {
    number_format format(kind::scaled, checked(bits, "maps::number_format::dynamic"));
    require(group >= 0, "maps::number_format::dynamic",
            [&] { return "group is " + number_text(group) + ", expected >= 0 (0: all components)"; });
    format.group_ = group;
    return format;
  }

  /// Whether there is a smallest and a largest value, at which what lies outside saturates.
  bool saturates() const { return kind_ == kind::grid; }

  /// The number of components that the format has ranges for; 0: it rounds states of any size.
  Eigen::Index state_size() const { return step_.size() > 1 ? step_.size() : 0; }

  /// Replaces a state by what is left of it.
  ///
  /// \param h  in and out: shape (n); n = `state_size()` where that is not 0
  /// Cost: 2 to 3 ns a component (measured); no allocation
  void round(vector_span<double> h) const { apply(h.data(), h.size()); }
  void round(vector_span<float> h) const { apply(h.data(), h.size()); }

  /// The standard deviation of the rounding error of each component at a state: the distance of neighbouring values there,
  /// over √12.
  ///
  /// That is the error of a value equally likely anywhere between two of them. It is right where the state moves over many of
  /// them in a step, and errors of different steps and components are then uncorrelated; a state that has come to rest repeats
  /// its error, and a saturated one errs by more.
  ///
  /// \param h  shape (n)
  /// \return   shape (n), what `maps::add_noise` takes for a copy of this rounding
  Eigen::VectorXd error_deviation(const Eigen::VectorXd& h) const {
    check_size(h.size(), "maps::number_format::error_deviation");
    Eigen::VectorXd deviation(h.size());
    in_groups(h.data(), h.size(),
              [&](Eigen::Index i, double largest) { deviation[i] = distance(i, h[i], largest) / std::sqrt(12.0); });
    return deviation;
  }
  /// The same for a component of the given size, which for a dynamic grid is also the group's largest one; of a grid with
  /// different ranges the coarsest counts.
  double error_deviation(double size) const {
    const double step = kind_ == kind::grid ? step_.maxCoeff() : distance(0, size, std::abs(size));
    return step / std::sqrt(12.0);
  }

  /// \throws argument_error where the format has ranges for another number of components than n
  void check_size(Eigen::Index n, const char* who) const {
    if (state_size() != 0) require_rows(state_size(), n, who, "the format's range", "the state's size");
  }

 private:
  enum class kind : std::uint8_t { floating, grid, scaled };

  number_format(kind k, int digits) : kind_(k), digits_(digits) {}

  static number_format floating(int digits, int least_exponent) {
    number_format format(kind::floating, digits);
    format.least_exponent_ = least_exponent;
    // All ones in the significand, and as many binades above 1 as below.
    format.largest_ = std::ldexp(2.0 - std::ldexp(2.0, -digits), 1 - least_exponent);
    return format;
  }
  static int checked(int bits, const char* who) {
    require(bits >= 2 && bits <= 24, who, [&] { return "bits is " + number_text(bits) + ", expected 2 to 24"; });
    return bits;
  }

  double intervals() const { return static_cast<double>((1 << digits_) - 1); }  // of a fixed grid
  double levels() const { return static_cast<double>((1 << (digits_ - 1)) - 1); }  // of a dynamic grid, on each side

  // The distance of neighbouring floats at a finite x: a power of two, by its exponent's bits.
  double unit(double x) const {
    const auto exponent = static_cast<int>(std::bit_cast<std::uint64_t>(x) >> 52 & 0x7ffu);
    const int least = 1023 + least_exponent_;
    return std::bit_cast<double>(static_cast<std::uint64_t>((exponent > least ? exponent : least) - (digits_ - 1)) << 52);
  }
  double distance(Eigen::Index i, double x, double largest) const {
    switch (kind_) {
      case kind::floating:
        return std::abs(x) <= largest_ ? unit(x) : std::numeric_limits<double>::infinity();
      case kind::grid:
        return step_[step_.size() > 1 ? i : 0];
      default:
        return largest / levels();
    }
  }

  double rounded(Eigen::Index i, double x, double largest) const {
    switch (kind_) {
      case kind::floating: {
        if (!std::isfinite(x)) return x;
        const double kept = nearest_multiple(x, unit(x));
        return std::copysign(std::abs(kept) <= largest_ ? kept : std::numeric_limits<double>::infinity(), x);
      }
      case kind::grid: {
        const Eigen::Index at = step_.size() > 1 ? i : 0;
        const double lower = range_.lower[at], upper = range_.upper[at], width = upper - lower;
        if (x <= lower) return lower;
        if (x >= upper || width == 0.0) return std::isnan(x) ? x : upper;
        const double level = nearest_level(x - lower, width, intervals());
        return level >= intervals() ? upper : std::min(lower + level_value(level, width, intervals()), upper);
      }
      default: {
        return largest > 0.0 ? level_value(nearest_level(x, largest, levels()), largest, levels()) : x;
      }
    }
  }

  // Calls body(i, the largest |h| of i's group).
  template <class S, class Body>
  void in_groups(const S* h, Eigen::Index n, Body&& body) const {
    const Eigen::Index group = kind_ == kind::scaled && group_ > 0 ? group_ : std::max<Eigen::Index>(n, 1);
    for (Eigen::Index begin = 0; begin < n; begin += group) {
      const Eigen::Index end = std::min(n, begin + group);
      double largest = 0.0;
      if (kind_ == kind::scaled)
        for (Eigen::Index i = begin; i < end; ++i) {
          const double size = std::abs(static_cast<double>(h[i]));
          if (size > largest) largest = size;
        }
      for (Eigen::Index i = begin; i < end; ++i) body(i, largest);
    }
  }

  template <class S>
  void apply(S* h, Eigen::Index n) const {
    in_groups(h, n, [&](Eigen::Index i, double largest) { h[i] = static_cast<S>(rounded(i, static_cast<double>(h[i]), largest)); });
  }

  kind kind_;
  int digits_;
  int least_exponent_ = 0;
  double largest_ = 0.0;
  Eigen::Index group_ = 0;
  value_range range_;
  Eigen::VectorXd step_;
};

}  // namespace libration::inline LIBRATION_ABI::maps
