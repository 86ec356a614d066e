// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The whole module: sums, batches, error bars, stopping, distributions, quantiles, lines.

#include <libration/stats/batch_series.hpp>
#include <libration/stats/bootstrap.hpp>
#include <libration/stats/compensated_sum.hpp>
#include <libration/stats/fisher_f.hpp>
#include <libration/stats/independent_mean.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/regression.hpp>
#include <libration/stats/stopping_rule.hpp>
#include <libration/stats/student_t.hpp>
#include <libration/stats/survival.hpp>
#include <libration/stats/trend.hpp>
