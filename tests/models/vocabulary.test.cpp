// SPDX-License-Identifier: MIT
#include <libration/models/vocabulary.hpp>

#include <cstdint>
#include <fstream>
#include <string>
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
    if (!back || back->value != value || back->bytes != text.size())
      FAIL("U+" << std::hex << static_cast<std::uint32_t>(value));
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
  const auto characters =
      models::vocabulary::from_json("[\"a\", \"\\n\", \"\xC3\xA9\", \"\xF0\x9F\x99\x82\", \"\\\"\"]");
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
  CHECK(
      message("ab\na\xC3\xA9") ==
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

TEST_CASE("models::vocabulary: what is no list of characters is refused", "[failure]") {
  const auto message = [](const char* json) {
    return message_of<argument_error>([&] { models::vocabulary::from_json(json); });
  };
  CHECK(message("{\"a\": 0}") == "models::vocabulary: not a JSON array of characters");
  CHECK(message("[\"a\"") == "models::vocabulary: not a JSON array of characters");
  CHECK(message("[]") == "models::vocabulary: no characters");
  CHECK(message("[\"a\", 7]") == "models::vocabulary: entry 1 is not a string of one character");
  CHECK(message("[\"a\", \"bc\"]") == "models::vocabulary: entry 1 is not a string of one character");
  CHECK(message("[\"\"]") == "models::vocabulary: entry 0 is not a string of one character");
  CHECK(message("[\"a\", \"b\", \"a\"]") == "models::vocabulary: 'a' (U+0061) stands for both token 0 and token 2");

  const libration_test::scratch_folder folder;
  const auto path = folder / "vocabulary.json";
  CHECK_THROWS_AS(models::vocabulary::read(path), libration::file_error);
  std::ofstream(path) << "[1]";
  CHECK(message_of<libration::file_error>([&] { models::vocabulary::read(path); }) ==
        path.string() + ": models::vocabulary: entry 0 is not a string of one character");
}
