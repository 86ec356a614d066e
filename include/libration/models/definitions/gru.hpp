// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The networks that libration::compiled holds of those that models/gru.hpp defines.

#include <libration/core/config.hpp>
#include <libration/models/gru.hpp>

#if defined(LIBRATION_COMPILED)
namespace libration::inline LIBRATION_ABI::models {

template class gru_cell<double>;
template class gru_cell<float>;
template class stacked<gru_cell<double>>;
template class stacked<gru_cell<float>>;

}  // namespace libration::inline LIBRATION_ABI::models
#endif
