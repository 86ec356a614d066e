// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/growth_curve.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/memory.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/saturating.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// Templates on the number's type, so that only a program that calls them compiles their expressions.
template <class Real>
Eigen::Matrix<Real, Eigen::Dynamic, 1> mean_of_rows(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& error) {
  return error.colwise().mean().transpose();
}
template <class Real>
Eigen::Matrix<Real, Eigen::Dynamic, 1> mean_log_of_rows(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& error) {
  return error.array().log().colwise().mean().transpose();
}
template <class Real>
Real mean_log_of_part(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& error, Eigen::Index column, Eigen::Index first,
                      Eigen::Index count) {
  return error.col(column).segment(first, count).array().log().mean();
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED void validate(const growth_options& options, std::string_view who) {
  const option_check check(who);
  check(options.size > 0.0 && std::isfinite(options.size), "size", options.size, "> 0");
  check(options.steps >= 1, "steps", options.steps, ">= 1");
  check(options.every >= 1 && options.every <= options.steps, "every", options.every, "1 to .steps");
  check(options.windows >= 1, "windows", options.windows, ">= 1");
  check(options.members >= 1, "members", options.members, ">= 1");
  check(options.transient >= 0, "transient", options.transient, ">= 0");
  check(options.alignment >= 1, "alignment", options.alignment, ">= 1");
  check(options.normaliser >= 0.0 && std::isfinite(options.normaliser), "normaliser", options.normaliser, ">= 0");
  require(options.direction == direction::random || options.members == 1, who,
          ".members is more than 1, but there is one leading direction only");
}

LIBRATION_DEFINED bool growth_curve::starts_saturated() const {
  return normalised_by_spread && points() > 0 && pairs() > 0 && error.col(0).minCoeff() >= 1.0;
}

LIBRATION_DEFINED Eigen::VectorXd growth_curve::mean() const { return detail::mean_of_rows(error); }

LIBRATION_DEFINED Eigen::VectorXd growth_curve::mean_log() const { return detail::mean_log_of_rows(error); }

LIBRATION_DEFINED Eigen::VectorXd growth_curve::mean_log_error() const {
  const Eigen::Index stretches = pairs() / members;
  Eigen::VectorXd result(points());
  std::vector<double> means(static_cast<std::size_t>(stretches));
  for (Eigen::Index j = 0; j < points(); ++j) {
    for (Eigen::Index w = 0; w < stretches; ++w)
      means[static_cast<std::size_t>(w)] = detail::mean_log_of_part(error, j, w * members, members);
    result[j] = stats::standard_deviation(means) / std::sqrt(static_cast<double>(stretches));
  }
  return result;
}

LIBRATION_DEFINED Eigen::VectorXd growth_curve::quantile(double p) const {
  Eigen::VectorXd result(points());
  for (Eigen::Index j = 0; j < points(); ++j)
    result[j] = stats::quantile(std::span<const double>(error.col(j).data(), static_cast<std::size_t>(pairs())), p);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED void coordinate_moments::add(double x, std::int64_t block) {
  double y = x * scale_;
  if (!(std::abs(y) < 0x1p400) || (unset_ && x != 0.0)) y = change_unit(x);
  ++count_;
  all_.add(y, count_);
  if (block < 1 || blocks_ >= most_blocks) return;
  ++in_block_;
  part_.add(y, in_block_);
  if (in_block_ < block) return;
  within_ += part_.squares;
  if (blocks_ > 0) (part_.mean > last_ ? rises_ : falls_) = true;
  last_ = part_.mean;
  ++blocks_;
  until_ = all_.squares;
  part_ = {};
  in_block_ = 0;
}

LIBRATION_DEFINED void coordinate_moments::moments::add(double y, std::int64_t count) {
  const double before = y - mean;
  mean += before / static_cast<double>(count);
  squares += before * (y - mean);
}

LIBRATION_DEFINED void coordinate_moments::moments::multiply(double factor) {
  mean *= factor;
  squares *= factor * factor;
}

LIBRATION_DEFINED double coordinate_moments::change_unit(double x) {
  const int exponent = std::max(binary_exponent(std::abs(x)), -1000);  // 2^1000 is in range
  const double factor = unset_ ? 1.0 : std::ldexp(1.0, exponent_ - exponent);
  all_.multiply(factor);
  part_.multiply(factor);
  last_ *= factor;
  within_ *= factor * factor;
  until_ *= factor * factor;
  exponent_ = exponent;
  scale_ = std::ldexp(1.0, -exponent);
  unset_ = false;
  return x * scale_;
}

LIBRATION_DEFINED spread::spread(Eigen::Index n, error::norm kind, std::int64_t steps)
    : kind_(kind), block_(steps / 8), first_(n), coordinates_(static_cast<std::size_t>(n)) {
  first_.setZero();
}

LIBRATION_DEFINED std::vector<Eigen::Index> spread::drifting() const {
  std::vector<Eigen::Index> found;
  for (Eigen::Index i = 0; i < first_.size(); ++i)
    if (coordinates_[static_cast<std::size_t>(i)].drifts()) found.push_back(i);
  return found;
}

LIBRATION_DEFINED double spread::size() const {
  if (count_ == 0) return 0.0;
  return measure(kind_, first_.size(), [&](Eigen::Index i) {
    const auto& c = coordinates_[static_cast<std::size_t>(i)];
    return c.drifts() ? 0.0 : c.deviation();
  });
}

LIBRATION_DEFINED double spread::magnitude() const {
  if (count_ == 0) return 0.0;
  return measure(kind_, first_.size(),
                 [&](Eigen::Index i) { return coordinates_[static_cast<std::size_t>(i)].root_mean_square(first_[i]); });
}

LIBRATION_DEFINED void finish_curve(growth_curve& r, double given, double spread_size, double magnitude, double eps) {
  if (given == 0.0 && !std::isfinite(spread_size)) {  // the reference's size itself is out of range
    spread_size = 0.0;
    if (r.status == status::ok) r.status = status::diverged;
  }
  if (!(spread_size > 8.0 * eps * magnitude)) spread_size = 0.0;  // a fixed point moves by its rounding
  r.normaliser = given > 0.0 ? given : (spread_size > 0.0 ? spread_size : 1.0);
  r.normalised_by_spread = given == 0.0 && spread_size > 0.0;
  r.error /= r.normaliser;
  r.diverged_pairs = (r.error.array() == std::numeric_limits<double>::infinity()).rowwise().any().count();
  r.swallowed_pairs = r.size > 0.0 && r.points() > 0 ? (r.error.col(0).array() == 0.0).count() : 0;
  r.rounding = eps * magnitude / r.normaliser;
  if (r.status == status::ok && r.swallowed_pairs > 0 && r.swallowed_pairs == r.error.rows()) r.status = status::not_resolved;
}

LIBRATION_DEFINED void require_memory_for(std::int64_t pairs, std::int64_t points, double buffers, std::string_view who) {
  const double numbers = static_cast<double>(pairs) * static_cast<double>(points) + buffers;
  require_memory(8.0 * numbers, who, number_text(pairs) + " pairs of " + number_text(points) + " points",
                 "fewer .windows or .members, or a larger .every, take less");
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
