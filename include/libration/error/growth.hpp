// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Perturbation growth along one orbit: neighbours set out from it again and again, and what becomes of the distance.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/random.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/measured_error.hpp>
#include <libration/error/detail/parting.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/batch_stepper.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/neighbour.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>

namespace libration::inline LIBRATION_ABI::error {

namespace detail {

/// The stream of the first direction of the neighbour that turns into the leading one.
inline constexpr std::uint64_t leading_stream = 0x62726564;  // "bred"

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

  /// \param steps  that will be observed after the warm-up, at least one window's
  growth_run(const System& system, Stepper stepper, const growth_options& options, std::int64_t steps)
      : options_(options),
        stepper_(std::move(stepper)),
        error_(system.map(), options.norm),
        n_(system.state_size()),
        H_(n_, options.members),
        next_(n_, options.members),
        opposite_(n_, 1),
        opposite_next_(n_, 1),
        direction_(n_ - maps::counters<typename System::map_type>),
        image_(n_),
        base_(n_),
        apart_(static_cast<std::size_t>(options.members)),
        // A coordinate that grows without bound has no size.
        spread_(error_.bounded() ? error_.count() : 0, options.norm, steps - steps % options.steps),
        window_spread_(spread_) {
    if (options.direction == direction::leading) bred_.emplace(system, 0.0, options.seed, detail::leading_stream, false);
    const Eigen::Index points = options.steps / options.every + 1;
    result_.error.resize(steps / options.steps * options.members, points);
    result_.time_step = system.time_step();
    result_.per_unit_of_time = system.per_unit_of_time();
    result_.time = Eigen::VectorXd::LinSpaced(points, 0.0, static_cast<double>((points - 1) * options.every) * result_.time_step);
    result_.norm = options.norm;
    result_.size = options.size;
    result_.direction = options.direction;
    result_.members = options.members;
    result_.seed = options.seed;
  }

  std::int64_t warm_up() const { return bred_ ? options_.alignment : 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    const bool counting = seen_ >= warm_up() && rows() < result_.error.rows();
    if (counting && position_ == 0) {
      window_spread_ = spread_;
      set_out(view.h);
    }
    if (bred_) {
      (void)bred_->step(view);
      bred_->rescale(view.next);
    }
    ++seen_;
    if (!counting) return;
    stepper_.step(view.t, H_, view.x, next_);
    look_for_jumps(view);
    H_.swap(next_);
    window_spread_.add([&](Eigen::Index k) { return number(view.next, error_.coordinate(k)); },
                       [&](Eigen::Index k, double x, double first) { return difference(error_.coordinate(k), x, first); });
    ++position_;
    if (position_ % options_.every == 0) record(position_ / options_.every);
    if (position_ == options_.steps) {
      // Of finished windows only: an orbit on its way to infinity has no size.
      spread_ = window_spread_;
      ++windows_;
      position_ = 0;
    }
  }

 private:
  Eigen::Index rows() const { return windows_ * options_.members; }

  static double number(const state_type& h, Eigen::Index i) { return static_cast<double>(h[static_cast<int>(i)]); }
  // In the precision of the perturbed runs.
  double difference(Eigen::Index i, double a, double b) const { return error_.template difference<scalar>(i, a, b); }
  // Component i of the difference of a perturbed run from h.
  double apart(const typename Stepper::batch& H, Eigen::Index column, const state_type& h, Eigen::Index i) const {
    return difference(i, static_cast<double>(H(i, column)), number(h, i));
  }
  double distance(const typename Stepper::batch& H, Eigen::Index column, const state_type& h) const {
    return error_([&](Eigen::Index i) { return apart(H, column, h, i); });
  }

  // Perturbed states at the start of a window.
  void set_out(const state_type& h) {
    const auto at = [&](Eigen::Index i) { return number(h, i); };
    const auto leading = [&](Eigen::Index i) { return bred_->difference_from(h, static_cast<int>(i)); };
    const double length = bred_ ? error_(leading) : 1.0;
    for (Eigen::Index m = 0; m < options_.members; ++m) {
      const auto put = [&](Eigen::Index i, double x) { H_(i, m) = static_cast<scalar>(x); };
      for (Eigen::Index i = 0; i < n_; ++i) put(i, at(i));
      if (bred_) {
        for (Eigen::Index i = 0; i < direction_.size(); ++i) put(i, at(i) + leading(i) * (options_.size / length));
      } else if (options_.size > 0.0) {
        const auto pair = static_cast<std::uint64_t>(rows() + m);
        detail::perturb(error_, options_.size, random_stream(options_.seed, pair), direction_, at, put);
      }
      apart_[static_cast<std::size_t>(m)] = distance(H_, m, h);
    }
    record(0);
  }

  // Of the pairs whose distance grows in this step by more than growth usually does, but for distances that are rounding.
  void look_for_jumps(const rollout::step_view<System>& view) {
    const auto h = [&](Eigen::Index i) { return number(view.h, i); };
    const auto next = [&](Eigen::Index i) { return number(view.next, i); };
    const auto step = [&](const auto& from, Eigen::VectorXd& image) {
      for (Eigen::Index i = 0; i < n_; ++i) opposite_(i, 0) = static_cast<scalar>(from(i));
      stepper_.step(view.t, opposite_, view.x, opposite_next_);
      for (Eigen::Index i = 0; i < n_; ++i) image[i] = static_cast<double>(opposite_next_(i, 0));
    };
    for (Eigen::Index m = 0; m < options_.members; ++m) {
      double& before = apart_[static_cast<std::size_t>(m)];
      const double after = distance(next_, m, view.next);
      if (after > detail::most_growth * before && std::isfinite(after) && before > detail::least_looked_at<scalar> * error_(h))
        jumps_.add(detail::find_parting<scalar>(
            error_, after, h, [&](Eigen::Index i) { return apart(H_, m, view.h, i); }, next,
            [&](Eigen::Index i) { return apart(next_, m, view.next, i); }, step, image_, base_));
      before = after;
    }
  }

  void record(Eigen::Index point) {
    for (Eigen::Index m = 0; m < options_.members; ++m) {
      const double e = apart_[static_cast<std::size_t>(m)];
      result_.error(rows() + m, point) = std::isfinite(e) ? e : std::numeric_limits<double>::infinity();
    }
  }

  void finish() {
    result_.error.conservativeResize(rows(), Eigen::NoChange);
    for (const Eigen::Index k : spread_.drifting()) result_.drifting.push_back(error_.coordinate(k));
    detail::finish_curve(result_, options_.normaliser, spread_.size(), spread_.magnitude(), std::numeric_limits<scalar>::epsilon());
    jumps_.report_to(result_);
  }

  growth_options options_;
  Stepper stepper_;
  detail::measured_error<typename System::map_type> error_;
  Eigen::Index n_;
  typename Stepper::batch H_, next_, opposite_, opposite_next_;
  Eigen::VectorXd direction_, image_, base_;
  std::vector<double> apart_;
  detail::jump_record jumps_;
  detail::spread spread_, window_spread_;
  std::optional<rollout::neighbour<System>> bred_;
  std::int64_t seen_ = 0, position_ = 0, windows_ = 0;
};

namespace detail {

/// A run with perturbed runs of `map` beside it. \throws argument_error where no window fits into the pass, or into memory
template <class System, class M>
auto start_growth(std::string_view who, const System& system, const M& map, const growth_options& options, std::int64_t steps) {
  require(options.steps <= steps, who, [&] {
    return ".steps is " + number_text(options.steps) + ", expected at most " + number_text(steps) +
           ", the steps of the pass: no window fits";
  });
  using stepper = rollout::batch_stepper<M, typename scalar_traits<typename System::scalar>::base>;
  const std::int64_t pairs = saturating_product(steps / options.steps, options.members);
  const double batches = 5.0 * static_cast<double>(system.state_size()) * static_cast<double>(options.members);
  require_memory_for(pairs, options.steps / options.every + 1, batches, who);
  return growth_run<System, stepper>(system, stepper(map, options.members), options, steps);
}

}  // namespace detail

/// Perturbation growth as an estimator for `analyze`: as many windows of `.steps` steps as fit, at least one. `.windows`,
/// `.transient`, `.on_progress` and `.stop` are the pass's own there, and not looked at.
struct growth_estimator {
  growth_options options = {};

  static constexpr bool needs_tangent = false;

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up(std::int64_t) const { return options.direction == direction::leading ? options.alignment : 0; }
  void validate(Eigen::Index) const { error::validate(options, "error::growth"); }
  static bool reads_steps() { return true; }  // of a window
  template <class System>
  auto start(const System& system, std::int64_t steps) const {
    return detail::start_growth("error::growth", system, system.map(), options, steps);
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
  std::int64_t warm_up(std::int64_t) const { return 0; }
  void validate(Eigen::Index n) const {
    growth_options checked = options;
    checked.size = 1.0;
    error::validate(checked, "error::growth_between");
    require_rows(rollout::state_size(*other), n, "error::growth_between", "the other map's state", "the first map's");
  }
  template <class System>
  auto start(const System& system, std::int64_t steps) const {
    return start_growth("error::growth_between", system, *other, options, steps);
  }
};

template <class Scalar, class M, class Inputs, class Estimator>
growth_curve growth(std::string_view who, const M& map, rollout::start_of<M> h0, Inputs&& inputs, const growth_options& options,
                    const Estimator& estimator) {
  estimator.validate(rollout::state_size(map));  // before their product is formed
  return rollout::measure<Scalar>(who, map, h0, std::forward<Inputs>(inputs),
                                          saturating_product(options.steps, options.windows), options, estimator);
}

}  // namespace detail

/// The growth of small errors along the orbit from h0: beside each of `.windows` stretches of `.steps` steps, `.members` runs that
/// set out `.size` away from it. For a driven map (open loop) all of them read the same inputs; a closed loop is an autonomous map.
///
/// \param h0      start, shape (n)
/// \param inputs  for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \return        the curves; `ok`, `not_resolved` (every perturbation was lost in the state's rounding), `undeclared_period`,
///                `diverged` or `cancelled`, with the windows that were finished. A perturbed run that diverges has infinite
///                errors from there on, and the others go on
/// \throws        argument_error before the first step: shapes, options, inputs too short
/// Differences are those of `maps::coordinates`, and coordinates that a map says grow without bound are left out of them. Where
/// it says nothing, pairs that part at a cut are counted (`jumps`), coordinates that wrap make the status `undeclared_period` and
/// are named (`undeclared`), as are those that drift (`drifting`).
///
/// Accuracy:      an error is right to `rounding`, by which two runs part in any case
/// Cost:          members + 1 steps a step (together where the map steps batches), n operations a pair for the norm
template <class Scalar = double, maps::map M>
requires(!maps::driven<M>) growth_curve growth(const M& map, rollout::start_of<M> h0, const growth_options& options = {}) {
  return detail::growth<Scalar>("error::growth", map, h0, rollout::no_inputs{}, options, growth_estimator{options});
}
template <class Scalar = double, maps::map M, class Inputs>
requires maps::driven<M> growth_curve growth(const M& map, rollout::start_of<M> h0, Inputs&& inputs,
                                             const growth_options& options = {}) {
  return detail::growth<Scalar>("error::growth", map, h0, std::forward<Inputs>(inputs), options, growth_estimator{options});
}

/// How two maps' runs part: at the start of each window the other map takes the first one's state, and both go on by themselves.
/// What a rounding, a quantisation or a noise in every step does to a run. `.size`, `.direction` and `.members` mean nothing here.
///
/// \param other  a map of the same state and the same inputs
template <class Scalar = double, maps::map M, maps::map Other>
requires(!maps::driven<M> && !maps::driven<Other>) growth_curve
    growth_between(const M& map, const Other& other, rollout::start_of<M> h0, growth_options options = {}) {
  options.size = 0.0;
  options.direction = direction::random;
  options.members = 1;
  return detail::growth<Scalar>("error::growth_between", map, h0, rollout::no_inputs{}, options,
                                detail::difference_estimator<Other>{&other, options});
}
template <class Scalar = double, maps::map M, maps::map Other, class Inputs>
requires(maps::driven<M>&& maps::driven<Other>) growth_curve
    growth_between(const M& map, const Other& other, rollout::start_of<M> h0, Inputs&& inputs, growth_options options = {}) {
  options.size = 0.0;
  options.direction = direction::random;
  options.members = 1;
  return detail::growth<Scalar>("error::growth_between", map, h0, std::forward<Inputs>(inputs), options,
                                detail::difference_estimator<Other>{&other, options});
}

}  // namespace libration::inline LIBRATION_ABI::error
