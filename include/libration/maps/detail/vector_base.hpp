// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What combinators of vector maps are made of: a stage, which runs any map by one kind of call, and their face.

#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/pullback.hpp>
#include <libration/maps/structured_spectrum.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

template <class S>
using vector_of = Eigen::Matrix<S, Eigen::Dynamic, 1>;
template <class S>
using matrix_of = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

template <class M>
struct workspace_of {
  struct type {};
};
template <with_workspace M>
struct workspace_of<M> {
  using type = typename M::workspace;
};

template <class M>
concept with_determinant = determinant_h<M> || determinant_in_workspace<M>;

/// One application of a vector map, which remembers where it was made, so that the tangent there can follow.
template <vector_map M>
struct stage {
  using S = typename M::scalar_type;

  typename workspace_of<M>::type workspace;
  vector_of<S> h, x;  // of the last step; empty where the map's own workspace remembers
  std::int64_t t = 0;

  static constexpr bool keeps_state = tangent_needs_state<M> || (determinant_h<M> && !determinant_in_workspace<M>);

  static stage make(const M& map, Eigen::Index columns) {
    stage made = [&]() -> stage {
      if constexpr (with_workspace<M>)
        return {map.make_workspace(columns), {}, {}};
      else
        return {};
    }();
    if constexpr (keeps_state) made.h.setZero(map.state_size());
    if constexpr (tangent_needs_state<M> && with_input_size<M>) made.x.setZero(map.input_size());
    return made;
  }

  void step(const M& map, std::int64_t at, const vector_view<S>& from, [[maybe_unused]] const vector_view<S>& input,
            vector_span<S> next) {
    t = at;
    if constexpr (keeps_state) h = from;
    if constexpr (tangent_needs_state<M> && with_input_size<M>) x = input;
    if constexpr (steps_in_workspace<M>)
      call_step(map, at, from, input, next, workspace);
    else
      call_step(map, at, from, input, next);
  }

  void tangent(const M& map, matrix_view<S> V, matrix_span<S> JV) {
    if constexpr (tangent_in_workspace_alone<M>)
      map.tangent(V, JV, workspace);
    else if constexpr (tangent_in_workspace_h<M>)
      map.tangent(h, V, JV, workspace);
    else if constexpr (tangent_in_workspace_hx<M>)
      map.tangent(h, x, V, JV, workspace);
    else if constexpr (tangent_h<M>)
      map.tangent(h, V, JV);
    else if constexpr (tangent_th<M>)
      map.tangent(t, h, V, JV);
    else if constexpr (tangent_hx<M>)
      map.tangent(h, x, V, JV);
    else
      map.tangent(t, h, x, V, JV);
  }

  /// JᵀW at the last step; with a second block BᵀW too, B = dg/dx.
  template <class... Out>
  void pullback(const M& map, const matrix_view<S>& W, Out&... out) {
    pull_back(map, t, h, x, workspace, W, out...);
  }

  /// \return ln|det J| at the last step
  double log_abs_determinant(const M& map) const
    requires with_determinant<M>
  {
    if constexpr (determinant_in_workspace<M>)
      return map.log_abs_determinant(workspace);
    else
      return map.log_abs_determinant(h);
  }

  /// The gates of the last step.
  void gates(const M& map, vector_span<double> out) const
    requires has_structured_spectrum<M>
  {
    if constexpr (gates_in_workspace<M>)
      map.gates(workspace, out);
    else
      map.gates(t, out);
  }

 private:
  template <class... Extra>
  static void call_step(const M& map, [[maybe_unused]] std::int64_t at, const vector_view<S>& from,
                        [[maybe_unused]] const vector_view<S>& input, vector_span<S>& next, Extra&... ws) {
    if constexpr (with_input_size<M>) {
      if constexpr (timed<M>)
        map.step(at, from, input, next, ws...);
      else
        map.step(from, input, next, ws...);
    } else {
      if constexpr (timed<M>)
        map.step(at, from, next, ws...);
      else
        map.step(from, next, ws...);
    }
  }
};

/// Gives Derived the one form of `step` that fits (time or not, input or not), and its sizes, from its
///
///     void advance(std::int64_t t, const vector_view<S>& h, const vector_view<S>& x, vector_span<S> next,
///                  Workspace&) const;
///     Eigen::Index state_rows() const;  Eigen::Index input_rows() const;
///
/// An autonomous Derived gets h in the place of x.
template <class Derived, class S, bool is_driven, bool is_timed>
class vector_base {
 public:
  using scalar_type = S;

  Eigen::Index state_size() const { return self().state_rows(); }
  Eigen::Index input_size() const
    requires is_driven
  {
    return self().input_rows();
  }

  template <class Workspace>
    requires(!is_driven && !is_timed)
  void step(vector_view<S> h, vector_span<S> next, Workspace& ws) const {
    self().advance(0, h, h, next, ws);
  }
  template <class Workspace>
    requires(!is_driven && is_timed)
  void step(std::int64_t t, vector_view<S> h, vector_span<S> next, Workspace& ws) const {
    self().advance(t, h, h, next, ws);
  }
  template <class Workspace>
    requires(is_driven && !is_timed)
  void step(vector_view<S> h, vector_view<S> x, vector_span<S> next, Workspace& ws) const {
    self().advance(0, h, x, next, ws);
  }
  template <class Workspace>
    requires(is_driven && is_timed)
  void step(std::int64_t t, vector_view<S> h, vector_view<S> x, vector_span<S> next, Workspace& ws) const {
    self().advance(t, h, x, next, ws);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace libration::inline LIBRATION_ABI::maps::detail
