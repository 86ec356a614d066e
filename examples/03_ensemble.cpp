// SPDX-License-Identifier: MIT
// An ensemble over parameters: the orbit diagram of the logistic map with its exponents below, as a picture.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <libration/lyapunov/ensemble.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/report/format.hpp>
#include <libration/rollout/run.hpp>

#include "gnuplot.hpp"

namespace maps = libration::maps;

// The map for the value r: a double, or as many doubles as the processor's registers take.
const auto make = [](auto r) { return maps::basic_logistic<decltype(r)>{r}; };

int main() {
  // A few values, with what is known in closed form. Results come in the order of the values.
  const std::vector<double> few = {2.9, 3.2, 3.83, 3.9, 4.0};
  const char* const known[] = {"ln|2 - r| = -0.1054", "ln|4 + 2r - r^2| / 2 = -0.9163", "none; inside the window of period 3",
                               "none", "ln 2 = 0.6931"};
  const auto spectra = libration::lyapunov::spectrum_sweep(make, few, {0.3}, {.steps = 400'000});
  fmt::print("   r    exponent           verdict   closed form\n");
  for (std::size_t i = 0; i < few.size(); ++i)
    fmt::print("  {:.2f}  {:>7.4f} ± {:.0e}   {:<8}  {}\n", few[i], spectra[i].exponents[0], spectra[i].standard_error[0],
               spectra[i].verdict, known[i]);

  // Many values, with less patience for each.
  std::vector<double> values;
  for (int i = 0; i <= 1200; ++i) values.push_back(2.8 + 0.001 * i);
  const auto sweep = libration::lyapunov::spectrum_sweep(make, values, {0.3}, {.steps = 4000});
  int chaotic = 0;
  for (const auto& r : sweep) chaotic += r.verdict == libration::verdict::chaotic;
  fmt::print("chaotic: {:.1f} % of the {} values of r from {} to {}\n", 100.0 * chaotic / static_cast<double>(sweep.size()),
             sweep.size(), values.front(), values.back());

  // Where the orbit goes: 60 points of it, after 500 steps, for every value.
  std::string orbit, exponents;
  for (std::size_t i = 0; i < values.size(); ++i) {
    (void)libration::rollout::run(make(values[i]), {0.3}, {.steps = 60, .transient = 500}, [&](std::int64_t, const auto& h) {
      orbit += fmt::format("{} {:.5f}\n", values[i], h[0]);
    });
    exponents += fmt::format("{} {:.6f}\n", values[i], sweep[i].exponents[0]);
  }
  const std::filesystem::path picture = "build/report/orbit_diagram.png";
  std::filesystem::create_directories(picture.parent_path());
  const bool drawn = examples::draw(
      fmt::format("set terminal pngcairo size 900,700 font 'sans,11'\nset output '{}'\n", picture.string()) +
      "set multiplot layout 2,1 margins 0.1,0.97,0.09,0.93 spacing 0.03\nset xrange [2.8:4]\nset border lc rgb '#666666'\n"
      "set title 'The logistic map: orbit and Lyapunov exponent'\nset format x ''\nset ylabel 'x'\n"
      "plot '-' with dots lc rgb '#1f5fa8' notitle\n" +
      orbit +
      "e\nunset title\nset format x '%g'\nset xlabel 'r'\n"
      "set ylabel 'nats per step'\nset yrange [-2:0.8]\nset ytics 0.5\n"
      "plot 0 lc rgb '#888888' dt 2 notitle, '-' with lines lc rgb '#b03030' notitle\n" +
      exponents + "e\n");
  fmt::print(stderr, "{}\n", drawn ? "picture: " + picture.string() : "no picture: gnuplot is not installed or failed");
}
