// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Rotary position embedding: the frequencies by which a head's components turn with the position, scaled as configs ask for.

#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// How frequencies are changed so that a model reads further than it was trained for. Names as in Hugging Face's configs.
enum class rotary_scaling {
  none,     ///< "default"
  linear,   ///< all divided by `factor`
  dynamic,  ///< theta raised so far that the window fits ("NTK-aware")
  llama3,   ///< slow frequencies divided, fast ones kept, between them a mixture
  yarn,     ///< the same with a ramp over components, and logits that are scaled
  longrope  ///< each divided by a number of its own
};

struct rotary_options {
  double theta = 10000.0;  ///< base, > 1
  rotary_scaling scaling = rotary_scaling::none;
  double factor = 1.0;                                    ///< >= 1; how much further than trained
  Eigen::Index original_positions = 0;                    ///< positions trained for; 0: the config's max_position_embeddings
  double low_frequency_factor = 1.0;                      ///< llama3
  double high_frequency_factor = 4.0;                     ///< llama3, above the low one
  double beta_fast = 32.0, beta_slow = 1.0;               ///< yarn: turns over the trained positions where its ramp ends and begins
  double attention_factor = 0.0;                          ///< yarn, longrope: of cosine and sine; 0: by the method's own formula
  double mscale = 0.0, mscale_all = 0.0;                  ///< yarn: numerator and denominator of that formula, where not 0
  bool truncate = true;                                   ///< yarn: the ramp's ends are whole components
  Eigen::VectorXd short_factors = {}, long_factors = {};  ///< longrope, shape (d/2): within, and beyond the trained positions
};

/// The angle of pair i at position t is t * frequency[i]; cosine and sine are multiplied by `magnitude`.
struct rotary_frequencies {
  Eigen::VectorXd frequency;  ///< radians a position, shape (d/2)
  double magnitude = 1.0;
};

/// \param head_size  d
/// \param trained    max_position_embeddings
/// \throws argument_error  naming the option that is out of range
LIBRATION_DECLARED void validate(const rotary_options& options, Eigen::Index head_size, Eigen::Index trained, std::string_view who);

/// frequency_i = theta^(-2i/d), scaled.
///
/// \param head_size  d, even
/// \param trained    max_position_embeddings, >= 1
/// \param window     the farthest that positions lie apart, >= 1: what `dynamic` and `longrope` choose by. (Hugging Face's code
/// chooses
///                   anew whenever a text gets longer, and leaves the cached keys turned by the old frequencies.)
/// \throws argument_error  for an option out of range
/// Source: RoPE: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, section 3.2.2; yarn: Peng et
/// al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023; the others as the models' published code has
/// them
LIBRATION_DECLARED rotary_frequencies make_rotary_frequencies(Eigen::Index head_size, Eigen::Index trained, Eigen::Index window,
                                                              const rotary_options& options);

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/rotary.hpp>
#endif
