// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/config_json.hpp>

namespace stability {

namespace fs = std::filesystem;
namespace models = libration::models;
using libration::maps::token;

namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) throw libration::file_error(path, libration::file_error::no_byte, "cannot be read");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw libration::file_error(path, libration::file_error::no_byte, "the text is empty");
  return text;
}

}  // namespace

models::vocabulary vocabulary_of(const arguments& a, const fs::path& folder, const fs::path& weights) {
  if (!a.vocabulary.empty()) return models::vocabulary::read(a.vocabulary);
  if (const fs::path beside = folder / "vocabulary.json"; fs::exists(beside)) return models::vocabulary::read(beside);
  if (fs::exists(weights)) {
    const auto file = libration::io::safetensors::open(weights);
    if (const auto found = file.metadata().find("vocabulary"); found != file.metadata().end())
      return models::vocabulary::from_json(found->second);
  }
  const auto config = models::read_config_json(folder / "config.json");
  if (const auto characters = config.find("vocab"); characters != config.end() && characters->is_string()) {
    nlohmann::json each = nlohmann::json::array();
    for (const char byte : characters->get<std::string>()) {
      const bool continues = (static_cast<unsigned char>(byte) & 0xc0u) == 0x80u;  // a character of several bytes
      if (!continues || each.empty()) each.push_back(std::string());
      each.back().get_ref<std::string&>() += byte;
    }
    return models::vocabulary::from_json(each.dump());
  }
  throw libration::file_error(a.model, libration::file_error::no_byte,
                              "no vocabulary.json with a character a token: give the text as token ids (--ids), or --vocabulary");
}

std::vector<token> encode(const models::vocabulary& characters, const arguments& a, std::vector<std::string>& notes) {
  const std::string text = read_text(a.text);
  const bool skip = a.unknown == "skip", replace = !skip && a.unknown != "refuse";
  if (replace && !characters.find(a.unknown))
    throw libration::argument_error(fmt::format("--unknown: \"{}\" is no token of the vocabulary, nor refuse or skip", a.unknown));
  using models::unknown_characters;
  try {
    auto encoded = characters.encode(text, {.unknown = skip      ? unknown_characters::skip
                                                       : replace ? unknown_characters::replace
                                                                 : unknown_characters::refuse,
                                            .replacement = replace ? a.unknown : ""});
    if (encoded.unknown > 0)
      notes.push_back(fmt::format("unknown to the model: {} of the text's characters ({} different), {}; the first is {}",
                                  encoded.unknown, encoded.different, skip ? "skipped" : "read as " + a.unknown,
                                  encoded.first_unknown));
    return std::move(encoded.tokens);
  } catch (const libration::argument_error& error) {
    const std::string why = error.what();
    throw libration::file_error(
        a.text, libration::file_error::no_byte,
        why + (why.find("UTF-8") == std::string::npos ? " (--unknown says what else may become of unknown characters)" : ""));
  }
}

std::vector<token> read_ids(const std::string& path, Eigen::Index vocabulary_size) {
  const auto refuse = [&](const std::string& why) { throw libration::file_error(path, libration::file_error::no_byte, why); };
  std::string text = read_text(path);
  // [[1, 2]] is a batch of one; of several lists each begins anew.
  if (const auto inner = std::count(text.begin(), text.end(), ']') - 1;
      inner > 1 || (inner == 1 && text.find_first_of("0123456789") < text.rfind('[')))
    refuse(fmt::format("holds {} lists of token ids, expected one", std::max<std::ptrdiff_t>(inner, 2)));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '[' || c == ']' || c == ','; }, ' ');
  std::istringstream words(text);
  std::vector<token> ids;
  for (std::string word; words >> word;) {
    std::int64_t id = -1;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (fault != std::errc() || end != word.data() + word.size())
      refuse(fmt::format("\"{}\" is no token id (a whole number), after {} ids", word, ids.size()));
    if (id < 0 || id >= vocabulary_size)
      refuse(fmt::format("token id {} after {} ids, expected 0 to {}", id, ids.size(), vocabulary_size - 1));
    ids.push_back(static_cast<token>(id));
  }
  return ids;
}

void require_length(const arguments& a, const std::vector<token>& tokens, const std::string& unit) {
  constexpr std::size_t fewest = 100;
  if (tokens.size() < fewest)
    throw libration::file_error(a.text, libration::file_error::no_byte,
                                fmt::format("the text has {} {}s, expected at least {}", tokens.size(), unit, fewest));
}

std::int64_t settling_part(const arguments& a, std::int64_t length) { return std::min(a.transient, length / 8); }

void require_finite(double cost, const arguments& a) {
  if (!std::isfinite(cost))
    throw libration::file_error(
        a.model, libration::file_error::no_byte,
        fmt::format(
            "along {} the model's logits leave the range of single precision (it pays {} nats): it diverges, or is not read as "
            "it was trained",
            a.text, cost));
}

}  // namespace stability
