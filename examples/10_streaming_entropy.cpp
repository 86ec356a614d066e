// SPDX-License-Identifier: MIT
// Attention entropy as logits arrive: where the textbook formula loses its digits, two halves that merge, and a decoder's growing
// cache.

#include <cmath>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/attention/accumulator.hpp>
#include <libration/attention/decode.hpp>
#include <libration/attention/dilution_theory.hpp>
#include <libration/attention/heads.hpp>
#include <libration/core/random.hpp>

namespace attention = libration::attention;
using Eigen::Index, Eigen::VectorXf;

// H = ln sum e^s - sum p s, as it stands in textbooks, in float.
float textbook(const VectorXf& s) {
  const float top = s.maxCoeff();
  float sum = 0.0f, mean = 0.0f;
  for (const float x : s) sum += std::exp(x - top);
  for (const float x : s) mean += std::exp(x - top) / sum * x;
  return top + std::log(sum) - mean;
}

void compare(const char* name, const VectorXf& logits) {
  attention::accumulator<float> a;         // the shifted sums, in float
  attention::accumulator<double> precise;  // and in double
  for (const float s : logits) {
    a.push(s);
    precise.push(static_cast<double>(s));
  }
  fmt::print("  {:<34} {:<12.5g} {:.5g}\n", name, a.entropy(), precise.entropy());
}

int main() {
  constexpr Index n = 4096;
  VectorXf ordinary(n);
  libration::random_stream(1).fill_normal(ordinary);
  const VectorXf offset = ordinary.array() + 5000.0f;  // the same weights: softmax does not see an offset
  VectorXf collapsed = VectorXf::Zero(n);
  collapsed[n / 3] = 30.0f;  // one key holds all the weight but for 4e-10

  fmt::print("entropy of a row of {} logits, nats\n  {:<34} {:<12} {}\n", n, "", "accumulator", "in double");
  compare("standard normal", ordinary);
  compare("the same, 5000 higher", offset);
  compare("one key ahead by 30", collapsed);
  fmt::print("  closed form of the last: {:.5g}\n", attention::leading_key_entropy(n, 30.0));
  fmt::print("the textbook formula in float: {:.3f}, {:.3f}, {:.3f}\n\n", textbook(ordinary), textbook(offset),
             textbook(collapsed));

  // Two halves, in whichever order they were seen and on whichever thread: their accumulators merge.
  attention::accumulator<float> whole, left, right;
  whole.push(ordinary);
  left.push(ordinary.head(1000));
  right.push(ordinary.tail(n - 1000));
  right.merge(left);
  fmt::print("merged from {} and {} logits: entropy {:.4f}, at once {:.4f}; log-sum-exp {:.4f} and {:.4f}\n\n", left.count(),
             n - left.count(), right.entropy(), whole.entropy(), right.log_sum_exp(), whole.log_sum_exp());

  // A decoder: at every token one query for each of 4 heads, against the keys that are in the cache by then, 2 heads of them.
  constexpr Index d = 64, query_heads = 4, key_heads = 2;
  Eigen::MatrixXf cache(key_heads * d, n), queries(query_heads * d, n);
  libration::random_stream(2).fill_normal(cache);
  libration::random_stream(3).fill_normal(queries);
  attention::decode_rows<float> rows({.query_heads = query_heads, .key_heads = key_heads, .size = d});
  fmt::print("a decoder with random queries and keys\n  cached keys   H of head 0   H/ln n    keys that share it, e^H\n");
  for (Index t = 0; t < n; ++t) {
    rows.see(queries.col(t), attention::heads_view<float>::stacked(cache.leftCols(t + 1), key_heads));
    if (t == 15 || t == 127 || t == 1023 || t == n - 1)
      fmt::print("  {:>11}   {:>11.4f}   {:.4f}   {:>8.1f}\n", rows[0].count(), rows[0].entropy(), rows[0].normalised_entropy(),
                 rows[0].effective_support());
  }
  fmt::print("logits of deviation 1 among {} keys: ln n - 1/2 = {:.4f} is expected\n", n,
             attention::gaussian_logits_entropy(static_cast<double>(n), 1.0));
}
