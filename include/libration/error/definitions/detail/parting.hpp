// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/parting.hpp declares.

#include <algorithm>

#include <libration/error/detail/parting.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED void jump_record::add(const parting& p) {
  if (!p.jump) return;
  ++jumps_;
  if (p.coordinate >= 0) add({p.coordinate, p.period, 1}, p.accuracy);
}

LIBRATION_DEFINED void jump_record::add(const jump_record& other) {
  jumps_ += other.jumps_;
  for (std::size_t k = 0; k < other.wraps_.size(); ++k) add(other.wraps_[k], other.accuracy_[k]);
}

LIBRATION_DEFINED void jump_record::report_to(growth_curve& curve) const {
  curve.jumps = jumps_;
  std::int64_t all = 0;
  for (const undeclared_period& w : wraps_) all += w.jumps;
  if (8 * all <= jumps_) return;
  for (const undeclared_period& w : wraps_)
    if (16 * w.jumps >= all) curve.undeclared.push_back(w);
  std::sort(curve.undeclared.begin(), curve.undeclared.end(),
            [](const undeclared_period& a, const undeclared_period& b) { return a.coordinate < b.coordinate; });
  if (curve.status == status::ok) curve.status = status::undeclared_period;
}

LIBRATION_DEFINED void jump_record::add(const undeclared_period& wrap, double accuracy) {
  for (std::size_t k = 0; k < wraps_.size(); ++k) {
    if (wraps_[k].coordinate != wrap.coordinate) continue;
    wraps_[k].jumps += wrap.jumps;
    if (accuracy < accuracy_[k]) {
      accuracy_[k] = accuracy;
      wraps_[k].period = wrap.period;
    }
    return;
  }
  wraps_.push_back(wrap);
  accuracy_.push_back(accuracy);
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
