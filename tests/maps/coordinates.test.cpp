// SPDX-License-Identifier: MIT
/// \file
/// What a map says of its coordinates, and the difference of two states.

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <libration/core/random.hpp>
#include <libration/maps/cat.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/doubling.hpp>
#include <libration/maps/gauss.hpp>
#include <libration/maps/kaplan_yorke.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/standard.hpp>

#include "support/catch.hpp"

namespace {

namespace maps = libration::maps;
using libration::argument_error, libration::lanes, libration::single, libration::state;
using maps::coordinate_difference;

constexpr double pi = std::numbers::pi;

template <int n>
struct identity {
  static constexpr int dimension = n;
  template <class T>
  state<T, n> operator()(const state<T, n>& h) const {
    return h;
  }
};
struct by_constant : identity<2> {
  static constexpr state<double, 2> periods = {0.0, 3.0};
  static constexpr std::array<bool, 2> unbounded = {true, false};
};
struct by_function : identity<2> {
  double P = 3.0;
  state<double, 2> periods() const { return {0.0, P}; }
  state<bool, 2> unbounded() const { return {true, false}; }
};
struct on_vectors {
  using scalar_type = float;
  static constexpr int counters = 1;
  Eigen::VectorXd said = Eigen::Vector3d(0.0, 3.0, 0.0);
  Eigen::Index state_size() const { return 3; }
  void step(libration::vector_view<float> h, libration::vector_span<float> next) const { next = h; }
  const Eigen::VectorXd& periods() const { return said; }
  Eigen::Array<bool, Eigen::Dynamic, 1> unbounded() const { return Eigen::Array<bool, 3, 1>(true, false, false); }
};

}  // namespace

TEST_CASE("maps::coordinates: a constant and a function say the same, for formulas and for vectors", "[law]") {
  const auto check = [](const auto& c) {
    CHECK(c.period(0) == 0.0);
    CHECK(c.period(1) == 3.0);
    CHECK_FALSE(c.bounded(0));
    CHECK(c.bounded(1));
    CHECK(c.difference(0, 2.9, 0.1) == 2.9 - 0.1);
    CHECK(std::abs(c.difference(1, 2.9, 0.1) + 0.2) < 1e-15);
  };
  check(maps::coordinates(by_constant{}));
  check(maps::coordinates(by_function{}));
  const on_vectors map;
  const maps::coordinates c(map);
  check(c);
  CHECK_FALSE(c.bounded(2));  // it counts
  CHECK(c.size() == 3);
  const Eigen::Vector3f a(1.0f, 0.25f, 0.1f), b(3.0f, 2.75f, 0.3f);
  Eigen::VectorXd d(3);
  c.difference(a, b, d);
  CHECK(d == Eigen::Vector3d(-2.0, 0.5, static_cast<double>(0.1f) - static_cast<double>(0.3f)));
}

TEST_CASE("maps::coordinates: a map that says nothing has plain differences, and costs no memory", "[law]") {
  const maps::logistic map;
  const maps::coordinates c(map);
  static_assert(!decltype(c)::wraps && sizeof(c) == sizeof(Eigen::Index));
  CHECK(c.period(0) == 0.0);
  CHECK(c.bounded(0));
  Eigen::Matrix<double, 2, 200> numbers;
  libration::random_stream(5, 0).fill_normal(numbers);
  for (int k = 0; k < 200; ++k) {
    const double a = numbers(0, k) * std::exp2(k % 60), b = numbers(1, k);
    const auto f = static_cast<float>(a), g = static_cast<float>(b);
    CHECK(c.difference(0, a, b) == a - b);
    CHECK(static_cast<float>(c.difference(0, f, g)) == f - g);
    CHECK(c.difference(state<single, 1>{f}, state<single, 1>{g})[0] == static_cast<double>(f) - static_cast<double>(g));
  }
}

TEST_CASE("maps::coordinates: the library's maps that wrap say so", "[law]") {
  const maps::standard standard;
  const maps::coordinates on_torus(standard);
  const auto d = on_torus.difference(state<double, 2>{0.1, 6.2}, state<double, 2>{6.2, 0.1});
  CHECK(std::abs(d[0] - (2 * pi - 6.1)) < 1e-15);
  CHECK(d[1] == -d[0]);
  CHECK(maps::periods(maps::cat{})[1] == 1.0);
  CHECK(maps::periods(maps::doubling{})[0] == 1.0);
  CHECK(maps::periods(maps::kaplan_yorke{})[0] == 1.0);
  CHECK(maps::periods(maps::kaplan_yorke{})[1] == 0.0);
  static_assert(!maps::has_periods<maps::gauss>);  // 1/x: the ends of its interval are two points
}

// What periods promise: h and h + P are one point.
TEST_CASE("maps::coordinates: the library's maps that wrap take h + P to what they take h to, modulo P", "[law]") {
  const auto check = [](const auto& map) {
    using M = std::decay_t<decltype(map)>;
    constexpr int n = M::dimension;
    const maps::coordinates c(map);
    const auto h = M::start();
    for (int i = 0; i < n; ++i) {
      auto moved = h;
      moved[i] += c.period(i);
      const auto d = c.difference(map(moved), map(h));
      for (int j = 0; j < n; ++j) CHECK(std::abs(d[j]) < 64 * std::numeric_limits<double>::epsilon());
    }
  };
  check(maps::standard{});
  check(maps::cat{});
  check(maps::doubling{});
  check(maps::kaplan_yorke{});
}

TEST_CASE("maps::coordinate_difference: above -P/2 and at most P/2, the distance of a pair on either side of the cut", "[oracle]") {
  CHECK(coordinate_difference(0.5, 0.0, 1.0) == 0.5);
  CHECK(coordinate_difference(0.0, 0.5, 1.0) == 0.5);
  CHECK(coordinate_difference(-0.5, 0.0, 1.0) == 0.5);
  CHECK(coordinate_difference(0.0, 1.0, 1.0) == 0.0);
  CHECK(coordinate_difference(0.125, 0.875, 1.0) == 0.25);
  CHECK(coordinate_difference(0.875, 0.125, 1.0) == -0.25);
  CHECK(coordinate_difference(1000.25, 0.0, 1.0) == 0.25);
  CHECK(coordinate_difference(0.0, 1e9 + 0.25, 1.0) == -0.25);
  // Below half a period it is the plain difference, bit for bit.
  CHECK(coordinate_difference(0.3, 0.1, 1.0) == 0.3 - 0.1);
}

TEST_CASE("maps::coordinate_difference: single precision takes the period as its own formula does", "[edge]") {
  const auto turn = static_cast<float>(2.0 * pi);
  const float a = 1e-3f, b = turn - 1e-3f;
  const double expected = static_cast<double>(a) - static_cast<double>(b) + static_cast<double>(turn);
  CHECK(coordinate_difference(a, b, 2.0 * pi) == expected);
  CHECK(coordinate_difference(single(a), single(b), 2.0 * pi) == expected);
  CHECK(coordinate_difference(single(a), b, 2.0 * pi) == expected);
}

TEST_CASE("maps::coordinate_difference: each lane is what it is alone", "[differential]") {
  const auto check = [](auto zero) {
    using T = decltype(zero);
    using base = typename libration::scalar_traits<T>::base;
    constexpr int N = libration::scalar_traits<T>::width;
    Eigen::Matrix<double, 2 * N, 20> numbers;
    libration::random_stream(6, 0).fill_normal(numbers);
    for (const double P : {0.0, 1.0, 2.0 * pi, 100.0})
      for (int k = 0; k < 20; ++k) {
        T a, b;
        for (int lane = 0; lane < N; ++lane) {
          a[lane] = static_cast<base>(numbers(lane, k));
          b[lane] = static_cast<base>(numbers(N + lane, k));
        }
        const T d = coordinate_difference(a, b, P);
        for (int lane = 0; lane < N; ++lane) {
          T alone_a(a[lane]), alone_b(b[lane]);
          CHECK(d[lane] == coordinate_difference(alone_a, alone_b, P)[0]);
          if constexpr (std::is_same_v<base, double>) CHECK(d[lane] == coordinate_difference(a[lane], b[lane], P));
        }
      }
  };
  check(lanes<double, 4>{});
  check(lanes<float, 8>{});
}

TEST_CASE("maps::coordinate_difference: what is not finite stays so", "[edge]") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double P : {0.0, 1.0})
    for (const double bad : {inf, -inf, nan}) {
      CHECK_FALSE(std::isfinite(coordinate_difference(bad, 0.25, P)));
      CHECK_FALSE(std::isfinite(coordinate_difference(0.25, bad, P)));
    }
}

TEST_CASE("maps::coordinates: a period that is none, and too few of them, are refused", "[failure]") {
  for (const double P : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(maps::coordinates(by_function{{}, P}), libration_test::Contains("maps::coordinates: the map's period 1 is"));
  on_vectors map;
  map.said.resize(2);
  CHECK_THROWS_WITH(maps::coordinates(map), libration_test::Contains("the map's periods has 2 rows, expected 3"));
}
