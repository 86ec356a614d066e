// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A recurrent network that reads text: embedding, network, readout and vocabulary in one, from one file.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/cross_entropy.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/readout.hpp>
#include <libration/models/recurrent.hpp>
#include <libration/models/vocabulary.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// The inputs that a text makes for a network, step by step: x(t) is the embedding of token t.
template <class Scalar>
class token_inputs {
 public:
  /// \param table  must outlive this
  token_inputs(const embedding<Scalar>& table, std::vector<token> tokens) : table_(&table), tokens_(std::move(tokens)) {
    for (const token v : tokens_)
      require(v >= 0 && v < table.vocabulary_size(), "models::token_inputs",
              [&] { return "token " + number_text(v) + ", expected 0 to " + number_text(table.vocabulary_size() - 1); });
  }

  /// Steps that the tokens last.
  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  Eigen::Index input_size() const { return table_->size(); }
  const std::vector<token>& tokens() const { return tokens_; }

  /// \param t    0 <= t < size()
  /// \param out  x, shape (m)
  /// \throws argument_error  at a t out of range
  void operator()(std::int64_t t, vector_span<Scalar> out) const {
    require(t >= 0 && t < size(), "models::token_inputs",
            [&] { return "step " + number_text(t) + " of a text of " + number_text(size()) + " tokens"; });
    table_->write(tokens_[static_cast<std::size_t>(t)], out);
  }

 private:
  const embedding<Scalar>* table_;
  std::vector<token> tokens_;
};

/// A generator of text: reads a token, and says how likely each next one is.
///
/// Two views of the same thing: `step(token, ...)` and `logits` are the token model, whose feedback is a discrete
/// choice; and `network()` driven by `inputs(tokens)` is a driven map, whose exponents are those of the network along a
/// given text.
///
/// \tparam Network  a `stacked`, such as `gru`
template <class Network>
class character_model {
 public:
  using scalar_type = typename Network::scalar_type;
  using network_type = Network;
  using workspace = typename Network::workspace;
  using vector = Eigen::Matrix<scalar_type, Eigen::Dynamic, 1>;

  /// \throws argument_error  where the parts' sizes do not fit each other
  character_model(Network network, models::embedding<scalar_type> embedding, models::readout<scalar_type> readout,
                  models::vocabulary characters)
      : network_(std::move(network)),
        embedding_(std::move(embedding)),
        readout_(std::move(readout)),
        characters_(std::move(characters)) {
    constexpr std::string_view who = "models::character_model";
    require_rows(embedding_.size(), network_.input_size(), who, "the embedding", "the network's inputs");
    require_rows(readout_.input_size(), network_.hidden_size(), who, "the readout's input", "the top layer's units");
    require_rows(readout_.output_size(), embedding_.vocabulary_size(), who, "the readout's output", "the embedding's tokens");
    require_rows(characters_.size(), embedding_.vocabulary_size(), who, "the vocabulary", "the embedding's tokens");
    projected_.resize(network_.projected_size(), embedding_.vocabulary_size());
    vector x(embedding_.size());
    for (Eigen::Index v = 0; v < projected_.cols(); ++v) {
      embedding_.write(static_cast<token>(v), x);
      network_.project(x, projected_.middleCols(v, 1));
    }
  }

  Eigen::Index state_size() const { return network_.state_size(); }
  Eigen::Index vocabulary_size() const { return embedding_.vocabulary_size(); }

  const Network& network() const { return network_; }
  const models::embedding<scalar_type>& embedding() const { return embedding_; }
  const models::readout<scalar_type>& readout() const { return readout_; }
  const models::vocabulary& characters() const { return characters_; }

  /// What drives `network()` along a text; this model must outlive it.
  token_inputs<scalar_type> inputs(std::vector<token> tokens) const& { return {embedding_, std::move(tokens)}; }
  token_inputs<scalar_type> inputs(std::vector<token> tokens) const&& = delete;

  workspace make_workspace(Eigen::Index columns = 0) const { return network_.make_workspace(columns); }

  /// Reads one token: the network's step with x its embedding, whose product with the input weights is looked up.
  ///
  /// The token's type is exact, so that this is not taken for the step of a map that depends on time.
  ///
  /// \param v     token, 0 <= v < vocabulary_size()
  /// \param h     state, shape (n)
  /// \param next  out: the next state, shape (n); apart from h
  /// \throws argument_error  at a token out of range, as every one is of a model that was moved from
  template <std::same_as<token> Token>
  void step(Token v, vector_view<scalar_type> h, vector_span<scalar_type> next, workspace& ws) const {
    require(v >= 0 && v < projected_.cols(), "models::character_model",
            [&] { return "token " + number_text(v) + ", expected one below " + number_text(projected_.cols()); });
    network_.step_projected(projected_.middleCols(v, 1), h, next, ws);
  }

  /// \param h    state, shape (n)
  /// \param out  logits of the next token, shape (vocabulary_size)
  void logits(vector_view<scalar_type> h, vector_span<scalar_type> out) const { readout_.evaluate(network_.output(h), out); }

  /// Mean cost of each token after the first, nats (see `models::cross_entropy`).
  double cross_entropy(const std::vector<token>& tokens) const { return models::cross_entropy(*this, tokens); }

 private:
  Network network_;
  models::embedding<scalar_type> embedding_;
  models::readout<scalar_type> readout_;
  models::vocabulary characters_;
  typename Network::matrix projected_;  // W x + b of every token, shape (G H, V)
};

template <class Scalar>
using any_character_model = recurrent_kinds::any_of<Scalar, character_model>;

struct character_model_options {
  std::optional<vocabulary> characters = {};  ///< none: the metadata's "vocabulary"; given, it wins
  recurrent_options network = {};             ///< conventions, and where the network is
  std::string embedding = {};                 ///< name of the embedding's tensor; empty: found, or one-hot where there is none
  std::string readout = {};                   ///< what stands before the readout's "weight" and "bias", with the dot; empty: found
  std::vector<std::string> ignore = {};       ///< tensors that do not matter (see `checkpoint_options`)
};

/// Reads a character model from one file: a network of any of the `recurrent_kinds` (see `load_recurrent`), a readout `decoder`,
/// `fc`, `readout`, `linear`, `out`, `output`, `head` or `lm_head`, an embedding `embedding`, `embeddings`, `encoder`, `embed` or
/// `emb` (none: one-hot), each with any prefix, and a vocabulary from the metadata's "vocabulary" (see `vocabulary::from_json`).
/// Tensors that are not part of it are refused (see `checkpoint::require_all_used`): a layer norm between network and readout is
/// another model. So are fields of the metadata and the config (see `describe_recurrent`) that state another size than the tensors
/// have, the vocabulary's among them.
///
/// \throws file_error  saying what is missing, there twice, of which shape, of another kind, or left over
template <class Scalar>
any_character_model<Scalar> load_character_model(const io::safetensors::file& file, const character_model_options& options = {});

#if defined(LIBRATION_COMPILED)
extern template any_character_model<double> load_character_model<double>(const io::safetensors::file&,
                                                                         const character_model_options&);
extern template any_character_model<float> load_character_model<float>(const io::safetensors::file&,
                                                                       const character_model_options&);
#endif

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/character_model.hpp>
#endif
