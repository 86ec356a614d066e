// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The derivatives of a vector map over a window of steps, carried back by adjoints or forward by tangents.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/random.hpp>
#include <libration/core/scaling.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/memory/detail/reach_books.hpp>
#include <libration/memory/reach_options.hpp>
#include <libration/memory/reach_result.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

template <maps::vector_map M>
class reach_transport {
  using S = typename M::scalar_type;
  using system_type = tangent::vector_system<M>;
  using vector = Eigen::Matrix<S, Eigen::Dynamic, 1>;
  using block = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  static constexpr bool is_driven = maps::driven<M>;
  static constexpr bool has_adjoint = is_driven ? maps::has_input_pullback<M> : maps::has_pullback<M>;
  static constexpr bool has_tangent = is_driven ? maps::differentiable_in_input<M> : maps::differentiable<M>;
  static_assert(has_adjoint || has_tangent,
                "libration: reach needs the map's tangent in its input (libration::maps::explain_input_tangent<M>() says what it "
                "misses; of a map without inputs explain_tangent<M>()), or its adjoint (explain_input_pullback<M>(), "
                "explain_pullback<M>())");

 public:
  /// What has fewer columns; of the whole state the tangents, where the map has them.
  static transport choose(const M& map, const reach_options& options) {
    if constexpr (!has_adjoint) {
      return transport::tangent;
    } else if constexpr (!has_tangent) {
      return transport::adjoint;
    } else {
      const Eigen::Index n = map.state_size();
      return carried(options, options.output.rows(n)) <= carried(options, inputs_of(map)) ? transport::adjoint : transport::tangent;
    }
  }

  /// \param map      outlives this
  /// \param windows  of lags + 1 steps, that will be looked at
  /// \param system   of which workspaces are kept; null: steps are taken again on one of its own
  /// \param alone    whether nobody else asks the system for its linearisation
  reach_transport(const M& map, const reach_options& options, std::int64_t windows, const system_type* system, bool alone)
      : map_(&map), output_(options.output), lags_(options.lags), every_(every_of(options)), windows_(windows), seed_(options.seed),
        by_(options.by == transport::automatic ? choose(map, options) : options.by),
        directions_(by_ == transport::adjoint ? output_.rows(map.state_size()) : inputs_of(map)),
        columns_(carried(options, directions_)),
        // Of the estimator in a pass, whose frame may not be as wide.
        again_(by_ == transport::tangent || options.recompute || system == nullptr || !std::is_copy_assignable_v<system_type> ||
               (options.by == transport::automatic && output_.is_state() && options.probes == 0)),
        alone_(alone), own_(map, again_ ? columns_ : 0) {
    require(by_ == transport::adjoint ? has_adjoint : has_tangent, "memory::reach", [&] {
      return ".by is " + std::string(to_string(by_)) + ", which this map has not: " +
             std::string(by_ == transport::adjoint ? (is_driven ? maps::explain_input_pullback<M>() : maps::explain_pullback<M>())
                                                   : maps::explain_input_tangent<M>());
    });
    const Eigen::Index n = map.state_size(), m = own_.input_size();
    if constexpr (maps::has_layers<M>)
      for (std::size_t l = 0; l < map.layer_count(); ++l) first_rows_.push_back(map.offset(l));
    books_.start(lags_, windows, is_driven && (by_ == transport::adjoint || columns_ == directions_) ? m : 0,
                 static_cast<Eigen::Index>(first_rows_.size()));
    if (by_ == transport::adjoint) {
      const double kept = again_ ? static_cast<double>(n + m) : static_cast<double>(n) * static_cast<double>(columns_);
      require_memory(static_cast<double>(sizeof(S)) * static_cast<double>(lags_ + 1) * kept, "memory::reach",
                     number_text(lags_) + (again_ ? " states" : " workspaces"),
                     again_ ? "fewer .lags" : "fewer .lags, or .recompute");
      if (again_) {
        states_.resize(n, lags_ + 1);
        inputs_.resize(m, lags_ + 1);
      } else {
        tape_.reserve(static_cast<std::size_t>(lags_ + 1));
        for (std::int64_t k = 0; k <= lags_; ++k) {
          if (alone_)
            tape_.emplace_back(map, columns_);
          else
            tape_.push_back(*system);
        }
      }
    }
    scratch_.setZero(n);
  }

  /// Shows the step t: h → next under x.
  ///
  /// \param at  the system that made it, or null; where it is nobody else's it holds another step after this
  /// \return false where a derivative is not finite
  bool observe(std::int64_t t, const vector& h, const vector& x, const vector& next, [[maybe_unused]] system_type* at) {
    if (by_ == transport::tangent) return go_ahead(t, h, x, next);
    const Eigen::Index slot = static_cast<Eigen::Index>(seen_ % (lags_ + 1));
    if (again_) {
      states_.col(slot) = h;
      if constexpr (is_driven) inputs_.col(slot) = x;
    } else {
      keep(tape_[static_cast<std::size_t>(slot)], *at);
    }
    ++seen_;
    return seen_ <= lags_ || (seen_ - lags_ - 1) % every_ != 0 || done_ == windows_ || look_back(t, next);
  }

  void write_to(reach_result& result, const reach_options& options) const {
    result.by = by_;
    result.columns = columns_;
    result.random_directions = columns_ < directions_;
    books_.write_to(result, options.fraction, options.level, options.resamples, options.seed);
  }

 private:
  // A derivative with respect to all that a tangent starts from, times 2^exponent; of a window.
  struct carried_block {
    block V;
    int exponent = 0;
    std::int64_t window = 0, age = 0;
  };

  static Eigen::Index inputs_of(const M& map) {
    if constexpr (is_driven)
      return map.input_size();
    else
      return map.state_size();
  }
  // √ of the sum of squares, in double and brought back to size.
  template <class Block>
  static double norm_of(const Block& values, int exponent) {
    return std::ldexp(static_cast<double>(values.template cast<double>().norm()), exponent);
  }
  static void rescale(block& V, int& exponent) {
    const int e = binary_exponent(V);
    if (e > -32 && e < 32) return;
    scale_by_power_of_two(V, -e);
    exponent += e;
  }
  // Unit directions, shape (directions, columns): the identity, or random ones whose mean product with their transpose it is.
  Eigen::MatrixXd starts(std::int64_t window) const {
    if (columns_ == directions_) return Eigen::MatrixXd::Identity(directions_, columns_);
    Eigen::MatrixXd Z(directions_, columns_);
    constexpr std::uint64_t stream = 0x72656163'68000000;  // apart from what else is drawn from the user's seed
    random_stream(seed_, stream + static_cast<std::uint64_t>(window)).fill_normal(Z);
    return Z / std::sqrt(static_cast<double>(columns_));
  }
  template <class Block>
  void add_layers(const Block& V, int exponent, Eigen::Index lag) {
    auto sums = books_.layers(lag);
    for (std::size_t l = 0; l < first_rows_.size(); ++l) {
      const Eigen::Index end = l + 1 < first_rows_.size() ? first_rows_[l + 1] : V.rows();
      sums[static_cast<Eigen::Index>(l)] += norm_of(V.middleRows(first_rows_[l], end - first_rows_[l]), exponent);
    }
  }

  void keep(system_type& slot, system_type& made) {
    if (alone_) {
      std::swap(slot, made);
    } else if constexpr (std::is_copy_assignable_v<system_type>) {
      slot = made;
    }
  }

  bool look_back(std::int64_t t, const vector& next) {
    const std::int64_t window = done_;
    output_.derivative(next.template cast<double>(), derivative_);
    if (columns_ == directions_)
      W_ = derivative_.transpose().template cast<S>();
    else
      W_ = (derivative_.transpose() * starts(window)).template cast<S>();
    int exponent = 0;
    for (std::int64_t lag = 0; lag <= lags_; ++lag) {
      rescale(W_, exponent);
      const Eigen::Index k = static_cast<Eigen::Index>(lag);
      add_layers(W_, exponent, k);
      double gain = is_driven ? 0.0 : norm_of(W_, exponent);
      if (is_driven || lag < lags_) {
        const auto slot = static_cast<std::size_t>((seen_ - 1 - lag) % (lags_ + 1));
        system_type& at = again_ ? own_ : tape_[slot];
        if (again_) {
          if constexpr (is_driven) input_ = inputs_.col(static_cast<Eigen::Index>(slot));
          state_ = states_.col(static_cast<Eigen::Index>(slot));
          own_.advance(t - lag, state_, input_, scratch_);
        }
        pull_back(at);
        if constexpr (is_driven) {
          gain = norm_of(BtW_, exponent);
          auto sums = books_.channels(k);
          for (Eigen::Index c = 0; c < BtW_.rows(); ++c) sums[c] += norm_of(BtW_.row(c), exponent);
        }
      }
      if (!books_.add(k, static_cast<Eigen::Index>(window), gain)) return false;
    }
    ++done_;
    books_.close();
    return true;
  }
  void pull_back([[maybe_unused]] system_type& at) {
    if constexpr (has_adjoint && is_driven)
      at.pullback(W_, BtW_);
    else if constexpr (has_adjoint)
      at.pullback(W_);
  }

  bool go_ahead(std::int64_t t, const vector& h, const vector& x, const vector& next) {
    if constexpr (has_tangent) {
      own_.advance(t, h, x, scratch_);
      for (carried_block& each : ahead_) own_.tangent(each.V);
      if (seen_ % every_ == 0 && started_ < windows_) {
        carried_block fresh;
        fresh.window = started_++;
        if constexpr (is_driven) {
          fresh.V.setZero(map_->state_size(), columns_);
          own_.tangent(fresh.V, block(starts(fresh.window).template cast<S>()));
        } else {
          fresh.V = starts(fresh.window).template cast<S>();
        }
        ahead_.push_back(std::move(fresh));
      }
      ++seen_;
      if (ahead_.empty()) return true;
      if (!output_.is_state() && !(output_.is_linear() && derivative_.size() > 0))
        output_.derivative(next.template cast<double>(), derivative_);
      for (carried_block& each : ahead_) {
        rescale(each.V, each.exponent);
        const Eigen::Index k = static_cast<Eigen::Index>(each.age);
        add_layers(each.V, each.exponent, k);
        image_ = each.V.template cast<double>();
        if (!output_.is_state()) image_ = (derivative_ * image_).eval();
        if (books_.has_channels()) {
          auto sums = books_.channels(k);
          for (Eigen::Index c = 0; c < image_.cols(); ++c) sums[c] += norm_of(image_.col(c), each.exponent);
        }
        if (!books_.add(k, static_cast<Eigen::Index>(each.window), norm_of(image_, each.exponent))) return false;
        ++each.age;
      }
      if (ahead_.front().age > lags_) {  // the oldest ends first
        ahead_.erase(ahead_.begin());
        books_.close();
      }
    }
    return true;
  }

  const M* map_;
  state_output output_;
  std::int64_t lags_, every_, windows_;
  std::uint64_t seed_;
  transport by_;
  Eigen::Index directions_, columns_;
  bool again_, alone_;
  system_type own_;
  reach_books books_;
  std::vector<Eigen::Index> first_rows_;  // of the layers
  std::vector<system_type> tape_;         // of the last lags + 1 steps, step s in slot s modulo that
  block states_, inputs_;                 // or their starts
  std::vector<carried_block> ahead_;
  std::int64_t seen_ = 0, done_ = 0, started_ = 0;
  block W_, BtW_;
  Eigen::MatrixXd derivative_, image_;
  vector state_, input_, scratch_;
};

}  // namespace libration::inline LIBRATION_ABI::memory::detail
