// SPDX-License-Identifier: MIT
#include <libration/report/json_error.hpp>

#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace error = libration::error;
namespace report = libration::report;
namespace stats = libration::stats;
using libration::status;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double third = 1.0 / 3.0;  // takes every digit
constexpr std::uint64_t seed = 18'446'744'073'709'551'615U;

using integers = Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>;

// As a reader gets it: through its text.
template <class Result>
report::json reread(const Result& r) {
  return report::json::parse(report::to_json(r).dump(2));
}

}  // namespace

TEST_CASE("report::to_json: a time that is not reached or not known", "[edge]") {
  CHECK(reread(stats::time_quantile{0.5, third, 0.25, infinity}).dump() ==
        R"({"fraction":0.5,"time":0.3333333333333333,"lower":0.25,"upper":"inf"})");
  CHECK(reread(stats::time_quantile{}).dump() == R"({"fraction":null,"time":null,"lower":null,"upper":null})");
}

TEST_CASE("report::to_json: a survival curve row by row", "[oracle]") {
  stats::kaplan_meier_estimate s;
  s.level = 0.9;
  s.observations = 12;
  s.event_count = 5;
  s.time = {3, 7};
  s.at_risk = {12, 8};
  s.events = {4, 1};
  s.points = {{2.0 * third, 0.125, 0.25, 0.875}, {0.5, unknown, 0.0, 1.0}};
  const auto j = reread(s);
  CHECK(j["level"] == 0.9);
  CHECK(j["observations"] == 12);
  CHECK(j["events"] == 5);
  REQUIRE(j["curve"].size() == 2);
  CHECK(j["curve"][0]["survival"].get<double>() == 2.0 * third);
  CHECK(j["curve"][1].dump() == R"({"time":7,"at_risk":8,"events":1,"survival":0.5,"lower":0.0,"upper":1.0})");
}

TEST_CASE("report::to_json: a growth curve as quantiles and the mean of the logarithm", "[oracle]") {
  error::growth_curve c;
  c.time = Eigen::Vector3d(0.0, third, 2.0 * third);
  c.error.resize(4, 3);
  // One pair has merged in the end, another has diverged.
  c.error << 0.25, 1.0, 0.0,  //
      0.25, 2.0, 1.0,         //
      0.25, 3.0, 2.0,         //
      0.25, 4.0, infinity;
  c.norm = error::norm::root_mean_square;
  c.normaliser = third;
  c.size = 1e-8;
  c.direction = error::direction::leading;
  c.members = 2;
  c.rounding = 1e-15;
  c.diverged_pairs = 1;
  c.per_unit_of_time = true;
  c.status = status::ok;
  c.seed = seed;
  const auto j = reread(c);
  CHECK(j["status"] == "ok");
  CHECK(j["unit_of_time"] == "time");
  CHECK(j["pairs"] == 4);
  CHECK(j["members_of_a_stretch"] == 2);
  CHECK(j["norm"] == "root_mean_square");
  CHECK(j["normaliser"].get<double>() == third);
  CHECK(j["normalised_by_spread"] == false);
  CHECK(j["size"] == 1e-8);
  CHECK(j["direction"] == "leading");
  CHECK(j["rounding"] == 1e-15);
  CHECK(j["diverged_pairs"] == 1);
  CHECK(j["failed_at"] == -1);
  CHECK(j["seed"].get<std::uint64_t>() == seed);
  REQUIRE(j["time"].size() == 3);
  CHECK(j["time"][2].get<double>() == 2.0 * third);
  CHECK(j["mean_log"][0].get<double>() == c.mean_log()[0]);
  CHECK(j["mean_log"][2].is_null());  // ln 0 and ln of infinity
  CHECK(j["mean_log_standard_error"].size() == 3);
  CHECK(j["mean_log_standard_error"][1].get<double>() == c.mean_log_error()[1]);
  REQUIRE(j["quantiles"].size() == 5);
  CHECK(j["quantiles"][2]["p"] == 0.5);
  CHECK(j["quantiles"][2]["error"].dump() == "[0.25,2.5,1.5]");
  CHECK(j["quantiles"][4]["error"][2] == "inf");

  // Without the pair that diverged, the one that merged is minus infinity in the mean.
  c.error(3, 2) = 1.0;
  CHECK(reread(c)["mean_log"][2] == "-inf");
  c.norm = error::norm::maximum;
  CHECK(reread(c)["norm"] == "maximum");
}

TEST_CASE("report::to_json: finite-size exponents", "[oracle]") {
  error::finite_size_result r;
  r.ratio = 2.0;
  r.floor = 1e-14;
  r.size = Eigen::Vector2d(third, unknown);
  r.exponent = Eigen::Vector2d(0.1 + 0.2, unknown);
  r.standard_error = Eigen::Vector2d(0.125, unknown);
  r.count = (integers(2) << 64, 0).finished();
  r.censored = (integers(2) << 1, 63).finished();
  const auto j = reread(r);
  CHECK(j["ratio"] == 2.0);
  CHECK(j["rounding_floor"] == 1e-14);
  REQUIRE(j["sizes"].size() == 2);
  CHECK(j["sizes"][0]["size"].get<double>() == third);
  CHECK(j["sizes"][0]["exponent"].get<double>() == 0.1 + 0.2);
  CHECK(j["sizes"][0]["standard_error"] == 0.125);
  CHECK(j["sizes"][0]["count"] == 64);
  CHECK(j["sizes"][1].dump() == R"({"size":null,"exponent":null,"standard_error":null,"count":0,"censored":63})");
}

TEST_CASE("report::to_json: a horizon with each pair's crossing", "[oracle]") {
  error::horizon_result r;
  r.threshold = 0.4;
  r.initial = third;
  r.median = {0.5, 23.0, 20.0, infinity};
  r.crossing = Eigen::Vector3d(20.0, 23.0, infinity);
  r.censored = 1;
  r.predicted = infinity;
  const auto j = reread(r);
  CHECK(j["threshold"] == 0.4);
  CHECK(j["initial"].get<double>() == third);
  CHECK(j["median"]["time"] == 23.0);
  CHECK(j["median"]["upper"] == "inf");
  CHECK(j["pairs"] == 3);
  CHECK(j["censored"] == 1);
  CHECK(j["exponent"].is_null());
  CHECK(j["predicted"] == "inf");
  CHECK(j["crossing"].dump() == R"([20.0,23.0,"inf"])");
}

TEST_CASE("report::to_json: a growth law with all fits, and of each the parameters that it has", "[oracle]") {
  error::law_fit f;
  f.name = "exponential";
  f.parameters = 2;
  f.converged = true;
  f.initial = {third, 0.125, 0.25, 0.5};
  f.rate = {0.1 + 0.2, unknown, unknown, unknown};
  f.limit = {infinity, 0.0, infinity, infinity};
  f.r_squared = 0.75;
  f.largest_residual = 0.5;
  f.residual_correlation = -0.25;
  f.misfit = infinity;
  f.weight = 1.0;
  error::law_fit other = f;
  other.name = "logistic";
  other.converged = false;
  other.criterion = 12.5;
  other.weight = 0.0;
  other.reduces_to = "exponential";
  error::growth_law_result r;
  r.status = status::ok;
  r.law = error::growth_law::exponential;
  r.name = "exponential";
  r.fits = {f, other};
  r.points = 41;
  r.first_time = 0.0;
  r.last_time = third;
  r.members = 64;
  r.failed_fits = 3;
  r.noise_correlation = 0.875;
  r.seed = seed;
  const auto j = reread(r);
  CHECK(j["status"] == "ok");
  CHECK(j["law"] == "exponential");
  CHECK(j["reason"] == "");
  CHECK(j["points"] == 41);
  CHECK(j["from"] == 0.0);
  CHECK(j["to"].get<double>() == third);
  CHECK(j["members"] == 64);
  CHECK(j["failed_fits"] == 3);
  CHECK(j["noise_correlation"] == 0.875);
  CHECK(j["seed"].get<std::uint64_t>() == seed);
  REQUIRE(j["fits"].size() == 2);
  const auto& best = j["fits"][0];
  CHECK(best["name"] == "exponential");
  CHECK(best["parameters"] == 2);
  CHECK(best["converged"] == true);
  CHECK(best["initial"]["value"].get<double>() == third);
  CHECK(best["initial"]["standard_error"] == 0.125);
  CHECK(best["rate"]["value"].get<double>() == 0.1 + 0.2);
  CHECK(best["rate"]["upper"].is_null());
  CHECK(best["limit"]["value"] == "inf");
  CHECK(!best.contains("source"));
  CHECK(!best.contains("coefficient"));
  CHECK(!best.contains("exponent"));
  CHECK(best["r_squared"] == 0.75);
  CHECK(best["largest_residual"] == 0.5);
  CHECK(best["residual_correlation"] == -0.25);
  CHECK(best["misfit"] == "inf");
  CHECK(best["criterion"] == "inf");
  CHECK(best["weight"] == 1.0);
  CHECK(!best.contains("reduces_to"));
  CHECK(j["fits"][1]["reduces_to"] == "exponential");
  CHECK(j["fits"][1]["criterion"] == 12.5);
  CHECK(j["fits"][1]["converged"] == false);
}

TEST_CASE("report::to_json: token divergence", "[oracle]") {
  error::token_divergence_result r;
  r.status = status::diverged;
  r.coupling = error::coupling::greedy;
  r.steps = 3;
  r.pairs.resize(2);
  r.pairs[0] = {1, 2, 3, 4, status::ok};
  r.pairs[1].status = status::diverged;
  r.hamming = Eigen::Vector3d(0.0, third, unknown);
  r.hamming_error = Eigen::Vector3d(0.0, 0.125, unknown);
  r.compared = (integers(3) << 2, 1, 0).finished();
  r.survival.observations = 2;
  r.horizon_50 = {0.5, infinity, 3.0, infinity};
  r.horizon_80 = {0.8, 2.0, 1.0, 3.0};
  r.horizon_99 = {0.99, 1.0, 1.0, 2.0};
  r.hazard.constant.hazard = third;
  r.hazard.constant.lower = 0.25;
  r.hazard.constant.upper = 0.5;
  r.hazard.weibull.status = status::not_converged;
  r.hazard.weibull.shape = 100.0;
  r.hazard.weibull.scale = 2.5;
  r.hazard.p_value = 0.0625;
  r.smallest_perturbation = 1e-8;
  r.diverged_pairs = 1;
  r.mergings = 2;
  r.merge_length = 16;
  r.seed = seed;
  const auto j = reread(r);
  CHECK(j["status"] == "diverged");
  CHECK(j["coupling"] == "greedy");
  CHECK(j["steps"] == 3);
  REQUIRE(j["pairs"].size() == 2);
  CHECK(j["pairs"][0].dump() == R"({"status":"ok","first_divergence":1,"mergings":2,"differing":3,"steps":4})");
  CHECK(j["pairs"][1]["status"] == "diverged");
  CHECK(j["pairs"][1]["first_divergence"] == -1);
  CHECK(j["hamming"][1].get<double>() == third);
  CHECK(j["hamming"][2].is_null());
  CHECK(j["hamming_error"].dump() == "[0.0,0.125,null]");
  CHECK(j["compared"].dump() == "[2,1,0]");
  CHECK(j["survival"]["observations"] == 2);
  REQUIRE(j["horizons"].size() == 3);
  CHECK(j["horizons"][0]["fraction"] == 0.5);
  CHECK(j["horizons"][0]["time"] == "inf");
  CHECK(j["horizons"][2]["upper"] == 2.0);
  CHECK(j["constant_hazard"]["hazard"].get<double>() == third);
  CHECK(j["constant_hazard"]["upper"] == 0.5);
  CHECK(j["weibull"].dump() ==
        R"({"status":"not_converged","shape":100.0,"shape_lower":null,"shape_upper":null,"scale":2.5,"p_value":0.0625})");
  CHECK(j["smallest_perturbation"] == 1e-8);
  CHECK(j["diverged_pairs"] == 1);
  CHECK(j["mergings"] == 2);
  CHECK(j["merge_length"] == 16);
  CHECK(j["seed"].get<std::uint64_t>() == seed);
  r.coupling = error::coupling::inverse_cdf;
  CHECK(reread(r)["coupling"] == "inverse_cdf");
}

TEST_CASE("report::to_json: exposure bias curve by curve", "[oracle]") {
  error::exposure_bias_result r;
  r.status = status::ok;
  r.steps = 2;
  r.teacher_runs = 40;
  r.student_runs = r.units = 30;
  const auto curve = [](double first, double last) -> error::length_curve {
    const Eigen::Vector2d value(first, last);
    return {value, 0.5 * value, 2.0 * value, value};
  };
  r.mean_divergence = curve(third, 0.25);
  r.regret = curve(1.0, 2.0);
  r.accumulated_error = curve(3.0, unknown);
  r.excess_percent = curve(5.0, infinity);
  r.seed = seed;
  const auto j = reread(r);
  CHECK(j["status"] == "ok");
  CHECK(j["steps"] == 2);
  CHECK(j["teacher_runs"] == 40);
  CHECK(j["student_runs"] == 30);
  CHECK(j["units"] == 30);
  CHECK(j["mean_divergence"]["value"][0].get<double>() == third);
  CHECK(j["mean_divergence"]["lower"][0].get<double>() == 0.5 * third);
  CHECK(j["regret"].dump() == R"({"value":[1.0,2.0],"lower":[0.5,1.0],"upper":[2.0,4.0]})");
  CHECK(j["accumulated_error"]["value"].dump() == "[3.0,null]");
  CHECK(j["excess_percent"]["upper"].dump() == R"([10.0,"inf"])");
  CHECK(j["seed"].get<std::uint64_t>() == seed);
}

TEST_CASE("report::to_json: results of error/ that hold nothing", "[edge]") {
  const auto curve = reread(error::growth_curve{});
  CHECK(curve["status"] == "not_run");
  CHECK(curve["unit_of_time"] == "steps");
  CHECK(curve["direction"] == "random");
  CHECK(curve["pairs"] == 0);
  CHECK(curve["normaliser"].is_null());
  CHECK(curve["time"].dump() == "[]");
  CHECK(!curve.contains("quantiles"));
  CHECK(reread(error::finite_size_result{})["sizes"].dump() == "[]");
  CHECK(reread(error::horizon_result{})["crossing"].dump() == "[]");
  CHECK(reread(error::horizon_result{})["median"]["time"].is_null());
  CHECK(reread(error::law_fit{})["name"] == "");
  const auto law = reread(error::growth_law_result{});
  CHECK(law["law"] == "undecided");
  CHECK(law["from"].is_null());
  CHECK(law["fits"].dump() == "[]");
  const auto tokens = reread(error::token_divergence_result{});
  CHECK(tokens["status"] == "not_run");
  CHECK(tokens["coupling"] == "gumbel");
  CHECK(tokens["pairs"].dump() == "[]");
  CHECK(tokens["survival"]["curve"].dump() == "[]");
  CHECK(tokens["constant_hazard"]["hazard"].is_null());
  CHECK(tokens["weibull"]["status"] == "not_run");
  const auto exposure = reread(error::exposure_bias_result{});
  CHECK(exposure["status"] == "not_run");
  CHECK(exposure["regret"]["value"].dump() == "[]");
  CHECK(reread(stats::kaplan_meier_estimate{})["observations"] == 0);
}

TEST_CASE("report::to_json: what was asked for may be infinite too", "[edge]") {
  error::growth_curve c;
  c.size = infinity;
  CHECK(reread(c)["size"] == "inf");
  error::horizon_result h;
  h.threshold = infinity;
  CHECK(reread(h)["threshold"] == "inf");
  error::finite_size_result f;
  f.ratio = infinity;
  CHECK(reread(f)["ratio"] == "inf");
}
