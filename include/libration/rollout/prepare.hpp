// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Makes of a map what the drivers run on: a formula's small system, or a vector system; and of a start its state.

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

namespace detail {
template <class M>
struct start_of {
  using type = vector_view<typename M::scalar_type>;
};
template <maps::formula_map M>
struct start_of<M> {
  using type = const state<double, M::dimension>&;
};
}  // namespace detail

/// What a start is passed as: `state<double, n>` for a formula, a vector of the map's scalar for a vector map.
template <maps::map M>
using start_of = typename detail::start_of<M>::type;

/// Formulas of at most this many components run on fixed-size frames; larger ones on Eigen's blocks.
inline constexpr int largest_small_dimension = 8;

/// Whether a map is a formula that runs on frames of fixed size.
template <class M>
inline constexpr bool is_small = [] {
  if constexpr (maps::formula_map<M>)
    return M::dimension <= largest_small_dimension;
  else
    return false;
}();

/// \return the map's dimension n
template <maps::map M>
Eigen::Index state_size(const M& map) {
  if constexpr (maps::formula_map<M>)
    return M::dimension;
  else
    return map.state_size();
}

/// Calls `body(std::integral_constant<int, k>)` for the k in 1 .. n that equals `columns` (1 where that is 0).
template <int n, class Body>
auto with_constant(Eigen::Index columns, Body&& body) {
  if constexpr (n == 1)
    return body(std::integral_constant<int, 1>{});
  else
    return columns >= n ? body(std::integral_constant<int, n>{}) : with_constant<n - 1>(columns, body);
}

/// Calls `body(system)` with the map prepared for runs in double, or in single precision where Scalar is `single` (a vector
/// map runs in its own scalar).
///
/// \param columns the widest frame that the tangent will be asked of; 0: none
template <class Scalar = double, maps::map M, class Body>
auto with_system(const M& map, Eigen::Index columns, Body&& body) {
  if constexpr (!maps::formula_map<M>) {
    return body(tangent::vector_system<M>(map, columns));
  } else if constexpr (M::dimension > largest_small_dimension) {
    using base = typename scalar_traits<Scalar>::base;
    const tangent::formula_as_vector<M, base> vector(map);
    return body(tangent::vector_system<tangent::formula_as_vector<M, base>>(vector, columns));
  } else if constexpr (M::dimension > 4) {
    return body(tangent::formula_system<M, Scalar>(map, columns));
  } else {
    // The width of a small frame is a constant, so that its loops are written out.
    return with_constant<M::dimension>(columns, [&](auto width) {
      return body(tangent::formula_system<M, Scalar, decltype(width)::value>(map, columns));
    });
  }
}

/// The start as the system's state, in every lane alike.
///
/// \throws argument_error where a vector has another size than the map, or an entry is not finite
template <class System, class T, int n>
typename System::state_type make_state(const System& system, const state<T, n>& h0, std::string_view who) {
  auto h = system.make_state();
  for (int i = 0; i < n; ++i) {
    require(std::isfinite(static_cast<double>(h0[i])), who,
            [&] { return "h0 has a component that is not finite (" + number_text(i) + ")"; });
    h[i] = static_cast<std::remove_cvref_t<decltype(h[i])>>(h0[i]);
  }
  return h;
}
template <class System, class Scalar>
typename System::state_type make_state(const System& system, const vector_view<Scalar>& h0, std::string_view who) {
  require_rows(h0.rows(), system.state_size(), who, "h0", "the map's dimension");
  require(h0.allFinite(), who, "h0 has a component that is not finite");
  return h0;
}

}  // namespace libration::inline LIBRATION_ABI::rollout
