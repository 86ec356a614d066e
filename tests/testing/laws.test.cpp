// SPDX-License-Identifier: MIT
#include <libration/testing/laws.hpp>

#include <cmath>
#include <numbers>

#include <libration/maps/henon.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/standard.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/maps/tent.hpp>

#include "support/catch.hpp"

namespace maps = libration::maps;
using Eigen::VectorXd;
using libration::state;
using libration::testing::check_laws;
using libration::testing::law_report;
using namespace libration_test;

namespace {

// h' = A tanh(h) + sin(x_0), with one fault a kind.
enum class fault { none, tangent, block, linear, step_counts, reads_next };

template <fault kind>
struct network {
  using scalar_type = double;
  Eigen::MatrixXd A = (Eigen::MatrixXd(3, 3) << 0.5, 1.0, -0.3, 0.2, -0.7, 0.9, 1.1, 0.4, 0.6).finished();
  mutable int steps = 0;

  Eigen::Index state_size() const { return 3; }
  Eigen::Index input_size() const { return 1; }
  void step(libration::vector_view<double> h, libration::vector_view<double> x, libration::vector_span<double> next) const {
    if constexpr (kind == fault::reads_next) {
      const VectorXd before = next;
      next = A * h.array().tanh().matrix() + 1e-3 * before;
    } else {
      next = A * h.array().tanh().matrix();
    }
    next.array() += std::sin(x[0]);
    if constexpr (kind == fault::step_counts) next[0] += 1e-6 * ++steps;
  }
  void tangent(libration::vector_view<double> h, libration::vector_view<double>, libration::matrix_view<double> V,
               libration::matrix_span<double> JV) const {
    const VectorXd slope = 1.0 - h.array().tanh().square();
    JV = A * slope.asDiagonal() * V;
    if constexpr (kind == fault::tangent) JV.row(1) *= 1.001;
    if constexpr (kind == fault::block) {
      if (V.cols() > 1) JV.col(1) *= 1.0 + 1e-12;  // far below what differences could see
    }
    if constexpr (kind == fault::linear) JV.array() += 1e-9 * V.array().square();
  }
};

template <fault kind>
law_report laws() {
  return check_laws(network<kind>{}, VectorXd(Eigen::Vector3d(0.3, -0.2, 0.7)), VectorXd(VectorXd::Constant(1, 0.4)));
}

// One failure, of this law.
void check_only(const law_report& report, const std::string& law) {
  INFO(report.text());
  CHECK(!report.ok());
  REQUIRE(report.failures.size() == 1);
  CHECK_THAT(report.failures.front(), Contains(law));
}

// h' = (a h, of which the first is a gate that x moves), one upon the other; with one fault a kind.
enum class structure_fault { none, scale, order, own_state, ends };

template <structure_fault kind>
struct gated_pair {
  using scalar_type = double;
  struct workspace {
    Eigen::Matrix3d J;
    double gate;
  };
  Eigen::Index state_size() const { return 3; }
  Eigen::Index input_size() const { return 1; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void step(std::int64_t t, libration::vector_view<double> h, libration::vector_view<double> x, libration::vector_span<double> next,
            workspace& ws) const {
    const bool other = kind == structure_fault::order && t % 2 == 0;
    const double gate = 0.8 + 0.1 * std::sin(x[0]) + (kind == structure_fault::own_state ? 0.1 * h[0] : 0.0);
    ws.gate = std::log(std::abs(gate));
    ws.J << gate, other ? 0.3 : 0.0, 0.0, other ? 0.0 : 0.4, 0.25, 0.0, 0.2, -0.7, kind == structure_fault::ends ? 0.1 : 0.0;
    next = ws.J * h;
    next[0] += x[0];
    if constexpr (kind == structure_fault::own_state) ws.J(0, 0) += 0.1 * h[0];
  }
  void tangent(libration::matrix_view<double> V, libration::matrix_span<double> JV, const workspace& ws) const { JV = ws.J * V; }
  maps::gate_structure structured_spectrum() const {
    maps::gate_structure all;
    all.gates = 2;
    all.gate = Eigen::Matrix<Eigen::Index, 3, 1>(0, 1, maps::gate_structure::nilpotent);
    all.scale = Eigen::Vector3d(kind == structure_fault::scale ? 1.01 : 1.0, 2.0, 0.0);
    return all;
  }
  void gates(const workspace& ws, libration::vector_span<double> out) const {
    out[0] = ws.gate;
    out[1] = std::log(0.5);
  }
};

// Without a tangent there is nothing to hold the gates against.
struct gated_pair_alone : gated_pair<structure_fault::scale> {
  void tangent(libration::matrix_view<double>, libration::matrix_span<double>, const workspace&) const = delete;
};

template <structure_fault kind>
law_report structure_laws() {
  return check_laws(gated_pair<kind>{}, VectorXd(Eigen::Vector3d(0.3, -0.2, 0.7)), VectorXd(VectorXd::Constant(1, 0.4)));
}

// A formula that is wrong where its scalar is not double: the branch of `if (h > 0)` is taken by one lane for all.
struct wrong_in_lanes {
  static constexpr int dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    if constexpr (libration::scalar_traits<T>::width > 1) return {h[0] * 1.5};
    return {h[0] * h[0]};
  }
};

// The standard map with a wrong period, or a wrong determinant.
struct other_period : maps::standard {
  static constexpr state<double, 2> periods = {2.0 * std::numbers::pi, 6.28};
};
struct other_determinant : maps::standard {
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    return 0.01;
  }
};

// A formula that takes the derivative away from a state.
struct forgets_derivative {
  static constexpr int dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    using std::sin;
    if constexpr (std::is_same_v<T, double> || std::is_same_v<T, libration::single> || libration::scalar_traits<T>::width > 1)
      return {sin(h[0])};
    else
      return {T(sin(h[0].value))};
  }
};

struct wrong_in_single {
  static constexpr int dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    if constexpr (std::is_same_v<T, libration::single>) return {h[0] * 1.01};
    return {h[0] * 1.0};
  }
};

// Counts its calls.
struct impure_formula {
  static constexpr int dimension = 1;
  mutable double calls = 0.0;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    calls += 1.0;
    return {h[0] + 1e-3 * calls};
  }
};

struct driven_formula {
  static constexpr int dimension = 2, input_dimension = 1;
  static constexpr bool lanes = false;
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h, const state<T, 1>& x) const {
    using std::sin;
    return {sin(h[1]) + x[0], h[0] * h[1] + 0.1 * static_cast<double>(t)};
  }
};

}  // namespace

TEST_CASE("testing::check_laws: nothing to say of right maps", "[law]") {
  const auto good = laws<fault::none>();
  INFO(good.text());
  CHECK(good.ok());
  CHECK(good.checked >= 4);
  CHECK(good.text().empty());
  const auto henon = check_laws(maps::henon{}, {0.3, -0.1});
  INFO(henon.text());
  CHECK(henon.ok());
  CHECK(henon.checked >= 7);
  CHECK(check_laws(maps::logistic_lattice<12>{}, maps::logistic_lattice<12>::start()).ok());
  CHECK(check_laws(driven_formula{}, {0.3, 0.8}, {0.5}).ok());
  const maps::tanh_network<float> net(20, 2.0);
  CHECK(check_laws(net, net.start()).ok());
  CHECK(check_laws(maps::tent{1.9}, {0.3}).ok());
}

TEST_CASE("testing::check_laws: each fault breaks its own law", "[law]") {
  check_only(laws<fault::tangent>(), "tangent: it differs from central differences");
  check_only(laws<fault::block>(), "block: a tangent of 3 columns");
  CHECK_THAT(laws<fault::step_counts>().text(), Contains("purity"));  // differences between calls are wrong then, too
  CHECK_THAT(laws<fault::reads_next>().text(), Contains("purity"));
  const auto linear = laws<fault::linear>();
  INFO(linear.text());
  CHECK(!linear.ok());
  CHECK_THAT(linear.text(), Contains("linearity"));
}

TEST_CASE("testing::check_laws: formulas that are wrong for one scalar", "[law]") {
  check_only(check_laws(wrong_in_lanes{}, {0.3}), "SIMD lanes: the value differs");
  check_only(check_laws(wrong_in_single{}, {0.3}), "single precision: the value differs");
  check_only(check_laws(forgets_derivative{}, {0.3}), "tangent");
  const auto impure = check_laws(impure_formula{}, {0.3});
  INFO(impure.text());
  CHECK_THAT(impure.text(), Contains("purity"));
}

TEST_CASE("testing::check_laws: a state at which the map is not finite breaks laws", "[edge]") {
  CHECK(!check_laws(maps::henon{}, {1e200, 0.0}).ok());
  CHECK(!law_report{}.ok());  // nothing checked is not all right
}

TEST_CASE("testing::check_laws: shapes that do not fit", "[failure]") {
  const network<fault::none> map;
  const VectorXd h = VectorXd::Zero(3), x = VectorXd::Zero(1);
  CHECK_THROWS_WITH(check_laws(map, x, x), Contains("testing::check_laws: h has 1 rows, expected 3"));
  CHECK_THROWS_WITH(check_laws(map, h, h), Contains("testing::check_laws: x has 3 rows, expected 1"));
}

TEST_CASE("testing::check_laws: what a map says of its coordinates and its determinant is checked", "[failure]") {
  const state<double, 2> h{0.7, 2.0};
  CHECK(check_laws(maps::standard{1.5}, h).ok());
  check_only(check_laws(other_period{{1.5}}, h), "periods: a period added to coordinate 1");
  check_only(check_laws(other_determinant{{1.5}}, h), "log_abs_determinant: it is 0.01");
}

TEST_CASE("testing::check_laws: the gates of an exact spectrum are the moduli of the Jacobians' eigenvalues", "[law]") {
  const auto good = structure_laws<structure_fault::none>();
  INFO(good.text());
  CHECK(good.ok());
  check_only(structure_laws<structure_fault::scale>(), "structured_spectrum");
  check_only(structure_laws<structure_fault::order>(), "structured_spectrum");
  check_only(structure_laws<structure_fault::own_state>(), "structured_spectrum");
  check_only(structure_laws<structure_fault::ends>(), "structured_spectrum");
  STATIC_REQUIRE(maps::has_structured_spectrum<gated_pair_alone> && !maps::differentiable<gated_pair_alone>);
  CHECK(check_laws(gated_pair_alone{}, VectorXd(VectorXd::Zero(3)), VectorXd(VectorXd::Zero(1))).ok());
}
