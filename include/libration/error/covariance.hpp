// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `error::covariance`: how the covariance of small errors spreads along an orbit, P' = J P Jᵀ + Q.

#include <cstdint>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/block_tangent.hpp>
#include <libration/error/detail/covariance_factor.hpp>
#include <libration/error/noise_covariance.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// What the columns of a factor L are.
enum class factor_columns : std::uint8_t {
  leading,  ///< compressed from step to step to what holds most: L Lᵀ <= P, a bound
  sampled   ///< independent errors over √r, carried along by the tangent: L Lᵀ is P in the mean over seeds, an estimate
};

/// Options of `error::covariance`, declared in the order in which designated initialisers name them.
struct covariance_options {
  /// Columns of a factor L, P ≈ L Lᵀ, 1 to n; 0: the whole matrix. The whole matrix takes 2 n directions a step and n² numbers;
  /// from some hundred components on, a factor is what is left.
  Eigen::Index rank = 0;
  /// Steps, >= 1; 0: what a matrix of inputs leaves, 1000 otherwise.
  std::int64_t steps = 0;
  /// Steps of the orbit before the first error, >= 0.
  std::int64_t transient = 0;
  /// Q, the covariance of the error that each step makes: a standard deviation, one for each component, or a `noise_covariance`.
  noise_covariance noise = 0.0;
  /// P_0, the covariance before the first step.
  noise_covariance initial = 0.0;
  /// Leading variances and directions that are given at the end, >= 0; at most n, or the rank.
  Eigen::Index leading = 8;
  /// What the columns of a factor are. `leading` is exact where P has few directions; `sampled`, of 2 columns or more, knows the
  /// total of any P to a relative √(2/r) or better, and what its directions are only where they are few against r.
  factor_columns columns = factor_columns::leading;
  /// Seed of the samples; otherwise of the first directions of a factor, where they are free.
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// Covariances in squares of the state's units.
struct [[nodiscard]] covariance_result {
  libration::status status = libration::status::not_run;  ///< `diverged` also where P leaves the range of double
  Eigen::VectorXd total;  ///< tr P_t, t = 0 .. steps; a lower bound from leading columns, an unbiased estimate from samples
  Eigen::VectorXd total_standard_error;  ///< of samples, as many; otherwise empty
  Eigen::VectorXd variances;       ///< leading eigenvalues of P at the end, descending; leading columns' are lower bounds, samples'
                                   ///< are biased upwards
  Eigen::MatrixXd directions;      ///< their eigenvectors, shape (n, as many)
  Eigen::MatrixXd matrix;          ///< P at the end, shape (n, n); empty for a factor
  Eigen::MatrixXd factor;          ///< L at the end, shape (n, at most rank); empty for the whole matrix
  double largest_discarded = 0.0;  ///< largest part of tr P_t that one step left out of the factor; 0: nothing was lost
  Eigen::Index rank = 0;           ///< as asked for
  std::int64_t steps = 0;          ///< done
  std::int64_t failed_at = -1;     ///< step of the orbit at which it diverged
  Eigen::VectorXd final_state;     ///< shape (n): the orbit's after its last step; see `rollout::start_at`
  std::uint64_t seed = 0;

  /// The horizon of an error: the first t at which its root mean square √tr P_t exceeds `size`; -1: none of those seen.
  LIBRATION_DECLARED std::int64_t first_above(double size) const;
};

namespace detail {

/// P, whole or as a factor, from step to step, and what is recorded of it; the tangent is the caller's.
class covariance_recursion {
 public:
  LIBRATION_DECLARED covariance_recursion(const covariance_options& options, Eigen::Index n);

  /// Before the first step. \param steps  that are expected
  LIBRATION_DECLARED void start(std::int64_t steps);
  bool whole() const { return options_.rank == 0; }
  /// What a step's tangent is to be applied to: P, or L.
  LIBRATION_DECLARED Eigen::MatrixXd& begin_step();
  /// P Jᵀ of J P, to which the tangent is to be applied again, where P is whole.
  LIBRATION_DECLARED void turn();
  /// \return false where P leaves the range of double: it is then as before
  LIBRATION_DECLARED bool end_step();

  /// Everything but how the run ended.
  LIBRATION_DECLARED void write_to(covariance_result& result) const;

 private:
  bool sampled() const { return options_.columns == factor_columns::sampled; }
  LIBRATION_DECLARED void record_sample();

  covariance_options options_;
  Eigen::Index n_;
  covariance_factor factor_;
  Eigen::MatrixXd matrix_, noise_, block_;
  std::vector<double> total_, error_;
};

}  // namespace detail

/// An observer (see `rollout::drive`) that carries the covariance from step to step.
template <class System>
class covariance_run : public rollout::one_orbit<covariance_run<System>, covariance_result> {
  using ending = rollout::one_orbit<covariance_run<System>, covariance_result>;
  friend ending;
  using ending::result_;
  static_assert(System::width == 1);

 public:
  static constexpr bool needs_tangent = true;

  covariance_run(const System& system, const covariance_options& options, std::int64_t steps)
      : recursion_(options, system.state_size()),
        frame_columns_(options.rank == 0 ? system.state_size() : options.rank),
        frame_(system.make_frame(frame_columns_)) {
    recursion_.start(steps);
    result_.rank = options.rank;
    result_.seed = options.seed;
  }

  std::int64_t warm_up() const { return 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    Eigen::MatrixXd& block = recursion_.begin_step();
    if (block.cols() > 0) {
      if (frame_columns_ != block.cols()) {
        frame_ = view.system.make_frame(block.cols());
        frame_columns_ = block.cols();
      }
      detail::apply_tangent(view.system, frame_, block);
      if (recursion_.whole()) {
        recursion_.turn();
        detail::apply_tangent(view.system, frame_, block);
      }
    }
    if (!recursion_.end_step()) this->fail(view);
  }

 private:
  void finish() { recursion_.write_to(result_); }

  detail::covariance_recursion recursion_;
  Eigen::Index frame_columns_;
  typename System::frame_type frame_;
};

/// The covariance as an estimator for `analyze`; `.steps`, `.transient`, `.on_progress` and `.stop` are the pass's own there.
struct covariance_estimator {
  covariance_options options = {};

  static constexpr bool needs_tangent = true;

  Eigen::Index columns(Eigen::Index n) const { return options.rank == 0 ? n : options.rank; }
  std::int64_t warm_up(std::int64_t) const { return 0; }
  LIBRATION_DECLARED void validate(Eigen::Index n) const;
  template <class System>
  covariance_run<System> start(const System& system, std::int64_t steps) const {
    rollout::require_tangent<System>();
    return covariance_run<System>(system, options, steps);
  }
};

namespace detail {

template <class Scalar, class M, class Inputs>
covariance_result covariance(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const covariance_options& options) {
  const std::int64_t steps = options.steps != 0 || rollout::is_matrix<Inputs> ? options.steps : 1000;
  return rollout::measure<Scalar>("error::covariance", map, h0, std::forward<Inputs>(inputs), steps, options,
                                          covariance_estimator{options});
}

}  // namespace detail

/// The linearised covariance of errors along the orbit from h0: P_{t+1} = J_t P_t J_tᵀ + Q from P_0, J_t the map's Jacobian at
/// step t. Independent errors of covariance Q that each step makes, and one that was there before, add up to it while they are
/// small against the distance over which the map bends; for a linear map it is exact, and where the map contracts it tends to
/// the solution of P = J P Jᵀ + Q.
///
/// With a `.rank` r, P is kept as L Lᵀ with r columns, L' = compress([J L, Q^½]). What is left out is positive semidefinite, so
/// that the totals and the variances are lower bounds, up to rounding; `total` counts each step's noise whole. Nothing is lost
/// where P has no higher rank: no noise, or a factor of few columns that the map forgets. Noise in all directions that is
/// forgotten slowly leaves little of its total in r of them: a third with 32 columns on a random network of 100 units, an eighth
/// on one of 300. There the total is known better from samples (`factor_columns::sampled`): of as many columns to 10 % and 5 %.
///
/// A driven map keeps to its inputs (open loop); a map with noise gives its own linearisation along that noise.
///
/// \param h0      start, shape (n)
/// \param inputs  for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \return        `ok`, `diverged` (the orbit, or P beyond the range of double) or `cancelled`, with the steps done
/// \throws        argument_error before the first step: shapes, options, inputs too short
/// Accuracy:  n eps of the largest variance a step; a variance below n eps of the largest is rounding
/// Cost:      a step: the tangent on 2 n directions; with a rank the tangent on r, and 4 n r² operations (2 n (r + q)² for a factor
///            Q of q columns)
/// Source:    the equation is that of a linear system's covariance; the compressions are derived here
template <class Scalar = double, maps::map M>
  requires(!maps::driven<M>)
covariance_result covariance(const M& map, rollout::start_of<M> h0, const covariance_options& options = {}) {
  return detail::covariance<Scalar>(map, h0, rollout::no_inputs{}, options);
}
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
covariance_result covariance(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const covariance_options& options = {}) {
  return detail::covariance<Scalar>(map, h0, std::forward<Inputs>(inputs), options);
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/covariance.hpp>
#endif
