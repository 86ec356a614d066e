// SPDX-License-Identifier: MIT
#include <concepts>
#include <limits>

#include <libration/scalar/dual.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/single.hpp>

#include "support/catch.hpp"

using libration::dual;
using libration::lanes;
using libration::lanes_mask;
using libration::select;
using libration::single;

// The result holds both branches, and has the condition's lanes; integers are numbers.
static_assert(std::same_as<decltype(select(true, 1, 2)), double>);
static_assert(std::same_as<decltype(select(true, 1, 2.0)), double>);
static_assert(std::same_as<decltype(select(true, 1, 2.0f)), float>);
static_assert(std::same_as<decltype(select(true, single(1), 2)), single>);
static_assert(std::same_as<decltype(select(true, 1.0, lanes<float, 8>(2))), lanes<float, 8>>);
static_assert(std::same_as<decltype(select(lanes_mask<float, 8>(true), 1, 2.0)), lanes<float, 8>>);
static_assert(
    std::same_as<decltype(select(lanes_mask<double, 8>(true), dual<lanes<double, 8>, 2>(1), lanes<double, 8>(1))),
                 dual<lanes<double, 8>, 2>>);
static_assert(std::same_as<decltype(select(lanes_mask<double, 8>(true), 0, dual<dual<lanes<double, 8>, 1>, 2>(1))),
                           dual<dual<lanes<double, 8>, 1>, 2>>);
static_assert(select(1 < 2, 3, 4.5) == 3.0);

TEST_CASE("scalar::select: a branch lane by lane, in every scalar", "[scalar][law]") {
  const auto tent = []<class T>(const T& x) -> T { return select(x < 0.5, 2.0 * x, 2.0 * (1.0 - x)); };
  lanes<double, 8> x;
  for (int i = 0; i < 8; ++i) x[i] = 0.125 * i + 0.0625;
  const auto y = tent(x);
  const auto d = tent(dual<lanes<double, 8>, 1>::variable(x, 0));
  for (int i = 0; i < 8; ++i) {
    const double h = std::as_const(x)[i];
    CHECK(y[i] == tent(h));
    CHECK(d.value[i] == tent(h));
    CHECK(d.derivative[0][i] == (h < 0.5 ? 2.0 : -2.0));
    CHECK(tent(single(h)).value() == static_cast<float>(tent(h)));
    CHECK(tent(dual<double, 1>::variable(h, 0)).derivative[0] == (h < 0.5 ? 2.0 : -2.0));
  }
}

TEST_CASE("scalar::select: conditions are joined with &&, || and !", "[scalar][law]") {
  const auto inside = []<class T>(const T& x) -> T { return select((x > -1 && x < 1.0) || !(x <= 3), 1, x * x); };
  lanes<float, 4> x;
  const float numbers[] = {-2.0f, 0.5f, 2.0f, 4.0f}, expected[] = {4.0f, 1.0f, 4.0f, 1.0f};
  for (int i = 0; i < 4; ++i) x[i] = numbers[i];
  for (int i = 0; i < 4; ++i) {
    CHECK(inside(x)[i] == expected[i]);
    CHECK(inside(single(numbers[i])).value() == expected[i]);
  }
}

TEST_CASE("scalar::select: NaN takes the second branch, and a branch not taken does not leak", "[scalar][edge]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  lanes<double, 8> x = nan;
  x[2] = 0.25;
  const auto y = select(x < 0.5, 1, 2);
  CHECK(y[2] == 1.0);
  CHECK(y[3] == 2.0);
  CHECK(all(select(x == x, 0.0, lanes<double, 8>(1.0)) == select(isnan(x), 1.0, 0.0)));
  const auto d = dual<lanes<double, 8>, 1>::variable(0.0, 0);
  const auto safe = select(d > 0.0, 1.0 / d, 7.0);  // 1/0 in the branch that is not taken
  CHECK(safe.value[0] == 7.0);
  CHECK(safe.derivative[0][0] == 0.0);
}
