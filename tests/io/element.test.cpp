// SPDX-License-Identifier: MIT
#include <libration/io/element.hpp>

#include "support/catch.hpp"

namespace io = libration::io;
using io::element;

TEST_CASE("io::element: names, sizes and C++ types", "[oracle]") {
  for (int i = 0; i <= static_cast<int>(element::u64); ++i) {
    const auto e = static_cast<element>(i);
    CHECK(io::element_named(io::to_string(e)) == e);
    if (i > 0) CHECK(io::element_size(e) >= io::element_size(static_cast<element>(i - 1)));
  }
  CHECK(!io::element_named("F8_E4M3"));
  CHECK(!io::element_named(""));
  CHECK(!io::element_named("f32"));
  STATIC_REQUIRE(io::element_of<float>() == element::f32);
  STATIC_REQUIRE(io::element_of<long>() == (sizeof(long) == 8 ? element::i64 : element::i32));
  STATIC_REQUIRE(io::element_of<long long>() == element::i64);
  STATIC_REQUIRE(io::element_of<unsigned char>() == element::u8);
  STATIC_REQUIRE(io::element_of<bool>() == element::boolean);
  STATIC_REQUIRE(!io::number<long double>);
  STATIC_REQUIRE(!io::number<char>);
  STATIC_REQUIRE(!io::number<bool>);
}
