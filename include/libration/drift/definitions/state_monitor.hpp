// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/state_monitor.hpp declares.

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/status.hpp>
#include <libration/drift/state_monitor.hpp>

namespace libration::inline LIBRATION_ABI::drift {

LIBRATION_DEFINED Eigen::MatrixXd state_scores(const reference& usual, const std::vector<Eigen::MatrixXd>& runs) {
  constexpr std::string_view who = "drift::state_scores";
  require(usual.status() == status::ok, who,
          [&] { return "the reference has the status " + std::string(to_string(usual.status())) + ", expected ok"; });
  require(!runs.empty(), who, "got no runs, expected at least one that the reference was not fitted on");
  const Eigen::Index length = runs.front().cols();
  Eigen::MatrixXd scores(length, static_cast<Eigen::Index>(runs.size()));
  for (std::size_t r = 0; r < runs.size(); ++r) {
    require(runs[r].cols() == length && length >= 1, who, [&] {
      return "run " + number_text(r) + " has " + number_text(runs[r].cols()) + " columns, expected " +
             (r == 0 ? "at least 1" : number_text(length) + " like the first run");
    });
    const Eigen::VectorXd distances = usual.squared_mahalanobis_along(matrix_view<double>(runs[r]));
    for (Eigen::Index t = 0; t < length; ++t) {
      require(std::isfinite(distances[t]), who, [&] {
        return "the distance of run " + number_text(r) + ", column " + number_text(t) + " is " + number_text(distances[t]) +
               ", expected a finite one: is the state finite?";
      });
      scores(t, static_cast<Eigen::Index>(r)) = state_score(distances[t], usual.size());
    }
  }
  return scores;
}

}  // namespace libration::inline LIBRATION_ABI::drift
