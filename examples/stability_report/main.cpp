// SPDX-License-Identifier: MIT
// How stable is a trained recurrent network, while it reads a text and when it writes? Reads a model and a text, measures how small
// disturbances and errors grow, and says in words, numbers, pictures and JSON what that means.

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>

#include <CLI/CLI.hpp>

#include <libration/io/io.hpp>

#include "report.hpp"

namespace fs = std::filesystem;

namespace {

using stability::answer;
using stability::arguments;
using stability::question;

struct section {
  std::string_view name;
  void (*print)(const question&, answer&);
};
constexpr std::array<section, 6> sections = {{{"spectrum", stability::print_spectrum},
                                              {"loops", stability::print_closed_loop},
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

// A number's lower bound, as an option's check.
CLI::Validator at_least(double low) {
  return CLI::Validator(
      [low](const std::string& given) {
        double value = 0.0;
        if (CLI::detail::lexical_cast(given, value) && value >= low && std::isfinite(value)) return std::string();
        return fmt::format("is {}, expected a number that is at least {}", given, low);
      },
      "");
}

int run(const stability::model& model, const stability::model_in_single& single, const arguments& a,
        const libration::io::safetensors::file& file) {
  const std::string text = read_text(a.text);
  const auto tokens = [&] {
    try {
      return model.characters().encode(text);
    } catch (const libration::argument_error& error) {
      throw libration::file_error(a.text, libration::file_error::no_byte, error.what());
    }
  }();
  constexpr std::int64_t fewest = 100;
  const auto length = static_cast<std::int64_t>(tokens.size());
  if (length < fewest)
    throw libration::file_error(a.text, libration::file_error::no_byte,
                                fmt::format("the text has {} characters, expected at least {}", length, fewest));

  // A short text spends at most a quarter on settling, half of it for the state and half for the directions.
  const question q{a, model, single, tokens, std::min(a.transient, length / 8)};
  const std::vector<libration::models::token> read(tokens.begin(), tokens.begin() + std::min<std::int64_t>(length, 20'000));
  const double cost = single.cross_entropy(read);
  const auto kind = model.network().kind();
  const auto layers = model.network().layer_count();
  fmt::print(
      "libration: how stable is this network, while it reads this text and when it writes?\n\n"
      "  model   {}: {} with {} layer{}, a state of {} numbers, {} characters\n"
      "  text    {}: {} characters\n"
      "  as a language model it pays {:.3f} nats a character on the first {} characters of this text\n",
      a.model, kind, layers, layers == 1 ? "" : "s", model.state_size(), model.vocabulary_size(), a.text, length, cost,
      read.size());

  fs::create_directories(a.out);
  answer so_far;
  so_far.json["model"] = {{"file", a.model},
                          {"kind", kind},
                          {"state_size", model.state_size()},
                          {"vocabulary_size", model.vocabulary_size()},
                          {"metadata", file.metadata()}};
  so_far.json["text"] = {
      {"file", a.text}, {"characters", length}, {"nats_per_character", cost}, {"nats_over_characters", read.size()}};
  for (const section& s : sections)
    if (a.sections.empty() || std::find(a.sections.begin(), a.sections.end(), s.name) != a.sections.end()) s.print(q, so_far);

  const fs::path numbers = fs::path(a.out) / "report.json";
  std::ofstream(numbers) << so_far.json.dump(1) << '\n';
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

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  std::vector<std::string> names;
  for (const section& s : sections) names.emplace_back(s.name);
  CLI::App app{
      "How stable is a trained recurrent network, while it reads a text and when it writes?\n\n"
      "Measures along the text how fast small disturbances of the network's state fade or grow (Lyapunov exponents), the same\n"
      "where the network hears itself, how errors grow and how long a run can be trusted, what keeping the state or the weights\n"
      "in fewer bits costs over a long run, and when two runs begin to write different texts. Prints a report, and writes the\n"
      "same as JSON and as pictures."};
  app.add_option(
         "MODEL", a.model,
         "A safetensors file with PyTorch's names: an rnn, gru or lstm, an embedding (embedding.weight, encoder.weight, ...)\n"
         "and a linear readout (decoder.weight, fc.weight, ...)")
      ->required();
  app.add_option("TEXT", a.text, "A text in UTF-8; every character must be in the model's vocabulary")->required();
  app.add_option("--vocabulary", a.vocabulary,
                 "JSON file with the characters by token, [\"a\", \"b\", ...]; without it the model's metadata \"vocabulary\"");
  app.add_option("--sections", a.sections, "Only these, of: spectrum, loops, growth, precision, tokens, exposure; with commas")
      ->delimiter(',')
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
      ->check(at_least(0.01))
      ->capture_default_str();
  app.add_option("--seed", a.seed, "Seed of all that is drawn at random")->capture_default_str();
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
    const auto file = libration::io::safetensors::open(a.model);
    stability::models::character_model_options options;
    if (!a.vocabulary.empty()) options.characters = stability::models::vocabulary::read(a.vocabulary);
    return run(stability::models::behind_one_type(stability::models::load_character_model<double>(file, options)),
               stability::models::behind_one_type(stability::models::load_character_model<float>(file, options)), a, file);
  } catch (const std::exception& error) {
    fmt::print(stderr, "stability_report: {}\n", error.what());
    return 2;
  }
}
