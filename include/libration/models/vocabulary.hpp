// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The characters a model knows: text to tokens and back.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/models/detail/utf8.hpp>
#include <libration/models/embedding.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// One character (a Unicode code point) a token, each once.
class vocabulary {
 public:
  /// \param characters  token v is characters[v]; at least one, none twice
  explicit vocabulary(std::u32string characters) : characters_(std::move(characters)) {
    require(!characters_.empty(), "models::vocabulary", "no characters");
    for (std::size_t v = 0; v < characters_.size(); ++v) {
      const auto [where, fresh] = tokens_.emplace(characters_[v], static_cast<token>(v));
      require(fresh, "models::vocabulary", [&, first = where->second] {
        return detail::describe_character(characters_[v]) + " stands for both token " + number_text(first) +
               " and token " + number_text(v);
      });
    }
  }

  /// From a JSON array of strings of one character each, in UTF-8, token 0 first: `["a", "b", "\n"]`.
  ///
  /// \throws argument_error  saying which entry is wrong
  static vocabulary from_json(std::string_view json) {
    const auto array = nlohmann::json::parse(json.begin(), json.end(), nullptr, false);
    require(array.is_array(), "models::vocabulary", "not a JSON array of characters");
    std::u32string characters;
    for (std::size_t v = 0; v < array.size(); ++v) {
      const auto refuse = [&] { return "entry " + number_text(v) + " is not a string of one character"; };
      require(array[v].is_string(), "models::vocabulary", refuse);
      const auto& text = array[v].get_ref<const std::string&>();
      const auto first = detail::decode_utf8(text);
      require(first && first->bytes == text.size(), "models::vocabulary", refuse);
      characters += first->value;
    }
    return vocabulary(std::move(characters));
  }

  /// The same from a file.
  ///
  /// \throws file_error  if it cannot be read or is no vocabulary
  static vocabulary read(const std::filesystem::path& path) {
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

  Eigen::Index size() const { return static_cast<Eigen::Index>(characters_.size()); }
  /// \param v  0 <= v < size()
  char32_t character(token v) const { return characters_[static_cast<std::size_t>(v)]; }
  bool contains(char32_t character) const { return tokens_.contains(character); }

  /// \param text  UTF-8
  /// \return      one token a character
  /// \throws argument_error  where the text is not UTF-8 (at which byte), or holds characters that are not known (the
  /// first,
  ///                         its place, and how many more there are)
  std::vector<token> encode(std::string_view text) const {
    std::vector<token> tokens;
    tokens.reserve(text.size());
    std::size_t line = 1, unknown = 0;
    std::string first_unknown;
    std::set<char32_t> different;
    for (std::size_t at = 0, index = 0; at < text.size(); ++index) {
      const auto next = detail::decode_utf8(text.substr(at));
      require(next.has_value(), "models::vocabulary", [&] {
        return "the text is not UTF-8 at byte " + number_text(at) + " (line " + number_text(line) + ")";
      });
      if (const auto found = tokens_.find(next->value); found != tokens_.end()) {
        tokens.push_back(found->second);
      } else {
        if (unknown++ == 0)
          first_unknown = detail::describe_character(next->value) + " at character " + number_text(index) +
                          " (line " + number_text(line) + ")";
        different.insert(next->value);
      }
      if (next->value == U'\n') ++line;
      at += next->bytes;
    }
    require(unknown == 0, "models::vocabulary", [&] {
      std::string message =
          first_unknown + " is not among the " + number_text(size()) + " characters the model knows";
      if (unknown > 1)
        message += "; nor are " + number_text(unknown - 1) + " more characters of the text (" +
                   number_text(different.size()) + " different ones in all)";
      return message;
    });
    return tokens;
  }

  /// \param tokens  each at least 0 and below size()
  /// \return        UTF-8
  /// \throws argument_error  at a token out of range
  template <class Tokens>
  std::string decode(const Tokens& tokens) const {
    std::string text;
    for (const auto v : tokens) {
      require(v >= 0 && static_cast<Eigen::Index>(v) < size(), "models::vocabulary",
              [&] { return "token " + number_text(v) + ", expected 0 to " + number_text(size() - 1); });
      detail::append_utf8(text, character(static_cast<token>(v)));
    }
    return text;
  }

 private:
  std::u32string characters_;
  std::unordered_map<char32_t, token> tokens_;
};

}  // namespace libration::inline LIBRATION_ABI::models
