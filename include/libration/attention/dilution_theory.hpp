// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What dilution is to be expected: weight and entropy of one key ahead of the others, scaled softmax, Gaussian and bounded logits.

#include <cmath>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

namespace detail {

inline void require_context(double n, std::string_view who) {
  require(n >= 1.0 && std::isfinite(n), who, [&] { return "n is " + number_text(n) + " keys, expected >= 1 and finite"; });
}

LIBRATION_DECLARED void require_finite(double value, std::string_view who, std::string_view name);

}  // namespace detail

/// The weight of one key whose logit is `gap` above that of all the others, among n: p = 1/(1 + (n - 1) e^-gap).
///
/// \param n    keys that are seen, the one ahead included, >= 1; need not be whole
/// \param gap  of the logits, after their scale; finite, negative where the key is behind
/// \return     in [0, 1]
/// \throws argument_error where one is out of range
/// Accuracy:  2 eps relative, at any gap and n: nothing overflows
/// Source:    softmax
LIBRATION_DECLARED double leading_key_weight(double n, double gap);

/// The number of keys at which the weight of a key ahead by `gap` has fallen to a half: n = 1 + e^gap. Derived here.
///
/// \return keys; infinity from a gap of 710 on, where it exceeds every double
/// \throws argument_error where the gap is not finite
LIBRATION_DECLARED double halving_context(double gap);

/// The attention entropy of one key ahead by `gap` among n: with z = (n - 1) e^-gap, H = ln(1 + z) + gap z/(1 + z).
///
/// \param n, gap  as in `leading_key_weight`
/// \return        nats, in [0, ln n]
/// \throws argument_error where one is out of range
/// Accuracy:  3 eps relative while the key leads (z <= 1), 2 eps (1 + H + |gap|) absolute beyond; the form for z > 1 is written in
///            1/z, so that nothing overflows. Gap 20, n = 4: 1.298527e-7
LIBRATION_DECLARED double leading_key_entropy(double n, double gap);

/// The slope dH/d ln n of that entropy: what `dilution` measures of a head with one key ahead, near a context of n.
///
/// 0 while the key holds the weight, 1 once it has lost it, and more in between, about 1/2 + gap/4 where its weight is a half.
///
/// \param n, gap  as in `leading_key_weight`
/// \throws argument_error where one is out of range
/// Source:  derived here: n e^-gap (1/(1 + z) + gap/(1 + z)^2)
LIBRATION_DECLARED double leading_key_slope(double n, double gap);

/// The weight of one key ahead by `gap` under scalable softmax, whose logits are multiplied by s ln n: 1/(1 + (n - 1) n^(-s gap)).
/// It rises towards 1 with n where s gap > 1, and dilutes where s gap < 1.
///
/// \param n    keys that are seen, >= 1
/// \param gap  of the logits before they are multiplied
/// \param s    the scale, finite
/// \throws argument_error where one is out of range
/// Accuracy:  2 eps (1 + |s gap| ln n), relative
LIBRATION_DECLARED double scalable_softmax_weight(double n, double gap, double s);

/// The scale γ of logits β = γ ln n below which attention among n tokens of pairwise similarity rho spreads over all of them, and
/// above which each keeps to itself: γ_c = 1/(1 - rho).
///
/// \param rho  -1 <= rho < 1
/// \throws argument_error where it is not
LIBRATION_DECLARED double critical_scaling(double rho);

/// The weight that a token keeps for itself among n of pairwise similarity rho, logits scaled by γ ln n:
/// 1/(1 + (n - 1) n^(-γ (1 - rho))). At `critical_scaling` it is n/(2n - 1), a half.
///
/// \param n      tokens, >= 1
/// \param gamma  finite
/// \param rho    -1 <= rho <= 1
/// \throws argument_error where one is out of range
/// Accuracy:  2 eps (1 + |γ| (1 - rho) ln n), relative
LIBRATION_DECLARED double self_weight(double n, double gamma, double rho);

/// \return the deviation of Gaussian logits among n keys up to which `gaussian_logits_entropy` holds: sqrt(2 ln n)
/// \throws argument_error where n < 1
LIBRATION_DECLARED double gaussian_logits_limit(double n);

/// The attention entropy of n independent Gaussian logits of standard deviation sigma: H ≈ ln n - sigma²/2, for many keys.
///
/// It holds below sigma = sqrt(2 ln n) (`gaussian_logits_limit`): from there on the few largest logits hold all the weight,
/// whatever n is, and the formula says nothing. Even well below it converges slowly as sigma nears the limit.
///
/// \param n      keys that are seen, >= 1
/// \param sigma  >= 0
/// \return       nats; NaN where sigma is not below the limit (n = 1: 0 for every sigma)
/// \throws argument_error where one is out of range
/// Accuracy:  exact for n to infinity. Among 4096 keys (limit 4.08) the mean entropy is higher by 0.0007 at sigma 1, 0.04 at 2, 0.6
///            at 3 and 1.4 at 3.5; a single row scatters by 0.02, 0.25, 0.7 and 0.9
/// Source:    derived here: ln Σ e^s -> ln n + sigma²/2, and Σ s e^s/Σ e^s -> sigma²
LIBRATION_DECLARED double gaussian_logits_entropy(double n, double sigma);

/// The least attention entropy that n logits can have whose vector, less its mean, has a Euclidean norm of at most sigma:
/// with β = exp(-sigma sqrt(n/(n - 1))), ln(1 + (n - 1) β) + sigma sqrt(n (n - 1)) β/(1 + (n - 1) β).
///
/// It is reached by one key ahead of all others, by a gap of sigma sqrt(n/(n - 1)). Norms that the weights bound (of queries and
/// keys) so bound the entropy from below: a head without room for a large norm cannot collapse.
///
/// \param n      keys that are seen, >= 1
/// \param sigma  >= 0, finite
/// \return       nats
/// \throws argument_error where one is out of range
/// Accuracy:  as `leading_key_entropy`
/// Source:    Zhai et al. 2023
LIBRATION_DECLARED double entropy_floor(double n, double sigma);

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/dilution_theory.hpp>
#endif
