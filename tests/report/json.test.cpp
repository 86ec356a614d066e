// SPDX-License-Identifier: MIT
#include <libration/report/json.hpp>

#include <limits>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace report = libration::report;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("report::number: what JSON has no number for", "[edge]") {
  CHECK(report::number(1.5).dump() == "1.5");
  CHECK(report::number(-infinity).dump() == "\"-inf\"");
  CHECK(report::number(infinity).dump() == "\"inf\"");
  CHECK(report::number(lyapunov::unknown).is_null());
  CHECK(report::numbers(Eigen::Vector3d(1.0, -infinity, lyapunov::unknown)).dump() == "[1.0,\"-inf\",null]");
  CHECK(report::numbers(Eigen::VectorXd()).dump() == "[]");
}

TEST_CASE("report::to_json: a spectrum comes back from its text", "[oracle]") {
  lyapunov::spectrum_result r;
  r.exponents = Eigen::Vector2d(0.1 + 0.2, -infinity);
  r.standard_error = Eigen::Vector2d(0.01, lyapunov::unknown);
  r.half_width = r.effective_samples = r.standard_error;
  r.kaplan_yorke_dimension = {1.25, 0.5};
  r.status = libration::status::ok;
  r.verdict = libration::verdict::chaotic;
  r.steps = 12'345'678'901;
  r.time_step = 0.01;
  r.per_unit_of_time = true;
  r.seed = 18'446'744'073'709'551'615U;
  r.finite_time.window = 4;
  r.finite_time.values = (Eigen::MatrixXd(2, 3) << 1, 2, 3, -infinity, 5, 6).finished();
  r.history.steps.resize(2);
  r.history.steps << 4, 8;
  r.history.exponents = (Eigen::MatrixXd(2, 2) << 1, 2, 3, 4).finished();
  r.history.half_width = (Eigen::MatrixXd(2, 2) << lyapunov::unknown, 0.5, 0.5, 0.5).finished();
  r.stepper_bias = Eigen::Vector2d(0.25, 0.5);
  r.stepper_bias_error = Eigen::Vector2d(0.125, lyapunov::unknown);
  const auto j = report::json::parse(report::to_json(r).dump(2));
  CHECK(j["status"] == "ok");
  CHECK(j["verdict"] == "chaotic");
  CHECK(j["unit"] == "nats per unit of time");
  CHECK(j["steps"] == 12'345'678'901);
  CHECK(j["exponents"][0].get<double>() == 0.1 + 0.2);  // every digit
  CHECK(j["exponents"][1] == "-inf");
  CHECK(j["standard_error"][1].is_null());
  CHECK(j["kaplan_yorke_dimension"]["value"] == 1.25);
  CHECK(j["entropy_rate"]["value"].is_null());
  CHECK(j["evidence"]["seed"].get<std::uint64_t>() == r.seed);
  CHECK(j["evidence"]["worst_condition"].is_null());
  CHECK(j["evidence"]["cycle_length"] == 0);
  CHECK(j["failed_at"] == -1);
  CHECK(j["finite_time"]["window"] == 4);
  REQUIRE(j["finite_time"]["values"].size() == 3);
  CHECK(j["finite_time"]["values"][0].dump() == "[1.0,\"-inf\"]");
  CHECK(j["history"]["steps"].dump() == "[4,8]");
  CHECK(j["history"]["leading"].dump() == "[1.0,2.0]");
  CHECK(j["history"]["leading_half_width_95"].dump() == "[null,0.5]");
  CHECK(j["stepper_bias"]["standard_error"][1].is_null());
}

TEST_CASE("report::to_json: a result that holds nothing", "[edge]") {
  const auto j = report::json::parse(report::to_json(lyapunov::spectrum_result{}).dump());
  CHECK(j["status"] == "not_run");
  CHECK(j["unit"] == "nats per step");
  CHECK(j["exponents"].empty());
  CHECK(!j.contains("history"));
  CHECK(!j.contains("stepper_bias"));
}
