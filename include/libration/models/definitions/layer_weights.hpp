// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/layer_weights.hpp declares.

#include <string>
#include <string_view>

#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED void require_gate_order(std::string_view order, std::string_view letters, std::string_view who) {
  bool permutation = order.size() == letters.size();
  for (const char letter : letters) permutation = permutation && order.find(letter) != std::string_view::npos;
  require(permutation, who, [&] {
    return "gate_order is \"" + std::string(order) + "\", expected the letters of \"" + std::string(letters) +
           "\" in some order";
  });
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
