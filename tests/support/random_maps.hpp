// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A family of random vector maps, and what a textbook computes of their orbits: plain loops, one orthonormalisation a step.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>

namespace libration_test {

/// The cases k of a differential test, first <= k < last, each of them drawn from (seed, k). Those of the environment take their
/// place: LIBRATION_CASES, one number or "first-last" (the last one included), and LIBRATION_SEED.
struct case_range {
  std::uint64_t seed, first, last;

  case_range(std::uint64_t usual_seed, std::uint64_t cases) : seed(usual_seed), first(0), last(cases) {
    if (const char* text = std::getenv("LIBRATION_SEED")) seed = std::strtoull(text, nullptr, 10);
    if (const char* text = std::getenv("LIBRATION_CASES")) {
      char* end = nullptr;
      first = std::strtoull(text, &end, 10);
      last = (*end == '-' ? std::strtoull(end + 1, nullptr, 10) : first) + 1;
    }
  }
};

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

  explicit random_map(draws& d) : random_map{d, d.one_in(6) ? 1 + d.below(24) : 1 + d.below(6), 1 + d.below(3)} {}
  random_map(draws& d, Eigen::Index n, Eigen::Index m) : kind(d.below(4)) {
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

/// Maps of that family as formulas of n components, in double or `single`; with m inputs where it is driven.
template <class Scalar, int n, bool driven>
struct random_formula {
  static constexpr int m = 2, dimension = n, input_dimension = driven ? m : 0;
  random_map<Scalar, driven> terms;

  explicit random_formula(draws& d) : terms(d, n, m) {}

  template <class T>
  libration::state<T, n> operator()(const libration::state<T, n>& h) const requires(!driven) {
    return apply(h, libration::state<T, m>{});
  }
  template <class T>
  libration::state<T, n> operator()(const libration::state<T, n>& h, const libration::state<T, m>& x) const requires driven {
    return apply(h, x);
  }

  libration::state<double, n> start() const {
    libration::state<double, n> h{};
    for (int i = 0; i < n; ++i) h[i] = static_cast<double>(terms.start[i]);
    return h;
  }

 private:
  template <class T>
  libration::state<T, n> apply(const libration::state<T, n>& h, const libration::state<T, m>& x) const {
    using std::sin, std::tanh;
    libration::state<T, n> next{};
    for (int i = 0; i < n; ++i) {
      T z = terms.b[i];
      for (int j = 0; j < n; ++j) z += terms.W(i, j) * h[j];
      if (driven)
        for (int j = 0; j < m; ++j) z += terms.U(i, j) * x[j];
      const T f = terms.kind == 0   ? z
                  : terms.kind == 1 ? tanh(z)
                  : terms.kind == 2 ? T(libration::select(z < 0.0, 0.1 * z, z))
                                    : sin(z);
      next[i] = terms.c[i] * h[i] + terms.a[i] * f;
    }
    return next;
  }
};

/// One step of such a map in its own scalar; x: the inputs, empty where it is not driven.
template <class Scalar, bool driven>
Eigen::VectorXd plain_step(const random_map<Scalar, driven>& map, const Eigen::VectorXd& h, const Eigen::VectorXd& x) {
  typename random_map<Scalar, driven>::vector next(h.size());
  if constexpr (driven)
    map.step(h.template cast<Scalar>().eval(), x.template cast<Scalar>().eval(), next);
  else
    map.step(h.template cast<Scalar>().eval(), next);
  return next.template cast<double>();
}
template <class Scalar, int n, bool driven>
Eigen::VectorXd plain_step(const random_formula<Scalar, n, driven>& map, const Eigen::VectorXd& h, const Eigen::VectorXd& x) {
  using number = std::conditional_t<std::is_same_v<Scalar, float>, libration::single, double>;
  libration::state<number, n> state{}, next{};
  for (int i = 0; i < n; ++i) state[i] = h[i];
  if constexpr (driven) {
    libration::state<number, random_formula<Scalar, n, driven>::m> input{};
    for (int i = 0; i < map.m; ++i) input[i] = x[i];
    next = map(state, input);
  } else {
    next = map(state);
  }
  Eigen::VectorXd result(n);
  for (int i = 0; i < n; ++i) result[i] = static_cast<double>(next[i]);
  return result;
}

/// An orbit of such a map by plain steps: its states and the Jacobians between them.
struct textbook_orbit {
  std::vector<Eigen::VectorXd> states;     // steps + 1
  std::vector<Eigen::MatrixXd> jacobians;  // steps: a vector map's own, whatever it has rounded; a formula's in double
  std::vector<double> rounded;             // steps: bounds of what a Jacobian is off by, in units of the scalar's eps

  template <class Scalar, bool driven>
  textbook_orbit(const random_map<Scalar, driven>& map, const Eigen::MatrixXd& inputs, std::int64_t steps) {
    using vector = typename random_map<Scalar, driven>::vector;
    follow(map, map.start.template cast<double>(), inputs, steps, [&](const Eigen::VectorXd& h, const Eigen::VectorXd& x) {
      vector drive = vector::Zero(h.size());
      if (driven) drive = map.U * x.template cast<Scalar>();
      jacobians.push_back(map.jacobian(h.template cast<Scalar>().eval(), drive).template cast<double>());
      rounded.push_back(0.0);
    });
  }

  template <class Scalar, int n, bool driven>
  textbook_orbit(const random_formula<Scalar, n, driven>& map, const Eigen::MatrixXd& inputs, std::int64_t steps) {
    const random_map<double, driven> exact(map.terms);
    follow(map, exact.start, inputs, steps, [&](const Eigen::VectorXd& h, const Eigen::VectorXd& x) {
      Eigen::VectorXd drive = Eigen::VectorXd::Zero(n), terms = exact.W.cwiseAbs() * h.cwiseAbs() + exact.b.cwiseAbs();
      if (driven) {
        drive = exact.U * x;
        terms += exact.U.cwiseAbs() * x.cwiseAbs();
      }
      jacobians.push_back(exact.jacobian(h, drive));
      // A slope is right to the rounding of its argument's terms, and an entry to that of the two that it is a sum of.
      const Eigen::MatrixXd steepest = exact.a.cwiseAbs().asDiagonal() * exact.W;
      rounded.push_back((n + map.m + 4) * steepest.norm() * (1.0 + terms.maxCoeff()) + exact.c.cwiseAbs().maxCoeff());
    });
  }

 private:
  template <class Map, class Linearise>
  void follow(const Map& map, const Eigen::VectorXd& start, const Eigen::MatrixXd& inputs, std::int64_t steps,
              const Linearise& linearise) {
    states.push_back(start);
    for (std::int64_t t = 0; t < steps; ++t) {
      const Eigen::VectorXd h = states.back();
      const Eigen::VectorXd x = libration::maps::driven<Map> ? Eigen::VectorXd(inputs.col(t)) : Eigen::VectorXd();
      linearise(h, x);
      states.push_back(plain_step(map, h, x));
    }
  }
};

/// Means of ln of the pivots over steps first .. last - 1, the frame having been turned from step `turning` on: a modified
/// Gram-Schmidt at every step, twice, in long double.
struct textbook_spectrum {
  std::vector<double> exponents;  // per step
  std::vector<double> ratios;     // means over its pivot of a column's norm
  std::vector<double> rounded;    // and of what the Jacobian is off by
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
    std::vector<real> sums(static_cast<std::size_t>(k), 0), shares = sums, doubts = sums, image(static_cast<std::size_t>(n));
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
        if (t < first) continue;
        sums[static_cast<std::size_t>(j)] += std::log(pivot);
        shares[static_cast<std::size_t>(j)] += before / pivot;
        doubts[static_cast<std::size_t>(j)] += static_cast<real>(orbit.rounded[static_cast<std::size_t>(t)]) / pivot;
      }
    }
    const real steps = static_cast<real>(last - first);
    for (const real sum : sums) exponents.push_back(static_cast<double>(sum / steps));
    for (const real share : shares) ratios.push_back(static_cast<double>(share / steps));
    for (const real doubt : doubts) rounded.push_back(static_cast<double>(doubt / steps));
  }
};

/// By how much more than itself a small error of a direction, made at some step after `turning`, changes ln of its growth over the
/// steps first .. last - 1: the largest ‖P‖ / |P v| of the products P of Jacobians from that step on, v the direction there.
inline double direction_condition(const textbook_orbit& orbit, Eigen::VectorXd v, std::int64_t turning, std::int64_t first,
                                  std::int64_t last) {
  std::vector<Eigen::VectorXd> directions;
  for (std::int64_t t = turning; t < last; ++t) {
    directions.push_back(v.normalized());
    v = orbit.jacobians[static_cast<std::size_t>(t)] * directions.back();
  }
  const auto to = [&](std::int64_t end) {
    double most = 1.0;
    Eigen::MatrixXd P = Eigen::MatrixXd::Identity(v.size(), v.size());
    for (std::int64_t t = end - 1; t >= turning; --t) {
      P = (P * orbit.jacobians[static_cast<std::size_t>(t)]).eval();
      P /= P.norm();
      const Eigen::VectorXd image = P * directions[static_cast<std::size_t>(t - turning)];
      most = std::max(most, 1.0 / image.norm());
    }
    return most;
  };
  return to(first) + to(last);
}

/// Inputs of a driven map, shape (m, steps); for one that is not: empty.
inline Eigen::MatrixXd random_inputs(draws& d, Eigen::Index m, std::int64_t steps) {
  Eigen::MatrixXd X(m, steps);
  libration::random_stream(d.bits()).fill_normal(X);
  return X;
}

}  // namespace libration_test
