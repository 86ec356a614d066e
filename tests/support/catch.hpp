// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One include for both Catch2 2 and Catch2 3: assertions, sections, generators, matchers.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
namespace libration_test {
using Catch::Matchers::EndsWith, Catch::Matchers::Equals, Catch::Matchers::Matches, Catch::Matchers::Message;
using Catch::Matchers::StartsWith, Catch::Matchers::WithinAbs, Catch::Matchers::WithinRel, Catch::Matchers::WithinULP;
/// Catch2 2's name for a matcher of substrings; in 3 it would match ranges.
inline auto Contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }
}  // namespace libration_test
#else
#include <catch2/catch.hpp>
namespace libration_test {
using namespace Catch::Matchers;
}
#endif
