// SPDX-License-Identifier: MIT
#include <libration/report/attention_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "report/attention_heads.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace attention = libration::attention;
namespace report = libration::report;
using attention::dilution_verdict, attention::sink_verdict;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// One head of each verdict, in two layers of two.
attention::dilution_result four_heads() {
  attention::dilution_result r;
  r.level = 0.95;
  r.focuses_below = 0.1;
  r.dilutes_above = 0.5;
  r.heads = {head(dilution_verdict::focuses, 0.0, 0.05), head(dilution_verdict::widens, 0.25, 0.125),
             head(dilution_verdict::dilutes, 1.0, 0.25, std::log(64.0)), head(dilution_verdict::undecided, 0.375, 0.25)};
  return r;
}

attention::sink_result four_sinks() {
  attention::sink_result r;
  r.keys = 1;
  r.threshold = 0.3;
  r.level = 0.95;
  r.heads = {sink(sink_verdict::none, 0.01), sink(sink_verdict::sink, 0.75), sink(sink_verdict::undecided, 0.28),
             sink(sink_verdict::sink, 0.5)};
  return r;
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

TEST_CASE("report::attention_table: a line for each head", "[oracle]") {
  attention::entropy_result rows;
  rows.mean_distance.resize(4, 2);
  rows.mean_distance << 1.0, 2.0, unknown, 4.0, unknown, unknown, 100.0, 200.0;
  auto dilution = four_heads();
  dilution.heads[3] = {};
  CHECK(report::attention_table(rows, dilution, four_sinks(), 2) ==
        "layer head  H, nats      e^H  H/ln n         dH/d ln n (95 %)  verdict    sink mass    distance\n"
        "    0    0    2.079      8.0   0.500    0.00 (-0.05 to  0.05)  focuses     0.010            1.5\n"
        "    0    1    2.079      8.0   0.500    0.25 ( 0.12 to  0.38)  widens      0.750 sink       4.0\n"
        "    1    0    4.159     64.0   0.500    1.00 ( 0.75 to  1.25)  dilutes     0.280 ?            -\n"
        "    1    1        -        -       -                        -  undecided   0.500 sink     150.0");
}

TEST_CASE("report::attention_table: columns for what was recorded, at most 110 wide", "[edge]") {
  attention::entropy_result rows;
  auto dilution = four_heads();
  CHECK(report::attention_table(rows, dilution, {}, 2).find("sink") == std::string::npos);
  rows.mean_distance = rows.top_mass = Eigen::MatrixXd::Constant(4, 3, 99'999.9);
  dilution.heads[0] = head(dilution_verdict::dilutes, -0.001, 99.0, std::log(9'999'999.0));
  dilution.heads[1].lower = dilution.heads[1].upper = unknown;
  const std::string table = report::attention_table(rows, dilution, four_sinks(), 4);
  CHECK_THAT(table, Contains("top mass") && Contains("0.00 (-99.00 to 99.00)") && Contains("0.25  (error unknown)"));
  CHECK(longest_line(table) <= 110);
}

TEST_CASE("report::attention_table: its last line says of which rows the columns are", "[oracle]") {
  attention::entropy_result rows;
  auto dilution = four_heads();
  auto sinks = four_sinks();
  const auto last_line = [&] {
    const std::string table = report::attention_table(rows, dilution, sinks, 4);
    CHECK(longest_line(table) <= 110);
    return table.substr(table.rfind('\n') + 1);
  };
  dilution.minimum_context = 16;
  CHECK(last_line() == "rows that see at least 16 keys: H, e^H, H/ln n, dH/d ln n");
  sinks.minimum_context = 64;
  rows.top_mass = Eigen::MatrixXd::Constant(4, 3, 0.5);
  CHECK(last_line() == "rows that see at least 16 keys: H, e^H, H/ln n, dH/d ln n; at least 64: sink mass; all: top mass");
  rows.mean_distance = rows.top_mass;
  CHECK(last_line().ends_with("; at least 64: sink mass; all: distance, top mass"));
  // As the two results have it.
  const Eigen::MatrixXd many = Eigen::MatrixXd::Zero(1, 200);
  CHECK(attention::dilution(many, {.minimum_context = 20}).minimum_context == 20);
  CHECK(attention::sinks(many, {.minimum_context = 30}).minimum_context == 30);
}

TEST_CASE("report::attention_table: more than 64 heads by layers", "[oracle]") {
  attention::entropy_result rows;
  attention::dilution_result dilution = four_heads();
  attention::sink_result sinks = four_sinks();
  for (std::size_t i = 4; i < 64; ++i) {
    dilution.heads.push_back(four_heads().heads[i % 4]);
    sinks.heads.push_back(four_sinks().heads[i % 4]);
  }
  CHECK_THAT(report::attention_table(rows, dilution, sinks, 4), StartsWith("layer head"));
  dilution.heads.resize(68);
  sinks.heads.resize(68);
  rows.mean_distance = Eigen::MatrixXd::Constant(68, 1, 3.0);
  const std::string table = report::attention_table(rows, dilution, sinks, 4);
  CHECK_THAT(table,
             StartsWith("layer  H, nats      e^H  H/ln n    dH/d ln n (its range)  focus widen dilute undecided  sinks   mass"
                        "  distance\n"
                        "    0    2.599     13.5   0.500    0.41 ( 0.00 to  1.00)      1     1      1         1      2  0.385"
                        "       3.0\n"
                        "    1    2.599"));
  CHECK_THAT(table,
             EndsWith("\n   16        -        -       -                        -      0     0      0         4      0      -"
                      "       3.0"));
  CHECK(std::count(table.begin(), table.end(), '\n') == 17);
  CHECK(longest_line(table) == 110);
}

TEST_CASE("report::attention_verdict: what the heads do, which are sinks, what a longer context does", "[oracle]") {
  const std::string verdict = report::attention_verdict(four_heads(), four_sinks(), 2);
  CHECK(verdict ==
        "Of 4 heads 1 focuses (about as many keys hold the attention, however long the context), 1 widens (more keys\n"
        "share it as the context grows, but ever fewer of those seen), 1 dilutes (the keys that share it grow with the\n"
        "context) and 1 is undecided (with an interval that holds a threshold; 1 clearly does not focus).\n"
        "2 are sinks (more than 0.3 of the weight on the first key): layer 0 head 1, layer 1 head 1; of 1 it cannot be\n"
        "told.\n"
        "A head's entropy is on the average 0.50 of ln n, 1 being an even spread over the n keys it sees; where a\n"
        "longer context goes on as this one, doubling it makes the keys that share a head's attention 1.33 times as\n"
        "many (by head 1.00 to 2.00), of undecided heads no better known than their slopes.");

  auto decided = four_heads();
  decided.heads.resize(2);
  decided.heads[0] = decided.heads[1] = head(dilution_verdict::dilutes, 1.0, 0.25);
  const std::string two = report::attention_verdict(decided, {}, 1);
  CHECK_THAT(two, StartsWith("Of 2 heads 2 dilute (the keys that share it grow with the context).\nA head's entropy") &&
                      EndsWith("2.00 times as\nmany (by head 2.00 to 2.00)."));
}

TEST_CASE("report::attention_verdict: too little to tell is said to be so", "[edge]") {
  attention::dilution_result none;
  CHECK(report::attention_verdict(none, {}, 1) == "There is no head.");
  none.heads.resize(3);
  attention::sink_result sinks = four_sinks();
  sinks.heads.assign(3, {});
  sinks.keys = 4;
  CHECK(report::attention_verdict(none, sinks, 3) ==
        "Of 3 heads 3 are undecided (with too short a text or a context that hardly changes).\n"
        "Whether any is a sink (more than 0.3 of the weight on the first 4 keys) these rows do not tell.\n"
        "What a longer context would change these rows do not tell.");
  // Two short of rows, one at both thresholds, one that only may focus.
  none.focuses_below = 0.1;
  none.dilutes_above = 0.5;
  none.heads[1] = head(dilution_verdict::undecided, 0.3, 0.5);
  none.heads.push_back(head(dilution_verdict::undecided, 0.1, 0.05));
  CHECK_THAT(report::attention_verdict(none, {}, 2),
             Contains("(2 with an interval that holds a threshold and 2 with too short a text or a context\n"
                      "that hardly changes; 1 clearly does not dilute)."));
}

TEST_CASE("report::attention_verdict: sinks of one layer in one list, many by their number", "[oracle][edge]") {
  attention::dilution_result dilution;
  attention::sink_result sinks = four_sinks();
  dilution.heads.assign(40, head(dilution_verdict::focuses, 0.0, 0.01));
  sinks.heads.assign(40, sink(sink_verdict::none, 0.01));
  CHECK_THAT(report::attention_verdict(dilution, sinks, 8),
             Contains("\nNone is a sink (more than 0.3 of the weight on the first key).\n"));
  sinks.heads[9] = sink(sink_verdict::sink, 0.5);
  CHECK_THAT(report::attention_verdict(dilution, sinks, 8), Contains("\n1 is a sink (") && Contains("): layer 1 head 1.\n"));
  sinks.heads[8] = sinks.heads[15] = sinks.heads[39] = sinks.heads[9];
  CHECK_THAT(report::attention_verdict(dilution, sinks, 8), Contains("): layer 1 heads 0, 1 and 7, layer 4 head 7.\n"));
  for (std::size_t i = 8; i < 24; ++i) sinks.heads[i] = sinks.heads[9];
  CHECK_THAT(report::attention_verdict(dilution, sinks, 8),
             Contains("17 are sinks (") && Contains("8 in layer 1, 8 in layer 2, 1 in layer 4.\n"));
  CHECK(longest_line(report::attention_verdict(dilution, sinks, 8)) <= 110);
}

TEST_CASE("report::attention_table, attention_verdict: heads that do not fit are a caller's mistake", "[failure]") {
  const auto table = [](const attention::entropy_result& rows, const attention::sink_result& sinks, Eigen::Index heads_per_layer) {
    return message_of<argument_error>([&] { (void)report::attention_table(rows, four_heads(), sinks, heads_per_layer); });
  };
  CHECK(table({}, four_sinks(), 3) == "report::attention_table: heads_per_layer is 3, expected a divisor of 4 (the heads)");
  CHECK(table({}, four_sinks(), 0) == "report::attention_table: heads_per_layer is 0, expected a divisor of 4 (the heads)");
  auto sinks = four_sinks();
  sinks.heads.pop_back();
  CHECK(table({}, sinks, 2) == "report::attention_table: sinks has 3 heads, expected 4 (dilution's), or none");
  attention::entropy_result rows;
  rows.mean_distance = Eigen::MatrixXd::Zero(5, 2);
  CHECK(table(rows, four_sinks(), 2) == "report::attention_table: mean_distance has 5 rows, expected 4 (dilution's heads)");
  CHECK(message_of<argument_error>([&] { (void)report::attention_verdict(four_heads(), sinks, 2); }) ==
        "report::attention_verdict: sinks has 3 heads, expected 4 (dilution's), or none");
}
