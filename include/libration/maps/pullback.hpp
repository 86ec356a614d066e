// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The adjoint of a vector map at its last step, by one kind of call whatever form the map has it in.

#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// JᵀW, or JᵀW and BᵀW, at the last step, J = dg/dh and B = dg/dx.
///
/// \param t, h, x   number, state and input of the last step: only read where the map's tangent takes them
/// \param workspace the map's, on which that step was made; of a map without one anything
/// \param W         shape (n, k)
/// \param out       JtW, shape (n, k); and BtW, shape (m, k), where it is asked for; apart from W
template <vector_map M, class Workspace, class... Out>
  requires detail::pullback_any<M, Out...>
void pull_back(const M& map, [[maybe_unused]] std::int64_t t, [[maybe_unused]] const vector_view<typename M::scalar_type>& h,
               [[maybe_unused]] const vector_view<typename M::scalar_type>& x, [[maybe_unused]] Workspace& workspace,
               const matrix_view<typename M::scalar_type>& W, Out&... out) {
  if constexpr (detail::pullback_in_workspace_alone<M, Out...>)
    map.pullback(W, out..., workspace);
  else if constexpr (detail::pullback_in_workspace_h<M, Out...>)
    map.pullback(h, W, out..., workspace);
  else if constexpr (detail::pullback_in_workspace_hx<M, Out...>)
    map.pullback(h, x, W, out..., workspace);
  else if constexpr (driven<M> && detail::pullback_thx<M, Out...>)
    map.pullback(t, h, x, W, out...);
  else if constexpr (driven<M>)
    map.pullback(h, x, W, out...);
  else if constexpr (detail::pullback_th<M, Out...>)
    map.pullback(t, h, W, out...);
  else
    map.pullback(h, W, out...);
}

}  // namespace libration::inline LIBRATION_ABI::maps
