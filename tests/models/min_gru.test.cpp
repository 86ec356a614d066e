// SPDX-License-Identifier: MIT
#include <libration/models/min_gru.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/models/sequence_model.hpp>

#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"

using namespace libration_test;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

using body = models::min_gru<double>;
using model = models::sequence_model<body>;

// minGRU, minLSTM, and one without to_out.
std::vector<models::min_gru_config> variants() {
  models::min_gru_config c = small_min_gru();
  std::vector<models::min_gru_config> all(3, c);
  all[1].forget_gate = true;
  all[1].layers = 3;
  all[2].projected = false;
  all[2].inner_size = 4;
  return all;
}

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }
double g(double a) { return a >= 0 ? a + 0.5 : sigmoid(a); }

// One unit whose weights make z = 1/2 and g of the candidate 1/2.
template <class Make>
void check_even_gate(bool forget_gate, const Make& make) {
  models::min_gru_config c;
  c.hidden_size = c.inner_size = c.ffn_size = c.layers = 1;
  c.forget_gate = forget_gate;
  auto w = random_weights<body>(c);
  make(w.layers[0]);
  const body net(c, w);
  auto ws = net.make_workspace(1);
  VectorXd next(1);
  MatrixXd JV(1, 1);
  net.step(VectorXd::Ones(1), VectorXd::Ones(1), next, ws);
  net.tangent(MatrixXd::Ones(1, 1), JV, ws);
  CHECK(next[0] == 0.75);
  CHECK(JV(0, 0) == 0.5);
}

}  // namespace

TEST_CASE("models::min_gru: the recurrent step is the equations, by the gates as they are written", "[differential]") {
  for (const auto& c : variants()) {
    const auto w = random_weights<body>(c);
    const body net(c, w);
    const Index d = c.hidden_size, I = c.inner_size;
    const auto norm = [&](const VectorXd& x, const VectorXd& gamma) {
      return VectorXd(x.normalized().array() * std::sqrt(double(d)) * (gamma.array() + 1));
    };
    std::vector<VectorXd> hidden(w.layers.size(), VectorXd::Zero(I));
    auto ws = net.make_workspace(0);
    VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
    for (Index t = 0; t < 12; ++t) {
      VectorXd x = random_matrix(d, 1, 1.0, 70 + static_cast<std::uint64_t>(t));
      net.step(h, x, next, ws);
      h.swap(next);
      for (std::size_t l = 0; l < w.layers.size(); ++l) {
        const auto& p = w.layers[l];
        const VectorXd q = p.in * norm(x, p.gamma);
        for (Index i = 0; i < I; ++i) {
          double z = sigmoid(q[I + i]);
          if (c.forget_gate) {
            const double f = z, write = sigmoid(q[2 * I + i]);
            z = write / (f + write);
          }
          hidden[l][i] = (1 - z) * hidden[l][i] + z * g(q[i]);
        }
        x += c.projected ? VectorXd(p.out * hidden[l]) : hidden[l];
        const VectorXd inner = (p.ffn_in * norm(x, p.ffn_gamma) + p.ffn_in_bias).unaryExpr([](double a) {
          return a * 0.5 * (1 + std::erf(a / std::sqrt(2.0)));
        });
        x += p.ffn_out * inner + p.ffn_out_bias;
        CHECK((h.segment(net.offset(l), I) - hidden[l]).cwiseAbs().maxCoeff() < 1e-13);
      }
      CHECK((net.output(ws) - norm(x, w.gamma)).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
}

TEST_CASE("models::min_gru: a state of 1 and preactivations of 0 give 3/4", "[oracle]") {
  // The candidate passes through g, the state before does not.
  for (const bool lstm : {false, true}) check_even_gate(lstm, [](auto& layer) { layer.in.setZero(); });
}

TEST_CASE("models::residual_stack: one that was moved from says so", "[failure]") {
  const auto c = variants().front();
  body first(c, random_weights<body>(c));
  const body second = std::move(first);
  CHECK(second.layer_count() == 2);
  CHECK_THROWS_MATCHES(first.make_workspace(0), libration::argument_error,
                       Message("models::min_gru: a network that was moved from"));
}

TEST_CASE("models::min_gru: it keeps the laws of a map", "[law]") { check_bodies<body>(variants(), 1e-13); }

TEST_CASE("models::min_gru: saturated gates of a minLSTM do not divide zero by zero", "[edge]") {
  check_even_gate(true, [](auto& layer) {
    layer.gamma.setZero();
    layer.in << 0, -1000, -1000;  // σ of both underflows, and they weigh the same
  });
}

TEST_CASE("models::min_gru: along given inputs the exponents are the mean log gates", "[oracle]") {
  for (auto c : variants()) {
    c.layers = 1;
    const auto w = random_weights<body>(c);
    const body net(c, w);
    const MatrixXd inputs = random_matrix(c.hidden_size, 400, 1.0, 71);
    const auto norm = [&](const VectorXd& x) {
      return VectorXd(x.normalized().array() * std::sqrt(double(c.hidden_size)) * (w.layers[0].gamma.array() + 1));
    };
    VectorXd expected = VectorXd::Zero(c.inner_size);
    for (Index t = 0; t < inputs.cols(); ++t) {
      const VectorXd q = w.layers[0].in * norm(inputs.col(t));
      for (Index i = 0; i < c.inner_size; ++i) {
        const double a = sigmoid(q[c.inner_size + i]);
        const double z = c.forget_gate ? sigmoid(q[2 * c.inner_size + i]) / (a + sigmoid(q[2 * c.inner_size + i])) : a;
        expected[i] += std::log(1 - z) / double(inputs.cols());
      }
    }
    // J is diagonal: each unit's own direction.
    auto ws = net.make_workspace(c.inner_size);
    VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
    VectorXd logs = VectorXd::Zero(c.inner_size);
    MatrixXd JV(c.inner_size, c.inner_size);
    for (Index t = 0; t < inputs.cols(); ++t) {
      net.step(h, inputs.col(t), next, ws);
      net.tangent(MatrixXd::Identity(c.inner_size, c.inner_size), JV, ws);
      h.swap(next);
      CHECK(JV.isDiagonal(0));
      logs += JV.diagonal().array().log().matrix() / double(inputs.cols());
    }
    CHECK((logs - expected).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("models::min_gru: tensors by lucidrains' names are the model that was written", "[law]") {
  for (const auto& c : variants()) {
    written_model<body> written(c, {"", "token_emb.weight", "to_logits."});
    const auto read = [&] { return model::from(written.folder.file(), models::min_gru_config()); };
    CHECK(written.is(read()));
    written.check_loop();

    written.folder.add("layers.0.0.net.0.weight", MatrixXd::Ones(4, 3));  // of the variant with a convolution
    CHECK(failure_of([&] { read(); }).what.find("layers.0.0.net.0.weight") != std::string::npos);
    written.folder.remove("layers.0.0.net.0.weight");
    written.folder.remove("layers.1.3.gamma");
    CHECK(failure_of([&] { read(); }).what.find("no tensor \"layers.1.3.gamma\"") != std::string::npos);
  }
}

TEST_CASE("models::min_gru: what is wrong is refused by name", "[failure]") {
  const auto complaint = [](models::min_gru_config c, auto spoil) {
    auto w = random_weights<body>(c);
    spoil(c, w);
    return message_of<libration::argument_error>([&] { body(c, w); });
  };
  const auto c = variants()[0];
  CHECK(complaint(c, [](auto&, auto& w) { w.layers[1].in(2, 1) = std::numeric_limits<double>::quiet_NaN(); }) ==
        "models::min_gru: layers.1.2.to_hidden_and_gate.weight holds a number that is not finite, at row 2, column 1");
  CHECK(complaint(c, [](auto& config, auto&) { config.projected = false; }) ==
        "models::min_gru_config: .inner_size is 6, expected hidden_size, where there is no to_out");
  CHECK(complaint(c, [](auto& config, auto&) {
          config.forget_gate = true;
        }).find("to_hidden_and_f_i_gate.weight has shape (12, 4)") != std::string::npos);
}
