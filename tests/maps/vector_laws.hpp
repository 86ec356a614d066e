// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What every vector map must satisfy: the checks that the tests of maps share.

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/vector_base.hpp>
#include <libration/testing/laws.hpp>

#include "support/catch.hpp"

namespace libration_test {

/// A fixed random matrix of unit normals, shape (rows, columns).
template <class S>
Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> normals(Eigen::Index rows, Eigen::Index columns,
                                                         std::uint64_t stream) {
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> A(rows, columns);
  libration::random_stream(20'240'229, stream).fill_normal(A);
  return A;
}

/// The input's size, 0 for an autonomous map.
template <class M>
Eigen::Index inputs_of(const M& map) {
  if constexpr (libration::maps::driven<M>)
    return map.input_size();
  else
    return 0;
}

template <class M>
using vector_for = Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>;
template <class M>
using matrix_for = Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, Eigen::Dynamic>;

/// One step by whichever form the map has.
template <class M>
vector_for<M> stepped(const M& map, std::int64_t t, const vector_for<M>& h, const vector_for<M>& x) {
  auto stage = libration::maps::detail::stage<M>::make(map, 0);
  vector_for<M> next(h.size());
  stage.step(map, t, h, x, next);
  return next;
}

/// The tangent of a block at (t, h, x), shape (n, k).
template <class M>
matrix_for<M> tangent_of(const M& map, std::int64_t t, const vector_for<M>& h, const vector_for<M>& x,
                         const matrix_for<M>& V) {
  auto stage = libration::maps::detail::stage<M>::make(map, V.cols());
  vector_for<M> next(h.size());
  matrix_for<M> JV(V.rows(), V.cols());
  stage.step(map, t, h, x, next);
  stage.tangent(map, V, JV);
  return JV;
}

/// The laws that are installed for users, at a random point.
template <class M>
void check_vector_map(const M& map, std::int64_t t = 3) {
  static_assert(libration::maps::vector_map<M> && libration::maps::differentiable<M>);
  const vector_for<M> h = normals<typename M::scalar_type>(map.state_size(), 1, 1);
  const vector_for<M> x = normals<typename M::scalar_type>(inputs_of(map), 1, 2);
  const auto laws = libration::testing::check_laws(map, h, x, 0, t);
  INFO(laws.text());
  CHECK(laws.ok());
}

/// The tangent of a workspace belongs to its last step, not to an earlier one.
template <class M>
void check_last_step(const M& map, std::int64_t t = 3) {
  const Eigen::Index n = map.state_size();
  const Eigen::VectorXd h = normals<double>(n, 1, 1), other = normals<double>(n, 1, 4);
  const Eigen::VectorXd x = normals<double>(inputs_of(map), 1, 2);
  const Eigen::MatrixXd V = normals<double>(n, 2, 3);
  auto stage = libration::maps::detail::stage<M>::make(map, 5);
  Eigen::VectorXd next(n);
  Eigen::MatrixXd JV(n, 2);
  stage.step(map, t + 1, other, x, next);
  stage.step(map, t, h, x, next);
  stage.tangent(map, V, JV);
  CHECK(JV == tangent_of(map, t, h, x, V));
}

}  // namespace libration_test
