// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>

#include <libration/scalar/lanes.hpp>
#include <libration/scalar/lanes_math.hpp>

#include "scalar/distance.hpp"
#include "support/catch.hpp"

using libration::lanes;
using libration_test::ulps;

namespace {

template <class T>
constexpr int width = 64 / static_cast<int>(sizeof(T));

// The largest error over random arguments. `Exact` is in long double; where that is no wider than T (MSVC) half a unit
// is allowed for its own rounding.
template <class T, class Function, class Exact>
double worst(Function f, Exact exact, double lowest, double highest, bool powers_of_ten = false) {
  using L = lanes<T, width<T>>;
  std::mt19937_64 random(20);
  std::uniform_real_distribution<double> uniform(lowest, highest);
  double largest = 0.0;
  for (int repeat = 0; repeat < 600; ++repeat) {
    L x;
    for (int i = 0; i < L::size; ++i) {
      const double u = uniform(random);
      x[i] = static_cast<T>(powers_of_ten ? std::pow(10.0, u) : u);
    }
    const L y = f(x);
    for (int i = 0; i < L::size; ++i)
      largest = std::max(largest, ulps<T>(y[i], exact(static_cast<long double>(std::as_const(x)[i]))));
  }
  constexpr bool wide = std::numeric_limits<long double>::digits > std::numeric_limits<T>::digits;
  return wide ? largest : largest - 0.5;
}

}  // namespace

// The bounds are those that lanes_math.hpp documents.
TEMPLATE_TEST_CASE("scalar::lanes: elementary functions keep their documented accuracy", "[scalar][oracle]", double,
                   float) {
  using T = TestType;
  using std::exp, std::log, std::sin, std::cos, std::tan, std::tanh;
  constexpr bool is_double = std::is_same_v<T, double>;
  const double lowest_normal = is_double ? -708.0 : -87.0, lowest = is_double ? -746.0 : -104.0;
  const double decades = is_double ? 307.0 : 37.0;

  const auto lanes_exp = [](const auto& x) { return exp(x); };
  const auto exact_exp = [](long double x) { return std::exp(x); };
  CHECK(worst<T>(lanes_exp, exact_exp, lowest_normal, is_double ? 709.7 : 88.7) <= 1.1);
  CHECK(worst<T>(lanes_exp, exact_exp, lowest, lowest_normal) <= 1.1);
  CHECK(worst<T>(lanes_exp, exact_exp, -1.0, 1.0) <= 1.1);
  CHECK(worst<T>(lanes_exp, exact_exp, -20.0, -1.0, true) <= 1.1);

  const auto lanes_log = [](const auto& x) { return log(x); };
  const auto exact_log = [](long double x) { return std::log(x); };
  CHECK(worst<T>(lanes_log, exact_log, -decades, decades, true) <= 0.9);
  CHECK(worst<T>(lanes_log, exact_log, is_double ? -323.0 : -44.8, -decades, true) <= 0.9);
  CHECK(worst<T>(lanes_log, exact_log, 0.5, 2.0) <= 0.9);
  CHECK(worst<T>(lanes_log, exact_log, 0.999, 1.001) <= 0.9);

  const auto lanes_inverse_sqrt = [](const auto& x) { return inverse_sqrt(x); };
  const auto exact_inverse_sqrt = [](long double x) { return 1.0L / std::sqrt(x); };
  CHECK(worst<T>(lanes_inverse_sqrt, exact_inverse_sqrt, -decades, decades, true) <= 1.5);
  CHECK(worst<T>(lanes_inverse_sqrt, exact_inverse_sqrt, 0.5, 2.0) <= 1.5);

  const auto trigonometric = [](auto f, auto exact, double bound) {
    CHECK(worst<T>(f, exact, -4.0, 4.0) <= bound);
    CHECK(worst<T>(f, exact, -8000.0, 8000.0) <= bound);
    CHECK(worst<T>(f, exact, -30.0, 30.0, true) <= bound);
    // Beside the multiples of π/2, where the reduction cancels.
    double largest = 0.0;
    for (int n = 0; n < 5000; ++n) {
      const T x = static_cast<T>(n * 1.57079632679489661923132169163975144L);
      largest = std::max(largest, ulps<T>(f(lanes<T, width<T>>(x))[0], exact(static_cast<long double>(x))));
    }
    CHECK(largest <= bound);
  };
  trigonometric([](const auto& x) { return sin(x); }, [](long double x) { return std::sin(x); }, 0.9);
  trigonometric([](const auto& x) { return cos(x); }, [](long double x) { return std::cos(x); }, 0.9);
  trigonometric([](const auto& x) { return tan(x); }, [](long double x) { return std::tan(x); }, 2.4);

  const auto lanes_tanh = [](const auto& x) { return tanh(x); };
  const auto exact_tanh = [](long double x) { return std::tanh(x); };
  CHECK(worst<T>(lanes_tanh, exact_tanh, -2.0, 2.0) <= 1.6);
  CHECK(worst<T>(lanes_tanh, exact_tanh, -25.0, 25.0) <= 1.6);
  CHECK(worst<T>(lanes_tanh, exact_tanh, -40.0, 1.0, true) <= 1.6);
}

TEMPLATE_TEST_CASE("scalar::lanes: elementary functions at infinity, NaN, zeros and denormals", "[scalar][edge]",
                   double, float) {
  using T = TestType;
  using L = lanes<T, width<T>>;
  using limits = std::numeric_limits<T>;
  using std::exp, std::log, std::sin, std::cos, std::tan, std::tanh, std::sqrt, std::floor, std::ceil;
  const T inf = limits::infinity(), tiny = limits::denorm_min();
  const auto at = [](auto f, T x) { return f(L(x))[width<T> - 1]; };
  const auto e = [](const L& x) { return exp(x); };
  const auto l = [](const L& x) { return log(x); };
  const auto s = [](const L& x) { return sin(x); };
  const auto c = [](const L& x) { return cos(x); };
  const auto t = [](const L& x) { return tan(x); };
  const auto h = [](const L& x) { return tanh(x); };
  CHECK(at(e, inf) == inf);
  CHECK(at(e, -inf) == T(0));
  CHECK(at(e, limits::max()) == inf);
  CHECK(at(e, limits::lowest()) == T(0));
  CHECK(at(e, T(-0.0)) == T(1));
  CHECK(at(e, tiny) == T(1));
  CHECK(at(l, inf) == inf);
  CHECK(at(l, T(0)) == -inf);
  CHECK(at(l, T(-0.0)) == -inf);
  CHECK(at(l, T(1)) == T(0));
  CHECK(std::isnan(at(l, T(-1))));
  CHECK(std::isnan(at(l, -inf)));
  CHECK(ulps<T>(at(l, tiny), std::log(static_cast<long double>(tiny))) <= 0.9);
  CHECK(at(h, inf) == T(1));
  CHECK(at(h, -inf) == T(-1));
  for (const T zero : {T(0), T(-0.0)}) {
    CHECK(at(c, zero) == T(1));
    CHECK(std::signbit(at(s, zero)) == std::signbit(zero));
    CHECK(std::signbit(at(t, zero)) == std::signbit(zero));
    CHECK(std::signbit(at(h, zero)) == std::signbit(zero));
  }
  for (const T small : {tiny, -tiny, limits::min(), -limits::min()}) {
    CHECK(at(s, small) == small);
    CHECK(at(t, small) == small);
    CHECK(at(h, small) == small);
  }
  for (const T bad : {limits::quiet_NaN(), inf, -inf}) {
    CHECK(std::isnan(at(s, bad)));
    CHECK(std::isnan(at(c, bad)));
    CHECK(std::isnan(at(t, bad)));
  }
  for (const auto& f :
       {+[](const L& x) { return exp(x); }, +[](const L& x) { return log(x); }, +[](const L& x) { return tanh(x); },
        +[](const L& x) { return sqrt(x); }, +[](const L& x) { return floor(x); }})
    CHECK(std::isnan(f(L(limits::quiet_NaN()))[0]));
  CHECK(at([](const L& x) { return floor(x); }, T(-0.5)) == T(-1));
  CHECK(at([](const L& x) { return ceil(x); }, T(1.25)) == T(2));
  CHECK(at([](const L& x) { return floor(x); }, limits::max()) == limits::max());
  CHECK(at([](const L& x) { return fract(x); }, T(-0.25)) == T(0.75));
}

// What an ensemble relies on: an orbit's digits are the same in any company and in any place.
TEMPLATE_TEST_CASE("scalar::lanes: a lane's digits depend on no other lane and not on its place", "[scalar][law]",
                   double, float) {
  using T = TestType;
  using L = lanes<T, 2 * width<T>>;
  using std::exp, std::log, std::sin, std::cos, std::tan, std::tanh, std::sqrt, std::pow;
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0.0, 3.0);
  const auto f = [](const L& x) {
    const L size = x * x + 0.1;
    return exp(sin(x) * cos(x)) + log(size) + tan(x) + tanh(x) / sqrt(size) + pow(size, 3) + pow(size, 0.3);
  };
  int wrong = 0;
  for (int repeat = 0; repeat < 200; ++repeat) {
    const T x = static_cast<T>(normal(random));
    const T alone = f(L(x))[0];
    for (int place = 0; place < L::size; ++place) {
      L company;
      for (int i = 0; i < L::size; ++i) company[i] = static_cast<T>(normal(random));
      company[(place + 1) % L::size] = std::numeric_limits<T>::quiet_NaN();
      company[(place + 2) % L::size] = std::numeric_limits<T>::infinity();
      company[(place + 3) % L::size] = T(1e30);  // takes sin and cos off their SIMD path
      company[place] = x;
      wrong += f(company)[place] != alone;
    }
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("scalar::lanes: functions without a SIMD form are the standard library's", "[scalar][differential]",
                   double, float) {
  using T = TestType;
  using L = lanes<T, width<T>>;
  using std::asin, std::acos, std::atan, std::sinh, std::cosh, std::expm1, std::log1p, std::cbrt, std::atan2,
      std::hypot, std::fmod, std::pow;
  const volatile T nine_tenths = T(0.9);  // else GCC evaluates some of these itself, and rounds better than the library
  L x, y;
  for (int i = 0; i < L::size; ++i) {
    x[i] = nine_tenths * (T(2 * i + 1) / T(L::size) - T(1));
    y[i] = T(1.7) - x[i];
  }
  const L a = asin(x), b = acos(x), c = atan(x), d = sinh(x), e = cosh(x), f = expm1(x), g = log1p(x), h = cbrt(x),
          k = atan2(x, y), l = hypot(x, 1.0), m = fmod(x, 0.25), n = pow(y, x), o = pow(y, 1.5), p = pow(2.0, x),
          q = pow(y, 3), r = pow(y, -2), one = pow(x, 0);
  for (int i = 0; i < L::size; ++i) {
    const T s = std::as_const(x)[i], t = std::as_const(y)[i];
    CHECK(a[i] == std::asin(s));
    CHECK(b[i] == std::acos(s));
    CHECK(c[i] == std::atan(s));
    CHECK(d[i] == std::sinh(s));
    CHECK(e[i] == std::cosh(s));
    CHECK(f[i] == std::expm1(s));
    CHECK(g[i] == std::log1p(s));
    CHECK(h[i] == std::cbrt(s));
    CHECK(k[i] == std::atan2(s, t));
    CHECK(l[i] == std::hypot(s, T(1)));
    CHECK(m[i] == std::fmod(s, T(0.25)));
    CHECK(n[i] == std::pow(t, s));
    CHECK(o[i] == std::pow(t, T(1.5)));
    CHECK(p[i] == std::pow(T(2), s));
    CHECK(q[i] == t * (t * t));
    CHECK(r[i] == T(1) / (t * t));
    CHECK(one[i] == T(1));
  }
}
