// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a network sees of a token: a learned column, or a one-hot vector.

#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// A token's number in a vocabulary, from 0.
using maps::token;

/// A table of V columns of E numbers, or the identity of size V, which is not stored.
template <class Scalar>
class embedding {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param table  shape (E, V), column v for token v; both at least 1
  explicit embedding(matrix table) : table_(std::move(table)) {
    require(table_.size() != 0, "models::embedding", "an empty table");
  }

  /// Token v as the unit vector e_v of size V.
  static embedding one_hot(Eigen::Index vocabulary_size) {
    require(vocabulary_size > 0, "models::embedding", "an empty vocabulary");
    return embedding(vocabulary_size);
  }

  /// \param name  a tensor of shape (V, E), as in PyTorch
  static embedding from(const io::safetensors::file& file, const std::string& name) {
    checkpoint tensors(file);
    return from(tensors, name);
  }
  /// The same as a part of a model, whose reader accounts for the rest.
  static embedding from(checkpoint& tensors, const std::string& name) {
    matrix rows = tensors.matrix<Scalar>(name);
    if (rows.size() == 0) tensors.refuse("models::embedding", name, name + " is empty");
    if (const std::string fault = detail::find_non_finite(rows, name); !fault.empty())
      tensors.refuse("models::embedding", name, fault);
    return embedding(matrix(rows.transpose()));
  }

  Eigen::Index size() const { return is_one_hot() ? one_hot_ : table_.rows(); }
  Eigen::Index vocabulary_size() const { return is_one_hot() ? one_hot_ : table_.cols(); }
  bool is_one_hot() const { return one_hot_ > 0; }
  /// Shape (E, V), or empty for one-hot.
  const matrix& table() const { return table_; }

  /// \param v    token, 0 <= v < V
  /// \param out  its input vector, shape (E)
  /// \throws argument_error  at a token out of range, as every one is of an embedding that was moved from
  void write(token v, vector_span<Scalar> out) const {
    require(v >= 0 && v < vocabulary_size() && out.size() == size(), "models::embedding", [&] {
      return "token " + number_text(v) + " into a vector of " + number_text(out.size()) + ", expected a token below " +
             number_text(vocabulary_size()) + " into " + number_text(size());
    });
    if (is_one_hot()) {
      out.setZero();
      out[v] = Scalar(1);
    } else {
      out = table_.col(v);
    }
  }

 private:
  explicit embedding(Eigen::Index vocabulary_size) : one_hot_(vocabulary_size) {}

  matrix table_;
  Eigen::Index one_hot_ = 0;  // V, or 0 where there is a table
};

}  // namespace libration::inline LIBRATION_ABI::models
