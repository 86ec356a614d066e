// SPDX-License-Identifier: MIT
// An estimator alone runs on an engine that does not know the map's type; in company, on one that does.
#include <libration/lyapunov/any_formula.hpp>

#include <cmath>
#include <cstdint>
#include <utility>

#include <Eigen/Core>
#include <Eigen/LU>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/maps.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/tangent/any_vector_system.hpp>

#include "support/catch.hpp"

namespace {

using namespace libration;

// Something else to be measured in the same pass: counts the steps it sees.
struct step_counter {
  static constexpr bool needs_tangent = false;
  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up(std::int64_t) const { return 0; }
  void validate(Eigen::Index) const {}
  struct observer {
    static constexpr bool needs_tangent = false;
    std::int64_t seen = 0;
    std::int64_t warm_up() const { return 0; }
    template <class View>
    void observe(const View&) {
      ++seen;
    }
    template <class Mask, class State>
    void end(const Mask&, status, std::int64_t, const State&) {}
    template <class View>
    void conclude(const View&) {}
    bool done() const { return false; }
    std::int64_t result() const { return seen; }
  };
  template <class System>
  observer start(const System&, std::int64_t) const {
    return {};
  }
};

void check_equal(const lyapunov::spectrum_result& alone, const lyapunov::spectrum_result& together) {
  CHECK(alone.status == together.status);
  CHECK(alone.steps == together.steps);
  CHECK(alone.exponents == together.exponents);
  CHECK(alone.standard_error == together.standard_error);
  CHECK(alone.per_unit_of_time == together.per_unit_of_time);
}

template <class M, class H, class... Inputs>
void check_alone_as_together(const M& map, const H& h0, Eigen::Index count, const Inputs&... inputs) {
  const analyze_options pass{.steps = 3000, .transient = 100};
  const lyapunov::spectrum_estimator estimator{{.count = count}};
  const auto alone = std::get<0>(analyze(map, h0, inputs..., pass, estimator));
  const auto together = std::get<0>(analyze(map, h0, inputs..., pass, estimator, step_counter{}));
  check_equal(alone, together);
  REQUIRE(alone.exponents.size() == count);
  CHECK(alone.exponents.allFinite());
}

// A rotation whose angle depends on time, scaled: its exponents are ln 0.9 and ln 0.9.
struct timed_rotation {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h) const {
    const double a = 0.1 * static_cast<double>(t % 7);
    return {0.9 * (std::cos(a) * h[0] - std::sin(a) * h[1]), 0.9 * (std::sin(a) * h[0] + std::cos(a) * h[1])};
  }
};

// h' = A h + x, with the determinant.
struct driven_matrix {
  using scalar_type = double;
  Eigen::MatrixXd A;
  Eigen::Index state_size() const { return A.rows(); }
  Eigen::Index input_size() const { return A.rows(); }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const { next = A * h + x; }
  void tangent(vector_view<double>, vector_view<double>, matrix_view<double> V, matrix_span<double> JV) const { JV = A * V; }
  double log_abs_determinant(vector_view<double>) const { return std::log(std::abs(A.determinant())); }
};

}  // namespace

TEST_CASE("lyapunov::any_formula: alone, a spectrum has the digits that it has in company", "[differential]") {
  for (const Eigen::Index count : {1, 2}) check_alone_as_together(maps::henon{}, state<double, 2>{0.1, 0.1}, count);
  check_alone_as_together(maps::logistic{3.9}, state<double, 1>{0.3}, 1);
  for (const Eigen::Index count : {1, 2, 3})
    check_alone_as_together(maps::rk4(maps::lorenz63{}, 0.01), state<double, 3>{1.0, 1.0, 1.0}, count);
  check_alone_as_together(maps::logistic_lattice<4>{}, state<double, 4>{0.1, 0.3, 0.2, 0.7}, 4);
  static_assert(lyapunov::runs_as_any_formula<maps::henon, double>);
}

TEST_CASE("lyapunov::any_formula: what depends on time or has inputs, or is no formula in double, is not one", "[edge]") {
  static_assert(!lyapunov::runs_as_any_formula<timed_rotation, double>);
  static_assert(!lyapunov::runs_as_any_formula<maps::henon, single>);
  static_assert(!lyapunov::runs_as_any_formula<driven_matrix, double>);
  static_assert(!lyapunov::runs_as_any_formula<maps::logistic_lattice<8>, double>);
  const auto r = lyapunov::spectrum(timed_rotation{}, {1.0, 0.0}, {.steps = 1000});
  CHECK(std::abs(r.exponents[0] - std::log(0.9)) < 1e-12);
}

TEST_CASE("lyapunov::spectrum: alone, a vector map's has the digits that it has in company", "[differential]") {
  maps::linear<double> linear(Eigen::Matrix3d{{0.5, 0.2, 0.0}, {0.1, 0.4, 0.3}, {0.0, 0.2, 0.7}});
  check_alone_as_together(linear, Eigen::VectorXd(Eigen::Vector3d(1.0, 2.0, 3.0)), 3);
  driven_matrix driven{Eigen::Matrix2d{{0.5, 0.2}, {0.1, 0.4}}};
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::Random(2, 4000);
  const Eigen::VectorXd start = Eigen::Vector2d(1.0, 2.0);
  for (const Eigen::Index count : {1, 2}) check_alone_as_together(driven, start, count, inputs);
}

TEST_CASE("tangent::any_vector_system: a copy keeps its own last step", "[law]") {
  const driven_matrix map{Eigen::Matrix2d{{0.5, 0.2}, {0.1, 0.4}}};
  tangent::any_vector_system system(tangent::vector_system<driven_matrix>(map, 1));
  static_assert(!decltype(system)::autonomous && decltype(system)::has_determinant);
  CHECK(system.state_size() == 2);
  CHECK(system.input_size() == 2);
  CHECK_FALSE(system.per_unit_of_time());
  Eigen::VectorXd next(2);
  system.advance(0, Eigen::Vector2d(1.0, 0.0), Eigen::Vector2d(0.0, 1.0), next);
  CHECK(next == Eigen::Vector2d(0.5, 1.1));
  auto copy = system;
  system.advance(1, Eigen::Vector2d(0.0, 1.0), Eigen::Vector2d(0.0, 0.0), next);
  Eigen::MatrixXd V = Eigen::Vector2d(1.0, 1.0);
  copy.tangent(V);
  CHECK(V == Eigen::MatrixXd(Eigen::Vector2d(0.7, 0.5)));
  CHECK(copy.log_abs_determinant() == std::log(std::abs(map.A.determinant())));
}
