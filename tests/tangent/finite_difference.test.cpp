// SPDX-License-Identifier: MIT
#include <libration/tangent/finite_difference.hpp>

#include <cmath>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/models/gru.hpp>

#include "maps/vector_laws.hpp"
#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

// Step only, in each form: J tanh(h), with the time or an input added.
template <class Scalar>
struct plain {
  using scalar_type = Scalar;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  matrix J;
  Eigen::Index state_size() const { return J.rows(); }
  void step(libration::vector_view<Scalar> h, libration::vector_span<Scalar> next) const { next = J * h.array().tanh().matrix(); }
};
struct timed_driven {
  using scalar_type = double;
  MatrixXd J;
  Eigen::Index state_size() const { return J.rows(); }
  Eigen::Index input_size() const { return 1; }
  double time_step() const { return 0.5; }
  void step(std::int64_t t, libration::vector_view<double> h, libration::vector_view<double> x,
            libration::vector_span<double> next) const {
    next = (x[0] * static_cast<double>(t)) * (J * h.array().tanh().matrix());
  }
};

// The tangent of a block at (t, h, x), and one step, of a map run as a system.
template <class M>
typename tangent::vector_system<M>::frame_type tangent_of(const M& map, std::int64_t t, const libration_test::vector_for<M>& h,
                                                          const libration_test::vector_for<M>& x,
                                                          const libration_test::matrix_for<M>& V) {
  tangent::vector_system<M> system(map, V.cols());
  auto next = system.make_state();
  system.advance(t, h, x, next);
  libration_test::matrix_for<M> JV = V;
  system.tangent(JV);
  return JV;
}
template <class M>
libration_test::vector_for<M> stepped(const M& map, const libration_test::vector_for<M>& h,
                                      const libration_test::vector_for<M>& x) {
  tangent::vector_system<M> system(map, 0);
  auto next = system.make_state();
  system.step(0, h, x, next);
  return next;
}

}  // namespace

TEST_CASE("tangent::finite_difference: the tangent of a map that gives none", "[differential]") {
  const maps::tanh_network<> net(8, 1.5, 3);
  const auto map = tangent::finite_difference(plain<double>{net.matrix()});
  const VectorXd h = 0.5 * net.start();
  const MatrixXd V = libration_test::normals<double>(8, 5, 1);
  const MatrixXd exact = tangent_of(net, 0, h, VectorXd(), V);
  const MatrixXd differences = tangent_of(map, 0, h, VectorXd(), V);
  // eps^(2/3) of both kinds: the third derivative of tanh is at most 2, the norms are a few.
  CHECK((differences - exact).norm() / exact.norm() < 1e-9);
  // The differences' step follows a direction's length.
  const MatrixXd large = tangent_of(map, 0, h, VectorXd(), 1e8 * V);
  CHECK((1e-8 * large - exact).norm() / exact.norm() < 1e-9);
  const MatrixXd zero = MatrixXd::Zero(8, 2);
  CHECK(tangent_of(map, 0, h, VectorXd(), zero) == zero);
  STATIC_REQUIRE(!maps::differentiable<plain<double>>);
  STATIC_REQUIRE(maps::differentiable<decltype(map)>);
}

TEST_CASE("tangent::finite_difference: in float, with time, input and the map's time step", "[differential]") {
  const maps::tanh_network<> net(8, 1.5, 3);
  const VectorXd h = 0.5 * net.start();
  const MatrixXd V = libration_test::normals<double>(8, 2, 1);
  const MatrixXd exact = tangent_of(net, 0, h, VectorXd(), V);
  const auto rounded = tangent::finite_difference(plain<float>{net.matrix().cast<float>()});
  const Eigen::MatrixXf close = tangent_of(rounded, 0, h.cast<float>(), Eigen::VectorXf(), V.cast<float>());
  CHECK((close.cast<double>() - exact).norm() / exact.norm() < 1e-3);
  const auto driven = tangent::finite_difference(timed_driven{net.matrix()});
  CHECK(maps::time_step(driven) == 0.5);
  const VectorXd x = VectorXd::Constant(1, 0.25);
  CHECK((tangent_of(driven, 3, h, x, V) - 0.75 * exact).norm() / exact.norm() < 1e-9);
  STATIC_REQUIRE(maps::driven<decltype(driven)>);
  STATIC_REQUIRE(decltype(rounded)::autonomous);
  STATIC_REQUIRE(!decltype(driven)::autonomous);
}

TEST_CASE("tangent::finite_difference: a model with a workspace, and laws of a vector map", "[law]") {
  const auto wrapped =
      tangent::finite_difference(libration::models::gru<double>(libration_test::random_layers<double>(3, 2, {3, 2})));
  const libration::models::gru<double> net(libration_test::random_layers<double>(3, 2, {3, 2}));
  const VectorXd h = libration_test::normals<double>(5, 1, 1), x = libration_test::normals<double>(2, 1, 2);
  const MatrixXd V = libration_test::normals<double>(5, 3, 3);
  CHECK(stepped(wrapped, h, x) == stepped(net, h, x));
  const MatrixXd exact = tangent_of(net, 0, h, x, V);
  CHECK((tangent_of(wrapped, 0, h, x, V) - exact).norm() / exact.norm() < 1e-9);
  // The tangent is that of the last step, not of an earlier one.
  tangent::vector_system<std::decay_t<decltype(wrapped)>> system(wrapped, 3);
  VectorXd next(5);
  system.advance(0, VectorXd(VectorXd::Constant(5, 0.3)), x, next);
  system.advance(0, h, x, next);
  MatrixXd JV = V;
  system.tangent(JV);
  CHECK(JV == tangent_of(wrapped, 0, h, x, V));
}

TEST_CASE("tangent::finite_difference: spectra through it are those of the exact tangent", "[differential]") {
  const maps::tanh_network<> net(8, 2.0, 3);
  const VectorXd h = net.start();
  const auto exact = libration::lyapunov::spectrum(net, h, {.count = 3, .steps = 500});
  const auto differences =
      libration::lyapunov::spectrum(tangent::finite_difference(plain<double>{net.matrix()}), h, {.count = 3, .steps = 500});
  CHECK(differences.status == libration::status::ok);
  CHECK((differences.exponents - exact.exponents).cwiseAbs().maxCoeff() < 1e-6);
}

TEST_CASE("tangent::finite_difference: a step that is none", "[failure]") {
  const plain<double> map{MatrixXd::Identity(2, 2)};
  CHECK_THROWS_AS(tangent::finite_difference(map, -1e-5), libration::argument_error);
  CHECK_THROWS_AS(tangent::finite_difference(map, std::numeric_limits<double>::infinity()), libration::argument_error);
  CHECK_THROWS_AS(tangent::finite_difference(map, std::numeric_limits<double>::quiet_NaN()), libration::argument_error);
  CHECK_NOTHROW(tangent::finite_difference(map, 1e-3));
}
