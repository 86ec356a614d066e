// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `memory::state_estimator`: statistics of the states along an orbit, by layer: the norm, its trend, how many directions they use.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/status.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/trend.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// Options of `memory::state_statistics`, declared in the order in which designated initialisers name them.
struct state_options {
  /// Steps that are counted, >= 1; 0: what a matrix of inputs leaves, 10,000 otherwise.
  std::int64_t steps = 0;
  /// Steps of the orbit before them, >= 0.
  std::int64_t transient = 0;
  /// Rows of the state at which layers begin, ascending from 0; empty: as the map says (`layer_count()` and `offset(l)`), or else
  /// the whole state as one layer.
  std::vector<Eigen::Index> layers = {};
  /// Whether variances are found, which takes nine covariances of each layer.
  bool dimensions = true;
  /// Steps of the sequences that the map was trained on, >= 0: the norms that the first as many counted steps have are the range
  /// seen in training, where the orbit begins as a training sequence does and there is no transient. 0: not known.
  std::int64_t training_length = 0;
  /// A norm is level where its change over the counted steps, with its interval, is below this share of its mean, > 0.
  double margin = 0.1;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// What the norm of a layer's state does along the run, by 95 % intervals of its slope over the whole run and over the later half.
enum class state_growth : std::uint8_t {
  undecided,  ///< the run is short against the fluctuations, or against 32 batches
  level,      ///< changes by less than the margin
  growing,    ///< rises throughout, in the later half no slower than in the whole run: nothing in the run says that it is bounded
  slowing,    ///< rises, but in the later half more slowly, or not to be told from 0
  shrinking   ///< falls
};

/// \return the enumerator's name
constexpr std::string_view to_string(state_growth g) noexcept {
  constexpr std::string_view names[] = {"undecided", "level", "growing", "slowing", "shrinking"};
  return names[static_cast<std::uint8_t>(g)];
}

/// One layer's states. Norms are Euclidean.
struct [[nodiscard]] layer_statistics {
  Eigen::Index first = 0, size = 0;  ///< rows first .. first + size - 1 of the state
  stats::mean_estimate norm;         ///< its error supposes that the norm has no trend
  stats::trend_estimate trend;       ///< of the norm, a step, over the whole run
  stats::trend_estimate late_trend;  ///< over the later half of its batches
  state_growth growth = state_growth::undecided;
  double largest_norm = std::numeric_limits<double>::quiet_NaN();
  Eigen::Index fastest = -1;  ///< row of the state whose size |h_i| has the steepest least-squares slope
  double fastest_slope = std::numeric_limits<double>::quiet_NaN();  ///< of its size, a step

  /// Largest norm in the first `training_length` steps; NaN where that is not given.
  double trained_norm = std::numeric_limits<double>::quiet_NaN();
  /// First counted step (from 1) beyond the training length at which the norm exceeds it; -1: none. A stationary norm does too, now
  /// and then.
  std::int64_t leaves_at = -1;
  /// First counted step from which on it exceeds it to the end; -1: the run ends within the range.
  std::int64_t leaves_for_good_at = -1;
  /// Share of the steps beyond the training length at which it exceeds it.
  double outside = std::numeric_limits<double>::quiet_NaN();

  Eigen::VectorXd variances;  ///< eigenvalues of the covariance, descending, shape (size); empty where they are not asked for
  /// (Σλ)²/Σλ², with its standard error by the jackknife over 4 to 8 stretches of the run, of 64 steps at least; NaN of fewer. The
  /// ratio does not exceed the number of independent states seen; a trend is variance too.
  double participation_ratio = std::numeric_limits<double>::quiet_NaN();
  double participation_ratio_error = std::numeric_limits<double>::quiet_NaN();
  /// e^H of λ/Σλ, and its standard error likewise.
  double effective_rank = std::numeric_limits<double>::quiet_NaN();
  double effective_rank_error = std::numeric_limits<double>::quiet_NaN();
};

/// Statistics of the states that follow each counted step.
struct [[nodiscard]] state_result {
  libration::status status = libration::status::not_run;  ///< `ok`, `diverged` or `cancelled`, with the steps done
  std::vector<layer_statistics> layers;
  std::int64_t steps = 0;          ///< counted
  std::int64_t failed_at = -1;     ///< step of the orbit at which it diverged
  Eigen::VectorXd final_state;     ///< shape (n): the orbit's after its last step; see `rollout::start_at`

  /// \return  the layers whose norm is `growing`
  LIBRATION_DECLARED std::vector<std::size_t> growing() const;
};

namespace detail {

/// The covariances of a layer's states over stretches of a run.
class covariance_record {
 public:
  LIBRATION_DECLARED covariance_record(Eigen::Index n, std::int64_t steps);

  /// \param h  shape (n)
  LIBRATION_DECLARED void add(const double* h);
  LIBRATION_DECLARED void write_to(layer_statistics& layer);

 private:
  struct stretch {
    std::int64_t count = 0;
    Eigen::VectorXd mean;
    Eigen::MatrixXd scatter;  // about the mean, lower triangle
  };
  LIBRATION_DECLARED void flush();
  LIBRATION_DECLARED void merge(stretch& into, const stretch& other);

  Eigen::Index n_, held_ = 0;
  std::int64_t length_;
  Eigen::MatrixXd buffer_;
  stretch latest_;         // of the buffer
  Eigen::VectorXd apart_;  // of two means
  std::vector<stretch> stretches_;
};

/// All that is gathered of the states of a run.
class state_record {
 public:
  LIBRATION_DECLARED state_record(const state_options& options, const std::vector<Eigen::Index>& offsets, Eigen::Index n,
                                  std::int64_t steps);

  /// Where the next state is to be written, shape (n).
  Eigen::VectorXd& state() { return state_; }
  LIBRATION_DECLARED void add();
  LIBRATION_DECLARED void write_to(state_result& result);

 private:
  state_options options_;
  std::vector<layer_statistics> layers_;
  stats::batch_series<double> norms_;
  std::vector<covariance_record> covariances_;
  std::vector<std::int64_t> outside_, last_inside_;
  std::vector<double> row_;
  Eigen::VectorXd state_, size_, size_by_time_;  // Σ|h_i|, Σ t |h_i|
  std::int64_t steps_ = 0;
};

}  // namespace detail

/// An observer (see `rollout::drive`) that gathers the states' statistics.
template <class System>
class state_run : public rollout::one_orbit<state_run<System>, state_result> {
  using ending = rollout::one_orbit<state_run<System>, state_result>;
  friend ending;
  using ending::result_;
  static_assert(System::width == 1);

 public:
  static constexpr bool needs_tangent = false;

  state_run(const System& system, const state_options& options, std::int64_t steps)
      : record_(options, offsets(system, options), system.state_size(), steps) {}

  std::int64_t warm_up() const { return 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    Eigen::VectorXd& h = record_.state();
    for (Eigen::Index i = 0; i < h.size(); ++i) h[i] = static_cast<double>(view.next[static_cast<int>(i)]);
    record_.add();
  }

 private:
  static std::vector<Eigen::Index> offsets([[maybe_unused]] const System& system, const state_options& options) {
    if (!options.layers.empty()) return options.layers;
    std::vector<Eigen::Index> all;
    if constexpr (maps::has_layers<std::remove_cvref_t<decltype(system.map())>>)
      for (std::size_t l = 0; l < system.map().layer_count(); ++l) all.push_back(system.map().offset(l));
    if (all.empty()) all.push_back(0);
    return all;
  }
  void finish() { record_.write_to(result_); }

  detail::state_record record_;
};

/// The same as an estimator for `analyze`; `.steps`, `.transient`, `.on_progress` and `.stop` are the pass's own there.
struct state_estimator {
  state_options options = {};

  static constexpr bool needs_tangent = false;

  Eigen::Index columns(Eigen::Index) const { return 0; }
  std::int64_t warm_up(std::int64_t) const { return 0; }
  /// \throws argument_error  layers that do not ascend from 0 within the state, options out of range, covariances that will not fit
  ///                         the machine's memory
  LIBRATION_DECLARED void validate(Eigen::Index n) const;
  template <class System>
  state_run<System> start(const System& system, std::int64_t steps) const {
    return state_run<System>(system, options, steps);
  }
};

namespace detail {

template <class Scalar, class M, class Inputs>
state_result state_statistics(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const state_options& options) {
  const std::int64_t steps = options.steps != 0 || rollout::is_matrix<Inputs> ? options.steps : 10'000;
  return rollout::measure<Scalar>("memory::state_statistics", map, h0, std::forward<Inputs>(inputs), steps, options,
                                  state_estimator{options});
}

}  // namespace detail

/// Statistics of the states along the orbit from h0, by layer: the norm, its trend and whether it grows throughout the run, the
/// step at which it leaves the range seen in training, and the number of directions that the states use.
///
/// \param h0      start, shape (n)
/// \param inputs  for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \return        `ok`, `diverged` or `cancelled`, with the steps done; squares of states beyond 1e150 leave NaN
/// \throws        argument_error before the first step: shapes, options, inputs too short
/// Cost:      a step: 2 n operations, and with `.dimensions` n_l² for each layer of n_l rows; at the end the eigenvalues of nine
///            matrices (n_l, n_l). Memory 9 n_l² numbers a layer, allocated as the run goes through its eighths
/// Source:    participation ratio and effective rank: see effective_dimension.hpp; trends: `stats::fit_trend`
template <class Scalar = double, maps::map M>
  requires(!maps::driven<M>)
state_result state_statistics(const M& map, rollout::start_of<M> h0, const state_options& options = {}) {
  return detail::state_statistics<Scalar>(map, h0, rollout::no_inputs{}, options);
}
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
state_result state_statistics(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const state_options& options = {}) {
  return detail::state_statistics<Scalar>(map, h0, std::forward<Inputs>(inputs), options);
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/state_estimator.hpp>
#endif
