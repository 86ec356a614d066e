// SPDX-License-Identifier: MIT
// What a transformer's cache of fewer bits does to what it writes.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include <libration/core/parallel.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/progress_bar.hpp>

#include "pieces.hpp"
#include "section.hpp"
#include "writing.hpp"

namespace stability {

namespace {

namespace error = libration::error;

std::int64_t writes(const question& q) { return q.written(200, 40); }

void print_precision(const question& q, answer& so_far) {
  struct format {
    const char* name;
    maps::number_format kept;
  };
  // A scale for the numbers of a key's component over the window, or of neighbouring values.
  const std::array<format, 3> formats = {{{"bfloat16", maps::number_format::bfloat16()},
                                          {"8 bits", maps::number_format::dynamic(8, q.cache)},
                                          {"4 bits", maps::number_format::dynamic(4, q.cache)}}};
  const auto prompts = prompts_of(q, 16);
  const std::int64_t length = writes(q);
  std::array<error::token_divergence_result, 3> runs;
  {
    report::progress_bar bar("a cache of fewer bits");
    for (std::size_t i = 0; i < formats.size(); ++i)
      runs[i] = part_ways(
          q.model.text.model, q.model.text.rounded(formats[i].kept), prompts,
          {.runs = q.scaled(32, 4), .steps = length, .seed = q.options.seed, .on_progress = [&](const libration::progress& p) {
             bar({static_cast<std::int64_t>(i) * p.total + p.done, 3 * p.total});
           }});
  }
  fmt::print(
      "\nIf the cache were kept in fewer bits\n"
      "  After every {} the whole cache is rounded. {} runs write on from pieces of the text, {} {}s, with the same random\n"
      "  numbers as the run whose cache is kept in single precision: the {}s after which half of them have written something "
      "else.\n",
      q.unit, runs[0].pairs.size(), length, q.unit, q.unit);
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const auto& r = runs[i];
    fmt::print("    {:<9}  {}\n", formats[i].name,
               std::isinf(r.horizon_50.time)
                   ? fmt::format("more than {} ({} of {} parted)", length, r.survival.event_count, r.pairs.size())
                   : report::text(r.horizon_50));
    so_far.json["precision"][key(formats[i].name)] = report::to_json(r);
    so_far.whole = so_far.whole && r.status == libration::status::ok;
  }
}

}  // namespace

section cache_precision_section() {
  return {.name = "precision",
          .needs = attention_rows,
          .options = {"--effort", "--seed"},
          .run = print_precision,
          .writes = writes,
          .states = [](const question&) { return 2.0 * libration::thread_count(0); }};
}

}  // namespace stability
