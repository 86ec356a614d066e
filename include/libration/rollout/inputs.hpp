// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The inputs of a driven map: none, a matrix with one column a step, or a callable `x(t, out)`.

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// The inputs of an autonomous map.
struct no_inputs {
  static constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();
  std::int64_t length() const { return unbounded; }
  template <class State>
  void read(std::int64_t, State&) const {}
};

/// A callable that writes the input of step t, shape (m), into `out`. It is called once a step, in order of time.
template <class F, class Scalar>
concept input_function = std::invocable<F&, std::int64_t, vector_span<Scalar>>;

/// Inputs from a matrix, shape (m, T): column t drives step t. A matrix of the map's scalar is viewed, another is converted.
template <class Scalar>
class matrix_inputs {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \throws argument_error where the rows are not the map's `input_size`
  template <class Derived>
    requires std::is_same_v<typename Derived::Scalar, Scalar>
  matrix_inputs(const Eigen::MatrixBase<Derived>& inputs, Eigen::Index input_size, std::string_view who)
      : columns_(inputs.derived()) {
    check(input_size, who);
  }
  template <class Derived>
  matrix_inputs(const Eigen::MatrixBase<Derived>& inputs, Eigen::Index input_size, std::string_view who)
      : converted_(inputs.template cast<Scalar>()), columns_(converted_) {
    check(input_size, who);
  }
  matrix_inputs(const matrix_inputs&) = delete;
  matrix_inputs& operator=(const matrix_inputs&) = delete;

  std::int64_t length() const { return columns_.cols(); }

  template <class State>
  void read(std::int64_t t, State& x) const {
    for (int i = 0; i < static_cast<int>(columns_.rows()); ++i) x[i] = columns_(i, t);
  }
  void read(std::int64_t t, Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& x) const { x = columns_.col(t); }

 private:
  void check(Eigen::Index input_size, std::string_view who) const {
    require_rows(columns_.rows(), input_size, who, "inputs", "the map's input size; columns are steps");
  }

  matrix converted_;
  Eigen::Ref<const matrix> columns_;
};

/// Inputs from a callable `x(t, out)`.
template <class Scalar, class F>
class function_inputs {
 public:
  function_inputs(F& function, Eigen::Index input_size) : function_(&function), buffer_(input_size) {}
  std::int64_t length() const { return no_inputs::unbounded; }

  template <class State>
  void read(std::int64_t t, State& x) {
    (*function_)(t, vector_span<Scalar>(buffer_));
    for (int i = 0; i < static_cast<int>(buffer_.size()); ++i) x[i] = buffer_[i];
  }
  void read(std::int64_t t, Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& x) { (*function_)(t, vector_span<Scalar>(x)); }

 private:
  F* function_;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> buffer_;
};

/// One matrix of inputs a lane: orbit i of a group in SIMD lanes is driven by its own columns.
template <class Lanes, class Scalar>
class lane_inputs {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param sources one matrix a lane, shape (m, T) each; they outlive this object
  explicit lane_inputs(std::vector<const matrix*> sources) : sources_(std::move(sources)) {}

  std::int64_t length() const {
    std::int64_t shortest = no_inputs::unbounded;
    for (const matrix* source : sources_) shortest = std::min<std::int64_t>(shortest, source->cols());
    return shortest;
  }
  template <class State>
  void read(std::int64_t t, State& x) const {
    for (int i = 0; i < static_cast<int>(sources_.front()->rows()); ++i) {
      Lanes value;
      for (int lane = 0; lane < static_cast<int>(sources_.size()); ++lane)
        value[lane] = (*sources_[static_cast<std::size_t>(lane)])(i, t);
      x[i] = value;
    }
  }

 private:
  std::vector<const matrix*> sources_;
};

/// The inputs of a vector map whose own type is behind a pointer: what an engine is compiled for once.
template <class Scalar>
class any_inputs {
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

 public:
  /// \param source outlives this
  template <class Source>
  explicit any_inputs(Source& source)
      : source_(&source),
        read_([](void* from, std::int64_t t, vector& x) { static_cast<Source*>(from)->read(t, x); }),
        length_(source.length()) {}

  std::int64_t length() const { return length_; }
  void read(std::int64_t t, vector& x) { read_(source_, t, x); }

 private:
  void* source_;
  void (*read_)(void* from, std::int64_t t, vector& x);
  std::int64_t length_;
};

/// Whether inputs are a matrix, or one a lane (of finite length), not a callable. A reference to `Eigen::MatrixBase<Derived>` is a
/// matrix too: it would pass for a callable by its operator () of two indices.
template <class Inputs>
inline constexpr bool is_matrix = [] {
  using plain = std::remove_cvref_t<Inputs>;
  if constexpr (requires(const plain& inputs) { inputs.derived(); }) {
    using derived = std::remove_cvref_t<decltype(std::declval<const plain&>().derived())>;
    return std::is_base_of_v<Eigen::EigenBase<derived>, derived>;
  } else {
    return false;
  }
}();
template <class Lanes, class Scalar>
inline constexpr bool is_matrix<lane_inputs<Lanes, Scalar>> = true;

/// Makes of what a user passes as `inputs` the object that the driver reads.
///
/// \tparam Scalar the map's scalar
/// \throws argument_error where a matrix has other rows than `input_size`
template <class Scalar, class Inputs>
auto make_inputs(Inputs&& inputs, Eigen::Index input_size, std::string_view who) {
  using plain = std::remove_cvref_t<Inputs>;
  if constexpr (std::is_same_v<plain, no_inputs>) {
    return no_inputs{};
  } else if constexpr (is_matrix<Inputs>) {
    return matrix_inputs<Scalar>(inputs, input_size, who);
  } else {
    static_assert(input_function<Inputs, Scalar>,
                  "libration: inputs must be a matrix with one column a step, or a callable x(std::int64_t t, "
                  "libration::vector_span<Scalar> out)");
    return function_inputs<Scalar, std::remove_reference_t<Inputs>>(inputs, input_size);
  }
}

}  // namespace libration::inline LIBRATION_ABI::rollout
