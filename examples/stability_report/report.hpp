// SPDX-License-Identifier: MIT
#pragma once
// What the sections of the stability report share: the question, the model and text it is asked of, and what has come out so far.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/lyapunov/result.hpp>
#include <libration/models/llama.hpp>
#include <libration/models/recurrent_network.hpp>
#include <libration/report/json.hpp>

namespace stability {

namespace lyapunov = libration::lyapunov;
namespace models = libration::models;
namespace report = libration::report;

using network = models::recurrent_network<double>;
using model = models::character_model<network>;
using model_in_single = models::character_model<models::recurrent_network<float>>;
using transformer = models::llama<float>;

struct arguments {
  std::string model, text, vocabulary, out = "build/report";
  std::int64_t steps = 20'000, transient = 1000;
  Eigen::Index window = 0;  // of a transformer; 0: its config's
  int count = 8;
  double tolerance = 0.0, margin = 1e-3, effort = 1.0;
  std::uint64_t seed = 0;
  bool no_pictures = false, ids = false;
  std::vector<std::string> sections;       // empty: all
  std::vector<std::string> ignore;         // tensors that do not matter, as patterns
  std::vector<std::string> ignore_fields;  // fields of a config.json that do not, likewise
  std::string unknown = "refuse";          // what becomes of unknown characters: refuse, skip, or the token read in their place
  // Of recurrent networks: where they are in the file, and what they compute beside their weights.
  std::optional<std::string> prefix;
  std::vector<std::string> stack;
  std::string embedding, readout;
  std::map<std::string, std::string> conventions;  // those that were given, by the keys of `models::describe_recurrent`
};

// What is asked, of whatever kind of model.
struct question {
  const arguments& options;
  const std::vector<models::token>& tokens;
  std::int64_t transient;  // characters to settle on
  std::string unit = "character";

  std::int64_t length() const { return static_cast<std::int64_t>(tokens.size()); }
  // A number of runs or of characters, by the effort asked for.
  std::int64_t scaled(std::int64_t number, std::int64_t least) const {
    return std::max(least, static_cast<std::int64_t>(std::lround(options.effort * static_cast<double>(number))));
  }
};

struct recurrent_question : question {
  const stability::model& model;
  const model_in_single& single;  // the same weights in single precision, as models are run

  // The state after the first characters of the text.
  Eigen::VectorXd state_after(std::int64_t characters) const;
};

// How long the pieces of a text are that a transformer reads and writes. The window is the model's; its cache is only as long as
// the longest piece.
struct piece_lengths {
  std::int64_t window;

  // Prompts are a quarter of the window, and what is written fits into the rest: beyond it the model was not trained.
  std::int64_t prompt() const { return std::max<std::int64_t>(1, window / 4); }
  std::int64_t room() const { return std::max<std::int64_t>(1, window - prompt()); }
  // Pieces that are read through.
  std::int64_t read(std::int64_t text) const { return std::min(window, text); }
};

struct transformer_question : question, piece_lengths {
  const transformer& model;
};

// The longest run of all sections that are wanted, in tokens.
std::int64_t longest_piece(const question&, const piece_lengths&);

// Refuses what will not fit the machine's memory.
void require_memory_for(const transformer_question&);

// What has come out.
struct answer {
  report::json json;
  std::vector<std::string> pictures;
  bool whole = true;                           // no section ended before its time
  lyapunov::spectrum_result reading, writing;  // exponents of the open and of the closed loop, where measured
};

// 91.2 characters
inline std::string characters(double n) { return fmt::format("{:.3g} characters", n); }
// The characters in which something that changes at this rate halves, or doubles.
inline std::string halving(double rate) { return characters(std::log(2.0) / std::abs(rate)); }

// Remembers a picture that was drawn; one that was not is told once, at the end.
inline void drew(answer& so_far, bool drawn, const std::filesystem::path& file) {
  so_far.pictures.push_back(drawn ? file.string() : std::string());
}

// Of a section whose name `--sections` knows.
inline bool wanted(const arguments& a, std::string_view section) {
  return a.sections.empty() || std::find(a.sections.begin(), a.sections.end(), section) != a.sections.end();
}

// A recurrent network as it was read, and what there is to say about that.
struct recurrent_reading {
  stability::model model;
  model_in_single single;
  std::vector<std::string> notes;
  report::json conventions;  // each with its value and who said it
  std::map<std::string, std::string> metadata;
};

// By the options, the file and what lies beside it.
recurrent_reading read_recurrent(const arguments&);

void print_spectrum(const recurrent_question&, answer&);
void print_closed_loop(const recurrent_question&, answer&);
void print_growth(const recurrent_question&, answer&);
void print_precision(const recurrent_question&, answer&);
void print_tokens(const recurrent_question&, answer&);
void print_exposure(const recurrent_question&, answer&);

// Normal numbers where the cache is filled, zero elsewhere, of the cache's own Euclidean size: shape (n).
Eigen::VectorXf cache_noise(const transformer&, const Eigen::Ref<const Eigen::VectorXf>& h, std::uint64_t seed,
                            std::uint64_t stream);

// Nats a token, of those that have at least half a window before them.
double windowed_cost(const transformer_question&);

void print_attention(const transformer_question&, answer&);
void print_growth(const transformer_question&, answer&);
void print_precision(const transformer_question&, answer&);
void print_tokens(const transformer_question&, answer&);
void print_exposure(const transformer_question&, answer&);

}  // namespace stability
