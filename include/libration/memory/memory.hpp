// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a state of fixed size keeps of its past: how far back an output depends on the inputs, half-lives of gates, memory
/// capacity, Fisher memory, recall of tokens, tasks; and statistics of states.

#include <libration/memory/capacity.hpp>
#include <libration/memory/effective_dimension.hpp>
#include <libration/memory/fisher_curve.hpp>
#include <libration/memory/gate_half_lives.hpp>
#include <libration/memory/linear_capacity.hpp>
#include <libration/memory/reach.hpp>
#include <libration/memory/reach_options.hpp>
#include <libration/memory/reach_result.hpp>
#include <libration/memory/recall.hpp>
#include <libration/memory/state_estimator.hpp>
#include <libration/memory/state_output.hpp>
#include <libration/memory/tasks.hpp>
