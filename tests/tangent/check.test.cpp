// SPDX-License-Identifier: MIT
#include <libration/tangent/check.hpp>

#include <cmath>
#include <limits>

#include <libration/maps/henon.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/maps/tent.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using Eigen::MatrixXd, Eigen::VectorXd;
using namespace libration_test;

namespace {

// J tanh(h) with a tangent that is off by a factor in one row.
struct wrong {
  using scalar_type = double;
  double factor;
  MatrixXd J = MatrixXd::Ones(3, 3) + MatrixXd::Identity(3, 3);
  Eigen::Index state_size() const { return 3; }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const { next = J * h.array().tanh().matrix(); }
  void tangent(libration::vector_view<double> h, libration::matrix_view<double> V, libration::matrix_span<double> JV) const {
    const VectorXd slope = 1.0 - h.array().tanh().square();
    JV = J * slope.asDiagonal() * V;
    JV.row(2) *= factor;
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
  CHECK(tangent::check(wrong{1.0}, h).ok());
  for (const double factor : {-1.0, 0.0, 1.01, 1.0 + 1e-6}) {
    INFO("factor " << factor);
    const auto found = tangent::check(wrong{factor}, h);
    CHECK(!found.ok());
    CHECK(found.error > 0.1 * std::abs(factor - 1.0));
  }
  CHECK(!tangent::check(wrong{std::numeric_limits<double>::quiet_NaN()}, h).ok());
}

TEST_CASE("tangent::check: nothing checked is not all right, a corner shows, sizes must fit", "[edge][failure]") {
  CHECK(!tangent::check_result{}.ok());
  CHECK(!tangent::check(maps::tent{}, {0.5}).ok());  // the tent's top: the differences see both slopes
  CHECK(tangent::check(maps::tent{}, {0.4}).ok());
  CHECK_THROWS_WITH(tangent::check(wrong{1.0}, VectorXd(VectorXd::Zero(2))), Contains("tangent::check: h has 2 rows, expected 3"));
  const libration::models::gru<double> net(random_layers<double>(3, 2, {3}));
  CHECK_THROWS_WITH(tangent::check(net, VectorXd(VectorXd::Zero(3)), VectorXd(VectorXd::Zero(1))),
                    Contains("tangent::check: x has 1 rows, expected 2"));
}
