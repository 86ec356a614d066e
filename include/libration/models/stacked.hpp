// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Layers of recurrent cells, one upon the other, as a driven map with a hand-written tangent.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/layer_weights.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// A recurrent network of any number of layers: layer l reads what layer l - 1 has just made,
/// h_l' = cell_l(h_l, h_{l-1}'), h_{-1}' = x. A driven map in the workspace form.
///
/// The state is the layers' states one after another, layer 0 first: [h_0, h_1, ...], and for an LSTM [h_0, c_0, h_1,
/// c_1, ...]. Its Jacobian is block lower triangular; the tangent goes up the layers with one matrix product a weight
/// matrix.
///
/// Cost: a step is one matrix-vector product a weight matrix and a pass over the gates; a tangent on k directions one
///       matrix-matrix product each (the first layer's input weights only where the input moves too) and a pass over the
///       block. A step allocates nothing, nor does a tangent, except inside Eigen's products with a weight matrix above
///       EIGEN_STACK_ALLOCATION_LIMIT (128 KiB), which it packs on the heap.
template <class Cell>
class stacked {
 public:
  using scalar_type = typename Cell::scalar_type;
  using cell_type = Cell;
  using options_type = typename Cell::options_type;
  using weights_type = layer_weights<scalar_type>;
  using matrix = typename weights_type::matrix;

  /// What a step has computed and its tangent needs again. One a thread.
  struct workspace {
    struct layer {
      matrix projection;  ///< W x + b, shape (G H, members)
      typename Cell::workspace cell;
      matrix adjoint;  ///< of what the layer gives: what comes from the next step and from the layer above, shape (rows, columns)
    };
    std::vector<layer> layers;
  };

  /// \param layers  weights from the lowest layer up, at least one; checked, and finite
  /// \throws argument_error  naming the layer and the array, with what was expected and what came
  explicit stacked(const std::vector<weights_type>& layers, const options_type& options = {});

  /// Reads a network by PyTorch's names: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` and so on up the
  /// layers, or a single cell's names without `_l0`. Biases may be absent.
  ///
  /// \param prefix  what stands before the names, with its dot: "lstm."; empty: the file is this network
  /// \throws file_error  naming the tensor: missing, of a wrong shape or type, not finite, of a bidirectional or projecting
  ///                     network, or below the prefix and not part of the network (see `checkpoint::require_all_used`)
  static stacked from(const io::safetensors::file& file, std::string_view prefix = "", const options_type& options = {});
  /// The same as a part of a model, whose reader accounts for the rest.
  static stacked from(checkpoint& tensors, std::string_view prefix = "", const options_type& options = {});
  /// Several networks, each of which reads the output of the one before it: two LSTMCells in turn are two layers.
  ///
  /// \param prefixes  from the lowest up, each with its dot; at least one
  static stacked from(checkpoint& tensors, std::span<const std::string> prefixes, const options_type& options = {});

  Eigen::Index state_size() const { return state_size_; }
  Eigen::Index input_size() const { return lowest().input_size(); }
  /// Units of the topmost layer, the size of `output`.
  Eigen::Index hidden_size() const { return topmost().hidden_size(); }
  std::size_t layer_count() const { return cells_.size(); }
  const Cell& layer(std::size_t l) const { return cells_[l]; }
  /// The layers' weights as the cells hold them, and the options that they are to be read with: a network made of the two
  /// is this one.
  std::vector<weights_type> weights() const;
  options_type options() const { return lowest().options(); }
  /// The row of the state where layer l's part begins: its h, then its other blocks.
  Eigen::Index offset(std::size_t l) const { return offsets_[l]; }
  /// Where `output` begins in the state.
  Eigen::Index output_offset() const {
    lowest();
    return offsets_.back();
  }

  /// The topmost layer's h within a state, shape (H): what a readout sees.
  Eigen::Map<const Eigen::Matrix<scalar_type, Eigen::Dynamic, 1>> output(const vector_view<scalar_type>& h) const {
    return {h.data() + output_offset(), hidden_size()};
  }

  /// \param columns  the widest tangent block, 0 for none
  /// \param members  the widest batch of states
  workspace make_workspace(Eigen::Index columns, Eigen::Index members = 1) const;

  /// \param h     state, shape (n)
  /// \param x     input, shape (m)
  /// \param next  out: the next state, shape (n); apart from h
  void step(vector_view<scalar_type> h, vector_view<scalar_type> x, vector_span<scalar_type> next, workspace& ws) const {
    step_batch(h, x, next, ws);
  }

  /// The step of many states at once, each weight read once for all of them; columns are members.
  ///
  /// \param H     states, shape (n, members)
  /// \param X     inputs, shape (m, members)
  /// \param Next  out: the next states, shape (n, members); apart from H
  /// A `tangent` after it is at the first member.
  void step_batch(matrix_view<scalar_type> H, matrix_view<scalar_type> X, matrix_span<scalar_type> Next, workspace& ws) const;

  /// The input's product with the first layer's weights, which `step_projected` takes; X: (m, k), P: (G H, k).
  void project(matrix_view<scalar_type> X, matrix_span<scalar_type> P) const;
  /// Rows of what `project` makes.
  Eigen::Index projected_size() const { return Cell::gate_count * lowest().hidden_size(); }

  /// `step_batch` from inputs that `project` has already been applied to: where inputs repeat, as a text's characters
  /// do, a table replaces the product.
  void step_projected(matrix_view<scalar_type> P, matrix_view<scalar_type> H, matrix_span<scalar_type> Next, workspace& ws) const;

  /// JV = (dg/dh) V at the (h, x) of the last step on this workspace.
  ///
  /// \param V   directions, shape (n, k), k at most the workspace's columns
  /// \param JV  out: shape (n, k), apart from V
  void tangent(matrix_view<scalar_type> V, matrix_span<scalar_type> JV, workspace& ws) const;

  /// JV = (dg/dh) V + (dg/dx) VX at the (h, x) of the last step on this workspace.
  ///
  /// \param V   directions of the state, shape (n, k), k at most the workspace's columns
  /// \param VX  directions of the input, shape (m, k)
  /// \param JV  out: shape (n, k), apart from V
  void tangent(matrix_view<scalar_type> V, matrix_view<scalar_type> VX, matrix_span<scalar_type> JV, workspace& ws) const;

  /// JtW = (dg/dh)ᵀ W at the (h, x) of the last step on this workspace.
  ///
  /// \param W    shape (n, k), k at most the workspace's columns
  /// \param JtW  out: shape (n, k), apart from W
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, workspace& ws) const {
    pullback_of(W, JtW, nullptr, ws);
  }

  /// The same, and BtW = (dg/dx)ᵀ W; out: shape (m, k).
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, matrix_span<scalar_type> BtW, workspace& ws) const {
    pullback_of(W, JtW, &BtW, ws);
  }

 private:
  void pullback_of(const matrix_view<scalar_type>& W, matrix_span<scalar_type>& JtW, matrix_span<scalar_type>* BtW,
                   workspace& ws) const;

  // The layers above the lowest, each of which reads what the one below has just made of V.
  void upper_tangent(const matrix_view<scalar_type>& V, matrix_span<scalar_type>& JV, workspace& ws) const;

  // A network that was moved from has no layers.
  const Cell& lowest() const {
    require(!cells_.empty(), Cell::name, "a network that was moved from");
    return cells_.front();
  }
  const Cell& topmost() const {
    lowest();
    return cells_.back();
  }

  Eigen::Index state_rows(std::size_t l) const { return Cell::state_blocks * cells_[l].hidden_size(); }

  std::vector<Cell> cells_;
  std::vector<Eigen::Index> offsets_;
  Eigen::Index state_size_ = 0;
};

template <class Cell>
stacked<Cell>::stacked(const std::vector<weights_type>& layers, const options_type& options) {
  require(!layers.empty(), Cell::name, "no layers, expected at least one");
  Eigen::Index inputs = -1;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::string prefix = "layer " + number_text(l) + ": ";
    const std::string fault =
        detail::find_fault(layers[l], Cell::gate_count, inputs,
                           {prefix + "input", prefix + "recurrent", prefix + "input_bias", prefix + "recurrent_bias"});
    require(fault.empty(), Cell::name, fault);
    inputs = layers[l].recurrent.cols();
    cells_.emplace_back(layers[l], options);
    offsets_.push_back(state_size_);
    state_size_ += Cell::state_blocks * inputs;
  }
}

template <class Cell>
stacked<Cell> stacked<Cell>::from(const io::safetensors::file& file, std::string_view prefix, const options_type& options) {
  checkpoint tensors(file);
  stacked network = from(tensors, prefix, options);
  tensors.require_all_used(Cell::name, prefix);
  return network;
}

template <class Cell>
stacked<Cell> stacked<Cell>::from(checkpoint& tensors, std::string_view prefix, const options_type& options) {
  return stacked(detail::read_layers<scalar_type>(tensors, prefix, Cell::gate_count, Cell::name), options);
}

template <class Cell>
stacked<Cell> stacked<Cell>::from(checkpoint& tensors, std::span<const std::string> prefixes, const options_type& options) {
  std::vector<weights_type> layers;
  for (const std::string& prefix : prefixes)
    for (weights_type& layer : detail::read_layers<scalar_type>(tensors, prefix, Cell::gate_count, Cell::name,
                                                                layers.empty() ? -1 : layers.back().recurrent.cols()))
      layers.push_back(std::move(layer));
  return stacked(layers, options);
}

template <class Cell>
std::vector<typename stacked<Cell>::weights_type> stacked<Cell>::weights() const {
  std::vector<weights_type> layers;
  for (const Cell& cell : cells_) layers.push_back(cell.weights());
  return layers;
}

template <class Cell>
typename stacked<Cell>::workspace stacked<Cell>::make_workspace(Eigen::Index columns, Eigen::Index members) const {
  lowest();
  workspace ws;
  ws.layers.reserve(cells_.size());
  for (const Cell& cell : cells_)
    ws.layers.push_back({matrix(Cell::gate_count * cell.hidden_size(), members), cell.make_workspace(columns, members),
                         matrix(&cell == &topmost() ? 0 : Cell::state_blocks * cell.hidden_size(), columns)});
  return ws;
}

template <class Cell>
void stacked<Cell>::step_batch(matrix_view<scalar_type> H, matrix_view<scalar_type> X, matrix_span<scalar_type> Next,
                               workspace& ws) const {
  auto projection = ws.layers.front().projection.leftCols(H.cols());
  lowest().project(X, projection);
  step_projected(projection, H, Next, ws);
}

template <class Cell>
void stacked<Cell>::project(matrix_view<scalar_type> X, matrix_span<scalar_type> P) const {
  lowest().project(X, P);
}

template <class Cell>
void stacked<Cell>::step_projected(matrix_view<scalar_type> P, matrix_view<scalar_type> H, matrix_span<scalar_type> Next,
                                   workspace& ws) const {
  lowest();
  for (std::size_t l = 0; l < cells_.size(); ++l) {
    const auto state = H.middleRows(offsets_[l], state_rows(l));
    auto next = Next.middleRows(offsets_[l], state_rows(l));
    if (l == 0) {
      cells_[l].step(P, state, next, ws.layers[l].cell);
    } else {
      auto projection = ws.layers[l].projection.leftCols(H.cols());
      cells_[l].project(Next.middleRows(offsets_[l - 1], cells_[l - 1].hidden_size()), projection);
      cells_[l].step(projection, state, next, ws.layers[l].cell);
    }
  }
}

template <class Cell>
void stacked<Cell>::tangent(matrix_view<scalar_type> V, matrix_span<scalar_type> JV, workspace& ws) const {
  lowest().tangent(V.topRows(state_rows(0)), JV.topRows(state_rows(0)), ws.layers.front().cell);
  upper_tangent(V, JV, ws);
}

template <class Cell>
void stacked<Cell>::tangent(matrix_view<scalar_type> V, matrix_view<scalar_type> VX, matrix_span<scalar_type> JV,
                            workspace& ws) const {
  lowest().tangent(V.topRows(state_rows(0)), VX, JV.topRows(state_rows(0)), ws.layers.front().cell);
  upper_tangent(V, JV, ws);
}

template <class Cell>
void stacked<Cell>::upper_tangent(const matrix_view<scalar_type>& V, matrix_span<scalar_type>& JV, workspace& ws) const {
  for (std::size_t l = 1; l < cells_.size(); ++l)
    cells_[l].tangent(V.middleRows(offsets_[l], state_rows(l)), JV.middleRows(offsets_[l - 1], cells_[l - 1].hidden_size()),
                      JV.middleRows(offsets_[l], state_rows(l)), ws.layers[l].cell);
}

template <class Cell>
void stacked<Cell>::pullback_of(const matrix_view<scalar_type>& W, matrix_span<scalar_type>& JtW, matrix_span<scalar_type>* BtW,
                                workspace& ws) const {
  lowest();
  const Eigen::Index k = W.cols();
  // From the top down: what layer l has made is read by the next step, and by the layer above in the same one.
  for (std::size_t l = cells_.size(); l-- > 0;) {
    const bool top = l + 1 == cells_.size();
    const matrix_view<scalar_type> own = W.middleRows(offsets_[l], state_rows(l));
    matrix_span<scalar_type> out = JtW.middleRows(offsets_[l], state_rows(l));
    const matrix_view<scalar_type> all = top ? own : matrix_view<scalar_type>(ws.layers[l].adjoint.leftCols(k));
    if (l == 0) {
      cells_[0].pullback(all, out, BtW, ws.layers[0].cell);
      return;
    }
    // The layer below is given what it gets from this one on top of its own.
    matrix& below = ws.layers[l - 1].adjoint;
    const Eigen::Index hidden = cells_[l - 1].hidden_size();
    matrix_span<scalar_type> input = below.topRows(hidden).leftCols(k);
    cells_[l].pullback(all, out, &input, ws.layers[l].cell);
    input += W.middleRows(offsets_[l - 1], hidden);
    if (below.rows() > hidden)
      below.bottomRows(below.rows() - hidden).leftCols(k) = W.middleRows(offsets_[l - 1] + hidden, below.rows() - hidden);
  }
}

}  // namespace libration::inline LIBRATION_ABI::models
