// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Models that suffer from exactly one mechanism, or from none, with the losses that are to be expected of them.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/diagnosis/attention_subject.hpp>
#include <libration/diagnosis/joint_subject.hpp>
#include <libration/diagnosis/map_subject.hpp>
#include <libration/scalar/state.hpp>

namespace libration_test::faults {

using libration::matrix_view, libration::vector_span, libration::vector_view;

inline constexpr std::int64_t positions = 64;

/// h' = 0.4 h + x in four components: contracting, an error is multiplied by 0.4 a step.
struct four_sums {
  static constexpr int dimension = 4, input_dimension = 4;
  template <class T>
  libration::state<T, 4> operator()(const libration::state<T, 4>& h, const libration::state<T, 4>& x) const {
    libration::state<T, 4> next;
    for (int i = 0; i < 4; ++i) next[i] = 0.4 * h[i] + x[i];
    return next;
  }
};

/// Free-running: the error of the state is multiplied by `growth` a step, and 0.001 times a normal number is added in each. The
/// loss is `weight` |error|².
struct copying_loop {
  double growth = 1.05, weight = 1.0;
  std::uint64_t seed = 1;

  Eigen::VectorXd start(std::int64_t) const { return Eigen::VectorXd::Zero(4); }
  /// The undisturbed run's states are independent normal numbers.
  Eigen::Vector4d state(std::int64_t step, std::int64_t text) const {
    const libration::random_stream numbers(seed, 2 * static_cast<std::uint64_t>(text));
    Eigen::Vector4d h = Eigen::Vector4d::Zero();
    if (step > 0) numbers.fill_normal(h, static_cast<std::uint64_t>(4 * step));
    return h;
  }
  Eigen::MatrixXd inputs(std::int64_t text) const {
    Eigen::MatrixXd X(4, positions);
    for (std::int64_t t = 0; t < positions; ++t) X.col(t) = state(t + 1, text) - 0.4 * state(t, text);
    return X;
  }
  std::int64_t prompt() const { return 0; }
  void feedback(std::int64_t t, vector_view<double> h, std::int64_t text, vector_span<double> x) const {
    const libration::random_stream errors(seed, 2 * static_cast<std::uint64_t>(text) + 1);
    const Eigen::Vector4d now = state(t, text);
    x = state(t + 1, text) - 0.4 * now + (growth - 0.4) * (h - now);
    for (Eigen::Index i = 0; i < 4; ++i) x[i] += 0.001 * errors.normal(static_cast<std::uint64_t>(4 * t + i));
  }
  double loss(std::int64_t t, vector_view<double> h, std::int64_t text) const {
    return weight * (h - state(t + 1, text)).squaredNorm();
  }
  /// \return the loss that is to be expected at a position
  double expected(std::int64_t t) const {
    double variance = 0.0;
    for (std::int64_t s = 0; s <= t; ++s) variance = growth * growth * variance + 1e-6;
    return 4.0 * weight * variance;
  }
};

/// A head for whose queries one key is ahead of all others by `gap`; the loss is the surprise at it.
struct one_key_ahead {
  double gap = 4.5;
  bool window = false;  ///< only the last 16 keys are seen

  std::int64_t positions() const { return faults::positions; }
  static double keys(std::int64_t t) { return static_cast<double>(2 * (t + 1)); }
  Eigen::VectorXd logits(std::int64_t t, std::int64_t) const {
    const auto n = static_cast<Eigen::Index>(keys(t));
    Eigen::VectorXd z = Eigen::VectorXd::Zero(window ? std::min<Eigen::Index>(n, 16) : n);
    z[0] = gap;
    return z;
  }
  double loss(std::int64_t, vector_view<double> weights, std::int64_t) const { return -std::log(weights[0]); }
  double expected(std::int64_t t) const {
    return std::log1p(((window ? std::min(keys(t), 16.0) : keys(t)) - 1.0) * std::exp(-gap));
  }
  /// \return the loss where 16 keys are left, the one that is ahead among them
  double dropped(std::int64_t t) const { return std::log1p((std::min(keys(t), 16.0) - 1.0) * std::exp(-gap)); }
  /// \return the loss where logits are multiplied by ln n/ln 16 from 16 keys on
  double sharpened(std::int64_t t) const {
    const double n = window ? std::min(keys(t), 16.0) : keys(t);
    return n < 16.0 ? expected(t) : std::log1p((n - 1.0) * std::exp(-gap * std::log(n) / std::log(16.0)));
  }
};

/// h' = 0.5 h + x, with a clock that goes on by 1/8 a step: training has seen it up to 1.
struct clocked_sum {
  static constexpr int dimension = 2, input_dimension = 1;
  double period = 0.0;  ///< where the clock starts anew; 0: never

  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h, const libration::state<T, 1>& x) const {
    using libration::select;
    const T clock = h[1] + 0.125;
    return {0.5 * h[0] + x[0], period > 0.0 ? T(select(clock > T(period), T(clock - period), clock)) : clock};
  }
};

/// The output is wrong by as much as the clock exceeds 1; the loss is `weight` times the square of that.
struct clock_reader {
  double weight = 1.0;

  Eigen::VectorXd start(std::int64_t) const { return Eigen::VectorXd::Zero(2); }
  Eigen::MatrixXd inputs(std::int64_t) const { return Eigen::MatrixXd::Zero(1, positions); }
  void retract(std::int64_t, std::int64_t, vector_span<double> h) const { h[1] = std::min(h[1], 1.0); }
  double loss(std::int64_t, vector_view<double> h, std::int64_t) const {
    const double beyond = std::max(0.0, h[1] - 1.0);
    return weight * beyond * beyond;
  }
  double expected(std::int64_t t) const {
    const double beyond = std::max(0.0, 0.125 * static_cast<double>(t + 1) - 1.0);
    return weight * beyond * beyond;
  }
};

/// h' = gate h + x: the first input, +1 or -1, is to be told at every later position, among inputs that are 0.
struct forgetting_sum {
  static constexpr int dimension = 1, input_dimension = 1;
  double gate = 0.95;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {gate * h[0] + x[0]};
  }
};

/// A readout of fixed strength: the loss is ln(1 + e^(-2 strength h s)).
struct first_sign {
  double strength = 1.5, weight = 1.0;

  double sign(std::int64_t text) const { return text % 2 == 0 ? 1.0 : -1.0; }
  Eigen::VectorXd start(std::int64_t) const { return Eigen::VectorXd::Zero(1); }
  Eigen::MatrixXd inputs(std::int64_t text) const {
    Eigen::MatrixXd X = Eigen::MatrixXd::Zero(1, positions);
    X(0, 0) = sign(text);
    return X;
  }
  void recall(std::int64_t, matrix_view<double> used, std::int64_t, vector_span<double> h) const { h[0] = used.sum(); }
  double loss(std::int64_t, vector_view<double> h, std::int64_t text) const {
    return weight * std::log1p(std::exp(-2.0 * strength * h[0] * sign(text)));
  }
  double expected(std::int64_t t, double gate) const {
    return weight * std::log1p(std::exp(-2.0 * strength * std::pow(gate, static_cast<double>(t))));
  }
};

/// A subject, its losses on the first texts computed once, under every set of its interventions.
class remembered {
 public:
  template <class Subject>
  remembered(const Subject& s, std::int64_t texts) : interventions_(s.interventions()) {
    for (std::size_t bits = 0; bits < std::size_t{1} << interventions_.size(); ++bits) {
      libration::diagnosis::intervention_set active;
      for (std::size_t i = 0; i < interventions_.size(); ++i)
        if ((bits >> i & 1U) != 0) active.insert(i);
      curves_.emplace_back();
      for (std::int64_t text = 0; text < texts; ++text) curves_.back().push_back(s.losses(active, text));
    }
  }
  std::vector<libration::diagnosis::intervention> interventions() const { return interventions_; }
  Eigen::VectorXd losses(const libration::diagnosis::intervention_set& active, std::int64_t text) const {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < interventions_.size(); ++i) bits += active[i] ? std::size_t{1} << i : 0;
    return curves_[bits].at(static_cast<std::size_t>(text));
  }

 private:
  std::vector<libration::diagnosis::intervention> interventions_;
  std::vector<std::vector<Eigen::VectorXd>> curves_;
};

/// What is at fault in a model that has all four parts: each adds its loss, and has its intervention.
struct fault_set {
  bool accumulated_error = false, attention_dilution = false, drift = false, state_compression = false;
  bool uniform = false;  ///< the attention at fault has no key ahead at all
};

/// A model with interventions on all mechanisms, in the order of `diagnosis::all_mechanisms`, two of them on the second one; in
/// every run noise of its own is in each loss.
class panel {
  using pair = libration::diagnosis::joint_subject<remembered, remembered>;

 public:
  /// \param texts  that it has
  explicit panel(const fault_set& at_fault, std::uint64_t seed = 1, std::int64_t texts = 32, double noise = 0.07)
      : loop_run{at_fault.accumulated_error ? 1.05 : 0.7, 100.0, seed},
        head_read{!at_fault.attention_dilution ? 8.0
                  : at_fault.uniform           ? 0.0
                                               : 4.5,
                  !at_fault.attention_dilution},
        clock{at_fault.drift ? 0.0 : 1.0},
        memory{at_fault.state_compression ? 0.95 : 1.0},
        loop_(libration::diagnosis::map_subject(four_sums{}, loop_run), texts),
        head_(libration::diagnosis::attention_subject(head_read, 16), texts),
        clock_(libration::diagnosis::map_subject(clock, clock_run), texts),
        memory_(libration::diagnosis::map_subject(memory, memory_run), texts),
        seed_(seed),
        noise_(noise) {}
  panel(const panel&) = delete;
  panel& operator=(const panel&) = delete;

  std::vector<libration::diagnosis::intervention> interventions() const { return parts_.interventions(); }
  Eigen::VectorXd losses(const libration::diagnosis::intervention_set& active, std::int64_t text) const {
    Eigen::VectorXd sum = parts_.losses(active, text);
    std::uint64_t run = 0;
    for (std::size_t i = 0; i < 5; ++i) run += active[i] ? std::uint64_t{1} << i : 0;
    const libration::random_stream numbers(seed_ ^ 0x6e6f697365, static_cast<std::uint64_t>(text) * 32 + run);
    for (Eigen::Index t = 0; t < sum.size(); ++t) sum[t] += noise_ * numbers.normal(static_cast<std::uint64_t>(t));
    return sum;
  }

  copying_loop loop_run;
  one_key_ahead head_read;
  clocked_sum clock;
  clock_reader clock_run{0.02};
  forgetting_sum memory;
  first_sign memory_run{};

 private:
  remembered loop_, head_, clock_, memory_;
  pair first_{loop_, head_}, second_{clock_, memory_};
  libration::diagnosis::joint_subject<pair, pair> parts_{first_, second_};
  std::uint64_t seed_;
  double noise_;
};

}  // namespace libration_test::faults
