// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what core/lower_case.hpp declares.

#include <libration/core/lower_case.hpp>

namespace libration::inline LIBRATION_ABI {

LIBRATION_DEFINED std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace libration::inline LIBRATION_ABI
