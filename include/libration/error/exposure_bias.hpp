// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Exposure bias: how much more a model errs on contexts of its own making than on those it was trained on, and how that
/// accumulates with length.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/stats/bootstrap.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// A number for every length 1 to T, at entry l - 1, with its interval; NaN where it is not defined, and bands of runs that do not
/// allow any.
struct length_curve {
  Eigen::VectorXd value;           ///< shape (T)
  Eigen::VectorXd lower, upper;    ///< ends of the intervals, shape (T)
  Eigen::VectorXd standard_error;  ///< shape (T)
};

/// What `error::exposure_bias` finds, for every length l.
struct [[nodiscard]] exposure_bias_result {
  length_curve mean_divergence;    ///< ε(l): of the teacher from the student on the teacher's contexts, per step; nats
  length_curve regret;             ///< R(l): summed over the first l steps, on the student's contexts; nats
  length_curve accumulated_error;  ///< AccErr(l) = R/ε; l where nothing accumulates. NaN where ε is 0
  length_curve excess_percent;     ///< %ExAccErr(l) = 100 (R - l ε)/(l ε); 0 where there is no exposure bias
  std::int64_t steps = 0;          ///< T
  std::int64_t teacher_runs = 0, student_runs = 0;  ///< columns that are averaged over
  std::int64_t units = 0;  ///< what is drawn anew for the bands: the fewer runs (or prompts) of the two; below 2: no bands
  libration::status status = libration::status::not_run;
  std::uint64_t seed = 0;

  /// Over the first l steps, 1 to T, no divergence at all was seen, on the student's contexts neither: the two are the same there,
  /// and have no error to accumulate (0/0).
  bool identical_until(Eigen::Index l) const { return mean_divergence.value[l - 1] == 0.0 && regret.value[l - 1] == 0.0; }
};

/// Options of `error::exposure_bias` from given divergences.
struct exposure_bias_options {
  /// Column j of the two matrices belongs together (one prompt, or the same random numbers): they are drawn together.
  bool paired = false;
  /// Of the bands.
  stats::bootstrap_options bootstrap = {};
};

namespace detail {

// The three curves one after another, from the mean divergence at each step.
inline Eigen::VectorXd exposure_curves(const Eigen::VectorXd& teacher, const Eigen::VectorXd& student) {
  const Eigen::Index T = teacher.size();
  Eigen::VectorXd curves(3 * T);
  stats::compensated_sum<double> on_teacher, on_student;
  for (Eigen::Index i = 0; i < T; ++i) {
    on_teacher.add(teacher[i]);
    on_student.add(student[i]);
    const double mean = on_teacher.value() / static_cast<double>(i + 1);
    curves[i] = mean;
    curves[T + i] = on_student.value();
    curves[2 * T + i] = mean != 0.0 ? on_student.value() / mean : std::numeric_limits<double>::quiet_NaN();
  }
  return curves;
}

inline Eigen::VectorXd mean_of_columns(const matrix_view<double>& values, std::span<const Eigen::Index> columns) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(values.rows());
  for (const Eigen::Index j : columns) sum += values.col(j);
  return sum / static_cast<double>(columns.size());
}

inline exposure_bias_result aggregate(const matrix_view<double>& teacher, const matrix_view<double>& student, bool paired,
                                      const stats::bootstrap_options& options) {
  using members = std::vector<Eigen::Index>;
  const Eigen::Index T = teacher.rows();
  exposure_bias_result result;
  result.steps = T;
  result.teacher_runs = teacher.cols();
  result.student_runs = student.cols();
  result.units = std::min(result.teacher_runs, result.student_runs);
  result.seed = options.seed;
  result.status = status::ok;
  stats::bootstrap_band band;
  if (result.units >= 2) {
    const std::array<Eigen::Index, 2> sizes = {teacher.cols(), student.cols()};
    band = stats::bootstrap(
        std::span<const Eigen::Index>(sizes.data(), paired ? 1 : 2),
        [&](std::span<const members> chosen) {
          return exposure_curves(mean_of_columns(teacher, chosen.front()), mean_of_columns(student, chosen.back()));
        },
        options);
  } else {
    band.estimate = exposure_curves(teacher.rowwise().mean(), student.rowwise().mean());
    band.lower = band.upper = band.standard_error = Eigen::VectorXd::Constant(3 * T, std::numeric_limits<double>::quiet_NaN());
  }
  const auto part = [&](Eigen::Index k) {
    return length_curve{band.estimate.segment(k * T, T), band.lower.segment(k * T, T), band.upper.segment(k * T, T),
                        band.standard_error.segment(k * T, T)};
  };
  result.mean_divergence = part(0);
  result.regret = part(1);
  result.accumulated_error = part(2);
  // %ExAccErr = 100 (AccErr/l - 1) rises with AccErr: its intervals are the same ones.
  const Eigen::ArrayXd percent = 100.0 / Eigen::ArrayXd::LinSpaced(T, 1.0, static_cast<double>(T));
  const length_curve& sum = result.accumulated_error;
  const auto excess = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return percent * x.array() - 100.0; };
  result.excess_percent = {excess(sum.value), excess(sum.lower), excess(sum.upper), percent * sum.standard_error.array()};
  return result;
}

}  // namespace detail

/// Accumulated error by length, from the divergences KL(p‖q) of the student's next-token distribution q from the teacher's p:
///
///     ε(l) = (1/l) Σ_{t≤l} KL on the teacher's contexts,  R(l) = Σ_{t≤l} KL on the student's,
///     AccErr(l) = R/ε,  %ExAccErr(l) = 100 (R - l ε)/(l ε).
///
/// \param teacher  shape (T, runs): at each step, on contexts that the teacher made
/// \param student  shape (T, runs): the same, on contexts that the student made; any number of runs. Expectations that are known
///                 exactly are a single column
/// \return         `ok`; bands where both have at least two runs, which are independent of each other
/// \throws         argument_error: shapes, no steps or runs, a divergence that is not finite (says where), options
/// Accuracy:       sums to eps relative. The ratio of means has a bias of order 1/runs, which BCa bands allow for: 95 % bands from
///                 60 or 200 runs hold AccErr in 93 % of 1000 samples
/// Cost:           T runs operations a resample; 3 T resamples numbers
/// Source:         Arora, El Asri, Bahuleyan, Cheung, "Why exposure bias matters: an imitation learning perspective of error
///                 accumulation in language generation", Findings of ACL 2022; bands are added here
inline exposure_bias_result exposure_bias(matrix_view<double> teacher, matrix_view<double> student,
                                          const exposure_bias_options& options = {}) {
  constexpr std::string_view who = "error::exposure_bias";
  stats::validate(options.bootstrap, who);
  require(teacher.rows() >= 1 && teacher.cols() >= 1, who, "teacher is empty, expected at least one step of one run");
  require(student.cols() >= 1, who, "student is empty, expected at least one run");
  require_rows(student.rows(), teacher.rows(), who, "student", "the teacher's steps; columns are runs");
  require(!options.paired || teacher.cols() == student.cols(), who, [&] {
    return "student has " + number_text(student.cols()) + " columns, expected " + number_text(teacher.cols()) +
           " (as teacher: .paired)";
  });
  const auto check = [&](const matrix_view<double>& values, const char* name) {
    for (Eigen::Index j = 0; j < values.cols(); ++j)
      for (Eigen::Index i = 0; i < values.rows(); ++i)
        require(std::isfinite(values(i, j)), who, [&] {
          return std::string(name) + " is not finite at step " + number_text(i + 1) + " of run " + number_text(j);
        });
  };
  check(teacher, "teacher");
  check(student, "student");
  return detail::aggregate(teacher, student, options.paired, options.bootstrap);
}

}  // namespace libration::inline LIBRATION_ABI::error
