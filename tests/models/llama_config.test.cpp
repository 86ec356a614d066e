// SPDX-License-Identifier: MIT
#include <libration/models/llama_config.hpp>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"

namespace models = libration::models;
using libration_test::message_of, libration::argument_error;
using models::llama_config;

namespace {

// A config with fields changed, added or (where the value is empty) left out.
std::string config(std::initializer_list<std::pair<std::string, std::string>> changes = {}) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"model_type", "\"llama\""},  {"hidden_size", "64"},        {"intermediate_size", "172"}, {"num_hidden_layers", "5"},
      {"num_attention_heads", "8"}, {"num_key_value_heads", "4"}, {"vocab_size", "512"},        {"max_position_embeddings", "256"},
      {"rms_norm_eps", "1e-5"}};
  for (const auto& change : changes) {
    std::erase_if(fields, [&](const auto& field) { return field.first == change.first; });
    if (!change.second.empty()) fields.push_back(change);
  }
  std::string text = "{";
  for (const auto& [name, value] : fields) text += (text.size() > 1 ? ", \"" : "\"") + name + "\": " + value;
  return text + "}";
}

std::string complaint(const std::string& text) {
  return message_of<argument_error>([&] { llama_config::from_json(text); });
}

}  // namespace

TEST_CASE("models::llama_config: fields, and what stands for those that are absent", "[oracle]") {
  const auto c = llama_config::from_json(config());
  CHECK(c.hidden_size == 64);
  CHECK(c.intermediate_size == 172);
  CHECK(c.layers == 5);
  CHECK(c.query_heads == 8);
  CHECK(c.key_heads == 4);
  CHECK(c.head_size == 8);
  CHECK(c.vocabulary_size == 512);
  CHECK(c.max_positions == 256);
  CHECK(c.norm_epsilon == 1e-5);
  CHECK(c.rotary.theta == 1e4);
  CHECK(c.rotary.scaling == models::rotary_scaling::none);
  CHECK(c.sliding_window == 0);
  CHECK_FALSE((c.tied_head || c.query_bias || c.output_bias || c.mlp_bias));
  const auto other = llama_config::from_json(config({{"num_key_value_heads", ""},
                                                     {"head_dim", "16"},
                                                     {"tie_word_embeddings", "true"},
                                                     {"attention_bias", "true"},
                                                     {"mlp_bias", "true"},
                                                     {"rope_theta", "5e5"},
                                                     {"rope_scaling", "null"},
                                                     {"hidden_act", "\"silu\""}}));
  CHECK(other.key_heads == 8);
  CHECK(other.head_size == 16);
  CHECK(other.rotary.theta == 5e5);
  CHECK((other.tied_head && other.query_bias && other.output_bias && other.mlp_bias));
}

TEST_CASE("models::llama_config: mistral's and qwen2's windows and biases", "[oracle]") {
  const auto of = [](auto changes) { return llama_config::from_json(config(changes)); };
  using fields = std::initializer_list<std::pair<std::string, std::string>>;
  CHECK(of(fields{{"model_type", "\"mistral\""}, {"sliding_window", "100"}}).sliding_window == 100);
  CHECK(of(fields{{"model_type", "\"mistral\""}, {"sliding_window", "null"}}).sliding_window == 0);
  const auto qwen = of(fields{{"model_type", "\"qwen2\""}, {"sliding_window", "100"}});
  CHECK(qwen.sliding_window == 0);
  CHECK(qwen.query_bias);
  CHECK_FALSE(qwen.output_bias);
  CHECK(
      of(fields{{"model_type", "\"qwen2\""}, {"use_sliding_window", "true"}, {"sliding_window", "100"}, {"max_window_layers", "0"}})
          .sliding_window == 100);
  CHECK(
      of(fields{{"model_type", "\"qwen2\""}, {"use_sliding_window", "true"}, {"sliding_window", "100"}, {"max_window_layers", "5"}})
          .sliding_window == 0);
  CHECK(
      complaint(config(
          {{"model_type", "\"qwen2\""}, {"use_sliding_window", "true"}, {"sliding_window", "100"}, {"max_window_layers", "3"}})) ==
      "models::llama_config: max_window_layers is 3, expected 0: a window on some layers only is not supported");
}

TEST_CASE("models::llama_config: every scaling of positions by its names", "[oracle]") {
  using models::rotary_scaling;
  const auto scaled = [](const std::string& object) { return llama_config::from_json(config({{"rope_scaling", object}})).rotary; };
  CHECK(scaled(R"({"type": "linear", "factor": 2})").scaling == rotary_scaling::linear);
  CHECK(scaled(R"({"type": "linear", "factor": 2})").factor == 2);
  CHECK(scaled(R"({"rope_type": "dynamic", "factor": 3.5})").scaling == rotary_scaling::dynamic);
  CHECK(scaled(R"({"rope_type": "default"})").scaling == rotary_scaling::none);
  const auto llama3 = scaled(R"({"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
                                 "original_max_position_embeddings": 8192})");
  CHECK(llama3.scaling == rotary_scaling::llama3);
  CHECK(llama3.original_positions == 8192);
  CHECK(llama3.high_frequency_factor == 4);
  const auto yarn =
      scaled(R"({"rope_type": "yarn", "factor": 4, "beta_fast": 16, "mscale": 1, "mscale_all_dim": 0.5, "truncate": false})");
  CHECK(yarn.scaling == rotary_scaling::yarn);
  CHECK(yarn.beta_fast == 16);
  CHECK(yarn.mscale_all == 0.5);
  CHECK_FALSE(yarn.truncate);
  const auto longrope = scaled(R"({"type": "longrope", "short_factor": [1, 2, 3, 4], "long_factor": [5, 6, 7, 8]})");
  CHECK(longrope.scaling == rotary_scaling::longrope);
  CHECK(longrope.long_factors[3] == 8);
  const auto newer = llama_config::from_json(config({{"rope_parameters", R"({"rope_type": "default", "rope_theta": 1e6})"}}));
  CHECK(newer.rotary.theta == 1e6);
}

TEST_CASE("models::llama_config: what is missing, of another kind, or not this architecture is named", "[failure]") {
  const std::string who = "models::llama_config: ";
  CHECK(complaint("[]") == who + "not a JSON object");
  CHECK(complaint("{\"model_type\": ") == who + "not a JSON object");
  CHECK(complaint("{}") == who + "no field model_type");
  for (const char* const name : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size",
                                 "max_position_embeddings", "rms_norm_eps"})
    CHECK(complaint(config({{name, ""}})) == who + "no field " + name);
  CHECK(complaint(config({{"model_type", "\"gpt2\""}})) ==
        who + "model_type is \"gpt2\", expected one of \"llama\", \"mistral\" and \"qwen2\"");
  CHECK(complaint(config({{"hidden_size", "\"64\""}})) == who + "hidden_size is \"64\", expected a count");
  CHECK(complaint(config({{"hidden_size", "-64"}})) == who + "hidden_size is -64, expected a count");
  CHECK(complaint(config({{"hidden_size", "0"}, {"head_dim", "8"}})) == who + ".hidden_size is 0, expected >= 1");
  CHECK(complaint(config({{"num_key_value_heads", "3"}})) == who + ".query_heads is 8, expected a multiple of .key_heads, 3");
  CHECK(complaint(config({{"hidden_size", "60"}})) ==
        who + "hidden_size 60 is no multiple of num_attention_heads 8, and there is no head_dim");
  CHECK(complaint(config({{"hidden_act", "\"gelu\""}})) == who + "hidden_act is \"gelu\", expected \"silu\"");
  CHECK(complaint(config({{"tie_word_embeddings", "1"}})) == who + "tie_word_embeddings is 1, expected true or false");
  CHECK(complaint(config({{"quantization_config", "{}"}})) == who + "quantized weights (quantization_config) are not supported");
  CHECK(complaint(config({{"rope_scaling", R"({"type": "ntk", "factor": 2})"}})) ==
        who + "rope_scaling.type is \"ntk\", expected default, linear, dynamic, llama3, yarn or longrope");
  CHECK(complaint(config({{"rope_scaling", R"({"type": "linear"})"}})) == who + "no field rope_scaling.factor");
  CHECK(complaint(config({{"rope_scaling", "2"}})) == who + "rope_scaling is 2, expected an object");

  const libration_test::scratch_folder folder;
  const auto path = folder / "config.json";
  CHECK(libration_test::failure_of([&] { llama_config::read(path); }).what == path.string() + ": cannot be read");
  libration_test::spill(path, "{}");
  CHECK(libration_test::failure_of([&] { llama_config::read(path); }).what == path.string() + ": " + who + "no field model_type");
}
