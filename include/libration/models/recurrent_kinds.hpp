// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The kinds of recurrent networks that are read from files: one list, which readers, variants and messages follow.

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/models/stacked.hpp>

#include <libration/models/gru.hpp>
#include <libration/models/lstm.hpp>
#include <libration/models/rnn.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// One kind, by its cell. Beside what `stacked` needs of it, a cell describes its kind:
///
///     static constexpr std::string_view kind = "gru";        // as a file's `model_type` has it
///     static constexpr Eigen::Index gate_count = 3;          // by which weights without a `model_type` are known
///     using assumed_type = assumed_gru;                      // struct assumed_gru { gru_options gru = {}; };
///     static constexpr auto assumed = &assumed_gru::gru;     // where its options are in `recurrent_options::assumed`
///     // Reads the conventions that weights do not say, each before the value that is assumed without it:
///     template <class Said>
///     static void read_conventions(Said& said, gru_options& options) {
///       options.gate_order = said.take_order("gate_order", options.gate_order, "rzn", "uzhncn");
///     }
///
/// `said.take(name, assumed)` reads a text or a number, `said.take(name, yes, no, assumed)` one of two words, and
/// `said.take_order(name, assumed, letters, synonyms)` letters in some order (see `describe_recurrent`).
template <template <class> class Cell>
struct recurrent_kind {
  using description = Cell<double>;
  static constexpr std::string_view name = description::kind;
  template <class Scalar>
  using network = stacked<Cell<Scalar>>;

  /// This kind's options in an object that holds those of all kinds.
  template <class Options>
  static auto& options_in(Options& all) {
    return all.*description::assumed;
  }
};

/// A list of kinds. Where two have weights of the same shape, a file without a `model_type` is read as the first.
template <template <class> class... Cells>
struct recurrent_kind_list {
  /// Any kind's network.
  template <class Scalar>
  using any_network = std::variant<stacked<Cells<Scalar>>...>;
  /// Of<N> of any kind's network N.
  template <class Scalar, template <class> class Of>
  using any_of = std::variant<Of<stacked<Cells<Scalar>>>...>;
  template <class Scalar>
  using any_workspace = std::variant<typename stacked<Cells<Scalar>>::workspace...>;

  /// The options of all kinds, each under its own name: `.rnn`, `.gru`, `.lstm`.
  struct options : Cells<double>::assumed_type... {};

  /// `work(recurrent_kind<Cell>{})` for each kind in turn.
  template <class Work>
  static void for_each(const Work& work) {
    (work(recurrent_kind<Cells>{}), ...);
  }
  /// The result of `work(recurrent_kind<Cell>{})` for the kind of that name, of the same type for all.
  /// \throws argument_error  where there is none
  template <class Result, class Work>
  static Result with(std::string_view name, const Work& work) {
    std::optional<Result> result;
    ((recurrent_kind<Cells>::name == name && !result ? void(result.emplace(work(recurrent_kind<Cells>{}))) : void()), ...);
    require(result.has_value(), "models::recurrent_kinds", [&] {
      return "a network of kind \"" + std::string(name) + "\", expected " + list([](auto kind) { return std::string(kind.name); });
    });
    return *std::move(result);
  }
  /// "rnn, gru or lstm", each as `text(recurrent_kind<Cell>{})` has it.
  template <class Text>
  static std::string list(const Text& text) {
    std::string all;
    std::size_t left = sizeof...(Cells);
    for_each([&](auto kind) {
      --left;
      all += text(kind) + (left > 1 ? ", " : left == 1 ? " or " : "");
    });
    return all;
  }
};

/// A new kind is its header, included above, and its cell here.
using recurrent_kinds = recurrent_kind_list<rnn_cell, gru_cell, lstm_cell>;

}  // namespace libration::inline LIBRATION_ABI::models
