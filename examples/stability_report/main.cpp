// SPDX-License-Identifier: MIT
// How stable is a trained recurrent network, or a transformer, while it reads a text and when it writes? Reads a model and a text,
// measures how small disturbances and errors grow, and says in words, numbers, pictures and JSON what that means.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <new>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>

#include <libration/io/io.hpp>
#include <libration/models/vocabulary.hpp>

#include "report.hpp"

namespace fs = std::filesystem;

namespace {

using stability::answer;
using stability::arguments;
using stability::recurrent_question;
using stability::transformer_question;

template <class Question>
struct section {
  std::string_view name;
  void (*print)(const Question&, answer&);
};
constexpr std::array<section<recurrent_question>, 6> recurrent_sections = {{{"spectrum", stability::print_spectrum},
                                                                            {"loops", stability::print_closed_loop},
                                                                            {"growth", stability::print_growth},
                                                                            {"precision", stability::print_precision},
                                                                            {"tokens", stability::print_tokens},
                                                                            {"exposure", stability::print_exposure}}};
constexpr std::array<section<transformer_question>, 5> transformer_sections = {{{"attention", stability::print_attention},
                                                                                {"growth", stability::print_growth},
                                                                                {"precision", stability::print_precision},
                                                                                {"tokens", stability::print_tokens},
                                                                                {"exposure", stability::print_exposure}}};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) throw libration::file_error(path, libration::file_error::no_byte, "cannot be read");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw libration::file_error(path, libration::file_error::no_byte, "the text is empty");
  return text;
}

// A number's bounds, as an option's check.
CLI::Validator at_least(double low, double high = std::numeric_limits<double>::max()) {
  return CLI::Validator(
      [low, high](const std::string& given) {
        double value = 0.0;
        if (CLI::detail::lexical_cast(given, value) && value >= low && value <= high) return std::string();
        return fmt::format("is {}, expected a number that is at least {}{}", given, low,
                           high < std::numeric_limits<double>::max() ? fmt::format(", at most {}", high) : "");
      },
      "");
}

// The text by the model's characters; a note where some of them are unknown and that was allowed.
std::vector<stability::models::token> encode(const stability::models::vocabulary& characters, const arguments& a,
                                             std::vector<std::string>& notes) {
  const std::string text = read_text(a.text);
  const bool skip = a.unknown == "skip", replace = !skip && a.unknown != "refuse";
  if (replace && !characters.find(a.unknown))
    throw libration::argument_error(fmt::format("--unknown: \"{}\" is no token of the vocabulary, nor refuse or skip", a.unknown));
  using stability::models::unknown_characters;
  try {
    auto encoded = characters.encode(text, {.unknown = skip      ? unknown_characters::skip
                                                       : replace ? unknown_characters::replace
                                                                 : unknown_characters::refuse,
                                            .replacement = replace ? a.unknown : ""});
    if (encoded.unknown > 0)
      notes.push_back(fmt::format("unknown to the model: {} of the text's characters ({} different), {}; the first is {}",
                                  encoded.unknown, encoded.different, skip ? "skipped" : "read as " + a.unknown,
                                  encoded.first_unknown));
    return std::move(encoded.tokens);
  } catch (const libration::argument_error& error) {
    const std::string why = error.what();
    throw libration::file_error(
        a.text, libration::file_error::no_byte,
        why + (why.find("UTF-8") == std::string::npos ? " (--unknown says what else may become of unknown characters)" : ""));
  }
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print("  note    {}\n", note);
}

// Token ids: a JSON list, or numbers between blanks.
std::vector<stability::models::token> read_ids(const std::string& path, Eigen::Index vocabulary_size) {
  const auto refuse = [&](const std::string& why) { throw libration::file_error(path, libration::file_error::no_byte, why); };
  std::string text = read_text(path);
  // [[1, 2]] is a batch of one; of several lists each begins anew.
  if (const auto inner = std::count(text.begin(), text.end(), ']') - 1;
      inner > 1 || (inner == 1 && text.find_first_of("0123456789") < text.rfind('[')))
    refuse(fmt::format("holds {} lists of token ids, expected one", std::max<std::ptrdiff_t>(inner, 2)));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '[' || c == ']' || c == ','; }, ' ');
  std::istringstream words(text);
  std::vector<stability::models::token> ids;
  for (std::string word; words >> word;) {
    std::int64_t id = -1;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (fault != std::errc() || end != word.data() + word.size())
      refuse(fmt::format("\"{}\" is no token id (a whole number), after {} ids", word, ids.size()));
    if (id < 0 || id >= vocabulary_size)
      refuse(fmt::format("token id {} after {} ids, expected 0 to {}", id, ids.size(), vocabulary_size - 1));
    ids.push_back(static_cast<stability::models::token>(id));
  }
  return ids;
}

void require_length(const arguments& a, const std::vector<stability::models::token>& tokens, const std::string& unit) {
  constexpr std::size_t fewest = 100;
  if (tokens.size() < fewest)
    throw libration::file_error(a.text, libration::file_error::no_byte,
                                fmt::format("the text has {} {}s, expected at least {}", tokens.size(), unit, fewest));
}

// What a model pays for a token must be a number.
void require_finite(double cost, const arguments& a) {
  if (!std::isfinite(cost))
    throw libration::file_error(
        a.model, libration::file_error::no_byte,
        fmt::format(
            "along {} the model's logits leave the range of single precision (it pays {} nats): it diverges, or is not read as "
            "it was trained",
            a.text, cost));
}

void make_folder(const std::string& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (!fs::is_directory(path)) throw libration::argument_error(fmt::format("--out: no folder \"{}\": {}", path, fault.message()));
}

// Runs the sections that are wanted, and says where the files are.
template <class Question, std::size_t count>
int answer_all(const Question& q, const std::array<section<Question>, count>& sections, answer& so_far) {
  const arguments& a = q.options;
  for (const auto& s : sections)
    if (stability::wanted(a, s.name)) s.print(q, so_far);
  const fs::path numbers = fs::path(a.out) / "report.json";
  if (!(std::ofstream(numbers) << so_far.json.dump(1) << '\n'))
    throw libration::file_error(numbers.string(), libration::file_error::no_byte, "cannot be written");
  fmt::print("\nFiles\n  numbers   {}\n", numbers.string());
  for (const std::string& picture : so_far.pictures)
    if (!picture.empty()) fmt::print("  picture   {}\n", picture);
  if (std::find(so_far.pictures.begin(), so_far.pictures.end(), "") != so_far.pictures.end())
    fmt::print("  pictures  {}: gnuplot is not installed or failed\n",
               std::all_of(so_far.pictures.begin(), so_far.pictures.end(), [](const auto& p) { return p.empty(); })
                   ? "not drawn"
                   : "not all drawn");
  return so_far.whole ? 0 : 1;
}

// What belongs to one kind of model only.
template <class Question, std::size_t count>
void require_known(const arguments& a, const std::array<section<Question>, count>& sections, const char* kind) {
  for (const std::string& name : a.sections)
    if (std::none_of(sections.begin(), sections.end(), [&](const auto& s) { return s.name == name; }))
      throw libration::argument_error(fmt::format("--sections: a {} has no section {}", kind, name));
}

// Whether a section is the only one that is wanted.
bool only(const arguments& a, std::string_view section) {
  return !a.sections.empty() &&
         std::all_of(a.sections.begin(), a.sections.end(), [&](const std::string& name) { return name == section; });
}

// Refuses options that were given and that say nothing of this model and text.
void refuse_options(const CLI::App& app, std::initializer_list<const char*> options, std::string_view why) {
  for (const char* const option : options)
    if (app.count(option) > 0) throw libration::argument_error(fmt::format("{}: {}", option, why));
}

int run_recurrent(const arguments& a, const CLI::App& app) {
  require_known(a, recurrent_sections, "recurrent network");
  refuse_options(app, {"--ids"}, "is for transformers; this model reads characters");
  refuse_options(app, {"--window"}, "is for transformers; a recurrent network reads the text as a whole");
  const bool spectrum = stability::wanted(a, "spectrum"), loops = stability::wanted(a, "loops");
  if (!spectrum) refuse_options(app, {"--steps", "--tolerance"}, "is for the section spectrum, which --sections leaves out");
  if (!spectrum && !loops)
    refuse_options(app, {"--count", "--margin"}, "is for the sections spectrum and loops, which --sections leaves out");
  if (only(a, "spectrum"))
    refuse_options(app, {"--effort"}, "is for all sections but spectrum, the only one of --sections (--steps is its length)");
  auto [model, single, notes, conventions, metadata] = stability::read_recurrent(a);
  const auto tokens = encode(model.characters(), a, notes);
  const auto length = static_cast<std::int64_t>(tokens.size());
  require_length(a, tokens, "character");

  // A short text spends at most a quarter on settling, half of it for the state and half for the directions.
  const recurrent_question q{{a, tokens, std::min(a.transient, length / 8)}, model, single};
  const std::vector<libration::models::token> read(tokens.begin(), tokens.begin() + std::min<std::int64_t>(length, 20'000));
  const double cost = single.cross_entropy(read);
  require_finite(cost, a);
  make_folder(a.out);
  const auto kind = model.network().kind();
  const auto layers = model.network().layer_count();
  fmt::print(
      "libration: how stable is this network, while it reads this text and when it writes?\n\n"
      "  model   {}: {} with {} layer{}, a state of {} numbers, {} characters\n"
      "  text    {}: {} characters\n"
      "  as a language model it pays {:.3f} nats a character on the first {} characters of this text\n",
      a.model, kind, layers, layers == 1 ? "" : "s", model.state_size(), model.vocabulary_size(), a.text, length, cost,
      read.size());
  print_notes(notes);
  answer so_far;
  so_far.json["model"] = {{"file", a.model},
                          {"kind", kind},
                          {"state_size", model.state_size()},
                          {"vocabulary_size", model.vocabulary_size()},
                          {"conventions", conventions},
                          {"metadata", metadata},
                          {"notes", notes}};
  so_far.json["text"] = {
      {"file", a.text}, {"characters", length}, {"nats_per_character", cost}, {"nats_over_characters", read.size()}};
  return answer_all(q, recurrent_sections, so_far);
}

// The vocabulary that was named, or that lies in the model's folder, or in its weights' metadata.
stability::models::vocabulary vocabulary_of(const arguments& a) {
  if (!a.vocabulary.empty()) return stability::models::vocabulary::read(a.vocabulary);
  const fs::path beside = fs::path(a.model) / "vocabulary.json", weights = fs::path(a.model) / "model.safetensors";
  if (fs::exists(beside)) return stability::models::vocabulary::read(beside);
  if (fs::exists(weights)) {
    const auto file = libration::io::safetensors::open(weights);
    if (const auto found = file.metadata().find("vocabulary"); found != file.metadata().end())
      return stability::models::vocabulary::from_json(found->second);
  }
  throw libration::file_error(a.model, libration::file_error::no_byte,
                              "no vocabulary.json with a character a token: give the text as token ids (--ids), or --vocabulary");
}

int run_transformer(const arguments& a, const CLI::App& app) {
  require_known(a, transformer_sections, "transformer");
  refuse_options(app,
                 {"--prefix", "--stack", "--embedding", "--readout", "--nonlinearity", "--leak", "--reset-after", "--reset-before",
                  "--swapped-update", "--gate-order"},
                 "is for recurrent networks; this model is a folder");
  refuse_options(app, {"--count", "--steps", "--transient", "--tolerance", "--margin"},
                 "is for the Lyapunov exponents of recurrent networks; this model is a folder, with a transformer");
  if (only(a, "attention"))
    refuse_options(app, {"--seed"}, "is for all sections but attention, the only one of --sections: nothing is drawn at random");
  if (a.ids) refuse_options(app, {"--vocabulary", "--unknown"}, "is for a text of characters; with --ids TEXT holds token ids");
  const auto c = stability::models::llama_config::read(fs::path(a.model) / "config.json", a.ignore_fields);
  stability::piece_lengths lengths{a.window > 0 ? a.window : c.max_positions};
  if (c.sliding_window > 0) lengths.window = std::min<std::int64_t>(lengths.window, c.sliding_window);
  constexpr std::int64_t narrowest = 16;
  if (lengths.window < narrowest)
    throw libration::argument_error(
        fmt::format("{}: a window of {} tokens, expected at least {} to report on", a.model, lengths.window, narrowest));
  const std::string unit = a.ids ? "token" : "character";
  std::vector<std::string> notes;
  const auto tokens = a.ids ? read_ids(a.text, c.vocabulary_size) : encode(vocabulary_of(a), a, notes);
  require_length(a, tokens, unit);
  const stability::question asked{a, tokens, 0, unit};
  // The cache is as long as the longest piece that is read, whatever the config's window is.
  const auto model = stability::transformer::from(
      a.model, {.window = stability::longest_piece(asked, lengths), .ignore = a.ignore, .ignore_fields = a.ignore_fields});
  const transformer_question q{asked, lengths, model};
  stability::require_memory_for(q);

  // Cut into windows, each after the first half of which all is counted: what is paid with at least half a window before.
  const double cost = stability::windowed_cost(q);
  require_finite(cost, a);
  make_folder(a.out);
  fmt::print(
      "libration: how stable is this transformer, while it reads this text and when it writes?\n\n"
      "  model   {}: {} layers, {} query heads on {} key heads of {}, window {}, {} tokens\n"
      "  text    {}: {} {}s\n"
      "  as a language model it pays {:.3f} nats a {} of this text, with half a window before it\n",
      a.model, c.layers, c.query_heads, c.key_heads, c.head_size, q.window, c.vocabulary_size, a.text, q.length(), unit, cost,
      unit);
  notes.insert(notes.end(), c.notes.begin(), c.notes.end());
  if (model.config().tied_head && !c.tied_head)
    notes.push_back("a base model without lm_head.weight: its embedding is taken for its head; a file that has one says otherwise");
  print_notes(notes);
  answer so_far;
  so_far.json["model"] = {{"folder", a.model},
                          {"kind", "llama"},
                          {"layers", c.layers},
                          {"query_heads", c.query_heads},
                          {"key_heads", c.key_heads},
                          {"window", q.window},
                          {"cache", model.window()},
                          {"head_is_the_embedding", model.config().tied_head},
                          {"state_size", model.state_size()},
                          {"vocabulary_size", c.vocabulary_size},
                          {"notes", notes}};
  so_far.json["text"] = {{"file", a.text}, {unit + "s", q.length()}, {"nats_per_" + unit, stability::report::number(cost)}};
  return answer_all(q, transformer_sections, so_far);
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  std::set<std::string> names;
  for (const auto& s : recurrent_sections) names.emplace(s.name);
  for (const auto& s : transformer_sections) names.emplace(s.name);
  CLI::App app{
      "How stable is a trained recurrent network, or a transformer, while it reads a text and when it writes?\n\n"
      "Measures along the text how fast small disturbances of the network's state fade or grow (Lyapunov exponents), the same\n"
      "where the network hears itself, how errors grow and how long a run can be trusted, what keeping the state or the weights\n"
      "in fewer bits costs over a long run, and when two runs begin to write different texts; of a transformer, where its\n"
      "attention goes as the context grows. Prints a report, and writes the same as JSON and as pictures."};
  app.add_option(
         "MODEL", a.model,
         "A safetensors file with PyTorch's names: an rnn, gru or lstm, an embedding (embedding.weight, encoder.weight, ...)\n"
         "and a linear readout (decoder.weight, fc.weight, ...). Or a folder as Hugging Face has it, with config.json of a\n"
         "llama, mistral or qwen2 and its safetensors")
      ->required();
  app.add_option("TEXT", a.text, "A text in UTF-8; every character must be in the model's vocabulary")->required();
  app.add_option("--vocabulary", a.vocabulary,
                 "JSON file with the characters by token, [\"a\", \"<unk>\", ...] or {\"a\": 0, ...}; without it a recurrent\n"
                 "network's metadata \"vocabulary\", else vocabulary.json or vocab.json beside it; of a folder its\n"
                 "vocabulary.json, else the metadata");
  app.add_option("--unknown", a.unknown,
                 "What becomes of characters that the model does not know: refuse, skip, or the token to read in their place,\n"
                 "such as \"<unk>\"")
      ->capture_default_str();
  app.add_option("--ignore", a.ignore,
                 "Tensors of the file that do not matter, with * for any characters and commas between; all others must be\n"
                 "part of the model, and a pattern must match one")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--prefix", a.prefix, "What stands before the names of a recurrent network's tensors, where the file has several");
  app.add_option("--stack", a.stack,
                 "Prefixes of recurrent networks, from the lowest up, each of which reads the output of the one before it:\n"
                 "lstm1,lstm2")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes("--prefix");
  app.add_option("--embedding", a.embedding, "Name of a recurrent network's embedding, where it is none of the usual ones");
  app.add_option("--readout", a.readout, "What stands before the names of a recurrent network's readout: \"fc.\"");
  const auto said = [&](const char* name) { return [&a, name](const std::string& value) { a.conventions[name] = value; }; };
  app.add_option_function<std::string>("--nonlinearity", said("nonlinearity"),
                                       "Of a plain rnn: tanh or relu; the weights do not say it, nor any of the following")
      ->check(CLI::IsMember({"tanh", "relu"}));
  app.add_option_function<std::string>("--leak", said("leak"), "Of a plain rnn: A in (0, 1], h' = (1 - A) h + A f(...)");
  auto* const after = app.add_flag_callback(
      "--reset-after", [&] { a.conventions["reset_after"] = "true"; },
      "Of a gru: the reset gate multiplies U h + b, as PyTorch has it");
  app.add_flag_callback(
         "--reset-before", [&] { a.conventions["reset_after"] = "false"; },
         "Of a gru: the reset gate multiplies h before the product with U")
      ->excludes(after);
  app.add_flag_callback(
      "--swapped-update", [&] { a.conventions["swapped_update"] = "true"; },
      "Of a gru: h' = z n + (1 - z) h, instead of (1 - z) n + z h");
  app.add_option_function<std::string>("--gate-order", said("gate_order"),
                                       "Blocks of rows in the weights: of a gru the letters of rzn (reset, update, candidate),\n"
                                       "of an lstm those of ifgo (input, forget, candidate, output)");
  app.add_flag("--ids", a.ids, "TEXT holds token ids, not characters: a JSON list, or whole numbers between blanks (transformers)");
  app.add_option("--window", a.window,
                 "Tokens that a transformer reads at once; 0: its config's max_position_embeddings. Its cache is as long as the\n"
                 "longest piece of the text")
      ->check(at_least(0))
      ->capture_default_str();
  app.add_option("--ignore-field", a.ignore_fields,
                 "Fields of config.json (and of a recurrent network's metadata) that are taken for null, with * for any\n"
                 "characters and commas between; without it one that could change the computation and is not known is refused")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--sections", a.sections,
                 "Only these, of: spectrum, loops (recurrent networks), attention (transformers), growth, precision, tokens,\n"
                 "exposure; with commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(names));
  app.add_option("--count", a.count, "Leading exponents to measure; the time grows with them")
      ->check(at_least(1))
      ->capture_default_str();
  app.add_option("--steps", a.steps, "Characters to measure the exponents over; 0: the whole text")
      ->check(at_least(0))
      ->capture_default_str();
  app.add_option("--transient", a.transient,
                 "Characters read first, so that the state settles, and as many again so that the directions do")
      ->check(at_least(0))
      ->capture_default_str();
  app.add_option("--tolerance", a.tolerance,
                 "Stop when every standard error is below this, in nats per character; 0: read all of --steps")
      ->check(at_least(0));
  app.add_option("--margin", a.margin, "Half-width of \"neutral\", nats per character")->check(at_least(0))->capture_default_str();
  app.add_option("--effort", a.effort,
                 "Factor on the numbers of runs, and on their lengths, of everything but the exponents along the text")
      ->check(at_least(0.01, 1e4))
      ->capture_default_str();
  app.add_option("--seed", a.seed, "Seed of all that is drawn at random")->check(at_least(0))->capture_default_str();
  app.add_option("--out", a.out, "Folder for the JSON and the pictures")->capture_default_str();
  app.add_flag("--no-pictures", a.no_pictures, "Draw no pictures");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "stability_report: {} (--help lists the options)\n", error.what());
    return 2;
  }
  try {
    return fs::is_directory(a.model) ? run_transformer(a, app) : run_recurrent(a, app);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "stability_report: out of memory; fewer --sections, a smaller --window or a shorter TEXT take less\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stability_report: {}\n", error.what());
    return 2;
  }
}
