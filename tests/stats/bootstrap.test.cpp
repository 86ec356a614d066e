// SPDX-License-Identifier: MIT
#include <libration/stats/bootstrap.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include "support/catch.hpp"
#include "support/message.hpp"

using namespace libration::stats;
using Eigen::Index, Eigen::VectorXd;
using libration::argument_error, libration::random_stream;
using namespace libration_test;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

VectorXd single(double x) { return VectorXd::Constant(1, x); }

double mean_of(const VectorXd& values, std::span<const Index> chosen) {
  double sum = 0.0;
  for (const Index i : chosen) sum += values[i];
  return sum / static_cast<double>(chosen.size());
}

auto mean_statistic(const VectorXd& values) {
  return [&values](std::span<const Index> chosen) { return single(mean_of(values, chosen)); };
}

VectorXd normals(Index n, std::uint64_t stream) {
  VectorXd x(n);
  random_stream(31, stream).fill_normal(x);
  return x;
}

// How often intervals from samples of one law miss the truth below and above.
struct misses {
  double below = 0.0, above = 0.0;  // shares of samples: the truth below the interval, above it
};

template <class Sample>
misses count_misses(int samples, double truth, const Sample& sample, bootstrap_interval interval) {
  misses m;
  for (int s = 0; s < samples; ++s) {
    const VectorXd x = sample(static_cast<std::uint64_t>(s));
    const auto band =
        bootstrap(x.size(), mean_statistic(x), {.resamples = 400, .interval = interval, .seed = static_cast<std::uint64_t>(s)});
    m.below += truth < band.lower[0] ? 1.0 / samples : 0.0;
    m.above += truth > band.upper[0] ? 1.0 / samples : 0.0;
  }
  return m;
}

}  // namespace

TEST_CASE("stats::bootstrap: two members, the mean's distribution by hand", "[oracle][stat]") {
  // 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4: standard deviation 1/sqrt(8).
  const VectorXd x = VectorXd::LinSpaced(2, 0.0, 1.0);
  for (const auto interval : {bootstrap_interval::percentile, bootstrap_interval::bca}) {
    const auto band = bootstrap(2, mean_statistic(x), {.resamples = 4000, .interval = interval, .seed = 1});
    CHECK(band.estimate[0] == 0.5);
    CHECK(band.lower[0] == 0.0);
    CHECK(band.upper[0] == 1.0);
    // The variance of a sample variance of 4000 values in [0, 1]: four of its standard errors are below 0.01.
    CHECK(std::abs(band.standard_error[0] - std::sqrt(0.125)) < 0.01);
    CHECK(band.failed[0] == 0);
    CHECK(band.resamples == 4000);
    CHECK(band.seed == 1);
  }
}

TEST_CASE("stats::bootstrap: the mean's standard error is the textbook's", "[oracle][stat]") {
  const VectorXd x = normals(60, 7);
  const double exact = std::sqrt((x.array() - x.mean()).square().sum()) / 60.0;  // divisor n, as drawing with replacement has it
  const auto band = bootstrap(60, mean_statistic(x), {.resamples = 4000});
  // The relative error of a standard deviation from N normal values is 1/sqrt(2 N): four of them.
  CHECK(std::abs(band.standard_error[0] / exact - 1.0) < 4.0 / std::sqrt(8000.0));
  CHECK(band.lower[0] < band.estimate[0]);
  CHECK(band.upper[0] > band.estimate[0]);
}

TEST_CASE("stats::bootstrap: intervals hold the mean of normal numbers as often as theory has it", "[oracle][stat][heavy]") {
  constexpr int samples = 500;
  constexpr Index n = 10;
  const auto sample = [](std::uint64_t s) { return normals(n, s); };
  // The interval is mean ± 1.96 sqrt((n-1)/n) s/sqrt(n), and (mean - truth) sqrt(n)/s is Student's t: 0.104 at n = 10.
  const double plain = 2.0 * student_t_tail(normal_quantile(0.975) * std::sqrt((n - 1.0) / n), n - 1.0);
  for (const auto& [interval, expected] :
       {std::pair(bootstrap_interval::percentile, plain), std::pair(bootstrap_interval::expanded, 0.05),
        std::pair(bootstrap_interval::bca, plain)}) {
    const misses m = count_misses(samples, 0.0, sample, interval);
    INFO(m.below << " " << m.above << " expected " << expected);
    // Four standard errors of a share: a false alarm in 16,000 runs. 400 resamples make an end noisy by 0.14 of a standard
    // error, which adds about 0.004 to the misses.
    CHECK(std::abs(m.below + m.above - expected) < 4.0 * std::sqrt(expected * (1.0 - expected) / samples) + 0.004);
  }
}

TEST_CASE("stats::bootstrap: BCa balances the misses of a skewed mean better", "[stat][heavy]") {
  constexpr int samples = 500;
  const auto sample = [](std::uint64_t s) {
    const random_stream numbers(32, s);
    VectorXd x(20);
    for (Index i = 0; i < 20; ++i) x[i] = -std::log(numbers.uniform(static_cast<std::uint64_t>(i)));
    return x;
  };
  const misses plain = count_misses(samples, 1.0, sample, bootstrap_interval::percentile);
  const misses moved = count_misses(samples, 1.0, sample, bootstrap_interval::bca);
  INFO(plain.below << " " << plain.above << ", BCa " << moved.below << " " << moved.above);
  // The percentile interval lies too low for a mean with a long tail above; both are from the same samples.
  CHECK(plain.above > plain.below);
  CHECK(moved.above < plain.above);
  CHECK(moved.below + moved.above < plain.below + plain.above);
}

TEST_CASE("stats::bootstrap: groups are drawn apart, members with all their components together", "[law]") {
  const VectorXd x = normals(12, 1), y = normals(7, 2);
  const std::array<Index, 2> sizes = {12, 7};
  const auto band = bootstrap(std::span<const Index>(sizes),
                              [&](auto chosen) {
                                CHECK(chosen.size() == 2);
                                CHECK(chosen[0].size() <= 12);
                                CHECK(chosen[1].size() <= 7);
                                VectorXd out(3);
                                out << mean_of(x, chosen[0]), mean_of(y, chosen[1]), mean_of(x, chosen[0]) - mean_of(y, chosen[1]);
                                return out;
                              },
                              {.resamples = 2000});
  CHECK(std::abs(band.estimate[0] - x.mean()) < 12.0 * std::numeric_limits<double>::epsilon());
  const double sum = std::hypot(band.standard_error[0], band.standard_error[1]);
  // The correlation of two independent sets of 2000 values is below 4/sqrt(2000) in size.
  CHECK(std::abs(band.standard_error[2] - sum) < sum * 4.0 / std::sqrt(2000.0));
  // Components of one member are drawn together: 2 x moves exactly as x.
  const auto twice = bootstrap(12, [&](std::span<const Index> chosen) {
    VectorXd out(2);
    out << mean_of(x, chosen), 2.0 * mean_of(x, chosen);
    return out;
  });
  CHECK(twice.lower[1] == 2.0 * twice.lower[0]);
  CHECK(twice.upper[1] == 2.0 * twice.upper[0]);
}

TEST_CASE("stats::bootstrap: the same digits on any number of threads, others with another seed", "[law]") {
  const VectorXd x = normals(25, 3);
  const auto one = bootstrap(25, mean_statistic(x), {.seed = 5, .threads = 1});
  const auto three = bootstrap(25, mean_statistic(x), {.seed = 5, .threads = 3});
  const auto other = bootstrap(25, mean_statistic(x), {.seed = 6});
  CHECK(one.lower == three.lower);
  CHECK(one.upper == three.upper);
  CHECK(one.standard_error == three.standard_error);
  CHECK(one.standard_error != other.standard_error);
}

TEST_CASE("stats::bootstrap: NaN, infinite and constant statistics", "[edge]") {
  const VectorXd x = VectorXd::LinSpaced(5, 1.0, 5.0);
  const auto band = bootstrap(5, [&](std::span<const Index> chosen) {
    bool first = false;
    for (const Index i : chosen) first = first || i == 0;
    VectorXd out(4);
    out << not_a_number, 3.0, first ? 1.0 : not_a_number, first ? 1.0 : std::numeric_limits<double>::infinity();
    return out;
  });
  CHECK(std::isnan(band.lower[0]));
  CHECK(band.failed[0] == 1000);
  CHECK(band.lower[1] == 3.0);
  CHECK(band.upper[1] == 3.0);
  CHECK(band.standard_error[1] == 0.0);
  CHECK(band.lower[2] == 1.0);
  CHECK(band.failed[2] > 0);  // (4/5)^5 = 33 % of resamples
  CHECK(band.failed[2] < 500);
  CHECK(band.lower[3] == 1.0);
  CHECK(band.upper[3] == std::numeric_limits<double>::infinity());
}

TEST_CASE("stats::bootstrap: refusals", "[failure]") {
  const VectorXd x = VectorXd::Ones(4);
  const auto refusal = [&](Index members, const bootstrap_options& options) {
    return message_of<argument_error>([&] { (void)bootstrap(members, mean_statistic(x), options); });
  };
  CHECK_THAT(refusal(1, {}), Contains("stats::bootstrap: group 0 has 1 members, expected at least 2"));
  CHECK_THAT(refusal(4, {.resamples = 0}), Contains(".resamples is 0, expected >= 1"));
  CHECK_THAT(refusal(4, {.level = 1.0}), Contains(".level is 1"));
  CHECK_THAT(refusal(4, {.threads = -1}), Contains(".threads is -1"));
  const auto changing = [](std::span<const Index> chosen) { return VectorXd(VectorXd::Zero(1 + (chosen[0] + chosen[1]) % 2)); };
  CHECK_THAT(message_of<argument_error>([&] { (void)bootstrap(4, changing); }),
             Contains("the statistic of a resample has 1 rows, expected 2"));
}

// Cubes of values beyond 1e±102 leave the range.
TEST_CASE("stats::bootstrap: BCa's interval of values of 1e-200 to 1e200 is that of the same values near 1", "[law][edge]") {
  const random_stream numbers(33, 0);
  VectorXd x(20);
  for (Index i = 0; i < 20; ++i) x[i] = -std::log(numbers.uniform(static_cast<std::uint64_t>(i)));
  const auto band_of = [](const VectorXd& values) {
    return bootstrap(values.size(), mean_statistic(values), {.resamples = 400, .interval = bootstrap_interval::bca});
  };
  const auto near = band_of(x);
  for (const int exponent : {-660, 660}) {
    const auto far = band_of(x.unaryExpr([&](double v) { return std::ldexp(v, exponent); }));
    CHECK(far.lower[0] == std::ldexp(near.lower[0], exponent));
    CHECK(far.upper[0] == std::ldexp(near.upper[0], exponent));
    CHECK(far.standard_error[0] == std::ldexp(near.standard_error[0], exponent));
  }
}
