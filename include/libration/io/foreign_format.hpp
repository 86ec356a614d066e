// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a file is that is not of the format it was taken for, by its first bytes, and what to do about it.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::io {

namespace detail {

/// The name of a zip archive's first member, from its local header; empty where the header is not whole.
LIBRATION_DECLARED std::string_view first_zip_member(std::string_view text);

LIBRATION_DECLARED std::string foreign_zip(std::string_view text);

}  // namespace detail

/// \param bytes  the whole file, or at least its first 512 bytes
/// \return       a phrase that ends "this is ...": what the file is and how to come by what was meant; empty where its beginning is
///               none that is known. A file that its own format's reader accepts is not to be asked about: a safetensors file may
///               begin with any bytes.
LIBRATION_DECLARED std::string foreign_format(std::span<const std::byte> bytes);

}  // namespace libration::inline LIBRATION_ABI::io

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/foreign_format.hpp>
#endif
