// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a language model is: it reads a token, and says how likely each next one is; `explain_token_model<M>()`, which says what a
/// type lacks; and `read_token`, by which every algorithm reads.

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// A token's number in a vocabulary, from 0.
using token = std::int32_t;

namespace detail {

template <class M>
concept with_vocabulary_size = requires(const M& m) {
  { m.vocabulary_size() } -> std::convertible_to<Eigen::Index>;
};
template <class M>
concept steps_token =
    requires(const M& m, const token v, vector_view<typename M::scalar_type> h, vector_span<typename M::scalar_type> next,
             typename M::workspace& ws) { m.step(v, h, next, ws); };
template <class M>
concept reads_token = requires(const M& m, const token v, vector_span<typename M::scalar_type> h,
                               typename M::workspace& ws) { m.read(v, h, ws); };
template <class M>
concept gives_logits = requires(const M& m, vector_view<typename M::scalar_type> h,
                                vector_span<typename M::scalar_type> out) { m.logits(h, out); };

}  // namespace detail

/// A generator of text, token by token.
///
///     using scalar_type = float;                                   // or double
///     struct workspace;
///     Eigen::Index state_size() const;                             // n
///     Eigen::Index vocabulary_size() const;                        // V
///     workspace make_workspace(Eigen::Index columns) const;        // columns: the widest tangent block, 0 for none
///     void step(token v, vector_view<S> h, vector_span<S> next, workspace&) const;   // reads v: h -> next, shapes (n)
///     void read(token v, vector_span<S> h, workspace&) const;                        // or: reads v, h in place
///     void logits(vector_view<S> h, vector_span<S> out) const;     // of the next token, shape (V)
///
/// One of `step` and `read` is enough; where both are there they do the same, and `read` is used. A model whose state is large and
/// of which a token changes little (a cache of keys and values) offers `read`.
///
/// What the compiler cannot see: a text begins in the zero state; sizes do not change; 0 <= v < V; the model is pure, so that the
/// state alone says what has been read, and nothing is carried over in the workspace; `next` and `out` are written whole and never
/// read, `next` lies apart from h; nothing is allocated after make_workspace. One model serves many threads, each with its own
/// workspace. A `step` that takes exactly `token` (`template <std::same_as<token> T> void step(T v, ...)`) is not taken for the
/// step of a map that depends on time.
template <class M>
concept token_model = detail::with_scalar_type<M> && detail::with_state_size<M> && detail::with_vocabulary_size<M> &&
                      detail::with_workspace<M> && (detail::steps_token<M> || detail::reads_token<M>) && detail::gives_logits<M>;

/// A token model that changes its state in place.
template <class M>
concept reads_in_place = token_model<M> && detail::reads_token<M>;

/// Says in words what keeps M from being a token model; empty where nothing does.
template <class M>
consteval std::string_view explain_token_model() {
  if constexpr (token_model<M>)
    return "";
  else if constexpr (!requires { typename M::scalar_type; })
    return "a token model needs `using scalar_type`, float or double";
  else if constexpr (!detail::with_scalar_type<M>)
    return "`scalar_type` must be float or double";
  else if constexpr (!detail::with_state_size<M>)
    return "a token model needs `Eigen::Index state_size() const`";
  else if constexpr (!detail::with_vocabulary_size<M>)
    return "a token model needs `Eigen::Index vocabulary_size() const`";
  else if constexpr (!detail::with_workspace<M>)
    return "a token model needs a type `workspace` and `workspace make_workspace(Eigen::Index columns) const`";
  else if constexpr (!detail::steps_token<M> && !detail::reads_token<M>)
    return "a token model needs `void step(token v, vector_view<S> h, vector_span<S> next, workspace&) const`, or `void read(token "
           "v, vector_span<S> h, workspace&) const`, which changes the state in place";
  else
    return "a token model needs `void logits(vector_view<S> h, vector_span<S> out) const`";
}

/// A model's state, shape (n).
template <token_model M>
using token_state = Eigen::Matrix<typename M::scalar_type, Eigen::Dynamic, 1>;

/// \return what `read_token` needs beside the state: shape (n), or empty where the model reads in place
template <token_model M>
token_state<M> make_read_scratch(const M& model) {
  return token_state<M>(reads_in_place<M> ? 0 : model.state_size());
}

/// Reads one token: in place where the model offers it, otherwise by a step and an exchange of the two vectors.
///
/// \param v        token, 0 <= v < V
/// \param h        in, out: state, shape (n)
/// \param scratch  of `make_read_scratch`; what it holds afterwards is of no meaning
template <token_model M>
void read_token(const M& model, token v, token_state<M>& h, [[maybe_unused]] token_state<M>& scratch,
                typename M::workspace& ws) {
  eigen_assert(v >= 0 && v < model.vocabulary_size());
  if constexpr (reads_in_place<M>) {
    model.read(v, h, ws);
  } else {
    model.step(v, h, scratch, ws);
    h.swap(scratch);
  }
}

/// Throws `argument_error` unless there is a token, and each is one of the vocabulary: `who: name: token 7 at 3, expected 0 to 4`.
///
/// \param name  what the tokens are called, "prompt 2"
LIBRATION_DECLARED void require_tokens(std::span<const token> tokens, Eigen::Index vocabulary_size, std::string_view who,
                                       std::string_view name);

}  // namespace libration::inline LIBRATION_ABI::maps

#if !defined(LIBRATION_COMPILED)
#include <libration/maps/definitions/token_model.hpp>
#endif
