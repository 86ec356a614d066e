// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>

#include <libration/io/shape.hpp>

#include "support/catch.hpp"

namespace io = libration::io;

TEST_CASE("io::shape: its text and its size, without overflow", "[oracle][edge]") {
  using io::byte_count, io::element, io::shape;
  CHECK(io::to_string(shape{}) == "()");
  CHECK(io::to_string(shape{72, 24}) == "(72, 24)");
  CHECK(byte_count(shape{}, element::f64) == 8u);
  CHECK(byte_count(shape{3, 5}, element::f16) == 30u);
  const Eigen::Index huge = std::numeric_limits<Eigen::Index>::max();
  CHECK(byte_count(shape{huge}, element::u8) == static_cast<std::uint64_t>(huge));
  CHECK(!byte_count(shape{huge}, element::u16));
  CHECK(!byte_count(shape{Eigen::Index{1} << 32, Eigen::Index{1} << 32}, element::u8));
  CHECK(byte_count(shape{0, huge}, element::u8) == 0u);
  CHECK(byte_count(shape{huge, 0}, element::u8) == 0u);
  CHECK(!byte_count(shape{0, huge, huge}, element::f64));
  CHECK(!byte_count(shape{huge, huge, 0}, element::f64));
}
