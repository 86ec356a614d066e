// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a rule of a detector is: a statistic of standardised scores, one at a time.

#include <concepts>
#include <string_view>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// A statistic that is compared with a threshold. What the compiler cannot see:
/// - `update(z)` takes the next standardised score and returns the statistic, -infinity where nothing is to be compared; it
///   allocates nothing. Until the first alarm the statistic does not depend on the threshold, so that one simulated run serves all
///   thresholds.
/// - `threshold()` is the one that the options ask for, on the statistic's scale, above 0.
/// - `alarms_at_threshold`: whether a statistic that equals the threshold alarms.
/// - `restart(threshold)` comes after an alarm, before the next score; `reset()` makes the rule as constructed.
/// - Optional: `full()`, where no further score can be taken; `use_stream(s)`, where random numbers are drawn.
template <class R>
concept detector_rule = std::copyable<R> && std::constructible_from<R, const typename R::options_type&> &&
    requires(R r, const R c, double z) {
  { r.update(z) }
  noexcept->std::same_as<double>;
  { r.restart(z) }
  noexcept;
  { r.reset() }
  noexcept;
  { c.threshold() }
  noexcept->std::same_as<double>;
  { R::alarms_at_threshold } -> std::convertible_to<bool>;
};

/// \return  which part of `detector_rule` a type misses, in words
template <class R>
consteval std::string_view explain_detector_rule() {
  if constexpr (!std::copyable<R>)
    return "it cannot be copied";
  else if constexpr (!requires { typename R::options_type; })
    return "it has no options_type";
  else if constexpr (!std::constructible_from<R, const typename R::options_type&>)
    return "it cannot be constructed from its options_type";
  else if constexpr (!requires(R r, double z) {
                       { r.update(z) }
                       noexcept->std::same_as<double>;
                     })
    return "it has no double update(double) noexcept";
  else if constexpr (!requires(R r, double z) {
                       { r.restart(z) }
                       noexcept;
                       { r.reset() }
                       noexcept;
                     })
    return "it has no restart(double) noexcept and reset() noexcept";
  else if constexpr (!requires(const R c) {
                       { c.threshold() }
                       noexcept->std::same_as<double>;
                     })
    return "it has no double threshold() const noexcept";
  else if constexpr (!detector_rule<R>)
    return "it has no static constexpr bool alarms_at_threshold";
  else
    return "it is a detector's rule";
}

}  // namespace libration::inline LIBRATION_ABI::drift
