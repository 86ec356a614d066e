// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Attention rollout: how much of each input position is in each output, from the attention weights of all layers.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/attention/token_mask.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Options of `attention::weight_rollout`.
struct rollout_options {
  /// The part of the residual stream in a layer's output, in [0, 1); the attention has the rest. One half is Abnar and Zuidema's,
  /// and a convention: the norms that the two really have are not looked at.
  double residual = 0.5;
  /// The most by which a column's sum may differ from 1, in (0, 1): it is divided by. Weights kept in bfloat16 differ by up to
  /// about 4e-3.
  double tolerance = 1e-2;
  /// Padding, of one sequence: a padded token is left as it is by every layer, whatever its weights are, and no other may look at
  /// it.
  token_mask mask = {};
};

namespace detail {

/// One layer's mixing: residual I + (1 - residual) A with A's columns divided by their sums; checked.
LIBRATION_DECLARED Eigen::MatrixXd mixing(Eigen::MatrixXd A, std::size_t layer, Eigen::Index tokens,
                                          const rollout_options& options);

}  // namespace detail

/// The mean over heads of one layer's weights.
///
/// \param weights  shape (keys, heads * queries): a column for each query, head after head, as a dump (heads, queries, keys)
///                 written row by row lies in memory
/// \param heads    >= 1, a divisor of the columns
/// \return         shape (keys, queries)
/// \throws argument_error where the columns are no multiple of the heads
template <class Weights>
Eigen::MatrixXd mean_over_heads(const Eigen::MatrixBase<Weights>& weights, Eigen::Index heads) {
  constexpr std::string_view who = "attention::mean_over_heads";
  require(heads >= 1, who, [&] { return "heads is " + number_text(heads) + ", expected >= 1"; });
  require(weights.cols() % heads == 0, who, [&] {
    return "weights has " + number_text(weights.cols()) + " columns, expected a multiple of " + number_text(heads) + " (the heads)";
  });
  const Eigen::Index queries = weights.cols() / heads;
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(weights.rows(), queries);
  for (Eigen::Index h = 0; h < heads; ++h) mean += weights.middleCols(h * queries, queries).template cast<double>();
  return mean / static_cast<double>(heads);
}

/// The rollout over all layers: the product of (A + I)/2, in order.
///
/// \param layers  any range of matrices of one shape (tokens, tokens), from the first layer on, heads averaged (`mean_over_heads`):
///                A(key, query), a query's weights in its column, which sums to 1. A dump (queries, keys) written row by row is the
///                same memory
/// \param visit   called as `visit(rollout)` with the product after each layer, a `const Eigen::MatrixXd&`
/// \return        shape (tokens, tokens): entry (i, j) is the part of input position i in output position j; columns sum to 1
/// \throws argument_error where there is no layer, one is not square or of another size than the first, a weight is negative or
///                NaN, a column does not sum to 1, or an option is out of its range
/// Accuracy:  layers tokens eps absolute
/// Cost:      a product of two (tokens, tokens) matrices a layer; two such matrices are kept
/// Source:    Abnar and Zuidema 2020. Theirs has a query's weights in a row, and multiplies a new layer from the left: the
///            transpose
template <class Layers, class Visit>
Eigen::MatrixXd weight_rollout(const Layers& layers, const rollout_options& options, Visit&& visit) {
  constexpr std::string_view who = "attention::weight_rollout";
  const option_check check(who);
  check(options.residual >= 0.0 && options.residual < 1.0, "residual", options.residual, "a number in [0, 1)");
  check(options.tolerance > 0.0 && options.tolerance < 1.0, "tolerance", options.tolerance, "a number in (0, 1)");
  Eigen::MatrixXd product;
  std::size_t layer = 0;
  for (const auto& weights : layers) {
    const Eigen::Index tokens = layer == 0 ? weights.rows() : product.rows();
    Eigen::MatrixXd mixed = detail::mixing(weights.template cast<double>(), layer, tokens, options);
    product = layer == 0 ? std::move(mixed) : Eigen::MatrixXd(product * mixed);
    ++layer;
    visit(static_cast<const Eigen::MatrixXd&>(product));
  }
  require(layer > 0, who, "there are no layers");
  return product;
}

/// The same without a look at each layer.
template <class Layers>
Eigen::MatrixXd weight_rollout(const Layers& layers, const rollout_options& options = {}) {
  return weight_rollout(layers, options, [](const Eigen::MatrixXd&) {});
}

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/weight_rollout.hpp>
#endif
