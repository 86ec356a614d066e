// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/noise_covariance.hpp declares.

#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/error/noise_covariance.hpp>

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_FUNC noise_covariance::noise_covariance(const Eigen::VectorXd& deviations)
    : variances_(deviations.cwiseAbs2()) {
  for (Eigen::Index i = 0; i < deviations.size(); ++i)
    require(deviations[i] == 0.0 || (deviations[i] > 0.0 && std::isnormal(variances_[i])), who, [&] {
      return "standard deviation " + number_text(i) + " is " + number_text(deviations[i]) +
             ", expected 0, or a number > 0 whose square is finite and not subnormal";
    });
}

LIBRATION_DEFINED noise_covariance noise_covariance::factor(Eigen::MatrixXd F) {
  require(F.rows() > 0 && F.allFinite(), who, "the factor is empty or has an entry that is not finite");
  require(F.isZero(0.0) || std::isnormal(F.squaredNorm()), who, "the factor's squares leave the range of double");
  noise_covariance made(Eigen::VectorXd(0));
  made.factor_ = std::move(F);
  made.factored_ = true;
  return made;
}

LIBRATION_DEFINED double noise_covariance::trace(Eigen::Index n) const {
  if (factored_) return factor_.squaredNorm();
  return isotropic_ ? static_cast<double>(n) * variances_[0] : variances_.sum();
}

LIBRATION_DEFINED void noise_covariance::check_rows(Eigen::Index n, std::string_view caller, std::string_view name) const {
  if (factored_)
    require_rows(factor_.rows(), n, caller, name, "the map's dimension");
  else if (!isotropic_)
    require_rows(variances_.rows(), n, caller, name, "the map's dimension");
}

}  // namespace libration::inline LIBRATION_ABI::error
