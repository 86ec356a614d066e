// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Perturbation growth from many starts: pairs of runs in SIMD lanes, groups of pairs over threads.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/measured_error.hpp>
#include <libration/error/detail/parting.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/rollout/ensemble.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/scalar.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// Curves from many starts. Starts from which the reference itself diverged are listed, and have no row in `curve.error`.
struct [[nodiscard]] growth_ensemble_result {
  growth_curve curve;                  ///< one pair a start, in order; `diverged` only where every reference diverged
  std::vector<Eigen::Index> diverged;  ///< starts without a row
};

namespace detail {

/// What a group of pairs leaves beside its errors: for each component Σ (h - h0) and Σ (h - h0)² of every lane, and h0.
struct group_moments {
  Eigen::ArrayXXd sum, squares, origin;  // shape (n, size)
  std::vector<char> diverged;            // of the reference, by lane
  std::vector<jump_record> jumps;        // by lane
};

/// One group of pairs. T: double, or lanes of doubles.
///
/// \param out  shape (size, points): the pairs' errors, not normalised
/// \return     empty where `options.stop` was requested before the last step
template <class T, class M>
std::optional<group_moments> pairs_group(const M& map, const Eigen::Ref<const Eigen::MatrixXd>& starts, std::int64_t first,
                                         std::int64_t size, const growth_options& options, Eigen::Ref<Eigen::MatrixXd> out) {
  constexpr int n = M::dimension, width = scalar_traits<T>::width;
  using state_type = state<T, n>;
  const auto member = [&](int lane) { return rollout::member_of(first, size, lane); };
  const auto put = [](T& x, [[maybe_unused]] int lane, double value) {
    if constexpr (width == 1)
      x = value;
    else
      x[lane] = value;
  };
  const state<T, 1> none{};
  const measured_error<M> error(map, options.norm);
  std::int64_t t = 0;
  const auto stopped = [&] {
    constexpr std::int64_t between_looks = 256;
    return t % between_looks == 0 && options.stop.stop_requested();
  };
  const auto step = [&](const state_type& h) { return maps::evaluate(map, t, h, none); };
  Eigen::VectorXd direction(n - maps::counters<M>);
  const auto set_out = [&](const state_type& h, double scale, std::uint64_t stream, bool own) {
    state_type p = h;
    for (int lane = 0; lane < width; ++lane)
      perturb(
          error, scale, random_stream(options.seed, own ? static_cast<std::uint64_t>(member(lane)) : stream), direction,
          [&](Eigen::Index i) { return lane_value(h[static_cast<int>(i)], lane); },
          [&](Eigen::Index i, double x) { put(p[static_cast<int>(i)], lane, x); });
    return p;
  };

  state_type h;
  for (int i = 0; i < n; ++i)
    for (int lane = 0; lane < width; ++lane) put(h[i], lane, starts(i, member(lane)));

  const bool leading = options.direction == direction::leading;
  for (const std::int64_t end = options.transient; t < end; ++t) {
    if (stopped()) return std::nullopt;
    h = step(h);
  }
  state_type p;
  if (leading) {
    // Beside each lane's own state, as in `growth`.
    const state_type zero{};
    const auto near = [&](const state_type& at) { return 1.5e-8 * (1.0 + error.length(error.difference(at, zero))); };
    const auto begin = [&](const state_type& at) {
      const state_type unit = set_out(zero, 1.0, leading_stream, false);
      const T apart = near(at);
      state_type neighbour;
      for (int i = 0; i < n; ++i) neighbour[i] = at[i] + apart * unit[i];
      return neighbour;
    };
    const random_stream signs(options.seed, leading_stream + 1);
    p = begin(h);
    for (const std::int64_t end = t + options.alignment; t < end; ++t) {
      if (stopped()) return std::nullopt;
      const state_type next = step(h), neighbour = step(p);
      const T apart = error.length(error.difference(neighbour, next));
      const T factor = near(next) / apart;
      for (int i = 0; i < n; ++i) {
        // A component that would be rounded away keeps a share that it can grow from, as in `rollout::neighbour`.
        using std::abs;
        const T d = factor * T(error.coordinates().difference(i, neighbour[i], next[i]));
        const T share = (4.0 * std::numeric_limits<double>::epsilon()) * abs(next[i]);
        const double sign = (signs.bits(static_cast<std::uint64_t>(t * n + i)) & 1) != 0 ? 1.0 : -1.0;
        p[i] = next[i] + select(abs(d) < share, sign * share, d);
      }
      const auto merged = !(apart > 0.0);
      if (any(merged)) assign_where(merged, begin(next), p);  // those set out anew
      h = next;
    }
    const T factor = T(options.size) / error.length(error.difference(p, h));
    for (int i = 0; i < n; ++i) p[i] = h[i] + factor * T(error.coordinates().difference(i, p[i], h[i]));
  } else {
    p = set_out(h, options.size, 0, true);
  }

  // Of a coordinate that wraps, one point for all references.
  state_type origin = h;
  for (int i = 0; i < n; ++i)
    if (error.coordinates().period(i) > 0.0) origin[i] = T(starts(i, 0));
  state_type sum{}, squares{};
  for (int i = 0; i < n; ++i) sum[i] = squares[i] = T(0.0);
  state_type difference = error.difference(p, h);
  T apart = error.length(difference);
  const auto length_of = [&](int lane) {
    const double x = lane_value(apart, lane);
    if (x > 1e-140 && x < 1e140) return x;
    return error([&](Eigen::Index i) { return lane_value(difference[static_cast<int>(i)], lane); });  // squares leave the range
  };
  const auto record = [&](Eigen::Index point) {
    for (int lane = 0; lane < static_cast<int>(size); ++lane) {
      const double x = length_of(lane);
      out(lane, point) = std::isfinite(x) ? x : std::numeric_limits<double>::infinity();
    }
  };
  std::vector<jump_record> jumps(static_cast<std::size_t>(size));
  Eigen::VectorXd image(n), base(n);
  // As `growth` does, lane by lane.
  const auto look_for_jumps = [&](const state_type& from, const state_type& between, T before) {
    for (int lane = 0; lane < static_cast<int>(size); ++lane) {
      const auto number = [lane](const state_type& x) {
        return [&x, lane](Eigen::Index i) { return lane_value(x[static_cast<int>(i)], lane); };
      };
      const double earlier = lane_value(before, lane), after = length_of(lane);
      if (!(after > most_growth * earlier && std::isfinite(after))) continue;
      if (!(earlier > least_looked_at<double> * error(number(from)))) continue;
      const auto alone = [&](const auto& at, Eigen::VectorXd& result) {
        state<double, n> x;
        for (int i = 0; i < n; ++i) x[i] = at(i);
        const state<double, n> y = maps::evaluate(map, t, x, state<double, 1>{});
        for (int i = 0; i < n; ++i) result[i] = y[i];
      };
      jumps[static_cast<std::size_t>(lane)].add(
          find_parting<double>(error, after, number(from), number(between), number(h), number(difference), alone, image, base));
    }
  };
  record(0);
  std::int64_t to_record = options.every;
  for (std::int64_t s = 1; s <= options.steps; ++s, ++t) {
    if (stopped()) return std::nullopt;
    const state_type from = h, between = difference;
    const T before = apart;
    h = step(h);
    p = step(p);
    for (int i = 0; i < n; ++i) {
      const T d = T(error.coordinates().difference(i, h[i], origin[i]));
      sum[i] += d;
      squares[i] += d * d;
    }
    difference = error.difference(p, h);
    apart = error.length(difference);
    if (any(apart > most_growth * before)) look_for_jumps(from, between, before);
    if (--to_record == 0) {
      record(s / options.every);
      to_record = options.every;
    }
  }

  group_moments moments{Eigen::ArrayXXd(n, size), Eigen::ArrayXXd(n, size), Eigen::ArrayXXd(n, size), {}, std::move(jumps)};
  for (int lane = 0; lane < static_cast<int>(size); ++lane) {
    bool finite = true;
    for (int i = 0; i < n; ++i) {
      moments.sum(i, lane) = lane_value(sum[i], lane);
      moments.squares(i, lane) = lane_value(squares[i], lane);
      moments.origin(i, lane) = lane_value(origin[i], lane);
      finite = finite && std::isfinite(moments.squares(i, lane)) && std::isfinite(lane_value(h[i], lane));
    }
    moments.diverged.push_back(finite ? 0 : 1);
  }
  return moments;
}

/// What became of every pair: moments as in `group_moments`, shape (n, pairs).
struct ensemble_record {
  ensemble_record(Eigen::Index n, Eigen::Index pairs)
      : sum(n, pairs),
        squares(n, pairs),
        origin(n, pairs),
        diverged(static_cast<std::size_t>(pairs), 0),
        done(diverged),
        jumps(static_cast<std::size_t>(pairs)) {}

  LIBRATION_DECLARED void put(std::int64_t first, std::int64_t size, const group_moments& m);
  /// The pair was run, and its reference did not diverge.
  bool kept(Eigen::Index j) const { return done[static_cast<std::size_t>(j)] != 0 && diverged[static_cast<std::size_t>(j)] == 0; }
  bool complete() const { return std::find(done.begin(), done.end(), char{0}) == done.end(); }

  /// Coordinates that all references rise or fall in, as they would with a constant speed: (Σ d)² is 3/4 steps Σ d² then.
  LIBRATION_DECLARED std::vector<Eigen::Index> drifting(double steps) const;

  /// Standard deviations and root mean squares of the components along all references that were kept, shape (n) each.
  LIBRATION_DECLARED std::pair<Eigen::VectorXd, Eigen::VectorXd> spread(double steps) const;

  Eigen::ArrayXXd sum, squares, origin;
  std::vector<char> diverged, done;
  std::vector<jump_record> jumps;
};

}  // namespace detail

/// The growth of small errors from many starts: from each a reference runs `.transient` steps, and a neighbour sets out from it.
///
/// A pair's curve depends on its start and its number alone: the digits are the same on any number of threads. `.windows` and
/// `.members` mean nothing here; the normaliser is the spread of all references together. A stop token ends all: `cancelled`, with
/// the pairs that were finished. Jumps and coordinates that wrap undeclared are found as by `growth`.
///
/// \param starts  shape (n, pairs)
/// \throws        argument_error before the first step
/// Cost:          a formula map's pairs run `rollout::ensemble_width` at a time in SIMD lanes: two steps, 4 n operations and a
///                square root a pair and step
template <maps::formula_map M>
requires(!maps::driven<M>) growth_ensemble_result
    growth_ensemble(const M& map, const Eigen::Ref<const Eigen::MatrixXd>& starts, const growth_options& options = {},
                    const ensemble_options& how = {}) {
  constexpr std::string_view who = "error::growth_ensemble";
  constexpr int n = M::dimension;
  growth_options checked = options;
  checked.members = 1;
  validate(checked, who);
  require_rows(starts.rows(), n, who, "starts", "the map's dimension");
  require(starts.cols() >= 1, who, "starts has no columns");
  require(starts.allFinite(), who, "starts has an entry that is not finite");

  const Eigen::Index pairs = starts.cols(), points = options.steps / options.every + 1;
  growth_ensemble_result r;
  growth_curve& c = r.curve;
  detail::require_memory_for(pairs, points, (3.0 * n + 8.0) * static_cast<double>(pairs), who);
  c.error.resize(pairs, points);
  detail::ensemble_record record(n, pairs);
  const auto run = [&](auto scalar, std::int64_t first, std::int64_t size) {
    if (options.stop.stop_requested()) return;
    if (const auto moments =
            detail::pairs_group<decltype(scalar)>(map, starts, first, size, options, c.error.middleRows(first, size)))
      record.put(first, size, *moments);
  };
  bool in_lanes = false;
  if constexpr (rollout::runs_in_lanes<M>) {
    in_lanes = how.lanes;
    if (in_lanes)
      rollout::over_groups(pairs, rollout::ensemble_width<n>, how.threads, options.on_progress,
                           [&](std::int64_t first, std::int64_t size) { run(rollout::ensemble_lanes<n>(0.0), first, size); });
  }
  if (!in_lanes)
    rollout::over_groups(pairs, 1, how.threads, options.on_progress,
                         [&](std::int64_t first, std::int64_t size) { run(0.0, first, size); });

  Eigen::Index rows = 0;
  for (Eigen::Index j = 0; j < pairs; ++j) {
    if (record.diverged[static_cast<std::size_t>(j)]) r.diverged.push_back(j);
    if (!record.kept(j)) continue;
    if (rows != j) c.error.row(rows) = c.error.row(j);
    ++rows;
  }
  if (rows < pairs) c.error.conservativeResize(rows, Eigen::NoChange);
  c.time_step = maps::time_step(map);
  c.per_unit_of_time = maps::has_time_step<M>;
  c.time = Eigen::VectorXd::LinSpaced(points, 0.0, static_cast<double>((points - 1) * options.every) * c.time_step);
  c.norm = options.norm;
  c.size = options.size;
  c.direction = options.direction;
  c.seed = options.seed;
  c.status = !record.complete() ? status::cancelled : rows == 0 ? status::diverged : status::ok;
  const maps::coordinates coordinates(map);
  const auto norm_of = [&](const Eigen::VectorXd& v) {
    return detail::measure(options.norm, n, [&](Eigen::Index i) { return v[i]; });
  };
  auto [deviation, magnitude] = record.spread(static_cast<double>(options.steps));
  for (int i = 0; i < n; ++i)
    if (!coordinates.bounded(i)) deviation[i] = 0.0;
  for (const Eigen::Index i : record.drifting(static_cast<double>(options.steps))) {
    if (!coordinates.bounded(i) || coordinates.period(i) > 0.0) continue;
    deviation[i] = 0.0;
    c.drifting.push_back(i);
  }
  detail::finish_curve(c, options.normaliser, norm_of(deviation), norm_of(magnitude), std::numeric_limits<double>::epsilon());
  detail::jump_record jumps;
  for (Eigen::Index j = 0; j < pairs; ++j)
    if (record.kept(j)) jumps.add(record.jumps[static_cast<std::size_t>(j)]);
  jumps.report_to(c);
  return r;
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/growth_ensemble.hpp>
#endif
