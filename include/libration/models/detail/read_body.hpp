// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Reads the body of a `residual_stack` and what stands before and behind it, all of whose tensors are accounted for.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/number_text.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/weight_visitors.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// How a file calls what a body's names do not say by themselves.
struct body_names {
  std::string before;     ///< what stands before `layers.0.`
  std::string embedding;  ///< the tensor
  std::string head;       ///< what stands before "weight" and "bias", with the dot
};

/// \param config  checked
/// \param visit   called as (body's weights, reader), twice: it goes through all tensors
/// \return        the body's weights
/// \throws file_error  naming the tensor that is missing, of another shape, not finite, out of range or left over
template <class Layer, class Visit>
typename Layer::model_weights read_body(const typename Layer::config_type& config, checkpoint& tensors, const Visit& visit) {
  typename Layer::model_weights weights;
  // No file has more layers than tensors: a config that says so is not obeyed with memory.
  if (const std::size_t most = tensors.names().size(); static_cast<std::size_t>(config.layers) > most)
    tensors.refuse(Layer::name, "the config has " + number_text(config.layers) + " layers (num_hidden_layers), and the file only " +
                                    number_text(most) + " tensors");
  weights.layers.resize(static_cast<std::size_t>(config.layers));
  weight_reader<typename Layer::scalar_type> reader(tensors, Layer::name);
  visit(weights, reader);
  reader.begin_to_read();
  visit(weights, reader);
  return weights;
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
