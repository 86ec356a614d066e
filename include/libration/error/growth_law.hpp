// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Which law an error grows by: linear, power, exponential, logistic or Dalcher-Kalnay, with its parameters, or undecided.

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/error/growth_law_result.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// Fits the growth laws to one error curve, and says which of them it follows.
///
/// Least squares on ln E, so that every point counts by its relative error and the answer does not depend on the units. The
/// candidates are: linear (and through the origin), power, exponential, logistic, and Dalcher-Kalnay, whole, without exponential
/// growth (a = 0, "saturating") and without saturation (E_∞ = ∞, "exponential with source", which is how c (e^{at} - 1) is
/// recognised; its tail alone, by `.from`, is exponential as soon as the offset is below `.resolution` or the noise). Laws that
/// are 0 at t = 0 (power, through the origin) are candidates only where the window begins later: `.from`.
///
/// A law that one of its special cases fits as well (F-test of the one parameter between them at `.level`) reduces to it and takes
/// no weight; the others are weighed by the criterion. Schwarz's by default: the question is which law it is, not which curve
/// predicts best, and Akaike's goes on adding a needless parameter to one fit in six however many points there are.
/// `undecided`: too few points, nothing better than a constant, no law of weight `.decisive_weight`, or a best law that misses the
/// curve somewhere by more than `.tolerance` in a way that is not noise (neighbouring residuals go together, or, with known
/// errors, the residuals are too large for them). A curve whose points share their noise is better given as an ensemble: here the
/// correlation of neighbouring residuals is all that is known of it, and is taken for noise when the laws are weighed.
///
/// \param times   shape (n), ascending
/// \param values  the mean error or the geometric mean, shape (n), > 0 in the window
/// \return        `ok`; the fits, the best first, also where the law is undecided. Parameter intervals are to first order
/// \throws        argument_error: shapes, options, a time that does not ascend, a value in the window that is not finite and > 0
///                (says where), fewer than 4 points there. A law with p parameters is fitted to at least p + 2 points
/// Accuracy:      curves without noise give the law's parameters to about `.resolution` times their conditioning
/// Cost:          about 60 searches of 10 to 200 steps of n evaluations: 3 to 20 ms for 50 points
/// Source:        Lorenz, "Atmospheric predictability experiments with a large numerical model", Tellus 34 (1982) 505-513; Dalcher,
///                Kalnay, "Error growth and predictability in operational ECMWF forecasts", Tellus 39A (1987) 474-491; Schwarz,
///                "Estimating the dimension of a model", Annals of Statistics 6 (1978) 461-464; Burnham, Anderson, "Model selection
///                and multimodel inference" (2002) for weights, AICc and the inflation of known errors that the best law's misfit
///                calls for. Departures: the reduction of nested laws and the rule for `undecided` are chosen here
LIBRATION_DECLARED growth_law_result fit_growth_law(vector_view<double> times, vector_view<double> values,
                                                    const growth_law_options& options = {});

/// The same with the points' standard errors, which weigh them, and which a law's misfit is compared with.
///
/// \param standard_errors  of the values, shape (n), >= 0
LIBRATION_DECLARED growth_law_result fit_growth_law(vector_view<double> times, vector_view<double> values,
                                                    vector_view<double> standard_errors,
                                                    const growth_law_options& options = {});

/// The same for an ensemble: its mean curve, whose points' errors and correlations (of each with the one before) come from the
/// members, and the parameters' intervals from drawing members anew and fitting again.
///
/// An exponent is the leading one only of a window that begins when the errors have turned into the leading direction (in a flow
/// that along the flow itself fades as slowly as e^{-λt}: a few units of time) and ends before any member saturates (`.largest`).
/// Members must be independent: pairs whose stretches of the orbit overlap are not, and make every interval too short.
///
/// \param errors  shape (n, members), one time a row (a `growth_curve`'s `error`, transposed, with its `members` as `.group`); > 0,
///                or >= 0 where `.mean` is arithmetic
/// Accuracy:      expanded percentile intervals of 95 % hold the exponent of Hénon pairs in 96 % of 300 ensembles of 20, 50 and
///                200, and Lorenz's in 96 % of 500 ensembles of 30 and 50. They are for the law as given, right or wrong
/// Cost:          that of one curve, and `.resamples` times 8 searches from a good start: about 50 ms for 40 points
/// Source:        noise: first-order antedependence, Gabriel, "Ante-dependence analysis of an ordered set of variables", Annals of
///                Mathematical Statistics 33 (1962) 201-212
LIBRATION_DECLARED growth_law_result fit_growth_law_ensemble(vector_view<double> times, matrix_view<double> errors,
                                                             const growth_law_options& options = {});

/// The same from the logarithms of the errors, which may exceed what a double holds.
///
/// \param log_errors  ln error, shape (n, members); finite, or minus infinity where `.mean` is arithmetic
LIBRATION_DECLARED growth_law_result fit_growth_law_log_ensemble(vector_view<double> times, matrix_view<double> log_errors,
                                                                 const growth_law_options& options = {});

/// The same from what `growth` or `growth_ensemble` recorded: pairs that share a stretch are drawn together, `.group` being the
/// curve's own. Stretches with a pair that merges (error 0) or diverges within the window are left out; where runs begin with no
/// error (`growth_between`) the window has to begin later, by `.from`. Where coordinates of the curve wrap undeclared no law is
/// decided (status `undeclared_period`).
LIBRATION_DECLARED growth_law_result fit_growth_law(const growth_curve& curve, growth_law_options options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/growth_law.hpp>
#endif
