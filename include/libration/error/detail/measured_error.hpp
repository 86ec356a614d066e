// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What an error is of two states of a map: the norm of their difference in the coordinates that have a size.

#include <cmath>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/random.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// The norm of a difference in the coordinates that do not grow without bound; in all but counters where there are no others.
template <class M>
class measured_error {
 public:
  measured_error(const M& map, error::norm kind) : coordinates_(map), kind_(kind) {
    const Eigen::Index n = coordinates_.size();
    for (Eigen::Index i = 0; i < n; ++i)
      if (coordinates_.bounded(i)) chosen_.push_back(i);
    for (Eigen::Index i = 0; chosen_.empty() && i < n - maps::counters<M>; ++i) chosen_.push_back(i);
    if constexpr (!always) {
      measured_.assign(static_cast<std::size_t>(n), 0);
      for (const Eigen::Index i : chosen_) measured_[static_cast<std::size_t>(i)] = 1;
    }
  }

  const maps::coordinates<M>& coordinates() const { return coordinates_; }
  Eigen::Index count() const { return static_cast<Eigen::Index>(chosen_.size()); }
  /// \return the k-th measured coordinate
  Eigen::Index coordinate(Eigen::Index k) const { return chosen_[static_cast<std::size_t>(k)]; }
  bool measured([[maybe_unused]] Eigen::Index i) const {
    if constexpr (always)
      return true;
    else
      return measured_[static_cast<std::size_t>(i)] != 0;
  }
  /// Whether the measured coordinates are those with a size along the orbit.
  bool bounded() const { return !chosen_.empty() && coordinates_.bounded(chosen_.front()); }

  /// a - b of coordinate i, of numbers that a `Scalar` holds.
  template <class Scalar>
  double difference(Eigen::Index i, double a, double b) const {
    const double period = coordinates_.period(i);
    return period == 0.0 ? a - b : maps::coordinate_difference(a, b, static_cast<double>(static_cast<Scalar>(period)));
  }
  /// The norm of numbers d(i), i being a coordinate of the state.
  template <class Difference>
  double operator()(const Difference& d) const {
    return measure(kind_, count(), [&](Eigen::Index k) { return d(coordinate(k)); });
  }

  /// a - b of states of lanes; 0 in the coordinates that are not measured.
  template <class T, int n>
  state<T, n> difference(const state<T, n>& a, const state<T, n>& b) const {
    state<T, n> d;
    for (int i = 0; i < n; ++i) d[i] = measured(i) ? T(coordinates_.difference(i, a[i], b[i])) : T(0.0);
    return d;
  }
  /// The norm of such a difference, lane by lane; where its squares leave the range, it is not right.
  template <class T, int n>
  LIBRATION_INLINE T length(const state<T, n>& d) const {
    using std::abs, std::sqrt;
    T sum(0.0);
    if (kind_ == error::norm::maximum) {
      for (int i = 0; i < n; ++i) {
        const T size = abs(d[i]);
        sum = select(size > sum || size != size, size, sum);  // a NaN stays
      }
      return sum;
    }
    for (int i = 0; i < n; ++i) sum += d[i] * d[i];
    return kind_ == error::norm::euclidean ? sqrt(sum) : sqrt(sum * (1.0 / static_cast<double>(count())));
  }

 private:
  static constexpr bool always = !maps::has_unbounded<M> && maps::counters<M> == 0;  // every coordinate is measured

  maps::coordinates<M> coordinates_;
  error::norm kind_;
  std::vector<Eigen::Index> chosen_;
  std::vector<char> measured_;
};

/// Adds a vector of a random direction to the numbers at(0) ... at(d.size() - 1).
///
/// \param size  of the vector by `error`
/// \param at    reads component i; \param put  writes it
/// \param d     scratch for the vector; its length is the number of components that are moved
template <class M, class At, class Put>
void perturb(const measured_error<M>& error, double size, random_stream numbers, Eigen::VectorXd& d, const At& at, const Put& put) {
  numbers.fill_normal(d);
  d *= size / error([&](Eigen::Index i) { return d[i]; });
  for (Eigen::Index i = 0; i < d.size(); ++i) put(i, at(i) + d[i]);
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
