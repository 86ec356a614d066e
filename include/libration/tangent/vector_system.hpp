// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A vector map prepared for runs: its orbit, and its tangent on a block of directions, without allocation in a step.

#include <cstdint>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/pullback.hpp>
#include <libration/maps/structured_spectrum.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

namespace detail {
struct no_workspace {};
template <class M>
struct workspace_of {
  using type = no_workspace;
};
template <class M>
  requires maps::detail::steps_in_workspace<M>
struct workspace_of<M> {
  using type = typename M::workspace;
};
}  // namespace detail

/// A vector map with its workspace. `advance` computes a step and what its linearisation needs; `tangent` applies that
/// linearisation to a block, any number of times.
template <class M>
class vector_system {
  using S = typename M::scalar_type;
  static constexpr bool in_workspace = maps::detail::steps_in_workspace<M>;
  static constexpr bool keeps_state = maps::detail::tangent_needs_state<M>;

 public:
  static constexpr int width = 1;
  static constexpr bool autonomous = maps::repeats_itself<M>;
  static constexpr bool has_structure = maps::has_structured_spectrum<M>;
  static constexpr bool has_determinant = maps::detail::determinant_h<M> || maps::detail::determinant_in_workspace<M>;

  using map_type = M;
  using scalar = S;
  using mask = bool;
  using state_type = Eigen::Matrix<S, Eigen::Dynamic, 1>;
  using input_type = Eigen::Matrix<S, Eigen::Dynamic, 1>;
  using frame_type = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param map     outlives the system
  /// \param columns the widest frame that `tangent` will get; 0: none
  vector_system(const M& map, Eigen::Index columns)
      : map_(&map), workspace_(make(map, columns)), image_(map.state_size(), columns) {
    if constexpr (keeps_state) {
      h_.resize(state_size());
      x_.resize(input_size());
    }
  }

  const M& map() const { return *map_; }
  Eigen::Index state_size() const { return map_->state_size(); }
  Eigen::Index input_size() const {
    if constexpr (maps::driven<M>)
      return map_->input_size();
    else
      return 0;
  }
  double time_step() const { return maps::time_step(*map_); }
  bool per_unit_of_time() const { return maps::per_unit_of_time(*map_); }
  state_type make_state() const { return state_type::Zero(state_size()); }
  input_type make_input() const { return input_type::Zero(input_size()); }
  frame_type make_frame(Eigen::Index columns) const { return frame_type::Zero(state_size(), columns); }

  /// One step of the orbit. Overwrites what the last `advance` left for `tangent`.
  void step(std::int64_t t, const state_type& h, const input_type& x, state_type& next) {
    if constexpr (has_structure) t_ = t;
    if constexpr (in_workspace)
      call_step(t, h, x, next, workspace_);
    else
      call_step(t, h, x, next);
  }

  /// One step of the orbit, and what `tangent` needs of it.
  void advance(std::int64_t t, const state_type& h, const input_type& x, state_type& next) {
    step(t, h, x, next);
    if constexpr (keeps_state) {
      t_ = t;
      h_ = h;
      x_ = x;
    } else if constexpr (has_determinant && !maps::detail::determinant_in_workspace<M>) {
      h_ = h;
    }
  }

  /// Replaces the block V, shape (n, k), by J V, J being the Jacobian at the last `advance`.
  void tangent(frame_type& V)
    requires maps::differentiable<M>
  {
    const Eigen::Index n = V.rows(), k = V.cols();
    if (k != image_.cols()) image_.resize(n, k);
    if constexpr (maps::detail::tangent_in_workspace_alone<M>)
      map_->tangent(V, image_, workspace_);
    else if constexpr (maps::detail::tangent_in_workspace_h<M>)
      map_->tangent(h_, V, image_, workspace_);
    else if constexpr (maps::detail::tangent_in_workspace_hx<M>)
      map_->tangent(h_, x_, V, image_, workspace_);
    else if constexpr (maps::driven<M> && maps::detail::tangent_thx<M>)
      map_->tangent(t_, h_, x_, V, image_);
    else if constexpr (maps::driven<M>)
      map_->tangent(h_, x_, V, image_);
    else if constexpr (maps::detail::tangent_th<M>)
      map_->tangent(t_, h_, V, image_);
    else
      map_->tangent(h_, V, image_);
    V.swap(image_);
  }

  /// Replaces V, shape (n, k), by J V + B VX, B being the derivative of that step in the input; VX: shape (m, k).
  void tangent(frame_type& V, const frame_type& VX)
    requires maps::differentiable_in_input<M>
  {
    if (V.cols() != image_.cols()) image_.resize(V.rows(), V.cols());
    if constexpr (maps::detail::input_tangent_in_workspace_alone<M>)
      map_->tangent(V, VX, image_, workspace_);
    else if constexpr (maps::detail::input_tangent_in_workspace_hx<M>)
      map_->tangent(h_, x_, V, VX, image_, workspace_);
    else if constexpr (maps::detail::input_tangent_hx<M>)
      map_->tangent(h_, x_, V, VX, image_);
    else
      map_->tangent(t_, h_, x_, V, VX, image_);
    V.swap(image_);
  }

  /// Replaces the block W, shape (n, k), by JᵀW, J being the Jacobian at the last `advance`.
  void pullback(frame_type& W)
    requires maps::has_pullback<M>
  {
    if (W.cols() != image_.cols()) image_.resize(W.rows(), W.cols());
    matrix_span<S> image = image_;
    maps::pull_back(*map_, t_, h_, x_, workspace_, W, image);
    W.swap(image_);
  }
  /// The same, and writes BᵀW, shape (m, k), B being the derivative of that step in the input.
  void pullback(frame_type& W, frame_type& BtW)
    requires maps::has_input_pullback<M>
  {
    if (W.cols() != image_.cols()) image_.resize(W.rows(), W.cols());
    if (BtW.cols() != W.cols() || BtW.rows() != input_size()) BtW.resize(input_size(), W.cols());
    matrix_span<S> image = image_, of_input = BtW;
    maps::pull_back(*map_, t_, h_, x_, workspace_, W, image, of_input);
    W.swap(image_);
  }

  /// \return ln|det J| at the last `advance`, where the map gives it
  double log_abs_determinant() const
    requires has_determinant
  {
    if constexpr (maps::detail::determinant_in_workspace<M>)
      return map_->log_abs_determinant(workspace_);
    else
      return map_->log_abs_determinant(h_);
  }

  /// What the map's exponents are made of, and the gates of the last step, shape (gates); see `maps::has_structured_spectrum`.
  maps::gate_structure structure() const
    requires has_structure
  {
    return map_->structured_spectrum();
  }
  void gates(vector_span<double> out) const
    requires has_structure
  {
    if constexpr (maps::detail::gates_in_workspace<M>)
      map_->gates(workspace_, out);
    else
      map_->gates(t_, out);
  }

 private:
  using workspace_type = typename detail::workspace_of<M>::type;

  static workspace_type make(const M& map, Eigen::Index columns) {
    if constexpr (in_workspace)
      return map.make_workspace(columns);
    else
      return {};
  }

  template <class... Extra>
  void call_step([[maybe_unused]] std::int64_t t, const state_type& h, [[maybe_unused]] const input_type& x, state_type& next,
                 Extra&... ws) const {
    if constexpr (maps::driven<M>) {
      if constexpr (maps::detail::steps_thx<M, Extra...>)
        map_->step(t, h, x, next, ws...);
      else
        map_->step(h, x, next, ws...);
    } else {
      if constexpr (maps::detail::steps_th<M, Extra...>)
        map_->step(t, h, next, ws...);
      else
        map_->step(h, next, ws...);
    }
  }

  const M* map_;
  [[no_unique_address]] workspace_type workspace_;
  frame_type image_;
  state_type h_;
  input_type x_;
  std::int64_t t_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
