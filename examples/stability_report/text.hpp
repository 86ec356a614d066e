// SPDX-License-Identifier: MIT
#pragma once
// How a text is read: its characters by a vocabulary, or token ids.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/token_model.hpp>
#include <libration/models/vocabulary.hpp>

#include "arguments.hpp"

namespace stability {

// Of a model of a folder: the vocabulary that was named, or lies there as vocabulary.json, or is in the metadata of the weights'
// file, or the "vocab" of its config.json, a text with a character for each token.
libration::models::vocabulary vocabulary_of(const arguments&, const std::filesystem::path& folder,
                                            const std::filesystem::path& weights);

// The text by the model's characters; a note where some of them are unknown and that was allowed.
std::vector<libration::maps::token> encode(const libration::models::vocabulary& characters, const arguments&,
                                           std::vector<std::string>& notes);

// Token ids: a JSON list, or numbers between blanks.
std::vector<libration::maps::token> read_ids(const std::string& path, Eigen::Index vocabulary_size);

// Refuses a text that is too short to report on.
void require_length(const arguments&, const std::vector<libration::maps::token>& tokens, const std::string& unit);

// Tokens to settle on: of a short text at most a quarter, half of it for the state and half for the directions.
std::int64_t settling_part(const arguments&, std::int64_t length);

// What a model of a fixed-size state is scored on.
inline std::vector<libration::maps::token> beginning_of(const std::vector<libration::maps::token>& tokens) {
  return {tokens.begin(), tokens.begin() + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(tokens.size()), 20'000)};
}

// What a model pays for a token must be a number.
void require_finite(double cost, const arguments&);

}  // namespace stability
