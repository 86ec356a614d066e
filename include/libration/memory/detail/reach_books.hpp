// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The gains that `memory::reach` gathers, and what is made of them.

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/memory/reach_result.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

/// The lag from which on g stays below `fraction` of its largest value; infinite where it is not below at the end, NaN where no
/// gain is above 0.
///
/// \param g  gains, shape (lags + 1), not negative
LIBRATION_DECLARED double fraction_lag(const Eigen::Ref<const Eigen::VectorXd>& g, double fraction);

/// Gains by window, and sums over windows by channel and layer.
class reach_books {
 public:
  /// \param channels, layers  rows that are kept of each; 0: none
  LIBRATION_DECLARED void start(std::int64_t lags, std::int64_t windows, Eigen::Index channels, Eigen::Index layers);

  /// \return false where the gain is not finite
  bool add(Eigen::Index lag, Eigen::Index window, double gain) {
    gains_(lag, window) = gain;
    return gain - gain == 0.0;
  }
  auto channels(Eigen::Index lag) { return channels_.col(lag); }
  auto layers(Eigen::Index lag) { return layers_.col(lag); }
  bool has_channels() const { return channels_.rows() > 0; }
  bool has_layers() const { return layers_.rows() > 0; }
  /// A window is complete.
  void close() { ++closed_; }

  /// Everything but how the run ended and by what it was measured.
  LIBRATION_DECLARED void write_to(reach_result& result, double fraction, double level, std::int64_t resamples,
                                   std::uint64_t seed) const;

 private:
  Eigen::MatrixXd gains_, channels_, layers_;
  Eigen::Index closed_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::memory::detail
