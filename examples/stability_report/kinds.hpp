// SPDX-License-Identifier: MIT
#pragma once
// What a kind of models is that the report reads, and the list of them. Cheap to include, as the list is compiled by itself.

#include <filesystem>
#include <string_view>
#include <vector>

#include "sections.hpp"

namespace stability {

struct arguments;
struct subject;  // subject.hpp

// A file of this folder defines one, and kinds.cpp lists it.
struct model_kind {
  std::string_view name, plural;                      // "recurrent network", "recurrent networks"
  std::string_view found;                             // "a folder, with a transformer"
  unsigned offers;                                    // capabilities of every model of this kind
  std::vector<std::string_view> options;              // of the program, that not every kind has
  bool (*reads)(const std::filesystem::path& model);  // by what the file or the folder says it is
  subject (*load)(const arguments&, const std::vector<section>& wanted);
};

// All of them; of several that read a model the first is meant, and the last reads what no other does.
const std::vector<model_kind>& model_kinds();

}  // namespace stability
