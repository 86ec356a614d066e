// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The library, and of `report` what printing needs: tables, JSON, pictures and the progress bar are included by name.

#include <libration/attention/attention.hpp>
#include <libration/core/core.hpp>
#include <libration/diagnosis/diagnosis.hpp>
#include <libration/drift/drift.hpp>
#include <libration/error/error.hpp>
#include <libration/io/io.hpp>
#include <libration/lyapunov/lyapunov.hpp>
#include <libration/maps/maps.hpp>
#include <libration/memory/memory.hpp>
#include <libration/models/models.hpp>
#include <libration/report/format.hpp>
#include <libration/report/format_attention.hpp>
#include <libration/report/format_diagnosis.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/format_memory.hpp>
#include <libration/rollout/rollout.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/stats/stats.hpp>
#include <libration/tangent/tangent.hpp>
#include <libration/testing/testing.hpp>
