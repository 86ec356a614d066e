// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/score_process.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/drift/score_process.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

inline constexpr Eigen::Index fewest_scores = 20;
inline constexpr std::int64_t longest_memory = 100'000;

struct least_squares {
  Eigen::VectorXd coefficients;
  double variance = 0.0;  // of the residuals
  bool solved = true;
};

/// Regression of y_t on the `order` values before it, t >= first.
LIBRATION_DECLARED least_squares autoregression(const Eigen::MatrixXd& Y, int order, Eigen::Index first) {
  const Eigen::Index p = order, T = Y.rows();
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(p + 1, p + 1);  // products of lags 0 to p
  for (Eigen::Index r = 0; r < Y.cols(); ++r)
    for (Eigen::Index i = 0; i <= p; ++i)
      for (Eigen::Index j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (Eigen::Index t = first; t < T; ++t) sum += Y(t - i, r) * Y(t - j, r);
        A(i, j) += sum;
      }
  // Cholesky's factor of the lags' products, row by row; the right side is column 0.
  least_squares fit;
  Eigen::VectorXd& c = fit.coefficients;
  c.resize(p);
  const double largest = p > 0 ? A.diagonal().tail(p).maxCoeff() : 0.0;
  for (Eigen::Index i = 1; i <= p; ++i) {
    for (Eigen::Index j = 1; j <= i; ++j) {
      double sum = A(i, j);
      for (Eigen::Index k = 1; k < j; ++k) sum -= A(i, k) * A(j, k);
      if (j < i) {
        A(i, j) = sum / A(j, j);
      } else {
        if (!(sum > 1e-13 * largest)) fit.solved = false;
        A(i, i) = std::sqrt(std::max(sum, 1e-300));
      }
    }
    double sum = A(i, 0);
    for (Eigen::Index k = 1; k < i; ++k) sum -= A(i, k) * c[k - 1];
    c[i - 1] = sum / A(i, i);
  }
  for (Eigen::Index i = p; i >= 1; --i) {
    for (Eigen::Index k = i + 1; k <= p; ++k) c[i - 1] -= A(k, i) * c[k - 1];
    c[i - 1] /= A(i, i);
  }
  double squares = 0.0;
  for (Eigen::Index r = 0; r < Y.cols(); ++r)
    for (Eigen::Index t = first; t < T; ++t) {
      double e = Y(t, r);
      for (Eigen::Index k = 0; k < p; ++k) e -= c[k] * Y(t - 1 - k, r);
      squares += e * e;
    }
  fit.variance = squares / static_cast<double>((T - first) * Y.cols());
  return fit;
}

/// By Levinson's recursion backwards: every reflection coefficient is below 1 in size, by more than rounding.
LIBRATION_DECLARED bool is_stationary(Eigen::VectorXd a) {
  for (Eigen::Index p = a.size(); p > 0; --p) {
    const double k = a[p - 1];
    if (!(std::abs(k) < 1.0 - 1e-12)) return false;
    Eigen::VectorXd shorter(p - 1);
    for (Eigen::Index j = 0; j < p - 1; ++j) shorter[j] = (a[j] + k * a[p - 2 - j]) / (1.0 - k * k);
    a = std::move(shorter);
  }
  return true;
}

/// Number of steps after which 20 weights of an impulse together hold less than 1e-7 of the sum of all squares; at most
/// `longest_memory`.
LIBRATION_DECLARED std::int64_t memory_of(const Eigen::VectorXd& coefficients) {
  const Eigen::Index p = coefficients.size();
  if (p == 0) return 0;
  std::array<double, largest_order> lags{};
  std::vector<double> squares{1.0};
  lags[0] = 1.0;
  double sum = 1.0, tail = 1.0;
  // Not one weight: those of an oscillation pass through 0.
  constexpr std::size_t window = 20;
  for (std::int64_t t = 1; t < longest_memory; ++t) {
    double w = 0.0;
    for (Eigen::Index k = 0; k < p; ++k) w += coefficients[k] * lags[static_cast<std::size_t>(k)];
    for (std::size_t k = largest_order - 1; k > 0; --k) lags[k] = lags[k - 1];
    lags[0] = w;
    squares.push_back(w * w);
    sum += w * w;
    tail += w * w;
    if (squares.size() > window) tail -= squares[squares.size() - 1 - window];
    if (squares.size() >= window && tail < 1e-7 * sum) return t;
  }
  return longest_memory;
}

LIBRATION_DEFINED score_process fit_scores_of(const Eigen::MatrixXd& runs, const score_process_options& options) {
  constexpr std::string_view who = "drift::fit_scores";
  const Eigen::Index T = runs.rows(), n = runs.size();
  const option_check check(who);
  check(options.order >= -1 && options.order <= largest_order, "order", options.order, "-1 to 8");
  const Eigen::Index least = std::max<Eigen::Index>(2, 10 * std::max(options.order, 0));
  require(n >= fewest_scores && T >= least, who, [&] {
    return number_text(runs.cols()) + " runs of " + number_text(T) + " scores, expected at least " + number_text(fewest_scores) +
           " scores in all and " + number_text(least) + " in a run";
  });
  for (Eigen::Index r = 0; r < runs.cols(); ++r)
    for (Eigen::Index t = 0; t < T; ++t)
      require(std::abs(runs(t, r)) <= 1e100, who, [&] {
        return "score " + number_text(t) + " of run " + number_text(r) + " is " + number_text(runs(t, r)) +
               ", expected a number of at most 1e100 in size";
      });

  score_process out;
  out.count = n;
  out.mean = runs.mean();
  const Eigen::MatrixXd Y = runs.array() - out.mean;
  const auto count = static_cast<double>(n);
  out.deviation = std::sqrt(Y.squaredNorm() / (count - 1.0));
  if (!(out.deviation > 1e-14 * std::abs(out.mean)) || !(out.deviation > 1e-140)) {
    out.status = status::not_resolved;
    return out;
  }
  out.phi = autoregression(Y, 1, 1).coefficients[0];
  out.phi_error = std::sqrt(std::max(0.0, 1.0 - out.phi * out.phi) / count);
  out.phi_bias = -(1.0 + 3.0 * out.phi) / count;

  int order = options.order;
  if (order < 0) {
    const auto most = static_cast<int>(std::min<Eigen::Index>(largest_order, T / 10));
    const auto used = static_cast<double>((T - most) * runs.cols());
    double best = std::numeric_limits<double>::infinity();
    for (int p = 0; p <= most; ++p) {
      const least_squares fit = autoregression(Y, p, most);
      const double criterion = used * std::log(std::max(fit.variance, 1e-300)) + p * std::log(used);
      if (!fit.solved || criterion >= best) continue;
      best = criterion;
      order = p;
    }
  }
  least_squares fit = autoregression(Y, order, order);
  out.coefficients = std::move(fit.coefficients);
  const double freedom = static_cast<double>((T - order) * runs.cols());
  const double used = freedom - static_cast<double>(order) - 1.0;
  out.innovation_deviation = std::sqrt(fit.variance * freedom / used);
  if (fit.solved && is_stationary(out.coefficients)) out.memory_steps = memory_of(out.coefficients);
  // A longer memory than that cannot be told from none of the past ever being forgotten.
  if (!fit.solved || !is_stationary(out.coefficients) || out.memory_steps == longest_memory) {
    out.status = status::diverged;
    return out;
  }
  if (!(out.innovation_deviation > 1e-12 * out.deviation)) {
    out.status = status::not_resolved;
    return out;
  }
  if (!options.normal) {
    out.scores = Eigen::Map<const Eigen::VectorXd>(Y.data(), n);
    out.residuals.resize((T - order) * runs.cols());
    Eigen::Index at = 0;
    for (Eigen::Index r = 0; r < runs.cols(); ++r)
      for (Eigen::Index t = order; t < T; ++t) {
        double e = Y(t, r);
        for (Eigen::Index k = 0; k < order; ++k) e -= out.coefficients[k] * Y(t - 1 - k, r);
        out.residuals[at++] = e;
      }
    // Residuals are smaller than innovations by what was fitted.
    out.residuals.array() -= out.residuals.mean();
    const double spread = std::sqrt(out.residuals.squaredNorm() / static_cast<double>(out.residuals.size()));
    out.residuals *= out.innovation_deviation / spread;
  }
  out.status = status::ok;
  return out;
}

}  // namespace detail

LIBRATION_DEFINED score_process autoregressive_scores(double phi, double mean, double deviation) {
  constexpr std::string_view who = "drift::autoregressive_scores";
  require(std::abs(phi) < 1.0, who, [&] { return "phi is " + number_text(phi) + ", expected a number in (-1, 1)"; });
  require(std::isfinite(mean), who, [&] { return "the mean is " + number_text(mean) + ", expected a finite number"; });
  require(deviation > 0.0 && std::isfinite(deviation), who,
          [&] { return "the deviation is " + number_text(deviation) + ", expected a number > 0"; });
  score_process out;
  out.mean = mean;
  out.deviation = deviation;
  out.phi = phi;
  out.phi_error = out.phi_bias = 0.0;
  if (phi != 0.0) out.coefficients = Eigen::VectorXd::Constant(1, phi);
  out.innovation_deviation = deviation * std::sqrt(1.0 - phi * phi);
  out.memory_steps = detail::memory_of(out.coefficients);
  out.status = out.memory_steps == detail::longest_memory ? status::diverged : status::ok;
  return out;
}

LIBRATION_FUNC score_simulator::score_simulator(const score_process& process, std::uint64_t seed, std::uint64_t stream,
                                                bool independent)
    : from_(nullptr), random_(seed, stream), mean_(process.mean), scale_(process.deviation), order_(0) {
  require(process.status == status::ok, "drift::score_simulator",
          [&] { return "the process has the status " + std::string(to_string(process.status)) + ", expected ok"; });
  require(process.coefficients.size() <= largest_order, "drift::score_simulator",
          [&] { return "the process has the order " + number_text(process.coefficients.size()) + ", expected at most 8"; });
  const Eigen::VectorXd& values = independent ? process.scores : process.residuals;
  if (values.size() > 0) from_ = &values;
  if (independent) return;
  order_ = process.order();
  for (int k = 0; k < order_; ++k) coefficients_[static_cast<std::size_t>(k)] = process.coefficients[k];
  // At order 1 with normal innovations the stationary distribution is at hand.
  if (order_ == 1 && from_ == nullptr) {
    fill();
    lags_[0] = drawn_[used_++];
    drawn_.tail(block - used_) *= process.innovation_deviation / scale_;
    scale_ = process.innovation_deviation;
    return;
  }
  scale_ = process.innovation_deviation;
  for (std::int64_t t = 0; t < process.memory_steps; ++t) (void)next();
}

LIBRATION_DEFINED void score_simulator::fill() noexcept {
  used_ = 0;
  if (from_ == nullptr) {
    random_.fill_normal(drawn_, random_.position());
    drawn_ *= scale_;
    random_.seek(random_.position() + static_cast<std::uint64_t>(block));
    return;
  }
  const auto n = static_cast<std::uint64_t>(from_->size());
  for (Eigen::Index i = 0; i < block; i += 2) {
    // Both halves of 64 bits, each times n over 2³².
    const std::uint64_t bits = random_.next_bits();
    drawn_[i] = (*from_)[static_cast<Eigen::Index>(((bits >> 32) * n) >> 32)];
    drawn_[i + 1] = (*from_)[static_cast<Eigen::Index>(((bits & 0xffffffffU) * n) >> 32)];
  }
}

}  // namespace libration::inline LIBRATION_ABI::drift
