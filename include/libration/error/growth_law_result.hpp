// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Growth laws of an error curve: their names, the options of `error::fit_growth_law`, and what it returns.

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/law_family.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// A law E(t) of an error's growth. `law_fit::name` is finer: it tells the special cases of linear and Dalcher-Kalnay apart.
enum class growth_law : std::uint8_t {
  undecided,       ///< the data do not tell
  constant,        ///< no growth: what every law is compared with, never itself the answer
  linear,          ///< E = E_0 + S t ("proportional": E_0 = 0)
  power,           ///< E = c t^p
  exponential,     ///< E = E_0 e^{at}
  logistic,        ///< dE/dt = a E (1 - E/E_∞), Lorenz 1982
  dalcher_kalnay,  ///< dE/dt = (a E + S)(1 - E/E_∞); "saturating": a = 0; "exponential with source": E_∞ = ∞
};

/// \return the enumerator's name
constexpr std::string_view to_string(growth_law law) noexcept {
  constexpr std::string_view names[] = {"undecided", "constant", "linear", "power", "exponential", "logistic", "dalcher_kalnay"};
  return names[static_cast<std::uint8_t>(law)];
}

/// How laws with different numbers of parameters are compared.
enum class growth_criterion : std::uint8_t {
  bic,   ///< Schwarz's: finds the law itself ever more surely with more points, if it is among the candidates
  aicc,  ///< Akaike's, corrected for small samples: the best prediction; adds a needless parameter to one fit in six
};

/// The curve of an ensemble.
enum class ensemble_mean : std::uint8_t {
  geometric,   ///< exp of the mean of ln error: grows at the rate of the leading exponent
  arithmetic,  ///< the mean error, whose rate the members that grow most decide
};

/// Options of `error::fit_growth_law` and of its forms for ensembles.
struct growth_law_options {
  /// The window: points at times below `from` or above `to` are not looked at.
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();
  /// The window ends before the first point whose value (in an ensemble: that of any member) is above this. A curve that
  /// saturates is exponential only while all its members are small: about a thousandth of the attractor's size.
  double largest = std::numeric_limits<double>::infinity();
  /// Relative error of the values themselves, >= 1e-14: no misfit below it counts. The default is that of double arithmetic
  /// with some cancellation; a curve recorded in single precision has 1e-6.
  double resolution = 1e-12;
  /// Fewer points than this are fitted but not decided on, >= 4.
  std::int64_t minimum_points = 8;
  /// Probability of the parameters' intervals, in (0, 1); and a law's extra parameter counts where it differs from the simpler
  /// law's value at this level.
  double level = 0.95;
  growth_criterion criterion = growth_criterion::bic;
  /// The least weight of a law that is decided for, in (0.5, 1].
  double decisive_weight = 0.9;
  /// The largest relative misfit that is let pass where the misfit is systematic, that is, no noise, > 0.
  double tolerance = 0.05;

  /// Ensembles only.
  ensemble_mean mean = ensemble_mean::geometric;
  /// Neighbouring members that are not independent of each other (they share a stretch of the reference orbit), >= 1; a
  /// divisor of the members. They are drawn together.
  std::int64_t group = 1;
  /// Bootstrap samples of the members for the parameters' intervals, >= 1.
  std::int64_t resamples = 200;
  std::uint64_t seed = 0;
  int threads = 1;
};

/// Throws where an option is out of its range.
LIBRATION_DECLARED void validate(const growth_law_options& o, std::string_view who);

/// A parameter with its interval. All NaN: the law has no such parameter; of width 0: the law holds it at this value.
struct parameter_estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
};

/// One law, fitted.
struct law_fit {
  growth_law law = growth_law::undecided;
  /// "constant", "proportional", "linear", "power", "exponential", "saturating", "exponential with source", "logistic" or
  /// "Dalcher-Kalnay"
  std::string_view name;
  int parameters = 0;      ///< fitted, the noise's size not counted
  bool converged = false;  ///< the minimum was reached; false with finite numbers: the best found

  // dE/dt = (rate E + source)(1 - E/limit), E(0) = initial; or E = coefficient t^exponent.
  parameter_estimate initial;      ///< E_0, at t = 0, outside the window too; in the error's unit
  parameter_estimate rate;         ///< a, per unit of time: the exponent of an exponential law
  parameter_estimate source;       ///< S, error per unit of time: the slope of a linear law
  parameter_estimate limit;        ///< E_∞; infinite: no saturation
  parameter_estimate coefficient;  ///< c
  parameter_estimate exponent;     ///< p

  double r_squared = 0.0;             ///< share of the variance of ln E that the law explains, every point alike
  double largest_residual = 0.0;      ///< largest |E/law - 1|
  double residual_correlation = 0.0;  ///< of neighbouring residuals of ln E: near 1, they are a curve and no noise
  /// Root mean square of the residuals of ln E, per degree of freedom: in standard errors where those are known (about 1 for
  /// the true law), else relative.
  double misfit = 0.0;
  double criterion = std::numeric_limits<double>::infinity();  ///< the smaller the better
  double weight = 0.0;  ///< exp(-criterion/2), normalised over the laws that do not reduce to simpler ones
  /// The simpler law, a special case of this one, that is not significantly worse; empty: none. Such a law has weight 0.
  std::string_view reduces_to;

  detail::law_curve curve;

  /// \return the law's value at time t, inside the window or not
  double operator()(double t) const { return curve(t); }
};

/// A fit's parameters by name, those that its law has not (NaN) among them.
LIBRATION_DECLARED std::array<std::pair<std::string_view, const parameter_estimate*>, 6> named_parameters(const law_fit& f);

/// Which law a curve follows.
struct [[nodiscard]] growth_law_result {
  growth_law law = growth_law::undecided;
  std::string_view name = "undecided";                           ///< of the law, finer than `law`
  std::string reason;                                            ///< why it is undecided; empty where it is not
  std::vector<law_fit> fits;                                     ///< the best first, also where the best is not good enough
  std::int64_t points = 0;                                       ///< in the window
  double first_time = std::numeric_limits<double>::quiet_NaN();  ///< of the window
  double last_time = std::numeric_limits<double>::quiet_NaN();
  std::int64_t members = 0;        ///< independent ones (groups); 0: a curve alone
  std::int64_t failed_fits = 0;    ///< resamples whose refit was not finite, over all laws
  double noise_correlation = 0.0;  ///< of neighbouring points' noise, as it was accounted for; ensembles: the mean
  libration::status status = libration::status::not_run;
  std::uint64_t seed = 0;

  const law_fit& best() const { return fits.front(); }
  /// \return the fit of this name, or nullptr where that law was not fitted
  LIBRATION_DECLARED const law_fit* find(std::string_view wanted) const;
};

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/growth_law_result.hpp>
#endif
