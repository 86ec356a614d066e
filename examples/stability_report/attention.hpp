// SPDX-License-Identifier: MIT
#pragma once
// What a transformer offers: attention rows, and a cache of keys and values that can be disturbed.

#include <cstdint>

#include <Eigen/Core>

#include <libration/models/llama.hpp>

namespace stability {

using transformer = libration::models::llama<float>;

struct attention_capability {
  transformer model;
};

// Normal numbers where the cache is filled, zero elsewhere, of the cache's own Euclidean size: shape (n).
Eigen::VectorXf cache_noise(const transformer&, const Eigen::Ref<const Eigen::VectorXf>& h, std::uint64_t seed,
                            std::uint64_t stream);

}  // namespace stability
