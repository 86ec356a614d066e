// SPDX-License-Identifier: MIT
#include <libration/models/detail/activation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace detail = libration::models::detail;

namespace {

// Arguments spread evenly in logarithm, of both signs, from `smallest` to `largest`, and zero.
template <class Scalar>
std::vector<Scalar> arguments(double smallest, double largest) {
  std::vector<Scalar> x = {Scalar(0), Scalar(0.625), Scalar(-0.625)};
  const int count = 20000;
  for (int i = 0; i <= count; ++i) {
    const double size = smallest * std::pow(largest / smallest, static_cast<double>(i) / count);
    x.push_back(static_cast<Scalar>(size));
    x.push_back(static_cast<Scalar>(-size));
  }
  return x;
}

template <class Scalar>
double error_in_eps(Scalar got, long double expected) {
  if (expected == 0) return got == Scalar(0) ? 0 : std::numeric_limits<double>::infinity();
  return static_cast<double>(std::abs((static_cast<long double>(got) - expected) / expected)) /
         static_cast<double>(std::numeric_limits<Scalar>::epsilon());
}

}  // namespace

TEMPLATE_TEST_CASE("models::detail::sigmoid: value and complement are right to 4 eps, saturated or not", "[oracle]",
                   double, float) {
  const auto x = arguments<TestType>(1e-30, sizeof(TestType) == 8 ? 700.0 : 85.0);
  auto value = x, complement = x;
  detail::sigmoid(value.data(), complement.data(), static_cast<Eigen::Index>(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double a = x[i];
    worst = std::max(
        {worst, error_in_eps(value[i], 1 / (1 + std::exp(-a))), error_in_eps(complement[i], 1 / (1 + std::exp(a)))});
  }
  CHECK(worst < 4);
}

TEMPLATE_TEST_CASE("models::detail::tanh: the value is right to 4 eps and the slope to 6, near zero and saturated",
                   "[oracle]", double, float) {
  const auto x = arguments<TestType>(1e-30, sizeof(TestType) == 8 ? 350.0 : 42.0);
  auto value = x, slope = x;
  detail::tanh(value.data(), slope.data(), static_cast<Eigen::Index>(x.size()));
  double worst_value = 0, worst_slope = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double a = x[i], sech = 1 / std::cosh(a);
    worst_value = std::max(worst_value, error_in_eps(value[i], std::tanh(a)));
    worst_slope = std::max(worst_slope, error_in_eps(slope[i], sech * sech));
  }
  CHECK(worst_value < 4);
  CHECK(worst_slope < 6);
}

TEMPLATE_TEST_CASE("models::detail: infinities saturate and NaN stays NaN, in every place of a SIMD register", "[edge]",
                   double, float) {
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
  for (int place = 0; place < 21; ++place) {
    std::vector<TestType> x(21, TestType(1)), other(21);
    const auto at = static_cast<std::size_t>(place);
    for (const auto function :
         {detail::sigmoid<TestType>, detail::tanh<TestType>, detail::relu<TestType>, detail::softplus<TestType>}) {
      x[at] = nan;
      function(x.data(), other.data(), 21);
      CHECK(std::isnan(x[at]));
      x[at] = infinity;
      function(x.data(), other.data(), 21);
      CHECK(x[at] >= TestType(1));
      x[at] = -infinity;
      function(x.data(), other.data(), 21);
      CHECK((x[at] == TestType(-1) || std::abs(x[at]) < std::numeric_limits<TestType>::min()));
      x[at] = TestType(1);
    }
  }
}

TEST_CASE("models::detail::relu: the slope at zero is 0", "[edge]") {
  double x[] = {-1.0, -0.0, 0.0, 2.0}, slope[4];
  detail::relu(x, slope, 4);
  CHECK(std::vector<double>(x, x + 4) == std::vector<double>{0, 0, 0, 2});
  CHECK(std::vector<double>(slope, slope + 4) == std::vector<double>{0, 0, 0, 1});
}

TEMPLATE_TEST_CASE("models::detail::silu, softplus: values and slopes are right to a few eps, saturated or not", "[oracle]", double,
                   float) {
  constexpr double eps = std::numeric_limits<TestType>::epsilon();
  const auto x = arguments<TestType>(1e-30, sizeof(TestType) == 8 ? 700.0 : 85.0);
  auto silu = x, silu_slope = x, softplus = x, softplus_slope = x;
  const auto count = static_cast<Eigen::Index>(x.size());
  detail::silu(silu.data(), silu_slope.data(), count);
  detail::softplus(softplus.data(), softplus_slope.data(), count);
  double value = 0, slope = 0, soft = 0, soft_slope = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double a = x[i], s = 1 / (1 + std::exp(-a)), complement = 1 / (1 + std::exp(a));
    if (x[i] != TestType(0)) value = std::max(value, error_in_eps(silu[i], a * s));
    const long double off = std::abs(silu_slope[i] - s * (1 + a * complement)) / (s * (1 + std::abs(a) * complement));
    slope = std::max(slope, static_cast<double>(off) / eps);
    soft = std::max(soft, error_in_eps(softplus[i], a > 0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a))));
    soft_slope = std::max(soft_slope, error_in_eps(softplus_slope[i], s));
  }
  CHECK(value < 5);
  CHECK(slope < 6);
  CHECK(soft < 4);
  CHECK(soft_slope < 4);
  CHECK(silu[0] == 0);
}

TEST_CASE("models::detail::gelu: it is x times the normal distribution", "[oracle]") {
  double x[] = {0.0, 1.0, -1.0, 3.0, -30.0}, slope[5];
  detail::gelu(x, slope, 5);
  CHECK(x[0] == 0);
  CHECK(std::abs(x[1] - 0.8413447460685429) < 1e-15);
  CHECK(std::abs(x[2] + 0.15865525393145705) < 1e-15);
  CHECK(std::abs(x[3] - 3 * 0.9986501019683699) < 1e-14);
  CHECK(std::abs(x[4]) < 1e-150);
  CHECK(slope[0] == 0.5);
  CHECK(std::abs(slope[1] - (0.8413447460685429 + 0.24197072451914337)) < 1e-15);
}
