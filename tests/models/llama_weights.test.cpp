// SPDX-License-Identifier: MIT
#include <libration/models/llama_weights.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/attention/accumulator.hpp>
#include <libration/models/llama.hpp>

#include "models/llama_reference.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"
#include "support/shared.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
namespace safetensors = libration::io::safetensors;
using Eigen::Index, Eigen::MatrixXf, Eigen::VectorXf;

namespace {

using model = models::llama<float>;

// A folder as Hugging Face has it, of `small_llama` with an untied head; its weights in one file or in two.
struct folder : scratch_folder {
  models::llama_config config = small_llama();
  models::llama_weights<float> weights = small_weights<float>(config);
  std::map<std::string, MatrixXf> tensors;
  std::set<std::string> flat;  // of rank 1

  folder() {
    models::detail::visit_llama_weights(
        config, weights, [&](const std::string& name, const auto& values, Index, Index) { tensors[name] = values; },
        [&](const std::string& name, const auto& values, Index) {
          tensors[name] = values;
          flat.insert(name);
        });
    write_config(R"({"model_type": "llama", "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2,
      "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4, "vocab_size": 7, "max_position_embeddings": 9,
      "rms_norm_eps": 1e-5, "rope_theta": 100})");
  }
  void write_config(const std::string& text) const { spill(*this / "config.json", text); }
  // With fields added.
  void add_to_config(const std::string& fields) const {
    std::string text = slurp(*this / "config.json");
    write_config(text.substr(0, text.rfind('}')) + ", " + fields + "}");
  }
  // The same tensors by other names.
  template <class Rename>
  void rename(const Rename& rename) {
    std::map<std::string, MatrixXf> renamed;
    std::set<std::string> vectors;
    for (const auto& [name, values] : tensors) {
      renamed[rename(name)] = values;
      if (flat.contains(name)) vectors.insert(rename(name));
    }
    tensors = renamed;
    flat = vectors;
  }
  void write(libration::io::element type = libration::io::element::f32, int files = 1) const {
    std::vector<safetensors::tensor_set> sets(static_cast<std::size_t>(files));
    nlohmann::json map;
    std::size_t next = 0;
    for (const auto& [name, values] : tensors) {
      const std::size_t at = next++ % sets.size();
      if (flat.contains(name))
        sets[at].add(name, VectorXf(values.col(0)), type);
      else
        sets[at].add(name, values, type);
      map[name] = file_name(at, sets.size());
    }
    for (std::size_t i = 0; i < sets.size(); ++i) safetensors::write(path() / file_name(i, sets.size()), sets[i]);
    if (files > 1) spill(*this / "model.safetensors.index.json", nlohmann::json{{"weight_map", map}}.dump());
  }
  static std::string file_name(std::size_t i, std::size_t count) {
    return count == 1 ? "model.safetensors" : "model-" + std::to_string(i + 1) + "-of-" + std::to_string(count) + ".safetensors";
  }
  std::string complaint() const {
    return failure_of([&] { model::from(path()); }).what;
  }
};

VectorXf logits_of(const model& net) {
  VectorXf h = VectorXf::Zero(net.state_size()), out(net.vocabulary_size());
  const std::vector<maps::token> tokens = {3, 1, 4};
  net.prefill(tokens, h);
  net.logits(h, out);
  return out;
}

}  // namespace

TEST_CASE("models::llama: a folder with one file, and one with several and an index, is the model that was written", "[law]") {
  folder one, three;
  one.write();
  three.write(libration::io::element::f32, 3);
  const VectorXf expected = logits_of(model(one.config, one.weights));
  CHECK(logits_of(model::from(one.path())) == expected);
  CHECK(logits_of(model::from(three.path())) == expected);
  CHECK(logits_of(model::from(safetensors::open(one / "model.safetensors"), one.config)) == expected);
}

TEST_CASE("models::llama: weights of half the width are widened", "[law]") {
  for (const auto type : {libration::io::element::f16, libration::io::element::bf16}) {
    folder narrow;
    narrow.write(type);
    const auto read = model::from(narrow.path()).weights();
    const MatrixXf& exact = narrow.weights.layers[1].gate;
    const double digits = type == libration::io::element::f16 ? 0x1p-11 : 0x1p-8;
    const double off = ((read.layers[1].gate - exact).array() / exact.array()).abs().maxCoeff();
    CHECK(off <= digits);
    CHECK(off > digits / 8);
  }
}

TEST_CASE("models::llama: what a folder lacks, or holds in another shape, is named", "[failure]") {
  folder f;
  const std::string file = (f / "model.safetensors").string(), at = file + ": ";
  CHECK(f.complaint().starts_with(file));  // no such file
  f.write();
  CHECK(f.complaint().empty());
  const std::string key = "model.layers.1.self_attn.k_proj.weight";
  const MatrixXf kept = f.tensors[key];

  f.tensors.erase(key);
  f.write();
  CHECK(f.complaint().starts_with(at + "no tensor \"" + key + "\"; the most similar of 20: "));
  f.tensors[key] = kept.leftCols(11);
  f.write();
  CHECK(f.complaint() == at + "tensor \"" + key + "\" has shape (8, 11), expected (8, 12)");
  f.tensors[key] = kept;
  f.tensors[key](2, 3) = std::numeric_limits<float>::quiet_NaN();
  f.write();
  CHECK(f.complaint() == at + "models::llama: " + key + " holds a number that is not finite, at row 2, column 3");

  f.write_config(R"({"model_type": "gpt2"})");
  CHECK(f.complaint() ==
        (f / "config.json").string() +
            ": models::llama_config: model_type is \"gpt2\", expected one of \"llama\", \"mistral\" and \"qwen2\"");
  folder indexed;
  const std::string index = (indexed / "model.safetensors.index.json").string();
  indexed.write(libration::io::element::f32, 2);
  spill(index, R"({"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}})");
  CHECK(indexed.complaint() ==
        index + ": weight_map: model.norm.weight is in \"../elsewhere.safetensors\", expected a file's name");
  spill(index, R"({"weight_map": {"model.norm.weight": "model-1-of-2.safetensors", "x": "model-2-of-2.safetensors"}})");
  CHECK(indexed.complaint() == index + ": weight_map: \"x\" is in \"model-2-of-2.safetensors\", but that file has no such tensor");
  spill(index, R"({"weight_map": {"model.embed_tokens.weight": "model-3-of-3.safetensors"}})");
  CHECK(indexed.complaint() ==
        index + ": weight_map: \"model.embed_tokens.weight\" is in \"model-3-of-3.safetensors\", which is not in the folder");
  spill(index, "version https://git-lfs.github.com/spec/v1\n");
  CHECK(indexed.complaint().find("git lfs pull") != std::string::npos);
  spill(index, "{}");
  CHECK(indexed.complaint() == index + ": no object weight_map");
}

TEST_CASE("models::llama: tensors' names are read with any of the prefixes that wrappers and base models give them", "[law]") {
  const folder plain;
  const VectorXf expected = logits_of(model(plain.config, plain.weights));
  for (const std::string prefix : {"module.", "_orig_mod.", "_orig_mod.module.", "model."}) {
    folder f;
    f.rename([&](const std::string& name) { return prefix + name; });
    f.write();
    CAPTURE(prefix);
    CHECK(logits_of(model::from(f.path())) == expected);
  }
  folder base;
  base.rename([](const std::string& name) { return name.starts_with("model.") ? name.substr(6) : name; });
  base.write();
  CHECK(logits_of(model::from(base.path())) == expected);
  // Without a head: refused, unless the config says that the model never had one; then the head is the embedding.
  base.tensors.erase("lm_head.weight");
  base.write();
  CHECK(base.complaint().find("no tensor \"lm_head.weight\"") != std::string::npos);
  base.add_to_config(R"("architectures": ["LlamaModel"])");
  auto tied = base.config;
  tied.tied_head = true;
  CHECK(logits_of(model::from(base.path())) == logits_of(model(tied, base.weights)));
  CHECK(model::from(base.path()).config().tied_head);
}

TEST_CASE("models::llama: a tensor that is left over is refused by name, unless it is a known buffer or ignored", "[failure]") {
  struct extra {
    std::string name;
    Index rows, columns;  // columns 0: a vector
    std::string says;
  };
  const std::vector<extra> extras = {{"model.layers.0.mlp.down_proj.bias", 12, 0, "bias"},
                                     {"model.layers.1.self_attn.q_proj.bias", 16, 0, "bias"},
                                     {"model.layers.0.self_attn.q_norm.weight", 4, 0, "queries or keys"},
                                     {"model.layers.0.post_feedforward_layernorm.weight", 12, 0, "norm"},
                                     {"model.layers.2.mlp.down_proj.weight", 12, 10, "linear"},
                                     {"model.layers.0.self_attn.q_proj.SCB", 16, 0, "quantised"},
                                     {"model.layers.0.self_attn.q_proj.lora_A.weight", 2, 12, "LoRA"},
                                     {"score.weight", 2, 12, "linear"}};
  for (const extra& e : extras) {
    CAPTURE(e.name);
    folder f;
    f.tensors[e.name] = MatrixXf::Constant(e.rows, std::max<Index>(e.columns, 1), 0.5f);
    if (e.columns == 0) f.flat.insert(e.name);
    f.write();
    CHECK(f.complaint().find('"' + e.name + '"') != std::string::npos);
    CHECK(f.complaint().find(e.says) != std::string::npos);
    CHECK(logits_of(model::from(f.path(), {.ignore = {e.name}})) == logits_of(model(f.config, f.weights)));
  }
  folder buffers;
  buffers.tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = MatrixXf::Ones(2, 1);
  buffers.flat.insert("model.layers.0.self_attn.rotary_emb.inv_freq");
  buffers.write();
  CHECK(buffers.complaint().empty());

  // A field that nobody knows, and its way out.
  folder field;
  field.write();
  field.add_to_config(R"("logits_scaling": 8)");
  CHECK(field.complaint().find("logits_scaling is 8, expected 1") != std::string::npos);
  CHECK(logits_of(model::from(field.path(), {.ignore_fields = {"logits_*"}})) == logits_of(model(field.config, field.weights)));

  // A tied head that is stored as well: the same matrix, or a contradiction.
  folder tied;
  tied.add_to_config(R"("tie_word_embeddings": true)");
  tied.write();
  CHECK(tied.complaint().find("lm_head.weight is another matrix than model.embed_tokens.weight") != std::string::npos);
  CHECK(failure_of([&] { model::from(tied.path(), {.ignore = {"lm_head.weight"}}); }).what.empty());
  tied.tensors["lm_head.weight"] = tied.tensors["model.embed_tokens.weight"];
  tied.write();
  CHECK(tied.complaint().empty());
}

TEST_CASE("models::llama: weights are read from floating-point numbers only", "[failure]") {
  folder wide;
  wide.write(libration::io::element::f64);
  CHECK(logits_of(model::from(wide.path())) == logits_of(model(wide.config, wide.weights)));
  folder whole;
  for (auto& [name, values] : whole.tensors) values = values.array().round();
  whole.write(libration::io::element::i8);
  CHECK(whole.complaint().find("holds I8, expected F32, F16, BF16 or F64") != std::string::npos);
}

TEST_CASE("models::llama: shards without an index are read where all of them are there and no tensor is in two", "[failure]") {
  folder f;
  f.write(libration::io::element::f32, 3);
  std::filesystem::remove(f / "model.safetensors.index.json");
  CHECK(logits_of(model::from(f.path())) == logits_of(model(f.config, f.weights)));
  const std::string second = slurp(f / "model-2-of-3.safetensors");
  std::filesystem::remove(f / "model-2-of-3.safetensors");
  CHECK(f.complaint() == f.path().string() +
                             ": no model.safetensors.index.json, and of the 3 shards only 2 are there: "
                             "model-2-of-3.safetensors is missing");
  spill(f / "model-2-of-3.safetensors", second);
  CHECK(f.complaint().empty());
  spill(f / "model-1-of-2.safetensors", second);
  CHECK(f.complaint().find("several sets of shards: model-*-of-2, model-*-of-3") != std::string::npos);
  folder twice;
  twice.write();
  for (const char* name : {"model-1-of-2.safetensors", "model-2-of-2.safetensors"})
    spill(twice / name, slurp(twice / "model.safetensors"));
  std::filesystem::remove(twice / "model.safetensors");
  CHECK(twice.complaint().find("several tensors could be \"model.embed_tokens.weight\"") != std::string::npos);
}

TEST_CASE("models::llama: a folder without safetensors says what it holds and what to do", "[failure]") {
  const folder f;
  const std::string at = (f / "model.safetensors").string() + ": no such file, and no model.safetensors.index.json";
  CHECK(f.complaint() == at + "; the folder holds config.json");
  spill(f / "model.gguf", "GGUF");
  CHECK(f.complaint().starts_with(at + "; the folder holds model.gguf: GGUF is not read"));
  spill(f / "pytorch_model.bin", "PK");
  CHECK(f.complaint().find("pytorch_model.bin, model.gguf: convert it to safetensors first") != std::string::npos);
  spill(f / "adapter_model.safetensors", "");
  CHECK(f.complaint().find("an adapter (LoRA)") != std::string::npos);
  spill(f / "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:4f\nsize 9\n");
  CHECK(f.complaint().find("git lfs pull") != std::string::npos);
  spill(f / "model.safetensors", "<!DOCTYPE html>\n<html></html>\n");
  CHECK(f.complaint().find("a page of HTML") != std::string::npos);
  f.write();
  CHECK(f.complaint().empty());
  spill(f / "adapter_config.json", "{}");
  CHECK(f.complaint().find("an adapter (LoRA) beside the model") != std::string::npos);
}

TEST_CASE("models::llama: a config of absurd sizes names the first tensor that is not so, and allocates nothing", "[failure]") {
  folder f;
  f.write();
  const std::string huge = "2147483648";
  const auto with = [&](const std::string& field) {
    auto json = nlohmann::json::parse(slurp(f / "config.json"));
    json[field] = std::stoll(huge);
    const auto kept = slurp(f / "config.json");
    f.write_config(json.dump());
    const std::string said = f.complaint();
    f.write_config(kept);
    return said;
  };
  CHECK(with("num_hidden_layers").find("no tensor \"model.layers.2.input_layernorm.weight\"") != std::string::npos);
  for (const char* field : {"hidden_size", "intermediate_size", "vocab_size", "head_dim", "num_attention_heads"}) {
    CAPTURE(field);
    CHECK(with(field).find("has shape") != std::string::npos);
  }
}

TEST_CASE("models::llama: the recorded stories260k writes its 200 tokens, with its logits, attention and entropies", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto path = shared / "models/stories260k";
  const auto net = model::from(path);
  REQUIRE(net.window() == 512);
  const auto run = safetensors::open(path / "run.safetensors");
  const auto expected_logits = run.values<double>("logits", {128, 512});
  const auto expected_weights = run.values<double>("attention", {5, 8, 128, 128});
  const auto expected_entropy = run.values<double>("entropy", {5, 8, 128});
  std::ifstream in(path / "greedy_tokens_200.json");
  const auto recorded = nlohmann::json::parse(in).get<std::vector<maps::token>>();
  REQUIRE(recorded.size() == 201);

  auto ws = net.make_workspace();
  VectorXf h = VectorXf::Zero(net.state_size()), logits(net.vocabulary_size());
  double off_weights = 0, off_entropy = 0, off_logits = 0;
  std::vector<maps::token> written = {recorded[0]};
  for (Index t = 0; t < 200; ++t) {
    net.read(written.back(), h, ws, [&](const models::attention_row<float>& row) {
      if (t >= 128) return;
      const Index place = (row.layer * 8 + row.head) * 128 + t;
      for (Index s = 0; s <= t; ++s)
        off_weights = std::max(off_weights, std::abs(static_cast<double>(row.weights[s]) - expected_weights[place * 128 + s]));
      libration::attention::accumulator<float> entropy;
      entropy.push(row.logits.matrix());
      off_entropy = std::max(off_entropy, std::abs(entropy.entropy() - expected_entropy[place]));
    });
    net.logits(h, logits);
    if (t < 128)
      off_logits = std::max(off_logits, (logits.cast<double>() - expected_logits.segment(t * 512, 512)).cwiseAbs().maxCoeff());
    Index best = 0;
    logits.maxCoeff(&best);
    written.push_back(static_cast<maps::token>(best));
  }
  CHECK(written == recorded);
  // The record's own float run is off by 1.7e-5 from its double one in the logits; a weight by eps times its logits' size, some
  // tens.
  CHECK(off_logits < 4e-5);
  CHECK(off_weights < 1e-5);
  CHECK(off_entropy < 4e-5);

  // All of it at once is the same.
  VectorXf at_once = VectorXf::Zero(net.state_size());
  net.prefill(std::span(written).first(200), at_once);
  CHECK((at_once - h).cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("models::llama: stories260k in double is its record to the record's last digit", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto path = shared / "models/stories260k";
  const auto net = models::llama<double>::from(path);
  const auto run = safetensors::open(path / "run.safetensors");
  const auto tokens = run.values<maps::token>("tokens", {128});
  const auto expected_logits = run.values<double>("logits", {128, 512});
  const auto expected_entropy = run.values<double>("entropy", {5, 8, 128});
  const auto expected_output = run.values<double>("final_hidden_states", {128, 64});
  auto ws = net.make_workspace();
  Eigen::VectorXd h = Eigen::VectorXd::Zero(net.state_size()), logits(512);
  double off_logits = 0, off_entropy = 0, off_output = 0;
  for (Index t = 0; t < 128; ++t) {
    net.read(tokens[t], h, ws, [&](const models::attention_row<double>& row) {
      libration::attention::accumulator<double> entropy;
      entropy.push(row.logits.matrix());
      off_entropy = std::max(off_entropy, std::abs(entropy.entropy() - expected_entropy[(row.layer * 8 + row.head) * 128 + t]));
    });
    net.logits(h, logits);
    off_logits = std::max(off_logits, (logits - expected_logits.segment(t * 512, 512)).cwiseAbs().maxCoeff());
    off_output =
        std::max(off_output, (h.segment(net.output_offset(), 64) - expected_output.segment(t * 64, 64)).cwiseAbs().maxCoeff());
  }
  CHECK(off_logits < 2e-6);  // the record's tolerances
  CHECK(off_entropy < 5e-7);
  CHECK(off_output < 2e-6);
}

TEST_CASE("models::llama: stories260k's tangent in cache and input agrees with central differences in double", "[differential]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto path = shared / "models/stories260k";
  const auto net = models::llama<double>::from(path, {.window = 32});
  const auto run = safetensors::open(path / "run.safetensors");
  const auto tokens = run.values<maps::token>("tokens", {128});
  auto ws = net.make_workspace(2);
  const Index n = net.state_size(), m = net.input_size();
  Eigen::VectorXd h = Eigen::VectorXd::Zero(n), next(n), up(n), down(n), x(m);
  for (const Index count : {Index(20), Index(30)}) {  // before and after the ring is full
    for (Index t = 0; t < count; ++t) net.read(tokens[t], h, ws);
    net.embedding().write(tokens[count], x);
    const Eigen::MatrixXd V = random_matrix(n, 2, 1.0, 90), VX = random_matrix(m, 2, 1.0, 91);
    Eigen::MatrixXd JV(n, 2);
    net.step(h, x, next, ws);
    net.tangent(V, VX, JV, ws);
    const double step = 1e-5;
    for (Index j = 0; j < 2; ++j) {
      net.step(h + step * V.col(j), x + step * VX.col(j), up, ws);
      net.step(h - step * V.col(j), x - step * VX.col(j), down, ws);
      // What the step computes: the output, and the newest key and value of every head; the rest of the cache is copied.
      const Eigen::VectorXd difference = (up - down) / (2 * step);
      const auto output = [&](const auto& v) { return v.segment(net.output_offset(), net.hidden_size()); };
      CHECK((output(JV.col(j)) - output(difference)).norm() < 1e-6 * output(difference).norm());
      CHECK((JV.col(j) - difference).norm() < 1e-6 * difference.norm());
    }
  }
}

TEST_CASE("models::llama: recorded folders of the family give their logits, and those of other types are refused by their name",
          "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto tiny = shared / "models/tiny";
  if (!std::filesystem::exists(tiny / "tiny_llama")) return;
  // float64 by Hugging Face's definitions; with the config as transformers 4 and 5 write it.
  for (const char* name : {"tiny_llama", "tiny_llama_bf16", "tiny_mistral", "tiny_qwen2"}) {
    CAPTURE(name);
    const auto expected = safetensors::open(tiny / name / "expected.safetensors");
    const auto tokens = expected.values<std::int64_t>("tokens");
    const auto logits = expected.matrix<double>("logits_f64");
    const auto net = models::llama<double>::from(tiny / name);
    auto ws = net.make_workspace();
    Eigen::VectorXd h = Eigen::VectorXd::Zero(net.state_size()), out(net.vocabulary_size());
    double off = 0.0;
    for (Index t = 0; t < tokens.size(); ++t) {
      net.read(static_cast<maps::token>(tokens[t]), h, ws);
      net.logits(h, out);
      off = std::max(off, (out - logits.row(t).transpose()).cwiseAbs().maxCoeff());
    }
    CHECK(off <= 1e-11);
  }
  const auto older = models::llama_config::read(tiny / "tiny_llama/config.json");
  const auto newer = models::llama_config::read(tiny / "tiny_llama/config.v5.json");
  CHECK(newer.rotary.scaling == older.rotary.scaling);
  CHECK(newer.rotary.theta == older.rotary.theta);
  CHECK(newer.rotary.factor == older.rotary.factor);
  CHECK(newer.rotary.original_positions == older.rotary.original_positions);
  for (const char* name : {"gemma2", "gpt2", "gpt_neox", "mamba", "olmo2", "phi3", "qwen3", "rwkv7", "smollm3"}) {
    CAPTURE(name);
    CHECK(failure_of([&] {
            model::from(tiny / ("tiny_" + std::string(name)));
          }).reason.find("model_type is \"" + std::string(name)) != std::string::npos);
  }
  // Written by Python with a bare Infinity.
  CHECK(failure_of([&] { model::from(tiny / "tiny_mamba2"); }).reason.find("not a JSON object (Infinity") != std::string::npos);
}
