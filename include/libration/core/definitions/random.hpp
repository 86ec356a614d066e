// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what core/random.hpp declares.

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
// Philox needs none of the processor's intrinsics, whose header takes as long to read as Eigen/Core. A program that uses
// Random123's generators that do (AES, ARS) includes them before this library.
#if !defined(R123_USE_SSE) && !defined(R123_USE_X86INTRIN_H)
#define R123_USE_SSE 0
#define R123_USE_X86INTRIN_H 0
#endif
#include <Random123/philox.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <cstdint>
#include <utility>

#include <libration/core/random.hpp>

namespace libration::inline LIBRATION_ABI {

LIBRATION_DEFINED std::pair<std::uint64_t, std::uint64_t> random_stream::block(std::uint64_t number) const noexcept {
  const r123::Philox4x32::ctr_type counter = {{low(number), high(number), low(stream_), high(stream_)}};
  const r123::Philox4x32::key_type key = {{low(seed_), high(seed_)}};
  const r123::Philox4x32::ctr_type word = r123::Philox4x32{}(counter, key);
  return {join(word.v[0], word.v[1]), join(word.v[2], word.v[3])};
}

}  // namespace libration::inline LIBRATION_ABI
