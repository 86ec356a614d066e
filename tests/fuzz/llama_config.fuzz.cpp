// SPDX-License-Identifier: MIT
// Whatever the bytes are, a config.json is refused with an argument_error, or gives sizes that fit each other and frequencies.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <libration/models/llama_config.hpp>

namespace {

namespace models = libration::models;

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto config = models::llama_config::from_json(std::string_view(reinterpret_cast<const char*>(data), size));
    config.validate();
    must(config.query_heads % config.key_heads == 0 && config.head_size % 2 == 0);
    if (config.head_size > 4096) return 0;  // a head for each of which memory is taken
    const auto rotary =
        models::make_rotary_frequencies(config.head_size, config.max_positions, config.max_positions, config.rotary);
    must(rotary.frequency.size() == config.head_size / 2 && !rotary.frequency.hasNaN());
  } catch (const libration::argument_error&) {
  }
  return 0;
}
