// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How many keys each row sees, given for each token or for each head and token.

#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// The keys that each row sees, >= 0.
class visible_counts {
 public:
  /// \param visible  shape (heads, tokens), or (tokens) for all heads alike
  /// \throws argument_error for another shape, or a count that is negative or not finite
  LIBRATION_DECLARED visible_counts(const Eigen::MatrixXd& visible, Eigen::Index heads, Eigen::Index tokens, std::string_view who);

  double operator()(Eigen::Index head, Eigen::Index token) const { return counts_(counts_.rows() == 1 ? 0 : head, token); }

 private:
  Eigen::MatrixXd counts_;
};

/// \return shape (tokens): causal attention without a window, where token i sees i + 1 keys
LIBRATION_DECLARED Eigen::VectorXd causal_counts(Eigen::Index tokens);

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/visible_counts.hpp>
#endif
