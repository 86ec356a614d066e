// SPDX-License-Identifier: MIT
#pragma once
// What a section of the report is, and the list of them. Cheap to include, as the list is compiled by itself.

#include <cstdint>
#include <string_view>
#include <vector>

namespace stability {

struct question;  // section.hpp
struct answer;

// What a model can have, as `loaded_model` has it; to be combined.
enum capability : unsigned { text_tokens = 1, fixed_state = 2, attention_rows = 4 };

// A file of this folder defines one, `section growth_section() { return {.name = "growth", ...}; }`, and sections.cpp lists it.
struct section {
  std::string_view name;                       // of --sections
  unsigned needs = text_tokens;                // capabilities
  std::vector<std::string_view> options = {};  // of the program, that not every section reads
  void (*run)(const question&, answer&) = nullptr;
  std::int64_t (*writes)(const question&) = nullptr;  // tokens after a prompt, at most; none: 0
  double (*states)(const question&) = nullptr;        // that it holds at once, at the least; none: 1
  double (*bytes)(const question&) = nullptr;         // that it holds beside
};

// All of them, in the report's order.
const std::vector<section>& sections();

}  // namespace stability
