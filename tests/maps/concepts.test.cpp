// SPDX-License-Identifier: MIT
#include <libration/maps/concepts.hpp>

#include <string_view>

#include <libration/maps/maps.hpp>

#include "support/catch.hpp"

namespace maps = libration::maps;
using libration::matrix_span, libration::matrix_view, libration::state, libration::vector_span, libration::vector_view;

namespace {

// Formulas: right ones of each form.
struct of_h {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    return h;
  }
};
struct of_th {
  static constexpr int dimension = 2;
  static constexpr bool lanes = false;
  double time_step() const { return 0.25; }
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h) const {
    return {h[0] + static_cast<double>(t), h[1]};
  }
};
struct of_hx {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>& x) const {
    return {h[0] + x[0], h[1]};
  }
};
struct of_thx {
  static constexpr int dimension = 1, input_dimension = 3;
  template <class T>
  state<T, 1> operator()(std::int64_t t, const state<T, 1>& h, const state<T, 3>& x) const {
    return {h[0] + x[2] * static_cast<double>(t)};
  }
};

// And wrong ones.
struct no_members {};
struct no_dimension {
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    return h;
  }
};
struct dimension_zero {
  static constexpr int dimension = 0;
};
struct wrong_return {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 3> operator()(const state<T, 2>& h) const {
    return {h[0], h[1], h[1]};
  }
};
struct not_const {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) {
    return h;
  }
};
struct no_call {
  static constexpr int dimension = 2;
};
struct forgets_input {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    return h;
  }
};
struct undeclared_input {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>&) const {
    return h;
  }
};

// Fields.
struct flow {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> derivative(const state<T, 2>& h) const {
    return {h[1], -h[0]};
  }
};
struct driven_flow {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  state<T, 1> derivative(const state<T, 1>& h, const state<T, 1>& x) const {
    return {x[0] - h[0]};
  }
};
struct wrong_derivative {
  static constexpr int dimension = 2;
  template <class T>
  double derivative(const state<T, 2>&) const {
    return 0.0;
  }
};

// Vector maps.
struct steps_only {
  using scalar_type = float;
  Eigen::Index state_size() const { return 3; }
  void step(vector_view<float> h, vector_span<float> next) const { next = h; }
};
struct with_tangent : steps_only {
  void tangent(vector_view<float>, matrix_view<float> V, matrix_span<float> JV) const { JV = V; }
};
struct timed_driven_vector {
  using scalar_type = double;
  Eigen::Index state_size() const { return 3; }
  Eigen::Index input_size() const { return 2; }
  void step(std::int64_t, vector_view<double> h, vector_view<double>, vector_span<double> next) const { next = h; }
  void tangent(std::int64_t, vector_view<double>, vector_view<double>, matrix_view<double> V, matrix_span<double> JV) const {
    JV = V;
  }
};
struct in_workspace {
  using scalar_type = double;
  struct workspace {
    int uses = 0;
  };
  Eigen::Index state_size() const { return 3; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void step(std::int64_t, vector_view<double> h, vector_span<double> next, workspace&) const { next = h; }
  void tangent(matrix_view<double> V, matrix_span<double> JV, workspace&) const { JV = V; }
};
struct integer_scalar {
  using scalar_type = int;
};
struct no_state_size {
  using scalar_type = double;
};
struct no_step {
  using scalar_type = double;
  Eigen::Index state_size() const { return 3; }
};
struct step_without_input : steps_only {
  Eigen::Index input_size() const { return 2; }
};
struct step_not_const {
  using scalar_type = double;
  Eigen::Index state_size() const { return 3; }
  void step(vector_view<double> h, vector_span<double> next) { next = h; }
};

constexpr bool says(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("maps::formula_map: the four forms, and what is none", "[law]") {
  STATIC_REQUIRE(maps::formula_map<of_h> && !maps::driven<of_h> && !maps::timed<of_h>);
  STATIC_REQUIRE(maps::formula_map<of_th> && !maps::driven<of_th> && maps::timed<of_th>);
  STATIC_REQUIRE(maps::formula_map<of_hx> && maps::driven<of_hx> && !maps::timed<of_hx>);
  STATIC_REQUIRE(maps::formula_map<of_thx> && maps::driven<of_thx> && maps::timed<of_thx>);
  STATIC_REQUIRE(maps::differentiable<of_h> && maps::differentiable<of_thx>);
  STATIC_REQUIRE(!maps::vector_map<of_h> && maps::map<of_h>);
  STATIC_REQUIRE(maps::input_dimension<of_h> == 0 && maps::input_dimension<of_thx> == 3);
  STATIC_REQUIRE(maps::lanes_allowed<of_h> && !maps::lanes_allowed<of_th>);
  STATIC_REQUIRE(!maps::formula_map<no_members> && !maps::formula_map<no_dimension> && !maps::formula_map<dimension_zero>);
  STATIC_REQUIRE(!maps::formula_map<wrong_return> && !maps::formula_map<not_const> && !maps::formula_map<no_call>);
  STATIC_REQUIRE(!maps::formula_map<forgets_input> && !maps::formula_map<undeclared_input>);
  STATIC_REQUIRE(!maps::formula_map<flow> && !maps::formula_map<steps_only>);
}

TEST_CASE("maps::field: a derivative, and no map", "[law]") {
  STATIC_REQUIRE(maps::field<flow> && maps::field<driven_flow>);
  STATIC_REQUIRE(!maps::map<flow> && !maps::map<driven_flow>);
  STATIC_REQUIRE(!maps::field<wrong_derivative> && !maps::field<of_h> && !maps::field<no_members>);
  STATIC_REQUIRE(maps::field<maps::lorenz63> && maps::field<maps::rossler> && maps::field<maps::lorenz96<40>>);
}

TEST_CASE("maps::vector_map: a step, with a tangent or without, and with a workspace", "[law]") {
  STATIC_REQUIRE(maps::vector_map<steps_only> && !maps::differentiable<steps_only>);
  STATIC_REQUIRE(maps::vector_map<with_tangent> && maps::differentiable<with_tangent>);
  STATIC_REQUIRE(!maps::driven<with_tangent> && !maps::timed<with_tangent>);
  STATIC_REQUIRE(maps::vector_map<timed_driven_vector> && maps::driven<timed_driven_vector> && maps::timed<timed_driven_vector> &&
                 maps::differentiable<timed_driven_vector>);
  STATIC_REQUIRE(maps::vector_map<in_workspace> && maps::timed<in_workspace> && maps::differentiable<in_workspace>);
  STATIC_REQUIRE(!maps::vector_map<integer_scalar> && !maps::vector_map<no_state_size> && !maps::vector_map<no_step>);
  STATIC_REQUIRE(!maps::vector_map<step_without_input> && !maps::vector_map<step_not_const>);
  STATIC_REQUIRE(maps::vector_map<maps::tanh_network<float>> && maps::vector_map<maps::linear<>>);
  STATIC_REQUIRE(maps::timed<maps::matrix_product<>> && maps::driven<maps::driven_linear<>>);
}

TEST_CASE("maps::explain: nothing to say of maps, and the missing clause of others", "[law]") {
  STATIC_REQUIRE(maps::explain<of_h>().empty() && maps::explain<of_thx>().empty());
  STATIC_REQUIRE(maps::explain<steps_only>().empty() && maps::explain<in_workspace>().empty());
  STATIC_REQUIRE(says(maps::explain<flow>(), "maps::rk4(field, dt)"));
  STATIC_REQUIRE(says(maps::explain<driven_flow>(), "this is a vector field"));
  STATIC_REQUIRE(says(maps::explain<dimension_zero>(), "`dimension` must be a positive"));
  STATIC_REQUIRE(says(maps::explain<wrong_derivative>(), "`derivative(h)` does not return state<T, dimension>"));
  STATIC_REQUIRE(says(maps::explain<forgets_input>(), "a driven formula needs"));
  STATIC_REQUIRE(says(maps::explain<wrong_return>(), "must be const and return state<T, dimension>"));
  STATIC_REQUIRE(says(maps::explain<not_const>(), "must be const and return"));
  STATIC_REQUIRE(says(maps::explain<no_call>(), "a formula needs"));
  STATIC_REQUIRE(says(maps::explain<undeclared_input>(), "`input_dimension`"));
  STATIC_REQUIRE(says(maps::explain<no_members>(), "neither `static constexpr int dimension`"));
  STATIC_REQUIRE(says(maps::explain<no_dimension>(), "neither `static constexpr int dimension`"));
  STATIC_REQUIRE(says(maps::explain<integer_scalar>(), "must be float or double"));
  STATIC_REQUIRE(says(maps::explain<no_state_size>(), "needs `Eigen::Index state_size() const`"));
  STATIC_REQUIRE(says(maps::explain<step_without_input>(), "a driven vector map (it has input_size()) needs"));
  STATIC_REQUIRE(says(maps::explain<no_step>(), "a vector map needs `void step("));
  STATIC_REQUIRE(says(maps::explain<step_not_const>(), "a vector map needs `void step("));
}

TEST_CASE("maps::explain_tangent: what to do about a map without one", "[law]") {
  STATIC_REQUIRE(maps::explain_tangent<of_h>().empty() && maps::explain_tangent<with_tangent>().empty());
  STATIC_REQUIRE(says(maps::explain_tangent<steps_only>(), "tangent::finite_difference(map)"));
  STATIC_REQUIRE(says(maps::explain_tangent<no_step>(), "a vector map needs `void step("));
}

TEST_CASE("maps::evaluate: a formula gets of time, state and input what it takes", "[oracle]") {
  CHECK(maps::evaluate(of_h{}, 5, state<double, 2>{1.0, 2.0}, state<double, 1>{9.0})[0] == 1.0);
  CHECK(maps::evaluate(of_th{}, 5, state<double, 2>{1.0, 2.0}, state<double, 1>{9.0})[0] == 6.0);
  CHECK(maps::evaluate(of_hx{}, 5, state<double, 2>{1.0, 2.0}, state<double, 1>{9.0})[0] == 10.0);
  CHECK(maps::evaluate(of_thx{}, 5, state<double, 1>{1.0}, state<double, 3>{0.0, 0.0, 2.0})[0] == 11.0);
  CHECK(maps::time_step(of_h{}) == 1.0);
  CHECK(maps::time_step(of_th{}) == 0.25);
}
