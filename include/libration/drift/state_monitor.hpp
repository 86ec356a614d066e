// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A detector on states: each is scored by its distance from a reference, and the scores are watched.

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/drift/cusum_detector.hpp>
#include <libration/drift/monitor.hpp>
#include <libration/drift/reference.hpp>
#include <libration/drift/score_process.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// The score of a state: ∛(d²/n), which of usual normal states in n components is nearly normal itself, with a mean near 1.
///
/// \param squared_distance  d², as `reference::squared_mahalanobis` gives it
/// Source:  E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931) 684-688
inline double state_score(double squared_distance, Eigen::Index n) noexcept {
  return std::cbrt(squared_distance / static_cast<double>(n));
}

/// Scores of runs that the reference was not fitted on, shape (T, runs): what `fit_scores` takes. States that it was fitted on are
/// nearer to it than new ones, and a detector calibrated on them alarms too often.
///
/// \param runs  each of shape (n, T), of one length T >= 1; column t is position t
/// \throws argument_error  for no runs, other shapes, more positions than the reference has, a state that is not finite (named by
///                         run and column), and a reference whose status is not `ok`
/// Cost:  those of `reference::squared_mahalanobis_along`
LIBRATION_DECLARED Eigen::MatrixXd state_scores(const reference& usual, const std::vector<Eigen::MatrixXd>& runs);

/// What a `state_monitor` says of one state. It converts to whether it alarms.
struct [[nodiscard]] state_push {
  bool alarm = false;
  drift::reading reading = drift::reading::ok;
  double squared_distance = std::numeric_limits<double>::quiet_NaN();
  /// Is compared with the threshold; -infinity where nothing is compared at this state.
  double statistic = -std::numeric_limits<double>::infinity();

  explicit operator bool() const noexcept { return alarm; }
};

/// A detector on the states of a run.
///
///     drift::state_monitor watch(usual, held_out, {.false_alarm_every = 10'000});   // runs that the reference has not seen
///     if (watch.push(h)) ...
///
/// States are scored by `state_score`; the threshold is calibrated on the autoregression that is fitted to the scores of held-out
/// runs. What is found is a rise of the distance; states that move closer to the reference's mean than usual do not alarm.
///
/// \tparam Rule  `cusum_rule`, `page_hinkley_rule`, `adwin_rule`, `conformal_rule`, `e_rule`
template <detector_rule Rule = cusum_rule>
class state_monitor {
 public:
  using rule_type = Rule;
  using options_type = typename Rule::options_type;

  /// \param held_out  runs of usual states on which the reference was not fitted, each of shape (n, T) with the same T
  /// \throws argument_error  as `state_scores`, `fit_scores` and `monitor` do
  state_monitor(reference usual, const std::vector<Eigen::MatrixXd>& held_out, const calibration_options& wanted = {},
                const options_type& options = {})
      : usual_(std::move(usual)),
        workspace_(usual_.make_workspace()),
        scores_(fit_scores(state_scores(usual_, held_out))),
        monitor_(scores_, wanted, options) {}
  /// \param held_out  one run, shape (n, T)
  template <class States>
  state_monitor(reference usual, const Eigen::MatrixBase<States>& held_out, const calibration_options& wanted = {},
                const options_type& options = {})
      : state_monitor(std::move(usual), std::vector<Eigen::MatrixXd>{held_out.template cast<double>()}, wanted, options) {}

  /// Reads the run's next state. Allocates nothing.
  ///
  /// \param h  shape (n)
  /// \return   with another `reading` than `ok` for a state that is not finite, and for one at a position beyond the reference's
  ///           last: the detector is as it was before
  /// \throws argument_error  for another shape
  state_push push(vector_view<double> h) { return push_state(h); }
  state_push push(vector_view<float> h) { return push_state(h); }

  /// A run begins: what the detector has read is forgotten.
  ///
  /// \param position  of the next state, >= 0; without a reference by position it does not matter
  void reset(Eigen::Index position = 0) noexcept {
    monitor_.reset();
    position_ = position;
  }

  const reference& usual() const noexcept { return usual_; }
  /// Of the next state.
  Eigen::Index position() const noexcept { return position_; }
  /// The process that the held-out scores are taken for.
  const score_process& scores() const noexcept { return scores_; }
  const monitor<Rule>& detector() const noexcept { return monitor_; }
  const calibration_result& calibration() const noexcept { return monitor_.calibration(); }

 private:
  template <class View>
  state_push push_state(const View& h) {
    state_push out;
    const Eigen::Index position = position_;
    if (usual_.by_position() && position >= usual_.positions()) {
      ++position_;
      out.reading = reading::no_reference;
      return out;
    }
    out.squared_distance = usual_.squared_mahalanobis(h, position, workspace_);
    ++position_;
    const push_result said = monitor_.push(state_score(out.squared_distance, usual_.size()));
    out.alarm = said.alarm;
    out.reading = said.reading;
    out.statistic = said.statistic;
    return out;
  }

  reference usual_;
  reference::workspace workspace_;
  score_process scores_;
  monitor<Rule> monitor_;
  Eigen::Index position_ = 0;
};

template <class Held>
state_monitor(reference, const Held&) -> state_monitor<>;
template <class Held>
state_monitor(reference, const Held&, const calibration_options&) -> state_monitor<>;

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/state_monitor.hpp>
#endif
