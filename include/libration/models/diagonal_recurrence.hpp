// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A linear recurrence whose matrix is diagonal and complex, as a driven map: what S4D, S5 and the LRU are inside.

#include <cmath>
#include <complex>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// s' = λ ∘ s + B u,  y = Re(C s') + D ∘ u: n complex modes, m inputs, p outputs.
///
/// State: (Re s_1, Im s_1, Re s_2, ...), size 2 n. Linear: the tangent is that of every state, and the exponents are ln |λ_j|, each
/// twice, whatever the inputs.
///
/// In the form by channels (`s4d`) every input has modes of its own, the same number, which read it with gain 1 and give its
/// output alone; B and C are then not stored as matrices.
///
/// Source: A. Gu et al., "On the Parameterization and Initialization of Diagonal State Space Models", 2022 (S4D); J. Smith et al.,
///         "Simplified State Space Layers for Sequence Modeling", 2023 (S5); A. Orvieto et al., "Resurrecting Recurrent Neural
///         Networks for Long Sequences", 2023 (LRU)
template <class Scalar>
class diagonal_recurrence {
 public:
  using scalar_type = Scalar;
  using complex = std::complex<Scalar>;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  using complex_matrix = Eigen::Matrix<complex, Eigen::Dynamic, Eigen::Dynamic>;
  using complex_vector = Eigen::Matrix<complex, Eigen::Dynamic, 1>;

  struct workspace {};  ///< nothing is kept: the tangent is the same everywhere

  /// \param lambda  λ, shape (n); 0 < |λ_j| <= 1
  /// \param B       shape (n, m)
  /// \param C       shape (p, n); of a model that keeps one mode of each conjugate pair: times 2
  /// \param D       shape (p), m = p; or empty: zero
  /// \throws argument_error  naming the array: of another shape, not finite, a λ outside the unit circle or zero
  diagonal_recurrence(const complex_vector& lambda, const complex_matrix& B, const complex_matrix& C, vector D = {})
      : diagonal_recurrence(lambda, std::move(D), B.cols(), C.rows()) {
    const Eigen::Index n = lambda.size();
    require(B.rows() == n && B.cols() >= 1, who, [&] { return shape("B", B, "(modes, inputs)"); });
    require(C.cols() == n && C.rows() >= 1, who, [&] { return shape("C", C, "(outputs, modes)"); });
    require_finite(B, "B");
    require_finite(C, "C");
    input_.resize(2 * n, B.cols());
    output_.resize(C.rows(), 2 * n);
    for (Eigen::Index j = 0; j < n; ++j) {
      input_.row(2 * j) = B.row(j).real();
      input_.row(2 * j + 1) = B.row(j).imag();
      output_.col(2 * j) = C.col(j).real();
      output_.col(2 * j + 1) = -C.col(j).imag();
    }
  }

  /// The LRU: λ = exp(-e^nu + i e^theta), B scaled by e^gamma.
  ///
  /// \param nu_log, theta_log, gamma_log  shape (n)
  static diagonal_recurrence lru(const vector& nu_log, const vector& theta_log, const vector& gamma_log, const complex_matrix& B,
                                 const complex_matrix& C, vector D) {
    const Eigen::Index n = nu_log.size();
    require_rows(theta_log.size(), n, who, "theta_log", "the modes of nu_log");
    require_rows(gamma_log.size(), n, who, "gamma_log", "the modes of nu_log");
    require_rows(B.rows(), n, who, "B", "the modes of nu_log");
    complex_vector lambda(n);
    complex_matrix scaled = B;
    for (Eigen::Index j = 0; j < n; ++j) {
      lambda[j] = std::polar(std::exp(-std::exp(nu_log[j])), std::exp(theta_log[j]));
      scaled.row(j) *= std::exp(gamma_log[j]);
    }
    return {lambda, scaled, C, std::move(D)};
  }
  /// From `nu_log`, `theta_log`, `gamma_log` (n), `B_re`, `B_im` (n, m), `C_re`, `C_im` (p, n) and `D` (p), as in minimal-LRU; the
  /// rest of the tensors is the caller's to account for.
  static diagonal_recurrence lru(checkpoint& tensors, const std::string& prefix = "") {
    const auto part = [&](const char* re, const char* im) {
      const matrix real = tensors.matrix<Scalar>(prefix + re),
                   imaginary = tensors.matrix<Scalar>(prefix + im, real.rows(), real.cols());
      return complex_matrix(real.template cast<complex>() + complex(0, 1) * imaginary.template cast<complex>());
    };
    return from_file(tensors, [&] {
      return lru(tensors.vector<Scalar>(prefix + "nu_log"), tensors.vector<Scalar>(prefix + "theta_log"),
                 tensors.vector<Scalar>(prefix + "gamma_log"), part("B_re", "B_im"), part("C_re", "C_im"),
                 tensors.vector<Scalar>(prefix + "D"));
    });
  }

  /// S5: λ' = e^{λ Δ}, B' = (λ' - 1)/λ ∘ B (zero-order hold), y = Re(C s') + D ∘ u.
  ///
  /// \param lambda  of continuous time, shape (n), Re λ <= 0; \param step  Δ > 0, shape (n)
  /// \param C       where one mode of each conjugate pair is kept: times 2
  static diagonal_recurrence s5(const complex_vector& lambda, const vector& step, const complex_matrix& B, const complex_matrix& C,
                                vector D) {
    require_rows(step.size(), lambda.size(), who, "step", "the modes of lambda");
    require_rows(B.rows(), lambda.size(), who, "B", "the modes of lambda");
    complex_vector discrete(lambda.size());
    complex_matrix held = B;
    for (Eigen::Index j = 0; j < lambda.size(); ++j) {
      discrete[j] = std::exp(lambda[j] * step[j]);
      held.row(j) *= hold(lambda[j], step[j]);
    }
    return {discrete, held, C, std::move(D)};
  }

  /// S4D by channels: A = -e^log_A_real + i A_imag, λ = e^{A Δ}, Δ = e^log_dt; channel c's output is
  /// 2 Re Σ_j C_cj (λ_cj - 1)/A_cj s_cj' + D_c u_c.
  ///
  /// \param log_dt              shape (m)
  /// \param log_A_real, A_imag  shape (m, n/m)
  /// \param C                   shape (m, n/m)
  static diagonal_recurrence s4d(const vector& log_dt, const matrix& log_A_real, const matrix& A_imag, const complex_matrix& C,
                                 vector D) {
    const Eigen::Index m = log_dt.size(), modes = log_A_real.cols();
    require(log_A_real.rows() == m && modes >= 1, who, [&] { return shape("log_A_real", log_A_real, "(channels, modes)"); });
    require(A_imag.rows() == m && A_imag.cols() == modes, who, [&] { return shape("A_imag", A_imag, "that of log_A_real"); });
    require(C.rows() == m && C.cols() == modes, who, [&] { return shape("C", C, "that of log_A_real"); });
    require_finite(C, "C");
    complex_vector lambda(m * modes);
    vector output(2 * m * modes);
    for (Eigen::Index c = 0; c < m; ++c)
      for (Eigen::Index j = 0; j < modes; ++j) {
        const complex A(-std::exp(log_A_real(c, j)), A_imag(c, j));
        const Scalar dt = std::exp(log_dt[c]);
        const Eigen::Index at = c * modes + j;
        const complex gain = Scalar(2) * C(c, j) * hold(A, dt);
        lambda[at] = std::exp(A * dt);
        output[2 * at] = gain.real();
        output[2 * at + 1] = -gain.imag();
      }
    diagonal_recurrence made(lambda, std::move(D), m, m);
    made.by_channel_ = std::move(output);
    return made;
  }
  /// From `kernel.log_dt` (m), `kernel.log_A_real`, `kernel.A_imag` (m, n/m), `kernel.C` (m, n/m, 2: real and imaginary part) and
  /// `D` (m), as in S4's own minimal code; the rest of the tensors is the caller's to account for.
  static diagonal_recurrence s4d(checkpoint& tensors, const std::string& prefix = "") {
    const std::string kernel = prefix + "kernel.";
    const vector log_dt = tensors.vector<Scalar>(kernel + "log_dt");
    const matrix log_A_real = tensors.matrix<Scalar>(kernel + "log_A_real");
    tensors.expect(kernel + "C", {log_A_real.rows(), log_A_real.cols(), 2});
    const vector parts = tensors.values<Scalar>(kernel + "C");
    complex_matrix C(log_A_real.rows(), log_A_real.cols());
    for (Eigen::Index c = 0; c < C.rows(); ++c)
      for (Eigen::Index j = 0; j < C.cols(); ++j) C(c, j) = {parts[2 * (c * C.cols() + j)], parts[2 * (c * C.cols() + j) + 1]};
    return from_file(tensors, [&] {
      return s4d(log_dt, log_A_real, tensors.matrix<Scalar>(kernel + "A_imag"), C, tensors.vector<Scalar>(prefix + "D"));
    });
  }

  Eigen::Index state_size() const { return 2 * modes(); }
  Eigen::Index input_size() const { return inputs_; }
  Eigen::Index output_size() const { return outputs_; }
  Eigen::Index modes() const { return lambda_.size(); }
  /// λ, shape (n)
  const complex_vector& lambda() const { return lambda_; }

  /// Σ 2 ln |λ_j|: ln |det J| at every state.
  double log_abs_determinant(vector_view<Scalar>) const {
    return 2.0 * lambda_.template cast<std::complex<double>>().array().abs().log().sum();
  }
  double log_abs_determinant(const workspace&) const { return log_abs_determinant(vector()); }

  /// ln |λ_j|, twice each, in every step (see `maps::has_structured_spectrum`).
  maps::gate_structure structured_spectrum() const {
    maps::gate_structure all{1, {}, {}};
    all.gate.setZero(state_size());
    all.scale.resize(state_size());
    for (Eigen::Index j = 0; j < modes(); ++j) all.set(2 * j, 2, 0, std::log(std::abs(std::complex<double>(lambda_[j]))));
    return all;
  }
  void gates(const workspace&, vector_span<double> out) const { out[0] = 1.0; }

  workspace make_workspace(Eigen::Index, Eigen::Index = 1) const { return {}; }

  /// \param h     state, shape (2 n)
  /// \param u     input, shape (m)
  /// \param next  out: the next state, shape (2 n); apart from h
  void step(vector_view<Scalar> h, vector_view<Scalar> u, vector_span<Scalar> next, workspace& ws) const {
    step_batch(h, u, next, ws);
  }
  /// Many states at once; columns are members.
  void step_batch(matrix_view<Scalar> H, matrix_view<Scalar> U, matrix_span<Scalar> Next, workspace&) const {
    rotate(H, Next);
    drive(U, Next);
  }
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace&) const { rotate(V, JV); }
  void tangent(matrix_view<Scalar> V, matrix_view<Scalar> VU, matrix_span<Scalar> JV, workspace&) const {
    rotate(V, JV);
    drive(VU, JV);
  }
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, workspace&) const {
    for (Eigen::Index j = 0; j < W.cols(); ++j)
      for (Eigen::Index i = 0; i < modes(); ++i) {
        const Scalar re = lambda_[i].real(), im = lambda_[i].imag(), a = W(2 * i, j), b = W(2 * i + 1, j);
        JtW(2 * i, j) = re * a + im * b;
        JtW(2 * i + 1, j) = re * b - im * a;
      }
  }
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar> BtW, workspace& ws) const {
    pullback(W, JtW, ws);
    if (by_channel_.size() == 0) {
      BtW.noalias() = input_.transpose() * W;
      return;
    }
    const Eigen::Index per_channel = modes() / inputs_;
    BtW.setZero();
    for (Eigen::Index j = 0; j < W.cols(); ++j)
      for (Eigen::Index i = 0; i < modes(); ++i) BtW(i / per_channel, j) += W(2 * i, j);
  }

  /// y of a state and the input that made it. \param h  s', shape (2 n); \param u  shape (m); \param y  out: shape (p)
  void evaluate(vector_view<Scalar> h, vector_view<Scalar> u, vector_span<Scalar> y) const {
    if (by_channel_.size() == 0) {
      y.noalias() = output_ * h;
    } else {
      const Eigen::Index block = state_size() / inputs_;
      for (Eigen::Index c = 0; c < inputs_; ++c) y[c] = by_channel_.segment(c * block, block).dot(h.segment(c * block, block));
    }
    if (D_.size() != 0) y.array() += D_.array() * u.array();
  }

 private:
  static constexpr std::string_view who = "models::diagonal_recurrence";

  diagonal_recurrence(const complex_vector& lambda, vector D, Eigen::Index inputs, Eigen::Index outputs)
      : lambda_(lambda), D_(std::move(D)), inputs_(inputs), outputs_(outputs) {
    require(lambda.size() >= 1, who, "no modes: lambda is empty");
    for (Eigen::Index j = 0; j < lambda.size(); ++j) {
      const Scalar size = std::abs(lambda[j]);
      require(size > Scalar(0) && size <= Scalar(1), who, [&] {
        return "|lambda| is " + number_text(static_cast<double>(size), 6) + " at " + number_text(j) + ", expected in (0, 1]";
      });
    }
    if (D_.size() == 0) return;
    require_finite(D_, "D");
    require_rows(D_.size(), outputs, who, "D", "the outputs");
    require_rows(inputs, outputs, who, "the inputs that D passes on", "the outputs");
  }

  /// (e^{A Δ} - 1)/A, and Δ where A is zero; without cancellation where A Δ is small, by
  /// e^{x + iy} - 1 = (e^x - 1) cos y - 2 sin²(y/2) + i e^x sin y.
  static complex hold(complex A, Scalar dt) {
    if (A == complex(0)) return complex(dt);
    const Scalar x = A.real() * dt, y = A.imag() * dt, half = std::sin(y / Scalar(2));
    return complex(std::expm1(x) * std::cos(y) - Scalar(2) * half * half, std::exp(x) * std::sin(y)) / A;
  }
  template <class Make>
  static diagonal_recurrence from_file(const checkpoint& tensors, const Make& make) {
    try {
      return make();
    } catch (const argument_error& error) {
      tensors.refuse(who, error.what());
    }
  }
  template <class Matrix>
  static std::string shape(const char* name, const Matrix& values, const char* expected) {
    return std::string(name) + " has shape " + detail::shape_text(values.rows(), values.cols()) + ", expected " + expected;
  }
  template <class Matrix>
  static void require_finite(const Matrix& values, const char* name) {
    const std::string fault = detail::find_non_finite(values, name);
    require(fault.empty(), who, fault);
  }

  void rotate(const matrix_view<Scalar>& H, matrix_span<Scalar>& Next) const {
    for (Eigen::Index j = 0; j < H.cols(); ++j)
      for (Eigen::Index i = 0; i < modes(); ++i) {
        const Scalar re = lambda_[i].real(), im = lambda_[i].imag(), a = H(2 * i, j), b = H(2 * i + 1, j);
        Next(2 * i, j) = re * a - im * b;
        Next(2 * i + 1, j) = im * a + re * b;
      }
  }
  void drive(const matrix_view<Scalar>& U, matrix_span<Scalar>& Next) const {
    if (by_channel_.size() == 0) {
      Next.noalias() += input_ * U;
      return;
    }
    const Eigen::Index per_channel = modes() / inputs_;
    for (Eigen::Index j = 0; j < U.cols(); ++j)
      for (Eigen::Index i = 0; i < modes(); ++i) Next(2 * i, j) += U(i / per_channel, j);
  }

  complex_vector lambda_;
  matrix input_, output_;  // real: shapes (2 n, m) and (p, 2 n)
  vector by_channel_;      // or, by channels, the outputs' weights, shape (2 n)
  vector D_;
  Eigen::Index inputs_, outputs_;
};

}  // namespace libration::inline LIBRATION_ABI::models
