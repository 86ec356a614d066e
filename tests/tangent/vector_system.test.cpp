// SPDX-License-Identifier: MIT
// Every form that a vector map may have, run as a system.
#include <libration/tangent/vector_system.hpp>

#include <libration/core/random.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/testing/laws.hpp>

#include "support/catch.hpp"

namespace tangent = libration::tangent;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::matrix_span, libration::matrix_view, libration::vector_span, libration::vector_view;

namespace {

// h' = c(t) A h + x: the parts that a form has no argument for are constant.
struct base {
  using scalar_type = double;
  MatrixXd A = (MatrixXd(2, 2) << 1.0, 2.0, 3.0, 4.0).finished();
  Eigen::Index state_size() const { return 2; }
};
struct of_h : base {
  void step(vector_view<double> h, vector_span<double> next) const { next = A * h; }
  void tangent(vector_view<double>, matrix_view<double> V, matrix_span<double> JV) const { JV = A * V; }
};
struct of_th : base {
  void step(std::int64_t t, vector_view<double> h, vector_span<double> next) const { next = static_cast<double>(t) * A * h; }
  void tangent(std::int64_t t, vector_view<double>, matrix_view<double> V, matrix_span<double> JV) const {
    JV = static_cast<double>(t) * A * V;
  }
};
struct of_hx : base {
  Eigen::Index input_size() const { return 2; }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const { next = A * h + x; }
  void tangent(vector_view<double>, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    JV = x[0] * A * V;  // not its derivative: shows which x arrives
  }
};
struct of_thx : base {
  Eigen::Index input_size() const { return 2; }
  void step(std::int64_t t, vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    next = static_cast<double>(t) * A * h + x;
  }
  void tangent(std::int64_t t, vector_view<double>, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV) const {
    JV = static_cast<double>(t) * x[0] * A * V;
  }
};
struct with_volume : of_h {
  double log_abs_determinant(vector_view<double> h) const { return h[0]; }
};

// With a workspace, and a tangent that is given the state (and the input) all the same.
struct in_workspace : base {
  struct workspace {
    double scale = 0.0;
  };
  workspace make_workspace(Eigen::Index) const { return {}; }
};
struct of_h_in_workspace : in_workspace {
  void step(vector_view<double> h, vector_span<double> next, workspace& ws) const {
    ws.scale = 0.5;
    next = A * h;
  }
  void tangent(vector_view<double> h, matrix_view<double> V, matrix_span<double> JV, workspace& ws) const {
    JV = ws.scale * h[1] * A * V;  // not its derivative: shows which h arrives
  }
};
struct of_hx_in_workspace : in_workspace {
  Eigen::Index input_size() const { return 2; }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next, workspace& ws) const {
    ws.scale = 0.5;
    next = A * h + x;
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_span<double> JV, workspace& ws) const {
    JV = ws.scale * h[1] * x[1] * A * V;
  }
};

// h' = (h_0 h_1, h_0 + x_0²) with tangents that need h and x: a true derivative, for the laws and the combinators.
struct product_cell {
  using scalar_type = double;
  struct workspace {};
  Eigen::Index state_size() const { return 2; }
  Eigen::Index input_size() const { return 1; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next, workspace&) const {
    next << h[0] * h[1], h[0] + x[0] * x[0];
  }
  void tangent(vector_view<double> h, vector_view<double>, matrix_view<double> V, matrix_span<double> JV, workspace&) const {
    JV.row(0) = h[1] * V.row(0) + h[0] * V.row(1);
    JV.row(1) = V.row(0);
  }
  void tangent(vector_view<double> h, vector_view<double> x, matrix_view<double> V, matrix_view<double> VX, matrix_span<double> JV,
               workspace& ws) const {
    tangent(h, x, V, JV, ws);
    JV.row(1) += 2.0 * x[0] * VX.row(0);
  }
};
struct first_component {
  using scalar_type = double;
  Eigen::Index input_size() const { return 2; }
  Eigen::Index output_size() const { return 1; }
  void evaluate(vector_view<double> h, vector_span<double> x) const { x[0] = h[0] - 0.5 * h[1]; }
  void tangent(vector_view<double>, matrix_view<double> V, matrix_span<double> VX) const { VX = V.row(0) - 0.5 * V.row(1); }
};

template <class M>
void check_form(const M& map, double time, double input) {
  tangent::vector_system<M> system(map, 2);
  const VectorXd h = Eigen::Vector2d(1.0, -2.0);
  VectorXd x = system.make_input(), next = system.make_state();
  if (x.size() > 0) x << 0.5, 0.25;
  system.advance(3, h, x, next);
  VectorXd wanted = time * map.A * h;
  if (x.size() > 0) wanted += x;
  CHECK(next == wanted);
  MatrixXd V = MatrixXd::Identity(2, 2);
  system.tangent(V);
  CHECK(V == time * input * map.A);
  system.tangent(V);  // again at the same point
  CHECK(V == time * input * map.A * (time * input * map.A));
  MatrixXd narrow = MatrixXd::Ones(2, 1);
  system.tangent(narrow);
  CHECK(narrow == time * input * map.A * MatrixXd::Ones(2, 1));
}

}  // namespace

TEST_CASE("tangent::vector_system: the four forms get the time, the state and the input they take", "[oracle]") {
  check_form(of_h{}, 1.0, 1.0);
  check_form(of_th{}, 3.0, 1.0);
  check_form(of_hx{}, 1.0, 0.5);
  check_form(of_thx{}, 3.0, 0.5);
  STATIC_REQUIRE(tangent::vector_system<of_h>::autonomous);
  STATIC_REQUIRE(!tangent::vector_system<of_th>::autonomous);
  STATIC_REQUIRE(!tangent::vector_system<of_hx>::autonomous);
  STATIC_REQUIRE(!tangent::vector_system<of_h>::has_determinant);
  STATIC_REQUIRE(tangent::vector_system<with_volume>::has_determinant);
}

TEST_CASE("tangent::vector_system: a tangent in a workspace may take the state and the input too", "[oracle]") {
  check_form(of_h_in_workspace{}, 1.0, 0.5 * -2.0);
  check_form(of_hx_in_workspace{}, 1.0, 0.5 * -2.0 * 0.25);
  STATIC_REQUIRE(libration::maps::differentiable<of_h_in_workspace>);
  STATIC_REQUIRE(libration::maps::differentiable<of_hx_in_workspace>);
  STATIC_REQUIRE(!libration::maps::differentiable_in_input<of_hx_in_workspace>);
  STATIC_REQUIRE(libration::maps::differentiable_in_input<product_cell>);
  // A tangent of the block alone needs no copy of the state.
  STATIC_REQUIRE(!libration::maps::detail::tangent_needs_state<libration::maps::tanh_network<>>);

  const VectorXd h = Eigen::Vector2d(0.7, -0.4), x = VectorXd::Constant(1, 0.3);
  CHECK(libration::testing::check_laws(product_cell{}, h, x).ok());
  CHECK(libration::testing::check_laws(libration::maps::iterate(product_cell{}, 3), h, x).ok());
  CHECK(libration::testing::check_laws(libration::maps::close_loop(product_cell{}, first_component{}), h).ok());
}

TEST_CASE("tangent::vector_system: maps with a workspace, and copies of a system are independent", "[law]") {
  const libration::maps::tanh_network<> net(5, 1.5, 2);
  tangent::vector_system<libration::maps::tanh_network<>> system(net, 2);
  const VectorXd h = net.start(), none;
  VectorXd next(5), other(5);
  system.advance(0, h, none, next);
  auto copy = system;
  copy.advance(1, next, none, other);
  MatrixXd V = MatrixXd::Identity(5, 2);
  system.tangent(V);
  const VectorXd slope = 1.0 - h.array().tanh().square();
  CHECK((V - (net.matrix() * slope.asDiagonal()).leftCols(2)).norm() < 1e-14);
  const libration::maps::gaussian_product<> product(3, 1);
  tangent::vector_system<libration::maps::gaussian_product<>> timed(product, 3);
  const VectorXd zero = VectorXd::Zero(3);
  VectorXd image(3);
  MatrixXd A(3, 3), W = MatrixXd::Identity(3, 3);
  timed.advance(9, zero, none, image);
  timed.tangent(W);
  product.fill(9, A);
  CHECK(W == A);
}

TEST_CASE("tangent::vector_system: ln|det J| at the last step", "[oracle]") {
  const with_volume map;
  tangent::vector_system<with_volume> system(map, 1);
  const VectorXd none;
  VectorXd next(2);
  system.advance(0, Eigen::Vector2d(0.75, 1.0), none, next);
  CHECK(system.log_abs_determinant() == 0.75);
}
