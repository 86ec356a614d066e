// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// An observer that takes the exact spectrum of a map that says what it is made of, and one that takes either that or a frame's.

#include <cstdint>
#include <optional>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/lyapunov/gate_books.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/spectrum_run.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/final_state.hpp>
#include <libration/rollout/one_orbit.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// An observer (see `rollout::drive`) of one orbit. It needs no tangent.
///
/// Cost: that of the gates in a step; no allocation
template <class System>
class structured_run : public rollout::one_orbit<structured_run<System>, spectrum_result> {
  using ending = rollout::one_orbit<structured_run<System>, spectrum_result>;
  friend ending;
  using ending::result_;

 public:
  static constexpr bool needs_tangent = false;

  explicit structured_run(gate_books books) : books_(std::move(books)), gates_(books_.gates()) {}

  std::int64_t warm_up() const { return books_.frame_steps(); }
  void observe(const rollout::step_view<System>& view) {
    if (seen_++ < warm_up()) return;
    view.system.gates(gates_);
    books_.add(gates_);
    if (books_.at_mark()) books_.take_mark(rollout::state_values(view.next));
    if (books_.enough()) this->finish_as(libration::status::ok, view.next);
  }
  spectrum_result take_result() { return std::move(result_); }

 private:
  void finish() {
    Eigen::VectorXd state = std::move(result_.final_state);
    result_ = books_.result(result_.status, result_.failed_at);
    result_.final_state = std::move(state);
  }

  gate_books books_;
  Eigen::VectorXd gates_;
  std::int64_t seen_ = 0;
};

/// What `spectrum_estimator` starts on a map that may have an exact spectrum: one or the other of the two runs.
template <class System>
class spectrum_or_structured_run {
 public:
  static constexpr bool needs_tangent = true;

  explicit spectrum_or_structured_run(structured_run<System> run) : exact_(std::move(run)) {}
  explicit spectrum_or_structured_run(spectrum_run<System> run) : by_frame_(std::move(run)) {}

  std::int64_t warm_up() const { return exact_ ? exact_->warm_up() : by_frame_->warm_up(); }
  bool done() const { return exact_ ? exact_->done() : by_frame_->done(); }
  void observe(const rollout::step_view<System>& view) { exact_ ? exact_->observe(view) : by_frame_->observe(view); }
  void end(const typename System::mask& lanes, libration::status how, std::int64_t t, const typename System::state_type& h) {
    exact_ ? exact_->end(lanes, how, t, h) : by_frame_->end(lanes, how, t, h);
  }
  void conclude(const rollout::step_view<System>& view) { exact_ ? exact_->conclude(view) : by_frame_->conclude(view); }
  const spectrum_result& result(int lane = 0) const { return exact_ ? exact_->result() : by_frame_->result(lane); }
  spectrum_result take_result(int lane) { return exact_ ? exact_->take_result() : by_frame_->take_result(lane); }

 private:
  std::optional<structured_run<System>> exact_;
  std::optional<spectrum_run<System>> by_frame_;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
