// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How many keys each row sees, given for each token or for each head and token.

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// The keys that each row sees, >= 0.
class visible_counts {
 public:
  /// \param visible  shape (heads, tokens), or (tokens) for all heads alike
  /// \throws argument_error for another shape, or a count that is negative or not finite
  template <class Visible>
  visible_counts(const Eigen::MatrixBase<Visible>& visible, Eigen::Index heads, Eigen::Index tokens, std::string_view who) {
    const bool each_head = visible.rows() == heads && visible.cols() == tokens;
    const bool vector = (visible.rows() == 1 || visible.cols() == 1) && visible.size() == tokens;
    require(each_head || vector, who, [&] {
      return "visible is " + number_text(visible.rows()) + " x " + number_text(visible.cols()) + ", expected " +
             number_text(heads) + " x " + number_text(tokens) + " (heads, tokens), or a vector of " + number_text(tokens) +
             " (one for each token)";
    });
    counts_.resize(each_head ? heads : 1, tokens);
    for (Eigen::Index j = 0; j < counts_.cols(); ++j)
      for (Eigen::Index i = 0; i < counts_.rows(); ++i) {
        counts_(i, j) = static_cast<double>(each_head ? visible(i, j) : visible.cols() == tokens ? visible(0, j) : visible(j, 0));
        require(counts_(i, j) >= 0.0 && std::isfinite(counts_(i, j)), who, [&] {
          const std::string place =
              each_head ? "(" + number_text(i) + ", " + number_text(j) + ")" : "[" + number_text(j) + "]";
          return "visible" + place + " is " + number_text(counts_(i, j)) + ", expected >= 0";
        });
      }
  }

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
