// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The leaky reservoir (echo state network) as a driven map: from given matrices, from a file, or random.

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/random.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/eigenvalue_moduli.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/rnn.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct reservoir_options {
  double spectral_radius = 0.9;  ///< largest |eigenvalue| of W, above 0; below 1 by custom, not by necessity
  double leak = 1.0;             ///< a, in (0, 1]
  double connectivity = 1.0;     ///< probability that an entry of W is not zero, in (0, 1]
  double input_scale = 1.0;      ///< W_in is uniform in (-input_scale, input_scale)
  double bias_scale = 0.0;       ///< b is uniform in (-bias_scale, bias_scale)
  std::uint64_t seed = 0;        ///< the same seed, sizes and options: the same reservoir
};

/// h' = (1 - a) h + a tanh(W h + W_in x + b): a one-layer `rnn` with a leak, whose weights are not trained.
///
/// Tangent: (1 - a) I + a D(1 - z^2) W, z the tanh.
/// Source:  H. Jaeger, "The 'echo state' approach to analysing and training recurrent neural networks", GMD Report 148
/// (2001)
template <class Scalar>
class reservoir : public rnn<Scalar> {
 public:
  using matrix = typename layer_weights<Scalar>::matrix;
  using vector = typename layer_weights<Scalar>::vector;

  /// \param W     shape (n, n)
  /// \param W_in  shape (n, m)
  /// \param b     shape (n), or empty: zero
  /// \param leak  a, in (0, 1]
  /// \throws argument_error  for shapes that do not fit and numbers that are not finite
  reservoir(matrix W, matrix W_in, vector b = {}, double leak = 1.0)
      : rnn<Scalar>({{std::move(W_in), std::move(W), std::move(b), vector()}}, {nonlinearity::tanh, leak}) {}

  /// W with normal entries scaled to the spectral radius, W_in and b uniform.
  ///
  /// \param state_size  n, at least 1
  /// \param input_size  m, at least 1
  /// \throws argument_error  for an option out of range, sizes beyond the machine's memory, and where W came out nilpotent (too low
  ///                         a connectivity)
  /// Cost: the eigenvalues of W, about 10 n^3 operations
  static reservoir random(Eigen::Index state_size, Eigen::Index input_size, const reservoir_options& options = {}) {
    constexpr std::string_view who = "models::reservoir::random";
    const option_check check(who, "");
    require(state_size >= 1 && input_size >= 1, who, "state_size and input_size must be at least 1");
    check(options.spectral_radius > 0 && std::isfinite(options.spectral_radius), "spectral_radius", options.spectral_radius,
          "a number above 0");
    check(options.connectivity > 0 && options.connectivity <= 1, "connectivity", options.connectivity, "above 0, at most 1");
    check(options.input_scale >= 0 && std::isfinite(options.input_scale), "input_scale", options.input_scale, "0 or more");
    check(options.bias_scale >= 0 && std::isfinite(options.bias_scale), "bias_scale", options.bias_scale, "0 or more");

    const double n = static_cast<double>(state_size), m = static_cast<double>(input_size);
    require_memory(8.0 * n * (3.0 * n + m), who,
                   "W of " + number_text(state_size) + " units and " + number_text(input_size) + " inputs",
                   "a smaller state_size or input_size takes less");
    Eigen::MatrixXd W(state_size, state_size);
    random_stream(options.seed, 0).fill_normal(W);
    if (options.connectivity < 1) {
      const random_stream kept(options.seed, 1);
      for (Eigen::Index i = 0; i < W.size(); ++i)
        if (kept.uniform(static_cast<std::uint64_t>(i)) >= options.connectivity) W.data()[i] = 0;
    }
    const double radius = maps::spectral_radius(W);
    // A nilpotent matrix's eigenvalues come out as roots of rounding errors, far below those of a random matrix,
    // sqrt(n).
    require(radius > 1e-3, who, "the random W is nilpotent: raise connectivity");
    W *= options.spectral_radius / radius;

    const auto uniform = [&](Eigen::Index rows, Eigen::Index columns, double scale, std::uint64_t stream) {
      const random_stream numbers(options.seed, stream);
      return matrix::NullaryExpr(
                 rows, columns,
                 [&, rows](Eigen::Index i, Eigen::Index j) {
                   return static_cast<Scalar>(scale * (2 * numbers.uniform(static_cast<std::uint64_t>(i + j * rows)) - 1));
                 })
          .eval();
    };
    return reservoir(W.cast<Scalar>(), uniform(state_size, input_size, options.input_scale, 2),
                     uniform(state_size, 1, options.bias_scale, 3), options.leak);
  }

  /// Reads `W` (n, n), `W_in` (n, m), and where they are there `bias` (n) and `leak` (one number; 1 without it).
  ///
  /// \param prefix  what stands before the names, with its dot
  /// \throws file_error  naming the tensor: missing, of a wrong shape or type, or below the prefix and not one of these
  static reservoir from(const io::safetensors::file& file, std::string_view prefix = "") {
    checkpoint tensors(file);
    reservoir result = from(tensors, prefix);
    tensors.require_all_used("models::reservoir", prefix);
    return result;
  }
  /// The same as a part of a model, whose reader accounts for the rest.
  static reservoir from(checkpoint& tensors, std::string_view prefix = "") {
    const std::string before(prefix);
    matrix W = tensors.matrix<Scalar>(before + "W");
    matrix W_in = tensors.matrix<Scalar>(before + "W_in");
    vector b = tensors.contains(before + "bias") ? tensors.vector<Scalar>(before + "bias", W.rows()) : vector();
    const double leak = tensors.contains(before + "leak") ? tensors.scalar<double>(before + "leak") : 1.0;
    layer_weights<Scalar> layer{std::move(W_in), std::move(W), std::move(b), vector()};
    std::string fault = detail::find_fault(layer, 1, -1, {before + "W_in", before + "W", before + "bias", ""});
    if (fault.empty() && !(leak > 0 && leak <= 1))
      fault = before + "leak is " + number_text(leak) + ", expected a number in (0, 1]";
    if (!fault.empty()) tensors.refuse("models::reservoir", before + "W", fault);
    return reservoir(std::move(layer.recurrent), std::move(layer.input), std::move(layer.input_bias), leak);
  }
};

}  // namespace libration::inline LIBRATION_ABI::models
