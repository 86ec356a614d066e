// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What the tests of state-space models share: random weights of any kind, files of them, the laws, and recorded runs.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/detail/read_body.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/sequence_model.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"

namespace libration_test {

/// Fills every tensor with numbers of order 1 that single precision holds.
struct filler {
  std::uint64_t stream = 30;
  template <class Values>
  void fill(const std::string& name, Values& values, Eigen::Index rows, Eigen::Index columns) {
    using S = typename Values::Scalar;
    values = random_matrix(rows, columns, 0.8, stream++).template cast<S>();
    if (name.find("norm") != std::string::npos && name.ends_with("weight")) values.array() += S(1);
  }
  template <class Values>
  void matrix(const std::string& name, Values& values, Eigen::Index rows, Eigen::Index columns) {
    fill(name, values, rows, columns);
  }
  template <class Values>
  void transposed(const std::string& name, Values& values, Eigen::Index rows, Eigen::Index columns) {
    fill(name, values, rows, columns);
  }
  template <class Values>
  void kernel(const std::string& name, Values& values, Eigen::Index rows, Eigen::Index columns) {
    fill(name, values, rows, columns);
  }
  template <class Values>
  void vector(const std::string& name, Values& values, Eigen::Index n) {
    fill(name, values, n, 1);
  }
  template <class Values>
  void heads(const std::string& name, Values& values, Eigen::Index count, Eigen::Index size) {
    fill(name, values, count * size, 1);
  }
  void require_that(bool, const std::string&, const std::string&) const {}
};

/// Random weights of a `residual_stack`.
template <class Body>
typename Body::weights_type random_weights(const typename Body::config_type& config) {
  typename Body::weights_type weights;
  weights.layers.resize(static_cast<std::size_t>(config.layers));
  filler fill;
  weights.visit(weights, config, "", fill);
  return weights;
}

/// What a body says of random weights that were spoiled, or nothing.
template <class Body, class Spoil>
std::string complaint(const typename Body::config_type& config, const Spoil& spoil) {
  auto weights = random_weights<Body>(config);
  spoil(weights);
  return message_of<libration::argument_error>([&] { Body(config, weights); });
}

/// A folder with `model.safetensors` and `config.json`.
class checkpoint_folder : public scratch_folder {
 public:
  template <class Config, class Weights>
  checkpoint_folder(const Config& config, const Weights& weights, const std::string& before) {
    Weights::visit(weights, config, before, *this);
  }
  void matrix(const std::string& name, const Eigen::MatrixXd& values, Eigen::Index rows, Eigen::Index columns) {
    put(name, values, {rows, columns});
  }
  void transposed(const std::string& name, const Eigen::MatrixXd& values, Eigen::Index rows, Eigen::Index columns) {
    put(name, values.transpose(), {columns, rows});
  }
  void kernel(const std::string& name, const Eigen::MatrixXd& values, Eigen::Index channels, Eigen::Index width) {
    put(name, values, {channels, 1, width});
  }
  void vector(const std::string& name, const Eigen::VectorXd& values, Eigen::Index n) { put(name, values, {n}); }
  void heads(const std::string& name, const Eigen::VectorXd& values, Eigen::Index count, Eigen::Index size) {
    put(name, values, {count, size});
  }
  void require_that(bool, const std::string&, const std::string&) const {}

  void add(const std::string& name, const Eigen::MatrixXd& values) { put(name, values, {values.rows(), values.cols()}); }
  void remove(const std::string& name) { tensors_.erase(name); }
  void write() const {
    libration::io::safetensors::tensor_set set;
    for (const auto& [name, t] : tensors_)
      set.add(name, libration::io::element::f64, t.shape, std::as_bytes(std::span<const double>(t.values)));
    libration::io::safetensors::write(path() / "model.safetensors", set);
  }
  void write_config(const nlohmann::json& config) const {
    write();
    spill(path() / "config.json", config.dump());
  }
  /// What is written now, without a config.
  libration::io::safetensors::file file() const {
    write();
    return libration::io::safetensors::open(path() / "model.safetensors");
  }

 private:
  struct stored {
    libration::io::shape shape;
    std::vector<double> values;
  };
  void put(const std::string& name, const Eigen::MatrixXd& values, libration::io::shape shape) {
    const Eigen::MatrixXd rows = values.transpose();
    tensors_[name] = {std::move(shape), {rows.data(), rows.data() + rows.size()}};
  }
  std::map<std::string, stored> tensors_;
};

/// The laws of a map at the zero state and some steps on, and `step_batch` against single steps.
template <class Body>
void check_body_laws(const Body& net, double tolerance) {
  static_assert(libration::maps::has_input_pullback<Body>);
  const Eigen::Index n = net.state_size(), d = net.input_size(), members = 5;
  const Eigen::MatrixXd X = random_matrix(d, 20, 1.0, 80);
  Eigen::VectorXd h = Eigen::VectorXd::Zero(n), next(n);
  auto ws = net.make_workspace(0);
  for (Eigen::Index t = 0; t < 7; ++t) {
    net.step(h, X.col(t), next, ws);
    h.swap(next);
    if (t == 0 || t == 6) CHECK(libration::testing::check_laws(net, h, Eigen::VectorXd(X.col(8))).text() == "");
  }

  // In the input: against central differences of fourth order, whose error is of the order of step⁴ and of eps/step.
  auto tangents = net.make_workspace(d);
  Eigen::MatrixXd JV(n, d), around = Eigen::MatrixXd::Zero(n, d), output = Eigen::MatrixXd::Zero(d, d);
  net.step(h, X.col(9), next, tangents);
  net.tangent(Eigen::MatrixXd::Zero(n, d), Eigen::MatrixXd::Identity(d, d), JV, tangents);
  const double step = 1e-4;
  for (Eigen::Index i = 0; i < d; ++i)
    for (const auto& [offset, weight] : {std::pair(-2, 1), std::pair(-1, -8), std::pair(1, 8), std::pair(2, -1)}) {
      Eigen::VectorXd x = X.col(9);
      x[i] += offset * step;
      net.step(h, x, next, ws);
      around.col(i) += weight / (12 * step) * next;
      output.col(i) += weight / (12 * step) * net.output(ws);
    }
  CHECK((JV - around).cwiseAbs().maxCoeff() < 1e-8 * (1 + around.cwiseAbs().maxCoeff()));
  CHECK((net.output_tangent(tangents, d) - output).cwiseAbs().maxCoeff() < 1e-8 * (1 + output.cwiseAbs().maxCoeff()));

  auto batch = net.make_workspace(0, members + 2);
  const Eigen::MatrixXd H = h.replicate(1, members) + random_matrix(n, members, 0.5, 81);
  Eigen::MatrixXd Next(n, members);
  net.step_batch(H, X.leftCols(members), Next, batch);
  for (Eigen::Index j = 0; j < members; ++j) {
    net.step(H.col(j), X.col(j), next, ws);
    CHECK((Next.col(j) - next).cwiseAbs().maxCoeff() < tolerance * (1 + next.cwiseAbs().maxCoeff()));
    CHECK((net.output(batch, members).col(j) - net.output(ws).col(0)).cwiseAbs().maxCoeff() < tolerance * 10);
  }
}

/// The same of bodies of random weights, which are driven maps, and the bodies of models that read tokens.
template <class Body>
void check_bodies(const std::vector<typename Body::config_type>& configs, double tolerance) {
  using model = libration::models::sequence_model<Body>;
  namespace maps = libration::maps;
  STATIC_REQUIRE(maps::vector_map<Body> && maps::differentiable_in_input<Body> && maps::steps_batches<Body> && !maps::timed<Body>);
  STATIC_REQUIRE(maps::vector_map<model> && maps::differentiable_in_input<model> && maps::steps_batches<model>);
  STATIC_REQUIRE(maps::token_model<model> && !maps::timed<model>);
  for (const auto& c : configs) check_body_laws(Body(c, random_weights<Body>(c)), tolerance);
}

/// The largest difference of the states of one network in two precisions after some steps.
template <class Wide, class Narrow>
double difference_in_single(const Wide& wide, const Narrow& narrow) {
  const Eigen::Index n = wide.state_size();
  auto a = wide.make_workspace(0);
  auto b = narrow.make_workspace(0);
  Eigen::VectorXd h = Eigen::VectorXd::Zero(n), next(n);
  Eigen::VectorXf f = Eigen::VectorXf::Zero(n), after(n);
  for (std::uint64_t t = 0; t < 10; ++t) {
    const Eigen::VectorXd x = random_matrix(wide.input_size(), 1, 1.0, 90 + t);
    wide.step(h, x, next, a);
    narrow.step(f, Eigen::VectorXf(x.cast<float>()), after, b);
    h.swap(next);
    f.swap(after);
  }
  return (h - f.cast<double>()).cwiseAbs().maxCoeff();
}

template <class Wide, class Narrow>
void check_single_precision(const std::vector<typename Wide::config_type>& configs, double tolerance) {
  for (const auto& c : configs)
    CHECK(difference_in_single(Wide(c, random_weights<Wide>(c)), Narrow(c, random_weights<Narrow>(c))) < tolerance);
}

template <class Model>
Eigen::Matrix<typename Model::scalar_type, Eigen::Dynamic, 1> state_after(const Model& net,
                                                                          const std::vector<libration::maps::token>& text) {
  Eigen::Matrix<typename Model::scalar_type, Eigen::Dynamic, 1> h(net.state_size()), next(h.size());
  h.setZero();
  auto ws = net.make_workspace();
  for (const auto v : text) {
    net.step(v, h, next, ws);
    h.swap(next);
  }
  return h;
}

/// How Hugging Face's code calls what stands around a Mamba's or a Mamba-2's layers.
inline const libration::models::detail::body_names mamba_names = {"backbone.", "backbone.embeddings.weight", "lm_head."};

/// A language model of random weights, and the tensors of its file.
template <class Body>
struct written_model {
  typename Body::weights_type weights;
  Eigen::MatrixXd embedding, head;
  libration::models::sequence_model<Body> net;
  checkpoint_folder folder;

  /// \param names  of the file
  written_model(const typename Body::config_type& c, const libration::models::detail::body_names& names)
      : weights(random_weights<Body>(c)),
        embedding(random_matrix(c.vocabulary_size, c.hidden_size, 1.0, 72)),
        head(c.tied_head ? embedding : random_matrix(c.vocabulary_size, c.hidden_size, 1.0, 73)),
        net(Body(c, weights), libration::models::embedding<double>(embedding.transpose()), {head, Eigen::VectorXd()}),
        folder(c, weights, names.before) {
    folder.add(names.embedding, embedding);
    if (!c.tied_head) folder.add(names.head + "weight", head);
  }

  /// Whether a model is in the same state as this one after a text.
  bool is(const libration::models::sequence_model<Body>& other) const { return state_after(net, text) == state_after(other, text); }
  /// The laws of the loop that is closed by what the model expects next.
  void check_loop() const {
    const auto loop = libration::models::close_loop(net, {.temperature = 0.7});
    static_assert(libration::maps::has_pullback<decltype(loop)>);
    CHECK(libration::testing::check_laws(loop, state_after(net, text)).text() == "");
  }

 private:
  std::vector<libration::maps::token> text = {3, 1, 4, 1, 5, 2, 6};
};

/// A language model of a folder, and its recorded run, against which its logits are checked: those in float64, and those of
/// another engine in float32.
template <class Model>
struct recorded_run {
  Model net;
  libration::io::safetensors::file expected;
  Eigen::VectorXd state;  ///< after the last token

  explicit recorded_run(const std::filesystem::path& folder)
      : net(Model::from(folder)),
        expected(libration::io::safetensors::open(folder / "expected.safetensors")),
        state(Eigen::VectorXd::Zero(net.state_size())) {
    const auto tokens = expected.template values<double>("tokens");
    const Eigen::MatrixXd exact = expected.template matrix<double>("logits_f64"),
                          other = expected.template matrix<double>("logits");
    Eigen::VectorXd next(state.size()), logits(net.vocabulary_size());
    auto ws = net.make_workspace();
    double worst = 0, worst_other_engine = 0;
    for (Eigen::Index t = 0; t < tokens.size(); ++t) {
      net.step(static_cast<libration::maps::token>(tokens[t]), state, next, ws);
      state.swap(next);
      net.logits(state, logits);
      worst = std::max(worst, (logits - exact.row(t).transpose()).cwiseAbs().maxCoeff());
      worst_other_engine = std::max(worst_other_engine, (logits - other.row(t).transpose()).cwiseAbs().maxCoeff());
    }
    CHECK(worst < 1e-11);
    CHECK(worst_other_engine < 2e-5);
  }
};

/// The states of a model whose layers have a convolution's register and S, against those that were recorded.
template <class Model>
void check_recorded_states(const recorded_run<Model>& run) {
  using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
  const auto& [net, expected, state] = run;
  const VectorXd ssm = expected.template values<double>("ssm_states"), conv = expected.template values<double>("conv_states");
  const Index past = net.config().conv_kernel - 1;
  for (std::size_t l = 0; l < net.body().layer_count(); ++l) {
    const auto layer = static_cast<Index>(l);
    const Index registers = net.body().layer(l).recurrent_offset(), states = net.body().layer(l).state_size() - registers;
    const double* const h = state.data() + net.body().offset(l);
    CHECK((Eigen::Map<const VectorXd>(h + registers, states) - ssm.segment(layer * states, states)).cwiseAbs().maxCoeff() < 1e-11);
    const Eigen::Map<const MatrixXd> inputs(h, registers / past, past);  // recorded channel by channel
    CHECK((MatrixXd(inputs.transpose()).reshaped() - conv.segment(layer * registers, registers)).cwiseAbs().maxCoeff() < 1e-11);
  }
}

}  // namespace libration_test
