// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Exposure bias: how much more a model errs on contexts of its own making than on those it was trained on, and how that
/// accumulates with length.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/stats/bootstrap.hpp>

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

LIBRATION_DECLARED exposure_bias_result aggregate(const matrix_view<double>& teacher, const matrix_view<double>& student,
                                                  bool paired,
                                                  const stats::bootstrap_options& options);

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
LIBRATION_DECLARED exposure_bias_result exposure_bias(matrix_view<double> teacher, matrix_view<double> student,
                                                      const exposure_bias_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/exposure_bias.hpp>
#endif
