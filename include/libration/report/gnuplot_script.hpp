// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Pictures of results as scripts for gnuplot, data included: text, which the caller runs or keeps.
///
///     std::ofstream("spectrum.gp") << report::spectrum_script(r, "spectrum.png", "Henon", "per step");     // gnuplot spectrum.gp

#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// A text as gnuplot's single-quoted string, in which an apostrophe is written twice.
LIBRATION_DECLARED std::string quoted(const std::string& text);

/// The beginning of every picture: a PNG file of 900 x 560 points.
LIBRATION_DECLARED std::string canvas(const std::filesystem::path& file, const std::string& title, const std::string& x,
                                      const std::string& y);

/// The exponents with their 95 % intervals, as they stand in the frame's order.
///
/// \param file  that the script writes when it is run, as all of these do
LIBRATION_DECLARED std::string spectrum_script(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                               const std::string& title, const std::string& unit);

/// The running estimate of the leading exponent with its 95 % band; needs `history`.
LIBRATION_DECLARED std::string history_script(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                              const std::string& title, const std::string& unit);

/// The distribution of the leading exponent over the windows.
///
/// \return empty for a result without windows, or one with an exponent that is not finite
LIBRATION_DECLARED std::string finite_time_script(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                                  const std::string& title, const std::string& unit);

/// A curve with a band about it: values at x, and the ends of an interval or of quantiles.
struct band {
  std::string label;
  Eigen::VectorXd x, value, lower, upper;  ///< shape (points) each; a point that is not finite is left out
};

/// How `bands_script` draws its axes.
struct band_axes {
  std::string x, y;
  bool log_x = false, log_y = false;  ///< points that are not positive are left out
};

/// Curves with their bands in one picture.
///
/// \return empty where there is no band
LIBRATION_DECLARED std::string bands_script(const std::vector<band>& bands, const std::filesystem::path& file,
                                            const std::string& title, const band_axes& axes);

/// How `heat_map_script` draws its axes.
struct heat_axes {
  std::string x, y, unit;           ///< `unit` stands beside the colour bar
  Eigen::Index rows_per_layer = 0;  ///< a line after as many rows, and layers as the vertical axis' numbers; 0: rows
  double low = lyapunov::unknown;   ///< value of the colour bar's ends; NaN: the least and the largest there is
  double high = lyapunov::unknown;
};

/// A matrix as colours: rows from the top downwards (heads), columns from left to right (positions). What is not finite is left
/// blank. More than 256 columns are averaged in neighbouring groups, those that are finite.
///
/// \return empty where no value is finite
LIBRATION_DECLARED std::string heat_map_script(const Eigen::MatrixXd& values, const std::filesystem::path& file,
                                               const std::string& title, const heat_axes& axes);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/gnuplot_script.hpp>
#endif
