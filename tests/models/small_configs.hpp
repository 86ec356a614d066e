// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Configs of small state-space models, no two sizes alike where they need not be; a test changes what it is about.

#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/min_gru.hpp>
#include <libration/models/rwkv7.hpp>

namespace libration_test {

inline libration::models::mamba_config small_mamba() {
  libration::models::mamba_config c;
  c.hidden_size = 5;
  c.inner_size = 10;
  c.state_size = 3;
  c.conv_kernel = 4;
  c.time_step_rank = 2;
  c.layers = 2;
  c.vocabulary_size = 7;
  return c;
}

inline libration::models::mamba2_config small_mamba2() {
  libration::models::mamba2_config c;
  c.hidden_size = 4;
  c.inner_size = 8;
  c.heads = 4;
  c.head_size = 2;
  c.state_size = 3;
  c.conv_kernel = 4;
  c.layers = 2;
  c.vocabulary_size = 7;
  return c;
}

inline libration::models::min_gru_config small_min_gru() {
  libration::models::min_gru_config c;
  c.hidden_size = 4;
  c.inner_size = 6;
  c.ffn_size = 9;
  c.layers = 2;
  c.vocabulary_size = 7;
  return c;
}

inline libration::models::rwkv7_config small_rwkv7() {
  libration::models::rwkv7_config c;
  c.hidden_size = 6;
  c.heads = 2;
  c.head_size = 3;
  c.ffn_size = 9;
  c.layers = 2;
  c.vocabulary_size = 7;
  c.decay_rank = 2;
  c.rate_rank = 3;
  c.value_rank = 1;
  c.gate_rank = 4;
  return c;
}

}  // namespace libration_test
