// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Recurrent layers that add to a stream, x ← x + layer(x, state), and a norm: the body of a state-space model as a driven map.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/models/detail/packed_matrix.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {
// A layer whose state's tangent, with its input held, is triangular, with gates that do not depend on that state.
template <class Layer>
concept layer_with_gates = requires(const Layer& layer) { layer.gate_count(); };
}  // namespace detail

/// A layer of a `residual_stack` that has the adjoint of its tangent.
template <class Layer>
concept layer_with_pullback =
    requires(const Layer& layer, matrix_span<typename Layer::scalar_type> out, matrix_view<typename Layer::scalar_type> W,
             typename Layer::scratch& scratch, const typename Layer::kept& kept) { layer.pullback(out, W, out, scratch, kept); };

/// Layers of a kind (`mamba_layer`, `mamba2_layer`, `rwkv7_layer`), each of which has a state of fixed size and adds to the stream
/// of d numbers that passes through all of them; a norm at the end. A driven map in the workspace form: x, shape (d), is the
/// embedding of a token or whatever else the network is fed.
///
/// The state is the layers' states one after another, layer 0 first, and nothing else; the layer's header says what is in each.
/// What the network gives, `output`, is a function of the state before the step and of the input, and lies in the workspace. A
/// `sequence_model` puts it into the state, where a readout finds it.
///
/// Exponents along given inputs: layer l's state does not depend on the states above it, so that the Jacobian is block lower
/// triangular, and the spectrum the union of the layers' own. Where a layer scales each number of its state by a gate that does
/// not depend on it (all but RWKV-7, which mixes them), they are known without a frame: `structured_spectrum` and `gates`, of which
/// `lyapunov::spectrum` makes use.
///
/// Cost: a step is one product with each weight matrix, a tangent on k directions one with k columns each; no allocation.
template <class Layer>
class residual_stack {
 public:
  using scalar_type = typename Layer::scalar_type;
  using layer_type = Layer;
  using config_type = typename Layer::config_type;
  using weights_type = typename Layer::model_weights;
  using matrix = Eigen::Matrix<scalar_type, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<scalar_type, Eigen::Dynamic, 1>;

  /// What a step has computed and its tangent needs again. One a thread.
  struct workspace {
    typename Layer::scratch scratch;
    std::vector<typename Layer::kept> kept;  ///< empty where there are no tangents
    matrix stream, unit, output;             ///< of the last step, shape (d, members); output: after the norm
    matrix stream_tangent, output_tangent;   ///< of the last tangent, shape (d, columns)
    scalar_type scale = 0;                   ///< the norm's, of the first member
    vector gates;                            ///< what the layers' `keep_gates` kept of the last step, one after another
  };

  /// \throws argument_error  naming the tensor (or the config's field) that is of another shape, not finite or out of range
  residual_stack(const config_type& config, const weights_type& weights) {
    config.validate();
    weights.validate(config);
    std::vector<Layer> layers;
    std::vector<Eigen::Index> offsets;
    for (std::size_t l = 0; l < weights.layers.size(); ++l) {
      layers.emplace_back(config, weights.layers[l], l);
      offsets.push_back(state_size_);
      state_size_ += layers.back().state_size();
    }
    parts_ = std::make_shared<const parts>(parts{config, std::move(layers), std::move(offsets), Layer::make_norm(config, weights)});
  }

  const config_type& config() const { return whole().config; }
  Eigen::Index state_size() const { return state_size_; }
  Eigen::Index input_size() const { return config().hidden_size; }
  Eigen::Index hidden_size() const { return config().hidden_size; }
  std::size_t layer_count() const { return whole().layers.size(); }
  const Layer& layer(std::size_t l) const { return whole().layers[l]; }
  /// The row of the state where layer l's part begins.
  Eigen::Index offset(std::size_t l) const { return whole().offsets[l]; }

  /// The same network with the weight matrix of each of its products replaced by `change(it)`: what a compression makes of it.
  /// Convolutions, rates (A), biases and norms, few and cheap, are kept.
  ///
  /// \param change  called with a matrix, shape (out, in), returns one
  /// \throws argument_error  where what it returns has another shape or is not finite
  template <class Change>
  residual_stack with_products(const Change& change) const {
    residual_stack changed(*this);
    std::vector<Layer> layers = whole().layers;
    for (Layer& layer : layers)
      layer.visit_products([&](detail::packed_matrix<scalar_type>& product) {
        if (product.rows() == 0) return;  // what a config does not have
        const matrix made = change(product.dense());
        require(made.rows() == product.rows() && made.cols() == product.cols(), Layer::name, [&] {
          return "with_products: a matrix of shape " + detail::shape_text(product.rows(), product.cols()) +
                 " became one of shape " + detail::shape_text(made.rows(), made.cols());
        });
        require(made.allFinite(), Layer::name, "with_products: a matrix became one that is not finite");
        product = detail::packed_matrix<scalar_type>(made);
      });
    changed.parts_ = std::make_shared<const parts>(parts{config(), std::move(layers), whole().offsets, whole().norm});
    return changed;
  }

  /// \param columns  the widest tangent block, 0 for none
  /// \param members  the widest batch of states
  workspace make_workspace(Eigen::Index columns, Eigen::Index members = 1) const {
    const Eigen::Index d = hidden_size();
    workspace ws{whole().layers.front().make_scratch(columns, members),
                 {},
                 matrix::Zero(d, members),
                 matrix::Zero(d, members),
                 matrix::Zero(d, members),
                 matrix::Zero(d, columns),
                 matrix::Zero(d, columns),
                 scalar_type(0),
                 {}};
    if constexpr (has_gates) ws.gates.setZero(gate_count());
    if (columns > 0)
      for (const Layer& layer : whole().layers) ws.kept.push_back(layer.make_kept());
    return ws;
  }

  /// \param h     state, shape (n)
  /// \param x     input, shape (d)
  /// \param next  out: the next state, shape (n); apart from h
  void step(vector_view<scalar_type> h, vector_view<scalar_type> x, vector_span<scalar_type> next, workspace& ws) const {
    step_batch(h, x, next, ws);
  }

  /// The step of many states at once, each weight read once for all of them; columns are members.
  ///
  /// \param H     states, shape (n, members)
  /// \param X     inputs, shape (d, members)
  /// \param Next  out: the next states, shape (n, members); apart from H
  /// A `tangent` after it is at the first member.
  void step_batch(matrix_view<scalar_type> H, matrix_view<scalar_type> X, matrix_span<scalar_type> Next, workspace& ws) const {
    const Eigen::Index members = H.cols();
    eigen_assert(members <= ws.stream.cols());
    auto stream = ws.stream.leftCols(members);
    stream = X;
    [[maybe_unused]] Eigen::Index gate = 0;
    for (std::size_t l = 0; l < whole().layers.size(); ++l) {
      const Layer& layer = whole().layers[l];
      layer.step(stream, H.middleRows(offset(l), layer.state_size()), Next.middleRows(offset(l), layer.state_size()), ws.scratch,
                 ws.kept.empty() ? nullptr : &ws.kept[l]);
      if constexpr (has_gates) {
        layer.keep_gates(ws.scratch, ws.gates.segment(gate, layer.gate_count()));
        gate += layer.gate_count();
      }
    }
    for (Eigen::Index j = members; j-- > 0;)  // the first member's scale is the last one left
      ws.scale = whole().norm.apply(ws.stream.col(j).data(), ws.unit.col(j).data(), ws.output.col(j).data());
  }

  /// See `maps::has_structured_spectrum`.
  maps::gate_structure structured_spectrum() const
    requires detail::layer_with_gates<Layer>
  {
    maps::gate_structure all;
    all.gate.resize(state_size());
    all.scale.resize(state_size());
    for (std::size_t l = 0; l < whole().layers.size(); ++l) {
      whole().layers[l].describe_gates(all, all.gates, offset(l));
      all.gates += whole().layers[l].gate_count();
    }
    return all;
  }
  /// The gates of the last step on a workspace, layer by layer. \param out  shape (gates)
  void gates(const workspace& ws, vector_span<double> out) const
    requires detail::layer_with_gates<Layer>
  {
    Eigen::Index first = 0;
    for (const Layer& layer : whole().layers) {
      layer.write_gates(ws.gates.segment(first, layer.gate_count()), out.segment(first, layer.gate_count()));
      first += layer.gate_count();
    }
  }

  /// What the last step on this workspace gave: the stream after the norm, shape (d, members).
  auto output(const workspace& ws, Eigen::Index members = 1) const { return ws.output.leftCols(members); }
  /// What the last tangent on this workspace gave of `output`, shape (d, k).
  auto output_tangent(const workspace& ws, Eigen::Index k) const { return ws.output_tangent.leftCols(k); }

  /// JV = (dg/dh) V at the (h, x) of the last step on this workspace.
  ///
  /// \param V   directions, shape (n, k), k at most the workspace's columns
  /// \param JV  out: shape (n, k), apart from V
  void tangent(matrix_view<scalar_type> V, matrix_span<scalar_type> JV, workspace& ws) const {
    ws.stream_tangent.leftCols(V.cols()).setZero();
    carry(V, JV, ws);
  }

  /// JV = (dg/dh) V + (dg/dx) VX at the (h, x) of the last step on this workspace; VX: shape (d, k).
  void tangent(matrix_view<scalar_type> V, matrix_view<scalar_type> VX, matrix_span<scalar_type> JV, workspace& ws) const {
    ws.stream_tangent.leftCols(V.cols()) = VX;
    carry(V, JV, ws);
  }

  /// JtW = (dg/dh)ᵀ W at the (h, x) of the last step on this workspace; W, JtW: shape (n, k), apart from each other.
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, workspace& ws) const
    requires layer_with_pullback<Layer>
  {
    ws.stream_tangent.leftCols(W.cols()).setZero();
    carry_back(W, JtW, ws);
  }
  /// The same, and BtW = (dg/dx)ᵀ W; out: shape (d, k).
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, matrix_span<scalar_type> BtW, workspace& ws) const
    requires layer_with_pullback<Layer>
  {
    ws.stream_tangent.leftCols(W.cols()).setZero();
    carry_back(W, JtW, ws);
    BtW = ws.stream_tangent.leftCols(W.cols());
  }
  /// The adjoint of the state from that of the next state and that of `output`; that of the input is then `input_pullback`.
  ///
  /// \param W    the adjoint of the next state, shape (n, k)
  /// \param WO   the adjoint of `output`, shape (d, k)
  /// \param JtW  out: the adjoint of the state, shape (n, k), apart from W
  void pullback_with_output(matrix_view<scalar_type> W, matrix_view<scalar_type> WO, matrix_span<scalar_type> JtW,
                            workspace& ws) const
    requires layer_with_pullback<Layer>
  {
    for (Eigen::Index j = 0; j < W.cols(); ++j)
      whole().norm.pullback(WO.col(j).data(), ws.unit.col(0).data(), ws.scale, ws.stream_tangent.col(j).data());
    carry_back(W, JtW, ws);
  }
  /// What the last pullback on this workspace made of the input, shape (d, k).
  auto input_pullback(const workspace& ws, Eigen::Index k) const { return ws.stream_tangent.leftCols(k); }

 private:
  static constexpr bool has_gates = detail::layer_with_gates<Layer>;
  Eigen::Index gate_count() const
    requires detail::layer_with_gates<Layer>
  {
    Eigen::Index count = 0;
    for (const Layer& layer : whole().layers) count += layer.gate_count();
    return count;
  }

  struct parts {
    config_type config;
    std::vector<Layer> layers;
    std::vector<Eigen::Index> offsets;
    typename Layer::norm_type norm;
  };

  void carry(const matrix_view<scalar_type>& V, matrix_span<scalar_type>& JV, workspace& ws) const {
    const Eigen::Index k = V.cols();
    eigen_assert(k <= ws.stream_tangent.cols());
    auto stream = ws.stream_tangent.leftCols(k);
    for (std::size_t l = 0; l < whole().layers.size(); ++l) {
      const Layer& layer = whole().layers[l];
      layer.tangent(stream, V.middleRows(offset(l), layer.state_size()), JV.middleRows(offset(l), layer.state_size()), ws.scratch,
                    ws.kept[l]);
    }
    for (Eigen::Index j = 0; j < k; ++j)
      whole().norm.tangent(ws.stream_tangent.col(j).data(), ws.unit.col(0).data(), ws.scale, ws.output_tangent.col(j).data());
  }

  // From the top down; the stream's adjoint is in its tangent's place.
  void carry_back(const matrix_view<scalar_type>& W, matrix_span<scalar_type>& JtW, workspace& ws) const {
    const Eigen::Index k = W.cols();
    eigen_assert(k <= ws.stream_tangent.cols());
    auto stream = ws.stream_tangent.leftCols(k);
    for (std::size_t l = whole().layers.size(); l-- > 0;) {
      const Layer& layer = whole().layers[l];
      layer.pullback(stream, W.middleRows(offset(l), layer.state_size()), JtW.middleRows(offset(l), layer.state_size()), ws.scratch,
                     ws.kept[l]);
    }
  }

  // A network that was moved from has no parts.
  const parts& whole() const {
    require(parts_ != nullptr, Layer::name, "a network that was moved from");
    return *parts_;
  }

  std::shared_ptr<const parts> parts_;
  Eigen::Index state_size_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::models
