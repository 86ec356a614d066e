// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A decoder of the Llama family (Llama, Mistral, Qwen2) as an iterated map whose state is its cache of keys and values.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/activation.hpp>
#include <libration/models/detail/packed_matrix.hpp>
#include <libration/models/detail/weight_files.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/llama_config.hpp>
#include <libration/models/llama_weights.hpp>
#include <libration/models/readout.hpp>
#include <libration/models/rotary.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct llama_options {
  /// Tokens that the cache holds, L. 0: the config's max_position_embeddings, which may be much. At most the config's sliding
  /// window is used, where it has one. Beyond max_position_embeddings no such model was trained.
  Eigen::Index window = 0;
  /// Of `from`: names of tensors that do not matter, with `*` for any characters (see `checkpoint_options`).
  std::vector<std::string> ignore = {};
  /// Of `from`: names of fields of `config.json` that are taken for null (see `llama_config::from_json`).
  std::vector<std::string> ignore_fields = {};
};

/// A query's row of attention, as observers of `llama::read` and `llama::prefill` get it.
///
/// Keys stand by their slot in the cache: in a text not longer than the window the slot is the position.
template <class Scalar>
struct attention_row {
  using row = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;
  Eigen::Index layer, head;  ///< of the query
  std::int64_t position;     ///< of the query, from 0
  row logits;                ///< scaled, of the keys that are seen, shape (keys)
  row weights;               ///< their softmax, shape (keys)
  Eigen::Index newest;       ///< the query's own slot

  /// How many tokens ago the key in a slot was read; 0 is the query's own.
  Eigen::Index distance(Eigen::Index slot) const { return slot <= newest ? newest - slot : newest - slot + weights.size(); }
};

/// Called with each row, layer by layer, head by head.
template <class Scalar>
using attention_observer = std::function<void(const attention_row<Scalar>&)>;

/// A decoder-only transformer: RMSNorm, rotary positions, grouped-query attention, SwiGLU.
///
/// **State**, size 2 layers · key_heads · d · L + n + 1, rounded up to a multiple of 16: layer by layer and in it key head by key
/// head the keys (L, d), turned by their positions, and then the values (d, L), column-major; the last token's output (n),
/// normalised, which `logits` reads; zeros; and last the number of tokens read, a whole number. The cache is a ring: token t lies
/// in slot t mod L, and the token after the L-th takes the place of the first. Slots not yet filled are not seen. A text begins in
/// the zero state.
///
/// **A map** of the input vector x (n), the embedding of a token or a mixture of such: h' = g(h, x), with its exact tangent on
/// blocks of directions in the cache, and in x. **A token model**, which changes its state in place (`read`).
///
/// **What exponents mean here.** Along a given text a perturbation of the cache is forgotten, exactly and not only
/// asymptotically: a key or value is gone L tokens later, and what it did to other layers is gone after L tokens for each layer
/// above it. The state's perturbations are nilpotent: every exponent along given tokens is -∞, and `lyapunov::spectrum` over more
/// than that many tokens says so. What is to be asked is how an error grows until then: by `read_tangent` over at most a window, by
/// `error::growth`, and by the tokens after which two texts part (`error::token_divergence`). In closed loop (`close_loop`, soft
/// feedback) errors come back through the input, and exponents are of the usual kind.
///
/// The number of tokens is no direction: it is rounded to a whole number when it is read, and its tangent is 0. Kept in float, it
/// counts to 2^24.
///
/// Accuracy: stories260k (5 layers) in double: logits within 2e-6 of the recorded ones, which are rounded to float; in float the
///           same 200 greedy tokens (models/llama_weights.test.cpp). Tangent: that of central differences (models/llama.test.cpp)
/// Cost:     a token: its weights' products and those with the keys and values that are seen; k tangents: the same products with
///           k columns, and 2 k passes over as much cache; no allocation. Figures: benchmarks/README.md
/// Source:   Touvron et al., "LLaMA: Open and Efficient Foundation Language Models", 2023; grouped queries: Ainslie et al., "GQA",
///           2023; the tangent is derived here
template <class Scalar>
class llama {
 public:
  using scalar_type = Scalar;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// The state ends with so many whole numbers that count, and that no number format rounds.
  static constexpr int counters = 1;

  /// Scratch; what a step leaves in it serves the tangents at that step.
  struct workspace {
    struct step_buffers {
      matrix x, a, qkv, queries, logits, weights, values, joined, gates, inner;
      vector complement;
      matrix cosine, sine;  ///< shape (d/2, columns)
      step_buffers(const llama& model, Eigen::Index columns);
    };
    struct kept_layer {
      vector attention_input, queries, mlp_input, gate, gate_slope, up;
      matrix weights;  ///< shape (L, query heads)
      Scalar attention_scale, mlp_scale;
    };
    step_buffers step;
    std::vector<kept_layer> kept;  ///< empty where there are no tangents
    vector output;                 ///< the last layer's output, normalised but not weighted, shape (n)
    Scalar output_scale = 0;
    Eigen::Index slot = 0, seen = 0;
    vector after;  ///< the state after a `step`, for `tangent`
    matrix stream, normed, qkv, queries, slopes, cache_slopes, values, cache_values, joined, gates, inner;
  };

  /// \throws argument_error  naming what does not fit: a weight's shape, one that is not finite, an option, a state the machine's
  ///                         memory
  llama(const llama_config& config, const llama_weights<Scalar>& weights, const llama_options& options = {});

  /// From a Hugging Face folder: `config.json`, and `model.safetensors`, or the files that `model.safetensors.index.json` names, or
  /// all shards `model-1-of-N.safetensors` to `model-N-of-N.safetensors` where there is no index; in F32, F16, BF16 or F64.
  ///
  /// Everything is accounted for: a field of the config or a tensor that could change the result and is not known is refused by
  /// name. Tensors' names are read with `model.` before them and without, and with `module.` or `_orig_mod.` (see `checkpoint`). A
  /// base model ("LlamaModel") without `lm_head.weight` gets its embedding as head: `config().tied_head` is then not the file's.
  ///
  /// \throws file_error  naming the file, and the field or tensor that is missing, wrong or left over; before anything of a size
  ///                     that the config names is allocated
  /// \throws argument_error  for weights or a state that will not fit the machine's memory, with the bytes that they would take
  static llama from(const std::filesystem::path& folder, const llama_options& options = {}) {
    auto config = llama_config::read(folder / "config.json", options.ignore_fields);
    const auto files = detail::open_weight_files(folder);
    checkpoint tensors(files, folder.string(), {.ignore = options.ignore});
    return from(tensors, std::move(config), options);
  }
  /// From one file, by the same names.
  static llama from(const io::safetensors::file& file, const llama_config& config, const llama_options& options = {}) {
    checkpoint tensors(file, {.ignore = options.ignore});
    return from(tensors, config, options);
  }
  /// From tensors whose account is the caller's too: all of them are used after this.
  static llama from(checkpoint& tensors, llama_config config, const llama_options& options = {}) {
    const auto weights = detail::read_llama_weights<Scalar>(config, tensors);
    return llama(config, weights, options);
  }

  const llama_config& config() const { return parts_->config; }
  /// Its window; what a file was read with is not kept.
  llama_options options() const { return {.window = window_}; }
  /// The weights in force.
  llama_weights<Scalar> weights() const;

  Eigen::Index window() const { return window_; }  ///< L
  /// A multiple of 16, so that the columns of a block of directions are aligned alike.
  /// \throws argument_error  of a model that was moved from
  Eigen::Index state_size() const {
    require(parts_ != nullptr, "models::llama", "a model that was moved from");
    return (output_offset() + hidden_size() + counters + 15) / 16 * 16;
  }
  Eigen::Index input_size() const { return hidden_size(); }
  Eigen::Index hidden_size() const { return config().hidden_size; }
  Eigen::Index vocabulary_size() const { return config().vocabulary_size; }
  /// Where the last token's output begins in the state; it has hidden_size() components.
  Eigen::Index output_offset() const { return 2 * config().layers * key_size() * window_; }
  /// A key head's keys within a state (or a direction), shape (L, d): a view, to be written where the state may be.
  template <class State>
  auto keys(State&& h, Eigen::Index layer, Eigen::Index key_head) const {
    return view(h.data() + cache_offset(layer, key_head), window_, config().head_size);
  }
  /// Its values, shape (d, L).
  template <class State>
  auto values(State&& h, Eigen::Index layer, Eigen::Index key_head) const {
    return view(h.data() + cache_offset(layer, key_head) + window_ * config().head_size, config().head_size, window_);
  }
  /// The number of tokens that a state has read.
  std::int64_t tokens_read(const vector_view<Scalar>& h) const { return std::llround(h[state_size() - 1]); }

  const models::embedding<Scalar>& embedding() const { return parts_->embedding; }
  models::readout<Scalar> readout() const { return {parts_->head.dense(), vector()}; }

  /// \param columns  the widest tangent block, 0 for none
  workspace make_workspace(Eigen::Index columns = 0) const;

  /// h' = g(h, x).
  ///
  /// \param h     state, shape (n)
  /// \param x     input vector, shape (input_size)
  /// \param next  out: state, shape (n); apart from h
  void step(vector_view<Scalar> h, vector_view<Scalar> x, vector_span<Scalar> next, workspace& ws) const {
    next = h;
    ws.step.x = x;
    advance(next, 1, ws, ws.step, {});
    if (!ws.kept.empty()) ws.after = next;
  }
  /// JV = (dg/dh) V at the last `step` on this workspace; V, JV: shape (n, k), apart from each other.
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const {
    JV = V;
    ws.stream.leftCols(V.cols()).setZero();
    carry(ws.after, JV, ws);
  }
  /// JV = (dg/dh) V + (dg/dx) VX; VX: shape (input_size, k).
  void tangent(matrix_view<Scalar> V, matrix_view<Scalar> VX, matrix_span<Scalar> JV, workspace& ws) const {
    JV = V;
    ws.stream.leftCols(V.cols()) = VX;
    carry(ws.after, JV, ws);
  }

  /// Reads a token, in place.
  ///
  /// \param v         0 <= v < vocabulary_size()
  /// \param h         in and out: state, shape (n)
  void read(maps::token v, vector_span<Scalar> h, workspace& ws, const attention_observer<Scalar>& observer = {}) const {
    embedding().write(v, ws.step.x.col(0));
    advance(h, 1, ws, ws.step, observer);
  }
  /// What the last `read` on this workspace made of directions, in place: the cache is not copied.
  ///
  /// \param h  state after that read, shape (n)
  /// \param V  in and out: directions, shape (n, k)
  void read_tangent(vector_view<Scalar> h, matrix_span<Scalar> V, workspace& ws) const {
    ws.stream.leftCols(V.cols()).setZero();
    carry(h, V, ws);
  }

  /// Reads many tokens at once, as matrix products: what `read` makes of them one after another, but for the order of sums.
  ///
  /// \param h         in and out: state, shape (n), untouched where this throws
  /// \param observer  called for some dozens of positions at a time
  /// \throws argument_error  for no tokens, for one out of range, and where they are more than the window has free slots
  /// Cost: allocates its buffers
  void prefill(std::span<const maps::token> tokens, vector_span<Scalar> h, const attention_observer<Scalar>& observer = {}) const;

  /// \param h    state, shape (n)
  /// \param out  logits of the next token, shape (vocabulary_size)
  void logits(vector_view<Scalar> h, vector_span<Scalar> out) const {
    parts_->head.multiply({h.data() + output_offset(), hidden_size()}, 1, out.data(), out.size());
  }

 private:
  using packed = detail::packed_matrix<Scalar>;
  using columns = detail::columns_of<Scalar>;

  struct packed_layer {
    packed qkv, output, gates, down;  // q, k and v, and gate and up, in one matrix each: one pass over the input
    vector qkv_bias, output_bias, gates_bias, down_bias;  // or empty
    vector attention_norm, mlp_norm;
  };
  struct parts {
    llama_config config;
    models::embedding<Scalar> embedding;
    std::vector<packed_layer> layers;
    vector norm;
    packed head;
    rotary_frequencies rotary;
  };

  static Eigen::Map<const matrix> view(const Scalar* at, Eigen::Index rows, Eigen::Index cols) { return {at, rows, cols}; }
  static Eigen::Map<matrix> view(Scalar* at, Eigen::Index rows, Eigen::Index cols) { return {at, rows, cols}; }
  // Where a key head's keys begin in the state; its values follow.
  Eigen::Index cache_offset(Eigen::Index layer, Eigen::Index key_head) const {
    return 2 * (layer * key_size() + key_head * config().head_size) * window_;
  }
  // Between the output and the count.
  Eigen::Index padding() const { return state_size() - counters - output_offset() - hidden_size(); }
  Eigen::Index query_size() const { return config().query_heads * config().head_size; }
  Eigen::Index key_size() const { return config().key_heads * config().head_size; }
  Eigen::Index group() const { return config().query_heads / config().key_heads; }

  // y = x / sqrt(mean x² + eps); returns the factor.
  template <class Input, class Output>
  Scalar normalise(const Input& x, Output&& y) const {
    const Scalar scale =
        Scalar(1) / std::sqrt(x.squaredNorm() / static_cast<Scalar>(x.size()) + static_cast<Scalar>(config().norm_epsilon));
    y = x * scale;
    return scale;
  }
  // dy = w ∘ (dx - y (y·dx)/n) scale, column by column.
  void normalise_tangent(const matrix& X, Eigen::Index k, const vector& y, Scalar scale, const vector& w, matrix& Y) const {
    for (Eigen::Index c = 0; c < k; ++c) {
      const Scalar mean = y.dot(X.col(c)) / static_cast<Scalar>(y.size());
      Y.col(c).array() = w.array() * (X.col(c) - mean * y).array() * scale;
    }
  }
  // Turns the pairs (i, i + d/2) of `heads` vectors of d components.
  template <class Angles>
  void rotate(Scalar* x, Eigen::Index heads, const Angles& cosine, const Angles& sine) const {
    const Eigen::Index half = config().head_size / 2;
    for (Eigen::Index j = 0; j < heads; ++j, x += 2 * half) {
      Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>> a(x, half), b(x + half, half);
      for (Eigen::Index i = 0; i < half; ++i) {
        const Scalar turned = a[i] * cosine[i] - b[i] * sine[i];
        b[i] = b[i] * cosine[i] + a[i] * sine[i];
        a[i] = turned;
      }
    }
  }

  // What is linear in a token's queries, keys and values, of key head g: turns them by the position, scales the queries, and puts
  // key and value into their slot of a state or a direction.
  //
  // qkv      in: a column of all heads' queries, keys and values
  // queries  out: shape (d, group)
  template <class Angles, class State, class Queries>
  void turn_and_store(Scalar* qkv, Eigen::Index l, Eigen::Index g, const Angles& cosine, const Angles& sine, Eigen::Index slot,
                      State&& into, Queries&& queries) const {
    const Eigen::Index d = config().head_size;
    Scalar* const q = qkv + g * group() * d;
    Scalar* const k = qkv + query_size() + g * d;
    rotate(q, group(), cosine, sine);
    rotate(k, 1, cosine, sine);
    queries = static_cast<Scalar>(1.0 / std::sqrt(static_cast<double>(d))) * Eigen::Map<const matrix>(q, d, group());
    keys(into, l, g).row(slot) = Eigen::Map<const vector>(k, d).transpose();
    values(into, l, g).col(slot) = Eigen::Map<const vector>(k + key_size(), d);
  }

  void advance(vector_span<Scalar> h, Eigen::Index count, workspace& ws, typename workspace::step_buffers& b,
               const attention_observer<Scalar>& observer) const;
  void attend(vector_span<Scalar>& h, Eigen::Index l, Eigen::Index count, std::int64_t first, workspace& ws,
              typename workspace::step_buffers& b, const attention_observer<Scalar>& observer) const;
  void carry(const vector_view<Scalar>& h, matrix_span<Scalar>& V, workspace& ws) const;
  void attend_tangent(const vector_view<Scalar>& h, matrix_span<Scalar>& V, Eigen::Index l, workspace& ws) const;

  std::shared_ptr<const parts> parts_;
  Eigen::Index window_;
};

}  // namespace libration::inline LIBRATION_ABI::models

#include <libration/models/detail/llama_step.hpp>
#include <libration/models/detail/llama_tangent.hpp>
