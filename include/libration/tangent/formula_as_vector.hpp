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

/// The formula M as a vector map on S (float or double); its tangent carries eight directions at a time through the formula,
/// and its adjoint takes n/8 of these for any number of columns.
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
  void pullback(std::int64_t t, vector_view<S> h, matrix_view<S> W, matrix_span<S> JtW) const
    requires(maps::input_dimension<M> == 0)
  {
    adjoint<n>(read<dual<T, chunk>, n>(h), W, JtW, [&](const auto& seeded) {
      return maps::evaluate(*map_, t, seeded, state<dual<T, chunk>, m>{});
    });
  }
  void pullback(std::int64_t t, vector_view<S> h, vector_view<S> x, matrix_view<S> W, matrix_span<S> JtW) const
    requires(maps::input_dimension<M> > 0)
  {
    const auto input = read<dual<T, chunk>, m>(x);
    adjoint<n>(read<dual<T, chunk>, n>(h), W, JtW, [&](const auto& seeded) { return maps::evaluate(*map_, t, seeded, input); });
  }
  void pullback(std::int64_t t, vector_view<S> h, vector_view<S> x, matrix_view<S> W, matrix_span<S> JtW,
                matrix_span<S> BtW) const
    requires(maps::input_dimension<M> > 0)
  {
    pullback(t, h, x, W, JtW);
    const auto at = read<dual<T, chunk>, n>(h);
    adjoint<m>(read<dual<T, chunk>, m>(x), W, BtW, [&](const auto& seeded) { return maps::evaluate(*map_, t, at, seeded); });
  }
  void tangent(std::int64_t t, vector_view<S> h, vector_view<S> x, matrix_view<S> V, matrix_view<S> VX, matrix_span<S> JV) const
    requires(maps::input_dimension<M> > 0)
  {
    for (Eigen::Index first = 0; first < V.cols(); first += chunk) {
      const int used = static_cast<int>(std::min<Eigen::Index>(chunk, V.cols() - first));
      auto input = read<dual<T, chunk>, m>(x);
      for (int c = 0; c < used; ++c)
        for (int i = 0; i < m; ++i) input[i].derivative[c] = T(VX(i, first + c));
      matrix_span<S> some = JV.middleCols(first, used);
      apply(t, h, input, V.middleCols(first, used), some);
    }
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

  // out = Dᵀ W, D the derivative of `image` in `size` numbers, of which eight at a time are moved.
  template <int size, class Image>
  static void adjoint(const state<dual<T, chunk>, size>& at, const matrix_view<S>& W, matrix_span<S>& out, const Image& image) {
    for (int first = 0; first < size; first += chunk) {
      const int used = std::min(chunk, size - first);
      auto seeded = at;
      for (int c = 0; c < used; ++c) seeded[first + c].derivative[c] = T(1.0);
      const state<dual<T, chunk>, n> moved = image(seeded);
      for (Eigen::Index j = 0; j < W.cols(); ++j)
        for (int c = 0; c < used; ++c) {
          S sum(0);
          for (int i = 0; i < n; ++i) sum += static_cast<S>(moved[i].derivative[c]) * W(i, j);
          out(first + c, j) = sum;
        }
    }
  }

  const M* map_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
