// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Fits every growth law to the logarithm of a curve, from several starts each.

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/detail/law_family.hpp>
#include <libration/error/detail/least_squares.hpp>
#include <libration/scalar/dual_math.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// The logarithm of a curve in its window.
struct log_curve {
  Eigen::VectorXd t;  ///< shape (n), ascending
  Eigen::VectorXd y;  ///< ln E, shape (n)

  Eigen::Index size() const { return t.size(); }
};

/// A law at its minimum.
struct fitted_form {
  law_curve curve;
  double squares = std::numeric_limits<double>::infinity();  ///< of the whitened residuals
  bool converged = false;
};
using fitted_forms = std::array<std::optional<fitted_form>, law_form_count>;

LIBRATION_DECLARED double slope(const log_curve& data);

/// The scales of a curve's laws (see `law_curve`), without a form and parameters.
LIBRATION_DECLARED law_curve scaled_curve(const log_curve& data);

/// Residuals of ln E and their derivatives, whitened, as `minimise` wants them.
struct law_residuals {
  const law_curve& curve;
  const log_curve& data;
  const curve_noise& noise;

  template <class Vector, class Matrix>
  bool operator()(const Eigen::VectorXd& theta, Vector& r, Matrix& J) const {
    using D = dual<double, 4>;
    std::array<D, 4> x = {D(0.0), D(0.0), D(0.0), D(0.0)};
    for (Eigen::Index j = 0; j < theta.size(); ++j) x[static_cast<std::size_t>(j)] = D::variable(theta[j], static_cast<int>(j));
    for (Eigen::Index i = 0; i < data.size(); ++i) {
      const D value = curve.log_value(x, data.t[i]);
      if (!std::isfinite(value.value)) return false;
      r[i] = value.value - (data.y[i] - curve.log_unit);
      for (Eigen::Index j = 0; j < theta.size(); ++j) J(i, j) = value.derivative[j];
    }
    noise.whiten(r);
    noise.whiten(J);
    return true;
  }
};

/// The minimum that is reached from one start.
LIBRATION_DECLARED // as everything that a fit calls: who fits nothing does not compile it
fitted_form fit_from(law_curve curve, const log_curve& data, const curve_noise& noise, const Eigen::VectorXd& start,
                     double enough);

/// Where the search for a law's minimum begins: at the minima of its special cases, and on a coarse grid of rates, each curve led
/// through both ends of the window.
LIBRATION_DECLARED std::vector<std::array<double, 4>> law_starts(law_form form, const log_curve& data, const law_curve& scales,
                                                                 const fitted_forms& simpler);

/// Every law that the points are enough for. The power laws need times above zero; laws that rise to a limit are tried on curves
/// that rise.
LIBRATION_DECLARED fitted_forms fit_forms(const log_curve& data, const curve_noise& noise, double enough);

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/law_search.hpp>
#endif
