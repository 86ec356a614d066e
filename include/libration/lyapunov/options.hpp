// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The options of `lyapunov::spectrum` and their check.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// The tag of a named frame: see `frame_choice`.
enum class named_frame : std::uint8_t { random, identity };

/// A random orthonormal frame, from `seed`: almost surely every exponent is seen in its order.
inline constexpr named_frame random = named_frame::random;
/// The first `count` coordinate directions, in the map's own order of its state.
inline constexpr named_frame identity = named_frame::identity;

/// The first tangent directions: `lyapunov::random`, `lyapunov::identity`, or a matrix (n, count), which is orthonormalised.
class frame_choice {
 public:
  frame_choice(named_frame name = named_frame::random) : name_(name) {}
  template <class Derived>
  frame_choice(const Eigen::MatrixBase<Derived>& matrix) : matrix_(matrix.template cast<double>()), given_(true) {}

  bool given() const { return given_; }
  named_frame name() const { return name_; }
  const Eigen::MatrixXd& matrix() const { return matrix_; }

 private:
  named_frame name_ = named_frame::random;
  Eigen::MatrixXd matrix_;
  bool given_ = false;
};

/// An option's value that lets the run decide.
inline constexpr std::int64_t automatic = -1;

/// Options of `lyapunov::spectrum`, declared in the order in which designated initialisers name them.
struct spectrum_options {
  /// Number of leading exponents, 0 <= count <= n. 0: all n. The cost of a step grows with it (of a vector map by one direction
  /// more: `guarded_columns`); an exponent's value does not depend on it, the dimension and the sum rule do.
  Eigen::Index count = 0;

  /// Steps that are counted, >= 1; 0: as many as a matrix of inputs leaves after the transients, 100,000 otherwise (on a
  /// classical chaotic map a standard error near 1e-4); `unlimited_steps`, the type's largest number: until the run is stopped.
  /// With a tolerance: the fewest steps before it may stop; 0: 1000.
  std::int64_t steps = 0;

  /// Steps of the orbit before anything is measured, >= 0, so that it reaches its attractor; a recording from a given state
  /// wants 0.
  std::int64_t transient = default_transient;

  /// Steps that then only turn the frame, >= 0, so that its columns reach their directions; or `automatic`: a sixteenth of the
  /// steps (100 to 100,000; of a matrix of inputs no more than it has room for), and after the run as many of the first counted
  /// windows as make the claimed errors smallest, by the measured gaps between the exponents (`settle`), at most half of them: the
  /// result's `steps` are then fewer. What is left of the turning after either is part of the error bar
  /// (`spectrum_result::frame_error`).
  std::int64_t frame_transient = automatic;

  /// Steps between orthonormalisations, >= 0. 0: chosen at run time from the frame's measured condition; where a column becomes
  /// numerically dependent, denormal or infinite, the interval is replayed with one at every step, and the next is shorter. A
  /// forced interval that is too long ends with `lost_frame`.
  std::int64_t interval = 0;

  /// Largest standard error wanted, per unit of time, >= 0; 0: off, `steps` steps are done. Otherwise the run goes on from
  /// `steps` until every exponent (the first `tolerance_count`) has it, rounding and the frame's turning included, or `max_steps`
  /// are counted (`not_converged`). It ends earlier where no number of steps would help: rounding alone is above the tolerance
  /// (`not_converged`), or an exponent is an upper bound (`not_resolved`).
  double tolerance = 0.0;

  /// Most steps that a tolerance may take, >= 0; 0: all that a matrix of inputs holds, otherwise 100 times `steps`, or ten
  /// million where `steps` is 0.
  std::int64_t max_steps = 0;

  /// First directions: `lyapunov::random` (from `seed`), `lyapunov::identity`, or a matrix (n, count). Exponents stay in the
  /// frame's order, which for a random frame descends.
  frame_choice frame = named_frame::random;

  /// Half-width of "neutral", per unit of time, >= 0. An exponent whose 95 % interval lies within ±margin is called neutral:
  /// at 1e-3 a difference is carried about a thousand units of time without doubling or halving.
  double neutral_margin = 1e-3;

  /// Seed of the random frame.
  std::uint64_t seed = 0;

  /// How many of the first exponents the tolerance holds for, >= 0; 0: all.
  Eigen::Index tolerance_count = 0;

  /// Flows under a stepper: what the stepper adds to the exponents, by a repeat at half the time step
  /// (`spectrum_result::stepper_bias`). Not set: a short one, of a tenth of the counted steps after twice the transient's, where at
  /// least 10,000 steps are counted and the field has no inputs; ensembles, sweeps and `analyze` leave it out. true: over the
  /// whole duration. false: none.
  std::optional<bool> stepper_bias = {};

  /// Keep the running estimate (`spectrum_result::history`): at most 256 points, 16 bytes each an exponent.
  bool history = false;

  /// Counted steps at which the result so far is wanted too (`spectrum_result::at_marks`), ascending, >= 1: {1000, 10'000}. With
  /// `steps` 0 the run ends at the last one; marks beyond its end are not reached. What is there at a mark is, bit for bit, what
  /// the same call (with the same `marks`) comes back with where `steps` is that mark. What otherwise follows from `steps` (how
  /// steps are grouped, an automatic `frame_transient`) follows from the first mark, so that it is also the result of a call
  /// without marks, where that is at least 8192 (32,768 with interval 1) and `frame_transient` is given. Not together with a
  /// tolerance. Cost: a copy of the run a mark, and a result each.
  std::vector<std::int64_t> marks = {};

  /// Finite-time exponents from the first step on: nothing is discarded. `transient` and `frame_transient` are 0 (other values are
  /// refused, but for their defaults), the frame is that of `frame` where it is a matrix, otherwise the first coordinate
  /// directions (`identity`), no short repeat for the stepper's bias is made, and every step of a matrix of inputs is counted
  /// unless `steps` says how many. Exponent i is then ln R_ii / duration of the QR decomposition of the whole product of Jacobians
  /// times that frame. Not together with a tolerance, and not in `analyze`.
  bool from_first_step = false;

  /// Where the map says what its exponents along given inputs are made of (`maps::has_structured_spectrum`), take the means of
  /// that, exactly and without a frame (`spectrum_result::exact`). Not where a frame or an interval is asked for, nor with
  /// `from_first_step`. The exponents then descend, and `frame_transient` is 0 where it is automatic. false: by a frame, as of any
  /// other map.
  bool structured = true;

  /// Called now and then with the steps done; cancelled runs keep what they have.
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// What `from_first_step` stands for, in the options that it sets; others as they are.
LIBRATION_DECLARED spectrum_options resolved(spectrum_options options);

/// \param n the map's dimension
/// \return  the number of exponents asked for
inline Eigen::Index wanted(const spectrum_options& options, Eigen::Index n) { return options.count == 0 ? n : options.count; }

/// The columns that measure them for a vector map. The last exponent's column turns to its direction at a rate that only the next
/// exponent shows: where the run decides how much of its beginning is discarded, it measures one column more than are wanted.
inline Eigen::Index guarded_columns(const spectrum_options& options, Eigen::Index n) {
  const Eigen::Index count = wanted(options, n);
  const bool decides = options.frame_transient == automatic && options.interval == 0;
  const bool by_chance = !options.frame.given() && options.frame.name() == named_frame::random;
  return count + (decides && by_chance && count < n);
}

/// The steps that a pass of `steps` counted steps surely counts: with a tolerance, those before it may stop; those to a first mark,
/// at which the same run may end.
inline std::int64_t fewest_steps(const spectrum_options& options, std::int64_t steps) {
  if (!options.marks.empty()) return std::min(options.marks.front(), steps);
  return options.tolerance > 0.0 ? std::min(options.steps > 0 ? options.steps : 1000, steps) : steps;
}

/// The fewest steps of an automatic frame's transient.
inline constexpr std::int64_t fewest_frame_steps = 100;

/// The steps that only turn the frame, before a pass that surely counts `steps` steps.
///
/// \param asked  `frame_transient`, >= 0 or `automatic`
/// \param room   what a matrix of inputs leaves for them: an automatic transient takes no more, or 100
LIBRATION_DECLARED std::int64_t frame_steps(std::int64_t asked, std::int64_t steps, std::int64_t room);

/// \param n the map's dimension
/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const spectrum_options& options, Eigen::Index n, std::string_view who);

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/options.hpp>
#endif
