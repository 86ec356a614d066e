// SPDX-License-Identifier: MIT
#include <libration/models/rwkv7.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/npy.hpp>
#include <libration/models/sequence_model.hpp>

#include "models/finite_time.hpp"
#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"
#include "support/shared.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

using body = models::rwkv7<double>;
using model = models::sequence_model<body>;

// Small, with every option that a config has.
std::vector<models::rwkv7_config> variants() {
  models::rwkv7_config c = small_rwkv7();
  c.group_norm_epsilon = 3e-5;
  std::vector<models::rwkv7_config> all(4, c);
  all[1].naming = models::rwkv7_naming::blinkdl;
  all[1].layers = 3;
  all[2].naming = models::rwkv7_naming::numbered;
  all[2].pre_norm = false;
  all[2].output_bias = true;
  all[3].norm_bias = false;
  all[3].layers = 1;
  all[3].value_rank = 0;
  all[3].heads = 1;
  all[3].head_size = 6;
  return all;
}

models::detail::body_names names_of(const models::rwkv7_config& c) {
  if (c.naming == models::rwkv7_naming::huggingface) return {"", "model.embeddings.weight", "lm_head."};
  if (c.naming == models::rwkv7_naming::numbered) return {"", "e.weight", "o."};
  return {"", "emb.weight", "head."};
}

VectorXd sigmoid(const VectorXd& x) { return 1 / (1 + (-x.array()).exp()); }

VectorXd layer_norm(const VectorXd& x, const VectorXd& weight, const VectorXd& bias, double epsilon) {
  const VectorXd centred = x.array() - x.mean();
  VectorXd y = centred.cwiseProduct(weight) / std::sqrt(centred.squaredNorm() / double(x.size()) + epsilon);
  if (bias.size() != 0) y += bias;
  return y;
}

}  // namespace

TEST_CASE("models::rwkv7: the recurrent step is the equations", "[differential]") {
  for (const auto& c : variants()) {
    const auto w = random_weights<body>(c);
    const body net(c, w);
    const Index T = 10, d = c.hidden_size, K = c.head_size, L = c.layers;
    const MatrixXd inputs = random_matrix(d, T, 1.0, 70);
    std::vector<VectorXd> u_past(static_cast<std::size_t>(L), VectorXd::Zero(d)), f_past = u_past;
    std::vector<std::vector<MatrixXd>> S(static_cast<std::size_t>(L),
                                         std::vector<MatrixXd>(static_cast<std::size_t>(c.heads), MatrixXd::Zero(K, K)));
    auto ws = net.make_workspace(0);
    VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
    for (Index t = 0; t < T; ++t) {
      VectorXd x = inputs.col(t), v_first;
      for (std::size_t l = 0; l < w.layers.size(); ++l) {
        const auto& p = w.layers[l];
        const double eps = c.norm_epsilon;
        if (l == 0 && c.pre_norm) x = layer_norm(x, p.pre_norm, p.pre_norm_bias, eps);
        const VectorXd u = layer_norm(x, p.norm, p.norm_bias, eps);
        const auto mixed = [&](const VectorXd& m) { return VectorXd(u + (u_past[l] - u).cwiseProduct(m)); };
        const VectorXd r = p.receptance * mixed(p.x_r), k = p.key * mixed(p.x_k), own = p.value * mixed(p.x_v);
        const VectorXd low_w = (p.w.down * mixed(p.x_w)).array().tanh();
        const VectorXd decay = (-std::exp(-0.5) * sigmoid(p.w.up * low_w + p.w.bias)).array().exp();
        const VectorXd a = sigmoid(p.a.up * (p.a.down * mixed(p.x_a)) + p.a.bias);
        const VectorXd g = p.g.up * sigmoid(p.g.down * mixed(p.x_g));
        VectorXd v = own;
        if (l == 0)
          v_first = own;
        else
          v += (v_first - own).cwiseProduct(sigmoid(p.v.up * (p.v.down * mixed(p.x_v)) + p.v.bias));
        const VectorXd key = k.array() * (1 + (a.array() - 1) * p.k_a.array()), q = k.cwiseProduct(p.k_k);
        VectorXd y(d);
        for (Index i = 0; i < c.heads; ++i) {
          const auto of = [&](const VectorXd& all) { return VectorXd(all.segment(i * K, K)); };
          const VectorXd kappa = of(q).normalized();
          const MatrixXd G = MatrixXd(of(decay).asDiagonal()) - kappa * of(a).cwiseProduct(kappa).transpose();
          MatrixXd& state = S[l][static_cast<std::size_t>(i)];
          state = MatrixXd(state * G + of(v) * of(key).transpose());
          const VectorXd read = layer_norm(state * of(r), VectorXd::Ones(K), VectorXd(), c.group_norm_epsilon);
          y.segment(i * K, K) =
              read.cwiseProduct(of(p.group_norm)) + of(p.group_norm_bias) + of(r).cwiseProduct(of(key)).dot(of(p.r_k)) * of(v);
        }
        x += p.output * y.cwiseProduct(g);
        if (c.output_bias) x += p.output_bias;
        const VectorXd f = layer_norm(x, p.ffn_norm, p.ffn_norm_bias, eps);
        const VectorXd inner = (p.ffn_key * (f + (f_past[l] - f).cwiseProduct(p.ffn_x_k))).cwiseMax(0).cwiseAbs2();
        x += p.ffn_value * inner;
        u_past[l] = u;
        f_past[l] = f;
      }
      net.step(h, inputs.col(t), next, ws);
      h.swap(next);
      CHECK((net.output(ws) - layer_norm(x, w.norm, w.norm_bias, c.norm_epsilon)).cwiseAbs().maxCoeff() < 1e-11);
    }
    const auto last = static_cast<std::size_t>(L - 1);
    const Eigen::Map<const MatrixXd> rows(h.data() + net.offset(last), K, K);  // by rows of S
    CHECK((rows.transpose() - S[last][0]).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((h.tail(d) - f_past[last]).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((h.segment(net.offset(last) + net.layer(last).shift_offset(), d) - u_past[last]).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("models::rwkv7: it keeps the laws of a map", "[law]") { check_bodies<body>(variants(), 1e-12); }

TEST_CASE("models::rwkv7: in single precision it is what it is in double", "[differential]") {
  check_single_precision<body, models::rwkv7<float>>(variants(), 3e-4);
}

TEST_CASE("models::rwkv7: what is kept of the last token alone is gone after one step", "[oracle]") {
  // Token shift: u of the lowest layer depends on the input alone, whatever came before.
  const auto c = variants()[0];
  const body net(c, random_weights<body>(c));
  auto ws = net.make_workspace(1);
  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
  net.step(h, random_matrix(c.hidden_size, 1, 1.0, 60), next, ws);
  const MatrixXd V = random_matrix(h.size(), 1, 1.0, 61);
  MatrixXd JV(h.size(), 1);
  net.tangent(V, JV, ws);
  CHECK(JV.middleRows(net.layer(0).shift_offset(), c.hidden_size).norm() == 0);
  CHECK(JV.norm() > 0);
}

TEST_CASE("models::rwkv7: tensors by each of the names are the model that was written", "[law]") {
  for (const auto& c : variants()) {
    written_model<body> written(c, names_of(c));
    if (c.naming == models::rwkv7_naming::numbered)
      for (const char* layer : {"rosa1.", "rosa2."}) written.folder.add(layer + std::string("rosa_qkv.emb"), MatrixXd::Zero(1, 6));
    nlohmann::json config = {{"model_type", "rwkv7"},           {"hidden_size", c.hidden_size},
                             {"num_hidden_layers", c.layers},   {"vocab_size", c.vocabulary_size},
                             {"head_dim", c.head_size},         {"norm_bias", c.norm_bias},
                             {"norm_eps", c.norm_epsilon},      {"group_norm_epsilon", c.group_norm_epsilon},
                             {"intermediate_size", c.ffn_size}, {"hidden_act", "sqrelu"}};
    written.folder.write_config(config);
    CHECK(written.is(model::from(written.folder.path())));
    written.check_loop();
    if (c.naming == models::rwkv7_naming::huggingface) continue;
    // Without a config, sizes from the shapes.
    models::rwkv7_config epsilons;
    epsilons.group_norm_epsilon = c.group_norm_epsilon;
    CHECK(written.is(model::from(written.folder.file(), epsilons)));
  }
}

TEST_CASE("models::rwkv7: what is wrong is refused by the name of the tensor or the field", "[failure]") {
  const auto c = variants()[0];
  CHECK(complaint<body>(c, [](auto& w) { w.layers[1].k_a[3] = std::numeric_limits<double>::quiet_NaN(); }) ==
        "models::rwkv7: model.layers.1.attn.k_a holds a number that is not finite, at row 3");
  CHECK(complaint<body>(c, [](auto& w) { w.layers[1].r_k.resize(3); }) ==
        "models::rwkv7: model.layers.1.attn.r_k has shape (3, 1), expected (6, 1)");

  const std::string good = R"({"model_type": "rwkv7", "hidden_size": 6, "num_hidden_layers": 1, "vocab_size": 3)";
  const auto refused = [&](const std::string& fields) {
    return message_of<libration::argument_error>([&] { models::rwkv7_config::from_json(good + fields + "}"); });
  };
  CHECK(refused(R"(, "head_dim": 3)").empty());
  CHECK(refused("").find("no field head_dim") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 4)").find("num_heads times head_dim is 1 times 4, expected hidden_size, 6") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "head_size": 3)").find("head_size is 3, expected none beside head_dim") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "hidden_act": "relu")").find("hidden_act is \"relu\"") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "rms_norm": true)").find("rms_norm is true, expected false") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "rms_norm": false)").empty());
  CHECK(refused(R"(, "head_dim": 3, "architectures": ["RWKV7ForTokenClassification"])").find("architectures is ") !=
        std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "attn": {"layers": [1], "num_heads": 2})").find("field attn") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "value_dim": [6, 12])").find("value_dim is [6,12]") != std::string::npos);
  CHECK(refused(R"(, "head_dim": 3, "version": "x060")").find("version is \"x060\"") != std::string::npos);

  written_model<body> whole(c, names_of(c));
  checkpoint_folder& written = whole.folder;
  const auto read = [&](const models::rwkv7_config& config) {
    return failure_of([&] { model::from(written.file(), config); }).what;
  };
  CHECK(read(c) == "");
  auto other = c;
  other.gate_rank = 5;
  CHECK(read(other).find("model.layers.0.attn.g_lora.lora.0.weight") != std::string::npos);
  other = c;
  other.heads = 3;
  CHECK(read(other).find(".heads is 3, expected hidden_size / head_size, 6 / 3") != std::string::npos);
  written.add("model.layers.0.attn.v_lora.lora.0.weight", MatrixXd::Ones(1, 6));
  CHECK(read(c).find("v_lora") != std::string::npos);
  written.remove("model.layers.0.attn.v_lora.lora.0.weight");
  written.remove("model.layers.1.attn.x_a");
  CHECK(read(c).find("no tensor \"model.layers.1.attn.x_a\"") != std::string::npos);

  const auto numbered = variants()[2];
  written_model<body> branch(numbered, names_of(numbered));
  branch.folder.add("rosa1.rosa_qkv.emb", MatrixXd::Ones(1, 6));
  CHECK(failure_of([&] { model::from(branch.folder.file(), numbered); }).what.find("rosa1.rosa_qkv.emb is not zero") !=
        std::string::npos);
}

TEST_CASE("models::rwkv7: tiny_rwkv7 gives what another engine gives", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const recorded_run<model> run(shared / "models" / "tiny" / "tiny_rwkv7");
  const auto& [net, expected, state] = run;
  const Index d = net.config().hidden_size, states = d * net.config().head_size;
  for (std::size_t l = 0; l < net.body().layer_count(); ++l) {
    const auto layer = static_cast<Index>(l);
    const VectorXd h = state.segment(net.body().offset(l), states + 2 * d);
    CHECK((h.head(states) - expected.values<double>("wkv_states").segment(layer * states, states)).cwiseAbs().maxCoeff() < 1e-11);
    CHECK((h.segment(states, d) - expected.values<double>("att_shift").segment(layer * d, d)).cwiseAbs().maxCoeff() < 1e-11);
    CHECK((h.tail(d) - expected.values<double>("ffn_shift").segment(layer * d, d)).cwiseAbs().maxCoeff() < 1e-11);
  }
}

TEST_CASE("models::rwkv7: rwkv7_reverse runs as recorded", "[oracle]") {
  LIBRATION_REQUIRE_SHARED(shared);
  const auto folder = shared / "models" / "rwkv7_reverse";
  const model net = model::from(folder);
  REQUIRE(net.body().state_size() == 1152);
  namespace npy = libration::io::npy;
  const MatrixXd tokens = npy::read<double>(folder / "tokens.npy"), logits = npy::read<double>(folder / "logits.npy"),
                 frame = npy::read<double>(folder / "q0.npy").transpose();
  const VectorXd final_state = npy::read<double>(folder / "final_state.npy").transpose();
  const auto expected = nlohmann::json::parse(slurp(folder / "expected.json"));
  const auto token = [&](std::int64_t t) { return static_cast<maps::token>(tokens(0, t)); };

  int compared = 0;
  const auto run = run_finite_time(
      net.body(), frame, tokens.size(), [&](std::int64_t t, auto& x) { net.embedding().write(token(t), x); },
      [&](std::int64_t steps, const auto& so_far) {
        const std::string at = std::to_string(steps);
        if (!expected["exponents_at"].contains(at)) return;
        ++compared;
        for (Index i = 0; i < frame.cols(); ++i)
          CHECK(std::abs(so_far.exponents()[i] - expected["exponents_at"][at][static_cast<std::size_t>(i)].template get<double>()) <
                1e-9);
      });
  CHECK(compared == 4);
  CHECK((run.state - final_state).cwiseAbs().maxCoeff() < 1e-10);

  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size()), out(net.vocabulary_size());
  auto ws = net.make_workspace();
  int right = 0;
  for (Index t = 0; t < tokens.size(); ++t) {
    net.step(token(t), h, next, ws);
    h.swap(next);
    net.logits(h, out);
    CHECK((out - logits.col(t)).cwiseAbs().maxCoeff() < 1e-9);
    Index best = 0;
    out.maxCoeff(&best);
    right += t >= 60 && t + 1 < tokens.size() && best == token(t + 1) ? 1 : 0;
  }
  CHECK(right == 61);  // from the comma on
}
