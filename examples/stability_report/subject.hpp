// SPDX-License-Identifier: MIT
#pragma once
// What the report is told of a model and of its text.

#include <string>
#include <vector>

#include "section.hpp"

namespace stability {

// A model as it was read, a text as the model reads it, and what there is to say of them.
struct subject {
  loaded_model model;
  text_pieces text;
  std::string noun;   // "network"
  std::string about;  // gru with 2 layers, ...
  std::string cost;   // 1.270 nats a character on ...: what it pays as a language model
  std::vector<std::string> notes;
  report::json model_json, text_json;
};

}  // namespace stability
