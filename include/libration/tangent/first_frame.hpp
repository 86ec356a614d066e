// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The frame that a tangent run begins with: random, coordinate directions, or given.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/gram_schmidt.hpp>
#include <libration/tangent/orthonormalise.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

namespace detail {

template <class Scalar>
Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> random_columns(Eigen::Index n, Eigen::Index k, std::uint64_t seed) {
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> V(n, k);
  random_stream(seed, 0x66726d65).fill_normal(V);  // a stream of its own: "frme"
  return V;
}

}  // namespace detail

/// A template, so that its factorisation is compiled only where it is used.
///
/// \return k orthonormal directions, shape (n, k), drawn from a rotationally invariant law by `seed`
template <class Scalar = double>
Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> random_frame(Eigen::Index n, Eigen::Index k, std::uint64_t seed) {
  auto Q = detail::random_columns<Scalar>(n, k, seed);
  orthonormaliser<Scalar>(n, k).factor(Q);
  return Q;
}

/// Writes the columns of Q, shape (n, k), into a system's frame, in every lane alike.
template <class T, int n, int K>
void write_frame(const Eigen::MatrixXd& Q, small_frame<T, n, K>& frame) {
  for (int j = 0; j < static_cast<int>(Q.cols()); ++j)
    for (int i = 0; i < n; ++i) frame.column[j][i] = T(Q(i, j));
}
template <class S>
void write_frame(const Eigen::MatrixXd& Q, Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& frame) {
  frame = Q.template cast<S>();
}

namespace detail {

// Orthonormalises columns in double before they become a system's frame; false where they are dependent. A formula's small frame
// is not worth compiling the factorisation of large ones.
template <class T, int n, int K>
bool write_orthonormalised(const Eigen::MatrixXd& V, small_frame<T, n, K>& frame) {
  small_frame<double, n, K> exact;
  exact.count = frame.count;
  write_frame(V, exact);
  const auto triangle = gram_schmidt(exact.column, exact.count);
  bool independent = true;
  for (int j = 0; j < exact.count; ++j) {
    independent = independent && !triangle.unresolved(j);
    for (int i = 0; i < n; ++i) frame.column[j][i] = T(exact.column[j][i]);
  }
  return independent;
}
template <class S>
bool write_orthonormalised(Eigen::MatrixXd V, Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& frame) {
  const auto found = orthonormaliser<double>(V.rows(), V.cols()).factor(V);
  write_frame(V, frame);
  return found.unresolved == 0;
}

}  // namespace detail

/// \param coordinates the first k coordinate directions, in the state's own order
/// \param given       or these, shape (n, k), orthonormalised; null: random, by `seed`
/// \throws argument_error where given columns are dependent
template <class System>
typename System::frame_type first_frame(const System& system, Eigen::Index k, bool coordinates, const Eigen::MatrixXd* given,
                                        std::uint64_t seed) {
  const Eigen::Index n = system.state_size();
  auto frame = system.make_frame(k);
  if (given != nullptr) {
    require(detail::write_orthonormalised(*given, frame), "tangent::first_frame", "the columns of .frame are linearly dependent");
  } else if (coordinates) {
    Eigen::MatrixXd axes(n, k);
    for (Eigen::Index j = 0; j < k; ++j)
      for (Eigen::Index i = 0; i < n; ++i) axes(i, j) = i == j ? 1.0 : 0.0;
    write_frame(axes, frame);
  } else {
    detail::write_orthonormalised(detail::random_columns<double>(n, k, seed), frame);
  }
  return frame;
}

}  // namespace libration::inline LIBRATION_ABI::tangent
