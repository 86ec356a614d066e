// SPDX-License-Identifier: MIT
#include <libration/models/character_model.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration::argument_error, libration::file_error;
using libration_test::add_layers;
using libration_test::file_of;
using libration_test::message_of;
using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

// Its step takes a token, which must not be taken for the time of a map.
static_assert(!libration::maps::map<models::character_model<models::gru<double>>>);

namespace {

const std::map<std::string, std::string> abc = {{"vocabulary", R"(["a", "b", "c"])"}};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An LSTM of 5 units over 3 characters embedded in 4 numbers, under the given names; an empty one leaves that part
/// out.
safetensors::tensor_set parts(const std::string& embedding, const std::string& network, const std::string& readout) {
  safetensors::tensor_set tensors;
  if (!embedding.empty()) tensors.add(embedding, random_matrix(3, 4, 1.0, 90));
  if (!network.empty()) add_layers(tensors, network, random_layers<double>(4, embedding.empty() ? 3 : 4, {5}));
  if (!readout.empty())
    tensors.add(readout + "weight", random_matrix(3, 5, 1.0, 91)).add(readout + "bias", VectorXd(random_matrix(3, 1, 1.0, 92)));
  return tensors;
}

models::character_model<models::lstm<double>> load(const safetensors::file& file,
                                                   const models::character_model_options& options = {}) {
  return std::get<models::character_model<models::lstm<double>>>(models::load_character_model<double>(file, options));
}

/// Logits after the tokens 2, 0, 1 from the zero state.
VectorXd logits_of(const models::character_model<models::lstm<double>>& model) {
  auto ws = model.make_workspace();
  VectorXd h = VectorXd::Zero(model.state_size()), next = h, y(model.vocabulary_size());
  for (const models::token v : {2, 0, 1}) {
    model.step(v, h, next, ws);
    h.swap(next);
  }
  model.logits(h, y);
  return y;
}

std::string complaint(const safetensors::file& file, const models::character_model_options& options = {}) {
  return message_of<file_error>([&] { models::load_character_model<double>(file, options); });
}

}  // namespace

TEST_CASE("models::load_character_model: finds the parts under their usual names", "[oracle]") {
  const VectorXd expected = logits_of(load(file_of(parts("embedding.weight", "lstm.", "decoder."), abc)));
  for (const char* embedding : {"encoder.weight", "embed.weight", "model.embeddings.weight", "emb.weight"})
    CHECK(logits_of(load(file_of(parts(embedding, "lstm.", "decoder."), abc))) == expected);
  for (const char* network : {"rnn.", "gru.", "model.lstm.", ""})
    if (*network != '\0') CHECK(logits_of(load(file_of(parts("encoder.weight", network, "decoder."), abc))) == expected);
  for (const char* readout : {"fc.", "readout.", "linear.", "out.", "output.", "model.head.", "lm_head."})
    CHECK(logits_of(load(file_of(parts("embedding.weight", "rnn.", readout), abc))) == expected);

  models::character_model_options named;
  named.embedding = "table";
  named.readout = "last.";
  named.network.prefix = "net.";
  named.characters = models::vocabulary(U"xyz");
  const auto model = load(file_of(parts("table", "net.", "last.")), named);
  CHECK(logits_of(model) == expected);
  CHECK((model.characters().character(0) == U'x'));
}

TEST_CASE("models::load_character_model: takes every kind of network, and one-hot where there is no embedding", "[oracle]") {
  for (const Index gates : {1, 3, 4}) {
    safetensors::tensor_set tensors;
    add_layers(tensors, "net.", random_layers<double>(gates, 3, {5, 5}));
    tensors.add("fc.weight", random_matrix(3, 5, 1.0, 91));
    const auto any = models::load_character_model<float>(file_of(tensors, abc));
    CHECK(any.index() == (gates == 1 ? 0u : gates == 3 ? 1u : 2u));
    std::visit(
        [](const auto& model) {
          CHECK(model.embedding().is_one_hot());
          CHECK(model.network().input_size() == 3);
        },
        any);
  }
}

TEST_CASE("models::character_model: reading a token is the network's step on its embedding", "[differential]") {
  for (const char* embedding : {"embedding.weight", ""}) {
    const auto model = load(file_of(parts(embedding, "lstm.", "decoder."), abc));
    const std::vector<models::token> tokens = {2, 0, 1, 1};
    const auto inputs = model.inputs(tokens);
    REQUIRE(inputs.size() == 4);
    REQUIRE(inputs.input_size() == model.network().input_size());
    auto ws = model.make_workspace(), other = model.network().make_workspace(0);
    VectorXd h = random_matrix(model.state_size(), 1, 1.0, 50), by_token = h, by_input = h, x(inputs.input_size());
    for (std::int64_t t = 0; t < inputs.size(); ++t) {
      model.step(tokens[static_cast<std::size_t>(t)], h, by_token, ws);
      inputs(t, x);
      model.network().step(h, x, by_input, other);
      CHECK((by_token - by_input).cwiseAbs().maxCoeff() < 1e-14);  // 10 rounded terms of order one in another order
      h = by_token;
    }
    CHECK(message_of<argument_error>([&] { inputs(4, x); }) == "models::token_inputs: step 4 of a text of 4 tokens");
  }
}

TEST_CASE("models::character_model: the cross entropy is the mean of the costs, token by token", "[differential]") {
  const auto model = load(file_of(parts("embedding.weight", "lstm.", "decoder."), abc));
  const std::vector<models::token> tokens = {2, 0, 1, 1, 0};
  auto ws = model.make_workspace();
  VectorXd h = VectorXd::Zero(model.state_size()), next = h, y(3);
  double sum = 0;
  for (std::size_t t = 0; t < 4; ++t) {
    model.step(tokens[t], h, next, ws);
    h = next;
    model.logits(h, y);
    sum -= std::log(std::exp(y[tokens[t + 1]]) / y.array().exp().sum());
  }
  CHECK(std::abs(model.cross_entropy(tokens) - sum / 4) < 1e-14);
  CHECK_THROWS_AS(model.cross_entropy({1}), argument_error);
  CHECK_THROWS_AS(model.cross_entropy({1, 3}), argument_error);
  CHECK_THROWS_AS(model.inputs({-1}), argument_error);
}

TEST_CASE("models::load_character_model: what is missing, double or does not fit is said in one line", "[failure]") {
  CHECK(contains(complaint(file_of(parts("embedding.weight", "lstm.", ""), abc)), "no readout (decoder.weight, fc.weight"));
  CHECK(contains(complaint(file_of(parts("embedding.weight", "", "fc."), abc)), "not a recurrent network"));
  for (const char* name : {"lstm.weight_hh_l0_g", "lstm.parametrizations.weight_hh_l0.original0", "fc.weight_v"}) {
    const bool of_readout = std::string(name).starts_with("fc.");
    auto tensors = parts("embedding.weight", of_readout ? "lstm." : "", of_readout ? "" : "fc.");
    CHECK(contains(complaint(file_of(tensors.add(name, random_matrix(3, 1, 1, 1)), abc)), "is computed from other tensors"));
  }
  CHECK(contains(complaint(file_of(parts("embedding.weight", "lstm.", "fc.").add("out.weight", random_matrix(3, 5, 1, 1)), abc)),
                 "2 tensors could be the readout: fc.weight, out.weight"));
  CHECK(contains(complaint(file_of(parts("embedding.weight", "lstm.", "fc."))), "no vocabulary"));
  CHECK(contains(complaint(file_of(parts("embedding.weight", "lstm.", "fc."), {{"vocabulary", "[\"a\", \"b\"]"}})),
                 "models::character_model: the vocabulary has 2 rows, expected 3 (the embedding's tokens)"));
  CHECK(contains(complaint(file_of(parts("embedding.weight", "lstm.", "fc."), {{"vocabulary", "abc"}})),
                 "not a JSON array of characters"));
  models::character_model_options other;
  other.embedding = "nowhere.weight";
  CHECK(contains(complaint(file_of(parts("embedding.weight", "lstm.", "fc."), abc), other), "no tensor \"nowhere.weight\""));

  safetensors::tensor_set wide;
  add_layers(wide, "lstm.", random_layers<double>(4, 4, {5}));
  wide.add("fc.weight", random_matrix(3, 5, 1.0, 91));
  CHECK(contains(complaint(file_of(wide, abc)),
                 "models::character_model: the embedding has 3 rows, expected 4 (the network's inputs)"));
}

TEST_CASE("models::load_character_model: a tensor that is not part of the model is refused by name, and can be ignored",
          "[failure]") {
  const VectorXd five = random_matrix(5, 1, 1.0, 1);
  const MatrixXd W = random_matrix(5, 5, 1.0, 2);
  const VectorXd expected = logits_of(load(file_of(parts("embedding.weight", "lstm.", "fc."), abc)));
  const auto with = [&](const std::string& name, const MatrixXd& values) {
    auto tensors = parts("embedding.weight", "lstm.", "fc.");
    if (values.cols() == 1)
      tensors.add(name, VectorXd(values.col(0)));
    else
      tensors.add(name, values);
    const auto file = file_of(tensors, abc);
    models::character_model_options options;
    options.ignore = {name};
    CHECK(logits_of(load(file, options)) == expected);
    options.ignore.clear();
    options.network.ignore = {name.substr(0, name.find('.')) + ".*" + name.substr(name.rfind('.') + 1)};
    CHECK(logits_of(load(file, options)) == expected);
    return complaint(file);
  };
  CHECK(contains(with("ln.weight", five), "\"ln.weight\" (F64, (5)) belongs, probably, to a layer norm"));
  CHECK(contains(with("attention.proj.weight", W),
                 "\"attention.proj.weight\" (F64, (5, 5)) is, probably, the weight of a linear layer"));
  CHECK(with("lstm.weight_hh_l0_raw", random_matrix(20, 5, 1.0, 3)) == "");  // the parameter of a weight drop: read
  CHECK(contains(with("fc.SCB", five), "belongs to quantised weights"));
  CHECK(contains(with("hidden.bias", five), "is a bias of a layer that is not read"));
  CHECK(complaint(file_of(parts("embedding.weight", "lstm.", "fc.").add("bn.num_batches_tracked", std::int64_t{3}), abc)) == "");
}

TEST_CASE("models::load_character_model: a vocabulary's size that the config states is the readout's", "[failure]") {
  const auto file = file_of(parts("embedding.weight", "lstm.", "fc."), abc);
  const auto said = [&](const std::string& config) { return complaint(file, {.network = {.config = config}}); };
  CHECK(said(R"({"vocab_size": 3, "hidden_size": 5, "embedding_dim": 4, "input_size": 3, "num_layers": 1})") == "");
  CHECK(contains(said(R"({"vocab_size": 4})"), "vocab_size is 4, expected 3, as tensor \"fc.weight\" of 3 rows has it"));
  CHECK(contains(said(R"({"output_size": 5})"), "output_size is 5, expected 3"));
  CHECK(contains(said(R"({"num_layers": 2})"), "num_layers is 2, expected 1, as only \"lstm.weight_hh_l0\" is there"));
}

TEST_CASE("models::load_character_model: a config that ties readout and embedding is right", "[failure]") {
  safetensors::tensor_set tensors;
  const MatrixXd W = random_matrix(3, 5, 1.0, 90);
  add_layers(tensors, "lstm.", random_layers<double>(4, 5, {5}));
  tensors.add("embedding.weight", W);
  const auto said = [&](const MatrixXd& readout, const std::map<std::string, std::string>& metadata, const std::string& config) {
    auto all = tensors;
    auto fields = metadata;
    fields.insert(abc.begin(), abc.end());
    return complaint(file_of(all.add("fc.weight", readout), fields), {.network = {.config = config}});
  };
  const MatrixXd another = random_matrix(3, 5, 1.0, 91);
  CHECK(said(W, {}, R"({"tie_weights": true})") == "");
  CHECK(said(another, {}, R"({"tie_weights": false})") == "");
  CHECK(contains(said(another, {}, R"({"tie_weights": true})"),
                 "tie_weights is true, but \"fc.weight\" is another matrix than \"embedding.weight\""));
  CHECK(contains(said(another, {{"tied", "True"}}, ""), "tied is true, but"));
}

TEST_CASE("models::load_character_model: names come with the wrappers of parallel and compiled models", "[oracle]") {
  const VectorXd expected = logits_of(load(file_of(parts("embedding.weight", "lstm.", "fc."), abc)));
  for (const std::string wrapper : {"module.", "_orig_mod.", "module._orig_mod.", "model."})
    CHECK(logits_of(load(file_of(parts(wrapper + "embedding.weight", wrapper + "lstm.", wrapper + "fc."), abc))) == expected);
  CHECK(logits_of(load(file_of(parts("embedding.weight", "_orig_mod.lstm.", "fc.module."), abc))) == expected);
}

TEST_CASE("models::load_character_model: integers are no weights, in none of its parts", "[failure]") {
  for (const char* which : {"embedding.weight", "lstm.weight_hh_l0", "fc.weight"}) {
    const auto source = file_of(parts("embedding.weight", "lstm.", "fc."));
    safetensors::tensor_set tensors;
    for (const std::string& name : source.names()) {
      const auto t = source.tensor(name);
      if (name == which)
        tensors.add(name, libration::io::element::i8, {t.shape.begin(), t.shape.end()}, std::vector<std::byte>(t.bytes.size() / 8));
      else
        tensors.add(name, t.type, {t.shape.begin(), t.shape.end()}, t.bytes);
    }
    CHECK(contains(complaint(file_of(tensors, abc)),
                   std::string("tensor \"") + which + "\" holds I8, expected F32, F16, BF16 or F64"));
  }
}

TEST_CASE("models::character_model: what was moved from is a clear error, and so is a token out of range", "[failure]") {
  models::embedding<double> table(random_matrix(4, 3, 1.0, 1));
  const auto taken = std::move(table);
  VectorXd x(4), y(3);
  CHECK(contains(message_of<argument_error>([&] { table.write(1, x); }), "expected a token below 0"));
  CHECK(contains(message_of<argument_error>([&] { taken.write(3, x); }),
                 "token 3 into a vector of 4, expected a token below 3 into 4"));
  CHECK_THROWS_AS(taken.write(-1, x), argument_error);
  CHECK_THROWS_AS(taken.write(0, y), argument_error);
  models::readout<double> output(random_matrix(3, 4, 1.0, 1), VectorXd());
  const auto kept = std::move(output);
  CHECK(contains(message_of<argument_error>([&] { output.evaluate(x, y); }), "models::readout: h has 4 rows, expected 0"));
  auto model = load(file_of(parts("embedding.weight", "lstm.", "fc."), abc));
  auto ws = model.make_workspace();
  VectorXd h = VectorXd::Zero(model.state_size()), next = h;
  CHECK(contains(message_of<argument_error>([&] { model.step(models::token{3}, h, next, ws); }),
                 "models::character_model: token 3, expected one below 3"));
  const auto moved = std::move(model);
  CHECK_THROWS_AS(model.step(models::token{0}, h, next, ws), argument_error);
}

TEST_CASE("models::embedding: a column a token, or one-hot", "[oracle]") {
  const MatrixXd table = random_matrix(4, 3, 1.0, 1);
  const models::embedding<double> learned(table);
  VectorXd x(4);
  learned.write(2, x);
  CHECK(x == table.col(2));
  const auto one_hot = models::embedding<double>::one_hot(4);
  one_hot.write(1, x);
  CHECK(x == Eigen::Vector4d(0, 1, 0, 0));
  CHECK(one_hot.size() == 4);
  CHECK(one_hot.vocabulary_size() == 4);
  CHECK_THROWS_AS(models::embedding<double>(MatrixXd()), argument_error);
  CHECK_THROWS_AS(models::embedding<double>::one_hot(0), argument_error);
  MatrixXd bad = table;
  bad(1, 2) = std::numeric_limits<double>::infinity();
  const auto file = file_of(safetensors::tensor_set().add("e.weight", bad));
  CHECK(contains(message_of<file_error>([&] { models::embedding<double>::from(file, "e.weight"); }),
                 "e.weight holds a number that is not finite, at row 1, column 2"));
}
