// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How the error between neighbouring runs grows with time: the curves of an ensemble of pairs, in a named norm and unit.

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/scaling.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// How a difference d of n components is measured.
enum class norm {
  euclidean,         ///< √Σ d_i²
  maximum,           ///< max |d_i|
  root_mean_square,  ///< √(Σ d_i² / n)
};

/// Where a perturbation points.
enum class direction {
  random,   ///< uniform over directions, another one for each pair
  leading,  ///< where a small perturbation has turned to: a neighbouring run, drawn back again and again, as in `largest`
};

/// Options of `error::growth` and `growth_ensemble`.
struct growth_options {
  /// The perturbation's size by `norm`, in the state's own units, > 0. It has to be far above the scalar's rounding of the state
  /// and far below the attractor, if there is to be a range of exponential growth.
  double size = 1e-8;
  error::direction direction = error::direction::random;
  /// Length of each curve, in steps, >= 1.
  std::int64_t steps = 1000;
  /// The error is recorded at every so many steps, 1 to `.steps`. Memory: pairs · (steps / every + 1) numbers.
  std::int64_t every = 1;
  /// Reference stretches, one after another along the orbit, >= 1. They are the independent part of the ensemble.
  std::int64_t windows = 64;
  /// Perturbed runs beside each reference stretch, >= 1 (1 where the direction is `leading`).
  std::int64_t members = 1;
  /// Steps before the first window, >= 0.
  std::int64_t transient = default_transient;
  /// Steps in which a neighbour turns into the leading direction, >= 1, before the first window (of an ensemble, after the
  /// transient). What is left of the second direction falls like e^{(λ₂ - λ₁) t}: a flow of small time steps needs many.
  std::int64_t alignment = 1000;
  error::norm norm = error::norm::euclidean;
  /// Errors are divided by this; 0: by the attractor's own size, the norm of the state's standard deviations along the reference.
  /// Coordinates that drift over the whole run have none, and are left out of that; where all do, it is 1.
  double normaliser = 0.0;
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// Throws where an option is out of its range.
LIBRATION_DECLARED void validate(const growth_options& options, std::string_view who);

/// A coordinate that wraps, though the map declares no period of it.
struct undeclared_period {
  Eigen::Index coordinate = 0;
  double period = 0.0;     ///< as measured: what a map's `periods` should say
  std::int64_t jumps = 0;  ///< of pairs, by which it was found
};

/// The error of each pair at each recorded time.
struct [[nodiscard]] growth_curve {
  Eigen::VectorXd time;   ///< shape (points): since the perturbation, 0 first; in units of time, or steps
  Eigen::MatrixXd error;  ///< shape (pairs, points): the norm of the difference over `normaliser`; infinite after divergence
  error::norm norm = error::norm::euclidean;
  double normaliser = std::numeric_limits<double>::quiet_NaN();  ///< what errors were divided by, in the state's units
  bool normalised_by_spread = false;  ///< it is the norm of the standard deviations along the reference, not one given
  double size = 0.0;                  ///< of the perturbation, in the state's units; 0: runs of two maps from one start
  error::direction direction = error::direction::random;
  std::int64_t members = 1;          ///< pairs that share a reference stretch: neighbours in `error`'s rows
  std::int64_t diverged_pairs = 0;   ///< perturbed runs that were not finite at some recorded point
  std::int64_t swallowed_pairs = 0;  ///< whose perturbation was lost in the state's rounding: they begin with no error at all
  std::int64_t jumps = 0;  ///< steps in which a pair parted as no growth explains: at a discontinuity, or a coordinate that wraps
  /// Coordinates that wrap undeclared: with them the status is `undeclared_period`, and an error of two states on either side of
  /// the cut is not their distance. Found where g(h ± P e_i) is g(h) up to P at an eighth of the jumps or more.
  std::vector<undeclared_period> undeclared;
  std::vector<Eigen::Index> drifting;  ///< coordinates that rise or fall over the whole run (a clock, a phase): not in the spread
  double rounding = 0.0;               ///< the scalar's eps times the reference's size, over `normaliser`: no error is below it
  double time_step = 1.0;              ///< units of time a step
  bool per_unit_of_time = false;       ///< the map has a time step; else time is steps
  libration::status status = libration::status::not_run;
  std::int64_t failed_at = -1;  ///< step, transient included, where the reference diverged; or -1
  Eigen::VectorXd final_state;  ///< shape (n): the reference's after its last step (of a diverged one its last finite state), from
                                ///< which `rollout::start_at` lets a run go on; empty where there are many references
  std::uint64_t seed = 0;

  Eigen::Index pairs() const { return error.rows(); }
  Eigen::Index points() const { return error.cols(); }

  /// The perturbation is no smaller than the attractor: there is no growth to be seen. Never where the normaliser was given.
  LIBRATION_DECLARED bool starts_saturated() const;

  /// \return the arithmetic mean over the pairs, shape (points)
  LIBRATION_DECLARED Eigen::VectorXd mean() const;

  /// The mean of ln error, shape (points): what grows at the leading exponent's rate, as the mean error does not. Pairs that have
  /// merged (error 0) make it minus infinity.
  LIBRATION_DECLARED Eigen::VectorXd mean_log() const;

  /// Standard error of `mean_log` over the reference stretches (members of one are not independent), shape (points); NaN for a
  /// single one.
  LIBRATION_DECLARED Eigen::VectorXd mean_log_error() const;

  /// \return the p-quantile over the pairs, shape (points)
  LIBRATION_DECLARED Eigen::VectorXd quantile(double p) const;
};

namespace detail {

/// The norm of n numbers d(0) ... d(n - 1).
template <class Difference>
double measure(error::norm kind, Eigen::Index n, const Difference& d) {
  if (kind != norm::maximum) {
    const double size = euclidean_norm(n, d);
    return kind == norm::euclidean ? size : size / std::sqrt(static_cast<double>(n));
  }
  double largest = 0.0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double size = std::abs(d(i));
    if (size > largest || std::isnan(size)) largest = size;  // a NaN stays
  }
  return largest;
}

/// Mean and variance of one coordinate along a run, of numbers of any size; and whether it drifts over the whole run.
class coordinate_moments {
 public:
  /// \param block  steps of an eighth of the run
  LIBRATION_DECLARED void add(double x, std::int64_t block);

  /// The standard deviation, and the root mean square of x + offset.
  double deviation() const { return std::ldexp(std::sqrt(all_.squares / static_cast<double>(count_)), exponent_); }
  double root_mean_square(double offset) const { return std::hypot(deviation(), std::ldexp(all_.mean, exponent_) + offset); }

  /// Whether its means over the run's eighths rise all along, or fall, and what it does within them is less than a tenth of its
  /// variance: chance makes eight independent means do so once in 20,000 times.
  bool drifts() const { return blocks_ >= 4 && rises_ != falls_ && within_ < 0.1 * until_; }

 private:
  static constexpr int most_blocks = 8;
  struct moments {
    double mean = 0.0, squares = 0.0;
    LIBRATION_DECLARED void add(double y, std::int64_t count);
    LIBRATION_DECLARED void multiply(double factor);
  };

  // Numbers are kept in units of a power of two: that of the first that is not 0, or of a later one that is larger by far.
  LIBRATION_DECLARED double change_unit(double x);

  moments all_, part_;
  double scale_ = 1.0, last_ = 0.0, within_ = 0.0, until_ = 0.0;
  std::int64_t count_ = 0, in_block_ = 0;
  int exponent_ = 0, blocks_ = 0;
  bool unset_ = true, rises_ = false, falls_ = false;
};

/// The size of a run: the norm of the standard deviations of its coordinates, and of their root mean squares.
class spread {
 public:
  /// \param n      coordinates
  /// \param steps  of the whole run, >= 0
  LIBRATION_DECLARED spread(Eigen::Index n, error::norm kind, std::int64_t steps);

  /// \param x         coordinate i of a state is x(i)
  /// \param distance  distance(i, x, first): how far x is from where that coordinate began; of one that wraps, the shorter way
  template <class At, class Distance>
  void add(const At& x, const Distance& distance) {
    for (Eigen::Index i = 0; i < first_.size(); ++i) {
      const double now = x(i);
      if (count_ == 0 && std::isfinite(now)) first_[i] = now;
      coordinates_[static_cast<std::size_t>(i)].add(distance(i, now, first_[i]), block_);
    }
    ++count_;
  }

  /// The coordinates that drift over the whole run: they have no size that does not grow with it.
  LIBRATION_DECLARED std::vector<Eigen::Index> drifting() const;

  /// The norm of the standard deviations of those that do not drift; 0 where nothing moves.
  LIBRATION_DECLARED double size() const;
  /// The norm of the root mean squares: how large the state is.
  LIBRATION_DECLARED double magnitude() const;

 private:
  error::norm kind_;
  std::int64_t block_, count_ = 0;
  Eigen::VectorXd first_;
  std::vector<coordinate_moments> coordinates_;
};

/// Counts the pairs that diverged or are none, and divides the recorded norms by the normaliser, which is known at the end only.
LIBRATION_DECLARED void finish_curve(growth_curve& r, double given, double spread_size, double magnitude, double eps);

/// \param buffers  numbers that are kept beside the errors
/// \throws argument_error where there is no memory for the errors of so many pairs
LIBRATION_DECLARED void require_memory_for(std::int64_t pairs, std::int64_t points, double buffers, std::string_view who);

}  // namespace detail
}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/growth_curve.hpp>
#endif
