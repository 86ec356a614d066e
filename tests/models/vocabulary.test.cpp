// SPDX-License-Identifier: MIT
#include <libration/models/vocabulary.hpp>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration::argument_error;
using libration_test::message_of;
namespace models = libration::models;
namespace detail = libration::models::detail;

TEST_CASE("models::detail::decode_utf8: every code point goes to bytes and back", "[law]") {
  for (char32_t value = 0; value <= 0x10FFFF; value += (value < 0x3000 ? 1 : 37)) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string text;
    detail::append_utf8(text, value);
    const auto back = detail::decode_utf8(text + "x");
    if (!back || back->value != value || back->bytes != text.size()) FAIL("U+" << std::hex << static_cast<std::uint32_t>(value));
    if (text.size() > 1 && detail::decode_utf8(text.substr(0, text.size() - 1)))
      FAIL("cut short: U+" << std::hex << static_cast<std::uint32_t>(value));
  }
  for (const char32_t edge : {0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text;
    detail::append_utf8(text, edge);
    REQUIRE(detail::decode_utf8(text));
    CHECK((detail::decode_utf8(text)->value == edge));
  }
}

TEST_CASE("models::detail::decode_utf8: what is no UTF-8 is refused", "[failure]") {
  for (const char* text :
       {"", "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE2\x82", "\xE2\x28\xA1"})
    CHECK_FALSE(detail::decode_utf8(text));
}

TEST_CASE("models::vocabulary: a text goes to tokens and back", "[law]") {
  const auto characters = models::vocabulary::from_json("[\"a\", \"\\n\", \"\xC3\xA9\", \"\xF0\x9F\x99\x82\", \"\\\"\"]");
  CHECK(characters.size() == 5);
  CHECK((characters.character(2) == U'\u00E9'));
  CHECK(characters.contains(U'\n'));
  CHECK_FALSE(characters.contains(U'b'));
  const std::string text = "a\xC3\xA9\na\xF0\x9F\x99\x82\"";
  const std::vector<models::token> tokens = {0, 2, 1, 0, 3, 4};
  CHECK(characters.encode(text) == tokens);
  CHECK(characters.decode(tokens) == text);
  CHECK(characters.encode("").empty());
}

TEST_CASE("models::vocabulary: an unknown character is named with its place and the count of others", "[failure]") {
  const models::vocabulary characters(U"ab\n");
  const auto message = [&](const char* text) { return message_of<argument_error>([&] { characters.encode(text); }); };
  CHECK(message("ab\na\xC3\xA9") ==
        "models::vocabulary: '\xC3\xA9' (U+00E9) at character 4 (line 2) is not among the 3 characters the model knows");
  CHECK(message("a\rbxx\r") ==
        "models::vocabulary: U+000D at character 1 (line 1) is not among the 3 characters the model knows; nor are 3 "
        "more "
        "characters of the text (2 different ones in all)");
  CHECK(message("a\nb\xFFz") == "models::vocabulary: the text is not UTF-8 at byte 3 (line 2)");
  CHECK(message("\xF0\x9F\x99\x82").find("(U+1F642)") != std::string::npos);
  CHECK(message_of<argument_error>([&] {
          characters.decode(std::vector<int>{0, 3});
        }) == "models::vocabulary: token 3, expected 0 to 2");
}

TEST_CASE("models::vocabulary: special tokens stand among the characters, and no text holds them", "[oracle]") {
  const auto characters = models::vocabulary::from_json(R"(["<pad>", "<unk>", "a", "<", "p", "[EOS]", "PAD", "__x__", "\u00e9"])");
  CHECK(characters.size() == 9);
  CHECK(characters.is_special(0));
  CHECK_FALSE(characters.is_special(3));
  CHECK_FALSE(characters.is_special(8));
  CHECK(characters.text(1) == "<unk>");
  CHECK(*characters.find("[EOS]") == 5);
  CHECK(*characters.find("a") == 2);
  CHECK_FALSE(characters.find("z"));
  CHECK(characters.encode("a<pa\u00e9") == std::vector<models::token>{2, 3, 4, 2, 8});
  CHECK(characters.decode(std::vector<models::token>{0, 2, 8}) == "<pad>a\u00e9");
  CHECK(message_of<argument_error>([&] { characters.encode("<pad>"); }).find("'d' (U+0064) at character 3") != std::string::npos);
  CHECK(message_of<argument_error>([&] { characters.encode("b"); }).find("not among the 4 characters") != std::string::npos);
  CHECK(message_of<argument_error>([&] { characters.character(0); }) ==
        "models::vocabulary: token 0 is the special token \"<pad>\"");
  CHECK(message_of<argument_error>([&] { characters.text(9); }) == "models::vocabulary: token 9, expected 0 to 8");
}

TEST_CASE("models::vocabulary: a dictionary is read in either direction", "[oracle]") {
  for (const char* json : {R"({"b": 2, "<pad>": 0, "a": 1})", R"({"2": "b", "0": "<pad>", "1": "a"})"}) {
    const auto characters = models::vocabulary::from_json(json);
    CHECK(characters.size() == 3);
    CHECK(characters.text(0) == "<pad>");
    CHECK(characters.encode("ab") == std::vector<models::token>{1, 2});
  }
  // Digits are characters too; a number that is left out is a token that no text holds.
  const auto digits = models::vocabulary::from_json(R"({"1": 3, "3": 1})");
  CHECK(digits.size() == 4);
  CHECK(digits.encode("13") == std::vector<models::token>{3, 1});
  CHECK(digits.text(2) == "<token 2>");
}

TEST_CASE("models::vocabulary: unknown characters are refused, or skipped and counted, or read as a named token",
          "[oracle][failure]") {
  using models::unknown_characters;
  const auto characters = models::vocabulary::from_json(R"(["a", "b", "<unk>"])");
  const auto skipped = characters.encode("axb\u00e9xa", {.unknown = unknown_characters::skip});
  CHECK(skipped.tokens == std::vector<models::token>{0, 1, 0});
  CHECK(skipped.unknown == 3);
  CHECK(skipped.different == 2);
  CHECK(skipped.first_unknown == "'x' (U+0078) at character 1 (line 1)");
  const auto replaced = characters.encode("axb", {.unknown = unknown_characters::replace, .replacement = "<unk>"});
  CHECK(replaced.tokens == std::vector<models::token>{0, 2, 1});
  CHECK(replaced.unknown == 1);
  CHECK(characters.encode("ab", {.unknown = unknown_characters::skip}).unknown == 0);
  CHECK(characters.encode("ax", {.unknown = unknown_characters::replace, .replacement = "b"}).tokens ==
        std::vector<models::token>{0, 1});
  CHECK(message_of<argument_error>([&] { characters.encode("a", {.unknown = unknown_characters::replace, .replacement = "?"}); }) ==
        "models::vocabulary: .replacement is \"?\", which is no token");
  CHECK_THROWS_AS(characters.encode("ax", {}), argument_error);
  CHECK_THROWS_AS(characters.encode("a\xFF", {.unknown = unknown_characters::skip}), argument_error);
}

TEST_CASE("models::vocabulary: one that was moved from knows nothing", "[failure]") {
  auto characters = models::vocabulary::from_json(R"(["a", "b"])");
  const auto taken = std::move(characters);
  CHECK(taken.size() == 2);
  CHECK(characters.size() == 0);
  CHECK_THROWS_AS(characters.encode("a"), argument_error);
  CHECK_THROWS_AS(characters.character(0), argument_error);
}

TEST_CASE("models::vocabulary: what is no list of characters is refused", "[failure]") {
  const auto message = [](const char* json) { return message_of<argument_error>([&] { models::vocabulary::from_json(json); }); };
  const std::string neither = "models::vocabulary: not a JSON array of characters, nor an object of characters and numbers";
  CHECK(message("7") == neither);
  CHECK(message("[\"a\"") == neither);
  CHECK(message("{}") == "models::vocabulary: no characters");
  CHECK(message("[\"<pad>\"]") == "models::vocabulary: no characters");
  CHECK(message(R"({"a": 0, "b": 1, "a": 2})") == "models::vocabulary: the key \"a\" is there twice");
  CHECK(message(R"({"a": 0, "b": 0})") == "models::vocabulary: \"a\" and \"b\" are both token 0");
  for (const char* value : {"-1", "1.5", "\"b\"", "null", "4000000000", "[0]"})
    CHECK(message((std::string("{\"a\": ") + value + "}").c_str()) ==
          "models::vocabulary: the entry \"a\" is not a character with its number, from 0");
  CHECK(message(R"({"a": 0, "th": 1})") ==
        "models::vocabulary: entry 1 is not a string of one character, nor a special token such as <pad>: \"th\"");
  CHECK(message(R"(["a", "<pad>", "<pad>"])") == "models::vocabulary: \"<pad>\" stands for both token 1 and token 2");
  CHECK(message("[]") == "models::vocabulary: no characters");
  CHECK(message("[\"a\", 7]") == "models::vocabulary: entry 1 is not a string of one character");
  CHECK(message("[\"a\", \"bc\"]") ==
        "models::vocabulary: entry 1 is not a string of one character, nor a special token such as "
        "<pad>: \"bc\"");
  CHECK(message("[\"\"]") == "models::vocabulary: entry 0 is not a string of one character");
  CHECK(message("[\"a\", \"b\", \"a\"]") == "models::vocabulary: 'a' (U+0061) stands for both token 0 and token 2");

  const libration_test::scratch_folder folder;
  const auto path = folder / "vocabulary.json";
  CHECK_THROWS_AS(models::vocabulary::read(path), libration::file_error);
  std::ofstream(path) << "[1]";
  CHECK(message_of<libration::file_error>([&] { models::vocabulary::read(path); }) ==
        path.string() + ": models::vocabulary: entry 0 is not a string of one character");
}
