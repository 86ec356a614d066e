// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Rank collapse: how far hidden states are from all tokens being alike, layer by layer.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/regression.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Hidden states less their mean over the tokens, res(X) = X - x 1ᵀ, measured in two ways. NaN: an entry was not finite.
struct [[nodiscard]] rank_residual {
  /// Of res(X), which is the least that any x reaches.
  double frobenius = std::numeric_limits<double>::quiet_NaN();
  /// Divided by that of X: 0 where all tokens are alike, 1 where their mean is nought; NaN of X = 0. In single precision it cannot
  /// be told from 0 below about 1e-7.
  double relative = std::numeric_limits<double>::quiet_NaN();
  /// Of the same residual, sqrt(‖·‖_1 ‖·‖_∞), ‖·‖_1 the largest sum of |entries| of a column and ‖·‖_∞ of a row.
  double composite = std::numeric_limits<double>::quiet_NaN();
  /// Divided by that of X. Not bounded by 1.
  double relative_composite = std::numeric_limits<double>::quiet_NaN();
};

namespace detail {

/// \param X  at least one entry
LIBRATION_DECLARED rank_residual residual_of(Eigen::MatrixXd X);

}  // namespace detail

/// The rank-collapse residual of hidden states.
///
/// \param states  X, shape (n, tokens), a token in each column, n >= 1, tokens >= 1: a recording (tokens, n) written row by row is
///                the same memory
/// \return        NaN where an entry is not finite
/// \throws argument_error where there is no entry
/// Accuracy:  frobenius and composite eps ‖X‖ absolute: states that differ by less than rounding are alike
/// Cost:      five passes over a copy in double
/// Source:    Dong et al. 2021: residual and composite norm. Departure: theirs takes x as the minimiser of the norm in use; here it
///            is the mean token, which minimises the Frobenius norm, so that `composite` is an upper bound of theirs, at most twice
///            as large
template <class States>
rank_residual rank_collapse_residual(const Eigen::MatrixBase<States>& states) {
  require(states.size() > 0, "attention::rank_collapse_residual", [&] {
    return "states is " + number_text(states.rows()) + " x " + number_text(states.cols()) + ", expected at least one entry";
  });
  return detail::residual_of(states.template cast<double>());
}

/// The residual through the layers of a network.
struct [[nodiscard]] rank_collapse_result {
  /// not_run: no layer. diverged: a layer has an entry that is not finite; `failed_at` is the first.
  libration::status status = libration::status::not_run;
  std::vector<rank_residual> layers;  ///< in the order given, the embedding first
  /// ln of the relative residual (Frobenius) against the layer, over the layers whose residual is above rounding: the slope is the
  /// change a layer. Its error is that of layers scattering about a line by themselves; pure attention falls faster than any line.
  stats::line_fit log_relative;
  std::int64_t fitted = 0;      ///< layers in the line
  std::int64_t failed_at = -1;  ///< -1: none

  /// \return the factor by which the relative residual changes a layer, in the mean; NaN where fewer than two layers tell
  double factor_per_layer() const { return std::exp(log_relative.slope); }
};

namespace detail {

/// All but `layers`, from these.
LIBRATION_DECLARED void fit_layers(rank_collapse_result& result, double rounding);

}  // namespace detail

/// The rank-collapse residual of each layer, and the rate at which it falls.
///
/// \param layers    any range of matrices (n, tokens), each a layer's hidden states, the same tokens in all; n may differ
/// \param rounding  relative residuals at most this count as collapsed and stay out of the line, >= 0: the default is what single
///                  precision leaves of equal tokens
/// \throws argument_error where a layer has no entry or another number of tokens than the first
template <class Layers>
rank_collapse_result rank_collapse(const Layers& layers, double rounding = 1e-6) {
  constexpr std::string_view who = "attention::rank_collapse";
  require(rounding >= 0.0, who, [&] { return "rounding is " + number_text(rounding) + ", expected >= 0"; });
  rank_collapse_result result;
  Eigen::Index tokens = -1;
  for (const auto& states : layers) {
    const std::size_t index = result.layers.size();
    if (tokens < 0) tokens = states.cols();
    require(states.cols() == tokens && states.size() > 0, who, [&] {
      return "layers[" + number_text(index) + "] is " + number_text(states.rows()) + " x " + number_text(states.cols()) +
             ", expected " + number_text(tokens) + " columns (the tokens) and at least one entry";
    });
    result.layers.push_back(rank_collapse_residual(states));
  }
  detail::fit_layers(result, rounding);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/rank_collapse.hpp>
#endif
