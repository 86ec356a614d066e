// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Growth of errors, finite-size exponents, covariances and transient growth of one random map against a textbook's loops.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/error/covariance.hpp>
#include <libration/error/finite_size.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/transient_growth.hpp>
#include <libration/maps/concepts.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/random_maps.hpp"

namespace libration_test {

inline double plain_length(libration::error::norm kind, const Eigen::VectorXd& d) {
  double sum = 0.0, largest = 0.0;
  for (Eigen::Index i = 0; i < d.size(); ++i) {
    sum += d[i] * d[i];
    largest = std::max(largest, std::abs(d[i]));
  }
  return kind == libration::error::norm::maximum     ? largest
         : kind == libration::error::norm::euclidean ? std::sqrt(sum)
                                                   : std::sqrt(sum / static_cast<double>(d.size()));
}

// λ(δ) = Σ ln(e'/e) / Σ τ, by plain loops over all pairs.
inline void check_finite_size(const libration::error::growth_curve& c, const libration::error::finite_size_result& r,
                              double first) {
  for (Eigen::Index k = 0; k < r.size.size(); ++k) {
    const double low = first * std::pow(r.ratio, static_cast<double>(k)), high = low * r.ratio;
    double growth = 0.0, time = 0.0;
    std::int64_t count = 0;
    for (Eigen::Index pair = 0; pair < c.pairs(); ++pair) {
      Eigen::Index i = -1, j = -1;
      for (Eigen::Index p = 0; p < c.points(); ++p) {
        if (i < 0 && c.error(pair, p) >= low) i = p;
        if (j < 0 && c.error(pair, p) >= high) j = p;
      }
      if (i < 0 || j < 0 || i == j) continue;
      growth += std::log(c.error(pair, j) / c.error(pair, i));
      time += static_cast<double>(j - i);
      ++count;
    }
    CHECK(r.count[k] == count);
    if (count > 0) CHECK(std::abs(r.exponent[k] - growth / time) <= 1e-12 * (1.0 + std::abs(r.exponent[k])));
  }
}

/// \tparam Number  that a formula runs in: double or `single`; of a vector map: double, and not used
/// \tparam Scalar  of the map's states
/// \param m        components of an input
template <class Number, class Scalar, class Map, class Start>
void compare_errors_with_textbook(draws& d, std::uint64_t number, const Map& map, const Start& start, Eigen::Index m) {
  namespace error = libration::error;
  using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
  using libration::status;
  const std::int64_t transient = 10, steps = 20 + d.below(20), windows = 3, members = 1 + d.below(2);
  const std::int64_t all = transient + windows * steps;
  const MatrixXd inputs = random_inputs(d, m, all);
  const textbook_orbit orbit(map, inputs, all);
  const Index n = orbit.states[0].size();
  const auto input = [&](std::int64_t t) { return libration::maps::driven<Map> ? VectorXd(inputs.col(t)) : VectorXd(); };
  const auto run = [&](const auto& measure, const auto& options) {
    if constexpr (libration::maps::driven<Map>)
      return measure(map, start, inputs, options);
    else
      return measure(map, start, options);
  };
  const auto state = [&](std::int64_t t) { return orbit.states[static_cast<std::size_t>(t)]; };
  const double eps = std::numeric_limits<Scalar>::epsilon(), size = static_cast<double>(n);
  INFO("case " << number << ", dimension " << n);

  // Growth: the very same runs, set out by the same numbers.
  const error::norm kinds[] = {error::norm::euclidean, error::norm::maximum, error::norm::root_mean_square};
  const error::growth_options grown{.size = sizeof(Scalar) == 8 ? 1e-8 : 1e-3,
                                    .steps = steps,
                                    .windows = windows,
                                    .members = members,
                                    .transient = transient,
                                    .norm = kinds[d.below(3)],
                                    .seed = number};
  const auto curve = run([](const auto&... a) { return error::growth<Number>(a...); }, grown);
  REQUIRE(curve.status == status::ok);
  VectorXd mean = VectorXd::Zero(n), variance = mean;
  const double counted = static_cast<double>(all - transient);
  for (std::int64_t t = transient + 1; t <= all; ++t) mean += state(t) / counted;
  for (std::int64_t t = transient + 1; t <= all; ++t)
    variance += (state(t) - mean).cwiseAbs2() / counted;
  for (const Index i : curve.drifting) variance[i] = 0.0;
  const double spread = plain_length(grown.norm, variance.cwiseSqrt());
  if (curve.normalised_by_spread) CHECK(std::abs(curve.normaliser - spread) < 1e-9 * spread + 1e-14 * size * mean.norm());
  for (std::int64_t w = 0; w < windows; ++w)
    for (std::int64_t member = 0; member < members; ++member) {
      const std::int64_t row = w * members + member;
      VectorXd moved(n);
      libration::random_stream(number, static_cast<std::uint64_t>(row)).fill_normal(moved);
      // The last digit of the scale depends on the order in which a norm is summed.
      const auto matches = [&](double scale) {
        VectorXd y = (state(transient + w * steps) + scale * moved).template cast<Scalar>().template cast<double>();
        for (std::int64_t s = 0; s <= steps; ++s) {
          const std::int64_t t = transient + w * steps + s;
          const double wanted = plain_length(grown.norm, y - state(t));
          const double got = curve.error(row, s) * curve.normaliser;
          if (!(std::abs(got - wanted) <= 1e-14 * size * wanted + 1e-300)) return false;
          if (s < steps) y = plain_step(map, y, input(t));
        }
        return true;
      };
      const double scale = grown.size / plain_length(grown.norm, moved), ulp = std::numeric_limits<double>::epsilon();
      if (!(matches(scale) || matches(scale * (1.0 + ulp)) || matches(scale * (1.0 - ulp))))
        FAIL_CHECK("window " << w << ", member " << member << ": other errors than by plain runs");
    }
  const double first = 4.0 * curve.error.col(0).maxCoeff();
  if (first > 0.0 && first < 1.0) check_finite_size(curve, error::finite_size_exponent(curve, {.smallest = first}), first);

  // Covariance and transient growth by the Jacobians' products. An error of a product goes through those after it.
  const error::covariance_options spread_out{.steps = steps, .transient = transient, .noise = 0.1, .initial = 1.0};
  const auto covariance = run([](const auto&... a) { return error::covariance<Number>(a...); }, spread_out);
  const auto transient_growth = run([](const auto&... a) { return error::transient_growth<Number>(a...); },
                                    error::transient_growth_options{.steps = steps, .transient = transient});
  REQUIRE(covariance.status == status::ok);
  REQUIRE(transient_growth.status == status::ok);
  MatrixXd P = MatrixXd::Identity(n, n), product = P;
  double rounding_P = 0.0, rounding_product = 0.0;
  const double unit = 8.0 * (size + 4.0) * eps;  // of an entry of a Jacobian in the map's scalar, and of a product
  for (std::int64_t s = 1; s <= steps; ++s) {
    const MatrixXd& J = orbit.jacobians[static_cast<std::size_t>(transient + s - 1)];
    const double norm = J.norm();
    const double of_J = unit * norm + eps * orbit.rounded[static_cast<std::size_t>(transient + s - 1)];
    rounding_P = norm * norm * (rounding_P + unit * P.norm()) + 2.0 * norm * of_J * P.norm();
    rounding_product = norm * (rounding_product + unit * product.norm()) + of_J * product.norm();
    P = (J * P * J.transpose()).eval();
    P.diagonal().array() += 0.01;
    product = (J * product).eval();
    const double wanted = singular_values(product)[0];
    if (!(std::abs(covariance.total[s] - P.trace()) <= size * rounding_P + 64.0 * size * 2.2e-16 * P.trace()))
      FAIL_CHECK("total " << covariance.total[s] << ", by the textbook " << P.trace());
    if (!(std::abs(transient_growth.growth[s] - wanted) <= rounding_product + 64.0 * size * 2.2e-16 * wanted))
      FAIL_CHECK("growth " << transient_growth.growth[s] << ", by the textbook " << wanted);
  }
}

}  // namespace libration_test
