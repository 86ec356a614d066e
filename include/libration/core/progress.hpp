// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a long run tells its caller on the way, and how the caller stops it.

#include <cstdint>
#include <functional>
#include <stop_token>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// How far a run has come: `done` of at most `total` units (steps of an orbit, or members of an ensemble).
struct progress {
  std::int64_t done = 0;
  std::int64_t total = 0;
};

/// Called now and then while a run goes on, from one thread at a time: at most about a thousand times, or once in a million steps
/// where that is more often.
using progress_callback = std::function<void(const progress&)>;

}  // namespace libration::inline LIBRATION_ABI
