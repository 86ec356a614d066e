// SPDX-License-Identifier: MIT
// What rounded weights cost over a long run, beside what they cost on given text.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <libration/core/parallel.hpp>
#include <libration/error/model_exposure_bias.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/progress_bar.hpp>

#include "pieces.hpp"
#include "section.hpp"

namespace stability {

namespace {

namespace error = libration::error;

std::int64_t writes(const question& q) { return q.written(200, 20); }

// The pictures' and the tables' steps are the text's units.
void print_exposure(const question& q, answer& so_far) {
  const auto prompts = prompts_of(q, q.scaled(24, 3));
  const std::int64_t length = writes(q);
  constexpr std::array<int, 3> bits = {8, 6, 4};
  std::array<error::model_exposure_result, 3> results;
  {
    report::progress_bar bar("weights in fewer bits");
    for (std::size_t i = 0; i < bits.size(); ++i) {
      results[i] = error::exposure_bias(q.model.text.model, q.model.text.compressed(bits[i]), prompts,
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
  draw(so_far,
       report::bands_script(bands, file, "What rounded weights add up to on the network's own texts, with 95 % intervals",
                          {q.unit + "s", "sum of the divergences, nats", false, true}),
       file);
}

}  // namespace

section exposure_section() {
  return {.name = "exposure",
          .options = {"--effort", "--seed"},
          .run = print_exposure,
          .writes = writes,
          .states = [](const question&) { return 2.0 * libration::thread_count(0); }};
}

}  // namespace stability
