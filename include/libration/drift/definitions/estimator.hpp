// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/estimator.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/number_text.hpp>
#include <libration/drift/estimator.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

class distance_watch final : public state_watch {
 public:
  explicit distance_watch(reference usual) : usual_(std::move(usual)), workspace_(usual_.make_workspace()) {}
  std::unique_ptr<state_watch> copy() const override { return std::make_unique<distance_watch>(*this); }
  void reset(Eigen::Index position) override { position_ = position; }
  state_push push(const vector_view<double>& h) override {
    state_push out;
    const Eigen::Index position = position_++;
    if (usual_.by_position() && position >= usual_.positions())
      out.reading = reading::no_reference;
    else
      out.squared_distance = usual_.squared_mahalanobis(h, position, workspace_);
    return out;
  }
  const reference& usual() const override { return usual_; }
  bool alarms() const override { return false; }

 private:
  reference usual_;
  reference::workspace workspace_;
  Eigen::Index position_ = 0;
};

LIBRATION_DEFINED std::shared_ptr<const state_watch> watch_without_detector(reference usual) {
  return std::make_shared<distance_watch>(std::move(usual));
}

LIBRATION_DEFINED drift_record::drift_record(const state_watch& watch, const estimator_options& options, std::int64_t steps)
    : watch_(watch.copy()), keeps_(options.distances), state_(watch.usual().size()) {
  watch_->reset(options.first_position);
  gathered_.watched = watch_->alarms();
  if (!keeps_) return;
  // The length of a run until it is stopped is not known.
  const bool known = steps < (std::int64_t{1} << 40);
  if (!known) return;
  require_memory(2.0 * 8.0 * static_cast<double>(steps), "drift::state_drift", "the distances of the states",
                 ".distances = false, or fewer steps");
  distances_.reserve(static_cast<std::size_t>(steps));
}

LIBRATION_DEFINED void drift_record::add() {
  const state_push said = watch_->push(state_);
  ++gathered_.steps;
  if (said.reading == reading::no_reference) ++gathered_.without_reference;
  const double d = said.squared_distance;
  if (keeps_) distances_.push_back(d);
  if (said.alarm) gathered_.alarms.push_back(gathered_.steps);
  if (std::isnan(d)) return;
  series_.add(d / static_cast<double>(state_.size()));
  if (gathered_.largest_at >= 0 && !(d > gathered_.largest)) return;
  gathered_.largest = d;
  gathered_.largest_at = gathered_.steps;
}

LIBRATION_DEFINED void drift_record::write_to(estimator_result& result) {
  result.watched = gathered_.watched;
  result.steps = gathered_.steps;
  result.without_reference = gathered_.without_reference;
  result.largest = gathered_.largest;
  result.largest_at = gathered_.largest_at;
  result.alarms = gathered_.alarms;
  result.squared_distance = Eigen::Map<const Eigen::VectorXd>(distances_.data(), static_cast<Eigen::Index>(distances_.size()));
  result.mean = stats::mean_error(series_);
  result.trend = stats::fit_trend(series_);
}

}  // namespace detail

LIBRATION_FUNC estimator::estimator(reference usual, const estimator_options& given)
    : options(given), watch_(detail::watch_without_detector(std::move(usual))) {}

LIBRATION_DEFINED void estimator::validate(Eigen::Index n) const {
  constexpr std::string_view who = "drift::state_drift";
  const reference& usual = watch_->usual();
  const option_check check(who);
  require(n == usual.size(), who, [&] {
    return "the map's state has " + number_text(n) + " components, expected " + number_text(usual.size()) + " like the reference's";
  });
  require(usual.status() == status::ok, who,
          [&] { return "the reference has the status " + std::string(to_string(usual.status())) + ", expected ok"; });
  check(options.first_position >= 0, "first_position", options.first_position, ">= 0");
  require(!usual.by_position() || options.first_position < usual.positions(), who, [&] {
    return ".first_position is " + number_text(options.first_position) + ", but the reference is of the positions 0 to " +
           number_text(usual.positions() - 1);
  });
}

}  // namespace libration::inline LIBRATION_ABI::drift
