// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One step of many states at once, whatever the map: in one batch where it offers that, column by column otherwise.

#include <cstdint>
#include <optional>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// Steps the columns of a batch under one input.
///
/// \tparam Base  float or double: what a formula is computed in; a vector map's own scalar otherwise
template <class M, class Base = double>
class batch_stepper {
  using S = Base;

 public:
  using scalar = Base;
  using batch = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param map outlives this
  batch_stepper(const M& map, Eigen::Index /*columns*/) : map_(&map) {}

  /// \param H, next  shape (n, k), apart from each other
  /// \param x        the step's input, anything with [i], shape (m); not looked at for an autonomous map
  template <class Input>
  void step(std::int64_t t, const batch& H, const Input& x, batch& next) const {
    constexpr int n = M::dimension, m = (maps::input_dimension<M>) > 0 ? maps::input_dimension<M> : 1;
    using T = std::conditional_t<std::is_same_v<S, float>, single, double>;
    state<T, m> input{};
    if constexpr ((maps::input_dimension<M>) > 0)
      for (int i = 0; i < m; ++i) input[i] = T(static_cast<S>(x[i]));
    for (Eigen::Index j = 0; j < H.cols(); ++j) {
      state<T, n> h;
      for (int i = 0; i < n; ++i) h[i] = T(H(i, j));
      const state<T, n> image = maps::evaluate(*map_, t, h, input);
      for (int i = 0; i < n; ++i) next(i, j) = static_cast<S>(image[i]);
    }
  }

 private:
  const M* map_;
};

template <maps::vector_map M, class Base>
class batch_stepper<M, Base> {
  using S = typename M::scalar_type;

 public:
  using scalar = S;
  using batch = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

  batch_stepper(const M& map, Eigen::Index columns) : map_(&map), system_(map, 0), x_(system_.make_input()) {
    if constexpr (maps::steps_batches<M>) {
      batch_.workspace.emplace(map.make_workspace(0, columns));
      batch_.X.resize(x_.size(), columns);
    } else {
      h_.resize(map.state_size());
      next_.resize(map.state_size());
    }
  }

  template <class Input>
  void step(std::int64_t t, const batch& H, const Input& x, batch& next) {
    for (Eigen::Index i = 0; i < x_.size(); ++i) x_[i] = static_cast<S>(x[static_cast<int>(i)]);
    if constexpr (maps::steps_batches<M>) {
      if constexpr (maps::driven<M>) {
        auto X = batch_.X.leftCols(H.cols());
        X.colwise() = x_;
        map_->step_batch(H, X, next, *batch_.workspace);
      } else {
        map_->step_batch(H, next, *batch_.workspace);
      }
    } else {
      for (Eigen::Index j = 0; j < H.cols(); ++j) {
        h_ = H.col(j);
        system_.step(t, h_, x_, next_);
        next.col(j) = next_;
      }
    }
  }

 private:
  struct nothing {};
  template <class Map>
  struct batch_of {
    std::optional<typename Map::workspace> workspace;
    batch X;
  };

  const M* map_;
  tangent::vector_system<M> system_;
  [[no_unique_address]] std::conditional_t<maps::steps_batches<M>, batch_of<M>, nothing> batch_;
  Eigen::Matrix<S, Eigen::Dynamic, 1> h_, next_, x_;
};

}  // namespace libration::inline LIBRATION_ABI::rollout
