// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Steps of a small formula's orbit and frame, several at once in registers, and in which lanes nothing happened in them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/lyapunov/growth_record.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/frame.hpp>
#include <libration/tangent/gram_schmidt.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// An orbit, its frame and what they grew by, in each lane: where some steps begin, or a proposal of where they end.
///
/// A step is ordinary in a lane where the state that it leads to is finite and does not begin to repeat, |det J| is neither tiny
/// nor huge, and, if the step is orthonormalised, so are the columns' norms and pivots. Several steps are ordinary where each of
/// them is. Whether a step is ordinary, and the digits it leads to, follow from the lane's own numbers and not from how many
/// steps are proposed at a time: one compiled function takes them all (compilers may contract products and sums of two copies
/// differently), and products are carried on without rounding between proposals (`tangent::log_product`).
template <class T, int n, int columns>
struct ordinary_steps {
  using mask = typename scalar_traits<T>::mask;
  using state_type = state<T, n>;
  using frame_type = tangent::small_frame<T, n, columns>;
  static constexpr bool full = columns == n && n <= 3;  // then the determinant is kept

  // Pivots are at least 2^-20 and norms at most 2^20 in an ordinary step, determinants within 2^±limit.
  static constexpr int determinant_limit = 20 * n;

  /// The most steps in a proposal: products that begin within 2^±300 stay within 2^±1000.
  static constexpr std::int64_t most = full ? 700 / determinant_limit : 32;

  state_type h;
  frame_type frame;
  T pivots[static_cast<std::size_t>(columns)];  ///< products, where each step is orthonormalised
  T determinant;                                ///< product of |det J|, where full
  T steepest_norm, steepest_pivot;              ///< as in `growth_record`

  /// Proposes `steps` <= `most` steps.
  ///
  /// \tparam each_step orthonormalise after each; else never
  /// \param anchor,found  of the watch for a repetition (`rollout::repeats`)
  /// \param end where they lead
  /// \return the lanes in which every step is ordinary; in the others `end` means nothing
  template <bool each_step, class M>
#if defined(__GNUC__)
  __attribute__((noinline))
#endif
  mask propose(const M& map, std::int64_t steps, const state_type& anchor_state, const mask& found, ordinary_steps& end) const {
    // All in local variables, copied number by number: these live in registers.
    tangent::formula_system<M, T, columns> system(map);
    state_type orbit;
    frame_type directions;
    T growth[static_cast<std::size_t>(columns)], volume = determinant;
    const auto copy = [](const auto& from, auto& to) LIBRATION_INLINE_LAMBDA {
      libration::detail::unrolled<n>([&](auto i) LIBRATION_INLINE_LAMBDA { to.component[i] = from.component[i]; });
    };
    copy(h, orbit);
    libration::detail::unrolled<columns>([&](auto j) LIBRATION_INLINE_LAMBDA {
      copy(frame.column[j], directions.column[j]);
      growth[j] = pivots[j];
    });
    const auto none = system.make_input();
    const T anchor = anchor_state[0];
    mask repeated = everywhere<mask>(false);
    T finite(0.0);                       // 0, or NaN
    T shortest(1.0), longest(1.0);       // squared pivot, squared norm
    T smallest(1.0), largest(1.0);       // |det J|
    T norm = steepest_norm, pivot = steepest_pivot;
    for (std::int64_t i = 0; i < steps; ++i) {
      system.advance(0, orbit, none, orbit);
      system.tangent(directions);
      for (int c = 0; c < n; ++c) finite += orbit[c] - orbit[c];
      repeated = repeated || orbit[0] == anchor;
      if constexpr (full) {
        using std::abs;
        const T size = abs(system.determinant());
        smallest = select(size < smallest, size, smallest);
        largest = select(largest < size, size, largest);
        volume *= size;
      }
      if constexpr (each_step) {
        const auto r = tangent::ordinary_gram_schmidt(directions.column);
        libration::detail::unrolled<columns>([&](auto j) LIBRATION_INLINE_LAMBDA {
          growth[j] *= r.pivot[j];
          shortest = select(r.squared_pivot[j] < shortest, r.squared_pivot[j], shortest);
          longest = select(longest < r.squared_norm[j], r.squared_norm[j], longest);
          if constexpr (j > 0) {
            const auto steeper = norm * r.squared_pivot[j] < r.squared_norm[j] * pivot;
            norm = select(steeper, r.squared_norm[j], norm);
            pivot = select(steeper, r.squared_pivot[j], pivot);
          }
        });
      }
    }
    copy(orbit, end.h);
    libration::detail::unrolled<columns>([&](auto j) LIBRATION_INLINE_LAMBDA {
      copy(directions.column[j], end.frame.column[j]);
      end.pivots[j] = growth[j];
    });
    end.determinant = volume;
    end.steepest_norm = norm;
    end.steepest_pivot = pivot;
    mask ordinary = finite == T(0.0) && (found || !repeated);
    if constexpr (each_step) {
      ordinary = ordinary && shortest > T(0x1p-40) && longest < T(0x1p40);
      for (const T& product : growth) ordinary = ordinary && product == product;  // a NaN stays to the end
    }
    if constexpr (full) {
      constexpr double limit = static_cast<double>(std::uint64_t{1} << determinant_limit);
      ordinary = ordinary && smallest > T(1.0 / limit) && largest < T(limit);
    }
    return ordinary;
  }

  /// Takes over what an observer carries.
  template <class System>
  void read(const state_type& orbit, const frame_type& directions, growth_record<System>& record) {
    h = orbit;
    frame = directions;
    for (std::size_t i = 0; i < std::size_t{columns}; ++i) pivots[i] = record.pivots[i].product();
    if constexpr (full) determinant = record.determinant.product().product();
    steepest_norm = record.steepest_norm;
    steepest_pivot = record.steepest_pivot;
  }
  /// Becomes what an observer carries, in the lanes where the mask holds.
  template <class System>
  void write(const mask& where, state_type& orbit, frame_type& directions, growth_record<System>& record) const {
    assign_where(where, h, orbit);
    assign_where(where, frame, directions);
    for (std::size_t i = 0; i < std::size_t{columns}; ++i) record.pivots[i].carried_on(where, pivots[i]);
    if constexpr (full) record.determinant.product().carried_on(where, determinant);
    record.steepest_norm = select(where, steepest_norm, record.steepest_norm);
    record.steepest_pivot = select(where, steepest_pivot, record.steepest_pivot);
  }
  /// Where more steps can be proposed before `write`.
  mask in_range() const {
    mask inside = everywhere<mask>(true);
    const auto look_at = [&](const T& product) {
      inside = inside && (tangent::log_product<T>::in_range(product) || product == T(0.0));
    };
    if constexpr (full) look_at(determinant);
    for (const T& pivot : pivots) look_at(pivot);
    return inside;
  }
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
