// SPDX-License-Identifier: MIT
#include <concepts>
#include <type_traits>

#include <Eigen/Core>

#include <libration/scalar/dual.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/state.hpp>

#include "support/catch.hpp"

using libration::dual;
using libration::lanes;
using libration::state;

static_assert(std::is_aggregate_v<state<double, 3>>);
static_assert(std::is_trivially_copyable_v<state<double, 3>>);
static_assert(std::is_trivially_copyable_v<state<dual<lanes<float, 16>, 2>, 3>>);
static_assert(state<double, 3>::size == 3);
static_assert(std::equality_comparable<state<double, 2>>);
static_assert(sizeof(state<double, 3>) == 3 * sizeof(double));
static_assert(state<double, 2>{1.0, 2.0}[1] == 2.0);
static_assert((2.0 * state<double, 2>{1.0, 2.0} - state<double, 2>{0.5, 0.5})[1] == 3.5);

TEST_CASE("scalar::state: braces name the first components, the others are zero", "[scalar][edge]") {
  const state<double, 3> h{0.1, 0.2};
  CHECK(h[0] == 0.1);
  CHECK(h[1] == 0.2);
  CHECK(h[2] == 0.0);
  const state<double, 1> one{0.3};
  CHECK(one[0] == 0.3);
}

TEST_CASE("scalar::state: vector() is the same memory", "[scalar][law]") {
  state<double, 3> h{1.0, 2.0, 3.0};
  h.vector()(1) = 7.0;
  CHECK(h[1] == 7.0);
  CHECK(h.vector().sum() == 11.0);
  const state<double, 3> constant = h;
  CHECK(constant.vector() == h.vector());
  double sum = 0.0;
  for (const double component : constant) sum += component;
  CHECK(sum == 11.0);
}

TEST_CASE("scalar::state: vector() computes in dual numbers and lanes", "[scalar][law]") {
  using D = dual<double, 2>;
  const state<D, 2> h{D::variable(1.0, 0), D::variable(2.0, 1)};
  const D square = h.vector().squaredNorm();
  CHECK(square.value == 5.0);
  CHECK(square.derivative[0] == 2.0);
  CHECK(square.derivative[1] == 4.0);
  const state<lanes<double, 4>, 2> l{1.0, 2.0};
  CHECK(lanes<double, 4>(l.vector().squaredNorm())[3] == 5.0);
}

TEST_CASE("scalar::state: arithmetic is component by component, with factors of every kind", "[scalar][law]") {
  const state<double, 2> a{1.0, 2.0}, b{0.5, -3.0};
  CHECK(a + b == state<double, 2>{1.5, -1.0});
  CHECK(a - b == state<double, 2>{0.5, 5.0});
  CHECK(-a == state<double, 2>{-1.0, -2.0});
  CHECK(2 * a == state<double, 2>{2.0, 4.0});
  CHECK(a * 0.5 == state<double, 2>{0.5, 1.0});
  CHECK(a / 4 == state<double, 2>{0.25, 0.5});
  state<double, 2> c = a;
  c += b;
  c -= a;
  c *= 4.0;
  c /= 2;
  CHECK(c == state<double, 2>{1.0, -6.0});

  using L = lanes<double, 4>;
  const state<L, 2> l = L(3.0) * state<L, 2>{1.0, 2.0} + 0.5 * state<L, 2>{2.0, 4.0};
  CHECK(l[0][3] == 4.0);
  CHECK(l[1][0] == 8.0);

  using D = dual<L, 1>;
  const state<D, 1> d = L(3.0) * state<D, 1>{D::variable(2.0, 0)};
  CHECK(d[0].value[2] == 6.0);
  CHECK(d[0].derivative[0][2] == 3.0);
}
