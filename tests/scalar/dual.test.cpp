// SPDX-License-Identifier: MIT
#include <cmath>
#include <complex>
#include <limits>
#include <type_traits>

#include <libration/scalar/dual.hpp>
#include <libration/scalar/dual_math.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/lanes_math.hpp>
#include <libration/scalar/single.hpp>

#include "scalar/distance.hpp"
#include "support/catch.hpp"

using libration::dual;
using libration::lanes;
using libration::single;
using libration_test::ulps;

static_assert(libration::scalar<dual<double, 1>> && libration::scalar<dual<single, 3>> &&
              libration::scalar<dual<lanes<double, 8>, 16>> && libration::scalar<dual<dual<double, 2>, 2>>);
static_assert(std::is_same_v<decltype(dual<lanes<float, 8>, 2>(1) * lanes<float, 8>(2)), dual<lanes<float, 8>, 2>>);
static_assert(std::is_same_v<decltype(2 * dual<single, 2>(1) / 3.0), dual<single, 2>>);
static_assert(std::is_same_v<decltype(dual<double, 2>(1) < 2), bool>);
static_assert(std::is_same_v<decltype(dual<lanes<double, 8>, 2>(1) < 2), libration::lanes_mask<double, 8>>);
static_assert(std::is_trivially_copyable_v<dual<double, 3>> && sizeof(dual<double, 3>) == 4 * sizeof(double));
static_assert((dual<double, 1>::variable(3.0, 0) * 2.0 + 1).derivative[0] == 2.0);

namespace {

using D = dual<double, 2>;

// f'(x) by central differences: the error is h² f'''/6 + eps |f| / h, with h = cbrt(eps) about 5e-11 of the scale of
// f's derivatives, which is at most 30 for the functions and points below.
template <class F>
double central_difference(F f, double x) {
  const double h = std::cbrt(std::numeric_limits<double>::epsilon());
  return (f(x + h) - f(x - h)) / (2.0 * h);
}

}  // namespace

TEST_CASE("scalar::dual: derivatives of elementary functions against central differences", "[scalar][law]") {
  const auto check = [](const char* name, auto f, std::initializer_list<double> points) {
    for (const double x : points) {
      CAPTURE(name, x);
      const D y = f(D::variable(x, 1));
      CHECK(y.value == f(x));
      CHECK(y.derivative[0] == 0.0);
      CHECK(std::abs(y.derivative[1] - central_difference(f, x)) <= 3e-9);
    }
  };
  using std::sin, std::cos, std::tan, std::asin, std::acos, std::atan, std::sinh, std::cosh, std::tanh, std::exp,
      std::expm1, std::log, std::log1p, std::sqrt, std::cbrt, std::abs, std::fabs, std::floor, std::ceil, std::pow,
      std::atan2, std::hypot, std::fmod;
  check("sin", [](auto x) { return sin(x); }, {-2.0, 0.0, 0.7, 3.0});
  check("cos", [](auto x) { return cos(x); }, {-2.0, 0.0, 0.7, 3.0});
  check("tan", [](auto x) { return tan(x); }, {-1.0, 0.0, 0.7, 3.0});
  check("asin", [](auto x) { return asin(x); }, {-0.7, 0.0, 0.5});
  check("acos", [](auto x) { return acos(x); }, {-0.7, 0.0, 0.5});
  check("atan", [](auto x) { return atan(x); }, {-3.0, 0.0, 0.5});
  check("sinh", [](auto x) { return sinh(x); }, {-2.0, 0.0, 0.7});
  check("cosh", [](auto x) { return cosh(x); }, {-2.0, 0.0, 0.7});
  check("tanh", [](auto x) { return tanh(x); }, {-2.0, 0.0, 0.7, 20.0});
  check("exp", [](auto x) { return exp(x); }, {-2.0, 0.0, 1.7});
  check("expm1", [](auto x) { return expm1(x); }, {-2.0, 0.0, 1.7});
  check("log", [](auto x) { return log(x); }, {0.5, 1.0, 9.0});
  check("log1p", [](auto x) { return log1p(x); }, {-0.5, 0.0, 9.0});
  check("sqrt", [](auto x) { return sqrt(x); }, {0.5, 1.0, 9.0});
  check("cbrt", [](auto x) { return cbrt(x); }, {-0.9, 1.0, 9.0});
  check("abs", [](auto x) { return abs(x); }, {-0.9, 1.0});
  check("fabs", [](auto x) { return fabs(x); }, {-0.9, 1.0});
  check("floor", [](auto x) { return floor(x); }, {-0.9, 1.5});
  check("ceil", [](auto x) { return ceil(x); }, {-0.9, 1.5});
  check("fract", [](auto x) { return libration::fract(x); }, {-0.9, 1.5});
  check("pow(x, 3)", [](auto x) { return pow(x, 3); }, {-0.9, 0.0, 1.5});
  check("pow(x, -2)", [](auto x) { return pow(x, -2); }, {-1.2, 1.5});
  check("pow(x, 2.5)", [](auto x) { return pow(x, 2.5); }, {0.4, 1.5});
  check("pow(3, x)", [](auto x) { return pow(3.0, x); }, {-0.4, 1.5});
  check("pow(x, x)", [](auto x) { return pow(x, x); }, {0.4, 1.5});
  check("atan2(x, 2)", [](auto x) { return atan2(x, decltype(x)(2.0)); }, {-0.4, 0.0, 1.5});
  check("atan2(1, x)", [](auto x) { return atan2(decltype(x)(1.0), x); }, {-0.4, 0.0, 1.5});
  check("hypot(x, 2)", [](auto x) { return hypot(x, decltype(x)(2.0)); }, {-0.4, 0.0, 1.5});
  check("fmod(x, 0.7)", [](auto x) { return fmod(x, decltype(x)(0.7)); }, {-1.9, 0.3, 2.5});
  check("fmod(2.5, x)", [](auto x) { return fmod(decltype(x)(2.5), x); }, {0.7, 1.6, -0.9});
  check("rational", [](auto x) { return (1.0 - 2 * x) / (3 + x * x) - x / 4 + 1.0 / (2.0 + x) + 2 / (x - 5); },
        {-0.4, 0.9});
}

// The complex step f(x + ih) has no cancellation: right to a few eps, which differences are not.
TEST_CASE("scalar::dual: a formula's derivative against the complex step", "[scalar][law]") {
  const auto formula = [](auto x) {
    using std::sin, std::cos, std::exp, std::sqrt, std::log, std::tanh, std::pow;
    return exp(sin(x)) * sqrt(1.0 + x * x) / (2.0 - cos(x)) + log(3.0 + x) * tanh(x) - pow(2.0 + x, 1.5);
  };
  for (double x = -2.0 + 1.0 / 16; x < 3.0; x += 0.25) {
    const double step = 1e-100;
    const double expected = formula(std::complex<double>(x, step)).imag() / step;
    const double got = formula(D::variable(x, 0)).derivative[0];
    // Five terms of size at most 12, each with a relative error of at most about 8 eps in either evaluation.
    CHECK(std::abs(got - expected) <= 5 * 12 * 16 * std::numeric_limits<double>::epsilon());
  }
}

TEST_CASE("scalar::dual: products and quotients in several directions", "[scalar][law]") {
  const D x = D::variable(3.0, 0), y = D::variable(-2.0, 1);
  const D product = x * y, quotient = x / y, difference = x - 2 * y;
  CHECK(product.derivative[0] == -2.0);
  CHECK(product.derivative[1] == 3.0);
  CHECK(quotient.value == -1.5);
  CHECK(quotient.derivative[0] == -0.5);
  CHECK(quotient.derivative[1] == -0.75);
  CHECK(difference.derivative[1] == -2.0);
  D z = x;
  z *= y;
  z += 1;
  z /= 2.0;
  z -= x;
  CHECK(z.value == -5.5);
  CHECK(z.derivative[0] == -2.0);
  CHECK(z.derivative[1] == 1.5);
  CHECK((-z).derivative[1] == -1.5);
  const D with_both = atan2(y, x), length = hypot(x, y), rest = fmod(x, D::variable(0.7, 1)), power = pow(x, y);
  CHECK(ulps(with_both.derivative[0], 2.0L / 13.0L) <= 4.0);
  CHECK(ulps(with_both.derivative[1], 3.0L / 13.0L) <= 4.0);
  CHECK(ulps(length.derivative[1], -2.0L / std::sqrt(13.0L)) <= 4.0);
  CHECK(rest.derivative[0] == 1.0);
  CHECK(rest.derivative[1] == -4.0);
  CHECK(ulps(power.derivative[0], -2.0L / 27.0L) <= 4.0);
  CHECK(ulps(power.derivative[1], std::log(3.0L) / 9.0L) <= 4.0);
}

TEST_CASE("scalar::dual: the branch taken is the branch differentiated", "[scalar][law]") {
  using std::min, std::max, std::fmin, std::fmax;
  const D x = D::variable(1.0, 0), y = D::variable(2.0, 1);
  CHECK(min(x, y).derivative[0] == 1.0);
  CHECK(max(x, y).derivative[0] == 0.0);
  CHECK(max(x, y).derivative[1] == 1.0);
  CHECK(fmin(y, x).derivative[0] == 1.0);
  CHECK(fmax(x, 3.0).derivative[0] == 0.0);
  CHECK(fmax(0.0, x).derivative[0] == 1.0);
  CHECK(libration::select(x < y, x * x, y).derivative[0] == 2.0);
  CHECK(libration::select(x > 1.0, x * x, 5.0).derivative[0] == 0.0);
  CHECK(x < y);
  CHECK(x == 1);
  CHECK(x != y);
  CHECK(3.0 >= y);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(fmin(D(nan), x).derivative[0] == 1.0);
  CHECK(fmax(x, D(nan)).derivative[0] == 1.0);
  CHECK_FALSE(D(nan) < x);
}

TEST_CASE("scalar::dual: powers at and below 0", "[scalar][edge]") {
  using std::pow;
  const D zero = D::variable(0.0, 0), negative = D::variable(-2.0, 0);
  CHECK(pow(zero, 2).derivative[0] == 0.0);
  CHECK(pow(zero, 1).derivative[0] == 1.0);
  CHECK(pow(zero, 0).value == 1.0);
  CHECK(pow(zero, 0).derivative[0] == 0.0);
  CHECK(pow(zero, 2.0).derivative[0] == 0.0);
  CHECK(pow(zero, 1.0).derivative[0] == 1.0);
  CHECK(pow(zero, 0.0).derivative[0] == 0.0);
  CHECK(std::isinf(pow(zero, 0.5).derivative[0]));
  CHECK(pow(0.0, D::variable(2.0, 0)).derivative[0] == 0.0);
  CHECK(pow(negative, 3).derivative[0] == 12.0);
  CHECK(pow(negative, 3u).derivative[0] == 12.0);
  CHECK(pow(negative, 2.0).derivative[0] == -4.0);
  CHECK(pow(negative, D(2.0)).derivative[0] == -4.0);
  CHECK(std::isnan(pow(negative, D::variable(2.0, 1)).derivative[1]));
}

TEST_CASE("scalar::dual: where a derivative is infinite or jumps", "[scalar][edge]") {
  using std::sqrt, std::abs, std::log, std::isfinite, std::isnan;
  const D root = sqrt(D::variable(0.0, 0));
  CHECK(root.derivative[0] == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(root.derivative[1]));
  CHECK(abs(D::variable(0.0, 0)).derivative[0] == 1.0);
  CHECK(abs(D::variable(-3.0, 0)).derivative[0] == -1.0);
  CHECK(floor(D::variable(2.0, 0)).derivative[0] == 0.0);
  CHECK(libration::fract(D::variable(2.0, 0)).derivative[0] == 1.0);
  CHECK_FALSE(isfinite(root));
  CHECK(isfinite(D(1.0)));
  CHECK_FALSE(isnan(root));
  CHECK(isnan(D(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("scalar::dual: nested, the second derivative", "[scalar][oracle]") {
  using std::sin, std::exp, std::pow;
  using Inner = dual<double, 1>;
  using Outer = dual<Inner, 1>;
  Outer x(Inner::variable(0.7, 0));
  x.derivative[0] = Inner(1.0);
  const double s = std::sin(0.7), c = std::cos(0.7);
  CHECK(ulps(sin(x).derivative[0].derivative[0], static_cast<long double>(-s)) <= 2.0);
  // (x e^(sin x))'' = (2 cos x - x sin x + x cos² x) e^(sin x); three terms, so within 16 eps of their sum of sizes.
  const double expected = (2.0 * c - 0.7 * s + 0.7 * c * c) * std::exp(s);
  CHECK(std::abs((x * exp(sin(x))).derivative[0].derivative[0] - expected) <=
        16 * std::numeric_limits<double>::epsilon() * (2.0 * c + 0.7 * s + 0.7 * c * c) * std::exp(s));
  CHECK(ulps(pow(x, 3).derivative[0].derivative[0], 6.0L * 0.7) <= 4.0);
  CHECK((2.0 * x / 4 - 1 + Inner(3.0) * x).derivative[0].value == 3.5);
}

TEMPLATE_TEST_CASE("scalar::dual: over lanes, each lane is the dual number of that lane", "[scalar][differential]",
                   (lanes<double, 8>), (lanes<float, 16>)) {
  using L = TestType;
  using T = typename L::value_type;
  const auto formula = [](const auto& x, const auto& y) {
    using std::sqrt, std::abs, std::pow;
    return (1.0 - 2 * x) / (3 + y * y) - sqrt(abs(x * y)) + pow(y, 3) * libration::select(x < y, x, 2.0) +
           libration::fract(x) / 4;
  };
  L a, b;
  for (int i = 0; i < L::size; ++i) {
    a[i] = T(0.3) * T(i) - T(1.1);
    b[i] = T(1.9) - T(0.27) * T(i);
  }
  const auto all_lanes = formula(dual<L, 2>::variable(a, 0), dual<L, 2>::variable(b, 1));
  using Plain = std::conditional_t<std::is_same_v<T, float>, single, double>;
  for (int i = 0; i < L::size; ++i) {
    using P = dual<Plain, 2>;
    const auto one = formula(P::variable(Plain(std::as_const(a)[i]), 0), P::variable(Plain(std::as_const(b)[i]), 1));
    // pow of a single or double integer power is the standard library's, of lanes two products: 2 ulp of a term that is
    // at most 8 times the largest result, and its derivative three times that.
    const T tolerance = T(64) * std::numeric_limits<T>::epsilon() * T(8);
    CHECK(std::abs(all_lanes.value[i] - T(one.value)) <= tolerance);
    for (int j = 0; j < 2; ++j) CHECK(std::abs(all_lanes.derivative[j][i] - T(one.derivative[j])) <= tolerance * 3);
  }
}

TEST_CASE("scalar::dual: the value is that of the formula without derivatives", "[scalar][law]") {
  using std::sin, std::exp, std::tanh;
  const auto formula = [](const auto& x) { return 1.0 - 1.4 * x * x / (2.0 + x) + tanh(3 * x) * sin(x) + exp(-x) / 7; };
  for (double x = -1.5; x < 2.0; x += 0.1) CHECK(formula(dual<double, 16>(x)).value == formula(x));
}

TEMPLATE_TEST_CASE("scalar::dual: a saturated unit's slope keeps its digits", "[scalar][oracle][edge]", double, single,
                   (lanes<double, 8>), (lanes<float, 8>)) {
  // 1 - tanh² and 1 + expm1 cancel: 4 % off at 18 in double, and 0 from 19 and from -37 on.
  using T = typename libration::scalar_traits<TestType>::base;
  const auto first = [](const TestType& x) {
    if constexpr (libration::scalar_traits<TestType>::width == 1)
      return static_cast<T>(x);
    else
      return std::as_const(x)[0];
  };
  for (const double x : {-85.0, -20.5, -8.0, -1.0, -0.25, 0.0, 0.5, 3.0, 9.0, 10.0, 18.0, 40.0}) {
    CAPTURE(x);
    const auto at = dual<TestType, 1>::variable(TestType(x), 0);
    const long double cosine = std::cosh(static_cast<long double>(x));
    if (std::abs(x) <= 40.0) CHECK(ulps(first(tanh(at).derivative[0]), 1.0L / cosine / cosine) <= 8.0);
    CHECK(ulps(first(expm1(at).derivative[0]), std::exp(static_cast<long double>(x))) <= 2.0);
  }
  for (const TestType& far : {TestType(1e30), TestType(std::numeric_limits<T>::infinity())})
    CHECK(first(tanh(dual<TestType, 1>::variable(far, 0)).derivative[0]) == T(0));
}

TEMPLATE_TEST_CASE("scalar::dual: the angle's derivative where squares leave the range", "[scalar][oracle][edge]", double, single) {
  using T = typename libration::scalar_traits<TestType>::base;
  const double small = sizeof(T) == 8 ? 1e-300 : 1e-36, large = sizeof(T) == 8 ? 1e300 : 1e36;
  for (const double size : {small, std::sqrt(small), 1.0, std::sqrt(large), large})
    for (const double ratio : {-3.0, 0.0, 0.5, 1.0}) {
      CAPTURE(size, ratio);
      const TestType x(size), y(ratio * size);
      const auto angle = atan2(dual<TestType, 2>::variable(y, 1), dual<TestType, 2>::variable(x, 0));
      const auto wide_x = static_cast<long double>(static_cast<T>(x)), wide_y = static_cast<long double>(static_cast<T>(y));
      const long double square = wide_x * wide_x + wide_y * wide_y;
      CHECK(ulps(static_cast<T>(angle.derivative[0]), -wide_y / square) <= 8.0);
      CHECK(ulps(static_cast<T>(angle.derivative[1]), wide_x / square) <= 8.0);
    }
}
