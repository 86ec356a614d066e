// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Upper-case letters of ASCII as lower-case ones.

#include <string>
#include <string_view>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// \return the text with A to Z as a to z, whatever the locale
LIBRATION_DECLARED std::string lower_case(std::string_view text);

}  // namespace libration::inline LIBRATION_ABI

#if !defined(LIBRATION_COMPILED)
#include <libration/core/definitions/lower_case.hpp>
#endif
