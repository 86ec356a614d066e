// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/neighbours.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/scaling.hpp>
#include <libration/drift/neighbours.hpp>

namespace libration::inline LIBRATION_ABI::drift {

LIBRATION_DEFINED void neighbours::keep(Eigen::MatrixXd states, const neighbours_options& options) {
  constexpr std::string_view who = "drift::neighbours";
  require(states.rows() >= 1 && states.cols() >= 2, who, [&] {
    return "states have the shape (" + number_text(states.rows()) + ", " + number_text(states.cols()) +
           "), expected at least one row and 2 columns";
  });
  for (Eigen::Index j = 0; j < states.cols(); ++j)
    require(states.col(j).allFinite(), who, [&] { return "column " + number_text(j) + " has a value that is not finite"; });
  states_ = std::move(states);
  normalise_ = options.normalise;
  if (!normalise_) {
    exponent_ = binary_exponent(states_);
    scale_by_power_of_two(states_, -exponent_);
    return;
  }
  for (Eigen::Index j = 0; j < states_.cols(); ++j) {
    auto column = states_.col(j);
    if ((column.array() == 0.0).all()) {
      ++without_direction_;
      column.setConstant(std::numeric_limits<double>::quiet_NaN());
    } else {
      column.stableNormalize();
    }
  }
}

LIBRATION_DEFINED void neighbours::check(Eigen::Index rows, Eigen::Index k, Eigen::Index left_out) const {
  constexpr std::string_view who = "drift::neighbours";
  require(rows == states_.rows(), who, [&] {
    return "a state of " + number_text(rows) + " components, expected " + number_text(states_.rows()) + " as the kept ones have";
  });
  const Eigen::Index most = states_.cols() - static_cast<Eigen::Index>(without_direction_) - left_out;
  require(k >= 1 && k <= most, who, [&] { return "k is " + number_text(k) + ", expected 1 to " + number_text(most); });
}

LIBRATION_DEFINED double neighbours::to_nearest(Eigen::Index k, Eigen::Index left_out, workspace& ws) const {
  constexpr double none = std::numeric_limits<double>::quiet_NaN(), far = std::numeric_limits<double>::infinity();
  if (!ws.state.allFinite()) return none;
  if (normalise_ && left_out < 0) {
    if ((ws.state.array() == 0.0).all()) return none;
    ws.state.stableNormalize();
  } else if (left_out < 0) {
    scale_by_power_of_two(ws.state, -exponent_);
  }
  for (Eigen::Index j = 0; j < states_.cols(); ++j) {
    const double squared = (states_.col(j) - ws.state).squaredNorm();
    ws.squares[j] = j == left_out || std::isnan(squared) ? far : squared;
  }
  double* const begin = ws.squares.data();
  std::nth_element(begin, begin + (k - 1), begin + ws.squares.size());
  return std::ldexp(std::sqrt(ws.squares[k - 1]), exponent_);
}

LIBRATION_DEFINED Eigen::VectorXd neighbours::distances_of(const Eigen::MatrixXd& run, Eigen::Index k, int threads) const {
  Eigen::VectorXd out(run.cols());
  constexpr Eigen::Index width = 64;
  parallel_for((run.cols() + width - 1) / width, threads, [&](std::int64_t block) {
    workspace ws = make_workspace();
    const Eigen::Index from = static_cast<Eigen::Index>(block) * width;
    for (Eigen::Index j = from; j < std::min(run.cols(), from + width); ++j) {
      ws.state = run.col(j);
      out[j] = to_nearest(k, -1, ws);
    }
  });
  return out;
}

LIBRATION_DEFINED Eigen::VectorXd neighbours::own_distances(Eigen::Index k, int threads) const {
  check(states_.rows(), k, 1);
  Eigen::VectorXd out(states_.cols());
  constexpr Eigen::Index width = 64;
  parallel_for((states_.cols() + width - 1) / width, threads, [&](std::int64_t block) {
    workspace ws = make_workspace();
    const Eigen::Index from = static_cast<Eigen::Index>(block) * width;
    for (Eigen::Index j = from; j < std::min(states_.cols(), from + width); ++j) {
      ws.state = states_.col(j);
      out[j] = to_nearest(k, j, ws);
    }
  });
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::drift
