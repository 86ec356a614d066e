// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What observers of one orbit have in common: how they end.

#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/rollout/final_state.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// The part of an observer (see `drive`) of one orbit that deals with its end. The observer derives from it, befriends it, and has
/// `void finish()`, which is called once, with the status set, and completes `result_`.
///
/// \tparam Result  with `status` and `failed_at`, and `final_state` where it keeps the state that the orbit ended in
template <class Observer, class Result>
class one_orbit {
 public:
  bool done() const { return result_.status != status::not_run; }

  /// The driver ends the run: what was gathered stands.
  template <class State>
  void end(bool lane, status how, std::int64_t t, const State& h) {
    if (!lane || done()) return;
    if (how == status::diverged) result_.failed_at = t;
    finish_as(how, h);
  }
  /// The last step is done.
  template <class View>
  void conclude(const View& view) {
    if (!done()) finish_as(status::ok, view.next);
  }

  const Result& result() const { return result_; }

 protected:
  /// The observer itself cannot go on after this step.
  template <class View>
  void fail(const View& view) {
    result_.failed_at = view.t;
    finish_as(status::diverged, view.next);
  }

  /// \param h  the state that the orbit ends in
  template <class State>
  void finish_as(status how, [[maybe_unused]] const State& h) {
    result_.status = how;
    if constexpr (requires { result_.final_state; }) result_.final_state = state_values(h);
    static_cast<Observer&>(*this).finish();
  }

  Result result_;
};

}  // namespace libration::inline LIBRATION_ABI::rollout
