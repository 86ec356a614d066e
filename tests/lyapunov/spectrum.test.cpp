// SPDX-License-Identifier: MIT
// Closed forms and measured values of formula maps.
#include <libration/lyapunov/spectrum.hpp>

#include <cmath>
#include <numbers>

#include <libration/core/random.hpp>
#include <libration/maps/cat.hpp>
#include <libration/maps/couple.hpp>
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

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using libration::state;
using libration::status;
using libration::verdict;
using lyapunov::spectrum;
using namespace libration_test;
using std::numbers::ln2;

namespace {

// The Kaplan-Yorke map with a little noise in x, a function of the step's number: it does not collapse in floating point.
struct noisy_kaplan_yorke {
  static constexpr int dimension = 2;
  double alpha = 0.2;

  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h) const {
    using libration::fract, std::cos;
    const double noise = 1e-9 * libration::random_stream(7, 1).uniform(static_cast<std::uint64_t>(t));
    return {fract(2.0 * h[0] + noise), alpha * h[1] + cos((4.0 * std::numbers::pi) * h[0])};
  }
};

// h' = a h + x.
struct leaky_sum {
  static constexpr int dimension = 1;
  static constexpr int input_dimension = 1;
  double a = 0.7;

  template <class T>
  state<T, 1> operator()(const state<T, 1>& h, const state<T, 1>& x) const {
    return {a * h[0] + x[0]};
  }
};

// Two standard maps with a coupling that keeps the pair symplectic (Froeschlé's map): (p1, p2, q1, q2).
struct coupled_standard {
  static constexpr int dimension = 4;
  double K = 6.0, coupling = 0.5;

  template <class T>
  state<T, 4> operator()(const state<T, 4>& h) const {
    using std::floor, std::sin;
    const T shared = coupling * sin(h[2] + h[3]);
    const T p1 = h[0] + K * sin(h[2]) + shared, p2 = h[1] + K * sin(h[3]) + shared;
    return {wrap(p1), wrap(p2), wrap(h[2] + p1), wrap(h[3] + p2)};
  }

 private:
  template <class T>
  static T wrap(const T& x) {
    using std::floor;
    constexpr double turn = 2.0 * std::numbers::pi;
    return x - turn * floor(x * (1.0 / turn));
  }
};

}  // namespace

TEST_CASE("lyapunov::spectrum: of a constant matrix the logarithms of the eigenvalues' sizes", "[oracle]") {
  // Upper triangular, far from normal.
  const maps::basic_linear<3> triangular{{{3.0, 5.0, -2.0}, {0.0, 1.0, 4.0}, {0.0, 0.0, 0.25}}};
  const auto r = spectrum(triangular, {0.0, 0.0, 0.0}, {.steps = 2000});
  CHECK(r.status == status::ok);
  CHECK(std::abs(r.exponents[0] - std::log(3.0)) < rounding(r));
  CHECK(std::abs(r.exponents[1]) < rounding(r));
  CHECK(std::abs(r.exponents[2] - std::log(0.25)) < rounding(r));
  CHECK(std::abs(r.sum_defect()) < rounding(r));
  CHECK(r.verdict == verdict::chaotic);
  CHECK(r.cycle_length == 1);  // the start is a fixed point, and the orbit was on it from the first
  // A rotation by a right angle and a scaling: both exponents equal.
  const maps::basic_linear<2> turning{{{0.0, -2.0}, {2.0, 0.0}}};
  const auto both = spectrum(turning, {0.0, 0.0}, {.steps = 2000});
  for (int i = 0; i < 2; ++i) CHECK(std::abs(both.exponents[i] - ln2) < rounding(both));
}

TEST_CASE("lyapunov::spectrum: where the map is singular the exponent is minus infinity", "[oracle][edge]") {
  const maps::basic_linear<2> projection{{{2.0, 0.0}, {0.0, 0.0}}};
  for (const std::int64_t interval : {0, 1}) {
    const auto r = spectrum(projection, {0.0, 0.0}, {.steps = 500, .interval = interval});
    CHECK(r.status == status::ok);
    CHECK(std::abs(r.exponents[0] - ln2) < rounding(r));
    CHECK(r.exponents[1] == -infinity);
    CHECK(r.sum == -infinity);
    CHECK(r.mean_log_abs_determinant == -infinity);
    CHECK(r.kaplan_yorke_dimension.value == 1.0);
    CHECK(std::isnan(r.standard_error[1]));
  }
  const maps::basic_linear<1> nothing{{{0.0}}};
  const auto none = spectrum(nothing, {0.0}, {.steps = 100});
  CHECK(none.exponents[0] == -infinity);
  CHECK(none.verdict == verdict::stable);
  CHECK(none.kaplan_yorke_dimension.value == 0.0);
}

TEST_CASE("lyapunov::spectrum: the logistic map at r = 4 has ln 2, and its error bar falls as 1/n", "[oracle][stat]") {
  for (const std::int64_t n : {10'000, 100'000, 1'000'000}) {
    const auto r = spectrum(maps::logistic{}, maps::logistic::start(), {.steps = n});
    INFO(n << " steps");
    CHECK(r.status == status::ok);
    CHECK(r.steps == n);
    check_exponent(r, 0, ln2);
    // The mean over n steps has variance pi^2 / (6 n^2). Independent samples would give an error sqrt(n/2) times as large:
    // 71 times at n = 10^4. The estimate is 1.7 to 2.2 times too large where sums telescope, with 16 degrees of freedom
    // (18 %, four times of which make 1.2 to 3.8).
    const double exact = std::numbers::pi / std::sqrt(6.0) / static_cast<double>(n);
    CHECK(r.standard_error[0] < 4.0 * exact);
    CHECK(r.standard_error[0] > 0.5 * exact);
    CHECK(r.verdict == verdict::chaotic);
    CHECK(std::abs(r.entropy_rate.value - r.exponents[0]) == 0.0);
    CHECK(r.kaplan_yorke_dimension.value == 1.0);
    CHECK(!r.dimension_is_lower_bound);
  }
}

TEST_CASE("lyapunov::spectrum: the logistic map's stable cycles are ok, with their length", "[oracle]") {
  for (const double p : {1.5, 2.5, 2.9}) {
    const auto r = spectrum(maps::logistic{p}, {0.3}, {.steps = 4000, .transient = 4000});
    INFO("r = " << p);
    CHECK(r.status == status::ok);
    CHECK(std::abs(r.exponents[0] - std::log(std::abs(2.0 - p))) < 1e-12);  // the fixed point to an ulp or two
    CHECK((r.cycle_length == 1 || r.cycle_length == 2));                    // rounding may hop between neighbours
    CHECK(r.verdict == verdict::stable);
    CHECK(r.kaplan_yorke_dimension.value == 0.0);
    CHECK(r.entropy_rate.value == 0.0);
  }
  const auto r = spectrum(maps::logistic{3.2}, {0.3}, {.steps = 4000});
  CHECK(r.status == status::ok);
  CHECK(std::abs(r.exponents[0] - 0.5 * std::log(std::abs(4.0 + 2.0 * 3.2 - 3.2 * 3.2))) < 1e-12);
  CHECK(r.cycle_length == 2);
}

TEST_CASE("lyapunov::spectrum: orbits that floating point drops onto an unstable cycle have collapsed", "[oracle][failure]") {
  for (const std::int64_t transient : {0, 1000}) {
    INFO("transient " << transient);
    const auto tent = spectrum(maps::tent{}, maps::tent::start(), {.steps = 10'000, .transient = transient});
    CHECK(tent.status == status::collapsed);
    CHECK(tent.cycle_length == 1);
    CHECK(tent.steps < 10'000);
    const auto doubling = spectrum(maps::doubling{}, maps::doubling::start(), {.steps = 10'000, .transient = transient});
    CHECK(doubling.status == status::collapsed);
    const auto yorke = spectrum(maps::kaplan_yorke{}, maps::kaplan_yorke::start(), {.steps = 10'000, .transient = transient});
    CHECK(yorke.status == status::collapsed);
  }
  // A short run has seen it as well.
  CHECK(spectrum(maps::doubling{}, {0.3}, {.steps = 200, .transient = 0, .frame_transient = 0}).status == status::collapsed);
  // Before it happens nothing is wrong: 53 bits have not been used up.
  CHECK(spectrum(maps::doubling{}, {0.3}, {.steps = 40, .transient = 0, .frame_transient = 0}).status == status::ok);
  // A start whose orbit reaches the unstable fixed point 0 exactly: 1/2 -> 1 -> 0.
  const auto r = spectrum(maps::logistic{}, {0.5}, {.steps = 1000, .transient = 5});
  CHECK(r.status == status::collapsed);
}

TEST_CASE("lyapunov::spectrum: a start on an unstable cycle is what was asked for", "[oracle]") {
  const auto zero = spectrum(maps::logistic{}, {0.0}, {.steps = 1000});
  CHECK(zero.status == status::ok);
  CHECK(zero.cycle_length == 1);
  CHECK(std::abs(zero.exponents[0] - std::log(4.0)) < 1e-14);
  const auto other = spectrum(maps::logistic{}, {0.75}, {.steps = 1000});  // 4 * 0.75 * 0.25 is exact
  CHECK(other.status == status::ok);
  CHECK(std::abs(other.exponents[0] - ln2) < 1e-14);
  // {0.4, 0.8} under the tent map of slope 2, in numbers that floating point has: 2/4 does not cycle, 0 does.
  CHECK(spectrum(maps::tent{}, {0.0}, {.steps = 1000}).status == status::ok);
  // Period 2 of x' = 1 - 2 x^2 in exact numbers does not exist; of a turn by a right angle and back it does.
  const maps::basic_linear<2> turning{{{0.0, -1.0}, {1.0, 0.0}}};
  const auto cycle = spectrum(turning, {1.0, 0.0}, {.steps = 1000});
  CHECK(cycle.status == status::ok);
  CHECK(cycle.cycle_length == 4);
  CHECK(cycle.verdict == verdict::neutral);
}

TEST_CASE("lyapunov::spectrum: skew tent, Gauss and cat maps", "[oracle][stat]") {
  for (const double a : {0.3, 0.8}) {
    const auto r = spectrum(maps::skew_tent{a}, maps::skew_tent::start(), {.steps = 200'000});
    CHECK(r.status == status::ok);
    check_exponent(r, 0, -a * std::log(a) - (1.0 - a) * std::log(1.0 - a));
  }
  const auto gauss = spectrum(maps::gauss{}, maps::gauss::start(), {.steps = 200'000});
  CHECK(gauss.status == status::ok);
  check_exponent(gauss, 0, std::numbers::pi * std::numbers::pi / (6.0 * ln2));
  const auto cat = spectrum(maps::cat{}, maps::cat::start(), {.steps = 20'000});
  CHECK(cat.status == status::ok);
  const double golden = std::log((3.0 + std::sqrt(5.0)) / 2.0);
  CHECK(std::abs(cat.exponents[0] - golden) < rounding(cat));
  CHECK(std::abs(cat.exponents[1] + golden) < rounding(cat));
  CHECK(cat.kaplan_yorke_dimension.value > 2.0 - 1e-6);
}

TEST_CASE("lyapunov::spectrum: the Kaplan-Yorke map's exponents and dimension", "[oracle][stat]") {
  const auto r = spectrum(noisy_kaplan_yorke{}, {0.3, 0.1}, {.steps = 100'000});
  CHECK(r.status == status::ok);
  check_exponent(r, 0, ln2);
  check_exponent(r, 1, std::log(0.2));
  CHECK(std::abs(r.kaplan_yorke_dimension.value - 1.4306765581) < 4.0 * r.kaplan_yorke_dimension.standard_error + rounding(r));
  CHECK(r.cycle_length == 0);
}

TEST_CASE("lyapunov::spectrum: h' = a h + x has ln|a|, whatever the inputs", "[oracle]") {
  const Eigen::MatrixXd inputs = uniform_inputs(1, 3000, 1);
  for (const double a : {0.7, -0.7, 1.01}) {
    const auto r = spectrum(leaky_sum{a}, {0.0}, inputs, {.steps = 1000});
    CHECK(r.status == status::ok);
    CHECK(std::abs(r.exponents[0] - std::log(std::abs(a))) < rounding(r));
  }
  const auto rest = spectrum(leaky_sum{}, {0.0}, inputs, {.transient = 500, .frame_transient = 100});
  CHECK(rest.steps == 2400);  // what the matrix leaves
}

TEST_CASE("lyapunov::spectrum: two synchronised logistic maps have ln 2 and ln 2 + ln|1 - 2 eps|", "[oracle][stat]") {
  for (const double epsilon : {0.1, 0.35, 0.4}) {
    INFO("eps " << epsilon);
    const double across = ln2 + std::log(std::abs(1.0 - 2.0 * epsilon));
    const auto lattice = spectrum(maps::logistic_lattice<2>{4.0, epsilon}, {0.3, 0.3}, {.steps = 50'000});
    check_exponent(lattice, 0, ln2);
    check_exponent(lattice, 1, across);
    const auto coupled =
        spectrum(maps::couple(maps::logistic{}, maps::logistic{}, maps::diffusive{epsilon}), {0.3, 0.3}, {.steps = 50'000});
    check_exponent(coupled, 0, ln2);
    check_exponent(coupled, 1, across);
  }
}

TEST_CASE("lyapunov::spectrum: maps whose exponents were measured elsewhere, and their sum rules", "[oracle][stat]") {
  const auto henon = spectrum(maps::henon{}, maps::henon::start(), {.steps = 200'000});
  CHECK(henon.status == status::ok);
  check_exponent(henon, 0, 0.4192154, 4e-6);
  check_exponent(henon, 1, -1.6231882, 4e-6);
  CHECK(std::abs(henon.kaplan_yorke_dimension.value - 1.258267) < 4.0 * henon.kaplan_yorke_dimension.standard_error);
  CHECK(std::abs(henon.sum - std::log(0.3)) < rounding(henon));
  CHECK(henon.sum_defect() < rounding(henon));
  CHECK(henon.verdict == verdict::chaotic);

  const auto lozi = spectrum(maps::lozi{}, maps::lozi::start(), {.steps = 200'000});
  check_exponent(lozi, 0, 0.470254, 2.6e-5);
  check_exponent(lozi, 1, -1.163401, 2.6e-5);
  CHECK(std::abs(lozi.sum - std::log(0.5)) < rounding(lozi));
  CHECK(lozi.sum_defect() < rounding(lozi));

  const auto ikeda = spectrum(maps::ikeda{}, maps::ikeda::start(), {.steps = 200'000});
  check_exponent(ikeda, 0, 0.507604, 1.1e-4);
  check_exponent(ikeda, 1, -0.718325, 1.1e-4);
  CHECK(std::abs(ikeda.sum - 2.0 * std::log(0.9)) < rounding(ikeda));
  CHECK(ikeda.sum_defect() < rounding(ikeda));

  const auto standard = spectrum(maps::standard{}, maps::standard::start(), {.steps = 200'000});
  check_exponent(standard, 0, 1.62013, 1.4e-4);
  CHECK(std::abs(standard.sum) < rounding(standard));
}

TEST_CASE("lyapunov::spectrum: a symplectic map's exponents come in pairs", "[law][stat]") {
  const auto r = spectrum(coupled_standard{}, {0.5, 1.0, 2.0, 3.0}, {.steps = 50'000});
  CHECK(r.status == status::ok);
  for (int i = 0; i < 2; ++i)
    CHECK(std::abs(r.exponents[i] + r.exponents[3 - i]) <
          4.0 * std::hypot(r.standard_error[i], r.standard_error[3 - i]) + rounding(r));
  CHECK(std::abs(r.sum) < rounding(r));
  CHECK(r.exponents[1] > 0.5);  // both pairs are chaotic, near ln(K/2) = 1.1
}

TEST_CASE("lyapunov::spectrum: single precision gives the same exponents", "[differential][stat]") {
  // Short: an orbit of single precision soon repeats itself, and then says so.
  const auto r = spectrum<libration::single>(maps::henon{}, maps::henon::start(), {.steps = 4000});
  CHECK(r.status == status::ok);
  // A pivot is right to 7e-5 in single precision, with random sign.
  for (int i = 0; i < 2; ++i)
    CHECK(std::abs(r.exponents[i] - (i == 0 ? 0.4192154 : -1.6231882)) < 4.0 * r.standard_error[i] + 7e-5);
}

TEST_CASE("lyapunov::spectrum: fewer exponents are the leading ones of the full spectrum", "[differential]") {
  const auto full = spectrum(coupled_standard{}, {0.5, 1.0, 2.0, 3.0}, {.steps = 2000, .interval = 1});
  for (Eigen::Index count = 1; count <= 3; ++count) {
    INFO(count << " exponents");
    const auto part = spectrum(coupled_standard{}, {0.5, 1.0, 2.0, 3.0}, {.count = count, .steps = 2000, .interval = 1});
    CHECK(part.exponents.size() == count);
    CHECK((part.exponents - full.exponents.head(count)).cwiseAbs().maxCoeff() < 1e-13);
    CHECK(std::isnan(part.mean_log_abs_determinant));
    CHECK(part.dimension_is_lower_bound);  // the sum of the leading ones is positive
    CHECK(part.kaplan_yorke_dimension.value == static_cast<double>(count));
  }
}

TEST_CASE("lyapunov::spectrum: the frame decides the order", "[oracle]") {
  const maps::basic_linear<2> map{{{2.0, 0.0}, {0.0, 3.0}}};
  const auto coordinates = spectrum(map, {0.0, 0.0}, {.steps = 1000, .frame = lyapunov::identity});
  CHECK(std::abs(coordinates.exponents[0] - ln2) < 1e-14);
  CHECK(std::abs(coordinates.exponents[1] - std::log(3.0)) < 1e-14);
  CHECK(std::abs(coordinates.entropy_rate.value - std::log(6.0)) < 1e-14);
  const auto random = spectrum(map, {0.0, 0.0}, {.steps = 1000, .frame = lyapunov::random});
  CHECK(std::abs(random.exponents[0] - std::log(3.0)) < rounding(random));
  Eigen::MatrixXd axis(2, 1);
  axis << 0.0, 5.0;  // made a unit vector first
  const auto given = spectrum(map, {0.0, 0.0}, {.count = 1, .steps = 1000, .frame_transient = 0, .frame = axis});
  CHECK(std::abs(given.exponents[0] - std::log(3.0)) < 1e-14);
}
