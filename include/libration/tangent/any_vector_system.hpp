// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A prepared vector map of which only the scalar is known: what an engine is compiled for once, for all vector maps.

#include <cstdint>
#include <memory>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// A `vector_system` behind virtual functions, each of which is called once a step.
///
/// \tparam autonomous_, has_determinant_  as of the system that it holds
template <class S, bool autonomous_, bool has_determinant_>
class any_vector_system {
 public:
  static constexpr int width = 1;
  static constexpr bool autonomous = autonomous_;
  static constexpr bool has_determinant = has_determinant_;

  using scalar = S;
  using mask = bool;
  using state_type = Eigen::Matrix<S, Eigen::Dynamic, 1>;
  using input_type = Eigen::Matrix<S, Eigen::Dynamic, 1>;
  using frame_type = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

  template <class M>
    requires maps::differentiable<M>
  explicit any_vector_system(vector_system<M> system) : held_(std::make_unique<holder<M>>(std::move(system))) {}
  any_vector_system(const any_vector_system& other) : held_(other.held_->copy()) {}
  any_vector_system& operator=(const any_vector_system&) = delete;

  Eigen::Index state_size() const { return held_->state_size; }
  Eigen::Index input_size() const { return held_->input_size; }
  double time_step() const { return held_->time_step; }
  bool per_unit_of_time() const { return held_->per_unit_of_time; }
  state_type make_state() const { return state_type::Zero(state_size()); }
  input_type make_input() const { return input_type::Zero(input_size()); }
  frame_type make_frame(Eigen::Index columns) const { return frame_type::Zero(state_size(), columns); }

  /// As `vector_system` has them.
  void step(std::int64_t t, const state_type& h, const input_type& x, state_type& next) { held_->step(t, h, x, next); }
  void advance(std::int64_t t, const state_type& h, const input_type& x, state_type& next) { held_->advance(t, h, x, next); }
  void tangent(frame_type& V) { held_->tangent(V); }
  double log_abs_determinant() const
    requires has_determinant_
  {
    return held_->log_abs_determinant();
  }

 private:
  struct base {
    Eigen::Index state_size, input_size;
    double time_step;
    bool per_unit_of_time;

    template <class M>
    explicit base(const vector_system<M>& system)
        : state_size(system.state_size()),
          input_size(system.input_size()),
          time_step(system.time_step()),
          per_unit_of_time(system.per_unit_of_time()) {}
    virtual ~base() = default;
    virtual std::unique_ptr<base> copy() const = 0;
    virtual void step(std::int64_t t, const state_type& h, const input_type& x, state_type& next) = 0;
    virtual void advance(std::int64_t t, const state_type& h, const input_type& x, state_type& next) = 0;
    virtual void tangent(frame_type& V) = 0;
    virtual double log_abs_determinant() const = 0;
  };
  template <class M>
  struct holder final : base {
    explicit holder(vector_system<M> held) : base(held), system(std::move(held)) {}
    std::unique_ptr<base> copy() const override { return std::make_unique<holder>(system); }
    void step(std::int64_t t, const state_type& h, const input_type& x, state_type& next) override { system.step(t, h, x, next); }
    void advance(std::int64_t t, const state_type& h, const input_type& x, state_type& next) override {
      system.advance(t, h, x, next);
    }
    void tangent(frame_type& V) override { system.tangent(V); }
    double log_abs_determinant() const override {
      if constexpr (has_determinant_)
        return system.log_abs_determinant();
      else
        return 0.0;  // never called
    }
    vector_system<M> system;
  };

  std::unique_ptr<base> held_;
};

template <class M>
any_vector_system(vector_system<M>)
    -> any_vector_system<typename M::scalar_type, vector_system<M>::autonomous, vector_system<M>::has_determinant>;

}  // namespace libration::inline LIBRATION_ABI::tangent
