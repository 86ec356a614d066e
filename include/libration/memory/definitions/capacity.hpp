// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/capacity.hpp declares.

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
#include <Eigen/Eigenvalues>

#include <libration/core/random.hpp>
#include <libration/core/scaling.hpp>
#include <libration/memory/capacity.hpp>
#include <libration/memory/definitions/detail/shuffled_order.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

LIBRATION_DEFINED void check_capacity(const capacity_options& options, std::string_view who) {
  const option_check check(who);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
  check(options.lags >= 1, "lags", options.lags, ">= 1");
  check(options.steps >= 1 && options.steps <= most, "steps", options.steps, "1 to " + number_text(most));
  check(options.transient >= 0 && options.transient <= most, "transient", options.transient, "0 to " + number_text(most));
  check(options.component >= 0, "component", options.component, ">= 0");
  check(options.training > 0.0 && options.training < 1.0, "training", options.training, "a share in (0, 1)");
  check(options.ridge >= 0.0 && std::isfinite(options.ridge), "ridge", options.ridge, "finite and >= 0");
  check(options.permutations >= 2, "permutations", options.permutations, ">= 2");
  check(options.block >= 1, "block", options.block, ">= 1");
}

LIBRATION_DEFINED Eigen::MatrixXd uniform_inputs(Eigen::Index m, std::int64_t steps, std::uint64_t seed) {
  Eigen::MatrixXd inputs(m, steps);
  random_stream numbers(seed, 0x63617061);  // a stream of its own: "capa"
  for (Eigen::Index i = 0; i < inputs.size(); ++i) inputs.data()[i] = 2.0 * numbers.next_uniform() - 1.0;
  return inputs;
}

/// The signal with its blocks in another order; what is left at the end stays there.
LIBRATION_DECLARED Eigen::VectorXd permuted(const Eigen::VectorXd& signal, Eigen::Index block, random_stream& numbers) {
  const Eigen::Index blocks = signal.size() / block;
  const std::vector<std::size_t> order = shuffled_order(static_cast<std::size_t>(blocks), numbers);
  Eigen::VectorXd out = signal;
  for (Eigen::Index i = 0; i < blocks; ++i) {
    const auto from = static_cast<Eigen::Index>(order[static_cast<std::size_t>(i)]);
    for (Eigen::Index j = 0; j < block; ++j) out[i * block + j] = signal[from * block + j];
  }
  return out;
}

/// Ridge regressions on one set of states: the eigenvectors of the training states' covariance serve every target and every λ.
class ridge_regression {
 public:
  struct fit {
    double ridge = 0.0;
    double training = 0.0, held_out = 0.0;  // 1 - error/mean square
    std::vector<double> influence;          // of each held-out step on the latter, about 0
  };

  /// \param states  shape (n, T), centred and turned in place
  template <class = void>
  ridge_regression(Eigen::MatrixXd& states, Eigen::Index first, Eigen::Index training, Eigen::Index held_out_first)
      : first_(first), training_(training), held_out_(states.cols() - held_out_first) {
    const Eigen::VectorXd mean = states.middleCols(first, training).rowwise().mean();
    states.colwise() -= mean;
    scale_by_power_of_two(states, -binary_exponent(states));
    Eigen::MatrixXd S = Eigen::MatrixXd::Zero(states.rows(), states.rows());
    S.selfadjointView<Eigen::Lower>().rankUpdate(states.middleCols(first, training), 1.0 / static_cast<double>(training));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(S);
    const Eigen::VectorXd all = solver.eigenvalues();
    const double least = static_cast<double>(all.size()) * std::numeric_limits<double>::epsilon() * all[all.size() - 1];
    Eigen::Index left_out = 0;
    while (left_out < all.size() && !(all[left_out] > least)) ++left_out;
    variances_ = all.tail(all.size() - left_out);
    mean_variance_ = std::max(all.mean(), 0.0);
    turned_.noalias() = solver.eigenvectors().rightCols(variances_.size()).transpose() * states;
  }

  Eigen::Index rank() const { return variances_.size(); }

  /// \param target  value of step t at target[t - first], to the last step
  template <class = void>
  fit operator()(const Eigen::Ref<const Eigen::VectorXd>& target, double ridge) const {
    const auto N = static_cast<double>(training_);
    const double mean = target.head(training_).mean();
    const Eigen::VectorXd y = target.array() - mean;
    const double power = y.head(training_).squaredNorm() / N;
    const Eigen::VectorXd c = turned_.middleCols(first_, training_) * y.head(training_) / N;
    const auto error_at = [&](double lambda, double& freedom) {
      double error = power;
      freedom = 1.0;
      for (Eigen::Index i = 0; i < c.size(); ++i) {
        const double d = variances_[i], inverse = 1.0 / (d + lambda);
        error -= c[i] * c[i] * (d + 2.0 * lambda) * inverse * inverse;
        freedom += d * inverse;
      }
      return std::max(error, 0.0);
    };
    fit out;
    double freedom = 0.0;
    out.ridge = ridge;
    if (ridge == 0.0) {
      double best = std::numeric_limits<double>::infinity();
      for (int exponent = -14; exponent <= 1; ++exponent) {
        const double candidate = std::pow(10.0, exponent), error = error_at(candidate * mean_variance_, freedom);
        const double left = 1.0 - freedom / N, score = error / (left * left);
        if (!(score < best)) continue;
        best = score;
        out.ridge = candidate;
      }
    }
    const double lambda = out.ridge * mean_variance_;
    out.training = 1.0 - error_at(lambda, freedom) / power;
    const Eigen::VectorXd weights = c.array() / (variances_.array() + lambda);
    const Eigen::VectorXd fitted = turned_.rightCols(held_out_).transpose() * weights;
    const auto truth = y.tail(held_out_);
    const double held_power = truth.squaredNorm() / static_cast<double>(held_out_);
    const double share = (truth - fitted).squaredNorm() / static_cast<double>(held_out_) / held_power;
    out.held_out = 1.0 - share;
    out.influence.resize(static_cast<std::size_t>(held_out_));
    for (Eigen::Index t = 0; t < held_out_; ++t) {
      const double e = truth[t] - fitted[t];
      out.influence[static_cast<std::size_t>(t)] = (share * truth[t] * truth[t] - e * e) / held_power;
    }
    return out;
  }

 private:
  Eigen::Index first_, training_, held_out_;
  Eigen::VectorXd variances_;
  Eigen::MatrixXd turned_;
  double mean_variance_ = 0.0;
};

LIBRATION_DEFINED capacity_result capacity_of(Eigen::MatrixXd states, const Eigen::VectorXd& signal,
                                              const capacity_options& options) {
  constexpr std::string_view who = "memory::capacity";
  constexpr Eigen::Index least_held_out = 32;
  const Eigen::Index n = states.rows(), T = states.cols(), lags = options.lags;
  require(n >= 1, who, "states have no rows, expected at least one component");
  require(signal.size() == T, who, [&] {
    return "the signal has " + number_text(signal.size()) + " values, expected " + number_text(T) + " (the columns of the states)";
  });
  require(signal.allFinite(), who, "the signal has a value that is not finite");
  require(states.allFinite(), who, "states have an entry that is not finite");
  // Steps at which every lag is known, those trained on first, then a gap of `lags`, then those held out.
  const Eigen::Index first = lags - 1;
  const auto training = static_cast<Eigen::Index>(options.training * static_cast<double>(std::max<Eigen::Index>(T - first, 0)));
  require(training >= n + 2, who, [&] {
    return number_text(training) + " training steps for a state of " + number_text(n) + " components, expected at least " +
           number_text(n + 2) + ": more steps, or a larger .training";
  });
  const Eigen::Index held_out_first = first + training + lags, held_out = T - held_out_first;
  require(held_out >= least_held_out, who, [&] {
    return number_text(std::max<Eigen::Index>(held_out, 0)) + " held-out steps, expected at least " + number_text(least_held_out) +
           ": more steps, fewer .lags or a smaller .training";
  });
  const auto check_varies = [&](Eigen::Index from, Eigen::Index count, const char* where) {
    const auto part = signal.segment(from, count);
    require(part.maxCoeff() > part.minCoeff(), who,
            [&] { return std::string("the signal is constant on the ") + where + " steps"; });
  };
  check_varies(0, first + training, "training");
  check_varies(held_out_first, held_out, "held-out");
  require((states.colwise() - states.col(first)).middleCols(first, training).cwiseAbs().maxCoeff() > 0.0, who,
          "the states are constant on the training steps");

  const Eigen::VectorXd u = [&] {
    Eigen::VectorXd scaled = signal;
    scale_by_power_of_two(scaled, -binary_exponent(signal));
    return scaled;
  }();
  const ridge_regression regression(states, first, training, held_out_first);
  capacity_result result;
  result.rank = regression.rank();
  result.training_steps = training;
  result.held_out_steps = held_out;
  result.seed = options.seed;
  result.capacity.resize(lags);
  result.standard_error.resize(lags);
  result.training.resize(lags);
  result.ridge.resize(lags);
  std::vector<double> influence(static_cast<std::size_t>(held_out), 0.0);
  for (Eigen::Index k = 0; k < lags; ++k) {
    const auto fit = regression(u.segment(first - k, T - first), options.ridge);
    result.capacity[k] = fit.held_out;
    result.training[k] = fit.training;
    result.ridge[k] = fit.ridge;
    result.standard_error[k] = stats::mean_error(std::span<const double>(fit.influence)).standard_error;
    for (std::size_t t = 0; t < influence.size(); ++t) influence[t] += fit.influence[t];
  }
  result.total = result.capacity.sum();
  result.total_standard_error = stats::mean_error(std::span<const double>(influence)).standard_error;

  random_stream numbers(options.seed, 0x7065726d);  // a stream of its own: "perm"
  std::vector<double> floors, in_sample;
  for (Eigen::Index p = 0; p < options.permutations; ++p) {
    const auto fit = regression(permuted(u, options.block, numbers).tail(T - first), options.ridge);
    floors.push_back(fit.held_out);
    in_sample.push_back(fit.training);
  }
  result.floor = stats::mean(floors);
  result.floor_deviation = stats::standard_deviation(floors);
  result.training_floor = stats::mean(in_sample);
  result.status = status::ok;
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail
