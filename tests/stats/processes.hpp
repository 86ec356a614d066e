// SPDX-License-Identifier: MIT
#pragma once
// Stationary series with a known mean, for the coverage of error bars.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

namespace libration_test {

struct process {
  std::string name;
  double mean;
  double long_run_variance;  // limit of n var(mean of n)
  bool cancelling;           // neighbours cancel, so that an error bar may be too large but not too small
  bool telescoping;          // the sum stays bounded: the long-run variance is 0
  void (*generate)(std::uint64_t seed, std::span<double> out);
};

namespace detail {

inline Eigen::ArrayXd normals(std::uint64_t seed, std::size_t count) {
  Eigen::ArrayXd out(static_cast<Eigen::Index>(count));
  libration::random_stream(seed, 1).fill_normal(out);
  return out;
}

inline void autoregression(double phi, std::uint64_t seed, std::span<double> out) {
  const Eigen::ArrayXd e = normals(seed, out.size() + 1);
  double x = e[e.size() - 1] / std::sqrt(1.0 - phi * phi);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = x = phi * x + e[static_cast<Eigen::Index>(i)];
}

inline void moving_average(double theta, std::uint64_t seed, std::span<double> out) {
  const Eigen::ArrayXd e = normals(seed, out.size() + 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto j = static_cast<Eigen::Index>(i);
    out[i] = e[j + 1] + theta * e[j];
  }
}

// ln|f'| of the logistic map, r = 4.
inline void logistic(std::uint64_t seed, std::span<double> out) {
  double h = libration::random_stream(seed, 1).uniform(0);
  for (int i = 0; i < 50; ++i) h = 4.0 * h * (1.0 - h);
  for (double& x : out) {
    x = std::log(std::abs(4.0 - 8.0 * h));
    h = 4.0 * h * (1.0 - h);
  }
}

// The growth of a tangent vector of the Hénon map, normalised at each step.
inline void henon(std::uint64_t seed, std::span<double> out) {
  const libration::random_stream random(seed, 1);
  double a = 0.1 + 0.01 * random.normal(0), b = 0.1 + 0.01 * random.normal(1), u = 1.0, v = 0.0;
  const auto step = [&] {
    const double ju = -2.8 * a * u + v, jv = 0.3 * u, length = std::hypot(ju, jv);
    u = ju / length;
    v = jv / length;
    const double next = 1.0 - 1.4 * a * a + b;
    b = 0.3 * a;
    a = next;
    return std::log(length);
  };
  for (int i = 0; i < 200; ++i) step();
  for (double& x : out) x = step();
}

}  // namespace detail

// Means and long-run variances are closed forms, but for the Hénon map: measured, 0.4192154 +- 4e-6 and 0.128.
inline const std::vector<process>& processes() {
  static const std::vector<process> all = {
      {"independent normal", 0.0, 1.0, false, false,
       [](std::uint64_t seed, std::span<double> out) { detail::moving_average(0.0, seed, out); }},
      {"independent exponential", 1.0, 1.0, false, false,
       [](std::uint64_t seed, std::span<double> out) {
         libration::random_stream random(seed, 1);
         for (double& x : out) x = -std::log(random.next_uniform());
       }},
      {"autoregression 0.9", 0.0, 100.0, false, false,
       [](std::uint64_t seed, std::span<double> out) { detail::autoregression(0.9, seed, out); }},
      {"autoregression 0.99", 0.0, 10'000.0, false, false,
       [](std::uint64_t seed, std::span<double> out) { detail::autoregression(0.99, seed, out); }},
      {"autoregression -0.8", 0.0, 1.0 / 3.24, false, false,
       [](std::uint64_t seed, std::span<double> out) { detail::autoregression(-0.8, seed, out); }},
      {"moving average -0.95", 0.0, 0.0025, true, false,
       [](std::uint64_t seed, std::span<double> out) { detail::moving_average(-0.95, seed, out); }},
      {"telescoping normal", 0.0, 0.0, true, true,
       [](std::uint64_t seed, std::span<double> out) { detail::moving_average(-1.0, seed, out); }},
      {"logistic ln|f'|", std::numbers::ln2, 0.0, true, true, detail::logistic},
      {"Henon growth", 0.4192154, 0.128, false, false, detail::henon},
  };
  return all;
}

}  // namespace libration_test
