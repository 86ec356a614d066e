// SPDX-License-Identifier: MIT
// The copy of a copy: a map whose state is kept in few bits. How far its run stays with the exact one, and what is to be expected.

#include <cmath>

#include <Eigen/Core>
#include <fmt/format.h>

#include <libration/error/error.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/report/format_error.hpp>

namespace error = libration::error;
namespace maps = libration::maps;

namespace {

struct kept {
  const char* name;
  maps::number_format format;
};

// Until the run of a rounded state is 0.4 of the attractor's size away: measured, and predicted from the size of the rounding.
//
// h: a state of typical size, shape (n)
template <class Map, class Start>
void compare(const char* name, const Map& map, const Start& start, const Eigen::VectorXd& h) {
  const auto spectrum = libration::lyapunov::spectrum(map, start, {.count = 1, .steps = 20'000});
  fmt::print("{}, leading exponent {:.3f} a step\n", name, spectrum.exponents[0]);
  for (const kept& k :
       {kept{"float32", maps::number_format::float32()}, kept{"float16", maps::number_format::float16()},
        kept{"bfloat16", maps::number_format::bfloat16()}, kept{"12 bits", maps::number_format::uniform(12, -8.0, 8.0)}}) {
    const auto curve = error::growth_between(map, maps::quantize(map, k.format), start, {.steps = 200, .windows = 200});
    const auto horizon = error::horizon(curve, {.threshold = 0.4});
    const double noise = k.format.error_deviation(h).norm() / curve.normaliser;  // made anew in every step
    fmt::print("  {:<9} {:<24} steps; expected {:.0f}\n", k.name, libration::report::text(horizon.median),
               error::predicted_noise_horizon(0.4, noise, spectrum.exponents[0]));
  }
}

}  // namespace

int main() {
  const libration::state<double, 2> point{0.63, 0.19};  // on the attractor
  compare("Hénon's map", maps::henon{}, point, point.vector());
  const maps::tanh_network<double> network(100, 3.0);
  compare("a random network of 100 units", network, network.start(), network.start());

  // A forgetful map does not part from its rounded self: the errors of all steps settle at s/sqrt(1 - a^2).
  Eigen::Matrix<double, 1, 1> decay;
  decay << 0.9;
  fmt::print("a map that forgets (0.9 a step): expected {}\n",
             std::isinf(error::predicted_noise_horizon(0.4, 0.01, std::log(0.9))) ? "never" : "at some time");
}
