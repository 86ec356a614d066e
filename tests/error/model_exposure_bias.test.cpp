// SPDX-License-Identifier: MIT
#include <libration/error/model_exposure_bias.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <vector>

#include <Eigen/Core>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using error::exposure_bias;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

// The next token depends on the last one only: logits(last) is a column of `table`. The state is the last token's number.
template <class Scalar>
struct chain {
  using scalar_type = Scalar;
  struct workspace {};
  MatrixXd table;

  Index state_size() const { return 1; }
  Index vocabulary_size() const { return table.rows(); }
  workspace make_workspace(Index) const { return {}; }
  template <std::same_as<maps::token> Token>
  void step(Token v, libration::vector_view<Scalar>, libration::vector_span<Scalar> next, workspace&) const {
    next[0] = static_cast<Scalar>(v);
  }
  void logits(libration::vector_view<Scalar> h, libration::vector_span<Scalar> out) const {
    out = table.col(static_cast<Index>(h[0])).cast<Scalar>();
  }
};

MatrixXd softmax_columns(const MatrixXd& logits) {
  MatrixXd P = logits.array().exp();
  return P.array().rowwise() / P.colwise().sum().array();
}

// Expected divergences: those of each last token, weighed by where the chain of transition matrix Q is after t steps.
VectorXd expected(const MatrixXd& p, const MatrixXd& q, const MatrixXd& Q, Index first, Index steps) {
  VectorXd at(p.cols()), where = VectorXd::Unit(p.cols(), first), D(steps);
  for (Index j = 0; j < p.cols(); ++j) at[j] = error::kullback_leibler(p.col(j), q.col(j));
  for (Index t = 0; t < steps; ++t) {
    D[t] = at.dot(where);
    where = Q * where;
  }
  return D;
}

// The student errs most where it likes to be.
MatrixXd teacher_table() {
  MatrixXd L(3, 3);
  L << 2.0, 1.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0, 0.3;
  return L;
}
MatrixXd student_table() {
  MatrixXd L = teacher_table();
  L(2, 0) += 0.6;
  L(2, 1) += 0.6;
  L(0, 2) -= 1.5;
  return L;
}

}  // namespace

TEST_CASE("error::exposure_bias: Markov chains against their exact expectation", "[oracle][stat]") {
  const chain<double> teacher{teacher_table()};
  const chain<float> student{student_table()};
  for (const double temperature : {1.0, 2.0}) {
    const auto r = exposure_bias(teacher, student, {{0}},
                                 {.steps = 12, .runs = 600, .temperature = temperature, .bootstrap = {.resamples = 300}});
    CHECK(r.bias.status == status::ok);
    CHECK(r.failed_runs == 0);
    CHECK(r.bias.units == 600);
    CHECK(r.teacher_divergence.cols() == 600);
    const MatrixXd p = softmax_columns(teacher_table() / temperature);
    const MatrixXd q = softmax_columns(student_table().cast<float>().cast<double>() / temperature);
    const VectorXd on_teacher = expected(p, q, p, 0, 12), on_student = expected(p, q, q, 0, 12);
    const auto exact = exposure_bias(on_teacher, on_student);
    // The first context is the prompt: no chance in it.
    CHECK(std::abs(r.teacher_divergence(0, 7) - on_teacher[0]) < 1e-14);
    CHECK(r.student_divergence(0, 7) == r.teacher_divergence(0, 7));
    for (const auto curve : {&error::exposure_bias_result::mean_divergence, &error::exposure_bias_result::regret,
                             &error::exposure_bias_result::accumulated_error})
      for (const Index n : {2, 6, 12}) {
        const error::length_curve& c = r.bias.*curve;
        INFO(temperature << " " << n << ": " << c.value[n - 1] << " +- " << c.standard_error[n - 1] << " "
                         << (exact.*curve).value[n - 1]);
        CHECK(std::abs(c.value[n - 1] - (exact.*curve).value[n - 1]) < 4.0 * c.standard_error[n - 1]);
      }
    CHECK(r.bias.excess_percent.lower[11] > 0.0);
  }
}

TEST_CASE("error::exposure_bias: a model has no bias against itself, whatever it is", "[law]") {
  const chain<double> model{teacher_table()};
  const auto r = exposure_bias(model, model, {{0}, {1, 2}}, {.steps = 8, .runs = 5});
  CHECK(r.bias.mean_divergence.value.isZero(0.0));
  CHECK(r.teacher_divergence == r.student_divergence);
  CHECK(r.bias.units == 2);  // prompts
  CHECK(r.bias.student_runs == 10);
  CHECK(r.runs[4].prompt == 0);
  CHECK(r.runs[5].prompt == 1);
  CHECK(r.runs[5].teacher_status == status::ok);
  CHECK(r.runs[5].teacher_failed_at == -1);
}

TEST_CASE("error::exposure_bias: greedy decoding, threads, seeds", "[law]") {
  const chain<double> teacher{teacher_table()}, student{student_table()};
  const std::vector<std::vector<maps::token>> prompts = {{0}, {1}, {2, 1}};
  const auto greedy = exposure_bias(teacher, student, prompts, {.steps = 6, .runs = 2, .decoding = {.temperature = 0.0}});
  // The student's most likely continuation, by hand: from 0 to 0 for ever.
  const double at_zero = error::kullback_leibler_from_logits(teacher_table().col(0), student_table().col(0));
  CHECK((greedy.student_divergence.col(0).array() - at_zero).abs().maxCoeff() < 1e-15);
  CHECK(greedy.student_divergence.col(0) == greedy.student_divergence.col(1));

  const auto one = exposure_bias(teacher, student, prompts, {.steps = 20, .runs = 3, .seed = 4, .threads = 1});
  const auto three = exposure_bias(teacher, student, prompts, {.steps = 20, .runs = 3, .seed = 4, .threads = 3});
  const auto other = exposure_bias(teacher, student, prompts, {.steps = 20, .runs = 3, .seed = 5});
  CHECK(one.student_divergence == three.student_divergence);
  CHECK(one.teacher_divergence == three.teacher_divergence);
  CHECK(one.bias.regret.upper == three.bias.regret.upper);
  CHECK(one.teacher_divergence != other.teacher_divergence);
}

TEST_CASE("error::exposure_bias: a run whose logits are not finite ends, the others go on", "[edge]") {
  MatrixXd broken = student_table();
  broken(1, 2) = std::numeric_limits<double>::infinity();  // after token 2 nothing can be said
  const chain<double> teacher{teacher_table()}, student{broken};
  const auto r = exposure_bias(teacher, student, {{0}}, {.steps = 5, .runs = 40});
  CHECK(r.bias.status == status::ok);
  CHECK(r.failed_runs > 0);
  CHECK(r.failed_runs < 40);
  CHECK(r.bias.student_runs == 40 - r.failed_runs);
  CHECK(std::isfinite(r.bias.regret.value[4]));
  for (std::size_t j = 0; j < r.runs.size(); ++j) {
    const auto& run = r.runs[j];
    const VectorXd column = r.student_divergence.col(static_cast<Index>(j));
    CHECK((run.student_status == status::ok) == column.allFinite());
    if (run.student_status != status::ok) {
      CHECK(run.student_status == status::diverged);
      CHECK(std::isnan(column[run.student_failed_at - 1]));
      CHECK(std::isfinite(column[run.student_failed_at - 2]));
    }
  }
  const auto none = exposure_bias(teacher, student, {{2}}, {.steps = 5, .runs = 3});
  CHECK(none.bias.status == status::diverged);
  CHECK(none.failed_runs == 3);
  CHECK(none.runs[0].teacher_failed_at == 1);
  CHECK(none.bias.regret.value.size() == 0);
  std::stop_source source;
  source.request_stop();
  CHECK(exposure_bias(teacher, student, {{0}}, {.stop = source.get_token()}).bias.status == status::cancelled);
}

TEST_CASE("error::exposure_bias: refusals of models and prompts", "[failure]") {
  const chain<double> teacher{teacher_table()}, student{student_table()}, small{MatrixXd::Zero(2, 2)};
  using prompts = std::vector<std::vector<maps::token>>;
  const auto refusal = [&](const prompts& p, const error::model_exposure_options& options = {}) {
    return message_of<argument_error>([&] { (void)exposure_bias(teacher, student, p, options); });
  };
  CHECK_THAT(message_of<argument_error>([&] { (void)exposure_bias(teacher, small, prompts{{0}}); }),
             Contains("error::exposure_bias: the student's vocabulary has 2 rows, expected 3 (the teacher's)"));
  CHECK_THAT(refusal({}), Contains("no prompts, expected at least one"));
  CHECK_THAT(refusal({{0}, {}}), Contains("prompt 1 is empty"));
  CHECK_THAT(refusal({{0}, {1, 3}}), Contains("prompt 1: token 3 at 1, expected 0 to 2"));
  CHECK_THAT(refusal({{0}}, {.steps = 0}), Contains(".steps is 0, expected >= 1"));
  CHECK_THAT(refusal({{0}}, {.runs = 0}), Contains(".runs is 0, expected >= 1"));
  CHECK_THAT(refusal({{0}}, {.temperature = 0.0}), Contains(".temperature is 0"));
  CHECK_THAT(refusal({{0}}, {.decoding = {.top_p = 0.0}}), Contains("top_p is 0"));
  CHECK_THAT(refusal({{0}}, {.threads = -1}), Contains(".threads is -1"));
  CHECK_THAT(refusal({{0}}, {.bootstrap = {.level = 0.0}}), Contains(".level is 0"));
}
