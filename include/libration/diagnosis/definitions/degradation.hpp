// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what diagnosis/degradation.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/diagnosis/degradation.hpp>
#include <libration/stats/independent_mean.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

LIBRATION_DEFINED void validate(const degradation_options& options, std::string_view who) {
  const option_check check(who);
  check(options.skip >= 0, "skip", options.skip, ">= 0");
  check(options.bins >= 2, "bins", options.bins, ">= 2");
  check(options.margin >= 0.0 && std::isfinite(options.margin), "margin", options.margin, "a number >= 0");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  check(options.minimum_texts >= 2, "minimum_texts", options.minimum_texts, ">= 2");
  if (options.ends.empty()) return;
  require(options.ends.size() >= 2, who, ".ends has 1 entry, expected none, or two or more");
  std::int64_t before = options.skip;
  for (const std::int64_t end : options.ends) {
    require(end > before, who, [&] {
      return ".ends has " + number_text(end) + " after " + number_text(before) + ", expected ascending ends of bins, from .skip on";
    });
    before = end;
  }
}

namespace detail {

LIBRATION_DEFINED std::vector<std::int64_t> bin_edges(std::int64_t positions, const degradation_options& options,
                                                      std::string_view who) {
  std::vector<std::int64_t> edges = {options.skip};
  if (!options.ends.empty()) {
    require(options.ends.back() <= positions, who, [&] {
      return ".ends goes to position " + number_text(options.ends.back()) + ", expected at most " + number_text(positions) +
             " (the positions)";
    });
    edges.insert(edges.end(), options.ends.begin(), options.ends.end());
    return edges;
  }
  require(positions - options.skip >= 2, who, [&] {
    return "there are " + number_text(positions) + " positions, of which .skip leaves out " + number_text(options.skip) +
           ", expected at least 2 that are left";
  });
  const std::int64_t length = positions - options.skip;
  std::int64_t bins = 2;
  while (bins < options.bins && bins < 62 && (std::int64_t{1} << bins) <= length) ++bins;
  for (std::int64_t b = 1; b <= bins; ++b) edges.push_back(options.skip + (length >> (bins - b)));
  return edges;
}

LIBRATION_DEFINED Eigen::MatrixXd bin_means(const Eigen::MatrixXd& losses, const std::vector<std::int64_t>& edges) {
  const auto bins = static_cast<Eigen::Index>(edges.size()) - 1;
  Eigen::MatrixXd means(bins, losses.cols());
  for (Eigen::Index j = 0; j < losses.cols(); ++j)
    for (Eigen::Index b = 0; b < bins; ++b) {
      const auto at = static_cast<std::size_t>(b);
      const auto count = static_cast<std::size_t>(edges[at + 1] - edges[at]);
      means(b, j) = stats::mean(std::span<const double>(losses.col(j).data() + edges[at], count));
    }
  return means;
}

LIBRATION_DEFINED stats::mean_estimate over_texts(const Eigen::VectorXd& values, std::int64_t minimum_texts) {
  const auto count = static_cast<std::size_t>(values.size());
  stats::mean_estimate out = stats::independent_mean(std::span<const double>(values.data(), count));
  if (values.size() >= minimum_texts) return out;
  out.standard_error = out.effective_samples = std::numeric_limits<double>::quiet_NaN();
  out.degrees_of_freedom = 0.0;
  return out;
}

LIBRATION_DEFINED void check_losses(const Eigen::MatrixXd& losses, std::string_view who, std::string_view name) {
  require(losses.cols() >= 1, who, [&] { return std::string(name) + " have no columns, expected at least one text"; });
  for (Eigen::Index j = 0; j < losses.cols(); ++j)
    for (Eigen::Index i = 0; i < losses.rows(); ++i)
      require(std::isfinite(losses(i, j)), who, [&] {
        return std::string(name) + ": " + number_text(losses(i, j)) + " at position " + number_text(i) + " of text " +
               number_text(j) + ", expected a finite number";
      });
}

LIBRATION_DEFINED degradation_result degradation_of(const Eigen::MatrixXd& losses, const Eigen::MatrixXd& reference,
                                                    const degradation_options& options, std::string_view who) {
  validate(options, who);
  check_losses(losses, who, "the losses");
  const bool has_reference = reference.size() > 0;
  require(has_reference || options.from_early, who,
          ".from_early is false and there is no reference, expected one of the two to compare late losses with");
  if (has_reference) {
    require(reference.rows() == losses.rows() && reference.cols() == losses.cols(), who, [&] {
      return "the reference is " + number_text(reference.rows()) + " x " + number_text(reference.cols()) + ", expected " +
             number_text(losses.rows()) + " x " + number_text(losses.cols()) + " (positions x texts, as the losses)";
    });
    check_losses(reference, who, "the reference's losses");
  }
  const std::vector<std::int64_t> edges = bin_edges(losses.rows(), options, who);

  degradation_result result;
  result.positions = losses.rows();
  result.texts = losses.cols();
  result.minimum_texts = options.minimum_texts;
  result.from_early = options.from_early;
  result.has_reference = has_reference;
  result.margin = options.margin;
  result.level = options.level;
  const Eigen::MatrixXd means = bin_means(losses, edges);
  Eigen::MatrixXd natural, excess = means;
  if (has_reference) {
    natural = bin_means(reference, edges);
    excess -= natural;
  }
  Eigen::VectorXd row(result.texts);
  for (Eigen::Index b = 0; b < means.rows(); ++b) {
    position_bin bin;
    bin.first = edges[static_cast<std::size_t>(b)];
    bin.end = edges[static_cast<std::size_t>(b) + 1];
    row = means.row(b).transpose();
    bin.loss = over_texts(row, options.minimum_texts);
    if (has_reference) {
      row = natural.row(b).transpose();
      bin.reference = over_texts(row, options.minimum_texts);
    }
    row = excess.row(b).transpose();
    if (options.from_early) row -= excess.row(0).transpose();
    bin.change = over_texts(row, options.minimum_texts);
    result.bins.push_back(bin);
  }
  result.by_text = row;
  result.change = result.bins.back().change;
  if (result.texts < options.minimum_texts) {
    result.status = status::not_converged;
    return result;
  }
  result.status = status::ok;
  const double half = result.change.half_width(options.level);
  result.lower = result.change.mean - half;
  result.upper = result.change.mean + half;
  const double above = result.change.mean - options.margin, error = result.change.standard_error;
  result.p_value = error > 0.0 ? stats::student_t_tail(above / error, result.change.degrees_of_freedom) : (above > 0.0 ? 0.0 : 1.0);
  if (result.lower > options.margin)
    result.verdict = degradation_verdict::degrades;
  else if (result.upper <= options.margin)
    result.verdict = degradation_verdict::holds;
  return result;
}

}  // namespace detail

LIBRATION_DEFINED degradation_result degradation(const Eigen::MatrixXd& losses, const degradation_options& options) {
  return detail::degradation_of(losses, Eigen::MatrixXd(), options, "diagnosis::degradation");
}

LIBRATION_DEFINED degradation_result degradation_against(const Eigen::MatrixXd& losses, const Eigen::MatrixXd& reference,
                                                         const degradation_options& options) {
  constexpr std::string_view who = "diagnosis::degradation_against";
  require(reference.size() > 0, who, "the reference is empty, expected losses of the natural text, or diagnosis::degradation");
  return detail::degradation_of(losses, reference, options, who);
}

}  // namespace libration::inline LIBRATION_ABI::diagnosis
