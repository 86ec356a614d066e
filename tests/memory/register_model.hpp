// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A token model that holds its last tokens and nothing else, for tests of what is remembered.

#include <cstdint>
#include <functional>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/token_model.hpp>

namespace libration_test {

/// The state is `held` blocks of `vocabulary` numbers, the latest token's first: 1 at its number and 0 elsewhere, all 0 before the
/// first token; `mix`, where it is there, is an invertible matrix that the blocks are multiplied by. What the model answers is a
/// function of the tokens it holds, latest first.
struct register_model {
  using scalar_type = double;
  using token = libration::maps::token;
  struct workspace {
    Eigen::VectorXd plain;
  };
  Eigen::Index held = 3, vocabulary = 4;
  std::function<token(const std::vector<token>&)> answer = [](const std::vector<token>&) { return token{0}; };
  double certainty = 0.0;  // of the answer's logit above the others
  Eigen::MatrixXd mix = {}, unmix = {};

  Eigen::Index state_size() const { return held * vocabulary; }
  Eigen::Index vocabulary_size() const { return vocabulary; }
  workspace make_workspace(Eigen::Index) const { return {Eigen::VectorXd(state_size())}; }
  void step(token v, libration::vector_view<double> h, libration::vector_span<double> next, workspace& ws) const {
    ws.plain = h;
    if (unmix.size() > 0) ws.plain = unmix * h;
    next.tail((held - 1) * vocabulary) = ws.plain.head((held - 1) * vocabulary);
    next.head(vocabulary).setZero();
    next[v] = 1.0;
    if (mix.size() > 0) next = (mix * next).eval();
  }
  void logits(libration::vector_view<double> h, libration::vector_span<double> out) const {
    Eigen::VectorXd plain = h;
    if (unmix.size() > 0) plain = unmix * h;
    std::vector<token> tokens;
    for (Eigen::Index j = 0; j < held; ++j)
      for (Eigen::Index v = 0; v < vocabulary; ++v)
        if (plain[j * vocabulary + v] > 0.5) tokens.push_back(static_cast<token>(v));
    out.setZero();
    out[answer(tokens)] = certainty;
  }
};

}  // namespace libration_test
