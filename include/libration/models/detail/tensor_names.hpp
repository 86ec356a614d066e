// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a tensor's name says of it: which part of a model it is, and whether it can change a result.

#include <string>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/io/element.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// A tensor's name without what wrappers put into it: the components `module`, `_orig_mod`, `_fsdp_wrapped_module` and
/// `_checkpoint_wrapped_module` wherever they stand, then each `model` that leads. Also of a prefix that ends with its dot.
LIBRATION_DECLARED std::string canonical_name(std::string_view name);

/// What follows the last dot of a name.
inline std::string_view last_component(std::string_view name) { return name.substr(name.rfind('.') + 1); }  // npos + 1 is 0

/// What stands before it, with the dot.
inline std::string_view parent(std::string_view name) { return name.substr(0, name.size() - last_component(name).size()); }

/// The name of the weight whose parameter a weight drop keeps under this canonical name ("rnn.weight_hh_l0" of
/// "rnn.weight_hh_l0_raw"), or nothing.
LIBRATION_DECLARED std::string_view undropped_name(std::string_view canonical);

/// Whether weights may be of this type: floating-point numbers.
inline bool is_floating(io::element type) {
  return type == io::element::f16 || type == io::element::bf16 || type == io::element::f32 || type == io::element::f64;
}

/// Whether a tensor, by its canonical name, cannot change what a model computes: a buffer that is recomputed from the config, a
/// causal mask, a counter, or the state of an optimiser.
LIBRATION_DECLARED bool is_without_effect(std::string_view name, io::element type, io::shape_view shape);

/// Whether the last component of a tensor's name is that of a recurrent network's learned initial state.
LIBRATION_DECLARED bool names_initial_state(std::string_view last);

/// What a part that belongs to another way of storing or computing weights is, by its canonical name; or an empty text.
LIBRATION_DECLARED std::string describe_foreign_part(std::string_view name);

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/tensor_names.hpp>
#endif
