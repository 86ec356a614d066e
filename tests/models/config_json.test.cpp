// SPDX-License-Identifier: MIT
#include <libration/models/config_json.hpp>

#include <string>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

using namespace libration_test;
using libration::models::read_config_json;
using nlohmann::json;

namespace {

json said(const scratch_folder& folder, const std::string& config) {
  spill(folder / "config.json", config);
  return read_config_json(folder / "config.json");
}

}  // namespace

TEST_CASE("models::read_config_json: what a config says, also with the Infinity that Python writes", "[oracle]") {
  const scratch_folder folder;
  CHECK(said(folder, R"({"model_type": "mamba", "hidden_size": 8})") == json({{"model_type", "mamba"}, {"hidden_size", 8}}));
  CHECK(said(folder, R"({"time_step_limit": [0.0, Infinity], "model_type": "mamba2"})")["time_step_limit"] ==
        json::array({0.0, "Infinity"}));
  CHECK(said(folder, R"({"name": "an \"Infinity\" of models", "model_type": "rwkv7"})")["name"] == "an \"Infinity\" of models");
  CHECK(said(folder, R"({"attn": null, "head_dim": 16})") == json({{"head_dim", 16}}));
}

TEST_CASE("models::read_config_json: nothing where nothing is said", "[edge]") {
  const scratch_folder folder;
  for (const char* config : {"", "[]", "{}", "3", R"({"model_type": "mamba")", "\x93NUMPY"})
    CHECK(said(folder, config) == json::object());
  CHECK(read_config_json(folder / "nowhere.json") == json::object());
  CHECK(read_config_json(folder.path()) == json::object());
}
