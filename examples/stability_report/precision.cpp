// SPDX-License-Identifier: MIT
// What a state kept in fewer bits does to a run.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <libration/core/parallel.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/horizon.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/progress_bar.hpp>

#include "curves.hpp"
#include "pieces.hpp"
#include "section.hpp"
#include "writing.hpp"

namespace stability {

namespace {

void print_precision(const question& q, answer& so_far) {
  struct format {
    const char* name;
    maps::number_format kept;
  };
  const std::array<format, 4> formats = {{{"float32", maps::number_format::float32()},
                                          {"bfloat16", maps::number_format::bfloat16()},
                                          {"float16", maps::number_format::float16()},
                                          {"8 bits", maps::number_format::dynamic(8)}}};
  error::growth_options options = growth_windows(q, q.scaled(300, 40), q.scaled(12, 2));
  const state_capability& state = *q.model.state;
  const Eigen::VectorXd start = settled_state(q), zero = Eigen::VectorXd::Zero(state.network.state_size());
  const auto prompts = prompts_of(q, 16);
  const std::int64_t length = q.written(300, 40);
  std::array<error::growth_curve, 4> reading, writing;
  std::array<error::token_divergence_result, 4> tokens;
  {
    report::progress_bar bar("states in fewer bits");
    std::int64_t done = 0;
    const auto one_more = [&] { bar({++done, 3}); };
    libration::parallel_for(4, 0, [&](std::int64_t k) {
      const auto i = static_cast<std::size_t>(k);
      reading[i] = error::growth_between(state.network, state.rounded_network(formats[i].kept), zero, text_inputs(q), options);
    });
    one_more();
    libration::parallel_for(4, 0, [&](std::int64_t k) {
      const auto i = static_cast<std::size_t>(k);
      error::growth_options closed = options;
      closed.transient = 100;
      closed.windows = q.scaled(12, 2);
      writing[i] = error::growth_between(state.loop, state.rounded_loop(formats[i].kept), start, closed);
    });
    one_more();
    for (std::size_t i = 0; i < 4; ++i)
      tokens[i] = part_ways(q.model.text.model, q.model.text.rounded(formats[i].kept), prompts,
                            {.runs = q.scaled(48, 4), .steps = length, .seed = q.options.seed});
    one_more();
  }
  fmt::print(
      "\nIf the state were kept in fewer bits\n"
      "  After every {} the state is rounded, and the run parts from the exact one. Reading the text: the error after\n"
      "  {:.0f} {}s, in units of the state's spread. Free-running: the {}s until it comes to {} of the spread\n"
      "  (and what the exponent and the rounding's size predict). Writing: the {}s after which half of {} runs, sampled\n"
      "  with the same random numbers as the exact ones, have written something else.\n"
      "    format     reads the text                free-running             predicted   writes\n",
      q.unit, reading[0].time[reading[0].points() - 1], q.unit, q.unit, far_apart, q.unit, tokens[0].pairs.size());
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Index last = reading[i].points() - 1;
    so_far.whole = so_far.whole && reading[i].status == libration::status::ok && writing[i].status == libration::status::ok &&
                   tokens[i].status == libration::status::ok;
    if (reading[i].pairs() == 0 || writing[i].pairs() == 0) {
      fmt::print("    {:<9}  ended early: reading {}, free-running {}\n", formats[i].name, reading[i].status, writing[i].status);
      continue;
    }
    const auto parted = tokens[i].survival.event_count;
    const auto horizon = error::horizon(writing[i], {.threshold = far_apart});
    const double noise = formats[i].kept.error_deviation(start).norm() / writing[i].normaliser;
    const double predicted = error::predicted_noise_horizon(far_apart, noise, leading(so_far.writing));
    fmt::print("    {:<9}  {:<28}  {:<23}  {:>9}   {}\n", formats[i].name, at(reading[i], last), report::text(horizon.median),
               std::isnan(predicted) ? std::string("unknown") : fmt::format("{:.3g}", predicted),
               std::isinf(tokens[i].horizon_50.time)
                   ? fmt::format("more than {} ({} of {} parted)", length, parted, tokens[i].pairs.size())
                   : report::text(tokens[i].horizon_50));
    so_far.json["precision"][key(formats[i].name)] = {{"reads_the_text", report::to_json(reading[i])},
                                                      {"free_running", report::to_json(writing[i])},
                                                      {"horizon", report::to_json(horizon)},
                                                      {"predicted_horizon", report::number(predicted)},
                                                      {"tokens", report::to_json(tokens[i])}};
  }
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "precision.png";
  std::vector<report::band> bands;
  for (std::size_t i = 0; i < 4; ++i) bands.push_back(band_of(formats[i].name, writing[i]));
  draw(so_far,
       report::bands_script(bands, file, "A state kept in fewer bits, free-running: median and 5 to 95 % of the runs",
                            {q.unit + "s", "error, in units of the state's spread", false, true}),
       file);
}

}  // namespace

section precision_section() {
  return {.name = "precision", .needs = fixed_state, .options = {"--effort", "--seed"}, .run = print_precision};
}

}  // namespace stability
