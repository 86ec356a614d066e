// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The engine of `lyapunov::spectrum`: carries a frame along the orbit, orthonormalises it in time, and keeps the books.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/lyapunov/any_formula.hpp>
#include <libration/lyapunov/growth_record.hpp>
#include <libration/lyapunov/interval.hpp>
#include <libration/lyapunov/lane_books.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/ordinary_steps.hpp>
#include <libration/lyapunov/pivot_count.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/shortest_column.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/final_state.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/tangent/frame.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// An observer (see `rollout::drive`) that measures the spectrum of one orbit, or of one in each SIMD lane.
///
/// Every orthonormalisation happens when a lane's own interval is over and at the ends of equal stretches of steps, so that
/// what a lane computes depends on nothing but its own orbit. If a column becomes numerically dependent, denormal or infinite
/// within an automatic interval, the steps since the last orthonormalisation are replayed with one at every step. A column that is
/// denormal in between and grows back is seen too, but for autonomous formulas in double whose steps are taken several at a time
/// (`ordinary_steps`): there it would have to shrink by 1e-292 and to grow by as much within 64 steps. The exponent of
/// a column that becomes dependent in a single step is minus infinity where the step's Jacobian is structurally singular, and
/// otherwise not resolved: its upper bound is counted.
template <class System>
class spectrum_run {
  using T = typename System::scalar;
  using real = tangent::growth_type<T>;  // double, or lanes of double
  using mask = typename System::mask;
  using state_type = typename System::state_type;
  using input_type = typename System::input_type;
  using frame_type = typename System::frame_type;
  static constexpr int width = System::width;

 public:
  static constexpr bool needs_tangent = true;
  static constexpr bool takes_steps = has_ordinary_steps<System>;

  /// \param steps       steps that will be counted (with a tolerance: the fewest)
  /// \param frame_steps steps before these that only turn the frame
  /// \param first_frame has a column an exponent that is wanted; what more it has is measured but not in the result
  spectrum_run(const System& system, const spectrum_options& options, std::int64_t steps, std::int64_t frame_steps,
               const frame_type& first_frame)
      : options_(options),
        wanted_(wanted(options, system.state_size())),
        columns_(columns_of(first_frame)),
        full_(wanted_ == system.state_size()),
        frame_steps_(frame_steps),
        time_step_(system.time_step()),
        frame_(first_frame),
        replay_system_(system),
        checkpoint_{system.make_state(), first_frame},
        trial_(first_frame),
        factor_(system.state_size(), columns_),
        stretch_(stretch_length(steps, options.interval)),
        interval_(options.interval, stretch_, eps),
        series_(columns_ + 1, stretch_),
        record_(columns_),
        pivots_(system.state_size(), columns_, options.interval == 1, options.seed),
        flushed_(static_cast<std::size_t>(columns_ + 1)),
        results_(static_cast<std::size_t>(width)) {
    if (options.interval == 0) inputs_.assign(static_cast<std::size_t>(stretch_), system.make_input());
    for (lane_books& b : books_) b.begin(wanted_, options.tolerance, steps);
    look_for_mark();
  }

  std::int64_t warm_up() const { return frame_steps_; }
  bool done() const { return !any(active_); }

  void observe(const rollout::step_view<System>& view) {
    if (!started_) begin(view.h);
    if (options_.interval == 0) inputs_[static_cast<std::size_t>(view.t % stretch_)] = view.x;
    view.system.tangent(frame_);
    if (options_.interval != 1) shrunk_ = shrunk_ || shortest_column(frame_) < real(least_pivot);
    add_determinant(view.system, everywhere<mask>(true));
    count_steps(1);
    linearised_ = true;
    look_after(view, everywhere<mask>(false));
    if (seen_ == mark_at_) [[unlikely]]
      take_mark(view);
  }

  /// Takes up to `limit` steps, at most to where something is due (see `rollout::drive`).
  ///
  /// Steps that are ordinary in all lanes are taken several at a time. A step that is not is taken by itself: first all that it
  /// leads to is put together, in lanes where it is ordinary from the proposal and in the others with all checks, and only then
  /// is looked after what is due.
  std::int64_t take_steps(std::int64_t t, std::int64_t limit, state_type& h, System& system, rollout::repeats<System>& cycle)
    requires takes_steps
  {
    if (!started_) begin(h);
    limit = std::min({limit, to_boundary(), cycle.renewed_at() - t + 1, mark_at_ - seen_});
    const std::int64_t taken = options_.interval == 1 ? take<true>(t, limit, h, system, cycle)
                                                      : take<false>(t, std::min(limit, next_due_ - seen_), h, system, cycle);
    if (seen_ == mark_at_) [[unlikely]] {
      const input_type none = system.make_input();
      take_mark({t + taken - 1, h, none, h, system, cycle});
    }
    return taken;
  }

  /// Ends some lanes: what they have counted becomes their result, and h the state that they end in.
  void end(const mask& lanes, libration::status how, std::int64_t t, const state_type& h) {
    failed_at_ = t;
    const mask ending = lanes && active_;
    for (int lane = 0; lane < width; ++lane)
      if (lane_of(ending, lane)) finish(lane, how, h);
  }

  /// The driver's last word: the unfinished stretch is orthonormalised and counted.
  void conclude(const rollout::step_view<System>& view) {
    const mask unfinished = active_ && interval_.since(seen_) > real(0.0);
    if (any(unfinished)) orthonormalise(view, unfinished);
    for (int lane = 0; lane < width; ++lane)
      if (lane_of(active_, lane))
        finish(lane, fell_on_cycle(view, lane) ? libration::status::collapsed : libration::status::ok, view.next);
  }

  const spectrum_result& result(int lane = 0) const { return results_[static_cast<std::size_t>(lane)]; }
  spectrum_result take_result(int lane) { return std::move(results_[static_cast<std::size_t>(lane)]); }

 private:
  static Eigen::Index columns_of(const frame_type& frame) {
    if constexpr (requires { frame.cols(); })
      return frame.cols();
    else
      return frame.count;
  }

  void begin(const state_type& h) {
    started_ = true;
    counting_ = warm_up() == 0;
    checkpoint_.h = h;
    next_due_ = interval_.next(0);
  }

  // Steps to the end of the stretch or of the warm-up.
  std::int64_t to_boundary() const { return counting_ ? stretch_ - in_stretch_ : warm_up() - seen_; }

  void count_steps(std::int64_t steps) {
    seen_ += steps;
    if (counting_) in_stretch_ += steps;
  }

  void add_determinant([[maybe_unused]] const System& system, [[maybe_unused]] const mask& where) {
    if constexpr (System::has_determinant) {
      if (full_ && counting_) record_.determinant.add(where, system);
    }
  }

  // Each of the last steps was orthonormalised in these lanes, and its growth is in the record.
  void count_ordinary(const mask& where, std::int64_t steps) {
    const real each = select(where, real(static_cast<double>(steps)), real(0.0));
    orthonormalisations_ += each;
    if (counting_) pending_steps_ += each;
    interval_.adapt(where, seen_, real(1.0));
  }

  template <bool each_step>
  std::int64_t take(std::int64_t t, std::int64_t limit, state_type& h, System& system, rollout::repeats<System>& cycle) {
    using steps_type = ordinary_steps<T, System::n, System::capacity>;
    const mask orthonormal = everywhere<mask>(each_step);
    const input_type none = system.make_input();
    steps_type places[2];
    steps_type *now = &places[0], *next = &places[1];
    now->read(h, frame_, record_);
    std::int64_t taken = 0;
    mask ordinary = everywhere<mask>(false);
    while (taken < limit) {
      const std::int64_t steps = one_by_one_ > 0 ? 1 : std::min(limit - taken, steps_type::most);
      ordinary = system.map().template propose<each_step>(*now, steps, cycle.anchor(), cycle.found(), *next);
      if (!all(ordinary || !active_)) [[unlikely]] {
        if (steps == 1) break;
        one_by_one_ = steps;
        continue;
      }
      std::swap(now, next);
      taken += steps;
      if (one_by_one_ > 0) --one_by_one_;
      if (!all(now->in_range() || !active_)) break;
    }
    if (taken > 0) {
      now->write(everywhere<mask>(true), h, frame_, record_);
      cycle.observe(t + taken - 1, h);
      count_steps(taken);
      if (each_step) count_ordinary(active_, taken);
      linearised_ = false;
      look_after({t + taken - 1, h, none, h, system, cycle}, orthonormal);
      return taken;
    }

    if (one_by_one_ > 0) --one_by_one_;
    state_type image = h;
    system.advance(t, h, none, image);
    const mask diverged = active_ && !ordinary && !rollout::all_finite(image);
    if (any(diverged)) end(diverged, libration::status::diverged, t, h);
    system.tangent(frame_);
    add_determinant(system, !ordinary);
    next->write(ordinary, image, frame_, record_);
    std::swap(h, image);
    cycle.observe(t, h);
    count_steps(1);
    if (each_step) count_ordinary(active_ && ordinary, 1);
    linearised_ = true;
    if (!done()) look_after({t, image, none, h, system, cycle}, orthonormal && ordinary);
    return 1;
  }

  // What is due after a step, once the frame and the record hold it in all lanes.
  //
  // \param orthonormal  where the frame is so already
  void look_after(const rollout::step_view<System>& view, const mask& orthonormal) {
    const bool boundary = counting_ ? in_stretch_ == stretch_ : seen_ == warm_up();
    if (!boundary && seen_ < next_due_) return;
    const mask due = active_ && !orthonormal && (boundary ? everywhere<mask>(true) : interval_.due(seen_));
    if (any(due))
      orthonormalise(view, due);
    else
      next_due_ = interval_.next(seen_, active_);
    if (boundary && counting_) {
      close_stretch(view);
    } else if (boundary) {
      counting_ = true;
      clear_growth();
    }
  }

  void orthonormalise(const rollout::step_view<System>& view, const mask& due) {
    // In place where there is one lane: a replay begins at the checkpoint. In lanes that are not due the frame stays as it is.
    if constexpr (width > 1) trial_ = frame_;
    factor_(width > 1 ? trial_ : frame_);
    mask broken = due && !factor_.finite();
    mask lost = due && (factor_.unresolved() || denormal() || shrunk_);
    shrunk_ = shrunk_ && !due;
    if (any(lost || broken)) [[unlikely]] {
      lost = (lost || broken) && interval_.since(seen_) > real(1.0);
      broken = broken && !lost;
    }
    const mask good = due && !lost && !broken;
    const real condition = factor_.condition();
    pivots_.add(good, interval_.since(seen_), factor_, linearised_ ? &view.system : nullptr, counting_, record_);
    note(good, interval_.since(seen_), condition);
    interval_.adapt(good, seen_, condition);
    if constexpr (width > 1) assign_where(good, trial_, frame_);
    if (any(broken)) [[unlikely]]
      end(broken, libration::status::diverged, view.t, view.next);
    if (any(lost)) [[unlikely]] {
      if (options_.interval > 0) {
        end(lost, libration::status::lost_frame, view.t, view.next);
      } else {
        for (int lane = 0; lane < width; ++lane)
          if (lane_of(lost, lane)) go_back(view, lost, interval_.since(seen_), lane);
      }
    }
    next_due_ = interval_.next(seen_, active_);
    // A single step is never replayed.
    if (options_.interval == 0 && (width > 1 || next_due_ > seen_ + 1)) {
      assign_where(due, view.next, checkpoint_.h);
      assign_where(due, frame_, checkpoint_.frame);
    }
  }

  // Where some column has shrunk so far since the last orthonormalisation that its digits are lost.
  mask denormal() const { return some_pivot_below(factor_, columns_, real(least_pivot)); }

  // Runs the steps since a lane's last orthonormalisation again, with one at every step, for it and the lanes among `lost`
  // that have as many. `since` is 0 in lanes that have been seen to.
  void go_back(const rollout::step_view<System>& view, const mask& lost, const real& since, int lane) {
    const auto steps = static_cast<std::int64_t>(lane_value(since, lane));
    if (steps == 0) return;
    const mask group = lost && since == real(static_cast<double>(steps));
    state_type h = checkpoint_.h, next = h;
    trial_ = checkpoint_.frame;
    for (std::int64_t t = view.t + 1 - steps; t <= view.t; ++t) {
      replay_system_.advance(t, h, inputs_[static_cast<std::size_t>(t % stretch_)], next);
      replay_system_.tangent(trial_);
      factor_(trial_);
      const real condition = factor_.condition();
      const mask finite = group && factor_.finite();
      pivots_.add(finite, real(1.0), factor_, &replay_system_, counting_, record_);
      note(finite, real(1.0), condition);
      std::swap(h, next);
    }
    assign_where(group, trial_, frame_);
    const mask broken = group && !factor_.finite();
    for (int other = 0; other < width; ++other) {
      if (!lane_of(group, other)) continue;
      interval_.shorten(other, seen_);
      ++books_[other].breakdowns;
    }
    if (any(broken)) end(broken, libration::status::diverged, view.t, view.next);
  }

  void note(const mask& where, const real& steps, const real& condition) {
    orthonormalisations_ += select(where, real(1.0), real(0.0));
    record_.note_condition(where, condition);
    if (counting_) pending_steps_ += select(where, steps, real(0.0));
  }

  void clear_growth() {
    record_.begin_stretch();
    pending_steps_ = real(0.0);
    in_stretch_ = 0;
  }

  void flush() {
    for (std::size_t i = 0; i < record_.pivots.size(); ++i) flushed_[i] = record_.pivots[i].value();
    flushed_.back() = record_.determinant.value();
  }

  void close_stretch(const rollout::step_view<System>& view) {
    flush();
    series_.add(std::span<const real>(flushed_), stretch_);
    clear_growth();
    if (series_.adds() >= 2 * sampled_) {  // at powers of two, so that it costs nothing
      sampled_ = series_.adds();
      const real defect = factor_.defect(frame_);
      for (int lane = 0; lane < width; ++lane)
        if (lane_of(active_, lane)) books_[lane].worst_defect = std::max(books_[lane].worst_defect, lane_value(defect, lane));
    }
    if constexpr (System::autonomous) {
      if (any(view.cycle.found() && active_)) [[unlikely]] {
        for (int lane = 0; lane < width; ++lane)
          if (lane_of(active_, lane) && fell_on_cycle(view, lane)) finish(lane, libration::status::collapsed, view.next);
      }
    }
    if (series_.steps() >= books_[0].next_check()) {
      for (int lane = 0; lane < width; ++lane) {
        const bool runs = lane_of(active_, lane);
        if (!runs) {
          books_[lane].pass(series_.steps());
        } else {
          const bool enough = with_growth(lane, [&](const growth_so_far& growth) { return books_[lane].enough(growth, options_); });
          if (enough) finish(lane, libration::status::ok, view.next);
        }
      }
    }
  }

  // Whether the orbit repeats on an unstable cycle that its start was not on. Where it repeats the frame is orthonormal.
  bool fell_on_cycle(const rollout::step_view<System>& view, int lane) {
    if (!System::autonomous || view.cycle.period(lane) == 0 || books_[lane].cycle.length() > 0) return false;
    trial_ = frame_;
    return books_[lane].cycle.fell(view, lane, replay_system_, [&](std::int64_t t, const auto& h, const auto& x, auto& next) {
      replay_system_.advance(t, h, x, next);
      replay_system_.tangent(trial_);
      factor_(trial_);
      const double pivot = lane_value(factor_.pivot(0), lane);
      return pivot <= 0.0 ? -std::numeric_limits<double>::infinity() : std::log(pivot);
    });
  }

  // The next of `options_.marks`, as a number of seen steps.
  void look_for_mark() {
    mark_at_ = marks_taken_ < options_.marks.size() ? saturating_sum(warm_up(), options_.marks[marks_taken_]) : unlimited_steps;
  }

  // What a run that ends here would come back with: a copy ends, so that this one goes on as if there were no mark.
  void take_mark(const rollout::step_view<System>& view) {
    ++marks_taken_;
    look_for_mark();
    if (done()) return;
    auto so_far = std::exchange(at_marks_, {});
    spectrum_run here = *this;
    here.conclude(view);
    at_marks_ = std::move(so_far);
    at_marks_.resize(static_cast<std::size_t>(width));
    for (int lane = 0; lane < width; ++lane)
      if (lane_of(active_, lane)) at_marks_[static_cast<std::size_t>(lane)].push_back(here.take_result(lane));
  }

  void finish(int lane, libration::status how, const state_type& h) {
    spectrum_result& r = results_[static_cast<std::size_t>(lane)];
    r.final_state = rollout::state_values(h, lane);
    if (!at_marks_.empty()) r.at_marks = std::move(at_marks_[static_cast<std::size_t>(lane)]);
    with_growth(lane, [&](const growth_so_far& growth) { books_[lane].finish(growth, options_, how, failed_at_, r); });
    set_lane(active_, lane, false);
  }

  // Calls `use` with what one lane has counted so far.
  template <class Use>
  auto with_growth(int lane, const Use& use) {
    flush();
    growth_so_far growth;
    growth.wanted = wanted_;
    growth.pending_steps = static_cast<std::int64_t>(lane_value(pending_steps_, lane));
    growth.unfinished_steps = in_stretch_;
    growth.seen = seen_;
    growth.orthonormalisations = static_cast<std::int64_t>(lane_value(orthonormalisations_, lane));
    growth.worst_condition = lane_value(record_.worst_condition(), lane);
    growth.full = full_;
    growth.has_determinant = System::has_determinant;
    growth.by_cofactors = requires(const System& system) { system.determinant(); };
    growth.time_step = time_step_;
    growth.per_unit_of_time = replay_system_.per_unit_of_time();
    growth.resize(columns_);
    growth.doubt.eps = eps;
    growth.doubt.frame_steps = frame_steps_;
    growth.doubt.discard = options_.frame_transient == automatic;
    for (Eigen::Index i = 0; i < columns_; ++i) {
      growth.doubt.rounding[i] =
          pivots_.rounding(i, lane, series_.steps() + growth.pending_steps, record_, orthonormalisations_);
      growth.doubt.unresolved[i] = pivots_.bounded(i, lane);
    }
    for (std::size_t i = 0; i < flushed_.size(); ++i) growth.pending[i] = lane_value(flushed_[i], lane);
    if constexpr (width == 1) {
      growth.series = &series_;
      return use(growth);
    } else {
      const stats::batch_series<double> one = series_.lane(lane);
      growth.series = &one;
      return use(growth);
    }
  }

  static constexpr double eps = pivot_count<System>::eps;
  // Smaller numbers may have lost digits as denormal ones.
  static constexpr double least_pivot = static_cast<double>(std::numeric_limits<typename scalar_traits<T>::base>::min()) / eps;

  spectrum_options options_;
  Eigen::Index wanted_, columns_;
  bool full_;
  std::int64_t frame_steps_;
  double time_step_;
  frame_type frame_;
  System replay_system_;
  struct {
    state_type h;
    frame_type frame;
  } checkpoint_;
  frame_type trial_;
  tangent::frame_factor<System> factor_;
  std::int64_t stretch_;
  interval_control<real, width> interval_;
  stats::batch_series<real> series_;  // rows: the exponents, then ln|det J|
  growth_record<System> record_;  // since the last whole stretch
  pivot_count<System> pivots_;
  std::vector<real> flushed_;
  std::vector<input_type> inputs_;  // of the last stretch, by t modulo its length
  std::vector<spectrum_result> results_;
  std::vector<std::vector<spectrum_result>> at_marks_;  // a list a lane, once there is one
  std::size_t marks_taken_ = 0;
  std::int64_t mark_at_ = unlimited_steps;  // seen steps at the next mark
  mask active_ = everywhere<mask>(true);
  mask shrunk_ = everywhere<mask>(false);  // a column was denormal, or nearly, at some step since the last orthonormalisation
  lane_books books_[static_cast<std::size_t>(width)];
  real orthonormalisations_ = real(0.0), pending_steps_ = real(0.0);
  std::int64_t seen_ = 0, in_stretch_ = 0, next_due_ = 0, failed_at_ = -1, sampled_ = 0;
  std::int64_t one_by_one_ = 0;  // steps to be taken so, after a proposal that did not hold
  bool started_ = false, counting_ = false;
  bool linearised_ = false;  // the system holds the last step's Jacobian; an ordinary step's is not singular
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
