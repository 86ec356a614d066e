// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `tangent::check`: a map's tangent against central differences at one point.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/tangent/first_frame.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// What `tangent::check` found.
struct [[nodiscard]] check_result {
  double error = std::numeric_limits<double>::quiet_NaN();       ///< largest |J v − difference| / (1 + |J v|) over directions
  double tolerance = std::numeric_limits<double>::quiet_NaN();   ///< what rounding and truncation explain
  Eigen::Index worst_direction = -1;                             ///< the direction it was found in
  bool ok() const { return error <= tolerance; }                 ///< false for NaN too
};

namespace detail {

template <class M>
check_result check_vector(const M& map, const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& h,
                          const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& x, std::int64_t t,
                          std::uint64_t seed) {
  using S = typename M::scalar_type;
  const Eigen::Index n = map.state_size();
  const Eigen::Index k = std::min<Eigen::Index>(n, 16);
  vector_system<M> system(map, k);
  auto next = system.make_state(), plus = next, minus = next, moved = next;
  auto JV = system.make_frame(k);
  write_frame(random_frame(n, k, seed), JV);
  const typename vector_system<M>::frame_type V = JV;
  system.advance(t, h, x, next);
  system.tangent(JV);

  check_result result{0.0, 0.0, -1};
  const double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const double size = 1.0 + static_cast<double>(h.norm()), image = 1.0 + static_cast<double>(next.norm());
  const S step = static_cast<S>(std::cbrt(eps) * size);
  for (Eigen::Index j = 0; j < k; ++j) {
    moved = h + step * V.col(j);
    system.step(t, moved, x, plus);
    moved = h - step * V.col(j);
    system.step(t, moved, x, minus);
    const double scale = 1.0 + static_cast<double>(JV.col(j).norm());
    const double error = static_cast<double>((JV.col(j) - (plus - minus) / (2 * step)).norm()) / scale;
    if (!(error <= result.error)) {
      result.error = error;
      result.worst_direction = j;
    }
  }
  // Rounding of a difference: eps |g| √n / step; truncation: step², for a third derivative of size 100.
  const double d = static_cast<double>(step);
  result.tolerance = 4.0 * eps * image * std::sqrt(static_cast<double>(n)) / d + 100.0 * d * d;
  return result;
}

}  // namespace detail

/// Compares a map's tangent with central differences at (h [, x]) in up to 16 random directions.
///
/// \param h    shape (n); \param x shape (m), for driven maps; \param t the step's number
/// \return     the error and what is to be expected; a branch of the map within the differences' step shows as an error
template <maps::differentiable M>
  requires maps::vector_map<M>
check_result check(const M& map, vector_view<typename M::scalar_type> h,
                   vector_view<typename M::scalar_type> x = Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>(),
                   std::int64_t t = 0, std::uint64_t seed = 0) {
  require_rows(h.rows(), map.state_size(), "tangent::check", "h", "the map's dimension");
  if constexpr (maps::driven<M>) require_rows(x.rows(), map.input_size(), "tangent::check", "x", "the map's input size");
  return detail::check_vector(map, h, x, t, seed);
}
template <maps::formula_map M>
check_result check(const M& map, const state<double, M::dimension>& h,
                   const state<double, (maps::input_dimension<M> > 0 ? maps::input_dimension<M> : 1)>& x = {},
                   std::int64_t t = 0, std::uint64_t seed = 0) {
  const formula_as_vector<M> vector(map);
  return detail::check_vector(vector, Eigen::VectorXd(h.vector()), Eigen::VectorXd(x.vector()), t, seed);
}

}  // namespace libration::inline LIBRATION_ABI::tangent
