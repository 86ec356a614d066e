// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Which law an error grows by: linear, power, exponential, logistic or Dalcher-Kalnay, with its parameters, or undecided.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/error/detail/law_family.hpp>
#include <libration/error/detail/law_noise.hpp>
#include <libration/error/detail/law_search.hpp>
#include <libration/error/detail/law_selection.hpp>
#include <libration/error/detail/least_squares.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/error/growth_law_result.hpp>
#include <libration/stats/bootstrap.hpp>

namespace libration::inline LIBRATION_ABI::error {

namespace detail {

struct point_range {
  Eigen::Index first = 0, count = 0;
};

// The points of the window. `largest(i)`: the largest value at point i.
template <class Largest>
point_range window_of(const vector_view<double>& times, const growth_law_options& options, std::string_view who,
                      const Largest& largest) {
  for (Eigen::Index i = 0; i < times.size(); ++i) {
    require(std::isfinite(times[i]), who, [&] { return "times[" + number_text(i) + "] is not finite"; });
    require(i == 0 || times[i] > times[i - 1], who, [&] {
      return "times[" + number_text(i) + "] is " + number_text(times[i]) + ", expected more than the one before, " +
             number_text(times[i - 1]);
    });
  }
  point_range range;
  while (range.first < times.size() && times[range.first] < options.from) ++range.first;
  for (Eigen::Index i = range.first; i < times.size() && times[i] <= options.to && !(largest(i) > options.largest); ++i)
    ++range.count;
  require(range.count >= 4, who, [&] {
    return "the window holds " + number_text(range.count) + " of " + number_text(times.size()) +
           " points, expected at least 4 (the parameters of the simplest laws, and 2)";
  });
  return range;
}

inline std::string value_text(double x) {
  if (std::isnan(x)) return "NaN";
  return std::isinf(x) ? (x > 0.0 ? "infinite" : "minus infinity") : number_text(x);
}

template <class = void>
growth_law_result fit_laws(const log_curve& data, curve_noise noise, bool with_members, const growth_law_options& options) {
  const auto n = static_cast<double>(data.size());
  growth_law_result result;
  result.points = data.size();
  result.first_time = data.t[0];
  result.last_time = data.t[data.size() - 1];
  // Where the noise is known, a hundredth of a standard error; else a hundredth of the values' own resolution.
  const double floor = noise.known ? n * 1e-4 : n * options.resolution * options.resolution;
  const double enough = noise.known ? floor : 1e-4 * floor;
  fitted_forms forms = fit_forms(data, noise, enough);
  if (!with_members) {
    result.noise_correlation = correlate(noise, forms, data, floor);
    if (result.noise_correlation > 0.0) forms = fit_forms(data, noise, enough);
  }
  const law_comparison compare(forms, data, noise, options);
  result.fits = describe(forms, data, noise, compare, options);
  decide(compare, options, result);
  result.status = status::ok;
  return result;
}

template <class = void>
growth_law_result fit_curve(std::string_view who, vector_view<double> times, vector_view<double> values,
                            const Eigen::VectorXd& errors, const growth_law_options& options) {
  validate(options, who);
  require_rows(values.size(), times.size(), who, "values", "one for each time");
  const point_range w = window_of(times, options, who, [&](Eigen::Index i) { return values[i]; });
  for (Eigen::Index i = w.first; i < w.first + w.count; ++i)
    require(values[i] > 0.0 && std::isfinite(values[i]), who, [&] {
      return "values[" + number_text(i) + "] is " + value_text(values[i]) + " at time " + number_text(times[i]) +
             ", expected finite and > 0 (logarithms are fitted; .from leaves out a start)";
    });
  const log_curve data{times.segment(w.first, w.count), values.segment(w.first, w.count).array().log()};
  if (errors.size() == 0) return fit_laws(data, independent_noise(Eigen::VectorXd::Ones(w.count), false), false, options);

  require_rows(errors.size(), times.size(), who, "standard_errors", "one for each time");
  Eigen::VectorXd relative(w.count);
  for (Eigen::Index i = 0; i < w.count; ++i) {
    const double error = errors[w.first + i];
    require(error >= 0.0 && std::isfinite(error), who, [&] {
      return "standard_errors[" + number_text(w.first + i) + "] is " + value_text(error) + ", expected finite and >= 0";
    });
    relative[i] = std::hypot(error / values[w.first + i], options.resolution);
  }
  return fit_laws(data, independent_noise(relative, true), false, options);
}

// The mean over some columns of ln error, or the logarithm of the mean error; shape (rows).
template <class Columns>
Eigen::VectorXd mean_curve(const Eigen::MatrixXd& logs, const Columns& columns, ensemble_mean mean) {
  const auto count = static_cast<double>(columns.size());
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(logs.rows());
  if (mean == ensemble_mean::geometric) {
    for (const auto j : columns) sum += logs.col(j);
    return sum / count;
  }
  const Eigen::VectorXd top = logs.rowwise().maxCoeff();  // of all: a shift, whatever the columns
  for (const auto j : columns) sum.array() += (logs.col(j) - top).array().exp();
  return top.array() + (sum / count).array().log();
}

template <class = void>
growth_law_result fit_ensemble(std::string_view who, vector_view<double> times, Eigen::MatrixXd logs,
                               const growth_law_options& options) {
  validate(options, who);
  require_rows(logs.rows(), times.size(), who, "the ensemble", "one for each time; columns are members");
  require(logs.cols() % options.group == 0, who,
          [&] { return number_text(logs.cols()) + " members are no multiple of .group, " + number_text(options.group); });
  const Eigen::Index groups = logs.cols() / options.group;
  require(groups >= 2, who, [&] {
    return number_text(logs.cols()) + " members in groups of " + number_text(options.group) +
           ", expected at least two independent ones";
  });
  const bool geometric = options.mean == ensemble_mean::geometric;
  const point_range w = window_of(times, options, who, [&](Eigen::Index i) { return std::exp(logs.row(i).maxCoeff()); });
  for (Eigen::Index i = w.first; i < w.first + w.count; ++i) {
    const auto refuse = [&](Eigen::Index j, const char* expected) {
      return "the error of member " + number_text(j) + " at time " + number_text(times[i]) + " (row " + number_text(i) +
             ") has the logarithm " + value_text(logs(i, j)) + ", expected " + expected;
    };
    bool any = false;
    for (Eigen::Index j = 0; j < logs.cols(); ++j) {
      const double x = logs(i, j);
      require(std::isfinite(x) || (!geometric && x < 0.0), who,
              [&] { return refuse(j, geometric ? "a finite one, an error > 0" : "an error that is finite and >= 0"); });
      any = any || std::isfinite(x);
    }
    require(any, who, [&] { return "all errors are 0 at time " + number_text(times[i]) + ", expected a mean > 0"; });
  }
  logs = logs.middleRows(w.first, w.count).eval();

  // Members that belong together become one: their mean, of logarithms or of errors as the curve has it.
  Eigen::MatrixXd own(w.count, groups);
  std::vector<Eigen::Index> all;
  for (Eigen::Index g = 0; g < groups; ++g) {
    std::vector<Eigen::Index> together;
    for (Eigen::Index j = g * options.group; j < (g + 1) * options.group; ++j) together.push_back(j);
    own.col(g) = mean_curve(logs, together, options.mean);
    all.push_back(g);
  }
  const log_curve data{times.segment(w.first, w.count), mean_curve(own, all, options.mean)};
  Eigen::MatrixXd deviations = own.colwise() - data.y;
  if (!geometric) deviations = deviations.array().expm1();
  const curve_noise noise = ensemble_noise(deviations, options.resolution);
  growth_law_result result = fit_laws(data, noise, true, options);
  result.members = groups;
  result.seed = options.seed;
  for (Eigen::Index i = 1; i < w.count; ++i) {
    const double correlated = std::abs(noise.carry[i]) * deviations.row(i - 1).norm();
    const double total = deviations.row(i).norm();
    if (total > 0.0)
      result.noise_correlation += std::copysign(correlated / total, noise.carry[i]) / static_cast<double>(w.count - 1);
  }

  // Each law is fitted again to the curves of drawn members, from where it is.
  constexpr Eigen::Index width = 6;
  const auto laws = static_cast<Eigen::Index>(result.fits.size());
  const auto refit = [&](std::span<const Eigen::Index> chosen) {
    const log_curve drawn{data.t, mean_curve(own, chosen, options.mean)};
    Eigen::VectorXd values(laws * width);
    for (Eigen::Index l = 0; l < laws; ++l) {
      const law_fit& fit = result.fits[static_cast<std::size_t>(l)];
      const Eigen::VectorXd start = Eigen::Map<const Eigen::VectorXd>(fit.curve.parameters.data(), fit.parameters);
      const fitted_form again = fit_from(fit.curve, drawn, noise, start, static_cast<double>(w.count) * 1e-4);
      auto v = in_order(again.curve.values(again.curve.parameters));
      if (!std::isfinite(again.squares)) v.fill(std::numeric_limits<double>::quiet_NaN());
      if (fit.name == "saturating" && again.curve.parameters[2] >= 0.0) {  // a rise without a limit, still read as a = 0
        v[1] = 0.0;
        v[3] = std::numeric_limits<double>::infinity();
      }
      for (Eigen::Index i = 0; i < width; ++i) values[l * width + i] = v[static_cast<std::size_t>(i)];
    }
    return values;
  };
  const auto band = stats::bootstrap(groups, refit,
                                     {.resamples = options.resamples,
                                      .level = options.level,
                                      .interval = stats::bootstrap_interval::expanded,
                                      .seed = options.seed,
                                      .threads = options.threads});
  for (Eigen::Index l = 0; l < laws; ++l) {
    const auto out = parameters_of(result.fits[static_cast<std::size_t>(l)]);
    std::int64_t failed = 0;
    for (Eigen::Index i = 0; i < width; ++i) {
      const Eigen::Index k = l * width + i;
      parameter_estimate& e = *out[static_cast<std::size_t>(i)];
      if (std::isnan(e.value) || e.standard_error == 0.0) continue;
      e = {e.value, band.standard_error[k], band.lower[k], band.upper[k]};
      failed = std::max(failed, band.failed[k]);
    }
    result.failed_fits += failed;
  }
  return result;
}

}  // namespace detail

/// Fits the growth laws to one error curve, and says which of them it follows.
///
/// Least squares on ln E, so that every point counts by its relative error and the answer does not depend on the units. The
/// candidates are: linear (and through the origin), power, exponential, logistic, and Dalcher-Kalnay, whole, without exponential
/// growth (a = 0, "saturating") and without saturation (E_∞ = ∞, "exponential with source", which is how c (e^{at} - 1) is
/// recognised; its tail alone, by `.from`, is exponential as soon as the offset is below `.resolution` or the noise). Laws that
/// are 0 at t = 0 (power, through the origin) are candidates only where the window begins later: `.from`.
///
/// A law that one of its special cases fits as well (F-test of the one parameter between them at `.level`) reduces to it and takes
/// no weight; the others are weighed by the criterion. Schwarz's by default: the question is which law it is, not which curve
/// predicts best, and Akaike's goes on adding a needless parameter to one fit in six however many points there are.
/// `undecided`: too few points, nothing better than a constant, no law of weight `.decisive_weight`, or a best law that misses the
/// curve somewhere by more than `.tolerance` in a way that is not noise (neighbouring residuals go together, or, with known
/// errors, the residuals are too large for them). A curve whose points share their noise is better given as an ensemble: here the
/// correlation of neighbouring residuals is all that is known of it, and is taken for noise when the laws are weighed.
///
/// \param times   shape (n), ascending
/// \param values  the mean error or the geometric mean, shape (n), > 0 in the window
/// \return        `ok`; the fits, the best first, also where the law is undecided. Parameter intervals are to first order
/// \throws        argument_error: shapes, options, a time that does not ascend, a value in the window that is not finite and > 0
///                (says where), fewer than 4 points there. A law with p parameters is fitted to at least p + 2 points
/// Accuracy:      curves without noise give the law's parameters to about `.resolution` times their conditioning
/// Cost:          about 60 searches of 10 to 200 steps of n evaluations: 3 to 20 ms for 50 points
/// Source:        Lorenz, "Atmospheric predictability experiments with a large numerical model", Tellus 34 (1982) 505-513; Dalcher,
///                Kalnay, "Error growth and predictability in operational ECMWF forecasts", Tellus 39A (1987) 474-491; Schwarz,
///                "Estimating the dimension of a model", Annals of Statistics 6 (1978) 461-464; Burnham, Anderson, "Model selection
///                and multimodel inference" (2002) for weights, AICc and the inflation of known errors that the best law's misfit
///                calls for. Departures: the reduction of nested laws and the rule for `undecided` are chosen here
template <class = void>
growth_law_result fit_growth_law(vector_view<double> times, vector_view<double> values, const growth_law_options& options = {}) {
  return detail::fit_curve("error::fit_growth_law", times, values, {}, options);
}

/// The same with the points' standard errors, which weigh them, and which a law's misfit is compared with.
///
/// \param standard_errors  of the values, shape (n), >= 0
template <class = void>
growth_law_result fit_growth_law(vector_view<double> times, vector_view<double> values, vector_view<double> standard_errors,
                                 const growth_law_options& options = {}) {
  require_rows(standard_errors.size(), times.size(), "error::fit_growth_law", "standard_errors", "one for each time");
  return detail::fit_curve("error::fit_growth_law", times, values, standard_errors, options);
}

/// The same for an ensemble: its mean curve, whose points' errors and correlations (of each with the one before) come from the
/// members, and the parameters' intervals from drawing members anew and fitting again.
///
/// An exponent is the leading one only of a window that begins when the errors have turned into the leading direction (in a flow
/// that along the flow itself fades as slowly as e^{-λt}: a few units of time) and ends before any member saturates (`.largest`).
/// Members must be independent: pairs whose stretches of the orbit overlap are not, and make every interval too short.
///
/// \param errors  shape (n, members), one time a row (a `growth_curve`'s `error`, transposed, with its `members` as `.group`); > 0,
///                or >= 0 where `.mean` is arithmetic
/// Accuracy:      expanded percentile intervals of 95 % hold the exponent of Hénon pairs in 96 % of 300 ensembles of 20, 50 and
///                200, and Lorenz's in 96 % of 500 ensembles of 30 and 50. They are for the law as given, right or wrong
/// Cost:          that of one curve, and `.resamples` times 8 searches from a good start: about 50 ms for 40 points
/// Source:        noise: first-order antedependence, Gabriel, "Ante-dependence analysis of an ordered set of variables", Annals of
///                Mathematical Statistics 33 (1962) 201-212
template <class = void>
growth_law_result fit_growth_law_ensemble(vector_view<double> times, matrix_view<double> errors,
                                          const growth_law_options& options = {}) {
  return detail::fit_ensemble("error::fit_growth_law_ensemble", times, errors.array().log(), options);
}

/// The same from the logarithms of the errors, which may exceed what a double holds.
///
/// \param log_errors  ln error, shape (n, members); finite, or minus infinity where `.mean` is arithmetic
template <class = void>
growth_law_result fit_growth_law_log_ensemble(vector_view<double> times, matrix_view<double> log_errors,
                                              const growth_law_options& options = {}) {
  return detail::fit_ensemble("error::fit_growth_law_log_ensemble", times, log_errors, options);
}

/// The same from what `growth` or `growth_ensemble` recorded: pairs that share a stretch are drawn together, `.group` being the
/// curve's own. Stretches with a pair that merges (error 0) or diverges within the window are left out; where runs begin with no
/// error (`growth_between`) the window has to begin later, by `.from`. Where coordinates of the curve wrap undeclared no law is
/// decided (status `undeclared_period`).
template <class = void>
growth_law_result fit_growth_law(const growth_curve& curve, growth_law_options options = {}) {
  constexpr std::string_view who = "error::fit_growth_law";
  require(curve.pairs() >= 1, who, "the curve holds no pair");
  const Eigen::Index members = curve.members;
  // The window's points, as the ensemble's own rule has them: up to where the first member is above `.largest`.
  Eigen::Index begin = 0, end = curve.points();
  while (begin < end && curve.time[begin] < options.from) ++begin;
  while (end > begin && curve.time[end - 1] > options.to) --end;
  for (Eigen::Index j = begin; j < end; ++j)
    if (curve.error.col(j).maxCoeff() > options.largest) end = j;
  const auto window = curve.error.middleCols(begin, end - begin);
  Eigen::MatrixXd errors(end - begin, curve.pairs());
  Eigen::Index kept = 0;
  for (Eigen::Index first = 0; first + members <= curve.pairs(); first += members) {
    const auto stretch = window.middleRows(first, members);
    if (!stretch.allFinite() || (stretch.array() == 0.0).any()) continue;
    errors.middleCols(kept, members) = stretch.transpose();
    kept += members;
  }
  require(kept >= 1 && end > begin, who,
          "every stretch has a pair that merges, begins with no error, or diverges within the window (.from, .to, .largest)");
  options.group = members;
  auto result = fit_growth_law_ensemble(curve.time.segment(begin, end - begin), errors.leftCols(kept), options);
  if (!curve.undeclared.empty()) {
    result.law = growth_law::undecided;
    result.name = "undecided";
    result.reason = "coordinate " + number_text(curve.undeclared.front().coordinate) + " wraps with a period of " +
                    number_text(curve.undeclared.front().period, 6) +
                    " that the map does not declare: errors across the cut are not distances";
    result.status = status::undeclared_period;
  }
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error
