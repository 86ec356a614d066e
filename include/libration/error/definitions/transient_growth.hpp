// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/transient_growth.hpp declares.

#include <algorithm>
#include <cmath>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/detail/largest_singular.hpp>
#include <libration/error/transient_growth.hpp>
#include <libration/tangent/orthonormalise.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED double small_chi_squared(double r, double p) {
  const double wanted = 2.0 * std::log(p) / r;
  double low = 0.0, high = 1.0;
  for (int i = 0; i < 200; ++i) {
    const double x = 0.5 * (low + high);
    (std::log(x) + 1.0 - x < wanted ? low : high) = x;
  }
  return r * low;
}

// Templates on the number's type, so that only a program that calls them compiles their expressions.
template <class Real>
double largest_singular_of_product(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& A,
                                   const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& B) {
  return largest_singular(Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>(A * B));
}
template <class Real>
void write_directions(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& first,
                      const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& last, transient_growth_result& result) {
  Eigen::Matrix<Real, Eigen::Dynamic, 1> combination;
  (void)largest_singular(last, &combination);
  result.initial = first * combination;
  result.response = (last * combination).stableNormalized();
}

LIBRATION_DEFINED transient_recursion::transient_recursion(const transient_growth_options& options, Eigen::Index n)
    : options_(options), n_(n), whole_(options.directions == 0 || options.directions == n), growth_{1.0} {}

LIBRATION_DEFINED void transient_recursion::start(std::int64_t steps) {
  if (whole_) {
    first_.setIdentity(n_, n_);
  } else {
    first_.resize(n_, options_.directions);
    random_stream(options_.seed, 0x7472616e).fill_normal(first_);  // a stream of its own: "tran"
    tangent::orthonormaliser<double> orthonormaliser(n_, options_.directions);
    orthonormaliser.factor(first_);
    triangle_ = orthonormaliser.upper();
    // One bound for each step: any of them may fail.
    const double each = options_.failure_probability / static_cast<double>(std::max<std::int64_t>(steps, 1));
    least_overlap_ = std::sqrt(small_chi_squared(static_cast<double>(options_.directions), each));
  }
  product_ = best_ = first_;
}

LIBRATION_DEFINED bool transient_recursion::end_step() {
  const double norm = largest_singular(product_);
  if (!std::isfinite(norm)) return false;
  growth_.push_back(norm);
  if (norm > largest_) {
    largest_ = norm;
    step_ = static_cast<std::int64_t>(growth_.size()) - 1;
    best_ = product_;
  }
  // Φ Ω = (Φ Q) R for the normal matrix Ω = Q R, and ‖Φ Ω‖ >= ‖Φ‖ |v·Ω|, v the direction that Φ amplifies most.
  if (!whole_) upper_ = std::max(upper_, largest_singular_of_product(product_, triangle_) / least_overlap_);
  return true;
}

LIBRATION_DEFINED void transient_recursion::write_to(transient_growth_result& result) const {
  result.largest = largest_;
  result.upper = whole_ ? largest_ : upper_;
  result.step = step_;
  result.directions = directions();
  if (!whole_) {
    result.seed = options_.seed;
    result.failure_probability = options_.failure_probability;
  }
  result.steps = static_cast<std::int64_t>(growth_.size()) - 1;
  result.growth = Eigen::Map<const Eigen::VectorXd>(growth_.data(), static_cast<Eigen::Index>(growth_.size()));
  write_directions(first_, best_, result);
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED void transient_growth_estimator::validate(Eigen::Index n) const {
  constexpr std::string_view who = "error::transient_growth";
  const option_check check(who);
  check(options.directions >= 0 && options.directions <= n, "directions", options.directions,
        "0 to " + number_text(n) + " (the map's dimension; 0: all)");
  check(options.failure_probability > 0.0 && options.failure_probability < 1.0, "failure_probability",
        options.failure_probability, "a number in (0, 1)");
}

}  // namespace libration::inline LIBRATION_ABI::error
