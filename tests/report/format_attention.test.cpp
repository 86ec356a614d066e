// SPDX-License-Identifier: MIT
#include <libration/report/format_attention.hpp>

#include <limits>
#include <string>

#include "report/attention_heads.hpp"
#include "support/catch.hpp"

namespace attention = libration::attention;
namespace report = libration::report;
using attention::curve_shape, attention::dilution_verdict, attention::sink_verdict;
using libration::status;
using namespace libration_test;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

attention::positional_result curve(curve_shape shape) {
  attention::positional_result r;
  r.status = status::ok;
  r.shape = shape;
  r.level = 0.95;
  r.position = Eigen::Vector3d(0.0, 9.0, 19.0);
  r.value = Eigen::Vector3d(0.75, 0.5, 0.625);
  r.lower = r.value.array() - 0.0625;
  r.upper = r.value.array() + 0.0625;
  r.depth = {0.1875, 0.02, 100.0};
  r.trough = 1;
  r.primacy = {0.25, 0.03, 100.0};
  r.recency = {0.125, 0.03, 100.0};
  r.p_value = 0.00012;
  r.margin = 0.03125;
  return r;
}

}  // namespace

TEST_CASE("report::text: a verdict by its name", "[oracle]") {
  CHECK(fmt::format("{} {:>10} {}", dilution_verdict::dilutes, sink_verdict::none, curve_shape::u_shaped) ==
        "dilutes       none u_shaped");
}

TEST_CASE("report::text: a head's dilution", "[oracle][edge]") {
  auto h = head(dilution_verdict::widens, 0.25, 0.125);
  CHECK(fmt::format("{}", h) ==
        "widens: slope of entropy on ln n 0.25 (0.125 to 0.375); entropy 2.079 ± 0.050 nats, that of 8 equally weighted keys, "
        "0.5 of ln n; 113 rows");
  h.skipped = 2;
  h.verdict = dilution_verdict::undecided;
  h.status = status::not_converged;
  h.slope = h.lower = h.upper = unknown;
  CHECK_THAT(report::text(h),
             StartsWith("undecided: slope of entropy on ln n unknown; entropy") &&
                 EndsWith("113 rows (2 without an entropy); too few rows, or too little change of the context, for "
                          "a verdict"));
  CHECK(report::text(attention::head_dilution{}) == "undecided: too few rows, 0, for a slope of entropy on ln n");
}

TEST_CASE("report::text: a head's sink", "[oracle][edge]") {
  auto s = sink(sink_verdict::sink, 0.75);
  CHECK(fmt::format("{}", s) == "sink: weight 0.75 (0.7 to 0.8) on the first keys, 75 times an even share; 65 rows");
  s.status = status::not_converged;
  s.verdict = sink_verdict::undecided;
  s.lower = s.upper = unknown;
  s.skipped = 3;
  CHECK(report::text(s) ==
        "undecided: weight 0.75 on the first keys, 75 times an even share; 65 rows (3 without a weight); too few rows for an "
        "interval");
  CHECK(report::text(attention::head_sink{}) == "undecided: no row sees enough keys to tell a sink");
}

TEST_CASE("report::text: a positional curve and its shape", "[oracle][edge]") {
  CHECK(fmt::format("{}", curve(curve_shape::u_shaped)) ==
        "positional curve, 3 positions:\n"
        "   position  value (95 % interval)\n"
        "          0  0.75 (0.6875 to 0.8125)\n"
        "          9  0.5 (0.4375 to 0.5625)\n"
        "         19  0.625 (0.5625 to 0.6875)\n"
        "  the ends are higher than the middle by 0.188 ± 0.020 on the average\n"
        "  u_shaped: position 9 is below the first by 0.250 ± 0.030 and below the last by 0.125 ± 0.030 (p 0.00012)");
  CHECK_THAT(report::text(curve(curve_shape::not_u_shaped)),
             EndsWith("not_u_shaped: no position in the middle is below both ends by 0.0312"));
  CHECK_THAT(report::text(curve(curve_shape::undecided)),
             Contains("undecided: position 9 is below the first") && EndsWith("more than 0.0312 is not excluded"));
  auto single = curve(curve_shape::undecided);
  single.status = status::not_converged;
  single.lower = single.upper = Eigen::Vector3d::Constant(unknown);
  CHECK_THAT(report::text(single), Contains("          9  0.5\n") && EndsWith("the shape is undecided"));
  CHECK(report::text(attention::positional_result{}) == "positional curve: nothing was computed");
}

TEST_CASE("report::text: of a long curve about 20 positions, the last among them", "[edge]") {
  for (const Eigen::Index m : {20, 21, 22, 400}) {
    auto r = curve(curve_shape::not_u_shaped);
    r.position = Eigen::VectorXd::LinSpaced(m, 0.0, static_cast<double>(m - 1));
    r.value = r.lower = r.upper = Eigen::VectorXd::Constant(m, 0.5);
    const std::string text = report::text(r);
    const auto lines = std::count(text.begin(), text.end(), '\n') - 3;
    INFO(m << " positions, " << lines << " lines");
    CHECK((lines >= 11 && lines <= 21));
    CHECK_THAT(text, Contains("\n          0  0.5") && Contains(fmt::format("\n  {:>9}  0.5", m - 1)));
  }
}
