// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A linear readout, and what its logits say: log-probabilities and cross entropy, in nats.

#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/log_sum_exp.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// y = W h + b.
template <class Scalar>
class readout {
 public:
  using matrix = typename layer_weights<Scalar>::matrix;
  using vector = typename layer_weights<Scalar>::vector;

  /// \param weight  W, shape (outputs, H)
  /// \param bias    b, shape (outputs), or empty: zero
  readout(matrix weight, vector bias) : weight_(std::move(weight)), bias_(std::move(bias)) {
    require(weight_.size() != 0, "models::readout", "an empty weight");
    if (bias_.size() == 0) bias_ = vector::Zero(weight_.rows());
    require_rows(bias_.size(), weight_.rows(), "models::readout", "bias", "the weight's rows");
  }

  /// Reads `weight` (outputs, H), and `bias` (outputs) where it is there.
  ///
  /// \param prefix  what stands before the names, with its dot: "decoder."; what else is below it is refused
  static readout from(const io::safetensors::file& file, const std::string& prefix) {
    checkpoint tensors(file);
    readout result = from(tensors, prefix);
    tensors.require_all_used("models::readout", prefix);
    return result;
  }
  /// The same as a part of a model, whose reader accounts for the rest.
  static readout from(checkpoint& tensors, const std::string& prefix) {
    matrix weight = tensors.matrix<Scalar>(prefix + "weight");
    vector bias = tensors.contains(prefix + "bias") ? tensors.vector<Scalar>(prefix + "bias", weight.rows()) : vector();
    std::string fault = detail::find_non_finite(weight, prefix + "weight");
    if (fault.empty()) fault = detail::find_non_finite(bias, prefix + "bias");
    if (fault.empty() && weight.size() == 0) fault = prefix + "weight is empty";
    if (!fault.empty()) tensors.refuse("models::readout", prefix + "weight", fault);
    return readout(std::move(weight), std::move(bias));
  }

  Eigen::Index input_size() const { return weight_.cols(); }
  Eigen::Index output_size() const { return weight_.rows(); }
  const matrix& weight() const { return weight_; }
  const vector& bias() const { return bias_; }

  /// \param h    shape (H)
  /// \param out  y, shape (outputs)
  /// \throws argument_error  where h has another size, as it has for a readout that was moved from
  void evaluate(vector_view<Scalar> h, vector_span<Scalar> out) const {
    require_rows(h.size(), weight_.cols(), "models::readout", "h", "the weight's columns");
    out.noalias() = weight_ * h;
    out += bias_;
  }

 private:
  matrix weight_;
  vector bias_;
};

/// Replaces logits by log-probabilities, ln softmax(l) = l - ln sum exp l.
///
/// \param logits  in: shape (V); out: nats, shape (V)
template <class Scalar>
void log_softmax_in_place(vector_span<Scalar> logits) {
  logits.array() -= static_cast<Scalar>(maps::log_sum_exp(logits));
}

/// -ln softmax(l)_target: what the target costs.
///
/// \param logits  shape (V)
/// \param target  0 <= target < V
/// \return        nats
template <class Derived>
double cross_entropy(const Eigen::MatrixBase<Derived>& logits, Eigen::Index target) {
  eigen_assert(target >= 0 && target < logits.size());
  return maps::log_sum_exp(logits) - static_cast<double>(logits[target]);
}

}  // namespace libration::inline LIBRATION_ABI::models
