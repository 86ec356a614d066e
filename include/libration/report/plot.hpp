// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The pictures of report/gnuplot_script.hpp, drawn at once by gnuplot where it is installed.

#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/report/gnuplot_script.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// Runs gnuplot on a script in a temporary file. Writing to a pipe would raise SIGPIPE where gnuplot is not installed.
///
/// \return whether gnuplot ran and was content; false for an empty script, which draws nothing
LIBRATION_DECLARED bool gnuplot(const std::string& script);

/// Draws the picture of the script of the same name.
///
/// \return whether it was drawn
inline bool plot_spectrum(const lyapunov::spectrum_result& r, const std::filesystem::path& file, const std::string& title,
                          const std::string& unit) {
  return gnuplot(spectrum_script(r, file, title, unit));
}
inline bool plot_history(const lyapunov::spectrum_result& r, const std::filesystem::path& file, const std::string& title,
                         const std::string& unit) {
  return gnuplot(history_script(r, file, title, unit));
}
inline bool plot_finite_time(const lyapunov::spectrum_result& r, const std::filesystem::path& file, const std::string& title,
                             const std::string& unit) {
  return gnuplot(finite_time_script(r, file, title, unit));
}
inline bool plot_bands(const std::vector<band>& bands, const std::filesystem::path& file, const std::string& title,
                       const band_axes& axes) {
  return gnuplot(bands_script(bands, file, title, axes));
}
inline bool plot_heat_map(const Eigen::MatrixXd& values, const std::filesystem::path& file, const std::string& title,
                          const heat_axes& axes) {
  return gnuplot(heat_map_script(values, file, title, axes));
}

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/plot.hpp>
#endif
