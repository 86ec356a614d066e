// SPDX-License-Identifier: MIT
// A network cell of one's own: step and tangent on vectors, checked against differences, and its exponents along an input.

#include <cmath>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/report/format.hpp>
#include <libration/tangent/finite_difference.hpp>
#include <libration/testing/laws.hpp>

using libration::matrix_span, libration::matrix_view, libration::vector_span, libration::vector_view;

struct tanh_cell {  // h' = tanh(W h + U x)
  using scalar_type = float;
  Eigen::MatrixXf W, U;
  Eigen::Index state_size() const { return W.rows(); }
  Eigen::Index input_size() const { return U.cols(); }

  // What a step leaves for its tangent, and what would otherwise be allocated in every step.
  struct workspace {
    Eigen::VectorXf slope;
  };
  workspace make_workspace(Eigen::Index /*columns*/) const { return {Eigen::VectorXf(state_size())}; }

  void step(vector_view<float> h, vector_view<float> x, vector_span<float> next, workspace& ws) const {
    next.noalias() = W * h;
    next.noalias() += U * x;
    next = next.array().tanh();
    ws.slope = 1.0f - next.array().square();
  }
  // The tangent at the last step, on a block of directions: JV = diag(1 - h'^2) W V.
  void tangent(matrix_view<float> V, matrix_span<float> JV, workspace& ws) const {
    JV.noalias() = W * V;
    JV.array().colwise() *= ws.slope.array();
  }
};

struct careless_cell : tanh_cell {  // the transposed matrix: a mistake that only a check finds
  void tangent(matrix_view<float> V, matrix_span<float> JV, workspace& ws) const {
    JV.noalias() = W.transpose() * V;
    JV.array().colwise() *= ws.slope.array();
  }
};

struct plain_cell {  // no tangent, and no workspace either, which is optional
  using scalar_type = float;
  Eigen::MatrixXf W, U;
  Eigen::Index state_size() const { return W.rows(); }
  Eigen::Index input_size() const { return U.cols(); }
  void step(vector_view<float> h, vector_view<float> x, vector_span<float> next) const { next = (W * h + U * x).array().tanh(); }
};

int main() {
  constexpr Eigen::Index n = 32, m = 4;
  const libration::random_stream random(7);
  tanh_cell cell{Eigen::MatrixXf(n, n), Eigen::MatrixXf(n, m)};
  random.fill_normal(cell.W);
  random.fill_normal(cell.U, n * n);
  cell.W *= 0.9f / std::sqrt(static_cast<float>(n));
  Eigen::MatrixXf inputs(m, 21'100);
  libration::random_stream(7, 1).fill_normal(inputs);

  // First the laws that every map must satisfy, at one point: purity, linearity, block against columns, and the tangent.
  const Eigen::VectorXf h = Eigen::VectorXf::Constant(n, 0.1f), x = inputs.col(0);
  fmt::print("tanh_cell:     {}\n", libration::testing::check_laws(cell, h, x));
  fmt::print("careless_cell: {}\n", libration::tangent::check(careless_cell{cell}, h, x).ok() ? "ok" : "its tangent is WRONG");

  const auto r = libration::lyapunov::spectrum(cell, h, inputs, {.count = 4, .steps = 20'000});
  fmt::print("\ntanh_cell, 4 of {} exponents: {}, {}\n", n, r.verdict, r.status);
  for (const double exponent : r.exponents) fmt::print("  {:.3f}\n", exponent);

  // A map without a tangent is refused by the compiler, in words. Whoever wants differences asks for them: 2 steps a direction.
  const auto wrapped = libration::tangent::finite_difference(plain_cell{cell.W, cell.U});
  const auto d = libration::lyapunov::spectrum(wrapped, h, inputs, {.count = 4, .steps = 20'000});
  fmt::print("plain_cell, by finite differences in float: {} of 4 exponents within 0.001 of these\n",
             ((d.exponents - r.exponents).array().abs() < 1e-3).count());
}
