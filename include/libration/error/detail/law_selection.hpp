// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// From fitted laws to a decision: nested laws, weights, goodness of fit, parameters with their intervals.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/detail/law_search.hpp>
#include <libration/error/growth_law_result.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

struct law_name {
  growth_law law;
  std::string_view name;
};

LIBRATION_DECLARED law_name name_of(const law_curve& curve);

/// Laws that are special cases of others, with one parameter less.
inline constexpr std::array<std::pair<law_form, law_form>, 10> special_cases = {{
    {law_form::constant, law_form::linear},
    {law_form::constant, law_form::power},
    {law_form::constant, law_form::exponential},
    {law_form::proportional, law_form::linear},
    {law_form::proportional, law_form::power},
    {law_form::linear, law_form::affine},
    {law_form::exponential, law_form::affine},
    {law_form::exponential, law_form::logistic},
    {law_form::affine, law_form::full},
    {law_form::logistic, law_form::full},
}};

/// ln E - ln law at every point.
LIBRATION_DECLARED Eigen::VectorXd log_residuals(const log_curve& data, const law_curve& curve);

/// Sum of products of neighbours over the sum of squares; 0 where all are 0.
LIBRATION_DECLARED double neighbour_correlation(const Eigen::VectorXd& r);

/// Compares fitted laws on n points.
class law_comparison {
 public:
  /// \param forms  not empty
  LIBRATION_DECLARED law_comparison(const fitted_forms& forms, const log_curve& data, const curve_noise& noise,
                                    const growth_law_options& options);

  double squares(std::size_t f) const { return std::max(forms_[f]->squares, floor_); }
  double freedom(std::size_t f) const { return n_ - parameter_count(static_cast<law_form>(f)); }

  /// The variance of a whitened residual.
  LIBRATION_DECLARED double variance(std::size_t f) const;

  /// \return the simpler law that does as well, by an F-test of the one parameter between them; empty: none
  LIBRATION_DECLARED std::string_view reduces_to(std::size_t f) const;

  LIBRATION_DECLARED double criterion(std::size_t f) const;

  /// The misfit of a law is more than noise.
  LIBRATION_DECLARED bool systematic(std::size_t f, double correlation) const;

 private:
  const fitted_forms& forms_;
  double n_;
  bool known_;
  const growth_law_options& options_;
  double floor_, inflation_ = 1.0;
};

/// The six parameters of `law_fit`, in its order.
inline std::array<parameter_estimate*, 6> parameters_of(law_fit& fit) {
  return {&fit.initial, &fit.rate, &fit.source, &fit.limit, &fit.coefficient, &fit.exponent};
}
template <class T>
std::array<T, 6> in_order(const law_values<T>& v) {
  return {v.initial, v.rate, v.source, v.limit, v.coefficient, v.exponent};
}
inline constexpr bool positive_parameter[6] = {false, false, false, true, true, false};

/// Parameters with intervals from the curvature of the sum of squares at its minimum: to first order, and with Student's t.
/// A limit and a coefficient, positive and often badly known, have theirs on the logarithm's scale.
LIBRATION_DECLARED void estimate_parameters(const fitted_form& form, const log_curve& data, const curve_noise& noise,
                                            double variance,
                                            double freedom, double level, law_fit& fit);

/// All fits, described and weighed, the best first.
LIBRATION_DECLARED std::vector<law_fit> describe(const fitted_forms& forms, const log_curve& data, const curve_noise& noise,
                                                 const law_comparison& compare, const growth_law_options& options);

/// The law that the fits are enough for, or why they are not.
LIBRATION_DECLARED void decide(const law_comparison& compare, const growth_law_options& options, growth_law_result& result);

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/law_selection.hpp>
#endif
