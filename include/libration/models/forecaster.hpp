// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A network of recurrent layers that reads numbers and predicts the next ones, driven and in closed loop.

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/read_body.hpp>
#include <libration/models/detail/weight_files.hpp>
#include <libration/models/readout.hpp>
#include <libration/models/residual_stack.hpp>
#include <libration/models/sequence_model.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct forecaster_options {
  /// Whether the readout gives the increment: u' = x + readout(output), as of a network that was trained on differences. False:
  /// u' = readout(output). No file says which. True only where a network reads as many numbers as it writes.
  bool adds_input = true;
};

/// u' = x + readout(body(input x)), a prediction of what is read next.
///
/// **State**: the prediction u (m numbers), and after it the body's state (see `residual_stack`). As a driven map it reads x, shape
/// (inputs), and its state says what it expects next. In closed loop (`close_loop(net)`) it reads u: an autonomous map of the same
/// state, whose exponents are those of the system that it has learned, and of its memory.
///
/// \tparam Body  `mamba` or `mamba2`
template <class Body>
class forecaster {
 public:
  using scalar_type = typename Body::scalar_type;
  using body_type = Body;
  using layer_type = typename Body::layer_type;
  using config_type = typename Body::config_type;
  using matrix = Eigen::Matrix<scalar_type, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<scalar_type, Eigen::Dynamic, 1>;

  struct workspace {
    typename Body::workspace body;
    matrix x;          ///< the body's input, shape (d, members)
    matrix x_tangent;  ///< shape (d, columns)
  };

  /// \param input    from what is read to the body's input, shapes (d, inputs) and (d)
  /// \param readout  from the body's output to the prediction
  /// \throws argument_error  where the parts' sizes do not fit each other
  forecaster(Body body, models::readout<scalar_type> input, models::readout<scalar_type> readout,
             const forecaster_options& options = {})
      : body_(std::move(body)), input_(std::move(input)), readout_(std::move(readout)), adds_input_(options.adds_input) {
    constexpr std::string_view who = "models::forecaster";
    require_rows(input_.output_size(), body_.input_size(), who, "the input projection's output", "the body's input");
    require_rows(readout_.input_size(), body_.hidden_size(), who, "the readout's input", "the body's output");
    if (adds_input_)
      require_rows(readout_.output_size(), input_.input_size(), who, "the readout's output", "the input that it is added to");
  }

  /// From a folder as Hugging Face has it, with `input_proj.weight`, `input_proj.bias`, `readout.weight` and `readout.bias` in the
  /// place of embedding and head, and `input_size` and `output_size` in the place of `vocab_size`.
  static forecaster from(const std::filesystem::path& folder, const forecaster_options& options = {},
                         const sequence_model_options& reading = {}) {
    const auto config = config_type::read(folder / "config.json", reading.ignore_fields);
    const auto files = detail::open_weight_files(folder);
    checkpoint tensors(files, folder.string(), {.ignore = reading.ignore});
    return from(tensors, config, options);
  }
  /// From tensors whose account is the caller's too: all of them are used after this.
  static forecaster from(checkpoint& tensors, const config_type& given, const forecaster_options& options = {}) {
    const config_type config = layer_type::complete(given, tensors);
    require(config.input_size >= 1 && config.output_size >= 1, layer_type::name,
            "the config has no input_size and output_size: this network reads tokens");
    const detail::body_names names = layer_type::find_names(tensors, config);
    matrix input, output;
    vector input_bias, output_bias;
    const auto weights = detail::read_body<layer_type>(config, tensors, [&](auto& body, auto& reader) {
      body.visit(body, config, names.before, reader);
      reader.matrix("input_proj.weight", input, config.hidden_size, config.input_size);
      if (tensors.contains("input_proj.bias")) reader.vector("input_proj.bias", input_bias, config.hidden_size);
      reader.matrix("readout.weight", output, config.output_size, config.hidden_size);
      if (tensors.contains("readout.bias")) reader.vector("readout.bias", output_bias, config.output_size);
    });
    return forecaster(Body(config, weights), {std::move(input), std::move(input_bias)}, {std::move(output), std::move(output_bias)},
                      options);
  }

  const Body& body() const { return body_; }
  const models::readout<scalar_type>& input() const { return input_; }
  const models::readout<scalar_type>& readout() const { return readout_; }
  bool adds_input() const { return adds_input_; }

  Eigen::Index state_size() const { return output_size() + body_.state_size(); }
  Eigen::Index input_size() const { return input_.input_size(); }
  /// Numbers of the prediction, with which the state begins.
  Eigen::Index output_size() const { return readout_.output_size(); }

  workspace make_workspace(Eigen::Index columns, Eigen::Index members = 1) const {
    return {body_.make_workspace(columns, members), matrix::Zero(body_.input_size(), members),
            matrix::Zero(body_.input_size(), columns)};
  }

  /// \param h     state, shape (n)
  /// \param x     what is read, shape (input_size)
  /// \param next  out: the next state, shape (n); apart from h
  void step(vector_view<scalar_type> h, vector_view<scalar_type> x, vector_span<scalar_type> next, workspace& ws) const {
    step_batch(h, x, next, ws);
  }
  /// Many states at once; columns are members. A `tangent` after it is at the first.
  void step_batch(matrix_view<scalar_type> H, matrix_view<scalar_type> X, matrix_span<scalar_type> Next, workspace& ws) const {
    const Eigen::Index members = H.cols(), n = body_.state_size();
    auto x = ws.x.leftCols(members);
    x.noalias() = input_.weight() * X;
    x.colwise() += input_.bias();
    body_.step_batch(H.bottomRows(n), x, Next.bottomRows(n), ws.body);
    auto u = Next.topRows(output_size());
    u.noalias() = readout_.weight() * body_.output(ws.body, members);
    u.colwise() += readout_.bias();
    if (adds_input_) u += X;
  }

  /// JV = (dg/dh) V at the last step on this workspace; V, JV: shape (n, k), apart from each other.
  void tangent(matrix_view<scalar_type> V, matrix_span<scalar_type> JV, workspace& ws) const {
    const Eigen::Index n = body_.state_size();
    body_.tangent(V.bottomRows(n), JV.bottomRows(n), ws.body);
    JV.topRows(output_size()).noalias() = readout_.weight() * body_.output_tangent(ws.body, V.cols());
  }
  /// JV = (dg/dh) V + (dg/dx) VX; VX: shape (input_size, k).
  void tangent(matrix_view<scalar_type> V, matrix_view<scalar_type> VX, matrix_span<scalar_type> JV, workspace& ws) const {
    const Eigen::Index n = body_.state_size(), k = V.cols();
    auto x = ws.x_tangent.leftCols(k);
    x.noalias() = input_.weight() * VX;
    body_.tangent(V.bottomRows(n), x, JV.bottomRows(n), ws.body);
    auto u = JV.topRows(output_size());
    u.noalias() = readout_.weight() * body_.output_tangent(ws.body, k);
    if (adds_input_) u += VX;
  }

  /// Along given inputs: those of the body, and of the prediction, on which nothing depends (see `maps::has_structured_spectrum`).
  maps::gate_structure structured_spectrum() const
    requires maps::has_structured_spectrum<Body>
  {
    const maps::gate_structure own = body_.structured_spectrum();
    maps::gate_structure all;
    all.gates = own.gates;
    all.gate.setConstant(state_size(), maps::gate_structure::nilpotent);
    all.scale.setZero(state_size());
    all.gate.tail(own.gate.size()) = own.gate;
    all.scale.tail(own.scale.size()) = own.scale;
    return all;
  }
  void gates(const workspace& ws, vector_span<double> out) const
    requires maps::has_structured_spectrum<Body>
  {
    body_.gates(ws.body, out);
  }

  /// JtW = (dg/dh)ᵀ W at the last step on this workspace: nothing depends on the prediction of the step before.
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, workspace& ws) const
    requires layer_with_pullback<layer_type>
  {
    const Eigen::Index n = body_.state_size();
    auto of_output = ws.x_tangent.leftCols(W.cols());
    of_output.noalias() = readout_.weight().transpose() * W.topRows(output_size());
    body_.pullback_with_output(W.bottomRows(n), of_output, JtW.bottomRows(n), ws.body);
    JtW.topRows(output_size()).setZero();
  }
  /// The same, and BtW = (dg/dx)ᵀ W; out: shape (input_size, k).
  void pullback(matrix_view<scalar_type> W, matrix_span<scalar_type> JtW, matrix_span<scalar_type> BtW, workspace& ws) const
    requires layer_with_pullback<layer_type>
  {
    pullback(W, JtW, ws);
    BtW.noalias() = input_.weight().transpose() * body_.input_pullback(ws.body, W.cols());
    if (adds_input_) BtW += W.topRows(output_size());
  }

 private:
  Body body_;
  models::readout<scalar_type> input_, readout_;
  bool adds_input_;
};

/// x = the first m components of the state: what a `forecaster` expects next. A `maps::feedback`.
template <class Scalar>
class first_components {
 public:
  using scalar_type = Scalar;
  first_components(Eigen::Index state_size, Eigen::Index count) : state_(state_size), count_(count) {}
  Eigen::Index input_size() const { return state_; }
  Eigen::Index output_size() const { return count_; }
  void evaluate(vector_view<Scalar> h, vector_span<Scalar> x) const { x = h.head(count_); }
  void tangent(vector_view<Scalar>, matrix_view<Scalar> V, matrix_span<Scalar> VX) const { VX = V.topRows(count_); }
  void pullback(vector_view<Scalar>, matrix_view<Scalar> WX, matrix_span<Scalar> W) const {
    W.setZero();
    W.topRows(count_) = WX;
  }

 private:
  Eigen::Index state_, count_;
};

/// A forecaster that reads what it has predicted, as an autonomous map with its tangent.
///
/// \throws argument_error  where it does not read as many numbers as it writes
template <class Body>
maps::closed_loop_vector<forecaster<Body>, first_components<typename Body::scalar_type>> close_loop(const forecaster<Body>& net) {
  return maps::close_loop(net, first_components<typename Body::scalar_type>(net.state_size(), net.output_size()));
}

}  // namespace libration::inline LIBRATION_ABI::models
