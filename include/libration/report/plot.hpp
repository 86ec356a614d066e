// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Pictures of results, drawn by gnuplot where it is installed.

#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// Runs gnuplot on a script in a temporary file. Writing to a pipe would raise SIGPIPE where gnuplot is not installed.
///
/// \return whether gnuplot ran and was content
LIBRATION_DECLARED bool gnuplot(const std::string& script);

/// A text as gnuplot's single-quoted string, in which an apostrophe is written twice.
LIBRATION_DECLARED std::string quoted(const std::string& text);

/// The beginning of every picture: a PNG file of 900 x 560 points.
LIBRATION_DECLARED std::string canvas(const std::filesystem::path& file, const std::string& title, const std::string& x,
                                      const std::string& y);

/// The exponents with their 95 % intervals, as they stand in the frame's order.
LIBRATION_DECLARED bool plot_spectrum(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                      const std::string& title,
                                      const std::string& unit);

/// The running estimate of the leading exponent with its 95 % band; needs `history`.
LIBRATION_DECLARED bool plot_history(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                     const std::string& title,
                                     const std::string& unit);

/// The distribution of the leading exponent over the windows.
///
/// \return whether a picture was drawn; not of a result without windows, or one with an exponent that is not finite
LIBRATION_DECLARED bool plot_finite_time(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                         const std::string& title,
                                         const std::string& unit);

/// A curve with a band about it: values at x, and the ends of an interval or of quantiles.
struct band {
  std::string label;
  Eigen::VectorXd x, value, lower, upper;  ///< shape (points) each; a point that is not finite is left out
};

/// How `plot_bands` draws its axes.
struct band_axes {
  std::string x, y;
  bool log_x = false, log_y = false;  ///< points that are not positive are left out
};

/// Curves with their bands in one picture.
LIBRATION_DECLARED bool plot_bands(const std::vector<band>& bands, const std::filesystem::path& file, const std::string& title,
                                   const band_axes& axes);

/// How `plot_heat_map` draws its axes.
struct heat_axes {
  std::string x, y, unit;           ///< `unit` stands beside the colour bar
  Eigen::Index rows_per_layer = 0;  ///< a line after as many rows, and layers as the vertical axis' numbers; 0: rows
  double low = lyapunov::unknown;   ///< value of the colour bar's ends; NaN: the least and the largest there is
  double high = lyapunov::unknown;
};

/// A matrix as colours: rows from the top downwards (heads), columns from left to right (positions). What is not finite is left
/// blank. More than 256 columns are averaged in neighbouring groups, those that are finite.
///
/// \return whether a picture was drawn; not of values none of which is finite
LIBRATION_DECLARED bool plot_heat_map(const Eigen::MatrixXd& values, const std::filesystem::path& file, const std::string& title,
                                      const heat_axes& axes);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/plot.hpp>
#endif
