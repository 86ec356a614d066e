// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `lyapunov::largest`: the leading exponent from two neighbouring trajectories, without any tangent.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/status.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/lyapunov/unstable_cycle.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/neighbour.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Options of `lyapunov::largest`, in the order and with the meaning of `spectrum_options`.
struct largest_options {
  /// Steps that are counted, >= 1; 0: what a matrix of inputs leaves, 100,000 otherwise.
  std::int64_t steps = 0;
  /// Steps of the orbit before anything is measured, >= 0.
  std::int64_t transient = default_transient;
  /// Steps that then only turn the separation, >= 0, or `automatic`: as for a spectrum of one exponent.
  std::int64_t frame_transient = automatic;
  /// Most steps between rescalings of the separation, 0 to 1,000,000; 0: every step. It is rescaled earlier where it has left
  /// the range from 1/32 to 32 times its size.
  std::int64_t interval = 0;
  /// Separation of the two trajectories after a rescaling, relative to the state's size (the largest |h| of the last few hundred
  /// steps; 1 where all of them are 0), from 64 times the scalar's eps to 0.01; 0: the square root of eps, where the rounding of a
  /// difference and the curvature of the map weigh about the same.
  double separation = 0.0;
  /// Half-width of "neutral", per unit of time, >= 0.
  double neutral_margin = 1e-3;
  /// Seed of the first separation's direction.
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// An observer (see `rollout::drive`) of the growth of a neighbour's distance.
template <class System>
class largest_run : public rollout::one_orbit<largest_run<System>, spectrum_result> {
  using ending = rollout::one_orbit<largest_run<System>, spectrum_result>;
  friend ending;
  using ending::result_;
  static_assert(System::width == 1);
  using neighbour = rollout::neighbour<System>;

 public:
  static constexpr bool needs_tangent = false;

  largest_run(const System& system, const largest_options& options, std::int64_t steps, std::int64_t frame_steps)
      : options_(options),
        system_(system),
        neighbour_(system, options.separation, options.seed, 0x70616972, true),  // a stream of its own: "pair"
        full_(system.state_size() == 1),
        frame_steps_(frame_steps),
        interval_(std::max<std::int64_t>(1, options.interval)),
        series_(1, std::max<std::int64_t>(1, std::min<std::int64_t>(64, steps / 128))) {
    require(options.separation == 0.0 || options.separation >= neighbour::smallest_separation, "lyapunov::largest", [&] {
      return ".separation is " + number_text(options.separation) + ", expected 0 or at least " +
             number_text(neighbour::smallest_separation, 2) + " (64 times the relative rounding of the state)";
    });
    result_.time_step = system.time_step();
    result_.per_unit_of_time = system.per_unit_of_time();
    result_.neutral_margin = options.neutral_margin;
    result_.seed = options.seed;
  }

  std::int64_t warm_up() const { return frame_steps_; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    if (seen_ == warm_up()) neighbour_.begin_accuracy();
    const double growth = neighbour_.step(view);
    ++seen_;
    if (std::isnan(growth)) {
      this->fail(view);
      return;
    }
    if (++since_ >= interval_ || neighbour_.drifted()) {
      neighbour_.rescale(view.next);
      since_ = 0;
    }
    if (seen_ <= warm_up()) return;
    pending_.add(growth);
    ++pending_steps_;
    if (growth == -std::numeric_limits<double>::infinity()) {  // the state is forgotten
      this->finish_as(status::ok, view.next);
      return;
    }
    if (pending_steps_ >= series_.room()) {
      series_.add(pending_.value(), pending_steps_);
      pending_ = {};
      pending_steps_ = 0;
      if (fell(view)) this->finish_as(status::collapsed, view.next);
    }
  }

  void conclude(const rollout::step_view<System>& view) {
    if (!this->done() && fell(view)) this->finish_as(status::collapsed, view.next);
    ending::conclude(view);
  }

 private:
  bool fell(const rollout::step_view<System>& view) {
    if (!System::autonomous || view.cycle.period(0) == 0 || cycle_.length() > 0) return false;
    neighbour along = neighbour_;
    return cycle_.fell(view, 0, system_, [&](std::int64_t t, const auto& h, const auto& x, auto& next) {
      system_.step(t, h, x, next);
      const double growth = along.step({t, h, x, next, system_, view.cycle});
      along.rescale(next);
      return growth;
    });
  }

  void finish() {
    detail::growth_doubt doubt;
    const double accuracy = neighbour_.accuracy();
    doubt.rounding = Eigen::VectorXd::Constant(
        1, std::isfinite(accuracy) ? accuracy * static_cast<double>(series_.steps() + pending_steps_) : 0.0);
    doubt.unresolved.setConstant(1, neighbour_.unresolved() > 0);
    doubt.eps = std::numeric_limits<double>::infinity();  // there is no pivot to have lost its digits
    doubt.frame_steps = frame_steps_;
    doubt.discard = options_.frame_transient == automatic;
    const double pending[1] = {pending_.value()};
    detail::summarise(series_, pending, pending_steps_, 1, full_, false, doubt, result_);
    result_.cycle_length = cycle_.length();
    result_.merged_pairs = neighbour_.merged();
    result_.jumps = neighbour_.jumps();
    result_.unresolved_steps = neighbour_.unresolved();
    if (neighbour_.unresolved() > 0 && result_.status == status::ok) result_.status = status::not_resolved;
  }

  largest_options options_;
  System system_;
  neighbour neighbour_;
  unstable_cycle cycle_;
  bool full_;
  std::int64_t frame_steps_, interval_;
  stats::batch_series<double> series_;
  stats::compensated_sum<double> pending_;
  std::int64_t pending_steps_ = 0, seen_ = 0, since_ = 0;
};

/// The leading exponent by two trajectories, as an estimator for `analyze`.
struct largest_estimator {
  largest_options options = {};
  /// As `spectrum_estimator::warm_up_room`.
  std::int64_t warm_up_room = unlimited_steps;

  static constexpr bool needs_tangent = false;

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up(std::int64_t steps) const { return frame_steps(options.frame_transient, steps, warm_up_room); }
  LIBRATION_DECLARED void validate(Eigen::Index) const;
  template <class System>
  largest_run<System> start(const System& system, std::int64_t steps) const {
    return largest_run<System>(system, options, steps, warm_up(steps));
  }
};

namespace detail {

template <class Scalar, class M, class Inputs>
spectrum_result largest(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const largest_options& options) {
  return rollout::measure<Scalar>("lyapunov::largest", map, h0, std::forward<Inputs>(inputs), options.steps, options,
                                          largest_estimator{options});
}

}  // namespace detail

/// The leading Lyapunov exponent by two trajectories: the orbit from h0 and a neighbour that is drawn back to a small
/// separation after every step; the mean of the logarithms of its growth.
///
/// It needs no tangent, and so checks one: only the map's own step is used. `rollout::neighbour` says what becomes of a neighbour
/// that merges with the orbit, that stands on the other side of a discontinuity, or whose components fall below rounding; the
/// result counts these. Parameters, result (one exponent), statuses and errors are those of `lyapunov::spectrum`, and
/// `not_resolved`: some step shrinks every difference by more than `.separation` resolves, and the exponent is an upper bound.
///
/// \throws   argument_error also for a `.separation` below 64 times the scalar's eps
/// Accuracy: `rounding` in the result, measured at every step: about the square root of the scalar's eps, by the separation's
///           own size and by the rounding of a difference; more where the orbit passes a kink of a piecewise map, on whose sides
///           it has two growths. It is part of the standard error and the interval, and true of a separation that has turned
///           into the leading direction (`.frame_transient`): in others such errors grow. That it still turns is seen by the
///           growth of the first windows, which differs from that of the rest (`frame_error`)
/// Cost:     3 steps a step
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

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/largest.hpp>
#endif
