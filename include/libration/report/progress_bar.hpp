// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A progress bar on a terminal; nothing where the output is not one.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/core/progress.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// A bar on standard error, as an `on_progress` callback: `[##########··········]  50 %  Lyapunov spectrum`. It is redrawn at
/// most ten times a second and wiped off by the destructor.
class progress_bar {
 public:
  explicit progress_bar(std::string what) : what_(std::move(what)), on_(isatty(fileno(stderr)) == 1) {}
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() {
    if (drawn_) std::fputs("\r\033[K", stderr);
  }

  void operator()(const progress& p) {
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || p.total <= 0 || (drawn_ && p.done < p.total && now - last_ < std::chrono::milliseconds(100))) return;
    last_ = now;
    drawn_ = true;
    constexpr int width = 40;
    const double part = std::clamp(static_cast<double>(p.done) / static_cast<double>(p.total), 0.0, 1.0);  // no count overflows
    const auto filled = static_cast<std::size_t>(width * part);
    std::fprintf(stderr, "\r\033[K[%s%s] %3d %%  %s", std::string(filled, '#').c_str(), std::string(width - filled, '.').c_str(),
                 static_cast<int>(100.0 * part), what_.c_str());
    std::fflush(stderr);
  }

 private:
  std::string what_;
  bool on_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace libration::inline LIBRATION_ABI::report
