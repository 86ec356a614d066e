// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Steps of a small formula's orbit and frame taken several at once, in registers, as long as nothing happens in them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/lyapunov/growth_record.hpp>
#include <libration/rollout/repeats.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/frame.hpp>
#include <libration/tangent/gram_schmidt.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Whether a system's steps can be taken ahead: formulas in double that run by themselves and have a Jacobian at hand.
template <class System>
inline constexpr bool takes_ordinary_steps = false;
template <class M, class T, int K>
inline constexpr bool takes_ordinary_steps<tangent::formula_system<M, T, K>> =
    tangent::formula_system<M, T, K>::dense && tangent::formula_system<M, T, K>::autonomous &&
    !(K == 4 && tangent::formula_system<M, T, K>::has_determinant) &&
    std::is_same_v<typename scalar_traits<T>::base, double>;

/// An orbit, its frame and the products of what it grew by, in each lane.
///
/// A step is ordinary in a lane where its state is finite and does not repeat, and, if it is orthonormalised, its columns are
/// well resolved and neither long nor short. That is found out at the end of a few steps, from what was gathered on the way:
/// where it does not hold, they have to be taken again with all checks. What a lane computes depends on nothing in the others.
template <class System>
struct ordinary_steps {
  using T = typename System::scalar;
  using mask = typename System::mask;
  static constexpr int n = System::n, columns = System::capacity;
  static constexpr bool full = columns == n && n <= 3;  // then the determinant is kept

  /// The most steps at once: from 1e-100 on, factors of at least 2^-20 a step and column stay within the normal numbers.
  static constexpr std::int64_t most = 32;

  typename System::state_type h;
  typename System::frame_type frame;
  T pivots[static_cast<std::size_t>(columns)];  ///< products, where each step is orthonormalised
  T determinant;                                ///< product of |det J|, where full
  T squared_condition;                          ///< the largest (|v_i| / R_ii)², at least 1

  /// Takes `steps` <= `most` steps.
  ///
  /// \tparam each_step orthonormalise after each; else never
  /// \param end where they lead
  /// \return the lanes in which every step was ordinary; the others hold nothing of use
  template <bool each_step>
  LIBRATION_INLINE mask take(const System& prepared, std::int64_t steps, const rollout::repeats<System>& cycle,
                            ordinary_steps& end) const {
    // All in local variables, copied number by number: these live in registers.
    System system(prepared.map());
    typename System::state_type orbit;
    typename System::frame_type directions;
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
    const T anchor = cycle.anchor()[0];
    mask repeated = everywhere<mask>(false);
    T finite(0.0);                       // 0, or NaN
    T shortest(1.0);                     // squared pivot
    T steep[2] = {T(1.0), T(1.0)};       // squared condition, as a fraction: no division a step
    for (std::int64_t i = 0; i < steps; ++i) {
      system.advance(0, orbit, none, orbit);
      system.tangent(directions);
      for (int c = 0; c < n; ++c) finite += orbit[c] - orbit[c];
      repeated = repeated || orbit[0] == anchor;
      if constexpr (full) {
        using std::abs;
        volume *= abs(system.determinant());
      }
      if constexpr (each_step) {
        const auto r = tangent::ordinary_gram_schmidt(directions.column);
        libration::detail::unrolled<columns>([&](auto j) LIBRATION_INLINE_LAMBDA {
          growth[j] *= r.pivot[j];
          shortest = select(r.squared_pivot[j] < shortest, r.squared_pivot[j], shortest);
          if constexpr (j > 0) {
            const auto steeper = steep[0] * r.squared_pivot[j] < r.squared_norm[j] * steep[1];
            steep[0] = select(steeper, r.squared_norm[j], steep[0]);
            steep[1] = select(steeper, r.squared_pivot[j], steep[1]);
          }
        });
      }
    }
    const T steepest = steep[0] / steep[1];
    copy(orbit, end.h);
    libration::detail::unrolled<columns>([&](auto j) LIBRATION_INLINE_LAMBDA {
      copy(directions.column[j], end.frame.column[j]);
      end.pivots[j] = growth[j];
    });
    end.determinant = volume;
    end.squared_condition = select(squared_condition < steepest, steepest, squared_condition);
    mask ordinary = finite == T(0.0) && (cycle.found() || !repeated);
    if constexpr (each_step) {
      ordinary = ordinary && shortest > T(0x1p-40) && steepest < T(0x1p60);
      // What is too long for its square leaves an infinity or a NaN here.
      for (const T& product : growth) ordinary = ordinary && product < T(0x1p900);
    }
    if constexpr (full) ordinary = ordinary && volume > T(0x1p-900) && volume < T(0x1p900);
    return ordinary;
  }

  void read(const growth_record<System>& record) {
    for (std::size_t i = 0; i < std::size_t{columns}; ++i) pivots[i] = record.pivots[i].product();
    determinant = record.determinant.logarithm().product();
    squared_condition = T(1.0);
  }
  void write(const mask& where, growth_record<System>& record) const {
    using std::sqrt;
    for (std::size_t i = 0; i < std::size_t{columns}; ++i) record.pivots[i].put_back(where, pivots[i]);
    record.determinant.logarithm().put_back(where, determinant);
    const T condition = sqrt(squared_condition);
    record.worst_condition = select(where && condition > record.worst_condition, condition, record.worst_condition);
  }
  /// Where a logarithm need not be taken yet.
  mask in_range() const {
    mask inside = tangent::log_product<T>::in_range(determinant);
    for (const T& pivot : pivots) inside = inside && tangent::log_product<T>::in_range(pivot);
    return inside;
  }
};

/// Takes an observer's steps ahead of it, and knows those that it has to look at after all.
template <class System>
class steps_ahead {
  using mask = typename System::mask;
  using state_type = typename System::state_type;
  using frame_type = typename System::frame_type;
  using record_type = growth_record<System>;
  using steps_type = ordinary_steps<System>;

 public:
  explicit steps_ahead(const record_type& record) : record_(record) {}

  /// Whether steps are being looked at one by one.
  bool looking() const { return left_ > 0; }

  /// Takes up to `limit` steps, in groups of at most `steps_type::most`, until something happens in one of the lanes `active`.
  ///
  /// \return their number; h, frame and record are at their end
  template <bool each_step>
  std::int64_t run(std::int64_t limit, const mask& active, const System& system, const rollout::repeats<System>& cycle,
                   state_type& h, frame_type& frame, record_type& record) {
    steps_type places[2];
    steps_type *now = &places[0], *next = &places[1];
    now->h = h;
    now->frame = frame;
    now->read(record);
    std::int64_t done = 0;
    for (bool go_on = true; go_on && done < limit;) {
      const std::int64_t steps = std::min(limit - done, steps_type::most);
      const mask ordinary = now->template take<each_step>(system, steps, cycle, *next);
      if (all(ordinary || !active)) [[likely]] {
        std::swap(now, next);
        done += steps;
        go_on = all(now->in_range() || !active);
      } else {
        left_ = steps;
        ordinary_ = ordinary;
        end_ = *next;
        go_on = false;
      }
    }
    h = now->h;
    frame = now->frame;
    now->write(active, record);
    if (looking()) {
      record_ = record;
      end_.write(ordinary_, record_);
    }
    return done;
  }

  /// After a step that was looked at. When it was the last one, lanes in which nothing had happened take the steps as they had
  /// been taken: else what happens in other lanes would decide which of two compiled loops computed their digits.
  void correct(state_type& h, frame_type& frame, record_type& record) {
    if (left_ == 0 || --left_ > 0) return;
    assign_where(ordinary_, end_.h, h);
    assign_where(ordinary_, end_.frame, frame);
    record.replace(ordinary_, record_);
  }

 private:
  std::int64_t left_ = 0;
  mask ordinary_ = everywhere<mask>(false);
  steps_type end_;
  record_type record_;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
