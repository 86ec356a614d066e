// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/model_exposure_bias.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/memory.hpp>
#include <libration/core/number_text.hpp>
#include <libration/error/model_exposure_bias.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED void validate_exposure(const model_exposure_options& options, Eigen::Index teacher_size,
                                         Eigen::Index student_size, const std::vector<std::vector<maps::token>>& prompts) {
  constexpr std::string_view who = "error::exposure_bias";
  const option_check check(who);
  check(options.steps >= 1, "steps", options.steps, ">= 1");
  check(options.runs >= 1, "runs", options.runs, ">= 1");
  check(options.temperature > 0.0 && std::isfinite(options.temperature), "temperature", options.temperature, "> 0 and finite");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  maps::validate(options.decoding, who);
  stats::validate(options.bootstrap, who);
  require_rows(student_size, teacher_size, who, "the student's vocabulary", "the teacher's");
  require(!prompts.empty(), who, "no prompts, expected at least one");
  for (std::size_t i = 0; i < prompts.size(); ++i) maps::require_tokens(prompts[i], teacher_size, who, "prompt " + number_text(i));
}

LIBRATION_DEFINED model_exposure_result empty_exposure(const model_exposure_options& options, std::size_t prompts) {
  const double pairs_at_all = static_cast<double>(prompts) * static_cast<double>(options.runs);
  require_memory(pairs_at_all * (16.0 * static_cast<double>(options.steps) + sizeof(exposure_run)), "error::exposure_bias",
                 number_text(options.runs) + " runs of " + number_text(options.steps) + " steps from " + number_text(prompts) +
                     " prompts",
                 "fewer .runs or .steps take less");
  const Eigen::Index pairs = static_cast<Eigen::Index>(prompts) * options.runs;
  model_exposure_result result;
  result.seed = options.seed;
  result.teacher_divergence.setConstant(options.steps, pairs, std::numeric_limits<double>::quiet_NaN());
  result.student_divergence = result.teacher_divergence;
  result.runs.resize(static_cast<std::size_t>(pairs));
  return result;
}

LIBRATION_DEFINED void summarise_exposure(model_exposure_result& result, const model_exposure_options& options) {
  const auto pairs = static_cast<std::int64_t>(result.runs.size()), count = pairs / options.runs;
  // Whole pairs; with several prompts, their means: the prompt is then what is independent.
  std::vector<Eigen::VectorXd> on_teacher, on_student;
  std::int64_t whole = 0;
  status first_failure = status::not_run;
  for (std::int64_t i = 0; i < count; ++i) {
    Eigen::VectorXd a = Eigen::VectorXd::Zero(options.steps), b = a;
    std::int64_t here = 0;
    for (std::int64_t j = i * options.runs; j < (i + 1) * options.runs; ++j) {
      exposure_run& run = result.runs[static_cast<std::size_t>(j)];
      run.prompt = i;
      if (run.teacher_status != status::ok || run.student_status != status::ok) {
        ++result.failed_runs;
        if (first_failure == status::not_run)
          first_failure = run.teacher_status != status::ok ? run.teacher_status : run.student_status;
        continue;
      }
      ++here;
      if (count == 1) {
        on_teacher.push_back(result.teacher_divergence.col(j));
        on_student.push_back(result.student_divergence.col(j));
      } else {
        a += result.teacher_divergence.col(j);
        b += result.student_divergence.col(j);
      }
    }
    whole += here;
    if (count == 1 || here == 0) continue;
    on_teacher.push_back(a / static_cast<double>(here));
    on_student.push_back(b / static_cast<double>(here));
  }
  if (whole == 0) {
    result.bias.status = first_failure;
    return;
  }
  const auto units = static_cast<Eigen::Index>(on_teacher.size());
  Eigen::MatrixXd A(options.steps, units), B(options.steps, units);
  for (Eigen::Index j = 0; j < units; ++j) {
    A.col(j) = on_teacher[static_cast<std::size_t>(j)];
    B.col(j) = on_student[static_cast<std::size_t>(j)];
  }
  result.bias = aggregate(A, B, true, options.bootstrap);
  result.bias.teacher_runs = result.bias.student_runs = whole;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
