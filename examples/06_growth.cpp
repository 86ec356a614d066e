// SPDX-License-Identifier: MIT
// How an error grows: the law it follows, its exponent, how that depends on the error's size, and how long a run can be trusted.

#include <Eigen/Core>
#include <fmt/format.h>

#include <libration/core/random.hpp>
#include <libration/error/error.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/report/format_error.hpp>

namespace error = libration::error;

int main() {
  const auto flow = libration::maps::rk4(libration::maps::lorenz63{}, 0.01);

  // 400 pairs of runs, each from its own start: a reference, and a neighbour 1e-9 away in the leading direction.
  Eigen::MatrixXd starts(3, 400);
  libration::random_stream(1).fill_normal(starts);
  starts.row(2).array() += 25.0;
  const auto curve = error::growth_ensemble(flow, starts,
                                            {.size = 1e-9,
                                             .direction = error::direction::leading,
                                             .steps = 4000,
                                             .every = 20,
                                             .transient = 3000,
                                             .alignment = 2000})
                         .curve;
  fmt::print("{}\n\n", curve);

  // While all errors are small, they follow an exponential law; its rate is the leading Lyapunov exponent.
  const auto law = error::fit_growth_law(curve, {.largest = 1e-3});
  const auto spectrum = libration::lyapunov::spectrum(flow, libration::maps::lorenz63::start(), {.count = 1, .steps = 300'000});
  fmt::print("{}\n  leading exponent {}\n\n", law,
             libration::report::with_error(spectrum.exponents[0], spectrum.standard_error[0]));

  // How fast an error of each size grows: as an infinitesimal one does, up to the size of the attractor.
  fmt::print("{}\n\n", error::finite_size_exponent(curve, {.ratio = 8.0, .smallest = 1e-8}));

  // When an error has become 0.4 of the attractor's size.
  fmt::print("{}\n", error::horizon(curve, {.threshold = 0.4, .exponent = spectrum.exponents[0]}));
}
