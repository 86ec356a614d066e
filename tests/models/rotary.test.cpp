// SPDX-License-Identifier: MIT
#include <libration/models/rotary.hpp>

#include <cmath>
#include <numbers>

#include <Eigen/Core>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace models = libration::models;
using Eigen::Index, Eigen::VectorXd;
using libration_test::message_of, libration::argument_error;
using models::make_rotary_frequencies, models::rotary_scaling;

namespace {

double base(double theta, int i, int d) { return std::pow(theta, -2.0 * i / d); }
bool close(double a, double b) { return std::abs(a - b) <= 1e-14 * std::abs(b); }  // a power and some products

}  // namespace

TEST_CASE("models::rotary: unscaled, linear and dynamic frequencies", "[oracle]") {
  const auto plain = make_rotary_frequencies(8, 64, 64, {.theta = 1e4});
  REQUIRE(plain.frequency.size() == 4);
  CHECK(plain.magnitude == 1.0);
  CHECK(plain.frequency[0] == 1.0);
  CHECK(close(plain.frequency[1], 0.1));
  CHECK(close(plain.frequency[3], 1e-3));
  const auto linear = make_rotary_frequencies(8, 64, 64, {.theta = 1e4, .scaling = rotary_scaling::linear, .factor = 4});
  CHECK((linear.frequency * 4 - plain.frequency).cwiseAbs().maxCoeff() == 0);

  // A window within what was trained on changes nothing; twice as far with factor 2: theta (2·2 - 1)^(8/6).
  const models::rotary_options dynamic{.theta = 1e4, .scaling = rotary_scaling::dynamic, .factor = 2};
  CHECK(make_rotary_frequencies(8, 64, 64, dynamic).frequency == plain.frequency);
  const auto further = make_rotary_frequencies(8, 64, 128, dynamic);
  for (int i = 0; i < 4; ++i) CHECK(close(further.frequency[i], base(1e4 * std::pow(3.0, 8.0 / 6.0), i, 8)));
}

TEST_CASE("models::rotary: llama3 divides slow frequencies, keeps fast ones, and joins them", "[oracle]") {
  const auto scaled = make_rotary_frequencies(64, 131072, 131072,
                                              {.theta = 5e5,
                                               .scaling = rotary_scaling::llama3,
                                               .factor = 8,
                                               .original_positions = 8192,
                                               .low_frequency_factor = 1,
                                               .high_frequency_factor = 4});
  int kept = 0, divided = 0, between = 0;
  for (int i = 0; i < 32; ++i) {
    const double f = base(5e5, i, 64), wavelength = 2 * std::numbers::pi / f;
    double expected = f;
    if (wavelength > 8192.0 / 1) {
      expected = f / 8;
      ++divided;
    } else if (wavelength > 8192.0 / 4) {
      const double smooth = (8192.0 / wavelength - 1) / (4 - 1);
      expected = (1 - smooth) * f / 8 + smooth * f;
      ++between;
    } else {
      ++kept;
    }
    CHECK(close(scaled.frequency[i], expected));
  }
  CHECK(kept > 0);
  CHECK(divided > 0);
  CHECK(between > 0);
}

TEST_CASE("models::rotary: yarn's ramp and its scaling of the logits", "[oracle]") {
  // theta = 10000, d = 8, trained on 4096: the component that turns 32 times is 8 ln(4096/(64 π))/(2 ln 10^4) = 1.309, once
  // 8 ln(4096/(2 π))/(2 ln 10^4) = 2.814: the ramp is 0 at 1, 1 at 3, and 1/2 at 2.
  const models::rotary_options yarn{.theta = 1e4, .scaling = rotary_scaling::yarn, .factor = 4, .original_positions = 4096};
  const auto scaled = make_rotary_frequencies(8, 16384, 16384, yarn);
  CHECK(scaled.frequency[0] == 1.0);
  CHECK(close(scaled.frequency[1], 0.1));
  CHECK(close(scaled.frequency[2], 0.01 * (0.5 + 0.5 / 4)));
  CHECK(close(scaled.frequency[3], 0.001 / 4));
  CHECK(close(scaled.magnitude, 0.1 * std::log(4.0) + 1));
  auto other = yarn;
  other.attention_factor = 0.7;
  CHECK(make_rotary_frequencies(8, 16384, 16384, other).magnitude == 0.7);
  other = yarn;
  other.mscale = 0.7, other.mscale_all = 1.4;
  CHECK(close(make_rotary_frequencies(8, 16384, 16384, other).magnitude, (0.07 * std::log(4.0) + 1) / (0.14 * std::log(4.0) + 1)));
  other = yarn;
  other.truncate = false;
  CHECK(close(make_rotary_frequencies(8, 16384, 16384, other).frequency[2], [] {
    const double first = 8 * std::log(4096 / (64 * std::numbers::pi)) / (2 * std::log(1e4));
    const double last = 8 * std::log(4096 / (2 * std::numbers::pi)) / (2 * std::log(1e4));
    const double slow = (2 - first) / (last - first);
    return 0.01 * (1 - slow + slow / 4);
  }()));
}

TEST_CASE("models::rotary: longrope chooses its factors by the window", "[oracle]") {
  models::rotary_options options{.theta = 1e4, .scaling = rotary_scaling::longrope, .original_positions = 4096};
  options.short_factors = VectorXd::Constant(2, 1.25);
  options.long_factors = VectorXd::Constant(2, 5.0);
  const auto within = make_rotary_frequencies(4, 131072, 4096, options), beyond = make_rotary_frequencies(4, 131072, 4097, options);
  CHECK(close(within.frequency[1], 0.01 / 1.25));
  CHECK(close(beyond.frequency[1], 0.01 / 5));
  CHECK(close(within.magnitude, std::sqrt(1 + std::log(32.0) / std::log(4096.0))));
  options.long_factors = VectorXd::Constant(3, 5.0);
  CHECK(message_of<argument_error>([&] { make_rotary_frequencies(4, 131072, 8192, options); }) ==
        "models::make_rotary_frequencies: the scaling's list of factors has 3 rows, expected 2 (half a head's components)");
}

TEST_CASE("models::rotary: options out of range are named", "[failure]") {
  const auto complaint = [](Index d, const models::rotary_options& options) {
    return message_of<argument_error>([&] { make_rotary_frequencies(d, 64, 64, options); });
  };
  CHECK(complaint(7, {}) == "models::make_rotary_frequencies: a head has 7 components, expected an even number");
  CHECK(complaint(8, {.theta = 1}) == "models::make_rotary_frequencies: .theta is 1, expected > 1");
  CHECK(complaint(8, {.factor = 0.5}) == "models::make_rotary_frequencies: .factor is 0.5, expected >= 1");
  CHECK(complaint(8, {.scaling = rotary_scaling::llama3, .high_frequency_factor = 1}) ==
        "models::make_rotary_frequencies: .high_frequency_factor is 1, expected above the low one");
}
