// SPDX-License-Identifier: MIT
#include <libration/error/token_divergence.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;
using error::coupling, error::token_divergence;
using libration::argument_error, libration::random_stream, libration::status, libration::vector_span, libration::vector_view;
using libration_test::Contains, libration_test::message_of;
using maps::token;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using prompt_list = std::vector<std::vector<token>>;

struct nothing {};

// A Markov chain: the next token depends on the last one, which is the state.
template <class Scalar>
struct chain {
  using scalar_type = Scalar;
  using workspace = nothing;
  MatrixXd log_probability;  // shape (V, V), column v after token v
  Index state_size() const { return 1; }
  Index vocabulary_size() const { return log_probability.rows(); }
  workspace make_workspace(Index) const { return {}; }
  void step(token v, vector_view<Scalar>, vector_span<Scalar> next, workspace&) const { next[0] = static_cast<Scalar>(v); }
  void logits(vector_view<Scalar> h, vector_span<Scalar> out) const {
    out = log_probability.col(static_cast<Index>(h[0])).template cast<Scalar>();
  }
};

// Says a text whatever it reads; the state is the number of tokens read. -1: a logit that is not finite. Reads in place.
struct recital {
  using scalar_type = float;
  using workspace = nothing;
  std::vector<token> text;
  Index vocabulary_size() const { return 3; }
  Index state_size() const { return 1; }
  workspace make_workspace(Index) const { return {}; }
  void read(token, vector_span<float> h, workspace&) const { h[0] += 1.0f; }
  void logits(vector_view<float> h, vector_span<float> out) const {
    const token v = text[static_cast<std::size_t>(h[0]) - 1];  // after a prompt of one token
    out.setZero();
    if (v < 0)
      out[1] = std::numeric_limits<float>::quiet_NaN();
    else
      out[v] = 5.0f;
  }
};

// The side of 1/2 on which a chaotic orbit h' = 4 h (1 - h) lies.
template <class Scalar>
struct side_of_half {
  using scalar_type = Scalar;
  using workspace = nothing;
  Index state_size() const { return 1; }
  Index vocabulary_size() const { return 2; }
  workspace make_workspace(Index) const { return {}; }
  void step(token, vector_view<Scalar> h, vector_span<Scalar> next, workspace&) const { next[0] = 4 * h[0] * (1 - h[0]); }
  void logits(vector_view<Scalar> h, vector_span<Scalar> out) const {
    out[0] = 0;
    out[1] = h[0] - Scalar(0.5);
  }
};

VectorXd vector(std::initializer_list<double> values) {
  VectorXd result(static_cast<Index>(values.size()));
  Index i = 0;
  for (const double x : values) result[i++] = x;
  return result;
}

// After token v the token v + d (modulo V) has probability p_d: whatever the last token, two such chains differ alike.
chain<double> turning(const VectorXd& p) {
  const Index size = p.size();
  chain<double> result{MatrixXd(size, size)};
  for (Index v = 0; v < size; ++v)
    for (Index w = 0; w < size; ++w) result.log_probability(w, v) = std::log(p[(w - v + size) % size]);
  return result;
}

chain<double> forgetful(const VectorXd& p) { return {p.array().log().matrix().replicate(1, p.size())}; }

chain<double> of_columns(const MatrixXd& p) { return {p.array().log()}; }

double gumbel_disagreement(const VectorXd& p, const VectorXd& q) {
  double agree = 0.0;
  for (Index v = 0; v < p.size(); ++v) agree += 1.0 / (p / p[v]).cwiseMax(q / q[v]).sum();
  return 1.0 - agree;
}

// P(u, v): one uniform chooses u of p and v of q.
MatrixXd joint_by_inverse_cdf(const VectorXd& p, const VectorXd& q) {
  MatrixXd joint(p.size(), q.size());
  double a = 0.0;
  for (Index u = 0; u < p.size(); a += p[u++]) {
    double b = 0.0;
    for (Index v = 0; v < q.size(); b += q[v++]) joint(u, v) = std::max(0.0, std::min(a + p[u], b + q[v]) - std::max(a, b));
  }
  return joint;
}

const VectorXd p4 = vector({0.4, 0.3, 0.2, 0.1}), q4 = vector({0.385, 0.305, 0.205, 0.105});

void check_rate(double measured, double expected, double n) {
  INFO("measured " << measured << ", expected " << expected << ", of " << n);
  CHECK(std::abs(measured - expected) < 5.0 * std::sqrt(expected * (1.0 - expected) / n));
}

}  // namespace

// Where numbers are compared with a law, they lie within 5 standard errors: a false alarm once in 1.7 million seeds a number.
TEST_CASE("error::token_divergence: two chains with a known hazard part as they should", "[oracle][stat][heavy]") {
  const double hazard = gumbel_disagreement(p4, q4);
  const prompt_list prompts = {{0}, {1, 3}};
  const auto r = token_divergence(turning(p4), turning(q4), prompts, {.runs = 2000, .steps = 150, .seed = 3});
  INFO("hazard " << hazard);
  CHECK(r.status == status::ok);
  CHECK(r.seed == 3);
  CHECK(r.steps == 150);
  REQUIRE(r.pairs.size() == 2000);
  const auto& constant = r.hazard.constant;
  check_rate(constant.hazard, hazard, static_cast<double>(constant.steps));
  CHECK(constant.events == r.survival.event_count);
  CHECK(r.hazard.weibull.status == status::ok);
  CHECK(std::abs(std::log(r.hazard.weibull.shape)) < 5.0 * r.hazard.weibull.log_shape_error);
  CHECK(r.hazard.p_value > 1e-6);
  for (const std::int64_t t : {1, 10, 40, 100}) check_rate(r.survival.at(t).survival, std::pow(1.0 - hazard, t), 2000.0);
  // Whole tokens, and so up to one more than the exact time; and the curve's error there by its slope.
  for (const auto& horizon : {r.horizon_50, r.horizon_80}) {
    const double exact = std::log(horizon.fraction) / std::log1p(-hazard);
    const double error = std::sqrt((1.0 - horizon.fraction) / (2000.0 * horizon.fraction)) / -std::log1p(-hazard);
    INFO(horizon.fraction << ": " << horizon.time << ", exact " << exact << " +- " << error);
    CHECK(std::abs(horizon.time - exact) < 5.0 * error + 1.0);
    CHECK(horizon.lower <= horizon.time);
    CHECK(horizon.upper >= horizon.time);
  }
  // Each pair agrees with the summary.
  std::int64_t parted = 0, first = 0;
  for (const auto& pair : r.pairs) {
    CHECK(pair.status == status::ok);
    CHECK(pair.steps == 150);
    parted += pair.first_divergence >= 0;
    first += pair.first_divergence == 0;
    CHECK((pair.first_divergence < 0) == (pair.differing == 0));
  }
  CHECK(parted == r.survival.event_count);
  CHECK(std::abs(r.hamming[0] - static_cast<double>(first) / 2000.0) < 1e-15);
  CHECK(std::abs(r.hamming_error[0] - std::sqrt(r.hamming[0] * (1.0 - r.hamming[0]) / 2000.0)) < 1e-15);
  CHECK((r.compared.array() == 2000).all());
}

TEST_CASE("error::token_divergence: chains that forget differ at one rate at every step", "[oracle][stat]") {
  const prompt_list prompts = {{0}};
  const double by_gumbel = gumbel_disagreement(p4, q4);
  const double by_inverse = 1.0 - joint_by_inverse_cdf(p4, q4).diagonal().sum();
  const auto mean = [&](coupling how) {
    const auto r = token_divergence(forgetful(p4), forgetful(q4), prompts, {.runs = 500, .steps = 100, .coupling = how});
    CHECK(r.coupling == how);
    return r.hamming.mean();
  };
  check_rate(mean(coupling::gumbel), by_gumbel, 50'000.0);
  check_rate(mean(coupling::inverse_cdf), by_inverse, 50'000.0);
  // Temperature 0.5: squares of the probabilities; top-k 2: the first two.
  const auto sampled = token_divergence(forgetful(p4), forgetful(q4), prompts,
                                        {.runs = 500, .steps = 100, .sampling = {.temperature = 0.5, .top_k = 2}});
  const VectorXd p = vector({16.0, 9.0}) / 25.0, q = q4.head(2).cwiseAbs2() / q4.head(2).squaredNorm();
  check_rate(sampled.hamming.mean(), gumbel_disagreement(p, q), 50'000.0);
}

TEST_CASE("error::token_divergence: Hamming fraction, survival and mergings of two chains, from their joint chain",
          "[oracle][stat]") {
  // Close while in tokens 0 and 1, far apart in 2: the hazard is not constant, and runs merge again.
  MatrixXd pa(3, 3), pb(3, 3);
  pa << 0.6, 0.5, 0.1, 0.3, 0.4, 0.2, 0.1, 0.1, 0.7;
  pb << 0.58, 0.5, 0.3, 0.32, 0.38, 0.2, 0.1, 0.12, 0.5;
  constexpr int steps = 40, length = 4, runs = 4000;
  // Probabilities of (last of a, last of b, tokens alike since the last difference: 0 .. length, or none yet).
  constexpr int none = length + 1;
  std::vector<MatrixXd> now(length + 2, MatrixXd::Zero(3, 3));
  now[none](0, 0) = 1.0;
  std::vector<double> differing, agreeing;
  double mergings = 0.0;
  for (int t = 0; t < steps; ++t) {
    std::vector<MatrixXd> next(length + 2, MatrixXd::Zero(3, 3));
    for (int since = 0; since <= none; ++since)
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const MatrixXd joint = now[static_cast<std::size_t>(since)](i, j) * joint_by_inverse_cdf(pa.col(i), pb.col(j));
          const int alike = since >= length ? since : since + 1;
          for (int u = 0; u < 3; ++u)
            for (int v = 0; v < 3; ++v) next[static_cast<std::size_t>(u == v ? alike : 0)](u, v) += joint(u, v);
          if (since == length - 1) mergings += joint.diagonal().sum();
        }
    now = next;
    differing.push_back(now[0].sum());
    agreeing.push_back(now[none].sum());
  }
  const prompt_list prompts = {{0}};
  const auto r = token_divergence(of_columns(pa), of_columns(pb), prompts,
                                  {.runs = runs, .steps = steps, .coupling = coupling::inverse_cdf, .merge_length = length});
  for (const int t : {0, 1, 2, 5, 10, 20, 39}) {
    INFO("t = " << t);
    check_rate(r.hamming[t], differing[static_cast<std::size_t>(t)], runs);
    check_rate(r.survival.at(t + 1).survival, agreeing[static_cast<std::size_t>(t)], runs);
  }
  // The number of mergings of a pair has a standard deviation that the pairs themselves show.
  double squares = 0.0;
  for (const auto& pair : r.pairs) squares += static_cast<double>(pair.mergings * pair.mergings);
  const double mean = static_cast<double>(r.mergings) / runs, deviation = std::sqrt(squares / runs - mean * mean);
  INFO("mergings " << mean << ", exact " << mergings);
  CHECK(std::abs(mean - mergings) < 5.0 * deviation / std::sqrt(runs));
}

TEST_CASE("error::token_divergence: recitals with known differences, mergings and a logit that is not finite", "[oracle]") {
  const prompt_list prompts = {{0}};
  const recital a{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}, b{{0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0}};
  const auto run = [&](const recital& x, const recital& y, std::int64_t merge_length) {
    return token_divergence(x, y, prompts,
                            {.steps = 12, .coupling = coupling::greedy, .merge_length = merge_length, .threads = 1});
  };
  const auto two = run(a, b, 2);
  REQUIRE(two.pairs.size() == 1);  // no chance in it: the second pair would be the first once more
  CHECK(two.pairs[0].first_divergence == 2);
  CHECK(two.pairs[0].differing == 3);
  CHECK(two.pairs[0].mergings == 3);
  CHECK(two.pairs[0].steps == 12);
  CHECK(two.mergings == 3);
  CHECK(two.merge_length == 2);
  CHECK(two.hamming == vector({0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0}));
  CHECK(two.horizon_50.time == 3.0);
  CHECK(run(a, b, 1).mergings == 3);
  CHECK(run(a, b, 3).mergings == 1);
  CHECK(run(a, b, 4).mergings == 0);
  CHECK(run(b, a, 3).mergings == 1);
  CHECK(run(b, b, 1).mergings == 0);
  const recital broken{{0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 0}};
  for (const bool second : {false, true}) {
    const auto r = second ? run(a, broken, 2) : run(broken, a, 2);
    CHECK(r.status == status::diverged);
    CHECK(r.pairs[0].status == status::diverged);
    CHECK(r.pairs[0].steps == 5);
    CHECK(r.pairs[0].first_divergence == 2);
    CHECK(r.pairs[0].mergings == 1);
    CHECK(r.diverged_pairs == 1);
    CHECK(r.compared[4] == 1);
    CHECK(r.compared[5] == 0);
    CHECK(std::isnan(r.hamming[5]));
  }
  // Agreeing until then: censored there.
  const auto censored = run(broken, broken, 2);
  CHECK(censored.survival.event_count == 0);
  CHECK(censored.survival.at(5).survival == 1.0);
  CHECK(std::isnan(censored.survival.at(6).survival));
  CHECK(censored.horizon_50.time == infinity);
}

TEST_CASE("error::token_divergence: a pair that fails is a status in its place, and the rest go on", "[failure]") {
  // Token 3 leads to a logit that is not finite; nothing leads to token 3.
  chain<double> model = forgetful(p4);
  model.log_probability.row(3).setConstant(-1e4);
  model.log_probability(0, 3) = not_a_number;
  const prompt_list prompts = {{0}, {3}, {1}};
  const auto r = token_divergence(model, model, prompts, {.runs = 9, .steps = 20});
  CHECK(r.status == status::diverged);
  CHECK(r.diverged_pairs == 3);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(r.pairs[i].status == (i % 3 == 1 ? status::diverged : status::ok));
    CHECK(r.pairs[i].steps == (i % 3 == 1 ? 0 : 20));
  }
  CHECK(r.survival.observations == 6);
  CHECK(r.compared[0] == 6);
}

TEST_CASE("error::token_divergence: identical models never part, whatever they share", "[law]") {
  const prompt_list prompts = {{0}, {1}, {2, 2}};
  const auto model = turning(p4);
  for (const auto how : {coupling::inverse_cdf, coupling::gumbel, coupling::greedy}) {
    for (const maps::sampling sampling : {maps::sampling{}, maps::sampling{.temperature = 0.8, .top_k = 3, .top_p = 0.9}}) {
      const auto r = token_divergence(model, model, prompts, {.runs = 20, .steps = 100, .sampling = sampling, .coupling = how});
      CHECK(r.status == status::ok);
      CHECK((r.hamming.array() == 0.0).all());
      CHECK(r.survival.event_count == 0);
      CHECK(r.mergings == 0);
      CHECK(r.hazard.constant.hazard == 0.0);
      CHECK(r.hazard.constant.upper > 0.0);
      for (const auto& horizon : {r.horizon_50, r.horizon_80, r.horizon_99}) CHECK(!horizon.reached());
      CHECK(r.pairs.size() == (how == coupling::greedy ? 3u : 20u));
      for (const auto& pair : r.pairs) CHECK(pair.first_divergence == -1);
    }
  }
  // Greedy by temperature: the same choices as by coupling, and as many pairs.
  const auto cold = token_divergence(model, turning(q4), prompts, {.steps = 30, .sampling = {.temperature = 0.0}});
  CHECK(cold.pairs.size() == 3);
  CHECK(cold.survival.event_count == 0);
  // In single precision the same chain is another model of other scalar, whose probabilities differ by 1e-7.
  const auto single = token_divergence(model, chain<float>{model.log_probability}, prompts, {.runs = 20, .steps = 100});
  CHECK(single.survival.event_count == 0);
}

TEST_CASE("error::token_divergence: of a chaotic state each digit less of perturbation is ln 10/ln 2 tokens more",
          "[oracle][stat]") {
  const side_of_half<double> model;
  constexpr int runs = 600;
  MatrixXd starts(1, runs);
  for (int i = 0; i < runs; ++i) starts(0, i) = 0.05 + 0.9 * random_stream(12).uniform(static_cast<std::uint64_t>(i));
  const auto run = [&](double size) {
    return token_divergence(model, model, starts, {.runs = runs, .steps = 80, .coupling = coupling::greedy, .perturbation = size});
  };
  const auto large = run(1e-5), small = run(1e-9);
  CHECK(std::abs(large.smallest_perturbation - 1e-5) < 1e-15);
  CHECK(large.survival.event_count == runs);
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < runs; ++i) {
    const auto longer = static_cast<double>(small.pairs[i].first_divergence - large.pairs[i].first_divergence);
    sum += longer;
    squares += longer * longer;
  }
  const double mean = sum / runs, error = std::sqrt((squares / runs - mean * mean) / runs);
  INFO(mean << " +- " << error);
  CHECK(std::abs(mean - std::log(1e4) / std::log(2.0)) < 5.0 * error);
  CHECK(error < 0.3);
  // The hazard rises: differences build up before they show.
  CHECK(small.hazard.weibull.shape_lower > 1.0);
  CHECK(small.hazard.p_value < 1e-6);
  // Less than the state's last digit is no perturbation, and says so.
  const MatrixXf single = starts.cast<float>();
  const auto swallowed = token_divergence(side_of_half<float>{}, side_of_half<float>{}, single,
                                          {.runs = 20, .steps = 80, .coupling = coupling::greedy, .perturbation = 1e-12});
  CHECK(swallowed.smallest_perturbation == 0.0);
  CHECK(swallowed.survival.event_count == 0);
}

TEST_CASE("error::token_divergence: from two sets of starts, which repeat like prompts", "[law]") {
  const side_of_half<double> model;
  MatrixXd a(1, 2), b(1, 2);
  a << 0.3, 0.7;
  b << 0.3, 0.2;
  const auto r = token_divergence(model, model, a, b, {.runs = 5, .steps = 10, .coupling = coupling::greedy});
  REQUIRE(r.pairs.size() == 2);
  CHECK(r.pairs[0].first_divergence == -1);
  CHECK(r.pairs[1].first_divergence == 0);
}

TEST_CASE("error::token_divergence: the same digits on any number of threads, others by seed", "[law]") {
  const prompt_list prompts = {{0}, {1}};
  const auto run = [&](int threads, std::uint64_t seed) {
    return token_divergence(turning(p4), turning(q4), prompts,
                            {.runs = 40, .steps = 60, .seed = seed, .perturbation = 0.0, .threads = threads});
  };
  const auto one = run(1, 5);
  for (const int threads : {2, 3, 0}) {
    const auto r = run(threads, 5);
    CHECK(r.hamming == one.hamming);
    CHECK(r.hazard.weibull.shape == one.hazard.weibull.shape);
    for (std::size_t i = 0; i < 40; ++i) {
      CHECK(r.pairs[i].first_divergence == one.pairs[i].first_divergence);
      CHECK(r.pairs[i].mergings == one.pairs[i].mergings);
    }
  }
  CHECK(run(1, 6).hamming != one.hamming);
  // A pair is a function of its own number: more pairs leave it as it is.
  const auto more = token_divergence(turning(p4), turning(q4), prompts, {.runs = 41, .steps = 60, .seed = 5});
  for (std::size_t i = 0; i < 40; ++i) CHECK(more.pairs[i].first_divergence == one.pairs[i].first_divergence);
}

TEST_CASE("error::token_divergence: progress by pairs; a stop token ends all of them", "[failure]") {
  const prompt_list prompts = {{0}};
  const auto model = turning(p4);
  std::vector<std::int64_t> done;
  std::stop_source source;
  const auto r = token_divergence(model, model, prompts,
                                  {.runs = 5,
                                   .steps = 10,
                                   .threads = 1,
                                   .on_progress =
                                       [&](const libration::progress& p) {
                                         done.push_back(p.done);
                                         CHECK(p.total == 5);
                                         if (p.done == 2) source.request_stop();
                                       },
                                   .stop = source.get_token()});
  CHECK(done == std::vector<std::int64_t>{1, 2, 3, 4, 5});
  CHECK(r.status == status::cancelled);
  for (std::size_t i = 0; i < 5; ++i) CHECK(r.pairs[i].status == (i < 2 ? status::ok : status::not_run));
  CHECK(r.survival.observations == 2);
  CHECK(r.compared[9] == 2);
  // Within a pair: what was said counts.
  struct stops_at_third : chain<double> {
    std::stop_source* source;
    void logits(vector_view<double> h, vector_span<double> out) const {
      chain<double>::logits(h, out);
      if (h[0] == 2.0) source->request_stop();
    }
  };
  MatrixXd cycle(3, 3);
  cycle << 0, 0, 1, 1, 0, 0, 0, 1, 0;
  std::stop_source other;
  const stops_at_third counting{{(50.0 * cycle).eval()}, &other};
  const auto cut = token_divergence(counting, counting, prompts, {.runs = 1, .steps = 10, .stop = other.get_token()});
  CHECK(cut.status == status::cancelled);
  CHECK(cut.pairs[0].status == status::cancelled);
  CHECK(cut.pairs[0].steps == 3);
  CHECK(cut.compared[2] == 1);
  CHECK(cut.compared[3] == 0);
}

TEST_CASE("error::token_divergence: what is out of range is refused by name, before the first step", "[failure]") {
  const auto a = turning(p4);
  const auto refusal = [&](const error::token_divergence_options& options, const prompt_list& prompts = {{0}}) {
    return message_of<argument_error>([&] { (void)token_divergence(a, a, prompts, options); });
  };
  CHECK(refusal({.runs = 1, .steps = 1}).empty());
  CHECK_THAT(refusal({.runs = 0}), Contains("error::token_divergence: .runs is 0, expected >= 1"));
  CHECK_THAT(refusal({.steps = 0}), Contains(".steps is 0, expected >= 1"));
  CHECK_THAT(refusal({.sampling = {.top_p = 2.0}}), Contains("error::token_divergence: .sampling.top_p is 2"));
  CHECK_THAT(refusal({.perturbation = -1.0}), Contains(".perturbation is -1"));
  CHECK_THAT(refusal({.perturbation = infinity}), Contains(".perturbation is inf"));
  CHECK_THAT(refusal({.merge_length = 0}), Contains(".merge_length is 0"));
  CHECK_THAT(refusal({.threads = -1}), Contains(".threads is -1"));
  CHECK_THAT(refusal({}, {}), Contains("no prompts"));
  CHECK_THAT(refusal({}, {{0}, {}}), Contains("prompt 1 is empty"));
  CHECK_THAT(refusal({}, {{0, 4}}), Contains("prompt 0: token 4 at 1, expected 0 to 3"));
  const prompt_list good = {{0}};
  CHECK_THAT(message_of<argument_error>([&] { (void)token_divergence(a, forgetful(vector({0.5, 0.5})), good); }),
             Contains("error::token_divergence: b has 2 tokens, expected 4 (a's vocabulary)"));
  const auto starts = [&](const MatrixXd& x, const MatrixXd& y) {
    return message_of<argument_error>([&] { (void)token_divergence(a, a, x, y); });
  };
  CHECK_THAT(starts(MatrixXd::Zero(2, 3), MatrixXd::Zero(1, 3)), Contains("starts_a has 2 rows, expected 1 (a's state size)"));
  CHECK_THAT(starts(MatrixXd::Zero(1, 3), MatrixXd::Zero(2, 3)), Contains("starts_b has 2 rows"));
  CHECK_THAT(message_of<argument_error>([&] { (void)token_divergence(a, a, MatrixXd::Zero(2, 3)); }),
             Contains("error::token_divergence: starts has 2 rows, expected 1 (a's state size)"));
  CHECK_THAT(starts(MatrixXd::Zero(1, 3), MatrixXd::Zero(1, 2)), Contains("starts have 3 and 2 columns"));
  CHECK_THAT(starts(MatrixXd::Zero(1, 0), MatrixXd::Zero(1, 0)), Contains("at least one"));
  CHECK_THAT(starts(MatrixXd::Constant(1, 1, not_a_number), MatrixXd::Zero(1, 1)), Contains("not finite"));
}
