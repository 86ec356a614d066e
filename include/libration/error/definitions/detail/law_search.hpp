// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/law_search.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <libration/error/detail/law_search.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED double slope(const log_curve& data) {
  const Eigen::ArrayXd x = data.t.array() - data.t.mean();
  return (x * (data.y.array() - data.y.mean())).sum() / x.square().sum();
}

LIBRATION_DEFINED law_curve scaled_curve(const log_curve& data) {
  const Eigen::Index last = data.size() - 1;
  const bool rises = slope(data) >= 0.0;
  law_curve c;
  c.span = data.t[last] - data.t[0];
  c.reference = rises ? data.t[0] : data.t[last];
  c.log_unit = rises ? data.y[0] : data.y[last];
  if (data.t[0] > 0.0) c.time_unit = std::exp(data.t.array().log().mean());
  return c;
}

LIBRATION_DEFINED // as everything that a fit calls: who fits nothing does not compile it
fitted_form fit_from(law_curve curve, const log_curve& data, const curve_noise& noise, const Eigen::VectorXd& start,
                     double enough) {
  const auto found = minimise(law_residuals{curve, data, noise}, start, data.size(), enough);
  fitted_form fit{curve, found.squares, found.converged};
  for (Eigen::Index j = 0; j < start.size(); ++j) fit.curve.parameters[static_cast<std::size_t>(j)] = found.parameters[j];
  return fit;
}

LIBRATION_DEFINED std::vector<std::array<double, 4>> law_starts(law_form form, const log_curve& data, const law_curve& scales,
                                                                const fitted_forms& simpler) {
  const Eigen::Index last = data.size() - 1;
  const bool rises = scales.reference == data.t[0];
  const double tau = rises ? 1.0 : -1.0;                                  // of the far end
  const double far = data.y[rises ? last : 0] - scales.log_unit;          // ln E there, against the reference
  const double top = std::max(data.y.maxCoeff() - scales.log_unit, 0.1);  // ln of the largest
  const double rate = slope(data) * scales.span;
  const auto of = [&](law_form f) -> const std::array<double, 4>* {
    const auto& fit = simpler[static_cast<std::size_t>(f)];
    return fit ? &fit->curve.parameters : nullptr;
  };
  std::vector<std::array<double, 4>> starts;
  switch (form) {
    case law_form::constant:
      return {{0.0}};
    case law_form::proportional:
      return {{0.0}};
    case law_form::power:
      return {{0.0, 1.0}};
    case law_form::exponential:
      return {{0.0, rate}};
    case law_form::linear:
      return {{0.0, std::expm1(far) / tau}};
    case law_form::affine:
      if (const auto* p = of(law_form::linear)) starts.push_back({(*p)[0], (*p)[1], 0.0});
      if (const auto* p = of(law_form::exponential)) starts.push_back({(*p)[0], (*p)[1], (*p)[1]});
      for (const double kappa : {-30.0, -10.0, -3.0, -1.0, 1.0, 3.0, 10.0, 0.5 * rate, 2.0 * rate})
        starts.push_back({0.0, std::expm1(far) / (tau * relative_growth(kappa * tau)), kappa});
      return starts;
    case law_form::logistic:
      if (const auto* p = of(law_form::exponential)) starts.push_back({(*p)[0], (*p)[1], -top - 5.0});
      for (const double k : {rate, 2.0 * rate, 5.0 * rate, 5.0, 20.0, 80.0})
        for (const double above : {0.02, 0.7, 3.0}) starts.push_back({0.0, k, -top - above});
      return starts;
    case law_form::full:
      if (const auto* p = of(law_form::logistic)) starts.push_back({(*p)[0], (*p)[1], std::log((*p)[1]), (*p)[2]});
      if (const auto* p = of(law_form::affine)) {
        const double g = (*p)[1], kappa = (*p)[2];
        if (kappa > 0.0) {
          starts.push_back({(*p)[0], g, std::log(kappa), -top - 3.0});
        } else if (1.0 - g / kappa > 0.0) {  // A - B e^{-kτ} as the member of the family that has a = 0
          const double log_q = -std::log(1.0 - g / kappa);
          starts.push_back({(*p)[0], -kappa * std::exp(-log_q), std::log(-kappa), log_q});
        }
      }
      for (const double k : {2.0, 8.0, 30.0})
        for (const double g : {k, k * std::exp(0.5 * top)}) starts.push_back({0.0, g, std::log(k), -top - 0.02});
      return starts;
  }
  return starts;
}

LIBRATION_DEFINED fitted_forms fit_forms(const log_curve& data, const curve_noise& noise, double enough) {
  const law_curve scales = scaled_curve(data);
  const bool rises = scales.reference == data.t[0];
  fitted_forms fits;
  for (std::size_t f = 0; f < law_form_count; ++f) {
    const auto form = static_cast<law_form>(f);
    const int p = parameter_count(form);
    if (data.size() < p + 2) continue;
    if ((form == law_form::proportional || form == law_form::power) && !(data.t[0] > 0.0)) continue;
    if ((form == law_form::logistic || form == law_form::full) && !rises) continue;
    law_curve curve = scales;
    curve.form = form;
    for (const auto& start : law_starts(form, data, scales, fits)) {
      const fitted_form fit = fit_from(curve, data, noise, Eigen::Map<const Eigen::VectorXd>(start.data(), p), enough);
      if (std::isfinite(fit.squares) && (!fits[f] || fit.squares < fits[f]->squares)) fits[f] = fit;
    }
    // A curve that falls towards a level below zero saturates nowhere that an error can be.
    if (form == law_form::affine && fits[f] && fits[f]->curve.falls_through_zero()) fits[f].reset();
  }
  return fits;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
