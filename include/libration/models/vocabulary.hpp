// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The characters a model knows: text to tokens and back.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/models/detail/utf8.hpp>
#include <libration/models/embedding.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// What `vocabulary::encode` does with a character that the model does not know.
enum class unknown_characters { refuse, skip, replace };

struct encode_options {
  unknown_characters unknown = unknown_characters::refuse;
  std::string replacement = {};  ///< with `replace`: the token that is read in its place, as in the vocabulary: "<unk>", "?"
};

/// A text as tokens.
struct encoded_text {
  std::vector<token> tokens;   ///< one a character, of those that were not skipped
  std::int64_t unknown = 0;    ///< characters that the model does not know, skipped or replaced
  std::string first_unknown;   ///< the first of them and its place, or empty
  std::int64_t different = 0;  ///< different ones among them
};

/// One character (a Unicode code point) a token, each once, and special tokens, which no text holds: "<pad>", "<unk>".
class vocabulary {
 public:
  /// \param characters  token v is characters[v]; at least one, none twice
  LIBRATION_DECLARED explicit vocabulary(const std::u32string& characters);

  /// From a JSON array of strings in UTF-8, token 0 first, `["<pad>", "a", "b", "\n"]`, or an object, of texts with their token,
  /// `{"a": 0, "b": 1}`, or of tokens with their text, `{"0": "a", "1": "b"}`.
  ///
  /// A string of one character is that character. A longer one is a special token if it looks like one: in angle or square
  /// brackets or between underscores ("<unk>", "[PAD]", "</s>", "__eos__"), or one of the words pad, unk, oov, bos, sos, eos, eot,
  /// start, end, mask, sep and cls in capital or small letters. Others are refused: a vocabulary of words or of parts of words is
  /// none of characters. A number that an object leaves out below its largest is a special token without a text, "<token 0>".
  ///
  /// \throws argument_error  saying which entry is wrong
  LIBRATION_DECLARED static vocabulary from_json(std::string_view json);

  /// The same from a file.
  ///
  /// \throws file_error  if it cannot be read or is no vocabulary
  LIBRATION_DECLARED static vocabulary read(const std::filesystem::path& path);

  Eigen::Index size() const { return static_cast<Eigen::Index>(texts_.size()); }
  /// A token as it is written, UTF-8: a character, or a special token's name.
  /// \throws argument_error  at a token out of range
  LIBRATION_DECLARED const std::string& text(token v) const;
  bool is_special(token v) const { return detail::decode_utf8(text(v))->bytes != text(v).size(); }
  /// \throws argument_error  at a token out of range, and at a special one
  LIBRATION_DECLARED char32_t character(token v) const;
  bool contains(char32_t character) const { return tokens_.contains(character); }
  /// The token of a text, a character's or a special one's.
  LIBRATION_DECLARED std::optional<token> find(std::string_view text) const;

  /// \param text  UTF-8
  /// \return      one token a character; the text of a special token is characters like any other
  /// \throws argument_error  where the text is not UTF-8 (at which byte), where it holds characters that are not known and the
  ///                         options do not say what becomes of them (the first, its place, and how many more there are), and
  ///                         where `replacement` is no token
  LIBRATION_DECLARED encoded_text encode(std::string_view text, const encode_options& options) const;
  /// The same, where every character must be known.
  std::vector<token> encode(std::string_view text) const { return encode(text, {}).tokens; }

  /// \param tokens  each at least 0 and below size()
  /// \return        UTF-8
  /// \throws argument_error  at a token out of range
  template <class Tokens>
  std::string decode(const Tokens& tokens) const {
    std::string all;
    for (const auto v : tokens) {
      require(v >= 0 && static_cast<Eigen::Index>(v) < size(), who,
              [&] { return "token " + number_text(v) + ", expected 0 to " + number_text(size() - 1); });
      all += text(static_cast<token>(v));
    }
    return all;
  }

 private:
  static constexpr std::string_view who = "models::vocabulary";

  vocabulary() = default;

  // Whether a text of several characters names a special token.
  LIBRATION_DECLARED static bool names_special(const std::string& text);

  // Texts with their token, or tokens with their text.
  LIBRATION_DECLARED void read_object(const nlohmann::json& entries);

  // Checks the texts, and finds the characters among them.
  LIBRATION_DECLARED void index();

  std::vector<std::string> texts_;
  std::unordered_map<char32_t, token> tokens_;
};

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/vocabulary.hpp>
#endif
