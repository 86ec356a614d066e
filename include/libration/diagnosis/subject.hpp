// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What can be diagnosed: a type that gives its losses against position, as it is and under interventions.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/diagnosis/attribution.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// Which of a subject's interventions act in a run, by their numbers: at most 64.
class intervention_set {
 public:
  static constexpr std::size_t most = 64;

  /// \return the set in which nothing acts: the run as it is
  static constexpr intervention_set none() noexcept { return {}; }
  /// \return the set of intervention i alone
  static intervention_set only(std::size_t i) {
    intervention_set set;
    set.insert(i);
    return set;
  }
  /// \return the set of the first `count` interventions
  static intervention_set first(std::size_t count) {
    intervention_set set;
    for (std::size_t i = 0; i < count; ++i) set.insert(i);
    return set;
  }

  /// \throws argument_error for a number of `most` or more
  void insert(std::size_t i) {
    require(i < most, "diagnosis::intervention_set",
            [&] { return "intervention " + number_text(i) + ", expected 0 to " + number_text(most - 1); });
    bits_ |= std::uint64_t{1} << i;
  }
  /// \return whether intervention i acts
  constexpr bool operator[](std::size_t i) const noexcept { return i < most && (bits_ >> i & 1U) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  /// \return the set without the first `count` interventions, the next one being number 0: what a part of a subject is told
  constexpr intervention_set from(std::size_t count) const noexcept {
    intervention_set set;
    set.bits_ = count < most ? bits_ >> count : 0;
    return set;
  }
  friend constexpr bool operator==(const intervention_set&, const intervention_set&) = default;

 private:
  std::uint64_t bits_ = 0;
};

/// A model with its texts, as a diagnosis sees it.
///
///     std::vector<intervention> interventions() const;                            // that it can make, each with its mechanism
///     Eigen::VectorXd losses(intervention_set active, std::int64_t text) const;   // against position, nats a token
///     Eigen::VectorXd reference(std::int64_t text) const;                         // optional: of the natural text, likewise
///
/// What the compiler cannot see: `losses` is pure, and may be called from several threads at once; texts (from 0) are independent
/// of each other and alike; all runs have the same number of positions; position p of a text is judged on the same thing under
/// every set, so that runs can be paired; active[i] says whether intervention i of `interventions()` acts (there may be others
/// behind them, which mean nothing to it); chance is drawn from the text's number, the same under every set. An intervention takes
/// its mechanism away and changes nothing else.
template <class S>
concept subject = requires(const S& s, const intervention_set& active, std::int64_t text) {
  { s.interventions() } -> std::convertible_to<std::vector<intervention>>;
  { s.losses(active, text) } -> std::convertible_to<Eigen::VectorXd>;
};

/// A subject with the natural text's own losses.
template <class S>
concept has_reference = subject<S> && requires(const S& s, std::int64_t text) {
  { s.reference(text) } -> std::convertible_to<Eigen::VectorXd>;
};

/// Says in words what keeps S from being a subject; empty where nothing does.
template <class S>
consteval std::string_view explain_subject() {
  if constexpr (subject<S>)
    return "";
  else if constexpr (!requires(const S& s) { s.interventions(); })
    return "a subject needs `std::vector<diagnosis::intervention> interventions() const`: what it can take away, each with its "
           "mechanism";
  else if constexpr (!requires(const S& s) {
                       { s.interventions() } -> std::convertible_to<std::vector<intervention>>;
                     })
    return "`interventions` must return a std::vector<diagnosis::intervention>";
  else if constexpr (requires(const S& s, const intervention_set& active, std::int64_t text) { s.losses(active, text); })
    return "`losses` must return an Eigen::VectorXd: nats a token against position";
  else
    return "a subject needs `Eigen::VectorXd losses(diagnosis::intervention_set active, std::int64_t text) const`";
}

}  // namespace libration::inline LIBRATION_ABI::diagnosis
