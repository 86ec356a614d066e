// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A family of random vector maps, and what a textbook computes of their orbits: plain loops, one orthonormalisation a step.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/core/views.hpp>

namespace libration_test {

/// Draws of one random case, from (seed, case).
class draws {
 public:
  draws(std::uint64_t seed, std::uint64_t number) : numbers_(seed, number) {}
  double uniform(double low, double high) { return low + (high - low) * numbers_.next_uniform(); }
  int below(int n) { return std::min(n - 1, static_cast<int>(static_cast<double>(n) * numbers_.next_uniform())); }
  bool one_in(int n) { return below(n) == 0; }
  double normal() { return numbers_.next_normal(); }
  std::uint64_t bits() { return numbers_.next_bits(); }

 private:
  libration::random_stream numbers_;
};

/// h' = c h + a f(W h + b [+ U x]), f the identity, tanh, a leaky rectifier or a sine; W dense, or lower triangular (a skew
/// product).
template <class Scalar, bool driven>
struct random_map {
  using scalar_type = Scalar;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using view = libration::vector_view<Scalar>;

  explicit random_map(draws& d) : kind(d.below(4)) {
    const Eigen::Index n = d.one_in(6) ? 1 + d.below(24) : 1 + d.below(6), m = 1 + d.below(3);
    const bool triangular = d.one_in(4);
    const double gain = d.uniform(0.3, kind == 1 || kind == 3 ? 3.0 : 0.9) / std::sqrt(static_cast<double>(n));
    W.resize(n, n);
    U.resize(n, m);
    a = b = c = vector(n);
    for (Eigen::Index j = 0; j < n; ++j)
      for (Eigen::Index i = 0; i < n; ++i) W(i, j) = static_cast<Scalar>(triangular && j > i ? 0.0 : gain * d.normal());
    for (Eigen::Index i = 0; i < U.size(); ++i) U.data()[i] = static_cast<Scalar>(d.normal());
    const bool weak = d.one_in(4);  // some directions contract by far more than others
    for (Eigen::Index i = 0; i < n; ++i) {
      a[i] = static_cast<Scalar>(weak && d.one_in(2) ? std::pow(10.0, -d.uniform(1.0, 4.0)) : 1.0);
      b[i] = static_cast<Scalar>(d.normal());
      c[i] = static_cast<Scalar>(kind == 0 || kind == 2 ? d.uniform(-0.1, 0.1) : d.uniform(-0.6, 0.6));
    }
    start.resize(n);
    for (Eigen::Index i = 0; i < n; ++i) start[i] = static_cast<Scalar>(d.normal());
  }

  /// The same map in another precision.
  template <class Other>
  explicit random_map(const random_map<Other, driven>& o)
      : kind(o.kind),
        W(o.W.template cast<Scalar>()),
        U(o.U.template cast<Scalar>()),
        a(o.a.template cast<Scalar>()),
        b(o.b.template cast<Scalar>()),
        c(o.c.template cast<Scalar>()),
        start(o.start.template cast<Scalar>()) {}

  Eigen::Index state_size() const { return W.rows(); }
  Eigen::Index input_size() const requires driven { return U.cols(); }

  void step(view h, view x, libration::vector_span<Scalar> next) const requires driven { apply(h, U * x, next); }
  void step(view h, libration::vector_span<Scalar> next) const requires(!driven) { apply(h, vector::Zero(W.rows()), next); }
  void tangent(view h, view x, libration::matrix_view<Scalar> V, libration::matrix_span<Scalar> JV) const requires driven {
    JV = jacobian(h, U * x) * V;
  }
  void tangent(view h, libration::matrix_view<Scalar> V, libration::matrix_span<Scalar> JV) const requires(!driven) {
    JV = jacobian(h, vector::Zero(W.rows())) * V;
  }

  void apply(view h, const vector& drive, libration::vector_span<Scalar> next) const {
    const vector z = W * h + b + drive;
    for (Eigen::Index i = 0; i < h.size(); ++i) {
      const Scalar f = kind == 0   ? z[i]
                       : kind == 1 ? std::tanh(z[i])
                       : kind == 2 ? (z[i] > 0 ? z[i] : Scalar(0.1) * z[i])
                                   : std::sin(z[i]);
      next[i] = c[i] * h[i] + a[i] * f;
    }
  }
  matrix jacobian(view h, const vector& drive) const {
    const vector z = W * h + b + drive;
    matrix J = W;
    for (Eigen::Index i = 0; i < h.size(); ++i) {
      const Scalar t = std::tanh(z[i]);
      const Scalar slope = kind == 0   ? Scalar(1)
                           : kind == 1 ? 1 - t * t
                           : kind == 2 ? (z[i] > 0 ? Scalar(1) : Scalar(0.1))
                                       : std::cos(z[i]);
      J.row(i) *= a[i] * slope;
      J(i, i) += c[i];
    }
    return J;
  }

  int kind;
  matrix W, U;
  vector a, b, c, start;
};

/// An orbit of such a map by plain steps: its states and the Jacobians between them.
struct textbook_orbit {
  std::vector<Eigen::VectorXd> states;     // steps + 1
  std::vector<Eigen::MatrixXd> jacobians;  // steps, computed in double at the orbit's own points

  template <class Scalar, bool driven>
  textbook_orbit(const random_map<Scalar, driven>& map, const Eigen::MatrixXd& inputs, std::int64_t steps) {
    using vector = typename random_map<Scalar, driven>::vector;
    random_map<double, driven> exact(map);
    vector h = map.start, next = h;
    states.push_back(h.template cast<double>());
    for (std::int64_t t = 0; t < steps; ++t) {
      if constexpr (driven) {
        const vector x = inputs.col(t).cast<Scalar>();
        const Eigen::VectorXd drive = exact.U * x.template cast<double>();
        jacobians.push_back(exact.jacobian(states.back(), drive));
        map.step(h, x, next);
      } else {
        jacobians.push_back(exact.jacobian(states.back(), Eigen::VectorXd::Zero(h.size())));
        map.step(h, next);
      }
      h.swap(next);
      states.push_back(h.template cast<double>());
    }
  }
};

/// Means of ln of the pivots over steps first .. last - 1, the frame having been turned from step `turning` on: a modified
/// Gram-Schmidt at every step, twice, in long double.
struct textbook_spectrum {
  std::vector<double> exponents;  // per step
  bool singular = false;          // some pivot was rounding

  textbook_spectrum(const textbook_orbit& orbit, const Eigen::MatrixXd& frame, std::int64_t turning, std::int64_t first,
                    std::int64_t last) {
    using real = long double;
    const Eigen::Index n = frame.rows(), k = frame.cols();
    std::vector<std::vector<real>> Q(static_cast<std::size_t>(k), std::vector<real>(static_cast<std::size_t>(n)));
    const auto at = [&](Eigen::Index j, Eigen::Index i) -> real& {
      return Q[static_cast<std::size_t>(j)][static_cast<std::size_t>(i)];
    };
    for (Eigen::Index j = 0; j < k; ++j)
      for (Eigen::Index i = 0; i < n; ++i) at(j, i) = frame(i, j);
    std::vector<real> sums(static_cast<std::size_t>(k), 0), image(static_cast<std::size_t>(n));
    for (std::int64_t t = turning; t < last; ++t) {
      const Eigen::MatrixXd& J = orbit.jacobians[static_cast<std::size_t>(t)];
      for (Eigen::Index j = 0; j < k; ++j) {
        for (Eigen::Index r = 0; r < n; ++r) {
          real sum = 0;
          for (Eigen::Index s = 0; s < n; ++s) sum += static_cast<real>(J(r, s)) * at(j, s);
          image[static_cast<std::size_t>(r)] = sum;
        }
        for (Eigen::Index r = 0; r < n; ++r) at(j, r) = image[static_cast<std::size_t>(r)];
      }
      for (Eigen::Index j = 0; j < k; ++j) {
        real before = 0, pivot = 0;
        for (Eigen::Index r = 0; r < n; ++r) before += at(j, r) * at(j, r);
        for (int pass = 0; pass < 2; ++pass)
          for (Eigen::Index l = 0; l < j; ++l) {
            real dot = 0;
            for (Eigen::Index r = 0; r < n; ++r) dot += at(l, r) * at(j, r);
            for (Eigen::Index r = 0; r < n; ++r) at(j, r) -= dot * at(l, r);
          }
        for (Eigen::Index r = 0; r < n; ++r) pivot += at(j, r) * at(j, r);
        before = std::sqrt(before);
        pivot = std::sqrt(pivot);
        if (!(pivot > before * static_cast<real>(1e-14 * static_cast<double>(n)))) singular = true;
        for (Eigen::Index r = 0; r < n; ++r) at(j, r) /= pivot;
        if (t >= first) sums[static_cast<std::size_t>(j)] += std::log(pivot);
      }
    }
    for (const real sum : sums) exponents.push_back(static_cast<double>(sum / static_cast<real>(last - first)));
  }
};

/// Inputs of a driven map, shape (m, steps); for one that is not: empty.
inline Eigen::MatrixXd random_inputs(draws& d, Eigen::Index m, std::int64_t steps) {
  Eigen::MatrixXd X(m, steps);
  libration::random_stream(d.bits()).fill_normal(X);
  return X;
}

}  // namespace libration_test
