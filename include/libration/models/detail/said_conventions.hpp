// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What options, metadata and config say of a recurrent network's conventions, and in which order they are believed.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/config.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/recurrent_options.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// What is said of a network's conventions, by the options, by the file and by the config.
class said_conventions {
 public:
  LIBRATION_DECLARED said_conventions(const checkpoint& tensors, const recurrent_options& options);

  /// What is said under a key, before the value that is assumed without it; remembered in `all`.
  LIBRATION_DECLARED std::string take(const std::string& name, std::string assumed);
  /// One of two values; true for the first.
  LIBRATION_DECLARED bool take(const std::string& name, const char* yes, const char* no, bool assumed);
  LIBRATION_DECLARED double take(const std::string& name, double assumed);
  /// Letters in some order: "rzn", also as "r,z,n".
  ///
  /// \param synonyms  pairs of letters, one of others and the one it is read as: "uz"
  LIBRATION_DECLARED std::string take_order(const std::string& name, const std::string& assumed, std::string_view letters,
                                            std::string_view synonyms);

  /// The same without its being a convention; the first of options, file and config.
  LIBRATION_DECLARED std::optional<std::string> find(const std::string& name) const;

  /// Fields of the metadata and of the config that are not read and do not matter, for a network of that kind.
  /// \throws file_error  naming one that does, or that is not known
  LIBRATION_DECLARED std::pair<std::vector<std::string>, std::vector<std::string>> account(const std::string& kind) const;

  /// \throws file_error  where metadata or config state another size
  LIBRATION_DECLARED void compare(const std::vector<tensor_size>& sizes) const;

  std::vector<convention> all;

 private:
  static constexpr std::string_view who = "models::load_recurrent";

  // A field's value as the metadata would have it.
  LIBRATION_DECLARED std::optional<std::string> in(const nlohmann::json& fields, const std::string& name) const;

  const checkpoint& tensors_;
  const recurrent_options& options_;
  nlohmann::json metadata_ = nlohmann::json::object(), config_ = nlohmann::json::object();
};

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/said_conventions.hpp>
#endif
