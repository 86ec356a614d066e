// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what maps/add_noise.hpp declares.

#include <cmath>
#include <utility>

#include <Eigen/Core>

#include <libration/maps/add_noise.hpp>

namespace libration::inline LIBRATION_ABI::maps {

LIBRATION_DEFINED noise::noise(Eigen::VectorXd deviations, const noise_options& options)
    : deviations_(std::move(deviations)), stream_(options.seed, options.stream) {
  for (Eigen::Index i = 0; i < deviations_.size(); ++i)
    require(std::isfinite(deviations_[i]) && deviations_[i] >= 0, "maps::add_noise", [&] {
      return "standard deviation " + number_text(i) + " is " + number_text(deviations_[i]) +
             ", expected a finite number >= 0";
    });
}

}  // namespace libration::inline LIBRATION_ABI::maps
