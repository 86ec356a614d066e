// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How much memory a process can still take, and a refusal, before anything is allocated, of what will not fit.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#if __has_include(<sys/resource.h>)
#define LIBRATION_HAS_RLIMIT 1
#else
#define LIBRATION_HAS_RLIMIT 0
#endif

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI {

namespace detail {

/// The first number of a small text file, where it begins with one: cgroups write "max" where there is no limit.
LIBRATION_DECLARED std::optional<std::uint64_t> number_in(const std::string& path);

/// The number behind a name in a file of lines such as "MemAvailable:  123 kB".
LIBRATION_DECLARED std::optional<std::uint64_t> number_after(const std::string& path, std::string_view name);

/// What the limits of the process's control group, and of those around it, leave; caches that can be dropped count as free. Nothing
/// where there is no limit.
LIBRATION_DECLARED std::optional<std::uint64_t> left_in_cgroup();

}  // namespace detail

/// \return  bytes that this process can still allocate: the least of what the system calls available (`MemAvailable`), what the
///          process's control group leaves and what its address space's limit (`ulimit -v`) leaves; nothing where no source is
///          known. An estimate of the moment: others allocate too.
LIBRATION_DECLARED std::optional<std::uint64_t> available_memory();

/// "12.3 GB (12345678901 bytes)"
///
/// \param bytes  >= 0; not finite where they are beyond any number: "more bytes than there are"
LIBRATION_DECLARED std::string bytes_text(double bytes);

/// Refuses, before anything is allocated, what will not fit into the machine's memory.
///
/// \param bytes    an estimate, in double so that no product overflows
/// \param what     what would take them: "the weights"
/// \param smaller  what makes it smaller, as the message's end: "a smaller .window"
/// \throws argument_error  where they are more than `available_memory()`: who, what, how many, and how many there are
LIBRATION_DECLARED void require_memory(double bytes, std::string_view who, std::string_view what, std::string_view smaller);

}  // namespace libration::inline LIBRATION_ABI

#if !defined(LIBRATION_COMPILED)
#include <libration/core/definitions/memory.hpp>
#endif
