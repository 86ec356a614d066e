// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/gate_half_lives.hpp declares.

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/memory/gate_half_lives.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::memory {

LIBRATION_DEFINED gate_half_lives_result gate_half_lives(const Eigen::MatrixXd& gates, double level) {
  constexpr std::string_view who = "memory::gate_half_lives";
  const Eigen::Index units = gates.rows(), steps = gates.cols();
  require(units >= 1 && steps >= 1, who, [&] {
    return "gates has shape (" + number_text(units) + ", " + number_text(steps) + "), expected units and steps, at least one each";
  });
  require(level > 0.0 && level < 1.0, who, [&] { return "level is " + number_text(level) + ", expected a number in (0, 1)"; });
  gate_half_lives_result r;
  r.half_life = r.lower = r.upper = r.mean_log = r.standard_error =
      Eigen::VectorXd::Constant(units, std::numeric_limits<double>::quiet_NaN());
  r.steps = steps;
  r.level = level;
  std::vector<double> logs(static_cast<std::size_t>(steps));
  for (Eigen::Index u = 0; u < units; ++u) {
    for (Eigen::Index t = 0; t < steps; ++t) {
      const double g = gates(u, t);
      require(g >= 0.0 && std::isfinite(g), who, [&] {
        return "gates(" + number_text(u) + ", " + number_text(t) + ") is " + number_text(g) + ", expected a finite number >= 0";
      });
      logs[static_cast<std::size_t>(t)] = std::log(g);
    }
    const stats::mean_estimate mean = stats::mean_error(std::span<const double>(logs));
    r.mean_log[u] = mean.mean;
    r.standard_error[u] = mean.standard_error;
    r.half_life[u] = half_life(mean.mean);
    r.lower[u] = half_life(mean.lower(level));
    r.upper[u] = half_life(mean.upper(level));
  }
  return r;
}

}  // namespace libration::inline LIBRATION_ABI::memory
