// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// All of `models`: trained networks as maps, from their weight files.

#include <libration/models/attention_trace.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/cross_entropy.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/forecaster.hpp>
#include <libration/models/generate.hpp>
#include <libration/models/gru.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/llama.hpp>
#include <libration/models/llama_config.hpp>
#include <libration/models/llama_weights.hpp>
#include <libration/models/lstm.hpp>
#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/mamba_config.hpp>
#include <libration/models/min_gru.hpp>
#include <libration/models/mixture_density.hpp>
#include <libration/models/quantize_weights.hpp>
#include <libration/models/readout.hpp>
#include <libration/models/recurrent.hpp>
#include <libration/models/recurrent_kinds.hpp>
#include <libration/models/recurrent_network.hpp>
#include <libration/models/reservoir.hpp>
#include <libration/models/residual_stack.hpp>
#include <libration/models/rnn.hpp>
#include <libration/models/rotary.hpp>
#include <libration/models/rwkv7.hpp>
#include <libration/models/rwkv7_config.hpp>
#include <libration/models/sequence_model.hpp>
#include <libration/models/stacked.hpp>
#include <libration/models/vocabulary.hpp>
