// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/kreiss_constant.hpp declares.

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <queue>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>

#include <libration/core/scaling.hpp>
#include <libration/error/detail/largest_singular.hpp>
#include <libration/error/detail/square.hpp>
#include <libration/error/kreiss_constant.hpp>

// Templates on the number's type, so that only a program that calls the function compiles its decompositions.
namespace libration::inline LIBRATION_ABI::error::detail {

/// The largest ‖(I - w A)^-1‖ on a circle |w| = radius.
struct circle_maximum {
  double radius, lower, upper, angle;  // lower: at the angle; upper: nowhere on the circle more
};

/// The resolvent of a matrix by w = 1/z: M(r) = max over |w| = r of ‖(I - w A)^-1‖.
template <class Real>
class resolvent_circle {
 public:
  using matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using complex_matrix = Eigen::Matrix<std::complex<Real>, Eigen::Dynamic, Eigen::Dynamic>;

  explicit resolvent_circle(const matrix& A)
      : A_(A),
        T_(triangle_of(A)),
        inverse_(T_.rows(), T_.cols()),
        norm_(largest_singular(A)) {}

  double norm() const { return norm_; }
  const complex_matrix& triangle() const { return T_; }
  std::int64_t eigenproblems() const { return eigenproblems_; }

  /// The least singular value of I - r e^{iθ} A; 0 where it is not invertible.
  double least_singular(double r, double theta) {
    const Eigen::Index n = T_.rows();
    const std::complex<Real> w = std::polar<Real>(r, theta);
    // Column j of the inverse, from the diagonal upwards.
    inverse_.setZero();
    for (Eigen::Index j = 0; j < n; ++j) {
      if (Real(1) == w * T_(j, j)) return 0.0;
      inverse_(j, j) = Real(1);
      for (Eigen::Index k = j; k >= 0; --k) {
        inverse_(k, j) /= Real(1) - w * T_(k, k);
        const std::complex<Real> factor = w * inverse_(k, j);
        add_multiple(k, factor, T_.data() + k * n, inverse_.data() + j * n);
      }
    }
    const double largest = largest_singular_of_triangle(inverse_);
    return std::isfinite(largest) ? 1.0 / largest : 0.0;
  }

  /// M(r) between two bounds, upper <= lower/(1 - slack) unless rounding forbids, which makes it infinite.
  circle_maximum search(double r, double slack, double first_angle) {
    const double at_zero = least_singular(r, 0.0), at_pi = least_singular(r, std::numbers::pi);
    double least = std::min(at_zero, at_pi), angle = at_zero <= at_pi ? 0.0 : std::numbers::pi;
    const auto look = [&](double theta) {
      const double found = least_singular(r, theta);
      if (found < least) {
        least = found;
        angle = theta;
      }
    };
    look(first_angle);
    const double n = static_cast<double>(A_.rows());
    const double rounding = 64.0 * n * std::numeric_limits<double>::epsilon() * std::max(1.0, r * norm_);
    for (int pass = 0; pass < 40; ++pass) {
      const double level = (1.0 - slack) * least;
      if (!(slack * least > rounding)) break;
      crossings(r, level, at_zero > at_pi);
      for (std::size_t i = 1; i < angles_.size(); ++i) look(0.5 * (angles_[i - 1] + angles_[i]));
      if (!(least < level)) return {r, 1.0 / least, 1.0 / level, angle};
    }
    return {r, 1.0 / least, std::numeric_limits<double>::infinity(), angle};
  }

 private:
  // y += factor x of n numbers. By their parts: the product of two std::complex looks for infinities.
  static void add_multiple(Eigen::Index n, std::complex<Real> factor, const std::complex<Real>* x, std::complex<Real>* y) {
    const Real a = factor.real(), b = factor.imag();
    for (Eigen::Index i = 0; i < n; ++i)
      y[i] = {y[i].real() + (a * x[i].real() - b * x[i].imag()), y[i].imag() + (a * x[i].imag() + b * x[i].real())};
  }

  // ‖X‖₂ of an upper triangular X, as `largest_singular` has it of real ones; infinite where X is not finite.
  double largest_singular_of_triangle(const complex_matrix& X) {
    const Eigen::Index n = X.rows();
    Real size = 0;
    for (Eigen::Index i = 0; i < X.size(); ++i) {
      const Real part = std::max(std::abs(X.data()[i].real()), std::abs(X.data()[i].imag()));
      if (!std::isfinite(part)) return std::numeric_limits<double>::infinity();
      size = std::max(size, part);
    }
    const int exponent = binary_exponent(static_cast<double>(size));
    scaled_ = X;
    scale_by_power_of_two(scaled_, -exponent);
    // The lower triangle of the Gram matrix's real form.
    gram_.resize(2 * n, 2 * n);
    for (Eigen::Index j = 0; j < n; ++j)
      for (Eigen::Index i = j; i < n; ++i) {
        const std::complex<Real>*x = scaled_.data() + i * n, *y = scaled_.data() + j * n;
        Real real = 0, imaginary = 0;
        for (Eigen::Index k = 0; k <= j; ++k) {
          real += x[k].real() * y[k].real() + x[k].imag() * y[k].imag();
          imaginary += x[k].real() * y[k].imag() - x[k].imag() * y[k].real();
        }
        gram_(i, j) = gram_(n + i, n + j) = real;
        gram_(n + i, j) = imaginary;
        gram_(n + j, i) = -imaginary;
      }
    return std::ldexp(std::sqrt(std::max(0.0, largest_of_real_form(gram_))), exponent);
  }

  // Of a matrix with entries near 1: the decomposition forms squares.
  static complex_matrix triangle_of(matrix A) {
    const int exponent = binary_exponent(A);
    scale_by_power_of_two(A, -exponent);
    complex_matrix T = Eigen::ComplexSchur<matrix>(A, false).matrixT();
    scale_by_power_of_two(T, exponent);
    return T;
  }

  // Angles in [0, π], ascending, among which are all those where a singular value of I - r e^{iθ}A equals `level`: between two of
  // them the least one is above it everywhere or nowhere.
  //
  // (I - λ r A) v = level u and (I - r A*/λ) u = level v, |λ| = 1, are linear in λ, L x = λ N x; by λ = ±(1 + s)/(1 - s) it is the
  // eigenvalue problem (L ∓ N) x = s (L ± N) x. Eigenvalues not far from |λ| = 1 are all taken: those that are not on it only
  // cost a look.
  void crossings(double r, double level, bool from_zero) {
    const Eigen::Index n = A_.rows();
    matrix L = matrix::Identity(2 * n, 2 * n), N = L;
    L.topRightCorner(n, n).diagonal().setConstant(-level);
    L.bottomRightCorner(n, n) = r * A_.transpose();
    N.bottomLeftCorner(n, n).diagonal().setConstant(-level);
    N.topLeftCorner(n, n) = r * A_;
    // λ = -sign has no s: it is the one of 1 and -1 where the singular values are farther from the level.
    const double sign = from_zero ? -1.0 : 1.0;
    N *= sign;
    const matrix H = (L + N).partialPivLu().solve(L - N);
    const Eigen::Matrix<std::complex<Real>, Eigen::Dynamic, 1> s = Eigen::EigenSolver<matrix>(H, false).eigenvalues();
    ++eigenproblems_;
    angles_.assign({0.0, std::numbers::pi});
    for (const std::complex<double>& x : s) {
      const std::complex<double> lambda = sign * (1.0 + x) / (1.0 - x);
      if (std::abs(std::abs(lambda) - 1.0) < 0.05) angles_.push_back(std::abs(std::arg(lambda)));
    }
    std::sort(angles_.begin(), angles_.end());
  }

  matrix A_;
  complex_matrix T_, inverse_, scaled_;
  matrix gram_;
  double norm_;
  std::vector<double> angles_;
  std::int64_t eigenproblems_ = 0;
};

/// The ring between two circles, and the most that (1 - r) M(r) can be in it: ln M is convex in ln r.
struct resolvent_ring {
  circle_maximum inner, outer;
  double bound = std::numeric_limits<double>::infinity(), best = 0.0;

  resolvent_ring(const circle_maximum& first, const circle_maximum& second)
      : inner(first), outer(second) {
    best = std::sqrt(inner.radius * outer.radius);
    if (!std::isfinite(inner.upper) || !std::isfinite(outer.upper)) return;
    if (!(inner.radius < outer.radius)) {  // no wider than rounding
      bound = std::max((1.0 - inner.radius) * inner.upper, (1.0 - outer.radius) * outer.upper);
      return;
    }
    const double span = std::log(outer.radius / inner.radius), slope = std::log(outer.upper / inner.upper) / span;
    const double r = std::clamp(slope / (1.0 + slope), inner.radius, outer.radius);
    bound = (1.0 - r) * inner.upper * std::pow(r / inner.radius, slope);
    const double part = std::log(r / inner.radius) / span;
    if (part > 0.05 && part < 0.95) best = r;
  }
  friend bool operator<(const resolvent_ring& x, const resolvent_ring& y) { return x.bound < y.bound; }
};

template <class Real>
kreiss_result kreiss_constant_of(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& A, const kreiss_options& options) {
  constexpr std::string_view who = "error::kreiss_constant";
  require_square(A, who, "A");
  const option_check check(who);
  check(options.tolerance > 0.0 && options.tolerance < 1.0, "tolerance", options.tolerance, "a number in (0, 1)");
  check(options.circles >= 2, "circles", options.circles, ">= 2");

  constexpr double infinity = std::numeric_limits<double>::infinity();
  kreiss_result result;
  resolvent_circle<Real> resolvent(A);
  const double norm = resolvent.norm();
  const double rounding = 4.0 * static_cast<double>(A.rows()) * std::numeric_limits<double>::epsilon() * std::max(norm, 1.0);
  Eigen::Index leading = 0;
  result.spectral_radius = resolvent.triangle().diagonal().cwiseAbs().maxCoeff(&leading);
  result.status = status::ok;
  if (result.spectral_radius > 1.0 + rounding) {
    result.lower = result.upper = infinity;
    result.z = resolvent.triangle()(leading, leading);
    if (result.z.imag() < 0.0) result.z = std::conj(result.z);
    return result;
  }
  result.lower = 1.0;  // at w = 0
  result.z = infinity;
  if (norm <= 1.0 + rounding) {  // (|z| - 1)/(|z| - ‖A‖) is at most 1
    result.upper = 1.0 + rounding;
    return result;
  }

  double best_radius = 0.0, best_angle = 0.0;
  const auto attain = [&](double r, double angle, double norm_there) {
    const double value = (1.0 - r) * norm_there;
    if (!(std::isfinite(value) && value > result.lower)) return false;
    result.lower = value;
    best_radius = r;
    best_angle = angle;
    return true;
  };
  const auto circle = [&](double r, double first_angle) {
    const auto found = resolvent.search(r, options.tolerance / 3.0, first_angle);
    (void)attain(r, found.angle, found.lower);
    ++result.circles;
    return found;
  };
  // Within the first circle ‖(I - w A)^-1‖ <= 1/(1 - r‖A‖): (1 - r) times that rises to 1 + tolerance/2.
  constexpr double least = 1e-300;  // where the norm is near the largest number
  const double first = std::max(0.5 * options.tolerance / ((1.0 + 0.5 * options.tolerance) * norm - 1.0), least);
  std::priority_queue<resolvent_ring> rings;
  const auto outermost = circle(1.0, 0.0);
  rings.push({circle(first, outermost.angle), outermost});
  const auto upper = [&] { return std::max({result.lower, 1.0 + 0.5 * options.tolerance, rings.top().bound}); };
  const auto close = [&] { return upper() <= (1.0 + options.tolerance) * result.lower; };
  while (!close() && result.circles < options.circles) {
    const resolvent_ring ring = rings.top();
    if (!std::isfinite(ring.bound) && ring.outer.radius < (1.0 + 1e-6) * ring.inner.radius) break;
    rings.pop();
    const auto between = circle(ring.best, ring.inner.angle);
    rings.push({ring.inner, between});
    rings.push({between, ring.outer});
  }

  for (double step = 0.05; best_radius > 0.0 && step > 1e-9;) {
    bool better = false;
    const double r = best_radius, a = best_angle;
    for (const auto& [dr, da] : {std::pair(step, 0.0), {-step, 0.0}, {0.0, step}, {0.0, -step}})
      if (r + dr > 0.0 && r + dr < 1.0) better = attain(r + dr, a + da, 1.0 / resolvent.least_singular(r + dr, a + da)) || better;
    if (!better) step *= 0.5;
  }
  if (best_radius > 0.0) result.z = std::polar(1.0 / best_radius, std::abs(std::remainder(best_angle, 2.0 * std::numbers::pi)));
  result.upper = upper();
  result.eigenproblems = resolvent.eigenproblems();
  if (!close()) result.status = status::not_converged;
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED kreiss_result kreiss_constant(const Eigen::MatrixXd& matrix, const kreiss_options& options) {
  return detail::kreiss_constant_of<double>(matrix, options);
}

}  // namespace libration::inline LIBRATION_ABI::error
