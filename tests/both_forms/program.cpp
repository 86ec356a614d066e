// SPDX-License-Identifier: MIT
// Calls of every module whose definitions libration::compiled holds, printed to the last digit.
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <libration/libration.hpp>
#include <libration/report/report.hpp>

namespace {

void print(const std::string& name, const nlohmann::json& result) { fmt::print("{}: {}\n", name, result.dump()); }

}  // namespace

int main() {
  using namespace libration;  // NOLINT

  const auto spectrum = lyapunov::spectrum(maps::henon{}, {0.1, 0.1}, {.steps = 20'000});
  print("spectrum", report::to_json(spectrum));
  fmt::print("{}\n", spectrum);

  const auto flow = maps::rk4(maps::lorenz63{}, 0.01);
  Eigen::MatrixXd starts(3, 24);
  random_stream(1).fill_normal(starts);
  starts.row(2).array() += 25.0;
  const auto growth = error::growth_ensemble(flow, starts, {.size = 1e-9, .steps = 2000, .every = 20, .transient = 1000});
  print("growth", report::to_json(growth.curve));
  fmt::print("{}\n", growth.curve);
  print("law", report::to_json(error::fit_growth_law(growth.curve, {.largest = 1e-3})));
  fmt::print("{}\n", error::horizon(growth.curve, {.threshold = 0.4}));

  Eigen::MatrixXd points(8, 96);
  random_stream(2).fill_normal(points);
  const auto rows = attention::entropy(points, points, {.causal = true});
  print("entropy", report::to_json(rows, true));
  print("dilution", report::to_json(attention::dilution(rows.entropy)));

  const std::vector<stats::survival_time> times = {{3}, {5}, {8}, {13, true}, {21}};
  print("survival", report::to_json(stats::kaplan_meier(times)));
  fmt::print("{} {}\n", stats::student_t_quantile(0.975, 7.5), stats::fit_hazard(times).weibull.shape);

  const auto file = io::safetensors::open(LIBRATION_SOURCE_DIR "/examples/models/austen_gru.safetensors");
  const auto model = std::get<models::character_model<models::gru<float>>>(models::load_character_model<float>(file, {}));
  const auto tokens = model.characters().encode("It is a truth universally acknowledged, that a single man");
  fmt::print("{}\n", model.cross_entropy(tokens));
}
