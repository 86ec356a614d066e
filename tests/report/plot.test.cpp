// SPDX-License-Identifier: MIT
#include <libration/report/plot.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>

#include <libration/core/random.hpp>

#include "support/catch.hpp"

namespace fs = std::filesystem;
namespace lyapunov = libration::lyapunov;
namespace report = libration::report;

namespace {

bool gnuplot_is_here() { return report::gnuplot("exit\n"); }

// A file in the temporary folder, removed at the end.
class picture {
 public:
  explicit picture(const std::string& name) {
    static int number = 0;
    path_ = fs::temp_directory_path() /
            ("libration_" + std::to_string(reinterpret_cast<std::uintptr_t>(&number)) + "_" + std::to_string(number++) + name);
  }
  ~picture() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  picture(const picture&) = delete;
  picture& operator=(const picture&) = delete;
  const fs::path& path() const { return path_; }

  bool is_png() const {
    std::ifstream file(path_, std::ios::binary);
    char head[8] = {};
    file.read(head, 8);
    return file && std::string(head, 8) == "\x89PNG\r\n\x1a\n" && fs::file_size(path_) > 2000;
  }

 private:
  fs::path path_;
};

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

TEST_CASE("report::gnuplot: a script with a mistake is a failure, not a picture", "[failure]") {
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  CHECK(!report::gnuplot("plot 'no such file anywhere' using nothing\n"));
}

TEST_CASE("report::plot: each picture is a PNG file", "[edge]") {
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  const auto r = example();
  // A title with what gnuplot's own quoting takes: an apostrophe, and underscores that are no subscripts.
  const std::string title = "the network's spectrum, model_a";
  const picture spectrum("_spectrum.png"), history("_history.png"), finite_time("_finite_time.png");
  CHECK(report::plot_spectrum(r, spectrum.path(), title, "per step"));
  CHECK(spectrum.is_png());
  CHECK(report::plot_history(r, history.path(), title, "per step"));
  CHECK(history.is_png());
  CHECK(report::plot_finite_time(r, finite_time.path(), title, "per step"));
  CHECK(finite_time.is_png());
}

TEST_CASE("report::plot: one window, and a path that cannot be written", "[edge][failure]") {
  if (!gnuplot_is_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  auto r = example();
  r.finite_time.values = Eigen::MatrixXd::Constant(3, 1, 0.4);
  const picture one("_one.png");
  CHECK(report::plot_finite_time(r, one.path(), "one window", "per step"));
  CHECK(one.is_png());
  CHECK(!report::plot_spectrum(r, "/no/such/folder/picture.png", "nowhere", "per step"));
}
