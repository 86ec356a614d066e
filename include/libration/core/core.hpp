// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module core: views, status, errors, random streams, parallel loops, progress, sums of counts.

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/lower_case.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/random.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/scaling.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
