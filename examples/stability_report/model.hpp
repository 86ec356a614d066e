// SPDX-License-Identifier: MIT
#pragma once
// A model of whatever kind, as the sections measure it. What is the same for many kinds is behind one type each, so that the
// measurements are compiled once; what a model does not offer is empty.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/views.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/maps/token_model.hpp>

namespace stability {

using libration::matrix_span, libration::matrix_view, libration::vector_span, libration::vector_view;
using libration::maps::number_format, libration::maps::token;

// A generator of text in single precision, as models are run: a `maps::token_model`. `one_type` makes one.
class text_model {
 public:
  using scalar_type = float;
  struct scratch {
    virtual ~scratch() = default;
  };
  using workspace = std::unique_ptr<scratch>;
  struct any {
    virtual ~any() = default;
    virtual Eigen::Index state_size() const = 0;
    virtual Eigen::Index vocabulary_size() const = 0;
    virtual workspace make_workspace() const = 0;
    virtual void read(token v, vector_span<float>& h, scratch& ws) const = 0;
    virtual void logits(const vector_view<float>& h, vector_span<float>& out) const = 0;
  };

  text_model() = default;
  explicit text_model(std::shared_ptr<const any> model) : model_(std::move(model)) {}

  Eigen::Index state_size() const { return model_->state_size(); }
  Eigen::Index vocabulary_size() const { return model_->vocabulary_size(); }
  workspace make_workspace(Eigen::Index) const { return model_->make_workspace(); }
  void read(token v, vector_span<float> h, workspace& ws) const { model_->read(v, h, *ws); }
  void logits(const vector_view<float>& h, vector_span<float> out) const { model_->logits(h, out); }

 private:
  std::shared_ptr<const any> model_;
};

// A map in double with its tangent: a `maps::vector_map` as `network_map` or as `loop_map`. `network_of` and `loop_of` make one.
class any_map {
 public:
  using scalar_type = double;
  struct scratch {
    virtual ~scratch() = default;
    virtual std::unique_ptr<scratch> copy() const = 0;
  };
  // A run of exponents keeps a copy to go back to.
  class workspace {
   public:
    template <class Own>
    workspace(std::unique_ptr<Own> own) : own_(std::move(own)) {}
    workspace(const workspace& other) : own_(other.own_->copy()) {}
    workspace(workspace&&) noexcept = default;
    workspace& operator=(const workspace& other) { return *this = workspace(other); }
    workspace& operator=(workspace&&) noexcept = default;
    ~workspace() = default;
    scratch& operator*() const { return *own_; }

   private:
    std::unique_ptr<scratch> own_;
  };
  struct any {
    virtual ~any() = default;
    virtual Eigen::Index state_size() const = 0;
    virtual Eigen::Index input_size() const = 0;  // 0: autonomous
    virtual workspace make_workspace(Eigen::Index columns, Eigen::Index members) const = 0;
    virtual void step(const vector_view<double>& h, const vector_view<double>& x, vector_span<double>& next, scratch& ws) const = 0;
    virtual void step_batch(const matrix_view<double>& H, const matrix_view<double>& X, matrix_span<double>& next,
                            scratch& ws) const = 0;
    virtual void tangent(const matrix_view<double>& V, matrix_span<double>& JV, scratch& ws) const = 0;
    // Of what is driven. BtW: null where it is not asked for.
    virtual void pullback(const matrix_view<double>& W, matrix_span<double>& JtW, matrix_span<double>* BtW, scratch& ws) const = 0;
    virtual std::vector<Eigen::Index> layers() const = 0;  // rows of the state at which layers begin
    virtual libration::maps::gate_structure structured_spectrum() const = 0;  // empty: the map has none
    virtual void gates(const scratch& ws, vector_span<double>& out) const = 0;
  };

  Eigen::Index state_size() const { return map_->state_size(); }
  workspace make_workspace(Eigen::Index columns, Eigen::Index members = 1) const { return map_->make_workspace(columns, members); }
  void tangent(const matrix_view<double>& V, matrix_span<double> JV, workspace& ws) const { map_->tangent(V, JV, *ws); }

 protected:
  any_map() = default;
  explicit any_map(std::shared_ptr<const any> map) : map_(std::move(map)) {}
  const any& map() const { return *map_; }

 private:
  std::shared_ptr<const any> map_;
};

// One that is driven by inputs, as a network along a text is.
class network_map : public any_map {
 public:
  network_map() = default;
  explicit network_map(std::shared_ptr<const any> map) : any_map(std::move(map)) {}

  Eigen::Index input_size() const { return map().input_size(); }
  void step(const vector_view<double>& h, const vector_view<double>& x, vector_span<double> next, workspace& ws) const {
    map().step(h, x, next, *ws);
  }
  void pullback(const matrix_view<double>& W, matrix_span<double> JtW, workspace& ws) const {
    map().pullback(W, JtW, nullptr, *ws);
  }
  void pullback(const matrix_view<double>& W, matrix_span<double> JtW, matrix_span<double> BtW, workspace& ws) const {
    map().pullback(W, JtW, &BtW, *ws);
  }
  std::vector<Eigen::Index> layers() const { return map().layers(); }
  std::size_t layer_count() const { return layers().size(); }
  Eigen::Index offset(std::size_t l) const { return layers()[l]; }
  libration::maps::gate_structure structured_spectrum() const { return map().structured_spectrum(); }
  void gates(const workspace& ws, vector_span<double> out) const { map().gates(*ws, out); }
  void step_batch(const matrix_view<double>& H, const matrix_view<double>& X, matrix_span<double> next, workspace& ws) const {
    map().step_batch(H, X, next, *ws);
  }
};

// An autonomous one, as a free-running network is.
class loop_map : public any_map {
 public:
  loop_map() = default;
  explicit loop_map(std::shared_ptr<const any> map) : any_map(std::move(map)) {}

  void step(const vector_view<double>& h, vector_span<double> next, workspace& ws) const { map().step(h, none_, next, *ws); }

 private:
  Eigen::VectorXd none_;
};

// What every model here is.
struct text_capability {
  text_model model;
  std::function<text_model(const number_format&)> rounded;  // its state rounded after every token
  std::function<text_model(int)> compressed;                // its weights in so many bits
  // The states after some tokens, where they are read otherwise than one by one, and such states disturbed at random by a part of
  // their size; empty: as any state is.
  std::function<Eigen::VectorXf(std::span<const token>)> read;
  std::function<Eigen::MatrixXf(Eigen::MatrixXf starts, double part, std::uint64_t seed)> disturbed;
};

// A state of fixed size that a text drives, in double.
struct state_capability {
  network_map network;                                               // given its inputs
  loop_map loop;                                                     // fed the mean of what it expects
  std::function<network_map(const number_format&)> rounded_network;  // their state rounded after every step
  std::function<loop_map(const number_format&)> rounded_loop;
  std::function<void(token, vector_span<double>)> embed;        // the input that a token is
  std::function<Eigen::VectorXd(std::span<const token>)> read;  // the state after a text
};

struct attention_capability;  // attention.hpp

struct loaded_model {
  text_capability text;
  std::optional<state_capability> state;
  std::shared_ptr<const attention_capability> attention;  // rows of attention, and a cache of keys and values
};

}  // namespace stability
