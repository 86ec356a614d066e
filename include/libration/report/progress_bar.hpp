// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A progress bar on a terminal; nothing where the output is not one.

#include <chrono>
#include <string>

#include <libration/core/config.hpp>
#include <libration/core/progress.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// A bar on standard error, as an `on_progress` callback: `[##########··········]  50 %  Lyapunov spectrum`. It is redrawn at
/// most ten times a second and wiped off by the destructor.
class progress_bar {
 public:
  LIBRATION_DECLARED explicit progress_bar(std::string what);
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar();

  void operator()(const progress& p);

 private:
  std::string what_;
  bool on_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/progress_bar.hpp>
#endif
