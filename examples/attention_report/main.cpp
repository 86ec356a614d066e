// SPDX-License-Identifier: MIT
// Where does recorded attention go, and does it thin out as the context grows? Reads attention weights or logits, or queries and
// keys, from an .npy or safetensors file as PyTorch dumps them, and says of every head in numbers, words, a picture and JSON how it
// spreads.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <libration/attention/attention.hpp>
#include <libration/core/error.hpp>
#include <libration/io/io.hpp>
#include <libration/report/attention_table.hpp>
#include <libration/report/format.hpp>
#include <libration/report/json_attention.hpp>
#include <libration/report/plot.hpp>

namespace attention = libration::attention;
namespace fs = std::filesystem;
namespace io = libration::io;
namespace report = libration::report;
using Eigen::Index, Eigen::MatrixXd;
using libration::argument_error, libration::file_error;

namespace {

struct arguments {
  std::string file, file2, weights, logits, queries, keys, kind = "weights", out = "build/report";
  bool causal = true, no_pictures = false, rows = false;
  Index window = 0, sink = 1, top = 0;
  double scale = 0.0, tolerance = 0.0;
};

// An array in a file: the only one of an .npy file, or the one of that name in a safetensors file.
struct tensor {
  std::string file, name;
  io::element type = io::element::f32;
  io::shape shape;

  std::string label() const { return name.empty() ? file : fmt::format("{}: tensor \"{}\"", file, name); }
  // In single precision: the entropy of doubles is right to some 1e-6 then.
  Eigen::VectorXf values() const {
    return name.empty() ? io::npy::open(file).values<float>() : io::safetensors::open(file).values<float>(name);
  }
  [[noreturn]] void refuse(const std::string& reason) const { throw file_error(label(), file_error::no_byte, reason); }
};

// (layers, heads, rows, columns); without layers, one.
struct extents {
  Index layers, heads, rows, columns;
  Index all_heads() const { return layers * heads; }
};

extents extents_of(const tensor& t, const char* rows, const char* columns) {
  const io::shape& s = t.shape;
  if (s.size() != 3 && s.size() != 4)
    t.refuse(
        fmt::format("has shape {0}, expected (heads, {1}, {2}) or (layers, heads, {1}, {2})", io::to_string(s), rows, columns));
  if (std::find(s.begin(), s.end(), 0) != s.end()) t.refuse(fmt::format("has shape {}: there is nothing in it", io::to_string(s)));
  const std::size_t n = s.size();
  return {n == 4 ? s[0] : 1, s[n - 3], s[n - 2], s[n - 1]};
}

bool is_npy(const std::string& file) { return fs::path(file).extension() == ".npy"; }

tensor find(const std::string& file, const std::string& name) {
  if (is_npy(file)) {
    const auto array = io::npy::open(file);
    return {file, "", array.type(), array.shape()};
  }
  const auto opened = io::safetensors::open(file);
  const auto found = opened.tensor(name);
  return {file, name, found.type, {found.shape.begin(), found.shape.end()}};
}

// What was recorded: weights or logits, or queries and keys.
struct recording {
  std::string kind;
  tensor first;
  std::optional<tensor> keys;
  Index layers = 0, heads = 0, queries = 0, tokens = 0;  // tokens: keys of a head
};

recording find_recording(const arguments& a) {
  const auto given = [](const std::string& name) { return name.empty() ? 0 : 1; };
  const int names = given(a.weights) + given(a.logits) + std::max(given(a.queries), given(a.keys));
  if (names > 1) throw argument_error("expected one of --weights, --logits, and --queries with --keys");
  recording r;
  if (is_npy(a.file)) {
    if (names > 0) throw argument_error("a name was given, but an .npy file's array has none (--kind says what it is)");
    if (a.file2.empty()) {
      r = {a.kind, find(a.file, ""), {}};
    } else {
      if (!is_npy(a.file2)) throw argument_error(a.file2 + ": expected the keys' .npy file");
      r = {"queries and keys", find(a.file, ""), find(a.file2, "")};
    }
  } else if (given(a.queries) + given(a.keys) > 0) {
    if (a.queries.empty() || a.keys.empty())
      throw argument_error(a.keys.empty() ? "--queries came without --keys" : "--keys came without --queries");
    r = {"queries and keys", find(a.file, a.queries), find(a.file2.empty() ? a.file : a.file2, a.keys)};
  } else {
    if (!a.file2.empty()) throw argument_error("a second safetensors file is for keys: --queries NAME and --keys NAME are missing");
    std::string name = a.logits + a.weights;
    if (name.empty()) {
      const auto file = io::safetensors::open(a.file);
      if (file.size() != 1 && !file.contains("attention"))
        throw argument_error(fmt::format(
            "{}: which of its {} tensors is the attention? (--weights, --logits, or --queries and --keys)", a.file, file.size()));
      name = file.size() == 1 ? file.names().front() : "attention";
    }
    r = {a.logits.empty() ? "weights" : "logits", find(a.file, name), {}};
  }
  const extents e = extents_of(r.first, r.keys ? "tokens" : "queries", r.keys ? "d" : "keys");
  r.layers = e.layers;
  r.heads = e.heads;
  r.queries = e.rows;
  r.tokens = e.columns;
  if (r.keys) {
    const extents k = extents_of(*r.keys, "tokens", "d");
    if (k.layers != e.layers || k.columns != e.columns || e.heads % k.heads != 0)
      r.keys->refuse(
          fmt::format("has shape {}, which does not fit the queries' {}: expected as many layers, a divisor of their heads, "
                      "and the same d",
                      io::to_string(r.keys->shape), io::to_string(r.first.shape)));
    r.tokens = k.rows;
  }
  return r;
}

attention::entropy_result row_statistics(const recording& r, const arguments& a) {
  const auto first = r.first.values();
  const Index heads = r.layers * r.heads;
  const bool distance = a.causal || r.queries == r.tokens;
  if (r.keys) {
    const auto keys = r.keys->values();
    const extents k = extents_of(*r.keys, "tokens", "d");
    using view = attention::heads_view<float>;
    return attention::entropy(
        view::dump(first.data(), heads, r.queries, k.columns), view::dump(keys.data(), k.all_heads(), k.rows, k.columns),
        {.causal = a.causal, .scale = a.scale, .window = a.window, .sink = a.sink, .top = a.top, .distance = distance});
  }
  const Eigen::Map<const Eigen::MatrixXf> rows(first.data(), r.tokens, heads * r.queries);
  attention::recorded_options options{
      .causal = a.causal, .heads = heads, .window = a.window, .sink = a.sink, .top = a.top, .distance = distance};
  if (r.kind == "logits") return attention::entropy_from_logits(rows, options);
  // What was stored in few bits does not sum to 1 as closely.
  const double stored = r.first.type == io::element::bf16 ? 0.01 : r.first.type == io::element::f16 ? 1e-3 : 0.0;
  options.tolerance = a.tolerance > 0.0 ? a.tolerance : stored;
  return attention::entropy_from_weights(rows, options);
}

attention::entropy_result measure(const recording& r, const arguments& a) {
  attention::entropy_result rows;
  try {
    rows = row_statistics(r, a);
  } catch (const argument_error& error) {
    r.first.refuse(std::string(error.what()) + (r.kind == "weights" ? "; --tolerance and --no-causal allow more" : ""));
  }
  if (rows.bad_rows > 0)
    for (Index h = 0; h < rows.entropy.rows(); ++h)
      for (Index q = 0; q < rows.entropy.cols(); ++q)
        if (std::isnan(rows.entropy(h, q)) && rows.visible(h, q) > 0)
          r.first.refuse(fmt::format("{} of {} rows of attention hold NaN or +inf, the first at layer {}, head {}, query {}",
                                     rows.bad_rows, rows.entropy.size(), h / r.heads, h % r.heads, q));
  return rows;
}

attention::sink_result find_sinks(const attention::entropy_result& rows, const recording& r, const arguments& a) {
  if (a.sink == 0) return {};
  MatrixXd mass = rows.sink_mass;
  // A window that has left the first keys behind knows no sink.
  if (a.window > 0)
    for (Index q = 0; q < r.queries; ++q)
      if (q + r.tokens - r.queries >= a.window) mass.col(q).setConstant(std::numeric_limits<double>::quiet_NaN());
  return attention::sinks(mass, rows.visible, {.keys = a.sink, .minimum_context = std::max<Index>(64, 16 * a.sink)});
}

int run(const arguments& a) {
  const recording r = find_recording(a);
  const attention::entropy_result rows = measure(r, a);
  const attention::dilution_result dilution = attention::dilution(rows.entropy, rows.visible);
  const attention::sink_result sinks = find_sinks(rows, r, a);

  const auto counted = [](Index n, const char* one, const char* many) { return fmt::format("{} {}", n, n == 1 ? one : many); };
  fmt::print("libration: where does this attention go, and does it thin out as the context grows?\n\n");
  fmt::print("  {}\n", r.keys ? "queries " + r.first.label() + ", keys " + r.keys->label() : r.kind + " " + r.first.label());
  fmt::print("  {} of {}, {}, {}, {}causal{}\n\n", counted(r.layers, "layer", "layers"), counted(r.heads, "head", "heads"),
             counted(r.queries, "query", "queries"), counted(r.tokens, "key", "keys"), a.causal ? "" : "not ",
             a.window > 0 ? fmt::format(", a window of {}", a.window) : "");
  fmt::print(
      "The heads: mean entropy H, the number e^H of keys that would spread as much, H over ln of the keys seen, and the slope\n"
      "of H on that logarithm\n{}\n\n",
      report::indented(report::attention_table(rows, dilution, sinks, r.heads)));
  fmt::print("Verdict\n{}\n", report::indented(report::attention_verdict(dilution, sinks, r.heads)));
  if (a.window > 0 && a.window < r.tokens)
    fmt::print("  Context means the keys that are seen: with this window they stop growing at {}, however long the text.\n",
               a.window);
  fmt::print("\n");

  fs::create_directories(a.out);
  report::json j{{"kind", r.kind},     {"file", r.first.file},       {"tensor", r.first.name},
                 {"layers", r.layers}, {"heads_per_layer", r.heads}, {"queries", r.queries},
                 {"keys", r.tokens},   {"causal", a.causal},         {"window", a.window}};
  if (r.keys) j["keys_from"] = {{"file", r.keys->file}, {"tensor", r.keys->name}};
  j["attention"] = report::to_json(rows, a.rows);
  j["dilution"] = report::to_json(dilution);
  if (a.sink > 0) j["sinks"] = report::to_json(sinks);
  const fs::path numbers = fs::path(a.out) / "attention.json", picture = fs::path(a.out) / "attention.png";
  if (!(std::ofstream(numbers) << j.dump(1) << '\n')) throw file_error(numbers.string(), file_error::no_byte, "cannot be written");
  fmt::print("Files\n  numbers   {}\n", numbers.string());
  if (a.no_pictures) return 0;
  const bool layered = r.layers > 1;
  const bool drawn =
      report::plot_heat_map(rows.normalised_entropy(), picture, "How widely each head spreads its attention along the text",
                            {.x = "query",
                             .y = layered ? "layer, its heads downwards" : "head",
                             .unit = "entropy / ln(keys seen)",
                             .rows_per_layer = layered ? r.heads : 0,
                             .low = 0.0,
                             .high = 1.0});
  fmt::print("  {}\n", drawn ? "picture   " + picture.string() : "picture   not drawn: gnuplot is not installed or failed");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  CLI::App app{
      "Where does recorded attention go, and does it thin out as the context grows?\n\n"
      "Reads attention as PyTorch dumps it, (heads, queries, keys) or (layers, heads, queries, keys), or queries and keys,\n"
      "(heads, tokens, d) or (layers, heads, tokens, d). Prints for every head how widely it spreads, whether that grows with\n"
      "the context, and whether it is a sink; writes the same as JSON, and a picture."};
  app.add_option("FILE", a.file, "An .npy file: weights, or what --kind says. Or a safetensors file")->required();
  app.add_option("FILE2", a.file2, "The file of the keys, where FILE has the queries");
  app.add_option("--weights", a.weights, "Name of the weights in a safetensors file; \"attention\", or its only tensor, is found");
  app.add_option("--logits", a.logits, "Name of the logits (scaled, with their bias) in a safetensors file");
  app.add_option("--queries", a.queries, "Name of the queries in a safetensors file");
  app.add_option("--keys", a.keys, "Name of the keys, of as many heads or of a divisor of them");
  app.add_option("--kind", a.kind, "What an .npy file alone holds: weights or logits")
      ->check(CLI::IsMember({"weights", "logits"}))
      ->capture_default_str();
  app.add_flag("--causal,!--no-causal", a.causal,
               "No query sees a key behind its own, the last one standing at the last key (default)");
  const auto count = CLI::Range(Index{0}, std::numeric_limits<Index>::max() / 32);
  app.add_option("--window", a.window, "Keys that a query sees at most, its own included; 0: all")->check(count);
  app.add_option("--scale", a.scale, "Of the products of queries and keys; 0: 1/sqrt(d)");
  app.add_option("--sink", a.sink, "First keys that are counted as the sink; 0: none")->check(count)->capture_default_str();
  app.add_option("--top", a.top, "Also the mass on the so many heaviest keys; 0: not")->check(count);
  app.add_option("--tolerance", a.tolerance,
                 "Largest distance of a row's sum of weights from 1; 0: what rounding can do. Weights that were computed in\n"
                 "bfloat16 want 0.01, in half precision 0.001, which is the default of those that are stored so")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--out", a.out, "Folder for the JSON and the picture")->capture_default_str();
  app.add_flag("--rows", a.rows, "Every row in the JSON too, not only the means by head");
  app.add_flag("--no-pictures", a.no_pictures, "Draw no picture");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "attention_report: {} (--help lists the options)\n", error.what());
    return 2;
  }
  try {
    return run(a);
  } catch (const std::exception& error) {
    fmt::print(stderr, "attention_report: {}\n", error.what());
    return 2;
  }
}
