// SPDX-License-Identifier: MIT
// The report's third part, on the level of tokens: when two runs begin to write different texts, and what rounded weights cost.

#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <libration/error/model_exposure_bias.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/models/quantize_weights.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/plot.hpp>
#include <libration/report/progress_bar.hpp>

#include "prompts.hpp"

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
      "  by both; one of the two set out from a state disturbed by a part of its size. Until which {} so many of the\n"
      "  pairs have written the same (95 % interval):\n"
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
  drew(so_far,
       report::plot_bands(bands, file, "Pairs of runs that have written the same so far, with 95 % intervals",
                          {q.unit + "s written", "fraction of pairs"}),
       file);
}

// The pictures' and the tables' steps are the text's units.
template <class Model>
void exposure_of(const question& q, const Model& model, const std::vector<std::vector<models::token>>& prompts, std::int64_t length,
                 answer& so_far) {
  constexpr std::array<int, 3> bits = {8, 6, 4};
  std::array<error::model_exposure_result, 3> results;
  {
    report::progress_bar bar("weights in fewer bits");
    for (std::size_t i = 0; i < bits.size(); ++i) {
      results[i] = error::exposure_bias(model, models::quantize_weights(model, bits[i]), prompts,
                                        {.steps = length, .runs = 2, .seed = q.options.seed});
      bar({static_cast<std::int64_t>(i) + 1, 3});
    }
  }
  fmt::print(
      "\nIf the weights were kept in fewer bits\n"
      "  The teacher is the network in single precision, the student the same with its weights rounded, row by row. On texts\n"
      "  that the teacher writes, the student misses its predictions by so much a {} (Kullback-Leibler divergence);\n"
      "  on texts of its own it may do worse and worse: the excess, over {} {}s, is what a test on given text does not\n"
      "  show ({} runs each; 95 % intervals):\n"
      "    weights   on the teacher's texts, nats       sum on its own texts, nats         excess over {} times the first\n",
      q.unit, length, q.unit, results[0].bias.student_runs, length);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const auto& b = results[i].bias;
    so_far.json["exposure"][fmt::format("{}_bits", bits[i])] = report::to_json(b);
    so_far.whole = so_far.whole && b.status == libration::status::ok;
    const Eigen::Index last = std::min({b.mean_divergence.value.size(), b.regret.value.size(), b.excess_percent.value.size()}) - 1;
    if (last < 0) {
      fmt::print("    {} bits    ended early: {}\n", bits[i], b.status);
      continue;
    }
    const auto show = [&](const error::length_curve& c, const char* unit) {
      if (std::isnan(c.value[last])) return std::string(b.identical_until(b.steps) ? "identical: none" : "not defined");
      if (std::isnan(c.lower[last]) || std::isnan(c.upper[last])) return fmt::format("{:.3g}{} (no interval)", c.value[last], unit);
      return fmt::format("{:.3g} ({:.3g} to {:.3g}){}", c.value[last], c.lower[last], c.upper[last], unit);
    };
    fmt::print("    {} bits    {:<33}  {:<33}  {}\n", bits[i], show(b.mean_divergence, ""), show(b.regret, ""),
               show(b.excess_percent, " %"));
  }
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "exposure.png";
  std::vector<report::band> bands;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const auto& c = results[i].bias.regret;
    if (c.value.size() == 0) continue;
    bands.push_back({fmt::format("weights of {} bits", bits[i]),
                     Eigen::VectorXd::LinSpaced(c.value.size(), 1.0, static_cast<double>(c.value.size())), c.value, c.lower,
                     c.upper});
  }
  drew(so_far,
       report::plot_bands(bands, file, "What rounded weights add up to on the network's own texts, with 95 % intervals",
                          {q.unit + "s", "sum of the divergences, nats", false, true}),
       file);
}

// The states with what is in their caches disturbed at random, by a part of its size.
Eigen::MatrixXf disturbed(const transformer& model, Eigen::MatrixXf starts, double part, std::uint64_t seed) {
  for (Eigen::Index j = 0; j < starts.cols(); ++j)
    starts.col(j) += static_cast<float>(part) * cache_noise(model, starts.col(j), seed, static_cast<std::uint64_t>(j));
  return starts;
}

}  // namespace

void print_tokens(const recurrent_question& q, answer& so_far) {
  const auto prompts = prompts_of(q, 16, 100);
  const std::int64_t length = q.scaled(400, 40);
  const double size = q.state_after(q.transient).norm();
  three_divergences runs;
  {
    report::progress_bar bar("texts that two runs write");
    for (std::size_t i = 0; i < parts.size(); ++i)
      runs[i] = error::token_divergence(q.single, q.single, prompts,
                                        {.runs = q.scaled(96, 4),
                                         .steps = length,
                                         .seed = q.options.seed,
                                         .perturbation = parts[i] * size,
                                         .on_progress = [&](const libration::progress& p) {
                                           bar({static_cast<std::int64_t>(i) * p.total + p.done, 3 * p.total});
                                         }});
  }
  print_divergences(q, runs, so_far);
}

void print_tokens(const transformer_question& q, answer& so_far) {
  const auto prompts = prompts_of(q, 16, q.prompt());
  Eigen::MatrixXf starts = Eigen::MatrixXf::Zero(q.model.state_size(), static_cast<Eigen::Index>(prompts.size()));
  for (std::size_t i = 0; i < prompts.size(); ++i) q.model.prefill(prompts[i], starts.col(static_cast<Eigen::Index>(i)));
  three_divergences runs;
  {
    report::progress_bar bar("texts that two runs write");
    for (std::size_t i = 0; i < parts.size(); ++i)
      runs[i] = error::token_divergence(q.model, q.model, starts, disturbed(q.model, starts, parts[i], q.options.seed),
                                        {.runs = q.scaled(96, 4),
                                         .steps = std::min(q.scaled(400, 40), q.room()),
                                         .seed = q.options.seed,
                                         .on_progress = [&](const libration::progress& p) {
                                           bar({static_cast<std::int64_t>(i) * p.total + p.done, 3 * p.total});
                                         }});
  }
  print_divergences(q, runs, so_far);
}

void print_exposure(const recurrent_question& q, answer& so_far) {
  exposure_of(q, q.single, prompts_of(q, q.scaled(24, 3), 100), q.scaled(200, 20), so_far);
}

void print_exposure(const transformer_question& q, answer& so_far) {
  exposure_of(q, q.model, prompts_of(q, q.scaled(24, 3), q.prompt()), std::min(q.scaled(200, 20), q.room()), so_far);
}

}  // namespace stability
