// SPDX-License-Identifier: MIT
// How stable is a trained recurrent network while it reads a text? Reads a model and a text, measures the Lyapunov exponents
// of the network's state along the text, and says in words, numbers, pictures and JSON what they mean.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <libration/io/io.hpp>
#include <libration/lyapunov/lyapunov.hpp>
#include <libration/models/models.hpp>
#include <libration/report/report.hpp>

namespace fs = std::filesystem;
namespace lyapunov = libration::lyapunov;
namespace models = libration::models;
namespace report = libration::report;

namespace {

struct arguments {
  std::string model, text, vocabulary, out = "build/report";
  std::int64_t steps = 20'000, transient = 1000;
  int count = 8;
  double tolerance = 0.0, margin = 1e-3;
  std::uint64_t seed = 0;
  bool no_pictures = false;
};

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

// e.g. "91 characters": the number of characters in which a disturbance halves (or doubles).
std::string characters(double rate) { return fmt::format("{:.3g} characters", std::log(2.0) / std::abs(rate)); }

std::string verdict_sentence(const lyapunov::spectrum_result& r) {
  const double rate = r.exponents[0], half = r.half_width[0];
  switch (r.verdict) {
    case libration::verdict::stable:
      return fmt::format(
          "STABLE. While it reads this text the network forgets a small disturbance of its state: what is left\n"
          "  of it halves every {} (95 % interval: {:.3g} to {:.3g}).",
          characters(rate), std::log(2.0) / -(rate - half), std::log(2.0) / -(rate + half));
    case libration::verdict::chaotic:
      return fmt::format(
          "CHAOTIC. While it reads this text a small disturbance of the network's state grows: it doubles every\n"
          "  {} (95 % interval: {:.3g} to {:.3g}), until the two runs have nothing in common.",
          characters(rate), std::log(2.0) / (rate + half), std::log(2.0) / (rate - half));
    case libration::verdict::neutral:
      return fmt::format(
          "NEUTRAL. A small disturbance of the network's state neither fades nor grows: over {:.0f} characters it\n"
          "  changes by less than a factor of e. The network carries it along, like a memory.",
          1.0 / r.neutral_margin);
    case libration::verdict::undecided:
      break;
  }
  return std::isnan(half) ? "UNDECIDED. The text was too short for an error bar: no verdict without one."
                          : "UNDECIDED. The error bar reaches across the border between fading and growing (or between either and\n"
                            "  neutral): a longer text (--steps) would tell.";
}

void print_numbers(const lyapunov::spectrum_result& r) {
  fmt::print(
      "\nThe numbers (nats per character)\n   i   exponent ± standard error        95 % interval           halves or doubles in\n");
  for (Eigen::Index i = 0; i < r.exponents.size(); ++i) {
    const double rate = r.exponents[i], half = r.half_width[i];
    fmt::print("  {:>2}   {:<28}  {:>9.5f} to {:>9.5f}   {}\n", i + 1, report::with_error(rate, r.standard_error[i]), rate - half,
               rate + half, characters(rate));
  }
  const auto& f = r.finite_time;
  if (f.values.cols() > 1) {
    const double growing = static_cast<double>((f.values.row(0).array() > 0.0).count()) / static_cast<double>(f.values.cols());
    fmt::print(
        "\n  Text is uneven: over stretches of {} characters the leading exponent has mean {:.4f} and spread {:.4f}; in 90 % of\n"
        "  them it lies between {:.4f} and {:.4f}, and in {:.1f} % a disturbance grows for the while.\n",
        f.window, f.mean()[0], f.spread()[0], f.quantile(0.05)[0], f.quantile(0.95)[0], 100.0 * growing);
  }
}

void print_trust(const lyapunov::spectrum_result& r, const lyapunov::spectrum_result& pair) {
  fmt::print("\nHow far to trust them\n  status: {}, {}.\n", r.status, report::explain(r.status));
  if (r.status == libration::status::not_converged)
    fmt::print("  The text ended before the standard error was down to the tolerance.\n");
  fmt::print(
      "  error bars: they account for the correlation of neighbouring characters ({:.0f} independent stretches' worth for the\n"
      "    leading exponent), by Student's t with {:.0f} degrees of freedom. They do not cover other texts: that is another "
      "question.\n",
      r.effective_samples[0], r.degrees_of_freedom);
  fmt::print(
      "  frame: {} orthonormalisations, every {:.1f} characters on average; worst condition {:.1e}\n"
      "    (a pivot is right to 2e-16 times that), worst defect {:.0e}; {} stretches had to be gone back over.\n",
      r.orthonormalisations, r.mean_interval, r.worst_condition, r.worst_defect, r.breakdowns);
  const double difference = std::abs(pair.exponents[0] - r.exponents[0]);
  fmt::print(
      "  second way: two neighbouring runs of the network, without any derivative, give {}\n"
      "    for the leading exponent, {:.2g} standard errors away.\n",
      report::with_error(pair.exponents[0], pair.standard_error[0]),
      difference / std::hypot(pair.standard_error[0], r.standard_error[0]));
}

template <class Model>
int run(const Model& model, const arguments& a, const std::string& kind, const libration::io::safetensors::file& file) {
  const std::string text = read_text(a.text);
  const auto tokens = [&] {
    try {
      return model.characters().encode(text);
    } catch (const libration::argument_error& error) {
      throw libration::file_error(a.text, libration::file_error::no_byte, error.what());
    }
  }();
  const auto length = static_cast<std::int64_t>(tokens.size());
  constexpr std::int64_t fewest = 100;
  if (length < fewest)
    throw libration::file_error(a.text, libration::file_error::no_byte,
                                fmt::format("the text has {} characters, expected at least {}", length, fewest));
  // A short text spends at most a quarter on settling, half of it for the state and half for the directions.
  const std::int64_t transient = std::min(a.transient, length / 8), frame_transient = transient;
  const std::int64_t room = length - transient - frame_transient;
  const std::int64_t steps = a.steps == 0 ? room : std::min(a.steps, room);

  const auto inputs = model.inputs(tokens);
  const Eigen::VectorXd h0 = Eigen::VectorXd::Zero(model.state_size());
  const auto count = std::min<Eigen::Index>(a.count, model.state_size());
  report::progress_bar bar("Lyapunov spectrum along the text");
  lyapunov::spectrum_options options{.count = count, .steps = steps, .transient = transient, .frame_transient = frame_transient};
  options.neutral_margin = a.margin;
  options.seed = a.seed;
  options.history = true;
  if (a.tolerance > 0.0) {
    options.tolerance = a.tolerance;
    options.max_steps = steps;
    options.steps = std::min<std::int64_t>(1000, steps);
  }
  options.on_progress = [&](const libration::progress& p) { bar(p); };
  const auto r = lyapunov::spectrum(model.network(), h0, inputs, options);
  const auto pair = lyapunov::largest(
      model.network(), h0, inputs, {.steps = r.steps, .transient = transient, .frame_transient = frame_transient, .seed = a.seed});
  const std::vector<models::token> read(tokens.begin(), tokens.begin() + std::min<std::int64_t>(length, 20'000));
  const double cost = model.cross_entropy(read);

  fmt::print(
      "libration: how stable is this network while it reads this text?\n\n"
      "  model   {}: {} with {} layer{}, a state of {} numbers, {} characters\n"
      "  text    {}: {} characters, {} of them measured after {} to settle\n"
      "  as a language model it pays {:.3f} nats a character on the first {} characters of this text\n",
      a.model, kind, model.network().layer_count(), model.network().layer_count() == 1 ? "" : "s", model.state_size(),
      model.vocabulary_size(), a.text, length, r.steps, transient + frame_transient, cost, read.size());
  fmt::print(
      "\nWhat was measured\n"
      "  The network reads the text one character at a time and keeps what it knows in its state. Suppose the state were\n"
      "  nudged a little and the network read on, the same text: would the nudge fade, last or grow? The rate, averaged\n"
      "  along the text, is a Lyapunov exponent: negative for a nudge that fades, positive for one that grows. There is\n"
      "  one for each independent direction of a nudge; the {} slowest to fade are here, of {}.\n",
      count, model.state_size());
  fmt::print("\nVerdict\n  {}\n", verdict_sentence(r));
  print_numbers(r);
  print_trust(r, pair);

  fs::create_directories(a.out);
  report::json j;
  j["model"] = {{"file", a.model},
                {"kind", kind},
                {"state_size", model.state_size()},
                {"vocabulary_size", model.vocabulary_size()},
                {"metadata", file.metadata()}};
  j["text"] = {{"file", a.text}, {"characters", length}, {"nats_per_character", cost}, {"nats_over_characters", read.size()}};
  j["spectrum"] = report::to_json(r);
  j["two_trajectories"] = report::to_json(pair);
  const fs::path out(a.out);
  std::ofstream(out / "report.json") << j.dump(1) << '\n';
  fmt::print("\nFiles\n  numbers   {}\n", (out / "report.json").string());
  if (!a.no_pictures) {
    const bool drawn =
        report::plot_spectrum(r, out / "spectrum.png", "Lyapunov exponents along the text", "per character") &&
        report::plot_history(r, out / "running_estimate.png", "The leading exponent as the text is read", "per character") &&
        (r.finite_time.values.cols() < 2 ||
         report::plot_finite_time(r, out / "finite_time.png", "The leading exponent over stretches of text", "per character"));
    fmt::print("  pictures  {}\n",
               drawn ? fmt::format("{0}/spectrum.png, {0}/running_estimate.png, {0}/finite_time.png", out.string())
                     : "not drawn: gnuplot is not installed or failed");
  }
  return r.status == libration::status::ok || r.status == libration::status::not_converged ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  CLI::App app{
      "How stable is a trained recurrent network while it reads a text?\n\n"
      "Measures the Lyapunov exponents of the network's state along the text: the rates at which small disturbances of\n"
      "the state fade (negative) or grow (positive) while the network goes on reading. Prints a report, and writes the\n"
      "same as JSON and as pictures."};
  app.add_option(
         "MODEL", a.model,
         "A safetensors file with PyTorch's names: an rnn, gru or lstm, an embedding (embedding.weight, encoder.weight, ...)\n"
         "and a linear readout (decoder.weight, fc.weight, ...)")
      ->required();
  app.add_option("TEXT", a.text, "A text in UTF-8; every character must be in the model's vocabulary")->required();
  app.add_option("--vocabulary", a.vocabulary,
                 "JSON file with the characters by token, [\"a\", \"b\", ...]; without it the model's metadata \"vocabulary\"");
  app.add_option("--count", a.count, "Leading exponents to measure; the time grows with them")
      ->check(at_least(1))
      ->capture_default_str();
  app.add_option("--steps", a.steps, "Characters to measure over; 0: the whole text")->check(at_least(0))->capture_default_str();
  app.add_option("--transient", a.transient,
                 "Characters read first, so that the state settles, and as many again so that the directions do")
      ->check(at_least(0))
      ->capture_default_str();
  app.add_option("--tolerance", a.tolerance,
                 "Stop when every standard error is below this, in nats per character; 0: read all of --steps")
      ->check(at_least(0));
  app.add_option("--margin", a.margin, "Half-width of \"neutral\", nats per character")->check(at_least(0))->capture_default_str();
  app.add_option("--seed", a.seed, "Seed of the first, random directions")->capture_default_str();
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
    models::character_model_options options;
    if (!a.vocabulary.empty()) options.characters = models::vocabulary::read(a.vocabulary);
    const auto model = models::load_character_model<double>(file, options);
    constexpr const char* kinds[] = {"rnn", "gru", "lstm"};
    return std::visit([&](const auto& m) { return run(m, a, kinds[model.index()], file); }, model);
  } catch (const std::exception& error) {
    fmt::print(stderr, "stability_report: {}\n", error.what());
    return 2;
  }
}
