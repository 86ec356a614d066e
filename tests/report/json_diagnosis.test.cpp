// SPDX-License-Identifier: MIT
#include <libration/report/json_diagnosis.hpp>

#include <string>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/status.hpp>

#include "support/catch.hpp"

namespace diagnosis = libration::diagnosis;
namespace report = libration::report;
using diagnosis::mechanism;

TEST_CASE("report::to_json: a diagnosis", "[oracle]") {
  diagnosis::attribution_data data;
  data.baseline = Eigen::MatrixXd::Zero(4, 8);
  data.baseline.bottomRows(2).setOnes();
  data.baseline.row(3) += Eigen::RowVectorXd::LinSpaced(8, 0.0, 0.25);
  data.reference = Eigen::MatrixXd::Zero(4, 8);
  data.interventions = {{{"feedback cut", mechanism::accumulated_error}, Eigen::MatrixXd::Zero(4, 8)},
                        {{"state brought back", mechanism::drift}, data.baseline}};
  data.together = Eigen::MatrixXd::Zero(4, 8);
  diagnosis::attribution_options options;
  options.degradation.bins = 2;
  const report::json j = report::json::parse(report::to_json(diagnosis::attribution(data, options)).dump(2));
  CHECK(j["status"] == "ok");
  CHECK(j["finding"] == "at_work");
  CHECK(j["summary"].size() == 5);
  CHECK(j["mechanisms"]["accumulated_error"] == "at_work");
  CHECK(j["mechanisms"]["state_compression"] == "not_tried");
  CHECK(j["degradation"]["verdict"] == "degrades");
  CHECK(j["degradation"]["bins"][1]["first"] == 2);
  CHECK(j["degradation"]["bins"][1]["end"] == 4);
  CHECK(j["degradation"]["bins"][1]["reference"]["mean"] == 0.0);
  CHECK(j["degradation"]["by_text"].size() == 8);
  CHECK(j["degradation"]["by_text"][7] == 1.125);
  CHECK(j["interventions"][0]["name"] == "feedback cut");
  CHECK(j["interventions"][0]["mechanism"] == "accumulated_error");
  CHECK(j["interventions"][0]["share"]["value"] == 1.0);
  CHECK(j["interventions"][1]["share"]["upper"] == 0.0);
  CHECK(j["interventions"][1]["losses"].size() == 2);
  CHECK(j["together"]["share"]["level"] == 0.95);
  CHECK(j["interaction_verdict"] == "additive");
  CHECK(j["sum_of_shares"]["value"] == 1.0);
  CHECK_FALSE(j.contains("failed_at"));

  const report::json none = report::to_json(diagnosis::attribution_result{});
  CHECK(none["status"] == "not_run");
  CHECK(none["degradation"]["change"]["mean"].is_null());
  diagnosis::attribution_result broken;
  broken.status = libration::status::diverged;
  broken.failed_text = 3;
  broken.failed_run = "as it is";
  CHECK(report::to_json(broken)["failed_text"] == 3);
}
