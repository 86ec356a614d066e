// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/hotelling.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/definitions/detail/squared_norms.hpp>
#include <libration/drift/hotelling.hpp>
#include <libration/stats/fisher_f.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::drift {

LIBRATION_DEFINED double hotelling_limit(Eigen::Index components, Eigen::Index states, double level) {
  constexpr std::string_view who = "drift::hotelling_limit";
  require(components >= 1 && components < states, who, [&] {
    return number_text(components) + " components of " + number_text(states) + " states, expected 1 or more, and fewer than states";
  });
  require(level > 0.0 && level < 1.0, who, [&] { return "level is " + number_text(level) + ", expected in (0, 1)"; });
  const auto k = static_cast<double>(components), n = static_cast<double>(states);
  return k * (n * n - 1.0) / (n * (n - k)) * stats::fisher_f_quantile(level, k, n - k);
}

LIBRATION_DEFINED double spe_limit(const Eigen::Ref<const Eigen::VectorXd>& variances, double level) {
  constexpr std::string_view who = "drift::spe_limit";
  require(variances.size() >= 1 && variances.allFinite() && (variances.array() > 0.0).all(), who,
          "expected at least one variance, all of them positive and finite");
  require(level > 0.0 && level < 1.0, who, [&] { return "level is " + number_text(level) + ", expected in (0, 1)"; });
  const double largest = variances.maxCoeff();
  double t1 = 0.0, t2 = 0.0, t3 = 0.0;
  for (Eigen::Index i = 0; i < variances.size(); ++i) {
    const double x = variances[i] / largest;
    t1 += x;
    t2 += x * x;
    t3 += x * x * x;
  }
  const double h = 1.0 - 2.0 * t1 * t3 / (3.0 * t2 * t2), c = stats::normal_quantile(level);
  const double slope = c * std::sqrt(2.0 * t2) / t1 + t2 * (h - 1.0) / (t1 * t1);
  if (!(1.0 + slope * h > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  // As h goes to 0 the power goes to e^slope.
  return largest * t1 * (std::abs(h) > 1e-8 ? std::exp(std::log1p(slope * h) / h) : std::exp(slope));
}

LIBRATION_DEFINED hotelling::hotelling(const reference& usual, const hotelling_options& options) {
  constexpr std::string_view who = "drift::hotelling";
  require(!usual.by_class(), who, "the reference is by class, expected a pooled one or one by position");
  require(!usual.covariance_by_position(), who, "the reference has a covariance for each position, expected one that they share");
  const factored_covariance& sigma = usual.covariance();
  const option_check check(who);
  const bool full = sigma.full();
  const Eigen::Index n = usual.size(), k = options.components;
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "in (0, 1)");
  check(k >= 1 && static_cast<double>(k) < usual.degrees_of_freedom() + 1.0, "components", k,
        "at least 1, and fewer than " + number_text(usual.degrees_of_freedom() + 1.0) + " (states less means, plus 1)");
  check(k <= n, "components", k, "at most " + number_text(n) + " (the components of a state)");
  status_ = usual.status();
  by_position_ = usual.by_position();
  level_ = options.level;
  divisor_ = usual.divisor();
  degrees_of_freedom_ = usual.degrees_of_freedom();
  const Eigen::Index means = by_position_ ? usual.positions() : 1;
  means_.resize(n, means);
  states_of_mean_.resize(means);
  for (Eigen::Index t = 0; t < means; ++t) {
    means_.col(t) = usual.mean(t);
    states_of_mean_[t] = usual.states_of_mean(t);
  }
  variances_ = Eigen::VectorXd::Zero(k);
  vectors_ = Eigen::MatrixXd::Zero(n, k);
  rest_ = Eigen::VectorXd::Zero(n - k);
  if (status_ != libration::status::ok) return;
  check(full || k <= sigma.rank(), "components", k, "at most " + number_text(sigma.rank()) + " (the reference's rank)");
  if (full) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(sigma.matrix());
    for (Eigen::Index i = 0; i < n; ++i) {
      const double variance = solver.eigenvalues()[n - 1 - i];
      (i < k ? variances_[i] : rest_[i - k]) = variance;
      if (i < k) vectors_.col(i) = solver.eigenvectors().col(n - 1 - i);
    }
    // Below the rounding of the largest one there is no variance to divide by.
    if (!(solver.eigenvalues()[0] > 0.0)) status_ = libration::status::not_resolved;
    return;
  }
  vectors_ = sigma.factor().leftCols(k);
  variances_ = sigma.variances().head(k);
  const Eigen::Index kept = sigma.rank() - k;
  for (Eigen::Index i = 0; i < n - k; ++i) rest_[i] = i < kept ? sigma.variances()[k + i] : sigma.residual_variance();
}

LIBRATION_DEFINED Eigen::Index hotelling::mean_index(Eigen::Index position) const {
  if (!by_position_) return 0;
  require(position >= 0 && position < means_.cols(), "drift::hotelling", [&] {
    return "position " + number_text(position) + " is not in the reference, expected 0 to " + number_text(means_.cols() - 1);
  });
  return position;
}

LIBRATION_DEFINED double hotelling::t_squared_limit(Eigen::Index position) const {
  const double m = states_of_mean_[mean_index(position)];
  if (status_ != libration::status::ok) return std::numeric_limits<double>::quiet_NaN();
  const auto k = static_cast<double>(components());
  const double rest = degrees_of_freedom_ - k + 1.0;
  return (1.0 + 1.0 / m) * k * divisor_ / rest * stats::fisher_f_quantile(level_, k, rest);
}

LIBRATION_DEFINED double hotelling::spe_limit(Eigen::Index position) const {
  const double m = states_of_mean_[mean_index(position)];
  if (status_ != libration::status::ok) return std::numeric_limits<double>::quiet_NaN();
  return rest_.size() > 0 ? (1.0 + 1.0 / m) * drift::spe_limit(rest_, level_) : 0.0;
}

LIBRATION_DEFINED hotelling_value hotelling::value(vector_view<double> h, Eigen::Index position, workspace& ws) const {
  require(h.size() == means_.rows(), "drift::hotelling", [&] {
    return "a state of " + number_text(h.size()) + " components, expected " + number_text(means_.rows()) + " as the reference has";
  });
  const Eigen::Index k = mean_index(position);
  if (status_ != libration::status::ok || !h.allFinite()) return {};
  ws.deviation = h - means_.col(k);
  const detail::component_sum sum = detail::component_sum_of(vectors_, variances_, ws.deviation, ws.scores);
  return {sum.t_squared, sum.spe};
}

LIBRATION_DEFINED hotelling_value hotelling::value(vector_view<double> h, Eigen::Index position) const {
  workspace ws = make_workspace();
  return value(h, position, ws);
}

LIBRATION_DEFINED hotelling_values hotelling::values_along(matrix_view<double> run, Eigen::Index first, int threads) const {
  constexpr std::string_view who = "drift::hotelling";
  require(run.rows() == means_.rows(), who, [&] {
    return "states of " + number_text(run.rows()) + " components, expected " + number_text(means_.rows()) + " as the reference has";
  });
  require(first >= 0 && (!by_position_ || run.cols() <= means_.cols() - std::min(first, means_.cols())), who, [&] {
    return "a run at positions " + number_text(first) + " to " + number_text(first + run.cols() - 1) +
           ", expected positions from 0" + (by_position_ ? " to " + number_text(means_.cols() - 1) : "");
  });
  const double none = std::numeric_limits<double>::quiet_NaN();
  hotelling_values result{Eigen::VectorXd::Constant(run.cols(), none), Eigen::VectorXd::Constant(run.cols(), none)};
  if (status_ != libration::status::ok) return result;
  detail::for_deviations<double, double>(run, means_, by_position_ ? first : 0, by_position_, threads,
                                         [&](const Eigen::MatrixXd& C, Eigen::Index from) {
                                           std::vector<detail::component_sum> sums(static_cast<std::size_t>(C.cols()));
                                           detail::component_sums_of<double>(vectors_, vectors_, variances_, C, sums.data());
                                           for (Eigen::Index j = 0; j < C.cols(); ++j) {
                                             if (!run.col(from + j).allFinite()) continue;
                                             result.t_squared[from + j] = sums[static_cast<std::size_t>(j)].t_squared;
                                             result.spe[from + j] = sums[static_cast<std::size_t>(j)].spe;
                                           }
                                         });
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::drift
