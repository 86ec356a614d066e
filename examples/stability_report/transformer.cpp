// SPDX-License-Identifier: MIT
// The report on a transformer: where its attention goes as the context grows, what an error in its cache does, and a cache of few
// bits.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libration/attention/dilution.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/random.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/models/attention_trace.hpp>
#include <libration/models/feedback.hpp>
#include <libration/report/attention_table.hpp>
#include <libration/report/format.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/json_attention.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/plot.hpp>
#include <libration/report/progress_bar.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/student_t.hpp>

#include "prompts.hpp"
#include "report.hpp"

namespace stability {

namespace {

namespace attention = libration::attention;
namespace error = libration::error;
namespace maps = libration::maps;

// Pieces of the text as long as the window, or the whole of a shorter text.
std::vector<std::span<const models::token>> windows_of(const transformer_question& q, std::int64_t most) {
  const std::int64_t length = q.read(q.length());
  const std::int64_t count = std::max<std::int64_t>(1, std::min(most, q.length() / length));
  std::vector<std::span<const models::token>> pieces;
  for (std::int64_t i = 0; i < count; ++i)
    pieces.push_back(
        std::span(q.tokens).subspan(static_cast<std::size_t>(i * (q.length() / count)), static_cast<std::size_t>(length)));
  return pieces;
}

// Relative size of the output's disturbance, run by run and step by step, per relative size of the cache's.
struct gains {
  Eigen::MatrixXd reading, writing;  // shape (runs, steps)
  Eigen::Index members = 0;          // runs beside the same stretch
};

constexpr Eigen::Index members = 8;

// A transformer as its report disturbs it: first half of a window read, then the rest given, or written by its own mean
// expectation.
gains disturb_caches(const transformer_question& q, const std::vector<std::span<const models::token>>& windows) {
  const transformer& model = q.model;
  const auto before = static_cast<Eigen::Index>(windows.front().size()) / 2;
  const auto steps = static_cast<Eigen::Index>(windows.front().size()) - before;
  const Eigen::Index n = model.state_size(), runs = members * static_cast<Eigen::Index>(windows.size());
  gains g{Eigen::MatrixXd(runs, steps), Eigen::MatrixXd(runs, steps), members};
  const auto loop = models::close_loop(model);
  auto ws = model.make_workspace(members);
  auto loop_ws = loop.make_workspace(members);
  Eigen::VectorXf next(n);
  Eigen::MatrixXf V(n, members), JV(n, members);
  report::progress_bar bar("errors in the cache");
  for (std::size_t w = 0; w < windows.size(); ++w) {
    Eigen::VectorXf start = Eigen::VectorXf::Zero(n);
    model.prefill(windows[w].first(static_cast<std::size_t>(before)), start);
    for (Eigen::Index j = 0; j < members; ++j)
      V.col(j) = cache_noise(model, start, q.options.seed, w * members + static_cast<std::uint64_t>(j));
    // Tangents are linear: only sizes beside the cache's matter.
    const double size = static_cast<double>(start.head(model.output_offset()).norm());
    V /= static_cast<float>(size);
    const auto record = [&](Eigen::MatrixXd& into, const Eigen::VectorXf& h, const Eigen::MatrixXf& directions, Eigen::Index t) {
      const auto output = [&](const auto& x) { return x.middleRows(model.output_offset(), model.hidden_size()); };
      const double whole = static_cast<double>(output(h).norm());
      for (Eigen::Index j = 0; j < members; ++j)
        into(static_cast<Eigen::Index>(w) * members + j, t) = static_cast<double>(output(directions).col(j).norm()) / whole;
    };
    Eigen::VectorXf h = start;
    Eigen::MatrixXf carried = V;
    for (Eigen::Index t = 0; t < steps; ++t) {
      model.read(windows[w][static_cast<std::size_t>(before + t)], h, ws);
      model.read_tangent(h, carried, ws);
      record(g.reading, h, carried, t);
    }
    h = start;
    for (Eigen::Index t = 0; t < steps; ++t) {
      loop.step(h, next, loop_ws);
      loop.tangent(V, JV, loop_ws);
      h.swap(next);
      V.swap(JV);
      record(g.writing, h, V, t);
    }
    bar({static_cast<std::int64_t>(w) + 1, static_cast<std::int64_t>(windows.size())});
  }
  return g;
}

double quantile(const Eigen::MatrixXd& runs, Eigen::Index t, double p) {
  return libration::stats::quantile(std::span<const double>(runs.col(t).data(), static_cast<std::size_t>(runs.rows())), p);
}

std::string at(const Eigen::MatrixXd& runs, Eigen::Index t) {
  return fmt::format("{:.1e} ({:.0e} to {:.0e})", quantile(runs, t, 0.5), quantile(runs, t, 0.05), quantile(runs, t, 0.95));
}

report::band band_of(const std::string& label, const Eigen::MatrixXd& runs) {
  const Eigen::Index steps = runs.cols();
  report::band b{label, Eigen::VectorXd::LinSpaced(steps, 1.0, static_cast<double>(steps)), Eigen::VectorXd(steps),
                 Eigen::VectorXd(steps), Eigen::VectorXd(steps)};
  for (Eigen::Index t = 0; t < steps; ++t) {
    b.value[t] = quantile(runs, t, 0.5);
    b.lower[t] = quantile(runs, t, 0.05);
    b.upper[t] = quantile(runs, t, 0.95);
  }
  return b;
}

// The rate of growth over the second half of the steps: the mean over stretches, with its 95 % interval.
struct rate {
  double mean, half_width;
};
rate rate_of(const Eigen::MatrixXd& runs) {
  const Eigen::Index from = runs.cols() / 2, last = runs.cols() - 1, stretches = runs.rows() / members;
  std::vector<double> rates;
  for (Eigen::Index w = 0; w < stretches; ++w) {
    const auto of = [&](Eigen::Index t) { return runs.col(t).segment(w * members, members).array().log().mean(); };
    rates.push_back((of(last) - of(from)) / static_cast<double>(last - from));
  }
  const auto count = static_cast<double>(stretches);
  const double mean = Eigen::Map<const Eigen::VectorXd>(rates.data(), stretches).mean();
  return {mean, stretches < 2 ? std::numeric_limits<double>::quiet_NaN()
                              : libration::stats::student_t_quantile(0.975, count - 1.0) *
                                    libration::stats::standard_deviation(rates) / std::sqrt(count)};
}

void print_rate(const transformer_question& q, const char* where, const Eigen::MatrixXd& runs, answer& so_far) {
  const rate r = rate_of(runs);
  const Eigen::Index from = runs.cols() / 2;
  fmt::print("  {}: over {}s {} to {} its logarithm changes by {:.3g} ± {:.2g} a {} (95 %){}.\n", where, q.unit, from + 1,
             runs.cols(), r.mean, r.half_width, q.unit,
             std::abs(r.mean) > r.half_width
                 ? fmt::format(": it {} in {:.3g} {}s", r.mean < 0 ? "halves" : "doubles", std::log(2.0) / std::abs(r.mean), q.unit)
                 : std::string(", which may be nothing"));
  // The first step at which an error as large as a bfloat16's last digit is large in the output, were it to grow like a small one.
  constexpr double rounding = 1.0 / 512, large = 0.4;
  std::vector<Eigen::Index> reached;
  for (Eigen::Index run = 0; run < runs.rows(); ++run)
    for (Eigen::Index t = 0; t < runs.cols(); ++t)
      if (rounding * runs(run, t) >= large) {
        reached.push_back(t + 1);
        break;
      }
  std::sort(reached.begin(), reached.end());
  fmt::print("    An error of 1/512 of the cache, bfloat16's last digit, would come to {} of the output in {} of {} runs{}.\n",
             large, reached.size(), runs.rows(),
             reached.empty() ? std::string() : fmt::format(", half of these within {} {}s", reached[reached.size() / 2], q.unit));
  so_far.json["growth"][where] = {{"rate", report::number(r.mean)},
                                  {"half_width_95", report::number(r.half_width)},
                                  {"error", rounding},
                                  {"threshold", large},
                                  {"reached_after", reached},
                                  {"runs", runs.rows()}};
}

}  // namespace

Eigen::VectorXf cache_noise(const transformer& net, const Eigen::Ref<const Eigen::VectorXf>& h, std::uint64_t seed,
                            std::uint64_t stream) {
  const auto& c = net.config();
  const Eigen::Index empty = net.window() - static_cast<Eigen::Index>(std::min<std::int64_t>(net.tokens_read(h), net.window()));
  Eigen::VectorXf noise = Eigen::VectorXf::Zero(h.size());
  libration::random_stream(seed, stream).fill_normal(noise.head(net.output_offset()));
  for (Eigen::Index l = 0; l < c.layers; ++l)
    for (Eigen::Index g = 0; g < c.key_heads; ++g) {
      net.keys(noise, l, g).bottomRows(empty).setZero();
      net.values(noise, l, g).rightCols(empty).setZero();
    }
  return noise * (h.head(net.output_offset()).norm() / noise.norm());
}

std::int64_t longest_piece(const question& q, const piece_lengths& lengths) {
  const std::int64_t prompt = std::min(lengths.prompt(), q.length());
  std::int64_t written = 0;
  for (const auto& [section, number] : {std::pair("precision", q.scaled(200, 40)), std::pair("tokens", q.scaled(400, 40)),
                                        std::pair("exposure", q.scaled(200, 20))})
    if (wanted(q.options, section)) written = std::max(written, std::min(number, lengths.room()));
  return std::min(lengths.window, std::max(lengths.read(q.length()), prompt + written));
}

void require_memory_for(const transformer_question& q) {
  // States that each section holds at once, at the least: those of the sums above and below, and a pair of runs a thread.
  const double threads = libration::thread_count(0), prompts = 16.0;
  double states = 1.0;
  const auto holds = [&](std::string_view section, double count) {
    if (wanted(q.options, section)) states = std::max(states, count);
  };
  holds("growth", 3.0 * members + 4.0);
  holds("precision", 2.0 * threads);
  holds("tokens", 2.0 * prompts + 2.0 * threads);
  holds("exposure", 2.0 * threads);
  double bytes = sizeof(float) * states * static_cast<double>(q.model.state_size());
  // Entropy, sink mass and distance of each head's rows, of one piece and of the mean.
  const auto& c = q.model.config();
  if (wanted(q.options, "attention"))
    bytes = std::max(bytes, 6.0 * sizeof(double) * static_cast<double>(c.layers * c.query_heads) *
                                static_cast<double>(q.read(q.length())));
  const auto cache = static_cast<double>(q.model.window());
  libration::require_memory(bytes, q.options.model,
                            fmt::format("a report with up to {:.0f} caches of {:.0f} {}s", states, cache, q.unit),
                            fmt::format("a smaller --window takes less ({} a {} of it), and so do fewer --sections",
                                        libration::bytes_text(std::floor(bytes / cache)), q.unit));
}

double windowed_cost(const transformer_question& q) {
  double sum = 0.0;
  std::int64_t counted = 0;
  Eigen::VectorXf logits(q.model.vocabulary_size());
  auto ws = q.model.make_workspace();
  for (const auto& piece : windows_of(q, 16)) {
    Eigen::VectorXf h = Eigen::VectorXf::Zero(q.model.state_size());
    const std::size_t before = piece.size() / 2;
    q.model.prefill(piece.first(before), h);
    for (std::size_t t = before; t < piece.size(); ++t) {
      q.model.logits(h, logits);
      sum += models::cross_entropy(logits, piece[t]);
      ++counted;
      q.model.read(piece[t], h, ws);
    }
  }
  return sum / static_cast<double>(counted);
}

void print_attention(const transformer_question& q, answer& so_far) {
  const auto windows = windows_of(q, q.scaled(32, 2));
  attention::entropy_result mean;
  {
    report::progress_bar bar("attention along the text");
    for (std::size_t w = 0; w < windows.size(); ++w) {
      auto rows = models::trace_attention(q.model, windows[w]);
      if (w == 0) {
        mean = std::move(rows);
      } else {
        mean.entropy += rows.entropy;
        mean.sink_mass += rows.sink_mass;
        mean.mean_distance += rows.mean_distance;
        mean.bad_rows += rows.bad_rows;
      }
      bar({static_cast<std::int64_t>(w) + 1, static_cast<std::int64_t>(windows.size())});
    }
  }
  const double share = 1.0 / static_cast<double>(windows.size());
  for (Eigen::MatrixXd* m : {&mean.entropy, &mean.sink_mass, &mean.mean_distance}) *m *= share;
  mean.status = mean.bad_rows == 0 ? libration::status::ok : libration::status::diverged;
  so_far.whole = so_far.whole && mean.status == libration::status::ok;
  const auto dilution = attention::dilution(mean.entropy, mean.visible);
  const auto sinks = attention::sinks(mean.sink_mass, mean.visible);
  const Eigen::Index heads = q.model.config().query_heads;
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
  drew(so_far,
       report::plot_heat_map(mean.normalised_entropy(), file,
                             "How evenly each head spreads its attention: entropy over ln of the keys seen",
                             {.x = q.unit,
                              .y = "layer, its heads downwards",
                              .unit = "entropy / ln(keys seen)",
                              .rows_per_layer = heads,
                              .low = 0.0,
                              .high = 1.0}),
       file);
}

void print_growth(const transformer_question& q, answer& so_far) {
  const auto windows = windows_of(q, q.scaled(12, 2));
  const gains g = disturb_caches(q, windows);
  const auto before = windows.front().size() / 2;
  fmt::print(
      "\nWhat an error in the cache does\n"
      "  After the first {} {}s of {} pieces of the text, all that the cache holds is disturbed at random by a small part of its\n"
      "  size, in {} ways. How large a part of the output the disturbance of the output is, for each such part of the cache: "
      "exact\n"
      "  derivatives, so that it holds for disturbances however small. Median, and 5 to 95 %:\n"
      "    {:>10}   reads the text                hears itself\n",
      before, q.unit, windows.size(), members, q.unit + "s");
  for (const Eigen::Index t : report::samples(g.reading.cols(), 6))
    fmt::print("    {:>10}   {:<28}  {}\n", t + 1, at(g.reading, t), at(g.writing, t));
  print_rate(q, "reads the text", g.reading, so_far);
  print_rate(q, "hears itself", g.writing, so_far);
  fmt::print(
      "  Along a given text every key and value is read {} {}s long and then dropped: a disturbance is gone after that, in every\n"
      "  layer above once more, and there is no Lyapunov exponent but -∞. Where the transformer hears itself (it is fed the mean\n"
      "  embedding of what it expects) the disturbance comes back through what is fed.\n",
      q.window, q.unit);
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "growth.png";
  drew(so_far,
       report::plot_bands({band_of("reads the text", g.reading), band_of("hears itself", g.writing)}, file,
                          "What a disturbance of the cache does to the output: median and 5 to 95 %",
                          {q.unit + "s", "relative disturbance of the output, per that of the cache", false, true}),
       file);
}

void print_precision(const transformer_question& q, answer& so_far) {
  struct format {
    const char* name;
    maps::number_format kept;
  };
  // A scale for the numbers of a key's component over the window, or of neighbouring values.
  const std::array<format, 3> formats = {{{"bfloat16", maps::number_format::bfloat16()},
                                          {"8 bits", maps::number_format::dynamic(8, q.model.window())},
                                          {"4 bits", maps::number_format::dynamic(4, q.model.window())}}};
  const auto prompts = prompts_of(q, 16, q.prompt());
  const std::int64_t length = std::min(q.scaled(200, 40), q.room());
  std::array<error::token_divergence_result, 3> runs;
  {
    report::progress_bar bar("a cache of fewer bits");
    for (std::size_t i = 0; i < formats.size(); ++i)
      runs[i] = error::token_divergence(
          q.model, maps::quantize(q.model, formats[i].kept), prompts,
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
    so_far.json["precision"][formats[i].name] = report::to_json(r);
    so_far.whole = so_far.whole && r.status == libration::status::ok;
  }
}

}  // namespace stability
