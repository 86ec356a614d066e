// SPDX-License-Identifier: MIT
// Exposure bias: what a model that is slightly wrong loses on contexts of its own making. A case whose every number is known.

#include <cmath>

#include <Eigen/Core>
#include <fmt/format.h>

#include <libration/core/random.hpp>
#include <libration/error/error.hpp>
#include <libration/report/format_error.hpp>

namespace error = libration::error;

namespace {

// The teacher is y' = 0.9 y + noise, the student y' = c y + noise, both with noise of variance 1 and from y = 0. At a context y
// the divergence of their predictions is KL = (0.9 - c)² y²/2.
constexpr double teacher = 0.9;
constexpr Eigen::Index length = 200, runs = 400;

// E[KL] at steps 1 .. length on contexts that follow y' = a y + noise: the variance of y is (1 - a^(2t))/(1 - a²).
Eigen::VectorXd exact(double a, double student) {
  Eigen::VectorXd kl(length);
  double variance = 0.0;
  for (Eigen::Index t = 0; t < length; ++t) {
    kl[t] = (teacher - student) * (teacher - student) * variance / 2.0;
    variance = a * a * variance + 1.0;
  }
  return kl;
}

// The same on contexts that are drawn.
Eigen::MatrixXd sampled(double a, double student, std::uint64_t seed) {
  Eigen::MatrixXd kl(length, runs);
  for (Eigen::Index r = 0; r < runs; ++r) {
    const libration::random_stream noise(seed, static_cast<std::uint64_t>(r));
    double y = 0.0;
    for (Eigen::Index t = 0; t < length; ++t) {
      kl(t, r) = (teacher - student) * (teacher - student) * y * y / 2.0;
      y = a * y + noise.normal(static_cast<std::uint64_t>(t));
    }
  }
  return kl;
}

}  // namespace

int main() {
  fmt::print("after {} steps          accumulated error over length        excess, %   law of the divergence\n", length);
  for (const double student : {0.85, 0.95, 1.0, 1.05}) {
    const auto known = error::exposure_bias(exact(teacher, student), exact(student, student));
    const auto drawn = error::exposure_bias(sampled(teacher, student, 1), sampled(student, student, 2));
    const auto& a = drawn.accumulated_error;
    const double l = static_cast<double>(length), last = known.accumulated_error.value[length - 1];
    // The growth of the divergence on the student's own contexts, from step 2 on: it begins at 0.
    const auto law = error::fit_growth_law(Eigen::VectorXd::LinSpaced(length - 1, 1.0, l - 1.0).eval(),
                                           exact(student, student).tail(length - 1).eval());
    fmt::print("  student {:.2f}: exact {:10.4f}, drawn {:<24} {:10.1f}   {}\n", student, last / l,
               libration::report::with_interval(a.value[length - 1] / l, a.lower[length - 1] / l, a.upper[length - 1] / l),
               known.excess_percent.value[length - 1], law.name);
  }
}
