// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A causal convolution of each channel by itself, over the inputs that a shift register keeps.

#include <algorithm>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/models/detail/activation.hpp>
#include <libration/models/detail/norms.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// y_c = b_c + Σ_{j < K-1} w_cj r_j,c + w_c,K-1 x_c
///
/// \param weight  shape (channels, K), the newest input last
/// \param bias    shape (channels), or empty: zero
/// \param past    the register: K - 1 inputs, the oldest first
/// \param x       the newest input; \param y  out
template <class Scalar>
void convolve(const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& weight,
              const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& bias, const Scalar* past, const Scalar* x, Scalar* y) {
  const Eigen::Index channels = weight.rows(), last = weight.cols() - 1;
  vector_map_of<Scalar> out(y, channels);
  out = weight.col(last).array() * const_vector_map_of<Scalar>(x, channels);
  for (Eigen::Index j = 0; j < last; ++j) out += weight.col(j).array() * const_vector_map_of<Scalar>(past + j * channels, channels);
  if (bias.size() != 0) out += bias.array();
}

/// The register after x has come in. \param next  out: apart from `past`
template <class Scalar>
void shift(const Scalar* past, const Scalar* x, Scalar* next, Eigen::Index channels, Eigen::Index kernel) {
  if (kernel < 2) return;
  std::copy_n(past + channels, (kernel - 2) * channels, next);
  std::copy_n(x, channels, next + (kernel - 2) * channels);
}

/// The transpose of `convolve` and `shift` together: the adjoints of the register and of x from those of y and of the next
/// register.
///
/// \param of_y     adjoint of y; \param of_next  adjoint of the register after x has come in
/// \param of_past  out: adjoint of the register, apart from `of_next`; \param of_x  out: adjoint of x
template <class Scalar>
void convolve_and_shift_pullback(const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& weight, const Scalar* of_y,
                                 const Scalar* of_next, Scalar* of_past, Scalar* of_x) {
  const Eigen::Index channels = weight.rows(), last = weight.cols() - 1;
  const const_vector_map_of<Scalar> y(of_y, channels);
  vector_map_of<Scalar> x(of_x, channels);
  x = weight.col(last).array() * y;
  for (Eigen::Index j = 0; j < last; ++j) {
    vector_map_of<Scalar> past(of_past + j * channels, channels);
    past = weight.col(j).array() * y;
    if (j > 0) past += const_vector_map_of<Scalar>(of_next + (j - 1) * channels, channels);
  }
  if (last > 0) x += const_vector_map_of<Scalar>(of_next + (last - 1) * channels, channels);
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
