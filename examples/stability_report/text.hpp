// SPDX-License-Identifier: MIT
#pragma once
// How a text is read: its characters by a vocabulary, or token ids.

#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/token_model.hpp>
#include <libration/models/vocabulary.hpp>

#include "arguments.hpp"

namespace stability {

// The text by the model's characters; a note where some of them are unknown and that was allowed.
std::vector<libration::maps::token> encode(const libration::models::vocabulary& characters, const arguments&,
                                           std::vector<std::string>& notes);

// Token ids: a JSON list, or numbers between blanks.
std::vector<libration::maps::token> read_ids(const std::string& path, Eigen::Index vocabulary_size);

// Refuses a text that is too short to report on.
void require_length(const arguments&, const std::vector<libration::maps::token>& tokens, const std::string& unit);

// What a model pays for a token must be a number.
void require_finite(double cost, const arguments&);

}  // namespace stability
