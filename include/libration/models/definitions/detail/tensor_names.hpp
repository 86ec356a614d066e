// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/tensor_names.hpp declares.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <libration/models/detail/name_patterns.hpp>
#include <libration/models/detail/tensor_names.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED std::string canonical_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> wrappers = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                                        "_checkpoint_wrapped_module"};
  std::string result;
  while (true) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return result.append(name);
    const std::string_view component = name.substr(0, dot);
    const bool dropped =
        std::find(wrappers.begin(), wrappers.end(), component) != wrappers.end() || (result.empty() && component == "model");
    if (!dropped) result.append(component).push_back('.');
    name.remove_prefix(dot + 1);
  }
}

LIBRATION_DEFINED std::string_view undropped_name(std::string_view canonical) {
  constexpr std::string_view ending = "_raw";
  if (!canonical.ends_with(ending)) return {};
  const std::string_view name = canonical.substr(0, canonical.size() - ending.size());
  std::string_view last = last_component(name);
  if (!last.starts_with("weight_hh") && !last.starts_with("weight_ih")) return {};
  last.remove_prefix(std::string_view("weight_hh").size());
  if (last.starts_with("_l")) last.remove_prefix(2);
  return last.find_first_not_of("0123456789") == std::string_view::npos ? name : std::string_view();
}

LIBRATION_DEFINED bool is_without_effect(std::string_view name, io::element type, io::shape_view shape) {
  const std::string_view last = last_component(name), root = name.substr(0, name.find('.'));
  const std::string_view module = last_component(name.substr(0, std::max<std::size_t>(parent(name).size(), 1) - 1));
  if (io::byte_count(shape, type) == 0) return true;
  if (is_one_of(root, {"optimizer", "optimizer_state", "optimizer_states", "optimizer_state_dict", "optim", "lr_scheduler"}))
    return true;
  if (is_one_of(last, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "num_batches_tracked", "n_averaged"}))
    return true;
  if (is_one_of(module, {"rotary_emb", "rotary", "rope"}))
    return is_one_of(last, {"inv_freq", "original_inv_freq", "cos_cached", "sin_cached"});
  if (is_one_of(last, {"position_ids", "token_type_ids", "global_step", "epoch"})) return !is_floating(type);
  if (is_one_of(module, {"attn", "attention", "self_attn", "self_attention"})) {
    if (last == "masked_bias") return io::byte_count(shape, type) == io::element_size(type);
    return last == "bias" && shape.size() == 4 && shape[0] == 1 && shape[1] == 1 && shape[2] == shape[3];
  }
  return false;
}

LIBRATION_DEFINED bool names_initial_state(std::string_view last) {
  return is_one_of(last, {"h0", "c0", "h_0", "c_0", "hx", "cx", "h_init", "c_init"}) || last.starts_with("init_") ||
         last.starts_with("initial_") || last.starts_with("learned_init");
}

LIBRATION_DEFINED std::string describe_foreign_part(std::string_view name) {
  const std::string_view last = last_component(name);
  const auto contains = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (is_one_of(last,
                {"SCB", "scales", "zeros", "zero_points", "zero_point", "qzeros", "qweight", "g_idx", "absmax", "nested_absmax",
                 "quant_map", "nested_quant_map", "weight_packed", "weight_shape", "weight_format", "scale_weight"}) ||
      last.ends_with("_scale") || last.ends_with("_scale_inv") || last.ends_with("_zero_point") || contains("quant_state"))
    return "belongs to quantised weights, which must be stored as floating-point numbers first";
  if (contains("lora_") || contains("base_layer.") || contains("modules_to_save."))
    return "belongs to an adapter (LoRA), which must be merged into the weights first";
  if (last.ends_with("_raw"))
    return "is, probably, the parameter of a weight drop, whose copy without _raw is masked at random for training; store it under "
           "the copy's name";
  if (contains("parametrizations.") || is_one_of(last, {"weight_g", "weight_v", "weight_u", "weight_orig", "weight_mask"}) ||
      (last.starts_with("weight_") && is_one_of(last.substr(last.rfind('_')), {"_g", "_v", "_u", "_orig", "_mask"})))
    return "belongs to a weight that is computed from other tensors (weight norm, spectral norm or pruning); store the weight "
           "itself";
  return {};
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
