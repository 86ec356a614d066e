// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What observers of one orbit have in common: how they end.

#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// The part of an observer (see `drive`) of one orbit that deals with its end. The observer derives from it, befriends it, and has
/// `void finish()`, which is called once, with the status set, and completes `result_`.
///
/// \tparam Result  with `status` and `failed_at`
template <class Observer, class Result>
class one_orbit {
 public:
  bool done() const { return result_.status != status::not_run; }

  /// The driver ends the run: what was gathered stands.
  void end(bool lane, status how, std::int64_t t) {
    if (!lane || done()) return;
    if (how == status::diverged) result_.failed_at = t;
    finish_as(how);
  }
  /// The last step is done.
  template <class View>
  void conclude(const View&) {
    if (!done()) finish_as(status::ok);
  }

  const Result& result() const { return result_; }

 protected:
  /// The observer itself cannot go on after step t.
  void fail(std::int64_t t) {
    result_.failed_at = t;
    finish_as(status::diverged);
  }

  void finish_as(status how) {
    result_.status = how;
    static_cast<Observer&>(*this).finish();
  }

  Result result_;
};

}  // namespace libration::inline LIBRATION_ABI::rollout
