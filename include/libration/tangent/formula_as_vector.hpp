// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A formula map seen as a vector map, for formulas with many components.

#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// The formula M as a vector map on S (float or double); its tangent carries eight directions at a time through the formula.
template <class M, class S = double>
class formula_as_vector : public maps::wrapper<formula_as_vector<M, S>, M> {
  static constexpr int n = M::dimension;
  static constexpr int m = maps::input_dimension<M> > 0 ? maps::input_dimension<M> : 1;
  static constexpr int chunk = 8;
  using T = std::conditional_t<std::is_same_v<S, float>, single, double>;

 public:
  using scalar_type = S;

  /// \param map outlives this view
  explicit formula_as_vector(const M& map) : map_(&map) {}

  const M& inner() const { return *map_; }

  Eigen::Index state_size() const { return n; }
  Eigen::Index input_size() const
    requires(maps::input_dimension<M> > 0)
  {
    return m;
  }
  void step(std::int64_t t, vector_view<S> h, vector_span<S> next) const
    requires(maps::input_dimension<M> == 0)
  {
    write(maps::evaluate(*map_, t, read<T, n>(h), state<T, m>{}), next);
  }
  void step(std::int64_t t, vector_view<S> h, vector_view<S> x, vector_span<S> next) const
    requires(maps::input_dimension<M> > 0)
  {
    write(maps::evaluate(*map_, t, read<T, n>(h), read<T, m>(x)), next);
  }
  void tangent(std::int64_t t, vector_view<S> h, matrix_view<S> V, matrix_span<S> JV) const
    requires(maps::input_dimension<M> == 0)
  {
    apply(t, h, state<dual<T, chunk>, m>{}, V, JV);
  }
  void tangent(std::int64_t t, vector_view<S> h, vector_view<S> x, matrix_view<S> V, matrix_span<S> JV) const
    requires(maps::input_dimension<M> > 0)
  {
    apply(t, h, read<dual<T, chunk>, m>(x), V, JV);
  }
  double log_abs_determinant(vector_view<S> h) const
    requires requires(const M& map, const state<T, n>& s) { map.log_abs_determinant(s); }
  {
    return static_cast<double>(map_->log_abs_determinant(read<T, n>(h)));
  }

 private:
  template <class U, int size>
  static state<U, size> read(const vector_view<S>& v) {
    state<U, size> s;
    for (int i = 0; i < size; ++i) s[i] = U(T(v[i]));
    return s;
  }
  static void write(const state<T, n>& s, vector_span<S>& v) {
    for (int i = 0; i < n; ++i) v[i] = static_cast<S>(s[i]);
  }
  void apply(std::int64_t t, const vector_view<S>& h, const state<dual<T, chunk>, m>& x, const matrix_view<S>& V,
             matrix_span<S>& JV) const {
    for (Eigen::Index first = 0; first < V.cols(); first += chunk) {
      const int used = static_cast<int>(std::min<Eigen::Index>(chunk, V.cols() - first));
      auto seeded = read<dual<T, chunk>, n>(h);
      for (int c = 0; c < used; ++c)
        for (int i = 0; i < n; ++i) seeded[i].derivative[c] = T(V(i, first + c));
      const auto image = maps::evaluate(*map_, t, seeded, x);
      for (int c = 0; c < used; ++c)
        for (int i = 0; i < n; ++i) JV(i, first + c) = static_cast<S>(image[i].derivative[c]);
    }
  }

  const M* map_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
