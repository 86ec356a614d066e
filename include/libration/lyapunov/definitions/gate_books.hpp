// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/gate_books.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/gate_books.hpp>
#include <libration/lyapunov/interval.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_FUNC gate_books::gate_books(maps::gate_structure structure, const spectrum_options& options, std::int64_t steps,
                                      std::int64_t frame_steps, double time_step, bool per_unit_of_time)
    : structure_(std::move(structure)),
      options_(options),
      frame_steps_(frame_steps),
      time_step_(time_step),
      per_unit_of_time_(per_unit_of_time),
      stretch_(stretch_length(steps, 0)),
      series_(std::max<Eigen::Index>(1, structure_.gates), stretch_),
      rule_(options.tolerance, std::max<std::int64_t>(1, steps)),
      sums_(Eigen::VectorXd::Zero(series_.rows())) {}

LIBRATION_DEFINED void gate_books::add(const Eigen::VectorXd& gates) {
  sums_.head(structure_.gates) += gates;
  if (++in_stretch_ == stretch_) {
    series_.add(std::span<const double>(sums_.data(), static_cast<std::size_t>(sums_.size())), stretch_);
    sums_.setZero();
    in_stretch_ = 0;
  }
}

LIBRATION_DEFINED void gate_books::take_mark(Eigen::VectorXd state) {
  auto here = result(status::ok, -1);
  here.at_marks = {};
  here.final_state = std::move(state);
  at_marks_.push_back(std::move(here));
}

LIBRATION_DEFINED bool gate_books::enough() {
  if (in_stretch_ != 0 || series_.steps() < rule_.next_check()) return false;
  return rule_.stop(series_.steps(), detail::worst_error(summarise(), judged()));
}

LIBRATION_DEFINED spectrum_result gate_books::result(libration::status how, std::int64_t failed_at) const {
  spectrum_result r = summarise();
  r.status = how;
  r.failed_at = how == status::diverged ? failed_at : -1;
  r.at_marks = at_marks_;
  if (options_.history && r.steps > 0) r.history = detail::running(r.finite_time.values, r.finite_time.window);
  if (how == status::ok && r.steps > 0 && options_.tolerance > 0.0 && !(detail::worst_error(r, judged()) <= options_.tolerance))
    r.status = status::not_converged;
  return r;
}

// All but the status, the marks and the history.
LIBRATION_DEFINED spectrum_result gate_books::summarise() const {
  constexpr double none = -std::numeric_limits<double>::infinity();
  const Eigen::Index n = structure_.gate.size(), count = wanted(options_, n);
  spectrum_result r;
  r.exact = true;
  r.seed = options_.seed;
  r.neutral_margin = options_.neutral_margin;
  r.time_step = time_step_;
  r.per_unit_of_time = per_unit_of_time_;
  r.frame_steps = frame_steps_;
  r.steps = series_.steps() + in_stretch_;
  r.exponents = r.standard_error = r.half_width = r.effective_samples = Eigen::VectorXd::Constant(count, unknown);
  r.rounding = r.frame_error = Eigen::VectorXd::Zero(count);
  r.upper_bound.setConstant(count, false);
  if (r.steps == 0) return r;

  Eigen::VectorXd mean(structure_.gates);
  for (Eigen::Index g = 0; g < mean.size(); ++g)
    mean[g] = (series_.total(g) + sums_[g]) / (static_cast<double>(r.steps) * time_step_);
  const auto exponent = [&](Eigen::Index i) {
    const Eigen::Index g = structure_.gate[i];
    return g == maps::gate_structure::nilpotent ? none : structure_.scale[i] * mean[g];
  };
  Eigen::VectorXd all(n);
  for (Eigen::Index i = 0; i < n; ++i) all[i] = exponent(i);
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  const auto larger = [&](Eigen::Index a, Eigen::Index b) { return all[a] != all[b] ? all[a] > all[b] : a < b; };
  std::partial_sort(order.begin(), order.begin() + count, order.end(), larger);
  order.resize(static_cast<std::size_t>(count));

  // Many coordinates may have one gate.
  std::vector<stats::mean_estimate> errors(static_cast<std::size_t>(structure_.gates));
  for (Eigen::Index i = 0; i < count; ++i) {
    const Eigen::Index from = order[static_cast<std::size_t>(i)], g = structure_.gate[from];
    r.exponents[i] = all[from];
    if (g == maps::gate_structure::nilpotent || series_.steps() == 0) continue;
    stats::mean_estimate& error = errors[static_cast<std::size_t>(g)];
    if (error.steps == 0) error = stats::mean_error(series_, g);
    r.effective_samples[i] = error.effective_samples;
    if (error.degrees_of_freedom > 0.0) r.degrees_of_freedom = error.degrees_of_freedom;
    r.standard_error[i] = std::abs(structure_.scale[from]) * error.standard_error / time_step_;
    r.half_width[i] = r.standard_error[i] * error.quantile();
  }
  r.sum = r.exponents.sum();
  fill_windows(order, r);
  detail::dimension_and_entropy(r.finite_time.values, r);
  if (count == n) r.dimension_is_lower_bound = false;
  r.verdict = detail::judge_leading(r);
  return r;
}

// Finite-time exponents over windows: of so many exponents that they would fill the memory, over fewer and longer ones.
LIBRATION_DEFINED void gate_books::fill_windows(const std::vector<Eigen::Index>& order, spectrum_result& r) const {
  constexpr Eigen::Index most = Eigen::Index{1} << 24;
  const Eigen::Index count = r.exponents.size();
  Eigen::Index merged = 1;
  while (series_.count() / merged > 16 && series_.count() / merged > most / count) merged *= 2;
  const Eigen::Index windows = series_.count() / merged;
  r.finite_time.window = series_.batch_length() * merged;
  r.finite_time.values.resize(count, windows);
  const double duration = static_cast<double>(r.finite_time.window) * time_step_;
  Eigen::VectorXd sums(structure_.gates);
  for (Eigen::Index w = 0; w < windows; ++w) {
    sums.setZero();
    for (Eigen::Index b = w * merged; b < (w + 1) * merged; ++b)
      for (Eigen::Index g = 0; g < sums.size(); ++g) sums[g] += series_.batch_sum(g, b);
    for (Eigen::Index i = 0; i < count; ++i) {
      const Eigen::Index from = order[static_cast<std::size_t>(i)], g = structure_.gate[from];
      r.finite_time.values(i, w) = g == maps::gate_structure::nilpotent ? -std::numeric_limits<double>::infinity()
                                                                        : structure_.scale[from] * sums[g] / duration;
    }
  }
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
