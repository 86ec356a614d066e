// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Attention sinks: heads that leave much of their weight on the first keys, far more than an even share, whatever the text.

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/visible_counts.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// What the interval of a head's sink mass says.
enum class sink_verdict : std::uint8_t {
  undecided,  ///< the interval holds the threshold, or there are too few rows
  sink,       ///< above the threshold
  none,       ///< below it
};

/// \return the enumerator's name
constexpr std::string_view to_string(sink_verdict v) noexcept {
  constexpr std::string_view names[] = {"undecided", "sink", "none"};
  return names[static_cast<std::uint8_t>(v)];
}

/// Options of `attention::sinks`.
struct sink_options {
  /// The first keys that are counted as the sink, >= 1, and that the masses were summed over: 1 where texts begin with a token of
  /// their own.
  Eigen::Index keys = 1;
  /// Rows that see fewer keys are left out, > `keys`: in a short context the first keys hold much of the weight of any head. At 64
  /// an even share of one key is 0.016.
  std::int64_t minimum_context = 64;
  /// The mean sink mass of a sink head is above it, in (0, 1). The default is twenty times an even share at the least context, and
  /// lets a head pass that leaves less than a third of its weight there; chosen here.
  double threshold = 0.3;
  /// Of the intervals, in (0, 1).
  double level = 0.95;
};

/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const sink_options& options, std::string_view who);

/// One head.
struct [[nodiscard]] head_sink {
  /// not_run: no row. not_converged: fewer than 16 rows, and so no error.
  libration::status status = libration::status::not_run;
  sink_verdict verdict = sink_verdict::undecided;
  stats::mean_estimate mass;  ///< mean weight on the first keys over the rows, with its error: neighbouring rows are alike
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< of the mass's interval, cut off at 0
  double upper = std::numeric_limits<double>::quiet_NaN();  ///< and at 1
  double uniform =
      std::numeric_limits<double>::quiet_NaN();  ///< what uniform attention would leave there: mean keys/n over the rows
  std::int64_t rows = 0;                         ///< that the mean is over
  std::int64_t skipped = 0;                      ///< rows without a mass: NaN, or no key visible

  /// \return how many times its even share the sink holds
  double times_uniform() const { return mass.mean / uniform; }
};

/// All heads, in the rows' order.
struct [[nodiscard]] sink_result {
  std::vector<head_sink> heads;
  Eigen::Index keys = 0;
  double threshold = 0.0, level = 0.0;
  std::int64_t minimum_context = 0;  ///< keys that a row sees at least, of those that count

  /// \return the indices of the heads with this verdict
  LIBRATION_DECLARED std::vector<Eigen::Index> where(sink_verdict v) const;
  /// \return the indices of the sink heads
  std::vector<Eigen::Index> sink_heads() const { return where(sink_verdict::sink); }
};

/// The weight on the first keys, for each query of one head.
///
/// \param weights  shape (keys, queries): a query's weights in its column, as a dump (queries, keys) written row by row lies in
///                 memory. Where the first keys are padding, give the rows below them
/// \param first    how many keys, 1 <= first <= keys
/// \return         shape (1, queries): a row of what `sinks` takes
/// \throws argument_error where `first` is out of range
template <class Weights>
Eigen::RowVectorXd first_key_mass(const Eigen::MatrixBase<Weights>& weights, Eigen::Index first = 1) {
  require(first >= 1 && first <= weights.rows(), "attention::first_key_mass", [&] {
    return "first is " + number_text(first) + ", expected 1 to " + number_text(weights.rows()) + " (the rows of weights)";
  });
  return weights.topRows(first).template cast<double>().colwise().sum();
}

namespace detail {

LIBRATION_DECLARED sink_result sinks_of(const Eigen::MatrixXd& mass, const Eigen::MatrixXd& visible,
                                        const sink_options& options);

}  // namespace detail

/// The mean sink mass of each head with its error, beside what uniform attention would give, and the heads that are sinks.
///
/// \param mass     weight on the first `.keys` keys, in [0, 1], shape (heads, tokens), tokens in their order; NaN rows are skipped
///                 and counted
/// \param visible  whole numbers >= 0, shape (tokens) or (heads, tokens): the keys that each row sees. The sink must be among them:
///                 behind a sliding window that has left it, rows are to be NaN
/// \return         a head for each row
/// \throws argument_error where `visible` has another shape or is negative, a mass is outside [0, 1] by more than 1e-4, or an
///                   option is out of its range
/// Accuracy:  the interval's coverage is that of `stats::mean_error`: 94 to 96 % of stationary series from about 1000 rows on
/// Cost:      about 20 operations a row
template <class Mass, class Visible>
sink_result sinks(const Eigen::MatrixBase<Mass>& mass, const Eigen::MatrixBase<Visible>& visible,
                  const sink_options& options = {}) {
  return detail::sinks_of(mass.template cast<double>(), visible.template cast<double>(), options);
}

/// The same for causal attention without a window: token i sees the i + 1 keys up to its own.
template <class Mass>
sink_result sinks(const Eigen::MatrixBase<Mass>& mass, const sink_options& options = {}) {
  return sinks(mass, detail::causal_counts(mass.cols()), options);
}

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/sinks.hpp>
#endif
