// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A reference in a safetensors file, so that what is usual travels with a model.

#include <filesystem>

#include <libration/core/config.hpp>
#include <libration/drift/reference.hpp>
#include <libration/io/safetensors/reader.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Writes a reference. All numbers are doubles and come back bit by bit. The file appears complete or not at all.
///
/// Metadata: `format` is `libration.drift.reference`, `version` 1, `kind` `pooled`, `by_position` or `by_class`. Tensors: `mean`,
/// shape (K, n), K positions or classes or 1; `states_of_mean`, shape (K); `states`, `divisor`, `degrees_of_freedom`, one number
/// each; of the shared covariance i = 0, or of i = 0 to K - 1, `covariance.i.factor`, shape (n, n), Cholesky's L, or
/// `covariance.i.vectors`, shape (r, n), `.variances`, shape (r), `.residual_variance`; `.shrinkage`; by class the same of
/// `background`, and `background.mean`, shape (n).
///
/// \throws argument_error  for a reference whose status is not `ok`
/// \throws file_error      where it cannot be written
LIBRATION_DECLARED void write_reference(const std::filesystem::path& path, const reference& usual);

/// Reads what `write_reference` has written.
///
/// \throws file_error  where it cannot be read, is another format or version, lacks a tensor, has one too many (both are named), or
///                     one of another shape, or a number that no reference has
LIBRATION_DECLARED reference read_reference(const std::filesystem::path& path);

/// The same of a file that is open.
LIBRATION_DECLARED reference read_reference(const io::safetensors::file& file);

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/reference_file.hpp>
#endif
