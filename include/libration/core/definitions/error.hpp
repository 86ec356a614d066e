// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what core/error.hpp declares.

#include <string>
#include <string_view>

#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI {

LIBRATION_DEFINED void require_rows(std::int64_t rows, std::int64_t expected, std::string_view who, std::string_view name,
                                    std::string_view reason) {
  require(rows == expected, who, [&] {
    return std::string(name) + " has " + number_text(rows) + " rows, expected " + number_text(expected) + " (" +
           std::string(reason) + ")";
  });
}

}  // namespace libration::inline LIBRATION_ABI
