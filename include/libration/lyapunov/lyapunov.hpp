// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module lyapunov: spectra, the largest exponent, ensembles.

#include <libration/lyapunov/any_formula.hpp>
#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/frame_rounding.hpp>
#include <libration/lyapunov/gate_books.hpp>
#include <libration/lyapunov/growth_record.hpp>
#include <libration/lyapunov/interval.hpp>
#include <libration/lyapunov/lane_books.hpp>
#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/ordinary_steps.hpp>
#include <libration/lyapunov/pivot_count.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/settling.hpp>
#include <libration/lyapunov/shortest_column.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/lyapunov/spectrum_run.hpp>
#include <libration/lyapunov/structured_run.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/lyapunov/unstable_cycle.hpp>
