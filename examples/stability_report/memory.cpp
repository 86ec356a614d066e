// SPDX-License-Identifier: MIT
// What a state of fixed size keeps of the past: how far back it depends on its inputs, what a readout finds in it, and whether it
// grows.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <libration/core/error.hpp>
#include <libration/memory/reach.hpp>
#include <libration/memory/recall.hpp>
#include <libration/memory/state_estimator.hpp>
#include <libration/report/format_memory.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/json_memory.hpp>
#include <libration/report/progress_bar.hpp>

#include "pieces.hpp"
#include "section.hpp"

namespace stability {

namespace {

namespace memory = libration::memory;

// A readout takes the covariance of the whole state, and n³ operations.
constexpr Eigen::Index largest_read_out = 2048;
// The directions that a state has are counted by the eigenvalues of its layers' covariances.
constexpr Eigen::Index largest_layer = 1024;

std::int64_t lags_of(const question& q, std::int64_t number) {
  return std::clamp<std::int64_t>((q.length() - q.transient) / 8, 1, q.scaled(number, 10));
}
std::int64_t reach_lags(const question& q) { return lags_of(q, 300); }
std::int64_t recalled_tokens(const question& q) { return std::min(q.length(), q.scaled(20'000, 2000)); }
std::int64_t recall_samples(const question& q) { return std::min(q.length(), q.scaled(4000, 1500)); }

void print_reach(const question& q, answer& so_far) {
  const state_capability& state = *q.model.state;
  const std::int64_t lags = reach_lags(q), window = lags + 1;
  memory::reach_options options{.lags = lags, .probes = 4, .seed = q.options.seed};
  options.transient = q.transient;
  options.steps = std::min<std::int64_t>(q.length() - q.transient, 16 * window);
  options.by = memory::transport::adjoint;
  options.recompute = state.network.state_size() > largest_read_out;  // a workspace a lag is many times the state
  memory::reach_result r;
  try {
    report::progress_bar bar("derivatives back in time");
    options.on_progress = [&](const libration::progress& p) { bar(p); };
    r = memory::reach(state.network, Eigen::VectorXd::Zero(state.network.state_size()), text_inputs(q), options);
  } catch (const libration::argument_error& e) {  // more memory than there is
    fmt::print("  How far back it depends on its inputs is not measured: {}\n", e.what());
    return;
  }
  fmt::print(
      "  How far back it depends on its inputs: the norm of the derivative of the state in the input k {}s ago, along the\n"
      "  text (a lag is a {}; layers: through which of them the past reaches it):\n  {}\n",
      q.unit, q.unit, report::text(r));
  so_far.whole = so_far.whole && r.status == libration::status::ok;
  so_far.json["memory"]["reach"] = report::to_json(r);
  if (q.options.no_pictures || r.gain.size() == 0) return;
  const auto file = std::filesystem::path(q.options.out) / "reach.png";
  draw(so_far,
       report::bands_script(
           {{"mean over windows of the text", Eigen::VectorXd::LinSpaced(r.gain.size(), 0.0, static_cast<double>(lags)), r.gain,
             r.lower, r.upper}},
           file, "How far back the state depends on its inputs, with 95 % intervals",
           {q.unit + "s ago", "norm of the derivative", false, true}),
       file);
}

void print_recall(const question& q, answer& so_far) {
  const text_model& model = q.model.text.model;
  if (model.state_size() > largest_read_out) {
    fmt::print("  What a linear readout finds in it is not measured: the state has {} numbers, and a readout takes at most {}.\n",
               model.state_size(), largest_read_out);
    return;
  }
  memory::recall_result r;
  try {
    r = memory::recall(model, std::span(q.tokens).first(static_cast<std::size_t>(recalled_tokens(q))),
                       {.lags = lags_of(q, 40),
                        .samples = recall_samples(q),
                        .starts = q.scaled(64, 8),
                        .seed = q.options.seed,
                        .threads = 0});
  } catch (const libration::argument_error& e) {  // a short text, or one token again and again
    fmt::print("  What a linear readout finds in it is not measured: {}\n", e.what());
    return;
  }
  fmt::print(
      "  What a linear readout, judged on states that it was not fitted to, finds of the {} k {}s ago: a lower bound of what\n"
      "  the state holds. Beside it what the model loses where its context is cut to the last k (tokens are {}s here). On the\n"
      "  first {} of the text:\n  {}\n",
      q.unit, q.unit, q.unit, recalled_tokens(q), report::text(r));
  so_far.whole = so_far.whole && r.status == libration::status::ok;
  so_far.json["memory"]["recall"] = report::to_json(r);
  so_far.json["memory"]["recall"]["tokens"] = recalled_tokens(q);
  if (q.options.no_pictures || r.bits.size() == 0) return;
  const auto file = std::filesystem::path(q.options.out) / "recall.png";
  const Eigen::VectorXd half = 1.96 * r.standard_error;
  const Eigen::VectorXd lag = Eigen::VectorXd::LinSpaced(r.bits.size(), 0.0, static_cast<double>(r.bits.size() - 1));
  draw(so_far,
       report::bands_script({{"linear readout, held out", lag, r.bits, r.bits - half, r.bits + half}}, file,
                            "What the state tells of past " + q.unit + "s, at least, with 95 % intervals",
                            {q.unit + "s ago", "bits", false, false}),
       file);
}

void print_states(const question& q, answer& so_far) {
  const state_capability& state = *q.model.state;
  memory::state_options options;
  options.steps = std::min(q.length(), q.scaled(10'000, 200));
  Eigen::Index widest = 0;
  const auto begins = state.network.layers();
  for (std::size_t l = 0; l < begins.size(); ++l)
    widest = std::max(widest, (l + 1 < begins.size() ? begins[l + 1] : state.network.state_size()) - begins[l]);
  options.dimensions = widest <= largest_layer;
  memory::state_result r;
  {
    report::progress_bar bar("states along the text");
    options.on_progress = [&](const libration::progress& p) { bar(p); };
    r = memory::state_statistics(state.network, Eigen::VectorXd::Zero(state.network.state_size()), text_inputs(q), options);
  }
  fmt::print("  Whether it grows, layer by layer, from the text's beginning:\n  {}\n", report::text(r));
  so_far.whole = so_far.whole && r.status == libration::status::ok;
  so_far.json["memory"]["states"] = report::to_json(r);
}

void print_memory(const question& q, answer& so_far) {
  fmt::print("\nWhat the state keeps of the past\n");
  print_reach(q, so_far);
  print_recall(q, so_far);
  print_states(q, so_far);
}

}  // namespace

section memory_section() {
  return {.name = "memory",
          .needs = fixed_state,
          .options = {"--effort", "--seed"},
          .run = print_memory};
}

}  // namespace stability
