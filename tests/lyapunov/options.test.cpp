// SPDX-License-Identifier: MIT
#include <libration/lyapunov/options.hpp>

#include <cmath>
#include <limits>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
using libration::argument_error;
using lyapunov::spectrum_options;
using namespace libration_test;

namespace {
std::string refusal(const spectrum_options& options, Eigen::Index n = 3) {
  return message_of<argument_error>([&] { lyapunov::validate(options, n, "who"); });
}
}  // namespace

TEST_CASE("lyapunov::spectrum_options: what is in range passes", "[edge]") {
  CHECK(refusal({}).empty());
  CHECK(refusal({.count = 3, .steps = 1, .transient = 0, .frame_transient = 0, .interval = 5}).empty());
  CHECK(refusal({.tolerance = 1e-3, .max_steps = 7, .tolerance_count = 3}).empty());
  CHECK(refusal({.count = 2, .frame = Eigen::MatrixXd::Ones(3, 2)}).empty());
  CHECK(refusal({.frame = lyapunov::identity}).empty());
}

TEST_CASE("lyapunov::spectrum_options: a value out of range is named, with what was expected", "[failure]") {
  CHECK(refusal({.count = 4}) == "who: .count is 4, expected 0 to 3 (the map's dimension; 0: all)");
  CHECK_THAT(refusal({.count = -1}), Contains(".count is -1"));
  CHECK_THAT(refusal({.steps = -5}), Contains("who: .steps is -5, expected >= 0"));
  CHECK_THAT(refusal({.transient = -1}), Contains(".transient is -1, expected >= 0"));
  CHECK_THAT(refusal({.frame_transient = -2}), Contains(".frame_transient is -2, expected >= 0"));
  CHECK_THAT(refusal({.interval = -3}), Contains(".interval is -3, expected >= 0 (0: automatic)"));
  CHECK_THAT(refusal({.tolerance = -1e-3}), Contains(".tolerance is -0.001"));
  CHECK_THAT(refusal({.tolerance = std::numeric_limits<double>::quiet_NaN()}), Contains(".tolerance is nan"));
  CHECK_THAT(refusal({.steps = 100, .tolerance = 1e-3, .max_steps = 50}), Contains(".max_steps is 50, expected >= .steps"));
  CHECK_THAT(refusal({.neutral_margin = -1.0}), Contains(".neutral_margin is -1"));
  CHECK_THAT(refusal({.tolerance_count = 4}), Contains(".tolerance_count is 4, expected 0 to 3"));
  CHECK_THAT(refusal({.count = 2, .tolerance_count = 3}), Contains(".tolerance_count is 3, expected 0 to 2"));
}

TEST_CASE("lyapunov::spectrum_options: a frame has the map's rows and the count's columns", "[failure]") {
  CHECK_THAT(refusal({.count = 2, .frame = Eigen::MatrixXd::Ones(2, 2)}), Contains(".frame is 2 x 2, expected 3 x 2"));
  CHECK_THAT(refusal({.frame = Eigen::MatrixXd::Ones(3, 2)}), Contains(".frame is 3 x 2, expected 3 x 3"));
  Eigen::MatrixXd frame = Eigen::MatrixXd::Identity(3, 3);
  frame(1, 1) = infinity;
  CHECK_THAT(refusal({.frame = frame}), Contains(".frame has an entry that is not finite"));
}

TEST_CASE("lyapunov::frame_choice: a name, or a matrix of any scalar", "[edge]") {
  CHECK(!lyapunov::frame_choice().given());
  CHECK(lyapunov::frame_choice().name() == lyapunov::random);
  CHECK(lyapunov::frame_choice(lyapunov::identity).name() == lyapunov::identity);
  const lyapunov::frame_choice given(Eigen::MatrixXf::Identity(3, 2));
  CHECK(given.given());
  CHECK(given.matrix() == Eigen::MatrixXd::Identity(3, 2));
}
