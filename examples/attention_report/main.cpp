// SPDX-License-Identifier: MIT
// Where does recorded attention go, and does it thin out as the context grows? Reads attention weights or logits, or queries and
// keys, from an .npy or safetensors file as PyTorch dumps them, and says of every head in numbers, words, a picture and JSON how it
// spreads.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/attention/attention.hpp>
#include <libration/core/error.hpp>
#include <libration/io/io.hpp>
#include <libration/report/attention_table.hpp>
#include <libration/report/format.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/json_attention.hpp>

#include "../gnuplot.hpp"

namespace attention = libration::attention;
namespace fs = std::filesystem;
namespace io = libration::io;
namespace report = libration::report;
using Eigen::Index, Eigen::MatrixXd;
using libration::argument_error, libration::file_error;

namespace {

struct arguments {
  std::string file, file2, weights, logits, queries, keys, mask, kind = "weights", zeros = "automatic", out = "build/report";
  bool causal = true, no_pictures = false, rows = false;
  Index window = 0, left_padding = 0, right_padding = 0, sink = 1, top = 0;
  double scale = 0.0, tolerance = 0.0, masked_below = std::numeric_limits<double>::quiet_NaN();
};

// An array in a file: the only one of an .npy file, or the one of that name in a safetensors file.
struct tensor {
  std::string file, name;
  io::element type = io::element::f32;
  io::shape shape;

  std::string label() const { return name.empty() ? file : fmt::format("{}: tensor \"{}\"", file, name); }
  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, 1> values() const {
    return name.empty() ? io::npy::open(file).values<T>() : io::safetensors::open(file).values<T>(name);
  }
  [[noreturn]] void refuse(const std::string& reason) const { throw file_error(label(), file_error::no_byte, reason); }
};

// (layers, sequences, heads, rows, columns); of layers and sequences one where they are not there.
struct extents {
  Index layers, sequences, heads, rows, columns;
};

// \param sequences  of the mask: an array of four extents begins with as many sequences, if they are more than one
extents extents_of(const tensor& t, const char* rows, const char* columns, Index sequences) {
  const io::shape& s = t.shape;
  const std::size_t n = s.size();
  if (n < 3 || n > 5)
    t.refuse(
        fmt::format("has shape {0}, expected (heads, {1}, {2}), (layers, heads, {1}, {2}) or (layers, sequences, heads, {1}, {2})",
                    io::to_string(s), rows, columns));
  if (std::find(s.begin(), s.end(), 0) != s.end()) t.refuse(fmt::format("has shape {}: there is nothing in it", io::to_string(s)));
  const bool batch = n == 4 && sequences > 1;
  const extents e{n == 5 || (n == 4 && !batch) ? s[0] : 1, n == 5 ? s[1] : batch ? s[0] : 1, s[n - 3], s[n - 2], s[n - 1]};
  if (sequences > 1 && e.sequences != sequences)
    t.refuse(fmt::format("has shape {}, expected {} sequences (--mask's): (sequences, heads, {}, {}), or with layers before them",
                         io::to_string(s), sequences, rows, columns));
  return e;
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
  Index layers = 0, sequences = 0, heads = 0, queries = 0, tokens = 0;  // tokens: keys of a head
  Index key_heads = 0;
  attention::token_mask mask = {};  // of every sequence, or one for all
};

// The mask of an .npy file, or of a safetensors file's tensor "attention_mask".
attention::token_mask read_mask(const std::string& file) {
  const tensor t = find(file, is_npy(file) ? "" : "attention_mask");
  if (t.shape.size() != 1 && t.shape.size() != 2)
    t.refuse(fmt::format("has shape {}, expected (sequences, tokens) or (tokens): 1 for a token, 0 for padding",
                         io::to_string(t.shape)));
  const Index tokens = t.shape.back();
  const auto values = t.values<double>();
  try {
    return attention::token_mask(
        Eigen::Map<const MatrixXd>(values.data(), tokens, t.shape.size() == 2 ? static_cast<Index>(t.shape[0]) : 1));
  } catch (const argument_error& error) {
    t.refuse(error.what());
  }
}

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
  const bool pads = a.left_padding > 0 || a.right_padding > 0;
  if (pads && !a.mask.empty()) throw argument_error("expected --mask, or --left-padding and --right-padding, not both");
  if (!a.mask.empty()) r.mask = read_mask(a.mask);
  const extents e = extents_of(r.first, r.keys ? "tokens" : "queries", r.keys ? "d" : "keys", r.mask.sequences());
  r.layers = e.layers;
  r.sequences = e.sequences;
  r.heads = r.key_heads = e.heads;
  r.queries = e.rows;
  r.tokens = e.columns;
  if (r.keys) {
    const extents k = extents_of(*r.keys, "tokens", "d", r.mask.sequences());
    if (k.layers != e.layers || k.sequences != e.sequences || k.columns != e.columns || e.heads % k.heads != 0)
      r.keys->refuse(
          fmt::format("has shape {}, which does not fit the queries' {}: expected as many layers, a divisor of their heads, "
                      "and the same d",
                      io::to_string(r.keys->shape), io::to_string(r.first.shape)));
    r.tokens = k.rows;
    r.key_heads = k.heads;
  }
  if (pads) {
    if (a.left_padding > r.tokens || a.right_padding > r.tokens - a.left_padding)
      throw argument_error(fmt::format("--left-padding {} and --right-padding {} of {} tokens: nothing is left", a.left_padding,
                                       a.right_padding, r.tokens));
    Eigen::Array<bool, Eigen::Dynamic, 1> real = attention::token_mask::left(r.tokens, a.left_padding).real() &&
                                                 attention::token_mask::right(r.tokens, a.right_padding).real();
    r.mask = attention::token_mask(real);
  }
  return r;
}

// What was recorded of one sequence: in each layer so many heads of so many vectors of so many numbers.
template <class T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> of_sequence(const tensor& t, const recording& r, Index sequence, Index vectors) {
  auto all = t.values<T>();
  const Index size = all.size() / (r.layers * r.sequences * vectors), rows = size * vectors;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> own(size, r.layers * vectors);
  for (Index l = 0; l < r.layers; ++l)
    Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(own.data() + l * rows, rows) =
        all.segment((l * r.sequences + sequence) * rows, rows);
  return own;
}

// Numbers from 0 to 1 that sum to 1 row by row, which neither logits nor queries do.
template <class Derived>
bool are_weights(const Eigen::MatrixBase<Derived>& rows) {
  using T = typename Derived::Scalar;
  return rows.cols() > 1 && rows.size() > 64 && (rows.array() >= T(0)).all() &&
         ((rows.colwise().sum().array() - T(1)).abs() <= T(0.01)).count() * 2 > rows.cols();
}

template <class T>
attention::entropy_result row_statistics(const recording& r, const arguments& a, Index sequence) {
  const auto rows = of_sequence<T>(r.first, r, sequence, r.heads * r.queries);
  const Index heads = r.layers * r.heads;
  const bool distance = a.causal || r.queries == r.tokens;
  const attention::token_mask mask = r.mask.sequences() > 1 ? r.mask.sequence(sequence) : r.mask;
  if (r.keys) {
    if (are_weights(rows)) r.first.refuse("its rows sum to 1: these are weights, not queries (--kind weights, or --weights NAME)");
    const auto keys = of_sequence<T>(*r.keys, r, sequence, r.key_heads * r.tokens);
    using view = attention::heads_view<T>;
    return attention::entropy(view::dump(rows.data(), heads, r.queries, rows.rows()),
                              view::dump(keys.data(), r.layers * r.key_heads, r.tokens, keys.rows()),
                              {.causal = a.causal,
                               .scale = a.scale,
                               .window = a.window,
                               .mask = mask,
                               .sink = a.sink,
                               .top = a.top,
                               .distance = distance});
  }
  attention::recorded_options options{.causal = a.causal,
                                      .heads = heads,
                                      .window = a.window,
                                      .mask = mask,
                                      .masked_below = a.masked_below,
                                      .sink = a.sink,
                                      .top = a.top,
                                      .distance = distance};
  if (r.kind == "logits") {
    if (are_weights(rows)) r.first.refuse("its rows sum to 1: these are weights, not logits (--kind weights, or --weights NAME)");
    return attention::entropy_from_logits(rows, options);
  }
  using attention::zero_weights;
  options.zeros = a.zeros == "visible"  ? zero_weights::visible
                  : a.zeros == "masked" ? zero_weights::masked
                                        : zero_weights::automatic;
  // What was stored in few bits does not sum to 1 as closely.
  const double stored = r.first.type == io::element::bf16 ? 0.01 : r.first.type == io::element::f16 ? 1e-3 : 0.0;
  options.tolerance = a.tolerance > 0.0 ? a.tolerance : stored;
  return attention::entropy_from_weights(rows, options);
}

// The program's options that decide what a message leaves open.
std::string hint(const std::string& message) {
  const auto says = [&](const char* what) { return message.find(what) != std::string::npos; };
  if (says("weight -inf") || says("expected >= 0")) return "; are these logits? (--kind logits, or --logits NAME)";
  if (says("is this attention causal?")) return "; leave out --no-causal if it is, --zeros visible says that every key is seen";
  if (says("masked by .causal"))
    return "; --no-causal if each query may see all keys, --mask or --left-padding if the query is padding";
  if (says(".masked_below")) return "; here --masked-below";
  if (says(".zeros"))
    return "; here --mask, --left-padding or --right-padding for padding, whose own rows they leave out too, --window, --zeros "
           "masked "
           "for another mask, --zeros visible for weights that were rounded";
  if (says(".tolerance")) return "; here --tolerance, for weights of a softmax in few bits";
  return "";
}

attention::entropy_result measure(const recording& r, const arguments& a, Index sequence) {
  attention::entropy_result rows;
  const std::string where = r.sequences > 1 ? fmt::format("sequence {}, ", sequence) : "";
  try {
    // Doubles may be out of single precision's range.
    rows = r.first.type == io::element::f64 ? row_statistics<double>(r, a, sequence) : row_statistics<float>(r, a, sequence);
  } catch (const argument_error& error) {
    r.first.refuse(where + error.what() + hint(error.what()));
  }
  if (rows.bad_rows > 0)
    for (Index h = 0; h < rows.entropy.rows(); ++h)
      for (Index q = 0; q < rows.entropy.cols(); ++q)
        if (std::isnan(rows.entropy(h, q)) && rows.visible(h, q) > 0)
          r.first.refuse(
              fmt::format("{}{} of {} rows of attention hold NaN or +inf, the first at layer {}, head {}, query {}; --mask "
                          "leaves padding out",
                          where, rows.bad_rows, rows.entropy.size(), h / r.heads, h % r.heads, q));
  if (rows.bad_rows == 0 && rows.padding_rows + rows.empty_rows == rows.entropy.size())
    r.first.refuse(where + "no row sees a key: all is padding or masked");
  return rows;
}

// What was left out of the rows, and by whose word.
std::string masking(const attention::entropy_result& rows, const recording& r, const arguments& a) {
  std::string out;
  const auto line = [&](const std::string& text) { out += "  " + text + "\n"; };
  if (!r.mask.empty())
    line(fmt::format("Padding: {} of {} tokens in {} sequence{}, as {} says; {} rows of padding are left out.",
                     r.mask.real().size() - r.mask.real().count(), r.mask.real().size(), r.mask.sequences(),
                     r.mask.sequences() == 1 ? "" : "s", a.mask.empty() ? "--left-padding or --right-padding" : a.mask,
                     rows.padding_rows));
  // By position visible, and still minus infinity.
  std::int64_t infinite = -rows.masked_logits;
  if (r.kind == "logits" && r.mask.empty() && a.causal)
    for (Index q = 0; q < r.queries; ++q) {
      const Index position = q + r.tokens - r.queries, seen = a.window > 0 ? std::min(position + 1, a.window) : position + 1;
      infinite += seen * rows.visible.rows() - rows.visible.col(q).sum();
    }
  if (infinite > 0) line(fmt::format("Masked: {} logits that are -inf although their keys are not behind the query.", infinite));
  if (rows.masked_logits > 0)
    line(fmt::format("Masked: {} logits that are {:.5g} or less{}.", rows.masked_logits, rows.masked_below,
                     std::isnan(a.masked_below) ? ", a mask that was added (recognised; --masked-below sets where it begins)"
                                                : " (--masked-below)"));
  if (rows.masked_zeros > 0)
    line(fmt::format(
        "Masked: {} weights of exactly 0{}.", rows.masked_zeros,
        a.zeros == "masked" ? " (--zeros masked)" : ", keys that no query sees (recognised; --zeros visible counts them as seen)"));
  if ((rows.masked_zeros > 0 || infinite > 0 || (a.causal && rows.masked_logits > 0)) && r.mask.empty())
    line(
        "If these keys are padding, --mask, --left-padding or --right-padding leaves their own rows out too, which count here "
        "wherever they see a key.");
  if (rows.zero_weights > 0)
    line(fmt::format("{} weights are exactly 0 and count as keys that are seen, rounded to 0 (--zeros masked if they are masked).",
                     rows.zero_weights));
  if (rows.empty_rows > 0)
    line(fmt::format("{} of {} rows see no key (zeros, NaN or what a softmax makes of a mask alone) and are left out.",
                     rows.empty_rows, rows.entropy.size()));
  return out;
}

attention::sink_result find_sinks(const attention::entropy_result& rows, const recording& r, const arguments& a) {
  if (a.sink == 0) return {};
  MatrixXd mass = rows.sink_mass;
  // A window that has left the first keys behind knows no sink.
  if (a.window > 0)
    for (Index h = 0; h < mass.rows(); ++h)
      for (Index q = 0; q < r.queries; ++q)
        if (q + r.tokens - r.queries - rows.first_key[h] >= a.window) mass(h, q) = std::numeric_limits<double>::quiet_NaN();
  return attention::sinks(mass, rows.visible, {.keys = a.sink, .minimum_context = std::max<Index>(64, 16 * a.sink)});
}

// Refuses options that were given and that say nothing of what was recorded.
void refuse_options(const CLI::App& app, const recording& r) {
  const auto refuse = [&](std::initializer_list<const char*> options, const std::string& why) {
    for (const char* const option : options)
      if (app.count(option) > 0) throw argument_error(fmt::format("{}: {}", option, why));
  };
  const std::string recorded = fmt::format("; {} holds {}", r.first.label(), r.kind);
  if (!is_npy(r.first.file) || r.keys)
    refuse({"--kind"}, r.keys ? "is for one .npy file alone, and not for queries and keys"
                              : "is for an .npy file; of a safetensors file --weights, --logits, or --queries and --keys say it");
  if (!r.keys) refuse({"--scale"}, "is for queries and keys" + recorded);
  if (r.kind != "logits") refuse({"--masked-below"}, "is for logits" + recorded);
  if (r.kind != "weights") refuse({"--zeros", "--tolerance"}, "is for weights" + recorded);
}

int run(const arguments& a, const CLI::App& app) {
  const recording r = find_recording(a);
  refuse_options(app, r);
  for (const auto& [name, number] : {std::pair("--sink", a.sink), std::pair("--top", a.top)})
    if (number > r.tokens) throw argument_error(fmt::format("{}: is {}, expected at most the {} keys", name, number, r.tokens));
  std::error_code fault;
  fs::create_directories(a.out, fault);
  if (!fs::is_directory(a.out)) throw argument_error(fmt::format("--out: no folder \"{}\": {}", a.out, fault.message()));
  const auto counted = [](Index n, const char* one, const char* many) { return fmt::format("{} {}", n, n == 1 ? one : many); };
  std::string text;
  const auto print = [&]<class... Args>(fmt::format_string<Args...> format, Args&&... args) {
    text += fmt::format(format, std::forward<Args>(args)...);
  };
  print("libration: where does this attention go, and does it thin out as the context grows?\n\n");
  print("  {}\n", r.keys ? "queries " + r.first.label() + ", keys " + r.keys->label() : r.kind + " " + r.first.label());
  print("  {}{} of {}, {}, {}, {}causal{}\n", r.sequences > 1 ? fmt::format("{} sequences, ", r.sequences) : "",
        counted(r.layers, "layer", "layers"), counted(r.heads, "head", "heads"), counted(r.queries, "query", "queries"),
        counted(r.tokens, "key", "keys"), a.causal ? "" : "not ", a.window > 0 ? fmt::format(", a window of {}", a.window) : "");

  report::json j{{"kind", r.kind},     {"file", r.first.file},       {"tensor", r.first.name},
                 {"layers", r.layers}, {"heads_per_layer", r.heads}, {"queries", r.queries},
                 {"keys", r.tokens},   {"causal", a.causal},         {"window", a.window}};
  if (r.keys) j["keys_from"] = {{"file", r.keys->file}, {"tensor", r.keys->name}};
  if (!a.mask.empty()) j["mask"] = a.mask;
  std::string files;
  for (Index sequence = 0; sequence < r.sequences; ++sequence) {
    const attention::entropy_result rows = measure(r, a, sequence);
    const attention::dilution_result dilution = attention::dilution(rows.entropy, rows.visible);
    const attention::sink_result sinks = find_sinks(rows, r, a);
    print("{}\n", masking(rows, r, a));
    if (r.sequences > 1) print("Sequence {}\n\n", sequence);
    print(
        "The heads: mean entropy H, the number e^H of keys that would spread as much, H over ln of the keys seen, and the slope\n"
        "of H on that logarithm\n{}\n\n",
        report::indented(report::attention_table(rows, dilution, sinks, r.heads)));
    print("Verdict\n{}\n", report::indented(report::attention_verdict(dilution, sinks, r.heads)));
    if (a.window > 0 && a.window < r.tokens)
      print("  Context means the keys that are seen: with this window they stop growing at {}, however long the text.\n", a.window);
    print("\n");

    report::json own;
    own["attention"] = report::to_json(rows, a.rows);
    own["dilution"] = report::to_json(dilution);
    if (a.sink > 0) own["sinks"] = report::to_json(sinks);
    if (r.sequences > 1)
      j["sequences"].push_back(own);
    else
      j.update(own);

    if (a.no_pictures) continue;
    const fs::path picture = fs::path(a.out) / (r.sequences > 1 ? fmt::format("attention_{}.png", sequence) : "attention.png");
    const bool layered = r.layers > 1;
    const bool drawn =
        examples::draw(report::heat_map_script(rows.normalised_entropy(), picture,
                                               "How widely each head spreads its attention along the text",
                                               {.x = "query",
                                                .y = layered ? "layer, its heads downwards" : "head",
                                                .unit = "entropy / ln(keys seen)",
                                                .rows_per_layer = layered ? r.heads : 0,
                                                .low = 0.0,
                                                .high = 1.0}));
    files +=
        fmt::format("  {}\n", drawn ? "picture   " + picture.string() : "picture   not drawn: gnuplot is not installed or failed");
  }
  const fs::path numbers = fs::path(a.out) / "attention.json";
  if (!(std::ofstream(numbers) << j.dump(1) << '\n')) throw file_error(numbers.string(), file_error::no_byte, "cannot be written");
  fmt::print("{}Files\n  numbers   {}\n{}", text, numbers.string(), files);
  return 0;
}

// An option's check.
CLI::Validator number(bool (*good)(double), const char* expected) {
  return CLI::Validator(
      [=](const std::string& given) {
        double value = 0.0;
        return CLI::detail::lexical_cast(given, value) && good(value) ? std::string()
                                                                      : fmt::format("is {}, expected {}", given, expected);
      },
      "");
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  CLI::App app{
      "Where does recorded attention go, and does it thin out as the context grows?\n\n"
      "Reads attention as PyTorch dumps it, (heads, queries, keys) or (layers, heads, queries, keys), or queries and keys,\n"
      "(heads, tokens, d) or (layers, heads, tokens, d); of several sequences (sequences, heads, ...) with a --mask of as many,\n"
      "or (layers, sequences, heads, ...). Prints for every head how widely it spreads, whether that grows with the context, and\n"
      "whether it is a sink; writes the same as JSON, and a picture. What a mask or padding has left in the numbers is\n"
      "recognised and said, or refused where it cannot be told."};
  app.add_option("FILE", a.file, "An .npy file: weights, or what --kind says. Or a safetensors file")->required();
  app.add_option("FILE2", a.file2, "The file of the keys, where FILE has the queries");
  app.add_option("--weights", a.weights, "Name of the weights in a safetensors file; \"attention\", or its only tensor, is found");
  app.add_option("--logits", a.logits, "Name of the logits (scaled, with their bias and mask) in a safetensors file");
  app.add_option("--queries", a.queries, "Name of the queries in a safetensors file");
  app.add_option("--keys", a.keys, "Name of the keys, of as many heads or of a divisor of them");
  app.add_option("--kind", a.kind, "What an .npy file alone holds: weights or logits")
      ->check(CLI::IsMember({"weights", "logits"}))
      ->capture_default_str();
  app.add_flag("--causal,!--no-causal", a.causal,
               "No query sees a key behind its own, the last one standing at the last key (default)");
  const auto count = CLI::Range(Index{0}, std::numeric_limits<Index>::max() / 32);
  app.add_option("--window", a.window, "Keys that a query sees at most, its own included; 0: all")->check(count);
  app.add_option(
      "--mask", a.mask,
      "The tokenizer's attention_mask: an .npy file, or a safetensors file with that tensor, of shape (sequences, tokens)\n"
      "or (tokens), 1 for a token and 0 for padding. Padding is not seen, and its rows are left out");
  app.add_option("--left-padding", a.left_padding, "Tokens of padding before every sequence, instead of --mask")->check(count);
  app.add_option("--right-padding", a.right_padding, "Tokens of padding behind every sequence")->check(count);
  app.add_option("--masked-below", a.masked_below,
                 "Logits that are so low or lower are masked; -inf: no finite one. By default a mask that was added to the logits\n"
                 "(-10000, the lowest number of a type) is recognised by the gap that it leaves")
      ->check(number([](double x) { return x < std::numeric_limits<double>::infinity(); }, "a number or -inf"));
  app.add_option("--zeros", a.zeros,
                 "What weights of exactly 0 are: masked, visible (seen, and rounded to 0), or automatic: keys that no query sees\n"
                 "are masked")
      ->check(CLI::IsMember({"automatic", "visible", "masked"}))
      ->capture_default_str();
  app.add_option("--scale", a.scale, "Of the products of queries and keys; 0: 1/sqrt(d)")
      ->check(number([](double x) { return x >= 0.0 && std::isfinite(x); }, "a number that is at least 0"));
  app.add_option("--sink", a.sink, "First keys that are counted as the sink; 0: none")->check(count)->capture_default_str();
  app.add_option("--top", a.top, "Also the mass on the so many heaviest keys; 0: not")->check(count);
  app.add_option("--tolerance", a.tolerance,
                 "Largest distance of a row's sum of weights from 1; 0: what rounding can do. Weights that were computed in\n"
                 "bfloat16 want 0.01, in half precision 0.001, which is the default of those that are stored so")
      ->check(number([](double x) { return x >= 0.0 && std::isfinite(x); }, "a number that is at least 0"));
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
    return run(a, app);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "attention_report: out of memory; a recording of fewer tokens or heads takes less\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "attention_report: {}\n", error.what());
    return 2;
  }
}
