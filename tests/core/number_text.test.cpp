// SPDX-License-Identifier: MIT
#include <libration/core/number_text.hpp>

#include <cstdint>
#include <limits>
#include <string>

#include <libration/core/error.hpp>

#include "support/catch.hpp"

namespace {
using namespace libration_test;
using libration::number_text;

TEST_CASE("core::number_text: as few digits as give the same number when read back", "[law]") {
  CHECK(number_text(1e-9) == "1e-09");
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(0.1f) == "0.1");
  CHECK(number_text(-3.0) == "-3");
  CHECK(number_text(0.1 + 0.2) == "0.30000000000000004");
  for (const double x : {1.0 / 3.0, 6.02214076e23, 2.3e-308, std::numeric_limits<double>::max()})
    CHECK(std::stod(number_text(x)) == x);
  CHECK(number_text(5e-324) == "5e-324");
}

TEST_CASE("core::number_text: whole numbers, and a chosen number of digits", "[law]") {
  CHECK(number_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(number_text(std::uint64_t{18446744073709551615u}) == "18446744073709551615");
  CHECK(number_text(2.0 / 3.0, 3) == "0.667");
  CHECK(number_text(123456.0, 3) == "1.23e+05");
  CHECK(number_text(0.1, 1000).size() < 64);
}

TEST_CASE("core::number_text: NaN has no sign, infinities have", "[edge]") {
  CHECK(number_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(number_text(std::numeric_limits<float>::infinity()) == "inf");
  CHECK(number_text(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("core::option_check: an option of 1e-9 is not said to be 0", "[failure]") {
  const libration::option_check check("error::growth");
  CHECK_THROWS_MATCHES(check(false, "size", 1e-9, "0"), libration::argument_error,
                       Message("error::growth: .size is 1e-09, expected 0"));
}

}  // namespace
