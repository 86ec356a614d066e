// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/llama_weights.hpp declares.

#include <algorithm>

#include <libration/models/llama_weights.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED bool is_same(const io::safetensors::tensor& a, const io::safetensors::tensor& b) {
  return a.type == b.type && std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end()) &&
         std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
