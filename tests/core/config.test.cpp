// SPDX-License-Identifier: MIT
#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <string>
#include <typeinfo>

#include "support/catch.hpp"

#define TEXT_OF(x) TEXT_OF_(x)
#define TEXT_OF_(x) #x

namespace {

TEST_CASE("core::config: the inline namespace holds Eigen's static alignment, in mangled names too", "[law]") {
  CHECK(std::string(TEXT_OF(LIBRATION_ABI)) == "align_" TEXT_OF(EIGEN_MAX_STATIC_ALIGN_BYTES));
  CHECK(std::string(typeid(libration::status).name()).find(TEXT_OF(LIBRATION_ABI)) != std::string::npos);
}

TEST_CASE("core::config: the version is three numbers", "[law]") {
  STATIC_REQUIRE(LIBRATION_VERSION_MAJOR >= 0);
  STATIC_REQUIRE(LIBRATION_VERSION_MINOR >= 0);
  STATIC_REQUIRE(LIBRATION_VERSION_PATCH >= 0);
}

}  // namespace
