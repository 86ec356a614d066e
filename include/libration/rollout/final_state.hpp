// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The state that a run ends in: how a result holds it, and how another run goes on from it.

#include <string_view>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// One lane of a system's state as a result holds it: in double, which holds floats exactly; shape (n).
template <class State>
Eigen::VectorXd state_values(const State& h, int lane = 0) {
  if constexpr (std::is_base_of_v<Eigen::EigenBase<State>, State>) {
    return h.template cast<double>();
  } else {
    Eigen::VectorXd values(State::size);
    for (int i = 0; i < State::size; ++i) values[i] = lane_value(h[i], lane);
    return values;
  }
}

/// The start from which a map's run goes on where a result ended: `spectrum(map, rollout::start_at(map, r.final_state))`.
///
/// \param final_state  of a result on a map of as many components, shape (n)
/// \return state<double, n> for a formula, a vector of the map's scalar for a vector map
/// \throws argument_error for another number of components than the map's dimension
template <maps::map M>
auto start_at(const M& map, const Eigen::Ref<const Eigen::VectorXd>& final_state) {
  constexpr std::string_view who = "rollout::start_at";
  if constexpr (maps::formula_map<M>) {
    require_rows(final_state.size(), M::dimension, who, "the final state", "the map's dimension");
    state<double, M::dimension> h;
    for (int i = 0; i < M::dimension; ++i) h[i] = final_state[i];
    return h;
  } else {
    require_rows(final_state.size(), map.state_size(), who, "the final state", "the map's dimension");
    return Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>(final_state.template cast<typename M::scalar_type>());
  }
}

}  // namespace libration::inline LIBRATION_ABI::rollout
