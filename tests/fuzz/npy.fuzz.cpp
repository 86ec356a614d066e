// SPDX-License-Identifier: MIT
// Whatever the bytes are, a .npy file is refused with a file_error or can be read in full; nothing else.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include <libration/io/npy/reader.hpp>

namespace {

namespace io = libration::io;

void must(bool condition) {
  if (!condition) std::abort();
}

// What is read is as large as it is said to be; an element that S cannot hold is an error of its own.
template <class S>
void touch(const io::npy::array& array) {
  const auto count = array.bytes().size() / io::element_size(array.type());
  try {
    must(static_cast<std::size_t>(array.values<S>().size()) == count);
    if (array.shape().size() == 1) must(static_cast<std::size_t>(array.vector<S>().size()) == count);
    if (array.shape().size() <= 2) must(static_cast<std::size_t>(array.matrix<S>().size()) == count);
    if (array.viewable<S>()) must(array.view<S>().size() == array.matrix<S>().size());
  } catch (const libration::file_error& e) {
    must(e.byte() != libration::file_error::no_byte);
  }
}

void probe(std::span<const std::byte> bytes, const io::read_options& options) {
  try {
    const auto array = io::npy::parse(bytes, "file", options);
    must(io::byte_count(array.shape(), array.type()) == array.bytes().size());
    must(array.bytes().data() + array.bytes().size() + array.trailing_bytes() == bytes.data() + bytes.size());
    must(options.allow_trailing_bytes || array.trailing_bytes() == 0);
    touch<double>(array);
    touch<float>(array);
    touch<std::int64_t>(array);
    touch<std::uint8_t>(array);
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
  const std::ptrdiff_t begin = size > 6 && repaired[6] == std::byte{1} ? 10 : 12;
  const auto brace = std::find(repaired.rbegin(), repaired.rend(), std::byte{'}'});
  if (repaired.rend() - brace <= begin) return 0;
  auto length = static_cast<std::uint64_t>(repaired.rend() - brace - begin);
  for (std::size_t i = 8; i < static_cast<std::size_t>(begin); ++i, length >>= 8)
    repaired[i] = static_cast<std::byte>(length & 0xff);
  probe(repaired, {.allow_trailing_bytes = true});
  return 0;
}
