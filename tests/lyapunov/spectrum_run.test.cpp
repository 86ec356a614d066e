// SPDX-License-Identifier: MIT
// How runs begin and end: every status, every refusal, the stopping rule, intervals, what the evidence says.
#include <libration/lyapunov/spectrum_run.hpp>

#include <cmath>
#include <limits>
#include <stop_token>
#include <vector>

#include <libration/core/saturating.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/tanh_network.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;
using libration::status;
using libration::verdict;
using lyapunov::spectrum;
using namespace libration_test;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

template <class Work>
std::string refusal(Work&& work) {
  return message_of<argument_error>([&] { (void)work(); });
}

// Two exponents 1e-3 apart, whose columns turn for as many steps as the tolerance asks for.
void check_turning(double tolerance) {
  const maps::basic_linear<2> slow{{{1.0, 0.5}, {0.0, 0.999}}};
  const auto r = spectrum(slow, {0.0, 0.0}, {.frame_transient = 0, .tolerance = tolerance, .max_steps = 200'000'000});
  INFO("tolerance " << tolerance << ": " << r.steps << " steps, " << r.standard_error.transpose());
  REQUIRE(r.status == status::ok);
  CHECK(r.standard_error.maxCoeff() <= tolerance);
  CHECK(std::abs(r.exponents[1] - std::log(0.999)) <= 4.0 * tolerance);
}

}  // namespace

TEST_CASE("lyapunov::spectrum: a result says first that nothing was run", "[edge]") {
  const lyapunov::spectrum_result r;
  CHECK(r.status == status::not_run);
  CHECK(r.verdict == verdict::undecided);
  CHECK(r.exponents.size() == 0);
  CHECK(std::isnan(r.worst_condition));
  CHECK(r.failed_at == -1);
}

TEST_CASE("lyapunov::spectrum: starts of another size, and starts that are not finite", "[failure]") {
  CHECK_THAT(refusal([] {
               return spectrum(maps::henon{}, {nan_value, 0.0});
             }),
             Contains("lyapunov::spectrum: h0 has a component that is not finite (0)"));
  CHECK_THAT(refusal([] { return spectrum(maps::henon{}, {0.0, infinity}); }), Contains("not finite (1)"));
  const maps::linear<> map(MatrixXd::Identity(3, 3));
  CHECK(refusal([&] { return spectrum(map, VectorXd::Zero(2).eval()); }) ==
        "lyapunov::spectrum: h0 has 2 rows, expected 3 (the map's dimension)");
  CHECK_THAT(refusal([&] { return spectrum(map, VectorXd::Constant(3, nan_value).eval()); }), Contains("h0 has a component"));
}

TEST_CASE("lyapunov::spectrum: options out of range and frames that do not fit", "[failure]") {
  const maps::henon map;
  CHECK_THAT(refusal([&] { return spectrum(map, {0.1, 0.1}, {.count = 3}); }), Contains("lyapunov::spectrum: .count is 3"));
  CHECK_THAT(refusal([&] { return spectrum(map, {0.1, 0.1}, {.steps = -1}); }), Contains(".steps is -1"));
  CHECK_THAT(refusal([&] { return spectrum(map, {0.1, 0.1}, {.transient = -1}); }), Contains(".transient is -1"));
  CHECK_THAT(refusal([&] { return spectrum(map, {0.1, 0.1}, {.frame = MatrixXd::Ones(2, 1)}); }), Contains(".frame is 2 x 1"));
  CHECK_THAT(refusal([&] {
               return spectrum(map, {0.1, 0.1}, {.frame = MatrixXd::Ones(2, 2)});
             }),
             Contains(".frame") && Contains("dependent"));
  CHECK_THAT(refusal([&] { return spectrum(map, {0.1, 0.1}, {.frame = MatrixXd::Zero(2, 2)}); }), Contains("dependent"));
}

TEST_CASE("lyapunov::spectrum: inputs of other rows, and too few of them", "[failure]") {
  const maps::driven_linear<> map(0.5 * MatrixXd::Identity(2, 2), MatrixXd::Ones(2, 3));
  const VectorXd h = VectorXd::Zero(2);
  CHECK_THAT(refusal([&] { return spectrum(map, h, MatrixXd::Zero(2, 5000).eval()); }),
             Contains("inputs has 2 rows, expected 3") || Contains("inputs have 2 rows, expected 3"));
  CHECK_THAT(refusal([&] { return spectrum(map, h, MatrixXd::Zero(3, 1000).eval(), {.steps = 500}); }),
             Contains("inputs have 1000 columns, expected at least 1600"));
  CHECK_THAT(refusal([&] { return spectrum(map, h, MatrixXd::Zero(3, 1100).eval()); }),
             Contains("inputs have 1100 columns, expected at least 1101"));
  CHECK_THAT(refusal([&] { return spectrum(map, h, MatrixXd(3, 0)); }), Contains("inputs have 0 columns"));
  CHECK(spectrum(map, h, MatrixXd::Zero(3, 1101).eval()).steps == 1);
  // The same for a formula.
  CHECK_THAT(refusal([&] {
               return spectrum(driven_henon{}, {0.1, 0.1}, MatrixXd::Zero(2, 5000).eval());
             }),
             Contains("2 rows, expected 1"));
}

TEST_CASE("lyapunov::spectrum: an orbit that diverges leaves what was counted, and says where", "[failure]") {
  // From 0.001 about 1,000 steps to 1, and a dozen more to the end of the floating-point range.
  double x = 1e-3;
  std::int64_t last = 0;
  for (; std::isfinite(x); ++last) x = x + x * x;
  const auto r = spectrum(escaping{}, {1e-3}, {.steps = 10'000, .transient = 100, .frame_transient = 10});
  CHECK(r.status == status::diverged);
  CHECK(r.failed_at == last - 1);
  CHECK(r.steps > 0);
  CHECK(r.steps <= last - 110);
  CHECK(std::isfinite(r.exponents[0]));
  CHECK(r.exponents[0] > 0.0);
  // Before anything was counted.
  const auto early = spectrum(escaping{}, {1e-3}, {.steps = 10'000, .transient = 5000});
  CHECK(early.status == status::diverged);
  CHECK(early.failed_at == last - 1);
  CHECK(early.steps == 0);
  CHECK(early.exponents.size() == 1);
  CHECK(std::isnan(early.exponents[0]));
  CHECK(early.verdict == verdict::undecided);
  const auto henon = spectrum(maps::henon{}, {10.0, 10.0});
  CHECK(henon.status == status::diverged);
  CHECK(henon.failed_at < 20);
  // A vector map.
  const auto block = spectrum(maps::linear<>(2.0 * MatrixXd::Identity(3, 3)), VectorXd::Ones(3).eval());
  CHECK(block.status == status::diverged);
  CHECK(block.failed_at == 1023);  // 2^1024 is no double
}

TEST_CASE("lyapunov::spectrum: a cancelled run keeps what it has", "[failure]") {
  std::stop_source source;
  const auto stop_at = [&](std::int64_t when) {
    return [&source, when](const libration::progress& p) {
      if (p.done >= when) source.request_stop();
    };
  };
  const auto r = spectrum(maps::henon{}, maps::henon::start(),
                          {.steps = 1'000'000,
                           .frame_transient = 100,
                           .on_progress = stop_at(100'000),
                           .stop = source.get_token()});
  CHECK(r.status == status::cancelled);
  CHECK(r.failed_at == -1);
  CHECK(r.steps > 90'000);
  CHECK(r.steps < 110'000);
  check_exponent(r, 0, 0.4192154, 4e-6);
  // The same digits as a run of that length.
  const auto whole = spectrum(maps::henon{}, maps::henon::start(), {.steps = r.steps, .frame_transient = 100});
  CHECK(std::abs(whole.exponents[0] - r.exponents[0]) < rounding(r));
  // Stopped before the first step.
  const auto none = spectrum(maps::henon{}, maps::henon::start(), {.stop = source.get_token()});
  CHECK(none.status == status::cancelled);
  CHECK(none.steps == 0);
}

TEST_CASE("lyapunov::spectrum: step counts at the type's limit go on until the run is stopped", "[edge]") {
  constexpr std::int64_t most = libration::unlimited_steps;
  const auto stopped_by_progress = [](lyapunov::spectrum_options options) {
    std::stop_source source;
    options.on_progress = [&](const libration::progress&) { source.request_stop(); };
    options.stop = source.get_token();
    return spectrum(maps::henon{}, maps::henon::start(), options);
  };
  for (const std::int64_t steps : {most, most - 1099, most - 1100, most / 2}) {
    const auto r = stopped_by_progress({.steps = steps});
    CHECK(r.status == status::cancelled);
    CHECK(r.steps > 0);
    check_exponent(r, 0, 0.4192154, 4e-6);
  }
  const auto waiting = stopped_by_progress({.steps = 10, .transient = most});
  CHECK(waiting.status == status::cancelled);
  CHECK(waiting.steps == 0);
  // A tolerance multiplies the fewest steps by a hundred.
  const auto r = stopped_by_progress({.steps = most / 8, .tolerance = 1e-3});
  CHECK(r.status == status::cancelled);
  CHECK(r.steps > 0);
}

TEST_CASE("lyapunov::spectrum: progress rises from call to call to the end", "[law]") {
  std::vector<libration::progress> seen;
  (void)spectrum(maps::henon{}, maps::henon::start(),
                 {.steps = 50'000, .on_progress = [&](const libration::progress& p) { seen.push_back(p); }});
  REQUIRE(seen.size() > 10);
  CHECK(seen.size() < 1100);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i].total == 54'125);  // transients included: 1000, and a sixteenth of the counted steps
    if (i > 0) CHECK(seen[i].done > seen[i - 1].done);
  }
  CHECK(seen.back().done == seen.back().total);
}

TEST_CASE("lyapunov::spectrum: a tolerance ends the run when every error is below it", "[stat]") {
  const auto r = spectrum(maps::henon{}, maps::henon::start(), {.tolerance = 1e-3});
  CHECK(r.status == status::ok);
  CHECK(r.steps >= 1000);
  CHECK(r.steps < 1'000'000);
  CHECK(r.standard_error.maxCoeff() <= 1e-3);
  check_exponent(r, 0, 0.4192154, 4e-6);
  // For some of them only: the others of this product take longer.
  const maps::gaussian_product<> product(3, 1);
  const VectorXd h = VectorXd::Zero(3);
  const auto first = spectrum(product, h, {.tolerance = 5e-3, .tolerance_count = 1});
  const auto all = spectrum(product, h, {.tolerance = 5e-3});
  CHECK(first.status == status::ok);
  CHECK(all.status == status::ok);
  CHECK(first.standard_error[0] <= 5e-3);
  CHECK(all.standard_error.maxCoeff() <= 5e-3);
  CHECK(first.steps < all.steps);
}

TEST_CASE("lyapunov::spectrum: a tolerance that is not reached is not_converged", "[failure]") {
  const auto r = spectrum(maps::henon{}, maps::henon::start(), {.tolerance = 1e-9, .max_steps = 5000});
  CHECK(r.status == status::not_converged);
  CHECK(r.steps == 5000);
  CHECK(r.standard_error[0] > 1e-9);
  check_exponent(r, 0, 0.4192154, 4e-6);
  // Inputs end it too.
  const auto driven = spectrum(driven_henon{}, {0.1, 0.1}, uniform_inputs(1, 4000, 1), {.tolerance = 1e-9});
  CHECK(driven.status == status::not_converged);
  CHECK(driven.steps == 2900);
}

TEST_CASE("lyapunov::spectrum: a tolerance holds where columns turn for millions of steps", "[law][heavy]") { check_turning(1e-7); }

TEST_CASE("lyapunov::spectrum: a tolerance holds for the error bar that is reported, with rounding and the frame's turning",
          "[law][failure]") {
  // Of a constant matrix the growth has no scatter: all that is left is rounding, by a condition of 1e4 about 1e-11 a step.
  MatrixXd turned(2, 2);
  turned << 0.9, 1.0, 0.0, 1e-4;
  const MatrixXd rotation = (MatrixXd(2, 2) << 0.8, 0.6, -0.6, 0.8).finished();
  const maps::linear<> map(MatrixXd(rotation.transpose() * turned * rotation));
  const VectorXd h = (VectorXd(2) << 0.1, 0.2).finished();
  for (const std::int64_t interval : {0, 1}) {
    const auto beyond = spectrum(map, h, {.interval = interval, .tolerance = 1e-13, .max_steps = libration::unlimited_steps});
    CHECK(beyond.status == status::not_converged);
    CHECK(beyond.steps < 10'000);
    CHECK(beyond.rounding[1] > 1e-13);
    const auto within = spectrum(map, h, {.interval = interval, .tolerance = 1e-9});
    CHECK(within.status == status::ok);
    CHECK(within.standard_error.maxCoeff() <= 1e-9);
    // The first exponent's rounding is that of its own pivot.
    const auto first = spectrum(map, h, {.interval = interval, .tolerance = 3e-15, .tolerance_count = 1});
    CHECK(first.status == status::ok);
    CHECK(first.standard_error[0] <= 3e-15);
  }
  // Columns that turn for thousands of steps.
  for (const double tolerance : {1e-3, 1e-5}) check_turning(tolerance);
  // An exponent that is only bounded stays so.
  const maps::linear<> one((MatrixXd(2, 2) << 0.999, 0.3, 0.0, 0.9).finished());
  const auto bound = spectrum(maps::iterate(one, 900), VectorXd::Zero(2).eval(),
                              {.tolerance = 1e-6, .max_steps = libration::unlimited_steps});
  CHECK(bound.status == status::not_resolved);
  CHECK(bound.steps < 10'000);
}

TEST_CASE("lyapunov::spectrum: forced intervals are right, or the frame is said to be lost", "[law]") {
  // Between Hénon's directions the gap is 2.04 a step: from 16 to 18 steps on, 1/eps is exceeded.
  const std::int64_t steps = 20'000;
  const auto exact = spectrum(maps::henon{}, maps::henon::start(), {.steps = steps, .interval = 1});
  CHECK(exact.status == status::ok);
  int lost = 0;
  for (std::int64_t interval = 2; interval <= 30; ++interval) {
    const auto r = spectrum(maps::henon{}, maps::henon::start(), {.steps = steps, .interval = interval});
    INFO("interval " << interval << ": " << r.exponents.transpose() << ", worst condition " << r.worst_condition);
    if (r.status == status::lost_frame) {
      ++lost;
      CHECK(interval >= 10);
      CHECK(r.failed_at >= 0);
      CHECK(r.steps < steps);
      continue;
    }
    REQUIRE(r.status == status::ok);
    CHECK(interval <= 18);
    CHECK(r.steps == steps);
    // What rounding does to a pivot, spread over the interval's steps; and in any case far less than the error bar.
    const double explained = 4.0 * eps * r.worst_condition / static_cast<double>(interval) + 1e-13;
    CHECK((r.exponents - exact.exponents).cwiseAbs().maxCoeff() < explained);
    CHECK((r.exponents - exact.exponents).cwiseAbs().maxCoeff() < r.standard_error.minCoeff());
    CHECK(r.sum_defect() < explained);
    CHECK(std::abs(r.mean_interval - static_cast<double>(interval)) < 0.2 * static_cast<double>(interval));
  }
  CHECK(lost >= 12);
}

TEST_CASE("lyapunov::spectrum: automatic intervals change no digit that counts, and never lose the frame", "[differential]") {
  const auto compare = [](const char* name, const auto& map, const auto& h) {
    INFO(name);
    const auto exact = spectrum(map, h, {.steps = 3000, .transient = 200, .frame_transient = 100, .interval = 1});
    const auto r = spectrum(map, h, {.steps = 3000, .transient = 200, .frame_transient = 100});
    CHECK(r.status == status::ok);
    CHECK(r.steps == 3000);
    CHECK((r.exponents - exact.exponents).cwiseAbs().maxCoeff() < 1e-7);
    CHECK(r.worst_condition < 1e12);
    CHECK(r.worst_defect < 1e-13);
    CHECK(r.orthonormalisations <= exact.orthonormalisations);
    CHECK(exact.mean_interval == 1.0);
  };
  compare("henon", maps::henon{}, maps::henon::start());
  compare("tanh network", maps::tanh_network<>(12, 2.5, 1), maps::tanh_network<>(12, 2.5, 1).start());
  compare("gaussian product", maps::gaussian_product<>(5, 2), VectorXd::Zero(5).eval());
}

TEST_CASE("lyapunov::spectrum: an automatic interval in which a column becomes dependent is replayed", "[edge]") {
  // For 500 steps a turn, which lets the interval grow as long as it likes; then a stretch by 1e6 a step.
  std::vector<MatrixXd> list(500, (MatrixXd(2, 2) << 0.0, -1.0, 1.0, 0.0).finished());
  for (int i = 0; i < 500; ++i) list.push_back((MatrixXd(2, 2) << 1e6, 0.0, 0.0, 1e-6).finished());
  const maps::matrix_product<> map(list);
  const VectorXd h = VectorXd::Zero(2);
  const auto exact = spectrum(map, h, {.steps = 5000, .transient = 0, .frame_transient = 0, .interval = 1});
  const auto r = spectrum(map, h, {.steps = 5000, .transient = 0, .frame_transient = 0});
  CHECK(r.status == status::ok);
  CHECK(r.breakdowns > 0);
  CHECK((r.exponents - exact.exponents).cwiseAbs().maxCoeff() < 1e-7);
  CHECK(std::abs(r.sum) < 1e-7);
}

TEST_CASE("lyapunov::spectrum: finite-time exponents and history add up to the exponents", "[law]") {
  const auto r = spectrum(maps::henon{}, maps::henon::start(), {.steps = 65'536, .history = true});
  REQUIRE(r.finite_time.values.rows() == 2);
  REQUIRE(r.finite_time.values.cols() >= 16);
  CHECK(r.finite_time.window * r.finite_time.values.cols() <= r.steps);
  if (r.finite_time.window * r.finite_time.values.cols() == r.steps)
    CHECK((r.finite_time.mean() - r.exponents).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(r.finite_time.quantile(0.0)[0] == r.finite_time.values.row(0).minCoeff());
  CHECK(r.finite_time.quantile(1.0)[0] == r.finite_time.values.row(0).maxCoeff());
  REQUIRE(r.history.steps.size() > 0);
  CHECK(r.history.steps.size() <= 256);
  CHECK(r.history.exponents.rows() == 2);
  for (Eigen::Index j = 1; j < r.history.steps.size(); ++j) CHECK(r.history.steps[j] > r.history.steps[j - 1]);
  CHECK(std::abs(r.history.exponents(0, r.history.exponents.cols() - 1) - r.exponents[0]) < r.half_width[0]);
  CHECK(spectrum(maps::henon{}, maps::henon::start(), {.steps = 1000}).history.steps.size() == 0);
}

TEST_CASE("lyapunov::spectrum: the same options give the same digits; another seed another frame", "[law]") {
  const auto a = spectrum(maps::henon{}, maps::henon::start(), {.steps = 2000, .frame_transient = 0});
  CHECK(difference(a, spectrum(maps::henon{}, maps::henon::start(), {.steps = 2000, .frame_transient = 0})).empty());
  const auto b = spectrum(maps::henon{}, maps::henon::start(), {.steps = 2000, .frame_transient = 0, .seed = 1});
  CHECK(a.exponents[0] != b.exponents[0]);
  CHECK(b.seed == 1);
}
