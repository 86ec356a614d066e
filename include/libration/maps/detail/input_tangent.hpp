// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The tangent of a stage in state and input together, by one kind of call.

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/vector_base.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

/// JV = (dg/dh) V + (dg/dx) VX at the stage's last step; V, JV: shape (n, k), VX: shape (m, k).
template <vector_map M>
  requires differentiable_in_input<M>
void tangent_with_input(stage<M>& at, const M& map, matrix_view<typename M::scalar_type> V, matrix_view<typename M::scalar_type> VX,
                        matrix_span<typename M::scalar_type> JV) {
  if constexpr (input_tangent_in_workspace_alone<M>)
    map.tangent(V, VX, JV, at.workspace);
  else if constexpr (input_tangent_in_workspace_hx<M>)
    map.tangent(at.h, at.x, V, VX, JV, at.workspace);
  else if constexpr (input_tangent_hx<M>)
    map.tangent(at.h, at.x, V, VX, JV);
  else
    map.tangent(at.t, at.h, at.x, V, VX, JV);
}

}  // namespace libration::inline LIBRATION_ABI::maps::detail
