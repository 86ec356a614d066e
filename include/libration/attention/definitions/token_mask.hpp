// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/token_mask.hpp declares.

#include <Eigen/Core>

#include <libration/attention/token_mask.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED token_mask token_mask::sequence(Eigen::Index sequence) const {
  require(sequence >= 0 && sequence < sequences(), "attention::token_mask",
          [&] { return "sequence " + number_text(sequence) + ", expected 0 to " + number_text(sequences() - 1); });
  token_mask mask;
  mask.real_ = real_.col(sequence);
  return mask;
}

LIBRATION_DEFINED token_mask token_mask::one(Eigen::Index tokens, Eigen::Index padding, bool left) {
  require(padding >= 0 && padding <= tokens, "attention::token_mask",
          [&] { return number_text(padding) + " tokens of padding of " + number_text(tokens) + ", expected 0 to all of them"; });
  token_mask mask;
  with_memory("attention::token_mask", [&] { mask.real_.setConstant(tokens, 1, true); });
  mask.real_.middleRows(left ? 0 : tokens - padding, padding).setConstant(false);
  return mask;
}

}  // namespace libration::inline LIBRATION_ABI::attention
