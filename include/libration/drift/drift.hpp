// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How far states are from reference states, and how soon a chart says so.

#include <libration/drift/covariance.hpp>
#include <libration/drift/cusum_run_length.hpp>
#include <libration/drift/reference.hpp>
#include <libration/drift/sample_distances.hpp>
