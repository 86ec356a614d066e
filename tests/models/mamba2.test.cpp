// SPDX-License-Identifier: MIT
#include <libration/models/mamba2.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/models/sequence_model.hpp>

#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/shared.hpp"

using namespace libration_test;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

using body = models::mamba2<double>;
using model = models::sequence_model<body>;

// Small, with every option that a config has.
std::vector<models::mamba2_config> variants() {
  models::mamba2_config c = small_mamba2();
  c.tied_head = false;
  std::vector<models::mamba2_config> all(3, c);
  all[1].groups = 2;
  all[1].projection_bias = true;
  all[1].conv_bias = false;
  all[1].conv_kernel = 1;
  all[1].layers = 3;
  all[2].heads = 2;
  all[2].head_size = 4;
  all[2].state_size = 1;
  all[2].conv_kernel = 2;
  all[2].least_time_step = 0.6;  // some of the steps are outside
  all[2].largest_time_step = 0.9;
  return all;
}

double silu(double a) { return a / (1 + std::exp(-a)); }

}  // namespace

TEST_CASE("models::mamba2: the recurrent step is the dual form over the whole sequence", "[differential]") {
  // y_t = Σ_{s <= t} (C_t·B_s) e^{Σ_{s < r <= t} Δ_r A} Δ_s x_s + D x_t
  for (const auto& c : variants()) {
    const auto w = random_weights<body>(c);
    const body net(c, w);
    const Index T = 12, d = c.hidden_size, I = c.inner_size, N = c.state_size, P = c.head_size, K = c.conv_kernel;
    const MatrixXd inputs = random_matrix(d, T, 1.0, 70);
    MatrixXd x = inputs;
    bool clamped = false;
    for (const auto& l : w.layers) {
      const Index channels = c.conv_channels();
      MatrixXd xi(channels, T), z(I, T), dt(c.heads, T), a(channels, T), y = MatrixXd::Zero(I, T);
      for (Index t = 0; t < T; ++t) {
        const VectorXd u = l.norm.array() * x.col(t).array() / std::sqrt(x.col(t).squaredNorm() / double(d) + c.norm_epsilon);
        VectorXd p = l.in * u;
        if (c.projection_bias) p += l.in_bias;
        z.col(t) = p.head(I);
        xi.col(t) = p.segment(I, channels);
        const VectorXd raw = (p.tail(c.heads) + l.dt_bias).unaryExpr([](double v) { return std::log1p(std::exp(v)); });
        dt.col(t) = raw.cwiseMax(c.least_time_step).cwiseMin(c.largest_time_step);
        clamped = clamped || raw != dt.col(t);
        VectorXd sum = c.conv_bias ? l.conv_bias : VectorXd(VectorXd::Zero(channels));
        for (Index j = 0; j < K; ++j)
          if (t - K + 1 + j >= 0) sum.array() += l.conv.col(j).array() * xi.col(t - K + 1 + j).array();
        a.col(t) = sum.unaryExpr(&silu);
      }
      for (Index t = 0; t < T; ++t) {
        for (Index h = 0; h < c.heads; ++h) {
          const Index g = h / (c.heads / c.groups);
          const auto B = [&](Index s) { return a.col(s).segment(I + g * N, N); };
          const auto C = a.col(t).segment(I + (c.groups + g) * N, N);
          for (Index s = 0; s <= t; ++s) {
            const double faded = std::exp(-std::exp(l.A_log[h]) * dt.row(h).segment(s + 1, t - s).sum());
            y.col(t).segment(h * P, P) += C.dot(B(s)) * faded * dt(h, s) * a.col(s).segment(h * P, P);
          }
          y.col(t).segment(h * P, P) += l.D[h] * a.col(t).segment(h * P, P);
        }
        const VectorXd gated = y.col(t).cwiseProduct(z.col(t).unaryExpr(&silu));
        y.col(t) = l.inner_norm.array() * gated.array() / std::sqrt(gated.squaredNorm() / double(I) + c.norm_epsilon);
      }
      x += l.out * y;
      if (c.projection_bias) x.colwise() += l.out_bias;
    }
    CHECK(clamped == std::isfinite(c.largest_time_step));
    auto ws = net.make_workspace(0);
    VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
    for (Index t = 0; t < T; ++t) {
      net.step(h, inputs.col(t), next, ws);
      h.swap(next);
      const VectorXd out = w.norm.array() * x.col(t).array() / std::sqrt(x.col(t).squaredNorm() / double(d) + c.norm_epsilon);
      CHECK((net.output(ws) - out).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
}

TEST_CASE("models::mamba2: the recurrence's exact values", "[oracle]") {
  // S = 1, Δ = ln 2, A = -1, x Bᵀ = (1, -1)ᵀ (1/2, 1), C = (1, 2), D x = (1, -1)/4. silu goes down to -0.278 only: x is a quarter.
  models::mamba2_config c;
  c.hidden_size = c.layers = c.conv_kernel = c.heads = 1;
  c.inner_size = c.head_size = c.state_size = 2;
  c.norm_epsilon = 0;
  const auto preimage = [](double value) {
    double low = value < 0 ? -1.2 : 0.0, high = value < 0 ? 0.0 : 10.0;
    for (int i = 0; i < 60; ++i) (silu((low + high) / 2) < value ? low : high) = (low + high) / 2;
    return low;
  };
  models::mamba2_weights<double> w;
  w.norm = VectorXd::Ones(1);
  w.layers.resize(1);
  auto& l = w.layers[0];
  l.norm = VectorXd::Ones(1);
  const std::vector<double> made = {1, 1, 0.25, -0.25, 2, 4, 1, 2};
  l.in = VectorXd::Zero(9);
  for (std::size_t i = 0; i < made.size(); ++i) l.in(static_cast<Index>(i), 0) = preimage(made[i]);
  l.conv = MatrixXd::Ones(6, 1);
  l.conv_bias = VectorXd::Zero(6);
  l.dt_bias = l.A_log = VectorXd::Zero(1);
  l.D = VectorXd::Ones(1);
  l.inner_norm = VectorXd::Ones(2);
  l.out = Eigen::RowVector2d(1, 10);
  const body net(c, w);
  auto ws = net.make_workspace(0);
  VectorXd next(4);
  net.step((VectorXd(4) << 1, 0, 0, 1).finished(), VectorXd::Ones(1), next, ws);
  const Eigen::Vector4d S(.8465735903, .6931471806, -.3465735903, -.1931471806);
  CHECK((next - S).cwiseAbs().maxCoeff() < 1e-9);
  const Eigen::Vector2d y(2.4828679514, -.9828679514);
  CHECK(std::abs(ws.stream(0, 0) - (1 + (y[0] + 10 * y[1]) / std::sqrt(y.squaredNorm() / 2))) < 1e-8);
}

TEST_CASE("models::mamba2: it keeps the laws of a map", "[law]") { check_bodies<body>(variants(), 1e-13); }

TEST_CASE("models::mamba2: in single precision it is what it is in double", "[differential]") {
  check_single_precision<body, models::mamba2<float>>(variants(), 3e-5);
}

TEST_CASE("models::mamba2: a head with a constant gate forgets as e^(Δ A), and the convolution in K - 1 steps", "[oracle]") {
  auto c = variants()[0];
  c.layers = 1;
  auto w = random_weights<body>(c);
  auto& l = w.layers[0];
  l.in.bottomRows(c.heads).setZero();
  const body net(c, w);
  auto ws = net.make_workspace(2);
  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
  const Index registers = net.layer(0).recurrent_offset(), states = h.size() - registers;
  MatrixXd V = MatrixXd::Zero(h.size(), 2), JV(h.size(), 2);
  V.bottomRows(states).col(0).setOnes();
  V.topRows(registers).col(1).setOnes();
  for (int t = 0; t < 20; ++t) {
    net.step(h, random_matrix(c.hidden_size, 1, 1.0, 60), next, ws);
    net.tangent(V, JV, ws);
    h.swap(next);
    V.swap(JV);
    CHECK((V.topRows(registers).col(1).norm() == 0) == (t + 1 >= c.conv_kernel - 1));
  }
  const Index per_head = c.head_size * c.state_size;
  for (Index i = 0; i < states; ++i) {
    const double dt = std::log1p(std::exp(l.dt_bias[i / per_head]));
    CHECK(std::abs(std::log(V(registers + i, 0)) + 20 * dt * std::exp(l.A_log[i / per_head])) < 1e-12);
  }
}

TEST_CASE("models::mamba2: a folder is the model that was written; its loop is closed by what it expects", "[law]") {
  for (const auto& c : variants()) {
    const written_model<body> written(c, mamba_names);
    nlohmann::json config = {{"model_type", "mamba2"},
                             {"hidden_size", c.hidden_size},
                             {"expand", 2},
                             {"state_size", c.state_size},
                             {"conv_kernel", c.conv_kernel},
                             {"num_hidden_layers", c.layers},
                             {"vocab_size", c.vocabulary_size},
                             {"num_heads", c.heads},
                             {"head_dim", c.head_size},
                             {"n_groups", c.groups},
                             {"use_bias", c.projection_bias},
                             {"use_conv_bias", c.conv_bias},
                             {"layer_norm_epsilon", c.norm_epsilon},
                             {"tie_word_embeddings", false},
                             {"rms_norm", true},
                             {"chunk_size", 16}};
    if (std::isfinite(c.largest_time_step)) config["time_step_limit"] = {c.least_time_step, c.largest_time_step};
    written.folder.write_config(config);
    CHECK(written.is(model::from(written.folder.path())));
    written.check_loop();
  }
}

TEST_CASE("models::mamba2: what is wrong is refused by the name of the tensor or the field", "[failure]") {
  const auto c = variants()[0];
  CHECK(complaint<body>(c, [](auto& w) { w.layers[1].A_log[3] = std::numeric_limits<double>::quiet_NaN(); }) ==
        "models::mamba2: layers.1.mixer.A_log holds a number that is not finite, at row 3");
  CHECK(complaint<body>(c, [](auto& w) { w.layers[0].A_log[1] = 800; }) ==
        "models::mamba2: layers.0.mixer.A_log is so large that A = -exp(A_log) is not finite");
  CHECK(complaint<body>(c, [](auto& w) {
          w.layers[0].conv.resize(3, 4);
        }).find("conv1d.weight has shape (3, 4), expected (14, 4)") != std::string::npos);

  const auto read = [](const std::string& fields) {
    return models::mamba2_config::from_json(
        R"({"model_type": "mamba2", "hidden_size": 4, "state_size": 2, "num_hidden_layers": 1, "vocab_size": 3, "head_dim": 2)" +
        fields + "}");
  };
  const auto refused = [&](const std::string& fields) { return message_of<libration::argument_error>([&] { read(fields); }); };
  const std::string fits = R"(, "num_heads": 4, "n_groups": 2)";
  CHECK(refused(fits).empty());
  CHECK(refused(R"(, "num_heads": 4, "n_groups": 3)").find("n_groups is 3, expected a divisor of num_heads, 4") !=
        std::string::npos);
  CHECK(refused(R"(, "num_heads": 4)").find("n_groups is 8 by default, expected a divisor of num_heads, 4") != std::string::npos);
  CHECK(refused(R"(, "num_heads": 3, "n_groups": 1)").find("num_heads is 3, expected expand hidden_size / head_dim: 8 / 2") !=
        std::string::npos);
  CHECK(read(fits + R"(, "time_step_limit": [0.25, Infinity])").least_time_step == 0.25);
  CHECK(read(fits + R"(, "time_step_limit": [0.0, {"__float__": "Infinity"}])").largest_time_step ==
        std::numeric_limits<double>::infinity());
  CHECK(read(fits + R"(, "note": "an \"Infinity\" in a remark", "time_step_limit": [0.0, 2.0])").largest_time_step == 2.0);
  CHECK(refused(fits + R"(, "time_step_limit": [1.0, 0.5])").find("time_step_limit is [1.0,0.5]") != std::string::npos);
  CHECK(refused(fits + R"(, "unknown_gate": 3)").find("field unknown_gate is 3") != std::string::npos);
}

TEST_CASE("models::mamba2: tiny_mamba2 gives what another engine gives", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  check_recorded_states(recorded_run<model>(shared / "models" / "tiny" / "tiny_mamba2"));
}
