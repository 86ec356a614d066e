// SPDX-License-Identifier: MIT
#pragma once
// Puts a model of a known type behind the types of model.hpp: for those who load one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/quantize_weights.hpp>

#include "model.hpp"

namespace stability {

namespace maps = libration::maps;

template <maps::token_model M>
class text_model_of final : public text_model::any {
  struct own : text_model::scratch {
    explicit own(const M& model) : ws(model.make_workspace(0)), next(maps::make_read_scratch(model)) {}
    typename M::workspace ws;
    Eigen::VectorXf next;
  };

 public:
  explicit text_model_of(M model) : model_(std::move(model)) {}

  Eigen::Index state_size() const override { return model_.state_size(); }
  Eigen::Index vocabulary_size() const override { return model_.vocabulary_size(); }
  text_model::workspace make_workspace() const override { return std::make_unique<own>(model_); }
  void read(token v, vector_span<float>& h, text_model::scratch& ws) const override {
    own& mine = static_cast<own&>(ws);
    if constexpr (maps::reads_in_place<M>) {
      model_.read(v, h, mine.ws);
    } else {
      model_.step(v, h, mine.next, mine.ws);
      h = mine.next;
    }
  }
  void logits(const vector_view<float>& h, vector_span<float>& out) const override { model_.logits(h, out); }

 private:
  M model_;
};

template <maps::token_model M>
text_model one_type(M model) {
  return text_model(std::make_shared<text_model_of<M>>(std::move(model)));
}

// A generator of text, and what becomes of it in fewer bits.
template <maps::token_model M>
text_capability offer_text(const M& model) {
  return {.model = one_type(model),
          .rounded = [model](const number_format& format) { return one_type(maps::quantize(model, format)); },
          .compressed = [model](int bits) { return one_type(libration::models::quantize_weights(model, bits)); },
          .read = {},
          .disturbed = {}};
}

template <maps::vector_map M>
class any_map_of final : public any_map::any {
  struct own : any_map::scratch {
    explicit own(typename M::workspace workspace) : ws(std::move(workspace)) {}
    std::unique_ptr<any_map::scratch> copy() const override { return std::make_unique<own>(*this); }
    typename M::workspace ws;
    Eigen::VectorXd h, x, next;  // of one member of a batch, or of the last step
  };
  static constexpr bool pulls_back = maps::has_input_pullback<M>;  // of what is driven, see network_of
  static constexpr bool gated = maps::has_structured_spectrum<M>;
  static constexpr bool tangent_takes_state =
      !requires(const M& map, const matrix_view<double>& V, matrix_span<double> JV, typename M::workspace& ws) {
    map.tangent(V, JV, ws);
  };

 public:
  explicit any_map_of(M map) : map_(std::move(map)) {}

  Eigen::Index state_size() const override { return map_.state_size(); }
  Eigen::Index input_size() const override {
    if constexpr (maps::driven<M>)
      return map_.input_size();
    else
      return 0;
  }
  any_map::workspace make_workspace(Eigen::Index columns, [[maybe_unused]] Eigen::Index members) const override {
    if constexpr (maps::steps_batches<M>)
      return std::make_unique<own>(map_.make_workspace(columns, members));
    else
      return std::make_unique<own>(map_.make_workspace(columns));
  }
  void step(const vector_view<double>& h, [[maybe_unused]] const vector_view<double>& x, vector_span<double>& next,
            any_map::scratch& ws) const override {
    own& mine = static_cast<own&>(ws);
    if constexpr (tangent_takes_state) {
      mine.h = h;
      mine.x = x;
    }
    if constexpr (maps::driven<M>)
      map_.step(h, x, next, mine.ws);
    else
      map_.step(h, next, mine.ws);
  }
  void step_batch(const matrix_view<double>& H, const matrix_view<double>& X, matrix_span<double>& next,
                  any_map::scratch& ws) const override {
    own& mine = static_cast<own&>(ws);
    if constexpr (maps::driven<M> && maps::steps_batches<M>) {
      map_.step_batch(H, X, next, mine.ws);
    } else {
      mine.next.resize(H.rows());
      for (Eigen::Index j = 0; j < H.cols(); ++j) {
        mine.h = H.col(j);
        mine.x = X.col(j);
        vector_span<double> to(mine.next);
        step(mine.h, mine.x, to, ws);
        next.col(j) = mine.next;
      }
    }
  }
  void pullback([[maybe_unused]] const matrix_view<double>& W, [[maybe_unused]] matrix_span<double>& JtW,
                [[maybe_unused]] matrix_span<double>* BtW, [[maybe_unused]] any_map::scratch& ws) const override {
    if constexpr (pulls_back) {
      own& mine = static_cast<own&>(ws);
      if (BtW != nullptr)
        map_.pullback(W, JtW, *BtW, mine.ws);
      else
        map_.pullback(W, JtW, mine.ws);
    }
  }
  std::vector<Eigen::Index> layers() const override {
    std::vector<Eigen::Index> begins;
    if constexpr (maps::has_layers<M>)
      for (std::size_t l = 0; l < map_.layer_count(); ++l) begins.push_back(map_.offset(l));
    else
      begins.push_back(0);
    return begins;
  }
  maps::gate_structure structured_spectrum() const override {
    if constexpr (gated)
      return map_.structured_spectrum();
    else
      return {};
  }
  void gates([[maybe_unused]] const any_map::scratch& ws, [[maybe_unused]] vector_span<double>& out) const override {
    if constexpr (gated) map_.gates(static_cast<const own&>(ws).ws, out);
  }
  void tangent(const matrix_view<double>& V, matrix_span<double>& JV, any_map::scratch& ws) const override {
    own& mine = static_cast<own&>(ws);
    if constexpr (!tangent_takes_state)
      map_.tangent(V, JV, mine.ws);
    else if constexpr (maps::driven<M>)
      map_.tangent(mine.h, mine.x, V, JV, mine.ws);
    else
      map_.tangent(mine.h, V, JV, mine.ws);
  }

 private:
  M map_;
};

template <maps::vector_map M>
network_map network_of(M map) {
  static_assert(maps::has_input_pullback<M>,
                "stability_report: a network needs its adjoint in the state and in the input, which the section memory carries "
                "back in time (libration::maps::explain_input_pullback<M>() says what it misses)");
  return network_map(std::make_shared<any_map_of<M>>(std::move(map)));
}
template <maps::vector_map M>
loop_map loop_of(M map) {
  return loop_map(std::make_shared<any_map_of<M>>(std::move(map)));
}

// The state of a token model in double, with an `embedding()`, that `models::close_loop` takes.
//
// network_in(model)  its network, a map driven by what the embedding makes of tokens
template <class M, class Network>
state_capability offer_state(const M& model, const Network& network_in) {
  const auto loop = libration::models::close_loop(model);
  const auto shared = std::make_shared<const M>(model);
  return {.network = network_of(network_in(*shared)),
          .loop = loop_of(loop),
          .rounded_network =
              [shared, network_in](const number_format& format) { return network_of(maps::quantize(network_in(*shared), format)); },
          .rounded_loop = [loop](const number_format& format) { return loop_of(maps::quantize(loop, format)); },
          .embed = [shared](token v, vector_span<double> x) { shared->embedding().write(v, x); },
          .read =
              [shared](std::span<const token> text) {
                Eigen::VectorXd h = Eigen::VectorXd::Zero(shared->state_size()), next(h);
                auto ws = shared->make_workspace(0);
                for (const token v : text) {
                  shared->step(v, h, next, ws);
                  h.swap(next);
                }
                return h;
              }};
}

}  // namespace stability
