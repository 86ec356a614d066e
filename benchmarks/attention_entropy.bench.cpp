// SPDX-License-Identifier: MIT
/// \file
/// Entropies of causal attention over 4096 tokens, one head of 64, in single precision: beside the matrix product that they cannot
/// do without, and beside PyTorch.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

#include <libration/attention/entropy.hpp>
#include <libration/core/random.hpp>

#include "ratio.hpp"

namespace {

using Eigen::Index, Eigen::MatrixXf;

constexpr Index tokens = 4096, size = 64;
constexpr int repeats = 5;

struct data {
  MatrixXf Q = MatrixXf(size, tokens), K = MatrixXf(size, tokens);

  data() {
    libration::random_stream(1, 0).fill_normal(Q);
    libration::random_stream(1, 1).fill_normal(K);
  }

  libration::attention::entropy_result entropy() const {
    return libration::attention::entropy(Q, K, {.causal = true, .threads = 1});
  }
};

// The causal half by Eigen: each block of queries with the keys up to its last, in pieces of so many keys into one buffer.
void products(const data& x, MatrixXf& buffer, Index queries, Index keys) {
  for (Index i = 0; i < tokens; i += queries) {
    for (Index j = 0; j < i + queries; j += keys) {
      const Index n = std::min(keys, i + queries - j);
      auto logits = buffer.topLeftCorner(n, queries);
      logits.noalias() = x.K.middleCols(j, n).transpose() * x.Q.middleCols(i, queries);
      benchmark::DoNotOptimize(logits.data());
      benchmark::ClobberMemory();
    }
  }
}

void beside_the_product(benchmarks::program& program, const data& x) {
  const auto work = static_cast<double>(repeats * tokens * (tokens + 1) / 2);
  MatrixXf buffer(tokens, 512);
  const auto by = [&](Index queries, Index keys) {
    const std::string shape = std::to_string(queries) + " queries by " + std::to_string(keys) + " keys";
    return benchmarks::alternative{"Eigen, the products alone, " + shape, work, [&x, &buffer, queries, keys] {
                                     for (int i = 0; i < repeats; ++i) products(x, buffer, queries, keys);
                                   }};
  };
  program.measure({"attention_entropy",
                   "logits",
                   1.5,
                   false,
                   {"libration, causal entropy", work,
                    [&x] {
                      for (int i = 0; i < repeats; ++i) benchmark::DoNotOptimize(x.entropy());
                    }},
                   {by(256, 256), by(128, 1024), by(512, 512), by(256, tokens)}});
}

// PyTorch runs in a process of its own, which tells its processor time: what `benchmarks::program` cannot measure.
class pytorch {
 public:
  explicit pytorch(const data& x) : file_(std::filesystem::temp_directory_path() / "libration_attention_entropy.f32") {
    for (const std::string candidate : {"python3", "/usr/bin/python3"})
      if (python_.empty() && std::system((candidate + " -c 'import torch' >/dev/null 2>&1").c_str()) == 0) python_ = candidate;
    if (python_.empty()) return;
    std::ofstream out(file_, std::ios::binary);
    for (const MatrixXf* m : {&x.Q, &x.K})
      out.write(reinterpret_cast<const char*>(m->data()), static_cast<std::streamsize>(sizeof(float)) * m->size());
  }
  ~pytorch() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  pytorch(const pytorch&) = delete;
  pytorch& operator=(const pytorch&) = delete;

  bool found() const { return !python_.empty(); }

  struct run {
    double seconds = 0, mean = 0;
  };
  std::optional<run> once() const {
    const auto script = std::filesystem::path(__FILE__).parent_path() / "peers" / "attention_entropy.py";
    const std::string command = python_ + " '" + script.string() + "' '" + file_.string() + "' " + std::to_string(tokens) + " " +
                                std::to_string(size) + " 3";
    std::FILE* const out = popen(command.c_str(), "r");
    if (out == nullptr) return std::nullopt;
    run r;
    const int read = std::fscanf(out, "%lf %lf", &r.seconds, &r.mean);
    return pclose(out) == 0 && read == 2 ? std::optional(r) : std::nullopt;
  }

 private:
  std::filesystem::path file_;
  std::string python_;
};

// \return whether the target is missed
bool beside_pytorch(const data& x) {
  constexpr double target = 6.0;
  constexpr std::size_t rounds = 5;
  const pytorch peer(x);
  if (!peer.found()) {
    std::printf("attention_entropy_pytorch: skipped, no PyTorch (Debian: python3-torch)\n");
    return false;
  }
  std::array<double, rounds> ratio{};
  double mean = 0, ours = 0, theirs = 0, their_mean = 0;
  for (double& r : ratio) {
    double best = 1e9;
    for (int i = 0; i < repeats; ++i) {
      const std::clock_t start = std::clock();
      mean = x.entropy().entropy.mean();
      best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    const auto run = peer.once();
    if (!run) {
      std::printf("attention_entropy_pytorch: peers/attention_entropy.py failed\n");
      return true;
    }
    r = run->seconds / best;
    ours = best;
    theirs = run->seconds;
    their_mean = run->mean;
  }
  std::sort(ratio.begin(), ratio.end());
  const bool met = ratio[rounds / 2] >= target;
  std::printf("attention_entropy_pytorch: %.2f (quartiles %.2f to %.2f of %zu rounds), target at least %.3g: %s\n",
              ratio[rounds / 2], ratio[rounds / 4], ratio[rounds - 1 - rounds / 4], rounds, target, met ? "met" : "MISSED");
  std::printf("    libration %.4g s, mean entropy %.6f; PyTorch on one thread %.4g s, %.6f\n", ours, mean, theirs, their_mean);
  return !met;
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  const data x;
  if (program.wanted("attention_entropy")) beside_the_product(program, x);
  const bool missed = program.wanted("attention_entropy_pytorch") && beside_pytorch(x);
  const bool strict = std::any_of(argv + 1, argv + argc, [](const char* word) { return std::string(word) == "--strict"; });
  return missed && strict ? 1 : program.status();
}
