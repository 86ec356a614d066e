// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How the error between neighbouring runs grows with time: the curves of an ensemble of pairs, in a named norm and unit.

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/quantiles.hpp>

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
  /// The error is recorded at every so many steps, >= 1. Memory: pairs · (steps / every + 1) numbers.
  std::int64_t every = 1;
  /// Reference stretches, one after another along the orbit, >= 1. They are the independent part of the ensemble.
  std::int64_t windows = 64;
  /// Perturbed runs beside each reference stretch, >= 1 (1 where the direction is `leading`).
  std::int64_t members = 1;
  /// Steps before the first window, >= 0.
  std::int64_t transient = 1000;
  /// Steps in which a neighbour turns into the leading direction, >= 1, before the first window (of an ensemble, after the
  /// transient). What is left of the second direction falls like e^{(λ₂ - λ₁) t}: a flow of small time steps needs many.
  std::int64_t alignment = 1000;
  error::norm norm = error::norm::euclidean;
  /// Errors are divided by this; 0: by the attractor's own size, the norm of the state's standard deviations along the reference.
  double normaliser = 0.0;
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// Throws where an option is out of its range.
inline void validate(const growth_options& options, std::string_view who) {
  const option_check check(who);
  check(options.size > 0.0 && std::isfinite(options.size), "size", options.size, "> 0");
  check(options.steps >= 1, "steps", options.steps, ">= 1");
  check(options.every >= 1, "every", options.every, ">= 1");
  check(options.windows >= 1, "windows", options.windows, ">= 1");
  check(options.members >= 1, "members", options.members, ">= 1");
  check(options.transient >= 0, "transient", options.transient, ">= 0");
  check(options.alignment >= 1, "alignment", options.alignment, ">= 1");
  check(options.normaliser >= 0.0 && std::isfinite(options.normaliser), "normaliser", options.normaliser, ">= 0");
  require(options.direction == direction::random || options.members == 1, who,
          ".members is more than 1, but there is one leading direction only");
}

/// The error of each pair at each recorded time.
struct [[nodiscard]] growth_curve {
  Eigen::VectorXd time;   ///< shape (points): since the perturbation, 0 first; in units of time, or steps
  Eigen::MatrixXd error;  ///< shape (pairs, points): the norm of the difference over `normaliser`; infinite after divergence
  error::norm norm = error::norm::euclidean;
  double normaliser = std::numeric_limits<double>::quiet_NaN();  ///< what errors were divided by, in the state's units
  bool normalised_by_spread = false;  ///< it is the norm of the standard deviations along the reference, not one given
  double size = 0.0;                  ///< of the perturbation, in the state's units; 0: runs of two maps from one start
  error::direction direction = error::direction::random;
  std::int64_t members = 1;         ///< pairs that share a reference stretch: neighbours in `error`'s rows
  std::int64_t diverged_pairs = 0;   ///< perturbed runs that were not finite at some recorded point
  std::int64_t swallowed_pairs = 0;  ///< whose perturbation was lost in the state's rounding: they begin with no error at all
  double rounding = 0.0;            ///< the scalar's eps times the reference's size, over `normaliser`: no error is below it
  double time_step = 1.0;           ///< units of time a step
  bool per_unit_of_time = false;    ///< the map has a time step; else time is steps
  libration::status status = libration::status::not_run;
  std::int64_t failed_at = -1;  ///< step, transient included, where the reference diverged; or -1
  std::uint64_t seed = 0;

  Eigen::Index pairs() const { return error.rows(); }
  Eigen::Index points() const { return error.cols(); }

  /// The perturbation is no smaller than the attractor: there is no growth to be seen. Never where the normaliser was given.
  bool starts_saturated() const {
    return normalised_by_spread && points() > 0 && pairs() > 0 && error.col(0).minCoeff() >= 1.0;
  }

  /// \return the arithmetic mean over the pairs, shape (points)
  Eigen::VectorXd mean() const { return error.colwise().mean().transpose(); }

  /// The mean of ln error, shape (points): what grows at the leading exponent's rate, as the mean error does not. Pairs that have
  /// merged (error 0) make it minus infinity.
  Eigen::VectorXd mean_log() const { return error.array().log().colwise().mean().transpose(); }

  /// Standard error of `mean_log` over the reference stretches (members of one are not independent), shape (points); NaN for a
  /// single one.
  Eigen::VectorXd mean_log_error() const {
    const Eigen::Index stretches = pairs() / members;
    Eigen::VectorXd result(points());
    std::vector<double> means(static_cast<std::size_t>(stretches));
    for (Eigen::Index j = 0; j < points(); ++j) {
      for (Eigen::Index w = 0; w < stretches; ++w)
        means[static_cast<std::size_t>(w)] = error.col(j).segment(w * members, members).array().log().mean();
      result[j] = stats::standard_deviation(means) / std::sqrt(static_cast<double>(stretches));
    }
    return result;
  }

  /// \return the p-quantile over the pairs, shape (points)
  Eigen::VectorXd quantile(double p) const {
    Eigen::VectorXd result(points());
    for (Eigen::Index j = 0; j < points(); ++j)
      result[j] = stats::quantile(std::span<const double>(error.col(j).data(), static_cast<std::size_t>(pairs())), p);
    return result;
  }
};

namespace detail {

/// The norm of n numbers d(0) ... d(n - 1).
template <class Difference>
double measure(error::norm kind, Eigen::Index n, const Difference& d) {
  double sum = 0.0;
  if (kind == norm::maximum) {
    for (Eigen::Index i = 0; i < n; ++i) {
      const double size = std::abs(d(i));
      if (size > sum || std::isnan(size)) sum = size;  // a NaN stays
    }
    return sum;
  }
  for (Eigen::Index i = 0; i < n; ++i) sum += d(i) * d(i);
  return std::sqrt(kind == norm::euclidean ? sum : sum / static_cast<double>(n));
}

/// Mean and variance of each component along a run, and the mean size of the state.
class spread {
 public:
  spread(Eigen::Index n, error::norm kind) : kind_(kind), mean_(Eigen::VectorXd::Zero(n)), squares_(mean_) {}

  template <class State>
  void add(const State& h) {
    ++count_;
    const double share = 1.0 / static_cast<double>(count_);
    for (Eigen::Index i = 0; i < mean_.size(); ++i) {
      const double x = static_cast<double>(h[static_cast<int>(i)]);
      const double before = x - mean_[i];
      mean_[i] += before * share;
      squares_[i] += before * (x - mean_[i]);
    }
  }

  /// The norm of the standard deviations; 0 where nothing moves.
  double size() const {
    return count_ == 0
               ? 0.0
               : measure(kind_, mean_.size(), [&](Eigen::Index i) { return std::sqrt(squares_[i] / static_cast<double>(count_)); });
  }
  /// The norm of the root mean squares: how large the state is.
  double magnitude() const {
    return count_ == 0 ? 0.0 : measure(kind_, mean_.size(), [&](Eigen::Index i) {
      return std::sqrt(squares_[i] / static_cast<double>(count_) + mean_[i] * mean_[i]);
    });
  }

 private:
  error::norm kind_;
  std::int64_t count_ = 0;
  Eigen::VectorXd mean_, squares_;
};

/// Counts the pairs that diverged or are none, and divides the recorded norms by the normaliser, which is known at the end only.
inline void finish_curve(growth_curve& r, double given, double spread_size, double magnitude, double eps) {
  r.normaliser = given > 0.0 ? given : (spread_size > 0.0 ? spread_size : 1.0);  // a fixed point has no spread
  r.normalised_by_spread = given == 0.0 && spread_size > 0.0;
  r.error /= r.normaliser;
  r.diverged_pairs = (r.error.array() == std::numeric_limits<double>::infinity()).rowwise().any().count();
  r.swallowed_pairs = r.size > 0.0 && r.points() > 0 ? (r.error.col(0).array() == 0.0).count() : 0;
  r.rounding = eps * magnitude / r.normaliser;
}

}  // namespace detail
}  // namespace libration::inline LIBRATION_ABI::error
