// SPDX-License-Identifier: MIT
// Whatever the bytes are, a vocabulary is refused with an argument_error, or each of its tokens has a text that gives it back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <libration/models/vocabulary.hpp>

namespace {

namespace models = libration::models;

void must(bool condition) {
  if (!condition) std::abort();
}

void probe(std::string_view json, std::string_view text) {
  try {
    const auto words = models::vocabulary::from_json(json);
    must(words.size() >= 1);
    for (Eigen::Index v = 0; v < words.size(); ++v) {
      const auto token = static_cast<models::token>(v);
      must(!words.text(token).empty());
      if (!words.is_special(token)) must(words.contains(words.character(token)));
    }
    for (const models::token v : words.encode(text)) must(v >= 0 && v < words.size() && !words.is_special(v));
  } catch (const libration::argument_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  probe(all, all);
  // The bytes as a text of a vocabulary that is right.
  probe(R"({"a": 0, "b": 1, "<pad>": 2, "é": 3})", all);
  return 0;
}
