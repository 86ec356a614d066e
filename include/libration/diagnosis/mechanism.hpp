// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The four mechanisms by which long runs of a model get worse.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// What makes long runs of a model worse.
enum class mechanism : std::uint8_t {
  accumulated_error,   ///< the model reads its own output, and errs more on contexts with errors in them
  attention_dilution,  ///< attention spreads over ever more tokens, and the ones that matter lose weight
  drift,               ///< the state leaves the region that training has seen
  state_compression,   ///< a state of fixed size no longer holds what the text said
};

inline constexpr std::size_t mechanism_count = 4;

/// All of them, in the enumerators' order.
inline constexpr std::array<mechanism, mechanism_count> all_mechanisms = {
    mechanism::accumulated_error, mechanism::attention_dilution, mechanism::drift, mechanism::state_compression};

/// \return the enumerator's name
constexpr std::string_view to_string(mechanism m) noexcept {
  constexpr std::string_view names[] = {"accumulated_error", "attention_dilution", "drift", "state_compression"};
  return names[static_cast<std::uint8_t>(m)];
}

/// \return the mechanism as a sentence names it: "accumulated error"
constexpr std::string_view in_words(mechanism m) noexcept {
  constexpr std::string_view words[] = {"accumulated error", "attention dilution", "drift of the state", "state compression"};
  return words[static_cast<std::uint8_t>(m)];
}

/// \return what a reader who does not know the term is told: "the model reads its own errors"
constexpr std::string_view explain(mechanism m) noexcept {
  constexpr std::string_view words[] = {"the model reads its own errors", "attention spreads over too many tokens",
                                        "the state leaves the region that is usual for it", "the state forgets what the text said"};
  return words[static_cast<std::uint8_t>(m)];
}

}  // namespace libration::inline LIBRATION_ABI::diagnosis
