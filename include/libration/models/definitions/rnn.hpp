// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The networks that libration::compiled holds of those that models/rnn.hpp defines.

#include <libration/core/config.hpp>
#include <libration/models/rnn.hpp>

#if defined(LIBRATION_COMPILED)
namespace libration::inline LIBRATION_ABI::models {

template class rnn_cell<double>;
template class rnn_cell<float>;
template class stacked<rnn_cell<double>>;
template class stacked<rnn_cell<float>>;

}  // namespace libration::inline LIBRATION_ABI::models
#endif
