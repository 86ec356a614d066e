// SPDX-License-Identifier: MIT
// Where a transformer's attention goes as the context grows.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>

#include <libration/attention/dilution.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/models/attention_trace.hpp>
#include <libration/report/attention_table.hpp>
#include <libration/report/format.hpp>
#include <libration/report/json_attention.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/progress_bar.hpp>

#include "attention.hpp"
#include "pieces.hpp"
#include "section.hpp"

namespace stability {

namespace {

namespace attention = libration::attention;

// What is recorded of each row beside the keys it sees, which are those of every piece.
using rows = attention::entropy_result;
constexpr std::array recorded = {&rows::entropy,        &rows::varentropy, &rows::renyi2,       &rows::log_sum_exp,
                                 &rows::largest_weight, &rows::sink_mass,  &rows::mean_distance};

void print_attention(const question& q, answer& so_far) {
  const transformer& model = q.model.attention->model;
  const auto windows = windows_of(q, q.scaled(32, 2));
  rows mean;
  {
    report::progress_bar bar("attention along the text");
    for (std::size_t w = 0; w < windows.size(); ++w) {
      auto piece = libration::models::trace_attention(model, windows[w]);
      if (w == 0) {
        mean = std::move(piece);
      } else {
        for (const auto statistic : recorded) mean.*statistic += piece.*statistic;
        mean.bad_rows += piece.bad_rows;
      }
      bar({static_cast<std::int64_t>(w) + 1, static_cast<std::int64_t>(windows.size())});
    }
  }
  const double share = 1.0 / static_cast<double>(windows.size());
  for (const auto statistic : recorded) mean.*statistic *= share;
  mean.status = mean.bad_rows == 0 ? libration::status::ok : libration::status::diverged;
  so_far.whole = so_far.whole && mean.status == libration::status::ok;
  const auto dilution = attention::dilution(mean.entropy, mean.visible);
  const auto sinks = attention::sinks(mean.sink_mass, mean.visible);
  const Eigen::Index heads = model.config().query_heads;
  fmt::print(
      "\nWhere attention goes\n"
      "  Each head spreads a weight of 1 over the {}s it sees. Its entropy says over how many (e^H of them, were they\n"
      "  weighted alike); the slope of the entropy on the logarithm of their number says whether it thins out as the context\n"
      "  grows: 0 for a head that looks at as many as ever, 1 for one that looks at everything. Means over {} pieces of the\n"
      "  text, of {} {}s, each read from its beginning; the cache holds {}, and a longer text shows a head no more.\n{}\n{}\n",
      q.unit, windows.size(), windows.front().size(), q.unit, q.window,
      report::indented(report::attention_table(mean, dilution, sinks, heads)),
      report::indented(report::attention_verdict(dilution, sinks, heads)));
  so_far.json["attention"] = {{"pieces", windows.size()},
                              {"rows", report::to_json(mean)},
                              {"dilution", report::to_json(dilution)},
                              {"sinks", report::to_json(sinks)}};
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "attention.png";
  draw(so_far,
       report::heat_map_script(mean.normalised_entropy(), file,
                             "How evenly each head spreads its attention: entropy over ln of the keys seen",
                             {.x = q.unit,
                              .y = "layer, its heads downwards",
                              .unit = "entropy / ln(keys seen)",
                              .rows_per_layer = heads,
                              .low = 0.0,
                              .high = 1.0}),
       file);
}

// What is recorded of each head's rows and the keys they see, of one piece and of the mean.
double bytes(const question& q) {
  const auto& c = q.model.attention->model.config();
  constexpr double each_row = 2.0 * sizeof(double) * (recorded.size() + 1);
  return each_row * static_cast<double>(c.layers * c.query_heads) * static_cast<double>(q.piece());
}

}  // namespace

section attention_section() {
  return {.name = "attention", .needs = attention_rows, .options = {"--effort"}, .run = print_attention, .bytes = bytes};
}

}  // namespace stability
