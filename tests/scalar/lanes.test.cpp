// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/scalar/lanes.hpp>
#include <libration/scalar/lanes_math.hpp>

#include "support/catch.hpp"

using libration::lanes;
using libration::lanes_mask;

static_assert(libration::scalar<lanes<double, 8>> && libration::scalar<lanes<float, 16>>);
static_assert(std::is_trivially_copyable_v<lanes<double, 8>>);
static_assert(sizeof(lanes<double, 8>) == 8 * sizeof(double) && sizeof(lanes<float, 2>) == 2 * sizeof(float));
static_assert(std::is_same_v<decltype(lanes<float, 8>(1) * 2.0), lanes<float, 8>>);
static_assert(std::is_same_v<decltype(lanes<float, 8>(1) < 2), lanes_mask<float, 8>>);
static_assert(!std::is_convertible_v<lanes<double, 8>, lanes<float, 8>>);

namespace {

template <class T>
const std::vector<T>& awkward_numbers() {
  using limits = std::numeric_limits<T>;
  static const std::vector<T> numbers{T(0),
                                      T(-0.0),
                                      T(1),
                                      T(-1),
                                      T(0.1),
                                      T(-3.75),
                                      T(1e10),
                                      limits::max(),
                                      limits::min(),
                                      limits::denorm_min(),
                                      -limits::denorm_min(),
                                      limits::epsilon(),
                                      limits::infinity(),
                                      -limits::infinity(),
                                      limits::quiet_NaN(),
                                      T(2.5)};
  return numbers;
}

template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

}  // namespace

// Widths below, at and above every register, and one that no register divides.
TEMPLATE_TEST_CASE("scalar::lanes: arithmetic and comparisons are the number's, lane by lane", "[scalar][differential]",
                   (lanes<double, 1>), (lanes<double, 2>), (lanes<double, 3>), (lanes<double, 4>), (lanes<double, 8>),
                   (lanes<double, 16>), (lanes<double, 32>), (lanes<float, 2>), (lanes<float, 4>), (lanes<float, 8>),
                   (lanes<float, 12>), (lanes<float, 16>), (lanes<float, 32>)) {
  using L = TestType;
  using T = typename L::value_type;
  const auto& numbers = awkward_numbers<T>();
  const int total = static_cast<int>(numbers.size());
  int wrong = 0;
  for (int shift = 0; shift < total; ++shift) {
    L a, b;
    for (int i = 0; i < L::size; ++i) {
      a[i] = numbers[static_cast<std::size_t>(i % total)];
      b[i] = numbers[static_cast<std::size_t>((i + shift) % total)];
    }
    using std::abs, std::sqrt, std::min, std::max, std::fmin, std::fmax, std::isfinite, std::isnan;
    const L sum = a + b, difference = a - b, product = a * b, quotient = a / b, negated = -a, root = sqrt(a),
            size = abs(a), least = min(a, b), most = max(a, b), least_number = fmin(a, b), most_number = fmax(a, b);
    const auto less = a<b, less_equal = a <= b, greater = a> b, greater_equal = a >= b, equal = a == b,
               unequal = a != b, finite = isfinite(a), nan = isnan(a), both = a < b && a == a, either = a < b || b != b,
               neither = !(a < b);
    const L chosen = blend(less, a, b);
    for (int i = 0; i < L::size; ++i) {
      const T x = std::as_const(a)[i], y = std::as_const(b)[i];
      wrong += !same<T>(sum[i], x + y) + !same<T>(difference[i], x - y) + !same<T>(product[i], x * y) +
               !same<T>(quotient[i], x / y) + !same<T>(negated[i], -x) + !same<T>(root[i], std::sqrt(x)) +
               !same<T>(size[i], std::fabs(x)) + !same<T>(chosen[i], x < y ? x : y);
      wrong += !same<T>(least[i], std::min(x, y)) + !same<T>(most[i], std::max(x, y));
      // Of two zeros of opposite sign either may be returned.
      wrong += !(same<T>(least_number[i], std::fmin(x, y)) || (x == T(0) && y == T(0))) +
               !(same<T>(most_number[i], std::fmax(x, y)) || (x == T(0) && y == T(0)));
      wrong += (less[i] != (x < y)) + (less_equal[i] != (x <= y)) + (greater[i] != (x > y)) +
               (greater_equal[i] != (x >= y)) + (equal[i] != (x == y)) + (unequal[i] != (x != y)) +
               (finite[i] != std::isfinite(x)) + (nan[i] != std::isnan(x)) + (both[i] != (x < y)) +
               (either[i] != (x < y || std::isnan(y))) + (neither[i] != !(x < y));
    }
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("scalar::lanes: doubles and integers beside lanes", "[scalar][law]", (lanes<double, 8>),
                   (lanes<float, 8>)) {
  using L = TestType;
  using T = typename L::value_type;
  L x = 0.3;
  x = 1.0 - 2 * x;
  x += 1;
  x *= L(0.5);
  x /= 3.0;
  x -= 0.1;
  const T expected = ((T(1) - T(2) * T(0.3) + T(1)) * T(0.5)) / T(3) - T(0.1);
  for (int i = 0; i < L::size; ++i) CHECK(std::as_const(x)[i] == expected);
  CHECK(all(x < 1));
  CHECK(all(0.0 < x));
  CHECK(std::as_const(x)[3] == (+x)[3]);
  const std::int64_t large = 1 << 20;
  CHECK((L(0.0) + large)[0] == T(1 << 20));
}

TEST_CASE("scalar::lanes: all, any, none, for masks and for a bool", "[scalar][edge]") {
  using L = lanes<double, 16>;
  L x;
  for (int i = 0; i < 16; ++i) x[i] = i;
  CHECK(all(x >= 0.0));
  CHECK_FALSE(all(x > 0.0));
  CHECK(any(x > 14.5));
  CHECK_FALSE(any(x > 15.0));
  CHECK(none(x < 0.0));
  CHECK_FALSE(none(x == 3.0));
  for (int i = 0; i < 16; ++i) {
    CHECK_FALSE(all(x != i));
    CHECK(any(x == i));
    CHECK((x == i)[i]);
  }
  CHECK(all(lanes_mask<double, 16>(true)));
  CHECK(none(lanes_mask<double, 16>(false)));
  CHECK(all(lanes_mask<float, 2>(true) && !lanes_mask<float, 2>(false)));
  CHECK(all((x < 3.0) || true));
  CHECK(libration::all(true));
  CHECK(libration::none(false));
  CHECK_FALSE(libration::any(false));
}

TEST_CASE("scalar::lanes: load, store, value() and construction from an array", "[scalar][law]") {
  using L = lanes<float, 8>;
  const float from[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const L x = L::load(from + 1);  // an odd address
  float to[9] = {};
  (x * 2).store(to + 1);
  for (int i = 0; i < 8; ++i) CHECK(to[i + 1] == 2.0f * static_cast<float>(i + 1));
  CHECK(x.value().sum() == 36.0f);
  Eigen::ArrayXXf table(2, 8);
  table.setRandom();
  const L row(table.row(1).transpose());
  for (int i = 0; i < 8; ++i) CHECK(row[i] == table(1, i));
  L y = x;
  y.value()(2) = -1.0f;
  CHECK(std::as_const(y)[2] == -1.0f);
}
