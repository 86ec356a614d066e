// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what maps/token_model.hpp declares.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/maps/token_model.hpp>

namespace libration::inline LIBRATION_ABI::maps {

LIBRATION_DEFINED void require_tokens(std::span<const token> tokens, Eigen::Index vocabulary_size, std::string_view who,
                                      std::string_view name) {
  // Appended, not added: g++ 12 sees the move of a temporary string leave its bounds, and is wrong.
  require(!tokens.empty(), who, [&] { return std::string(name).append(" is empty, expected at least one token"); });
  for (std::size_t i = 0; i < tokens.size(); ++i)
    require(tokens[i] >= 0 && tokens[i] < vocabulary_size, who, [&] {
      return std::string(name) + ": token " + number_text(tokens[i]) + " at " + number_text(i) + ", expected 0 to " +
             number_text(vocabulary_size - 1);
    });
}

}  // namespace libration::inline LIBRATION_ABI::maps
