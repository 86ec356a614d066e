// SPDX-License-Identifier: MIT
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include <libration/scalar/select.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>

#include "support/catch.hpp"

using libration::single;
using libration::state;

// Whatever stands beside it, the result is single: nothing is computed in double and narrowed.
static_assert(std::same_as<decltype(single(1) + 1.0), single>);
static_assert(std::same_as<decltype(1.0 - single(1)), single>);
static_assert(std::same_as<decltype(2 * single(1)), single>);
static_assert(std::same_as<decltype(single(1) / 3), single>);
static_assert(std::same_as<decltype(single(1) / 3.0f), single>);
static_assert(std::same_as<decltype(-single(1)), single>);
static_assert(std::same_as<decltype(pow(single(1), 2.5)), single>);
static_assert(std::same_as<decltype(pow(2, single(1))), single>);
static_assert(std::same_as<decltype(libration::select(true, 1.0, single(1))), single>);
static_assert(std::same_as<decltype(single(1) < 0.5), bool>);
static_assert(!std::convertible_to<single, double> && !std::convertible_to<single, float>);
static_assert(std::constructible_from<double, single> && std::constructible_from<float, single>);
static_assert(sizeof(single) == sizeof(float) && std::is_trivially_copyable_v<single>);
static_assert(libration::scalar<single>);
static_assert(double(1.0 + single(0.5) * 2) == 2.0);

TEST_CASE("scalar::single: each operation is the float's", "[scalar][differential]") {
  const float a = 0.1f, b = 3.7f;
  const single x = a, y = b;
  CHECK((x + y).value() == a + b);
  CHECK((x - y).value() == a - b);
  CHECK((x * y).value() == a * b);
  CHECK((x / y).value() == a / b);
  CHECK((-x).value() == -a);
  CHECK((0.3 * x).value() == 0.3f * a);
  CHECK((1 - y).value() == 1.0f - b);
  single z = x;
  z += 1;
  z *= y;
  z -= 0.25;
  z /= 3.0;
  CHECK(z.value() == ((a + 1.0f) * b - 0.25f) / 3.0f);
}

TEST_CASE("scalar::single: a formula in braces does not narrow and differs from the double's", "[scalar][law]") {
  const auto logistic = []<class T>(const state<T, 1>& h) -> state<T, 1> { return {4.0 * h[0] * (1.0 - h[0])}; };
  const float h = 0.1f;
  CHECK(logistic(state<single, 1>{0.1})[0].value() == 4.0f * h * (1.0f - h));
  CHECK(double(logistic(state<single, 1>{0.1})[0]) != logistic(state<double, 1>{0.1})[0]);
}

TEST_CASE("scalar::single: elementary functions are the standard library's for float", "[scalar][differential]") {
  using std::sin, std::tanh, std::pow, std::fmax, std::max, std::abs, std::floor, std::atan2;
  const single x = -0.7;
  CHECK(sin(x).value() == std::sin(-0.7f));
  CHECK(tanh(x).value() == std::tanh(-0.7f));
  CHECK(abs(x).value() == 0.7f);
  CHECK(floor(x).value() == -1.0f);
  CHECK(libration::fract(x).value() == -0.7f + 1.0f);
  CHECK(pow(x, 2).value() == -0.7f * -0.7f);
  CHECK(pow(x, -1).value() == 1.0f / -0.7f);
  CHECK(pow(x, 0).value() == 1.0f);
  CHECK(pow(single(0.7), 2.5).value() == std::pow(0.7f, 2.5f));
  CHECK(max(x, 0.0).value() == 0.0f);
  CHECK(fmax(x, single(2)).value() == 2.0f);
  CHECK(atan2(x, 1.0).value() == std::atan2(-0.7f, 1.0f));
}

TEST_CASE("scalar::single: NaN, infinity and overflow", "[scalar][edge]") {
  using std::fmin, std::isfinite, std::isnan;
  const single nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(nan < 1.0);
  CHECK_FALSE(nan >= 1.0);
  CHECK_FALSE(nan == nan);
  CHECK(nan != nan);
  CHECK(isnan(nan));
  CHECK_FALSE(isfinite(single(1e30) * 1e30));
  CHECK(fmin(nan, single(2)).value() == 2.0f);
}
