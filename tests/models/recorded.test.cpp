// SPDX-License-Identifier: MIT
// Trained networks against recorded numbers that other programs computed (see the README beside them).

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/npy.hpp>
#include <libration/models/models.hpp>

#include "models/finite_time.hpp"
#include "support/catch.hpp"
#include "support/shared.hpp"

namespace io = libration::io;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

constexpr double exponent_tolerance = 1e-10;  // that of the records

nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file);
  return nlohmann::json::parse(file);
}

double distance(const VectorXd& exponents, const nlohmann::json& recorded) {
  const auto values = recorded.get<std::vector<double>>();
  return (exponents - Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size())))
      .cwiseAbs()
      .maxCoeff();
}

models::character_model<models::lstm<double>> shakespeare(const std::filesystem::path& folder) {
  models::character_model_options options;
  options.characters = models::vocabulary::read(folder / "vocab.json");
  auto any = models::load_character_model<double>(io::safetensors::open(folder / "model.safetensors"), options);
  return std::get<models::character_model<models::lstm<double>>>(std::move(any));
}

std::string beginning_of(const std::filesystem::path& path, std::size_t characters) {
  std::string text(characters, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(characters));
  REQUIRE(file);
  return text;
}

}  // namespace

TEST_CASE("models::lstm: the Shakespeare network's exponents along its text are the recorded ones", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "shakespeare_lstm";
  const auto expected = read_json(folder / "expected.json");
  const auto model = shakespeare(folder);
  const auto& net = model.network();
  const auto inputs =
      model.inputs(model.characters().encode(beginning_of(shared / "data" / "tinyshakespeare.txt", 3000)));
  MatrixXd frame = MatrixXd::Zero(net.state_size(), 3);
  frame.middleRows(net.offset(0) + net.layer(0).hidden_size(), 3).setIdentity();  // c of layer 0
  const auto run =
      libration_test::run_finite_time(net, frame, inputs.size(), inputs, [&](auto steps, const auto& so_far) {
        if (steps == 100 || steps == 1000)
          CHECK(distance(so_far.exponents(), expected["exponents_at"][std::to_string(steps)]) < exponent_tolerance);
      });
  CHECK(distance(run.exponents(), expected["exponents"]) < exponent_tolerance);
  CHECK(std::abs(run.state.norm() - expected["final_state_norm"].get<double>()) <
        1e-9);  // printed to 15 digits of 1891
}

TEST_CASE("models::character_model: the Shakespeare network's states and logits are the recorded ones", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "shakespeare_lstm";
  const auto model = shakespeare(folder);
  const auto& net = model.network();
  const auto record = io::safetensors::open(folder / "run.safetensors");
  const Index steps = 128, H = 128;
  const auto tokens = record.vector<models::token>("tokens", steps);
  const MatrixXd logits = record.matrix<double>("logits", steps, 65);
  const VectorXd h = record.values<double>("h", {steps, 2, H}), c = record.values<double>("c", {steps, 2, H});
  CHECK(model.characters().decode(tokens) == beginning_of(shared / "data" / "tinyshakespeare.txt", 128));

  auto ws = model.make_workspace();
  VectorXd state = VectorXd::Zero(net.state_size()), next = state, y(65);
  double worst = 0;  // relative to the size of each block: the record was rounded to single precision, half an eps
  const auto compare = [&](const auto& got, const auto& recorded) {
    worst = std::max(worst, (got - recorded).cwiseAbs().maxCoeff() / std::max(1.0, recorded.cwiseAbs().maxCoeff()));
  };
  for (Index t = 0; t < steps; ++t) {
    model.step(tokens[t], state, next, ws);
    state.swap(next);
    for (Index l = 0; l < 2; ++l) {
      const Index offset = net.offset(static_cast<std::size_t>(l));
      compare(state.segment(offset, H), h.segment((t * 2 + l) * H, H));
      compare(state.segment(offset + H, H), c.segment((t * 2 + l) * H, H));
    }
    model.logits(state, y);
    compare(y, logits.row(t).transpose());
  }
  CHECK(worst < 0x1p-24 * 1.01);
}

TEST_CASE("models::character_model: the Shakespeare network's nats per character are the recorded ones", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "shakespeare_lstm";
  const auto expected = read_json(folder / "expected.json");
  const auto model = shakespeare(folder);
  const auto tokens = model.characters().encode(beginning_of(shared / "data" / "tinyshakespeare.txt", 20000));
  CHECK(std::abs(model.cross_entropy(tokens) - expected["nats_per_char"]["value"].get<double>()) <
        expected["tolerance"]["nats_per_char"].get<double>());
}

TEST_CASE("models::gru: the Opus network's full spectrum and states are the recorded ones, on both inputs",
          "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "opus_gru";
  const auto all = read_json(folder / "expected.json");
  const auto file = io::safetensors::open(folder / "model.safetensors");
  const auto net = models::gru<double>::from(file, "gru.", {.reset_before = true});
  const auto input = models::readout<double>::from(file, "input.");
  for (const char* which : {"synthetic", "audio"}) {
    INFO(which);
    const auto& expected = all[which];
    const bool synthetic = which == std::string("synthetic");
    const MatrixXd X = io::npy::read<double>(folder / (synthetic ? "inputs.npy" : "inputs_audio.npy"));
    const MatrixXd states = io::npy::read<double>(folder / expected["states"].get<std::string>());
    const MatrixXd states_c = io::npy::read<double>(folder / expected["states_of_the_C_code"].get<std::string>());
    double worst = 0, worst_c = 0;
    const auto run = libration_test::run_finite_time(
        net, MatrixXd::Identity(24, 24), X.cols(),
        [&](auto t, VectorXd& a) {
          input.evaluate(X.col(t), a);
          a = a.array().tanh().matrix().eval();
        },
        [&](auto steps, const auto& so_far) {
          worst = std::max(worst, (so_far.state - states.col(steps - 1)).cwiseAbs().maxCoeff());
          worst_c = std::max(worst_c, (so_far.state - states_c.col(steps - 1)).cwiseAbs().maxCoeff());
          if (steps == 100) CHECK(distance(so_far.exponents(), expected["exponents_at"]["100"]) < exponent_tolerance);
        });
    CHECK(run.steps == 3000);
    CHECK(distance(run.exponents(), expected["exponents"]) < exponent_tolerance);
    CHECK(std::abs(run.exponents().sum() - expected["mean_log_abs_det"].get<double>()) < 24 * exponent_tolerance);
    CHECK(worst < all["tolerance"]["states"].get<double>());
    CHECK(std::abs(worst_c - expected["C_code_differs_by"].get<double>()) < 1e-12);
    CHECK(std::abs(run.state.norm() - expected["final_state_norm"].get<double>()) < 1e-12);
  }
}

TEST_CASE("models::lstm: the Silero cell's exponents, states and probabilities are the recorded ones", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "silero_lstm";
  const auto expected = read_json(folder / "expected.json");
  const auto file = io::safetensors::open(folder / "model.safetensors");
  const auto net = models::lstm<double>::from(file, "decoder.rnn.");
  const VectorXd weight = file.values<double>("decoder.decoder.2.weight", {1, 128, 1});
  const double bias = file.scalar<double>("decoder.decoder.2.bias");
  const MatrixXd X = io::npy::read<double>(folder / "inputs.npy");
  const MatrixXd states = io::npy::read<double>(folder / "states.npy");
  const MatrixXd probabilities = io::npy::read<double>(folder / "probabilities.npy");
  double worst = 0, worst_probability = 0;
  const auto run = libration_test::run_finite_time(
      net, MatrixXd::Identity(256, 5), X.cols(), [&](auto t, VectorXd& x) { x = X.col(t); },
      [&](auto steps, const auto& so_far) {
        worst = std::max(worst, (so_far.state - states.col(steps - 1)).cwiseAbs().maxCoeff());
        const double logit = weight.dot(so_far.state.head(128).cwiseMax(0.0)) + bias;
        worst_probability =
            std::max(worst_probability, std::abs(1 / (1 + std::exp(-logit)) - probabilities(0, steps - 1)));
        if (steps == 100) CHECK(distance(so_far.exponents(), expected["exponents_at"]["100"]) < exponent_tolerance);
      });
  CHECK(run.steps == 1250);
  CHECK(distance(run.exponents(), expected["exponents"]) < exponent_tolerance);
  CHECK(worst < expected["tolerance"]["states"].get<double>());
  CHECK(worst_probability < expected["tolerance"]["probabilities"].get<double>());
  CHECK(std::abs(run.state.norm() - expected["final_state_norm"].get<double>()) < 1e-11);
}
