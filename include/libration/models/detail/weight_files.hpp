// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The safetensors files that hold the weights of a Hugging Face folder: one, those that an index names, or shards without an
/// index.

#include <filesystem>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/io/safetensors.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// `model.safetensors`; or the files that `model.safetensors.index.json` names; or, without an index, all the shards
/// `NAME-1-of-N.safetensors` to `NAME-N-of-N.safetensors`.
///
/// \throws file_error  naming the file that is missing or the entry that is wrong; where there is none of these, what there is
///                     instead and what to do
LIBRATION_DECLARED std::vector<io::safetensors::file> open_weight_files(const std::filesystem::path& folder);

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/weight_files.hpp>
#endif
