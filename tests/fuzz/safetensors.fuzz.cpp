// SPDX-License-Identifier: MIT
// Whatever the bytes are, a safetensors file is refused with a file_error or can be read in full; nothing else.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include <libration/io/safetensors/reader.hpp>

namespace {

namespace io = libration::io;

void must(bool condition) {
  if (!condition) std::abort();
}

// What is read is as large as it is said to be; an element that S cannot hold is an error of its own.
template <class S>
void touch(const io::safetensors::file& file, const io::safetensors::tensor& t) {
  try {
    const auto values = file.values<S>(t.name);
    must(static_cast<std::size_t>(values.size()) * io::element_size(t.type) == t.bytes.size());
    if (t.shape.size() == 2) {
      const auto matrix = file.matrix<S>(t.name, t.shape[0], t.shape[1]);
      must(matrix.size() == values.size());
    }
    if (values.size() == 1) static_cast<void>(file.scalar<S>(t.name));
  } catch (const libration::file_error& e) {
    must(e.byte() >= t.offset && e.byte() < t.offset + t.bytes.size());
  }
}

void probe(std::span<const std::byte> bytes, const io::read_options& options) {
  try {
    const auto file = io::safetensors::parse(bytes, "file", options);
    const std::byte* end = nullptr;
    for (const auto& name : file.names()) {
      const auto t = file.tensor(name);
      must(io::byte_count(t.shape, t.type) == t.bytes.size());
      must(end == nullptr || t.bytes.data() == end);
      end = t.bytes.data() + t.bytes.size();
      touch<double>(file, t);
      touch<float>(file, t);
      touch<std::int64_t>(file, t);
      touch<std::uint8_t>(file, t);
    }
    must(end == nullptr || end + file.trailing_bytes() == bytes.data() + bytes.size());
    must(options.allow_trailing_bytes || file.trailing_bytes() == 0);
    try {
      static_cast<void>(file.tensor("no such name"));
    } catch (const libration::file_error& e) {
      must(!e.reason().empty());
    }
  } catch (const libration::file_error& e) {
    must(e.byte() <= bytes.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  probe(bytes, {});
  probe(bytes, {.allow_trailing_bytes = true});
  // Most mutations spoil the header's length before anything else: once more with one that ends at the last brace.
  std::vector<std::byte> repaired(bytes.begin(), bytes.end());
  const auto brace = std::find(repaired.rbegin(), repaired.rend(), std::byte{'}'});
  if (repaired.rend() - brace <= 8) return 0;
  auto length = static_cast<std::uint64_t>(repaired.rend() - brace) - 8;
  for (std::size_t i = 0; i < 8; ++i, length >>= 8) repaired[i] = static_cast<std::byte>(length & 0xff);
  probe(repaired, {.allow_trailing_bytes = true});
  return 0;
}
