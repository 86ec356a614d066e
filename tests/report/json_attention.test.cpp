// SPDX-License-Identifier: MIT
#include <libration/report/json_attention.hpp>

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace attention = libration::attention;
namespace report = libration::report;
using libration::status;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double third = 1.0 / 3.0;  // takes every digit

// As a reader gets it: through its text.
report::json reread(const report::json& j) { return report::json::parse(j.dump(2)); }

attention::entropy_result two_heads() {
  attention::entropy_result r;
  r.status = status::diverged;
  r.entropy.resize(2, 3);
  r.entropy << 0.0, third, 2.0 * third, 0.0, unknown, 0.5;
  r.varentropy = r.renyi2 = r.largest_weight = r.mean_distance = r.entropy;
  r.visible.resize(2, 3);
  r.visible << 1, 2, 3, 1, 2, 3;
  r.bad_rows = 1;
  return r;
}

}  // namespace

TEST_CASE("report::to_json: rows of attention as means by head, over those that are known", "[oracle][edge]") {
  const auto j = reread(report::to_json(two_heads()));
  CHECK(j["status"] == "diverged");
  CHECK(j["heads"] == 2);
  CHECK(j["queries"] == 3);
  CHECK(j["bad_rows"] == 1);
  CHECK(j["mean_by_head"]["entropy"].dump() == "[0.3333333333333333,0.25]");
  CHECK(j["mean_by_head"]["visible"].dump() == "[2.0,2.0]");
  CHECK(std::abs(j["mean_by_head"]["normalised_entropy"][1].get<double>() - 0.5 / std::log(3.0)) < 1e-15);
  CHECK(!j["mean_by_head"].contains("sink_mass"));
  CHECK(!j["mean_by_head"].contains("log_sum_exp"));
  CHECK(j["mean_by_head"].contains("mean_distance"));
  CHECK(!j.contains("rows"));

  const auto all = reread(report::to_json(two_heads(), true));
  CHECK(all["mean_by_head"] == j["mean_by_head"]);
  CHECK(all["rows"]["entropy"].dump() == "[[0.0,0.3333333333333333,0.6666666666666666],[0.0,null,0.5]]");
  CHECK(all["rows"]["normalised_entropy"][0][0].is_null());  // a single key
  CHECK(all["rows"]["visible"][1].dump() == "[1.0,2.0,3.0]");
  CHECK(reread(report::to_json(attention::entropy_result{}))["status"] == "not_run");
}

TEST_CASE("report::to_json: rows that see no key are in no mean, and what was masked is counted", "[edge]") {
  auto r = two_heads();
  r.visible(0, 0) = 0;
  r.entropy(0, 0) = std::numeric_limits<double>::quiet_NaN();
  r.padding_rows = 1;
  r.masked_below = -5000.0;
  r.masked_logits = 7;
  const auto j = reread(report::to_json(r, true));
  CHECK(j["mean_by_head"]["visible"].dump() == "[2.5,2.0]");
  CHECK(j["rows"]["visible"][0].dump() == "[0.0,2.0,3.0]");
  CHECK((j["padding_rows"] == 1 && j["masked_below"] == -5000.0 && j["masked_logits"] == 7 && j["zero_weights"] == 0));
}

TEST_CASE("report::to_json: dilution head by head, and how many heads have which verdict", "[oracle][edge]") {
  attention::dilution_result r;
  r.level = 0.9;
  r.focuses_below = 0.1;
  r.dilutes_above = 0.5;
  r.heads.resize(3);
  attention::head_dilution& h = r.heads[1];
  h.status = status::ok;
  h.verdict = attention::dilution_verdict::dilutes;
  h.slope = 2.0 * third;
  h.standard_error = 0.01;
  h.lower = 0.6;
  h.upper = 0.7;
  h.degrees_of_freedom = 6.0;
  h.entropy.mean = 0.0;
  h.normalised_entropy.mean = third;
  h.tokens = 100;
  h.skipped = 4;
  const auto j = reread(report::to_json(r));
  CHECK(j["level"] == 0.9);
  CHECK(j["dilutes_above"] == 0.5);
  CHECK(j["count"].dump() == R"({"focuses":0,"widens":0,"dilutes":1,"undecided":2})");
  REQUIRE(j["heads"].size() == 3);
  CHECK(j["heads"][0]["status"] == "not_run");
  CHECK(j["heads"][0]["slope"].is_null());
  CHECK(j["heads"][0]["effective_support"].is_null());
  const auto& dilutes = j["heads"][1];
  CHECK(dilutes["verdict"] == "dilutes");
  CHECK(dilutes["slope"].get<double>() == 2.0 * third);
  CHECK(dilutes["lower"] == 0.6);
  CHECK(dilutes["upper"] == 0.7);
  CHECK(dilutes["effective_support"] == 1.0);
  CHECK(dilutes["normalised_entropy"]["mean"].get<double>() == third);
  CHECK(dilutes["normalised_entropy"]["standard_error"].is_null());
  CHECK(dilutes["tokens"] == 100);
  CHECK(dilutes["skipped"] == 4);
}

TEST_CASE("report::to_json: sinks and their heads", "[oracle][edge]") {
  attention::sink_result r;
  r.keys = 2;
  r.threshold = 0.3;
  r.level = 0.95;
  r.heads.resize(2);
  r.heads[1].status = status::ok;
  r.heads[1].verdict = attention::sink_verdict::sink;
  r.heads[1].mass.mean = third;
  r.heads[1].lower = 0.31;
  r.heads[1].upper = 0.35;
  r.heads[1].uniform = 0.02;
  r.heads[1].rows = 65;
  const auto j = reread(report::to_json(r));
  CHECK(j["keys"] == 2);
  CHECK(j["sink_heads"].dump() == "[1]");
  CHECK(j["heads"][0]["mass"]["mean"].is_null());
  CHECK(j["heads"][1]["verdict"] == "sink");
  CHECK(j["heads"][1]["mass"]["mean"].get<double>() == third);
  CHECK(j["heads"][1]["lower"] == 0.31);
  CHECK(j["heads"][1]["uniform"] == 0.02);
  CHECK(j["heads"][1]["rows"] == 65);
}

TEST_CASE("report::to_json: a positional curve with its contrasts", "[oracle][edge]") {
  attention::positional_result r;
  r.status = status::ok;
  r.shape = attention::curve_shape::u_shaped;
  r.position = Eigen::Vector3d(0.0, 4.0, 9.0);
  r.value = Eigen::Vector3d(0.75, third, 0.5);
  r.lower = r.upper = Eigen::Vector3d(0.5, unknown, 0.5);
  r.depth = {0.25, 0.0625, std::numeric_limits<double>::infinity()};
  r.trough = 1;
  r.p_value = 0.01;
  const auto j = reread(report::to_json(r));
  CHECK(j["shape"] == "u_shaped");
  CHECK(j["value"][1].get<double>() == third);
  CHECK(j["lower"].dump() == "[0.5,null,0.5]");
  CHECK(j["depth"]["value"] == 0.25);
  CHECK(j["depth"]["degrees_of_freedom"] == "inf");
  CHECK(std::abs(j["depth"]["p_value"].get<double>() - 3.167124183e-5) < 1e-13);  // normal, one-sided, z = 4
  CHECK(j["trough"] == 4.0);
  CHECK(j["primacy"]["value"].is_null());
  CHECK(j["p_value"] == 0.01);
  CHECK(reread(report::to_json(attention::positional_result{}))["trough"].is_null());
}
