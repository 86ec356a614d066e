// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Attention: how widely it spreads, row by row, from queries and keys, from logits or from recorded weights.

#include <libration/attention/accumulator.hpp>
#include <libration/attention/decode.hpp>
#include <libration/attention/dilution.hpp>
#include <libration/attention/dilution_theory.hpp>
#include <libration/attention/entropy.hpp>
#include <libration/attention/from_logits.hpp>
#include <libration/attention/from_weights.hpp>
#include <libration/attention/heads.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/positional_curve.hpp>
#include <libration/attention/rank_collapse.hpp>
#include <libration/attention/result.hpp>
#include <libration/attention/row_writer.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/attention/token_mask.hpp>
#include <libration/attention/weight_rollout.hpp>
