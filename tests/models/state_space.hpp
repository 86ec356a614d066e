// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What the tests of state-space models share: random weights of any kind, files of them, the laws, and recorded runs.

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/safetensors.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
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

/// Random weights of a body.
template <class Weights, class Config>
Weights random_body(const Config& config) {
  Weights weights;
  weights.layers.resize(static_cast<std::size_t>(config.layers));
  filler fill;
  Weights::visit(weights, config, "", fill);
  return weights;
}

/// A folder with `model.safetensors` and `config.json`.
template <class Weights>
class checkpoint_of : public scratch_folder {
 public:
  using matrix_type = Eigen::MatrixXd;
  template <class Config>
  checkpoint_of(const Config& config, const Weights& weights, const std::string& before = "backbone.") {
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

/// A recorded run of one of the tiny language models: differences of the logits from float64 and from another engine's float32.
struct tiny_run {
  double worst_logit = 0, worst_other_engine = 0;
  Eigen::VectorXd state;  ///< after the last token
};
template <class Model>
tiny_run run_tiny(const Model& net, const libration::io::safetensors::file& expected) {
  const auto tokens = expected.template values<double>("tokens");
  const Eigen::MatrixXd exact = expected.template matrix<double>("logits_f64"), other = expected.template matrix<double>("logits");
  tiny_run run;
  run.state = Eigen::VectorXd::Zero(net.state_size());
  Eigen::VectorXd next(net.state_size()), logits(net.vocabulary_size());
  auto ws = net.make_workspace();
  for (Eigen::Index t = 0; t < tokens.size(); ++t) {
    net.step(static_cast<libration::maps::token>(tokens[t]), run.state, next, ws);
    run.state.swap(next);
    net.logits(run.state, logits);
    run.worst_logit = std::max(run.worst_logit, (logits - exact.row(t).transpose()).cwiseAbs().maxCoeff());
    run.worst_other_engine = std::max(run.worst_other_engine, (logits - other.row(t).transpose()).cwiseAbs().maxCoeff());
  }
  return run;
}

}  // namespace libration_test
