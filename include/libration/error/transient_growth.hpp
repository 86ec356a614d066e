// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Growth without instability along an orbit: how far errors grow before they fade. Of a constant matrix: `power_growth.hpp`,
/// `kreiss_constant.hpp`, `numerical_radius.hpp`, which this includes.

#include <cstdint>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/block_tangent.hpp>
#include <libration/error/kreiss_constant.hpp>
#include <libration/error/numerical_radius.hpp>
#include <libration/error/power_growth.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// Options of `error::transient_growth` along an orbit, declared in the order in which designated initialisers name them.
struct transient_growth_options {
  /// Initial directions that are followed, 1 to n; 0: all n, which is exact.
  Eigen::Index directions = 0;
  /// Steps, >= 1; 0: what a matrix of inputs leaves, 100 otherwise.
  std::int64_t steps = 0;
  /// Steps of the orbit before the first error, >= 0.
  std::int64_t transient = 0;
  /// Probability that `upper` fails with few directions, in (0, 1).
  double failure_probability = 1e-3;
  /// Seed of the directions, where they are few.
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

namespace detail {

/// A number that a chi-squared variable of r degrees of freedom falls below with probability at most p: the root of Chernoff's
/// bound (x e^{1-x})^{r/2} = p, r times x.
LIBRATION_DECLARED double small_chi_squared(double r, double p);

/// The product of the Jacobians on the followed directions, and the largest growth that it had; the tangent is the caller's.
class transient_recursion {
 public:
  LIBRATION_DECLARED transient_recursion(const transient_growth_options& options, Eigen::Index n);

  /// Before the first step. \param steps  that are expected
  LIBRATION_DECLARED void start(std::int64_t steps);
  Eigen::Index directions() const { return whole_ ? n_ : options_.directions; }
  /// What a step's tangent is to be applied to, shape (n, directions).
  Eigen::MatrixXd& product() { return product_; }
  /// \return false where the product leaves the range of double: the step is not counted then
  LIBRATION_DECLARED bool end_step();

  /// Everything but how the run ended.
  LIBRATION_DECLARED void write_to(transient_growth_result& result) const;

 private:
  transient_growth_options options_;
  Eigen::Index n_;
  bool whole_;
  Eigen::MatrixXd first_, product_, best_, triangle_;
  double least_overlap_ = 1.0, largest_ = 1.0, upper_ = 1.0;
  std::int64_t step_ = 0;
  std::vector<double> growth_;
};

}  // namespace detail

/// An observer (see `rollout::drive`) that multiplies up the Jacobians from the first step it sees.
template <class System>
class transient_growth_run : public rollout::one_orbit<transient_growth_run<System>, transient_growth_result> {
  using ending = rollout::one_orbit<transient_growth_run<System>, transient_growth_result>;
  friend ending;
  using ending::result_;
  static_assert(System::width == 1);

 public:
  static constexpr bool needs_tangent = true;

  transient_growth_run(const System& system, const transient_growth_options& options, std::int64_t steps)
      : recursion_(options, system.state_size()), frame_(system.make_frame(recursion_.directions())) {
    recursion_.start(steps);
  }

  std::int64_t warm_up() const { return 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    detail::apply_tangent(view.system, frame_, recursion_.product());
    if (!recursion_.end_step()) this->fail(view);
  }

 private:
  void finish() { recursion_.write_to(result_); }

  detail::transient_recursion recursion_;
  typename System::frame_type frame_;
};

/// Transient growth as an estimator for `analyze`; `.steps`, `.transient`, `.on_progress` and `.stop` are the pass's own there.
struct transient_growth_estimator {
  transient_growth_options options = {};

  static constexpr bool needs_tangent = true;

  Eigen::Index columns(Eigen::Index n) const { return options.directions == 0 ? n : options.directions; }
  std::int64_t warm_up(std::int64_t) const { return 0; }
  LIBRATION_DECLARED void validate(Eigen::Index n) const;
  template <class System>
  transient_growth_run<System> start(const System& system, std::int64_t steps) const {
    rollout::require_tangent<System>();
    return transient_growth_run<System>(system, options, steps);
  }
};

namespace detail {

template <class Scalar, class M, class Inputs>
transient_growth_result transient_growth(const M& map, rollout::start_of<M> h0, Inputs&& inputs,
                                         const transient_growth_options& options) {
  const std::int64_t steps = options.steps != 0 || rollout::is_matrix<Inputs> ? options.steps : 100;
  return rollout::measure<Scalar>("error::transient_growth", map, h0, std::forward<Inputs>(inputs), steps, options,
                                          transient_growth_estimator{options});
}

}  // namespace detail

/// The largest singular value of the product of the Jacobians over k = 1 .. steps steps from h0, at the k where it is largest: what
/// the worst small error becomes on the way, whatever becomes of it in the end. `initial` is the optimal (singular) vector,
/// `response` the pattern it ends in.
///
/// All n directions give it exactly. For a state too large for that, `.directions` r are a random block Q, and the result is
/// between two bounds: the largest growth within their span, which its best direction attains, and one that a random block's
/// growth exceeds with high probability, ‖Φ‖ <= ‖Φ Ω‖ / √q with Ω normal, shape (n, r), q a small quantile of chi-squared with r
/// degrees of freedom. Where one direction stands out, the lower one is about √(r/n) of the truth: a random block meets the
/// optimal direction at no better angle, and without the Jacobians' transposes it cannot be turned towards it.
///
/// \param h0      start, shape (n)
/// \param inputs  for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \return        `ok`, `diverged` or `cancelled`, with the steps done
/// \throws        argument_error before the first step: shapes, options, inputs too short
/// Accuracy:  with all directions n eps Σ_j ‖J_k..J_{j+1}‖ ‖J_j‖ ‖J_{j-1}..J_1‖, in the map's scalar
/// Cost:      a step: the tangent on r directions (all: n), n r² operations and the eigenvalues of r x r; memory 3 n r numbers
/// Source:    derived here, the probabilistic bound too
template <class Scalar = double, maps::map M>
  requires(!maps::driven<M>)
transient_growth_result transient_growth(const M& map, rollout::start_of<M> h0, const transient_growth_options& options = {}) {
  return detail::transient_growth<Scalar>(map, h0, rollout::no_inputs{}, options);
}
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
transient_growth_result transient_growth(const M& map, rollout::start_of<M> h0, Inputs&& inputs,
                                         const transient_growth_options& options = {}) {
  return detail::transient_growth<Scalar>(map, h0, std::forward<Inputs>(inputs), options);
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/transient_growth.hpp>
#endif
