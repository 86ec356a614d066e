// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One include for both Catch2 2 and Catch2 3: assertions, sections, generators, matchers.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
namespace libration_test {
using namespace Catch::Matchers;
}
#else
#include <catch2/catch.hpp>
namespace libration_test {
using namespace Catch::Matchers;
}
#endif
