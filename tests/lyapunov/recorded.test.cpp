// SPDX-License-Identifier: MIT
// `lyapunov::spectrum` on trained networks against recorded exponents that other programs computed, from the same frame and
// without transients (see the README beside the records).
#include <libration/lyapunov/spectrum.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/npy.hpp>
#include <libration/models/models.hpp>

#include "support/catch.hpp"
#include "support/shared.hpp"

namespace io = libration::io;
namespace lyapunov = libration::lyapunov;
namespace models = libration::models;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

constexpr double exponent_tolerance = 1e-9;

nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file);
  return nlohmann::json::parse(file);
}

// From the zero state, every step counted, at an orthonormalisation every step and at the automatic interval.
template <class Net>
void check_recorded(const Net& net, const MatrixXd& inputs, const MatrixXd& frame, const nlohmann::json& recorded) {
  const auto values = recorded.get<std::vector<double>>();
  const Eigen::Map<const VectorXd> expected(values.data(), static_cast<Eigen::Index>(values.size()));
  for (const std::int64_t interval : {1, 0}) {
    INFO("interval " << interval);
    const auto r =
        lyapunov::spectrum(net, VectorXd::Zero(net.state_size()).eval(), inputs,
                           {.count = frame.cols(), .transient = 0, .frame_transient = 0, .interval = interval, .frame = frame});
    CHECK(r.status == libration::status::ok);
    CHECK(r.steps == inputs.cols());
    REQUIRE(r.exponents.size() == expected.size());
    CHECK((r.exponents - expected).cwiseAbs().maxCoeff() < exponent_tolerance);
    CHECK(r.breakdowns == 0);
  }
}

std::string beginning_of(const std::filesystem::path& path, std::size_t characters) {
  std::string text(characters, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(characters));
  REQUIRE(file);
  return text;
}

}  // namespace

TEST_CASE("lyapunov::spectrum: the Shakespeare LSTM's recorded exponents", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "shakespeare_lstm";
  models::character_model_options options;
  options.characters = models::vocabulary::read(folder / "vocab.json");
  const auto any = models::load_character_model<double>(io::safetensors::open(folder / "model.safetensors"), options);
  const auto& model = std::get<models::character_model<models::lstm<double>>>(any);
  const auto& net = model.network();
  const auto tokens = model.characters().encode(beginning_of(shared / "data" / "tinyshakespeare.txt", 3000));
  const auto source = model.inputs(tokens);
  MatrixXd inputs(net.input_size(), source.size());
  for (Eigen::Index t = 0; t < inputs.cols(); ++t) source(t, inputs.col(t));
  MatrixXd frame = MatrixXd::Zero(net.state_size(), 3);
  frame.middleRows(net.offset(0) + net.layer(0).hidden_size(), 3).setIdentity();  // c of layer 0
  check_recorded(net, inputs, frame, read_json(folder / "expected.json")["exponents"]);
}

TEST_CASE("lyapunov::spectrum: the Opus GRU's recorded full spectrum, on both inputs", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "opus_gru";
  const auto expected = read_json(folder / "expected.json");
  const auto file = io::safetensors::open(folder / "model.safetensors");
  const auto net = models::gru<double>::from(file, "gru.", {.reset_before = true});
  const auto layer = models::readout<double>::from(file, "input.");
  for (const char* which : {"synthetic", "audio"}) {
    INFO(which);
    const MatrixXd X = io::npy::read<double>(folder / (which == std::string("audio") ? "inputs_audio.npy" : "inputs.npy"));
    MatrixXd inputs(net.input_size(), X.cols());
    for (Eigen::Index t = 0; t < X.cols(); ++t) {
      VectorXd a(net.input_size());
      layer.evaluate(X.col(t), a);
      inputs.col(t) = a.array().tanh();
    }
    check_recorded(net, inputs, MatrixXd::Identity(24, 24), expected[which]["exponents"]);
  }
}

TEST_CASE("lyapunov::spectrum: the Silero LSTM's recorded exponents", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "silero_lstm";
  const auto net = models::lstm<double>::from(io::safetensors::open(folder / "model.safetensors"), "decoder.rnn.");
  const MatrixXd inputs = io::npy::read<double>(folder / "inputs.npy");
  check_recorded(net, inputs, MatrixXd::Identity(256, 5), read_json(folder / "expected.json")["exponents"]);
}
