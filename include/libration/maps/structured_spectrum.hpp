// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a map says of itself whose exponents along given inputs need no frame: the gates that they are the means of.

#include <concepts>
#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// What exponents are made of, where the Jacobians of all steps are triangular in one and the same order of the coordinates:
/// in every step coordinate i grows by the factor e^{scale_i γ}, γ the step's gate number `gate[i]`.
struct gate_structure {
  static constexpr Eigen::Index nilpotent = -1;  ///< a coordinate's gate where its perturbations end after some steps

  Eigen::Index gates = 0;  ///< numbers that a step gives; 0 and no coordinates: this map has no such structure
  Eigen::Matrix<Eigen::Index, Eigen::Dynamic, 1> gate;  ///< shape (n): 0 to gates - 1, or `nilpotent`
  Eigen::VectorXd scale;                                ///< shape (n); of a nilpotent coordinate nothing

  bool found() const { return gate.size() > 0; }
  /// Coordinates `first` on, `count` of them, of one gate.
  void set(Eigen::Index first, Eigen::Index count, Eigen::Index which, double by) {
    gate.segment(first, count).setConstant(which);
    scale.segment(first, count).setConstant(by);
  }
};

namespace detail {
template <class M>
concept says_structure = requires(const M& map) {
  { map.structured_spectrum() } -> std::same_as<gate_structure>;
};
template <class M>
concept gates_in_workspace =
    with_workspace<M> && requires(const M& map, const typename M::workspace& ws, vector_span<double> out) { map.gates(ws, out); };
template <class M>
concept gates_at_time = requires(const M& map, std::int64_t t, vector_span<double> out) { map.gates(t, out); };
}  // namespace detail

/// Optional for a vector map, the exact conditional spectrum:
///
///     gate_structure structured_spectrum() const;                      // may be empty: not with these parameters
///     void gates(const workspace&, vector_span<double> out) const;     // of the last step on that workspace, shape (gates)
///     void gates(std::int64_t t, vector_span<double> out) const;       // or of step t, where nothing else matters
///
/// Along given inputs the exponents are then the means of scale_i times gate, each once, and -∞ for what is nilpotent.
///
/// What the compiler cannot see: there is an order of the coordinates, the same for all steps, in which every Jacobian (dg/dh at
/// given inputs) is block triangular, a block being a coordinate, a plane that is turned and scaled by the factor of both its
/// coordinates, or coordinates on which products of the blocks vanish after a fixed number of steps. So it is for layers whose
/// gates do not depend on their own state, one upon the other. It is not for a closed loop, nor where a gate reads the state that
/// it acts on.
template <class M>
concept has_structured_spectrum =
    vector_map<M> && detail::says_structure<M> && (detail::gates_in_workspace<M> || detail::gates_at_time<M>);

}  // namespace libration::inline LIBRATION_ABI::maps
