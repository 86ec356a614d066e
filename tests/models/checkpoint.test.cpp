// SPDX-License-Identifier: MIT
#include <libration/models/checkpoint.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration::file_error;
using libration_test::file_of;
using libration_test::message_of;
using libration_test::random_matrix;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::io::element;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// What is said of a tensor that is left over beside `fc.weight`, which is used; empty where it is passed over.
std::string said_of(const std::string& name, const MatrixXd& values, element type = element::f32, bool as_vector = false) {
  safetensors::tensor_set tensors;
  tensors.add("fc.weight", random_matrix(3, 2, 1.0, 1));
  if (as_vector)
    tensors.add(name, VectorXd(values.reshaped()), type);
  else
    tensors.add(name, values, type);
  const auto file = file_of(tensors);
  models::checkpoint checkpoint(file);
  checkpoint.matrix<double>("fc.weight");
  return message_of<file_error>([&] { checkpoint.require_all_used("a reader"); });
}
std::string said_of_vector(const std::string& name) { return said_of(name, random_matrix(3, 1, 1.0, 2), element::f32, true); }

/// A tensor of a rank that a matrix has not, all zeros.
std::string said_of_shape(const std::string& name, libration::io::shape shape, element type) {
  const std::vector<std::byte> zeros(*libration::io::byte_count(shape, type));
  safetensors::tensor_set tensors;
  tensors.add(name, type, std::move(shape), zeros);
  const auto file = file_of(tensors);
  return message_of<file_error>([&] { models::checkpoint(file).require_all_used("a reader"); });
}

}  // namespace

TEST_CASE("models::checkpoint: a name is found through the wrappers that a file has, and those that are asked for", "[oracle]") {
  const MatrixXd W = random_matrix(3, 2, 1.0, 1);
  for (const char* stored :
       {"layers.0.q.weight", "model.layers.0.q.weight", "module.layers.0.q.weight", "_orig_mod.layers.0.q.weight",
        "module._orig_mod.model.layers.0.q.weight", "model.model.layers.0.q.weight", "model._orig_mod.layers.0.module.q.weight",
        "layers.0._fsdp_wrapped_module.q.weight"}) {
    const auto file = file_of(safetensors::tensor_set().add(stored, W));
    for (const char* asked : {"layers.0.q.weight", "model.layers.0.q.weight", "module.layers.0.q.weight", stored}) {
      INFO(stored << ", " << asked);
      models::checkpoint tensors(file);
      REQUIRE(tensors.contains(asked));
      CHECK(tensors.name_in_file(asked) == stored);
      CHECK(tensors.names() == std::vector<std::string>{"layers.0.q.weight"});
      CHECK(message_of<file_error>([&] { tensors.require_all_used("r", asked); }) != "");
      CHECK(tensors.matrix<double>(asked, 3, 2) == W);
      CHECK_NOTHROW(tensors.require_all_used("r"));
    }
  }
  // A last component is a tensor's own name, and `model` within a name is not a wrapper.
  const auto file = file_of(safetensors::tensor_set().add("module", W).add("net.model.weight", W));
  models::checkpoint tensors(file);
  CHECK(tensors.contains("module"));
  CHECK_FALSE(tensors.contains("net.weight"));
}

TEST_CASE("models::checkpoint: of several tensors of one name the one written so is taken, and the other is left over",
          "[failure]") {
  const MatrixXd W = random_matrix(3, 2, 1.0, 1), V = random_matrix(3, 2, 1.0, 2);
  const auto file = file_of(safetensors::tensor_set().add("fc.weight", W).add("module.fc.weight", V));
  models::checkpoint tensors(file);
  CHECK(tensors.matrix<double>("module.fc.weight") == V);
  CHECK(contains(message_of<file_error>([&] { tensors.require_all_used("r"); }),
                 "\"fc.weight\" (F64, (3, 2)) is there a second time"));
  CHECK(contains(message_of<file_error>([&] { tensors.matrix<double>("model.fc.weight"); }),
                 "several tensors could be \"model.fc.weight\": \"fc.weight\", \"module.fc.weight\""));
}

TEST_CASE("models::checkpoint: tensors lie in any of several files, in one each", "[oracle][failure]") {
  const MatrixXd W = random_matrix(3, 2, 1.0, 1), V = random_matrix(2, 2, 1.0, 2);
  std::vector<safetensors::file> files;
  files.push_back(file_of(safetensors::tensor_set().add("a.weight", W)));
  files.push_back(file_of(safetensors::tensor_set().add("b.weight", V).add("c.weight", V)));
  models::checkpoint tensors(files, "folder");
  CHECK(tensors.matrix<double>("a.weight") == W);
  CHECK(tensors.matrix<double>("b.weight") == V);
  CHECK(tensors.left_over().size() == 1);
  CHECK(contains(message_of<file_error>([&] { tensors.require_all_used("r"); }), files[1].path() + ": r: a tensor that"));
  CHECK(message_of<file_error>([&] { tensors.matrix<double>("d.weight"); }) == "folder: no tensor \"d.weight\" in any of 2 files");
  files.push_back(file_of(safetensors::tensor_set().add("a.weight", V)));
  models::checkpoint twice(files, "folder");
  CHECK(contains(message_of<file_error>([&] { twice.matrix<double>("a.weight"); }), "several tensors could be \"a.weight\""));
}

TEST_CASE("models::checkpoint: weights are read from floating-point numbers alone", "[failure]") {
  const MatrixXd W = MatrixXd::Constant(2, 2, 0.5), ones = MatrixXd::Ones(2, 2);
  for (const element type : {element::f16, element::bf16, element::f32, element::f64}) {
    const auto file = file_of(safetensors::tensor_set().add("fc.weight", W, type));
    CHECK(models::checkpoint(file).matrix<float>("fc.weight") == W.cast<float>());
  }
  for (const element type : {element::boolean, element::i8, element::u8, element::i16, element::u16, element::i32, element::u32,
                             element::i64, element::u64}) {
    const auto file = file_of(safetensors::tensor_set().add("fc.weight", ones, type).add("fc.SCB", VectorXd(ones.col(0))));
    const std::string expected = file.path() + ": tensor \"fc.weight\" holds " + std::string(to_string(type)) +
                                 ", expected F32, F16, BF16 or F64: integers as weights are quantised, with \"fc.SCB\" to scale "
                                 "them, and must be stored as floating-point numbers first";
    models::checkpoint tensors(file);
    CHECK(message_of<file_error>([&] { tensors.matrix<double>("fc.weight"); }) == expected);
    CHECK(message_of<file_error>([&] { tensors.matrix<double>("fc.weight", 7, 7); }) == expected);
    CHECK(message_of<file_error>([&] { tensors.values<double>("fc.weight"); }) == expected);
  }
}

TEST_CASE("models::checkpoint: what is left over and could change the result is refused with what it probably is", "[failure]") {
  const MatrixXd W = random_matrix(3, 3, 1.0, 1);
  const auto file = file_of(
      safetensors::tensor_set().add("fc.weight", W).add("ln.weight", VectorXd(W.col(0))).add("ln.bias", VectorXd(W.col(1))));
  models::checkpoint tensors(file);
  tensors.matrix<double>("fc.weight");
  CHECK(
      message_of<file_error>([&] { tensors.require_all_used("a reader"); }) ==
      file.path() +
          ": a reader: 2 tensors that the model as read does not use: \"ln.bias\" (F64, (3)) belongs, probably, to a layer norm or "
          "another normalisation; \"ln.weight\" (F64, (3)) belongs, probably, to a layer norm or another normalisation. What does "
          "not change the result can be named in .ignore (the programs' --ignore), with * for any characters: \"ln.*\"");
  CHECK_NOTHROW(tensors.require_all_used("a reader", "fc."));
  CHECK(said_of_vector("fc.bias").ends_with(": \"fc.bias\""));  // beside a tensor that is used, not the whole module

  CHECK(contains(said_of_vector("final.weight"), "belongs, probably, to a layer norm"));
  CHECK(contains(said_of_vector("fc.bias"), "\"fc.bias\" (F32, (3)) is a bias beside a weight that is read without one"));
  CHECK(contains(said_of_vector("proj.bias"), "is a bias of a layer that is not read"));
  CHECK(contains(said_of("proj.weight", W), "is, probably, the weight of a linear layer or an embedding"));
  CHECK(contains(said_of_vector("layers.0.self_attn.q_norm.weight"), "belongs to a normalisation of queries or keys"));
  CHECK(contains(said_of_vector("layers.0.self_attn.k_norm.weight"), "belongs to a normalisation of queries or keys"));
  CHECK(contains(said_of_vector("bn.running_mean"), "is a running statistic"));
  CHECK(contains(said_of("fc.weight_raw", W), "is, probably, the parameter of a weight drop"));
  CHECK(contains(said_of("rnn.weight_hh_l0_reverse", W), "bidirectional"));
  CHECK(contains(said_of("rnn.weight_hh_l1", W), "belongs to another recurrent layer"));
  CHECK(contains(said_of("rnn.weight_hr_l0", W), "proj_size"));
  for (const char* name : {"fc.SCB", "fc.scales", "fc.zero_points", "fc.weight.absmax", "fc.weight_scale", "fc.weight_scale_inv",
                           "fc.g_idx", "fc.weight.quant_state.bitsandbytes__nf4"})
    CHECK(contains(said_of_vector(name), "belongs to quantised weights"));
  for (const char* name : {"fc.lora_A.weight", "fc.lora_A.default.weight", "base_model.model.fc.lora_B.weight"})
    CHECK(contains(said_of(name, W), "belongs to an adapter (LoRA)"));
  for (const char* name : {"fc.weight_g", "fc.weight_v", "fc.weight_orig", "fc.weight_mask", "rnn.weight_hh_l0_v",
                           "fc.parametrizations.weight.original0"})
    CHECK(contains(said_of(name, W), "belongs to a weight that is computed from other tensors"));
  CHECK(contains(said_of_shape("conv.weight", {3, 1, 2}, element::f32), "belongs, probably, to a convolution"));
  CHECK(contains(said_of_vector("h0"), "is, probably, a learned initial state"));
  CHECK(contains(said_of_shape("rnn.init_hidden", {1, 1, 3}, element::f32), "is, probably, a learned initial state"));
  CHECK(contains(said_of_vector("temperature"), "is not known to the reader"));
  CHECK(contains(said_of_vector("layers.0.attn.bias"), "is a bias"));  // of rank 1: a parameter, not a mask
  CHECK(contains(said_of_vector("layers.0.rotary_emb.scale"), "is not known"));
  CHECK(contains(said_of("position_ids", W), "is, probably, the weight"));  // of floating-point numbers
}

TEST_CASE("models::checkpoint: known buffers, an optimiser's state and what the options name are passed over", "[oracle]") {
  const MatrixXd W = random_matrix(3, 3, 1.0, 1);
  for (const char* name : {"layers.0.self_attn.rotary_emb.inv_freq", "module.rotary_emb.cos_cached", "optimizer.state.0.exp_avg",
                           "state.3.exp_avg_sq", "fc.weight.momentum_buffer"})
    CHECK(said_of_vector(name) == "");
  CHECK(said_of_shape("h.0.attn.bias", {1, 1, 4, 4}, element::f32) == "");
  CHECK(said_of_shape("layers.0.attention.bias", {1, 1, 4, 4}, element::boolean) == "");
  CHECK(said_of_shape("h.0.attn.masked_bias", {}, element::f32) == "");
  CHECK(said_of_shape("bn.num_batches_tracked", {}, element::i64) == "");
  CHECK(said_of_shape("embeddings.position_ids", {1, 8}, element::i64) == "");
  CHECK(said_of_shape("extra.weight", {0, 8}, element::f32) == "");  // holds no number

  const auto file = file_of(
      safetensors::tensor_set().add("module.critic.0.weight", W).add("critic.0.bias", VectorXd(W.col(0))).add("fc.weight", W));
  models::checkpoint tensors(file, {.ignore = {"critic.*"}});
  CHECK(tensors.ignored() == std::vector<std::string>{"critic.0.bias", "module.critic.0.weight"});
  CHECK(tensors.names() == std::vector<std::string>{"fc.weight"});
  tensors.accept("fc.weight");
  CHECK_NOTHROW(tensors.require_all_used("r"));
  CHECK_FALSE(tensors.contains("critic.0.bias"));
  CHECK(contains(message_of<file_error>([&] { tensors.matrix<double>("critic.0.weight"); }),
                 "no tensor \"critic.0.weight\", because \"module.critic.0.weight\" is ignored"));
}

TEST_CASE("models::checkpoint: a pattern that matches nothing is refused with the nearest names", "[failure]") {
  const MatrixXd W = random_matrix(3, 3, 1.0, 1);
  const auto file = file_of(
      safetensors::tensor_set().add("module.critic.0.weight", W).add("rnn.bias_ih_l0", VectorXd(W.col(0))).add("fc.weight", W),
      {{"lm_head.weight", "fc.weight"}});
  const auto said = [&](const std::vector<std::string>& ignore) {
    return message_of<file_error>([&] { models::checkpoint(file, {.ignore = ignore}); });
  };
  CHECK(said({"critic.*", "rnn.bias*", "module.*", "*"}) == "");
  CHECK(contains(said({"critic.*", "rnn.bais_ih*"}),
                 "\"rnn.bais_ih*\" of .ignore (the programs' --ignore) matches none of 3 tensors; the most similar: "
                 "\"rnn.bias_ih_l0\""));
  CHECK(contains(said({""}), "\"\" of .ignore"));
  CHECK(contains(said({"lm_head.*"}), "\"lm_head.*\" of .ignore"));  // the other name of a tied weight is no tensor
}

// While it trains, a weight drop keeps the weight twice: as the parameter, and with a random part of it zeroed.
TEST_CASE("models::checkpoint: of a weight drop the parameter is read, not its masked copy", "[oracle][failure]") {
  const MatrixXd W = random_matrix(3, 3, 1.0, 1), masked = MatrixXd::Zero(3, 3);
  for (const char* copy : {"rnn.weight_hh_l0", "rnn.module.weight_hh_l0"}) {  // fastai's and salesforce's names
    const auto file = file_of(
        safetensors::tensor_set().add("rnn.weight_hh_l0_raw", W).add(copy, masked).add("rnn.weight_ih_l0", masked));
    models::checkpoint tensors(file);
    CHECK(tensors.matrix<double>("rnn.weight_hh_l0") == W);
    CHECK(tensors.undropped() == std::vector<std::string>{"rnn.weight_hh_l0_raw"});
    CHECK(tensors.names() == std::vector<std::string>{"rnn.weight_hh_l0", "rnn.weight_ih_l0"});
    tensors.accept("rnn.weight_ih_l0");
    CHECK_NOTHROW(tensors.require_all_used("a reader"));
    models::checkpoint without(file, {.ignore = {"*_raw"}});
    CHECK(without.matrix<double>("rnn.weight_hh_l0") == masked);
    CHECK(without.undropped().empty());
  }
  const auto alone = file_of(safetensors::tensor_set().add("rnn.weight_hh_l0_raw", W));
  CHECK(models::checkpoint(alone).matrix<double>("rnn.weight_hh_l0") == W);
  const auto other = file_of(
      safetensors::tensor_set().add("rnn.weight_hh_l0_raw", random_matrix(6, 3, 1.0, 2)).add("rnn.weight_hh_l0", masked));
  CHECK(contains(message_of<file_error>([&] { models::checkpoint{other}; }),
                 "the parameter of a weight drop, \"rnn.weight_hh_l0_raw\", has shape (6, 3), its masked copy "
                 "\"rnn.weight_hh_l0\" has (3, 3), expected the same"));
}

TEST_CASE("models::checkpoint: a tied weight that is stored once is found by both names", "[oracle]") {
  const MatrixXd W = random_matrix(3, 3, 1.0, 1);
  const auto file =
      file_of(safetensors::tensor_set().add("encoder.weight", W), {{"decoder.weight", "encoder.weight"}, {"format", "pt"}});
  models::checkpoint tensors(file);
  CHECK(tensors.names() == std::vector<std::string>{"encoder.weight", "decoder.weight"});
  CHECK(tensors.matrix<double>("decoder.weight") == W);
  CHECK(tensors.left_over().size() == 1);  // the encoder was not read
  CHECK(tensors.matrix<double>("model.encoder.weight") == W);
  CHECK_NOTHROW(tensors.require_all_used("r"));
}

TEST_CASE("models::checkpoint: a missing weight is told by what is there in its place", "[failure]") {
  const MatrixXd W = random_matrix(3, 3, 1.0, 1);
  const auto said = [&](const char* there) {
    const auto file = file_of(safetensors::tensor_set().add(there, W));
    models::checkpoint tensors(file);
    return message_of<file_error>([&] { tensors.matrix<double>("model.q_proj.weight"); });
  };
  CHECK(contains(said("model.q_proj.qweight"),
                 "no tensor \"model.q_proj.weight\"; \"model.q_proj.qweight\" belongs to quantised weights"));
  CHECK(contains(said("q_proj.base_layer.weight"), "belongs to an adapter"));
  CHECK(contains(said("q_proj.weight_g"), "is computed from other tensors"));
  CHECK(said("q_proj.wieght").find("belongs") == std::string::npos);
  CHECK(contains(said("q_proj.wieght"), "the most similar of 1: \"q_proj.wieght\""));
}

TEST_CASE("models::detail::matches_glob: stars stand for any characters, question marks for one", "[oracle]") {
  using models::detail::matches_glob;
  for (const char* pattern : {"*", "a.b.weight", "a.*", "*weight", "a*b*t", "a.?.weight", "**t", "a.b.weight*"})
    CHECK(matches_glob("a.b.weight", pattern));
  for (const char* pattern : {"", "a", "b.*", "*bias", "a.b.weigh", "?.weight", "a.b.weight?", "a*c*"})
    CHECK_FALSE(matches_glob("a.b.weight", pattern));
  CHECK(matches_glob("", ""));
  CHECK(matches_glob("", "*"));
  CHECK_FALSE(matches_glob("", "?"));
}
