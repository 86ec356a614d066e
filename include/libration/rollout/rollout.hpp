// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module rollout: inputs, the one-pass driver, ensembles.

#include <libration/rollout/analyze.hpp>
#include <libration/rollout/batch_stepper.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/ensemble.hpp>
#include <libration/rollout/final_state.hpp>
#include <libration/rollout/inputs.hpp>
#include <libration/rollout/neighbour.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/rollout/repeats.hpp>
#include <libration/rollout/run.hpp>
