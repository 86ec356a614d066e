// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `drift::estimator`: how far the states along an orbit are from a reference, and when a detector says so.

#include <cstdint>
#include <limits>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/drift/reference.hpp>
#include <libration/drift/state_monitor.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/trend.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Options of `drift::estimator`, declared in the order in which designated initialisers name them.
struct estimator_options {
  /// Steps that are counted, >= 1; 0: what a matrix of inputs leaves, 10,000 otherwise.
  std::int64_t steps = 0;
  /// Steps of the orbit before them, >= 0.
  std::int64_t transient = 0;
  /// Position of the first counted state in a reference by position, >= 0.
  Eigen::Index first_position = 0;
  /// Whether the distance of every counted state is kept, which takes 8 bytes a step.
  bool distances = true;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// Distances of the states that follow each counted step. Steps are counted from 1.
struct [[nodiscard]] estimator_result {
  libration::status status = libration::status::not_run;  ///< `ok`, `diverged` or `cancelled`, with the steps done
  Eigen::VectorXd squared_distance;  ///< d² of each state, shape (steps); NaN: of none that is known. Empty where not asked for
  stats::mean_estimate mean;         ///< of d²/n over the states with a distance; its error supposes that there is no trend
  stats::trend_estimate trend;       ///< of d²/n, a step
  double largest = std::numeric_limits<double>::quiet_NaN();  ///< d²
  std::int64_t largest_at = -1;                               ///< its step; -1: no state has a distance
  std::vector<std::int64_t> alarms;                           ///< steps at which the detector alarmed; after each it began afresh
  bool watched = false;                                       ///< there was a detector
  std::int64_t without_reference = 0;  ///< steps at positions beyond the reference's last: they have no distance
  std::int64_t steps = 0;              ///< counted
  std::int64_t failed_at = -1;         ///< step of the orbit at which it diverged
  Eigen::VectorXd final_state;         ///< shape (n): the orbit's after its last step; see `rollout::start_at`

  /// \return  the step of the first alarm; -1: none
  std::int64_t first_alarm() const noexcept { return alarms.empty() ? -1 : alarms.front(); }
};

namespace detail {

/// A reference, with or without a detector, whose type is not known.
class state_watch {
 public:
  virtual ~state_watch() = default;
  virtual std::unique_ptr<state_watch> copy() const = 0;
  virtual void reset(Eigen::Index position) = 0;
  virtual state_push push(const vector_view<double>& h) = 0;
  virtual const reference& usual() const = 0;
  virtual bool alarms() const = 0;
};

template <class Monitor>
class state_watch_of final : public state_watch {
 public:
  explicit state_watch_of(Monitor monitor) : monitor_(std::move(monitor)) {}
  std::unique_ptr<state_watch> copy() const override { return std::make_unique<state_watch_of>(*this); }
  void reset(Eigen::Index position) override { monitor_.reset(position); }
  state_push push(const vector_view<double>& h) override { return monitor_.push(h); }
  const reference& usual() const override { return monitor_.usual(); }
  bool alarms() const override { return true; }

 private:
  Monitor monitor_;
};

/// \return  a watch that never alarms
LIBRATION_DECLARED std::shared_ptr<const state_watch> watch_without_detector(reference usual);

/// All that is gathered of a run.
class drift_record {
 public:
  LIBRATION_DECLARED drift_record(const state_watch& watch, const estimator_options& options, std::int64_t steps);

  /// Where the next state is to be written, shape (n).
  Eigen::VectorXd& state() { return state_; }
  LIBRATION_DECLARED void add();
  LIBRATION_DECLARED void write_to(estimator_result& result);

 private:
  std::unique_ptr<state_watch> watch_;
  bool keeps_;
  Eigen::VectorXd state_;
  std::vector<double> distances_;
  stats::batch_series<double> series_;
  estimator_result gathered_;
};

}  // namespace detail

/// An observer (see `rollout::drive`) that measures the states' distances.
template <class System>
class drift_run : public rollout::one_orbit<drift_run<System>, estimator_result> {
  using ending = rollout::one_orbit<drift_run<System>, estimator_result>;
  friend ending;
  using ending::result_;
  static_assert(System::width == 1);

 public:
  static constexpr bool needs_tangent = false;

  drift_run(const detail::state_watch& watch, const estimator_options& options, std::int64_t steps)
      : record_(watch, options, steps) {}

  std::int64_t warm_up() const { return 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    Eigen::VectorXd& h = record_.state();
    for (Eigen::Index i = 0; i < h.size(); ++i) h[i] = static_cast<double>(view.next[static_cast<int>(i)]);
    record_.add();
  }

 private:
  void finish() { record_.write_to(result_); }

  detail::drift_record record_;
};

/// Distances of an orbit's states from a reference, as an estimator for `analyze`; there `.steps`, `.transient`, `.on_progress` and
/// `.stop` are the pass's own.
class estimator {
 public:
  estimator_options options = {};

  static constexpr bool needs_tangent = false;

  /// Distances alone.
  LIBRATION_FUNC explicit estimator(reference usual, const estimator_options& given = {});
  /// With a detector, of which each run has its own copy, reset.
  template <detector_rule Rule>
  explicit estimator(state_monitor<Rule> watch, const estimator_options& given = {})
      : options(given), watch_(std::make_shared<detail::state_watch_of<state_monitor<Rule>>>(std::move(watch))) {}

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up(std::int64_t) const { return 0; }
  /// \throws argument_error  for a map whose state is of another size than the reference's, a reference whose status is not `ok`,
  ///                         options out of range
  LIBRATION_DECLARED void validate(Eigen::Index n) const;
  template <class System>
  drift_run<System> start(const System&, std::int64_t steps) const {
    return drift_run<System>(*watch_, options, steps);
  }

 private:
  std::shared_ptr<const detail::state_watch> watch_;  // shared by copies of the estimator, never changed
};

/// Distances of the states along the orbit from h0, with the alarms of the estimator's detector.
///
/// \param h0         start, shape (n); the first state that is measured is the one after the first counted step
/// \param inputs     for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \param estimator  its options are the pass's
/// \return           `ok`, `diverged` or `cancelled`, with the steps done
/// \throws           argument_error before the first step: shapes, options, inputs too short
/// Cost:             a step: that of `reference::squared_mahalanobis`, and some 50 operations
template <class Scalar = double, maps::map M>
requires(!maps::driven<M>) estimator_result state_drift(const M& map, rollout::start_of<M> h0, const estimator& estimator) {
  const std::int64_t steps = estimator.options.steps != 0 ? estimator.options.steps : 10'000;
  return rollout::measure<Scalar>("drift::state_drift", map, h0, rollout::no_inputs{}, steps, estimator.options, estimator);
}
template <class Scalar = double, maps::map M, class Inputs>
requires maps::driven<M> estimator_result state_drift(const M& map, rollout::start_of<M> h0, Inputs&& inputs,
                                                      const estimator& estimator) {
  const std::int64_t steps = estimator.options.steps != 0 || rollout::is_matrix<Inputs> ? estimator.options.steps : 10'000;
  return rollout::measure<Scalar>("drift::state_drift", map, h0, std::forward<Inputs>(inputs), steps, estimator.options, estimator);
}

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/estimator.hpp>
#endif
