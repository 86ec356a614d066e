// SPDX-License-Identifier: MIT
// State-space models, and others of a fixed-size state that read tokens: Mamba, Mamba-2 and RWKV-7, from a folder as Hugging Face
// has it or from one file.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/config_json.hpp>
#include <libration/models/cross_entropy.hpp>
#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/rwkv7.hpp>
#include <libration/models/sequence_model.hpp>
#include <libration/models/vocabulary.hpp>

#include "kinds.hpp"
#include "offer.hpp"
#include "subject.hpp"
#include "text.hpp"

namespace stability {

namespace {

namespace fs = std::filesystem;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using libration::file_error;

// Whose tensors a file holds.
enum class family { none, mamba, rwkv7, rwkv7_of_the_authors };

family family_of(const safetensors::file& file) {
  const models::checkpoint tensors(file);
  for (const char* before : {"", "backbone."})
    if (tensors.contains(before + std::string("layers.0.mixer.A_log"))) return family::mamba;
  if (tensors.contains("model.layers.0.attn.r_proj.weight")) return family::rwkv7;
  for (const char* name : {"blocks.0.att.receptance.weight", "rwkv1.receptance.weight"})
    if (tensors.contains(name)) return family::rwkv7_of_the_authors;
  return family::none;
}

std::string type_of(const report::json& config) {
  const auto type = config.find("model_type");
  return type != config.end() && type->is_string() ? type->get<std::string>() : std::string();
}
bool is_ours(const std::string& type) { return type == "mamba" || type == "mamba2" || type == "rwkv7"; }

// A file that cannot be read as one is another kind's to refuse.
bool reads(const fs::path& model) {
  if (fs::is_directory(model)) return is_ours(type_of(models::read_config_json(model / "config.json")));
  try {
    return family_of(safetensors::open(model)) != family::none;
  } catch (const std::exception&) {
    return false;
  }
}

// Where the model and what lies beside it are.
struct place {
  std::optional<safetensors::file> file;  // none: a folder
  fs::path folder;
  fs::path config;      // empty: there is none
  report::json fields;  // of the config
};

place find(const arguments& a) {
  place found;
  found.folder = a.model;
  if (!fs::is_directory(a.model)) {
    found.file = safetensors::open(a.model);
    found.folder = fs::path(a.model).parent_path();
  }
  if (const fs::path config = found.folder / "config.json"; fs::exists(config)) {
    found.config = config;
    found.fields = models::read_config_json(config);
    if (!is_ours(type_of(found.fields)))
      throw file_error(config.string(), file_error::no_byte,
                       fmt::format("beside a file with the tensors of a Mamba or an RWKV-7: its model_type is \"{}\", expected "
                                   "\"mamba\", \"mamba2\" or \"rwkv7\"",
                                   type_of(found.fields)));
    return found;
  }
  // The authors' code of RWKV-7 has its constants in it, so that their files need no config.
  if (family_of(*found.file) != family::rwkv7_of_the_authors)
    throw file_error(a.model, file_error::no_byte,
                     "the tensors of a Mamba or an RWKV-7, whose config.json is needed too, and there is none beside the file");
  return found;
}

template <class Model>
Model load(const arguments& a, const place& at) {
  const models::sequence_model_options options{.ignore = a.ignore, .ignore_fields = a.ignore_fields};
  if (!at.file) return Model::from(at.folder, options);
  using config_type = typename Model::config_type;
  return Model::from(*at.file, at.config.empty() ? config_type() : config_type::read(at.config, a.ignore_fields), options);
}

template <template <class> class Body>
subject read_as(const arguments& a, const place& at, const std::string& kind) {
  const auto in_double = load<models::sequence_model<Body<double>>>(a, at);
  const auto single = load<models::sequence_model<Body<float>>>(a, at);
  const auto& c = in_double.config();

  subject read;
  text_pieces& text = read.text;
  if (a.ids) {
    text.unit = "token";
    text.tokens = read_ids(a.text, c.vocabulary_size);
  } else {
    const models::vocabulary characters =
        vocabulary_of(a, at.folder, at.file ? fs::path(a.model) : at.folder / "model.safetensors");
    if (characters.size() > c.vocabulary_size)
      throw file_error(a.model, file_error::no_byte,
                       fmt::format("the vocabulary has {} tokens, and the model only {}", characters.size(), c.vocabulary_size));
    text.tokens = encode(characters, a, read.notes);
  }
  require_length(a, text.tokens, text.unit);
  text.transient = settling_part(a, text.length());
  const std::vector<token> beginning = beginning_of(text.tokens);
  const double cost = models::cross_entropy(single, beginning);
  require_finite(cost, a);

  const auto& body = in_double.body();
  read.noun = "network";
  read.about = fmt::format("{} with {} layer{} of width {}, a state of {} numbers, {} tokens", kind, c.layers,
                           c.layers == 1 ? "" : "s", c.hidden_size, body.state_size(), c.vocabulary_size);
  read.cost = fmt::format("{:.3f} nats a {} on the first {} {}s of this text", cost, text.unit, beginning.size(), text.unit);
  if (at.config.empty())
    read.notes.push_back("no config.json beside the file: the epsilons of its norms are those of the authors' code");
  read.model_json = {{at.file ? "file" : "folder", a.model},
                     {"kind", kind},
                     {"layers", c.layers},
                     {"hidden_size", c.hidden_size},
                     {"head_is_the_embedding", c.tied_head},
                     {"state_size", body.state_size()},
                     {"vocabulary_size", c.vocabulary_size},
                     {"notes", read.notes}};
  read.text_json = {{"file", a.text},
                    {text.unit + "s", text.length()},
                    {"nats_per_" + text.unit, cost},
                    {"nats_over_" + text.unit + "s", beginning.size()}};
  read.model.text = offer_text(single);
  // Along a text nothing depends on the last output, which the model's own state holds for the head alone.
  read.model.state = offer_state(
      in_double, [](const auto& model) -> const auto& { return model.body(); });
  return read;
}

subject read_state_space(const arguments& a, const std::vector<section>&) {
  const place at = find(a);
  const std::string type = at.config.empty() ? "rwkv7" : type_of(at.fields);
  if (type != "rwkv7" && at.fields.contains("input_size"))
    throw file_error(at.config.string(), file_error::no_byte,
                     "a network that reads numbers (input_size, output_size) and no tokens, and the report is on models that "
                     "read text: models::forecaster reads such a network, as a map like any other");
  if (type == "mamba") return read_as<models::mamba>(a, at, type);
  if (type == "mamba2") return read_as<models::mamba2>(a, at, type);
  return read_as<models::rwkv7>(a, at, type);
}

}  // namespace

model_kind state_space_kind() {
  return {.name = "state-space model",
          .plural = "state-space models",
          .found = "a state-space model",
          .offers = text_tokens | fixed_state,
          .options = {"--ids", "--transient"},
          .reads = reads,
          .load = read_state_space};
}

}  // namespace stability
