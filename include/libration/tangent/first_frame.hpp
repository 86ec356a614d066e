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
#include <libration/tangent/orthonormalise.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// A template, so that its factorisation is compiled only where it is used.
///
/// \return k orthonormal directions, shape (n, k), drawn from a rotationally invariant law by `seed`
template <class Scalar = double>
Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> random_frame(Eigen::Index n, Eigen::Index k, std::uint64_t seed) {
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> Q(n, k);
  random_stream(seed, 0x66726d65).fill_normal(Q);  // a stream of its own: "frme"
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

/// \param coordinates the first k coordinate directions, in the state's own order
/// \param given       or these, shape (n, k), orthonormalised; null: random, by `seed`
/// \throws argument_error where given columns are dependent
template <class System>
typename System::frame_type first_frame(const System& system, Eigen::Index k, bool coordinates, const Eigen::MatrixXd* given,
                                        std::uint64_t seed) {
  const Eigen::Index n = system.state_size();
  auto frame = system.make_frame(k);
  if (given != nullptr) {
    Eigen::MatrixXd Q = *given;
    const auto found = orthonormaliser<double>(n, k).factor(Q);
    require(found.unresolved == 0, "tangent::first_frame", "the columns of .frame are linearly dependent");
    write_frame(Q, frame);
  } else {
    write_frame(coordinates ? Eigen::MatrixXd(Eigen::MatrixXd::Identity(n, k)) : random_frame(n, k, seed), frame);
  }
  return frame;
}

}  // namespace libration::inline LIBRATION_ABI::tangent
