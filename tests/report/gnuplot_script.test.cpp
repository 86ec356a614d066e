// SPDX-License-Identifier: MIT
#include <libration/report/gnuplot_script.hpp>

#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace report = libration::report;
using Catch::Matchers::Contains;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("report::spectrum_script: data, labels and the file that it draws; nothing is run", "[oracle]") {
  lyapunov::spectrum_result r;
  r.exponents = Eigen::Vector3d(0.5, -0.25, -infinity);
  r.half_width = Eigen::Vector3d(0.125, lyapunov::unknown, lyapunov::unknown);
  const std::string script = report::spectrum_script(r, "a folder/it's.png", "the network's", "per step");
  CHECK_THAT(script, Contains("set output 'a folder/it''s.png'") && Contains("set title 'the network''s'"));
  CHECK_THAT(script, Contains("set ylabel 'nats per step'"));
  CHECK_THAT(script, Contains("$data << EOD\n1 0.5 0.125\n2 -0.25 0\nEOD\nplot"));  // what is not finite is left out

  r.history.steps.resize(2);
  r.history.steps << 100, 200;
  r.history.exponents = Eigen::MatrixXd::Constant(3, 2, 0.5);
  r.history.half_width = Eigen::MatrixXd::Constant(3, 2, 0.25);
  r.history.half_width(0, 0) = lyapunov::unknown;
  CHECK_THAT(report::history_script(r, "h.png", "t", "u"), Contains("$data << EOD\n200 0.5 0.25 0.75\nEOD"));

  CHECK(report::finite_time_script(r, "f.png", "t", "u").empty());
  r.finite_time.window = 10;
  r.finite_time.values = Eigen::MatrixXd::Constant(3, 2, 0.5);
  CHECK_THAT(report::finite_time_script(r, "f.png", "t", "u"), Contains("nats u, over 10 steps") && Contains("EOD\n0.5\n0.5\n"));
  r.finite_time.values(0, 1) = -infinity;
  CHECK(report::finite_time_script(r, "f.png", "t", "u").empty());
}

TEST_CASE("report::bands_script: points that an axis cannot show are left out", "[oracle][edge]") {
  report::band b{"an error", Eigen::Vector3d(1.0, 2.0, 3.0), Eigen::Vector3d(1.0, 0.0, infinity), Eigen::Vector3d(0.5, 0.0, 1.0),
                 Eigen::Vector3d(2.0, 1.0, 4.0)};
  CHECK_THAT(report::bands_script({b}, "b.png", "t", {"x", "y", false, true}), Contains("EOD\n1 1 0.5 2\nEOD") &&
                                                                                   Contains("set logscale y"));
  CHECK_THAT(report::bands_script({b, b}, "b.png", "t", {"x", "y"}),
             Contains("EOD\n1 1 0.5 2\n2 0 0 1\nEOD") && Contains("$data1 <<") && Contains("title 'an error'"));
  CHECK(report::bands_script({}, "b.png", "t", {"x", "y"}).empty());
}

TEST_CASE("report::heat_map_script: rows downwards, columns in groups, blanks", "[oracle][edge]") {
  Eigen::MatrixXd values(2, 3);
  values << 1.0, 2.0, 3.0, 4.0, lyapunov::unknown, 6.0;
  CHECK_THAT(report::heat_map_script(values, "m.png", "t", {"x", "y", "nats"}),
             Contains("EOD\n1 2 3 \n4 NaN 6 \nEOD") && Contains("set cblabel 'nats'") && Contains("set cbrange [*:*]"));
  CHECK(report::heat_map_script(Eigen::MatrixXd::Constant(2, 2, lyapunov::unknown), "m.png", "t", {"x", "y", "u"}).empty());
  CHECK(report::heat_map_script(Eigen::MatrixXd(0, 0), "m.png", "t", {"x", "y", "u"}).empty());
}
