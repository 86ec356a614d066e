// SPDX-License-Identifier: MIT
#include <libration/models/detail/recurrent_tensors.hpp>

#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/models/lstm.hpp>
#include <libration/models/recurrent.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::add_layers;
using libration_test::file_of;
using libration_test::message_of;
using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace safetensors = libration::io::safetensors;
using Eigen::MatrixXd, Eigen::VectorXd;
using models::detail::read_layers;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// What reading an LSTM below `prefix` says.
std::string complaint(const safetensors::tensor_set& tensors, const std::string& prefix = "rnn.") {
  const auto file = file_of(tensors);
  return message_of<libration::file_error>([&] {
    models::checkpoint all(file);
    read_layers<double>(all, prefix, 4, "models::lstm");
  });
}

safetensors::tensor_set two_layers() {
  safetensors::tensor_set tensors;
  add_layers(tensors, "rnn.", random_layers<double>(4, 3, {2, 2}));
  return tensors;
}

}  // namespace

TEST_CASE("models::detail::read_layers: reads PyTorch's names, any number of layers, with any prefix", "[oracle]") {
  const auto expected = random_layers<double>(4, 3, {2, 2, 2});
  for (const char* prefix : {"", "rnn.", "model.encoder.lstm."}) {
    safetensors::tensor_set tensors;
    add_layers(tensors, prefix, expected);
    tensors.add("other.weight", MatrixXd(MatrixXd::Ones(2, 2)));
    const auto file = file_of(tensors);
    models::checkpoint all(file);
    const auto layers = read_layers<double>(all, prefix, 4, "models::lstm");
    REQUIRE(layers.size() == 3);
    for (std::size_t l = 0; l < 3; ++l) {
      CHECK(layers[l].input == expected[l].input);
      CHECK(layers[l].recurrent == expected[l].recurrent);
      CHECK(layers[l].input_bias == expected[l].input_bias);
      CHECK(layers[l].recurrent_bias == expected[l].recurrent_bias);
    }
  }
}

TEST_CASE("models::detail::read_layers: reads a single cell's names, and files without biases", "[oracle]") {
  auto expected = random_layers<double>(3, 4, {2});
  expected[0].input_bias.resize(0);
  expected[0].recurrent_bias.resize(0);
  safetensors::tensor_set tensors;
  add_layers(tensors, "cell.", expected, "");
  const auto file = file_of(tensors);
  models::checkpoint all(file);
  const auto layers = read_layers<float>(all, "cell.", 3, "models::gru");
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].input == expected[0].input.cast<float>());
  CHECK(layers[0].recurrent == expected[0].recurrent.cast<float>());
  CHECK(layers[0].input_bias.size() == 0);
  CHECK(layers[0].recurrent_bias.size() == 0);
}

TEST_CASE("models::detail::read_layers: what it cannot be is refused by the tensor's name", "[failure]") {
  CHECK(contains(complaint(two_layers().add("rnn.weight_ih_l0_reverse", random_matrix(8, 3, 1, 1))),
                 "models::lstm: rnn.weight_ih_l0_reverse belongs to a bidirectional network"));
  CHECK(contains(complaint(two_layers().add("rnn.weight_hr_l0", random_matrix(1, 2, 1, 1))),
                 "models::lstm: rnn.weight_hr_l0 belongs to a network with a projection (proj_size)"));
  CHECK(contains(complaint(two_layers().add("rnn.weight_hh_l3", random_matrix(8, 2, 1, 1))), "no tensor \"rnn.weight_ih_l2\""));
  CHECK(contains(complaint(two_layers(), "lstm."),
                 "models::lstm: no tensor lstm.weight_hh_l0 or lstm.weight_hh; recurrent layers are there with the prefix "
                 "\"rnn.\""));
  CHECK(contains(complaint(safetensors::tensor_set().add("a.weight", random_matrix(2, 2, 1, 1))),
                 "no tensor rnn.weight_hh_l0 or rnn.weight_hh; the file holds a.weight"));
  CHECK(complaint(two_layers()).empty());
}

TEST_CASE("models::detail::read_layers: wrong shapes and numbers are refused by the tensor's name", "[failure]") {
  const auto with = [](auto change) {
    auto layers = random_layers<double>(4, 3, {2, 2});
    change(layers);
    safetensors::tensor_set tensors;
    add_layers(tensors, "rnn.", layers);
    return complaint(tensors);
  };
  CHECK(contains(with([](auto& layers) { layers[0].recurrent = random_matrix(6, 2, 1, 1); }),
                 "\"rnn.bias_ih_l0\" has shape (8), expected (6)"));
  CHECK(contains(with([](auto& layers) {
                   layers[0] = {random_matrix(6, 3, 1, 1), random_matrix(6, 2, 1, 1), {}, {}};
                 }),
                 "models::lstm: rnn.weight_hh_l0 has shape (6, 2), expected (8, 2) (4 times its columns)"));
  CHECK(contains(with([](auto& layers) { layers[1].input = random_matrix(8, 3, 1, 1); }),
                 "models::lstm: rnn.weight_ih_l1 has shape (8, 3), expected (8, 2) (the units of the layer below)"));
  CHECK(contains(with([](auto& layers) { layers[1].recurrent(5, 1) = std::numeric_limits<double>::quiet_NaN(); }),
                 "models::lstm: rnn.weight_hh_l1 holds a number that is not finite, at row 5, column 1"));
  CHECK(contains(with([](auto& layers) { layers[0].recurrent_bias[3] = std::numeric_limits<double>::infinity(); }),
                 "models::lstm: rnn.bias_hh_l0 holds a number that is not finite, at row 3"));

  auto half = safetensors::tensor_set().add("rnn.weight_ih", random_matrix(8, 3, 1, 1));
  half.add("rnn.weight_hh", random_matrix(8, 2, 1, 1)).add("rnn.bias_ih", VectorXd(VectorXd::Zero(8)));
  CHECK(contains(complaint(half), "no tensor \"rnn.bias_hh\""));
}

TEST_CASE("models::load_recurrent: the kind follows from the shapes, or from the metadata", "[oracle]") {
  const auto kind_of = [](Eigen::Index gates, const std::map<std::string, std::string>& metadata = {},
                          const models::recurrent_options& options = {}) {
    safetensors::tensor_set tensors;
    add_layers(tensors, "any.prefix.", random_layers<double>(gates, 3, {2, 2}));
    return models::load_recurrent<double>(file_of(tensors, metadata), options);
  };
  CHECK(std::holds_alternative<models::rnn<double>>(kind_of(1)));
  CHECK(std::holds_alternative<models::gru<double>>(kind_of(3)));
  CHECK(std::holds_alternative<models::lstm<double>>(kind_of(4)));
  CHECK(std::holds_alternative<models::lstm<double>>(kind_of(4, {{"model_type", "char_lstm"}})));
  using libration::file_error;
  CHECK(contains(message_of<file_error>([&] { kind_of(4, {{"model_type", "gru"}}); }), "expected (6, 2)"));
  CHECK(contains(message_of<file_error>([&] {
                   kind_of(4, {{"model_type", "llama"}});
                 }),
                 "model_type is \"llama\", expected rnn, gru or lstm"));
  CHECK(contains(message_of<file_error>([&] { kind_of(2); }), "has shape (4, 2), expected 1 (rnn), 3 (gru) or 4 (lstm)"));
  CHECK(contains(message_of<file_error>([&] {
                   kind_of(1, {{"nonlinearity", "gelu"}});
                 }),
                 "nonlinearity is \"gelu\", expected relu or tanh"));

  // The metadata says what the weights cannot, and wins over the options.
  const VectorXd h = random_matrix(4, 1, 1.0, 50), x = random_matrix(3, 1, 1.0, 51);
  const auto next = [&](const models::any_recurrent<double>& any) {
    return std::visit(
        [&](const auto& net) {
          auto ws = net.make_workspace(0);
          VectorXd result(4);
          net.step(h, x, result, ws);
          return result;
        },
        any);
  };
  models::recurrent_options before;
  before.assumed.gru.reset_before = true;
  CHECK(next(kind_of(3)) != next(kind_of(3, {{"reset_after", "false"}})));
  CHECK(next(kind_of(3, {}, before)) == next(kind_of(3, {{"reset_after", "false"}})));
  CHECK(next(kind_of(3, {{"reset_after", "true"}}, before)) == next(kind_of(3)));
  CHECK(next(kind_of(1, {{"nonlinearity", "relu"}})) != next(kind_of(1)));
}

TEST_CASE("models::load_recurrent: no network, or several, are refused, and a prefix chooses", "[failure]") {
  safetensors::tensor_set tensors;
  add_layers(tensors, "a.", random_layers<double>(3, 3, {2}));
  add_layers(tensors, "b.", random_layers<double>(4, 3, {2}));
  const auto file = file_of(tensors);
  CHECK(contains(message_of<libration::file_error>([&] { models::load_recurrent<double>(file); }),
                 "2 recurrent networks, expected one, or the prefix of one; there are a., b."));
  CHECK(std::holds_alternative<models::lstm<double>>(models::load_recurrent<double>(file, {.prefix = "b."})));
  const auto none = file_of(safetensors::tensor_set().add("q_proj.weight", random_matrix(2, 2, 1, 1)));
  CHECK(contains(message_of<libration::file_error>([&] { models::load_recurrent<double>(none); }),
                 "not a recurrent network: no tensor's name ends in weight_hh_l0 or weight_hh; the file holds q_proj.weight"));
}

TEST_CASE("models::gru::from: what is below its prefix and is not part of it is refused by name", "[failure]") {
  safetensors::tensor_set tensors;
  add_layers(tensors, "rnn.", random_layers<double>(3, 3, {2}));
  tensors.add("fc.weight", random_matrix(2, 2, 1, 1));
  const VectorXd ones = VectorXd::Ones(2);
  using libration::file_error;
  CHECK_NOTHROW(models::gru<double>::from(file_of(tensors), "rnn."));
  CHECK_NOTHROW(models::load_recurrent<double>(file_of(tensors)));
  const auto with = [&](const char* name) {
    auto more = tensors;
    more.add(name, ones);
    const auto file = file_of(more);
    const std::string said = message_of<file_error>([&] { models::gru<double>::from(file, "rnn."); });
    CHECK((said == "") == (message_of<file_error>([&] { models::load_recurrent<double>(file); }) == ""));
    CHECK(message_of<file_error>([&] { models::load_recurrent<double>(file, {.ignore = {name}}); }) == "");
    return said;
  };
  CHECK(contains(with("rnn.ln.weight"),
                 "models::gru: a tensor that the model as read does not use: \"rnn.ln.weight\" (F64, (2)) "
                 "belongs, probably, to a layer norm or another normalisation"));
  CHECK(contains(with("rnn.weight_hh_l0_raw"), "the parameter of a weight drop, \"rnn.weight_hh_l0_raw\", has shape (2)"));
  CHECK(contains(with("rnn.weight_ci"), "is not known to the reader"));  // a peephole
  CHECK(with("ln.weight") == "");                                        // not below the prefix
  CHECK(with("optimizer.exp_avg") == "");
  // Without a prefix the file is the network.
  safetensors::tensor_set bare;
  add_layers(bare, "", random_layers<double>(3, 3, {2}));
  CHECK_NOTHROW(models::gru<double>::from(file_of(bare)));
  CHECK(contains(
      message_of<file_error>([&] { models::gru<double>::from(file_of(bare.add("fc.weight", random_matrix(2, 2, 1, 1)))); }),
      "\"fc.weight\" (F64, (2, 2)) is, probably, the weight of a linear layer"));
}

TEST_CASE("models::load_recurrent: a projection and a second direction are named before their shapes are looked at", "[failure]") {
  const auto said = [](const char* name, Eigen::Index rows, Eigen::Index columns) {
    safetensors::tensor_set tensors;
    tensors.add("lstm.weight_ih_l0", random_matrix(12, 2, 1, 1)).add("lstm.weight_hh_l0", random_matrix(12, columns, 1, 1));
    tensors.add(name, random_matrix(rows, 3, 1, 1));
    return message_of<libration::file_error>([&] { models::load_recurrent<double>(file_of(tensors)); });
  };
  CHECK(contains(said("lstm.weight_hr_l0", 1, 1), "lstm.weight_hr_l0 belongs to a network with a projection (proj_size)"));
  CHECK(contains(said("lstm.weight_hh_l0_reverse", 12, 5), "lstm.weight_hh_l0_reverse belongs to a bidirectional network"));
}

TEST_CASE("models::load_recurrent: networks in turn are the layers of one", "[differential]") {
  const auto layers = random_layers<double>(4, 3, {2, 5, 4});
  safetensors::tensor_set one, apart;
  add_layers(one, "lstm.", layers);
  add_layers<double>(apart, "lstm1.", {layers[0]}, "");
  add_layers<double>(apart, "lstm2.", {layers[1], layers[2]});
  const auto expected = models::lstm<double>::from(file_of(one), "lstm.");
  for (const char* dot : {"", "."}) {
    const auto any =
        models::load_recurrent<double>(file_of(apart), {.stack = {std::string("lstm1") + dot, std::string("lstm2") + dot}});
    const auto& stacked = std::get<models::lstm<double>>(any);
    REQUIRE(stacked.layer_count() == 3);
    auto ws = stacked.make_workspace(0), other = expected.make_workspace(0);
    const VectorXd h = random_matrix(stacked.state_size(), 1, 1.0, 50), x = random_matrix(3, 1, 1.0, 51);
    VectorXd a = h, b = h;
    stacked.step(h, x, a, ws);
    expected.step(h, x, b, other);
    CHECK(a == b);
  }
  const auto said = [](const safetensors::tensor_set& tensors, std::vector<std::string> prefixes) {
    return message_of<libration::file_error>(
        [&] { models::load_recurrent<double>(file_of(tensors), {.stack = std::move(prefixes)}); });
  };
  CHECK(contains(said(apart, {"lstm2", "lstm1"}),
                 "lstm1.weight_ih has shape (8, 3), expected (8, 4) (the units of the layer below)"));
  add_layers(apart, "gru.", random_layers<double>(3, 4, {4}));
  CHECK(contains(said(apart, {"lstm1", "lstm2", "lstm1."}), "the stack names \"lstm1.\" twice, expected each network once"));
  CHECK(contains(said(apart, {"lstm1", "lstm2", "gru"}), "lstm1. is of kind lstm, gru. of kind gru, expected one kind"));
}

TEST_CASE("models::describe_recurrent: says what a file does not, and where a convention comes from", "[oracle][failure]") {
  using origin = models::convention::origin;
  const auto describe = [](Eigen::Index gates, const std::map<std::string, std::string>& metadata,
                           const models::recurrent_options& options) {
    safetensors::tensor_set tensors;
    add_layers(tensors, "net.", random_layers<double>(gates, 3, {2}));
    const auto file = file_of(tensors, metadata);
    const models::checkpoint all(file);
    return models::describe_recurrent(all, options);
  };
  const auto is = [](const models::convention& c, const char* name, const char* value, origin from) {
    return c.name == name && c.value == value && c.said_by == from;
  };
  auto how = describe(1, {}, {});
  CHECK(how.kind == "rnn");
  CHECK(how.prefixes == std::vector<std::string>{"net."});
  REQUIRE(how.conventions.size() == 2);
  CHECK(is(how.conventions[0], "nonlinearity", "tanh", origin::assumed));
  CHECK(is(how.conventions[1], "leak", "1", origin::assumed));
  how = describe(1, {{"nonlinearity", "tanh"}}, {.conventions = {{"nonlinearity", "relu"}, {"leak", "0.3"}}});
  CHECK(is(how.conventions[0], "nonlinearity", "relu", origin::options));
  CHECK((how.rnn.activation == models::nonlinearity::relu));
  CHECK(how.rnn.leak == 0.3);

  how = describe(3, {{"reset_after", "false"}}, {.conventions = {{"gate_order", "z,r,n"}}});
  REQUIRE(how.conventions.size() == 3);
  CHECK(is(how.conventions[0], "reset_after", "false", origin::file));
  CHECK(is(how.conventions[1], "swapped_update", "false", origin::assumed));
  CHECK(is(how.conventions[2], "gate_order", "zrn", origin::options));
  CHECK(how.gru.reset_before);
  CHECK(how.gru.gate_order == "zrn");
  how = describe(4, {{"gate_order", "iofg"}, {"model_type", "LSTM"}}, {});
  CHECK(is(how.conventions[0], "gate_order", "iofg", origin::file));
  CHECK(how.lstm.gate_order == "iofg");
  CHECK(describe(4, {{"gate_order", "i, f, c, o"}}, {}).lstm.gate_order == "ifgo");  // as Keras names them
  CHECK(describe(3, {{"gate_order", "z,r,h"}}, {}).gru.gate_order == "zrn");

  const auto refused = [&](Eigen::Index gates, const char* key, const char* value) {
    return message_of<libration::file_error>([&] { describe(gates, {}, {.conventions = {{key, value}}}); });
  };
  CHECK(contains(refused(1, "leak", "half"), "leak is \"half\", expected a number"));
  CHECK(contains(refused(3, "reset_after", "yes"), "reset_after is \"yes\", expected true or false"));
  CHECK(contains(refused(3, "gate_order", "rzz"), "gate_order is \"rzz\", expected the letters of \"rzn\" in some order"));
  CHECK(contains(refused(4, "gate_order", "ifo"), "expected the letters of \"ifgo\""));
}

TEST_CASE("models::describe_recurrent: every field of metadata and config is read, known not to matter, or refused",
          "[oracle][failure]") {
  using fields = std::map<std::string, std::string>;
  using origin = models::convention::origin;
  safetensors::tensor_set tensors;
  const auto describe = [&](Eigen::Index gates, const fields& metadata, const std::string& config = "",
                            const std::vector<std::string>& ignore = {}) {
    tensors = {};
    add_layers(tensors, "net.", random_layers<double>(gates, 3, {2}));
    const auto file = file_of(tensors, metadata);
    const models::checkpoint all(file);
    return models::describe_recurrent(all, {.config = config, .ignore_fields = ignore});
  };
  const auto refused = [&](Eigen::Index gates, const fields& metadata, const std::string& config = "") {
    return message_of<libration::file_error>([&] { describe(gates, metadata, config); });
  };
  const char* const how = "can be named in .ignore_fields (the programs' --ignore-field): ";

  // Those that change the computation, by what they are off with.
  for (const auto& [name, on, off] :
       {std::tuple("residual", "true", "false"), std::tuple("use_layer_norm", "True", "False"),
        std::tuple("bidirectional", "1", "0"), std::tuple("num_directions", "2", "1"), std::tuple("zoneout", "0.1", "0.0"),
        std::tuple("forget_bias", "1.0", "0"), std::tuple("peephole", "true", "none"),
        std::tuple("softmax_temperature", "0.5", "1"), std::tuple("proj_size", "2", "0"),
        std::tuple("recurrent_activation", "hard_sigmoid", "sigmoid"), std::tuple("frobnicate", "3", "null"),
        std::tuple("initial_state", "learned", "zeros")}) {
    CAPTURE(name);
    CHECK(contains(refused(4, {{name, on}}), std::string("the metadata: ")));
    CHECK(contains(refused(4, {{name, on}}), how + ('"' + std::string(name) + '"')));
    CHECK(describe(4, {{name, off}}).unread == std::vector<std::string>{name});
    CHECK(describe(4, {{name, on}}, "", {name}).unread == std::vector<std::string>{name});
  }
  CHECK(contains(refused(4, {}, R"({"hidden_size": 2, "residual": true})"), "config.json: residual is true, expected false"));
  CHECK(
      contains(refused(4, {}, R"({"model": {"residual": true}})"), "config.json: field model is {\"residual\":true}, which could"));
  CHECK(contains(refused(4, {}, "[1]"), "config.json: not a JSON object"));

  // Those that do not matter: sizes, training, sampling, remarks.
  const auto known = describe(4, {{"format", "pt"}, {"dropout", "0.5"}, {"temperature", "0.8"}, {"hidden_size", "2"}},
                              R"({"epochs": 3, "forget_bias": "in bias_hh", "equations": ["h = o * tanh c", "c = f c + i g"]})");
  CHECK(known.unread == std::vector<std::string>{"dropout", "format", "hidden_size", "temperature"});
  CHECK(known.unread_in_config == std::vector<std::string>{"epochs", "equations"});

  // A nonlinearity and a kind must be those that are read.
  CHECK(contains(refused(1, {{"activation", "relu"}}), "activation is \"relu\", expected \"tanh\", as .nonlinearity"));
  CHECK(describe(1, {{"activation", "ReLU"}, {"nonlinearity", "relu"}}).unread.empty());
  CHECK(contains(refused(4, {{"nonlinearity", "relu"}}), "nonlinearity is \"relu\", expected \"tanh\""));
  CHECK(contains(refused(4, {{"leak", "0.5"}}), "leak is 0.5, expected 1"));
  CHECK(contains(refused(1, {{"rnn_type", "RNN_RELU"}}), "rnn_type is \"RNN_RELU\", expected rnn with tanh"));
  CHECK(describe(1, {{"rnn_type", "RNN_TANH"}}).unread.empty());
  CHECK(contains(refused(3, {{"cell_type", "LSTM"}}), "cell_type is \"LSTM\", expected gru, as the network is read"));
  CHECK(contains(refused(3, {}, R"({"model_type": "mgu"})"), "model_type is \"mgu\", expected rnn, gru or lstm"));

  // The config says conventions too, but may not contradict the metadata.
  const auto gru = describe(3, {{"swapped_update", "true"}}, R"({"reset_after": false, "swapped_update": true})");
  CHECK(gru.gru.reset_before);
  CHECK((gru.conventions[0].said_by == origin::config));
  CHECK((gru.conventions[1].said_by == origin::file));
  CHECK(contains(refused(3, {{"reset_after", "true"}}, R"({"reset_after": false})"),
                 "the metadata's reset_after is \"true\", config.json has \"false\": .conventions decides"));
  CHECK_FALSE(describe(3, {}, R"({"reset_after": false})", {"reset_*"}).gru.reset_before);

  // The names of tied tensors, as safetensors' save_model writes them, are no fields.
  CHECK(describe(3, {{"encoder.weight", "net.weight_ih_l0"}}).unread.empty());
}

TEST_CASE("models::describe_recurrent: sizes that metadata or config state are those of the tensors", "[failure]") {
  using fields = std::map<std::string, std::string>;
  safetensors::tensor_set tensors;  // two layers of 2 and 5 units on 3 inputs, which are embeddings of 7 tokens
  add_layers(tensors, "net.", random_layers<double>(4, 3, {2, 5}));
  tensors.add("emb.weight", random_matrix(7, 3, 1.0, 5));
  const auto refused = [&](const std::string& config, const fields& metadata = {}, std::vector<std::string> ignore = {}) {
    const auto file = file_of(tensors, metadata);
    return message_of<libration::file_error>([&] {
      const models::checkpoint all(file);
      models::describe_recurrent(all, {.config = config, .ignore_fields = std::move(ignore)});
    });
  };
  for (const char* agrees :
       {R"({"hidden_size": 5})", R"({"hidden_size": [2, 5]})", R"({"hidden_dim": 2})", R"({"num_layers": 2})", R"({"n_hidden": 2})",
        R"({"input_size": 3})", R"({"input_size": 7})", R"({"embedding_dim": 3.0})", R"({"bias": true})", R"({"state_size": 14})",
        R"({"hidden_size": null})", R"({"hidden_size": "5"})"})
    CHECK(refused(agrees) == "");
  for (const auto& [field, value, expected] :
       {std::tuple("hidden_size", "6", "expected 2 or 5, as tensor \"net.weight_hh_l1\" of shape (20, 5) has it"),
        std::tuple("hidden_size", "[2,6]", "expected 2 or 5"), std::tuple("rnn_size", "3", "expected 2 or 5"),
        std::tuple("nhid", "512", "expected 2 or 5"), std::tuple("n_hidden", "3", "expected 2 or 5"),
        std::tuple("state_size", "8", "expected 2 or 5 or 7 or 14"),
        std::tuple("num_layers", "3", "expected 2, as the layers' tensors up to \"net.weight_hh_l1\" say"),
        std::tuple("n_layers", "1", "expected 2"), std::tuple("num_hidden_layers", "0", "expected 2"),
        std::tuple("input_size", "4", "expected 3 or 7, as tensor \"net.weight_ih_l0\" of shape (8, 3) has it"),
        std::tuple("input_dim", "2", "expected 3 or 7"), std::tuple("embed_size", "7", "expected 3, as"),
        std::tuple("emsize", "2", "expected 3")}) {
    CAPTURE(field, value);
    const std::string config = "{\"" + std::string(field) + "\": " + value + "}";
    const std::string is = std::string(field) + " is " + value + ", ";
    CHECK(contains(refused(config), "config.json: " + is + expected));
    CHECK(contains(refused("", {{field, value}}), "the metadata: " + is + expected));
    CHECK(refused(config, {}, {field}) == "");
  }
  CHECK(contains(refused(R"({"bias": false})"), "bias is false, but there is a tensor \"net.bias_ih_l0\""));
  CHECK(refused(R"({"bias": false})", {}, {"bias"}) == "");

  // A pattern that matches no field.
  CHECK(contains(refused(R"({"hidden_size": 6})", {{"note", "of a"}}, {"hiden_size"}),
                 "\"hiden_size\" of .ignore_fields (the programs' --ignore-field) matches none of 2 fields of metadata and config; "
                 "the most similar: \"hidden_size\", \"note\""));
  CHECK(contains(refused("", {}, {"residual"}), "matches none of 0 fields of metadata and config"));
}

TEST_CASE("models::lstm: a network that was moved from is a clear error", "[failure]") {
  models::lstm<double> network(random_layers<double>(4, 3, {2}));
  const models::lstm<double> taken = std::move(network);
  const std::string expected = "models::lstm: a network that was moved from";
  CHECK(message_of<libration::argument_error>([&] { network.make_workspace(1); }) == expected);
  CHECK(message_of<libration::argument_error>([&] { network.input_size(); }) == expected);
  CHECK(message_of<libration::argument_error>([&] { network.output_offset(); }) == expected);
  auto ws = taken.make_workspace(0);
  VectorXd h = VectorXd::Zero(4), next = h, x = VectorXd::Zero(3);
  CHECK(message_of<libration::argument_error>([&] { network.step(h, x, next, ws); }) == expected);
}
