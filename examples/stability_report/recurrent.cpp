// SPDX-License-Identifier: MIT
// Recurrent networks: how one is read from its file, from what lies beside it and from the options, and what was only assumed.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <libration/io/safetensors.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/recurrent_network.hpp>
#include <libration/models/recurrent_options.hpp>
#include <libration/models/vocabulary.hpp>

#include "kinds.hpp"
#include "offer.hpp"
#include "subject.hpp"
#include "text.hpp"

namespace stability {

namespace {

namespace fs = std::filesystem;
namespace models = libration::models;
using libration::argument_error, libration::file_error, models::option_of_convention;

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 24;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(shown, names.size()));
  const std::string text = fmt::format("{}", fmt::join(names.begin(), end, ", "));
  return names.size() > shown ? fmt::format("{} and {} more", text, names.size() - shown) : text;
}

// The vocabulary of the options, else the metadata's (none here), else that beside the model; each with a note.
std::optional<models::vocabulary> find_vocabulary(const arguments& a, bool in_metadata, std::vector<std::string>& notes) {
  if (!a.vocabulary.empty()) return models::vocabulary::read(a.vocabulary);
  for (const char* name : {"vocabulary.json", "vocab.json"}) {
    const fs::path path = fs::path(a.model).parent_path() / name;
    if (!fs::exists(path)) continue;
    if (in_metadata) {
      notes.push_back(
          fmt::format("{} is not read: the model's metadata holds a vocabulary (--vocabulary reads another)", path.string()));
      return std::nullopt;
    }
    notes.push_back(fmt::format("the vocabulary is that of {}, beside the model (--vocabulary reads another)", path.string()));
    return models::vocabulary::read(path);
  }
  return std::nullopt;
}

subject read_recurrent(const arguments& a, const std::vector<section>&) {
  const auto file = libration::io::safetensors::open(a.model);
  std::vector<std::string> notes;
  models::character_model_options options;
  options.characters = find_vocabulary(a, file.metadata().contains("vocabulary"), notes);
  options.network = {.prefix = a.prefix, .stack = a.stack, .conventions = a.conventions};
  options.embedding = a.embedding;
  options.readout = a.readout;
  options.ignore = a.ignore;

  options.network.ignore_fields = a.ignore_fields;
  const fs::path config = fs::path(a.model).parent_path() / "config.json";
  if (fs::exists(config)) {
    std::ifstream in(config, std::ios::binary);
    options.network.config = std::string{std::istreambuf_iterator<char>(in), {}};
    if (!in || options.network.config.empty())
      throw file_error(config.string(), file_error::no_byte, "beside the model, cannot be read or is empty");
  }

  const models::checkpoint tensors(file, {.ignore = a.ignore});
  const auto how = models::describe_recurrent(tensors, options.network);
  const auto applies = [&](const std::string& name) {
    return std::any_of(how.conventions.begin(), how.conventions.end(), [&](const auto& c) { return c.name == name; });
  };
  for (const auto& [name, value] : a.conventions)
    if (!applies(name))
      throw argument_error(fmt::format("{}: {} of kind {} has no such convention", option_of_convention(name), a.model, how.kind));

  using origin = models::convention::origin;
  report::json conventions = report::json::object();
  std::vector<std::string> assumed, from_config;
  for (const auto& c : how.conventions) {
    const char* said_by = c.said_by == origin::assumed  ? "assumed"
                          : c.said_by == origin::file   ? "metadata"
                          : c.said_by == origin::config ? "config.json"
                                                        : "option";
    conventions[c.name] = {{"value", c.value}, {"said_by", said_by}};
    if (c.said_by == origin::config) from_config.push_back(fmt::format("{} {}", c.name, c.value));
    if (c.said_by == origin::assumed)
      assumed.push_back(fmt::format("{} {} ({})", c.name, c.value, option_of_convention(c.name)));
    else if (c.said_by == origin::options && file.metadata().contains(c.name) && file.metadata().at(c.name) != c.value)
      notes.push_back(fmt::format("{} is {} as {} says; the metadata says {}", c.name, c.value, option_of_convention(c.name),
                                  file.metadata().at(c.name)));
  }
  if (!assumed.empty())
    notes.insert(notes.begin(), "assumed, as the weights do not say it: " + fmt::format("{}", fmt::join(assumed, ", ")));
  if (!options.network.config.empty())
    notes.push_back(fmt::format(
        "{}, beside the model: {}{}", config.string(), from_config.empty() ? "nothing read" : "read " + listed(from_config),
        how.unread_in_config.empty() ? "" : "; not read, as it changes nothing: " + listed(how.unread_in_config)));
  if (!how.unread.empty()) notes.push_back("metadata that is not read, as it changes nothing: " + listed(how.unread));
  if (const auto undropped = tensors.undropped(); !undropped.empty())
    notes.push_back(
        "a weight drop: read are its parameters, as a network has them when it is evaluated, and not their masked copies: " +
        listed(undropped) + " (--ignore takes them out)");
  if (const auto ignored = tensors.ignored(); !ignored.empty()) notes.push_back("ignored as asked: " + listed(ignored));

  const auto in_double = models::behind_one_type(models::load_character_model<double>(file, options));
  const auto single = models::behind_one_type(models::load_character_model<float>(file, options));
  if (in_double.embedding().is_one_hot())
    notes.push_back("inputs are one-hot: the file has no embedding by a known name (--embedding names one)");

  subject read;
  text_pieces& text = read.text;
  text.tokens = encode(in_double.characters(), a, notes);
  require_length(a, text.tokens, text.unit);
  text.transient = settling_part(a, text.length());
  const std::vector<token> beginning = beginning_of(text.tokens);
  const double cost = single.cross_entropy(beginning);
  require_finite(cost, a);

  const auto kind = in_double.network().kind();
  const auto layers = in_double.network().layer_count();
  read.noun = "network";
  read.about = fmt::format("{} with {} layer{}, a state of {} numbers, {} characters", kind, layers, layers == 1 ? "" : "s",
                           in_double.state_size(), in_double.vocabulary_size());
  read.cost = fmt::format("{:.3f} nats a character on the first {} characters of this text", cost, beginning.size());
  read.model_json = {{"file", a.model},
                     {"kind", kind},
                     {"state_size", in_double.state_size()},
                     {"vocabulary_size", in_double.vocabulary_size()},
                     {"conventions", conventions},
                     {"metadata", file.metadata()},
                     {"notes", notes}};
  read.text_json = {
      {"file", a.text}, {"characters", text.length()}, {"nats_per_character", cost}, {"nats_over_characters", beginning.size()}};
  read.notes = std::move(notes);
  read.model.text = offer_text(single);
  read.model.state = offer_state(
      in_double, [](const auto& model) -> const auto& { return model.network(); });
  return read;
}

}  // namespace

model_kind recurrent_kind() {
  return {.name = "recurrent network",
          .plural = "recurrent networks",
          .found = "a file, with a recurrent network",
          .offers = text_tokens | fixed_state,
          .options = {"--prefix", "--stack", "--embedding", "--readout", "--nonlinearity", "--leak", "--reset-after",
                      "--reset-before", "--swapped-update", "--gate-order", "--transient"},
          .reads = [](const fs::path&) { return true; },
          .load = read_recurrent};
}

}  // namespace stability
