// SPDX-License-Identifier: MIT
/// \file
/// Decoding with a transformer: plain steps against the memory's bandwidth, and steps with 16 exact tangents against plain ones
/// and against the products that they cannot avoid.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/models/llama.hpp>

#include "ratio.hpp"

namespace {

namespace models = libration::models;
using llama = models::llama<float>;
using Eigen::Index, Eigen::MatrixXf, Eigen::VectorXf;

constexpr Index directions = 16;

// 99 million parameters, 4 query heads to a key head.
models::llama_config large() {
  models::llama_config c;
  c.hidden_size = 768;
  c.intermediate_size = 2048;
  c.layers = 12;
  c.query_heads = 12;
  c.key_heads = 3;
  c.head_size = 64;
  c.vocabulary_size = 32'000;
  c.max_positions = 512;
  c.tied_head = true;
  return c;
}

// A model whose cache is full, so that every further token costs the same.
struct decoder {
  const llama& net;
  llama::workspace ws, plain_ws;
  VectorXf h, logits;
  MatrixXf V, directions_at_first;
  libration::maps::token v = 0;

  explicit decoder(const llama& model)
      : net(model),
        ws(model.make_workspace(directions)),
        plain_ws(model.make_workspace(0)),
        h(VectorXf::Zero(model.state_size())),
        logits(model.vocabulary_size()),
        V(model.state_size(), directions),
        directions_at_first(model.state_size(), directions) {
    std::vector<libration::maps::token> text(static_cast<std::size_t>(net.window()));
    for (std::size_t t = 0; t < text.size(); ++t)
      text[t] = static_cast<libration::maps::token>(t * 31 % static_cast<std::size_t>(net.vocabulary_size()));
    net.prefill(text, h);
    libration::random_stream(1).fill_normal(directions_at_first);
    V = directions_at_first;
  }
  void next() {
    net.logits(h, logits);
    benchmark::DoNotOptimize(logits.data());
    v = (v + 7) % static_cast<libration::maps::token>(net.vocabulary_size());
  }
  void plain() {
    net.read(v, h, plain_ws);
    next();
  }
  void with_tangents() {
    net.read(v, h, ws);
    net.read_tangent(h, V, ws);
    next();
  }
};

// The matrix products of a step with tangents, and nothing else: the weights' with 1 + k columns, and those of the attention with
// the cache and with its k directions, where they lie.
struct products {
  const llama& net;
  const models::llama_config c;
  const MatrixXf& V;
  Index window;
  std::vector<models::detail::packed_matrix<float>> packed;
  std::vector<MatrixXf> dense;
  MatrixXf in, out, keys, few, many, slopes;
  VectorXf logits;

  products(const llama& model, const MatrixXf& directions_of, bool with_own_kernel)
      : net(model), c(net.config()), V(directions_of), window(net.window()) {
    const auto weights = net.weights();
    const auto add = [&](const MatrixXf& w) {
      if (with_own_kernel)
        packed.emplace_back(w);
      else
        dense.push_back(w);
    };
    for (const auto& l : weights.layers) {
      MatrixXf qkv(l.query.rows() + 2 * l.key.rows(), l.query.cols()), gates(2 * l.gate.rows(), l.gate.cols());
      qkv << l.query, l.key, l.value;
      gates << l.gate, l.up;
      for (const MatrixXf& w : {qkv, l.output, gates, l.down}) add(w);
    }
    add(weights.embedding);
    const Index widest = std::max({c.vocabulary_size, 2 * c.intermediate_size, 3 * c.hidden_size});
    in = MatrixXf::Random(widest, directions + 1);
    out = MatrixXf::Zero(widest, directions + 1);
    keys = MatrixXf::Random(window, c.head_size);
    few = MatrixXf::Random(c.head_size, group() * (directions + 1));
    many = MatrixXf::Random(window, group() * (directions + 1));
    slopes = many;
  }
  Index group() const { return c.query_heads / c.key_heads; }
  const float* cache(Index g, Index j) const { return net.keys(V.col(j), g / c.key_heads, g % c.key_heads).data(); }

  void run_own() {
    using models::detail::multiply_few;
    for (std::size_t i = 0; i < packed.size(); ++i) {
      const bool head = i + 1 == packed.size();  // logits have no tangents here
      packed[i].multiply({in.data(), in.rows()}, head ? 1 : directions + 1, out.data(), out.rows());
    }
    const Index d = c.head_size, columns = group() * (directions + 1);
    for (Index g = 0; g < c.layers * c.key_heads; ++g) {
      multiply_few<float>({keys.data(), window}, window, d, {few.data(), d}, columns, slopes.data(), window);
      multiply_few<float>({keys.data(), d}, d, window, {many.data(), window}, columns, out.data(), d);
      for (Index j = 0; j < directions; ++j) {
        const float* const at = cache(g, j);
        multiply_few<float>({at, window}, window, d, {few.data(), d}, group(), slopes.data(), window);
        multiply_few<float>({at + d * window, d}, d, window, {many.data(), window}, group(), out.data(), d);
      }
    }
    benchmark::DoNotOptimize(out.data());
  }
  void run_eigen() {
    for (std::size_t i = 0; i < dense.size(); ++i) {
      const MatrixXf& w = dense[i];
      if (i + 1 == dense.size())
        out.col(0).head(w.rows()).noalias() = w * in.col(0).head(w.cols());
      else
        out.topRows(w.rows()).noalias() = w * in.topRows(w.cols());
    }
    const Index d = c.head_size, columns = group() * (directions + 1);
    for (Index g = 0; g < c.layers * c.key_heads; ++g) {
      slopes.noalias() = keys * few;
      out.topLeftCorner(d, directions + 1).noalias() =
          Eigen::Map<const MatrixXf>(keys.data(), d, window) * many.leftCols(directions + 1);
      for (Index rest = directions + 1; rest < columns; rest += directions + 1)
        out.topLeftCorner(d, directions + 1).noalias() =
            Eigen::Map<const MatrixXf>(keys.data(), d, window) * many.middleCols(rest, directions + 1);
      for (Index j = 0; j < directions; ++j) {
        const float* const at = cache(g, j);
        slopes.leftCols(group()).noalias() = Eigen::Map<const MatrixXf>(at, window, d) * few.leftCols(group());
        out.topLeftCorner(d, group()).noalias() = Eigen::Map<const MatrixXf>(at + d * window, d, window) * many.leftCols(group());
      }
    }
    benchmark::DoNotOptimize(out.data());
  }
};

double weight_bytes(const models::llama_config& c) {
  const double layer = static_cast<double>(c.hidden_size * (2 * c.query_heads + 2 * c.key_heads) * c.head_size +
                                           3 * c.hidden_size * c.intermediate_size);
  const double cache = static_cast<double>(2 * c.key_heads * c.head_size * c.max_positions);
  return 4.0 * (static_cast<double>(c.layers) * (layer + cache) + static_cast<double>(c.vocabulary_size * c.hidden_size));
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  if (program.wanted("llama_decoding_100m_bandwidth") || program.wanted("llama_decoding_100m_tangents")) {
    const auto config = large();
    const llama net(config, models::random_llama_weights<float>(config, 1));
    decoder d(net);
    const auto plain = [&] {
      for (int t = 0; t < 4; ++t) d.plain();
    };
    if (program.wanted("llama_decoding_100m_bandwidth")) {
      const VectorXf memory = VectorXf::Ones(Index{1} << 27);
      program.measure({"llama_decoding_100m_bandwidth",
                       "bytes",
                       0.6,
                       true,
                       {"libration, a token: weights and cache", 4 * weight_bytes(config), plain},
                       {{"Eigen, the sum of 512 MiB", 4.0 * static_cast<double>(memory.size()), [&] {
                           float sum = memory.sum();
                           benchmark::DoNotOptimize(sum);
                         }}}});
    }
    if (program.wanted("llama_decoding_100m_tangents"))
      program.measure({"llama_decoding_100m_tangents",
                       "tokens",
                       6.0,
                       false,
                       {"libration, with 16 exact tangents", 2,
                        [&] {
                          for (int t = 0; t < 2; ++t) d.with_tangents();
                        }},
                       {{"libration, plain", 4, plain}}});
  }
  if (program.wanted("llama_decoding_bundled_tangents")) {
    const llama net = llama::from(LIBRATION_BUNDLED_LLAMA);
    decoder d(net);
    products own(net, d.V, true), eigen(net, d.V, false);
    constexpr int steps = 100;
    program.measure({"llama_decoding_bundled_tangents",
                     "tokens",
                     1.3,
                     false,
                     {"libration, with 16 exact tangents", steps,
                      [&] {
                        d.V = d.directions_at_first;  // along a text they fade, in the end to numbers that a processor is slow with
                        for (int t = 0; t < steps; ++t) d.with_tangents();
                      }},
                     {{"its products alone, by libration's kernel", steps,
                       [&] {
                         for (int t = 0; t < steps; ++t) own.run_own();
                       }},
                      {"its products alone, by Eigen", steps, [&] {
                         for (int t = 0; t < steps; ++t) eigen.run_eigen();
                       }}}});
  }
  return program.status();
}
