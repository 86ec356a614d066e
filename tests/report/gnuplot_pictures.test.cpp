// SPDX-License-Identifier: MIT
// The pictures that report/gnuplot_script.hpp describes, drawn by gnuplot.
#include <libration/report/gnuplot_script.hpp>

#include <filesystem>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <libration/core/random.hpp>

#include "../../examples/gnuplot.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

namespace fs = std::filesystem;
namespace lyapunov = libration::lyapunov;
namespace report = libration::report;

namespace {

using examples::draw;
using report::bands_script;

bool gnuplot_is_here() { return draw("exit\n"); }

bool is_png(const fs::path& path) {
  return libration_test::slurp(path).substr(0, 8) == "\x89PNG\r\n\x1a\n" && fs::file_size(path) > 2000;
}

lyapunov::spectrum_result example() {
  lyapunov::spectrum_result r;
  r.exponents = Eigen::Vector3d(0.4, -0.2, -std::numeric_limits<double>::infinity());
  r.half_width = Eigen::Vector3d(0.02, lyapunov::unknown, lyapunov::unknown);
  r.standard_error = r.half_width;
  r.finite_time.window = 100;
  r.finite_time.values.resize(3, 128);
  libration::random_stream(4).fill_normal(r.finite_time.values);
  r.history.steps.resize(20);
  for (int i = 0; i < 20; ++i) r.history.steps[i] = 100 * (i + 1);
  r.history.exponents = Eigen::MatrixXd::Constant(3, 20, 0.4);
  r.history.half_width = Eigen::MatrixXd::Constant(3, 20, 0.1);
  r.history.half_width.leftCols(4).setConstant(lyapunov::unknown);
  return r;
}

}  // namespace

TEST_CASE("report: gnuplot: a script with a mistake is a failure, not a picture", "[failure]") {
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  CHECK(!draw("plot 'no such file anywhere' using nothing\n"));
}

TEST_CASE("report: drawn: each picture is a PNG file", "[edge]") {
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  const auto r = example();
  // A title with what gnuplot's own quoting takes: an apostrophe, and underscores that are no subscripts.
  const std::string title = "the network's spectrum, model_a";
  const libration_test::scratch_folder folder;
  CHECK(draw(report::spectrum_script(r, folder / "spectrum.png", title, "per step")));
  CHECK(is_png(folder / "spectrum.png"));
  CHECK(draw(report::history_script(r, folder / "history.png", title, "per step")));
  CHECK(is_png(folder / "history.png"));
  CHECK(draw(report::finite_time_script(r, folder / "finite_time.png", title, "per step")));
  CHECK(is_png(folder / "finite_time.png"));
}

TEST_CASE("report: drawn: one window, and a path that cannot be written", "[edge][failure]") {
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  auto r = example();
  r.finite_time.values = Eigen::MatrixXd::Constant(3, 1, 0.4);
  const libration_test::scratch_folder folder;
  CHECK(draw(report::finite_time_script(r, folder / "one.png", "one window", "per step")));
  CHECK(is_png(folder / "one.png"));
  CHECK(!draw(report::spectrum_script(r, "/no/such/folder/picture.png", "nowhere", "per step")));
}

TEST_CASE("report::finite_time_script drawn: no picture of a result without windows", "[edge][failure]") {
  const libration_test::scratch_folder folder;
  const auto drawn = [&](const lyapunov::spectrum_result& r) {
    return draw(report::finite_time_script(r, folder / "none.png", "none", "per step"));
  };
  CHECK(!drawn({}));  // as a run that was stopped at once leaves it
  auto r = example();
  r.exponents[0] = -std::numeric_limits<double>::infinity();
  CHECK(!drawn(r));
  r = example();
  r.finite_time.values(0, 3) = -std::numeric_limits<double>::infinity();
  CHECK(!drawn(r));
}

TEST_CASE("report::bands_script drawn: a picture, without the points that its axes cannot show", "[edge][failure]") {
  const libration_test::scratch_folder folder;
  CHECK(!draw(bands_script({}, folder / "none.png", "no bands", {"x", "y"})));
  CHECK(!fs::exists(folder / "none.png"));
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  report::band whole{"the network's error", {}, {}, {}, {}};
  whole.x = Eigen::VectorXd::LinSpaced(6, 1.0, 6.0);
  whole.value = whole.x.array().exp();
  whole.lower = 0.5 * whole.value;
  whole.upper = 2.0 * whole.value;

  // One more point for each number that a logarithmic axis has no place for: the picture is the same to the byte.
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double bad[] = {0.0, -1.0, infinity, -infinity, lyapunov::unknown};
  const auto with_bad_points = [&](const auto& numbers) {
    report::band b{whole.label, {}, {}, {}, {}};
    const Eigen::Index n = whole.x.size(), more = 4 * static_cast<Eigen::Index>(std::size(numbers));
    Eigen::VectorXd* const columns[] = {&b.x, &b.value, &b.lower, &b.upper};
    const Eigen::VectorXd* const from[] = {&whole.x, &whole.value, &whole.lower, &whole.upper};
    for (int column = 0; column < 4; ++column) {
      columns[column]->setConstant(n + more, 3.0);
      columns[column]->tail(n) = *from[column];
    }
    Eigen::Index i = 0;
    for (const double number : numbers)
      for (Eigen::VectorXd* column : columns) (*column)[i++] = number;
    return b;
  };
  CHECK(draw(bands_script({whole}, folder / "log.png", "model_a", {"steps", "error", true, true})));
  CHECK(is_png(folder / "log.png"));
  CHECK(draw(bands_script({with_bad_points(bad)}, folder / "log_bad.png", "model_a", {"steps", "error", true, true})));
  CHECK(libration_test::slurp(folder / "log_bad.png") == libration_test::slurp(folder / "log.png"));

  // A linear axis takes zero and negative numbers.
  CHECK(draw(bands_script({whole}, folder / "linear.png", "model_a", {"steps", "error"})));
  CHECK(is_png(folder / "linear.png"));
  constexpr double not_finite[] = {infinity, -infinity, lyapunov::unknown};
  CHECK(draw(bands_script({with_bad_points(not_finite)}, folder / "linear_bad.png", "model_a", {"steps", "error"})));
  CHECK(libration_test::slurp(folder / "linear_bad.png") == libration_test::slurp(folder / "linear.png"));
  CHECK(draw(bands_script({with_bad_points(bad)}, folder / "negative.png", "model_a", {"steps", "error"})));
  CHECK(libration_test::slurp(folder / "negative.png") != libration_test::slurp(folder / "linear.png"));

  // No point at all, a band of no points beside one, more bands than colours, and a folder that is not there.
  CHECK(!draw(bands_script({{"empty", {}, {}, {}, {}}}, folder / "empty.png", "empty", {"steps", "error", false, true})));
  const std::vector<report::band> many(8, whole);
  CHECK(draw(bands_script({whole, {"empty", {}, {}, {}, {}}}, folder / "two.png", "two", {"steps", "error", false, true})));
  CHECK(is_png(folder / "two.png"));
  CHECK(draw(bands_script(many, folder / "many.png", "many", {"steps", "error", true, false})));
  CHECK(is_png(folder / "many.png"));
  CHECK(!draw(bands_script({whole}, "/no/such/folder/picture.png", "nowhere", {"steps", "error"})));
}

TEST_CASE("report::heat_map_script drawn: blank where values are not finite, columns averaged in groups", "[edge][failure]") {
  const libration_test::scratch_folder folder;
  const Eigen::MatrixXd nothing = Eigen::MatrixXd::Constant(4, 6, lyapunov::unknown);
  CHECK(!draw(report::heat_map_script(nothing, folder / "none.png", "nothing", {"x", "y", "unit"})));
  CHECK(!draw(report::heat_map_script(Eigen::MatrixXd(0, 0), folder / "none.png", "nothing", {"x", "y", "unit"})));
  CHECK(!fs::exists(folder / "none.png"));
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  const auto drawn = [&](const Eigen::MatrixXd& values, const report::heat_axes& axes) {
    CHECK(draw(report::heat_map_script(values, folder / "map.png", "the heads' entropy, model_a", axes)));
    CHECK(is_png(folder / "map.png"));
    return libration_test::slurp(folder / "map.png");
  };
  Eigen::MatrixXd values(4, 512);
  libration::random_stream(5).fill_normal(values);
  for (Eigen::Index j = 0; j < 512; j += 2) values.col(j + 1) = values.col(j);
  values.block(1, 100, 2, 50).setConstant(lyapunov::unknown);
  const report::heat_axes axes{"query", "head", "nats"};
  const std::string picture = drawn(values, axes);

  // Pairs of columns share a place: their mean, or the one of them that is finite.
  Eigen::MatrixXd same = values;
  for (Eigen::Index j = 0; j < 512; j += 4) {
    same.col(j).array() += 0.125;
    same.col(j + 1).array() -= 0.125;
    same.col(j + 2).setConstant(j % 8 == 0 ? lyapunov::unknown : -std::numeric_limits<double>::infinity());
  }
  CHECK(drawn(same, axes) == picture);
  same(0, 0) += 3.0;
  CHECK(drawn(same, axes) != picture);

  // Layers, and a colour bar with fixed ends.
  report::heat_axes layers = axes;
  layers.rows_per_layer = 2;
  CHECK(drawn(values, layers) != picture);
  report::heat_axes wide = axes;
  wide.low = -100.0;
  wide.high = 100.0;
  CHECK(drawn(values, wide) != picture);

  // A single row, column or value, and all alike.
  (void)drawn(values.topRows(1), axes);
  (void)drawn(values.leftCols(1), axes);
  (void)drawn(values.topLeftCorner(1, 1), layers);
  (void)drawn(Eigen::MatrixXd::Constant(3, 3, 0.5), axes);
  CHECK(!draw(report::heat_map_script(values, "/no/such/folder/picture.png", "nowhere", axes)));
}
