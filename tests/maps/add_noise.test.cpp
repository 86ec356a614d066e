// SPDX-License-Identifier: MIT
#include <libration/maps/add_noise.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/random.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/testing/laws.hpp>

#include "formula_laws.hpp"
#include "support/message.hpp"
#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using libration::argument_error;

constexpr state<double, 2> place{0.2, 0.1};

}  // namespace

TEST_CASE("maps::add_noise: the noise is s times the normal numbers t n .. t n + n - 1 of its stream", "[oracle]") {
  const libration::random_stream numbers(7, 3);
  const auto map = maps::add_noise(maps::henon{}, {0.5, 0.25}, {.seed = 7, .stream = 3});
  const auto image = maps::henon{}(place);
  for (const std::int64_t t : {0, 1, 1000}) {
    const auto noisy = map(t, place);
    const auto index = static_cast<std::uint64_t>(2 * t);
    CHECK(noisy[0] == image[0] + 0.5 * numbers.normal(index));
    CHECK(noisy[1] == image[1] + 0.25 * numbers.normal(index + 1));
  }
  CHECK(map(5, place) == map(5, place));
  CHECK(maps::add_noise(maps::henon{}, 0.0)(5, place) == image);
  CHECK(maps::add_noise(maps::logistic{}, 0.5, {.seed = 7, .stream = 3})(1, state<double, 1>{0.0})[0] == 0.5 * numbers.normal(1));
  CHECK(map.alteration().deviations() == Eigen::Vector2d(0.5, 0.25));
  CHECK((map.alteration().seed() == 7 && map.alteration().stream() == 3));
}

TEST_CASE("maps::add_noise: a timed map with the inner map's tangent, in every scalar, the same noise in all lanes", "[law]") {
  const auto map = maps::add_noise(maps::henon{}, 0.5, {.seed = 1});
  static_assert(maps::timed<decltype(map)> && !maps::driven<decltype(map)> && maps::lanes_allowed<decltype(map)>);
  static_assert(!libration::tangent::formula_system<decltype(map), double>::autonomous);
  check_formula(map, place);
  CHECK(jacobian(map, place) == jacobian(maps::henon{}, place));
  const auto laws = libration::testing::check_laws(map, place);
  INFO(laws.text());
  CHECK(laws.ok());
}

TEST_CASE("maps::add_noise: driven and timed formulas keep their input and their time", "[law]") {
  const auto map = maps::add_noise(clocked{}, 0.5, {.seed = 1});
  static_assert(maps::timed<decltype(map)> && maps::driven<decltype(map)> && maps::input_dimension<decltype(map)> == 1);
  const auto inner = clocked{}(4, place, state<double, 1>{0.7});
  const libration::random_stream numbers(1);
  const auto image = map(4, place, state<double, 1>{0.7});
  for (int i = 0; i < 2; ++i) CHECK(image[i] == inner[i] + 0.5 * numbers.normal(static_cast<std::uint64_t>(8 + i)));
}

TEST_CASE("maps::add_noise: a flow keeps its time step, and a map of many components its determinant", "[law]") {
  CHECK(maps::add_noise(maps::rk4(maps::lorenz63{}, 0.25), 0.1).time_step() == 0.25);
  static_assert(!maps::has_time_step<decltype(maps::add_noise(maps::henon{}, 0.1))>);
  CHECK(maps::add_noise(maps::henon{}, 0.1).log_abs_determinant(place) == maps::henon{}.log_abs_determinant(place));
}

TEST_CASE("maps::add_noise: a vector map gets the noise that the same formula gets", "[differential]") {
  const clocked f;
  const auto formula = maps::add_noise(f, {0.5, 0.25}, {.seed = 5});
  const libration::tangent::formula_as_vector<clocked> view(f);
  const auto vector = maps::add_noise(view, Eigen::VectorXd(Eigen::Vector2d(0.5, 0.25)), {.seed = 5});
  static_assert(maps::timed<decltype(vector)> && maps::driven<decltype(vector)> && !decltype(vector)::autonomous);
  const Eigen::VectorXd h = Eigen::Vector2d(0.2, 0.1), x = Eigen::VectorXd::Constant(1, 0.7);
  for (const std::int64_t t : {0, 3, 1000}) CHECK(stepped(vector, t, h, x) == formula(t, place, state<double, 1>{0.7}).vector());
}

TEST_CASE("maps::add_noise: vector maps of more than one block of numbers, double and float, driven and not", "[law]") {
  const Eigen::Index n = 70;  // beyond the 64 that are drawn at once
  const maps::linear<> A(normals<double>(n, n, 30));
  const Eigen::VectorXd h = normals<double>(n, 1, 1);
  const auto noisy = maps::add_noise(A, 0.5, {.seed = 2, .stream = 9});
  static_assert(maps::timed<decltype(noisy)> && !maps::driven<decltype(noisy)>);
  Eigen::VectorXd expected(n);
  libration::random_stream(2, 9).fill_normal(expected, 3 * n);
  expected = stepped(A, 3, h, h) + 0.5 * expected;
  // One sum, rounded as the compiler likes.
  CHECK((stepped(noisy, 3, h, h) - expected).cwiseAbs().maxCoeff() <= 4 * std::numeric_limits<double>::epsilon() * expected.norm());
  check_vector_map(maps::add_noise(maps::tanh_network<>(6, 2.0, 3), 0.5));
  check_last_step(maps::add_noise(maps::tanh_network<>(6, 2.0, 3), 0.5));
  check_vector_map(maps::add_noise(maps::driven_linear<>(normals<double>(6, 6, 4), normals<double>(6, 2, 5)), 0.5));
  check_vector_map(maps::iterate(maps::add_noise(maps::tanh_network<>(6, 2.0, 3), 0.1), 3));

  const maps::linear<float> single_precision(normals<float>(n, n, 30));
  const Eigen::VectorXf in_float =
      stepped(maps::add_noise(single_precision, 0.5, {.seed = 2, .stream = 9}), 3, h.cast<float>().eval(), h.cast<float>().eval());
  // n products a row, of order one.
  const double tolerance =
      4 * static_cast<double>(n) * static_cast<double>(std::numeric_limits<float>::epsilon()) * expected.norm();
  CHECK((in_float.cast<double>() - expected).cwiseAbs().maxCoeff() <= tolerance);
}

TEST_CASE("maps::add_noise: a stationary autoregression has variance s²/(1 - a²) and correlation a", "[stat]") {
  // 200,000 steps of h' = a h + s ξ: the variance's standard error is that of an autoregression,
  // σ² √(2 (1 + a²)/(1 - a²)/N), and the lag-one correlation's √((1 - a²)/N). Four of them: passed by chance once in 16,000.
  const double a = 0.8, s = 0.3;
  const auto map = maps::add_noise(maps::basic_linear<1>{{{a}}}, s, {.seed = 4});
  const int N = 200'000;
  state<double, 1> h{0.0};
  for (int t = 0; t < 100; ++t) h = map(t, h);
  double squares = 0, products = 0, sum = 0;
  for (int t = 100; t < 100 + N; ++t) {
    const auto next = map(t, h);
    squares += h[0] * h[0];
    products += h[0] * next[0];
    sum += h[0];
    h = next;
  }
  const double variance = s * s / (1 - a * a);
  CHECK(std::abs(squares / N - variance) < 4 * variance * std::sqrt(2 * (1 + a * a) / (1 - a * a) / N));
  CHECK(std::abs(products / squares - a) < 4 * std::sqrt((1 - a * a) / N));
  CHECK(std::abs(sum / N) < 4 * s / (1 - a) / std::sqrt(N));
}

TEST_CASE("maps::add_noise: deviations out of range are refused", "[failure]") {
  CHECK_THAT(message_of<argument_error>([] { (void)maps::add_noise(maps::henon{}, -0.5); }),
             Contains("maps::add_noise: standard deviation 0 is -0.5") && Contains("expected a finite number >= 0"));
  CHECK_THAT(message_of<argument_error>([] {
               (void)maps::add_noise(maps::henon{}, {0.5, std::numeric_limits<double>::infinity()});
             }),
             Contains("standard deviation 1 is inf"));
  CHECK_THAT(message_of<argument_error>([] {
               (void)maps::add_noise(maps::linear<>(Eigen::MatrixXd::Identity(3, 3)), Eigen::VectorXd(Eigen::Vector2d(1, 1)));
             }),
             Contains("maps::add_noise: the standard deviations has 2 rows, expected 3 (the map's dimension)"));
}
