// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::heads_view`: queries or keys of several heads where they lie, stacked in a matrix or as PyTorch dumps them.

#include <limits>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Vectors of `size` components, one for each of `tokens` tokens in each of `heads` heads; not owned. A vector's components
/// lie one after another; vectors and heads may lie anywhere at equal distances.
///
///     heads_view<float>::stacked(Q, 8)                 // a matrix (8·d, tokens), also a dump (tokens, heads·d)
///     heads_view<float>::dump(data, 8, tokens, d)      // a contiguous row-major dump (heads, tokens, d)
///
/// Sequences of a batch are heads one after another: a dump (batch, heads, tokens, d) is one of batch·heads heads, and where
/// keys have fewer heads than queries, each query head still meets its own.
template <class Scalar>
struct heads_view {
  using scalar_type = Scalar;

  const Scalar* data = nullptr;
  Eigen::Index heads = 0, tokens = 0, size = 0;
  Eigen::Index head_stride = 0, token_stride = 0;  ///< in elements

  /// The vector of a token, `size` elements.
  const Scalar* vector(Eigen::Index head, Eigen::Index token) const { return data + head * head_stride + token * token_stride; }

  /// \throws argument_error where a number is negative, or there is no memory behind the vectors
  void check(std::string_view who, std::string_view name) const {
    require(heads >= 0 && tokens >= 0 && size >= 0 && (data != nullptr || heads == 0 || tokens == 0 || size == 0), who, [&] {
      return std::string(name) + " has " + number_text(heads) + " heads of " + number_text(tokens) + " vectors of " +
             number_text(size) + (data == nullptr ? " at no address" : "") + ", expected numbers >= 0 and memory that holds them";
    });
  }

  /// A row-major array (heads, tokens, d) without gaps.
  static heads_view dump(const Scalar* data, Eigen::Index heads, Eigen::Index tokens, Eigen::Index d) {
    const option_check check("attention::heads_view", "");
    check(heads >= 0, "heads", heads, ">= 0");
    check(tokens >= 0, "tokens", tokens, ">= 0");
    check(d >= 1, "d", d, ">= 1");
    constexpr Eigen::Index most = std::numeric_limits<Eigen::Index>::max() / static_cast<Eigen::Index>(sizeof(Scalar));
    require(heads == 0 || tokens == 0 || d <= most / heads / tokens, "attention::heads_view", [&] {
      return number_text(heads) + " heads of " + number_text(tokens) + " vectors of " + number_text(d) +
             " have more elements than an array can have";
    });
    return {data, heads, tokens, d, tokens * d, d};
  }

  /// A matrix (heads·d, tokens), the heads' rows one below the other.
  ///
  /// \param matrix  must outlive the view
  /// \throws        argument_error where its rows are no multiple of the heads
  static heads_view stacked(const Eigen::Ref<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>& matrix,
                            Eigen::Index heads, std::string_view who = "attention::heads_view",
                            std::string_view name = "matrix") {
    require(heads >= 1, who, [&] { return number_text(heads) + " heads, expected at least 1"; });
    const Eigen::Index d = matrix.rows() / heads;
    require(d >= 1 && d * heads == matrix.rows(), who, [&] {
      return std::string(name) + " has " + number_text(matrix.rows()) + " rows, expected a multiple of " +
             number_text(heads) + " (its heads)";
    });
    return {matrix.data(), heads, matrix.cols(), d, d, matrix.outerStride()};
  }
};

}  // namespace libration::inline LIBRATION_ABI::attention
