// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/recall.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/parallel.hpp>
#include <libration/core/random.hpp>
#include <libration/core/scaling.hpp>
#include <libration/maps/log_sum_exp.hpp>
#include <libration/memory/definitions/detail/shuffled_order.hpp>
#include <libration/memory/recall.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

LIBRATION_DEFINED void check_recall(const recall_options& options, std::size_t tokens, std::string_view who) {
  const option_check check(who);
  check(options.lags >= 1, "lags", options.lags, ">= 1");
  check(options.samples >= 1, "samples", options.samples, ">= 1");
  check(options.training > 0.0 && options.training < 1.0, "training", options.training, "a share in (0, 1)");
  check(options.classes >= 2, "classes", options.classes, ">= 2");
  check(options.permutations >= 2, "permutations", options.permutations, ">= 2");
  check(options.state_bits >= 0.0 && std::isfinite(options.state_bits), "state_bits", options.state_bits, "finite and >= 0");
  check(options.starts >= 0, "starts", options.starts, ">= 0");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  require(static_cast<std::int64_t>(tokens) >= options.lags + 2, who, [&] {
    return "tokens has " + number_text(tokens) + " tokens, expected at least " + number_text(options.lags + 2) + " (.lags and two)";
  });
}

/// Numbers the tokens: the most frequent ones of the text from 0 on, the rest as the last class.
LIBRATION_DECLARED std::vector<Eigen::Index> classes_of(std::span<const maps::token> tokens, Eigen::Index vocabulary,
                                                        Eigen::Index most, Eigen::Index& classes) {
  const auto V = static_cast<std::size_t>(vocabulary);
  std::vector<std::int64_t> times(V, 0);
  for (const maps::token v : tokens) ++times[static_cast<std::size_t>(v)];
  std::vector<std::size_t> order(V);
  for (std::size_t v = 0; v < V; ++v) order[v] = v;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return times[a] > times[b]; });
  Eigen::Index seen = 0;
  while (seen < vocabulary && times[order[static_cast<std::size_t>(seen)]] > 0) ++seen;
  classes = std::min(seen, most);
  std::vector<Eigen::Index> number(V, classes - 1);
  for (Eigen::Index c = 0; c < classes; ++c) number[order[static_cast<std::size_t>(c)]] = c;
  std::vector<Eigen::Index> out(tokens.size());
  for (std::size_t t = 0; t < tokens.size(); ++t) out[t] = number[static_cast<std::size_t>(tokens[t])];
  return out;
}

/// Linear discriminants on one set of states.
class discriminants {
 public:
  /// \param states  shape (n, samples), centred and turned; the first `fit` are fitted to, the next `chosen_on` choose
  template <class = void>
  discriminants(Eigen::MatrixXd& states, Eigen::Index classes, Eigen::Index fit, Eigen::Index chosen_on, Eigen::Index held_out)
      : classes_(classes), fit_(fit), chosen_on_(chosen_on), held_out_(held_out) {
    const Eigen::VectorXd mean = states.leftCols(fit).rowwise().mean();
    states.colwise() -= mean;
    scale_by_power_of_two(states, -binary_exponent(states));
    // Components of unit variance, so that one ridge suits all.
    for (Eigen::Index i = 0; i < states.rows(); ++i) {
      const double deviation = states.row(i).head(fit).norm() / std::sqrt(static_cast<double>(fit));
      if (deviation > 0.0) states.row(i) /= deviation;
    }
    Eigen::MatrixXd S = Eigen::MatrixXd::Zero(states.rows(), states.rows());
    S.selfadjointView<Eigen::Lower>().rankUpdate(states.leftCols(fit), 1.0 / static_cast<double>(fit));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(S);
    variances_ = solver.eigenvalues().cwiseMax(0.0);
    mean_variance_ = variances_.mean();
    turned_.noalias() = solver.eigenvectors().transpose() * states;
  }

  /// \param y  the class of each sample
  /// \return   nats that each held-out sample's class is more probable by the readout than by the held-out frequencies
  template <class = void>
  std::vector<double> operator()(const std::vector<Eigen::Index>& y, double& entropy) const {
    const auto label = [&](Eigen::Index j) { return y[static_cast<std::size_t>(j)]; };
    Eigen::MatrixXd means = Eigen::MatrixXd::Zero(turned_.rows(), classes_);
    Eigen::VectorXd times = Eigen::VectorXd::Zero(classes_);
    for (Eigen::Index j = 0; j < fit_; ++j) {
      means.col(label(j)) += turned_.col(j);
      times[label(j)] += 1.0;
    }
    const auto N = static_cast<double>(fit_);
    Eigen::VectorXd log_prior(classes_);
    for (Eigen::Index c = 0; c < classes_; ++c) {
      log_prior[c] = std::log((times[c] + 0.5) / (N + 0.5 * static_cast<double>(classes_)));
      if (times[c] > 0.0) means.col(c) /= std::sqrt(times[c] * N);  // √π_c μ_c
    }
    double best = std::numeric_limits<double>::infinity(), temper = 0.0;
    Eigen::MatrixXd weights, best_weights = Eigen::MatrixXd::Zero(turned_.rows(), classes_);
    Eigen::VectorXd offsets, best_offsets = Eigen::VectorXd::Zero(classes_);
    for (const double ridge : {1e-6, 1e-4, 1e-2, 1e-1, 1.0, 10.0}) {
      if (!discriminant(means, times / N, ridge * mean_variance_, weights, offsets)) continue;
      const Eigen::MatrixXd scores =
          (weights.transpose() * turned_.middleCols(fit_, chosen_on_)).colwise() + offsets;
      for (const double factor : {0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0}) {
        double cost = 0.0;
        for (Eigen::Index j = 0; j < chosen_on_; ++j) cost -= log_probability(scores, j, log_prior, factor, label(fit_ + j));
        if (!(cost < best)) continue;
        best = cost;
        temper = factor;
        best_weights = weights;
        best_offsets = offsets;
      }
    }
    const Eigen::Index first = turned_.cols() - held_out_;
    Eigen::VectorXd seen = Eigen::VectorXd::Zero(classes_);
    for (Eigen::Index j = 0; j < held_out_; ++j) seen[label(first + j)] += 1.0;
    const Eigen::MatrixXd scores = (best_weights.transpose() * turned_.rightCols(held_out_)).colwise() + best_offsets;
    std::vector<double> gain(static_cast<std::size_t>(held_out_));
    entropy = 0.0;
    for (Eigen::Index j = 0; j < held_out_; ++j) {
      const double frequency = std::log(seen[label(first + j)] / static_cast<double>(held_out_));
      entropy -= frequency / static_cast<double>(held_out_);
      gain[static_cast<std::size_t>(j)] = log_probability(scores, j, log_prior, temper, label(first + j)) - frequency;
    }
    return gain;
  }

 private:
  /// Scores μ_cᵀ W⁻¹ z - ½ μ_cᵀ W⁻¹ μ_c, W = T + λ - F Fᵀ the covariance within classes, F = [√π_c μ_c], T diagonal.
  template <class = void>
  bool discriminant(const Eigen::MatrixXd& F, const Eigen::VectorXd& share, double lambda, Eigen::MatrixXd& weights,
                    Eigen::VectorXd& offsets) const {
    const Eigen::VectorXd inverse = (variances_.array() + lambda).inverse();
    if (!inverse.allFinite()) return false;
    weights.noalias() = inverse.asDiagonal() * F;
    const Eigen::MatrixXd G = F.transpose() * weights;
    const Eigen::LLT<Eigen::MatrixXd> rest(Eigen::MatrixXd::Identity(classes_, classes_) - G);
    if (rest.info() != Eigen::Success) return false;
    // W⁻¹ F = T⁻¹ F (1 - G)⁻¹.
    const Eigen::MatrixXd K = rest.solve(Eigen::MatrixXd::Identity(classes_, classes_));
    const Eigen::MatrixXd product = weights * K, between = G * K;
    weights = product;
    offsets.setZero(classes_);
    for (Eigen::Index c = 0; c < classes_; ++c) {
      const double scale = share[c] > 0.0 ? 1.0 / std::sqrt(share[c]) : 0.0;
      weights.col(c) *= scale;
      offsets[c] = -0.5 * between(c, c) * scale * scale;
    }
    return weights.allFinite() && offsets.allFinite();
  }

  double log_probability(const Eigen::MatrixXd& scores, Eigen::Index j, const Eigen::VectorXd& log_prior, double factor,
                         Eigen::Index c) const {
    return log_prior[c] + factor * scores(c, j) - maps::log_sum_exp(log_prior + factor * scores.col(j));
  }

  Eigen::Index classes_, fit_, chosen_on_, held_out_;
  Eigen::VectorXd variances_;
  Eigen::MatrixXd turned_;
  double mean_variance_ = 0.0;
};

LIBRATION_DEFINED void fit_recall(Eigen::MatrixXd states, std::span<const maps::token> tokens, Eigen::Index vocabulary,
                                  Eigen::Index stride, const recall_options& options, recall_result& result) {
  constexpr std::string_view who = "memory::recall";
  constexpr Eigen::Index least_held_out = 32;
  const double per_nat = 1.0 / std::log(2.0);
  const Eigen::Index n = states.rows(), samples = states.cols(), lags = options.lags, gap = (lags - 1) / stride + 1;
  const std::vector<Eigen::Index> classes = classes_of(tokens, vocabulary, options.classes, result.classes);
  // Stretches of the text, each with a part to fit to, one to choose on, a gap, one that is held out, and a gap: a state that
  // drifts along the text is then judged where it was fitted. Where there are several, the gaps are at most a fifth of the text; a
  // short one is a single stretch, whose gap leaves what it leaves.
  const Eigen::Index stretches = std::clamp<Eigen::Index>(samples / (10 * gap), 1, 16);
  std::vector<Eigen::Index> order, choosing, held;
  for (Eigen::Index s = 0; s < stretches; ++s) {
    const Eigen::Index from = s * samples / stretches, to = (s + 1) * samples / stretches;
    const Eigen::Index trained = from + static_cast<Eigen::Index>(options.training * static_cast<double>(to - from));
    const Eigen::Index fitted = trained - ((trained - from) + 4) / 5;  // a fifth, rounded up
    for (Eigen::Index j = from; j < fitted; ++j) order.push_back(j);
    for (Eigen::Index j = fitted; j < trained; ++j) choosing.push_back(j);
    for (Eigen::Index j = trained + gap; j < to - (s + 1 < stretches ? gap : 0); ++j) held.push_back(j);
  }
  const auto fit = static_cast<Eigen::Index>(order.size()), chosen_on = static_cast<Eigen::Index>(choosing.size());
  const auto held_out = static_cast<Eigen::Index>(held.size());
  const Eigen::Index training = fit + chosen_on, least = std::max(4 * result.classes, n / 2);
  order.insert(order.end(), choosing.begin(), choosing.end());
  order.insert(order.end(), held.begin(), held.end());
  require(result.classes >= 2, who, "tokens are all alike: there is nothing to recall");
  require(training >= least, who, [&] {
    return number_text(training) + " training states for " + number_text(result.classes) + " classes of tokens and " +
           number_text(n) + " components, expected at least " + number_text(least) + ": a longer text, more .samples or a larger "
           ".training";
  });
  require(held_out >= least_held_out, who, [&] {
    return number_text(held_out) + " held-out states, expected at least " + number_text(least_held_out) +
           ": a longer text, more .samples, fewer .lags or a smaller .training";
  });
  require(fit >= 1 && chosen_on >= 1, who, [&] {
    return number_text(fit) + " training states to fit to and " + number_text(chosen_on) +
           " to choose the ridge on, expected at least 1 of each: a longer text, more .samples or a larger .training";
  });
  Eigen::MatrixXd in_order(n, training + held_out);
  for (Eigen::Index j = 0; j < in_order.cols(); ++j) in_order.col(j) = states.col(order[static_cast<std::size_t>(j)]);
  states.resize(0, 0);
  const discriminants readout(in_order, result.classes, fit, chosen_on, held_out);
  const std::size_t count = order.size();
  const auto labels = [&](Eigen::Index lag) {
    std::vector<Eigen::Index> y(count);
    for (std::size_t j = 0; j < count; ++j)
      y[j] = classes[static_cast<std::size_t>(lags - 1 + order[j] * stride - lag)];
    return y;
  };
  std::vector<std::vector<double>> gains(static_cast<std::size_t>(lags + options.permutations));
  std::vector<double> entropies(gains.size());
  parallel_for(static_cast<std::int64_t>(gains.size()), options.threads, [&](std::int64_t i) {
    const auto index = static_cast<std::size_t>(i);
    std::vector<Eigen::Index> y = labels(i < lags ? i : 0);
    if (i >= lags) {
      random_stream numbers(options.seed, 0x72656361 + static_cast<std::uint64_t>(i - lags));  // streams from "reca" on
      const std::vector<std::size_t> shuffled = shuffled_order(count, numbers);
      const std::vector<Eigen::Index> before = y;
      for (std::size_t j = 0; j < count; ++j) y[j] = before[shuffled[j]];
    }
    gains[index] = readout(y, entropies[index]);
  });

  result.training_samples = training;
  result.held_out_samples = held_out;
  result.bits.resize(lags);
  result.standard_error.resize(lags);
  std::vector<double> all(static_cast<std::size_t>(held_out), 0.0);
  for (Eigen::Index k = 0; k < lags; ++k) {
    const std::vector<double>& gain = gains[static_cast<std::size_t>(k)];
    const auto estimate = stats::mean_error(std::span<const double>(gain));
    result.bits[k] = estimate.mean * per_nat;
    result.standard_error[k] = estimate.standard_error * per_nat;
    for (std::size_t j = 0; j < all.size(); ++j) all[j] += gain[j];
  }
  const auto total = stats::mean_error(std::span<const double>(all));
  result.total = total.mean * per_nat;
  result.total_standard_error = total.standard_error * per_nat;
  result.entropy = entropies[0] * per_nat;
  std::vector<double> floors;
  for (Eigen::Index p = 0; p < options.permutations; ++p)
    floors.push_back(stats::mean(gains[static_cast<std::size_t>(lags + p)]) * per_nat);
  result.floor = stats::mean(floors);
  result.floor_deviation = stats::standard_deviation(floors);
  result.status = status::ok;
}

LIBRATION_DEFINED void write_cut_losses(const Eigen::MatrixXd& cut, const Eigen::MatrixXd& full, recall_result& result) {
  const Eigen::Index starts = cut.cols(), lags = cut.rows();
  result.starts = starts;
  if (starts == 0) return;
  result.cut_loss = cut.rowwise().mean();
  result.cut_excess.resize(lags);
  result.cut_excess_error.setConstant(lags, std::numeric_limits<double>::quiet_NaN());
  std::vector<double> excess(static_cast<std::size_t>(starts));
  for (Eigen::Index k = 0; k < lags; ++k) {
    for (Eigen::Index j = 0; j < starts; ++j) excess[static_cast<std::size_t>(j)] = cut(k, j) - full(k, j);
    result.cut_excess[k] = stats::mean(excess);
    if (starts > 1) result.cut_excess_error[k] = stats::standard_deviation(excess) / std::sqrt(static_cast<double>(starts));
  }
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail

namespace libration::inline LIBRATION_ABI::memory {

LIBRATION_DEFINED Eigen::Index recall_result::first_below(double share) const {
  for (Eigen::Index k = 0; k < bits.size(); ++k)
    if (bits[k] <= share * bits[0]) return k;
  return -1;
}

}  // namespace libration::inline LIBRATION_ABI::memory
