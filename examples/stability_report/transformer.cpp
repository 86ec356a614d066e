// SPDX-License-Identifier: MIT
// Transformers: how one is read from its folder, with a cache that is as long as what is read, and what its cache can be asked.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/random.hpp>
#include <libration/models/cross_entropy.hpp>
#include <libration/models/llama_config.hpp>

#include "attention.hpp"
#include "kinds.hpp"
#include "offer.hpp"
#include "pieces.hpp"
#include "subject.hpp"
#include "text.hpp"

namespace stability {

namespace fs = std::filesystem;
namespace models = libration::models;

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

namespace {

// The longest run of all sections that are wanted, in tokens.
std::int64_t longest_piece(const question& q, const std::vector<section>& wanted) {
  std::int64_t written = 0;
  for (const section& s : wanted)
    if (s.writes != nullptr) written = std::max(written, s.writes(q));
  return std::min(q.window, std::max(q.piece(), std::min(q.prompt, q.length()) + written));
}

// Refuses what will not fit the machine's memory.
void require_memory_for(const question& q, const std::vector<section>& wanted, const transformer& model) {
  double states = 1.0, beside = 0.0;
  for (const section& s : wanted) {
    if (s.states != nullptr) states = std::max(states, s.states(q));
    if (s.bytes != nullptr) beside = std::max(beside, s.bytes(q));
  }
  const double bytes = std::max(beside, sizeof(float) * states * static_cast<double>(model.state_size()));
  const auto cache = static_cast<double>(model.window());
  libration::require_memory(bytes, q.options.model,
                            fmt::format("a report with up to {:.0f} caches of {:.0f} {}s", states, cache, q.unit),
                            fmt::format("a smaller --window takes less ({} a {} of it), and so do fewer --sections",
                                        libration::bytes_text(std::floor(bytes / cache)), q.unit));
}

// Nats a token, of those that have at least half a window before them.
double windowed_cost(const transformer& model, const text_pieces& text) {
  double sum = 0.0;
  std::int64_t counted = 0;
  Eigen::VectorXf logits(model.vocabulary_size());
  auto ws = model.make_workspace();
  for (const auto& piece : windows_of(text, 16)) {
    Eigen::VectorXf h = Eigen::VectorXf::Zero(model.state_size());
    const std::size_t before = piece.size() / 2;
    model.prefill(piece.first(before), h);
    for (std::size_t t = before; t < piece.size(); ++t) {
      model.logits(h, logits);
      sum += models::cross_entropy(logits, piece[t]);
      ++counted;
      model.read(piece[t], h, ws);
    }
  }
  return sum / static_cast<double>(counted);
}

subject read_transformer(const arguments& a, const std::vector<section>& wanted) {
  const auto c = models::llama_config::read(fs::path(a.model) / "config.json", a.ignore_fields);
  subject read;
  text_pieces& text = read.text;
  text.window = a.window > 0 ? a.window : c.max_positions;
  if (c.sliding_window > 0) text.window = std::min<std::int64_t>(text.window, c.sliding_window);
  constexpr std::int64_t narrowest = 16;
  if (text.window < narrowest)
    throw libration::argument_error(
        fmt::format("{}: a window of {} tokens, expected at least {} to report on", a.model, text.window, narrowest));
  // Prompts are a quarter of the window, and what is written fits into the rest: beyond it the model was not trained.
  text.prompt = std::max<std::int64_t>(1, text.window / 4);
  text.room = std::max<std::int64_t>(1, text.window - text.prompt);
  if (a.ids) text.unit = "token";
  text.tokens = a.ids ? read_ids(a.text, c.vocabulary_size)
                      : encode(vocabulary_of(a, a.model, fs::path(a.model) / "model.safetensors"), a, read.notes);
  require_length(a, text.tokens, text.unit);
  // The cache is as long as the longest piece that is read, whatever the config's window is.
  text.cache = longest_piece({text, a, read.model}, wanted);
  const auto model = transformer::from(a.model, {.window = text.cache, .ignore = a.ignore, .ignore_fields = a.ignore_fields});
  read.model.attention = std::make_shared<const attention_capability>(attention_capability{model});
  require_memory_for({text, a, read.model}, wanted, model);

  // Cut into windows, each after the first half of which all is counted: what is paid with at least half a window before.
  const double cost = windowed_cost(model, text);
  require_finite(cost, a);
  read.noun = "transformer";
  read.about = fmt::format("{} layers, {} query heads on {} key heads of {}, window {}, {} tokens", c.layers, c.query_heads,
                           c.key_heads, c.head_size, text.window, c.vocabulary_size);
  read.cost = fmt::format("{:.3f} nats a {} of this text, with half a window before it", cost, text.unit);
  read.notes.insert(read.notes.end(), c.notes.begin(), c.notes.end());
  if (model.config().tied_head && !c.tied_head)
    read.notes.push_back(
        "a base model without lm_head.weight: its embedding is taken for its head; a file that has one says otherwise");
  read.model_json = {{"folder", a.model},
                     {"kind", "llama"},
                     {"layers", c.layers},
                     {"query_heads", c.query_heads},
                     {"key_heads", c.key_heads},
                     {"window", text.window},
                     {"cache", model.window()},
                     {"head_is_the_embedding", model.config().tied_head},
                     {"state_size", model.state_size()},
                     {"vocabulary_size", c.vocabulary_size},
                     {"notes", read.notes}};
  read.text_json = {{"file", a.text}, {text.unit + "s", text.length()}, {"nats_per_" + text.unit, report::number(cost)}};

  read.model.text = offer_text(model);
  read.model.text.read = [model](std::span<const token> tokens) {
    Eigen::VectorXf h = Eigen::VectorXf::Zero(model.state_size());
    model.prefill(tokens, h);
    return h;
  };
  // What is in the caches disturbed.
  read.model.text.disturbed = [model](Eigen::MatrixXf starts, double part, std::uint64_t seed) {
    for (Eigen::Index j = 0; j < starts.cols(); ++j)
      starts.col(j) += static_cast<float>(part) * cache_noise(model, starts.col(j), seed, static_cast<std::uint64_t>(j));
    return starts;
  };
  return read;
}

}  // namespace

model_kind transformer_kind() {
  return {.name = "transformer",
          .plural = "transformers",
          .found = "a folder, with a transformer",
          .offers = text_tokens | attention_rows,
          .options = {"--ids", "--window"},
          .reads = [](const fs::path& model) { return fs::is_directory(model); },
          .load = read_transformer};
}

}  // namespace stability
