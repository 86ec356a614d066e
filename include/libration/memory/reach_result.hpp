// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What `memory::reach` returns.

#include <cstdint>
#include <limits>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// By what a derivative over many steps is carried.
enum class transport : std::uint8_t {
  automatic,  ///< the one that has fewer columns to carry
  adjoint,    ///< back in time from an output, a column for each output: the map's `pullback`
  tangent,    ///< forward in time from an input, a column for each input: the map's tangent in its input
};

/// \return the enumerator's name
constexpr std::string_view to_string(transport t) noexcept {
  constexpr std::string_view names[] = {"automatic", "adjoint", "tangent"};
  return names[static_cast<std::uint8_t>(t)];
}

/// A number of steps with its interval over the windows of a run; NaN: not known.
struct [[nodiscard]] lag_estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN(), upper = std::numeric_limits<double>::quiet_NaN();
};

/// What `memory::reach` returns. Lags are steps, and column (or entry) k belongs to lag k, from 0 to `lags`.
struct [[nodiscard]] reach_result {
  /// ‖∂y_t/∂x_{t-k}‖ (of a map without inputs ‖∂y_t/∂h_{t-k}‖), mean over the windows, shape (lags + 1); empty where no window was
  /// completed.
  Eigen::VectorXd gain;
  Eigen::VectorXd lower, upper;  ///< the mean's interval of probability `level`, shape (lags + 1); NaN with fewer than 4 windows
  /// The lag from which on the mean gain stays below `fraction` of its largest value, interpolated between lags by its logarithm;
  /// infinite where it is not below at the last lag.
  lag_estimate fraction_lag;
  /// Σ k gain_k / Σ gain_k over the lags looked at: the mean distance of what an output depends on, beside the `mean_distance` of
  /// attention, which weighs keys by their weights.
  lag_estimate mean_lag;

  /// Mean of ‖∂y_t/∂x_{c,t-k}‖ for input c alone, shape (m, lags + 1); empty without inputs, and where random directions of the
  /// input were carried.
  Eigen::MatrixXd channels;
  Eigen::VectorXd channel_lag;  ///< `fraction_lag` of each row of `channels`, shape (m)
  /// By adjoints, of a map that says its layers: mean of ‖∂y_t/∂h_{l,t-k}‖, h_l the part of the state after step t - k that is
  /// layer l's: through which layer the past reaches the output; shape (layers, lags + 1). Else empty.
  Eigen::MatrixXd through_layers;
  /// By tangents, of a map that says its layers: mean of ‖∂h_{l,t}/∂x_{t-k}‖, what layer l remembers itself; shape (layers, lags +
  /// 1). Else empty.
  Eigen::MatrixXd layers;
  Eigen::VectorXd layer_lag;  ///< `fraction_lag` of each row of `through_layers` or `layers`; shape (layers)

  Eigen::MatrixXd windows;      ///< the gain in each window, shape (lags + 1, windows)
  std::int64_t steps = 0;       ///< counted steps, from the first window's first to the last one's last
  double fraction = 0.0, level = 0.0;
  memory::transport by = transport::automatic;  ///< by what it was measured: adjoint or tangent
  Eigen::Index columns = 0;     ///< that were carried
  bool random_directions = false;  ///< they are random: the gain of a window is an estimate itself
  std::uint64_t seed = 0;       ///< of the directions and of the intervals
  libration::status status = libration::status::not_run;
  std::int64_t failed_at = -1;  ///< the number of the step where a state or a derivative stopped being finite; or -1

  std::int64_t lags() const { return gain.size() > 0 ? static_cast<std::int64_t>(gain.size()) - 1 : 0; }
};

}  // namespace libration::inline LIBRATION_ABI::memory
