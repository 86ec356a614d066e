// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What every formula map must satisfy at a point, whatever the scalar: the checks that the tests of maps share.

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <Eigen/Core>
#include <Eigen/LU>

#include <libration/maps/concepts.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/check.hpp>

#include "support/catch.hpp"

namespace libration_test {

inline constexpr int width = 8;
using libration::dual;
using libration::lanes;
using libration::single;
using libration::state;
using packet = lanes<double, width>;

/// A map that depends on everything a map can depend on, so that what is passed on to it shows.
struct clocked {
  static constexpr int dimension = 2;
  static constexpr int input_dimension = 1;
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h, const state<T, 1>& x) const {
    return {h[1] * 0.5 + static_cast<double>(t), h[0] * h[0] - x[0]};
  }
};

/// How far a map in lanes may be from the same in double, in units of eps times the image's scale: 0 for maps that only
/// add, multiply, divide, compare and take roots.
struct lanes_tolerance {
  double ulps = 0;
};

template <class M>
inline constexpr int dimension_of = static_cast<int>(M::dimension);

/// The formula as a callable of the state alone: a map's step, a field's derivative.
template <class M>
auto formula(const M& map) {
  return [&map](const auto& h) {
    if constexpr (libration::maps::formula_map<M>)
      return libration::maps::evaluate<M, std::decay_t<decltype(h[0])>>(map, 0, h, h);
    else
      return map.derivative(h);
  };
}

/// The Jacobian by dual numbers, shape (n, n).
template <class M, int n = dimension_of<M>>
Eigen::MatrixXd jacobian(const M& map, const state<double, n>& h) {
  state<dual<double, n>, n> seeded;
  for (int i = 0; i < n; ++i) seeded[i] = dual<double, n>::variable(h[i], i);
  const auto image = formula(map)(seeded);
  Eigen::MatrixXd J(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) J(i, j) = image[i].derivative[j];
  return J;
}

/// A field as a map, h -> derivative(h), so that a map's check serves it.
template <class M>
struct derivative_as_map {
  static constexpr int dimension = dimension_of<M>;
  const M* field;
  template <class T>
  state<T, dimension> operator()(const state<T, dimension>& h) const {
    return field->derivative(h);
  }
};

/// The Jacobian against central differences, by the check that is installed for users.
template <class M, int n = dimension_of<M>>
void check_jacobian(const M& map, const state<double, n>& h) {
  const auto found = [&] {
    if constexpr (libration::maps::formula_map<M>)
      return libration::tangent::check(map, h);
    else
      return libration::tangent::check(derivative_as_map<M>{&map}, h);
  }();
  INFO("error " << found.error << ", tolerance " << found.tolerance << ", direction " << found.worst_direction);
  CHECK(found.ok());
}

/// Lanes, and dual numbers over lanes, against double and dual numbers over double, at `width` points near h.
template <class M, int n = dimension_of<M>>
void check_lanes(const M& map, const state<double, n>& h, lanes_tolerance allowed = {}) {
  state<double, n> point[width];
  state<packet, n> together;
  state<dual<packet, n>, n> seeded;
  for (int lane = 0; lane < width; ++lane) {
    for (int i = 0; i < n; ++i) {
      point[lane][i] = h[i] * (1 + 1e-3 * lane);
      together[i][lane] = point[lane][i];
    }
  }
  for (int i = 0; i < n; ++i) seeded[i] = dual<packet, n>::variable(together[i], i);
  const auto image = formula(map)(together);
  const auto tangent = formula(map)(seeded);
  for (int lane = 0; lane < width; ++lane) {
    const auto alone = formula(map)(point[lane]);
    const Eigen::MatrixXd J = jacobian(map, point[lane]);
    double scale = 1 + J.cwiseAbs().maxCoeff();
    for (int i = 0; i < n; ++i) scale = std::max(scale, std::abs(alone[i]));
    const double tolerance = allowed.ulps * std::numeric_limits<double>::epsilon() * scale;
    for (int i = 0; i < n; ++i) {
      INFO("lane " << lane << ", row " << i);
      CHECK(std::abs(image[i][lane] - alone[i]) <= tolerance);
      CHECK(std::abs(tangent[i].value[lane] - alone[i]) <= tolerance);
      for (int j = 0; j < n; ++j) CHECK(std::abs(tangent[i].derivative[j][lane] - J(i, j)) <= tolerance);
    }
  }
}

/// Single precision against double at a point that both have: a few dozen roundings, each carried on by the map's own
/// slope.
template <class M, int n = dimension_of<M>>
void check_single(const M& map, const state<double, n>& h) {
  state<single, n> rounded;
  state<double, n> exact;
  double size = 1;
  for (int i = 0; i < n; ++i) {
    rounded[i] = single(h[i]);
    exact[i] = static_cast<double>(rounded[i]);
    size = std::max(size, std::abs(exact[i]));
  }
  const auto image = formula(map)(rounded);
  static_assert(std::is_same_v<std::decay_t<decltype(image)>, state<single, n>>);
  const auto wanted = formula(map)(exact);
  const double scale = (1 + jacobian(map, exact).cwiseAbs().rowwise().sum().maxCoeff()) * size;
  for (int i = 0; i < n; ++i) {
    INFO("row " << i);
    CHECK(std::abs(static_cast<double>(image[i]) - wanted[i]) <= 32 * std::numeric_limits<float>::epsilon() * scale);
  }
}

/// `log_abs_determinant` against the logarithm of the Jacobian's determinant, in double and in lanes.
template <class M, int n = dimension_of<M>>
void check_log_determinant(const M& map, const state<double, n>& h) {
  const Eigen::MatrixXd J = jacobian(map, h);
  const double wanted = std::log(std::abs(J.determinant()));
  // The determinant's relative error is at most about n eps times the condition number.
  const double condition = J.norm() * J.inverse().norm();
  const double tolerance = 16 * n * std::numeric_limits<double>::epsilon() * (condition + std::abs(wanted));
  CHECK(std::abs(map.log_abs_determinant(h) - wanted) <= tolerance);
  state<packet, n> together;
  for (int i = 0; i < n; ++i) together[i] = packet(h[i]);
  const packet many = map.log_abs_determinant(together);
  for (int lane = 0; lane < width; ++lane) CHECK(std::abs(many[lane] - wanted) <= tolerance);
}

/// A parameter in lanes against each value by itself. `make(p)` builds the map with parameter p, a double or lanes.
template <class Make, int n>
void check_sweep(const Make& make, double from, double to, const state<double, n>& h, lanes_tolerance allowed = {}) {
  packet p;
  for (int lane = 0; lane < width; ++lane) p[lane] = from + (to - from) * lane / (width - 1);
  const auto many = make(p);
  state<packet, n> together;
  state<dual<packet, n>, n> seeded;
  for (int i = 0; i < n; ++i) {
    together[i] = packet(h[i]);
    seeded[i] = dual<packet, n>::variable(together[i], i);
  }
  const auto image = formula(many)(together);
  const auto tangent = formula(many)(seeded);
  for (int lane = 0; lane < width; ++lane) {
    const auto one = make(static_cast<double>(p[lane]));
    const auto alone = formula(one)(h);
    const Eigen::MatrixXd J = jacobian(one, h);
    double scale = 1 + J.cwiseAbs().maxCoeff();
    for (int i = 0; i < n; ++i) scale = std::max(scale, std::abs(alone[i]));
    const double tolerance = allowed.ulps * std::numeric_limits<double>::epsilon() * scale;
    for (int i = 0; i < n; ++i) {
      INFO("parameter " << p[lane] << ", row " << i);
      CHECK(std::abs(image[i][lane] - alone[i]) <= tolerance);
      CHECK(std::abs(tangent[i].value[lane] - alone[i]) <= tolerance);
      for (int j = 0; j < n; ++j) CHECK(std::abs(tangent[i].derivative[j][lane] - J(i, j)) <= tolerance);
    }
    if constexpr (requires { many.log_abs_determinant(together); }) {
      const packet volumes = many.log_abs_determinant(together);
      const double wanted = one.log_abs_determinant(h);
      CHECK(std::abs(volumes[lane] - wanted) <= 16 * std::numeric_limits<double>::epsilon() * (1 + std::abs(wanted)));
    }
  }
}

/// Everything above that needs nothing but the map and a point.
template <class M, int n = dimension_of<M>>
void check_formula(const M& map, const state<double, n>& h, lanes_tolerance allowed = {}) {
  check_jacobian(map, h);
  check_lanes(map, h, allowed);
  check_single(map, h);
  if constexpr (requires { map.log_abs_determinant(h); }) check_log_determinant(map, h);
}

}  // namespace libration_test
