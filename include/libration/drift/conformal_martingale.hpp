// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Conformal martingales: bets against the exchangeability of scores, as a detector.

#include <array>
#include <cmath>
#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/drift/e_detector.hpp>
#include <libration/drift/monitor.hpp>
#include <libration/drift/score_bag.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// What is bet on a conformal p-value, which is uniform as long as scores are exchangeable.
enum class conformal_bet : std::uint8_t {
  power,    ///< ε p^{ε-1}: scores have become larger
  mixture,  ///< the mean of the products of these over ε in (0, 1)
  jumper    ///< 1 + e (p - 1/2), e = -1, 0, 1: scores have become larger, or smaller; between them capital jumps
};

/// (#{>} + U #{=})/n, the n-th score included.
///
/// \param u  in (0, 1]
inline double conformal_p(const score_bag::rank& rank, double u) noexcept {
  return (static_cast<double>(rank.above) + u * static_cast<double>(rank.equal)) / static_cast<double>(rank.all);
}

/// The capital of a gambler on p-values, from 1. As a martingale it is above 1/α ever with probability at most α.
///
/// Cost:    power: a logarithm; jumper: some 20 operations and a logarithm; mixture: of the order of √n operations for the n-th
///          p-value
/// Source:  V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random world", 2005 (power, mixture); V. Vovk, I. Petej et
///          al., "Retrain or not retrain: conformal test martingales for change-point detection", 2021 (jumper)
class betting_capital {
 public:
  /// \param exponent  ε of the power bet, in (0, 1)
  /// \param jump      J, in (0, 1]: the share of the jumper's capital that is spread evenly before each bet
  /// \throws argument_error  for other numbers
  LIBRATION_FUNC explicit betting_capital(conformal_bet bet, double exponent = 0.92, double jump = 0.01);

  /// \param p  in (0, 1]
  /// \return   the logarithm of what this bet multiplies the capital by
  LIBRATION_DECLARED double update(double p) noexcept;

  /// Logarithm of the capital.
  double log_capital() const noexcept { return log_capital_; }
  void reset() noexcept {
    shares_.fill(1.0 / 3.0);
    count_ = log_capital_ = surprise_ = 0.0;
  }

 private:
  conformal_bet bet_;
  double exponent_, jump_;
  std::array<double, 3> shares_{};  // of the jumper's capital, e = -1, 0, 1
  double count_ = 0.0, surprise_ = 0.0, log_capital_ = 0.0;
};

/// Options of `drift::conformal_detector`, declared in the order in which designated initialisers name them.
struct conformal_options {
  /// Of the capital, > 1.
  double threshold = 1000.0;
  conformal_bet bet = conformal_bet::power;
  /// How bets are put together; martingale: from 1 at the first score (or the last alarm), of which an alarm may never come.
  e_form form = e_form::cusum;
  double exponent = 0.92;  ///< ε of the power bet, in (0, 1)
  double jump = 0.01;      ///< J of the jumper, in (0, 1]
  /// Most scores that the bag holds, 1 to 1e8: later ones are not read (`reading::full`) until the detector is reset.
  std::int64_t capacity = 100'000;
  std::uint64_t seed = 0;  ///< of U, which breaks ties
};

/// Bets on the conformal p-values of scores in a growing bag; alarm where the capital >= threshold. The statistic is its logarithm.
///
/// As long as all scores since the last alarm are exchangeable, an alarm ever comes with probability at most 1/threshold
/// (martingale), and the average run length is at least the threshold (cusum, shiryaev_roberts). Scores that remember each other,
/// that trend with the position, or that look at later scores are not exchangeable: nothing of this holds of them. Calibrated on a
/// process the run length is the simulated one; where scores remember each other for long the jumper's capital grows without any
/// change, and a calibrated alarm comes at about the wanted time whether there is one or not.
///
/// After an alarm the bag is emptied.
///
/// \throws argument_error  for an option out of range
/// Cost:    `score_bag::insert`, a random number and a bet
/// Source:  V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random world", 2005; see `betting_capital`, `e_form`
class conformal_rule {
 public:
  using options_type = conformal_options;
  static constexpr bool alarms_at_threshold = true;

  explicit conformal_rule(const conformal_options& options = {})
      : options_(options),
        bag_(options.capacity),
        capital_(options.bet, options.exponent, options.jump),
        process_(options.form),
        random_(options.seed, stream) {
    const option_check check("drift::conformal_detector");
    check(options.threshold > 1.0 && std::isfinite(options.threshold), "threshold", options.threshold, "a number > 1");
  }

  double update(double z) noexcept {
    p_ = conformal_p(bag_.insert(z), random_.next_uniform());
    return process_.update(capital_.update(p_));
  }
  void reset() noexcept {
    restart(0.0);
    random_.seek(0);
  }
  void restart(double) noexcept {
    bag_.clear();
    capital_.reset();
    process_.reset();
  }
  bool full() const noexcept { return bag_.size() == bag_.capacity(); }
  /// Draws U from another stream of the seed.
  void use_stream(std::uint64_t number) noexcept { random_ = random_stream(options_.seed, stream + number); }
  double threshold() const noexcept { return std::log(options_.threshold); }
  /// \return  the p-value of the last score
  double p() const noexcept { return p_; }
  const conformal_options& options() const noexcept { return options_; }

 private:
  static constexpr std::uint64_t stream = 0x636f6e66'00000000;  // apart from what else is drawn from the user's seed

  conformal_options options_;
  score_bag bag_;
  betting_capital capital_;
  e_process process_;
  random_stream random_;
  double p_ = 1.0;
};

using conformal_detector = monitor<conformal_rule>;

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/conformal_martingale.hpp>
#endif
