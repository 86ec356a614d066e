// SPDX-License-Identifier: MIT
#include <libration/stats/survival.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace stats = libration::stats;
using libration::argument_error, libration::random_stream, libration::status;
using libration_test::Contains, libration_test::message_of;
using stats::survival_time;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double z95 = 1.959963984540054;

// Weeks of remission of 21 patients (Freireich and others, Blood 21 (1963)), the textbooks' example.
const std::vector<survival_time> remissions = {
    {6},        {6},        {6},        {7},        {10},       {13},       {16},       {22},       {23},
    {6, true},  {9, true},  {10, true}, {11, true}, {17, true}, {19, true}, {20, true}, {25, true}, {32, true},
    {32, true}, {34, true}, {35, true}};

// Times with S(t) = exp(-(t/scale)^shape), censored after `last` steps.
std::vector<survival_time> weibull_times(double shape, double scale, int members, std::int64_t last, std::uint64_t stream) {
  const random_stream numbers(8, stream);
  std::vector<survival_time> times;
  for (int i = 0; i < members; ++i) {
    const double t = scale * std::pow(-std::log(numbers.uniform(static_cast<std::uint64_t>(i))), 1.0 / shape);
    if (t > static_cast<double>(last))
      times.push_back({last, true});
    else
      times.push_back({std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(t)))});
  }
  return times;
}

bool close(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

}  // namespace

TEST_CASE("stats::kaplan_meier: the remission times, with errors and log-log intervals", "[oracle]") {
  const auto curve = stats::kaplan_meier(remissions);
  CHECK(curve.observations == 21);
  CHECK(curve.event_count == 9);
  REQUIRE(curve.time == std::vector<std::int64_t>{6, 7, 9, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 34, 35});
  CHECK(curve.at_risk == std::vector<std::int64_t>{21, 17, 16, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1});
  struct row {
    std::int64_t t;
    double survival, error, lower, upper;
  };
  // Computed independently; survival and error as printed in the textbooks, to their four digits.
  for (const row& r : {row{6, 0.857143, 0.076360, 0.619718, 0.951552}, row{7, 0.806723, 0.086935, 0.563147, 0.922809},
                       row{10, 0.752941, 0.096350, 0.503200, 0.889362}, row{13, 0.690196, 0.106815, 0.431610, 0.849066},
                       row{16, 0.627451, 0.114054, 0.367511, 0.804912}, row{22, 0.537815, 0.128234, 0.267779, 0.746791},
                       row{23, 0.448179, 0.134591, 0.188052, 0.680143}}) {
    INFO("t = " << r.t);
    const auto point = curve.at(r.t);
    CHECK(close(point.survival, r.survival, 1e-6));
    CHECK(close(point.standard_error, r.error, 1e-6));
    CHECK(close(point.lower, r.lower, 1e-6));
    CHECK(close(point.upper, r.upper, 1e-6));
  }
  CHECK(curve.at(8).survival == curve.at(7).survival);
  CHECK(curve.at(35).survival == curve.at(23).survival);
  CHECK(std::isnan(curve.at(36).survival));
  CHECK(curve.at(0).lower == 1.0);
  CHECK(curve.at(5).survival == 1.0);
  // No event among 21: Wilson's bound 21/(21 + z^2).
  CHECK(close(curve.at(5).lower, 21.0 / (21.0 + z95 * z95), 8 * eps));
  // The median is 23; the lower bound falls below a half at 13, the upper one never does.
  const auto median = curve.quantile(0.5);
  CHECK(median.time == 23);
  CHECK(median.lower == 13);
  CHECK(median.upper == infinity);
  CHECK(median.reached());
  CHECK(!curve.quantile(0.3).reached());
  // 0.9 of 21 is not sure for a single step, and 0.8 falls at 10.
  CHECK(curve.quantile(0.9).lower == 1);
  CHECK(curve.quantile(0.8).time == 10);
}

TEST_CASE("stats::kaplan_meier: without censoring it is the fraction left", "[law]") {
  std::vector<survival_time> times;
  for (int t = 1; t <= 10; ++t) times.push_back({t});
  const auto curve = stats::kaplan_meier(times);
  for (int t = 1; t < 10; ++t) {
    const double left = 1.0 - t / 10.0;
    CHECK(close(curve.at(t).survival, left, 8 * eps));
    CHECK(close(curve.at(t).standard_error, std::sqrt(left * (1.0 - left) / 10.0), 32 * eps));
    CHECK(curve.at(t).lower < left);
    CHECK(curve.at(t).upper > left);
    // Half of them are left at 5: less than half only at 6, whatever rounding makes of the product.
    CHECK(curve.quantile(left).time == t + 1);
  }
  CHECK(curve.at(10).survival == 0.0);
  CHECK(curve.at(10).lower == 0.0);
  CHECK(curve.at(10).upper == curve.at(9).upper);
  CHECK(std::isnan(curve.at(10).standard_error));
  CHECK(curve.at(99).survival == 0.0);
}

TEST_CASE("stats::kaplan_meier: nobody, no event, all at once", "[edge]") {
  const auto nobody = stats::kaplan_meier({});
  CHECK(nobody.time.empty());
  CHECK(std::isnan(nobody.at(0).survival));
  CHECK(std::isnan(nobody.quantile(0.5).time));
  const auto unwatched = stats::kaplan_meier(std::vector<survival_time>{{0, true}, {0, true}});
  CHECK(unwatched.observations == 0);
  const auto none = stats::kaplan_meier(std::vector<survival_time>(50, {30, true}));
  CHECK(none.at(30).survival == 1.0);
  CHECK(close(none.at(30).lower, 50.0 / (50.0 + z95 * z95), 8 * eps));
  CHECK(none.quantile(0.5).time == infinity);
  CHECK(none.quantile(0.5).lower == infinity);
  CHECK(none.quantile(0.99).lower == 1);
  const auto at_once = stats::kaplan_meier(std::vector<survival_time>(50, {3}));
  CHECK(at_once.at(2).survival == 1.0);
  CHECK(at_once.at(3).survival == 0.0);
  CHECK(close(at_once.at(3).upper, z95 * z95 / (50.0 + z95 * z95), 8 * eps));
  CHECK(at_once.quantile(0.5).time == 3);
  CHECK(at_once.quantile(0.5).lower == 3);
  CHECK(at_once.quantile(0.5).upper == 3);
}

TEST_CASE("stats::proportion_interval: Wilson's, at both ends too", "[oracle]") {
  // The roots of (p - value)^2 = z^2 p (1 - p)/n.
  const auto e = stats::proportion_interval(81, 263);
  for (const double p : {e.lower, e.upper})
    CHECK(close((p - e.value) * (p - e.value), z95 * z95 * p * (1.0 - p) / 263.0, 8 * eps));
  // 81 of 263, Newcombe's example (Statistics in Medicine 17 (1998)), to its four digits.
  CHECK(close(e.lower, 0.2553, 5e-5));
  CHECK(close(e.upper, 0.3662, 5e-5));
  CHECK(stats::proportion_interval(0, 10).lower == 0.0);
  CHECK(stats::proportion_interval(10, 10).upper == 1.0);
  CHECK(close(stats::proportion_interval(0, 10).upper, z95 * z95 / (10 + z95 * z95), 4 * eps));
  CHECK(std::isnan(stats::proportion_interval(0, 0).value));
}

TEST_CASE("stats::half_life: one error in a hundred tokens", "[oracle]") {
  CHECK(close(stats::half_life(0.01), 68.9676, 5e-5));
  CHECK(close(stats::half_life(0.5), 1.0, eps));
  CHECK(stats::half_life(0.0) == infinity);
  CHECK(stats::half_life(1.0) == 0.0);
}

TEST_CASE("stats::fit_hazard: a constant hazard is events by steps at risk", "[oracle]") {
  const auto fits = stats::fit_hazard(remissions);
  CHECK(fits.constant.events == 9);
  CHECK(fits.constant.steps == 359);
  CHECK(fits.constant.hazard == 9.0 / 359.0);
  CHECK(fits.constant.lower < 9.0 / 359.0);
  CHECK(fits.constant.upper > 9.0 / 359.0);
  CHECK(close(fits.constant.log_likelihood, -42.06111220205535, 1e-12));
  const auto half = fits.constant.quantile(0.5);
  CHECK(close(half.time, stats::half_life(9.0 / 359.0), 1e-12));
  CHECK(close(half.lower, stats::half_life(fits.constant.upper), 1e-12));
  CHECK(close(half.upper, stats::half_life(fits.constant.lower), 1e-12));
  CHECK(close(fits.constant.survival(half.time), 0.5, 4 * eps));
}

TEST_CASE("stats::fit_hazard: the Weibull law of the remission times", "[oracle][differential]") {
  // By Newton's method with numerical derivatives in (ln shape, ln scale), in another language; its step bounds the errors' digits.
  const auto fits = stats::fit_hazard(remissions);
  const auto& w = fits.weibull;
  CHECK(w.status == status::ok);
  CHECK(close(w.shape, 1.28636034, 1e-7));
  CHECK(close(w.scale, 34.1858055, 1e-6));
  CHECK(close(w.log_likelihood, -41.700321148753595, 1e-12));
  CHECK(close(w.log_shape_error, 0.2801414, 1e-6));
  CHECK(close(w.log_scale_error, 0.2889553, 1e-6));
  CHECK(close(w.log_covariance, -0.0358134, 1e-6));
  CHECK(close(w.shape_upper / w.shape, std::exp(z95 * w.log_shape_error), 1e-12));
  CHECK(close(w.shape_lower * w.shape_upper, w.shape * w.shape, 1e-12));
  CHECK(close(fits.likelihood_ratio, 2.0 * (42.06111220205535 - 41.700321148753595), 1e-12));
  CHECK(close(fits.p_value, std::erfc(std::sqrt(0.5 * fits.likelihood_ratio)), 1e-12));
  const auto median = w.quantile(0.5);
  CHECK(close(w.survival(median.time), 0.5, 8 * eps));
  CHECK(median.lower < median.time);
  CHECK(median.upper > median.time);
  // At 1/e the quantile is the scale, and its error the scale's.
  const auto scale = w.quantile(std::exp(-1.0));
  CHECK(close(scale.time, w.scale, 1e-12));
  CHECK(close(std::log(scale.upper / scale.time), z95 * w.log_scale_error, 1e-12));
}

TEST_CASE("stats::fit_hazard: the likelihood's derivatives, and shape 1 is the constant hazard", "[differential]") {
  namespace detail = stats::detail;
  const auto counts = detail::count_times(weibull_times(0.8, 5.0, 200, 20, 1), "test");
  const double longest = 20.0, a = 0.4, k = 1.3, h = 1e-4;
  const auto at = [&](double rate, double shape) { return detail::weibull_likelihood(counts, longest, rate, shape); };
  const auto f = at(a, k);
  // Central differences: h^2 times a third derivative (of the size of the sum of 200 terms), and rounding of 200 terms by h.
  const double tolerance = 200.0 * (20.0 * h * h + 4.0 * eps / h);
  CHECK(close(f.a, (at(a + h, k).value - at(a - h, k).value) / (2 * h), tolerance));
  CHECK(close(f.k, (at(a, k + h).value - at(a, k - h).value) / (2 * h), tolerance));
  CHECK(close(f.aa, (at(a + h, k).a - at(a - h, k).a) / (2 * h), tolerance));
  CHECK(close(f.ak, (at(a + h, k).k - at(a - h, k).k) / (2 * h), tolerance));
  CHECK(close(f.kk, (at(a, k + h).k - at(a, k - h).k) / (2 * h), tolerance));
  // S(t) = exp(-e^a t/longest) = (1 - e)^t.
  const auto fits = stats::fit_hazard(weibull_times(0.8, 5.0, 200, 20, 1));
  const double log_rate = std::log(-longest * std::log1p(-fits.constant.hazard));
  CHECK(close(at(log_rate, 1.0).value, fits.constant.log_likelihood, 200 * 16 * eps * std::abs(fits.constant.log_likelihood)));
  CHECK(close(detail::best_log_rate(counts, longest, 1.0), log_rate, 1e-12));
  // The maximum is one: nothing near it is more likely.
  const double best = std::log(std::pow(longest / fits.weibull.scale, fits.weibull.shape));
  for (const double da : {-0.01, 0.0, 0.01})
    for (const double dk : {-0.01, 0.0, 0.01})
      CHECK(at(best + da, fits.weibull.shape + dk).value <= fits.weibull.log_likelihood + 1e-9);
}

// Within 5 standard errors of the fit: a false alarm once in 1.7 million seeds a number.
TEST_CASE("stats::fit_hazard: finds the law that the times were drawn from", "[stat]") {
  struct law {
    double shape, scale;
    std::int64_t last;
  };
  for (const law& l : {law{1.0, 99.5, 1000}, law{0.5, 40.0, 300}, law{2.5, 60.0, 80}, law{1.0, 3.0, 50}, law{6.0, 8.0, 7}}) {
    INFO("shape " << l.shape << ", scale " << l.scale);
    const auto times = weibull_times(l.shape, l.scale, 3000, l.last, 7);
    const auto fits = stats::fit_hazard(times);
    const auto& w = fits.weibull;
    REQUIRE(w.status == status::ok);
    CHECK(std::abs(std::log(w.shape / l.shape)) < 5 * w.log_shape_error);
    CHECK(std::abs(std::log(w.scale / l.scale)) < 5 * w.log_scale_error);
    CHECK(w.log_shape_error < 0.05);
    CHECK((l.shape == 1.0 ? fits.p_value > 1e-6 : fits.p_value < 1e-6));
  }
}

// Coverage of 400 samples within 5 binomial standard errors (5.4 % at 95 %), and the same for the test's size.
TEST_CASE("stats: intervals hold the truth as often as they say, and the test alarms as seldom", "[stat]") {
  constexpr int samples = 400;
  constexpr double hazard = 0.02;
  const double true_half_life = stats::half_life(hazard), true_scale = -1.0 / std::log1p(-hazard);
  int curve = 0, median = 0, constant = 0, weibull_shape = 0, weibull_median = 0, alarms = 0;
  for (int i = 0; i < samples; ++i) {
    const auto times = weibull_times(1.0, true_scale, 100, 120, static_cast<std::uint64_t>(100 + i));
    const auto holds = [](double lower, double truth, double upper) { return lower <= truth && truth <= upper; };
    const auto km = stats::kaplan_meier(times);
    const auto point = km.at(20);
    curve += holds(point.lower, std::pow(1.0 - hazard, 20), point.upper);
    // The first step after which less than half survives, as the quantile has it.
    const auto q = km.quantile(0.5);
    median += holds(q.lower, std::ceil(true_half_life), q.upper);
    const auto fits = stats::fit_hazard(times);
    constant += holds(fits.constant.lower, hazard, fits.constant.upper);
    weibull_shape += holds(fits.weibull.shape_lower, 1.0, fits.weibull.shape_upper);
    const auto w = fits.weibull.quantile(0.5);
    weibull_median += holds(w.lower, true_half_life, w.upper);
    alarms += fits.p_value < 0.05;
  }
  INFO("of 400: curve " << curve << ", median " << median << ", constant " << constant << ", shape " << weibull_shape
                        << ", Weibull median " << weibull_median << ", alarms " << alarms);
  const double slack = 5.0 * std::sqrt(0.95 * 0.05 / samples);
  for (const int count : {curve, median, constant, weibull_shape, weibull_median, samples - alarms})
    CHECK(close(count / static_cast<double>(samples), 0.95, slack));
}

TEST_CASE("stats::fit_hazard: nobody, no event, all in the first step, a law without a maximum", "[edge]") {
  const auto nobody = stats::fit_hazard({});
  CHECK(std::isnan(nobody.constant.hazard));
  CHECK(nobody.weibull.status == status::not_run);
  const auto none = stats::fit_hazard(std::vector<survival_time>(20, {50, true}));
  CHECK(none.constant.hazard == 0.0);
  CHECK(none.constant.lower == 0.0);
  CHECK(close(none.constant.upper, z95 * z95 / (1000 + z95 * z95), eps));
  CHECK(none.constant.log_likelihood == 0.0);
  CHECK(none.constant.quantile(0.5).time == infinity);
  CHECK(none.weibull.status == status::not_run);
  CHECK(std::isnan(none.p_value));
  const auto at_once = stats::fit_hazard(std::vector<survival_time>(20, {1}));
  CHECK(at_once.constant.hazard == 1.0);
  CHECK(at_once.constant.log_likelihood == 0.0);
  CHECK(at_once.weibull.status == status::not_run);
  // All at the tenth step: the steeper the more likely. Some at the first step and never again: the flatter.
  const auto steep = stats::fit_hazard(std::vector<survival_time>(20, {10})).weibull;
  CHECK(steep.status == status::not_converged);
  CHECK(close(steep.shape, 100.0, 1e-12));
  CHECK(std::isnan(steep.shape_lower));
  std::vector<survival_time> early(20, {1000, true});
  early.resize(30, {1});
  const auto flat = stats::fit_hazard(early);
  CHECK(flat.weibull.status == status::not_converged);
  CHECK(close(flat.weibull.shape, 0.01, 1e-15));
  CHECK(flat.p_value < 1e-6);
  // Single events, and long times.
  const auto one = stats::fit_hazard(std::vector<survival_time>{{3}, {1'000'000, true}});
  CHECK(one.constant.steps == 1'000'003);
  CHECK(std::isfinite(one.weibull.log_likelihood));
}

TEST_CASE("stats: times, levels and fractions out of range are refused by name", "[failure]") {
  const auto refusal = [](auto&& work) { return message_of<argument_error>(work); };
  const std::vector<survival_time> early = {{5}, {0}}, negative = {{-1, true}}, good = {{5}, {0, true}};
  CHECK_THAT(refusal([&] { (void)stats::kaplan_meier(early); }),
             Contains("stats::kaplan_meier: times[1].steps is 0, expected >= 1"));
  CHECK_THAT(refusal([&] { (void)stats::fit_hazard(negative); }),
             Contains("stats::fit_hazard: times[0].steps is -1, expected >= 0 (censored)"));
  CHECK_THAT(refusal([&] { (void)stats::kaplan_meier(good, 1.0); }), Contains("level is 1"));
  CHECK_THAT(refusal([&] { (void)stats::fit_hazard(good, 0.0); }), Contains("level is 0"));
  CHECK_THAT(refusal([&] { (void)stats::kaplan_meier(good).quantile(1.0); }), Contains("fraction is 1"));
  CHECK_THAT(refusal([&] { (void)stats::fit_hazard(good).constant.quantile(0.0); }), Contains("fraction is 0"));
  CHECK_THAT(refusal([&] { (void)stats::fit_hazard(good).weibull.quantile(-1.0); }), Contains("fraction is -1"));
  CHECK_THAT(refusal([] { (void)stats::proportion_interval(3, 2); }), Contains("3 successes, expected 0 to 2"));
  CHECK(refusal([&] { (void)stats::kaplan_meier(good); }).empty());
}
