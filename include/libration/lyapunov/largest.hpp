// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `lyapunov::largest`: the leading exponent from two neighbouring trajectories, without any tangent.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Options of `lyapunov::largest`, in the order and with the meaning of `spectrum_options`.
struct largest_options {
  /// Steps that are counted, >= 1; 0: what a matrix of inputs leaves, 100,000 otherwise.
  std::int64_t steps = 0;
  /// Steps of the orbit before anything is measured, >= 0.
  std::int64_t transient = 1000;
  /// Steps that then only turn the separation, >= 0.
  std::int64_t frame_transient = 100;
  /// Steps between rescalings of the separation, >= 0; 0: every step. Longer intervals lose fewer digits to rounding as long
  /// as the separation stays small: it grows by e^(λ interval).
  std::int64_t interval = 0;
  /// Separation of the two trajectories after a rescaling, relative to 1 + |h|, > 0; 0: the square root of the scalar's eps,
  /// where the rounding of a difference and the curvature of the map weigh about the same.
  double separation = 0.0;
  /// Half-width of "neutral", per unit of time, >= 0.
  double neutral_margin = 1e-3;
  /// Seed of the first separation's direction.
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// An observer (see `rollout::drive`) that follows a second trajectory and rescales its separation.
template <class System>
class largest_run : public rollout::one_orbit<largest_run<System>, spectrum_result> {
  using ending = rollout::one_orbit<largest_run<System>, spectrum_result>;
  friend ending;
  using ending::result_;
  static_assert(System::width == 1);
  using state_type = typename System::state_type;

 public:
  static constexpr bool needs_tangent = false;

  largest_run(const System& system, const largest_options& options, std::int64_t steps)
      : options_(options),
        system_(system),
        y_(system.make_state()),
        next_(y_),
        difference_(system.state_size()),
        interval_(std::max<std::int64_t>(1, options.interval)),
        series_(1, interval_ * std::max<std::int64_t>(1, std::min<std::int64_t>(64, steps / (128 * interval_)))) {
    result_.time_step = system.time_step();
    result_.per_unit_of_time = System::has_time_step;
    result_.neutral_margin = options.neutral_margin;
    result_.seed = options.seed;
  }

  std::int64_t warm_up() const { return options_.frame_transient; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    if (seen_ == 0) separate(view.h);
    system_.step(view.t, y_, view.x, next_);
    std::swap(y_, next_);
    ++seen_;
    ++since_;
    if (since_ < interval_ && seen_ != warm_up()) return;
    rescale(view);
  }

  void conclude(const rollout::step_view<System>& view) {
    if (!this->done() && since_ > 0) rescale(view);
    ending::conclude(view);
  }

 private:
  // Not by way of squares: they overflow long before the states do.
  double distance(const state_type& a, const state_type& b) {
    for (int i = 0; i < static_cast<int>(difference_.size()); ++i)
      difference_[i] = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    return difference_.stableNorm();
  }

  void separate(const state_type& h) {
    using scalar = std::remove_cvref_t<decltype(y_[0])>;
    using base = typename scalar_traits<scalar>::base;
    const auto n = static_cast<int>(system_.state_size());
    Eigen::VectorXd direction(n);
    random_stream(options_.seed, 0x70616972).fill_normal(direction);  // a stream of its own: "pair"
    direction.normalize();
    const double size = distance(h, system_.make_state());
    const double relative =
        options_.separation > 0.0 ? options_.separation : std::sqrt(static_cast<double>(std::numeric_limits<base>::epsilon()));
    size_ = relative * (1.0 + size);
    y_ = h;
    for (int i = 0; i < n; ++i) y_[i] = static_cast<scalar>(static_cast<double>(h[i]) + size_ * direction[i]);
    last_ = distance(y_, h);
  }

  // Counts the growth since the last rescaling, and brings the separation back to its size without turning it.
  void rescale(const rollout::step_view<System>& view) {
    using scalar = std::remove_cvref_t<decltype(y_[0])>;
    const double reached = distance(y_, view.next);
    if (!std::isfinite(reached)) {
      this->fail(view.t);
      return;
    }
    const double growth = std::log(reached / last_);
    if (seen_ > warm_up()) {
      if (reached == 0.0) {  // the two have merged: everything between them is forgotten
        pending_.add(growth);
        pending_steps_ += since_;
        this->finish_as(status::ok);
        return;
      }
      pending_.add(growth);
      pending_steps_ += since_;
      if (pending_steps_ >= series_.room()) {
        series_.add(pending_.value(), pending_steps_);
        pending_ = {};
        pending_steps_ = 0;
      }
    }
    since_ = 0;
    if (reached == 0.0) {
      separate(view.next);
      return;
    }
    const double factor = size_ / reached;
    for (int i = 0; i < static_cast<int>(system_.state_size()); ++i) {
      const double h = static_cast<double>(view.next[i]);
      y_[i] = static_cast<scalar>(h + factor * (static_cast<double>(y_[i]) - h));
    }
    last_ = distance(y_, view.next);
    if (last_ == 0.0) separate(view.next);
  }

  void finish() {
    const double pending[1] = {pending_.value()};
    detail::summarise(series_, 0, pending, pending_steps_, 1, system_.state_size() == 1, false, result_);
  }

  largest_options options_;
  System system_;
  state_type y_, next_;
  Eigen::VectorXd difference_;
  std::int64_t interval_;
  stats::batch_series<double> series_;
  stats::compensated_sum<double> pending_;
  std::int64_t pending_steps_ = 0, seen_ = 0, since_ = 0;
  double size_ = 0.0, last_ = 0.0;
};

/// The leading exponent by two trajectories, as an estimator for `analyze`.
struct largest_estimator {
  largest_options options = {};

  static constexpr bool needs_tangent = false;

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up() const { return options.frame_transient; }
  void validate(Eigen::Index) const {
    const option_check check("lyapunov::largest");
    check(options.steps >= 0, "steps", options.steps, ">= 0");
    check(options.transient >= 0, "transient", options.transient, ">= 0");
    check(options.frame_transient >= 0, "frame_transient", options.frame_transient, ">= 0");
    check(options.interval >= 0, "interval", options.interval, ">= 0");
    check(options.separation >= 0.0, "separation", options.separation, ">= 0");
    check(options.neutral_margin >= 0.0, "neutral_margin", options.neutral_margin, ">= 0");
  }
  template <class System>
  largest_run<System> start(const System& system, std::int64_t steps) const {
    return largest_run<System>(system, options, steps);
  }
};

namespace detail {

template <class Scalar, class M, class Inputs>
spectrum_result largest(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const largest_options& options) {
  return rollout::detail::measure<Scalar>("lyapunov::largest", map, h0, std::forward<Inputs>(inputs), options.steps, options,
                                          largest_estimator{options});
}

}  // namespace detail

/// The leading Lyapunov exponent by two trajectories: the orbit from h0 and a neighbour that is drawn back to a small
/// separation after every interval; the mean of the logarithms of its growth.
///
/// Independent of every tangent, and so a check on one. Parameters, result (one exponent), statuses and errors are those of
/// `lyapunov::spectrum`.
///
/// Accuracy: the separation's own size (relative) and eps over it: about the square root of the scalar's eps, twice
/// Source:   Benettin, Galgani, Strelcyn, "Kolmogorov entropy and numerical experiments", Physical Review A 14 (1976)
template <class Scalar = double, maps::map M>
  requires(!maps::driven<M>)
spectrum_result largest(const M& map, rollout::start_of<M> h0, const largest_options& options = {}) {
  return detail::largest<Scalar>(map, h0, rollout::no_inputs{}, options);
}
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
spectrum_result largest(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const largest_options& options = {}) {
  return detail::largest<Scalar>(map, h0, inputs, options);
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
