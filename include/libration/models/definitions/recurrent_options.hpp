// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/recurrent_options.hpp declares.

#include <algorithm>
#include <string>

#include <libration/models/recurrent_options.hpp>

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED std::string option_of_convention(const std::string& name) {
  if (name == "reset_after") return "--reset-after, --reset-before";
  std::string option = "--" + name;
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

}  // namespace libration::inline LIBRATION_ABI::models
