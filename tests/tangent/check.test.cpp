// SPDX-License-Identifier: MIT
#include <libration/tangent/check.hpp>

#include <cmath>
#include <limits>

#include <libration/maps/cat.hpp>
#include <libration/maps/doubling.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/maps/tent.hpp>
#include <libration/tangent/formula_as_vector.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using Eigen::MatrixXd, Eigen::VectorXd;
using namespace libration_test;

namespace {

// J tanh(stretch h) with a tangent that is off by a factor in one row.
template <class S = double>
struct wrong {
  using scalar_type = S;
  using matrix = Eigen::MatrixX<S>;
  double factor;
  S stretch = 1;
  matrix J = matrix::Ones(3, 3) + matrix::Identity(3, 3);
  Eigen::Index state_size() const { return 3; }
  void step(libration::vector_view<S> h, libration::vector_span<S> next) const {
    next = J * (stretch * h.array()).tanh().matrix();
  }
  void tangent(libration::vector_view<S> h, libration::matrix_view<S> V, libration::matrix_span<S> JV) const {
    const Eigen::VectorX<S> slope = stretch * (S(1) - (stretch * h.array()).tanh().square());
    JV = J * slope.asDiagonal() * V;
    JV.row(2) *= static_cast<S>(factor);
  }
};

struct driven_formula {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(std::int64_t t, const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    using std::sin;
    return {static_cast<double>(t) * sin(h[0]) * x[0]};
  }
};

// The slope is far below the rounding of the image.
struct flat {
  using scalar_type = double;
  Eigen::Index n = 1;
  Eigen::Index state_size() const { return n; }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const {
    next = (1e9 + 1e-9 * h.array()).matrix();
  }
  void tangent(libration::vector_view<double>, libration::matrix_view<double> V, libration::matrix_span<double> JV) const {
    JV = 1e-9 * V;
  }
};

}  // namespace

TEST_CASE("tangent::check: right tangents pass, in double and in float, driven ones too", "[law]") {
  CHECK(tangent::check(maps::henon{}, {0.3, -0.1}).ok());
  CHECK(tangent::check(maps::rk4(maps::lorenz63{}, 0.01), {1.0, 2.0, 20.0}).ok());
  CHECK(tangent::check(driven_formula{}, {0.4}, {2.0}, 3).ok());
  const maps::tanh_network<> net(40, 2.0);
  const auto found = tangent::check(net, net.start());
  CHECK(found.ok());
  CHECK(found.tolerance < 1e-6);
  CHECK(found.worst_direction >= 0);
  CHECK(found.worst_direction < 16);
  const maps::tanh_network<float> rounded(40, 2.0);
  CHECK(tangent::check(rounded, rounded.start()).ok());
  for_each_network<double>(0.6, [](const char* name, const auto& model) {
    INFO(name);
    const VectorXd h = random_matrix(model.state_size(), 1, 0.9, 3), x = random_matrix(4, 1, 1.0, 4);
    CHECK(tangent::check(model, h, x).ok());
  });
}

TEST_CASE("tangent::check: wrong ones do not, down to a part in a million", "[law]") {
  const VectorXd h = Eigen::Vector3d(0.3, -0.1, 0.4);
  CHECK(tangent::check(wrong<>{1.0}, h).ok());
  for (const double factor : {-1.0, 0.0, 1.01, 1.0 + 1e-6}) {
    INFO("factor " << factor);
    const auto found = tangent::check(wrong<>{factor}, h);
    CHECK(!found.ok());
    CHECK(found.error > 0.1 * std::abs(factor - 1.0));
  }
  CHECK(!tangent::check(wrong<>{std::numeric_limits<double>::quiet_NaN()}, h).ok());
}

TEST_CASE("tangent::check: 1 % in float and a part in 100,000 in double are found, whatever the third derivative", "[law]") {
  // Third derivatives from 2e-3 to 2e6 times the first.
  for (const double stretch : {0.03, 1.0, 30.0, 1000.0}) {
    INFO("stretch " << stretch);
    const VectorXd h = Eigen::Vector3d(0.3, -0.1, 0.4) / stretch;
    const Eigen::VectorXf rounded = h.cast<float>();
    const auto single = static_cast<float>(stretch);
    CHECK(tangent::check(wrong<>{1.0, stretch}, h).ok());
    CHECK(tangent::check(wrong<float>{1.0, single}, rounded).ok());
    for (const double share : {1e-5, -1e-5}) CHECK(!tangent::check(wrong<>{1.0 + share, stretch}, h).ok());
    for (const double share : {0.01, -0.01}) CHECK(!tangent::check(wrong<float>{1.0 + share, single}, rounded).ok());
  }
}

TEST_CASE("tangent::check: library maps in single precision", "[law]") {
  const maps::henon henon;
  const auto flow = maps::rk4(maps::lorenz63{}, 0.01);
  CHECK(tangent::check(tangent::formula_as_vector<maps::henon, float>(henon), Eigen::Vector2f(0.3f, -0.1f)).ok());
  CHECK(tangent::check(tangent::formula_as_vector<decltype(flow), float>(flow), Eigen::Vector3f(1.0f, 2.0f, 20.0f)).ok());
}

TEST_CASE("tangent::check: what rounding hides is not said to be right", "[edge]") {
  const auto found = tangent::check(flat{}, VectorXd(VectorXd::Ones(1)));
  CHECK(found.tolerance > tangent::check_result::largest_tolerance);
  CHECK(!found.ok());
  CHECK_THROWS_WITH(tangent::check(flat{0}, VectorXd(0)), Contains("tangent::check: the map's dimension is 0"));
}

TEST_CASE("tangent::check: a difference across the cut of a coordinate that wraps", "[edge]") {
  CHECK(tangent::check(maps::cat{}, {0.25, 0.25}).ok());
  CHECK(tangent::check(maps::doubling{}, {0.5}).ok());
}

TEST_CASE("tangent::check: nothing checked is not all right, a corner shows, sizes must fit", "[edge][failure]") {
  CHECK(!tangent::check_result{}.ok());
  CHECK(!tangent::check(maps::tent{}, {0.5}).ok());  // the tent's top: the differences see both slopes
  CHECK(tangent::check(maps::tent{}, {0.4}).ok());
  CHECK_THROWS_WITH(tangent::check(wrong<>{1.0}, VectorXd(VectorXd::Zero(2))),
                    Contains("tangent::check: h has 2 rows, expected 3"));
  const libration::models::gru<double> net(random_layers<double>(3, 2, {3}));
  CHECK_THROWS_WITH(tangent::check(net, VectorXd(VectorXd::Zero(3)), VectorXd(VectorXd::Zero(1))),
                    Contains("tangent::check: x has 1 rows, expected 2"));
}
