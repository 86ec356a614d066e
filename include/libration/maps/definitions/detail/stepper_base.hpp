// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what maps/detail/stepper_base.hpp declares.

#include <cmath>
#include <string_view>

#include <libration/maps/detail/stepper_base.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

LIBRATION_DEFINED double checked_time_step(double dt, std::string_view who) {
  require(std::isfinite(dt) && dt > 0, who,
          [&] { return "dt is " + number_text(dt) + ", expected a finite time > 0"; });
  return dt;
}

}  // namespace libration::inline LIBRATION_ABI::maps::detail
