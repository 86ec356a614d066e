// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A mixture-density head: what a network expects next as a mixture of normal distributions, to be scored, drawn from, or fed back.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/readout.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Mixtures of K normal distributions for the next value x, shape (m), in G groups of d = m/G components that are independent of
/// each other: in group g, p(x_g) = Σ_k w_gk Π_i N(x_gi; μ_gki, σ_gki²).
///
/// Component i of group g is x[g d + i]; component k of its mixture is column g K + k.
template <class Scalar>
struct mixture {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  vector weight;      ///< w, shape (G K): each group's K sum to 1
  vector log_weight;  ///< ln w, exact where w underflows
  matrix mean;        ///< μ, shape (d, G K)
  matrix deviation;   ///< σ, shape (d, G K)
  Eigen::Index components = 0;  ///< K

  Eigen::Index groups() const { return weight.size() / components; }
  Eigen::Index group_size() const { return mean.rows(); }
  Eigen::Index size() const { return groups() * group_size(); }  ///< m

  /// ln p(x), nats (of x's units).
  ///
  /// \param x  shape (m)
  double log_density(const vector_view<Scalar>& x) const {
    double sum = 0.0;
    for (Eigen::Index g = 0; g < groups(); ++g) {
      const auto log_part = [&](Eigen::Index k) {
        const Eigen::Index c = g * components + k;
        double part = static_cast<double>(log_weight[c]);
        for (Eigen::Index i = 0; i < group_size(); ++i) {
          const double s = static_cast<double>(deviation(i, c));
          const double z = (static_cast<double>(x[g * group_size() + i]) - static_cast<double>(mean(i, c))) / s;
          part -= 0.5 * z * z + std::log(s) + 0.5 * std::log(2.0 * std::numbers::pi);
        }
        return part;
      };
      sum += maps::log_sum_exp(Eigen::VectorXd::NullaryExpr(components, log_part));
    }
    return sum;
  }

  /// E[x] = Σ_k w_k μ_k. \param out  shape (m)
  void expectation(vector_span<Scalar> out) const {
    for (Eigen::Index g = 0; g < groups(); ++g)
      out.segment(g * group_size(), group_size()).noalias() =
          mean.middleCols(g * components, components) * weight.segment(g * components, components);
  }
  /// Var[x_i] = Σ_k w_k (σ_k² + (μ_k - E[x])²) of each component. \return shape (m)
  Eigen::VectorXd variance() const {
    vector centre(size());
    expectation(centre);
    Eigen::VectorXd out = Eigen::VectorXd::Zero(size());
    for (Eigen::Index j = 0; j < size(); ++j)
      for (Eigen::Index k = 0; k < components; ++k) {
        const Eigen::Index i = j % group_size(), c = j / group_size() * components + k;
        const double s = static_cast<double>(deviation(i, c)), d = static_cast<double>(mean(i, c) - centre[j]);
        out[j] += static_cast<double>(weight[c]) * (s * s + d * d);
      }
    return out;
  }
  /// The column of a group's heaviest component; of equals the first.
  Eigen::Index heaviest(Eigen::Index group) const {
    Eigen::Index k = 0;
    weight.segment(group * components, components).maxCoeff(&k);
    return group * components + k;
  }
  /// Each group's heaviest component's mean. \param out  shape (m)
  void likeliest(vector_span<Scalar> out) const {
    for (Eigen::Index g = 0; g < groups(); ++g) out.segment(g * group_size(), group_size()) = mean.col(heaviest(g));
  }

  /// Draws x at temperature T: components with probabilities as w^(1/T), deviations σ √T. T = 1: the mixture; 0: `likeliest`.
  ///
  /// A function of the numbers' seed and stream and of t alone.
  ///
  /// \param temperature  >= 0, finite
  /// \param out          shape (m)
  /// \throws argument_error  for another temperature
  /// Source: Ha, Schmidhuber, "World Models", arXiv:1803.10122 (2018), section 2.2 (the temperature)
  void sample(const random_stream& numbers, std::int64_t t, double temperature, vector_span<Scalar> out) const {
    require(temperature >= 0.0 && std::isfinite(temperature), "models::mixture::sample",
            [&] { return "temperature is " + number_text(temperature) + ", expected finite and >= 0"; });
    if (temperature == 0.0) {
      likeliest(out);
      return;
    }
    const auto step = static_cast<std::uint64_t>(t);
    for (Eigen::Index g = 0; g < groups(); ++g) {
      const auto logs = log_weight.segment(g * components, components);
      const double top = static_cast<double>(logs.maxCoeff());
      const auto tempered = [&](Eigen::Index k) { return std::exp((static_cast<double>(logs[k]) - top) / temperature); };
      double total = 0.0, below = 0.0;
      for (Eigen::Index k = 0; k < components; ++k) total += tempered(k);
      const double u =
          total * numbers.uniform(step * static_cast<std::uint64_t>(groups()) + static_cast<std::uint64_t>(g));
      Eigen::Index k = heaviest(g) - g * components;  // where rounding leaves no component
      for (Eigen::Index l = 0; l < components; ++l) {
        below += tempered(l);
        if (u < below) {
          k = l;
          break;
        }
      }
      for (Eigen::Index i = 0; i < group_size(); ++i) {
        const Eigen::Index j = g * group_size() + i, c = g * components + k;
        const double z = numbers.normal(step * static_cast<std::uint64_t>(size()) + static_cast<std::uint64_t>(j));
        out[j] = static_cast<Scalar>(static_cast<double>(mean(i, c)) +
                                     std::sqrt(temperature) * static_cast<double>(deviation(i, c)) * z);
      }
    }
  }
};

/// How a mixture-density head's components belong together.
enum class mixture_kind : std::uint8_t {
  each,   ///< each component of x has a mixture of its own (Ha and Schmidhuber 2018): d = 1, G = m
  joint,  ///< one mixture over all of x, of normal distributions with diagonal covariance (Bishop 1994): d = m, G = 1
};

/// A linear layer whose outputs are the parameters of a mixture: first the logits of the weights, (G K), then the means, then the
/// logarithms of the deviations, (d, G K) each in column order.
///
/// Source: Bishop, "Mixture density networks", Aston University NCRG/94/004 (1994); departure: a deviation for each component of x
template <class Scalar>
class mixture_density {
 public:
  using matrix = typename mixture<Scalar>::matrix;
  using vector = typename mixture<Scalar>::vector;

  /// \param layer       its outputs: K (1 + 2 m) of a joint mixture, 3 K m where each component has its own
  /// \param components  K >= 1
  /// \throws argument_error  where the layer's outputs are no such number
  mixture_density(models::readout<Scalar> layer, Eigen::Index components, mixture_kind kind = mixture_kind::each)
      : layer_(std::move(layer)), components_(components), kind_(kind) {
    constexpr std::string_view who = "models::mixture_density";
    require(components >= 1, who, [&] { return "components is " + number_text(components) + ", expected >= 1"; });
    const Eigen::Index rows = layer_.output_size(), of_means = kind == mixture_kind::each ? 3 * components : 2 * components;
    const Eigen::Index rest = kind == mixture_kind::each ? rows : rows - components;
    require(rest > 0 && rest % of_means == 0, who, [&] {
      return "the layer has " + number_text(rows) + " outputs, expected " +
             (kind == mixture_kind::each ? "a multiple of " + number_text(of_means) + " (3 components for each of m values)"
                                         : number_text(components) + " and a multiple of " + number_text(of_means) +
                                               " (weights, and 2 components for each of m values)");
    });
    size_ = rest / of_means;
  }
  /// Reads the layer's `weight` and `bias` (see `readout::from`).
  static mixture_density from(const io::safetensors::file& file, const std::string& prefix, Eigen::Index components,
                              mixture_kind kind = mixture_kind::each) {
    return {models::readout<Scalar>::from(file, prefix), components, kind};
  }

  Eigen::Index input_size() const { return layer_.input_size(); }  ///< H
  Eigen::Index output_size() const { return size_; }               ///< m, of the value that is expected
  Eigen::Index components() const { return components_; }          ///< K
  mixture_kind kind() const { return kind_; }
  const models::readout<Scalar>& layer() const { return layer_; }

  Eigen::Index groups() const { return kind_ == mixture_kind::each ? size_ : 1; }
  /// Rows of the layer that are the weights' logits, and of these and the means.
  Eigen::Index weight_rows() const { return groups() * components_; }
  Eigen::Index rows_before_deviations() const { return weight_rows() + size_ * components_; }

  /// A mixture to be written by `evaluate`, which then does not allocate.
  mixture<Scalar> make_mixture() const {
    const Eigen::Index columns = weight_rows(), d = size_ / groups();
    return {vector::Zero(columns), vector::Zero(columns), matrix::Zero(d, columns), matrix::Ones(d, columns), components_};
  }

  /// \param h    the layer's input, shape (H)
  /// \param raw  scratch: the layer's outputs
  /// \param out  of `make_mixture`
  void evaluate(vector_view<Scalar> h, vector_span<Scalar> raw, mixture<Scalar>& out) const {
    layer_.evaluate(h, raw);
    out.log_weight = raw.head(weight_rows());
    for (Eigen::Index g = 0; g < groups(); ++g) {
      auto logs = out.log_weight.segment(g * components_, components_);
      logs.array() -= static_cast<Scalar>(maps::log_sum_exp(logs));
    }
    out.weight = out.log_weight.array().exp();
    const Eigen::Index d = out.mean.rows();
    out.mean = Eigen::Map<const matrix>(raw.data() + weight_rows(), d, weight_rows());
    out.deviation = Eigen::Map<const matrix>(raw.data() + rows_before_deviations(), d, weight_rows()).array().exp();
  }
  /// The same as a value, for a single use.
  mixture<Scalar> at(vector_view<Scalar> h) const {
    mixture<Scalar> out = make_mixture();
    vector raw(layer_.output_size());
    evaluate(h, raw, out);
    return out;
  }

 private:
  models::readout<Scalar> layer_;
  Eigen::Index components_, size_ = 0;
  mixture_kind kind_;
};

/// Which value a mixture feeds back where nothing is drawn.
enum class mixture_value : std::uint8_t {
  expectation,  ///< Σ_k w_k μ_k
  likeliest,    ///< the mean of the heaviest component: jumps where another becomes the heaviest, which its tangent does not see
};

/// x = the expectation, or the likeliest value, of what a mixture-density head expects at the state h. A `maps::feedback`.
///
/// Tangent: of the expectation Σ_k (dw_k μ_k + w_k dμ_k), dw = (D(w) - w wᵀ) dl; of the likeliest value dμ of its component.
template <class Scalar>
class mixture_feedback {
 public:
  using scalar_type = Scalar;
  using matrix = typename mixture<Scalar>::matrix;
  using vector = typename mixture<Scalar>::vector;

  struct workspace {
    mixture<Scalar> expected;  ///< at the last evaluation
    vector raw;                ///< the layer's outputs
    matrix block;              ///< the tangent of its weights' logits and means, shape (rows, columns)
  };

  /// \param network  gives the place of the topmost layer in the state; not kept
  /// \throws argument_error  where the head does not read the topmost layer
  template <detail::with_output Network>
  mixture_feedback(const Network& network, mixture_density<Scalar> head, mixture_value value = mixture_value::expectation)
      : rows_(detail::output_rows::of(network, head.input_size(), "models::mixture_feedback")),
        head_(std::move(head)),
        value_(value) {}

  Eigen::Index input_size() const { return rows_.state; }
  Eigen::Index output_size() const { return head_.output_size(); }
  const mixture_density<Scalar>& head() const { return head_; }

  workspace make_workspace(Eigen::Index columns) const {
    return {head_.make_mixture(), vector::Zero(head_.layer().output_size()), matrix::Zero(head_.rows_before_deviations(), columns)};
  }

  /// \param h  state, shape (n)
  /// \param x  out: shape (m)
  void evaluate(vector_view<Scalar> h, vector_span<Scalar> x, workspace& ws) const {
    head_.evaluate(h.segment(rows_.first, rows_.count), ws.raw, ws.expected);
    if (value_ == mixture_value::expectation)
      ws.expected.expectation(x);
    else
      ws.expected.likeliest(x);
  }

  /// At the state of the last evaluation on this workspace.
  ///
  /// \param V   directions of the state, shape (n, k), k at most the workspace's columns
  /// \param VX  out: shape (m, k)
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> VX, workspace& ws) const {
    const mixture<Scalar>& p = ws.expected;
    const Eigen::Index K = p.components, d = p.group_size();
    auto block = ws.block.leftCols(V.cols());
    block.noalias() = head_.layer().weight().topRows(ws.block.rows()) * V.middleRows(rows_.first, rows_.count);
    for (Eigen::Index j = 0; j < V.cols(); ++j) {
      const Eigen::Map<const matrix> dmean(block.col(j).data() + p.weight.size(), d, p.weight.size());
      for (Eigen::Index g = 0; g < p.groups(); ++g) {
        auto out = VX.col(j).segment(g * d, d);
        if (value_ == mixture_value::likeliest) {
          out = dmean.col(p.heaviest(g));
          continue;
        }
        const auto w = p.weight.segment(g * K, K);
        auto dlogits = block.col(j).segment(g * K, K);
        const Scalar mean = w.dot(dlogits);
        dlogits.array() = w.array() * (dlogits.array() - mean);
        out.noalias() = p.mean.middleCols(g * K, K) * dlogits;
        out.noalias() += dmean.middleCols(g * K, K) * w;
      }
    }
  }

 private:
  detail::output_rows rows_;
  mixture_density<Scalar> head_;
  mixture_value value_;
};

/// A network that is fed what its mixture-density head expects, h' = g(h, E[x | h]), as an autonomous map with its tangent.
///
/// \throws argument_error  where the head's output is not the network's input, or its input not the topmost layer
template <detail::with_output Network>
maps::closed_loop_vector<Network, mixture_feedback<typename Network::scalar_type>> close_loop(
    Network network, mixture_density<typename Network::scalar_type> head, mixture_value value = mixture_value::expectation) {
  mixture_feedback<typename Network::scalar_type> feedback(network, std::move(head), value);
  return maps::close_loop(std::move(network), std::move(feedback));
}

}  // namespace libration::inline LIBRATION_ABI::models
