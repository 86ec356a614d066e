// SPDX-License-Identifier: MIT
// Whatever lies in a folder (a config, an index, shards), it is refused with a file_error or argument_error, or is a model that can
// be run; nothing else. The input is the folder as a text: "== NAME" begins a file, and a safetensors file is written as its
// tensors, {"name": ["F32", [2, 3]], ...}, so that mutations change what is in it and not only its bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/element.hpp>
#include <libration/io/shape.hpp>
#include <libration/models/llama.hpp>

namespace {

namespace fs = std::filesystem;
namespace io = libration::io;
using model = libration::models::llama<float>;

void must(bool condition) {
  if (!condition) std::abort();
}

// The bytes of a safetensors file with such tensors, all of whose bytes are alike; the text itself where it does not say any.
std::string tensors_of(const std::string& text) {
  constexpr std::size_t most = 1 << 20;
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_object()) return text;
  nlohmann::json header = nlohmann::json::object();
  std::size_t end = 0;
  for (const auto& [name, what] : list.items()) {
    if (!what.is_array() || what.size() != 2 || !what[0].is_string() || !what[1].is_array()) return text;
    const auto type = io::element_named(what[0].get<std::string>());
    if (!type) return text;
    io::shape shape;
    for (const auto& extent : what[1]) {
      if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > most) return text;
      shape.push_back(extent.get<Eigen::Index>());
    }
    const auto bytes = io::byte_count(shape, *type);
    if (!bytes || *bytes + end > most) return text;
    header[name] = {{"dtype", what[0]}, {"shape", what[1]}, {"data_offsets", {end, end + *bytes}}};
    end += *bytes;
  }
  const std::string json = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string file;
  for (std::size_t i = 0; i < 8; ++i) file += static_cast<char>(json.size() >> (8 * i) & 0xff);
  constexpr char small = '\x3c';  // a small number in every floating-point type
  return file + json + std::string(end, small);
}

bool good_name(std::string_view name) {
  return !name.empty() && name.size() < 80 && name.front() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string_view::npos;
}

void write_folder(const fs::path& folder, std::string_view text) {
  constexpr std::string_view mark = "== ";
  while (text.starts_with(mark)) {
    text.remove_prefix(mark.size());
    const std::size_t line = text.find('\n');
    const std::string name(text.substr(0, line));
    text.remove_prefix(line == std::string_view::npos ? text.size() : line + 1);
    const std::size_t next = text.find("\n== ");
    const std::string content(text.substr(0, next));
    text.remove_prefix(next == std::string_view::npos ? text.size() : next + 1);
    if (!good_name(name)) continue;
    std::ofstream(folder / name, std::ios::binary) << (name.ends_with(".safetensors") ? tensors_of(content) : content);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fs::path folder = fs::temp_directory_path() / ("libration-fuzz-folder-" + std::to_string(::getpid()));
  fs::remove_all(folder);
  fs::create_directories(folder);
  write_folder(folder, std::string_view(reinterpret_cast<const char*>(data), size));
  try {
    const auto net = model::from(folder, {.window = 4});
    must(net.config().layers >= 1 && net.window() <= 4);
    auto ws = net.make_workspace();
    model::vector h = model::vector::Zero(net.state_size()), logits(net.vocabulary_size());
    net.read(0, h, ws);
    net.logits(h, logits);
    must(net.tokens_read(h) == 1);
  } catch (const libration::file_error& e) {
    must(!e.reason().empty());
  } catch (const libration::argument_error&) {
  }
  fs::remove_all(folder);
  return 0;
}
