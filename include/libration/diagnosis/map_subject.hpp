// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Runs of a driven map as a subject: free-running or along given inputs, with the interventions that any map allows.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/subject.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

namespace detail {

template <class M>
struct plain_form {
  using type = M;
};
template <maps::formula_map M>
struct plain_form<M> {
  using type = tangent::formula_as_vector<M, double>;
};

}  // namespace detail

/// What is run along a driven map, with the scalar S of its vectors.
///
///     Eigen::VectorX<S> start(std::int64_t text) const;                          // shape (n)
///     Eigen::MatrixX<S> inputs(std::int64_t text) const;                         // shape (m, T): the true inputs
///     double loss(std::int64_t t, vector_view<S> h, std::int64_t text) const;    // nats, of the state that input t led to
///
/// and optionally, each of which allows an intervention or says how it is made:
///
///     void feedback(std::int64_t t, vector_view<S> h, std::int64_t text, vector_span<S> x) const;
///         What the loop feeds itself as input t, h being the state that input t - 1 led to. The run is free-running then, and the
///         intervention "feedback cut" gives it the true inputs: accumulated error.
///     std::int64_t prompt() const;
///         True inputs that a free-running run begins with, >= 0; where there is none: 1.
///     void retract(std::int64_t t, std::int64_t text, vector_span<S> h) const;
///         "State brought back": brings the state that input t led to back to where it belongs, after every step: drift.
///     std::int64_t context() const;
///         "Context cut": k >= 1, and the loss is that of the state after the last k inputs alone, from the start. It helps a state
///         of fixed size that is too full, not one that forgets: state compression.
///     void recall(std::int64_t t, matrix_view<S> used, std::int64_t text, vector_span<S> h) const;
///         "Text recalled": makes h what the state would be, had it kept all that the inputs (used: shape (m, t + 1)) said: state
///         compression.
///
/// The last two only change what the loss is taken of: the run goes on as it would.
template <class Run, class S>
concept map_run = requires(const Run& run, std::int64_t text, vector_view<S> h) {
  { run.start(text) } -> std::convertible_to<Eigen::VectorX<S>>;
  { run.inputs(text) } -> std::convertible_to<Eigen::MatrixX<S>>;
  { run.loss(text, h, text) } -> std::convertible_to<double>;
};

/// A subject made of a driven map and what is run along it. Losses are those from the end of the prompt on, or, where nothing is
/// fed back, from the first input on.
///
/// \tparam Map  a driven map: a formula, or a vector map
/// \tparam Run  see `map_run`
template <class Map, class Run>
class map_subject {
  static_assert(maps::driven<Map>, "libration: map_subject runs driven maps: those whose step takes an input");
  using plain = typename detail::plain_form<Map>::type;
  using S = typename plain::scalar_type;
  static_assert(map_run<Run, S>, "libration: map_subject's run needs start(text), inputs(text) and loss(t, h, text): see map_run");
  using vector = Eigen::VectorX<S>;
  using matrix = Eigen::MatrixX<S>;

  static constexpr bool closed = requires(const Run& r, std::int64_t t, vector_view<S> h, vector_span<S> x) {
    r.feedback(t, h, t, x);
  };
  static constexpr bool retracts = requires(const Run& r, std::int64_t t, vector_span<S> h) { r.retract(t, t, h); };
  static constexpr bool cuts = requires(const Run& r) { r.context(); };
  static constexpr bool recalls = requires(const Run& r, std::int64_t t, matrix_view<S> X, vector_span<S> h) {
    r.recall(t, X, t, h);
  };

  // A piece that is misspelt must not be left out in silence.
  static_assert(
      closed || !requires { &Run::feedback; }, "libration: map_subject's run has a feedback of another form: see map_run");
  static_assert(
      retracts || !requires { &Run::retract; }, "libration: map_subject's run has a retract of another form: see map_run");
  static_assert(
      cuts || !requires { &Run::context; }, "libration: map_subject's run has a context of another form: see map_run");
  static_assert(
      recalls || !requires { &Run::recall; }, "libration: map_subject's run has a recall of another form: see map_run");

 public:
  /// \param map, run  outlive the subject
  map_subject(const Map& map, const Run& run) : map_(&map), run_(&run) {}

  /// Those that the run allows, in this order: feedback cut, state brought back, context cut, text recalled.
  std::vector<intervention> interventions() const {
    std::vector<intervention> list;
    if (closed) list.push_back({"feedback cut", mechanism::accumulated_error});
    if (retracts) list.push_back({"state brought back", mechanism::drift});
    if (cuts) list.push_back({"context cut", mechanism::state_compression});
    if (recalls) list.push_back({"text recalled", mechanism::state_compression});
    return list;
  }

  /// \throws argument_error  shapes of start and inputs, a prompt or a context out of range
  /// Cost:  T steps; where the context is cut k T more
  Eigen::VectorXd losses(const intervention_set& active, std::int64_t text) const {
    constexpr std::string_view who = "diagnosis::map_subject";
    std::size_t number = 0;
    [[maybe_unused]] const bool given = closed && active[number++];
    [[maybe_unused]] const bool back = retracts && active[number++];
    [[maybe_unused]] const bool cut = cuts && active[number++];
    [[maybe_unused]] const bool recalled = recalls && active[number++];

    const auto& map = made();  // a view of a formula lives as long
    tangent::vector_system<plain> system(map, 0);
    const vector h0 = run_->start(text);
    require_rows(h0.size(), system.state_size(), who, "the start", "the map's dimension");
    matrix X = run_->inputs(text);
    require_rows(X.rows(), system.input_size(), who, "the inputs", "the map's inputs");
    std::int64_t prompt = closed ? 1 : 0, context = 0;
    if constexpr (requires { run_->prompt(); }) prompt = run_->prompt();
    require(prompt >= 0 && prompt < X.cols(), who, [&] {
      return "the prompt has " + number_text(prompt) + " inputs, expected 0 to " + number_text(X.cols() - 1) + " (of the inputs)";
    });
    if constexpr (cuts) {
      context = run_->context();
      require(context >= 1, who, [&] { return "the context is cut to " + number_text(context) + " inputs, expected >= 1"; });
    }

    // X holds the inputs that were used: those that the loop feeds itself take the true ones' place.
    Eigen::VectorXd losses(X.cols() - prompt);
    vector h = h0, next = system.make_state(), x = system.make_input(), read;
    for (std::int64_t t = 0; t < X.cols(); ++t) {
      if constexpr (closed) {
        if (t >= prompt && !given) {
          run_->feedback(t, h, text, x);
          X.col(t) = x;
        }
      }
      x = X.col(t);
      system.step(t, h, x, next);
      h.swap(next);
      if constexpr (retracts) {
        if (back) run_->retract(t, text, h);
      }
      if (t < prompt) continue;
      read = h;
      if constexpr (cuts) {
        if (cut) {
          read = h0;
          for (std::int64_t s = std::max<std::int64_t>(0, t + 1 - context); s <= t; ++s) {
            x = X.col(s);
            system.step(s, read, x, next);
            read.swap(next);
          }
        }
      }
      if constexpr (recalls) {
        if (recalled) run_->recall(t, X.leftCols(t + 1), text, read);
      }
      losses[t - prompt] = run_->loss(t, read, text);
    }
    return losses;
  }

 private:
  decltype(auto) made() const {
    if constexpr (std::is_same_v<plain, Map>)
      return static_cast<const Map&>(*map_);
    else
      return plain(*map_);
  }

  const Map* map_;
  const Run* run_;
};

}  // namespace libration::inline LIBRATION_ABI::diagnosis
