// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `drift::neighbours`: the distance of a state to the k-th nearest of states that are usual.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Options of `drift::neighbours`, declared in the order in which designated initialisers name them.
struct neighbours_options {
  /// Distances between directions: every state is divided by its norm. A zero vector has no direction.
  bool normalise = false;
};

/// Reference states that are kept, all of them, and Euclidean distances to the k-th nearest one. It makes no assumption about their
/// distribution, and costs their number for each query. Queries are const, with a workspace for each thread.
class neighbours {
 public:
  /// What a query needs beside the states, for one thread.
  struct workspace {
    Eigen::VectorXd state;    ///< shape (n)
    Eigen::VectorXd squares;  ///< shape (size())
  };

  /// \param states  columns are states, shape (n, N), N >= 2; kept as double
  /// \throws argument_error  for shapes, a value that is not finite (its column is named)
  template <class States>
  explicit neighbours(const Eigen::MatrixBase<States>& states, const neighbours_options& options = {}) {
    keep(states.template cast<double>(), options);
  }

  /// \return  `ok`; `not_resolved`: some states are zero vectors without direction. They are no one's neighbours
  libration::status status() const noexcept {
    return without_direction_ > 0 ? libration::status::not_resolved : libration::status::ok;
  }
  /// \return  states that are kept
  Eigen::Index size() const noexcept { return states_.cols(); }
  std::int64_t without_direction() const noexcept { return without_direction_; }

  workspace make_workspace() const { return {Eigen::VectorXd::Zero(states_.rows()), Eigen::VectorXd::Zero(states_.cols())}; }

  /// The distance to the k-th nearest state. One of the states themselves finds itself at distance 0: see `own_distances`.
  ///
  /// \param h  shape (n)
  /// \param k  1 to the number of states with a direction
  /// \return   NaN where h is not finite, or has no direction and one is needed
  /// \throws argument_error  for a shape, or another k
  /// Accuracy:  n eps
  /// Cost:      3 n N operations; nothing is allocated
  template <class State>
  double distance(const Eigen::MatrixBase<State>& h, Eigen::Index k, workspace& ws) const {
    static_assert(State::ColsAtCompileTime == 1, "libration: neighbours::distance is of a state; of a run see distances_along");
    check(h.rows(), k, 0);
    ws.state = h.template cast<double>();
    return to_nearest(k, -1, ws);
  }
  template <class State>
  double distance(const Eigen::MatrixBase<State>& h, Eigen::Index k) const {
    workspace ws = make_workspace();
    return distance(h, k, ws);
  }

  /// Of every state of a run, shape (n, T).
  ///
  /// \param threads  0: one per hardware thread. The digits do not depend on it
  template <class Run>
  Eigen::VectorXd distances_along(const Eigen::MatrixBase<Run>& run, Eigen::Index k, int threads = 1) const {
    check(run.rows(), k, 0);
    return distances_of(run.template cast<double>(), k, threads);
  }

  /// The distance of each of the states to the k-th nearest of the others: what is usual, to compare a query's distance with.
  ///
  /// \param k  1 to the number of states with a direction, less 1
  /// \return   shape (size()); NaN of a state without direction
  LIBRATION_DECLARED Eigen::VectorXd own_distances(Eigen::Index k, int threads = 1) const;

 private:
  LIBRATION_DECLARED void keep(Eigen::MatrixXd states, const neighbours_options& options);
  LIBRATION_DECLARED void check(Eigen::Index rows, Eigen::Index k, Eigen::Index left_out) const;
  LIBRATION_DECLARED double to_nearest(Eigen::Index k, Eigen::Index left_out, workspace& ws) const;
  LIBRATION_DECLARED Eigen::VectorXd distances_of(const Eigen::MatrixXd& run, Eigen::Index k, int threads) const;

  Eigen::MatrixXd states_;  // times 2^-exponent_; NaN where there is no direction
  int exponent_ = 0;
  bool normalise_ = false;
  std::int64_t without_direction_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/neighbours.hpp>
#endif
