// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A language model of recurrent layers: embedding, `residual_stack`, head; as a token model and as a driven map.

#include <concepts>
#include <filesystem>
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
#include <libration/maps/structured_spectrum.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/read_body.hpp>
#include <libration/models/detail/weight_files.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/readout.hpp>
#include <libration/models/residual_stack.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct sequence_model_options {
  /// Of `from`: names of tensors that do not matter, with `*` for any characters (see `checkpoint_options`).
  std::vector<std::string> ignore = {};
  /// Of `from`: names of fields of `config.json` that are taken for null.
  std::vector<std::string> ignore_fields = {};
};

/// A network that reads tokens, and says how likely each next one is.
///
/// **State**: the body's (see `residual_stack` and the layer's header), and after it the last step's output (d), normalised, which
/// the head reads. A text begins in the zero state.
///
/// **A map** of the input vector x (d), the embedding of a token or a mixture of such, with its exact tangent; in closed loop by
/// `close_loop(model)` (soft feedback); and **a token model**. Exponents along a given text are those of `body()`, and -∞ for the d
/// components of the output, on which nothing depends.
///
/// \tparam Body  `mamba`, `mamba2` or `rwkv7`
template <class Body>
class sequence_model {
 public:
  using scalar_type = typename Body::scalar_type;
  using body_type = Body;
  using layer_type = typename Body::layer_type;
  using config_type = typename Body::config_type;
  using matrix = Eigen::Matrix<scalar_type, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<scalar_type, Eigen::Dynamic, 1>;

  struct workspace {
    typename Body::workspace body;
    vector x;  ///< of a token
  };

  /// \throws argument_error  where the parts' sizes do not fit each other
  sequence_model(Body body, models::embedding<scalar_type> embedding, models::readout<scalar_type> head)
      : body_(std::move(body)), embedding_(std::move(embedding)), head_(std::move(head)) {
    constexpr std::string_view who = "models::sequence_model";
    require_rows(embedding_.size(), body_.input_size(), who, "the embedding", "the body's input");
    require_rows(head_.input_size(), body_.hidden_size(), who, "the head's input", "the body's output");
    require_rows(head_.output_size(), embedding_.vocabulary_size(), who, "the head's output", "the embedding's tokens");
  }

  /// From a Hugging Face folder: `config.json`, and the weights as `llama::from` finds them. Every field and tensor is accounted
  /// for: what could change the result and is not known is refused by name.
  ///
  /// \throws file_error  naming the file, and the field or tensor that is missing, wrong or left over
  /// \throws argument_error  for weights that will not fit the machine's memory
  static sequence_model from(const std::filesystem::path& folder, const sequence_model_options& options = {}) {
    const auto config = config_type::read(folder / "config.json", options.ignore_fields);
    const auto files = detail::open_weight_files(folder);
    checkpoint tensors(files, folder.string(), {.ignore = options.ignore});
    return from(tensors, config);
  }
  /// From one file.
  static sequence_model from(const io::safetensors::file& file, const config_type& config,
                             const sequence_model_options& options = {}) {
    checkpoint tensors(file, {.ignore = options.ignore});
    return from(tensors, config);
  }
  /// From tensors whose account is the caller's too: all of them are used after this.
  static sequence_model from(checkpoint& tensors, const config_type& given) {
    constexpr std::string_view who = layer_type::name;
    const config_type config = layer_type::complete(given, tensors);
    require(config.vocabulary_size >= 1, who, "the config has no vocabulary: this is no language model");
    const detail::body_names names = layer_type::find_names(tensors, config);
    const std::string head = names.head + "weight";
    const Eigen::Index V = config.vocabulary_size, d = config.hidden_size;
    matrix embedding, weight;
    vector bias;
    const auto weights = detail::read_body<layer_type>(config, tensors, [&](auto& body, auto& reader) {
      body.visit(body, config, names.before, reader);
      reader.matrix(names.embedding, embedding, V, d);
      if (!config.tied_head) {
        reader.matrix(head, weight, V, d);
        if (tensors.contains(names.head + "bias")) reader.vector(names.head + "bias", bias, V);
      } else if (tensors.contains(head)) {
        if (!detail::is_same(tensors.tensor(head), tensors.tensor(names.embedding)))
          tensors.refuse(who, head,
                         "the config ties the head to the embedding (tie_word_embeddings), but " + tensors.name_in_file(head) +
                             " is another matrix than " + tensors.name_in_file(names.embedding) + ": one of the two is wrong");
        tensors.accept(head);
      }
    });
    matrix columns = embedding.transpose();
    return sequence_model(
        Body(config, weights), models::embedding<scalar_type>(std::move(columns)),
        models::readout<scalar_type>(config.tied_head ? std::move(embedding) : std::move(weight), std::move(bias)));
  }

  const Body& body() const { return body_; }
  const config_type& config() const { return body_.config(); }
  const models::embedding<scalar_type>& embedding() const { return embedding_; }
  const models::readout<scalar_type>& readout() const { return head_; }

  Eigen::Index state_size() const { return body_.state_size() + body_.hidden_size(); }
  Eigen::Index input_size() const { return body_.input_size(); }
  Eigen::Index hidden_size() const { return body_.hidden_size(); }
  Eigen::Index vocabulary_size() const { return embedding_.vocabulary_size(); }
  /// Where the output begins in the state.
  Eigen::Index output_offset() const { return body_.state_size(); }

  /// \param columns  the widest tangent block, 0 for none
  /// \param members  the widest batch of states
  workspace make_workspace(Eigen::Index columns = 0, Eigen::Index members = 1) const {
    return {body_.make_workspace(columns, members), vector::Zero(input_size())};
  }

  /// \param h     state, shape (n)
  /// \param x     input, shape (d)
  /// \param next  out: the next state, shape (n); apart from h
  void step(vector_view<scalar_type> h, vector_view<scalar_type> x, vector_span<scalar_type> next, workspace& ws) const {
    step_batch(h, x, next, ws);
  }
  /// Reads a token. Its type is exact, so that this is not taken for the step of a map that depends on time.
  ///
  /// \param v  0 <= v < vocabulary_size()
  template <std::same_as<maps::token> Token>
  void step(Token v, vector_view<scalar_type> h, vector_span<scalar_type> next, workspace& ws) const {
    embedding_.write(v, ws.x);
    step_batch(h, ws.x, next, ws);
  }
  /// Many states at once; columns are members. A `tangent` after it is at the first.
  void step_batch(matrix_view<scalar_type> H, matrix_view<scalar_type> X, matrix_span<scalar_type> Next, workspace& ws) const {
    const Eigen::Index n = body_.state_size();
    body_.step_batch(H.topRows(n), X, Next.topRows(n), ws.body);
    Next.bottomRows(hidden_size()) = body_.output(ws.body, H.cols());
  }

  /// JV = (dg/dh) V at the last step on this workspace; V, JV: shape (n, k), apart from each other.
  void tangent(matrix_view<scalar_type> V, matrix_span<scalar_type> JV, workspace& ws) const {
    const Eigen::Index n = body_.state_size();
    body_.tangent(V.topRows(n), JV.topRows(n), ws.body);
    JV.bottomRows(hidden_size()) = body_.output_tangent(ws.body, V.cols());
  }
  /// JV = (dg/dh) V + (dg/dx) VX; VX: shape (d, k).
  void tangent(matrix_view<scalar_type> V, matrix_view<scalar_type> VX, matrix_span<scalar_type> JV, workspace& ws) const {
    const Eigen::Index n = body_.state_size();
    body_.tangent(V.topRows(n), VX, JV.topRows(n), ws.body);
    JV.bottomRows(hidden_size()) = body_.output_tangent(ws.body, V.cols());
  }

  /// Those of the body, and of the last step's output, on which nothing depends (see `maps::has_structured_spectrum`).
  maps::gate_structure structured_spectrum() const
    requires maps::has_structured_spectrum<Body>
  {
    maps::gate_structure all = body_.structured_spectrum();
    all.gate.conservativeResize(state_size());
    all.scale.conservativeResize(state_size());
    all.set(output_offset(), hidden_size(), maps::gate_structure::nilpotent, 0.0);
    return all;
  }
  void gates(const workspace& ws, vector_span<double> out) const
    requires maps::has_structured_spectrum<Body>
  {
    body_.gates(ws.body, out);
  }

  /// JtW = (dg/dh)ᵀ W at the last step on this workspace: nothing depends on the output of the step before.
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, workspace& ws) const
    requires layer_with_pullback<layer_type>
  {
    const Eigen::Index n = body_.state_size();
    body_.pullback_with_output(W.topRows(n), W.bottomRows(hidden_size()), JtW.topRows(n), ws.body);
    JtW.bottomRows(hidden_size()).setZero();
  }
  /// The same, and BtW = (dg/dx)ᵀ W; out: shape (d, k).
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, matrix_span<scalar_type> BtW, workspace& ws) const
    requires layer_with_pullback<layer_type>
  {
    pullback(W, JtW, ws);
    BtW = body_.input_pullback(ws.body, W.cols());
  }

  /// \param h    state, shape (n)
  /// \param out  logits of the next token, shape (vocabulary_size)
  void logits(vector_view<scalar_type> h, vector_span<scalar_type> out) const {
    head_.evaluate(h.segment(output_offset(), hidden_size()), out);
  }

 private:
  Body body_;
  models::embedding<scalar_type> embedding_;
  models::readout<scalar_type> head_;
};

}  // namespace libration::inline LIBRATION_ABI::models
