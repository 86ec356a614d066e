// SPDX-License-Identifier: MIT
#include <libration/models/recurrent_kinds.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/activation.hpp>
#include <libration/models/recurrent.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace models = libration::models;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using namespace libration_test;

// Named, since a list of kinds derives from what a kind assumes.
namespace minimal_gated {

// A kind that the library does not have, described as one in a header of its own would be: the minimal gated unit.
struct mgu_options {
  std::string gate_order = "fn";  // blocks of rows in the weights: forget gate, candidate
};
struct assumed_mgu {
  mgu_options mgu = {};
};

// One layer: f = sigmoid(W x + U h + b), n = tanh(W x + U (f h) + b), h' = (1 - f) h + f n.
//
// State: h, shape (H). Tangent: dh' = (1 - f) dh + (n - h) df + f dn, df = f(1-f)(W dx + U dh),
// dn = (1-n^2)(W dx + U (f dh + h df)).
template <class Scalar>
class mgu_cell {
 public:
  using scalar_type = Scalar;
  using options_type = mgu_options;
  using matrix = typename models::layer_weights<Scalar>::matrix;
  static constexpr std::string_view name = "mgu";
  static constexpr std::string_view kind = "mgu";
  static constexpr Eigen::Index gate_count = 2;
  static constexpr Eigen::Index state_blocks = 1;

  using assumed_type = assumed_mgu;
  static constexpr auto assumed = &assumed_mgu::mgu;
  template <class Said>
  static void read_conventions(Said& said, mgu_options& options) {
    options.gate_order = said.take_order("gate_order", options.gate_order, "fn", "uzhncn");
  }

  struct workspace {
    matrix gates, slopes;        // f and n, and their slopes, shape (2 H, members)
    matrix complement, kept, h;  // 1 - f, f h and h, shape (H, members)
    matrix block, inner;         // shapes (2 H, columns), (H, columns)
  };

  mgu_cell(models::layer_weights<Scalar> layer, const mgu_options& options) : bias_(models::detail::total_bias(layer)) {
    models::detail::require_gate_order(options.gate_order, "fn", name);
    input_ = std::move(layer.input);
    recurrent_ = std::move(layer.recurrent);
    models::detail::reorder_gates(input_, options.gate_order, "fn");
    models::detail::reorder_gates(recurrent_, options.gate_order, "fn");
    models::detail::reorder_gates(bias_, options.gate_order, "fn");
  }

  Eigen::Index hidden_size() const { return recurrent_.cols(); }
  Eigen::Index input_size() const { return input_.cols(); }
  models::layer_weights<Scalar> weights() const { return {input_, recurrent_, bias_, {}}; }
  mgu_options options() const { return {}; }

  workspace make_workspace(Eigen::Index columns, Eigen::Index members) const {
    const Eigen::Index H = hidden_size();
    return {matrix(2 * H, members), matrix(2 * H, members), matrix(H, members), matrix(H, members),
            matrix(H, members),     matrix(2 * H, columns), matrix(H, columns)};
  }
  void project(libration::matrix_view<Scalar> X, libration::matrix_span<Scalar> P) const {
    P.noalias() = input_ * X;
    P.colwise() += bias_;
  }
  void step(libration::matrix_view<Scalar> P, libration::matrix_view<Scalar> state, libration::matrix_span<Scalar> next,
            workspace& ws) const {
    const Eigen::Index H = hidden_size(), k = state.cols();
    ws.h.leftCols(k) = state;
    ws.gates.leftCols(k) = P;
    ws.gates.topRows(H).leftCols(k).noalias() += recurrent_.topRows(H) * state;
    for (Eigen::Index j = 0; j < k; ++j) {
      models::detail::sigmoid(ws.gates.col(j).data(), ws.slopes.col(j).data(), H);
      ws.complement.col(j) = ws.slopes.col(j).head(H);
      ws.slopes.col(j).head(H).array() *= ws.gates.col(j).head(H).array();
      ws.kept.col(j).array() = ws.gates.col(j).head(H).array() * state.col(j).array();
    }
    ws.gates.bottomRows(H).leftCols(k).noalias() += recurrent_.bottomRows(H) * ws.kept.leftCols(k);
    for (Eigen::Index j = 0; j < k; ++j) {
      models::detail::tanh(ws.gates.col(j).data() + H, ws.slopes.col(j).data() + H, H);
      const auto f = ws.gates.col(j).head(H).array(), n = ws.gates.col(j).tail(H).array();
      next.col(j).array() = state.col(j).array() + f * (n - state.col(j).array());
    }
  }
  void tangent(libration::matrix_view<Scalar> V, libration::matrix_span<Scalar> JV, workspace& ws) const {
    tangent_of(V, nullptr, JV, ws);
  }
  void tangent(libration::matrix_view<Scalar> V, libration::matrix_view<Scalar> X, libration::matrix_span<Scalar> JV,
               workspace& ws) const {
    tangent_of(V, &X, JV, ws);
  }

 private:
  void tangent_of(const libration::matrix_view<Scalar>& V, const libration::matrix_view<Scalar>* X,
                  libration::matrix_span<Scalar>& JV, workspace& ws) const {
    const Eigen::Index H = hidden_size(), k = V.cols();
    const auto f = ws.gates.col(0).head(H).array(), n = ws.gates.col(0).tail(H).array();
    const auto h = ws.h.col(0).array();
    auto block = ws.block.leftCols(k);
    auto inner = ws.inner.leftCols(k);
    block.topRows(H).noalias() = recurrent_.topRows(H) * V;
    if (X != nullptr) block.topRows(H).noalias() += input_.topRows(H) * *X;
    for (Eigen::Index j = 0; j < k; ++j) {
      block.col(j).head(H).array() *= ws.slopes.col(0).head(H).array();
      inner.col(j).array() = f * V.col(j).array() + h * block.col(j).head(H).array();
    }
    block.bottomRows(H).noalias() = recurrent_.bottomRows(H) * inner;
    if (X != nullptr) block.bottomRows(H).noalias() += input_.bottomRows(H) * *X;
    for (Eigen::Index j = 0; j < k; ++j)
      JV.col(j).array() = ws.complement.col(0).array() * V.col(j).array() + (n - h) * block.col(j).head(H).array() +
                          f * ws.slopes.col(0).tail(H).array() * block.col(j).tail(H).array();
  }

  typename models::layer_weights<Scalar>::vector bias_;
  matrix input_, recurrent_;
};

using kinds = models::recurrent_kind_list<models::rnn_cell, models::gru_cell, models::lstm_cell, mgu_cell>;
using network = models::stacked<mgu_cell<double>>;
template <class Network>
using in_vector = std::vector<Network>;

static_assert(maps::driven<network> && maps::differentiable_in_input<network> && maps::steps_batches<network>);
static_assert(std::is_same_v<std::variant_alternative_t<3, kinds::any_network<double>>, network>);
static_assert(std::is_same_v<std::variant_alternative_t<3, kinds::any_workspace<double>>, network::workspace>);
static_assert(std::is_same_v<std::variant_alternative_t<1, kinds::any_of<float, in_vector>>, std::vector<models::gru<float>>>);

}  // namespace minimal_gated

using namespace minimal_gated;

TEST_CASE("models::recurrent_kind_list: names, options and what is not in the list", "[oracle][failure]") {
  const auto name = [](auto kind) { return std::string(kind.name); };
  CHECK(kinds::list(name) == "rnn, gru, lstm or mgu");
  CHECK(models::recurrent_kind_list<models::gru_cell>::list(name) == "gru");
  CHECK(models::recurrent_kinds::list(name) == "rnn, gru or lstm");
  kinds::options all;
  all.gru.reset_before = true;
  CHECK(all.mgu.gate_order == "fn");
  CHECK(kinds::with<bool>("gru", [&](auto kind) {
    if constexpr (kind.name == "gru")
      return kind.options_in(all).reset_before;
    else
      return false;
  }));
  CHECK(message_of<libration::argument_error>([&] { kinds::with<std::string>("tcn", name); }) ==
        "models::recurrent_kinds: a network of kind \"tcn\", expected rnn, gru, lstm or mgu");
}

TEST_CASE("models::recurrent_kind_list: a kind of a test's own is read as the library's are, and its tangent is exact", "[law]") {
  libration::io::safetensors::tensor_set tensors;
  add_layers(tensors, "rnn.", random_layers<double>(2, 3, {4, 5}));
  const auto file = file_of(tensors);
  models::checkpoint read(file);
  const kinds::options defaults;
  const auto any = kinds::with<kinds::any_network<double>>("mgu", [&](auto kind) -> kinds::any_network<double> {
    return decltype(kind)::template network<double>::from(read, "rnn.", kind.options_in(defaults));
  });
  const network& net = std::get<network>(any);
  REQUIRE(net.layer_count() == 2);
  auto ws = net.make_workspace(9), other = net.make_workspace(0);
  const VectorXd h = random_matrix(9, 1, 0.8, 100), x = random_matrix(3, 1, 1.0, 101);
  const MatrixXd V = random_matrix(9, 9, 1.0, 102), X = random_matrix(3, 9, 1.0, 103);
  VectorXd next(9), up(9), down(9);
  MatrixXd JV(9, 9);
  net.step(h, x, next, ws);
  net.tangent(V, X, JV, ws);
  constexpr double e = 1e-6;  // central differences: e^2 and eps / e
  for (Eigen::Index j = 0; j < 9; ++j) {
    net.step(h + e * V.col(j), x + e * X.col(j), up, other);
    net.step(h - e * V.col(j), x - e * X.col(j), down, other);
    CHECK((JV.col(j) - (up - down) / (2 * e)).norm() < 1e-8);
  }
}
