// SPDX-License-Identifier: MIT
/// \file
/// What a map says of itself is forwarded by everything that is made of it.

#include <libration/maps/wrapper.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

#include <libration/maps/add_noise.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/couple.hpp>
#include <libration/maps/euler.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/leapfrog.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/standard.hpp>
#include <libration/tangent/finite_difference.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/vector_system.hpp>

#include "support/catch.hpp"

namespace {

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using libration::argument_error, libration::matrix_span, libration::matrix_view, libration::state, libration::vector_span,
    libration::vector_view;

constexpr double P = 3.0;

// h' = (h_0 + h_1 mod 3, h_1/2, h_2 + 1, count + 1): says all that a map can say. det J = 1/2.
struct said {
  static constexpr state<double, 4> periods = {P, 0.0, 0.0, 0.0};
  static constexpr state<bool, 4> unbounded = {false, false, true, false};
  static constexpr int counters = 1;
  double time_step() const { return 0.25; }
};
template <class T>
state<T, 4> image(const state<T, 4>& h) {
  using std::floor;
  const T sum = h[0] + h[1];
  return {sum - P * floor(sum / P), 0.5 * h[1], h[2] + 1.0, h[3] + 1.0};
}
struct formula : said {
  static constexpr int dimension = 4;
  template <class T>
  state<T, 4> operator()(const state<T, 4>& h) const {
    return image(h);
  }
  template <class T>
  T log_abs_determinant(const state<T, 4>& h) const {
    return h[1];  // a number that tells where it was taken
  }
};
struct driven_formula : said {
  static constexpr int dimension = 4, input_dimension = 1;
  template <class T>
  state<T, 4> operator()(const state<T, 4>& h, const state<T, 1>& x) const {
    auto next = image(h);
    next[1] = next[1] + x[0];
    return next;
  }
};
// Takes the time and does not look at it, and says so.
struct timed_formula : formula {
  static constexpr bool autonomous = true;
  template <class T>
  state<T, 4> operator()(std::int64_t, const state<T, 4>& h) const {
    return image(h);
  }
};
// The same on vectors. The step takes the time, as a wrapper's may; the determinant is told from the workspace.
struct on_vectors : said {
  using scalar_type = double;
  static constexpr bool autonomous = true;
  struct workspace {
    double h1 = 0.0;
  };
  Eigen::Index state_size() const { return 4; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void step(std::int64_t, vector_view<double> h, vector_span<double> next, workspace& ws) const {
    ws.h1 = h[1];
    next = image(state<double, 4>{h[0], h[1], h[2], h[3]}).vector();
  }
  void tangent(matrix_view<double> V, matrix_span<double> JV, workspace&) const {
    JV = V;
    JV.row(0) += V.row(1);
    JV.row(1) *= 0.5;
  }
  double log_abs_determinant(const workspace& ws) const { return ws.h1; }
};
// Without workspace and tangent, the determinant at a state.
struct bare_vectors : said {
  using scalar_type = double;
  Eigen::Index state_size() const { return 4; }
  void step(vector_view<double> h, vector_span<double> next) const {
    next = image(state<double, 4>{h[0], h[1], h[2], h[3]}).vector();
  }
  double log_abs_determinant(vector_view<double> h) const { return h[1]; }
};
struct driven_vectors : said {
  using scalar_type = double;
  Eigen::Index state_size() const { return 4; }
  Eigen::Index input_size() const { return 1; }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    next = image(state<double, 4>{h[0], h[1], h[2], h[3]}).vector();
    next[1] += x[0];
  }
};
struct readout {
  using scalar_type = double;
  Eigen::Index input_size() const { return 4; }
  Eigen::Index output_size() const { return 1; }
  void evaluate(vector_view<double> h, vector_span<double> x) const { x[0] = 0.1 * h[1]; }
};
struct tokens : said {
  using scalar_type = double;
  static constexpr int counters = 1;
  struct workspace {};
  Eigen::Index state_size() const { return 4; }
  Eigen::Index vocabulary_size() const { return 2; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  template <std::same_as<maps::token> Token>
  void step(Token, vector_view<double> h, vector_span<double> next, workspace&) const {
    next = h;
  }
  void logits(vector_view<double>, vector_span<double> out) const { out.setZero(); }
};
struct field : said {
  static constexpr int dimension = 4;
  template <class T>
  state<T, 4> derivative(const state<T, 4>& h) const {
    return {h[1], -h[1], T(1.0), T(0.0)};
  }
};
struct pendulum {
  static constexpr int degrees = 1;
  static constexpr state<double, 2> periods = {P, 0.0};
  static constexpr state<bool, 2> unbounded = {false, false};
  template <class T>
  state<T, 1> velocity(const state<T, 1>& p) const {
    return p;
  }
  template <class T>
  state<T, 1> force(const state<T, 1>& q) const {
    using std::sin;
    return {-sin(q[0])};
  }
};
// A user's own.
struct watched : maps::wrapper<watched, formula, true> {
  static constexpr int dimension = 4;
  formula map;
  const formula& inner() const { return map; }
  template <class T>
  state<T, 4> operator()(const state<T, 4>& h) const {
    return map(h);
  }
};

struct plain {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    return h;
  }
};
struct other_torus : plain {
  static constexpr state<double, 2> periods = {0.0, 1.0};
};
struct counting {
  static constexpr int dimension = 7, counters = 6;
  template <class T>
  state<T, 7> operator()(const state<T, 7>& h) const {
    return h;
  }
};

struct expected {
  double time_step = 0.25;
  bool repeats = true;
  Eigen::Index first = 0;  // coordinate that the inner map's coordinate 0 has become
};
// Periods, unbounded coordinates, counters, time step, and whether the orbit is watched for cycles.
template <class M>
void check(const char* name, const M& map, const expected& e = {}) {
  INFO(name);
  STATIC_REQUIRE(maps::has_periods<M>);
  STATIC_REQUIRE(maps::has_unbounded<M>);
  STATIC_REQUIRE(maps::counters<M> == 1);
  const maps::coordinates c(map);
  for (Eigen::Index i = 0; i < c.size(); ++i) {
    INFO("coordinate " << i);
    CHECK(c.period(i) == (i == e.first ? P : 0.0));
    CHECK(c.unbounded(i) == (i == e.first + 2));
    CHECK(c.bounded(i) == (i != e.first + 2 && i != c.size() - 1));
  }
  CHECK(maps::time_step(map) == e.time_step);
  CHECK(maps::repeats_itself<M> == e.repeats);
  if constexpr (maps::vector_map<M>)
    CHECK(tangent::vector_system<M>::autonomous == e.repeats);
  else
    CHECK(tangent::formula_system<M, double>::autonomous == e.repeats);
}

// ln|det J| along one step from h, which the maps above give as h_1.
template <class M>
double determinant(const M& map) {
  if constexpr (maps::vector_map<M>) {
    tangent::vector_system<M> system(map, 0);
    auto h = system.make_state(), next = h;
    h[1] = 0.8;
    system.advance(0, h, system.make_input(), next);
    return system.log_abs_determinant();
  } else {
    state<double, M::dimension> h{};
    h[1] = 0.8;
    return map.log_abs_determinant(h);
  }
}
template <class M>
constexpr bool has_determinant() {
  if constexpr (maps::vector_map<M>)
    return tangent::vector_system<M>::has_determinant;
  else
    return requires(const M& map, const state<double, M::dimension>& h) { map.log_abs_determinant(h); };
}

const auto same = [](double a, double b) { return std::abs(a - b) < 1e-15; };

}  // namespace

TEST_CASE("maps: every combinator of formulas forwards what the map says of itself", "[law]") {
  const formula f;
  check("itself", f);
  check("add_noise", maps::add_noise(f, 0.1), {.repeats = false});
  check("quantize", maps::quantize(f, maps::number_format::float16()));
  check("iterate", maps::iterate(f, 3), {.time_step = 0.75});
  check("compose", maps::compose(f, f), {.time_step = 0.5});
  check("close_loop", maps::close_loop(driven_formula{}, [](const auto& h) {
          return state<std::decay_t<decltype(h[0])>, 1>{0.1 * h[1]};
        }));
  check("a user's wrapper", watched{});
  check("formula_as_vector", tangent::formula_as_vector<formula>(f));
  check("iterate of quantize", maps::iterate(maps::quantize(f, maps::number_format::float16()), 2), {.time_step = 0.5});
  check("rk4", maps::rk4(field{}, 0.25));
  check("euler", maps::euler(field{}, 0.25));

  // A map that takes the time and says that it does not look at it.
  const timed_formula t;
  check("timed, itself", t);
  check("timed, quantize", maps::quantize(t, maps::number_format::float16()));
  check("timed, iterate", maps::iterate(t, 3), {.time_step = 0.75});
  check("timed, compose", maps::compose(f, t), {.time_step = 0.5});
  check("timed, formula_as_vector", tangent::formula_as_vector<timed_formula>(t));
}

TEST_CASE("maps: every combinator of vector maps forwards what the map says of itself", "[law]") {
  const on_vectors g;
  check("itself", g);
  check("add_noise", maps::add_noise(g, 0.1), {.repeats = false});
  check("quantize", maps::quantize(g, maps::number_format::float16()));
  check("iterate", maps::iterate(g, 3), {.time_step = 0.75});
  check("compose", maps::compose(g, g), {.time_step = 0.5});
  check("finite_difference", tangent::finite_difference(g));
  check("finite_difference of a bare map", tangent::finite_difference(bare_vectors{}));
  check("iterate of finite_difference", maps::iterate(tangent::finite_difference(bare_vectors{}), 2), {.time_step = 0.5});
  check("close_loop", maps::close_loop(driven_vectors{}, readout{}));
  check("close_loop of finite_difference", maps::close_loop(tangent::finite_difference(driven_vectors{}), readout{}));
  check("finite_difference of close_loop", tangent::finite_difference(maps::close_loop(driven_vectors{}, readout{})));
  check("a driven map", tangent::finite_difference(driven_vectors{}), {.repeats = false});

  const auto words = maps::quantize(tokens{}, maps::number_format::float16());
  using quantized = std::remove_const_t<decltype(words)>;
  STATIC_REQUIRE(maps::counters<quantized> == 1);
  CHECK(maps::periods(words)[0] == P);
  CHECK(maps::unbounded(words)[2]);
  CHECK(maps::time_step(words) == 0.25);
}

TEST_CASE("maps::couple: what two maps say, side by side", "[law]") {
  const auto map = maps::couple(maps::standard{}, formula{});
  check("the second's", maps::couple(maps::logistic{}, formula{}), {.first = 1});
  const maps::coordinates c(map);
  CHECK(c.period(0) == maps::standard::periods[0]);
  CHECK(c.period(2) == P);
  CHECK(c.unbounded(4));
}

TEST_CASE("maps: the sum rule's determinant is forwarded, summed along the stages, or absent", "[law]") {
  const formula f;
  CHECK(same(determinant(maps::add_noise(f, 0.1)), 0.8));
  CHECK(same(determinant(maps::quantize(f, maps::number_format::float16())), 0.8));
  CHECK(same(determinant(maps::iterate(f, 3)), 0.8 + 0.4 + 0.2));
  CHECK(same(determinant(maps::iterate(timed_formula{}, 3)), 0.8 + 0.4 + 0.2));
  CHECK(same(determinant(maps::compose(f, f)), 0.8 + 0.4));
  CHECK(same(determinant(watched{}), 0.8));
  CHECK(same(determinant(tangent::formula_as_vector<formula>(f)), 0.8));

  // Where it cannot be known from the state alone, it is not told.
  STATIC_REQUIRE(!has_determinant<decltype(maps::iterate(maps::add_noise(f, 0.1), 2))>());
  STATIC_REQUIRE(!has_determinant<decltype(maps::compose(f, maps::add_noise(f, 0.1)))>());
  STATIC_REQUIRE(has_determinant<decltype(maps::compose(maps::add_noise(f, 0.1), f))>());
  STATIC_REQUIRE(!has_determinant<decltype(maps::compose(f, maps::rk4(field{}, 0.1)))>());
  STATIC_REQUIRE(!has_determinant<decltype(maps::couple(maps::standard{}, maps::standard{}, maps::diffusive{}))>());
  const auto pair = maps::couple(maps::logistic{3.5}, formula{});
  const state<double, 5> h{0.3, 0.0, 0.8, 0.0, 0.0};
  CHECK(same(pair.log_abs_determinant(h), std::log(3.5 * 0.4) + 0.8));

  const on_vectors g;
  CHECK(same(determinant(g), 0.8));
  CHECK(same(determinant(maps::add_noise(g, 0.1)), 0.8));
  CHECK(same(determinant(maps::quantize(g, maps::number_format::float16())), 0.8));
  CHECK(same(determinant(maps::iterate(g, 1)), 0.8));
  CHECK(same(determinant(maps::iterate(g, 3)), 0.8 + 0.4 + 0.2));
  CHECK(same(determinant(maps::iterate(maps::add_noise(bare_vectors{}, 0.0), 3)), 0.8 + 0.4 + 0.2));
  CHECK(same(determinant(maps::compose(g, bare_vectors{})), 0.8 + 0.4));
  CHECK(same(determinant(tangent::finite_difference(g)), 0.8));
  CHECK(same(determinant(tangent::finite_difference(bare_vectors{})), 0.8));
  STATIC_REQUIRE(!has_determinant<decltype(maps::close_loop(driven_vectors{}, readout{}))>());
}

TEST_CASE("maps::leapfrog, yoshida4: a Hamiltonian's periods are its flow's", "[law]") {
  const auto check_flow = [](const auto& map) {
    const maps::coordinates c(map);
    CHECK(c.period(0) == P);
    CHECK(c.period(1) == 0.0);
    CHECK(c.bounded(0));
    STATIC_REQUIRE(maps::has_unbounded<std::decay_t<decltype(map)>>);
  };
  check_flow(maps::leapfrog(pendulum{}, 0.1));
  check_flow(maps::yoshida4(pendulum{}, 0.1));
}

TEST_CASE("maps::compose: what one of the maps wraps, the composition wraps; two periods of one coordinate are refused",
          "[failure]") {
  const auto both = maps::compose(plain{}, maps::standard{});
  CHECK(maps::coordinates(both).period(1) == maps::standard::periods[1]);
  CHECK(maps::coordinates(maps::compose(maps::standard{}, plain{})).period(1) == maps::standard::periods[1]);
  CHECK_THROWS_WITH(maps::compose(other_torus{}, maps::standard{}),
                    libration_test::Contains("maps::compose: the second map's period 1 is 1"));
}

TEST_CASE("tangent::finite_difference: a map that wraps between the two neighbours", "[edge]") {
  const auto map = tangent::finite_difference(bare_vectors{});
  tangent::vector_system<std::remove_const_t<decltype(map)>> system(map, 4);
  auto h = system.make_state(), next = h;
  h[0] = P - 1e-7;  // one neighbour lies before the cut, one behind it
  h[2] = 1e9;       // and a clock does not set the step
  system.advance(0, h, system.make_input(), next);
  auto J = system.make_frame(4);
  J.setIdentity();
  system.tangent(J);
  Eigen::Matrix4d wanted = Eigen::Matrix4d::Identity();
  wanted(0, 1) = 1.0;
  wanted(1, 1) = 0.5;
  // Rounding of the clock alone, 1e9 eps over a step of 6e-6 (1 + |h|).
  CHECK((J - wanted).topLeftCorner(2, 4).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((J - wanted).cwiseAbs().maxCoeff() < 1e-2);
}

TEST_CASE("maps::quantize: counters of a formula are not rounded, however many", "[edge]") {
  const state<double, 7> h{0.7, 12345.0, 12346.0, 12347.0, 12348.0, 12349.0, 12351.0};
  const auto next = maps::quantize(counting{}, maps::number_format::dynamic(4))(h);
  CHECK(next == h);
}

TEST_CASE("maps::quantize: a fixed grid for a coordinate that grows without bound is refused", "[failure]") {
  CHECK_THROWS_WITH(maps::quantize(formula{}, maps::number_format::uniform(8, -1.0, 1.0)),
                    libration_test::Contains("maps::quantize: coordinate 2 grows without bound"));
  CHECK_THROWS_AS(maps::quantize(on_vectors{}, maps::number_format::uniform(8, -1.0, 1.0)), argument_error);
}
