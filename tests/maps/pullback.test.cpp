// SPDX-License-Identifier: MIT
#include <libration/maps/pullback.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <libration/maps/add_noise.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/loop_with_input.hpp>
#include <libration/maps/lorenz96.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/tangent/finite_difference.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/vector_system.hpp>
#include <libration/testing/laws.hpp>

#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::state, libration::matrix_span, libration::matrix_view, libration::vector_span, libration::vector_view;

// h' = tanh(W h + U x), with one fault a kind in its adjoint.
enum class fault { none, state, input, reads, block, with_input };

template <fault kind = fault::none>
struct cell {
  using scalar_type = double;
  MatrixXd W = 0.4 * normals<double>(5, 5, 1), U = normals<double>(5, 2, 2);
  Index state_size() const { return W.rows(); }
  Index input_size() const { return U.cols(); }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    next = (W * h + U * x).array().tanh().matrix();
  }
  VectorXd slope(const vector_view<double>& h, const vector_view<double>& x) const {
    return 1.0 - (W * h + U * x).array().tanh().square();
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    JV = slope(h, x).asDiagonal() * (W * V);
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_view<double> VX,
               matrix_span<double> JV) const {
    JV = slope(h, x).asDiagonal() * (W * V + U * VX);
  }
  void pullback(vector_view<double> h, vector_view<double> x, matrix_view<double> B, matrix_span<double> JtB) const {
    const MatrixXd before = JtB;
    JtB = W.transpose() * (slope(h, x).asDiagonal() * B);
    if constexpr (kind == fault::state) JtB.row(2) *= 1.0 + 1e-9;
    if constexpr (kind == fault::reads) JtB += 1e-3 * before;
    if constexpr (kind == fault::block) JtB.col(0) *= 1.0 + (B.cols() == 1 ? 1e-9 : 0.0);
  }
  void pullback(vector_view<double> h, vector_view<double> x, matrix_view<double> B, matrix_span<double> JtB,
                matrix_span<double> BtB) const {
    JtB = W.transpose() * (slope(h, x).asDiagonal() * B);
    BtB = U.transpose() * (slope(h, x).asDiagonal() * B);
    if constexpr (kind == fault::input) BtB *= 1.0 + 1e-9;
    if constexpr (kind == fault::with_input) JtB.setZero();
  }
};
struct timed_cell : cell<> {
  void step(std::int64_t t, vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    cell::step(h, x, next);
    next *= static_cast<double>(t);
  }
  void tangent(std::int64_t t, vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    cell::tangent(h, x, V, JV);
    JV *= static_cast<double>(t);
  }
  void tangent(std::int64_t t, vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_view<double> VX,
               matrix_span<double> JV) const {
    cell::tangent(h, x, V, VX, JV);
    JV *= static_cast<double>(t);
  }
  void pullback(std::int64_t t, vector_view<double> h, vector_view<double> x, matrix_view<double> B,
                matrix_span<double> JtB) const {
    cell::pullback(h, x, B, JtB);
    JtB *= static_cast<double>(t);
  }
  void pullback(std::int64_t t, vector_view<double> h, vector_view<double> x, matrix_view<double> B, matrix_span<double> JtB,
                matrix_span<double> BtB) const {
    cell::pullback(h, x, B, JtB, BtB);
    JtB *= static_cast<double>(t);
    BtB *= static_cast<double>(t);
  }
};
// The adjoint in the state alone.
struct of_state_alone : cell<> {
  void pullback(vector_view<double> h, vector_view<double> x, matrix_view<double> B, matrix_span<double> JtB) const {
    cell::pullback(h, x, B, JtB);
  }
};
// A workspace whose tangent asks for the state (and the input) of the last step.
struct in_workspace : cell<> {
  struct workspace {
    VectorXd slope;
  };
  workspace make_workspace(Index) const { return {VectorXd(5)}; }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next, workspace& ws) const {
    cell::step(h, x, next);
    ws.slope = 1.0 - next.array().square();
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV, workspace&) const {
    cell::tangent(h, x, V, JV);
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_view<double> VX, matrix_span<double> JV,
               workspace&) const {
    cell::tangent(h, x, V, VX, JV);
  }
  void pullback(vector_view<double> h, vector_view<double> x, matrix_view<double> B, matrix_span<double> JtB, workspace&) const {
    cell::pullback(h, x, B, JtB);
  }
  void pullback(vector_view<double> h, vector_view<double> x, matrix_view<double> B, matrix_span<double> JtB,
                matrix_span<double> BtB, workspace&) const {
    cell::pullback(h, x, B, JtB, BtB);
  }
};

// x = sin(C h): with and without a workspace, and without an adjoint.
struct sine {
  using scalar_type = double;
  MatrixXd C = normals<double>(2, 5, 3);
  Index input_size() const { return 5; }
  Index output_size() const { return 2; }
  VectorXd cosine(const vector_view<double>& h) const { return (C * h).array().cos(); }
  void evaluate(vector_view<double> h, vector_span<double> x) const { x = (C * h).array().sin().matrix(); }
  void tangent(vector_view<double> h, matrix_view<double> V, matrix_span<double> VX) const {
    VX = cosine(h).asDiagonal() * (C * V);
  }
};
struct sine_with_pullback : sine {
  void pullback(vector_view<double> h, matrix_view<double> B, matrix_span<double> out) const {
    out = C.transpose() * (cosine(h).asDiagonal() * B);
  }
};
struct sine_in_workspace {
  using scalar_type = double;
  sine f;
  struct workspace {
    VectorXd cosine;
  };
  Index input_size() const { return 5; }
  Index output_size() const { return 2; }
  workspace make_workspace(Index) const { return {VectorXd(2)}; }
  void evaluate(vector_view<double> h, vector_span<double> x, workspace& ws) const {
    f.evaluate(h, x);
    ws.cosine = f.cosine(h);
  }
  void tangent(matrix_view<double> V, matrix_span<double> VX, workspace& ws) const { VX = ws.cosine.asDiagonal() * (f.C * V); }
  void pullback(matrix_view<double> B, matrix_span<double> out, workspace& ws) const {
    out = f.C.transpose() * (ws.cosine.asDiagonal() * B);
  }
};

// A driven formula of more components and inputs than are moved at a time.
struct wide {
  static constexpr int dimension = 11, input_dimension = 9;
  template <class T>
  state<T, 11> operator()(std::int64_t t, const state<T, 11>& h, const state<T, 9>& x) const {
    using std::sin;
    state<T, 11> next;
    for (int i = 0; i < 11; ++i) next[i] = sin(h[(i + 3) % 11]) * x[i % 9] + 0.1 * static_cast<double>(t) * h[i] * h[(i + 1) % 11];
    return next;
  }
};
struct driven_pair {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>& x) const {
    return {h[1] * x[0], h[0] * h[0] - x[0] * x[0]};
  }
};

using tangent_by_difference_of_a_cell = decltype(libration::tangent::finite_difference(cell<>{}));

template <fault kind>
std::string fault_of() {
  const VectorXd h = normals<double>(5, 1, 1), x = normals<double>(2, 1, 2);
  const auto laws = libration::testing::check_laws(cell<kind>{}, h, x);
  CHECK(!laws.ok());
  return laws.text();
}

constexpr bool says(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("maps::has_pullback: what is, what is not, and why", "[law]") {
  STATIC_REQUIRE(maps::has_pullback<maps::henon> && !maps::has_input_pullback<maps::henon>);
  STATIC_REQUIRE(maps::has_input_pullback<wide> && maps::has_input_pullback<driven_pair>);
  STATIC_REQUIRE(maps::has_input_pullback<cell<>> && maps::has_input_pullback<timed_cell>);
  STATIC_REQUIRE(maps::has_input_pullback<in_workspace>);
  STATIC_REQUIRE(maps::has_pullback<of_state_alone> && !maps::has_input_pullback<of_state_alone>);
  STATIC_REQUIRE(maps::has_input_pullback<maps::noisy_vector<timed_cell>>);
  STATIC_REQUIRE(maps::has_input_pullback<maps::quantized_vector<cell<>>>);
  STATIC_REQUIRE(!maps::has_input_pullback<maps::noisy_vector<of_state_alone>>);
  STATIC_REQUIRE(maps::has_pullback<maps::linear<>> && maps::has_input_pullback<maps::driven_linear<float>>);
  STATIC_REQUIRE(!maps::has_pullback<sine> && !maps::has_pullback<int>);
  STATIC_REQUIRE(!maps::has_pullback<tangent_by_difference_of_a_cell>);
  STATIC_REQUIRE(maps::feedback_with_pullback<sine_with_pullback> && maps::feedback_with_pullback<sine_in_workspace>);
  STATIC_REQUIRE(!maps::feedback_with_pullback<sine>);
  STATIC_REQUIRE(maps::explain_pullback<cell<>>().empty() && maps::explain_input_pullback<wide>().empty());
  STATIC_REQUIRE(says(maps::explain_input_pullback<maps::henon>(), "this map takes no input"));
  STATIC_REQUIRE(says(maps::explain_input_pullback<of_state_alone>(), "`matrix_span<S> BtW` after JtW"));
  STATIC_REQUIRE(says(maps::explain_pullback<tangent_by_difference_of_a_cell>(), "this vector map has no adjoint"));
  STATIC_REQUIRE(says(maps::explain_pullback<sine>(), "a vector map needs `Eigen::Index state_size() const`"));
}

TEST_CASE("maps::has_pullback: <W, J V> = <JtW, V> of every form, and what is made of them", "[law]") {
  check_vector_map(cell{});
  check_vector_map(timed_cell{});
  check_vector_map(of_state_alone{});
  check_vector_map(in_workspace{});
  check_vector_map(maps::add_noise(cell{}, 0.1));
  check_vector_map(maps::linear<>(normals<double>(5, 5, 10)));
  check_vector_map(maps::linear<float>(normals<float>(1, 1, 10)));
  check_vector_map(maps::driven_linear<float>(normals<float>(5, 5, 10), normals<float>(5, 2, 11)));
  check_vector_map(maps::matrix_product<>({normals<double>(3, 3, 1), normals<double>(3, 3, 2)}));
  check_vector_map(maps::gaussian_product<>(4, 1, 0.5));
  const maps::tanh_network<> network(6, 1.5, 3);
  check_vector_map(network);
  for (int count = 1; count <= 5; ++count) {
    check_vector_map(maps::iterate(network, count));
    check_vector_map(maps::iterate(maps::gaussian_product<>(4, 1, 0.5), count));
  }
  check_vector_map(maps::compose(maps::linear<>(normals<double>(6, 6, 10)), network));
  check_vector_map(maps::compose(network, maps::linear<>(normals<double>(6, 6, 10))));
  check_vector_map(maps::compose(cell{}, timed_cell{}));
  const auto loop = maps::close_loop(cell{}, sine_with_pullback{});
  STATIC_REQUIRE(maps::has_pullback<decltype(loop)>);
  check_vector_map(loop);
  check_vector_map(maps::close_loop(timed_cell{}, sine_in_workspace{}));
  check_vector_map(maps::close_loop(in_workspace{}, sine_in_workspace{}));
  check_vector_map(maps::iterate(maps::close_loop(in_workspace{}, sine_in_workspace{}), 3));
  for (const maps::loop_output output : {maps::loop_output::value, maps::loop_output::increment})
    check_vector_map(maps::loop_with_input(timed_cell{}, sine_in_workspace{}, output));
  STATIC_REQUIRE(maps::has_pullback<decltype(maps::loop_with_input(cell{}, sine_with_pullback{}))>);
  STATIC_REQUIRE(!maps::has_pullback<decltype(maps::loop_with_input(cell{}, sine{}))>);
  STATIC_REQUIRE(!maps::has_pullback<decltype(maps::close_loop(cell{}, sine{}))>);
  STATIC_REQUIRE(!maps::has_pullback<decltype(maps::close_loop(of_state_alone{}, sine_with_pullback{}))>);
  check_vector_map(maps::close_loop(cell{}, sine{}));
}

TEST_CASE("tangent::formula_as_vector: the adjoint of a formula, in state and input", "[law]") {
  check_vector_map(libration::tangent::formula_as_vector(wide{}));
  check_vector_map(libration::tangent::formula_as_vector<wide, float>(wide{}));
  check_vector_map(libration::tangent::formula_as_vector(driven_pair{}));
  const auto flow = maps::rk4(maps::lorenz96<20>{}, 0.05);
  check_vector_map(libration::tangent::formula_as_vector(flow));
}

TEST_CASE("testing::check_laws: each fault of an adjoint breaks its own law", "[law]") {
  CHECK_THAT(fault_of<fault::state>(), Contains("pullback: <W, J V> and <JtW, V> differ by"));
  CHECK_THAT(fault_of<fault::input>(), Contains("pullback: <W, J V + B VX> and <JtW, V> + <BtW, VX> differ by"));
  CHECK_THAT(fault_of<fault::reads>(), Contains("purity: the pullback of the same block"));
  CHECK_THAT(fault_of<fault::block>(), Contains("block: a pullback of 5 columns"));
  CHECK_THAT(fault_of<fault::with_input>(), Contains("JtW with the input and without it differ"));
}

TEST_CASE("tangent::vector_system: a product of Jacobians is carried back in the order of time", "[oracle]") {
  // A, then B: (B A)ᵀ w = Aᵀ Bᵀ w.
  const MatrixXd A = normals<double>(3, 3, 1), B = normals<double>(3, 3, 2);
  const maps::matrix_product<> map({A, B});
  libration::tangent::vector_system<maps::matrix_product<>> first(map, 1), second(map, 1);
  const VectorXd h = normals<double>(3, 1, 4), none;
  VectorXd between(3), next(3);
  first.advance(0, h, none, between);
  second.advance(1, between, none, next);
  const MatrixXd start = normals<double>(3, 1, 5);
  MatrixXd w = start;
  second.pullback(w);
  first.pullback(w);
  CHECK((w - A.transpose() * (B.transpose() * start)).norm() < 1e-14);
}

TEST_CASE("tangent::vector_system: the adjoint in the input beside that in the state", "[oracle]") {
  const cell<> map;
  libration::tangent::vector_system<cell<>> system(map, 2);
  const VectorXd h = normals<double>(5, 1, 4), x = normals<double>(2, 1, 6);
  VectorXd next(5);
  system.advance(0, h, x, next);
  const MatrixXd start = normals<double>(5, 2, 5), slopes = map.slope(h, x).asDiagonal() * start;
  MatrixXd W = start, BtW;
  system.pullback(W, BtW);
  CHECK((W - map.W.transpose() * slopes).norm() < 1e-14);
  CHECK((BtW - map.U.transpose() * slopes).norm() < 1e-14);
}
