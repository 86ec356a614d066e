// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/law_noise.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <libration/error/detail/law_noise.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED double correlate(curve_noise& noise, const fitted_forms& forms, const log_curve& data, double floor) {
  const auto n = static_cast<double>(data.size());
  const fitted_form* closest = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t f = 0; f < law_form_count; ++f) {
    if (!forms[f]) continue;
    const double scaled = std::max(forms[f]->squares, floor) / (n - parameter_count(static_cast<law_form>(f)));
    if (scaled < least) least = scaled, closest = &*forms[f];
  }
  if (closest == nullptr || closest->squares <= floor) return 0.0;
  const double raw = neighbour_correlation(log_residuals(data, closest->curve).cwiseQuotient(noise.deviation));
  if (raw <= 2.0 / std::sqrt(n)) return 0.0;
  // Kendall's correction of the estimate's bias. Nearer to 1, a constant could not be told from the noise.
  const double phi = std::min(raw + (1.0 + 3.0 * raw) / n, 0.95);
  for (Eigen::Index i = data.size() - 1; i > 0; --i) {
    noise.carry[i] = phi * noise.deviation[i] / noise.deviation[i - 1];
    noise.deviation[i] *= std::sqrt(1.0 - phi * phi);
  }
  return phi;
}

LIBRATION_DEFINED curve_noise ensemble_noise(const Eigen::MatrixXd& deviations, double resolution) {
  const Eigen::Index n = deviations.rows(), m = deviations.cols();
  const double scale = 1.0 / (static_cast<double>(m - 1) * static_cast<double>(m));
  const Eigen::Index reach = 1000 / (2 * m);
  curve_noise noise{Eigen::VectorXd::Zero(n), Eigen::VectorXd::Zero(n), true};
  for (Eigen::Index i = 1; i < n; ++i) {
    const Eigen::Index first = std::max<Eigen::Index>(1, i - reach), count = std::min(n, i + reach + 1) - first;
    const auto now = deviations.middleRows(first, count), before = deviations.middleRows(first - 1, count);
    const double squares = before.squaredNorm();
    if (squares > 0.0) noise.carry[i] = now.cwiseProduct(before).sum() / squares;
    noise.deviation[i] = std::sqrt((now - noise.carry[i] * before).squaredNorm() * scale / static_cast<double>(count));
  }
  noise.deviation[0] = std::sqrt(deviations.row(0).squaredNorm() * scale);
  for (double& d : noise.deviation) d = std::hypot(d, resolution);
  // A point whose error is prescribed, as the first one's often is, has no spread. No law holds so exactly that one point may
  // rule it: none counts for more than ten ordinary ones.
  const double least = 0.1 * stats::median(std::span<const double>(noise.deviation.data(), static_cast<std::size_t>(n)));
  noise.deviation = noise.deviation.cwiseMax(least);
  return noise;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
