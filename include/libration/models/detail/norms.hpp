// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// RMS norm and layer norm of a vector, with their tangents.

#include <cmath>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/models/detail/activation.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

template <class Scalar>
using const_vector_map_of = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

/// The norm without its weights: y = x s, s = 1/sqrt(mean x² + eps).
///
/// \param x  count numbers; \param y  out: count numbers, may be x
/// \return   s
template <class Scalar>
Scalar scale_to_unit_rms(const Scalar* x, Scalar* y, Eigen::Index count, Scalar epsilon) {
  const const_vector_map_of<Scalar> in(x, count);
  const Scalar scale = Scalar(1) / std::sqrt(in.square().sum() / static_cast<Scalar>(count) + epsilon);
  vector_map_of<Scalar>(y, count) = in * scale;
  return scale;
}

/// Its tangent: dy = (dx - y (y·dx)/n) s. \param dx  count numbers; \param dy  out, may be dx
template <class Scalar>
void unit_rms_tangent(const Scalar* dx, const Scalar* y, Scalar scale, Scalar* dy, Eigen::Index count) {
  const const_vector_map_of<Scalar> in(dx, count), unit(y, count);
  const Scalar along = (in * unit).sum() / static_cast<Scalar>(count);
  vector_map_of<Scalar>(dy, count) = (in - along * unit) * scale;
}

/// y = (x - mean x) s, s = 1/sqrt(variance x + eps). \return s
template <class Scalar>
Scalar standardise(const Scalar* x, Scalar* y, Eigen::Index count, Scalar epsilon) {
  const const_vector_map_of<Scalar> in(x, count);
  vector_map_of<Scalar> out(y, count);
  out = in - in.sum() / static_cast<Scalar>(count);
  const Scalar scale = Scalar(1) / std::sqrt(out.square().sum() / static_cast<Scalar>(count) + epsilon);
  out *= scale;
  return scale;
}

/// Its tangent: dy = (dx - mean dx - y (y·dx)/n) s. \param dx  count numbers; \param dy  out, may be dx
template <class Scalar>
void standardise_tangent(const Scalar* dx, const Scalar* y, Scalar scale, Scalar* dy, Eigen::Index count) {
  const const_vector_map_of<Scalar> in(dx, count), unit(y, count);
  const Scalar mean = in.sum() / static_cast<Scalar>(count), along = (in * unit).sum() / static_cast<Scalar>(count);
  vector_map_of<Scalar>(dy, count) = (in - mean - along * unit) * scale;
}

/// w ∘ x / sqrt(mean x² + eps)
template <class Scalar>
class rms_norm {
 public:
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  rms_norm(vector weight, double epsilon) : weight_(std::move(weight)), epsilon_(static_cast<Scalar>(epsilon)) {}

  /// \param unit  out: the norm before its weights, which the tangent needs; \return the scale, which it needs too
  Scalar apply(const Scalar* x, Scalar* unit, Scalar* out) const {
    const Eigen::Index n = weight_.size();
    const Scalar scale = scale_to_unit_rms(x, unit, n, epsilon_);
    vector_map_of<Scalar>(out, n) = weight_.array() * const_vector_map_of<Scalar>(unit, n);
    return scale;
  }
  /// \param out  may be dx
  void tangent(const Scalar* dx, const Scalar* unit, Scalar scale, Scalar* out) const {
    unit_rms_tangent(dx, unit, scale, out, weight_.size());
    vector_map_of<Scalar>(out, weight_.size()) *= weight_.array();
  }
  /// The tangent's transpose: that of the norm without its weights is its own. \param out  may be dy
  void pullback(const Scalar* dy, const Scalar* unit, Scalar scale, Scalar* out) const {
    vector_map_of<Scalar>(out, weight_.size()) = const_vector_map_of<Scalar>(dy, weight_.size()) * weight_.array();
    unit_rms_tangent(out, unit, scale, out, weight_.size());
  }

 private:
  vector weight_;
  Scalar epsilon_;
};

/// w ∘ (x - mean x) / sqrt(variance x + eps) + b
template <class Scalar>
class layer_norm {
 public:
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  layer_norm(vector weight, vector bias, double epsilon)
      : weight_(std::move(weight)), bias_(std::move(bias)), epsilon_(static_cast<Scalar>(epsilon)) {}

  Scalar apply(const Scalar* x, Scalar* unit, Scalar* out) const {
    const Eigen::Index n = weight_.size();
    const Scalar scale = standardise(x, unit, n, epsilon_);
    vector_map_of<Scalar>(out, n) = weight_.array() * const_vector_map_of<Scalar>(unit, n);
    if (bias_.size() != 0) vector_map_of<Scalar>(out, n) += bias_.array();
    return scale;
  }
  void tangent(const Scalar* dx, const Scalar* unit, Scalar scale, Scalar* out) const {
    standardise_tangent(dx, unit, scale, out, weight_.size());
    vector_map_of<Scalar>(out, weight_.size()) *= weight_.array();
  }
  /// The tangent's transpose, likewise. \param out  may be dy
  void pullback(const Scalar* dy, const Scalar* unit, Scalar scale, Scalar* out) const {
    vector_map_of<Scalar>(out, weight_.size()) = const_vector_map_of<Scalar>(dy, weight_.size()) * weight_.array();
    standardise_tangent(out, unit, scale, out, weight_.size());
  }

 private:
  vector weight_, bias_;  // bias: or empty
  Scalar epsilon_;
};

}  // namespace libration::inline LIBRATION_ABI::models::detail
