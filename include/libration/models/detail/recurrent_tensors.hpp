// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Finds and reads the layers of a recurrent network among a file's tensors, by PyTorch's names.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// What stands before `weight_hh_l0`, or a single cell's `weight_hh`, in each place of a file where one is.
LIBRATION_DECLARED std::vector<std::string> find_recurrent_prefixes(const checkpoint& tensors);

/// \return the layer in a name such as `bias_ih_l3`, or -1
LIBRATION_DECLARED int layer_number(std::string_view name);

/// A size that the tensors have, and the fields that may state it.
struct tensor_size {
  std::vector<std::string_view> fields;  ///< names
  std::vector<Eigen::Index> values;      ///< with each of which a field agrees: in a list, where every number is one of them
  std::string from;                      ///< "tensor \"rnn.weight_hh_l0\" of shape (384, 128) has it"
};

/// Sizes of a network's layers and inputs, as a config may state them.
///
/// \param prefixes  of a network, or of those of a stack, each there
LIBRATION_DECLARED std::vector<tensor_size> recurrent_sizes(const checkpoint& tensors, const std::vector<std::string>& prefixes);

/// One layer, checked. `suffix` is "_l0", "_l1", ... or empty for a single cell.
template <class Scalar>
layer_weights<Scalar> read_layer(checkpoint& tensors, const std::string& prefix, const std::string& suffix, Eigen::Index gates,
                                 Eigen::Index inputs, std::string_view who) {
  const layer_names names = {prefix + "weight_ih" + suffix, prefix + "weight_hh" + suffix, prefix + "bias_ih" + suffix,
                             prefix + "bias_hh" + suffix};
  const bool with_bias = tensors.contains(names[2]) || tensors.contains(names[3]);
  layer_weights<Scalar> layer;
  layer.input = tensors.matrix<Scalar>(names[0]);
  layer.recurrent = tensors.matrix<Scalar>(names[1]);
  if (with_bias) {
    layer.input_bias = tensors.vector<Scalar>(names[2], layer.recurrent.rows());
    layer.recurrent_bias = tensors.vector<Scalar>(names[3], layer.recurrent.rows());
  }
  std::string fault = find_fault(layer, gates, inputs, names);
  if (fault.empty() && layer.input.cols() == 0) fault = names[0] + " has no columns, expected one an input, at least 1";
  if (!fault.empty()) tensors.refuse(who, names[1], fault);
  return layer;
}

/// Throws where a tensor below a prefix says that the network is of a kind that is not supported, whatever its shapes.
LIBRATION_DECLARED void require_supported(const checkpoint& tensors, std::string_view prefix, std::string_view who);

/// All layers below a prefix, from the lowest up.
///
/// \param gates   blocks of rows a weight must have
/// \param inputs  columns of the lowest layer's input weight, or -1: any number
/// \param who     the model, for messages
template <class Scalar>
std::vector<layer_weights<Scalar>> read_layers(checkpoint& tensors, std::string_view prefix, Eigen::Index gates,
                                               std::string_view who, Eigen::Index inputs = -1) {
  const std::string before = canonical_name(prefix);
  require_supported(tensors, before, who);
  int highest = -1;
  for (const std::string& entry : tensors.names()) {
    const std::string_view name = entry;
    if (!name.starts_with(before)) continue;
    const std::string_view rest = name.substr(before.size());
    if (rest.starts_with("weight_") || rest.starts_with("bias_")) highest = std::max(highest, layer_number(rest));
  }
  // As the caller spells it, by which one of two networks that differ in a wrapper is meant.
  const std::string spelled(prefix);
  std::vector<layer_weights<Scalar>> layers;
  if (highest < 0 && tensors.contains(spelled + "weight_hh")) {
    layers.push_back(read_layer<Scalar>(tensors, spelled, "", gates, inputs, who));
    return layers;
  }
  if (highest < 0) {
    const std::vector<std::string> prefixes = find_recurrent_prefixes(tensors);
    std::string reason = "no tensor " + spelled + "weight_hh_l0 or " + spelled + "weight_hh";
    if (prefixes.empty())
      reason += "; the file holds " + some_of(tensors.names());
    else
      for (std::size_t i = 0; i < prefixes.size(); ++i)
        reason += (i == 0 ? "; recurrent layers are there with the prefix \"" : "\" and \"") + prefixes[i] +
                  (i + 1 == prefixes.size() ? "\"" : "");
    tensors.refuse(who, reason);
  }
  for (int l = 0; l <= highest; ++l) {
    layers.push_back(read_layer<Scalar>(tensors, spelled, "_l" + number_text(l), gates, inputs, who));
    inputs = layers.back().recurrent.cols();
  }
  return layers;
}

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/recurrent_tensors.hpp>
#endif
