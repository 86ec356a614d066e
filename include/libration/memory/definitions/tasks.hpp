// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/tasks.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <libration/core/random.hpp>
#include <libration/memory/definitions/detail/shuffled_order.hpp>
#include <libration/memory/tasks.hpp>
#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

/// 0 .. count - 1
LIBRATION_DECLARED maps::token drawn(random_stream& numbers, std::int64_t count) {
  const auto value = static_cast<std::int64_t>(numbers.next_uniform() * static_cast<double>(count));
  return static_cast<maps::token>(std::min(value, count - 1));
}

LIBRATION_DECLARED void check_copying(const copying& task, std::int64_t length, std::string_view who) {
  const option_check check(who);
  require(length >= 1, who, [&] { return "length is " + number_text(length) + ", expected >= 1"; });
  check(task.alphabet >= 2, "alphabet", task.alphabet, ">= 2");
  check(task.symbols >= 1, "symbols", task.symbols, ">= 1");
  check(task.blanks >= 0, "blanks", task.blanks, ">= 0");
}

LIBRATION_DECLARED void check_recall_task(const associative_recall& task, std::int64_t length, std::string_view who) {
  const option_check check(who);
  check(task.values >= 2, "values", task.values, ">= 2");
  require(length >= 1 && length <= task.keys, who, [&] {
    return "length is " + number_text(length) + ", expected 1 to " + number_text(task.keys) + " (.keys, which do not repeat)";
  });
}

LIBRATION_DEFINED void check_task(const task_options& options, std::span<const std::int64_t> lengths, std::string_view who) {
  const option_check check(who);
  check(options.cases >= 1, "cases", options.cases, ">= 1");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a probability in (0, 1)");
  check(options.state_bits >= 0.0 && std::isfinite(options.state_bits), "state_bits", options.state_bits, "finite and >= 0");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  require(!lengths.empty(), who, "no lengths, expected at least one");
  for (std::size_t l = 0; l < lengths.size(); ++l) {
    const std::int64_t least = l == 0 ? 1 : lengths[l - 1] + 1;
    require(lengths[l] >= least, who, [&] {
      return "lengths[" + number_text(l) + "] is " + number_text(lengths[l]) + ", expected >= " + number_text(least) +
             " (ascending)";
    });
  }
}

/// The largest probability p of a token that leaves `missing` bits about each: H(p) + (1 - p) log2(K - 1) >= missing, p >= 1/K.
LIBRATION_DECLARED double fano_accuracy(double missing, double alphabet) {
  if (!(missing > 0.0)) return 1.0;
  double low = 1.0 / alphabet, high = 1.0;  // the left side falls from log2 K to 0
  for (int i = 0; i < 100; ++i) {
    const double p = 0.5 * (low + high), q = 1.0 - p;
    const double left = -p * std::log2(p) - (q > 0.0 ? q * std::log2(q) : 0.0) + q * std::log2(alphabet - 1.0);
    (left > missing ? low : high) = p;
  }
  return high;
}

LIBRATION_DEFINED void write_task(std::span<const task_score> scores, const task_options& options, task_result& result) {
  const auto lengths = static_cast<Eigen::Index>(result.lengths.size());
  result.accuracy.resize(lengths);
  result.lower.resize(lengths);
  result.upper.resize(lengths);
  result.whole.resize(lengths);
  result.bound.resize(lengths);
  const double alphabet = 1.0 / result.chance, a_token = std::log2(alphabet), cases = static_cast<double>(options.cases);
  result.status = status::ok;
  for (Eigen::Index l = 0; l < lengths; ++l) {
    double right = 0.0, asked = 0.0, whole = 0.0;
    bool finite = true;
    for (std::int64_t i = 0; i < options.cases; ++i) {
      const task_score& score = scores[static_cast<std::size_t>(l * options.cases + i)];
      right += score.right;
      asked += score.asked;
      finite = finite && score.finite;
      whole += score.right == score.asked ? 1.0 : 0.0;
    }
    // Of the L = bits/log2 K tokens that the state has to hold each is missing so much in the mean.
    result.bound[l] = fano_accuracy(a_token * (1.0 - result.state_bits / result.bits[l]), alphabet);
    if (!finite) {
      result.status = status::diverged;
      for (Eigen::VectorXd* curve : {&result.accuracy, &result.lower, &result.upper, &result.whole})
        (*curve)[l] = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    result.accuracy[l] = right / asked;
    result.whole[l] = whole / cases;
    const auto band = stats::proportion_interval(std::llround(result.accuracy[l] * cases), options.cases, options.level);
    result.lower[l] = band.lower;
    result.upper[l] = band.upper;
  }
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail

namespace libration::inline LIBRATION_ABI::memory {

LIBRATION_DEFINED task_case copying::operator()(std::int64_t length, std::uint64_t seed, std::uint64_t index) const {
  detail::check_copying(*this, length, "memory::copying");
  random_stream numbers(seed, index);
  task_case one;
  const std::int64_t count = varies == copying_length::symbols ? length : symbols;
  const std::int64_t pause = varies == copying_length::symbols ? blanks : length;
  for (std::int64_t i = 0; i < count; ++i) one.answer.push_back(first_symbol + detail::drawn(numbers, alphabet));
  one.prompt = one.answer;
  one.prompt.insert(one.prompt.end(), static_cast<std::size_t>(pause), blank);
  one.prompt.push_back(marker);
  return one;
}

LIBRATION_DEFINED double copying::bits(std::int64_t length) const {
  return static_cast<double>(varies == copying_length::symbols ? length : symbols) * std::log2(static_cast<double>(alphabet));
}

LIBRATION_DEFINED task_case associative_recall::operator()(std::int64_t length, std::uint64_t seed, std::uint64_t index) const {
  detail::check_recall_task(*this, length, "memory::associative_recall");
  random_stream numbers(seed, index);
  const std::vector<std::size_t> order = detail::shuffled_order(static_cast<std::size_t>(keys), numbers);
  task_case one;
  for (std::int64_t i = 0; i < length; ++i) {
    one.prompt.push_back(first_key + static_cast<maps::token>(order[static_cast<std::size_t>(i)]));
    one.prompt.push_back(first_value + detail::drawn(numbers, values));
  }
  const auto asked = 2 * static_cast<std::size_t>(detail::drawn(numbers, length));
  one.answer.push_back(one.prompt[asked + 1]);
  one.prompt.push_back(one.prompt[asked]);
  return one;
}

LIBRATION_DEFINED double associative_recall::bits(std::int64_t length) const {
  return static_cast<double>(length) * std::log2(static_cast<double>(values));
}

LIBRATION_DEFINED double task_result::half_length() const {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  if (accuracy.size() == 0 || !(accuracy[0] > chance)) return unknown;
  const double half = chance + 0.5 * (accuracy[0] - chance);
  for (Eigen::Index l = 1; l < accuracy.size(); ++l) {
    if (accuracy[l] > half) continue;
    const auto i = static_cast<std::size_t>(l);
    const double share = (accuracy[l - 1] - half) / (accuracy[l - 1] - accuracy[l]);
    return static_cast<double>(lengths[i - 1]) + share * static_cast<double>(lengths[i] - lengths[i - 1]);
  }
  return unknown;
}

}  // namespace libration::inline LIBRATION_ABI::memory
