// SPDX-License-Identifier: MIT
#pragma once
// What a section of the report is asked, and what has come out so far.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/lyapunov/result.hpp>
#include <libration/report/json.hpp>

#include "../gnuplot.hpp"
#include "arguments.hpp"
#include "model.hpp"
#include "sections.hpp"

namespace stability {

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
namespace report = libration::report;

// A text as the model reads it, and what it is cut into.
struct text_pieces {
  std::vector<token> tokens;
  std::string unit = "character";
  std::int64_t transient = 0;  // tokens to settle on
  std::int64_t prompt = 100;   // tokens that a prompt has, and those that may follow it
  std::int64_t room = std::int64_t{1} << 40;
  std::int64_t window = std::int64_t{1} << 40;  // tokens that are read at once
  std::int64_t cache = 0;                       // tokens whose keys and values are kept

  std::int64_t length() const { return static_cast<std::int64_t>(tokens.size()); }
  // The length of pieces that are read through.
  std::int64_t piece() const { return std::min(window, length()); }
};

// What is asked, of whatever kind of model.
struct question : text_pieces {
  const arguments& options;
  const loaded_model& model;

  // A number of runs or of tokens, by the effort asked for.
  std::int64_t scaled(std::int64_t number, std::int64_t least) const {
    return std::max(least, static_cast<std::int64_t>(std::lround(options.effort * static_cast<double>(number))));
  }
  // So many tokens to write after a prompt, or as many as there is room for.
  std::int64_t written(std::int64_t number, std::int64_t least) const { return std::min(scaled(number, least), room); }
};

// What has come out.
struct answer {
  report::json json;
  std::vector<std::string> pictures;
  bool whole = true;                           // no section ended before its time
  lyapunov::spectrum_result reading, writing;  // exponents of the open and of the closed loop, where measured
};

// Of a section whose name `--sections` knows.
inline bool wanted(const arguments& a, const section& s) {
  return a.sections.empty() || std::find(a.sections.begin(), a.sections.end(), s.name) != a.sections.end();
}

// 91.2 characters
inline std::string so_many(double n, const std::string& unit) { return fmt::format("{:.3g} {}s", n, unit); }
// The characters, or tokens, in which something that changes at this rate halves, or doubles.
inline std::string halving(double rate, const std::string& unit) { return so_many(std::log(2.0) / std::abs(rate), unit); }

// What a row of the report is called, as a key of the JSON: reads_the_text, free_running, 8_bits.
inline std::string key(std::string name) {
  for (char& c : name)
    if (c == ' ' || c == '-') c = '_';
  return name;
}

// Draws a picture by its script, which writes `file`, and remembers it; one that was not drawn is told once, at the end.
inline void draw(answer& so_far, const std::string& script, const std::filesystem::path& file) {
  so_far.pictures.push_back(examples::draw(script) ? file.string() : std::string());
}

}  // namespace stability
