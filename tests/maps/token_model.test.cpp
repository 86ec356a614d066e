// SPDX-License-Identifier: MIT
#include <libration/maps/token_model.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <vector>

#include <libration/models/character_model.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace models = libration::models;
using libration::argument_error, libration::vector_span, libration::vector_view;
using libration_test::message_of;
using maps::token;

namespace {

struct nothing {};

// h' = h/2 + v: the state holds the whole text.
struct sums {
  using scalar_type = double;
  using workspace = nothing;
  Eigen::Index state_size() const { return 2; }
  Eigen::Index vocabulary_size() const { return 3; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  template <std::same_as<token> Token>
  void step(Token v, vector_view<double> h, vector_span<double> next, workspace&) const {
    next = 0.5 * h;
    next.array() += v;
  }
  void logits(vector_view<double> h, vector_span<double> out) const { out.setConstant(h[0]); }
};

// The same in place, with a count of who was called.
struct sums_in_place : sums {
  template <std::same_as<token> Token>
  void step(Token, vector_view<double>, vector_span<double>, workspace&) const {
    FAIL("a model that reads in place was asked for a step");
  }
  void read(token v, vector_span<double> h, workspace&) const {
    h *= 0.5;
    h.array() += v;
  }
};

// In place only.
struct reads_only {
  using scalar_type = float;
  using workspace = nothing;
  Eigen::Index state_size() const { return 1; }
  Eigen::Index vocabulary_size() const { return 3; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void read(token v, vector_span<float> h, workspace&) const { h[0] = static_cast<float>(v); }
  void logits(vector_view<float> h, vector_span<float> out) const { out.setConstant(h[0]); }
};

// What is missing, one thing at a time.
struct no_scalar {};
struct whole_numbers {
  using scalar_type = int;
};
struct no_state {
  using scalar_type = double;
};
struct no_vocabulary : no_state {
  Eigen::Index state_size() const { return 1; }
};
struct no_workspace : no_vocabulary {
  Eigen::Index vocabulary_size() const { return 1; }
};
struct no_step : no_workspace {
  using workspace = nothing;
  workspace make_workspace(Eigen::Index) const { return {}; }
};
struct not_const : no_step {
  void read(token, vector_span<double>, workspace&) {}
};
struct no_logits : no_step {
  void read(token, vector_span<double>, workspace&) const {}
};

template <class M>
constexpr bool explained(std::string_view part) {
  return !maps::token_model<M> && maps::explain_token_model<M>().find(part) != std::string_view::npos;
}

}  // namespace

static_assert(std::same_as<models::token, maps::token>);
static_assert(maps::token_model<models::character_model<models::rnn<float>>>);
static_assert(maps::token_model<models::character_model<models::gru<double>>>);
static_assert(maps::token_model<models::character_model<models::lstm<float>>>);
static_assert(!maps::reads_in_place<models::character_model<models::gru<double>>>);
static_assert(!maps::token_model<models::gru<double>>);
static_assert(maps::explain_token_model<models::character_model<models::lstm<double>>>().empty());

static_assert(maps::token_model<sums> && !maps::reads_in_place<sums> && !maps::map<sums>);
static_assert(maps::reads_in_place<sums_in_place> && maps::reads_in_place<reads_only> && !maps::map<reads_only>);

static_assert(explained<no_scalar>("using scalar_type"));
static_assert(explained<whole_numbers>("must be float or double"));
static_assert(explained<no_state>("state_size()"));
static_assert(explained<no_vocabulary>("vocabulary_size()"));
static_assert(explained<no_workspace>("make_workspace"));
static_assert(explained<no_step>("void step(token v"));
static_assert(explained<not_const>("void read(token v"));
static_assert(explained<no_logits>("void logits("));

TEST_CASE("maps::read_token: a step, or in place where the model offers it, with the same state", "[law]") {
  const auto read_all = [](const auto& model) {
    auto ws = model.make_workspace(0);
    auto scratch = maps::make_read_scratch(model);
    using state = std::remove_const_t<decltype(scratch)>;
    state h = state::Zero(model.state_size());
    for (const token v : {2, 0, 1, 1}) maps::read_token(model, v, h, scratch, ws);
    return h;
  };
  const Eigen::Vector2d expected = Eigen::Vector2d::Constant(((2 * 0.5 + 0) * 0.5 + 1) * 0.5 + 1);
  CHECK(read_all(sums{}) == expected);
  CHECK(read_all(sums_in_place{}) == expected);
  CHECK(read_all(reads_only{})[0] == 1.0f);
  CHECK(maps::make_read_scratch(sums{}).size() == 2);
  CHECK(maps::make_read_scratch(sums_in_place{}).size() == 0);
}

TEST_CASE("maps::read_token: a character model reads as by its own step", "[differential]") {
  using model_type = models::character_model<models::gru<double>>;
  const model_type model(models::gru<double>(libration_test::random_layers<double>(3, 3, {4})),
                         models::embedding<double>::one_hot(3),
                         models::readout<double>(libration_test::random_matrix(3, 4, 1.0, 70), {}), models::vocabulary(U"abc"));
  auto ws = model.make_workspace();
  Eigen::VectorXd h = Eigen::VectorXd::Zero(4), scratch = maps::make_read_scratch(model), next(4), other = h;
  for (const token v : {1, 2, 0}) {
    maps::read_token(model, v, h, scratch, ws);
    model.step(v, other, next, ws);
    other = next;
  }
  CHECK(h == other);
}

TEST_CASE("maps::require_tokens: an empty text and a token that is none are refused by name", "[failure]") {
  const auto refusal = [](const std::vector<token>& tokens) {
    return message_of<argument_error>([&] { maps::require_tokens(tokens, 5, "error::f", "prompt 2"); });
  };
  CHECK(refusal({0, 4}).empty());
  CHECK(refusal({}) == "error::f: prompt 2 is empty, expected at least one token");
  CHECK(refusal({0, 5}) == "error::f: prompt 2: token 5 at 1, expected 0 to 4");
  CHECK(refusal({-1}) == "error::f: prompt 2: token -1 at 0, expected 0 to 4");
}
