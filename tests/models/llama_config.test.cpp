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

TEST_CASE("models::llama_config: a window by the type's own rule, and layer_types that agree with it", "[oracle]") {
  using fields = std::initializer_list<std::pair<std::string, std::string>>;
  const auto of = [](fields changes) { return llama_config::from_json(config(changes)).sliding_window; };
  const std::string mistral = "\"mistral\"", qwen2 = "\"qwen2\"", window = "100", who = "models::llama_config: ";
  const std::string full = R"(["full_attention", "full_attention", "full_attention", "full_attention", "full_attention"])";
  const std::string sliding =
      R"(["sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention"])";
  const std::string mixed =
      R"(["sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention"])";
  // MistralConfig's default where the field is not written at all.
  CHECK(of({{"model_type", mistral}, {"max_position_embeddings", "32768"}}) == 4096);
  CHECK(of({{"model_type", mistral}, {"max_position_embeddings", "32768"}, {"sliding_window", "null"}}) == 0);
  CHECK(of({{"model_type", mistral}, {"sliding_window", window}, {"layer_types", sliding}}) == 100);
  CHECK(of({{"model_type", mistral}, {"sliding_window", "null"}, {"layer_types", full}}) == 0);
  CHECK(of({{"sliding_window", "256"}}) == 0);  // as wide as all positions
  CHECK(of({{"sliding_window", window}, {"layer_types", full}}) == 0);
  CHECK(of({{"sliding_window", window}, {"use_sliding_window", "false"}}) == 0);
  CHECK(of({{"model_type", qwen2}, {"sliding_window", window}, {"use_sliding_window", "false"}, {"layer_types", full}}) == 0);
  CHECK(of({{"model_type", qwen2},
            {"sliding_window", window},
            {"use_sliding_window", "true"},
            {"max_window_layers", "0"},
            {"layer_types", sliding}}) == 100);

  CHECK(complaint(config({{"sliding_window", window}})).starts_with(who + "sliding_window is 100, expected null"));
  CHECK(complaint(config({{"sliding_window", window}, {"layer_types", mixed}})).starts_with(who + "layer_types is "));
  CHECK(complaint(config({{"model_type", mistral}, {"sliding_window", window}, {"layer_types", full}}))
            .starts_with(who + "layer_types"));
  CHECK(complaint(config({{"model_type", mistral}, {"sliding_window", window}, {"layer_types", mixed}}))
            .starts_with(who + "layer_types"));
  CHECK(complaint(config({{"model_type", mistral}, {"sliding_window", window}, {"use_sliding_window", "false"}}))
            .starts_with(who + "use_sliding_window is false, expected true"));
  CHECK(complaint(config({{"model_type", qwen2}, {"sliding_window", window}, {"layer_types", sliding}}))
            .starts_with(who + "layer_types is "));
  CHECK(complaint(config({{"layer_types", R"(["full_attention"])"}})).find("for each of 5 layers") != std::string::npos);
  CHECK(
      complaint(config({{"layer_types", R"(["chunked_attention", "chunked_attention", "full_attention", "full_attention", "x"])"}}))
          .find("for each of 5 layers") != std::string::npos);
  CHECK(llama_config::from_json(config({{"sliding_window", window}}), {"sliding_window"}).sliding_window == 0);
}

TEST_CASE("models::llama_config: fields as published models have them are all known", "[oracle]") {
  // Llama 3.2 1B, Mistral 7B v0.3, Qwen2.5 0.5B, Llama 2 7B, and what an old configuration's base class wrote beside them.
  const auto llama3 = llama_config::from_json(
      R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000,
    "eos_token_id": [128001, 128008, 128009], "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048,
    "initializer_range": 0.02, "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false,
    "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "pretraining_tp":
    1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
    "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": true,
    "torch_dtype": "bfloat16", "transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256})");
  CHECK(llama3.rotary.factor == 32);
  CHECK(llama3.tied_head);
  CHECK_FALSE(llama3.base_model);
  const auto mistral = llama_config::from_json(R"({"architectures": ["MistralForCausalLM"], "attention_dropout": 0.0,
    "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral", "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.42.0.dev0", "use_cache": true,
    "vocab_size": 32768})");
  CHECK(mistral.sliding_window == 0);
  const auto qwen = llama_config::from_json(R"({"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
    "bos_token_id": 151643, "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02,
    "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 21, "model_type": "qwen2",
    "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
    "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.43.1",
    "use_cache": true, "use_mrope": false, "use_sliding_window": false, "vocab_size": 151936})");
  CHECK(qwen.query_bias);
  const auto smollm = llama_config::from_json(R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false,
    "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 0, "hidden_act": "silu", "hidden_size": 576,
    "initializer_range": 0.041666666666666664, "intermediate_size": 1536, "is_llama_config": true, "max_position_embeddings":
    8192, "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3, "pretraining_tp":
    1, "rms_norm_eps": 1e-05, "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000, "tie_word_embeddings": true,
    "torch_dtype": "bfloat16", "transformers.js_config": {"dtype": "q4", "kv_cache_dtype": {"q4f16": "float16"}},
    "transformers_version": "4.40.1", "use_cache": true, "vocab_size": 49152})");
  CHECK(smollm.rotary.theta == 100000);
  const auto old = llama_config::from_json(config({{"architectures", R"(["LLaMAForCausalLM"])"},
                                                   {"_name_or_path", "\"meta-llama/Llama-2-7b-hf\""},
                                                   {"_flash_attn_2_enabled", "true"},
                                                   {"_attn_implementation_autoset", "true"},
                                                   {"add_cross_attention", "false"},
                                                   {"auto_map", R"({"AutoTokenizer": "tokenization_x.Tokenizer"})"},
                                                   {"bad_words_ids", "null"},
                                                   {"chunk_size_feed_forward", "0"},
                                                   {"_from_model_config", "true"},
                                                   {"base_model_tp_plan", R"({"layers.*.mlp.up_proj": "colwise"})"},
                                                   {"cache_implementation", "\"static\""},
                                                   {"cross_attention_hidden_size", "null"},
                                                   {"diversity_penalty", "0.0"},
                                                   {"id2label", R"({"0": "LABEL_0", "1": "LABEL_1"})"},
                                                   {"is_decoder", "false"},
                                                   {"is_encoder_decoder", "false"},
                                                   {"max_length", "20"},
                                                   {"max_sequence_length", "2048"},
                                                   {"min_p", "0.1"},
                                                   {"no_repeat_ngram_size", "0"},
                                                   {"num_labels", "2"},
                                                   {"output_attentions", "false"},
                                                   {"pad_token_id", "-1"},
                                                   {"pretraining_tp", "2"},
                                                   {"pruned_heads", "{}"},
                                                   {"return_dict", "true"},
                                                   {"temperature", "1.0"},
                                                   {"tokenizer_class", "\"LlamaTokenizer\""},
                                                   {"top_k", "50"},
                                                   {"unsloth_version", "\"2024.9\""},
                                                   {"remark", "\"permuted by hand, see the readme\""}}));
  CHECK(old.layers == 5);
  // What other types of the family change, at the value with which it changes nothing.
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"partial_rotary_factor", "1.0"},
                                                                  {"embedding_multiplier", "1"},
                                                                  {"residual_multiplier", "1.0"},
                                                                  {"logits_scaling", "1"},
                                                                  {"attention_multiplier", "0.35355339"},
                                                                  {"query_pre_attn_scalar", "8"},
                                                                  {"final_logit_softcapping", "null"},
                                                                  {"attention_chunk_size", "null"},
                                                                  {"num_local_experts", "0"},
                                                                  {"no_rope_layers", "[1, 1, 1, 1, 1]"},
                                                                  {"use_qk_norm", "false"},
                                                                  {"is_causal", "true"},
                                                                  {"hidden_act", "\"swish\""}}) {
    CAPTURE(name);
    CHECK(complaint(config({{name, value}})).empty());
  }
}

TEST_CASE("models::llama_config: a field that changes the computation, or that nobody knows, is refused by name", "[failure]") {
  using row = std::pair<const char*, const char*>;
  for (const auto& [name, value] : {row("partial_rotary_factor", "0.5"),
                                    row("rotary_dim", "4"),
                                    row("embedding_multiplier", "12.0"),
                                    row("attention_multiplier", "0.0078125"),
                                    row("residual_multiplier", "0.22"),
                                    row("logits_scaling", "8.0"),
                                    row("logit_scale", "0.0625"),
                                    row("query_pre_attn_scalar", "64"),
                                    row("attn_logit_softcapping", "50.0"),
                                    row("final_logit_softcapping", "30.0"),
                                    row("quantization_config", R"({"quant_method": "gptq"})"),
                                    row("num_local_experts", "8"),
                                    row("num_experts_per_tok", "2"),
                                    row("num_nextn_predict_layers", "1"),
                                    row("attention_chunk_size", "64"),
                                    row("no_rope_layers", "[1, 1, 1, 0, 1]"),
                                    row("no_rope_layers", "[]"),
                                    row("use_qk_norm", "true"),
                                    row("qk_layernorm", "true"),
                                    row("qkv_bias", "true"),
                                    row("use_parallel_residual", "true"),
                                    row("rope_interleaved", "true"),
                                    row("is_causal", "false"),
                                    row("use_rope", "false"),
                                    row("hidden_act", "\"gelu_pytorch_tanh\""),
                                    row("hidden_activation", "\"gelu\""),
                                    row("architectures", R"(["LlamaForSequenceClassification"])"),
                                    row("architectures", R"(["GraniteForCausalLM"])"),
                                    row("architectures", "\"LlamaForCausalLM\""),
                                    row("auto_map", R"({"AutoModelForCausalLM": "modeling_x.Model"})"),
                                    row("text_config", R"({"hidden_size": 8})"),
                                    row("layer_norm_eps", "1e-5"),
                                    row("clip_qkv", "8"),
                                    row("something_new", "0.5"),
                                    row("something_new", "\"word\""),
                                    row("something_new", "true")}) {
    CAPTURE(name, value);
    const std::string text = config({{name, value}});
    CHECK(complaint(text).find(name) != std::string::npos);
    CHECK(message_of<argument_error>([&, &n = name] { llama_config::from_json(text, {n}); }).empty());
  }
  const std::string said = complaint(config({{"something_new", "[[1], 2]"}}));
  CHECK(said ==
        "models::llama_config: field something_new is a list of 2, which could change what the model computes and is not known "
        "to this reader; a field that does not matter can be named in .ignore_fields (the programs' --ignore-field): "
        "\"something_new\"");
  CHECK(message_of<argument_error>([&] { llama_config::from_json(config({{"something_new", "2"}}), {"some*"}); }).empty());
  // Ignoring takes a field away; what is needed is missing then.
  CHECK(message_of<argument_error>([&] { llama_config::from_json(config(), {"hidden_size"}); }) ==
        "models::llama_config: no field hidden_size");
}

TEST_CASE("models::llama_config: the rotary scaling's type may be absent, and what a type does not use is not passed over",
          "[oracle]") {
  using models::rotary_scaling;
  const std::string who = "models::llama_config: ";
  const auto scaled = [](const std::string& object, const char* field = "rope_scaling") {
    return llama_config::from_json(config({{field, object}})).rotary;
  };
  for (const char* const field : {"rope_scaling", "rope_parameters"}) {
    CHECK(scaled(R"({"rope_theta": 500000.0})", field).theta == 5e5);
    CHECK(scaled(R"({"rope_theta": 500000.0})", field).scaling == rotary_scaling::none);
    CHECK(scaled(R"({"factor": 1.0})", field).scaling == rotary_scaling::none);
    CHECK(scaled("{}", field).scaling == rotary_scaling::none);
    CHECK(scaled(R"({"type": "su", "rope_type": "longrope", "short_factor": [1, 2, 3, 4], "long_factor": [5, 6, 7, 8]})", field)
              .scaling == rotary_scaling::longrope);
  }
  const auto refused = [](const std::string& object) { return complaint(config({{"rope_scaling", object}})); };
  CHECK(refused(R"({"factor": 4.0})").starts_with(who + "rope_scaling.factor is 4.0, expected 1"));
  CHECK(refused(R"({"rope_type": "default", "factor": 8})").starts_with(who + "rope_scaling.factor is 8, expected 1"));
  CHECK(refused(R"({"rope_type": "default", "mrope_section": [2, 1, 1]})").find("rope_scaling.mrope_section") != std::string::npos);
  CHECK(refused(R"({"rope_type": "linear", "factor": 2, "low_freq_factor": 1})").find("rope_scaling.low_freq_factor") !=
        std::string::npos);
  CHECK(refused(R"({"type": "linear", "rope_type": "dynamic", "factor": 2})") ==
        who + "rope_scaling.type is \"linear\", expected the same as rope_type");
  CHECK(refused(R"({"full_attention": {"rope_type": "default"}})").find("rope_scaling.full_attention") != std::string::npos);
  CHECK(refused(R"({"rope_type": "default", "partial_rotary_factor": 0.5})").find("rope_scaling.partial_rotary_factor") !=
        std::string::npos);
  CHECK(message_of<argument_error>([] {
          llama_config::from_json(config({{"rope_scaling", R"({"factor": 4.0})"}}), {"rope_scaling.factor"});
        }).empty());
  CHECK(complaint(config({{"rope_scaling", R"({"rope_type": "default"})"}, {"rope_parameters", R"({"rope_type": "default"})"}})) ==
        who + "rope_parameters is {\"rope_type\":\"default\"}, expected none beside rope_scaling");
  CHECK(complaint(config({{"rope_theta", "1e4"}, {"rope_parameters", R"({"rope_theta": 5e5})"}})) ==
        who + "rope_parameters.rope_theta is 500000.0, expected the same as outside, 10000");
}

TEST_CASE("models::llama_config: YaRN's factor is that of the two lengths where it is not written", "[oracle]") {
  const std::string who = "models::llama_config: ";
  using fields = std::initializer_list<std::pair<std::string, std::string>>;
  const auto rotary = [](fields changes) { return llama_config::from_json(config(changes)).rotary; };
  const std::string inner = R"({"rope_type": "yarn", "original_max_position_embeddings": 64})";
  CHECK(rotary({{"rope_scaling", inner}}).factor == 4);  // of 256
  CHECK(rotary({{"rope_scaling", R"({"rope_type": "yarn", "factor": null, "original_max_position_embeddings": 64})"}}).factor == 4);
  CHECK(rotary({{"rope_scaling", R"({"rope_type": "yarn"})"}, {"original_max_position_embeddings", "128"}}).factor == 2);
  CHECK(rotary({{"rope_scaling", R"({"type": "yarn", "factor": 8, "original_max_position_embeddings": 64, "finetuned": true})"}})
            .factor == 8);
  // A factor that contradicts the lengths is taken as it is written, with a note.
  const auto notes = [](const std::string& object) { return llama_config::from_json(config({{"rope_scaling", object}})).notes; };
  CHECK(notes(R"({"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 64})").empty());
  CHECK(notes(R"({"rope_type": "yarn", "factor": 4})").empty());
  CHECK(
      notes(R"({"rope_type": "yarn", "factor": 8, "original_max_position_embeddings": 64})") ==
      std::vector<std::string>{"YaRN's factor is 8 as written; max_position_embeddings over original_max_position_embeddings is 4, "
                               "which some programs take in its place"});
  CHECK(notes(R"({"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 256})").size() == 1);
  const auto refused = [](const std::string& object) { return complaint(config({{"rope_scaling", object}})); };
  CHECK(refused(R"({"rope_type": "yarn"})") == who + "no field rope_scaling.factor");
  CHECK(refused(R"({"rope_type": "yarn", "original_max_position_embeddings": 512})") ==
        who + "original_max_position_embeddings is 512, expected at most max_position_embeddings, 256");
  CHECK(refused(R"({"rope_type": "yarn", "factor": 0.5})") == who + "rope_scaling.factor is 0.5, expected a number >= 1");
  CHECK(refused(R"({"rope_type": "yarn", "factor": 2, "attention_factor": -1})") ==
        who + "rope_scaling.attention_factor is -1, expected a number > 0");
  CHECK(refused(R"({"rope_type": "yarn", "factor": 2, "beta_fast": 1, "beta_slow": 32})").starts_with(who + ".beta_slow") == false);
  CHECK(refused(R"({"rope_type": "yarn", "factor": 2, "beta_fast": 1, "beta_slow": 32})") ==
        who + ".beta_fast is 1, expected above the slow one");
}

TEST_CASE("models::llama_config: parameters of the other scalings are checked where they are read", "[failure]") {
  const std::string who = "models::llama_config: ";
  const auto refused = [](const std::string& object) { return complaint(config({{"rope_scaling", object}})); };
  const std::string llama3 = R"("rope_type": "llama3", "factor": 8, "original_max_position_embeddings": 64, )";
  CHECK(refused("{" + llama3 + R"("low_freq_factor": 4, "high_freq_factor": 1})") ==
        who + ".high_frequency_factor is 1, expected above the low one");
  CHECK(refused("{" + llama3 + R"("low_freq_factor": 1})") == who + "no field rope_scaling.high_freq_factor");
  CHECK(refused(R"({"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4})") ==
        who + "no field rope_scaling.original_max_position_embeddings");
  CHECK(refused(R"({"type": "longrope", "short_factor": [1, 2, 3], "long_factor": [5, 6, 7, 8]})") ==
        who + "the scaling's list of factors has 3 rows, expected 4 (half a head's components)");
  CHECK(refused(R"({"type": "longrope", "short_factor": [1, 2, 3, 0], "long_factor": [5, 6, 7, 8]})") ==
        who + "a factor of the scaling that is not positive and finite");
  CHECK(refused(R"({"type": "longrope", "short_factor": [1, 2, 3, 4], "long_factor": [5, 6, 7, 8], "factor": 2,
                    "original_max_position_embeddings": 64})")
            .starts_with(who + "rope_scaling.factor is 2, expected that of the two lengths, 4"));
  CHECK(refused(R"({"type": "dynamic", "factor": 2, "original_max_position_embeddings": 64})")
            .starts_with(who + "dynamic scaling with original_max_position_embeddings 64, expected max_position_embeddings, 256"));
  CHECK(complaint(config({{"rope_theta", "1"}})) == who + ".theta is 1, expected > 1");
  CHECK(complaint(config({{"rms_norm_eps", "-1e-5"}})) == who + ".norm_epsilon is -1e-05, expected >= 0 and finite");
}

TEST_CASE("models::llama_config: what is missing, of another kind, or not this architecture is named", "[failure]") {
  const std::string who = "models::llama_config: ";
  CHECK(complaint("[]") == who + "not a JSON object");
  CHECK(complaint("{\"model_type\": ") == who + "not a JSON object");
  CHECK(complaint("<!DOCTYPE html><html></html>").starts_with(who + "not a JSON object: this is a page of HTML"));
  CHECK(complaint("version https://git-lfs.github.com/spec/v1\n").find("git lfs pull") != std::string::npos);
  CHECK(complaint(std::string(100000, '[')) == who + "not a JSON object");
  CHECK(complaint(config({{"something", std::string(100000, '[') + std::string(100000, ']')}})).find("a list of 1") !=
        std::string::npos);
  CHECK(complaint(config({{"rope_theta", "Infinity"}})) ==
        who + "not a JSON object (Infinity and NaN, as Python writes them, are not JSON)");
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
