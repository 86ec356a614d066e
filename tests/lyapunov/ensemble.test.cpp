// SPDX-License-Identifier: MIT
#include <libration/lyapunov/ensemble.hpp>

#include <cmath>
#include <span>
#include <stop_token>
#include <vector>

#include <libration/core/random.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/tanh_network.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;
using libration::ensemble_options;
using libration::status;
using lyapunov::spectrum_ensemble;
using lyapunov::spectrum_sweep;
using lyapunov::spectrum_trials;
using namespace libration_test;

namespace {

// Starts in Hénon's basin, shape (2, members).
MatrixXd henon_starts(Eigen::Index members) { return 0.1 * uniform_inputs(2, members, 11); }

// A map that cannot run in lanes.
struct alone {
  static constexpr int dimension = 2;
  static constexpr bool lanes = false;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    return maps::henon{}(h);
  }
};

void check_same(const std::vector<lyapunov::spectrum_result>& a, const std::vector<lyapunov::spectrum_result>& b,
                std::size_t first = 0) {
  REQUIRE(a.size() + first <= b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("member " << first + i);
    CHECK(difference(a[i], b[first + i]) == "");
  }
}

}  // namespace

TEST_CASE("lyapunov::spectrum_ensemble: the same digits on 1, 2 and 7 threads", "[law]") {
  const MatrixXd starts = henon_starts(37);
  const lyapunov::spectrum_options options{.steps = 3000, .transient = 50};
  const auto one = spectrum_ensemble(maps::henon{}, starts, options, {.threads = 1});
  REQUIRE(one.size() == 37);
  for (const auto& r : one) CHECK(r.status == status::ok);
  check_same(spectrum_ensemble(maps::henon{}, starts, options, {.threads = 2}), one);
  check_same(spectrum_ensemble(maps::henon{}, starts, options, {.threads = 7}), one);
  const maps::tanh_network<> net(6, 2.0, 1);
  const MatrixXd points = uniform_inputs(6, 9, 3);
  const auto alone_one = spectrum_ensemble(net, points, {.steps = 500}, {.threads = 1});
  check_same(spectrum_ensemble(net, points, {.steps = 500}, {.threads = 7}), alone_one);
}

TEST_CASE("lyapunov::spectrum_ensemble: the same digits in any company", "[law]") {
  const MatrixXd starts = henon_starts(40);
  const lyapunov::spectrum_options options{.steps = 700, .transient = 20, .frame_transient = 30};
  const auto all = spectrum_ensemble(maps::henon{}, starts, options, {.threads = 1});
  for (Eigen::Index members = 1; members < 40; members += members < 18 ? 1 : 7) {
    INFO(members << " members");
    check_same(spectrum_ensemble(maps::henon{}, starts.leftCols(members), options, {.threads = 1}), all);
  }
  // Shifted, so that every member sits in another lane beside others.
  check_same(spectrum_ensemble(maps::henon{}, starts.rightCols(35), options, {.threads = 2}), all, 5);
}

TEST_CASE("lyapunov::spectrum_ensemble: short runs in lanes are those of one orbit, and long ones statistically",
          "[differential][stat]") {
  const MatrixXd starts = henon_starts(10);
  // Hénon's formula has the same roundings in both, and so has the frame; only the logarithms' sum may differ.
  const lyapunov::spectrum_options brief{.steps = 50, .transient = 10, .frame_transient = 10, .interval = 1};
  const lyapunov::spectrum_options lengthy{.steps = 20'000};
  const auto lanes = spectrum_ensemble(maps::henon{}, starts, brief);
  const auto single = spectrum_ensemble(maps::henon{}, starts, brief, {.lanes = false});
  const auto many = spectrum_ensemble(maps::henon{}, starts, lengthy);
  for (std::size_t i = 0; i < 10; ++i) {
    INFO("member " << i);
    CHECK((lanes[i].exponents - single[i].exponents).cwiseAbs().maxCoeff() < 1e-11);  // 70 steps grow eps by e^(0.42 * 70)
    CHECK(lanes[i].steps == 50);
    CHECK(lanes[i].orthonormalisations == single[i].orthonormalisations);
    check_exponent(many[i], 0, 0.4192154, 4e-6);
    CHECK(many[i].sum_defect() < rounding(many[i]));
  }
  const auto apart = spectrum_ensemble(maps::henon{}, starts.leftCols(2), lengthy, {.lanes = false});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::abs(apart[i].exponents[0] - many[i].exponents[0]) <
          4.0 * std::hypot(apart[i].standard_error[0], many[i].standard_error[0]));
    CHECK(difference(
              apart[i],
              lyapunov::spectrum(maps::henon{}, {starts(0, static_cast<Eigen::Index>(i)), starts(1, static_cast<Eigen::Index>(i))},
                                 lengthy)) == "");
  }
}

TEST_CASE("lyapunov::spectrum_ensemble: a member that diverges is a status in its place", "[failure]") {
  MatrixXd starts = henon_starts(11);
  const lyapunov::spectrum_options options{.steps = 500};
  const auto good = spectrum_ensemble(maps::henon{}, starts, options);
  starts.col(4) = Eigen::Vector2d(10.0, 10.0);
  const auto mixed = spectrum_ensemble(maps::henon{}, starts, options);
  const auto lonely = lyapunov::spectrum(maps::henon{}, {10.0, 10.0}, options);
  for (std::size_t i = 0; i < 11; ++i) {
    INFO("member " << i);
    if (i == 4) {
      CHECK(mixed[i].status == status::diverged);
      CHECK(mixed[i].failed_at == lonely.failed_at);
      CHECK(mixed[i].steps == 0);
    } else {
      CHECK(difference(mixed[i], good[i]) == "");
    }
  }
  // Later ones, each at its own step, keep what they have counted.
  MatrixXd slow(1, 9);
  for (int i = 0; i < 9; ++i) slow(0, i) = 1.0 / (500.0 + 100.0 * i);
  const auto gone = spectrum_ensemble(escaping{}, slow, {.steps = 5000, .transient = 50, .frame_transient = 0});
  for (std::size_t i = 0; i < 9; ++i) {
    INFO("member " << i);
    const auto by_itself = lyapunov::spectrum(escaping{}, {slow(0, static_cast<Eigen::Index>(i))},
                                              {.steps = 5000, .transient = 50, .frame_transient = 0});
    CHECK(gone[i].status == status::diverged);
    CHECK(gone[i].failed_at == by_itself.failed_at);
    CHECK(gone[i].steps > 0);
    CHECK(std::isfinite(gone[i].exponents[0]));
  }
}

TEST_CASE("lyapunov::spectrum_ensemble: members that collapse, and forced intervals that lose the frame", "[failure]") {
  MatrixXd starts(1, 9);
  starts << 0.3, 0.5, 0.31, 0.75, 0.32, 0.33, 0.0, 0.34, 0.35;
  const auto r = spectrum_ensemble(maps::logistic{}, starts, {.steps = 20'000, .transient = 10});
  for (std::size_t i = 0; i < 9; ++i) {
    INFO("member " << i);
    // 1/2 -> 1 -> 0, an unstable fixed point; 3/4 and 0 are fixed points themselves.
    CHECK(r[i].status == (i == 1 ? status::collapsed : status::ok));
    CHECK(r[i].cycle_length == (i == 1 || i == 3 || i == 6 ? 1 : 0));
  }
  for (const auto& lost : spectrum_ensemble(maps::henon{}, henon_starts(9), {.steps = 5000, .interval = 25}))
    CHECK(lost.status == status::lost_frame);
}

TEST_CASE("lyapunov::spectrum_ensemble: a tolerance holds for each member", "[stat]") {
  const auto results = spectrum_ensemble(maps::henon{}, henon_starts(10), {.tolerance = 2e-3});
  bool differ = false;
  for (const auto& r : results) {
    CHECK(r.status == status::ok);
    CHECK(r.standard_error.maxCoeff() <= 2e-3);
    differ = differ || r.steps != results.front().steps;
  }
  CHECK(differ);
}

TEST_CASE("lyapunov::spectrum_ensemble: progress counts members, and a stop token ends all", "[failure]") {
  std::vector<std::int64_t> done;
  (void)spectrum_ensemble(maps::henon{}, henon_starts(30), {.steps = 100, .on_progress = [&](const libration::progress& p) {
                                                              CHECK(p.total == 30);
                                                              done.push_back(p.done);
                                                            }});
  REQUIRE(!done.empty());
  for (std::size_t i = 1; i < done.size(); ++i) CHECK(done[i] > done[i - 1]);
  CHECK(done.back() == 30);
  std::stop_source source;
  source.request_stop();
  const auto stopped = spectrum_ensemble(maps::henon{}, henon_starts(30), {.stop = source.get_token()});
  REQUIRE(stopped.size() == 30);
  for (const auto& r : stopped) CHECK(r.status == status::cancelled);
}

TEST_CASE("lyapunov::spectrum_ensemble: no members, wrong starts, and maps that run alone", "[edge][failure]") {
  CHECK(spectrum_ensemble(maps::henon{}, MatrixXd(2, 0)).empty());
  CHECK_THAT(message_of<argument_error>([] { (void)spectrum_ensemble(maps::henon{}, MatrixXd::Zero(3, 4)); }),
             Contains("lyapunov::spectrum_ensemble: starts has 3 rows, expected 2") || Contains("starts have 3 rows, expected 2"));
  MatrixXd bad = henon_starts(4);
  bad(1, 2) = infinity;
  CHECK_THAT(message_of<argument_error>([&] { (void)spectrum_ensemble(maps::henon{}, bad); }), Contains("not finite"));
  CHECK_THAT(message_of<argument_error>([&] { (void)spectrum_ensemble(maps::henon{}, henon_starts(2), {.count = 5}); }),
             Contains("lyapunov::spectrum_ensemble: .count is 5"));
  const auto one_by_one = spectrum_ensemble(alone{}, henon_starts(5), {.steps = 400});
  check_same(one_by_one, spectrum_ensemble(maps::henon{}, henon_starts(5), {.steps = 400}, {.lanes = false}));
}

TEST_CASE("lyapunov::spectrum_sweep: each parameter's own spectrum", "[oracle][differential]") {
  std::vector<double> parameters;
  for (int i = 0; i < 21; ++i)
    parameters.push_back(1.13 + 0.09 * i);  // stable fixed points, 1 - 1/r; not 2, where -inf is rounding's to find
  const auto in_lanes = [](auto r) { return maps::basic_logistic<decltype(r)>{r}; };
  const auto one_by_one = [](double r) { return maps::logistic{r}; };
  const lyapunov::spectrum_options options{.steps = 2000, .transient = 3000};
  const auto a = spectrum_sweep(in_lanes, parameters, {0.3}, options);
  const auto b = spectrum_sweep(one_by_one, parameters, {0.3}, options);
  REQUIRE(a.size() == 21);
  for (std::size_t i = 0; i < 21; ++i) {
    INFO("r = " << parameters[i]);
    CHECK(a[i].status == status::ok);
    CHECK(std::abs(a[i].exponents[0] - std::log(std::abs(2.0 - parameters[i]))) < 1e-11);
    CHECK(std::abs(a[i].exponents[0] - b[i].exponents[0]) < 1e-11);
  }
  check_same(spectrum_sweep(in_lanes, parameters, {0.3}, options, {.threads = 7}), a);
  check_same(spectrum_sweep(in_lanes, std::span(parameters).first(3), {0.3}, options), a);
  check_same(spectrum_sweep(in_lanes, parameters, {0.3}, options, {.lanes = false}), b);
  CHECK_THAT(message_of<argument_error>([&] { (void)spectrum_sweep(in_lanes, parameters, {infinity}, options); }),
             Contains("h0 has a component that is not finite"));
  CHECK(spectrum_sweep(in_lanes, std::span<const double>(), {0.3}).empty());
}

TEST_CASE("lyapunov::spectrum_trials: each input sequence's own spectrum", "[differential]") {
  std::vector<MatrixXd> trials;
  for (int i = 0; i < 13; ++i) trials.push_back(uniform_inputs(1, 400, static_cast<std::uint64_t>(i)));
  const lyapunov::spectrum_options options{.transient = 20, .frame_transient = 20};
  const auto lanes = spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(trials), options);
  REQUIRE(lanes.size() == 13);
  for (const auto& r : lanes) {
    CHECK(r.status == status::ok);
    CHECK(r.steps == 360);
    CHECK(r.sum_defect() < rounding(r));
  }
  check_same(spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(trials), options, {.threads = 7}), lanes);
  check_same(spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(trials).first(3), options), lanes);
  const auto single = spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(trials), options, {.lanes = false});
  for (std::size_t i = 0; i < 13; ++i)
    CHECK(difference(single[i], lyapunov::spectrum(driven_henon{}, {0.1, 0.1}, trials[i], options)) == "");
  // In lanes and alone the same orbits while they are short.
  lyapunov::spectrum_options brief{.steps = 40, .transient = 0, .frame_transient = 0, .interval = 1};
  const auto a = spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(trials), brief);
  const auto b = spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(trials), brief, {.lanes = false});
  for (std::size_t i = 0; i < 13; ++i) CHECK((a[i].exponents - b[i].exponents).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((a[0].exponents - a[1].exponents).cwiseAbs().maxCoeff() > 0.0);  // each is driven by its own
}

TEST_CASE("lyapunov::spectrum_trials: vector maps, trials of different lengths, and wrong ones", "[edge][failure]") {
  const maps::driven_linear<> map((MatrixXd(2, 2) << 0.9, 0.3, 0.0, 0.5).finished(), MatrixXd::Ones(2, 3));
  const VectorXd h = VectorXd::Zero(2);
  std::vector<MatrixXd> trials;
  for (int i = 0; i < 5; ++i) trials.push_back(uniform_inputs(3, 300 + 10 * i, static_cast<std::uint64_t>(i)));
  const lyapunov::spectrum_options options{.transient = 20, .frame_transient = 200};
  const auto r = spectrum_trials(map, h, std::span<const MatrixXd>(trials), options, {.threads = 2});
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(r[i].steps == 80 + 10 * static_cast<std::int64_t>(i));
    CHECK(std::abs(r[i].exponents[0] - std::log(0.9)) < rounding(r[i]));
  }
  // A formula's trials of different lengths run one by one where `.steps` does not say how many.
  std::vector<MatrixXd> uneven = {uniform_inputs(1, 300, 1), uniform_inputs(1, 350, 2)};
  const auto two = spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(uneven), options);
  CHECK(two[0].steps == 80);
  CHECK(two[1].steps == 130);
  // What is too short, or has other rows, is a mistake.
  trials[3] = MatrixXd::Zero(2, 300);
  CHECK_THAT(message_of<argument_error>([&] { (void)spectrum_trials(map, h, std::span<const MatrixXd>(trials), options); }),
             Contains("2 rows, expected 3"));
  uneven[1] = MatrixXd::Zero(2, 300);
  CHECK_THAT(message_of<argument_error>([&] {
               (void)spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(uneven), options);
             }),
             Contains("2 rows, expected 1"));
  uneven[1] = MatrixXd::Zero(1, 100);
  CHECK_THAT(message_of<argument_error>([&] {
               (void)spectrum_trials(driven_henon{}, {0.1, 0.1}, std::span<const MatrixXd>(uneven), {.steps = 200});
             }),
             Contains("inputs have 100 columns"));
}

TEST_CASE("lyapunov::spectrum_sweep: a singular and a dying member beside ordinary ones", "[oracle]") {
  const std::vector<double> values = {0.0, 0.5, 1.5, 4.0};
  const auto make = [](auto r) { return maps::basic_logistic<decltype(r)>{r}; };
  for (const std::int64_t interval : {0, 1, 3}) {
    const auto r = spectrum_sweep(make, std::span<const double>(values), {0.3}, {.steps = 20'000, .interval = interval});
    INFO("interval " << interval);
    if (interval == 3)
      CHECK(r[0].status == status::lost_frame);  // the column is 0 before the forced interval is over
    else
      CHECK(r[0].exponents[0] == -infinity);
    check_exponent(r[1], 0, std::log(0.5), 1e-9);  // the orbit dies to 0
    check_exponent(r[2], 0, std::log(0.5), 1e-9);  // ln|2 - r|
    CHECK(r[3].status == status::ok);
    check_exponent(r[3], 0, std::log(2.0));
  }
}
