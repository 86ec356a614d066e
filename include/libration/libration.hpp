// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The whole library.

#include <libration/attention/attention.hpp>
#include <libration/core/core.hpp>
#include <libration/error/error.hpp>
#include <libration/io/io.hpp>
#include <libration/lyapunov/lyapunov.hpp>
#include <libration/maps/maps.hpp>
#include <libration/models/models.hpp>
#include <libration/report/report.hpp>
#include <libration/rollout/rollout.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/stats/stats.hpp>
#include <libration/tangent/tangent.hpp>
#include <libration/testing/testing.hpp>
