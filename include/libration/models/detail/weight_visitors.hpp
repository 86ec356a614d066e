// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a list of a model's tensors (name, member, shape) is gone through with: to count them as used, to read them, to check them.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// Reads tensors in two passes: the first counts all of them as used, in their shapes, and allocates nothing; the second reads.
///
/// Axes of extent 1 at a vector's beginning are taken for none: files differ in them.
template <class Scalar>
class weight_reader {
 public:
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector_type = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  weight_reader(checkpoint& tensors, std::string_view who) : tensors_(tensors), who_(who) {}

  /// \throws file_error  where a tensor is left over
  /// \throws argument_error  where the weights do not fit the memory
  void begin_to_read() {
    tensors_.require_all_used(who_);
    // As they are here, and as the model keeps them.
    require_memory(2.0 * numbers_ * sizeof(Scalar), who_, "reading the weights", "a smaller model takes less");
    reading_ = true;
  }

  /// Shape (rows, columns).
  void matrix(const std::string& name, matrix_type& values, Eigen::Index rows, Eigen::Index columns) {
    if (!reading_) return expect(name, {rows, columns});
    values = tensors_.matrix<Scalar>(name, rows, columns);
    require_finite(name, values);
  }
  /// The transpose of what the file has; `values`: shape (rows, columns).
  void transposed(const std::string& name, matrix_type& values, Eigen::Index rows, Eigen::Index columns) {
    if (!reading_) return expect(name, {columns, rows});
    values = tensors_.matrix<Scalar>(name, columns, rows).transpose();
    require_finite(name, values);
  }
  /// Shape (n), or (1, ..., 1, n).
  void vector(const std::string& name, vector_type& values, Eigen::Index n) {
    if (!reading_) {
      std::size_t ones = 0;
      if (tensors_.contains(name)) {
        const auto shape = tensors_.tensor(name).shape;
        while (ones + 1 < shape.size() && shape[ones] == 1) ++ones;
      }
      return ones == 1 ? expect(name, {1, n}) : ones == 2 ? expect(name, {1, 1, n}) : expect(name, {n});
    }
    values = tensors_.values<Scalar>(name);
    require_finite(name, values);
  }
  /// The weight of a convolution of each channel by itself, (channels, 1, width) in the file; `values`: shape (channels, width).
  void kernel(const std::string& name, matrix_type& values, Eigen::Index channels, Eigen::Index width) {
    if (!reading_) return expect(name, {channels, 1, width});
    values = tensors_.values<Scalar>(name).reshaped(width, channels).transpose();
    require_finite(name, values);
  }
  /// Numbers of each of so many heads, (heads, size) in the file; `values`: head by head.
  void heads(const std::string& name, vector_type& values, Eigen::Index count, Eigen::Index size) {
    if (!reading_) return expect(name, {count, size});
    values = tensors_.values<Scalar>(name);
    require_finite(name, values);
  }
  /// What must hold of a tensor's numbers beside being finite.
  void require_that(bool holds, const std::string& name, const std::string& fault) const {
    if (reading_ && !holds) tensors_.refuse(who_, name, name + " " + fault);
  }

 private:
  void expect(const std::string& name, std::initializer_list<Eigen::Index> shape) {
    tensors_.expect(name, shape);
    double count = 1.0;
    for (const Eigen::Index extent : shape) count *= static_cast<double>(extent);
    numbers_ += count;
  }
  template <class Values>
  void require_finite(const std::string& name, const Values& values) const {
    const std::string fault = find_non_finite(values, name);
    if (!fault.empty()) tensors_.refuse(who_, name, fault);
  }

  checkpoint& tensors_;
  std::string_view who_;
  bool reading_ = false;
  double numbers_ = 0.0;
};

/// Throws unless each member has its shape and is finite.
template <class Scalar>
class weight_checker {
 public:
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector_type = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  explicit weight_checker(std::string_view who) : who_(who) {}

  void matrix(const std::string& name, const matrix_type& values, Eigen::Index rows, Eigen::Index columns) const {
    check(name, values, rows, columns);
  }
  void transposed(const std::string& name, const matrix_type& values, Eigen::Index rows, Eigen::Index columns) const {
    check(name, values, rows, columns);
  }
  void vector(const std::string& name, const vector_type& values, Eigen::Index n) const { check(name, values, n, 1); }
  void kernel(const std::string& name, const matrix_type& values, Eigen::Index channels, Eigen::Index width) const {
    check(name, values, channels, width);
  }
  void heads(const std::string& name, const vector_type& values, Eigen::Index count, Eigen::Index size) const {
    check(name, values, count * size, 1);
  }
  void require_that(bool holds, const std::string& name, const std::string& fault) const {
    require(holds, who_, [&] { return name + " " + fault; });
  }

 private:
  template <class Values>
  void check(const std::string& name, const Values& values, Eigen::Index rows, Eigen::Index columns) const {
    require(values.rows() == rows && values.cols() == columns, who_, [&] {
      return name + " has shape " + shape_text(values.rows(), values.cols()) + ", expected " + shape_text(rows, columns);
    });
    const std::string fault = find_non_finite(values, name);
    require(fault.empty(), who_, fault);
  }

  std::string_view who_;
};

}  // namespace libration::inline LIBRATION_ABI::models::detail
