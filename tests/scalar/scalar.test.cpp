// SPDX-License-Identifier: MIT
// A user's formula, as the library evaluates it: written once, in every scalar, with parameters of every kind.
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include <libration/scalar/scalar.hpp>

#include "support/catch.hpp"

using libration::dual;
using libration::lanes;
using libration::single;
using libration::state;

namespace {

template <class P>
struct ikeda {
  P u = 0.9;

  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    using std::cos, std::sin;
    const T t = 0.4 - 6.0 / (1.0 + h[0] * h[0] + h[1] * h[1]);
    return {1.0 + u * (h[0] * cos(t) - h[1] * sin(t)), u * (h[0] * sin(t) + h[1] * cos(t))};
  }
};

// Everything that a formula may use, beside `using`-declarations of the standard library's names.
struct everything {
  double a = 1.4;
  int whole = 3;

  template <class T>
  state<T, 3> operator()(const state<T, 3>& h) const {
    using std::abs, std::acos, std::asin, std::atan, std::atan2, std::cbrt, std::ceil, std::cos, std::cosh, std::exp,
        std::expm1, std::fabs, std::floor, std::fmax, std::fmin, std::fmod, std::hypot, std::log, std::log1p, std::max,
        std::min, std::pow, std::sin, std::sinh, std::sqrt, std::tan, std::tanh;
    T x = h[0], y = h[1];
    const T z = h[2];
    x += 1;
    x -= 0.5;
    x *= a;
    y /= whole;
    x = -x + +y * z / 2 - 1;
    const T circular = sin(x) + cos(y) + tan(z) + asin(tanh(x)) + acos(tanh(y)) + atan(z) + atan2(x, z);
    const T growing = exp(y) + expm1(z) + log(1.0 + x * x) + log1p(y * y) + sinh(z) + cosh(z);
    const T roots = sqrt(abs(x)) + cbrt(fabs(y)) + hypot(x, y) + pow(z, 2) + pow(abs(z), 1.5) + pow(abs(x), z);
    const T pieces =
        floor(x) + ceil(y) + libration::fract(z) + fmod(x, y) + min(x, y) + max(y, z) + fmin(x, z) + fmax(x, z);
    const T branches = libration::select(x < y && !(z > 0.5), 2.0 * x, 1.0) + libration::select(0 < z, 1, z) +
                       libration::select(x == y || x != z, 1, 0) + libration::select(x <= 1 || x >= 2, y, x);
    return {circular + 1e-3 * growing, a * roots, pieces - branches / 4};
  }
};

template <class T>
double first(const T& x) {
  if constexpr (requires { x.derivative[0]; })
    return first(x.value);
  else if constexpr (requires { x[0]; })
    return static_cast<double>(x[0]);
  else
    return static_cast<double>(x);
}

}  // namespace

// The digits of each scalar but single agree with double's to what the elementary functions are apart: a few ulp of
// intermediate results of size at most 10, magnified by derivatives of at most 30.
TEMPLATE_TEST_CASE("scalar: one formula compiles and is right in every scalar", "[scalar][differential]", double,
                   single, (lanes<double, 1>), (lanes<double, 8>), (lanes<double, 32>), (lanes<float, 2>),
                   (lanes<float, 16>), (dual<double, 1>), (dual<double, 3>), (dual<double, 16>), (dual<single, 2>),
                   (dual<lanes<double, 8>, 2>), (dual<lanes<float, 16>, 3>), (dual<dual<double, 2>, 2>),
                   (dual<dual<lanes<double, 4>, 1>, 1>)) {
  using T = TestType;
  static_assert(libration::scalar<T>);
  using base = typename libration::scalar_traits<T>::base;
  const double eps = static_cast<double>(std::numeric_limits<base>::epsilon());
  const auto expected = everything{}(state<double, 3>{0.3, -0.8, 0.45});
  const auto got = everything{}(state<T, 3>{0.3, -0.8, 0.45});
  for (int i = 0; i < 3; ++i) CHECK(std::abs(first(got[i]) - expected[i]) <= 300 * 8 * eps);

  const auto expected_ikeda = ikeda<double>{}(state<double, 2>{0.1, 0.2});
  const auto got_ikeda = ikeda<double>{}(state<T, 2>{0.1, 0.2});
  for (int i = 0; i < 2; ++i) CHECK(std::abs(first(got_ikeda[i]) - expected_ikeda[i]) <= 300 * 8 * eps);
}

TEST_CASE("scalar: a sweep has lanes of the parameter, in lanes and in dual numbers over lanes", "[scalar][law]") {
  using L = lanes<double, 8>;
  ikeda<L> sweep{};
  for (int i = 0; i < 8; ++i) sweep.u[i] = 0.8 + 0.02 * i;
  const auto h = sweep(state<L, 2>{0.1, 0.2});
  using D = dual<L, 2>;
  const auto d = sweep(state<D, 2>{D::variable(0.1, 0), D::variable(0.2, 1)});
  for (int i = 0; i < 8; ++i) {
    const ikeda<double> one{std::as_const(sweep).u[i]};
    const ikeda<L> alike{one.u};
    CHECK(h[0][i] == alike(state<L, 2>{0.1, 0.2})[0][i]);
    CHECK(d[1].value[i] == h[1][i]);
    const auto tangent =
        one(state<dual<double, 2>, 2>{dual<double, 2>::variable(0.1, 0), dual<double, 2>::variable(0.2, 1)});
    // Two evaluations whose sines and cosines differ by an ulp or two: terms of size at most 2, factors at most 2.
    for (int j = 0; j < 2; ++j)
      CHECK(std::abs(d[1].derivative[j][i] - tangent[1].derivative[j]) <= 64 * std::numeric_limits<double>::epsilon());
  }
}

TEST_CASE("scalar: traits say what lies underneath", "[scalar][law]") {
  using libration::scalar_traits;
  static_assert(std::is_same_v<scalar_traits<double>::base, double> && scalar_traits<double>::width == 1);
  static_assert(std::is_same_v<scalar_traits<single>::base, float>);
  static_assert(std::is_same_v<scalar_traits<dual<lanes<float, 16>, 3>>::base, float>);
  static_assert(std::is_same_v<scalar_traits<dual<lanes<float, 16>, 3>>::mask, libration::lanes_mask<float, 16>>);
  static_assert(scalar_traits<dual<dual<lanes<double, 8>, 1>, 2>>::width == 8);
  static_assert(!libration::scalar<int> && !libration::scalar<state<double, 2>> && !libration::scalar<const char*>);
  SUCCEED();
}
