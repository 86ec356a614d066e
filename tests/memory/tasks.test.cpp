// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/memory/tasks.hpp>

#include "memory/register_model.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index;
using libration::argument_error, libration::status, libration::maps::token;
using namespace libration::memory;
using namespace libration_test;

namespace {

constexpr std::int64_t lengths[] = {1, 2, 4, 8, 12, 16};

// Reads its tokens, latest first: the marker 1 at place a says that a symbols have been answered; the symbols before it, as far as
// they are held, are all there is.
token copied(const std::vector<token>& tokens) {
  const auto marker = std::find(tokens.begin(), tokens.end(), token{1});
  if (marker == tokens.end()) return 2;
  std::vector<token> symbols;
  for (auto it = marker + 1; it != tokens.end(); ++it)
    if (*it >= 2) symbols.push_back(*it);
  const std::size_t answered = static_cast<std::size_t>(marker - tokens.begin());
  return answered < symbols.size() ? symbols[symbols.size() - 1 - answered] : token{2};
}

// The value behind the latest pair whose key is the token just read.
token associated(const std::vector<token>& tokens) {
  for (std::size_t i = 2; i < tokens.size(); i += 2)
    if (tokens[i] == tokens[0]) return tokens[i - 1];
  return 32;
}

}  // namespace

TEST_CASE("memory::copying, associative_recall: their cases", "[law]") {
  const copying by_symbols{.alphabet = 5, .blanks = 3}, by_blanks{.alphabet = 5, .varies = copying_length::blanks, .symbols = 4};
  for (std::uint64_t i = 0; i < 20; ++i) {
    const task_case one = by_symbols(7, 3, i), other = by_blanks(7, 3, i);
    REQUIRE(one.answer.size() == 7);
    REQUIRE(one.prompt.size() == 7 + 3 + 1);
    CHECK(std::equal(one.answer.begin(), one.answer.end(), one.prompt.begin()));
    CHECK(one.prompt.back() == 1);
    CHECK(std::count(one.prompt.begin(), one.prompt.end(), 0) == 3);
    CHECK(*std::min_element(one.answer.begin(), one.answer.end()) >= 2);
    CHECK(*std::max_element(one.answer.begin(), one.answer.end()) <= 6);
    REQUIRE(other.answer.size() == 4);
    CHECK(other.prompt.size() == 4 + 7 + 1);
    CHECK(by_symbols(7, 3, i).prompt == one.prompt);
    CHECK(by_symbols(7, 4, i).prompt != one.prompt);

    const task_case pairs = associative_recall{}(9, 3, i);
    REQUIRE(pairs.prompt.size() == 19);
    REQUIRE(pairs.answer.size() == 1);
    std::set<token> keys;
    token found = -1;
    for (std::size_t j = 0; j < 18; j += 2) {
      keys.insert(pairs.prompt[j]);
      if (pairs.prompt[j] == pairs.prompt.back()) found = pairs.prompt[j + 1];
      CHECK(pairs.prompt[j] < 32);
      CHECK(pairs.prompt[j + 1] >= 32);
      CHECK(pairs.prompt[j + 1] < 48);
    }
    CHECK(keys.size() == 9);
    CHECK(found == pairs.answer[0]);
  }
  CHECK(by_symbols.bits(6) == Catch::Detail::Approx(6.0 * std::log2(5.0)).epsilon(1e-14));
  CHECK(by_blanks.bits(600) == by_blanks.bits(1));
  CHECK(associative_recall{}.bits(3) == 12.0);
  CHECK(associative_recall{}.chance() == 0.0625);
}

TEST_CASE("memory::task_accuracy: a register copies what it holds, and no more", "[oracle]") {
  // While the last of L answers is asked for, L symbols, the marker and L - 1 answers must be held: 2 L.
  const register_model model{.held = 16, .vocabulary = 10, .answer = copied, .certainty = 1.0};
  const task_result r = task_accuracy(model, copying{}, lengths, {.cases = 100, .seed = 1});
  CHECK(r.status == status::ok);
  CHECK(r.chance == 0.125);
  CHECK(r.state_bits == 64.0 * 160.0);
  for (const Index l : {0, 1, 2, 3}) {
    CHECK(r.accuracy[l] == 1.0);
    CHECK(r.whole[l] == 1.0);
    CHECK(r.upper[l] == 1.0);
    CHECK(r.lower[l] > 0.96);
  }
  // Of 16, the oldest are gone when the marker comes: the answers are shifted.
  CHECK(r.accuracy[5] < 0.3);
  CHECK(r.lower[5] < r.accuracy[5]);
  CHECK(r.upper[5] > r.accuracy[5]);
  CHECK(r.whole[5] == 0.0);
  CHECK(r.half_length() > 8.0);
  CHECK(r.half_length() < 16.0);
  CHECK(r.bound[5] == 1.0);
  CHECK(r.bits[5] == 48.0);
  // By its own tokens a right answer is read on as the right one is.
  CHECK(task_accuracy(model, copying{}, std::vector<std::int64_t>{8}, {.cases = 50, .forced = false}).accuracy[0] == 1.0);
  // The same digits on two threads.
  const task_result two = task_accuracy(model, copying{}, lengths, {.cases = 100, .seed = 1, .threads = 2});
  CHECK((two.accuracy - r.accuracy).norm() == 0.0);
}

TEST_CASE("memory::task_accuracy: associative recall in a register", "[oracle][stat]") {
  // A register of 17 tokens holds the question and 8 pairs: of L pairs the share 8/L, and of the rest one in 16 is guessed.
  const register_model model{.held = 17, .vocabulary = 48, .answer = associated, .certainty = 1.0};
  const task_result r = task_accuracy(model, associative_recall{}, lengths, {.cases = 150, .seed = 2});
  for (Index l = 0; l < 6; ++l) {
    const double held = std::min(1.0, 8.0 / static_cast<double>(r.lengths[static_cast<std::size_t>(l)]));
    const double exact = held + (1.0 - held) / 16.0;
    INFO("length " << r.lengths[static_cast<std::size_t>(l)] << ": " << r.accuracy[l] << ", exact " << exact);
    // Four standard errors: one in 16,000.
    CHECK(std::abs(r.accuracy[l] - exact) <= 4.0 * std::sqrt(exact * (1.0 - exact) / 150.0));
    CHECK(r.accuracy[l] == r.whole[l]);
  }
  // Half of 15/16 is lost at 8/L + (1 - 8/L)/16 = 17/32, L = 16.
  // The accuracy at 16 has the standard error 0.025, and falls by 0.03 a pair around it: four of them are 3.3 pairs.
  const std::vector<std::int64_t> longer = {4, 12, 15, 17, 20};
  const task_result found = task_accuracy(model, associative_recall{}, longer, {.cases = 400, .seed = 3});
  CHECK(std::abs(found.half_length() - 16.0) < 3.3);
}

TEST_CASE("memory::task_accuracy: the bound that the state's bits set", "[oracle]") {
  const register_model model{.held = 16, .vocabulary = 10, .answer = copied, .certainty = 1.0};
  const std::vector<std::int64_t> L = {4, 8};
  const task_result r = task_accuracy(model, copying{}, L, {.cases = 2, .state_bits = 12.0});
  CHECK(r.bound[0] == 1.0);  // 4 symbols of 3 bits
  // 8 symbols: each misses 1.5 bits of 3; H(p) + (1 - p) log2 7 = 1.5.
  const double p = r.bound[1], q = 1.0 - p;
  CHECK(std::abs(-p * std::log2(p) - q * std::log2(q) + q * std::log2(7.0) - 1.5) < 1e-9);
  CHECK(p > 0.7);
  CHECK(p < 0.8);
}

TEST_CASE("memory::task_accuracy: what is refused, and lengths that lose nothing", "[failure][edge]") {
  const register_model model{.held = 16, .vocabulary = 10, .answer = copied, .certainty = 1.0};
  const auto message = [&](const auto& task, const std::vector<std::int64_t>& L, const task_options& options) {
    return message_of<argument_error>([&] { (void)task_accuracy(model, task, L, options); });
  };
  CHECK(message(copying{}, {}, {}) == "memory::task_accuracy: no lengths, expected at least one");
  CHECK(message(copying{}, {3, 3}, {}) == "memory::task_accuracy: lengths[1] is 3, expected >= 4 (ascending)");
  CHECK(message(copying{}, {0}, {}) == "memory::task_accuracy: lengths[0] is 0, expected >= 1 (ascending)");
  CHECK(message(copying{}, {3}, {.cases = 0}) == "memory::task_accuracy: .cases is 0, expected >= 1");
  CHECK(message(copying{}, {3}, {.level = 1.0}) == "memory::task_accuracy: .level is 1, expected a probability in (0, 1)");
  CHECK(message(copying{.alphabet = 100}, {3}, {}).find("memory::task_accuracy: a case's prompt: token ") == 0);
  CHECK(message(copying{.alphabet = 1}, {3}, {}) == "memory::copying: .alphabet is 1, expected >= 2");
  CHECK(message(associative_recall{}, {33}, {}) ==
        "memory::associative_recall: length is 33, expected 1 to 32 (.keys, which do not repeat)");
  const task_result held = task_accuracy(model, copying{}, std::vector<std::int64_t>{1, 2}, {.cases = 10});
  CHECK(std::isnan(held.half_length()));
  CHECK(std::isnan(task_result{}.half_length()));
  CHECK(task_result{}.status == status::not_run);
}

TEST_CASE("memory::task_accuracy: logits that are not finite are no answer", "[failure]") {
  const register_model silent{.held = 16, .vocabulary = 10, .answer = copied, .certainty = std::nan("")};
  const std::vector<std::int64_t> L = {1, 2};
  for (const bool forced : {true, false}) {
    const task_result r = task_accuracy(silent, copying{}, L, {.cases = 20, .forced = forced});
    CHECK(r.status == status::diverged);
    for (const Eigen::VectorXd* curve : {&r.accuracy, &r.lower, &r.upper, &r.whole}) {
      REQUIRE(curve->size() == 2);
      CHECK(curve->array().isNaN().all());
    }
    CHECK(r.bound[0] == 1.0);
    CHECK(std::isnan(r.half_length()));
  }
  // Right at length 1, where one answer is asked for; the second answer's logits are NaN.
  struct failing_model : register_model {
    void logits(libration::vector_view<double> h, libration::vector_span<double> out) const {
      register_model::logits(h, out);
      if (h[1] != 1.0) out[2] = std::nan("");  // the token just read is not the marker
    }
  };
  failing_model failing;
  static_cast<register_model&>(failing) = {.held = 16, .vocabulary = 10, .answer = copied, .certainty = 1.0};
  const task_result r = task_accuracy(failing, copying{}, L, {.cases = 20});
  CHECK(r.status == status::diverged);
  CHECK(r.accuracy[0] == 1.0);
  CHECK(r.whole[0] == 1.0);
  CHECK(std::isnan(r.accuracy[1]));
  CHECK(std::isnan(r.whole[1]));
  CHECK(std::isnan(r.half_length()));
}
