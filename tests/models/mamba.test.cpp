// SPDX-License-Identifier: MIT
#include <libration/models/mamba.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/npy.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/models/forecaster.hpp>
#include <libration/models/sequence_model.hpp>

#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"
#include "support/shared.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

using body = models::mamba<double>;
using model = models::sequence_model<body>;
using forecaster = models::forecaster<body>;

// Small, with every option that a config has.
std::vector<models::mamba_config> variants() {
  models::mamba_config c = small_mamba();
  std::vector<models::mamba_config> all(3, c);
  all[1].projection_bias = true;
  all[1].conv_bias = false;
  all[1].conv_kernel = 1;
  all[1].layers = 3;
  all[2].inner_size = 4;
  all[2].state_size = 1;
  all[2].conv_kernel = 2;
  all[2].tied_head = false;
  return all;
}

}  // namespace

TEST_CASE("models::mamba: the recurrent step is the equations over the whole sequence", "[differential]") {
  for (const auto& c : variants()) {
    const auto w = random_weights<body>(c);
    const body net(c, w);
    const Index T = 12, d = c.hidden_size, I = c.inner_size, N = c.state_size, R = c.time_step_rank, K = c.conv_kernel;
    const MatrixXd inputs = random_matrix(d, T, 1.0, 70);
    // Column by column with plain loops, layer after layer.
    MatrixXd x = inputs;
    std::vector<MatrixXd> states;
    for (const auto& l : w.layers) {
      MatrixXd xi(I, T), z(I, T), y(I, T), S = MatrixXd::Zero(I, N);
      for (Index t = 0; t < T; ++t) {
        const VectorXd u = l.norm.array() * x.col(t).array() / std::sqrt(x.col(t).squaredNorm() / double(d) + c.norm_epsilon);
        VectorXd p = l.in * u;
        if (c.projection_bias) p += l.in_bias;
        xi.col(t) = p.head(I);
        z.col(t) = p.tail(I);
      }
      const auto silu = [](double a) { return a / (1 + std::exp(-a)); };
      for (Index t = 0; t < T; ++t) {
        VectorXd a = c.conv_bias ? l.conv_bias : VectorXd(VectorXd::Zero(I));
        for (Index j = 0; j < K; ++j)
          if (t - K + 1 + j >= 0) a.array() += l.conv.col(j).array() * xi.col(t - K + 1 + j).array();
        a = a.unaryExpr(silu);
        const VectorXd q = l.x * a;
        const VectorXd dt = (l.dt * q.head(R) + l.dt_bias).unaryExpr([](double v) { return std::log1p(std::exp(v)); });
        for (Index i = 0; i < I; ++i)
          for (Index n = 0; n < N; ++n) S(i, n) = std::exp(-dt[i] * std::exp(l.A_log(i, n))) * S(i, n) + dt[i] * a[i] * q[R + n];
        y.col(t) = (S * q.tail(N) + l.D.cwiseProduct(a)).cwiseProduct(z.col(t).unaryExpr(silu));
      }
      x += l.out * y;
      if (c.projection_bias) x.colwise() += l.out_bias;
      states.push_back(S);
    }
    auto ws = net.make_workspace(0);
    VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
    for (Index t = 0; t < T; ++t) {
      net.step(h, inputs.col(t), next, ws);
      h.swap(next);
      const VectorXd out = w.norm.array() * x.col(t).array() / std::sqrt(x.col(t).squaredNorm() / double(d) + c.norm_epsilon);
      CHECK((net.output(ws) - out).cwiseAbs().maxCoeff() < 1e-13);
    }
    for (std::size_t l = 0; l < states.size(); ++l) {
      const Eigen::Map<const MatrixXd> S(h.data() + net.offset(l) + net.layer(l).recurrent_offset(), N, I);
      CHECK((S.transpose() - states[l]).cwiseAbs().maxCoeff() < 1e-13);
    }
  }
}

TEST_CASE("models::mamba: the recurrence's exact values", "[oracle]") {
  // A = -(1, 2), Δ = ln 2, B = (1, -1), x = 2, S = (1, 1), C = (1, 1), D = 1/2: the convolution and both gates are made so.
  models::mamba_config c;
  c.hidden_size = c.inner_size = c.time_step_rank = c.layers = c.conv_kernel = 1;
  c.state_size = 2;
  c.norm_epsilon = 0;
  models::mamba_weights<double> w;
  w.norm = VectorXd::Ones(1);
  w.layers.resize(1);
  auto& l = w.layers[0];
  const auto one = [](double v) { return VectorXd(VectorXd::Constant(1, v)); };
  double preimage = 2;  // silu(2.2177...) = 2
  for (int i = 0; i < 50; ++i) preimage = 2 * (1 + std::exp(-preimage));
  l.norm = one(1);
  l.in = VectorXd::Constant(2, preimage);  // ξ of the unit input; silu(z) = 2
  l.conv = one(1);
  l.conv_bias = one(0);
  l.x = (VectorXd(5) << 0, 0.5, -0.5, 0.5, 0.5).finished();
  l.dt = one(0);
  l.dt_bias = one(0);  // softplus(0) = ln 2
  l.A_log = (MatrixXd(1, 2) << 0, std::log(2.0)).finished();
  l.D = one(0.5);
  l.out = one(1);
  const body net(c, w);
  auto ws = net.make_workspace(0);
  VectorXd next(2);
  net.step(VectorXd::Ones(2), one(1), next, ws);
  CHECK(std::abs(next[0] - 1.8862943611) < 1e-9);
  CHECK(std::abs(next[1] + 1.1362943611) < 1e-9);
  CHECK(std::abs(ws.stream(0, 0) - (1 + 2 * 1.75)) < 1e-9);
}

TEST_CASE("models::mamba: it keeps the laws of a map", "[law]") {
  STATIC_REQUIRE(maps::differentiable_in_input<forecaster> && maps::steps_batches<forecaster>);
  check_bodies<body>(variants(), 1e-13);
}

TEST_CASE("models::mamba: in single precision it is what it is in double", "[differential]") {
  check_single_precision<body, models::mamba<float>>(variants(), 3e-5);
}

TEST_CASE("models::mamba: along given inputs the exponents are the mean log gates, and the convolution forgets", "[oracle]") {
  // Without a dependence of Δ on the input the gates are constant: exponents softplus(dt_bias_c) A_cn.
  auto c = variants()[0];
  auto w = random_weights<body>(c);
  std::vector<double> expected;
  for (auto& l : w.layers) {
    l.dt.setZero();
    l.A_log = l.A_log.cwiseAbs() * -2.0;  // slow, and apart
    for (Index i = 0; i < c.inner_size; ++i)
      for (Index n = 0; n < c.state_size; ++n) expected.push_back(-std::log1p(std::exp(l.dt_bias[i])) * std::exp(l.A_log(i, n)));
  }
  std::sort(expected.rbegin(), expected.rend());
  const body net(c, w);
  const MatrixXd inputs = random_matrix(c.hidden_size, 700, 1.0, 71);
  const auto r = libration::lyapunov::spectrum(net, VectorXd(VectorXd::Zero(net.state_size())), inputs,
                                               {.count = 4, .steps = 500, .transient = 100});
  for (int i = 0; i < 4; ++i) CHECK(std::abs(r.exponents[i] - expected[static_cast<std::size_t>(i)]) < 5e-3);

  // The register of layer 0: K - 1 steps, and a direction in it is gone from it.
  auto ws = net.make_workspace(1);
  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
  MatrixXd V = MatrixXd::Zero(h.size(), 1), JV(h.size(), 1);
  const Index registers = c.inner_size * (c.conv_kernel - 1);
  V.topRows(registers).setOnes();
  for (Index t = 0; t < c.conv_kernel - 1; ++t) {
    CHECK(V.topRows(registers).norm() > 0);
    net.step(h, inputs.col(t), next, ws);
    net.tangent(V, JV, ws);
    h.swap(next);
    V.swap(JV);
  }
  CHECK(V.topRows(registers).norm() == 0);
  CHECK(V.norm() > 0);  // in S it is still heard
}

TEST_CASE("models::mamba: one channel with a constant gate forgets as e^(Δ A)", "[oracle]") {
  models::mamba_config c;
  c.hidden_size = c.inner_size = c.state_size = c.time_step_rank = c.layers = c.conv_kernel = 1;
  auto w = random_weights<body>(c);
  w.layers[0].dt.setZero();
  w.layers[0].dt_bias[0] = 0.3;
  w.layers[0].A_log(0, 0) = -1.0;
  const body net(c, w);
  const double rate = -std::log1p(std::exp(0.3)) * std::exp(-1.0);
  auto ws = net.make_workspace(1);
  VectorXd h = VectorXd::Zero(1), next(1);
  MatrixXd V = MatrixXd::Ones(1, 1), JV(1, 1);
  for (int t = 0; t < 40; ++t) {
    net.step(h, VectorXd::Constant(1, std::sin(t + 1.0)), next, ws);
    net.tangent(V, JV, ws);
    h.swap(next);
    V.swap(JV);
  }
  CHECK(std::abs(std::log(V(0, 0)) - 40 * rate) < 1e-13);
}

TEST_CASE("models::mamba: a folder is the model that was written; its loop is closed by what it expects", "[law]") {
  for (auto c : variants()) {
    if (c.projection_bias) c.tied_head = false;
    const written_model<body> written(c, mamba_names);
    written.folder.write_config({{"model_type", "mamba"},
                                 {"hidden_size", c.hidden_size},
                                 {"intermediate_size", c.inner_size},
                                 {"expand", double(c.inner_size) / double(c.hidden_size)},
                                 {"state_size", c.state_size},
                                 {"conv_kernel", c.conv_kernel},
                                 {"num_hidden_layers", c.layers},
                                 {"vocab_size", c.vocabulary_size},
                                 {"time_step_rank", c.time_step_rank},
                                 {"use_bias", c.projection_bias},
                                 {"use_conv_bias", c.conv_bias},
                                 {"layer_norm_epsilon", c.norm_epsilon},
                                 {"tie_word_embeddings", c.tied_head},
                                 {"residual_in_fp32", true},
                                 {"torch_dtype", "float32"}});
    CHECK(written.is(model::from(written.folder.path())));
    written.check_loop();
  }
}

TEST_CASE("models::mamba: what is wrong is refused by the name of the tensor or the field", "[failure]") {
  const auto c = variants()[0];
  CHECK(complaint<body>(c, [](auto& w) { w.layers[1].A_log(3, 1) = std::numeric_limits<double>::infinity(); }) ==
        "models::mamba: layers.1.mixer.A_log holds a number that is not finite, at row 3, column 1");
  CHECK(complaint<body>(c, [](auto& w) { w.layers[0].A_log(3, 1) = 800; }) ==
        "models::mamba: layers.0.mixer.A_log is so large that A = -exp(A_log) is not finite");
  CHECK(complaint<body>(c, [](auto& w) { w.layers[0].D.resize(3); }) ==
        "models::mamba: layers.0.mixer.D has shape (3, 1), expected (10, 1)");
  CHECK(complaint<body>(c, [](auto& w) { w.layers.resize(1); }).find("layers") != std::string::npos);

  const std::string good = R"({"model_type": "mamba", "hidden_size": 4, "state_size": 2, "num_hidden_layers": 1, "vocab_size": 3)";
  const auto refused = [&](const std::string& fields) {
    return message_of<libration::argument_error>([&] { models::mamba_config::from_json(good + fields + "}"); });
  };
  CHECK(refused("").empty());
  CHECK(models::mamba_config::from_json(good + "}").inner_size == 8);
  CHECK(models::mamba_config::from_json(good + R"(, "time_step_rank": "auto"})").time_step_rank == 1);
  CHECK(refused(R"(, "hidden_act": "gelu")").find("hidden_act is \"gelu\", expected \"silu\"") != std::string::npos);
  CHECK(refused(R"(, "intermediate_size": 9)").find("intermediate_size is 9, expected 8") != std::string::npos);
  CHECK(refused(R"(, "expand": 1e30)").find("expand is 1e+30, expected a number > 0") != std::string::npos);
  CHECK(refused(R"(, "mixer_rms_eps": 1e-6)").find("field mixer_rms_eps is 1e-06") != std::string::npos);
  CHECK(refused(R"(, "rms_norm": false)").find("rms_norm is false, expected true") != std::string::npos);
  CHECK(refused(R"(, "conv_kernel": 0)").find(".conv_kernel is 0") != std::string::npos);
  CHECK(refused(R"(, "time_step_rank": "big")").find("time_step_rank is \"big\", expected a count") != std::string::npos);
  CHECK(message_of<libration::argument_error>([] {
          models::mamba_config::from_json(R"({"model_type": "falcon_mamba"})");
        }).find("model_type is \"falcon_mamba\", expected \"mamba\"") != std::string::npos);
  CHECK(models::mamba_config::from_json(good + R"(, "mixer_rms_eps": 1e-6})", {"mixer_*"}).hidden_size == 4);
  CHECK(message_of<libration::argument_error>([&] {
          models::mamba_config::from_json(good + "}", {"mixer_*"});
        }).find("\"mixer_*\"") != std::string::npos);

  written_model<body> whole(c, mamba_names);
  checkpoint_folder& written = whole.folder;
  const auto read = [&] { return failure_of([&] { model::from(written.file(), c); }).what; };
  CHECK(read() == "");
  written.add("backbone.layers.0.mixer.dt_layernorm.weight", MatrixXd::Ones(2, 1));
  CHECK(read().find("dt_layernorm") != std::string::npos);
  written.remove("backbone.layers.0.mixer.dt_layernorm.weight");
  written.add("lm_head.weight", MatrixXd::Zero(c.vocabulary_size, c.hidden_size));
  CHECK(read().find("the config ties the head to the embedding") != std::string::npos);
  written.remove("lm_head.weight");
  written.remove("backbone.layers.1.mixer.x_proj.weight");
  CHECK(read().find("no tensor \"backbone.layers.1.mixer.x_proj.weight\"") != std::string::npos);
}

TEST_CASE("models::mamba: tiny_mamba gives what another engine gives", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  check_recorded_states(recorded_run<model>(shared / "models" / "tiny" / "tiny_mamba"));
}

TEST_CASE("models::mamba: mamba_lorenz63 runs in open and in closed loop as recorded", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "mamba_lorenz63";
  const forecaster net = forecaster::from(folder);
  REQUIRE(net.state_size() == 707);
  namespace npy = libration::io::npy;
  const MatrixXd warmup = npy::read<double>(folder / "warmup.npy"), path = npy::read<double>(folder / "trajectory.npy");
  const VectorXd start = npy::read<double>(folder / "initial_state.npy").transpose(),
                 end = npy::read<double>(folder / "state_300.npy").transpose();

  // Open loop: 200 inputs from zero.
  auto open = net.make_workspace(0);
  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
  for (Index t = 0; t < warmup.cols(); ++t) {
    net.step(h, warmup.col(t), next, open);
    h.swap(next);
  }
  CHECK((h - start).cwiseAbs().maxCoeff() < 1e-12);

  // Closed loop from the recorded state, with exponents from the frame of u.
  const auto loop = models::close_loop(net);
  const auto expected = nlohmann::json::parse(slurp(folder / "expected.json"));
  const auto recorded = [](const nlohmann::json& list) {
    const auto values = list.get<std::vector<double>>();
    return VectorXd(Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size())));
  };
  h = start;
  MatrixXd Q = MatrixXd::Identity(h.size(), 3), JQ(h.size(), 3);
  VectorXd logs = VectorXd::Zero(3);
  auto ws = loop.make_workspace(3);
  for (int t = 1; t <= 300; ++t) {
    loop.step(h, next, ws);
    loop.tangent(Q, JQ, ws);
    h.swap(next);
    const libration_test::qr_factors qr = libration_test::householder_qr(JQ);
    logs.array() += qr.R.diagonal().array().abs().log();
    Q = qr.Q;
    if (t == 100) CHECK((h.head(3) - path.col(t)).cwiseAbs().maxCoeff() < 1e-11);
    for (const auto& [at, exponents] : expected["exponents_at"].items())
      if (std::stoi(at) == t) CHECK((logs / t - recorded(exponents)).cwiseAbs().maxCoeff() < 1e-9);
  }
  CHECK((logs / 300 - recorded(expected["exponents"])).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((h.head(3) - recorded(expected["final_u"])).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((h - end).cwiseAbs().maxCoeff() < 1e-9);
}
