// SPDX-License-Identifier: MIT
#include <libration/attention/positional_curve.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace attention = libration::attention;
using attention::curve_shape, attention::positional_curve;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status;
using libration_test::message_of;

namespace {

using counts = std::vector<std::int64_t>;

const VectorXd five = (VectorXd(5) << 1.0, 5.0, 10.0, 15.0, 20.0).finished();

counts successes_of(const std::vector<double>& accuracy, std::int64_t trials) {
  counts out;
  for (const double p : accuracy) out.push_back(std::llround(p * static_cast<double>(trials)));
  return out;
}

attention::positional_result curve_of(const std::vector<double>& accuracy, std::int64_t trials) {
  return positional_curve(five, successes_of(accuracy, trials), counts(5, trials));
}

// How many curves of `repeats`, drawn with these accuracies, have the shape.
int count(const std::vector<double>& accuracy, std::int64_t trials, curve_shape shape, int repeats) {
  libration::random_stream random(6, 1);
  int found = 0;
  for (int r = 0; r < repeats; ++r) {
    counts k;
    for (const double p : accuracy) {
      std::int64_t successes = 0;
      for (std::int64_t t = 0; t < trials; ++t) successes += random.next_uniform() < p ? 1 : 0;
      k.push_back(successes);
    }
    found += positional_curve(five, k, counts(accuracy.size(), trials)).shape == shape ? 1 : 0;
  }
  return found;
}

}  // namespace

// Liu et al. 2023, longchat-13b-16k, the answer at position 1, 5, 10, 15, 20 of 20, 2655 questions: the middle is far below the
// first position, the last is above the lowest by 0.025 ± 0.014. A fall is certain, the rise at the end is not.
TEST_CASE("attention::positional_curve: the published lost-in-the-middle row", "[oracle]") {
  const std::vector<double> accuracy = {0.6859, 0.5740, 0.5533, 0.5250, 0.5503};
  const auto r = curve_of(accuracy, 2655);
  CHECK(r.status == status::ok);
  for (Index i = 0; i < 5; ++i) {
    CHECK(std::abs(r.value[i] - accuracy[static_cast<std::size_t>(i)]) < 5e-5);  // four digits are given
    CHECK((r.lower[i] < r.value[i] && r.value[i] < r.upper[i]));
    CHECK(std::abs(r.upper[i] - r.lower[i] - 2.0 * 1.96 * std::sqrt(r.value[i] * (1.0 - r.value[i]) / 2655.0)) < 2e-4);
  }
  // By hand: (0.6859 + 0.5503)/2 - (0.5740 + 0.5533 + 0.5250)/3, and the root of a quarter and a ninth of the p(1 - p)/2655.
  CHECK(std::abs(r.depth.value - 0.0673333) < 1e-4);
  CHECK(std::abs(r.depth.standard_error - 0.0086386) < 2e-5);
  CHECK(r.depth.z() > 7.7);
  CHECK(r.trough == 3);
  CHECK(std::abs(r.primacy.value - 0.1609) < 1e-4);
  CHECK(r.primacy.z() > 12.0);
  CHECK(std::abs(r.recency.value - 0.0253) < 1e-4);
  CHECK(std::abs(r.recency.standard_error - 0.01368) < 2e-5);
  CHECK(std::abs(r.recency.z() - 1.85) < 0.01);
  CHECK(std::abs(r.p_value - 3.0 * 0.0322) < 0.002);
  CHECK(r.shape == curve_shape::undecided);
  // Ten times the questions with the same shares would tell.
  CHECK(curve_of(accuracy, 26550).shape == curve_shape::u_shaped);
}

TEST_CASE("attention::positional_curve: U, flat, inverted, rising and falling curves", "[oracle]") {
  const auto u = curve_of({0.75, 0.6, 0.5, 0.6, 0.7}, 1000);
  CHECK((u.shape == curve_shape::u_shaped && u.trough == 2 && u.p_value < 1e-10));
  CHECK(std::abs(u.depth.value - (0.725 - 1.7 / 3.0)) < 1e-12);
  CHECK(std::abs(u.primacy.value - 0.25) < 1e-12);
  CHECK(std::abs(u.recency.value - 0.2) < 1e-12);
  CHECK((u.level == 0.95 && std::abs(u.margin - 0.0315) < 1e-12));

  const auto flat = curve_of({0.6, 0.6, 0.6, 0.6, 0.6}, 4000);
  CHECK((flat.shape == curve_shape::not_u_shaped && std::abs(flat.depth.value) < 1e-15 && flat.p_value == 1.0));
  CHECK(curve_of({0.6, 0.6, 0.6, 0.6, 0.6}, 200).shape == curve_shape::undecided);  // a dip of a twentieth may hide in 200 trials

  const auto inverted = curve_of({0.5, 0.6, 0.7, 0.6, 0.5}, 1000);
  CHECK((inverted.shape == curve_shape::not_u_shaped && inverted.p_value == 1.0));
  CHECK((inverted.depth.value < 0.0 && inverted.depth.z() < -5.0));

  // One arm alone is no U, however deep the statistic is.
  for (const std::vector<double>& one : {std::vector<double>{0.9, 0.4, 0.35, 0.3, 0.2}, {0.2, 0.3, 0.35, 0.4, 0.9}}) {
    const auto r = curve_of(one, 1000);
    CHECK(r.depth.z() > 5.0);
    CHECK(r.shape == curve_shape::not_u_shaped);
  }
  // A trough beside an end.
  const auto beside = curve_of({0.9, 0.8, 0.7, 0.5, 0.7}, 1000);
  CHECK((beside.shape == curve_shape::u_shaped && beside.trough == 3));
}

TEST_CASE("attention::positional_curve: read backwards, the arms change places", "[law]") {
  const auto r = curve_of({0.7, 0.6, 0.55, 0.5, 0.65}, 500), back = curve_of({0.65, 0.5, 0.55, 0.6, 0.7}, 500);
  CHECK((r.trough == 3 && back.trough == 1));
  CHECK(std::abs(r.p_value - back.p_value) < 1e-14);
  CHECK(std::abs(r.primacy.value - back.recency.value) < 1e-15);
  CHECK(std::abs(r.recency.standard_error - back.primacy.standard_error) < 1e-15);
  CHECK(std::abs(r.depth.value - back.depth.value) < 1e-15);
}

// Curves without a U: at most 5 % may be called one, 50 ± 6.9 of 1000: above 80 in 3e-5 of seeds. The hardest, which fall to their
// trough and stay, are at 4 %, flat ones at 1 % (measured over 4000). A dip of just the margin is excluded in 5 % at most.
TEST_CASE("attention::positional_curve: false alarms", "[stat][heavy]") {
  CHECK(count({0.5, 0.5, 0.5, 0.5, 0.5}, 100, curve_shape::u_shaped, 1000) <= 80);
  CHECK(count({0.95, 0.95, 0.95, 0.95, 0.95}, 100, curve_shape::u_shaped, 1000) <= 80);
  CHECK(count({0.9, 0.6, 0.5, 0.5, 0.5}, 100, curve_shape::u_shaped, 1000) <= 80);
  CHECK(count({0.9, 0.7, 0.5, 0.5, 0.5}, 20, curve_shape::u_shaped, 1000) <= 80);
  // Ends at 0.6, one position lower by 0.0297, a twentieth of the mean 0.594. 10 ± 3.1 of 200: above 25 in 6e-6 of seeds.
  CHECK(count({0.6, 0.6, 0.5703, 0.6, 0.6}, 3000, curve_shape::not_u_shaped, 200) <= 25);
}

TEST_CASE("attention::positional_curve: samples are compared one by one", "[differential]") {
  // Outcomes as counts say the same values; with questions alike at all positions the differences are surer.
  libration::random_stream random(7, 1);
  MatrixXd outcomes(5, 400);
  counts k(5, 0);
  const double accuracy[] = {0.66, 0.62, 0.6, 0.62, 0.66};
  for (Index j = 0; j < 400; ++j) {
    const double ease = random.next_uniform();
    for (Index i = 0; i < 5; ++i) {
      outcomes(i, j) = ease < accuracy[i] ? 1.0 : 0.0;
      k[static_cast<std::size_t>(i)] += ease < accuracy[i] ? 1 : 0;
    }
  }
  const auto paired = positional_curve(five, outcomes);
  const auto apart = positional_curve(five, k, counts(5, 400));
  CHECK((paired.value - apart.value).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((paired.trough == 2 && apart.trough == 2));
  CHECK(paired.recency.standard_error < 0.6 * apart.recency.standard_error);
  CHECK((paired.shape == curve_shape::u_shaped && apart.shape == curve_shape::undecided));
  CHECK(paired.recency.degrees_of_freedom == 399.0);

  // The paired difference by itself.
  const Eigen::ArrayXd difference = (outcomes.row(4) - outcomes.row(2)).transpose().array();
  const double variance = (difference - difference.mean()).square().sum() / 399.0;
  CHECK(std::abs(paired.recency.standard_error - std::sqrt(variance / 400.0)) < 1e-14);
  CHECK(std::abs(paired.upper[2] - paired.value[2] -
                 libration::stats::student_t_quantile(0.975, 399.0) *
                     std::sqrt((outcomes.row(2).array() - paired.value[2]).square().sum() / 399.0 / 400.0)) < 1e-14);
}

TEST_CASE("attention::positional_curve: missing columns, one sample, none, and shares of 0 and 1", "[edge]") {
  MatrixXd mass(3, 4);
  mass << 0.5, 0.1, 0.6, 0.7,  //
      0.1, 0.1, 0.2, 0.1,      //
      0.4, std::nan(""), 0.2, 0.2;
  const VectorXd three = VectorXd::LinSpaced(3, 0.0, 2.0);
  const auto r = positional_curve(three, mass);
  CHECK((r.value - Eigen::Vector3d(0.6, 0.4 / 3.0, 0.8 / 3.0)).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((r.depth.degrees_of_freedom == 2.0 && r.trough == 1 && r.shape == curve_shape::undecided));
  CHECK((r.samples == 3 && r.left_out == 1));
  const auto one = positional_curve(three, mass.col(0));
  CHECK((one.status == status::not_converged && one.value[0] == 0.5 && std::isnan(one.lower[0]) && one.trough == -1));
  CHECK(positional_curve(three, mass.col(1)).status == status::not_run);
  CHECK(positional_curve(three, MatrixXd(3, 0)).status == status::not_run);
  // Samples without any scatter.
  const MatrixXd same = Eigen::Vector3d(0.5, 0.1, 0.4).replicate(1, 5);
  CHECK(positional_curve(three, same).shape == curve_shape::u_shaped);

  const auto sure = positional_curve(three, counts{10, 0, 10}, counts{10, 10, 10});
  CHECK((sure.shape == curve_shape::u_shaped && sure.lower[1] == 0.0 && sure.upper[0] == 1.0 && sure.lower[0] > 0.7));
  CHECK(std::abs(sure.primacy.standard_error - std::sqrt(2.0 * (11.0 / 144.0) * 12.0 / 100.0)) < 1e-15);
  CHECK(positional_curve(three, counts{1, 0, 1}, counts{1, 1, 1}).shape == curve_shape::undecided);
  CHECK(positional_curve(three, counts{2, 0, 2}, counts{2, 2, 2}).shape == curve_shape::undecided);
  CHECK(to_string(curve_shape::undecided) == "undecided");
  CHECK(to_string(curve_shape::u_shaped) == "u_shaped");
  CHECK(to_string(curve_shape::not_u_shaped) == "not_u_shaped");
}

TEST_CASE("attention::positional_curve: samples whose squares leave the range, and many positions", "[edge]") {
  const VectorXd positions_0_to_4 = VectorXd::LinSpaced(5, 0.0, 4.0);
  const MatrixXd samples = MatrixXd::NullaryExpr(5, 40, [](Index i, Index j) {
    return std::abs(static_cast<double>(i) - 2.0) + 0.3 * std::sin(3.0 * static_cast<double>(i) + 7.0 * static_cast<double>(j));
  });
  const auto r = positional_curve(positions_0_to_4, samples);
  REQUIRE(r.shape == curve_shape::u_shaped);
  for (const int exponent : {-700, 700}) {
    const auto scaled = positional_curve(positions_0_to_4, (samples * std::ldexp(1.0, exponent)).eval());
    CHECK(scaled.shape == r.shape);
    CHECK(std::abs(std::ldexp(scaled.depth.standard_error, -exponent) - r.depth.standard_error) <= 1e-15);
    CHECK(std::abs(std::ldexp(scaled.upper[2], -exponent) - r.upper[2]) <= 1e-15);
    CHECK(std::abs(scaled.primacy.z() - r.primacy.z()) <= 1e-10);
  }
  const MatrixXd wide = MatrixXd::NullaryExpr(20000, 4, [](Index i, Index j) { return static_cast<double>((i * 7 + j * 3) % 11); });
  CHECK(positional_curve(VectorXd::LinSpaced(20000, 0.0, 1.0), wide).status == status::ok);
}

TEST_CASE("attention::positional_curve: what a caller gets wrong is refused", "[failure]") {
  VectorXd position = VectorXd::LinSpaced(3, 1.0, 3.0);
  counts successes = {1, 2, 3}, trials = {4, 4, 4};
  attention::positional_options options;
  const auto refusal = [&] {
    return message_of<argument_error>([&] { (void)positional_curve(position, successes, trials, options); });
  };
  CHECK(refusal().empty());
  successes[1] = 5;
  CHECK(refusal() == "attention::positional_curve: successes[1] is 5, expected 0 to 4 (the trials)");
  successes[1] = -1;
  CHECK(refusal().find("successes[1] is -1") != std::string::npos);
  trials[0] = 0;
  CHECK(refusal() == "attention::positional_curve: trials[0] is 0, expected >= 1");
  trials.pop_back();
  CHECK(refusal() == "attention::positional_curve: trials has 2 rows, expected 3 (one for each position)");
  successes.pop_back();
  CHECK(refusal() == "attention::positional_curve: successes has 2 rows, expected 3 (one for each position)");
  position[1] = 1.0;
  CHECK(refusal() == "attention::positional_curve: position[1] is 1, expected more than the one before");
  position[0] = std::nan("");
  CHECK(refusal() == "attention::positional_curve: position[0] is nan, expected a finite number");
  position.conservativeResize(2);
  CHECK(refusal() == "attention::positional_curve: position has 2 rows, expected at least 3");
  options.margin = 0.0;
  CHECK(refusal().find(".margin is 0") != std::string::npos);
  options.level = 1.0;
  CHECK(refusal().find(".level is 1") != std::string::npos);
  CHECK(message_of<argument_error>([] { (void)positional_curve(five, MatrixXd(4, 2)); }) ==
        "attention::positional_curve: samples has 4 rows, expected 5 (one for each position)");
  MatrixXd infinite = MatrixXd::Zero(5, 2);
  infinite(3, 1) = std::numeric_limits<double>::infinity();
  CHECK(message_of<argument_error>([&] { (void)positional_curve(five, infinite); }) ==
        "attention::positional_curve: samples(3, 1) is inf, expected a number of at most 1e300, or NaN");
}
