// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/growth_law_result.hpp declares.

#include <array>
#include <string_view>
#include <utility>

#include <libration/error/growth_law_result.hpp>

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED void validate(const growth_law_options& o, std::string_view who) {
  const option_check check(who);
  require(o.from < o.to, who,
          [&] { return ".from is " + number_text(o.from) + ", expected less than .to, " + number_text(o.to); });
  check(o.largest > 0.0, "largest", o.largest, "> 0");
  check(o.resolution >= 1e-14 && o.resolution < 1.0, "resolution", o.resolution, "1e-14 to 1");
  check(o.minimum_points >= 4, "minimum_points", o.minimum_points, ">= 4");
  check(o.level > 0.0 && o.level < 1.0, "level", o.level, "a number in (0, 1)");
  check(o.decisive_weight > 0.5 && o.decisive_weight <= 1.0, "decisive_weight", o.decisive_weight, "a number in (0.5, 1]");
  check(o.tolerance > 0.0, "tolerance", o.tolerance, "> 0");
  check(o.group >= 1, "group", o.group, ">= 1");
  check(o.resamples >= 1, "resamples", o.resamples, ">= 1");
  check(o.threads >= 0, "threads", o.threads, ">= 0");
}

LIBRATION_DEFINED std::array<std::pair<std::string_view, const parameter_estimate*>, 6> named_parameters(const law_fit& f) {
  return {{{"initial", &f.initial},
           {"rate", &f.rate},
           {"source", &f.source},
           {"limit", &f.limit},
           {"coefficient", &f.coefficient},
           {"exponent", &f.exponent}}};
}

LIBRATION_DEFINED const law_fit* growth_law_result::find(std::string_view wanted) const {
  for (const law_fit& f : fits)
    if (f.name == wanted) return &f;
  return nullptr;
}

}  // namespace libration::inline LIBRATION_ABI::error
