// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The safetensors files that hold the weights of a Hugging Face folder: one, those that an index names, or shards without an
/// index.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/config_fields.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// The parts of a name such as "model-00001-of-00003.safetensors".
struct shard_name {
  std::string prefix, number, total;  ///< "model", "00001", "00003"

  LIBRATION_DECLARED static std::optional<shard_name> parse(std::string_view name);
  /// The file's name of another number of the same set, written as wide.
  LIBRATION_DECLARED std::string sibling(int other) const;
};

LIBRATION_DECLARED int int_of(const std::string& digits);

/// What a folder without safetensors weights holds instead, and what to do about it, for the end of a message.
LIBRATION_DECLARED std::string describe_other_weights(const std::vector<std::string>& names);

/// The shards of a folder without an index: of one set, all that its names promise.
LIBRATION_DECLARED std::vector<std::string> find_shards(const std::filesystem::path& folder, const std::vector<std::string>& names);

/// The shards that an index names, each opened, and each tensor where the index says.
std::vector<io::safetensors::file> open_index(const std::filesystem::path& folder, const std::filesystem::path& index);

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
