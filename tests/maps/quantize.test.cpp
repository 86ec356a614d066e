// SPDX-License-Identifier: MIT
#include <libration/maps/quantize.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include <libration/core/random.hpp>
#include <libration/io/half.hpp>
#include <libration/maps/add_noise.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/vector_system.hpp>

#include "formula_laws.hpp"
#include "support/message.hpp"
#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
namespace io = libration::io;
using namespace libration_test;
using Eigen::VectorXd;
using libration::argument_error;
using maps::number_format;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr state<double, 2> place{0.2, 0.1};

double rounded(const number_format& format, double x) {
  VectorXd one = VectorXd::Constant(1, x);
  format.round(one);
  return one[0];
}

// Every sign and exponent with random and with tied fractions, and the edges.
template <class Check>
void for_many_doubles(Check&& check) {
  const libration::random_stream numbers(3);
  std::uint64_t index = 0;
  for (int exponent = -160; exponent <= 160; ++exponent) {
    for (int repeat = 0; repeat < 40; ++repeat) {
      const std::uint64_t bits = numbers.bits(index++);
      const double fraction = std::bit_cast<double>((bits >> 12) | std::uint64_t{0x3ff} << 52);
      // The first 12 bits of the fraction alone: half of them ties of 11 bits, some of 8.
      const double tied = std::bit_cast<double>((bits >> 12 << 12 & 0xfff0000000000ull) | std::uint64_t{0x3ff} << 52);
      for (const double x : {fraction, tied})
        for (const double sign : {-1.0, 1.0}) check(sign * std::ldexp(x, exponent));
    }
  }
  for (const double x : {0.0, -0.0, inf, -inf, 65504.0, 65519.99, 65520.0, 0x1p-25, 0x1.00001p-25, 5e-324, 1e308}) check(x);
}

}  // namespace

TEST_CASE("maps::number_format: bfloat16 and float16 round as their bits do, float32 as a cast does", "[differential]") {
  for_many_doubles([](double x) {
    const double half = io::widen(io::narrow<io::float16>(x)), brain = io::widen(io::narrow<io::bfloat16>(x));
    if (rounded(number_format::float16(), x) != half) FAIL_CHECK("float16 of " << x);
    if (rounded(number_format::bfloat16(), x) != brain) FAIL_CHECK("bfloat16 of " << x);
    if (std::abs(x) < 3e38 || std::isinf(x)) {
      if (rounded(number_format::float32(), x) != static_cast<double>(static_cast<float>(x))) FAIL_CHECK("float32 of " << x);
    } else if (std::abs(x) > 4e38) {
      if (rounded(number_format::float32(), x) != std::copysign(inf, x)) FAIL_CHECK("float32 of " << x);
    }
  });
  for (const auto& format : {number_format::float16(), number_format::bfloat16(), number_format::float32(),
                             number_format::uniform(8, -1.0, 1.0), number_format::dynamic(8)}) {
    CHECK(std::isnan(rounded(format, std::numeric_limits<double>::quiet_NaN())));
  }
}

TEST_CASE("maps::number_format: a uniform grid has 2^bits values, both ends among them, and saturates", "[oracle]") {
  const auto two = number_format::uniform(2, 0.0, 3.0);
  for (const auto& [x, wanted] : {std::pair(-5.0, 0.0),
                                  {0.4, 0.0},
                                  {0.5, 0.0},
                                  {0.6, 1.0},
                                  {1.5, 2.0},
                                  {2.5, 2.0},
                                  {2.6, 3.0},
                                  {9.0, 3.0},
                                  {inf, 3.0},
                                  {-inf, 0.0}})
    CHECK(rounded(two, x) == wanted);
  const auto eight = number_format::uniform(8, -0.3, 0.7);
  const double step = 1.0 / 255;
  for (int level = 0; level < 256; ++level) {
    const double value = -0.3 + level * step;
    // Two roundings of numbers below 1, and once more the same.
    CHECK(std::abs(rounded(eight, value + 0.49 * step) - value) < 4 * std::numeric_limits<double>::epsilon());
    CHECK(rounded(eight, rounded(eight, value)) == rounded(eight, value));
  }
  CHECK((rounded(eight, -0.3) == -0.3 && rounded(eight, 0.7) == 0.7));
  CHECK(rounded(number_format::uniform(4, 2.0, 2.0), 7.0) == 2.0);

  VectorXd h = Eigen::Vector3d(0.26, 26.0, 5.0);
  const auto each = number_format::uniform(2, {Eigen::Vector3d(0, 0, 1), Eigen::Vector3d(0.3, 30, 1)});
  CHECK(each.state_size() == 3);
  each.round(h);
  CHECK((h - Eigen::Vector3d(0.3, 30, 1)).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("maps::number_format: a dynamic grid follows the largest component of each group", "[oracle]") {
  // 3 bits: -3 .. 3 thirds of the largest.
  VectorXd h(5);
  h << 3.0, -1.4, 0.6, -30.0, 4.9;
  auto all = h, pairs = h;
  number_format::dynamic(3).round(all);
  VectorXd wanted(5);
  wanted << 0, 0, 0, -30, 0;
  CHECK(all == wanted);
  number_format::dynamic(3, 2).round(pairs);
  wanted << 3, -1, 0, -30, 4.9;
  CHECK((pairs - wanted).cwiseAbs().maxCoeff() < 1e-14);
  VectorXd zero = VectorXd::Zero(3);
  number_format::dynamic(8).round(zero);
  CHECK(zero == VectorXd::Zero(3));
  Eigen::VectorXf single_precision = h.cast<float>();
  number_format::dynamic(3, 2).round(single_precision);
  CHECK((single_precision.cast<double>() - wanted).cwiseAbs().maxCoeff() < 1e-6);
}

TEST_CASE("maps::number_format: the error's deviation is what rounding of smeared numbers has", "[stat]") {
  // 20,000 numbers about a centre: the mean square of a uniform error has relative deviation √(4/5 / N), 0.63 %; four of them.
  const int N = 20'000;
  const libration::random_stream numbers(8);
  const auto check = [&](const number_format& format, double centre, double span) {
    double squares = 0;
    for (int i = 0; i < N; ++i) {
      const double x = centre + span * (numbers.uniform(static_cast<std::uint64_t>(i)) - 0.5);
      VectorXd h = Eigen::Vector2d(x, centre + span);  // the second one sets a dynamic grid's scale
      format.round(h);
      squares += (h[0] - x) * (h[0] - x);
    }
    const double model = format.error_deviation(VectorXd(Eigen::Vector2d(centre, centre + span)))[0];
    INFO("deviation " << std::sqrt(squares / N) << ", model " << model);
    CHECK(std::abs(squares / N / (model * model) - 1.0) < 4 * std::sqrt(0.8 / N));
  };
  // Whole numbers of steps wide, within one binade.
  check(number_format::bfloat16(), 0.75, 0.25);
  check(number_format::float16(), 1.5, 0.5);
  check(number_format::float32(), -0.75, 0.25);
  check(number_format::uniform(8, -1.0, 1.0), 0.1, 100.0 * 2.0 / 255);
  check(number_format::dynamic(8), 0.25, 0.5 * 2.0 / 3.0);

  CHECK(number_format::bfloat16().error_deviation(1.0) == std::ldexp(1.0, -7) / std::sqrt(12.0));
  CHECK(number_format::bfloat16().error_deviation(-1.99) == std::ldexp(1.0, -7) / std::sqrt(12.0));
  CHECK(number_format::float16().error_deviation(0.0) == std::ldexp(1.0, -24) / std::sqrt(12.0));
  CHECK(number_format::float16().error_deviation(1e5) == inf);
  CHECK(number_format::uniform(8, 0.0, 255.0).error_deviation(3.0) == 1.0 / std::sqrt(12.0));
  CHECK(number_format::dynamic(8).error_deviation(127.0) == 1.0 / std::sqrt(12.0));
  CHECK(std::abs(number_format::dynamic(8, 1).error_deviation(VectorXd(Eigen::Vector2d(127.0, -12.7)))[1] - 0.1 / std::sqrt(12.0)) <
        1e-16);
}

TEST_CASE("maps::quantize: the rounded step, in every scalar, with the tangent straight through", "[law]") {
  for (const auto& format : {number_format::bfloat16(), number_format::uniform(6, -1.5, 1.5), number_format::dynamic(5)}) {
    const auto map = maps::quantize(maps::henon{}, format);
    static_assert(!maps::timed<decltype(map)> && !maps::driven<decltype(map)>);
    static_assert(libration::tangent::formula_system<std::decay_t<decltype(map)>, double>::autonomous);
    VectorXd image = maps::henon{}(place).vector();
    format.round(image);
    CHECK(map(place).vector() == image);
    CHECK(jacobian(map, place) == jacobian(maps::henon{}, place));
    check_lanes(map, place);
    CHECK(map.log_abs_determinant(place) == maps::henon{}.log_abs_determinant(place));
    // Single precision holds the values of few bits; the inner step's rounding could only matter at a tie.
    const auto in_single = map(state<single, 2>{0.2, 0.1});
    for (int i = 0; i < 2; ++i)
      CHECK(std::abs(static_cast<double>(in_single[i]) - image[i]) <= static_cast<double>(std::numeric_limits<float>::epsilon()));
  }
}

TEST_CASE("maps::quantize: driven and timed maps, flows, noise, vectors", "[law]") {
  const auto format = number_format::uniform(10, -20.0, 20.0);
  const auto map = maps::quantize(clocked{}, format);
  static_assert(maps::timed<decltype(map)> && maps::driven<decltype(map)>);
  VectorXd image = clocked{}(3, place, state<double, 1>{0.7}).vector();
  format.round(image);
  CHECK(map(3, place, state<double, 1>{0.7}).vector() == image);
  CHECK(maps::quantize(maps::rk4(maps::lorenz63{}, 0.25), format).time_step() == 0.25);
  static_assert(maps::timed<decltype(maps::quantize(maps::add_noise(maps::henon{}, 0.1), format))>);

  const maps::tanh_network<> net(70, 2.0, 3);
  const auto few = maps::quantize(net, number_format::dynamic(8, 32));
  static_assert(!maps::timed<decltype(few)> && !maps::driven<decltype(few)> && decltype(few)::autonomous);
  static_assert(libration::tangent::vector_system<std::decay_t<decltype(few)>>::autonomous);
  const VectorXd h = normals<double>(70, 1, 1);
  VectorXd next = stepped(net, 0, h, h);
  number_format::dynamic(8, 32).round(next);
  CHECK(stepped(few, 0, h, h) == next);
  const Eigen::MatrixXd V = normals<double>(70, 3, 2);
  CHECK(tangent_of(few, 0, h, h, V) == tangent_of(net, 0, h, h, V));
  check_last_step(few);
  const maps::driven_linear<float> driven(normals<float>(6, 6, 4), normals<float>(6, 2, 5));
  const auto driven_few = maps::quantize(driven, number_format::bfloat16());
  static_assert(maps::driven<decltype(driven_few)>);
  const Eigen::VectorXf g = normals<float>(6, 1, 1), x = normals<float>(2, 1, 2);
  Eigen::VectorXf wanted = stepped(driven, 0, g, x);
  for (auto& value : wanted) value = io::widen(io::narrow<io::bfloat16>(static_cast<double>(value)));
  CHECK(stepped(driven_few, 0, g, x) == wanted);
}

TEST_CASE("maps::quantize: a chaotic map of 64 values falls onto a cycle of at most 64 steps", "[oracle]") {
  const auto map = maps::quantize(maps::logistic{3.9}, number_format::uniform(6, 0.0, 1.0));
  state<double, 1> h{0.3};
  for (int t = 0; t < 64; ++t) h = map(h);
  auto later = map(h);
  int period = 1;
  for (; period < 64 && !(later == h); ++period) later = map(later);
  CHECK(later == h);
}

TEST_CASE("maps::range_of: the range of a recording, of each component or of all, with a margin", "[oracle]") {
  Eigen::MatrixXf states(2, 3);
  states << -1, 0, 3, 10, 20, 12;
  const auto each = maps::range_of(states);
  CHECK((each.lower == Eigen::Vector2d(-1, 10) && each.upper == Eigen::Vector2d(3, 20)));
  const auto wider = maps::range_of(states, {.margin = 0.5});
  CHECK((wider.lower == Eigen::Vector2d(-3, 5) && wider.upper == Eigen::Vector2d(5, 25)));
  const auto one = maps::range_of(states, {.per_component = false});
  CHECK((one.lower == VectorXd::Constant(1, -1.0) && one.upper == VectorXd::Constant(1, 20.0)));
  CHECK(number_format::uniform(8, one).state_size() == 0);
  CHECK(number_format::uniform(8, each).state_size() == 2);
}

TEST_CASE("maps::quantize: formats and ranges that make no sense are refused", "[failure]") {
  const auto refusal = [](auto&& work) { return message_of<argument_error>(work); };
  CHECK(refusal([] { (void)number_format::uniform(1, 0.0, 1.0); }) == "maps::number_format::uniform: bits is 1, expected 2 to 24");
  CHECK(refusal([] { (void)number_format::dynamic(25); }) == "maps::number_format::dynamic: bits is 25, expected 2 to 24");
  CHECK_THAT(refusal([] { (void)number_format::dynamic(8, -1); }), Contains("group is -1, expected >= 0"));
  CHECK_THAT(refusal([] { (void)number_format::uniform(8, 1.0, 0.0); }), Contains("range 0 is [1, 0]"));
  CHECK_THAT(refusal([] { (void)number_format::uniform(8, -inf, 0.0); }), Contains("expected finite ends in order"));
  CHECK_THAT(refusal([] {
               (void)number_format::uniform(8, {VectorXd::Zero(2), VectorXd::Ones(3)});
             }),
             Contains("upper has 3 rows, expected 2"));
  const auto of_three = number_format::uniform(8, {VectorXd::Zero(3), VectorXd::Ones(3)});
  CHECK(refusal([&] { (void)maps::quantize(maps::henon{}, of_three); }) ==
        "maps::quantize: the format's range has 3 rows, expected 2 (the state's size)");
  CHECK_THAT(refusal([&] { (void)maps::quantize(maps::linear<>(Eigen::MatrixXd::Identity(4, 4)), of_three); }),
             Contains("expected 4"));
  CHECK_THAT(refusal([&] { (void)of_three.error_deviation(VectorXd(VectorXd::Zero(2))); }), Contains("expected 2"));
  CHECK_THAT(refusal([] { (void)maps::range_of(Eigen::MatrixXd(2, 0)); }), Contains("maps::range_of: no states"));
  CHECK_THAT(refusal([] { (void)maps::range_of(Eigen::MatrixXd::Constant(2, 2, inf)); }), Contains("not finite"));
  CHECK_THAT(refusal([] { (void)maps::range_of(Eigen::MatrixXd::Ones(2, 2), {.margin = -1.0}); }), Contains(".margin is -1"));
}
