// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Perturbation growth along one orbit: neighbours set out from it again and again, and what becomes of the distance.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/batch_stepper.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>

namespace libration::inline LIBRATION_ABI::error {

namespace detail {

/// The stream of the first direction of the neighbour that turns into the leading one.
inline constexpr std::uint64_t leading_stream = 0x62726564;  // "bred"

/// Adds a vector of the given size (by `kind`) and a random direction to n numbers h(0) ... h(n - 1).
///
/// \param at  reads component i; \param put  writes it
template <class At, class Put>
void perturb(Eigen::Index n, error::norm kind, double size, const random_stream& numbers, const At& at, const Put& put) {
  Eigen::VectorXd d(n);
  random_stream own = numbers;
  own.fill_normal(d);
  d *= size / measure(kind, n, [&](Eigen::Index i) { return d[i]; });
  for (Eigen::Index i = 0; i < n; ++i) put(i, at(i) + d[i]);
}

}  // namespace detail

/// An observer (see `rollout::drive`): perturbed runs beside the orbit, set out anew at the start of each window.
///
/// \tparam Stepper  moves the perturbed states, columns of a batch, by one step: `rollout::batch_stepper` of the orbit's own map
///                  or of another one
template <class System, class Stepper>
class growth_run : public rollout::one_orbit<growth_run<System, Stepper>, growth_curve> {
  using ending = rollout::one_orbit<growth_run<System, Stepper>, growth_curve>;
  friend ending;
  using ending::result_;
  using scalar = typename Stepper::scalar;
  using state_type = typename System::state_type;

 public:
  static constexpr bool needs_tangent = false;

  /// \param steps  that will be observed after the warm-up
  growth_run(const System& system, Stepper stepper, const growth_options& options, std::int64_t steps)
      : options_(options),
        stepper_(std::move(stepper)),
        n_(system.state_size()),
        length_(std::min(options.steps, std::max<std::int64_t>(steps, 1))),
        H_(n_, options.members),
        next_(n_, options.members),
        bred_(n_, options.direction == direction::leading ? 1 : 0),
        bred_next_(bred_),
        spread_(n_ - maps::counters<typename System::map_type>, options.norm),  // how many tokens were read is no spread
        window_spread_(spread_) {
    const std::int64_t windows = std::max<std::int64_t>(1, steps / length_);
    const Eigen::Index points = length_ / options.every + 1;
    result_.error.resize(windows * options.members, points);
    result_.time_step = system.time_step();
    result_.per_unit_of_time = System::has_time_step;
    result_.time = Eigen::VectorXd::LinSpaced(points, 0.0, static_cast<double>((points - 1) * options.every) * result_.time_step);
    result_.norm = options.norm;
    result_.size = options.size;
    result_.direction = options.direction;
    result_.members = options.members;
    result_.seed = options.seed;
  }

  std::int64_t warm_up() const { return bred_.cols() > 0 ? options_.alignment : 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    const bool counting = seen_ >= warm_up() && rows() < result_.error.rows();
    if (counting && position_ == 0) {
      window_spread_ = spread_;
      set_out(view.h);
    }
    if (bred_.cols() > 0) breed(view);
    ++seen_;
    if (!counting) return;
    stepper_.step(view.t, H_, view.x, next_);
    H_.swap(next_);
    window_spread_.add(view.next);
    ++position_;
    if (position_ % options_.every == 0) record(position_ / options_.every, view.next);
    if (position_ == length_) {
      // Of finished windows only: an orbit on its way to infinity has no size.
      spread_ = window_spread_;
      ++windows_;
      position_ = 0;
    }
  }


 private:
  Eigen::Index rows() const { return windows_ * options_.members; }

  // Perturbed states at the start of a window.
  void set_out(const state_type& h) {
    const auto at = [&](Eigen::Index i) { return static_cast<double>(h[static_cast<int>(i)]); };
    for (Eigen::Index m = 0; m < options_.members; ++m) {
      const auto put = [&](Eigen::Index i, double x) { H_(i, m) = static_cast<scalar>(x); };
      if (options_.size == 0.0) {
        for (Eigen::Index i = 0; i < n_; ++i) put(i, at(i));
      } else if (bred_.cols() > 0) {
        const double apart = distance(bred_, 0, h);
        for (Eigen::Index i = 0; i < n_; ++i) put(i, at(i) + (static_cast<double>(bred_(i, 0)) - at(i)) * (options_.size / apart));
      } else {
        const auto pair = static_cast<std::uint64_t>(rows() + m);
        detail::perturb(n_, options_.norm, options_.size, random_stream(options_.seed, pair), at, put);
      }
    }
    record(0, h);
  }

  double distance(const typename Stepper::batch& H, Eigen::Index column, const state_type& h) const {
    return detail::measure(options_.norm, n_, [&](Eigen::Index i) {
      return static_cast<double>(H(i, column)) - static_cast<double>(h[static_cast<int>(i)]);
    });
  }

  void record(Eigen::Index point, const state_type& h) {
    for (Eigen::Index m = 0; m < options_.members; ++m) {
      const double e = distance(H_, m, h);
      result_.error(rows() + m, point) = std::isfinite(e) ? e : std::numeric_limits<double>::infinity();
    }
  }

  // One step of the neighbour that shows the leading direction, drawn back to a small distance.
  void breed(const rollout::step_view<System>& view) {
    const auto at = [](const state_type& h, Eigen::Index i) { return static_cast<double>(h[static_cast<int>(i)]); };
    const auto set = [&](Eigen::Index i, double x) { bred_(i, 0) = static_cast<scalar>(x); };
    const double eps = std::numeric_limits<scalar>::epsilon();
    const double small = std::sqrt(eps) * (1.0 + detail::measure(options_.norm, n_, [&](Eigen::Index i) { return at(view.h, i); }));
    const auto start = [&](const state_type& h) {
      detail::perturb(
          n_, options_.norm, small, random_stream(options_.seed, detail::leading_stream), [&](Eigen::Index i) { return at(h, i); },
          set);
    };
    if (seen_ == 0) start(view.h);
    stepper_.step(view.t, bred_, view.x, bred_next_);
    bred_.swap(bred_next_);
    const double apart = distance(bred_, 0, view.next);
    if (!std::isfinite(apart) || apart == 0.0) {
      start(view.next);
      return;
    }
    for (Eigen::Index i = 0; i < n_; ++i)
      set(i, at(view.next, i) + (static_cast<double>(bred_(i, 0)) - at(view.next, i)) * (small / apart));
  }

  void finish() {
    result_.error.conservativeResize(rows(), Eigen::NoChange);
    detail::finish_curve(result_, options_.normaliser, spread_.size(), spread_.magnitude(), std::numeric_limits<scalar>::epsilon());
  }

  growth_options options_;
  Stepper stepper_;
  Eigen::Index n_;
  std::int64_t length_;
  typename Stepper::batch H_, next_, bred_, bred_next_;
  detail::spread spread_, window_spread_;
  std::int64_t seen_ = 0, position_ = 0, windows_ = 0;
};

/// Perturbation growth as an estimator for `analyze`: as many windows of `.steps` steps as fit. `.windows`, `.transient`,
/// `.on_progress` and `.stop` are the pass's own there, and not looked at.
struct growth_estimator {
  growth_options options = {};

  static constexpr bool needs_tangent = false;

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up() const { return options.direction == direction::leading ? options.alignment : 0; }
  void validate(Eigen::Index) const { error::validate(options, "error::growth"); }
  template <class System>
  auto start(const System& system, std::int64_t steps) const {
    using stepper = rollout::batch_stepper<typename System::map_type, typename scalar_traits<typename System::scalar>::base>;
    return growth_run<System, stepper>(system, stepper(system.map(), options.members), options, steps);
  }
};

namespace detail {

/// The estimator with another map for the perturbed runs, which set out from the orbit's own state.
template <class Other>
struct difference_estimator {
  const Other* other;
  growth_options options;

  static constexpr bool needs_tangent = false;

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up() const { return 0; }
  void validate(Eigen::Index n) const {
    growth_options checked = options;
    checked.size = 1.0;
    error::validate(checked, "error::growth_between");
    require_rows(rollout::state_size(*other), n, "error::growth_between", "the other map's state", "the first map's");
  }
  template <class System>
  auto start(const System& system, std::int64_t steps) const {
    using stepper = rollout::batch_stepper<Other, typename scalar_traits<typename System::scalar>::base>;
    return growth_run<System, stepper>(system, stepper(*other, options.members), options, steps);
  }
};

template <class Scalar, class M, class Inputs, class Estimator>
growth_curve growth(std::string_view who, const M& map, rollout::start_of<M> h0, Inputs&& inputs, const growth_options& options,
                    const Estimator& estimator) {
  estimator.validate(rollout::state_size(map));  // before their product is formed
  return rollout::detail::measure<Scalar>(who, map, h0, std::forward<Inputs>(inputs), options.steps * options.windows, options,
                                          estimator);
}

}  // namespace detail

/// The growth of small errors along the orbit from h0: beside each of `.windows` stretches of `.steps` steps, `.members` runs that
/// set out `.size` away from it. For a driven map (open loop) all of them read the same inputs; a closed loop is an autonomous map.
///
/// \param h0      start, shape (n)
/// \param inputs  for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \return        the curves; `ok`, `diverged` or `cancelled`, with the windows that were finished. A perturbed run that diverges
///                has infinite errors from there on, and the others go on
/// \throws        argument_error before the first step: shapes, options, inputs too short
/// Accuracy:      an error is right to `rounding`, by which two runs part in any case
/// Cost:          members + 1 steps a step (together where the map steps batches), n operations a pair for the norm
template <class Scalar = double, maps::map M>
  requires(!maps::driven<M>)
growth_curve growth(const M& map, rollout::start_of<M> h0, const growth_options& options = {}) {
  return detail::growth<Scalar>("error::growth", map, h0, rollout::no_inputs{}, options, growth_estimator{options});
}
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
growth_curve growth(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const growth_options& options = {}) {
  return detail::growth<Scalar>("error::growth", map, h0, std::forward<Inputs>(inputs), options, growth_estimator{options});
}

/// How two maps' runs part: at the start of each window the other map takes the first one's state, and both go on by themselves.
/// What a rounding, a quantisation or a noise in every step does to a run. `.size`, `.direction` and `.members` mean nothing here.
///
/// \param other  a map of the same state and the same inputs
template <class Scalar = double, maps::map M, maps::map Other>
  requires(!maps::driven<M> && !maps::driven<Other>)
growth_curve growth_between(const M& map, const Other& other, rollout::start_of<M> h0, growth_options options = {}) {
  options.size = 0.0;
  options.direction = direction::random;
  options.members = 1;
  return detail::growth<Scalar>("error::growth_between", map, h0, rollout::no_inputs{}, options,
                                detail::difference_estimator<Other>{&other, options});
}
template <class Scalar = double, maps::map M, maps::map Other, class Inputs>
  requires(maps::driven<M> && maps::driven<Other>)
growth_curve growth_between(const M& map, const Other& other, rollout::start_of<M> h0, Inputs&& inputs,
                            growth_options options = {}) {
  options.size = 0.0;
  options.direction = direction::random;
  options.members = 1;
  return detail::growth<Scalar>("error::growth_between", map, h0, std::forward<Inputs>(inputs), options,
                                detail::difference_estimator<Other>{&other, options});
}

}  // namespace libration::inline LIBRATION_ABI::error
