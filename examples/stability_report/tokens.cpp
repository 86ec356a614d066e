// SPDX-License-Identifier: MIT
// On the level of tokens: when two runs begin to write different texts.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <libration/core/parallel.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/progress_bar.hpp>

#include "pieces.hpp"
#include "section.hpp"
#include "writing.hpp"

namespace stability {

namespace {

namespace error = libration::error;

// The Kaplan-Meier curve as steps.
report::band band_of(const std::string& label, const error::token_divergence_result& r) {
  const Eigen::Index points = r.steps + 1;
  report::band b{label, Eigen::VectorXd::LinSpaced(points, 0.0, static_cast<double>(r.steps)), Eigen::VectorXd(points),
                 Eigen::VectorXd(points), Eigen::VectorXd(points)};
  for (Eigen::Index t = 0; t < points; ++t) {
    const auto p = r.survival.at(t);
    b.value[t] = p.survival;
    b.lower[t] = p.lower;
    b.upper[t] = p.upper;
  }
  return b;
}

std::string when(const libration::stats::time_quantile& q) {
  return std::isinf(q.time) ? std::string("not reached") : report::text(q);
}

constexpr std::array<double, 3> parts = {0.001, 0.01, 0.1};
using three_divergences = std::array<error::token_divergence_result, 3>;

void print_divergences(const question& q, const three_divergences& runs, answer& so_far) {
  fmt::print(
      "\nWhen two runs write different texts\n"
      "  {} pairs of runs go on from pieces of the text for {} {}s, sampled with the same random numbers (Gumbel-max)\n"
      "  by both; one of the two set out from a state disturbed by a part of its size. The number of {}s up to which the\n"
      "  given share of pairs agree (95 % interval):\n"
      "    disturbed by   99 % of pairs           80 %                    50 %                    parted   chance a {}\n",
      runs[0].pairs.size(), runs[0].steps, q.unit, q.unit, q.unit);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& r = runs[i];
    const auto& h = r.hazard;
    fmt::print("    {:>9.1f} %    {:<22}  {:<22}  {:<22}  {:>2} of {}  {}\n", 100.0 * parts[i], when(r.horizon_99),
               when(r.horizon_80), when(r.horizon_50), r.survival.event_count, r.pairs.size(),
               fmt::format("{:.2g} ({:.1g} to {:.1g})", h.constant.hazard, h.constant.lower, h.constant.upper));
    so_far.json["tokens"].push_back({{"perturbation_of_the_state", parts[i]}, {"result", report::to_json(r)}});
    so_far.whole = so_far.whole && r.status == libration::status::ok;
  }
  const auto& strongest = runs.back().hazard;
  if (strongest.weibull.status == libration::status::ok)
    fmt::print("  At 10 % the chance of parting {}\n  (Weibull shape {}, against a constant chance: p = {:.2g}).\n",
               strongest.p_value > 0.05 ? "is the same at every step, as far as can be told"
               : strongest.weibull.shape < 1.0
                   ? "is largest at first and then falls: a disturbance that changes nothing at once fades"
                   : "rises with the length",
               report::with_interval(strongest.weibull.shape, strongest.weibull.shape_lower, strongest.weibull.shape_upper),
               strongest.p_value);
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "tokens.png";
  std::vector<report::band> bands;
  for (std::size_t i = 0; i < parts.size(); ++i)
    bands.push_back(band_of(fmt::format("state disturbed by {:.1f} %", 100.0 * parts[i]), runs[i]));
  draw(so_far,
       report::bands_script(bands, file, "Pairs of runs that have written the same so far, with 95 % intervals",
                          {q.unit + "s written", "fraction of pairs"}),
       file);
}

constexpr std::int64_t prompts_at_most = 16;

std::int64_t writes(const question& q) { return q.written(400, 40); }

void print_tokens(const question& q, answer& so_far) {
  const text_capability& text = q.model.text;
  const auto prompts = prompts_of(q, prompts_at_most);
  const double size = q.model.state ? settled_state(q).norm() : 0.0;
  Eigen::MatrixXf starts;
  if (text.disturbed) {
    starts.resize(text.model.state_size(), static_cast<Eigen::Index>(prompts.size()));
    for (std::size_t i = 0; i < prompts.size(); ++i) starts.col(static_cast<Eigen::Index>(i)) = text.read(prompts[i]);
  }
  three_divergences runs;
  {
    report::progress_bar bar("texts that two runs write");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      error::token_divergence_options options{.runs = q.scaled(96, 4), .steps = writes(q), .seed = q.options.seed};
      options.on_progress = [&](const libration::progress& p) {
        bar({static_cast<std::int64_t>(i) * p.total + p.done, 3 * p.total});
      };
      if (text.disturbed) {
        runs[i] = part_ways(text.model, text.model, starts, text.disturbed(starts, parts[i], q.options.seed), options);
      } else {
        options.perturbation = parts[i] * size;
        runs[i] = part_ways(text.model, text.model, prompts, options);
      }
    }
  }
  print_divergences(q, runs, so_far);
}

}  // namespace

section tokens_section() {
  return {
      .name = "tokens", .options = {"--effort", "--seed"}, .run = print_tokens, .writes = writes, .states = [](const question&) {
        return 2.0 * prompts_at_most + 2.0 * libration::thread_count(0);
      }};
}

}  // namespace stability
