// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/growth_law.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/number_text.hpp>
#include <libration/error/detail/law_family.hpp>
#include <libration/error/detail/law_noise.hpp>
#include <libration/error/detail/law_search.hpp>
#include <libration/error/detail/law_selection.hpp>
#include <libration/error/detail/least_squares.hpp>
#include <libration/error/growth_law.hpp>
#include <libration/stats/bootstrap.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// Templates on the number's type, so that only a program that fits a law compiles them.

template <class Real>
using law_vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
template <class Real>
using law_matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

struct point_range {
  Eigen::Index first = 0, count = 0;
};

// The points of the window. `largest(i)`: the largest value at point i.
template <class Real, class Largest>
point_range window_of(const vector_view<Real>& times, const growth_law_options& options, std::string_view who,
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

// The mean over some columns of ln error, or the logarithm of the mean error; shape (rows).
template <class Real, class Columns>
law_vector<Real> mean_curve(const law_matrix<Real>& logs, const Columns& columns, ensemble_mean mean) {
  const auto count = static_cast<double>(columns.size());
  law_vector<Real> sum = law_vector<Real>::Zero(logs.rows());
  if (mean == ensemble_mean::geometric) {
    for (const auto j : columns) sum += logs.col(j);
    return sum / count;
  }
  const law_vector<Real> top = logs.rowwise().maxCoeff();  // of all: a shift, whatever the columns
  for (const auto j : columns) sum.array() += (logs.col(j) - top).array().exp();
  return top.array() + (sum / count).array().log();
}

template <class Real>
std::string value_text(double x) {
  if (std::isnan(x)) return "NaN";
  return std::isinf(x) ? (x > 0.0 ? "infinite" : "minus infinity") : number_text(x);
}

template <class Real>
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

template <class Real>
growth_law_result fit_curve(std::string_view who, vector_view<Real> times, vector_view<Real> values,
                            const law_vector<Real>& errors, const growth_law_options& options) {
  validate(options, who);
  require_rows(values.size(), times.size(), who, "values", "one for each time");
  const point_range w = window_of(times, options, who, [&](Eigen::Index i) { return values[i]; });
  for (Eigen::Index i = w.first; i < w.first + w.count; ++i)
    require(values[i] > 0.0 && std::isfinite(values[i]), who, [&] {
      return "values[" + number_text(i) + "] is " + value_text<Real>(values[i]) + " at time " + number_text(times[i]) +
             ", expected finite and > 0 (logarithms are fitted; .from leaves out a start)";
    });
  const log_curve data{times.segment(w.first, w.count), values.segment(w.first, w.count).array().log()};
  if (errors.size() == 0) return fit_laws<Real>(data, independent_noise(law_vector<Real>::Ones(w.count), false), false, options);

  require_rows(errors.size(), times.size(), who, "standard_errors", "one for each time");
  law_vector<Real> relative(w.count);
  for (Eigen::Index i = 0; i < w.count; ++i) {
    const double error = errors[w.first + i];
    require(error >= 0.0 && std::isfinite(error), who, [&] {
      return "standard_errors[" + number_text(w.first + i) + "] is " + value_text<Real>(error) + ", expected finite and >= 0";
    });
    relative[i] = std::hypot(error / values[w.first + i], options.resolution);
  }
  return fit_laws<Real>(data, independent_noise(relative, true), false, options);
}

template <class Real>
growth_law_result fit_ensemble(std::string_view who, vector_view<Real> times, law_matrix<Real> logs,
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
             ") has the logarithm " + value_text<Real>(logs(i, j)) + ", expected " + expected;
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
  law_matrix<Real> own(w.count, groups);
  std::vector<Eigen::Index> all;
  for (Eigen::Index g = 0; g < groups; ++g) {
    std::vector<Eigen::Index> together;
    for (Eigen::Index j = g * options.group; j < (g + 1) * options.group; ++j) together.push_back(j);
    own.col(g) = mean_curve(logs, together, options.mean);
    all.push_back(g);
  }
  const log_curve data{times.segment(w.first, w.count), mean_curve(own, all, options.mean)};
  law_matrix<Real> deviations = own.colwise() - data.y;
  if (!geometric) deviations = deviations.array().expm1();
  const curve_noise noise = ensemble_noise(deviations, options.resolution);
  growth_law_result result = fit_laws<Real>(data, noise, true, options);
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
    law_vector<Real> values(laws * width);
    for (Eigen::Index l = 0; l < laws; ++l) {
      const law_fit& fit = result.fits[static_cast<std::size_t>(l)];
      const law_vector<Real> start = Eigen::Map<const law_vector<Real>>(fit.curve.parameters.data(), fit.parameters);
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

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED growth_law_result fit_growth_law(vector_view<double> times, vector_view<double> values,
                                                   const growth_law_options& options) {
  return detail::fit_curve<double>("error::fit_growth_law", times, values, {}, options);
}

LIBRATION_DEFINED growth_law_result fit_growth_law(vector_view<double> times, vector_view<double> values,
                                                   vector_view<double> standard_errors,
                                                   const growth_law_options& options) {
  require_rows(standard_errors.size(), times.size(), "error::fit_growth_law", "standard_errors", "one for each time");
  return detail::fit_curve<double>("error::fit_growth_law", times, values, standard_errors, options);
}

LIBRATION_DEFINED growth_law_result fit_growth_law_ensemble(vector_view<double> times, matrix_view<double> errors,
                                                            const growth_law_options& options) {
  return detail::fit_ensemble<double>("error::fit_growth_law_ensemble", times, errors.array().log(), options);
}

LIBRATION_DEFINED growth_law_result fit_growth_law_log_ensemble(vector_view<double> times, matrix_view<double> log_errors,
                                                                const growth_law_options& options) {
  return detail::fit_ensemble<double>("error::fit_growth_law_log_ensemble", times, log_errors, options);
}

LIBRATION_DEFINED growth_law_result fit_growth_law(const growth_curve& curve, growth_law_options options) {
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
