// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/sample_distances.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/random.hpp>
#include <libration/core/scaling.hpp>
#include <libration/drift/sample_distances.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::drift::detail {

/// \param least  states of each sample
LIBRATION_DECLARED void check_samples(const Eigen::MatrixXd& X, const Eigen::MatrixXd& Y, Eigen::Index least,
                                      std::string_view who) {
  require(X.rows() >= 1 && X.rows() == Y.rows(), who, [&] {
    return "states of the first sample have " + number_text(X.rows()) + " components, of the second " + number_text(Y.rows()) +
           ", expected the same number, at least 1";
  });
  require(X.cols() >= least && Y.cols() >= least, who, [&] {
    return "the samples have " + number_text(X.cols()) + " and " + number_text(Y.cols()) + " states (columns), expected at least " +
           number_text(least) + " each";
  });
  require(X.allFinite(), who, "the first sample has a value that is not finite");
  require(Y.allFinite(), who, "the second sample has a value that is not finite");
}

/// Both samples times the power of two that keeps squares in the range of double.
/// \return  the power to multiply a distance by
LIBRATION_DECLARED int scale_together(Eigen::MatrixXd& X, Eigen::MatrixXd& Y) {
  const int exponent = std::max(binary_exponent(X), binary_exponent(Y));
  scale_by_power_of_two(X, -exponent);
  scale_by_power_of_two(Y, -exponent);
  return exponent;
}

/// Two sorted samples. A step of the two quantile functions at a time, of which the shorter one ends.
LIBRATION_DECLARED double sorted_wasserstein(const Eigen::VectorXd& x, const Eigen::VectorXd& y, int order) {
  const Eigen::Index n = x.size(), m = y.size();
  double sum = 0.0;
  // In units of 1/(n m): x_i lasts to (i + 1) m, y_j to (j + 1) n.
  double at = 0.0;
  for (Eigen::Index i = 0, j = 0; i < n && j < m;) {
    const double x_ends = static_cast<double>(i + 1) * static_cast<double>(m);
    const double y_ends = static_cast<double>(j + 1) * static_cast<double>(n);
    const double end = std::min(x_ends, y_ends), apart = std::abs(x[i] - y[j]);
    sum += (end - at) * (order == 1 ? apart : apart * apart);
    at = end;
    if (x_ends <= end) ++i;
    if (y_ends <= end) ++j;
  }
  return sum / (static_cast<double>(n) * static_cast<double>(m));
}

LIBRATION_DEFINED double wasserstein_power(Eigen::MatrixXd x, Eigen::MatrixXd y, int order) {
  constexpr std::string_view who = "drift::wasserstein";
  check_samples(x, y, 1, who);
  require(order == 1 || order == 2, who, [&] { return "order is " + number_text(order) + ", expected 1 or 2"; });
  const int exponent = scale_together(x, y);
  std::sort(x.data(), x.data() + x.size());
  std::sort(y.data(), y.data() + y.size());
  return std::ldexp(sorted_wasserstein(x.row(0), y.row(0), order), order * exponent);
}

LIBRATION_DEFINED sliced_result sliced_wasserstein_of(Eigen::MatrixXd X, Eigen::MatrixXd Y, const slicing_options& options) {
  constexpr std::string_view who = "drift::sliced_wasserstein";
  check_samples(X, Y, 1, who);
  const option_check check(who);
  check(options.slices >= 2, "slices", options.slices, ">= 2");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  const int exponent = scale_together(X, Y);
  std::vector<double> squares(static_cast<std::size_t>(options.slices));
  constexpr std::uint64_t stream = 0x736c6963'65000000;  // apart from what else is drawn from the user's seed
  parallel_for(options.slices, options.threads, [&](std::int64_t s) {
    Eigen::VectorXd direction(X.rows());
    random_stream(options.seed, stream + static_cast<std::uint64_t>(s)).fill_normal(direction);
    direction.normalize();
    Eigen::VectorXd x = X.transpose() * direction, y = Y.transpose() * direction;
    std::sort(x.data(), x.data() + x.size());
    std::sort(y.data(), y.data() + y.size());
    squares[static_cast<std::size_t>(s)] = sorted_wasserstein(x, y, 2);
  });
  const double error = stats::standard_deviation(squares) / std::sqrt(static_cast<double>(options.slices));
  sliced_result result;
  result.squared = std::ldexp(stats::mean(squares), 2 * exponent);
  result.standard_error = std::ldexp(error, 2 * exponent);
  result.slices = options.slices;
  result.seed = options.seed;
  return result;
}

/// Σ f(|x_i - y_j|²) over all pairs; of a sample with itself over i < j. The order of the sum depends on no thread.
template <class Function>
double sum_over_pairs(const Eigen::MatrixXd& X, const Eigen::MatrixXd& Y, bool same, int threads, const Function& f) {
  Eigen::VectorXd sums = Eigen::VectorXd::Zero(X.cols());
  parallel_for(X.cols(), threads, [&](std::int64_t i) {
    double sum = 0.0;
    for (Eigen::Index j = same ? i + 1 : 0; j < Y.cols(); ++j) sum += f((X.col(i) - Y.col(j)).squaredNorm());
    sums[i] = sum;
  });
  return sums.sum();
}

/// E f(X, X') + E f(Y, Y') - 2 E f(X, Y), pairs of a state with itself left out.
template <class Function>
double between_less_within(const Eigen::MatrixXd& X, const Eigen::MatrixXd& Y, int threads, const Function& f) {
  const auto n = static_cast<double>(X.cols()), m = static_cast<double>(Y.cols());
  const double within_x = sum_over_pairs(X, X, true, threads, f) * 2.0 / (n * (n - 1.0));
  const double within_y = sum_over_pairs(Y, Y, true, threads, f) * 2.0 / (m * (m - 1.0));
  return within_x + within_y - 2.0 * sum_over_pairs(X, Y, false, threads, f) / (n * m);
}

LIBRATION_DEFINED double energy_distance_of(Eigen::MatrixXd X, Eigen::MatrixXd Y, int threads) {
  check_samples(X, Y, 2, "drift::energy_distance");
  const int exponent = scale_together(X, Y);
  return std::ldexp(-between_less_within(X, Y, threads, [](double d2) { return std::sqrt(d2); }), exponent);
}

LIBRATION_DECLARED double median_distance(const Eigen::MatrixXd& X, const Eigen::MatrixXd& Y, std::string_view who) {
  const Eigen::Index n = X.cols(), all = n + Y.cols();
  const double pairs = 0.5 * static_cast<double>(all) * static_cast<double>(all - 1);
  require_memory(2.0 * pairs * sizeof(double), who, "the distances of all pairs", "a .bandwidth, or fewer states");
  std::vector<double> distances;
  distances.reserve(static_cast<std::size_t>(pairs));
  const auto state = [&](Eigen::Index i) { return i < n ? X.col(i) : Y.col(i - n); };
  for (Eigen::Index i = 0; i < all; ++i)
    for (Eigen::Index j = i + 1; j < all; ++j) distances.push_back((state(i) - state(j)).norm());
  return stats::median(distances);
}

LIBRATION_DEFINED discrepancy_result discrepancy_of(Eigen::MatrixXd X, Eigen::MatrixXd Y, const discrepancy_options& options) {
  constexpr std::string_view who = "drift::maximum_mean_discrepancy";
  check_samples(X, Y, 2, who);
  const option_check check(who);
  check(options.bandwidth >= 0.0 && std::isfinite(options.bandwidth), "bandwidth", options.bandwidth, "a positive number, or 0");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  const int exponent = scale_together(X, Y);
  const double h = options.bandwidth > 0.0 ? std::ldexp(options.bandwidth, -exponent) : median_distance(X, Y, who);
  require(h > 0.0, who, [&] {
    return options.bandwidth > 0.0
               ? ".bandwidth is " + number_text(options.bandwidth) + ", expected more: it vanishes beside the size of the states"
               : std::string("the median distance between states is 0: give a .bandwidth");
  });
  discrepancy_result result;
  result.bandwidth = std::ldexp(h, exponent);
  result.squared = between_less_within(X, Y, options.threads, [h](double d2) {
    const double d = std::sqrt(d2) / h;  // the square of a small bandwidth may be 0
    return std::exp(-0.5 * d * d);
  });
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::drift::detail
