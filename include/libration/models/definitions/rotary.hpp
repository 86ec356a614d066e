// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/rotary.hpp declares.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include <Eigen/Core>

#include <libration/models/rotary.hpp>

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED void validate(const rotary_options& options, Eigen::Index head_size, Eigen::Index trained, std::string_view who) {
  require(head_size >= 2 && head_size % 2 == 0, who,
          [&] { return "a head has " + number_text(head_size) + " components, expected an even number"; });
  require(trained >= 1, who, "no positions");
  const option_check check(who);
  check(std::isfinite(options.theta) && options.theta > 1.0, "theta", options.theta, "> 1");
  check(std::isfinite(options.factor) && options.factor >= 1.0, "factor", options.factor, ">= 1");
  check(options.original_positions >= 0, "original_positions", options.original_positions, ">= 0");
  check(options.attention_factor >= 0.0 && std::isfinite(options.attention_factor), "attention_factor", options.attention_factor,
        ">= 0");
  const double low = options.low_frequency_factor, high = options.high_frequency_factor;
  switch (options.scaling) {
    case rotary_scaling::none:
    case rotary_scaling::linear:
      break;
    case rotary_scaling::dynamic:
      require(head_size > 2, who, "dynamic scaling needs heads of at least 4 components");
      break;
    case rotary_scaling::llama3:
      check(low > 0.0, "low_frequency_factor", low, "> 0");
      check(high > low && std::isfinite(high), "high_frequency_factor", high, "above the low one");
      break;
    case rotary_scaling::yarn:
      check(options.beta_slow > 0.0, "beta_slow", options.beta_slow, "> 0");
      check(options.beta_fast > options.beta_slow && std::isfinite(options.beta_fast), "beta_fast", options.beta_fast,
            "above the slow one");
      check(std::isfinite(options.mscale), "mscale", options.mscale, "a finite number");
      check(std::isfinite(options.mscale_all), "mscale_all", options.mscale_all, "a finite number");
      break;
    case rotary_scaling::longrope:
      for (const Eigen::VectorXd* factors : {&options.short_factors, &options.long_factors}) {
        require_rows(factors->size(), head_size / 2, who, "the scaling's list of factors", "half a head's components");
        require((factors->array() > 0.0).all() && factors->array().isFinite().all(), who,
                "a factor of the scaling that is not positive and finite");
      }
      break;
  }
}

LIBRATION_DEFINED rotary_frequencies make_rotary_frequencies(Eigen::Index head_size, Eigen::Index trained, Eigen::Index window,
                                                             const rotary_options& options) {
  using std::numbers::pi;
  constexpr std::string_view who = "models::make_rotary_frequencies";
  validate(options, head_size, trained, who);
  require(window >= 1, who, "no positions");
  const Eigen::Index half = head_size / 2;
  const auto d = static_cast<double>(head_size);
  const auto original = static_cast<double>(options.original_positions > 0 ? options.original_positions : trained);

  const auto powers = [&](double theta) {
    return Eigen::VectorXd(
        Eigen::VectorXd::NullaryExpr(half, [&](Eigen::Index i) { return std::pow(theta, -2.0 * static_cast<double>(i) / d); }));
  };
  rotary_frequencies result{powers(options.theta), 1.0};
  Eigen::VectorXd& frequency = result.frequency;
  switch (options.scaling) {
    case rotary_scaling::none:
      break;
    case rotary_scaling::linear:
      frequency /= options.factor;
      break;
    case rotary_scaling::dynamic: {
      const double reach = static_cast<double>(std::max(window, trained)) / static_cast<double>(trained);
      frequency = powers(options.theta * std::pow(options.factor * reach - (options.factor - 1.0), d / (d - 2.0)));
      break;
    }
    case rotary_scaling::llama3: {
      const double low = options.low_frequency_factor, high = options.high_frequency_factor;
      for (double& f : frequency) {
        const double turns = original * f / (2.0 * pi);  // over the trained positions
        const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
        f *= kept + (1.0 - kept) / options.factor;
      }
      break;
    }
    case rotary_scaling::yarn: {
      // The component that turns so often over the trained positions.
      const auto component = [&](double turns) {
        return d * std::log(original / (turns * 2.0 * pi)) / (2.0 * std::log(options.theta));
      };
      double first = component(options.beta_fast), last = component(options.beta_slow);
      if (options.truncate) first = std::floor(first), last = std::ceil(last);
      first = std::max(first, 0.0);
      last = std::min(last, d - 1.0);
      if (first == last) last += 0.001;
      for (Eigen::Index i = 0; i < half; ++i) {
        const double slow = std::clamp((static_cast<double>(i) - first) / (last - first), 0.0, 1.0);
        frequency[i] *= 1.0 - slow + slow / options.factor;
      }
      const auto magnitude = [&](double m) { return options.factor > 1.0 ? 0.1 * m * std::log(options.factor) + 1.0 : 1.0; };
      result.magnitude = options.mscale > 0.0 && options.mscale_all > 0.0
                             ? magnitude(options.mscale) / magnitude(options.mscale_all)
                             : magnitude(1.0);
      break;
    }
    case rotary_scaling::longrope: {
      const Eigen::VectorXd& factors = static_cast<double>(window) > original ? options.long_factors : options.short_factors;
      frequency.array() /= factors.array();
      const double reach = options.factor > 1.0 ? options.factor : static_cast<double>(trained) / original;
      if (reach > 1.0 && original > 1.0) result.magnitude = std::sqrt(1.0 + std::log(reach) / std::log(original));
      break;
    }
  }
  const bool scales_logits = options.scaling == rotary_scaling::yarn || options.scaling == rotary_scaling::longrope;
  if (scales_logits && options.attention_factor > 0.0) result.magnitude = options.attention_factor;
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::models
