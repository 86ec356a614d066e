// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The random network of tanh units.

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The network h' = J tanh(h), with random J_ij ~ N(0, g^2/n) or a given J.
///
/// Exponents: of a random J as n grows, lambda_1 = (1/2) ln(g^2 E[sech^4(sigma z)]), z ~ N(0, 1), where sigma solves
///            sigma^2 = g^2 E[tanh^2(sigma z)]: 0.15472 at g = 2, 0.31025 at g = 3, and finite networks lie below (mean
///            over seeds 0.1475 and 0.3013 at n = 300). g < 1: every orbit goes to 0, lambda_1 = ln g
/// Cost:      n^2 multiplications and n tanh a step; n^2 k multiplications for a block of k directions, in one matrix
///            product. No allocation, except that Eigen packs blocks of large products
/// Source:    Sompolinsky, Crisanti, Sommers, "Chaos in random neural networks", Phys. Rev. Lett. 61 (1988) 259, in
///            continuous time; the discrete-time mean-field equations above derived here
template <class Scalar = double>
class tanh_network {
 public:
  using scalar_type = Scalar;
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector_type = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  struct workspace {
    vector_type activation;  // tanh(h) of the last step, shape (n)
    vector_type slope;       // 1 - tanh(h)^2, shape (n)
    matrix_type scaled;      // slope times the block, shape (n, columns)
  };

  /// \param n     number of units, n >= 1
  /// \param gain  g, finite and >= 0; chaotic from about 1 on
  /// \param seed  every seed is another matrix
  /// \throws      argument_error for another n or gain
  tanh_network(Eigen::Index n, double gain, std::uint64_t seed = 0) {
    require(n > 0, "maps::tanh_network", [&] { return "n is " + number_text(n) + ", expected at least 1"; });
    require(std::isfinite(gain) && gain >= 0, "maps::tanh_network",
            [&] { return "gain is " + number_text(gain) + ", expected a finite number >= 0"; });
    with_memory("maps::tanh_network", [&] { J_.resize(n, n); });
    random_stream(seed, stream_number).fill_normal(J_);
    J_ *= static_cast<Scalar>(gain / std::sqrt(static_cast<double>(n)));
  }

  /// \param J   shape (n, n), n >= 1
  /// \throws    argument_error unless J is square and not empty
  explicit tanh_network(matrix_type J) : J_(std::move(J)) {
    require(J_.rows() > 0 && J_.rows() == J_.cols(), "maps::tanh_network", [&] {
      return "J is " + number_text(J_.rows()) + " x " + number_text(J_.cols()) + ", expected a square matrix";
    });
  }

  Eigen::Index state_size() const { return J_.rows(); }
  const matrix_type& matrix() const { return J_; }

  /// A random start of unit normals, shape (n); each seed is another one, independent of the matrix of the same seed.
  vector_type start(std::uint64_t seed = 0) const {
    vector_type h(state_size());
    random_stream(seed, stream_number + 1).fill_normal(h);
    return h;
  }

  workspace make_workspace(Eigen::Index columns) const {
    const Eigen::Index n = state_size();
    return {vector_type::Zero(n), vector_type::Zero(n), matrix_type::Zero(n, columns)};
  }

  void step(vector_view<Scalar> h, vector_span<Scalar> next, workspace& ws) const {
    ws.activation = h.array().tanh();
    ws.slope = 1 - ws.activation.array().square();
    next.noalias() = J_ * ws.activation;
  }

  /// JV = J diag(1 - tanh(h)^2) V at the h of the last step on this workspace.
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const {
    auto scaled = ws.scaled.leftCols(V.cols());
    scaled = V.array().colwise() * ws.slope.array();
    JV.noalias() = J_ * scaled;
  }

  /// JᵀW = diag(1 - tanh(h)^2) Jᵀ W at the h of the last step on this workspace.
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, workspace& ws) const {
    JtW.noalias() = J_.transpose() * W;
    JtW.array().colwise() *= ws.slope.array();
  }

 private:
  // Keeps these numbers apart from what else is drawn from the user's seed.
  static constexpr std::uint64_t stream_number = 0x6e657477'6f726b00;

  matrix_type J_;
};

}  // namespace libration::inline LIBRATION_ABI::maps
