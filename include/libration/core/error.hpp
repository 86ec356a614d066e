// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What is thrown: `argument_error` for a caller's mistake, `file_error` for a damaged or missing file.

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/number_text.hpp>

namespace libration::inline LIBRATION_ABI {

/// A caller's mistake, thrown before the first step. The message says who complains, what came and what was expected:
/// `lyapunov::spectrum: h0 has 3 rows, expected 2 (the map's dimension)`.
class argument_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// A file that cannot be used: its path, the byte where reading stopped making sense, and the reason.
class file_error : public std::runtime_error {
 public:
  /// \param byte offset from the file's start, in bytes; `no_byte` where no place in the file is to blame
  file_error(std::string path, std::uint64_t byte, std::string reason)
      : std::runtime_error(byte == no_byte ? path + ": " + reason
                                           : path + ": byte " + number_text(byte) + ": " + reason),
        path_(std::move(path)),
        reason_(std::move(reason)),
        byte_(byte) {}

  static constexpr std::uint64_t no_byte = ~std::uint64_t{0};

  const std::string& path() const noexcept { return path_; }
  const std::string& reason() const noexcept { return reason_; }
  std::uint64_t byte() const noexcept { return byte_; }

 private:
  std::string path_, reason_;
  std::uint64_t byte_;
};

/// Throws `argument_error` with `who: what` unless the condition holds. The text is only built on failure when `what` is a
/// callable that returns it.
template <class What>
inline void require(bool condition, std::string_view who, const What& what) {
  if (condition) [[likely]]
    return;
  std::string message(who);
  message += ": ";
  if constexpr (requires { message += what(); })
    message += what();
  else
    message += what;
  throw argument_error(message);
}

/// Throws `argument_error` unless `rows == expected`: `who: name has 3 rows, expected 2 (reason)`.
LIBRATION_DECLARED void require_rows(std::int64_t rows, std::int64_t expected, std::string_view who, std::string_view name,
                                     std::string_view reason);

/// \return what `body()` returns
/// \throws argument_error where its sizes are more than memory can be had for (std::bad_alloc, std::length_error)
template <class Body>
decltype(auto) with_memory(std::string_view who, Body&& body) {
  constexpr std::string_view what = ": sizes and options ask for more memory than there is";
  try {
    return body();
  } catch (const std::bad_alloc&) {
    throw argument_error(std::string(who) + std::string(what));
  } catch (const std::length_error&) {
    throw argument_error(std::string(who) + std::string(what));
  }
}

/// Checks a caller's options one after another:
///
///     const option_check check("error::growth");
///     check(options.steps >= 1, "steps", options.steps, ">= 1");       // error::growth: .steps is 0, expected >= 1
class option_check {
 public:
  /// \param prefix  what stands before a field's name: "." or, of options within options, ".sampling."
  explicit option_check(std::string_view who, std::string_view prefix = ".") : who_(who), prefix_(prefix) {}

  /// \throws argument_error where it does not hold
  template <class Value>
  void operator()(bool holds, std::string_view field, const Value& value, std::string_view expected) const {
    require(holds, who_, [&] {
      return std::string(prefix_) + std::string(field) + " is " + number_text(value) + ", expected " + std::string(expected);
    });
  }

 private:
  std::string_view who_, prefix_;
};

}  // namespace libration::inline LIBRATION_ABI

#if !defined(LIBRATION_COMPILED)
#include <libration/core/definitions/error.hpp>
#endif
