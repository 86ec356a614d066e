// SPDX-License-Identifier: MIT
// Queries and keys that were recorded elsewhere: read as PyTorch dumps them, and what each head does as the context grows.

#include <cstddef>
#include <filesystem>
#include <span>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/attention/attention.hpp>
#include <libration/io/npy.hpp>
#include <libration/report/attention_table.hpp>
#include <libration/report/format_attention.hpp>

namespace attention = libration::attention;
namespace fs = std::filesystem;
namespace io = libration::io;
using Eigen::Index;

// An array as numpy.save(file, tensor.numpy()) leaves it: the last index runs fastest.
void save(const fs::path& file, const Eigen::MatrixXf& values, const io::shape& shape) {
  io::npy::write(file, io::element::f32, shape, std::as_bytes(std::span(values.data(), static_cast<std::size_t>(values.size()))));
}

int main() {
  constexpr Index heads = 4, tokens = 1024, d = 4;
  // Four heads whose attention is known. d = 4, so that a logit is q·k/2. A vector a column: first all tokens of head 0.
  Eigen::MatrixXf Q = Eigen::MatrixXf::Zero(d, heads * tokens), K = Q;
  const float gap[] = {0.0f, 8.0f, 4.0f};
  for (Index t = 0; t < tokens; ++t) {
    for (Index h = 0; h < 3; ++h) Q(0, h * tokens + t) = 2.0f * gap[h];  // head 0: no preference
    Q(1, 3 * tokens + t) = 2.0f;
    K(1, 3 * tokens + t) = 0.25f * static_cast<float>(t);  // head 3: each key counts e^(1/4) times the one before it
  }
  K(0, 1 * tokens) = K(0, 2 * tokens) = 1.0f;  // heads 1 and 2: the first key is ahead of all others, by 8 and by 4

  const fs::path folder = fs::temp_directory_path();
  const fs::path q_file = folder / "libration_example_q.npy", k_file = folder / "libration_example_k.npy";
  save(q_file, Q, {heads, tokens, d});
  save(k_file, K, {heads, tokens, d});
  const auto q = io::npy::open(q_file), k = io::npy::open(k_file);
  const Eigen::VectorXf queries = q.values<float>(), keys = k.values<float>();
  fmt::print("queries {}, keys {}\n", io::to_string(q.shape()), io::to_string(k.shape()));

  using view = attention::heads_view<float>;
  const auto rows = attention::entropy(view::dump(queries.data(), q.shape()[0], q.shape()[1], q.shape()[2]),
                                       view::dump(keys.data(), k.shape()[0], k.shape()[1], k.shape()[2]),
                                       {.causal = true, .sink = 1, .distance = true});
  const auto dilution = attention::dilution(rows.entropy);
  const auto sinks = attention::sinks(rows.sink_mass);
  fmt::print("\n{}\n\n", libration::report::attention_table(rows, dilution, sinks, heads));
  fmt::print("{}\n\n", libration::report::attention_verdict(dilution, sinks, heads));

  // A key ahead by a gap holds its weight up to about 1 + e^gap keys, and then loses it to the mere number of the others.
  fmt::print("weight of the first key   ahead by 8: measured, predicted   ahead by 4: measured, predicted\n");
  for (const Index n : {16, 64, 256, 1024}) {
    fmt::print("  among {:>4} keys         ", n);
    for (const Index h : {1, 2})
      fmt::print("{:>21.5f}    {:.5f}", rows.sink_mass(h, n - 1), attention::leading_key_weight(static_cast<double>(n), gap[h]));
    fmt::print("\n");
  }
  fmt::print("half of it is lost at     {:>21.0f} keys {:>28.0f} keys\n", attention::halving_context(8.0),
             attention::halving_context(4.0));

  fs::remove(q_file);
  fs::remove(k_file);
}
