// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What every vector map must satisfy: the checks that the tests of maps share.

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/vector_base.hpp>

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

/// The tangent of a map in double against central differences, extrapolated from two steps (Richardson): the tolerance
/// is the difference of the two, and their rounding, eps |g| / size. A block against its columns: the same sums in
/// another order. The step and the tangent twice: the same digits.
template <class M>
void check_vector_map(const M& map, std::int64_t t = 3) {
  static_assert(libration::maps::vector_map<M> && libration::maps::differentiable<M>);
  const Eigen::Index n = map.state_size(), k = 3;
  const Eigen::VectorXd h = normals<double>(n, 1, 1);
  const Eigen::VectorXd x = normals<double>(inputs_of(map), 1, 2);
  const Eigen::MatrixXd V = normals<double>(n, k, 3);
  const Eigen::MatrixXd JV = tangent_of(map, t, h, x, V);
  const Eigen::VectorXd image = stepped(map, t, h, x);
  const double eps = std::numeric_limits<double>::epsilon();
  const double scale = 1 + JV.cwiseAbs().maxCoeff() + image.cwiseAbs().maxCoeff();
  for (Eigen::Index j = 0; j < k; ++j) {
    const auto central = [&](double size) -> Eigen::VectorXd {
      const Eigen::VectorXd up = h + size * V.col(j), down = h - size * V.col(j);
      return (stepped(map, t, up, x) - stepped(map, t, down, x)) / (2 * size);
    };
    const double size = 1e-4;
    const Eigen::VectorXd fine = central(size), coarse = central(2 * size);
    const Eigen::VectorXd best = fine + (fine - coarse) / 3;
    const double tolerance = (fine - coarse).cwiseAbs().maxCoeff() + 4 * static_cast<double>(n) * eps * scale / size;
    INFO("direction " << j);
    CHECK((best - JV.col(j)).cwiseAbs().maxCoeff() <= tolerance);
    const Eigen::MatrixXd alone = tangent_of(map, t, h, x, V.col(j));
    CHECK((alone - JV.col(j)).cwiseAbs().maxCoeff() <= 4 * static_cast<double>(n) * eps * scale);
  }
  CHECK(tangent_of(map, t, h, x, V) == JV);
  CHECK(stepped(map, t, h, x) == image);
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
