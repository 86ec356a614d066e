// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/random.hpp>
#include <libration/memory/effective_dimension.hpp>
#include <libration/memory/state_estimator.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::state, libration::status, libration::vector_span, libration::vector_view;
using namespace libration::memory;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Layers of independent units: h_i' = a h_i + s_i x_i, layer l beginning at row offset(l); the last unit adds up |x|.
struct two_layers {
  using scalar_type = double;
  double a = 0.0;
  bool adds = false;
  Index state_size() const { return 7; }
  Index input_size() const { return 7; }
  std::size_t layer_count() const { return 2; }
  Index offset(std::size_t l) const { return l == 0 ? 0 : 4; }
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    for (Index i = 0; i < 7; ++i) next[i] = a * h[i] + (i < 4 ? std::sqrt(i == 0 ? 4.0 : i == 1 ? 2.0 : 1.0) : 1.0) * x[i];
    if (adds) next[6] = h[6] + std::abs(x[6]);
  }
};

struct growth_like {  // h' = h + t^-p
  static constexpr int dimension = 1;
  double power = 0.0;
  template <class T>
  state<T, 1> operator()(std::int64_t t, const state<T, 1>& h) const {
    return {h[0] + std::pow(static_cast<double>(t + 1), -power)};
  }
};

MatrixXd normals(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd A(rows, columns);
  libration::random_stream(8, stream).fill_normal(A);
  return A;
}

}  // namespace

TEST_CASE("memory::participation_ratio, effective_rank: 4, 2, 1, 1", "[oracle][failure][edge]") {
  const VectorXd variances = (VectorXd(4) << 4, 2, 1, 1).finished();
  CHECK(std::abs(participation_ratio(variances) - 2.909090909) < 1e-9);
  CHECK(std::abs(effective_rank(variances) - 3.363585661) < 1e-9);
  CHECK(std::abs(participation_ratio(1e300 * variances) - 32.0 / 11.0) < 1e-14);
  CHECK(std::abs(effective_rank(1e-300 * variances) - effective_rank(variances)) < 1e-14);
  CHECK(participation_ratio(VectorXd::Constant(9, 0.3)) == Catch::Detail::Approx(9.0).epsilon(1e-14));
  CHECK(effective_rank(VectorXd::Constant(9, 0.3)) == Catch::Detail::Approx(9.0).epsilon(1e-14));
  CHECK(effective_rank((VectorXd(3) << 2.0, 0.0, -1e-12).finished()) == 1.0);
  CHECK(std::isnan(participation_ratio(VectorXd::Zero(3))));
  CHECK(std::isnan(effective_rank(VectorXd())));
  CHECK(std::isnan(effective_rank((VectorXd(2) << 1.0, infinity).finished())));
  CHECK(message_of<argument_error>([] { (void)participation_ratio((VectorXd(2) << 1.0, -0.5).finished()); }) ==
        "memory::participation_ratio: variances[1] is -0.5, expected the eigenvalues of a covariance, >= 0");
}

TEST_CASE("memory::state_statistics: layers of independent units", "[oracle][stat]") {
  const two_layers map;
  const Index steps = 8000;
  const MatrixXd x = normals(7, steps, 1);
  const state_result r = state_statistics(map, VectorXd::Zero(7), x);
  REQUIRE(r.status == status::ok);
  REQUIRE(r.layers.size() == 2);
  CHECK(r.steps == steps);
  const layer_statistics &lower = r.layers[0], &upper = r.layers[1];
  CHECK(lower.first == 0);
  CHECK(lower.size == 4);
  CHECK(upper.first == 4);
  CHECK(upper.size == 3);
  // The same covariance by two passes over the states.
  const MatrixXd h = (VectorXd(4) << 2.0, std::sqrt(2.0), 1.0, 1.0).finished().asDiagonal() * x.topRows(4);
  const MatrixXd centred = h.colwise() - h.rowwise().mean();
  const MatrixXd covariance = centred * centred.transpose() / static_cast<double>(steps);
  const VectorXd variances = Eigen::SelfAdjointEigenSolver<MatrixXd>(covariance).eigenvalues().reverse();
  CHECK((lower.variances - variances).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(std::abs(lower.participation_ratio - participation_ratio(variances)) < 1e-12);
  // Four of the jackknife's standard errors, of 7 degrees of freedom: one seed in 200 fails.
  CHECK(std::abs(lower.participation_ratio - 32.0 / 11.0) < 4.0 * lower.participation_ratio_error);
  CHECK(std::abs(lower.effective_rank - 3.363585661) < 4.0 * lower.effective_rank_error);
  CHECK(lower.participation_ratio_error > 0.005);
  CHECK(lower.participation_ratio_error < 0.12);
  CHECK(upper.participation_ratio > 2.95);
  // E|N(0, I_3)| = √(8/π); four standard errors, one in 16,000.
  CHECK(std::abs(upper.norm.mean - std::sqrt(8.0 / 3.141592653589793)) < 4.0 * upper.norm.standard_error);
  CHECK(lower.growth == state_growth::level);
  CHECK(upper.growth == state_growth::level);
  CHECK(r.growing().empty());
  double largest = 0.0;
  for (Index t = 0; t < steps; ++t) largest = std::max(largest, x.col(t).tail(3).norm());
  CHECK(std::abs(upper.largest_norm - largest) < 1e-14);
  CHECK((r.final_state.tail(3) - x.col(steps - 1).tail(3)).norm() == 0.0);

  // Other layers, and none of the covariances.
  const state_result one = state_statistics(map, VectorXd::Zero(7), x, {.layers = {0}, .dimensions = false});
  REQUIRE(one.layers.size() == 1);
  CHECK(one.layers[0].size == 7);
  CHECK(one.layers[0].variances.size() == 0);
  CHECK(std::isnan(one.layers[0].participation_ratio));
  const state_result rest = state_statistics(map, VectorXd::Zero(7), x, {.transient = 500});
  CHECK(rest.steps == steps - 500);
}

TEST_CASE("memory::state_statistics: a state that grows is found and named", "[stat]") {
  const two_layers map{.a = 0.5, .adds = true};
  const state_result r = state_statistics(map, VectorXd::Zero(7), normals(7, 6000, 2), {.training_length = 100});
  REQUIRE(r.status == status::ok);
  const layer_statistics &lower = r.layers[0], &upper = r.layers[1];
  CHECK(lower.growth == state_growth::level);
  CHECK(upper.growth == state_growth::growing);
  CHECK(r.growing() == std::vector<std::size_t>{1});
  CHECK(upper.fastest == 6);
  // |N(0, 1)| has the mean √(2/π).
  const double slope = std::sqrt(2.0 / 3.141592653589793);
  CHECK(std::abs(upper.fastest_slope - slope) < 0.02 * slope);
  CHECK(std::abs(upper.trend.slope - slope) < 0.02 * slope);
  CHECK(upper.trend.lower() < upper.trend.slope);
  // The sum passes its value at step 100 at the next step that adds to it, and stays above.
  CHECK(upper.leaves_at <= 105);
  CHECK(upper.leaves_for_good_at <= 105);
  CHECK(upper.leaves_for_good_at >= upper.leaves_at);
  CHECK(upper.outside > 0.999);
  CHECK(lower.outside < 0.2);
  CHECK(upper.trained_norm < upper.largest_norm / 10.0);
}

TEST_CASE("memory::state_statistics: growth that slows down, that falls, and runs too short to say", "[oracle][edge]") {
  const auto growth = [](double power, std::int64_t steps) {
    return state_statistics(growth_like{power}, {1.0}, {.steps = steps}).layers[0];
  };
  CHECK(growth(0.0, 4000).growth == state_growth::growing);
  CHECK(std::abs(growth(0.0, 4000).trend.slope - 1.0) < 1e-9);
  CHECK(growth(0.5, 4000).growth == state_growth::slowing);
  CHECK(growth(3.0, 100'000).growth == state_growth::level);
  CHECK(growth(0.0, 20).growth == state_growth::undecided);
  CHECK(state_statistics(growth_like{}, {-5000.0}, {.steps = 4000}).layers[0].growth == state_growth::shrinking);
  const state_result one = state_statistics(growth_like{}, {0.5}, {.steps = 1});
  CHECK(one.layers[0].largest_norm == 1.5);
  CHECK(one.layers[0].fastest == -1);
  CHECK(std::isnan(one.layers[0].participation_ratio));
  CHECK(state_result{}.status == status::not_run);
}

TEST_CASE("memory::state_statistics: long runs of unknown length have the same covariance", "[differential]") {
  // 20,000 steps, told and not told beforehand: the stop token ends the second after as many.
  const two_layers map{.a = 0.5};
  const MatrixXd x = normals(7, 20'000, 5);
  const state_result known = state_statistics(map, VectorXd::Zero(7), x);
  std::stop_source stop;
  const auto source = [&](std::int64_t t, vector_span<double> out) {
    out = x.col(t % 20'000);
    if (t == 19'999) stop.request_stop();
  };
  const state_result open = state_statistics(map, VectorXd::Zero(7), source,
                                             {.steps = libration::unlimited_steps, .stop = stop.get_token()});
  REQUIRE(open.status == status::cancelled);
  // The token is looked at every 256 steps: the inputs then begin anew.
  CHECK(open.steps >= 20'000);
  CHECK(open.steps < 20'300);
  for (std::size_t l = 0; l < 2; ++l) {
    CHECK((open.layers[l].variances - known.layers[l].variances).cwiseAbs().maxCoeff() < 0.05 * known.layers[l].variances[0]);
    CHECK(open.layers[l].participation_ratio_error > 0.0);
  }
}

TEST_CASE("memory::state_estimator: beside the spectrum in one pass, and what is refused", "[failure]") {
  const two_layers map{.a = 0.5};
  const MatrixXd x = normals(7, 3000, 6);
  const auto refuse = [&](const state_options& options) {
    return message_of<argument_error>([&] { (void)state_statistics(map, VectorXd::Zero(7), x, options); });
  };
  const auto [state] = libration::analyze(map, VectorXd::Zero(7), x, {.transient = 0}, state_estimator{});
  const state_result alone = state_statistics(map, VectorXd::Zero(7), x);
  CHECK(state.layers[1].norm.mean == alone.layers[1].norm.mean);
  CHECK(state.layers[0].effective_rank == alone.layers[0].effective_rank);
  CHECK(refuse({.layers = {1, 3}}) ==
        "memory::state_statistics: .layers[0] is 1, expected 0 (layers begin at ascending rows of the state)");
  CHECK(refuse({.layers = {0, 3, 3}}) ==
        "memory::state_statistics: .layers[2] is 3, expected 4 to 6 (layers begin at ascending rows of the state)");
  CHECK(refuse({.layers = {0, 7}}) ==
        "memory::state_statistics: .layers[1] is 7, expected 1 to 6 (layers begin at ascending rows of the state)");
  CHECK(refuse({.training_length = -1}) == "memory::state_statistics: .training_length is -1, expected >= 0");
  CHECK(refuse({.margin = 0.0}) == "memory::state_statistics: .margin is 0, expected > 0");
  CHECK(refuse({.steps = 5000}).find("memory::state_statistics: inputs have 3000 columns") == 0);
  CHECK(message_of<argument_error>([&] {
          (void)libration::analyze(map, VectorXd::Zero(7), x, {}, state_estimator{{.steps = 5}});
        }).find("an estimator's .steps is set") != std::string::npos);
}
