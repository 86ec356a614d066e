// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a frame and its orbit grew by since a stretch of steps began.

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
  real worst_condition = real(1.0);                ///< of the whole run

  explicit growth_record(Eigen::Index columns) : pivots(static_cast<std::size_t>(columns)) {}

  void begin_stretch() {
    for (auto& pivot : pivots) pivot = {};
    determinant = {};
  }

  /// Becomes another one in the lanes where the mask holds.
  void replace(const typename System::mask& where, const growth_record& other) {
    for (std::size_t i = 0; i < pivots.size(); ++i) pivots[i].replace(where, other.pivots[i]);
    determinant.logarithm().replace(where, other.determinant.logarithm());
    worst_condition = select(where, other.worst_condition, worst_condition);
  }
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
