// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a network feeds itself when it generates: its readout, or the mean embedding of the token it expects next.

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/readout.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// A network whose topmost layer's units lie side by side in the state: a `stacked`, a `reservoir`, a `llama`.
template <class Network>
concept with_output = requires(const Network& net, vector_view<typename Network::scalar_type> h) {
  { net.state_size() } -> std::convertible_to<Eigen::Index>;
  { net.hidden_size() } -> std::convertible_to<Eigen::Index>;
  { net.output_offset() } -> std::convertible_to<Eigen::Index>;
};

/// Where in a network's state a readout finds its H units.
struct output_rows {
  Eigen::Index state, first, count;

  template <class Network>
  static output_rows of(const Network& net, Eigen::Index readout_inputs, std::string_view who) {
    require_rows(readout_inputs, net.hidden_size(), who, "the readout's input", "the top layer's units");
    return {net.state_size(), net.output_offset(), net.hidden_size()};
  }
};

}  // namespace detail

/// x = W h + b, h the topmost layer's units: the feedback of a model that predicts its next input. A `maps::feedback`.
template <class Scalar>
class direct_feedback {
 public:
  using scalar_type = Scalar;

  /// \param network  gives the place of the topmost layer in the state; not kept
  /// \throws argument_error  where the readout does not read the topmost layer
  template <detail::with_output Network>
  direct_feedback(const Network& network, models::readout<Scalar> readout)
      : rows_(detail::output_rows::of(network, readout.input_size(), "models::direct_feedback")), readout_(std::move(readout)) {}

  Eigen::Index input_size() const { return rows_.state; }
  Eigen::Index output_size() const { return readout_.output_size(); }
  const models::readout<Scalar>& readout() const { return readout_; }

  /// \param h  state, shape (n)
  /// \param x  out: what the network predicts, shape (m)
  void evaluate(vector_view<Scalar> h, vector_span<Scalar> x) const { readout_.evaluate(h.segment(rows_.first, rows_.count), x); }

  /// \param V   directions of the state, shape (n, k)
  /// \param VX  out: W V, shape (m, k)
  void tangent(vector_view<Scalar>, matrix_view<Scalar> V, matrix_span<Scalar> VX) const {
    VX.noalias() = readout_.weight() * V.middleRows(rows_.first, rows_.count);
  }

  /// \param WX  shape (m, k)
  /// \param W   out: Wᵀ WX in the topmost layer's rows and 0 elsewhere, shape (n, k)
  void pullback(vector_view<Scalar>, matrix_view<Scalar> WX, matrix_span<Scalar> W) const {
    W.setZero();
    W.middleRows(rows_.first, rows_.count).noalias() = readout_.weight().transpose() * WX;
  }

 private:
  detail::output_rows rows_;
  models::readout<Scalar> readout_;
};

struct soft_feedback_options {
  /// Divides the logits, > 0. 1: as the model was trained; towards 0 the likeliest token alone is fed back, and the tangent
  /// grows as 1/temperature where two tokens are close.
  double temperature = 1.0;
};

/// x = Σ_v p_v e_v, p = softmax((W h + b)/temperature), e_v token v's input vector: the mean of what could be fed next. A
/// `maps::feedback`.
///
/// It stands for the sampled token where a derivative is wanted, which a discrete choice has none of; it is not what the model
/// does when it writes. The mean of several tokens' vectors is an input that no text contains, so that the loop is a
/// continuous relation of the model, near it where one token is much the likeliest.
///
/// Tangent: dp = (D(p) - p pᵀ) W V / temperature, VX = Σ_v dp_v e_v.
template <class Scalar>
class soft_feedback {
 public:
  using scalar_type = Scalar;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  struct workspace {
    vector probability;  ///< p of the last evaluation, shape (V)
    matrix block;        ///< the logits' tangent, then p's, shape (V, columns)
  };

  /// \param network  gives the place of the topmost layer in the state; not kept
  /// \throws argument_error  where the parts' sizes do not fit each other, and for a temperature out of range
  template <detail::with_output Network>
  soft_feedback(const Network& network, models::readout<Scalar> readout, models::embedding<Scalar> embedding,
                const soft_feedback_options& options = {})
      : rows_(detail::output_rows::of(network, readout.input_size(), who)),
        readout_(std::move(readout)),
        embedding_(std::move(embedding)),
        temperature_(options.temperature) {
    require_rows(readout_.output_size(), embedding_.vocabulary_size(), who, "the readout's output", "the embedding's tokens");
    require(temperature_ > 0.0 && std::isfinite(temperature_), who,
            [&] { return ".temperature is " + number_text(temperature_) + ", expected a finite number > 0"; });
  }

  Eigen::Index input_size() const { return rows_.state; }
  Eigen::Index output_size() const { return embedding_.size(); }
  double temperature() const { return temperature_; }
  const models::readout<Scalar>& readout() const { return readout_; }
  const models::embedding<Scalar>& embedding() const { return embedding_; }

  workspace make_workspace(Eigen::Index columns) const {
    return {vector::Zero(readout_.output_size()), matrix::Zero(readout_.output_size(), columns)};
  }

  /// \param h  state, shape (n)
  /// \param x  out: shape (m)
  void evaluate(vector_view<Scalar> h, vector_span<Scalar> x, workspace& ws) const {
    vector& p = ws.probability;
    readout_.evaluate(h.segment(rows_.first, rows_.count), p);
    p.array() = ((p.array() - p.maxCoeff()) * static_cast<Scalar>(1.0 / temperature_)).exp();
    p *= Scalar(1) / p.sum();
    if (embedding_.is_one_hot())
      x = p;
    else
      x.noalias() = embedding_.table() * p;
  }

  /// At the state of the last evaluation on this workspace.
  ///
  /// \param V   directions of the state, shape (n, k), k at most the workspace's columns
  /// \param VX  out: shape (m, k)
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> VX, workspace& ws) const {
    const auto p = ws.probability.array();
    auto block = ws.block.leftCols(V.cols());
    block.noalias() = readout_.weight() * V.middleRows(rows_.first, rows_.count);
    for (Eigen::Index j = 0; j < V.cols(); ++j) {
      auto d = block.col(j).array();
      const Scalar mean = (p * d).sum();
      d = p * (d - mean) * static_cast<Scalar>(1.0 / temperature_);
    }
    if (embedding_.is_one_hot())
      VX = block;
    else
      VX.noalias() = embedding_.table() * block;
  }

  /// At the state of the last evaluation on this workspace.
  ///
  /// \param WX  shape (m, k), k at most the workspace's columns
  /// \param W   out: shape (n, k)
  void pullback(matrix_view<Scalar> WX, matrix_span<Scalar> W, workspace& ws) const {
    const auto p = ws.probability.array();
    auto block = ws.block.leftCols(WX.cols());
    if (embedding_.is_one_hot())
      block = WX;
    else
      block.noalias() = embedding_.table().transpose() * WX;
    for (Eigen::Index j = 0; j < WX.cols(); ++j) {
      auto d = block.col(j).array();
      const Scalar mean = (p * d).sum();
      d = p * (d - mean) * static_cast<Scalar>(1.0 / temperature_);
    }
    W.setZero();
    W.middleRows(rows_.first, rows_.count).noalias() = readout_.weight().transpose() * block;
  }

 private:
  static constexpr std::string_view who = "models::soft_feedback";

  detail::output_rows rows_;
  models::readout<Scalar> readout_;
  models::embedding<Scalar> embedding_;
  double temperature_;
};

/// A network that is fed its own prediction, h' = g(h, W h_top + b), as an autonomous map with its tangent.
///
/// \throws argument_error  where the readout's output is not the network's input, or its input not the topmost layer
template <detail::with_output Network>
maps::closed_loop_vector<Network, direct_feedback<typename Network::scalar_type>> close_loop(
    Network network, readout<typename Network::scalar_type> readout) {
  direct_feedback<typename Network::scalar_type> feedback(network, std::move(readout));
  return maps::close_loop(std::move(network), std::move(feedback));
}

/// A character model that is fed the mean embedding of the token it expects (see `soft_feedback`), as an autonomous map with
/// its tangent. The map holds copies of the model's parts.
///
/// A start is the state after a text: read tokens with `model.step`, and what it has made of them is h0.
///
///     const auto loop = models::close_loop(model, {.temperature = 0.5});
///     lyapunov::spectrum(loop, h0, {.count = 8});
template <class Network>
maps::closed_loop_vector<Network, soft_feedback<typename Network::scalar_type>> close_loop(
    const character_model<Network>& model, const soft_feedback_options& options = {}) {
  return maps::close_loop(
      model.network(), soft_feedback<typename Network::scalar_type>(model.network(), model.readout(), model.embedding(), options));
}

/// The same for a network that has its embedding and readout itself: a `llama`.
template <detail::with_output Network>
  requires requires(const Network& net) {
    net.embedding();
    net.readout();
  }
maps::closed_loop_vector<Network, soft_feedback<typename Network::scalar_type>> close_loop(
    const Network& network, const soft_feedback_options& options = {}) {
  return maps::close_loop(
      network, soft_feedback<typename Network::scalar_type>(network, network.readout(), network.embedding(), options));
}

}  // namespace libration::inline LIBRATION_ABI::models
