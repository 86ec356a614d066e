// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a model's `config.json` says, before it is known which kind of model is to be read from it.

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// The fields of a `config.json`: `read_config_json(path).value("model_type", "")`.
///
/// \return  an object, without what is null; empty where the file cannot be read or is no JSON object (but a bare Infinity, as
///          Python writes it, is read as the text "Infinity"): who reads the model then says what is wrong
LIBRATION_DECLARED nlohmann::json read_config_json(const std::filesystem::path& path);

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/config_json.hpp>
#endif
