// SPDX-License-Identifier: MIT
#include <libration/diagnosis/map_subject.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/diagnosis/diagnose.hpp>
#include <libration/diagnosis/mechanism.hpp>

#include "known_faults.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace diagnosis = libration::diagnosis;
namespace faults = libration_test::faults;
using diagnosis::intervention_set, diagnosis::mechanism;
using libration::argument_error, libration::matrix_view, libration::vector_span, libration::vector_view;
using namespace libration_test;

namespace {

// h' = a h + x in single precision, with a workspace that counts steps.
struct float_sum {
  using scalar_type = float;
  struct workspace {
    int steps = 0;
  };
  float a = 0.5F;
  Eigen::Index state_size() const { return 2; }
  Eigen::Index input_size() const { return 2; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void step(vector_view<float> h, vector_view<float> x, vector_span<float> next, workspace& ws) const {
    ++ws.steps;
    next = a * h + x;
  }
};

// All pieces; the loss is the first component of what is read.
struct all_pieces {
  std::int64_t prompt_length = 3, kept = 2, rows = 2;
  Eigen::VectorXf start(std::int64_t) const { return Eigen::VectorXf::Constant(rows, 8.0F); }
  Eigen::MatrixXf inputs(std::int64_t) const { return Eigen::MatrixXf::Ones(2, 8); }
  std::int64_t prompt() const { return prompt_length; }
  std::int64_t context() const { return kept; }
  void feedback(std::int64_t t, vector_view<float> h, std::int64_t, vector_span<float> x) const {
    x = h + Eigen::VectorXf::Constant(2, static_cast<float>(t));
  }
  void retract(std::int64_t, std::int64_t, vector_span<float> h) const { h = h.cwiseMin(1.0F); }
  void recall(std::int64_t t, matrix_view<float> used, std::int64_t, vector_span<float> h) const {
    CHECK(used.cols() == t + 1);
    h[0] = used.row(0).sum();
  }
  double loss(std::int64_t, vector_view<float> h, std::int64_t) const { return static_cast<double>(h[0]); }
};

}  // namespace

TEST_CASE("diagnosis::map_subject: each intervention does what it says, alone and with others", "[oracle]") {
  const float_sum map;
  const all_pieces run;
  const diagnosis::map_subject subject(map, run);
  const auto list = subject.interventions();
  REQUIRE(list.size() == 4);
  CHECK((list[0].mechanism == mechanism::accumulated_error && list[1].mechanism == mechanism::drift));
  CHECK((list[2].mechanism == mechanism::state_compression && list[3].mechanism == mechanism::state_compression));

  // The same by hand, one component.
  const auto by_hand = [](bool given, bool back, bool cut, bool recalled) {
    Eigen::VectorXd losses(5);
    std::vector<double> used;
    double h = 8.0;
    for (int t = 0; t < 8; ++t) {
      used.push_back(t < 3 || given ? 1.0 : h + t);
      h = 0.5 * h + used.back();
      if (back) h = std::min(h, 1.0);
      if (t < 3) continue;
      double read = h;
      if (cut) read = 0.5 * (0.5 * 8.0 + used[used.size() - 2]) + used.back();
      if (recalled) {
        read = 0.0;
        for (const double x : used) read += x;
      }
      losses[t - 3] = read;
    }
    return losses;
  };
  for (int bits = 0; bits < 16; ++bits) {
    CAPTURE(bits);
    intervention_set active;
    for (std::size_t i = 0; i < 4; ++i)
      if ((bits >> i & 1) != 0) active.insert(i);
    // Sums of few binary digits are exact in float.
    CHECK((subject.losses(active, 0) - by_hand(active[0], active[1], active[2], active[3])).isZero());
  }
}

TEST_CASE("diagnosis::map_subject: the cell contracts along its inputs and expands in the closed loop", "[oracle]") {
  const faults::four_sums map{};
  const faults::copying_loop run{.growth = 1.05, .weight = 100.0, .seed = 3};
  const diagnosis::map_subject subject(map, run);
  CHECK(subject.losses(intervention_set::only(0), 0).cwiseAbs().maxCoeff() < 1e-25);
  constexpr int texts = 400;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(faults::positions);
  for (int text = 0; text < texts; ++text) sum += subject.losses(intervention_set::none(), text);
  // |error|² of four components has the standard deviation of its mean over √2.
  for (const std::int64_t t : {0, 7, 31, 63})
    CHECK(std::abs(sum[t] / texts / run.expected(t) - 1.0) < 4.0 * std::sqrt(0.5 / texts));
}

TEST_CASE("diagnosis::map_subject: a sum that keeps everything is too full; its context cut, it is not", "[oracle]") {
  // The loss is the square of what the sum holds beyond the last two inputs: compression by too much content.
  struct full {
    Eigen::VectorXd start(std::int64_t) const { return Eigen::VectorXd::Zero(1); }
    Eigen::MatrixXd inputs(std::int64_t) const { return Eigen::MatrixXd::Constant(1, 32, 0.1); }
    std::int64_t context() const { return 2; }
    double loss(std::int64_t t, vector_view<double> h, std::int64_t) const {
      const double beyond = h[0] - 0.1 * static_cast<double>(std::min<std::int64_t>(t + 1, 2));
      return beyond * beyond;
    }
  };
  const faults::forgetting_sum map{.gate = 1.0};
  const full run;
  const auto r = diagnosis::diagnose(diagnosis::map_subject(map, run), {.texts = 8});
  CHECK(r.finding == diagnosis::finding::at_work);
  CHECK(r.verdict(mechanism::state_compression) == diagnosis::mechanism_verdict::at_work);
  CHECK(std::abs(r.effects[0].share.value - 1.0) < 1e-12);
}

TEST_CASE("diagnosis::map_subject: bad sizes are refused", "[failure]") {
  const float_sum map;
  const auto message = [&](const all_pieces& run) {
    return message_of<argument_error>([&] { (void)diagnosis::map_subject(map, run).losses(intervention_set::none(), 0); });
  };
  CHECK_THAT(message({.rows = 3}), Contains("the start has 3 rows, expected 2 (the map's dimension)"));
  CHECK_THAT(message({.prompt_length = 8}), Contains("the prompt has 8 inputs, expected 0 to 7"));
  CHECK_THAT(message({.prompt_length = -1}), Contains("the prompt has -1 inputs"));
  CHECK_THAT(message({.kept = 0}), Contains("the context is cut to 0 inputs"));
  const faults::forgetting_sum narrow;
  const faults::copying_loop wide;
  CHECK_THAT(message_of<argument_error>([&] { (void)diagnosis::map_subject(narrow, wide).losses(intervention_set::none(), 0); }),
             Contains("the start has 4 rows, expected 1"));
}
