// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The batch series that libration::compiled holds.

#include <libration/core/config.hpp>
#include <libration/stats/batch_series.hpp>

#if defined(LIBRATION_COMPILED)
namespace libration::inline LIBRATION_ABI::stats {

template class batch_series<double>;

}  // namespace libration::inline LIBRATION_ABI::stats
#endif
