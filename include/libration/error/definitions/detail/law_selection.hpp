// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/law_selection.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>
#include <Eigen/QR>

#include <libration/core/number_text.hpp>
#include <libration/error/detail/law_selection.hpp>
#include <libration/scalar/dual_math.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED law_name name_of(const law_curve& curve) {
  switch (curve.form) {
    case law_form::constant:
      return {growth_law::constant, "constant"};
    case law_form::proportional:
      return {growth_law::linear, "proportional"};
    case law_form::linear:
      return {growth_law::linear, "linear"};
    case law_form::power:
      return {growth_law::power, "power"};
    case law_form::exponential:
      return {growth_law::exponential, "exponential"};
    case law_form::affine:
      return {growth_law::dalcher_kalnay, curve.parameters[2] < 0.0 ? "saturating" : "exponential with source"};
    case law_form::logistic:
      return {growth_law::logistic, "logistic"};
    case law_form::full:
      break;
  }
  return {growth_law::dalcher_kalnay, "Dalcher-Kalnay"};
}

LIBRATION_DEFINED Eigen::VectorXd log_residuals(const log_curve& data, const law_curve& curve) {
  Eigen::VectorXd r(data.size());
  for (Eigen::Index i = 0; i < data.size(); ++i) r[i] = (data.y[i] - curve.log_unit) - curve.log_value(curve.parameters, data.t[i]);
  return r;
}

LIBRATION_DEFINED double neighbour_correlation(const Eigen::VectorXd& r) {
  const double squares = r.squaredNorm();
  return squares > 0.0 ? r.head(r.size() - 1).dot(r.tail(r.size() - 1)) / squares : 0.0;
}

LIBRATION_DEFINED law_comparison::law_comparison(const fitted_forms& forms, const log_curve& data, const curve_noise& noise,
                                              const growth_law_options& options)
    : forms_(forms), n_(static_cast<double>(data.size())), known_(noise.known), options_(options) {
  floor_ = known_ ? 0.0 : n_ * options.resolution * options.resolution;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t f = 0; f < law_form_count; ++f)
    if (forms_[f]) best = std::min(best, squares(f) / freedom(f));
  // Noise of known size, but more of it than is known: as much as the best law leaves.
  inflation_ = known_ ? std::max(1.0, best) : 1.0;
}

LIBRATION_DEFINED double law_comparison::variance(std::size_t f) const {
  const double seen = squares(f) / freedom(f);
  return known_ ? std::max(1.0, seen) : seen;
}

LIBRATION_DEFINED std::string_view law_comparison::reduces_to(std::size_t f) const {
  for (const auto& [simple, general] : special_cases) {
    const auto s = static_cast<std::size_t>(simple);
    if (static_cast<std::size_t>(general) != f || !forms_[s]) continue;
    const double t = stats::student_t_quantile(0.5 + 0.5 * options_.level, freedom(f));
    if (squares(s) - squares(f) <= t * t * variance(f)) return name_of(forms_[s]->curve).name;
  }
  return {};
}

LIBRATION_DEFINED double law_comparison::criterion(std::size_t f) const {
  const double fit = known_ ? squares(f) / inflation_ : n_ * std::log(squares(f) / n_);
  const double k = parameter_count(static_cast<law_form>(f)) + (known_ ? 0.0 : 1.0);
  if (options_.criterion == growth_criterion::bic) return fit + k * std::log(n_);
  return n_ > k + 1.0 ? fit + 2.0 * k * n_ / (n_ - k - 1.0) : std::numeric_limits<double>::infinity();
}

LIBRATION_DEFINED bool law_comparison::systematic(std::size_t f, double correlation) const {
  if (known_) return squares(f) / freedom(f) > 1.0 + 3.0 * std::sqrt(2.0 / freedom(f));
  return squares(f) > floor_ && correlation > std::min(0.6, 3.0 / std::sqrt(n_));
}

LIBRATION_DEFINED void estimate_parameters(const fitted_form& form, const log_curve& data, const curve_noise& noise,
                                           double variance,
                                           double freedom, double level, law_fit& fit) {
  using D = dual<double, 4>;
  const Eigen::Index p = fit.parameters;
  Eigen::VectorXd theta = Eigen::Map<const Eigen::VectorXd>(form.curve.parameters.data(), p), r(data.size());
  Eigen::MatrixXd J(data.size(), p);
  law_residuals{form.curve, data, noise}(theta, r, J);
  const Eigen::VectorXd size = J.colwise().norm();
  const Eigen::MatrixXd R = Eigen::HouseholderQR<Eigen::MatrixXd>(J).matrixQR();  // in its upper triangle
  bool determined = true;
  for (Eigen::Index j = 0; j < p; ++j)
    determined = determined && std::abs(R(j, j)) > 1e-13 * size[j];  // else rounding of a direction without any effect
  std::array<D, 4> x = {D(0.0), D(0.0), D(0.0), D(0.0)};
  for (Eigen::Index j = 0; j < p; ++j) x[static_cast<std::size_t>(j)] = D::variable(theta[j], static_cast<int>(j));
  const auto values = in_order(form.curve.values(x));
  const auto out = parameters_of(fit);
  const double t = stats::student_t_quantile(0.5 + 0.5 * level, freedom);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double value = values[i].value;
    parameter_estimate& e = *out[i];
    e.value = value;
    if (std::isnan(value)) continue;
    const Eigen::VectorXd gradient = Eigen::Map<const Eigen::VectorXd>(values[i].derivative, p);
    if (gradient.isZero(0.0)) {  // held at this value
      e = {value, 0.0, value, value};
      continue;
    }
    if (!determined) continue;
    // gradient' (J'J)^-1 gradient is the square of R'^-1 gradient; values may be near the ends of a double's range, squares beyond.
    double norm = 0.0;
    std::array<double, 4> solved = {};
    for (Eigen::Index j = 0; j < p; ++j) {
      double rest = gradient[j];
      for (Eigen::Index k = 0; k < j; ++k) rest -= R(k, j) * solved[static_cast<std::size_t>(k)];
      solved[static_cast<std::size_t>(j)] = rest / R(j, j);
      norm = std::hypot(norm, solved[static_cast<std::size_t>(j)]);
    }
    e.standard_error = std::sqrt(variance) * norm;
    if (positive_parameter[i] && value > 0.0) {
      const double factor = std::exp(t * e.standard_error / value);
      e.lower = value / factor;
      e.upper = value * factor;
    } else {
      e.lower = value - t * e.standard_error;
      e.upper = value + t * e.standard_error;
    }
  }
}

LIBRATION_DEFINED std::vector<law_fit> describe(const fitted_forms& forms, const log_curve& data, const curve_noise& noise,
                                                const law_comparison& compare, const growth_law_options& options) {
  std::vector<law_fit> fits;
  const double spread = (data.y.array() - data.y.mean()).matrix().squaredNorm();
  for (std::size_t f = 0; f < law_form_count; ++f) {
    if (!forms[f]) continue;
    law_fit fit;
    fit.curve = forms[f]->curve;
    const law_name name = name_of(fit.curve);
    fit.law = name.law;
    fit.name = name.name;
    fit.parameters = parameter_count(fit.curve.form);
    fit.converged = forms[f]->converged;
    const Eigen::VectorXd r = log_residuals(data, fit.curve);
    fit.r_squared = spread > 0.0 ? 1.0 - r.squaredNorm() / spread : 0.0;
    fit.largest_residual = r.array().expm1().abs().maxCoeff();
    fit.residual_correlation = neighbour_correlation(r);
    fit.misfit = std::sqrt(forms[f]->squares / compare.freedom(f));
    fit.criterion = compare.criterion(f);
    fit.reduces_to = compare.reduces_to(f);
    estimate_parameters(*forms[f], data, noise, compare.variance(f), compare.freedom(f), options.level, fit);
    fits.push_back(fit);
  }
  std::stable_sort(fits.begin(), fits.end(), [](const law_fit& a, const law_fit& b) {
    if (a.reduces_to.empty() != b.reduces_to.empty()) return a.reduces_to.empty();
    return a.criterion < b.criterion;
  });
  double sum = 0.0;
  for (law_fit& fit : fits) {
    if (fit.reduces_to.empty()) fit.weight = std::exp(-0.5 * (fit.criterion - fits.front().criterion));
    sum += fit.weight;
  }
  for (law_fit& fit : fits) fit.weight /= sum;
  return fits;
}

LIBRATION_DEFINED void decide(const law_comparison& compare, const growth_law_options& options, growth_law_result& result) {
  const law_fit& best = result.best();
  if (result.points < options.minimum_points) {
    result.reason = number_text(result.points) + " points, fewer than " + number_text(options.minimum_points);
  } else if (best.law == growth_law::constant) {
    result.reason = "no law is significantly better than a constant";
  } else if (!(best.weight >= options.decisive_weight)) {
    result.reason = "several laws do as well:";
    for (const law_fit& fit : result.fits)
      if (fit.weight >= 0.01) result.reason += " " + std::string(fit.name) + " (weight " + number_text(fit.weight, 3) + ")";
  } else if (best.largest_residual > options.tolerance &&
             compare.systematic(static_cast<std::size_t>(best.curve.form), best.residual_correlation)) {
    result.reason = "no law fits: the best, " + std::string(best.name) + ", is off by up to " +
                    number_text(100.0 * best.largest_residual, 3) + " %, and not by noise";
  } else {
    result.law = best.law;
    result.name = best.name;
  }
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
