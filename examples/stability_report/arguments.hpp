// SPDX-License-Identifier: MIT
#pragma once
// What the report is asked: the program's arguments.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stability {

struct arguments {
  std::string model, text, vocabulary, out = "build/report";
  std::int64_t steps = 20'000, transient = 1000;
  std::int64_t window = 0;  // of a transformer; 0: its config's
  int count = 8;
  double tolerance = 0.0, margin = 1e-3, effort = 1.0;
  std::uint64_t seed = 0;
  bool no_pictures = false, ids = false;
  std::vector<std::string> sections;       // empty: all
  std::vector<std::string> ignore;         // tensors that do not matter, as patterns
  std::vector<std::string> ignore_fields;  // fields of a config.json that do not, likewise
  std::string unknown = "refuse";          // what becomes of unknown characters: refuse, skip, or the token read in their place
  // Of recurrent networks: where they are in the file, and what they compute beside their weights.
  std::optional<std::string> prefix;
  std::vector<std::string> stack;
  std::string embedding, readout;
  std::map<std::string, std::string> conventions;  // those that were given, by the keys of `models::describe_recurrent`
};

}  // namespace stability
