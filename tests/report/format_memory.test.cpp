// SPDX-License-Identifier: MIT
#include <libration/report/format_memory.hpp>

#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include "support/catch.hpp"

namespace memory = libration::memory;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::status;
using namespace libration_test;

namespace {

bool has(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text << "\nhas no " << part);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("report::text: capacities and Fisher memory", "[edge]") {
  const auto capacity = memory::linear_capacity(MatrixXd::Constant(1, 1, 0.9), VectorXd::Ones(1),
                                                {.lags = 20, .power = 100.0, .noise = 1.0});
  const std::string text = fmt::format("{}", capacity);
  CHECK(has(text, "memory capacity of a linear recurrence: 0.990099 in all, of 1 dimensions that inputs reach"));
  CHECK(has(text, "       0  0.1881\n"));
  CHECK(has(text, "all inputs together: 3.32911 bits"));
  CHECK(has(text, "status ok"));
  CHECK(has(fmt::format("{}", memory::fisher_curve(MatrixXd::Constant(1, 1, 0.5), VectorXd::Ones(1))),
            "Fisher memory of a linear recurrence: 1 in all"));
  CHECK(has(fmt::format("{}", memory::linear_capacity_result{}), "memory capacity: "));
  CHECK(has(fmt::format("{}", memory::fisher_curve_result{}), "Fisher memory: "));

  memory::capacity_result measured;
  CHECK(has(fmt::format("{}", measured), "memory capacity: unknown"));
  measured.status = status::ok;
  measured.capacity = VectorXd::LinSpaced(3, 0.9, 0.1);
  measured.standard_error = VectorXd::Constant(3, 0.01);
  measured.total = 1.5;
  measured.total_standard_error = 0.02;
  measured.floor = -0.001;
  measured.floor_deviation = 0.002;
  measured.training_floor = 0.05;
  measured.training_steps = 200;
  measured.held_out_steps = 180;
  const std::string of_measured = fmt::format("{}", measured);
  CHECK(has(of_measured, "200 training and 180 held-out steps: 1.500 ± 0.020 over 3 lags"));
  CHECK(has(of_measured, "permuted signals: -0.001 ± 0.002 held out, 0.05 on the training steps"));
}

TEST_CASE("report::text: recall, states and tasks", "[edge]") {
  memory::recall_result recall;
  CHECK(has(fmt::format("{}", recall), "recall: unknown"));
  recall.status = status::ok;
  recall.bits = VectorXd::LinSpaced(4, 3.0, 0.0);
  recall.standard_error = VectorXd::Constant(4, 0.1);
  recall.total = 6.0;
  recall.total_standard_error = 0.2;
  recall.state_bits = 4096.0;
  recall.loss = 1.9;
  recall.starts = 8;
  recall.cut_excess = VectorXd::LinSpaced(4, 2.0, 0.0);
  recall.cut_excess_error = VectorXd::Constant(4, 0.25);
  const std::string of_recall = fmt::format("{}", recall);
  CHECK(has(of_recall, "a lower bound"));
  CHECK(has(of_recall, "6.00 ± 0.20 bits over 4 lags, of 4096 that the state's format could hold"));
  CHECK(has(of_recall, "the model's own loss: 1.9 bits a token"));
  CHECK(has(of_recall, "2.00 ± 0.25"));

  memory::state_result states;
  CHECK(has(fmt::format("{}", states), "states: unknown"));
  memory::layer_statistics layer;
  layer.first = 256;
  layer.size = 256;
  layer.growth = memory::state_growth::growing;
  layer.fastest = 479;
  layer.fastest_slope = 0.2588;
  layer.leaves_for_good_at = 102;
  layer.outside = 0.985;
  states.layers = {layer};
  states.steps = 9000;
  states.status = status::ok;
  const std::string of_states = fmt::format("{}", states);
  CHECK(has(of_states, "  256-511 "));
  CHECK(has(of_states, "the state of layer 0 grows throughout the run: row 479 by 0.259 a step"));
  CHECK(has(of_states,
            "the norm of layer 0 exceeds all within the training length from step 102 to the end, and at 98.5 % of the steps "
            "beyond that length"));

  memory::task_result task;
  CHECK(has(fmt::format("{}", task), "accuracy of a task: "));
  task.status = status::ok;
  task.lengths = {4, 8};
  task.accuracy = (VectorXd(2) << 1.0, 0.25).finished();
  task.lower = (VectorXd(2) << 0.96, 0.17).finished();
  task.upper = (VectorXd(2) << 1.0, 0.34).finished();
  task.whole = (VectorXd(2) << 1.0, 0.0).finished();
  task.bits = (VectorXd(2) << 12.0, 24.0).finished();
  task.bound = VectorXd::Ones(2);
  task.chance = 0.125;
  task.cases = 100;
  const std::string of_task = fmt::format("{}", task);
  CHECK(has(of_task, "100 cases a length, 0.125 by chance"));
  CHECK(has(of_task, "0.25 (0.17 to 0.34)"));
  CHECK(has(of_task, "half of it is lost at length 6.333"));
  CHECK(has(of_task, "  status ok"));
  task.accuracy[1] = task.lower[1] = task.upper[1] = task.whole[1] = std::numeric_limits<double>::quiet_NaN();
  task.status = status::diverged;
  const std::string without = fmt::format("{}", task);
  CHECK(has(without, "  status diverged"));
  CHECK_FALSE(has(without, "half of it"));
}

TEST_CASE("report::text: a reach, its lags and its layers", "[oracle]") {
  const auto text_of = [](const memory::reach_result& result) { return fmt::format("{}", result); };
  memory::reach_result r;
  CHECK(text_of(r) == "reach: nothing was computed");
  r.status = status::ok;
  r.by = memory::transport::adjoint;
  r.columns = 1;
  r.steps = 44;
  r.fraction = 0.5;
  r.gain.resize(11);
  for (Eigen::Index k = 0; k < 11; ++k) r.gain[k] = 1.0 / static_cast<double>(1 + k);
  r.lower = 0.9 * r.gain;
  r.upper = 1.1 * r.gain;
  r.windows = r.gain.replicate(1, 4);
  r.fraction_lag = {1.0, 0.8, 1.25};
  r.mean_lag = {2.643, 2.5, 2.8};
  r.layer_lag = Eigen::Vector2d(3.5, std::numeric_limits<double>::infinity());
  r.through_layers.setOnes(2, 11);
  const std::string said = fmt::format("{}", r);
  CHECK_THAT(said, Contains("reach over 10 lags: 4 windows in 44 steps, by adjoints, columns carried: 1\n"));
  CHECK_THAT(said, Contains("          0  1 (0.9 to 1.1)\n"));
  CHECK_THAT(said, Contains("  below 0.5 of its largest from lag 1 (0.8 to 1.25) on; mean lag 2.643 (2.5 to 2.8)\n"));
  CHECK_THAT(said, Contains("  through layer 0: 3.5\n  through layer 1: beyond 10\n"));
  CHECK_THAT(said, Contains("  status ok"));

  // Its own interval may end beyond what was looked at; a run without a window says how it ended alone.
  r.fraction_lag.upper = std::numeric_limits<double>::infinity();
  CHECK_THAT(text_of(r), Contains("from lag 1 (0.8 to beyond 10) on"));
  memory::reach_result stopped;
  stopped.status = status::cancelled;
  CHECK_THAT(text_of(stopped), Contains("reach over 0 lags: 0 windows in 0 steps"));
  CHECK_THAT(text_of(stopped), Contains("  status cancelled"));
}
