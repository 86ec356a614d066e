// SPDX-License-Identifier: MIT
// What trained networks keep, on recorded models.

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/io/safetensors.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/memory/recall.hpp>
#include <libration/memory/state_estimator.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/lstm.hpp>
#include <libration/models/vocabulary.hpp>

#include "support/catch.hpp"
#include "support/shared.hpp"

using libration::status;
using namespace libration::memory;
namespace models = libration::models;

namespace {

std::string beginning_of(const std::filesystem::path& path, std::size_t characters) {
  std::string text(characters, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(characters));
  REQUIRE(file);
  return text;
}

models::character_model<models::lstm<float>> shakespeare(const std::filesystem::path& shared) {
  const auto folder = shared / "models" / "shakespeare_lstm";
  models::character_model_options options;
  options.characters = models::vocabulary::read(folder / "vocab.json");
  auto any = models::load_character_model<float>(libration::io::safetensors::open(folder / "model.safetensors"), options);
  return std::get<models::character_model<models::lstm<float>>>(std::move(any));
}

}  // namespace

TEST_CASE("memory::state_estimator: the Shakespeare network's upper layer grows without bound along its text", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto model = shakespeare(shared);
  const auto inputs = model.inputs(model.characters().encode(beginning_of(shared / "data" / "tinyshakespeare.txt", 10'000)));
  const auto [spectrum, r] =
      libration::analyze(model.network(), Eigen::VectorXf::Zero(512), inputs, {.steps = 9'000, .transient = 0},
                         libration::lyapunov::spectrum_estimator{{.count = 2}}, state_estimator{{.training_length = 100}});
  REQUIRE(r.status == status::ok);
  CHECK(spectrum.steps > 0);
  REQUIRE(r.layers.size() == 2);
  CHECK(r.growing() == std::vector<std::size_t>{1});
  const layer_statistics& upper = r.layers[1];
  INFO("slope " << upper.trend.slope << " +- " << upper.trend.half_width() << ", row " << upper.fastest << " by "
                << upper.fastest_slope << ", leaves at " << upper.leaves_at << ", participation " << upper.participation_ratio);
  CHECK(upper.trend.lower() > 0.15);
  CHECK(upper.late_trend.lower() > 0.15);
  // One cell, which adds about a quarter a character, and soon is nearly all that varies.
  CHECK(upper.fastest == 479);
  CHECK(std::abs(upper.fastest_slope / upper.trend.slope - 1.0) < 0.1);
  CHECK(upper.participation_ratio < 2.0);
  CHECK(upper.leaves_for_good_at < 200);
  CHECK(upper.outside > 0.99);
  CHECK(r.layers[0].participation_ratio > 4.0);
}

TEST_CASE("memory::recall: what the Shakespeare network keeps of its characters", "[oracle][heavy]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto model = shakespeare(shared);
  const auto tokens = model.characters().encode(beginning_of(shared / "data" / "tinyshakespeare.txt", 12'000));
  const recall_result r = recall(model, tokens, {.lags = 30, .samples = 6000});
  REQUIRE(r.status == status::ok);
  // The record's 1.320 nats a character are those of the first 20,000.
  CHECK(std::abs(r.loss * std::log(2.0) - 1.320) < 0.03);
  CHECK(r.bits[0] > 4.3);
  for (Eigen::Index k = 1; k < 6; ++k) CHECK(r.bits[k] < r.bits[k - 1]);
  CHECK(r.bits.maxCoeff() < r.entropy);
  CHECK(r.bits.tail(10).maxCoeff() < 0.05);
  CHECK(r.first_below() == 3);
  CHECK(r.total < 0.01 * r.state_bits);
  // Characters more than twenty back are of no use to it.
  CHECK(r.cut_excess[0] > 4.0 * r.cut_excess_error[0]);
  CHECK(r.cut_excess.tail(8).mean() < 0.15);
}
