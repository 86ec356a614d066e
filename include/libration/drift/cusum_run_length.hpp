// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How long a CUSUM chart runs to its alarm, on the average: in control, and after a shift.

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// A CUSUM chart of standardised values z: S ← max(0, S + z - reference), alarm where S > threshold; two-sided: a second sum of -z
/// beside it, and the alarm of either.
struct cusum_chart {
  double reference = 0.5;  ///< k >= 0, in standard deviations: half the shift that is to be found soonest
  double threshold = 5.0;  ///< h > 0, in standard deviations, at most 50
  bool two_sided = false;
};

/// Mean number of values to the alarm of a chart that begins at S = 0, of independent normal values of mean `shift` and variance 1.
///
/// Of values that remember each other it is another: at an autocorrelation of 0.9 a chart of 930 runs 73 values (in control).
///
/// \param shift  in standard deviations; 0: in control
/// \return       values, >= 1; infinite where it leaves the range of double's digits (above 1e13)
/// \throws argument_error  for a chart out of range, or a shift that is not finite
/// Accuracy:  1e-9 relative for run lengths below 1e6; of longer ones epsilon times the run length
/// Cost:      (10 h)³ operations
/// Source:    E. S. Page's integral equation by Nyström's method with Gauss-Legendre panels (D. Brook, D. A. Evans 1972 by a Markov
///            chain); two-sided by 1/L = 1/L₊ + 1/L₋, which is exact where one sum is 0 whenever the other one alarms (J. M. Lucas,
///            R. B. Crosier 1982), as with one threshold for both
LIBRATION_DECLARED double cusum_run_length(const cusum_chart& chart, double shift = 0.0);

/// The threshold at which a chart in control runs so many values to a false alarm.
///
/// \param run_length  values, from above what a threshold of 0 gives, 1/P(z > reference), to 1e9
/// \param reference   k >= 0
/// \throws argument_error  where an argument is out of range
/// Accuracy:  1e-9
/// Cost:      some 10 run lengths
LIBRATION_DECLARED double cusum_threshold(double run_length, double reference = 0.5, bool two_sided = false);

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/cusum_run_length.hpp>
#endif
