// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The laws that every map must satisfy, for users' own tests: `testing::check_laws(map, h)` says which one fails, and how.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Core>
#include <Eigen/LU>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/detail/input_tangent.hpp>
#include <libration/maps/detail/vector_base.hpp>
#include <libration/maps/eigenvalue_moduli.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/rollout/ensemble.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/check.hpp>
#include <libration/tangent/first_frame.hpp>

namespace libration::inline LIBRATION_ABI::testing {

/// What `check_laws` found: empty where every law holds.
struct [[nodiscard]] law_report {
  std::vector<std::string> failures;  ///< one sentence a broken law, with the numbers
  int checked = 0;                    ///< laws looked at
  bool ok() const { return failures.empty() && checked > 0; }
  std::string text() const {
    std::string all;
    for (const auto& f : failures) all += f + "\n";
    return all;
  }
};

namespace detail {

inline void law(law_report& report, bool holds, const std::string& what) {
  ++report.checked;
  if (!holds) report.failures.push_back(what);
}

// Purity, linearity, block against single columns: for anything that runs as a vector system.
template <class M>
void vector_laws(law_report& report, const M& map, const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& h,
                 const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& x, std::uint64_t seed,
                 std::int64_t t) {
  using S = typename M::scalar_type;
  const Eigen::Index n = map.state_size(), k = std::min<Eigen::Index>(n, 5);
  const double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  tangent::vector_system<M> system(map, k), other(map, 1);
  auto first = system.make_state(), again = first, poisoned = first;
  system.advance(t, h, x, first);
  poisoned.setConstant(std::numeric_limits<S>::quiet_NaN());
  other.step(t + 2, first, x, again);  // another step between the two
  other.advance(t, h, x, poisoned);
  law(report, first == poisoned, "purity: the same (t, h, x) gave another next state the second time, or next was read");
  if constexpr (maps::differentiable<M>) {
    auto V = system.make_frame(k);
    tangent::write_frame(tangent::random_frame(n, k, seed), V);
    auto JV = V, once_more = V;
    system.tangent(JV);
    system.tangent(once_more);
    law(report, once_more == JV, "purity: the tangent of the same block gave another block the second time");
    const double scale = 1.0 + static_cast<double>(JV.norm());
    double block = 0.0;
    for (Eigen::Index j = 0; j < k; ++j) {
      typename tangent::vector_system<M>::frame_type column = V.col(j);
      other.tangent(column);
      block = std::max(block, static_cast<double>((column - JV.col(j)).norm()) / scale);
    }
    const double rounding = 8.0 * static_cast<double>(n) * eps;
    law(report, block <= rounding,
        "block: a tangent of " + number_text(k) + " columns and the same columns one by one differ by " + number_text(block, 3) +
            ", expected at most " + number_text(rounding, 3));
    typename tangent::vector_system<M>::frame_type twice = S(2) * V;
    system.tangent(twice);
    const double linear = static_cast<double>((twice - S(2) * JV).norm()) / scale;
    law(report, linear <= rounding, "linearity: J (2 V) differs from 2 J V by " + number_text(linear, 3));
  }
}

// What the map says of itself, to half of the scalar's digits: its periods, and ln|det J| of up to 64 components.
template <class M>
void said_laws(law_report& report, const M& map, const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& h,
               const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& x, std::int64_t t) {
  using S = typename M::scalar_type;
  const Eigen::Index n = map.state_size();
  const double half = std::sqrt(static_cast<double>(std::numeric_limits<S>::epsilon()));
  if constexpr (maps::has_periods<M>) {
    const maps::coordinates<M> coordinates(map);
    tangent::vector_system<M> system(map, 0);
    auto image = system.make_state(), other = image;
    system.step(t, h, x, image);
    for (Eigen::Index i = 0; i < n; ++i) {
      const double P = coordinates.period(i);
      if (P == 0.0) continue;
      auto moved = h;
      moved[i] += static_cast<S>(P);
      system.step(t, moved, x, other);
      Eigen::VectorXd d(n);
      coordinates.difference(other, image, d);
      const double apart = d.norm() / (1.0 + P + static_cast<double>(h.norm()) + static_cast<double>(image.norm()));
      law(report, apart <= half,
          "periods: a period added to coordinate " + number_text(i) + " changes the next state by " + number_text(apart, 3) +
              " (relative), expected by periods alone");
    }
  }
  if constexpr (maps::differentiable<M> && tangent::vector_system<M>::has_determinant) {
    if (n > 64) return;
    tangent::vector_system<M> system(map, n);
    auto next = system.make_state();
    system.advance(t, h, x, next);
    const double said = static_cast<double>(system.log_abs_determinant());
    auto J = system.make_frame(n);
    J.setIdentity();
    system.tangent(J);
    const Eigen::PartialPivLU<Eigen::MatrixXd> factors(J.template cast<double>());
    const Eigen::ArrayXd pivots = factors.matrixLU().diagonal().array().abs();
    if (!(pivots.minCoeff() > half * pivots.maxCoeff())) return;  // the determinant of what is nearly singular is rounding
    const double wanted = pivots.log().sum();
    law(report, std::abs(said - wanted) <= half * (1.0 + std::abs(wanted)),
        "log_abs_determinant: it is " + number_text(said, 6) + ", and ln|det| of the tangent " + number_text(wanted, 6));
  }
}

// The adjoint: ⟨W, J V⟩ = ⟨JᵀW, V⟩, and with the input ⟨W, J V + B VX⟩ = ⟨JᵀW, V⟩ + ⟨BᵀW, VX⟩; pure, and a block is its columns.
template <class M>
  requires maps::has_pullback<M>
void pullback_laws(law_report& report, const M& map, const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& h,
                   const Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>& x, std::uint64_t seed, std::int64_t t) {
  using S = typename M::scalar_type;
  using matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Index n = map.state_size(), k = std::min<Eigen::Index>(n, 5);
  auto at = maps::detail::stage<M>::make(map, k);
  Eigen::Matrix<S, Eigen::Dynamic, 1> next(n);
  at.step(map, t, h, x, next);
  const auto random = [&](Eigen::Index rows, std::uint64_t stream) {
    matrix block(rows, k);
    random_stream(seed, stream).fill_normal(block);
    return matrix(block / std::sqrt(static_cast<S>(rows)));
  };
  const matrix V = random(n, 1), W = random(n, 2);
  const auto poisoned = [k](Eigen::Index rows) {
    return matrix(matrix::Constant(rows, k, std::numeric_limits<S>::quiet_NaN()));
  };
  matrix JV(n, k), JtW = poisoned(n), again = JtW;
  matrix_span<S> first = JtW, second = again;
  at.pullback(map, W, first);
  at.tangent(map, V, JV);
  at.pullback(map, W, second);
  law(report, again == JtW, "purity: the pullback of the same block gave another block the second time, or JtW was read");
  // Both sides sum the same products, of sums inside a step that may be longer than n, in another order.
  const double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const auto rounding = [&](const matrix& image, const matrix& adjoint) {
    return 64.0 * static_cast<double>(n) * eps * (1.0 + static_cast<double>(image.norm()) + static_cast<double>(adjoint.norm()));
  };
  const auto products = [](const matrix& a, const matrix& b) {
    return Eigen::VectorXd((a.template cast<double>().array() * b.template cast<double>().array()).colwise().sum());
  };
  const auto same = [&](const Eigen::VectorXd& apart, double most, const char* what) {
    const double worst = apart.cwiseAbs().maxCoeff();
    law(report, worst <= most, std::string(what) + number_text(worst, 3) + ", expected at most " + number_text(most, 3));
  };
  same(products(W, JV) - products(JtW, V), rounding(JV, JtW), "pullback: <W, J V> and <JtW, V> differ by ");
  double block = 0.0;
  for (Eigen::Index j = 0; j < k; ++j) {
    matrix column(n, 1);
    matrix_span<S> out = column;
    at.pullback(map, W.col(j), out);
    block = std::max(block, static_cast<double>((column - JtW.col(j)).norm()));
  }
  const double most = rounding(JV, JtW);
  law(report, block <= most,
      "block: a pullback of " + number_text(k) + " columns and the same columns one by one differ by " + number_text(block, 3) +
          ", expected at most " + number_text(most, 3));
  if constexpr (maps::has_input_pullback<M> && maps::differentiable_in_input<M>) {
    const matrix VX = random(map.input_size(), 3);
    matrix with_input = poisoned(n), BtW = poisoned(map.input_size());
    matrix_span<S> of_state = with_input, of_input = BtW;
    maps::detail::tangent_with_input(at, map, V, VX, JV);
    at.pullback(map, W, of_state, of_input);
    same(products(W, JV) - products(with_input, V) - products(BtW, VX), rounding(JV, with_input) + rounding(JV, BtW),
         "pullback: <W, J V + B VX> and <JtW, V> + <BtW, VX> differ by ");
    const double apart = static_cast<double>((with_input - JtW).norm());
    law(report, apart <= most, "pullback: JtW with the input and without it differ by " + number_text(apart, 3));
  }
}

// The exact spectrum of at most 64 coordinates: eigenvalues of the product of three steps' Jacobians have the moduli e^{sum of
// scale_i gate}, and are 0 where perturbations end. The inputs differ in sign from step to step.
template <class M>
  requires maps::has_structured_spectrum<M> && maps::differentiable<M>
void structure_laws(law_report& report, const M& map, Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1> h,
                    Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1> x, std::int64_t t) {
  using S = typename M::scalar_type;
  const maps::gate_structure structure = map.structured_spectrum();
  const Eigen::Index n = map.state_size();
  if (!structure.found() || n > 64) return;
  const bool fits = structure.gate.size() == n && structure.scale.size() == n && structure.gate.minCoeff() >= structure.nilpotent &&
                    structure.gate.maxCoeff() < structure.gates;
  law(report, fits,
      "structured_spectrum: it names " + number_text(structure.gate.size()) + " coordinates and " + number_text(structure.gates) +
          " gates, expected one of its gates for each of " + number_text(n) + " coordinates");
  if (!fits) return;
  tangent::vector_system<M> system(map, n);
  auto next = system.make_state();
  auto product = system.make_frame(n);
  product.setIdentity();
  Eigen::VectorXd sums = Eigen::VectorXd::Zero(structure.gates), gates(structure.gates);
  constexpr std::int64_t steps = 3;
  for (std::int64_t k = 0; k < steps; ++k) {
    system.advance(t + k, h, x, next);
    system.gates(gates);
    sums += gates;
    system.tangent(product);
    h = next;
    x = -x;
  }
  Eigen::VectorXd said = Eigen::VectorXd::Zero(n);
  for (Eigen::Index i = 0; i < n; ++i)
    if (structure.gate[i] != structure.nilpotent) said[i] = std::exp(structure.scale[i] * sums[structure.gate[i]]);
  std::sort(said.data(), said.data() + n, std::greater<>());
  const Eigen::MatrixXd J = product.template cast<double>();
  if (!J.allFinite()) return;  // which the law of the tangent tells
  const double apart = (maps::eigenvalue_moduli(J) - said).cwiseAbs().maxCoeff() / (1.0 + static_cast<double>(J.norm()));
  // An eigenvalue 0 on which others are strung is known to the root of the rounding alone.
  const bool ends = (structure.gate.array() == structure.nilpotent).any();
  const double most = std::pow(static_cast<double>(std::numeric_limits<S>::epsilon()), ends ? 0.25 : 0.5);
  law(report, apart <= most,
      "structured_spectrum: moduli of the eigenvalues of the product of " + number_text(steps) +
          " Jacobians differ from what the gates say by " + number_text(apart, 3) + " (relative), expected at most " +
          number_text(most, 3));
}

inline void tangent_law(law_report& report, const tangent::check_result& found) {
  const bool agrees = found.error <= found.tolerance;
  law(report, found.ok(),
      agrees ? "tangent: central differences see no more of it than " + number_text(found.tolerance, 3) + " (relative), expected " +
                   number_text(tangent::check_result::largest_tolerance) + ": rounding or a branch hides the rest"
             : "tangent: it differs from central differences by " + number_text(found.error, 3) + " (relative), expected at most " +
                   number_text(found.tolerance, 3));
}

}  // namespace detail

/// Checks a vector map at one point: purity, tangent against central differences, block against single columns, linearity, its
/// adjoint against the tangent, and what the map says of itself: its periods, ln|det J| and the gates of its exact spectrum.
///
/// \param h shape (n); \param x shape (m), driven maps only; \param t the step's number
/// \throws argument_error where a shape does not fit or the map's dimension is 0
template <maps::vector_map M>
law_report check_laws(const M& map, vector_view<typename M::scalar_type> h,
                      vector_view<typename M::scalar_type> x = Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>(),
                      std::uint64_t seed = 0, std::int64_t t = 3) {
  require(map.state_size() >= 1, "testing::check_laws", "the map's dimension is 0, expected at least 1");
  require_rows(h.rows(), map.state_size(), "testing::check_laws", "h", "the map's dimension");
  if constexpr (maps::driven<M>) require_rows(x.rows(), map.input_size(), "testing::check_laws", "x", "the map's input size");
  law_report report;
  detail::vector_laws(report, map, h, x, seed, t);
  detail::said_laws(report, map, h, x, t);
  if constexpr (maps::has_pullback<M>) detail::pullback_laws(report, map, h, x, seed, t);
  if constexpr (maps::has_structured_spectrum<M> && maps::differentiable<M>) detail::structure_laws(report, map, h, x, t);
  if constexpr (maps::differentiable<M>) detail::tangent_law(report, tangent::check(map, h, x, t, seed));
  return report;
}

/// Checks a formula map at one point: the laws of a vector map, and that dual numbers, single precision and SIMD lanes give
/// the values that double gives.
///
/// \param h  shape (n); \param x shape (m), driven maps only; \param t the step's number
template <maps::formula_map M>
law_report check_laws(const M& map, const state<double, M::dimension>& h,
                      const state<double, (maps::input_dimension<M> > 0 ? maps::input_dimension<M> : 1)>& x = {},
                      std::uint64_t seed = 0, std::int64_t t = 3) {
  constexpr int n = M::dimension, m = maps::input_dimension < M >> 0 ? maps::input_dimension<M> : 1;
  law_report report;
  const tangent::formula_as_vector<M> vector(map);
  detail::vector_laws(report, vector, Eigen::VectorXd(h.vector()), Eigen::VectorXd(x.vector()), seed, t);
  detail::said_laws(report, vector, Eigen::VectorXd(h.vector()), Eigen::VectorXd(x.vector()), t);
  detail::pullback_laws(report, vector, Eigen::VectorXd(h.vector()), Eigen::VectorXd(x.vector()), seed, t);
  detail::tangent_law(report, tangent::check(map, h, x, t, seed));

  const state<double, n> image = maps::evaluate(map, t, h, x);
  const auto compare = [&](auto scalar, const char* name, double eps) {
    using T = decltype(scalar);
    state<T, n> lifted;
    state<T, m> input;
    for (int i = 0; i < n; ++i) lifted[i] = T(h[i]);
    for (int i = 0; i < m; ++i) input[i] = T(x[i]);
    const state<T, n> result = maps::evaluate(map, t, lifted, input);
    double worst = 0.0;
    for (int i = 0; i < n; ++i) {
      double value;
      if constexpr (libration::detail::is_dual<T>)
        value = result[i].value;
      else if constexpr (scalar_traits<T>::width > 1)
        value = static_cast<double>(result[i][scalar_traits<T>::width - 1]);
      else
        value = static_cast<double>(result[i]);
      worst = std::max(worst, std::abs(value - image[i]) / (1.0 + std::abs(image[i])));
    }
    detail::law(report, worst <= 256.0 * n * eps,
                std::string(name) + ": the value differs from double's by " + number_text(worst, 3) + " (relative)");
  };
  constexpr double eps = std::numeric_limits<double>::epsilon();
  compare(dual<double, 2>(0.0), "dual numbers", eps);
  compare(single(0.0f), "single precision", static_cast<double>(std::numeric_limits<float>::epsilon()));
  if constexpr (rollout::runs_in_lanes<M>) compare(rollout::ensemble_lanes<n>(0.0), "SIMD lanes", eps);
  return report;
}

}  // namespace libration::inline LIBRATION_ABI::testing
