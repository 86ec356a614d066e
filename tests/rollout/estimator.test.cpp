// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string_view>

#include <libration/lyapunov/options.hpp>
#include <libration/rollout/analyze.hpp>

#include "support/catch.hpp"

namespace {

using namespace libration_test;
using Eigen::Index;
using libration::rollout::estimator, libration::rollout::explain_estimator, libration::rollout::explain_start;

constexpr bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct no_columns {
  static constexpr bool needs_tangent = false;
};
struct no_warm_up : no_columns {
  Index columns(Index) const { return 0; }
};
struct no_check : no_warm_up {
  std::int64_t warm_up(std::int64_t) const { return 0; }
};
struct no_start : no_check {
  void validate(Index) const {}
};
struct no_result : no_start {
  struct observer {};
  template <class System>
  observer start(const System&, std::int64_t) const {
    return {};
  }
};
struct whole : no_start {
  struct observer {
    int result() const { return 3; }
  };
  template <class System>
  observer start(const System&, std::int64_t) const {
    return {};
  }
};
struct any_system {};

}  // namespace

TEST_CASE("rollout::estimator: what a type misses is said in words", "[failure]") {
  STATIC_REQUIRE(has(explain_estimator<libration::lyapunov::spectrum_options>(), "options are not one"));
  STATIC_REQUIRE(has(explain_estimator<no_columns>(), "`Eigen::Index columns("));
  STATIC_REQUIRE(has(explain_estimator<no_warm_up>(), "`std::int64_t warm_up(std::int64_t steps) const`"));
  STATIC_REQUIRE(has(explain_estimator<no_check>(), "`void validate("));
  STATIC_REQUIRE(!estimator<no_columns> && !estimator<no_warm_up> && !estimator<no_check>);
  STATIC_REQUIRE(has(explain_start<no_start, any_system>(), "start(const System& system, std::int64_t steps) const`"));
  STATIC_REQUIRE(has(explain_start<no_result, any_system>(), "needs `result()`"));
  STATIC_REQUIRE(estimator<whole> && explain_estimator<whole>().empty() && explain_start<whole, any_system>().empty());
}
