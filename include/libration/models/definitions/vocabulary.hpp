// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/vocabulary.hpp declares.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <libration/io/shape.hpp>
#include <libration/models/vocabulary.hpp>

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED vocabulary::vocabulary(const std::u32string& characters) {
  for (const char32_t character : characters) {
    std::string text;
    detail::append_utf8(text, character);
    texts_.push_back(std::move(text));
  }
  index();
}

LIBRATION_DEFINED vocabulary vocabulary::from_json(std::string_view json) {
  // The object that the parser makes keeps one of two equal keys.
  std::map<std::string, int> keys;
  const nlohmann::json::parser_callback_t count = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (event == nlohmann::json::parse_event_t::key && depth == 1) ++keys[parsed.template get<std::string>()];
    return true;
  };
  const auto entries = nlohmann::json::parse(json.begin(), json.end(), count, false);
  require(entries.is_array() || entries.is_object(), who,
          "not a JSON array of characters, nor an object of characters and numbers");
  for (const auto& [key, times] : keys)
    require(times == 1 || entries.is_array(), who, [&, text = key] { return "the key " + io::quoted(text) + " is there twice"; });
  vocabulary result;
  if (entries.is_array()) {
    for (std::size_t v = 0; v < entries.size(); ++v) {
      const auto name = [&] { return "entry " + number_text(v) + " is not a string of one character"; };
      require(entries[v].is_string(), who, name);
      result.texts_.push_back(entries[v].template get<std::string>());
      require(!result.texts_.back().empty(), who, name);
    }
  } else {
    result.read_object(entries);
  }
  result.index();
  return result;
}

LIBRATION_DEFINED vocabulary vocabulary::read(const std::filesystem::path& path) {
  const io::file_bytes bytes = io::file_bytes::open(path);
  const auto view = bytes.bytes();
  std::string text(view.size(), '\0');
  for (std::size_t i = 0; i < view.size(); ++i) text[i] = std::to_integer<char>(view[i]);
  try {
    return from_json(text);
  } catch (const argument_error& error) {
    throw file_error(path.string(), file_error::no_byte, error.what());
  }
}

LIBRATION_DEFINED const std::string& vocabulary::text(token v) const {
  require(v >= 0 && static_cast<Eigen::Index>(v) < size(), who,
          [&] { return "token " + number_text(v) + ", expected 0 to " + number_text(size() - 1); });
  return texts_[static_cast<std::size_t>(v)];
}

LIBRATION_DEFINED char32_t vocabulary::character(token v) const {
  require(!is_special(v), who, [&] { return "token " + number_text(v) + " is the special token " + io::quoted(text(v)); });
  return detail::decode_utf8(text(v))->value;
}

LIBRATION_DEFINED std::optional<token> vocabulary::find(std::string_view text) const {
  const auto found = std::find(texts_.begin(), texts_.end(), text);
  if (found == texts_.end()) return std::nullopt;
  return static_cast<token>(found - texts_.begin());
}

LIBRATION_DEFINED encoded_text vocabulary::encode(std::string_view text, const encode_options& options) const {
  encoded_text result;
  result.tokens.reserve(text.size());
  std::optional<token> replacement;
  if (options.unknown == unknown_characters::replace) {
    replacement = find(options.replacement);
    require(replacement.has_value(), who,
            [&] { return ".replacement is " + io::quoted(options.replacement) + ", which is no token"; });
  }
  std::size_t line = 1;
  std::set<char32_t> different;
  for (std::size_t at = 0, place = 0; at < text.size(); ++place) {
    const auto next = detail::decode_utf8(text.substr(at));
    require(next.has_value(), who,
            [&] { return "the text is not UTF-8 at byte " + number_text(at) + " (line " + number_text(line) + ")"; });
    if (const auto found = tokens_.find(next->value); found != tokens_.end()) {
      result.tokens.push_back(found->second);
    } else {
      if (result.unknown++ == 0)
        result.first_unknown =
            detail::describe_character(next->value) + " at character " + number_text(place) + " (line " + number_text(line) + ")";
      different.insert(next->value);
      if (replacement) result.tokens.push_back(*replacement);
    }
    if (next->value == U'\n') ++line;
    at += next->bytes;
  }
  result.different = static_cast<std::int64_t>(different.size());
  require(result.unknown == 0 || options.unknown != unknown_characters::refuse, who, [&] {
    std::string message =
        result.first_unknown + " is not among the " + number_text(tokens_.size()) + " characters the model knows";
    if (result.unknown > 1)
      message += "; nor are " + number_text(result.unknown - 1) + " more characters of the text (" +
                 number_text(different.size()) + " different ones in all)";
    return message;
  });
  return result;
}

LIBRATION_DEFINED bool vocabulary::names_special(const std::string& text) {
  const auto within = [&](std::string_view begin, std::string_view end) {
    return text.size() > begin.size() + end.size() && text.starts_with(begin) && text.ends_with(end);
  };
  if (within("<", ">") || within("[", "]") || within("_", "_")) return true;
  std::string word = text;
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const char* known : {"pad", "unk", "oov", "bos", "sos", "eos", "eot", "start", "end", "mask", "sep", "cls"})
    if (word == known) return true;
  return false;
}

LIBRATION_DEFINED void vocabulary::read_object(const nlohmann::json& entries) {
  constexpr std::int64_t most = 1 << 18;  // more than characters that are assigned
  std::map<std::int64_t, std::string> by_token;
  for (const auto& [key, value] : entries.items()) {
    std::int64_t v = -1;
    std::string text = key;
    if (value.is_number_integer()) {
      v = value.template get<std::int64_t>();
    } else if (value.is_string() && !key.empty() && key.size() < 8 && key.find_first_not_of("0123456789") == std::string::npos) {
      v = std::stoll(key);
      text = value.template get<std::string>();
    }
    require(v >= 0 && v < most && !text.empty(), who,
            [&, name = key] { return "the entry " + io::quoted(name) + " is not a character with its number, from 0"; });
    const auto [where, fresh] = by_token.emplace(v, text);
    require(fresh, who,
            [&, first = where->second] {
              return io::quoted(first) + " and " + io::quoted(text) + " are both token " + number_text(v);
            });
  }
  for (const auto& [v, text] : by_token) {
    while (static_cast<std::int64_t>(texts_.size()) < v) texts_.push_back("<token " + number_text(texts_.size()) + ">");
    texts_.push_back(text);
  }
}

LIBRATION_DEFINED void vocabulary::index() {
  require(!texts_.empty(), who, "no characters");
  std::map<std::string_view, std::size_t> seen;
  for (std::size_t v = 0; v < texts_.size(); ++v) {
    const auto first = detail::decode_utf8(texts_[v]);
    const bool single = first && first->bytes == texts_[v].size();
    require(single || (first && names_special(texts_[v])), who, [&] {
      return "entry " + number_text(v) +
             " is not a string of one character, nor a special token such as <pad>: " + io::quoted(texts_[v]);
    });
    const auto [where, fresh] = seen.emplace(texts_[v], v);
    require(fresh, who, [&, other = where->second] {
      return (single ? detail::describe_character(first->value) : io::quoted(texts_[v])) + " stands for both token " +
             number_text(other) + " and token " + number_text(v);
    });
    if (single) tokens_.emplace(first->value, static_cast<token>(v));
  }
  require(!tokens_.empty(), who, "no characters");
}

}  // namespace libration::inline LIBRATION_ABI::models
