// SPDX-License-Identifier: MIT
// How stable is a trained recurrent network, state-space model or transformer, while it reads a text and when it writes? Reads a
// model and a text, measures how small disturbances and errors grow, and says in words, numbers, pictures and JSON what that means.

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include <libration/core/error.hpp>

#include "kinds.hpp"
#include "section.hpp"
#include "subject.hpp"

namespace fs = std::filesystem;

namespace {

using stability::answer;
using stability::arguments;
using stability::model_kind;
using stability::section;

// Of report.json: counted up where a field changes its meaning or goes; see examples/README.md.
constexpr int format_version = 1;

bool is_in(std::string_view name, const std::vector<std::string_view>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "a", "a and b", "a, b and c", each name once.
std::string listed(const std::vector<std::string_view>& names) {
  std::vector<std::string_view> once;
  for (const std::string_view name : names)
    if (!is_in(name, once)) once.push_back(name);
  std::string text;
  for (std::size_t i = 0; i < once.size(); ++i)
    text += (i == 0 ? "" : i + 1 == once.size() ? " and " : ", ") + std::string(once[i]);
  return text;
}

bool is_for(const section& s, const model_kind& kind) { return (s.needs & ~kind.offers) == 0; }

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const section& s : stability::sections())
    if (std::find(names.begin(), names.end(), s.name) == names.end()) names.emplace_back(s.name);
  return names;
}

// The kinds that have a section of one of these names.
std::vector<std::string_view> kinds_with(const std::vector<std::string_view>& names) {
  std::vector<std::string_view> kinds;
  for (const model_kind& kind : stability::model_kinds()) {
    const auto has = [&](const section& s) { return is_in(s.name, names) && is_for(s, kind); };
    if (std::any_of(stability::sections().begin(), stability::sections().end(), has)) kinds.push_back(kind.plural);
  }
  return kinds;
}

// spectrum (recurrent networks), ..., tokens and exposure
std::string describe_sections() {
  std::vector<std::string> each;
  for (const std::string& name : section_names()) {
    const std::vector<std::string_view> kinds = kinds_with({name});
    each.push_back(kinds.size() == stability::model_kinds().size() ? name : fmt::format("{} ({})", name, listed(kinds)));
  }
  return fmt::format("{}", fmt::join(each, ", "));
}

const model_kind& kind_of(const arguments& a) {
  for (const model_kind& kind : stability::model_kinds())
    if (kind.reads(a.model)) return kind;
  return stability::model_kinds().back();
}

[[noreturn]] void refuse(std::string_view option, const std::string& why) {
  throw libration::argument_error(fmt::format("{}: {}", option, why));
}

// The sections that are asked for and that this kind of model has.
std::vector<section> sections_for(const arguments& a, const model_kind& kind) {
  std::vector<section> wanted;
  for (const section& s : stability::sections())
    if (is_for(s, kind) && stability::wanted(a, s)) wanted.push_back(s);
  for (const std::string& name : a.sections)
    if (std::none_of(wanted.begin(), wanted.end(), [&](const section& s) { return s.name == name; }))
      refuse("--sections", fmt::format("a {} has no section {}", kind.name, name));
  return wanted;
}

// Refuses options that were given and that say nothing of this model, of this text or of these sections.
void refuse_useless_options(const CLI::App& app, const arguments& a, const model_kind& kind, const std::vector<section>& wanted) {
  const auto given = [&](std::string_view option) { return app.count(std::string(option)) > 0; };
  for (const model_kind& other : stability::model_kinds())
    for (const std::string_view option : other.options) {
      if (!given(option) || is_in(option, kind.options)) continue;
      std::vector<std::string_view> kinds;
      for (const model_kind& k : stability::model_kinds())
        if (is_in(option, k.options)) kinds.push_back(k.plural);
      refuse(option, fmt::format("is for {}; this model is {}", listed(kinds), kind.found));
    }
  for (const section& any : stability::sections())
    for (const std::string_view option : any.options) {
      const auto reads = [&](const section& s) { return is_in(option, s.options); };
      if (!given(option) || std::any_of(wanted.begin(), wanted.end(), reads)) continue;
      std::vector<std::string_view> names, left_out, others;
      for (const section& s : stability::sections()) {
        if (reads(s)) names.push_back(s.name);
        if (is_for(s, kind)) (reads(s) ? left_out : others).push_back(s.name);
      }
      const auto which = [](const std::vector<std::string_view>& these) {
        return fmt::format("the section{} {}", these.size() > 1 ? "s" : "", listed(these));
      };
      if (left_out.empty())
        refuse(option, fmt::format("is for {} of {}; this model is {}", which(names), listed(kinds_with(names)), kind.found));
      if (others.size() < left_out.size())
        refuse(option, fmt::format("is for all sections but {}, and --sections leaves them out", listed(others)));
      refuse(option, fmt::format("is for {}, which --sections leaves out", which(left_out)));
    }
  if (a.ids)
    for (const char* const option : {"--vocabulary", "--unknown"})
      if (given(option)) refuse(option, "is for a text of characters; with --ids TEXT holds token ids");
}

void make_folder(const std::string& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (!fs::is_directory(path)) refuse("--out", fmt::format("no folder \"{}\": {}", path, fault.message()));
}

void print_files(const answer& so_far, const fs::path& numbers) {
  fmt::print("\nFiles\n  numbers   {}\n", numbers.string());
  for (const std::string& picture : so_far.pictures)
    if (!picture.empty()) fmt::print("  picture   {}\n", picture);
  if (std::find(so_far.pictures.begin(), so_far.pictures.end(), "") != so_far.pictures.end())
    fmt::print("  pictures  {}: gnuplot is not installed or failed\n",
               std::all_of(so_far.pictures.begin(), so_far.pictures.end(), [](const auto& p) { return p.empty(); })
                   ? "not drawn"
                   : "not all drawn");
}

int report_on(const arguments& a, const CLI::App& app) {
  const model_kind& kind = kind_of(a);
  const std::vector<section> wanted = sections_for(a, kind);
  refuse_useless_options(app, a, kind, wanted);
  const stability::subject subject = kind.load(a, wanted);
  const stability::text_pieces& text = subject.text;
  make_folder(a.out);
  fmt::print(
      "libration: how stable is this {}, while it reads this text and when it writes?\n\n"
      "  model   {}: {}\n"
      "  text    {}: {} {}s\n"
      "  as a language model it pays {}\n",
      subject.noun, a.model, subject.about, a.text, text.length(), text.unit, subject.cost);
  for (const std::string& note : subject.notes) fmt::print("  note    {}\n", note);

  answer so_far;
  so_far.json["version"] = format_version;
  so_far.json["model"] = subject.model_json;
  so_far.json["text"] = subject.text_json;
  const stability::question question{text, a, subject.model};
  for (const section& s : wanted) s.run(question, so_far);
  const fs::path numbers = fs::path(a.out) / "report.json";
  if (!(std::ofstream(numbers) << so_far.json.dump(1) << '\n'))
    throw libration::file_error(numbers.string(), libration::file_error::no_byte, "cannot be written");
  print_files(so_far, numbers);
  return so_far.whole ? 0 : 1;
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

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  CLI::App app{
      "How stable is a trained recurrent network, state-space model or transformer, while it reads a text and when it writes?\n\n"
      "Measures along the text how fast small disturbances of the network's state fade or grow (Lyapunov exponents), the same\n"
      "of the free-running network, how far back the state depends on its inputs and what of them it holds, how errors grow\n"
      "and how long a run can be trusted, what keeping the state or the weights in fewer bits costs over a long run, and when\n"
      "two runs begin to write different texts; of a transformer, where its attention goes as the context grows. Prints a\n"
      "report, and writes the same as JSON and as pictures."};
  app.add_option(
         "MODEL", a.model,
         "A safetensors file with PyTorch's names: an rnn, gru or lstm, an embedding (embedding.weight, encoder.weight, ...)\n"
         "and a linear readout (decoder.weight, fc.weight, ...). Or a folder as Hugging Face has it, with config.json of a\n"
         "llama, mistral, qwen2, mamba, mamba2 or rwkv7 and its safetensors. Or one file of a mamba, mamba2 or rwkv7, beside\n"
         "its config.json, which the authors' files of rwkv7 do not need")
      ->required();
  app.add_option("TEXT", a.text, "A text in UTF-8; every character must be in the model's vocabulary")->required();
  app.add_option("--vocabulary", a.vocabulary,
                 "JSON file with the characters by token, [\"a\", \"<unk>\", ...] or {\"a\": 0, ...}; without it a recurrent\n"
                 "network's metadata \"vocabulary\", else vocabulary.json or vocab.json beside it; of a folder, or of a\n"
                 "state-space model's file, vocabulary.json there, else the metadata's, else its config's \"vocab\"");
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
  app.add_flag("--ids", a.ids,
               "TEXT holds token ids, not characters: a JSON list, or whole numbers between blanks; of\n"
               "transformers and state-space models");
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
  app.add_option("--sections", a.sections, "Only these, of: " + describe_sections() + "; with commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(section_names()));
  app.add_option("--count", a.count, "Leading exponents to measure; the time grows with them")
      ->check(at_least(1))
      ->capture_default_str();
  app.add_option("--steps", a.steps, "Characters (or tokens, with --ids) to measure the exponents over; 0: the whole text")
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
    return report_on(a, app);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "stability_report: out of memory; fewer --sections, a smaller --window or a shorter TEXT take less\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stability_report: {}\n", error.what());
    return 2;
  }
}
