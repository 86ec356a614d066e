// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The networks that libration::compiled holds of those that models/lstm.hpp defines.

#include <libration/core/config.hpp>
#include <libration/models/lstm.hpp>

#if defined(LIBRATION_COMPILED)
namespace libration::inline LIBRATION_ABI::models {

template class lstm_cell<double>;
template class lstm_cell<float>;
template class stacked<lstm_cell<double>>;
template class stacked<lstm_cell<float>>;

}  // namespace libration::inline LIBRATION_ABI::models
#endif
