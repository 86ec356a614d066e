// SPDX-License-Identifier: MIT
#include <libration/report/json_memory.hpp>

#include <limits>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/status.hpp>

#include "support/catch.hpp"

namespace memory = libration::memory;
namespace report = libration::report;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::status;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double third = 1.0 / 3.0;

// As a reader gets it: through its text.
template <class Result>
report::json reread(const Result& r, auto... which) {
  return report::json::parse(report::to_json(r, which...).dump(2));
}

}  // namespace

TEST_CASE("report::to_json: a reach", "[oracle]") {
  memory::reach_result r;
  r.status = status::ok;
  r.gain = VectorXd::Constant(3, third);
  r.lower = VectorXd::Constant(3, 0.25);
  r.upper = VectorXd::Constant(3, 0.5);
  r.fraction_lag = {infinity, 2.0, infinity};
  r.channels = (MatrixXd(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  r.layers = MatrixXd::Constant(1, 3, 0.5);
  r.windows = MatrixXd::Zero(3, 7);
  r.by = memory::transport::tangent;
  r.seed = 18'446'744'073'709'551'615U;
  const auto j = reread(r, true);
  CHECK(!reread(r).contains("channels"));
  CHECK(j["status"] == "ok");
  CHECK(j["gain"].dump() == "[0.3333333333333333,0.3333333333333333,0.3333333333333333]");
  CHECK(j["fraction_lag"].dump() == R"({"value":"inf","lower":2.0,"upper":"inf"})");
  CHECK(j["mean_lag"]["value"].is_null());
  CHECK(j["channels"].dump() == "[[1.0,2.0,3.0],[4.0,5.0,6.0]]");
  CHECK(j["layers"].dump() == "[[0.5,0.5,0.5]]");
  CHECK(j["through_layers"].dump() == "[]");
  CHECK(j["windows"] == 7);
  CHECK(j["by"] == "tangent");
  CHECK(j["seed"] == r.seed);
  CHECK(j["failed_at"] == -1);
}

TEST_CASE("report::to_json: statistics of states, layer by layer", "[oracle]") {
  memory::state_result r;
  r.status = status::diverged;
  r.steps = 12;
  r.failed_at = 13;
  r.layers.resize(2);
  r.layers[1].first = 4;
  r.layers[1].size = 3;
  r.layers[1].norm.mean = third;
  r.layers[1].growth = memory::state_growth::growing;
  r.layers[1].variances = VectorXd::Constant(3, 2.0);
  const auto j = reread(r, true);
  CHECK(!reread(r)["layers"][1].contains("variances"));
  CHECK(j["status"] == "diverged");
  CHECK(j["failed_at"] == 13);
  REQUIRE(j["layers"].size() == 2);
  CHECK(j["layers"][0]["growth"] == "undecided");
  CHECK(j["layers"][0]["norm"].is_null());
  CHECK(j["layers"][1]["first"] == 4);
  CHECK(j["layers"][1]["norm"] == third);
  CHECK(j["layers"][1]["growth"] == "growing");
  CHECK(j["layers"][1]["variances"].dump() == "[2.0,2.0,2.0]");
}

TEST_CASE("report::to_json: capacities, recall and tasks", "[oracle]") {
  const auto line = memory::linear_capacity((MatrixXd(2, 2) << 0, 0, 1, 0).finished(), VectorXd::Unit(2, 0));
  const auto j = reread(line);
  CHECK(j["status"] == "ok");
  CHECK(j["total"] == 2.0);
  CHECK(j["joint_bits"] == "inf");
  CHECK(j["dimension"] == 2);
  memory::recall_result recall;
  recall.bits = VectorXd::Constant(2, third);
  recall.cut_excess = VectorXd::Constant(1, 0.5);
  CHECK(reread(recall)["bits"].dump() == "[0.3333333333333333,0.3333333333333333]");
  CHECK(reread(recall)["cut_excess"].dump() == "[0.5]");
  memory::task_result task;
  task.status = status::ok;
  task.lengths = {2, 4};
  task.accuracy = (VectorXd(2) << 1.0, 0.25).finished();
  task.chance = 0.25;
  CHECK(reread(task)["lengths"].dump() == "[2,4]");
  CHECK(reread(task)["half_length"] == task.half_length());
  const auto gates = reread(memory::gate_half_lives(MatrixXd::Constant(1, 4, 0.5)));
  CHECK(gates["half_life"][0] == 1.0);
  CHECK(gates["steps"] == 4);
}

TEST_CASE("report::to_json: memory results of nothing", "[edge]") {
  CHECK(reread(memory::reach_result{})["status"] == "not_run");
  CHECK(reread(memory::state_result{})["layers"].dump() == "[]");
  CHECK(reread(memory::recall_result{})["loss"].is_null());
  CHECK(reread(memory::capacity_result{})["capacity"].dump() == "[]");
  CHECK(reread(memory::fisher_curve_result{})["total"].is_null());
  CHECK(reread(memory::linear_capacity_result{})["status"] == "not_run");
  CHECK(reread(memory::task_result{})["half_length"].is_null());
  CHECK(reread(memory::gate_half_lives_result{})["steps"] == 0);
}
