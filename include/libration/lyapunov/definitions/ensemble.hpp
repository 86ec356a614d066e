// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/ensemble.hpp declares.

#include <Eigen/Core>

#include <libration/lyapunov/ensemble.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov::detail {

LIBRATION_DEFINED spectrum_options alone(spectrum_options options) {
  options.on_progress = {};
  options.stepper_bias = options.stepper_bias.value_or(false);
  return options;
}

LIBRATION_DEFINED void check_starts(const Eigen::Ref<const Eigen::MatrixXd>& starts, Eigen::Index n, std::string_view who) {
  require_rows(starts.rows(), n, who, "starts", "the map's dimension; columns are members");
  require(starts.allFinite(), who, "starts have a component that is not finite");
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov::detail
