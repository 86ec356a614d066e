// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/reference.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/parallel.hpp>
#include <libration/drift/definitions/detail/squared_norms.hpp>
#include <libration/drift/reference.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

/// Which mean each state belongs to, and the states of each mean.
struct mean_groups {
  std::vector<Eigen::Index> of_state;
  Eigen::Index count = 1;
};

/// \return  columns of the runs that are used, in order; of each run the first `most` ones (0: all)
LIBRATION_DECLARED Eigen::MatrixXd all_states(std::span<const Eigen::MatrixXd> runs, Eigen::Index most, std::string_view who) {
  const Eigen::Index n = runs.front().rows();
  const auto length = [&](const Eigen::MatrixXd& run) { return most > 0 ? std::min(most, run.cols()) : run.cols(); };
  Eigen::Index total = 0;
  for (const Eigen::MatrixXd& run : runs) total += length(run);
  require_memory(2.0 * static_cast<double>(n) * static_cast<double>(total) * sizeof(double), who, "the states", "fewer states");
  Eigen::MatrixXd X(n, total);
  Eigen::Index at = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (Eigen::Index t = 0; t < length(runs[r]); ++t, ++at) {
      X.col(at) = runs[r].col(t);
      require(X.col(at).allFinite(), who, [&] {
        return "run " + number_text(r) + ", column " + number_text(t) + ": the state has a value that is not finite";
      });
    }
  }
  return X;
}

LIBRATION_DECLARED mean_groups groups_by_label(const std::vector<int>& labels, std::span<const Eigen::MatrixXd> runs,
                                               Eigen::Index total, std::string_view who) {
  mean_groups groups;
  const bool of_runs = labels.size() == runs.size();
  require(of_runs || labels.size() == static_cast<std::size_t>(total), who, [&] {
    return number_text(labels.size()) + " .labels, expected one a state (" + number_text(total) + ") or one a run (" +
           number_text(runs.size()) + ")";
  });
  int most = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    require(labels[i] >= 0 && static_cast<std::size_t>(labels[i]) < labels.size(), who, [&] {
      return ".labels[" + number_text(i) + "] is " + number_text(labels[i]) + ", expected 0, 1, ... for the classes";
    });
    most = std::max(most, labels[i]);
  }
  groups.count = most + 1;
  for (std::size_t r = 0, at = 0; r < runs.size(); ++r)
    for (Eigen::Index t = 0; t < runs[r].cols(); ++t, ++at) groups.of_state.push_back(labels[of_runs ? r : at]);
  return groups;
}

}  // namespace detail

LIBRATION_DEFINED reference::reference(std::span<const Eigen::MatrixXd> runs, const reference_options& options) {
  fit(runs, options);
}

LIBRATION_DEFINED reference::reference(std::span<const Eigen::MatrixXf> runs, const reference_options& options) {
  std::vector<Eigen::MatrixXd> wide;
  for (const Eigen::MatrixXf& run : runs) wide.push_back(run.cast<double>());
  fit(wide, options);
}

LIBRATION_DEFINED reference::reference(const std::vector<Eigen::MatrixXd>& runs, const reference_options& options) {
  fit(runs, options);
}

LIBRATION_DEFINED reference::reference(const std::vector<Eigen::MatrixXf>& runs, const reference_options& options)
    : reference(std::span<const Eigen::MatrixXf>(runs), options) {}

LIBRATION_DEFINED void reference::fit(std::span<const Eigen::MatrixXd> runs, const reference_options& options) {
  constexpr std::string_view who = "drift::reference";
  require(!runs.empty(), who, "no runs, expected at least one");
  const Eigen::Index n = runs.front().rows();
  Eigen::Index longest = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    require(runs[r].rows() >= 1 && runs[r].rows() == n && runs[r].cols() >= 1, who, [&] {
      return "run " + number_text(r) + " has the shape (" + number_text(runs[r].rows()) + ", " + number_text(runs[r].cols()) +
             "), expected at least one column, and as many rows as run 0 has (" + number_text(n) + "), at least one";
    });
    longest = std::max(longest, runs[r].cols());
  }
  const option_check check(who);
  check(options.position_window >= 0, "position_window", options.position_window, ">= 0");
  check(options.positions >= 0 && options.positions <= longest, "positions", options.positions,
        "0 to " + number_text(longest) + " (the longest run)");
  check(options.rank >= 0 && options.rank <= n, "rank", options.rank, "0 to " + number_text(n) + " (the components of a state)");
  check(options.ridge >= 0.0 && std::isfinite(options.ridge), "ridge", options.ridge, "a finite number, >= 0");
  if (options.shrinkage) check(*options.shrinkage >= 0.0 && *options.shrinkage <= 1.0, "shrinkage", *options.shrinkage, "0 to 1");
  require(options.by_position || (options.position_window == 0 && options.positions == 0 && !options.covariance_by_position), who,
          ".position_window, .positions and .covariance_by_position need .by_position");
  require(!options.by_position || options.labels.empty(), who, ".labels and .by_position exclude each other");

  by_position_ = options.by_position;
  const Eigen::Index positions = options.positions > 0 ? options.positions : longest;
  Eigen::MatrixXd X = detail::all_states(runs, by_position_ ? positions : 0, who);
  const Eigen::Index total = X.cols();
  require(total >= 2, who, [&] { return number_text(total) + " states, expected at least 2"; });
  states_ = total;

  detail::mean_groups groups;
  if (by_position_) {
    groups.count = positions;
    for (const Eigen::MatrixXd& run : runs)
      for (Eigen::Index t = 0; t < std::min(run.cols(), positions); ++t) groups.of_state.push_back(t);
  } else if (!options.labels.empty()) {
    groups = detail::groups_by_label(options.labels, runs, total, who);
  } else {
    groups.of_state.assign(static_cast<std::size_t>(total), 0);
  }
  const auto group_of = [&](Eigen::Index j) { return groups.of_state[static_cast<std::size_t>(j)]; };

  // Means; by position with a window those of the sums of neighbouring positions.
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(n, groups.count);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(groups.count);
  for (Eigen::Index j = 0; j < total; ++j) {
    sums.col(group_of(j)) += X.col(j);
    counts[group_of(j)] += 1.0;
  }
  const Eigen::Index window = options.position_window;
  means_.resize(n, groups.count);
  states_of_mean_.resize(groups.count);
  for (Eigen::Index k = 0; k < groups.count; ++k) {
    const Eigen::Index from = std::max<Eigen::Index>(0, k - window), to = std::min(groups.count, k + window + 1);
    const double count = counts.segment(from, to - from).sum();
    require(!by_position_ || count >= 2.0, who, [&] {
      return "position " + number_text(k) + " has " + number_text(count) +
             " state, expected at least 2: several runs, a .position_window, or fewer .positions";
    });
    require(count >= 1.0, who, [&] { return "class " + number_text(k) + " of .labels has no state"; });
    means_.col(k).setZero();
    for (Eigen::Index i = from; i < to; ++i) means_.col(k) += sums.col(i) / count;
    states_of_mean_[k] = count;
  }
  require(means_.allFinite(), who, "the states' mean leaves the range of double");

  covariance_options how;
  how.shrinkage = options.shrinkage;
  how.ridge = options.ridge;
  how.rank = options.rank;
  if (!options.labels.empty()) {
    background_mean_ = X.rowwise().mean();
    Eigen::MatrixXd about = X.colwise() - background_mean_;
    how.divisor = static_cast<double>(options.unbiased ? total - 1 : total);
    background_ = factored_covariance::of(std::move(about), how);
  }
  degrees_of_freedom_ = 0.0;
  for (Eigen::Index j = 0; j < total; ++j) degrees_of_freedom_ += 1.0 - 1.0 / states_of_mean_[group_of(j)];
  // Of classes of one state each nothing is left.
  const bool any = degrees_of_freedom_ > 0.5;
  divisor_ = (options.unbiased || by_position_) && any ? degrees_of_freedom_ : static_cast<double>(total);

  if (!options.covariance_by_position) {
    for (Eigen::Index j = 0; j < total; ++j) X.col(j) -= means_.col(group_of(j));
    how.divisor = divisor_;
    covariances_.push_back(factored_covariance::of(std::move(X), how));
    return;
  }
  const auto each = static_cast<double>(n) * static_cast<double>(options.rank > 0 ? options.rank : n);
  require_memory(each * static_cast<double>(positions) * sizeof(double), who, "a covariance for each position",
                 "a .rank, or a covariance that the positions share");
  for (Eigen::Index k = 0; k < positions; ++k) {
    std::vector<Eigen::Index> members;
    for (Eigen::Index j = 0; j < total; ++j)
      if (std::abs(group_of(j) - k) <= window) members.push_back(j);
    Eigen::MatrixXd about(n, static_cast<Eigen::Index>(members.size()));
    for (Eigen::Index j = 0; j < about.cols(); ++j) about.col(j) = X.col(members[static_cast<std::size_t>(j)]) - means_.col(k);
    how.divisor = static_cast<double>(about.cols() - 1);
    covariances_.push_back(factored_covariance::of(std::move(about), how));
  }
}

LIBRATION_DEFINED status reference::status() const {
  for (const factored_covariance& sigma : covariances_)
    if (sigma.status() != status::ok) return sigma.status();
  return by_class() ? background_.status() : status::ok;
}

LIBRATION_DEFINED Eigen::Index reference::mean_index(Eigen::Index k) const {
  if (!by_position_ && !by_class()) return 0;
  require(k >= 0 && k < means_.cols(), "drift::reference", [&] {
    if (by_position_ && k == -1) return "the reference is by position: expected a position, 0 to " + number_text(means_.cols() - 1);
    return (by_position_ ? "position " : "class ") + number_text(k) + " is not in the reference, expected 0 to " +
           number_text(means_.cols() - 1);
  });
  return k;
}

LIBRATION_DEFINED void reference::check_state(Eigen::Index rows) const {
  require(rows == size(), "drift::reference", [&] {
    return "a state of " + number_text(rows) + " components, expected " + number_text(size()) + " as the reference has";
  });
}

LIBRATION_DEFINED void reference::check_run(Eigen::Index rows, Eigen::Index columns, Eigen::Index first) const {
  check_state(rows);
  require(first >= 0, "drift::reference", [&] { return "first is " + number_text(first) + ", expected a position >= 0"; });
  if (by_position_ && columns > 0) {
    require(columns <= positions() - std::min(first, positions()), "drift::reference", [&] {
      return "a run at positions " + number_text(first) + " to " + number_text(first + columns - 1) + ", expected 0 to " +
             number_text(positions() - 1) + ": there is no reference for others";
    });
  }
}

LIBRATION_DEFINED Eigen::VectorXd reference::mean(Eigen::Index k) const { return means_.col(mean_index(k)); }

LIBRATION_DEFINED double reference::states_of_mean(Eigen::Index k) const { return states_of_mean_[mean_index(k)]; }

LIBRATION_DEFINED const factored_covariance& reference::covariance(Eigen::Index k) const {
  return covariances_[covariance_by_position() ? static_cast<std::size_t>(mean_index(k)) : 0];
}

LIBRATION_DEFINED reference::workspace reference::make_workspace() const {
  Eigen::Index rank = background_.rank();
  for (const factored_covariance& sigma : covariances_) rank = std::max(rank, sigma.rank());
  return {Eigen::VectorXd::Zero(size()), Eigen::VectorXd::Zero(rank)};
}

namespace detail {

/// The least of d² from the means k = from ... to - 1.
template <class Scalar>
double least_squared_norm(const factored_covariance& sigma, const Eigen::MatrixXd& means, Eigen::Index from, Eigen::Index to,
                          const vector_view<Scalar>& h, factored_covariance::workspace& ws) {
  double least = std::numeric_limits<double>::quiet_NaN();
  for (Eigen::Index k = from; k < to; ++k) {
    ws.deviation = h.template cast<double>() - means.col(k);
    const double squared = sigma.squared_norm(ws);
    if (!(least <= squared)) least = squared;
  }
  return least;
}

}  // namespace detail

LIBRATION_DEFINED double reference::squared_mahalanobis(vector_view<double> h, Eigen::Index position, workspace& ws) const {
  check_state(h.size());
  if (by_class()) return detail::least_squared_norm<double>(covariances_[0], means_, 0, means_.cols(), h, ws);
  const Eigen::Index k = mean_index(position);
  return detail::least_squared_norm<double>(covariance(k), means_, k, k + 1, h, ws);
}

LIBRATION_DEFINED double reference::squared_mahalanobis(vector_view<float> h, Eigen::Index position, workspace& ws) const {
  check_state(h.size());
  if (by_class()) return detail::least_squared_norm<float>(covariances_[0], means_, 0, means_.cols(), h, ws);
  const Eigen::Index k = mean_index(position);
  return detail::least_squared_norm<float>(covariance(k), means_, k, k + 1, h, ws);
}

LIBRATION_DEFINED double reference::squared_mahalanobis(vector_view<double> h, Eigen::Index position) const {
  workspace ws = make_workspace();
  return squared_mahalanobis(h, position, ws);
}

LIBRATION_DEFINED double reference::squared_mahalanobis(vector_view<float> h, Eigen::Index position) const {
  workspace ws = make_workspace();
  return squared_mahalanobis(h, position, ws);
}

namespace detail {

/// The least over the means of a block form's distances.
template <class Scalar>
Eigen::VectorXd least_squared_norms(const factored_covariance& sigma, const Eigen::MatrixXd& means, const matrix_view<Scalar>& run,
                                    int threads) {
  Eigen::VectorXd least(run.cols()), other(run.cols());
  squared_norms_along<Scalar>(sigma, run, means, 0, false, threads, least);
  for (Eigen::Index k = 1; k < means.cols(); ++k) {
    squared_norms_along<Scalar>(sigma, run, means, k, false, threads, other);
    least = least.cwiseMin(other);
  }
  return least;
}

}  // namespace detail

template <class Scalar>
Eigen::VectorXd reference::along(const matrix_view<Scalar>& run, Eigen::Index first, int threads) const {
  check_run(run.rows(), run.cols(), first);
  if (!by_position_) return detail::least_squared_norms<Scalar>(covariances_[0], means_, run, threads);
  Eigen::VectorXd out(run.cols());
  if (covariance_by_position()) {
    parallel_for(run.cols(), threads, [&](std::int64_t t) {
      workspace ws = make_workspace();
      out[t] = squared_mahalanobis(run.col(t), first + static_cast<Eigen::Index>(t), ws);
    });
  } else {
    detail::squared_norms_along<Scalar>(covariances_[0], run, means_, first, true, threads, out);
  }
  return out;
}

LIBRATION_DEFINED Eigen::VectorXd reference::squared_mahalanobis_along(matrix_view<double> run, Eigen::Index first,
                                                                       int threads) const {
  return along<double>(run, first, threads);
}

LIBRATION_DEFINED Eigen::VectorXd reference::squared_mahalanobis_along(matrix_view<float> run, Eigen::Index first,
                                                                       int threads) const {
  return along<float>(run, first, threads);
}

LIBRATION_DEFINED double reference::squared_mahalanobis_of_mean(matrix_view<double> window, Eigen::Index first) const {
  constexpr std::string_view who = "drift::reference";
  check_run(window.rows(), window.cols(), first);
  require(window.cols() >= 1, who, "a window without states, expected at least 1");
  require(!by_class(), who, "the mean of a window is not measured against classes");
  require(!covariance_by_position(), who, "the mean of a window needs a covariance that its positions share");
  workspace ws = make_workspace();
  ws.deviation.setZero();
  for (Eigen::Index j = 0; j < window.cols(); ++j)
    ws.deviation += (window.col(j) - means_.col(by_position_ ? first + j : 0)) / static_cast<double>(window.cols());
  return covariances_[0].squared_norm(ws);
}

LIBRATION_DEFINED double reference::relative_mahalanobis(vector_view<double> h, workspace& ws) const {
  require(by_class(), "drift::reference", "a relative distance needs classes: .labels");
  const double near = squared_mahalanobis(h, -1, ws);
  ws.deviation = h - background_mean_;
  return near - background_.squared_norm(ws);
}

LIBRATION_DEFINED double reference::relative_mahalanobis(vector_view<double> h) const {
  workspace ws = make_workspace();
  return relative_mahalanobis(h, ws);
}

LIBRATION_DEFINED Eigen::VectorXd reference::relative_mahalanobis_along(matrix_view<double> run, int threads) const {
  require(by_class(), "drift::reference", "a relative distance needs classes: .labels");
  const Eigen::VectorXd near = squared_mahalanobis_along(run, 0, threads);
  return near - detail::least_squared_norms<double>(background_, background_mean_, run, threads);
}

}  // namespace libration::inline LIBRATION_ABI::drift
