// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/exposure_bias.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/number_text.hpp>
#include <libration/error/exposure_bias.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// The three curves one after another, from the mean divergence at each step.
template <class Real>
Eigen::Matrix<Real, Eigen::Dynamic, 1> exposure_curves(const Eigen::VectorXd& teacher, const Eigen::VectorXd& student) {
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

template <class Real>
Eigen::Matrix<Real, Eigen::Dynamic, 1> mean_of_columns(const matrix_view<Real>& values, std::span<const Eigen::Index> columns) {
  Eigen::Matrix<Real, Eigen::Dynamic, 1> sum = Eigen::Matrix<Real, Eigen::Dynamic, 1>::Zero(values.rows());
  for (const Eigen::Index j : columns) sum += values.col(j);
  return sum / static_cast<double>(columns.size());
}

// A template on the number's type, so that only a program that calls it compiles its expressions.
//
// %ExAccErr = 100 (AccErr/l - 1) rises with AccErr: its intervals are the same ones.
template <class Real>
length_curve excess_percent_of(const length_curve& sum) {
  using numbers = Eigen::Array<Real, Eigen::Dynamic, 1>;
  using vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  const Eigen::Index T = sum.value.size();
  const numbers percent = 100.0 / numbers::LinSpaced(T, 1.0, static_cast<double>(T));
  const auto excess = [&](const vector& x) -> vector { return percent * x.array() - 100.0; };
  const vector& error = sum.standard_error;
  return {excess(sum.value), excess(sum.lower), excess(sum.upper), percent * error.array()};
}

LIBRATION_DEFINED exposure_bias_result aggregate(const matrix_view<double>& teacher, const matrix_view<double>& student,
                                                 bool paired,
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
          return exposure_curves<double>(mean_of_columns<double>(teacher, chosen.front()),
                                         mean_of_columns<double>(student, chosen.back()));
        },
        options);
  } else {
    band.estimate = exposure_curves<double>(teacher.rowwise().mean(), student.rowwise().mean());
    band.lower = band.upper = band.standard_error = Eigen::VectorXd::Constant(3 * T, std::numeric_limits<double>::quiet_NaN());
  }
  const auto part = [&](Eigen::Index k) {
    return length_curve{band.estimate.segment(k * T, T), band.lower.segment(k * T, T), band.upper.segment(k * T, T),
                        band.standard_error.segment(k * T, T)};
  };
  result.mean_divergence = part(0);
  result.regret = part(1);
  result.accumulated_error = part(2);
  result.excess_percent = excess_percent_of<double>(result.accumulated_error);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED exposure_bias_result exposure_bias(matrix_view<double> teacher, matrix_view<double> student,
                                                     const exposure_bias_options& options) {
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
