// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/safetensors/header.hpp declares.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/io/definitions/safetensors/header_handler.hpp>
#include <libration/io/foreign_format.hpp>
#include <libration/io/safetensors/header.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

LIBRATION_DEFINED header read_header(std::span<const std::byte> file, const std::string& path, const read_options& options) {
  const auto fail = [&](std::uint64_t byte, std::string reason) {
    throw file_error(path, byte, "safetensors: " + std::move(reason));
  };
  std::uint64_t length = 0;
  for (std::size_t i = std::min<std::size_t>(file.size(), 8); i-- > 0;)
    length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
  // A file whose beginning makes no sense is told by it, where that is known.
  const bool begins_well = file.size() > 8 && file[8] == std::byte{'{'} && length >> 32 == 0;
  const auto fail_at_start = [&](std::uint64_t byte, std::string reason) {
    if (std::string what = begins_well ? std::string() : foreign_format(file); !what.empty()) fail(0, "this is " + std::move(what));
    fail(byte, std::move(reason));
  };
  if (file.size() < 8) fail_at_start(file.size(), "the file ends within the 8 bytes of the header's length");
  if (length > max_header_size)
    fail_at_start(0, "the header's length, " + number_text(length) + ", is over " + number_text(max_header_size));
  if (length > file.size() - 8)
    fail_at_start(file.size(), "the file ends within its header of " + number_text(length) + " bytes");

  const char* const file_begin = reinterpret_cast<const char*>(file.data());
  const char* const begin = file_begin + 8;
  const char* const end = begin + length;
  if (length == 0 || *begin != '{') fail_at_start(8, "the header does not begin with '{'");
  // The JSON library takes a zero byte for the end of its input, and would not see what follows.
  if (const char* const zero = std::find(begin, end, '\0'); zero != end)
    fail(static_cast<std::uint64_t>(zero - file_begin), "a zero byte in the header");

  const char* furthest = begin;
  detail::header_handler handler(path, file_begin, furthest);
  nlohmann::json::sax_parse(detail::tracking_iterator(begin, &furthest), detail::tracking_iterator(end, &furthest),
                            &handler);

  auto& entries = handler.entries;
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  header result;
  result.metadata = std::move(handler.metadata);
  result.data_begin = 8 + length;
  const std::uint64_t data_size = file.size() - result.data_begin;
  std::uint64_t position = 0;
  result.tensors.reserve(entries.size());
  for (auto& e : entries) {
    const auto refuse = [&](const std::string& what) {
      handler.fail(e.byte, "tensor " + io::detail::quoted(e.name) + ": data_offsets [" + number_text(e.begin) +
                               ", " + number_text(e.end) + "] " + what);
    };
    if (e.begin > position) refuse("leave a hole from " + number_text(position) + " on");
    if (e.begin < position) refuse("overlap the tensor that ends at " + number_text(position));
    if (e.end > data_size) refuse("pass the end of the file, whose data is " + number_text(data_size) + " bytes");
    position = e.end;
    e.begin += result.data_begin;
    e.end += result.data_begin;
    result.tensors.push_back(std::move(e));
  }
  result.trailing_bytes = data_size - position;
  if (result.trailing_bytes != 0 && !options.allow_trailing_bytes)
    fail(result.data_begin + position,
         number_text(result.trailing_bytes) +
             " bytes follow the last tensor (the option allow_trailing_bytes accepts them)");
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::io::safetensors
