// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a network sees of a token: a learned column, or a one-hot vector.

#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
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
  explicit embedding(matrix table) : table_(std::move(table)), size_(table_.rows()), vocabulary_size_(table_.cols()) {
    require(table_.size() != 0, "models::embedding", "an empty table");
  }

  /// Token v as the unit vector e_v of size V.
  static embedding one_hot(Eigen::Index vocabulary_size) {
    require(vocabulary_size > 0, "models::embedding", "an empty vocabulary");
    return embedding(vocabulary_size);
  }

  /// \param name  a tensor of shape (V, E), as in PyTorch
  static embedding from(const io::safetensors::file& file, const std::string& name) {
    matrix rows = file.matrix<Scalar>(name);
    if (rows.size() == 0) detail::refuse(file, "models::embedding", name + " is empty");
    if (const std::string fault = detail::find_non_finite(rows, name); !fault.empty())
      detail::refuse(file, "models::embedding", fault);
    return embedding(matrix(rows.transpose()));
  }

  Eigen::Index size() const { return size_; }
  Eigen::Index vocabulary_size() const { return vocabulary_size_; }
  bool is_one_hot() const { return table_.size() == 0; }
  /// Shape (E, V), or empty for one-hot.
  const matrix& table() const { return table_; }

  /// \param v    token, 0 <= v < V
  /// \param out  its input vector, shape (E)
  void write(token v, vector_span<Scalar> out) const {
    eigen_assert(v >= 0 && v < vocabulary_size_);
    if (is_one_hot()) {
      out.setZero();
      out[v] = Scalar(1);
    } else {
      out = table_.col(v);
    }
  }

 private:
  explicit embedding(Eigen::Index vocabulary_size) : size_(vocabulary_size), vocabulary_size_(vocabulary_size) {}

  matrix table_;
  Eigen::Index size_, vocabulary_size_;
};

}  // namespace libration::inline LIBRATION_ABI::models
