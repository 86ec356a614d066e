// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/progress_bar.hpp declares.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include <unistd.h>

#include <libration/report/progress_bar.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED progress_bar::progress_bar(std::string what) : what_(std::move(what)), on_(isatty(fileno(stderr)) == 1) {}

LIBRATION_FUNC progress_bar::~progress_bar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

LIBRATION_FUNC void progress_bar::operator()(const progress& p) {
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

}  // namespace libration::inline LIBRATION_ABI::report
