// SPDX-License-Identifier: MIT
// What rounding leaves of an exponent: it is part of the error bar, and what is not resolved is a bound, never minus infinity.
#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/spectrum.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/scalar/single.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::state, libration::status;
using lyapunov::spectrum;
using namespace libration_test;

namespace {

// (a 1; 0 b) in turned coordinates: exponents ln a and ln b, a non-normal Jacobian.
MatrixXd turned_triangle(double a, double b, double angle) {
  MatrixXd rotation(2, 2), triangle(2, 2);
  rotation << std::cos(angle), std::sin(angle), -std::sin(angle), std::cos(angle);
  triangle << a, 1.0, 0.0, b;
  return rotation.transpose() * triangle * rotation;
}

// x -> a x + 1/4 mod 1: the exponent is ln a.
struct scaling_mod_1 {
  static constexpr int dimension = 1;
  double factor;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    using std::floor;
    const T y = factor * h[0] + 0.25;
    return {y - floor(y)};
  }
};

// A driven scaling: the exponent is the mean of ln x, whatever the state.
struct driven_scaling {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>& x) const {
    return {x[0] * (h[0] - floor_of(h[0])), x[0] * (h[1] - floor_of(h[1]))};
  }
  template <class T>
  static T floor_of(const T& h) {
    using std::floor;
    return floor(h);
  }
};

// h' = A h with rates -1 and -30 along directions that are not orthogonal.
struct stiff_field {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> derivative(const state<T, 2>& h) const {
    // Eigenvectors (1, 0.5) and (-0.3, 1).
    const T fast = (h[1] - 0.5 * h[0]) / 1.15, slow = (h[0] + 0.3 * h[1]) / 1.15;
    return {-slow + 9.0 * fast, -0.5 * slow - 30.0 * fast};
  }
};

// What a Runge-Kutta step of order 4 makes of a rate.
double stepped_rate(double rate, double dt) {
  const double z = rate * dt;
  return std::log(1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0)))) / dt;
}

// A step made of many: d^2000 is below all numbers for d < 0.689, but not its rounded products (d >= 1/2 turns the last denormal
// number into itself).
struct fading {
  static constexpr int dimension = 2;
  double d;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    T x = h[1];
    for (int i = 0; i < 2000; ++i) x = d * x;
    return {0.9 * h[0], x};
  }
};

}  // namespace

TEST_CASE("lyapunov::spectrum: rounding is part of the error bar, and a forced interval that loses the digits says so",
          "[oracle][failure]") {
  int lost = 0, within = 0;
  for (const double b : {1e-3, 1e-4, 2e-5, 1e-5, 5e-6})
    for (const std::int64_t interval : {0, 1, 2, 3, 4}) {
      const auto r = spectrum(maps::linear<>(turned_triangle(0.9, b, 0.7)), (VectorXd(2) << 0.1, 0.2).finished(),
                              {.steps = 3000, .interval = interval});
      INFO("b " << b << ", interval " << interval << ": " << r.exponents.transpose() << " +- " << r.standard_error.transpose());
      REQUIRE(r.rounding.size() == 2);
      CHECK(r.rounding[1] >= r.rounding[0]);
      if (r.status == status::lost_frame) {
        ++lost;
        CHECK(interval > 1);
      } else {
        REQUIRE(r.status == status::ok);
        ++within;
      }
      if (r.steps == 0) continue;
      // Wherever digits are given, they are right to what is said; the matrix's own entries are rounded.
      CHECK(std::abs(r.exponents[0] - std::log(0.9)) <= 4.0 * r.standard_error[0] + 8.0 * eps / 0.9);
      CHECK(std::abs(r.exponents[1] - std::log(b)) <= 4.0 * r.standard_error[1] + 8.0 * eps / b);
    }
  CHECK(lost >= 3);
  CHECK(within >= 10);
}

TEST_CASE("lyapunov::spectrum: a step too long for its condition is not resolved, with a bound", "[oracle][failure]") {
  const double dt = 0.05, slow = stepped_rate(-1.0, dt), fast = stepped_rate(-30.0, dt);
  int resolved = 0, bounded = 0;
  for (const int count : {1, 2, 8, 12, 16, 18, 20, 22, 24, 26, 30, 40, 80, 126}) {
    const auto map = maps::iterate(maps::rk4(stiff_field{}, dt), count);
    for (const std::int64_t interval : {0, 1}) {
      const auto r = spectrum(map, {0.3, -0.2}, {.steps = 120, .transient = 0, .interval = interval});
      INFO(count << " steps in one, interval " << interval << ": " << r.exponents.transpose() << " +- "
                 << r.standard_error.transpose());
      CHECK(r.status == (r.unresolved(1) ? status::not_resolved : status::ok));
      CHECK(std::abs(r.exponents[0] - slow) <= 4.0 * r.standard_error[0] + 16.0 * eps / dt);
      if (r.unresolved(1)) {
        ++bounded;
        CHECK(std::isnan(r.standard_error[1]));
        CHECK(r.exponents[1] >= fast);
        CHECK(r.exponents[1] < slow);
        CHECK(r.any_unresolved());
        CHECK(std::isnan(r.mean_log_abs_determinant));
        CHECK(r.kaplan_yorke_dimension.value == 0.0);
      } else {
        ++resolved;
        CHECK(!r.any_unresolved());
        CHECK(std::abs(r.exponents[1] - fast) <= 4.0 * r.standard_error[1] + 16.0 * eps / dt);
      }
    }
  }
  CHECK(resolved >= 8);
  CHECK(bounded >= 10);
  // The same of a block: 900 applications of a matrix in one step.
  const maps::linear<> one(turned_triangle(1.0 - 1e-3, 0.9, 0.4));
  const auto block = spectrum(maps::iterate(one, 900), VectorXd::Zero(2).eval(), {.steps = 200});
  CHECK(block.status == status::not_resolved);
  REQUIRE(block.unresolved(1));
  CHECK(block.exponents[1] >= 900.0 * std::log(0.9));
  CHECK(std::abs(block.exponents[0] - 900.0 * std::log1p(-1e-3)) < 1e-9);
}

TEST_CASE("lyapunov::spectrum_ensemble: members that are not resolved are those that are not resolved alone", "[differential]") {
  const auto map = maps::iterate(maps::rk4(stiff_field{}, 0.05), 40);
  const MatrixXd starts = uniform_inputs(2, 9, 3);  // a member more than one set of lanes holds
  const auto together = lyapunov::spectrum_ensemble(map, starts, {.steps = 50});
  for (Eigen::Index i = 0; i < starts.cols(); ++i) {
    const auto alone = spectrum(map, {starts(0, i), starts(1, i)}, {.steps = 50});
    CHECK(difference(together[static_cast<std::size_t>(i)], alone) == "");
    CHECK(alone.unresolved(1));
  }
}

TEST_CASE("lyapunov::spectrum: columns that leave the range of numbers within an interval are replayed", "[oracle][edge]") {
  // All columns grow alike, so that their condition never shortens the interval: after 64 steps they would be denormal or infinite.
  for (const double factor : {std::pow(10.0, -5.03), 65537.3}) {
    const scaling_mod_1 map{factor};
    const auto r = spectrum(map, {0.3}, {.steps = 20'000});
    INFO(factor << ": " << r.exponents[0]);
    CHECK(r.status == status::ok);
    CHECK(r.breakdowns > 0);
    CHECK(r.breakdowns <= 20);  // of 20,000/62 intervals
    CHECK(std::abs(r.exponents[0] - std::log(factor)) < 1e-12);
    for (const auto& member : lyapunov::spectrum_ensemble(map, MatrixXd::Constant(1, 3, 0.3), {.steps = 20'000})) {
      CHECK(member.status == status::ok);
      CHECK(std::abs(member.exponents[0] - std::log(factor)) < 1e-12);
    }
    CHECK(spectrum(map, {0.3}, {.steps = 20'000, .interval = 128}).status == status::lost_frame);
  }
  const float small = 0.205f;
  const auto single = spectrum<libration::single>(scaling_mod_1{double{small}}, {0.3}, {.steps = 20'000});
  CHECK(single.status == status::ok);
  CHECK(std::abs(single.exponents[0] - std::log(double{small})) < 1e-6);
  const maps::linear<float> block(Eigen::MatrixXf(small * Eigen::MatrixXf::Identity(3, 3)));
  const auto r = spectrum(block, Eigen::VectorXf::Zero(3).eval(), {.steps = 20'000});
  CHECK(r.status == status::ok);
  for (Eigen::Index i = 0; i < 3; ++i) CHECK(std::abs(r.exponents[i] - std::log(double{small})) < 1e-6);
}

TEST_CASE("lyapunov::spectrum: columns that become denormal within an interval and grow back are replayed", "[oracle][edge]") {
  // Four steps down to the last denormal numbers, four up again, between steps of 1: an orthonormalisation that is not in between
  // sees columns of length 1 with three digits.
  const auto factor = [](Eigen::Index t, double size) { return t % 64 < 56 ? 1.0 : t % 64 < 60 ? 1.0 / size : size; };
  std::vector<MatrixXd> list;
  for (Eigen::Index t = 0; t < 64; ++t) list.push_back(factor(t, 1e80) * MatrixXd::Identity(3, 3));
  const auto block = spectrum(maps::matrix_product<>(list), VectorXd::Zero(3).eval(), {.steps = 6400, .transient = 0});
  CHECK(block.status == status::ok);
  CHECK(block.breakdowns > 0);
  for (Eigen::Index i = 0; i < 3; ++i) CHECK(std::abs(block.exponents[i]) < 1e-12);
  CHECK(spectrum(maps::matrix_product<>(list), VectorXd::Zero(3).eval(), {.steps = 6400, .transient = 0, .interval = 64}).status ==
        status::lost_frame);

  MatrixXd inputs(1, 8000);
  for (Eigen::Index t = 0; t < inputs.cols(); ++t) inputs(0, t) = factor(t, 1e80);
  const auto formula = spectrum(driven_scaling{}, {0.3, 0.2}, inputs, {.steps = 6400});
  CHECK(formula.breakdowns > 0);
  for (Eigen::Index i = 0; i < 2; ++i) CHECK(std::abs(formula.exponents[i]) < 1e-12);
  for (Eigen::Index t = 0; t < inputs.cols(); ++t) inputs(0, t) = factor(t, 1e11);
  const auto single = spectrum<libration::single>(driven_scaling{}, {0.3, 0.2}, inputs, {.steps = 6400});
  CHECK(single.breakdowns > 0);
  for (Eigen::Index i = 0; i < 2; ++i) CHECK(std::abs(single.exponents[i]) < 1e-6);
}

TEST_CASE("lyapunov::spectrum: a column that becomes denormal within one step is a bound, not a number", "[oracle][edge]") {
  for (const double d : {0.999, 0.72}) {
    const auto r = spectrum(fading{d}, {1.0, 1.0}, {.steps = 2000});
    CHECK(r.status == status::ok);
    CHECK(std::abs(r.exponents[1] - 2000.0 * std::log(d)) < 1e-9 * 2000.0);
  }
  for (const double d : {0.7, 0.6}) {
    for (const std::int64_t interval : {0, 1}) {
      const auto r = spectrum(fading{d}, {1.0, 1.0}, {.steps = 2000, .interval = interval});
      CHECK(r.status == status::not_resolved);
      CHECK(r.unresolved(1));
      CHECK(r.exponents[1] >= 2000.0 * std::log(d));
      CHECK(std::abs(r.exponents[0] - std::log(0.9)) < 1e-12);
    }
  }
  MatrixXd A = MatrixXd::Zero(2, 2);
  A.diagonal() << 0.9, 1e-310;
  const auto block = spectrum(maps::linear<>(A), VectorXd::Zero(2).eval(), {.steps = 2000});
  CHECK(block.status == status::not_resolved);
  CHECK(block.exponents[1] >= std::log(1e-310));
  // Entries whose product leaves the range are no zeros.
  A.diagonal() << 1e-200, 1e-200;
  const auto small = spectrum(maps::linear<>(A), VectorXd::Zero(2).eval(), {.steps = 2000});
  CHECK(small.status == status::ok);
  CHECK(std::abs(small.exponents[1] - std::log(1e-200)) < 1e-9);
}
