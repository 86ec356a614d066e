// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/state_estimator.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/memory.hpp>
#include <libration/core/scaling.hpp>
#include <libration/memory/effective_dimension.hpp>
#include <libration/memory/state_estimator.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

inline constexpr std::int64_t buffered_states = 64;
inline constexpr std::size_t most_stretches = 8, least_stretches = 4;

LIBRATION_DEFINED covariance_record::covariance_record(Eigen::Index n, std::int64_t steps)
    : n_(n),
      buffer_(n, static_cast<Eigen::Index>(buffered_states)),
      latest_{0, Eigen::VectorXd::Zero(n), Eigen::MatrixXd::Zero(n, n)},
      apart_(n) {
  // Of a run whose length is not known, stretches that are merged by pairs as it goes on.
  const bool known = steps < (std::int64_t{1} << 40);
  const std::int64_t eighth = known ? (steps - 1) / static_cast<std::int64_t>(most_stretches) + 1 : 1024;
  length_ = std::max<std::int64_t>(1, (eighth - 1) / buffered_states + 1) * buffered_states;
}

LIBRATION_DEFINED void covariance_record::add(const double* h) {
  std::copy_n(h, n_, buffer_.col(held_).data());
  if (++held_ == buffer_.cols()) flush();
}

LIBRATION_DEFINED void covariance_record::flush() {
  if (held_ == 0) return;
  if (stretches_.empty() || stretches_.back().count >= length_) {
    if (stretches_.size() == most_stretches) {
      for (std::size_t i = 0; i < most_stretches / 2; ++i) {
        merge(stretches_[2 * i], stretches_[2 * i + 1]);
        if (i > 0) std::swap(stretches_[i], stretches_[2 * i]);
      }
      stretches_.resize(most_stretches / 2);
      length_ *= 2;
    }
    stretches_.push_back({0, Eigen::VectorXd::Zero(n_), Eigen::MatrixXd::Zero(n_, n_)});
  }
  latest_.count = held_;
  latest_.mean.setZero();
  latest_.scatter.setZero();
  for (Eigen::Index j = 0; j < held_; ++j) latest_.mean += buffer_.col(j);
  latest_.mean /= static_cast<double>(held_);
  for (Eigen::Index j = 0; j < held_; ++j) buffer_.col(j) -= latest_.mean;
  latest_.scatter.selfadjointView<Eigen::Lower>().rankUpdate(buffer_.leftCols(held_));
  merge(stretches_.back(), latest_);
  held_ = 0;
}

LIBRATION_DEFINED void covariance_record::merge(stretch& into, const stretch& other) {
  const auto a = static_cast<double>(into.count), b = static_cast<double>(other.count);
  apart_ = other.mean - into.mean;
  into.scatter += other.scatter;
  into.scatter.selfadjointView<Eigen::Lower>().rankUpdate(apart_, a * b / (a + b));
  into.mean += apart_ * (b / (a + b));
  into.count += other.count;
}

/// Descending, of a symmetric matrix of which the lower triangle is there; NaN where an entry is not finite.
LIBRATION_DECLARED Eigen::VectorXd variances_of(const Eigen::MatrixXd& scatter, double count) {
  if (!scatter.allFinite()) return Eigen::VectorXd::Constant(scatter.rows(), std::numeric_limits<double>::quiet_NaN());
  Eigen::VectorXd values =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(scatter, Eigen::EigenvaluesOnly).eigenvalues().reverse() / count;
  return values.cwiseMax(0.0);
}

LIBRATION_DEFINED void covariance_record::write_to(layer_statistics& layer) {
  flush();
  if (stretches_.empty()) return;
  const std::size_t last = stretches_.size() - 1;
  if (last > 0 && 2 * stretches_[last].count < length_) {
    merge(stretches_[last - 1], stretches_[last]);
    stretches_.pop_back();
  }
  const auto of_others = [&](std::size_t left_out) {
    stretch all{0, Eigen::VectorXd::Zero(n_), Eigen::MatrixXd::Zero(n_, n_)};
    for (std::size_t i = 0; i < stretches_.size(); ++i)
      if (i != left_out) merge(all, stretches_[i]);
    return variances_of(all.scatter, static_cast<double>(all.count));
  };
  const std::size_t parts = stretches_.size();
  layer.variances = of_others(parts);
  layer.participation_ratio = participation_ratio(layer.variances);
  layer.effective_rank = effective_rank(layer.variances);
  if (parts < least_stretches) return;
  std::vector<double> ratio(parts), rank(parts);
  for (std::size_t i = 0; i < parts; ++i) {
    const Eigen::VectorXd variances = of_others(i);
    ratio[i] = participation_ratio(variances);
    rank[i] = effective_rank(variances);
  }
  const auto jackknife = [&](const std::vector<double>& values) {
    const auto count = static_cast<double>(values.size());
    double mean = 0.0, squares = 0.0;
    for (const double x : values) mean += x / count;
    for (const double x : values) squares += (x - mean) * (x - mean);
    return std::sqrt((count - 1.0) / count * squares);
  };
  layer.participation_ratio_error = jackknife(ratio);
  layer.effective_rank_error = jackknife(rank);
}

LIBRATION_DEFINED state_record::state_record(const state_options& options, const std::vector<Eigen::Index>& offsets,
                                             Eigen::Index n, std::int64_t steps)
    : options_(options),
      norms_(static_cast<Eigen::Index>(offsets.size())),
      outside_(offsets.size(), 0),
      last_inside_(offsets.size(), 0),
      row_(offsets.size()),
      state_(n),
      size_(Eigen::VectorXd::Zero(n)),
      size_by_time_(Eigen::VectorXd::Zero(n)) {
  double bytes = 0.0;
  for (std::size_t l = 0; l < offsets.size(); ++l) {
    layer_statistics layer;
    layer.first = offsets[l];
    layer.size = (l + 1 < offsets.size() ? offsets[l + 1] : n) - offsets[l];
    layer.largest_norm = 0.0;
    layers_.push_back(layer);
    bytes += static_cast<double>(most_stretches + 2) * 8.0 * static_cast<double>(layer.size) * static_cast<double>(layer.size);
  }
  if (!options_.dimensions) return;
  require_memory(bytes, "memory::state_statistics", "the covariances of the layers' states", ".dimensions = false");
  for (const layer_statistics& layer : layers_) covariances_.emplace_back(layer.size, steps);
}

LIBRATION_DEFINED void state_record::add() {
  ++steps_;
  const double t = static_cast<double>(steps_);
  for (Eigen::Index i = 0; i < state_.size(); ++i) {
    const double size = std::abs(state_[i]);
    size_[i] += size;
    size_by_time_[i] += size * t;
  }
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    layer_statistics& layer = layers_[l];
    const double* const h = state_.data() + layer.first;
    const double norm = euclidean_norm(layer.size, [h](Eigen::Index i) { return h[i]; });
    row_[l] = norm;
    layer.largest_norm = std::max(layer.largest_norm, norm);
    if (steps_ <= options_.training_length) {
      layer.trained_norm = layer.largest_norm;
    } else if (options_.training_length > 0) {
      const bool out = norm > layer.trained_norm;
      if (out && layer.leaves_at < 0) layer.leaves_at = steps_;
      if (!out) last_inside_[l] = steps_;
      outside_[l] += out ? 1 : 0;
    }
    if (options_.dimensions) covariances_[l].add(h);
  }
  norms_.add(row_);
}

/// What the slopes say of a norm.
LIBRATION_DECLARED state_growth growth_of(const layer_statistics& layer, double margin) {
  const stats::trend_estimate& whole = layer.trend;
  const stats::trend_estimate& late = layer.late_trend;
  const double level = margin * std::abs(layer.norm.mean), steps = static_cast<double>(layer.norm.steps);
  if (!(whole.degrees_of_freedom > 0.0 && late.degrees_of_freedom > 0.0 && std::isfinite(level))) return state_growth::undecided;
  if (whole.upper() * steps < level && whole.lower() * steps > -level) return state_growth::level;
  if (whole.upper() < 0.0) return state_growth::shrinking;
  if (!(whole.lower() > 0.0)) return state_growth::undecided;
  return late.lower() > 0.0 && late.upper() >= whole.slope ? state_growth::growing : state_growth::slowing;
}

LIBRATION_DEFINED void state_record::write_to(state_result& result) {
  result.steps = steps_;
  result.layers = layers_;
  if (steps_ == 0) return;
  const double steps = static_cast<double>(steps_), middle = 0.5 * (steps + 1.0);
  const double spread = steps * (steps * steps - 1.0) / 12.0;  // Σ (t - middle)²
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    layer_statistics& layer = result.layers[l];
    const auto row = static_cast<Eigen::Index>(l);
    layer.norm = stats::mean_error(norms_, row);
    layer.trend = stats::fit_trend(norms_, row);
    layer.late_trend = stats::fit_trend(norms_, row, norms_.count() / 2);
    layer.growth = growth_of(layer, options_.margin);
    for (Eigen::Index i = layer.first; steps_ > 1 && i < layer.first + layer.size; ++i) {
      const double slope = (size_by_time_[i] - middle * size_[i]) / spread;
      if (layer.fastest >= 0 && !(slope > layer.fastest_slope)) continue;
      layer.fastest = i;
      layer.fastest_slope = slope;
    }
    if (options_.training_length > 0 && steps_ > options_.training_length) {
      const std::int64_t beyond = steps_ - options_.training_length;
      layer.outside = static_cast<double>(outside_[l]) / static_cast<double>(beyond);
      if (last_inside_[l] < steps_) layer.leaves_for_good_at = std::max(last_inside_[l], options_.training_length) + 1;
    }
    if (options_.dimensions) covariances_[l].write_to(layer);
  }
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail

namespace libration::inline LIBRATION_ABI::memory {

LIBRATION_DEFINED std::vector<std::size_t> state_result::growing() const {
  std::vector<std::size_t> chosen;
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (layers[l].growth == state_growth::growing) chosen.push_back(l);
  return chosen;
}

LIBRATION_DEFINED void state_estimator::validate(Eigen::Index n) const {
  constexpr std::string_view who = "memory::state_statistics";
  const option_check check(who);
  for (std::size_t l = 0; l < options.layers.size(); ++l) {
    const Eigen::Index first = options.layers[l], least = l == 0 ? 0 : options.layers[l - 1] + 1;
    require(first >= least && first < n && (l > 0 || first == 0), who, [&] {
      return ".layers[" + number_text(l) + "] is " + number_text(first) + ", expected " +
             (l == 0 ? "0" : number_text(least) + " to " + number_text(n - 1)) + " (layers begin at ascending rows of the state)";
    });
  }
  check(options.training_length >= 0, "training_length", options.training_length, ">= 0");
  check(options.margin > 0.0, "margin", options.margin, "> 0");
}

}  // namespace libration::inline LIBRATION_ABI::memory
