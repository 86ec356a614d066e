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
/// The factors are multiplied up: a logarithm costs as much as ten products. A product that leaves [2^-300, 2^300] is scaled
/// back by powers of two, which rounds nothing: its digits do not depend on when that is done.
///
/// Accuracy: eps a factor
template <class Real>
class log_product {
 public:
  /// Multiplies by x in the lanes where the mask holds.
  template <class Mask>
  LIBRATION_INLINE void multiply(const Mask& where, const Real& x) {
    Real factor = select(where, x, Real(1.0));
    const Real next = product_ * factor;
    if (all(in_range(next))) [[likely]] {
      product_ = next;
    } else {
      scale(factor);
      product_ *= factor;
      scale(product_);
    }
  }

  /// The product, without the powers of two set aside. It may be carried on elsewhere as long as it stays within 2^±1000, and
  /// then be given back.
  const Real& product() const { return product_; }
  template <class Mask>
  void carried_on(const Mask& where, const Real& product) {
    product_ = select(where, product, product_);
    scale(product_);
  }
  static auto in_range(const Real& product) { return product > Real(0x1p-300) && product < Real(0x1p300); }

  Real value() const {
    using std::log;
    constexpr double ln2 = 0.69314718055994530942;
    return log(product_) + exponent_ * ln2;
  }

 private:
  // Sets powers of two aside where a number is out of range; twice, for a denormal number. What is 0 or not finite stays so.
  void scale(Real& x) {
    for (int pass = 0; pass < 2; ++pass) {
      const auto tiny = x < Real(0x1p-300), huge = x > Real(0x1p300);
      if (!any(tiny || huge)) [[likely]]
        return;
      x *= select(tiny, Real(0x1p600), select(huge, Real(0x1p-600), Real(1.0)));
      exponent_ += select(tiny, Real(-600.0), select(huge, Real(600.0), Real(0.0)));
    }
  }

  Real product_ = Real(1.0);
  Real exponent_ = Real(0.0);  // of two, set aside
};

/// Orthonormalises a system's frames; after a call, what the pivots said. Frames are blocks, shape (n, k).
template <class System>
class frame_factor {
 public:
  frame_factor(Eigen::Index n, Eigen::Index k) : orthonormaliser_(n, k) {}

  void operator()(typename System::frame_type& frame) { found_ = orthonormaliser_.factor(frame); }

  bool finite() const { return found_.finite; }
  bool unresolved() const { return found_.unresolved > 0; }
  double pivot(Eigen::Index i) const {
    const double found = orthonormaliser_.pivots()[i];
    return found == 0.0 ? -orthonormaliser_.unresolved_bound(i) : found;
  }
  double ratio(Eigen::Index i) const { return orthonormaliser_.ratio(i); }
  double condition() const { return found_.ratio; }
  /// R, shape (k, k); a pivot is 0 where unresolved.
  const auto& upper() const { return orthonormaliser_.upper(); }
  double defect(const typename System::frame_type& /*frame*/) const { return found_.defect; }

 private:
  orthonormaliser<typename System::scalar> orthonormaliser_;
  orthonormalisation found_;
};

/// The same for small frames.
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

/// Σ ln|det J| along an orbit.
template <class System>
class determinant_sum {
  using real = growth_type<typename System::scalar>;
  static constexpr bool by_cofactors = requires(const System& system) { system.determinant(); };

 public:
  /// Adds the step that the system has just advanced, in the lanes where the mask holds.
  void add([[maybe_unused]] const typename System::mask& where, [[maybe_unused]] const System& system) {
    if constexpr (by_cofactors) {
      using std::abs;
      sum_.multiply(where, abs(to_growth(system.determinant())));
    } else if constexpr (System::has_determinant) {
      sum_.add(select(where, to_growth(system.log_abs_determinant()), real(0.0)));
    }
  }
  real value() const { return sum_.value(); }

  /// The product of the |det J| where these are had by cofactors, to be carried on elsewhere.
  log_product<real>& product()
    requires by_cofactors
  {
    return sum_;
  }

 private:
  std::conditional_t<by_cofactors, log_product<real>, stats::compensated_sum<real>> sum_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
