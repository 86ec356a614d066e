// SPDX-License-Identifier: MIT
// Why do long runs get worse? A model with one known fault, and one with none: the diagnosis names it.

#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/diagnosis/diagnose.hpp>
#include <libration/diagnosis/map_subject.hpp>
#include <libration/report/format_diagnosis.hpp>
#include <libration/scalar/state.hpp>

using libration::random_stream, libration::vector_span, libration::vector_view;

constexpr int n = 4;
constexpr std::int64_t length = 128;

// A cell that forgets: whatever it reads, an error of its state shrinks to 0.4 of its size in a step.
struct cell {
  static constexpr int dimension = n, input_dimension = n;
  template <class T>
  libration::state<T, n> operator()(const libration::state<T, n>& h, const libration::state<T, n>& x) const {
    libration::state<T, n> next;
    for (int i = 0; i < n; ++i) next[i] = 0.4 * h[i] + x[i];
    return next;
  }
};

// The cell writes its own inputs. An error of its state comes back in what it writes, `growth` times as large after a step, and
// each prediction is off by a little beside that.
struct writer {
  double growth;

  // The undisturbed run's states are noise; text after text another one.
  Eigen::VectorXd right_state(std::int64_t step, std::int64_t text) const {
    Eigen::VectorXd h(n);
    random_stream(1, static_cast<std::uint64_t>(text)).fill_normal(h, static_cast<std::uint64_t>(n * step));
    return h;
  }
  Eigen::VectorXd start(std::int64_t text) const { return right_state(0, text); }
  Eigen::MatrixXd inputs(std::int64_t text) const {
    Eigen::MatrixXd X(n, length);
    for (std::int64_t t = 0; t < length; ++t) X.col(t) = right_state(t + 1, text) - 0.4 * right_state(t, text);
    return X;
  }
  void feedback(std::int64_t t, vector_view<double> h, std::int64_t text, vector_span<double> x) const {
    random_stream(2, static_cast<std::uint64_t>(text)).fill_normal(x, static_cast<std::uint64_t>(n * t));
    const Eigen::VectorXd now = right_state(t, text);
    x = right_state(t + 1, text) - 0.4 * now + (growth - 0.4) * (h - now) + 0.003 * x;
  }
  // States of training stay within 5.
  void retract(std::int64_t, std::int64_t, vector_span<double> h) const { h = h.cwiseMin(5.0).cwiseMax(-5.0); }
  // What the text before the last eight inputs did to the state.
  std::int64_t context() const { return 8; }
  // A Gaussian of standard deviation 0.1 about the state is asked for the right one, beside words of 2 nats or so.
  double loss(std::int64_t t, vector_view<double> h, std::int64_t text) const {
    const double words = 2.0 + 0.1 * random_stream(3, static_cast<std::uint64_t>(text)).normal(static_cast<std::uint64_t>(t));
    return words + 50.0 * (h - right_state(t + 1, text)).squaredNorm();
  }
};

int main() {
  const cell map;
  for (const double growth : {1.02, 0.9}) {
    const writer run{growth};
    const auto why = libration::diagnosis::diagnose(libration::diagnosis::map_subject(map, run), {.texts = 32});
    fmt::print("an error grows {} times a step in the closed loop: {}\n\n", growth, why);
  }
}
