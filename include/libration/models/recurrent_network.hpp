// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A recurrent network whose kind is known at run time only, as one map.

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/recurrent.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// A network of any of the `recurrent_kinds` behind one type: a program that measures whatever a file holds is compiled once, not
/// once a kind. Its members are those of `stacked`, of which it calls the one that it holds.
///
/// Cost: one jump a call beside `stacked`
template <class Scalar>
class recurrent_network {
 public:
  using scalar_type = Scalar;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using workspace = recurrent_kinds::any_workspace<Scalar>;

  recurrent_network(any_recurrent<Scalar> network) : network_(std::move(network)) {}

  const any_recurrent<Scalar>& network() const { return network_; }
  /// "rnn", "gru" or "lstm"
  std::string_view kind() const {
    return ask([](const auto& net) { return std::remove_cvref_t<decltype(net)>::cell_type::kind; });
  }

  Eigen::Index state_size() const {
    return ask([](const auto& net) { return net.state_size(); });
  }
  Eigen::Index input_size() const {
    return ask([](const auto& net) { return net.input_size(); });
  }
  Eigen::Index hidden_size() const {
    return ask([](const auto& net) { return net.hidden_size(); });
  }
  Eigen::Index projected_size() const {
    return ask([](const auto& net) { return net.projected_size(); });
  }
  std::size_t layer_count() const {
    return ask([](const auto& net) { return net.layer_count(); });
  }
  Eigen::Index offset(std::size_t l) const {
    return ask([l](const auto& net) { return net.offset(l); });
  }
  Eigen::Index output_offset() const {
    return ask([](const auto& net) { return net.output_offset(); });
  }
  Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> output(const vector_view<Scalar>& h) const {
    return ask([&](const auto& net) { return net.output(h); });
  }

  workspace make_workspace(Eigen::Index columns, Eigen::Index members = 1) const {
    return ask([&](const auto& net) -> workspace { return net.make_workspace(columns, members); });
  }
  void step(vector_view<Scalar> h, vector_view<Scalar> x, vector_span<Scalar> next, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.step(h, x, next, own); });
  }
  void step_batch(matrix_view<Scalar> H, matrix_view<Scalar> X, matrix_span<Scalar> Next, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.step_batch(H, X, Next, own); });
  }
  void project(matrix_view<Scalar> X, matrix_span<Scalar> P) const {
    ask([&](const auto& net) { net.project(X, P); });
  }
  void step_projected(matrix_view<Scalar> P, matrix_view<Scalar> H, matrix_span<Scalar> Next, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.step_projected(P, H, Next, own); });
  }
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.tangent(V, JV, own); });
  }
  void tangent(matrix_view<Scalar> V, matrix_view<Scalar> VX, matrix_span<Scalar> JV, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.tangent(V, VX, JV, own); });
  }
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.pullback(W, JtW, own); });
  }
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, matrix_span<Scalar> BtW, workspace& ws) const {
    with(ws, [&](const auto& net, auto& own) { net.pullback(W, JtW, BtW, own); });
  }

 private:
  template <class Question>
  decltype(auto) ask(const Question& question) const {
    return std::visit(question, network_);
  }
  // The workspace is of the network's own kind: this one made it.
  template <class Work>
  void with(workspace& ws, const Work& work) const {
    std::visit([&](const auto& net) { work(net, std::get<typename std::remove_cvref_t<decltype(net)>::workspace>(ws)); }, network_);
  }

  any_recurrent<Scalar> network_;
};

/// A character model whose network's kind is known at run time only.
template <class Scalar>
character_model<recurrent_network<Scalar>> behind_one_type(any_character_model<Scalar> model) {
  return std::visit(
      [](auto&& m) {
        return character_model<recurrent_network<Scalar>>(recurrent_network<Scalar>(m.network()), m.embedding(), m.readout(),
                                                          m.characters());
      },
      std::move(model));
}

}  // namespace libration::inline LIBRATION_ABI::models
