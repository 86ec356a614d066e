// SPDX-License-Identifier: MIT
#include <libration/core/status.hpp>

#include "support/catch.hpp"

namespace {
using libration::status;
using libration::verdict;

TEST_CASE("core::status: the default says that nothing was run", "[law]") {
  CHECK(status{} == status::not_run);
  CHECK(verdict{} == verdict::undecided);
}

TEST_CASE("core::to_string: every status has its own name", "[law]") {
  CHECK(to_string(status::not_run) == "not_run");
  CHECK(to_string(status::ok) == "ok");
  CHECK(to_string(status::not_converged) == "not_converged");
  CHECK(to_string(status::lost_frame) == "lost_frame");
  CHECK(to_string(status::collapsed) == "collapsed");
  CHECK(to_string(status::diverged) == "diverged");
  CHECK(to_string(status::cancelled) == "cancelled");
  CHECK(to_string(status::not_resolved) == "not_resolved");
  CHECK(to_string(status::undeclared_period) == "undeclared_period");
}

TEST_CASE("core::to_string: every verdict has its own name, at compile time too", "[law]") {
  STATIC_REQUIRE(to_string(verdict::undecided) == "undecided");
  STATIC_REQUIRE(to_string(verdict::stable) == "stable");
  STATIC_REQUIRE(to_string(verdict::neutral) == "neutral");
  STATIC_REQUIRE(to_string(verdict::chaotic) == "chaotic");
}

}  // namespace
