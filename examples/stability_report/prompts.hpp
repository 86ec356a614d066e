// SPDX-License-Identifier: MIT
#pragma once
// Pieces of the text that runs begin from.

#include <algorithm>
#include <vector>

#include "report.hpp"

namespace stability {

// So many pieces of so many characters, spread evenly over the text after the transient; fewer and shorter where it is short.
inline std::vector<std::vector<models::token>> prompts_of(const question& q, std::int64_t count, std::int64_t characters) {
  const std::int64_t room = q.length() - q.transient;
  const std::int64_t each = std::min(characters, room);
  const std::int64_t pieces = std::max<std::int64_t>(1, std::min(count, room / each));
  std::vector<std::vector<models::token>> prompts;
  for (std::int64_t i = 0; i < pieces; ++i) {
    const auto first = q.tokens.begin() + q.transient + i * (room / pieces);
    prompts.emplace_back(first, first + each);
  }
  return prompts;
}

}  // namespace stability
