// SPDX-License-Identifier: MIT
/// \file
/// The classical maps, one test for each header: the laws that hold for all of them, and what is known of each in
/// closed form.

#include <cmath>
#include <numbers>

#include <libration/maps/cat.hpp>
#include <libration/maps/doubling.hpp>
#include <libration/maps/gauss.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/ikeda.hpp>
#include <libration/maps/kaplan_yorke.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lozi.hpp>
#include <libration/maps/standard.hpp>
#include <libration/maps/tent.hpp>

#include "formula_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

// The mean of ln|det J| along an orbit, which for a map of the line is its exponent.
template <class M>
double mean_log_determinant(const M& map, int steps) {
  auto h = M::start();
  double sum = 0;
  for (int t = 0; t < steps; ++t) {
    sum += map.log_abs_determinant(h);
    h = map(h);
  }
  return sum / steps;
}

// Elementary functions in lanes are within a few units in the last place; what a map does to them before the image is
// not more than another factor of ten.
constexpr lanes_tolerance elementary{64};

}  // namespace

TEST_CASE("maps::logistic: laws of a formula", "[law]") {
  for (const double x : {0.1, 0.3, 0.49, 0.7, 0.95}) check_formula(maps::logistic{3.7}, state<double, 1>{x});
  check_sweep([](auto r) { return maps::basic_logistic<decltype(r)>{r}; }, 2.5, 4.0, state<double, 1>{0.3});
}

TEST_CASE("maps::logistic: exponents of the fixed point and of period 2", "[oracle]") {
  // The orbit is on the cycle to rounding after 2000 steps, so that the mean over the next is the closed form to
  // rounding.
  const auto settled = [](double r) {
    const maps::logistic map{r};
    auto h = maps::logistic::start();
    for (int t = 0; t < 2000; ++t) h = map(h);
    const double first = map.log_abs_determinant(h);
    return 0.5 * (first + map.log_abs_determinant(map(h)));
  };
  CHECK(std::abs(settled(2.8) - std::log(0.8)) < 1e-13);
  CHECK(std::abs(settled(3.2) - 0.5 * std::log(std::abs(4 + 2 * 3.2 - 3.2 * 3.2))) < 1e-13);
  CHECK(std::isinf(maps::logistic{}.log_abs_determinant(state<double, 1>{0.5})));
}

TEST_CASE("maps::logistic: at r = 4 the exponent is ln 2", "[oracle]") {
  // The variance of the n-step mean is pi^2 / (6 n^2): ten deviations.
  const int steps = 100'000;
  CHECK(std::abs(mean_log_determinant(maps::logistic{}, steps) - std::numbers::ln2) < 10 * 1.2826 / steps);
}

TEST_CASE("maps::tent: laws of a formula on both branches", "[law]") {
  for (const double x : {0.2, 0.49, 0.51, 0.9}) {
    check_formula(maps::tent{}, state<double, 1>{x});
    check_formula(maps::tent{1.7}, state<double, 1>{x});
  }
  check_sweep([](auto mu) { return maps::basic_tent<decltype(mu)>{mu}; }, 1.1, 2.0, state<double, 1>{0.3});
  CHECK(maps::tent{}(state<double, 1>{0.5})[0] == 1.0);
}

TEST_CASE("maps::tent, doubling: an orbit in floating point ends at 0", "[edge]") {
  const auto steps_to_zero = [](const auto& map) {
    auto h = map.start();
    int t = 0;
    while (h[0] != 0.0 && t < 1000) {
      h = map(h);
      ++t;
    }
    return t;
  };
  // One step a binary digit: 0.3 has its last at 2^-54.
  CHECK(steps_to_zero(maps::doubling{}) == 54);
  CHECK(steps_to_zero(maps::tent{}) <= 56);
}

TEST_CASE("maps::skew_tent: laws of a formula on both branches", "[law]") {
  for (const double x : {0.1, 0.29, 0.31, 0.9}) check_formula(maps::skew_tent{}, state<double, 1>{x});
  check_sweep([](auto a) { return maps::basic_skew_tent<decltype(a)>{a}; }, 0.2, 0.45, state<double, 1>{0.3});
}

TEST_CASE("maps::skew_tent: the exponent is the entropy of (a, 1 - a)", "[oracle][stat]") {
  // The branches of an orbit are independent draws, so that four standard errors fail once in 16000.
  const double a = 0.3, steps = 200'000;
  const double wanted = -a * std::log(a) - (1 - a) * std::log(1 - a);
  const double deviation = std::sqrt(a * (1 - a)) * std::abs(std::log(a / (1 - a)));
  CHECK(std::abs(mean_log_determinant(maps::skew_tent{a}, 200'000) - wanted) < 4 * deviation / std::sqrt(steps));
}

TEST_CASE("maps::doubling: laws of a formula on both branches", "[law]") {
  for (const double x : {0.1, 0.49, 0.51, 0.9}) check_formula(maps::doubling{}, state<double, 1>{x});
}

TEST_CASE("maps::gauss: laws of a formula on several branches", "[law]") {
  for (const double x : {0.12, 0.3, 0.45, 0.7}) check_formula(maps::gauss{}, state<double, 1>{x});
}

TEST_CASE("maps::gauss: 0 is fixed, in every scalar and beside other lanes", "[edge]") {
  const maps::gauss map;
  CHECK(map(state<double, 1>{0.0})[0] == 0.0);
  CHECK(map.log_abs_determinant(state<double, 1>{0.0}) == -std::numeric_limits<double>::infinity());
  CHECK(jacobian(map, state<double, 1>{0.0})(0, 0) == 0.0);
  state<packet, 1> h{packet(0.3)};
  h[0][2] = 0.0;
  const auto image = map(h);
  CHECK(image[0][2] == 0.0);
  CHECK(image[0][1] == map(state<double, 1>{0.3})[0]);
}

TEST_CASE("maps::gauss: the golden mean is fixed, with exponent 2 ln((1 + sqrt 5)/2)", "[oracle]") {
  const state<double, 1> golden{1 / std::numbers::phi};
  CHECK(std::abs(maps::gauss{}(golden)[0] - golden[0]) < 1e-15);
  CHECK(std::abs(maps::gauss{}.log_abs_determinant(golden) - 2 * std::log(std::numbers::phi)) < 1e-15);
}

TEST_CASE("maps::gauss: the exponent is pi^2 / (6 ln 2)", "[oracle][stat]") {
  // ln x^2 has a standard deviation of about 2.1 under the Gauss density, and successive values are nearly independent.
  const int steps = 200'000;
  const double wanted = std::numbers::pi * std::numbers::pi / (6 * std::numbers::ln2);
  CHECK(std::abs(mean_log_determinant(maps::gauss{}, steps) - wanted) < 5 * 2.5 / std::sqrt(steps));
}

TEST_CASE("maps::henon: laws of a formula", "[law]") {
  for (const auto& h : {state<double, 2>{0.1, 0.1}, state<double, 2>{-1.2, 0.35}, state<double, 2>{1.2, -0.3}})
    check_formula(maps::henon{}, h);
  check_sweep([](auto a) { return maps::basic_henon<decltype(a)>{a, 0.3}; }, 1.0, 1.4, state<double, 2>{0.2, 0.1});
}

TEST_CASE("maps::henon: the fixed point solves a x^2 + (1 - b) x - 1 = 0", "[oracle]") {
  const double a = 1.4, b = 0.3, x = (b - 1 + std::sqrt((1 - b) * (1 - b) + 4 * a)) / (2 * a);
  const auto image = maps::henon{}(state<double, 2>{x, b * x});
  CHECK(std::abs(image[0] - x) < 1e-15);
  CHECK(std::abs(image[1] - b * x) < 1e-15);
}

TEST_CASE("maps::lozi: laws of a formula on both sides of the fold", "[law]") {
  for (const auto& h : {state<double, 2>{0.1, 0.1}, state<double, 2>{-0.4, 0.2}, state<double, 2>{1.1, -0.3}})
    check_formula(maps::lozi{}, h);
  check_sweep([](auto a) { return maps::basic_lozi<decltype(a)>{a, 0.5}; }, 1.2, 1.7, state<double, 2>{-0.2, 0.1});
}

TEST_CASE("maps::ikeda: laws of a formula", "[law]") {
  for (const auto& h : {state<double, 2>{0.1, 0.1}, state<double, 2>{1.2, -1.9}, state<double, 2>{-0.3, 0.6}})
    check_formula(maps::ikeda{}, h, elementary);
  check_sweep([](auto u) { return maps::basic_ikeda<decltype(u)>{u}; }, 0.6, 0.95, state<double, 2>{0.5, -0.4},
              elementary);
}

TEST_CASE("maps::standard: laws of a formula, the image in [0, 2 pi]", "[law]") {
  const double turn = 2 * std::numbers::pi;
  for (const auto& h : {state<double, 2>{0.5, 1.0}, state<double, 2>{6.1, 6.2}, state<double, 2>{3.0, 4.0}}) {
    check_formula(maps::standard{}, h, elementary);
    check_formula(maps::standard{0.97}, h, elementary);
    const auto image = maps::standard{}(h);
    for (int i = 0; i < 2; ++i) CHECK((image[i] >= 0 && image[i] <= turn));
  }
  check_sweep([](auto K) { return maps::basic_standard<decltype(K)>{K}; }, 0.5, 10.0, state<double, 2>{0.5, 1.0},
              elementary);
}

TEST_CASE("maps::standard: without kicks the momentum stays and the angle turns by it", "[oracle]") {
  const auto image = maps::standard{0.0}(state<double, 2>{2.0, 5.0});
  CHECK(image[0] == 2.0);
  CHECK(std::abs(image[1] - (7.0 - 2 * std::numbers::pi)) < 1e-15);
}

TEST_CASE("maps::cat: laws of a formula, and its matrix", "[law][oracle]") {
  for (const auto& h : {state<double, 2>{0.1, 0.7}, state<double, 2>{0.9, 0.8}, state<double, 2>{0.3, 0.2}})
    check_formula(maps::cat{}, h);
  const Eigen::MatrixXd J = jacobian(maps::cat{}, state<double, 2>{0.1, 0.7});
  CHECK(J == (Eigen::Matrix2d() << 1, 1, 1, 2).finished());
  // Fifths are a cycle of length 2, in exact arithmetic: (2/5, 1/5) -> (3/5, 4/5) -> (2/5, 1/5).
  const auto image = maps::cat{}(state<double, 2>{0.4, 0.2});
  CHECK(std::abs(image[0] - 0.6) < 1e-15);
  CHECK(std::abs(image[1] - 0.8) < 1e-15);
}

TEST_CASE("maps::kaplan_yorke: laws of a formula on both branches", "[law]") {
  for (const auto& h : {state<double, 2>{0.3, 0.1}, state<double, 2>{0.7, -0.9}})
    check_formula(maps::kaplan_yorke{}, h, elementary);
  check_sweep([](auto alpha) { return maps::basic_kaplan_yorke<decltype(alpha)>{alpha}; }, 0.1, 0.9,
              state<double, 2>{0.3, 0.1}, elementary);
}

TEST_CASE("maps::logistic_lattice: laws of a formula", "[law]") {
  check_formula(maps::logistic_lattice<1>{}, maps::logistic_lattice<1>::start());
  check_formula(maps::logistic_lattice<2>{}, maps::logistic_lattice<2>::start());
  check_formula(maps::logistic_lattice<5>{3.9, 0.3}, maps::logistic_lattice<5>::start());
  check_sweep(
      [](auto e) {
        return maps::basic_logistic_lattice<4, decltype(e)>{4.0, e};
      },
      0.0, 0.4, maps::logistic_lattice<4>::start());
}

TEST_CASE("maps::logistic_lattice: two sites, and the transversal direction of the synchronised orbit", "[oracle]") {
  const double eps = 0.2, x = 0.3, y = 0.6;
  const auto f = [](double z) { return 4 * z * (1 - z); };
  const auto image = maps::logistic_lattice<2>{4.0, eps}(state<double, 2>{x, y});
  CHECK(std::abs(image[0] - ((1 - eps) * f(x) + eps * f(y))) < 1e-15);
  CHECK(std::abs(image[1] - ((1 - eps) * f(y) + eps * f(x))) < 1e-15);
  const Eigen::MatrixXd J = jacobian(maps::logistic_lattice<2>{4.0, eps}, state<double, 2>{x, x});
  const Eigen::Vector2d across = J * Eigen::Vector2d(1, -1);
  CHECK(std::abs(across[0] - (1 - 2 * eps) * 4 * (1 - 2 * x)) < 1e-15);
  CHECK(std::abs(across[0] + across[1]) < 1e-15);
}

TEST_CASE("maps::logistic_lattice: without coupling each site is the logistic map", "[oracle]") {
  const auto h = maps::logistic_lattice<6>::start();
  const auto image = maps::logistic_lattice<6>{3.8, 0.0}(h);
  for (int i = 0; i < 6; ++i) CHECK(image[i] == maps::logistic{3.8}(state<double, 1>{h[i]})[0]);
}

TEST_CASE("maps::basic_linear: the Jacobian is the matrix, row by row", "[law][oracle]") {
  const maps::basic_linear<3> map{{{1, 2, 0}, {0, -1, 3}, {0.5, 0, 1}}};
  check_formula(map, state<double, 3>{0.3, -0.2, 0.7});
  CHECK(jacobian(map, map.start()) == (Eigen::Matrix3d() << 1, 2, 0, 0, -1, 3, 0.5, 0, 1).finished());
}
