// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shape of a Mamba or Mamba-2, as Hugging Face's `config.json` tells it.

#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// What the two have in common.
struct mamba_base_config {
  Eigen::Index hidden_size = 0;  ///< d, of the stream
  Eigen::Index inner_size = 0;   ///< d_i: channels that have a state
  Eigen::Index state_size = 0;   ///< N: numbers of a channel's state
  Eigen::Index conv_kernel = 4;  ///< K: inputs that the convolution sees, the newest included
  Eigen::Index layers = 0;
  Eigen::Index vocabulary_size = 0;  ///< 0: a network that reads and writes numbers (see `forecaster`)
  Eigen::Index input_size = 0;       ///< of such a network: numbers that it reads
  Eigen::Index output_size = 0;      ///< and writes
  double norm_epsilon = 1e-5;
  bool projection_bias = false;  ///< of in_proj and out_proj (`use_bias`)
  bool conv_bias = true;         ///< `use_conv_bias`
  bool tied_head = true;         ///< the head is the embedding
};

struct mamba_config : mamba_base_config {
  Eigen::Index time_step_rank = 0;  ///< R: rows of x_proj from which the time steps are made

  /// From the text of a `config.json` of model_type "mamba". Every field is accounted for, as by `llama_config::from_json`.
  ///
  /// A network that reads numbers has `input_size` and `output_size` in the place of `vocab_size`.
  ///
  /// \throws argument_error  naming the field that is missing, of another kind, out of range or not known
  LIBRATION_DECLARED static mamba_config from_json(std::string_view text, const std::vector<std::string>& ignore_fields = {});
  /// The same from a file. \throws file_error
  LIBRATION_DECLARED static mamba_config read(const std::filesystem::path& path,
                                              const std::vector<std::string>& ignore_fields = {});
  /// \throws argument_error  where a size is out of range
  LIBRATION_DECLARED void validate() const;
};

struct mamba2_config : mamba_base_config {
  Eigen::Index heads = 0;
  Eigen::Index head_size = 0;    ///< P; heads P = d_i
  Eigen::Index groups = 1;       ///< G, a divisor of the heads: so many pairs of B and C
  double least_time_step = 0.0;  ///< time_step_limit
  double largest_time_step = std::numeric_limits<double>::infinity();

  /// Rows of the convolution: x, B and C.
  Eigen::Index conv_channels() const { return inner_size + 2 * groups * state_size; }

  /// From the text of a `config.json` of model_type "mamba2". `time_step_limit` may hold a bare Infinity, as Python writes it, or
  /// transformers 5's {"__float__": "Infinity"}.
  LIBRATION_DECLARED static mamba2_config from_json(std::string_view text, const std::vector<std::string>& ignore_fields = {});
  LIBRATION_DECLARED static mamba2_config read(const std::filesystem::path& path,
                                               const std::vector<std::string>& ignore_fields = {});
  LIBRATION_DECLARED void validate() const;
};

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/mamba_config.hpp>
#endif
