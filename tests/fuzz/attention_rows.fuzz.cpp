// SPDX-License-Identifier: MIT
// Whatever recorded logits or weights of attention hold, they are refused with an argument_error, or each row's entropy and counts
// are those of a loop over the keys that the result says are visible; biases without queries are logits.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include <Eigen/Core>

#include <libration/attention/entropy.hpp>
#include <libration/attention/from_logits.hpp>
#include <libration/attention/from_weights.hpp>
#include <libration/core/error.hpp>

namespace {

namespace attention = libration::attention;
using Eigen::Index;

void must(bool condition) {
  if (!condition) std::abort();
}

// The input byte by byte; zeros behind its end.
struct bytes {
  const std::uint8_t* data;
  std::size_t left;
  std::uint8_t next() {
    if (left == 0) return 0;
    --left;
    return *data++;
  }
  Index below(Index n) { return static_cast<Index>(next()) % n; }
};

// Ordinary logits, and all that stands in recordings beside them.
float logit(std::uint8_t byte) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), lowest = std::numeric_limits<float>::lowest();
  constexpr float special[] = {-infinity, -1e4F, -65504.0F, lowest, -1e9F,    -1250.0F, -400.0F,  -90.0F, 80.0F,    400.0F, 5000.0F,
                               infinity,  0.0F,  1e-40F,    3e38F,  -9998.0F, -2e4F,    -1004.5F, -3e38F, -5000.0F, 1e-30F};
  constexpr std::size_t count = sizeof special / sizeof special[0];
  if (byte == 255) return std::numeric_limits<float>::quiet_NaN();
  const std::size_t i = std::size_t{254} - byte;
  return i < count ? special[i] : 0.1F * (static_cast<float>(byte) - 110.0F);
}

struct expected_row {
  Index visible = 0;
  double entropy = 0.0;
  bool known = true;  // no NaN, no plus infinity
};

bool near(double x, double expected) { return std::abs(x - expected) <= 1e-4 * (1.0 + std::abs(expected)); }

void check_counts(const attention::entropy_result& r) {
  std::int64_t unseen = 0, unknown = 0;
  for (Index h = 0; h < r.entropy.rows(); ++h) {
    must(r.first_key[h] >= 0);
    for (Index q = 0; q < r.entropy.cols(); ++q) {
      must(r.visible(h, q) >= 0);
      unseen += r.visible(h, q) == 0 ? 1 : 0;
      unknown += std::isnan(r.entropy(h, q)) ? 1 : 0;
      if (r.visible(h, q) == 0) must(std::isnan(r.entropy(h, q)));
      if (!std::isnan(r.entropy(h, q)))
        must(r.entropy(h, q) >= 0.0 && r.entropy(h, q) <= std::log(static_cast<double>(r.visible(h, q))) + 1e-5);
      for (const Eigen::MatrixXd* mass : {&r.sink_mass, &r.top_mass})
        if (mass->size() > 0 && !std::isnan((*mass)(h, q))) must((*mass)(h, q) >= 0.0 && (*mass)(h, q) <= 1.0);
    }
  }
  must(r.padding_rows >= 0 && r.empty_rows >= 0 && r.bad_rows >= 0);
  must(r.padding_rows + r.empty_rows == unseen && r.bad_rows == unknown - unseen);
  must((r.bad_rows == 0) == (r.status == libration::status::ok));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bytes in{data, size};
  const std::uint8_t flags = in.next();
  const Index heads = 1 + in.below(4), queries = in.below(24), keys = in.below(24);
  attention::recorded_options options{.causal = (flags & 1) != 0, .heads = heads};
  if (options.causal) options.window = in.below(5);
  options.sink = in.below(4);
  options.top = in.below(4);
  options.distance = (flags & 2) != 0;
  options.threads = 1;
  if ((flags & 4) != 0) {
    Eigen::ArrayXXi mask(keys, 1 + in.below(2));
    for (Index i = 0; i < mask.size(); ++i) mask.data()[i] = in.below(3) > 0 ? 1 : 0;
    options.mask = mask;
  }
  Eigen::MatrixXf S(keys, heads * queries);
  const bool weights = (flags & 8) != 0, even = (flags & 16) != 0;
  // A pattern over all heads is what a mask is: most bytes choose one for a key, a row, or the diagonal.
  Eigen::MatrixXi pattern = Eigen::MatrixXi::Zero(keys, queries);
  for (Index n = in.below(6); n > 0 && pattern.size() > 0; --n) {
    const Index at = in.below(24);
    const int byte = in.next();
    for (Index q = 0; q < queries; ++q)
      for (Index j = 0; j < keys; ++j)
        if (at % 4 == 0 ? j < at / 4 : at % 4 == 1 ? j + at / 4 >= keys : at % 4 == 2 ? q == at / 4 : j > q + keys - queries)
          pattern(j, q) = byte;
  }
  for (Index c = 0; c < S.cols(); ++c)
    for (Index j = 0; j < keys; ++j) {
      const int forced = pattern(j, c % queries);
      const std::uint8_t own = even ? static_cast<std::uint8_t>(100 + (7 * c + 3 * j) % 20) : in.next();
      S(j, c) = logit(forced > 0 ? static_cast<std::uint8_t>(forced) : own);
    }
  if (weights) {
    for (Index c = 0; c < S.cols(); ++c) {
      double total = 0.0;
      for (Index j = 0; j < keys; ++j) total += std::exp(static_cast<double>(S(j, c)));
      if (total > 0.0 && std::isfinite(total))
        for (Index j = 0; j < keys; ++j) S(j, c) = static_cast<float>(std::exp(static_cast<double>(S(j, c))) / total);
    }
    options.zeros = static_cast<attention::zero_weights>(flags / 32 % 3);
  } else if ((flags & 32) != 0) {
    options.masked_below = static_cast<double>(logit(in.next()));
  }

  std::optional<attention::entropy_result> r;
  try {
    r = weights ? attention::entropy_from_weights(S, options) : attention::entropy_from_logits(S, options);
  } catch (const libration::argument_error& error) {
    must(error.what()[0] != '\0');
  }
  if (r) {
    must(r->entropy.rows() == heads && r->entropy.cols() == queries);
    check_counts(*r);
    for (Index h = 0; h < heads; ++h)
      for (Index q = 0; q < queries; ++q) {
        if (r->visible(h, q) == 0) continue;
        const Index position = q + (options.causal ? keys - queries : 0), end = options.causal ? position + 1 : keys;
        const Index begin = options.window == 0 ? 0 : std::max<Index>(0, end - options.window);
        expected_row row;
        double top = -std::numeric_limits<double>::infinity(), total = 0.0, moment = 0.0;
        const auto each = [&](const auto& visit) {
          for (Index j = begin; j < end; ++j) {
            const auto s = static_cast<double>(S(j, h * queries + q));
            const bool padding = !options.mask.empty() && !options.mask.real()(j, h / (heads / options.mask.sequences()));
            if (padding || (!weights && s <= r->masked_below)) continue;
            visit(weights ? std::log(s) : s);
          }
        };
        each([&](double s) {
          ++row.visible;
          if (std::isnan(s) || s == std::numeric_limits<double>::infinity()) row.known = false;
          top = std::max(top, s);
        });
        each([&](double s) { total += std::exp(s - top); });
        each([&](double s) { moment += s - top > -700.0 ? std::exp(s - top) * (s - top) : 0.0; });
        row.entropy = std::log(total) - moment / total;
        must(weights ? r->visible(h, q) <= row.visible : r->visible(h, q) == row.visible);
        must(row.known == !std::isnan(r->entropy(h, q)) || (weights && std::isnan(r->entropy(h, q))));
        if (!std::isnan(r->entropy(h, q))) must(near(r->entropy(h, q), row.entropy));
      }
  }

  if (weights || S.size() == 0) return 0;
  // Queries and keys of zeros: what is left is the bias.
  const Eigen::MatrixXf Q = Eigen::MatrixXf::Zero(heads, queries), K = Eigen::MatrixXf::Zero(heads, keys);
  try {
    const auto fused = attention::entropy(Q, K, S,
                                          {.causal = options.causal,
                                           .query_heads = heads,
                                           .key_heads = heads,
                                           .window = options.window,
                                           .mask = options.mask,
                                           .masked_below = options.masked_below,
                                           .sink = options.sink,
                                           .top = options.top,
                                           .distance = options.distance,
                                           .threads = 1});
    must(r.has_value());
    check_counts(fused);
    must(fused.visible == r->visible && fused.masked_logits == r->masked_logits && fused.first_key == r->first_key);
    for (Index i = 0; i < fused.entropy.size(); ++i) {
      const double x = fused.entropy.data()[i], y = r->entropy.data()[i];
      must(std::isnan(x) == std::isnan(y) && (std::isnan(x) || near(x, y)));
    }
  } catch (const libration::argument_error&) {
    must(!r.has_value());
  }
  return 0;
}
