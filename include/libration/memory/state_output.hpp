// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What is read from a state, as a measurement of memory asks for it: y = C h, or any differentiable function of the state.

#include <memory>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/close_loop.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// y = f(h) of p numbers, of which the derivative dy/dh is wanted; empty: the state itself.
///
///     {.output = C}                                             // y = C h, a matrix of shape (p, n)
///     {.output = models::direct_feedback(gru, readout)}         // a `maps::differentiable_feedback`
class state_output {
 public:
  state_output() = default;
  /// \param C  shape (p, n), p >= 1, finite
  /// \throws argument_error otherwise
  template <class Derived>
  state_output(const Eigen::MatrixBase<Derived>& C) : state_output(Eigen::MatrixXd(C.template cast<double>())) {}
  state_output(const Eigen::MatrixXd& C) : held_(std::make_shared<const linear>(C)) {
    require(C.rows() >= 1 && C.cols() >= 1, "memory::state_output", "the matrix is empty, expected a row for each output");
    require(C.allFinite(), "memory::state_output", "the matrix has an entry that is not finite");
  }
  template <maps::differentiable_feedback F>
  state_output(F f) : held_(std::make_shared<const of_feedback<F>>(std::move(f))) {}

  /// Whether it is the state itself.
  bool is_state() const { return held_ == nullptr; }
  /// p; of the state itself n
  Eigen::Index rows(Eigen::Index n) const { return held_ ? held_->rows : n; }
  /// Rows of the state that it reads; of the state itself n
  Eigen::Index state_size(Eigen::Index n) const { return held_ ? held_->columns : n; }
  /// Whether dy/dh is the same at every state.
  bool is_linear() const { return !held_ || held_->is_linear; }
  /// dy/dh at h, shape (p, n).
  void derivative(const Eigen::VectorXd& h, Eigen::MatrixXd& C) const {
    if (held_)
      held_->derivative(h, C);
    else
      C.setIdentity(h.size(), h.size());
  }

 private:
  struct base {
    base(Eigen::Index p, Eigen::Index n, bool linear) : rows(p), columns(n), is_linear(linear) {}
    virtual ~base() = default;
    virtual void derivative(const Eigen::VectorXd& h, Eigen::MatrixXd& C) const = 0;
    Eigen::Index rows, columns;
    bool is_linear;
  };
  struct linear final : base {
    explicit linear(const Eigen::MatrixXd& C) : base(C.rows(), C.cols(), true), matrix(C) {}
    void derivative(const Eigen::VectorXd&, Eigen::MatrixXd& C) const override { C = matrix; }
    Eigen::MatrixXd matrix;
  };
  template <class F>
  struct of_feedback final : base {
    explicit of_feedback(F held) : base(held.output_size(), held.input_size(), false), f(std::move(held)) {}
    void derivative(const Eigen::VectorXd& h, Eigen::MatrixXd& C) const override {
      using S = typename F::scalar_type;
      using matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
      const Eigen::Index p = this->rows, n = this->columns, k = maps::feedback_with_pullback<F> ? p : n;
      auto stage = maps::detail::feedback_stage<F>::make(f, k);
      Eigen::Matrix<S, Eigen::Dynamic, 1> x(p);
      stage.evaluate(f, Eigen::Matrix<S, Eigen::Dynamic, 1>(h.template cast<S>()), x);
      matrix out(maps::feedback_with_pullback<F> ? n : p, k);
      if constexpr (maps::feedback_with_pullback<F>) {
        stage.pullback(f, matrix::Identity(p, p), out);
        C = out.transpose().template cast<double>();
      } else {
        stage.tangent(f, matrix::Identity(n, n), out);
        C = out.template cast<double>();
      }
    }
    F f;
  };

  std::shared_ptr<const base> held_;
};

}  // namespace libration::inline LIBRATION_ABI::memory
