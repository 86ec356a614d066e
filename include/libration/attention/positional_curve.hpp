// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Accuracy or attention mass against position: intervals, what the middle loses, and whether the curve is U-shaped.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/student_t.hpp>
#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Whether a curve falls from its first position to one in the middle and rises from there to its last.
enum class curve_shape : std::uint8_t {
  undecided,
  u_shaped,      ///< a position in the middle is below the first and below the last, both beyond chance
  not_u_shaped,  ///< no position in the middle is below both by as much as the margin
};

/// \return the enumerator's name
constexpr std::string_view to_string(curve_shape s) noexcept {
  constexpr std::string_view names[] = {"undecided", "u_shaped", "not_u_shaped"};
  return names[static_cast<std::uint8_t>(s)];
}

/// Options of `attention::positional_curve`.
struct positional_options {
  /// Probability of each position's interval, in (0, 1); each of the two shapes is found where it does not hold with a probability
  /// of at most 1 - level.
  double level = 0.95;
  /// A curve whose middle is below both ends by less than this part of the curve's mean may be called not U-shaped, in (0, 1). To
  /// exclude a smaller dip takes more trials, as its inverse square; to find one, no margin is needed.
  double margin = 0.05;
};

/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const positional_options& options, std::string_view who);

/// A difference between positions, in the curve's unit. NaN: not known.
struct position_contrast {
  double value = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  double degrees_of_freedom = 0.0;  ///< of Student's t; infinity: normal

  /// \return value in standard errors
  double z() const { return value == 0.0 ? 0.0 : value / standard_error; }
  /// \return the probability of as large a z where the difference is nought, one-sided; NaN where the error is not known
  template <class = void>
  double p_value() const { return z() == 0.0 ? 0.5 : stats::student_t_tail(z(), degrees_of_freedom); }
  /// \return a bound that the true difference is below with probability p
  LIBRATION_DECLARED double upper(double p) const;
};

/// A curve over m positions.
struct [[nodiscard]] positional_result {
  /// not_run: nothing was computed. not_converged: a single sample, and so no error.
  libration::status status = libration::status::not_run;
  curve_shape shape = curve_shape::undecided;
  Eigen::VectorXd position;      ///< shape (m), as given
  Eigen::VectorXd value;         ///< shape (m): accuracy, or mean mass
  Eigen::VectorXd lower, upper;  ///< shape (m): each position's own interval
  std::int64_t samples = 0;      ///< columns of samples that the means are over; 0 of a curve from counts
  std::int64_t left_out = 0;     ///< columns that hold NaN, such as those of texts that are padding there
  /// The U-shape statistic: mean of the first and the last position, less the mean of all between. Positive where the middle is
  /// lower than the ends on the average, which a steady fall that levels off is too: the shape does not rest on it.
  position_contrast depth;
  Eigen::Index trough = -1;   ///< index of the position in the middle that is most surely below both ends
  position_contrast primacy;  ///< first position less the trough
  position_contrast recency;  ///< last position less the trough
  /// Of the claim that some position in the middle is below both ends: the larger of primacy's and recency's, times the number of
  /// positions in the middle.
  double p_value = std::numeric_limits<double>::quiet_NaN();
  double level = 0.0;
  double margin = 0.0;  ///< in the curve's unit
};

namespace detail {

/// \param X  the samples, shape (m, N)
LIBRATION_DECLARED positional_result curve_of_samples(const Eigen::VectorXd& position, Eigen::MatrixXd X,
                                                      const positional_options& options);

}  // namespace detail

/// Accuracy against position, from counts of successes: where an answer stands in the context, and how often it is then found.
///
/// Positions are compared as independent samples. Where the same questions were asked at each position, that is on the safe side:
/// easy and hard ones make them alike, and outcomes question by question, given as samples (below), tell more.
///
/// \param position   ascending, shape (m), m >= 3
/// \param successes  shape (m), 0 <= successes <= trials
/// \param trials     shape (m), >= 1
/// \return           values in [0, 1], with Wilson's intervals
/// \throws argument_error where shapes differ, m < 3, a count is out of range, or an option is
/// Accuracy:  differences have a normal error, each accuracy's variance that of one success and one failure more, so that it is
///            never nought. Of 4000 curves without a U, of 5 positions and 3 to 100 trials each, at level 0.95 at most 1 % of flat
///            ones are called U-shaped, and at most 4 % of those that fall to their third position and stay there. To say that a
///            curve at 0.6 has no dip of a twentieth takes some 3000 trials a position, at 0.95 some 300
///            (tests/attention/positional_curve.test.cpp)
/// Source:    intervals: stats::proportion_interval; depth, trough and their test: derived here
LIBRATION_DECLARED positional_result positional_curve(const Eigen::VectorXd& position, std::span<const std::int64_t> successes,
                                                      std::span<const std::int64_t> trials, const positional_options& options = {});

/// A quantity against position, from samples of the whole curve: attention mass by position, a text in each column; or outcomes, 1
/// or 0, a question in each column.
///
/// Positions are compared sample by sample, so that what differs between samples at all positions alike does not count.
///
/// \param position  ascending, shape (m), m >= 3
/// \param samples   shape (m, N), N >= 1; columns independent of each other (queries of one text are not: give their mean). A
///                  column with a NaN is left out
/// \return          means, with Student's intervals; one column left: the values alone (`not_converged`), none: `not_run`
/// \throws argument_error where shapes differ, m < 3, a sample is infinite or above 1e300 in size, or an option is out of its range
/// Source:    as above
template <class Samples>
positional_result positional_curve(const Eigen::VectorXd& position, const Eigen::MatrixBase<Samples>& samples,
                                   const positional_options& options = {}) {
  return detail::curve_of_samples(position, samples.template cast<double>(), options);
}

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/positional_curve.hpp>
#endif
