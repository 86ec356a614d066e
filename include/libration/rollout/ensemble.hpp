// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Many independent runs: groups of members in SIMD lanes, groups over threads, results in order.

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <span>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/progress.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/scalar/scalar.hpp>

namespace libration::inline LIBRATION_ABI {

/// How an ensemble is run. Nothing here changes a digit of a result, except `lanes` (elementary functions in SIMD lanes and the
/// standard library's may differ in the last place, and a chaotic orbit shows that).
struct ensemble_options {
  int threads = 0;     ///< >= 1; 0: one per hardware thread
  bool lanes = true;   ///< run formula maps in SIMD lanes where they allow it; false: one orbit at a time
};

namespace rollout {

/// Orbits of a map of n components that run side by side in one group, at least 8: as many of the widest registers a number as
/// hide the latency of a step and leave an orbit and its frame in registers (measured: 2 for Hénon's map, 1 for Lorenz's).
template <int n>
inline constexpr int ensemble_width = std::max(8, (n <= 2 ? 2 : 1) * static_cast<int>(EIGEN_MAX_STATIC_ALIGN_BYTES) /
                                                      static_cast<int>(sizeof(double)));
template <int n>
using ensemble_lanes = lanes<double, ensemble_width<n>>;

/// Whether a map's members can run in lanes.
template <class M>
inline constexpr bool runs_in_lanes = [] {
  if constexpr (maps::formula_map<M>)
    return maps::lanes_allowed<M> && M::dimension <= largest_small_dimension &&
           maps::detail::formula_on<M, ensemble_lanes<M::dimension>>;
  else
    return false;
}();

/// Calls `run(first, size)` for consecutive groups of members on several threads, and reports members done.
///
/// \param begins of the groups, ascending from 0, and the number of members
template <class Run>
void over_groups(std::span<const std::int64_t> begins, int threads, const progress_callback& on_progress, Run&& run) {
  std::mutex reporting;
  std::int64_t done = 0;
  parallel_for(static_cast<std::int64_t>(begins.size()) - 1, threads, [&](std::int64_t group) {
    const auto at = static_cast<std::size_t>(group);
    const std::int64_t size = begins[at + 1] - begins[at];
    with_memory("rollout::ensemble", [&] { run(begins[at], size); });
    if (on_progress) {
      const std::lock_guard lock(reporting);
      done += size;
      on_progress({done, begins.back()});
    }
  });
}

/// The same for groups of one size.
///
/// \param width members in a group; the last may be smaller
template <class Run>
void over_groups(std::int64_t members, int width, int threads, const progress_callback& on_progress, Run&& run) {
  std::vector<std::int64_t> begins;
  for (std::int64_t first = 0; first < members; first += width) begins.push_back(first);
  begins.push_back(members);
  over_groups(begins, threads, on_progress, run);
}

/// The member whose values lane `lane` of a group carries: the group's last one where the group is not full.
constexpr std::int64_t member_of(std::int64_t first, std::int64_t size, int lane) {
  return first + std::min<std::int64_t>(lane, size - 1);
}

}  // namespace rollout
}  // namespace libration::inline LIBRATION_ABI
