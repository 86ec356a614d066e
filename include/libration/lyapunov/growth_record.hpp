// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a frame and its orbit grew by since a stretch of steps began.

#include <cmath>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/frame.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Logarithms of the pivots and of |det J|, and the worst condition, in each lane.
template <class System>
struct growth_record {
  using real = tangent::growth_type<typename System::scalar>;

  std::vector<tangent::log_product<real>> pivots;  ///< one a column
  tangent::determinant_sum<System> determinant;
  /// Of the whole run: the largest squared norm of a column in units of its squared pivot, as a fraction, which needs no division.
  real steepest_norm = real(1.0), steepest_pivot = real(1.0);

  explicit growth_record(Eigen::Index columns) : pivots(static_cast<std::size_t>(columns)) {}

  void begin_stretch() {
    for (auto& pivot : pivots) pivot = {};
    determinant = {};
  }

  void note_condition(const typename System::mask& where, const real& condition) {
    const real square = condition * condition;
    const auto steeper = where && steepest_norm < square * steepest_pivot;
    steepest_norm = select(steeper, square, steepest_norm);
    steepest_pivot = select(steeper, real(1.0), steepest_pivot);
  }
  real worst_condition() const {
    using std::sqrt;
    return sqrt(steepest_norm / steepest_pivot);
  }
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
