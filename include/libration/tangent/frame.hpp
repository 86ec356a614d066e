// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Orthonormalisation of a system's frame with what an engine wants to know of it, and sums of the logarithms of its growth.

#include <cmath>
#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/traits.hpp>
#include <libration/stats/compensated_sum.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/gram_schmidt.hpp>
#include <libration/tangent/orthonormalise.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// The scalar in which growth is summed: double for one orbit, the lanes themselves for many.
template <class T>
using growth_type = std::conditional_t<scalar_traits<T>::width == 1, double, T>;

template <class T>
growth_type<T> to_growth(const T& x) {
  if constexpr (scalar_traits<T>::width == 1)
    return static_cast<double>(x);
  else
    return x;
}

/// ln of a product of positive factors, a factor 0 counting as minus infinity.
///
/// The factors are multiplied up and the logarithm is taken when the product leaves [1e-100, 1e100]: a logarithm costs as
/// much as ten products.
///
/// Accuracy: eps a factor
template <class Real>
class log_product {
 public:
  /// Multiplies by x in the lanes where the mask holds.
  template <class Mask>
  LIBRATION_INLINE void multiply(const Mask& where, const Real& x) {
    const Real factor = select(where, x, Real(1.0));
    go_on(product_, factor, product_ * factor);
  }

  /// The product since the last logarithm. It may be carried on elsewhere as long as it stays within 2^±1000, and put back.
  const Real& product() const { return product_; }
  template <class Mask>
  void put_back(const Mask& where, const Real& product) {
    const Real next = select(where, product, product_);
    go_on(next, Real(1.0), next);
  }
  static auto in_range(const Real& product) { return product > Real(1e-100) && product < Real(1e100); }

  /// Becomes another one in the lanes where the mask holds.
  template <class Mask>
  void replace(const Mask& where, const log_product& other) {
    product_ = select(where, other.product_, product_);
    sum_.replace(where, other.sum_);
  }

  void add_logarithm(const Real& x) { sum_.add(x); }

  Real value() const {
    using std::log;
    return sum_.value() + log(product_);
  }

 private:
  // next = product · factor becomes the product; in the lanes where it is not within range, and in no other, the logarithms of
  // both are taken.
  LIBRATION_INLINE void go_on(const Real& product, const Real& factor, const Real& next) {
    const auto within = in_range(next);
    if (all(within)) [[likely]] {
      product_ = next;
    } else {
      using std::log;
      sum_.add(select(within, Real(0.0), log(product)));
      sum_.add(select(within, Real(0.0), log(factor)));
      product_ = select(within, next, Real(1.0));
    }
  }

  Real product_ = Real(1.0);
  stats::compensated_sum<Real> sum_;
};

/// Orthonormalises a system's frames; after a call, what the pivots said.
template <class System>
class frame_factor;

template <class M, class T, int K>
class frame_factor<formula_system<M, T, K>> {
  using system = formula_system<M, T, K>;
  using mask = typename system::mask;

 public:
  frame_factor(Eigen::Index /*n*/, Eigen::Index /*k*/) {}

  LIBRATION_INLINE void operator()(typename system::frame_type& frame) {
    count_ = frame.count;
    triangle_ = gram_schmidt(frame.column, frame.count);
  }

  /// Where every entry was finite.
  mask finite() const { return triangle_.pivot[0] == triangle_.pivot[0]; }
  /// Where some column had a pivot of at most n eps times its norm.
  mask unresolved() const {
    mask some = triangle_.unresolved(0);
    for (int j = 1; j < K; ++j) some = some || triangle_.unresolved(j);
    return some;
  }
  /// R_ii; where unresolved, minus its upper bound n eps |v_i|: 0 where the column was zero.
  growth_type<T> pivot(Eigen::Index i) const { return to_growth(triangle_.pivot[i]); }
  /// |v_i| / R_ii, in each lane; 1 where unresolved.
  growth_type<T> ratio(Eigen::Index i) const { return to_growth(triangle_.ratio(static_cast<int>(i))); }
  /// max |v_i| / R_ii, in each lane.
  growth_type<T> condition() const { return to_growth(triangle_.ratio()); }

  /// max |QᵀQ - I| of a frame, in each lane.
  growth_type<T> defect(const typename system::frame_type& frame) const {
    using std::abs;
    growth_type<T> worst(0.0);
    for (int a = 0; a < count_; ++a) {
      for (int b = 0; b <= a; ++b) {
        T dot(a == b ? -1.0 : 0.0);
        for (int i = 0; i < system::n; ++i) dot += frame.column[a][i] * frame.column[b][i];
        const auto size = to_growth(abs(dot));
        worst = select(size > worst, size, worst);
      }
    }
    return worst;
  }

 private:
  small_triangle<T, K> triangle_;
  int count_ = K;
};

template <class M>
class frame_factor<vector_system<M>> {
  using system = vector_system<M>;

 public:
  frame_factor(Eigen::Index n, Eigen::Index k) : orthonormaliser_(n, k) {}

  void operator()(typename system::frame_type& frame) { found_ = orthonormaliser_.factor(frame); }

  bool finite() const { return found_.finite; }
  bool unresolved() const { return found_.unresolved > 0; }
  double pivot(Eigen::Index i) const {
    const double found = orthonormaliser_.pivots()[i];
    return found == 0.0 ? -orthonormaliser_.unresolved_bound(i) : found;
  }
  double ratio(Eigen::Index i) const { return orthonormaliser_.ratio(i); }
  double condition() const { return found_.ratio; }
  double defect(const typename system::frame_type& /*frame*/) const { return found_.defect; }

 private:
  orthonormaliser<typename system::scalar> orthonormaliser_;
  orthonormalisation found_;
};

/// Σ ln|det J| along an orbit.
template <class System>
class determinant_sum {
  using real = growth_type<typename System::scalar>;

 public:
  /// Adds the step that the system has just advanced.
  void add([[maybe_unused]] const System& system) {
    if constexpr (requires { system.determinant(); }) {
      using std::abs;
      sum_.multiply(everywhere<typename System::mask>(true), abs(to_growth(system.determinant())));
    } else if constexpr (System::has_determinant) {
      sum_.add_logarithm(to_growth(system.log_abs_determinant()));
    }
  }
  real value() const { return sum_.value(); }

  /// The sum itself, to be carried on elsewhere.
  log_product<real>& logarithm() { return sum_; }
  const log_product<real>& logarithm() const { return sum_; }

 private:
  log_product<real> sum_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
