// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::token_mask`: which tokens of each sequence are padding.

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Which tokens are real and which are padding, as a tokenizer's `attention_mask` says. Empty: all are real.
///
///     token_mask(Eigen::Map<const Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic>>(data, tokens, batch))
///     token_mask::left(128, 20)   // the first 20 of 128 tokens are padding
///
/// With several sequences the heads of one stand beside each other: of 12 heads and a mask of 3 sequences, heads 0 to 3 are the
/// first sequence's. A batch of several layers, (layers, batch, heads, ...), repeats the mask layer by layer.
class token_mask {
 public:
  using flags = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic>;

  token_mask() = default;

  /// \param mask  shape (tokens, sequences) or (tokens): 1 or true for a real token, 0 or false for padding. PyTorch's
  ///              (batch, tokens), written row by row, is the same memory
  /// \throws argument_error for any other value, such as those of a mask that is added to logits
  template <class Derived>
  token_mask(const Eigen::DenseBase<Derived>& mask) {  // not explicit: an array is given where a mask is expected
    const auto values = mask.derived().eval();
    constexpr bool row = Derived::RowsAtCompileTime == 1 && Derived::ColsAtCompileTime != 1;
    real_.resize(row ? values.cols() : values.rows(), row ? 1 : values.cols());
    for (Eigen::Index s = 0; s < real_.cols(); ++s)
      for (Eigen::Index t = 0; t < real_.rows(); ++t) {
        const auto value = static_cast<double>(row ? values(0, t) : values(t, s));
        require(value == 0.0 || value == 1.0, "attention::token_mask", [&] {
          return "token " + number_text(t) + " of sequence " + number_text(s) + " has " + number_text(value) +
                 ", expected 1 (a real token) or 0 (padding); a mask that is added to logits is a bias";
        });
        real_(t, s) = value == 1.0;
      }
  }

  /// One sequence whose first tokens are padding.
  /// \throws argument_error unless 0 <= padding <= tokens, and for more tokens than there is memory
  static token_mask left(Eigen::Index tokens, Eigen::Index padding) { return one(tokens, padding, true); }
  /// One sequence whose last tokens are padding.
  /// \throws argument_error likewise
  static token_mask right(Eigen::Index tokens, Eigen::Index padding) { return one(tokens, padding, false); }

  bool empty() const { return real_.cols() == 0; }
  Eigen::Index tokens() const { return real_.rows(); }
  Eigen::Index sequences() const { return real_.cols(); }

  /// \return shape (tokens, sequences): true for a real token
  const flags& real() const { return real_; }

  /// \return the mask of one sequence alone
  /// \throws argument_error unless 0 <= sequence < sequences()
  LIBRATION_DECLARED token_mask sequence(Eigen::Index sequence) const;

 private:
  LIBRATION_DECLARED static token_mask one(Eigen::Index tokens, Eigen::Index padding, bool left);

  flags real_;
};

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/token_mask.hpp>
#endif
