// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <libration/io/convert.hpp>

#include "support/scratch.hpp"
#include "support/catch.hpp"

using libration_test::bytes_of;
using libration_test::failure_of;
using libration_test::little;
namespace io = libration::io;
using io::element;

namespace {

template <class To>
std::vector<To> read(element type, const std::string& content, std::endian order = std::endian::little) {
  // One byte in front, so that nothing is aligned.
  const std::string shifted = "x" + content;
  const io::raw_elements from{type, order, bytes_of(shifted).subspan(1), 1, "file", "w"};
  std::vector<To> result(from.count());
  io::read_elements(from, 0, from.count(), result.data());
  return result;
}

template <class From>
std::string written(const std::vector<From>& values, element as) {
  std::string content(values.size() * io::element_size(as), '\0');
  io::write_elements(std::span<const From>(values), as, reinterpret_cast<std::byte*>(content.data()), "test");
  return content;
}

}  // namespace

TEST_CASE("io::convert: bytes of every element, unaligned and in both byte orders", "[oracle]") {
  CHECK(read<double>(element::boolean, std::string("\x00\x01", 2)) == std::vector<double>{0, 1});
  CHECK(read<double>(element::u8, "\xff") == std::vector<double>{255});
  CHECK(read<double>(element::i8, "\xff") == std::vector<double>{-1});
  CHECK(read<int>(element::i16, "\xfe\xff") == std::vector<int>{-2});
  CHECK(read<int>(element::u16, "\xfe\xff") == std::vector<int>{65534});
  CHECK(read<float>(element::f16, std::string("\x00\x3c\xff\x7b", 4)) == std::vector<float>{1, 65504});
  CHECK(read<float>(element::bf16, std::string("\x80\x3f\x00\xc0", 4)) == std::vector<float>{1, -2});
  CHECK(read<std::int64_t>(element::i32, little(0x80000000u, 4)) == std::vector<std::int64_t>{-2147483648});
  CHECK(read<std::int64_t>(element::u32, little(0x80000000u, 4)) == std::vector<std::int64_t>{2147483648});
  CHECK(read<double>(element::f32, little(0x3fc00000u, 4)) == std::vector<double>{1.5});
  CHECK(read<float>(element::f64, little(0x3ff8000000000000u)) == std::vector<float>{1.5f});
  CHECK(read<std::int64_t>(element::i64, little(~std::uint64_t{0})) == std::vector<std::int64_t>{-1});
  CHECK(read<std::uint64_t>(element::u64, little(~std::uint64_t{0})) == std::vector<std::uint64_t>{~std::uint64_t{0}});
  CHECK(read<double>(element::u64, little(~std::uint64_t{0})) == std::vector<double>{0x1p64});

  const auto big = std::endian::big;
  CHECK(read<int>(element::u16, "\x01\x02", big) == std::vector<int>{0x102});
  CHECK(read<double>(element::f64, std::string("\x3f\xf8\0\0\0\0\0\0", 8), big) == std::vector<double>{1.5});
  CHECK(read<float>(element::f16, std::string("\x3c\x00", 2), big) == std::vector<float>{1});
  CHECK(read<double>(element::f64, "").empty());
}

TEST_CASE("io::convert: written and read back, every element type gives the same numbers", "[law]") {
  const std::vector<double> small{0, 1, 2, 100, 127};
  for (int i = 1; i <= static_cast<int>(element::u64); ++i) {
    const auto e = static_cast<element>(i);
    CHECK(read<double>(e, written(small, e)) == small);
    CHECK(read<std::int16_t>(e, written(small, e)) == std::vector<std::int16_t>{0, 1, 2, 100, 127});
    CHECK(read<float>(e, written(std::vector<int>{0, 1, 2, 100, 127}, e)) == std::vector<float>{0, 1, 2, 100, 127});
  }
  CHECK(written(std::vector<double>{0, 1}, element::boolean) == std::string("\x00\x01", 2));
  const std::vector<double> wide{-0.0, 0.1, -1e300, std::numeric_limits<double>::denorm_min(),
                                 std::numeric_limits<double>::infinity()};
  const auto back = read<double>(element::f64, written(wide, element::f64));
  CHECK(std::memcmp(back.data(), wide.data(), wide.size() * sizeof(double)) == 0);
  CHECK(std::isnan(read<float>(element::f16, written(std::vector<double>{std::nan("")}, element::f16))[0]));
}

TEST_CASE("io::convert: what a type cannot hold is an error with its byte, never another number", "[failure][edge]") {
  const auto f64 = [](double v) { return little(std::bit_cast<std::uint64_t>(v)); };
  const auto f32 = [](float v) { return little(std::bit_cast<std::uint32_t>(v), 4); };

  auto f = failure_of([&] { read<float>(element::f64, f64(1) + f64(1e300)); });
  CHECK(f.byte == 9);  // one byte in front, then one element
  CHECK(f.what == "file: byte 9: tensor \"w\": element 1 (F64) cannot be read as F32");
  const double top = static_cast<double>(std::numeric_limits<float>::max());
  CHECK(read<float>(element::f64, f64(std::nextafter(top + 0x1p103, 0)))[0] == std::numeric_limits<float>::max());
  CHECK(failure_of([&] { read<float>(element::f64, f64(top + 0x1p103)); }).thrown);
  CHECK(std::isinf(read<float>(element::f64, f64(std::numeric_limits<double>::infinity()))[0]));
  CHECK(std::isnan(read<float>(element::f64, f64(std::nan("")))[0]));

  CHECK(failure_of([&] { read<int>(element::f32, f32(0.5f)); }).thrown);
  CHECK(failure_of([&] { read<int>(element::f32, f32(0x1p31f)); }).thrown);
  CHECK(failure_of([&] { read<int>(element::f32, f32(std::nanf(""))); }).thrown);
  CHECK(failure_of([&] { read<int>(element::f32, f32(-std::numeric_limits<float>::infinity())); }).thrown);
  CHECK(read<int>(element::f32, f32(-0x1p31f)) == std::vector<int>{std::numeric_limits<int>::min()});
  CHECK(failure_of([&] { read<std::uint64_t>(element::f64, f64(0x1p64)); }).thrown);
  CHECK(read<std::uint64_t>(element::f64, f64(0x1p63)) == std::vector<std::uint64_t>{std::uint64_t{1} << 63});
  CHECK(failure_of([&] { read<std::uint8_t>(element::f64, f64(-1)); }).thrown);
  CHECK(failure_of([&] { read<std::int8_t>(element::u8, "\x80"); }).thrown);
  CHECK(failure_of([&] { read<std::uint64_t>(element::i64, little(~std::uint64_t{0})); }).thrown);
  CHECK(failure_of([&] { read<double>(element::boolean, "\x02"); }).thrown);

  const auto store = [](double value, element as) { written(std::vector<double>{0, value}, as); };
  CHECK_THROWS_AS(store(65520, element::f16), libration::argument_error);
  CHECK_NOTHROW(store(65519, element::f16));
  CHECK_NOTHROW(store(65520, element::bf16));
  CHECK_THROWS_AS(store(3.4e38 * 1.01, element::bf16), libration::argument_error);
  CHECK_THROWS_AS(store(1e39, element::f32), libration::argument_error);
  CHECK_THROWS_AS(store(0.5, element::i32), libration::argument_error);
  CHECK_THROWS_AS(store(2, element::boolean), libration::argument_error);
  CHECK_THROWS_WITH(store(-1, element::u8), "test: element 1 of the values, -1, cannot be stored as U8");
}

TEST_CASE("io::convert: a row-major matrix of any height, across the panels' edges", "[law][edge]") {
  for (const int rows : {0, 1, 15, 16, 17, 33})
    for (const int cols : {0, 1, 3}) {
      std::vector<std::int32_t> values(static_cast<std::size_t>(rows * cols));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int32_t>(i);
      const std::string content = written(values, element::i32);
      const io::raw_elements from{element::i32, std::endian::little, bytes_of(content), 0, "file", "w"};
      const auto m = io::read_by_rows<double>(from, rows, cols);
      REQUIRE(m.rows() == rows);
      REQUIRE(m.cols() == cols);
      int wrong = 0;
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < cols; ++j) wrong += m(i, j) != i * cols + j;
      CHECK(wrong == 0);
    }
}
