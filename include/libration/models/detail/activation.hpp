// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Sigmoid, tanh and their kin on arrays, each with what its derivative needs, accurate in the saturated tails too.

#include <algorithm>
#include <cmath>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

template <class Scalar>
using vector_map_of = Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

/// Replaces x by sigmoid(x) = 1/(1 + e^-x), and gives 1 - sigmoid(x) = sigmoid(-x) without cancellation, so that the
/// slope value * complement keeps its relative accuracy where the gate is saturated.
///
/// \param x           in: argument; out: value; count numbers
/// \param complement  out: 1 - value; count numbers, apart from x
/// Accuracy: 4 eps relative, both outputs, |x| < 700 (double) or 85 (float); NaN stays NaN
/// Cost:     one vectorised exponential and one division an element; no allocation
template <class Scalar>
void sigmoid(Scalar* x, Scalar* complement, Eigen::Index count) {
  vector_map_of<Scalar>(complement, count) = (-vector_map_of<Scalar>(x, count).abs()).exp();
  for (Eigen::Index i = 0; i < count; ++i) {
    const Scalar e = complement[i];
    const Scalar large = Scalar(1) / (Scalar(1) + e);
    const Scalar small = e * large;
    const bool positive = x[i] >= Scalar(0);
    x[i] = positive ? large : small;
    complement[i] = positive ? small : large;
  }
}

/// Replaces x by tanh(x), and gives the slope 1 - tanh(x)^2 without cancellation.
///
/// \param x      in: argument; out: value; count numbers
/// \param slope  out: 1 - value^2; count numbers, apart from x
/// Accuracy: 4 eps relative for the value, 6 eps for the slope, |x| < 350 (double) or 42 (float); NaN stays NaN
/// Cost:     one vectorised exponential and two divisions an element; no allocation
/// Source:   the rational form for |x| < 0.625 is that of S. L. Moshier's Cephes library (tanh.c)
template <class Scalar>
void tanh(Scalar* x, Scalar* slope, Eigen::Index count) {
  vector_map_of<Scalar>(slope, count) = (Scalar(-2) * vector_map_of<Scalar>(x, count).abs()).exp();
  for (Eigen::Index i = 0; i < count; ++i) {
    const Scalar e = slope[i];
    const Scalar q = Scalar(1) / (Scalar(1) + e);
    const Scalar a = x[i];
    const Scalar far = std::copysign((Scalar(1) - e) * q, a);
    const Scalar z = a * a;
    const Scalar p = (Scalar(-9.64399179425052238628e-1) * z + Scalar(-9.92877231001918586564e1)) * z +
                     Scalar(-1.61468768441708447952e3);
    const Scalar r = ((z + Scalar(1.12811678491632931402e2)) * z + Scalar(2.23548839060100448583e3)) * z +
                     Scalar(4.84406305325125486048e3);
    const Scalar near = a + a * (z * p / r);
    slope[i] = Scalar(4) * e * q * q;
    x[i] = std::abs(a) < Scalar(0.625) ? near : far;
  }
}

/// Replaces x by max(x, 0), and gives the slope: 1 above zero, 0 at and below it. NaN stays NaN.
template <class Scalar>
void relu(Scalar* x, Scalar* slope, Eigen::Index count) {
  for (Eigen::Index i = 0; i < count; ++i) {
    slope[i] = x[i] > Scalar(0) ? Scalar(1) : Scalar(0);
    x[i] = x[i] <= Scalar(0) ? Scalar(0) : x[i];
  }
}

/// Replaces x by silu(x) = x sigmoid(x), and gives the slope s (1 + x (1 - s)), s = sigmoid(x).
///
/// \param x      in: argument; out: value; count numbers
/// \param slope  out: d silu/dx; count numbers, apart from x
/// Accuracy: 5 eps relative for the value, 6 eps of s (1 + |x| (1 - s)) for the slope, which has a zero, |x| < 700 (double) or 85
///           (float); NaN stays NaN, and -infinity gives NaN
template <class Scalar>
void silu(Scalar* x, Scalar* slope, Eigen::Index count) {
  vector_map_of<Scalar>(slope, count) = (-vector_map_of<Scalar>(x, count).abs()).exp();
  for (Eigen::Index i = 0; i < count; ++i) {
    const Scalar e = slope[i];
    const Scalar large = Scalar(1) / (Scalar(1) + e);
    const Scalar small = e * large;
    const Scalar a = x[i];
    const Scalar s = a >= Scalar(0) ? large : small, complement = a >= Scalar(0) ? small : large;
    x[i] = a * s;
    slope[i] = s * (Scalar(1) + a * complement);
  }
}

/// Replaces x by softplus(x) = ln(1 + e^x), and gives the slope, sigmoid(x).
///
/// \param x      in: argument; out: value, > 0 unless it underflows; count numbers
/// \param slope  out: sigmoid(x); count numbers, apart from x
/// Accuracy: 4 eps relative, both outputs, |x| < 700 (double) or 85 (float); NaN stays NaN. PyTorch's softplus is x itself above
///           20, which is at most 2.1e-9 less
template <class Scalar>
void softplus(Scalar* x, Scalar* slope, Eigen::Index count) {
  vector_map_of<Scalar> value(x, count), e(slope, count);
  e = (-value.abs()).exp();
  for (Eigen::Index i = 0; i < count; ++i) {
    const Scalar small = e[i], a = x[i], large = Scalar(1) / (Scalar(1) + small);
    x[i] = (a <= Scalar(0) ? Scalar(0) : a) + std::log1p(small);
    slope[i] = a >= Scalar(0) ? large : small * large;
  }
}

/// Replaces x by gelu(x) = x Φ(x), Φ the normal distribution, and gives the slope Φ(x) + x φ(x). The exact function, not an
/// approximation by tanh.
///
/// \param x      in: argument; out: value; count numbers
/// \param slope  out: d gelu/dx; count numbers, apart from x
/// Accuracy: that of std::erfc; NaN stays NaN
template <class Scalar>
void gelu(Scalar* x, Scalar* slope, Eigen::Index count) {
  constexpr auto root_half = static_cast<Scalar>(0.70710678118654752440), density = static_cast<Scalar>(0.39894228040143267794);
  for (Eigen::Index i = 0; i < count; ++i) {
    const Scalar a = x[i], share = Scalar(0.5) * std::erfc(-a * root_half);
    x[i] = a * share;
    slope[i] = share + a * density * std::exp(Scalar(-0.5) * a * a);
  }
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
