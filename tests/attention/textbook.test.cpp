// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/attention/entropy.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"

namespace attention = libration::attention;
using Eigen::Index;
using libration::status;

namespace {

// The entropy of softmax(q·k / √d) by the formula's own three loops, in long double.
template <class Scalar>
void compare(std::uint64_t seed, std::uint64_t number) {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  libration::random_stream numbers(seed, number);
  const auto below = [&](int n) { return static_cast<Index>(std::min(n - 1.0, std::floor(n * numbers.next_uniform()))); };
  const Index d = 1 + below(12), keys = 1 + below(60), key_heads = 1 + below(2), heads = key_heads * (1 + below(2));
  const bool causal = below(2) == 0;
  const Index queries = causal ? 1 + below(static_cast<int>(keys)) : 1 + below(20);
  const Index window = causal && below(3) == 0 ? 1 + below(static_cast<int>(keys)) : 0;
  const double sharp = std::pow(10.0, 2.0 * numbers.next_uniform() - 1.0);
  matrix Q(heads * d, queries), K(key_heads * d, keys);
  libration::random_stream(seed + 1, 2 * number).fill_normal(Q);
  libration::random_stream(seed + 1, 2 * number + 1).fill_normal(K);
  Q *= static_cast<Scalar>(sharp);
  const attention::entropy_options options{.causal = causal, .query_heads = heads, .key_heads = key_heads, .window = window};
  const auto r = attention::entropy(Q, K, options);
  INFO("case " << number << ": d " << d << ", " << queries << " queries, " << keys << " keys, " << heads << " heads, window "
               << window);
  REQUIRE(r.status == status::ok);
  const double eps = std::numeric_limits<Scalar>::epsilon();
  for (Index h = 0; h < heads; ++h)
    for (Index q = 0; q < queries; ++q) {
      const Index last = causal ? keys - queries + q : keys - 1, first = window > 0 ? std::max<Index>(0, last - window + 1) : 0;
      long double top = -std::numeric_limits<long double>::infinity(), sum = 0, weighted = 0, size = 0;
      Eigen::Matrix<long double, Eigen::Dynamic, 1> logits(last + 1);
      for (Index k = first; k <= last; ++k) {
        long double dot = 0, magnitude = 0;
        for (Index i = 0; i < d; ++i) {
          const long double term = static_cast<long double>(Q(h * d + i, q)) *
                                   static_cast<long double>(K(h / (heads / key_heads) * d + i, k));
          dot += term;
          magnitude += std::abs(term);
        }
        logits[k] = dot / std::sqrt(static_cast<long double>(d));
        size = std::max(size, magnitude / std::sqrt(static_cast<long double>(d)));
        top = std::max(top, logits[k]);
      }
      for (Index k = first; k <= last; ++k) sum += std::exp(logits[k] - top);
      for (Index k = first; k <= last; ++k) weighted += std::exp(logits[k] - top) * (logits[k] - top);
      const double wanted = static_cast<double>(std::log(sum) - weighted / sum);
      // A logit is right to (d + 2) eps of its terms, and the entropy changes by at most (2 + ln keys + the logits' range) of that.
      const double logit = static_cast<double>(d + 2) * eps * static_cast<double>(size);
      const double room = 4.0 * (logit + 4.0 * eps) * (2.0 + std::log(static_cast<double>(keys)) + 2.0 * static_cast<double>(size));
      if (!(std::abs(r.entropy(h, q) - wanted) <= room))
        FAIL_CHECK("entropy " << r.entropy(h, q) << ", by the formula " << wanted << " +- " << room);
    }
}

void compare_all(std::uint64_t seed, std::uint64_t cases) {
  for (std::uint64_t k = 0; k < cases; k += 2) {
    compare<double>(seed, k);
    compare<float>(seed, k + 1);
  }
}

}  // namespace

TEST_CASE("attention::entropy: random queries and keys by the formula's own loops", "[differential]") { compare_all(1, 2000); }
TEST_CASE("attention::entropy: many random queries and keys by the formula's own loops", "[.slow][differential]") {
  compare_all(2, 80'000);
}
