// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/dilution.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <libration/attention/detail/visible_counts.hpp>
#include <libration/attention/dilution.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED void validate(const dilution_options& options, std::string_view who) {
  const option_check check(who);
  check(options.minimum_context >= 1, "minimum_context", options.minimum_context, ">= 1");
  check(options.minimum_tokens >= stats::minimum_batches, "minimum_tokens", options.minimum_tokens, ">= 16");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  check(std::isfinite(options.focuses_below), "focuses_below", options.focuses_below, "a finite number");
  check(options.dilutes_above >= options.focuses_below, "dilutes_above", options.dilutes_above, ">= .focuses_below");
}

LIBRATION_DEFINED Eigen::Index dilution_result::count(dilution_verdict v) const {
  return std::count_if(heads.begin(), heads.end(), [&](const head_dilution& h) { return h.verdict == v; });
}

}  // namespace libration::inline LIBRATION_ABI::attention

namespace libration::inline LIBRATION_ABI::attention::detail {

/// Stretches of neighbouring tokens that are left out in turn for the slope's error.
inline constexpr std::size_t dilution_blocks = 8;

LIBRATION_DEFINED double block_jackknife_error(std::span<const double> x, std::span<const double> y, const stats::line_fit& fit) {
  struct sums {
    double n = 0.0, x = 0.0, e = 0.0, xx = 0.0, xe = 0.0;  // x less its mean, e the residual: their totals but n and xx are 0
  };
  std::array<sums, dilution_blocks> blocks;
  double length = 0.0, spread = 0.0;
  for (const double l : x) length += std::exp(-0.5 * l);
  double position = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double own = std::exp(-0.5 * x[i]), share = (position + 0.5 * own) / length;
    position += own;
    sums& block = blocks[std::min(dilution_blocks - 1, static_cast<std::size_t>(share * static_cast<double>(dilution_blocks)))];
    const double d = x[i] - fit.center, e = y[i] - fit(x[i]);
    block.n += 1.0;
    block.x += d;
    block.e += e;
    block.xx += d * d;
    block.xe += d * e;
    spread += d * d;
  }
  // The slope of the residuals on x without the block, which is the change of the slope.
  double squares = 0.0;
  for (const sums& b : blocks) {
    const double left = static_cast<double>(x.size()) - b.n;
    const double xx = spread - b.xx - b.x * b.x / left;
    if (!(xx > 1e-9 * spread)) return std::numeric_limits<double>::quiet_NaN();
    const double change = (-b.xe - b.x * b.e / left) / xx;
    squares += change * change;
  }
  constexpr double count = static_cast<double>(dilution_blocks);
  return std::sqrt(squares * (count - 1.0) / count);
}

LIBRATION_DECLARED dilution_verdict judge(double lower, double upper, const dilution_options& options) {
  if (upper < options.focuses_below) return dilution_verdict::focuses;
  if (lower > options.dilutes_above) return dilution_verdict::dilutes;
  if (lower > options.focuses_below && upper < options.dilutes_above) return dilution_verdict::widens;
  return dilution_verdict::undecided;  // NaN comes here too
}

/// \param x  ln n of the rows in the fit, in the tokens' order
/// \param y  their entropies
LIBRATION_DECLARED void fit_dilution(std::span<const double> x, std::span<const double> y, const dilution_options& options,
                                    head_dilution& head) {
  head.tokens = static_cast<std::int64_t>(x.size());
  if (head.tokens < stats::minimum_batches) return;
  head.status = status::not_converged;
  const stats::line_fit fit = stats::fit_line(x, y);
  std::vector<double> values;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] > 0.0) values.push_back(y[i] / x[i]);
  head.normalised_entropy = stats::mean_error(values);
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  const bool sloped = *least < *most;  // rounding can leave a slope where all are alike
  values.clear();
  for (std::size_t i = 0; i < x.size(); ++i) values.push_back(sloped ? y[i] - fit(x[i]) : y[i]);
  head.entropy = stats::mean_error(values);
  if (!sloped) return;
  head.entropy.mean = fit(fit.center);
  head.slope = fit.slope;
  head.intercept = fit.intercept;
  head.residual_deviation = fit.residual_deviation;

  // The spread of x, as deviation times root of the count, from the fit's own errors would be 0/0 for an exact line.
  double spread = 0.0;
  for (const double l : x) spread += (l - fit.center) * (l - fit.center);
  const double tokens = static_cast<double>(x.size());
  const double stationary = head.entropy.standard_error * std::sqrt(tokens / spread);
  const double jackknife = block_jackknife_error(x, y, fit);
  if (!std::isfinite(stationary) || !std::isfinite(jackknife)) return;
  head.standard_error = std::max(jackknife, stationary);
  head.degrees_of_freedom = static_cast<double>(dilution_blocks) - 2.0;
  const double half = head.standard_error * stats::interval_quantile(options.level, head.degrees_of_freedom);
  head.lower = head.slope - half;
  head.upper = head.slope + half;
  if (head.tokens < options.minimum_tokens) return;
  head.status = status::ok;
  head.verdict = judge(head.lower, head.upper, options);
}

LIBRATION_DEFINED dilution_result dilution_of(const Eigen::MatrixXd& entropies, const Eigen::MatrixXd& visible,
                                              const dilution_options& options) {
  constexpr std::string_view who = "attention::dilution";
  validate(options, who);
  const Eigen::Index heads = entropies.rows(), tokens = entropies.cols();
  const visible_counts counts(visible, heads, tokens, who);
  for (Eigen::Index h = 0; h < heads; ++h)
    for (Eigen::Index i = 0; i < tokens; ++i) {
      const double H = entropies(h, i);
      const double most = std::log(counts(h, i));
      require(std::isnan(H) || counts(h, i) == 0.0 || (H >= -1e-4 && H <= most + 1e-4 * (1.0 + most)), who, [&] {
        return "entropies(" + number_text(h) + ", " + number_text(i) + ") is " + number_text(H) + ", expected 0 to " +
               number_text(most, 10) + " nats (ln of the keys that token " + number_text(i) + " sees)";
      });
    }

  dilution_result result;
  result.level = options.level;
  result.minimum_context = options.minimum_context;
  result.focuses_below = options.focuses_below;
  result.dilutes_above = options.dilutes_above;
  result.heads.resize(static_cast<std::size_t>(heads));
  std::vector<double> x, y;
  for (Eigen::Index h = 0; h < heads; ++h) {
    head_dilution& head = result.heads[static_cast<std::size_t>(h)];
    x.clear();
    y.clear();
    for (Eigen::Index i = 0; i < tokens; ++i) {
      const double H = entropies(h, i);
      if (std::isnan(H) || counts(h, i) == 0.0) {
        ++head.skipped;
      } else if (counts(h, i) >= static_cast<double>(options.minimum_context)) {
        x.push_back(std::log(counts(h, i)));
        y.push_back(H);
      }
    }
    fit_dilution(x, y, options, head);
  }
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
