// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <Eigen/Core>
#include <libration/io/half.hpp>

#include "support/catch.hpp"

namespace io = libration::io;

namespace {

template <class Half>
Half from_bits(std::uint32_t bits) {
  return Half{static_cast<std::uint16_t>(bits)};
}

// Every number of the format, and for each pair of neighbours the numbers where rounding changes its mind.
template <class Half>
void check_every_number() {
  std::uint32_t wrong_round_trips = 0, wrong_ties = 0, wrong_sides = 0, wrong_nans = 0;
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const auto half = from_bits<Half>(bits);
    const auto value = static_cast<double>(io::widen(half));
    const auto back = io::narrow<Half>(value);
    if (std::isnan(value)) {
      // Quiet, same sign; the payload survives but for the bit that makes it quiet.
      const std::uint32_t quiet_bit = Half::infinity & ~(Half::infinity << 1);
      wrong_nans += (bits & 0x7fffu) <= Half::infinity || back.bits != (bits | quiet_bit >> 1);
      continue;
    }
    wrong_round_trips += back != half;
    if ((bits & 0x7fffu) + 1 > Half::infinity) continue;
    // The next number away from zero; beyond the largest it is where the next binade would begin.
    const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
    const bool last = (bits & 0x7fffu) + 1 == Half::infinity;
    const double next = last ? sign * std::ldexp(1.0, Half::exponent_bias + 1)
                             : static_cast<double>(io::widen(from_bits<Half>(bits + 1)));
    const double middle = 0.5 * (value + next);  // exact: 12 significant bits at most
    const std::uint32_t even = (bits & 1u) == 0 ? bits : bits + 1;
    wrong_ties += io::narrow<Half>(middle).bits != even;
    wrong_sides += io::narrow<Half>(std::nextafter(middle, value)).bits != bits;
    wrong_sides += io::narrow<Half>(std::nextafter(middle, 2 * next)).bits != bits + 1;
  }
  CHECK(wrong_round_trips == 0);
  CHECK(wrong_ties == 0);
  CHECK(wrong_sides == 0);
  CHECK(wrong_nans == 0);
}

}  // namespace

TEST_CASE("io::half: all 65536 binary16 and bfloat16 numbers survive, and all numbers between round to nearest even",
          "[oracle][edge]") {
  SECTION("binary16") { check_every_number<io::float16>(); }
  SECTION("bfloat16") { check_every_number<io::bfloat16>(); }
}

TEST_CASE("io::half: widening and narrowing agree with Eigen's, bit for bit", "[differential]") {
  std::uint32_t wrong = 0;
  const auto same = [](float a, float b) {
    return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  };
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const auto raw = static_cast<std::uint16_t>(bits);
    wrong += !same(io::widen(io::float16{raw}), static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(raw)));
    wrong += !same(io::widen(io::bfloat16{raw}), static_cast<float>(Eigen::numext::bit_cast<Eigen::bfloat16>(raw)));
  }
  CHECK(wrong == 0);
  // Every 10007th float, all exponents and signs.
  for (std::uint64_t bits = 0; bits < 0x100000000u; bits += 10007) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (std::isnan(value)) continue;
    wrong += io::narrow<io::float16>(value).bits != Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(value));
    wrong += io::narrow<io::bfloat16>(value).bits != Eigen::numext::bit_cast<std::uint16_t>(Eigen::bfloat16(value));
  }
  CHECK(wrong == 0);
}

TEST_CASE("io::half: named numbers", "[oracle][edge]") {
  using io::bfloat16, io::float16, io::narrow, io::widen;
  CHECK(narrow<float16>(1.0).bits == 0x3c00);
  CHECK(narrow<float16>(-2.0).bits == 0xc000);
  CHECK(narrow<float16>(65504.0).bits == 0x7bff);
  CHECK(narrow<float16>(65519.999).bits == 0x7bff);
  CHECK(narrow<float16>(65520.0).bits == 0x7c00);
  CHECK(narrow<float16>(0x1p-24).bits == 0x0001);
  CHECK(narrow<float16>(0x1p-25).bits == 0x0000);
  CHECK(narrow<float16>(0x1.0000000000001p-25).bits == 0x0001);
  CHECK(narrow<float16>(-0.0).bits == 0x8000);
  CHECK(narrow<float16>(std::numeric_limits<double>::denorm_min()).bits == 0);
  CHECK(narrow<float16>(-std::numeric_limits<double>::infinity()).bits == 0xfc00);
  CHECK(narrow<float16>(std::numeric_limits<double>::max()).bits == 0x7c00);
  CHECK(std::isnan(widen(narrow<float16>(std::numeric_limits<double>::quiet_NaN()))));
  // One rounding: by way of float this would become 1, a tie that float's rounding made.
  CHECK(narrow<float16>(1.0 + 0x1p-11 + 0x1p-40).bits == 0x3c01);
  CHECK(narrow<bfloat16>(1.0).bits == 0x3f80);
  CHECK(narrow<bfloat16>(3.140625).bits == 0x4049);
  CHECK(widen(bfloat16{0x0001}) == 0x1p-133f);
  CHECK(narrow<bfloat16>(0x1p-133).bits == 0x0001);
  CHECK(narrow<bfloat16>(static_cast<double>(std::numeric_limits<float>::max())).bits == 0x7f80);
}
