// SPDX-License-Identifier: MIT
// Whatever recorded weights and logits are, they are refused with an argument_error, or each row has an entropy of 0 to ln(keys),
// or is empty, or the result says that rows were not usable.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include <Eigen/Core>

#include <libration/attention/from_logits.hpp>
#include <libration/attention/from_weights.hpp>

namespace {

namespace attention = libration::attention;

void must(bool condition) {
  if (!condition) std::abort();
}

double number(std::uint8_t byte, double even) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double odd[] = {0.0, -0.0, infinity, -infinity, std::numeric_limits<double>::quiet_NaN(), -1e4, -3.4e38, 5e-324, 1e300};
  if (byte < 9) return odd[byte];
  if (byte < 64) return even;
  return byte < 128 ? 1.0 : (byte - 128) / 64.0;
}

template <class Measure>
void probe(const Eigen::MatrixXd& rows, const Measure& measure) {
  try {
    const auto result = measure(rows);
    const double most = std::log(static_cast<double>(rows.rows())) + 1e-6;
    for (Eigen::Index i = 0; i < result.entropy.size(); ++i) {
      const double H = result.entropy.reshaped()[i];
      must((H >= 0.0 && H <= most) || (std::isnan(H) && result.bad_rows > 0) || (result.empty_rows > 0 && !(H > most)));
    }
  } catch (const libration::argument_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Eigen::Index keys = 1 + data[0] % 8, queries = 1 + data[1] % 8, heads = 1 + data[2] % 2;
  attention::recorded_options options;
  options.heads = heads;
  options.causal = (data[2] & 4) != 0;
  if ((data[2] & 8) != 0 && options.causal) options.window = 1 + data[2] / 16;
  Eigen::MatrixXd values(keys, queries * heads);
  for (Eigen::Index i = 0; i < values.size(); ++i) {
    const std::size_t at = 3 + static_cast<std::size_t>(i);
    values.reshaped()[i] = number(at < size ? data[at] : 64, 1.0 / static_cast<double>(keys));
  }
  probe(values, [&](const Eigen::MatrixXd& A) { return attention::entropy_from_weights(A, options); });
  probe(values, [&](const Eigen::MatrixXd& S) { return attention::entropy_from_logits(S, options); });
  // As weights that sum to 1, where they can.
  Eigen::MatrixXd weights = values.array().isFinite().select(values.array().abs().min(1.0), 0.0);
  for (Eigen::Index j = 0; j < weights.cols(); ++j)
    if (const double sum = weights.col(j).sum(); sum > 0.0) weights.col(j) /= sum;
  probe(weights, [&](const Eigen::MatrixXd& A) { return attention::entropy_from_weights(A, options); });
  return 0;
}
