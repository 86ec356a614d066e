// SPDX-License-Identifier: MIT
// A well-formed .npy header of any shape, type, byte order and order of elements: it is read if and only if the file holds the
// product of the extents, and then each element stands where numpy has it. One that is spoilt in a single place is refused.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <libration/io/npy/reader.hpp>

namespace {

namespace io = libration::io;
using Eigen::Index;

void must(bool condition) {
  if (!condition) std::abort();
}

struct bytes {
  const std::uint8_t* data;
  std::size_t left;
  std::uint8_t next() {
    if (left == 0) return 0;
    --left;
    return *data++;
  }
};

// An unsigned number of `size` bytes, in the file's byte order.
void store(std::vector<std::byte>& file, std::uint64_t value, std::size_t size, bool big) {
  for (std::size_t i = 0; i < size; ++i) file.push_back(static_cast<std::byte>(value >> 8 * (big ? size - 1 - i : i) & 0xff));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bytes in{data, size};
  const std::uint8_t flags = in.next();
  const bool big = (flags & 1) != 0, fortran = (flags & 2) != 0, newer = (flags & 4) != 0;
  const std::size_t element = std::size_t{1} << (flags >> 3 & 3);  // bytes

  io::shape shape(in.next() % 7);
  constexpr Index large[] = {Index{1} << 31, Index{1} << 32, (Index{1} << 62) + 1, std::numeric_limits<Index>::max(), 1000000007};
  for (Index& extent : shape) {
    const std::uint8_t byte = in.next();
    extent = byte >= 250 ? large[byte - 250 == 5 ? 4 : byte - 250] : byte % 6;
  }
  // The product, or that it has no business in memory.
  bool overflows = false, empty = false;
  std::uint64_t count = 1;
  for (const Index extent : shape) {
    empty = empty || extent == 0;
    if (extent == 0) continue;
    overflows = overflows || count > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / element /
                                         static_cast<std::uint64_t>(extent);
    if (!overflows) count *= static_cast<std::uint64_t>(extent);
  }
  if (empty) count = 0;

  const char spaces[] = {' ', '\t', '\n'};
  const auto gap = [&] { return std::string(in.next() % 3, spaces[in.next() % 3]); };
  std::string tuple = "(";
  for (std::size_t i = 0; i < shape.size(); ++i)
    tuple += gap() + std::to_string(shape[i]) + gap() + (i + 1 < shape.size() ? "," : "");
  if (shape.size() == 1 || (!shape.empty() && (flags & 128) != 0)) tuple += ',';
  tuple += gap() + ")";
  const std::string descr = std::string(1, element == 1 ? '|' : big ? '>' : '<') + "u" + std::to_string(element);
  std::string fields[] = {"'descr': '" + descr + "'", std::string("\"fortran_order\": ") + (fortran ? "True" : "False"),
                          "'shape':" + gap() + tuple};
  std::rotate(fields, fields + in.next() % 3, fields + 3);
  std::string header = "{" + gap() + fields[0] + "," + gap() + fields[1] + "," + fields[2] + (in.next() % 2 == 0 ? ", }" : "}");
  header += gap();
  const std::uint8_t spoil = in.next();  // below 200: not
  const std::size_t at = in.next() % header.size();

  constexpr std::uint64_t most = 4096;
  const std::uint64_t held = std::min(count, most);
  const std::int64_t off = in.next() % 4 == 0 ? in.next() % 3 - 1 : 0;  // bytes too few or too many
  const auto file_of = [&](const std::string& text) {
    std::vector<std::byte> file;
    for (const char c : std::string("\x93NUMPY")) file.push_back(static_cast<std::byte>(c));
    file.push_back(newer ? std::byte{2} : std::byte{1});
    file.push_back(std::byte{0});
    store(file, text.size(), newer ? 4 : 2, false);
    for (const char c : text) file.push_back(static_cast<std::byte>(c));
    for (std::uint64_t i = 0; i < held; ++i) store(file, i, element, big && element > 1);
    if (off < 0 && held > 0) file.pop_back();
    if (off > 0) file.push_back(std::byte{7});
    return file;
  };
  const bool fits = !overflows && count <= most && (off == 0 || (off < 0 && held == 0));

  const auto file = file_of(header);
  try {
    const auto array = io::npy::parse(file, "file");
    must(fits && array.shape() == shape && array.fortran_order() == fortran && array.trailing_bytes() == 0);
    if (element > 1) must(array.order() == (big ? std::endian::big : std::endian::little));
    const auto values = array.values<std::uint64_t>();
    must(static_cast<std::uint64_t>(values.size()) == count);
    // Element (i_0, i_1, ...) of the last index fastest is where Fortran's order has the first fastest.
    const std::uint64_t wrap = element == 8 ? 0 : std::uint64_t{1} << 8 * element;
    for (Index flat = 0; flat < values.size(); ++flat) {
      std::uint64_t stored = 0, stride = 1;
      Index rest = flat, below = values.size();
      for (const Index extent : shape) {
        below /= extent;
        stored += static_cast<std::uint64_t>(rest / below) * stride;
        stride *= static_cast<std::uint64_t>(extent);
        rest %= below;
      }
      if (!fortran) stored = static_cast<std::uint64_t>(flat);
      must(values[flat] == (wrap == 0 ? stored : stored % wrap));
    }
    if (shape.size() <= 2) {
      const auto matrix = array.matrix<std::uint64_t>();
      must(matrix.rows() == (shape.size() == 2 ? shape[1] : 1) && matrix.cols() == (shape.empty() ? 1 : shape[0]));
      for (Index j = 0; j < matrix.cols() && matrix.rows() > 0; ++j)
        for (Index i = 0; i < matrix.rows(); ++i) must(matrix(i, j) == values[j * matrix.rows() + i]);
    } else {
      try {
        static_cast<void>(array.matrix<float>());
        must(false);
      } catch (const libration::file_error& e) {
        must(!e.reason().empty());
      }
    }
  } catch (const libration::file_error& e) {
    must(!fits && e.byte() <= file.size());
  }

  if (spoil < 200) return 0;
  // A sign, a point, a letter or a bracket in the wrong place: refused or, within a gap or a number, read as another header.
  constexpr char wrong[] = {'-', '+', '.', 'L', '(', ')', '0', '9', ',', '\'', '\0', '{'};
  std::string spoilt = header;
  spoilt[at] = wrong[spoil % sizeof wrong];
  const auto second = file_of(spoilt);
  try {
    const auto array = io::npy::parse(second, "file", {.allow_trailing_bytes = true});
    must(io::byte_count(array.shape(), array.type()) == array.bytes().size());
    must(static_cast<std::size_t>(array.values<double>().size()) * io::element_size(array.type()) == array.bytes().size());
    for (const Index extent : array.shape()) must(extent >= 0);
  } catch (const libration::file_error& e) {
    must(e.byte() <= second.size());
  }
  return 0;
}
