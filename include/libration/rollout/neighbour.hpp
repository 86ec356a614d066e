// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A second orbit that is kept close beside the first: the growth of small differences without any tangent.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/random.hpp>
#include <libration/core/scaling.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// A neighbour of an orbit, at a small distance from it that is restored again and again without turning their difference.
///
/// The distance is a separation s times the size of the state, which is the largest |h| of the last few hundred steps (1 where
/// all of them are 0). Coordinates that grow without bound count for as much as their rounding asks for. Differences are those
/// of `maps::coordinates`; counters are not perturbed. A difference has no more digits than s/eps, so that:
/// - a component whose difference is below 16 units in the last place of the state's (4 in single precision) is renewed to as
///   much, with a random sign. Otherwise it would be rounded away, and with it what it alone can grow into (the response
///   to the driver of a skew product);
/// - where the two orbits merge in a step, or part by more than a factor of 16, the step is repeated with the neighbour on the
///   other side of the orbit. An orbit that is folded onto its neighbour by accident, and one that stands on the other side of
///   a discontinuity (a coordinate that wraps), differ from that one; a contraction or an expansion does not. If it merges too,
///   two neighbours in random directions are tried;
/// - where all merge, one at a distance of the state's own size decides: if it merges too, the step forgets the state, and the
///   growth is minus infinity; else the growth of the step is not resolved, and only bounded by the state's rounding.
/// For `accuracy` every step is repeated so: two images that are not opposite to each other show what the separation's size and
/// rounding do to one, and whether the orbit passes a kink of a piecewise map, on whose sides it has two growths.
template <class System>
class neighbour {
  static_assert(System::width == 1);
  using scalar = typename System::scalar;
  using base = typename scalar_traits<scalar>::base;
  using state_type = typename System::state_type;
  static constexpr double eps = std::numeric_limits<base>::epsilon();

 public:
  /// Of a relative separation: the smallest whose differences have two digits (in steps of the state's rounding), the largest that
  /// is still a small error, and the one at which rounding and the map's curvature weigh about the same.
  static constexpr double smallest_separation = 64.0 * eps;
  static constexpr double largest_separation = 1e-2;
  static double usual_separation() { return std::sqrt(eps); }

  /// \param separation  s; 0: `usual_separation`
  /// \param stream      of the directions, under the seed
  /// \param measured    whether `accuracy` is asked for
  neighbour(const System& system, double separation, std::uint64_t seed, std::uint64_t stream, bool measured)
      : system_(system),
        coordinates_(system.map()),
        n_(static_cast<int>(system.state_size())),
        separation_(separation > 0.0 ? separation : usual_separation()),
        measured_(measured),
        numbers_(seed, stream),
        y_(system.make_state()),
        image_(y_),
        other_(y_),
        other_image_(y_),
        far_(y_),
        far_image_(y_),
        direction_(n_) {}

  /// Takes the orbit's step along, from the distance at which `rescale` or the last step left it.
  ///
  /// \return  ln of the factor by which the distance has grown; minus infinity where the step forgets the state; NaN where the
  ///          neighbours on both sides leave the range of numbers. Thereafter the neighbour is one of `view.next`.
  double step(const step_view<System>& view) {
    if (!set_out_) set_out(view.h);
    system_.step(view.t, y_, view.x, image_);
    const double factor = distance(image_, view.next) / apart_;
    const bool ordinary = factor > 0.0 && factor <= most_growth;
    double growth = std::log(factor);
    if (!ordinary)
      growth = look_again(view, factor);
    else if (measured_)
      compare(view, factor);
    ++steps_;
    std::swap(y_, image_);
    note_size(view.next);
    if (!std::isfinite(growth) || lost_) {
      lost_ = false;
      set_out(view.next);
    } else {
      apart_ = distance(y_, view.next);
      // Both sides may be rounded alike, at a fixed point for one.
      rounding_ += 0.5 * eps * size_of(view.next, 1.0) / apart_ + renewed_ / wanted();
    }
    return growth;
  }

  /// Whether the distance has left the range from s/32 to 32 s of the state's size.
  bool drifted() const { return !(apart_ < 32.0 * wanted() && apart_ > wanted() / 32.0); }

  /// Restores the distance about the orbit's present state.
  void rescale(const state_type& h) {
    const double factor = wanted() / apart_;
    for (int i = 0; i < n_; ++i) direction_[i] = factor * difference(y_, h, i);
    place(h, y_);
    apart_ = distance(y_, h);
    if (!(apart_ > 0.0)) set_out(h);
  }

  /// Component i of the neighbour's difference from the orbit's present state h, of Euclidean length `apart()`.
  double difference_from(const state_type& h, int i) const { return difference(y_, h, i); }
  double apart() const { return apart_; }

  std::int64_t merged() const { return merged_; }          ///< steps in which the two became equal, resolved or not
  std::int64_t jumps() const { return jumps_; }            ///< steps in which they parted as no growth explains
  std::int64_t unresolved() const { return unresolved_; }  ///< steps of a growth below what rounding lets a difference show

  /// From here on steps count for `accuracy`.
  void begin_accuracy() {
    compared_ = rounding_ = 0.0;
    steps_ = 0;
  }
  /// How far the mean growth a step may be off, by the separation's size and by rounding: the mean of half the sum of the
  /// differences of neighbours on opposite sides, relative to one (its length errs in this step, its direction in those to come),
  /// what rounding the state does to the distance, and the part of the distance that was renewed. NaN before the first step.
  double accuracy() const { return (compared_ + rounding_) / static_cast<double>(steps_); }

 private:
  static constexpr double most_growth = 16.0;
  // In the last place, that a lost component is renewed to: with few of them it can grow by large factors only, since what it gains
  // in a step is rounded; many are a large part of a separation in single precision.
  static constexpr double units = sizeof(base) > 4 ? 16.0 : 4.0;

  double wanted() const { return separation_ * (size_ > 0.0 ? size_ : 1.0); }

  static double number(const state_type& h, int i) { return static_cast<double>(h[i]); }
  double difference(const state_type& a, const state_type& b, int i) const { return coordinates_.difference(i, a[i], b[i]); }
  // \param unbounded  weight of the coordinates that grow without bound
  double size_of(const state_type& h, double unbounded) const {
    return euclidean_norm(n_, [&](Eigen::Index i) {
      return coordinates_.bounded(i) ? number(h, static_cast<int>(i)) : unbounded * number(h, static_cast<int>(i));
    });
  }
  double distance(const state_type& a, const state_type& b) const {
    return euclidean_norm(n_, [&](Eigen::Index i) { return difference(a, b, static_cast<int>(i)); });
  }

  void note_size(const state_type& h) {
    // Below this a separation would not be a normal number.
    constexpr double least = std::numeric_limits<base>::min() / (eps * eps);
    const double size = size_of(h, smallest_separation / separation_);
    if (size > 0.0 || size_ > 0.0) size_ = std::max({size, (1.0 - 1.0 / 256.0) * size_, least});
  }

  // y = h + direction, every component of it far enough from h's to be seen.
  void place(const state_type& h, state_type& y) {
    constexpr double least = std::numeric_limits<base>::min() / eps;
    const double most = wanted() / 16.0;
    renewed_ = 0.0;
    for (int i = 0; i < n_ - maps::counters<typename System::map_type>; ++i) {
      const double x = number(h, i), share = std::max(std::min(units * eps * std::abs(x), most), least);
      double d = direction_[i];
      if (!(std::abs(d) >= share)) {
        d = (numbers_.next_bits() & 1) != 0 ? share : -share;
        renewed_ += std::abs(d);
      }
      y[i] = static_cast<scalar>(x + d);
    }
    for (int i = n_ - maps::counters<typename System::map_type>; i < n_; ++i) y[i] = h[i];
  }

  // y at a distance from h in a random direction. \return the distance
  double place_at_random(const state_type& h, double size, state_type& y) {
    for (int i = 0; i < n_; ++i) direction_[i] = numbers_.next_normal();
    direction_ *= size / direction_.norm();
    place(h, y);
    return distance(y, h);
  }

  void set_out(const state_type& h) {
    if (!set_out_) note_size(h);
    set_out_ = true;
    apart_ = place_at_random(h, wanted(), y_);
  }

  // y_'s growth if it stood on the other side of the orbit; leaves the image of that in other_image_.
  double opposite(const step_view<System>& view) {
    for (int i = 0; i < n_; ++i) direction_[i] = -difference(y_, view.h, i);
    const double own = renewed_;
    place(view.h, other_);
    renewed_ = own;
    return growth_of_other(view);
  }
  double growth_of_other(const step_view<System>& view) {
    const double before = distance(other_, view.h);
    system_.step(view.t, other_, view.x, other_image_);
    return distance(other_image_, view.next) / before;
  }

  // \param factor  of y_'s distance in this step, an ordinary one
  void compare(const step_view<System>& view, double factor) {
    const double other = opposite(view);
    if (!(other > 0.0)) {  // flat on the other side: y_'s image is as good as an error there
      note_nats(std::log(factor * apart_ / resolved(view.next)));
    } else if (!(other <= most_growth)) {
      if (!std::isfinite(other) || other < 4.0 * factor || goes_on(view, other_, other)) note_nats(std::log(other / factor));
    } else {
      const double weight = apart_ * (other / distance(other_image_, view.next));  // of distances that rounding has made unequal
      const double sum = euclidean_norm(n_, [&](Eigen::Index c) {
        const int i = static_cast<int>(c);
        return difference(image_, view.next, i) + weight * difference(other_image_, view.next, i);
      });
      // Of a smooth map the slope is that in the middle, at a kink it is that of one of the sides.
      const double relative = sum / (std::min(factor, other) * apart_);
      note_nats(relative < 0.1 ? 0.5 * relative : std::log1p(relative));
    }
  }
  // What a step's growth may be off by. At most what there is in a distance that can be told from none.
  void note_nats(double nats) {
    compared_ += std::min(std::abs(nats), -std::log(0.5 * eps * separation_));
  }

  // The distance after the step of a neighbour that is twice as far from the orbit as a.
  double distance_from_twice(const step_view<System>& view, const state_type& a) {
    for (int i = 0; i < n_; ++i) direction_[i] = 2.0 * difference(a, view.h, i);
    const double own = renewed_;
    place(view.h, far_);
    renewed_ = own;
    system_.step(view.t, far_, view.x, far_image_);
    return distance(far_image_, view.next);
  }
  // Whether a step that takes a to `factor` times its distance is steep there, and not a jump at a discontinuity, which is no
  // wider at twice the distance.
  bool goes_on(const step_view<System>& view, const state_type& a, double factor) {
    return !(distance_from_twice(view, a) < 1.5 * factor * distance(a, view.h));
  }

  // The smallest distance from h that is not rounding.
  double resolved(const state_type& h) const {
    return std::max(0.5 * eps * size_of(h, 1.0), std::numeric_limits<double>::denorm_min());
  }

  // After a step that merged, jumped, or left the range.
  double look_again(const step_view<System>& view, double factor) {
    const auto usable = [](double x) { return x > 0.0 && std::isfinite(x); };
    double other = opposite(view);
    if (factor > 0.0) {
      if (std::isfinite(factor) && !(other < 0.25 * factor)) {  // an expansion
        if (measured_ && (other < 4.0 * factor || goes_on(view, other_, other))) note_nats(std::log(factor / other));
        return std::log(factor);
      }
      if (!std::isfinite(factor) && !std::isfinite(other)) return std::numeric_limits<double>::quiet_NaN();
      if (measured_ && usable(other) && goes_on(view, y_, factor)) {  // steep on one side: either may be the orbit's own
        note_nats(std::log(factor / other));
        return std::log(factor);
      }
      ++jumps_;
    } else if (factor == 0.0) {
      ++merged_;
    } else {
      if (!std::isfinite(other)) return factor;  // NaN
      ++jumps_;
    }
    for (int trial = 0; trial < 2 && !usable(other); ++trial) {
      (void)place_at_random(view.h, wanted(), other_);
      other = growth_of_other(view);
    }
    if (usable(other)) {
      // At a fold that one doubles the slope; where the map is flat the orbit's own growth may be none.
      if (measured_ && factor == 0.0)
        note_nats(distance_from_twice(view, y_) > 0.0 ? std::log(2.0) : std::log(other * apart_ / resolved(view.next)));
      std::swap(image_, other_image_);
      return std::log(other);
    }
    (void)place_at_random(view.h, wanted() / separation_, other_);
    if (growth_of_other(view) == 0.0) return -std::numeric_limits<double>::infinity();
    ++unresolved_;
    lost_ = true;
    return std::log(resolved(view.next) / apart_);
  }

  System system_;
  maps::coordinates<typename System::map_type> coordinates_;
  int n_;
  double separation_;
  bool measured_;
  random_stream numbers_;
  state_type y_, image_, other_, other_image_, far_, far_image_;
  Eigen::VectorXd direction_;
  double size_ = 0.0, apart_ = 0.0, compared_ = 0.0, rounding_ = 0.0, renewed_ = 0.0;
  std::int64_t steps_ = 0, merged_ = 0, jumps_ = 0, unresolved_ = 0;
  bool set_out_ = false, lost_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::rollout
