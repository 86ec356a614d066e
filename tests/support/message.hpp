// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The message of an expected exception.

#include <string>

namespace libration_test {

/// \return the message of what `work` throws as Error, or an empty text
template <class Error, class Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace libration_test
