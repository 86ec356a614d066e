// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `diagnose`: runs a subject as it is, under each intervention, and under all at once, and says which mechanisms are at work.

#include <cstdint>
#include <stop_token>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/subject.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// Options of `diagnosis::diagnose`.
struct diagnose_options {
  /// Texts that each run goes along, >= 1. Intervals narrow as one over its root.
  std::int64_t texts = 32;
  /// The first one's number, >= 0: other texts for another look.
  std::int64_t first_text = 0;
  diagnosis::attribution_options attribution = {};
  /// Whether all interventions are run at once too, where there are several: without it, whether they interact is not known.
  bool together = true;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
  std::stop_token stop = {};
};

/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const diagnose_options& options, std::string_view who);

namespace detail {

/// What `diagnose` calls of a subject.
struct subject_calls {
  const void* subject;
  Eigen::VectorXd (*losses)(const void*, const intervention_set&, std::int64_t);
  Eigen::VectorXd (*reference)(const void*, std::int64_t);  ///< null: none
};

LIBRATION_DECLARED attribution_result diagnose_runs(const subject_calls& calls, const std::vector<intervention>& interventions,
                                                    const diagnose_options& options);

}  // namespace detail

/// Why do long runs of this model get worse? Runs it as it is, with each intervention by itself and with all of them, on the same
/// texts, and compares: `diagnosis::attribution`.
///
/// \param s  see `diagnosis::subject`
/// \return   `ok`; `not_converged`: too few texts for intervals; `diverged`: a loss was not finite (`failed_text`, `failed_at` and
///           `failed_run` say where), and there is no verdict, as such a text may neither be averaged nor left out; `cancelled`
/// \throws argument_error  options; losses of different sizes (says where); more than 64 interventions
/// Cost:     texts · (interventions + 2) calls of `losses`
template <class Subject>
attribution_result diagnose(const Subject& s, const diagnose_options& options = {}) {
  static_assert(subject<Subject>, "libration: diagnosis::explain_subject<S>() says what keeps S from being a subject");
  if constexpr (subject<Subject>) {
    const auto losses = [](const void* it, const intervention_set& active, std::int64_t text) -> Eigen::VectorXd {
      return static_cast<const Subject*>(it)->losses(active, text);
    };
    detail::subject_calls calls{&s, losses, nullptr};
    if constexpr (has_reference<Subject>)
      calls.reference = [](const void* it, std::int64_t text) -> Eigen::VectorXd {
        return static_cast<const Subject*>(it)->reference(text);
      };
    return detail::diagnose_runs(calls, s.interventions(), options);
  } else {
    return {};
  }
}

}  // namespace libration::inline LIBRATION_ABI::diagnosis

#if !defined(LIBRATION_COMPILED)
#include <libration/diagnosis/definitions/diagnose.hpp>
#endif
