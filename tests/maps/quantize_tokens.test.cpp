// SPDX-License-Identifier: MIT
#include <libration/maps/quantize_tokens.hpp>

#include <concepts>

#include <Eigen/Core>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
using namespace libration_test;

namespace {

// Adds a third of the token to each of two numbers; in place, or by a step.
template <bool in_place>
struct adder {
  using scalar_type = double;
  struct workspace {};
  Eigen::Index state_size() const { return 2; }
  Eigen::Index vocabulary_size() const { return 2; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  template <std::same_as<maps::token> Token>
  void step(Token v, libration::vector_view<double> h, libration::vector_span<double> next, workspace&) const
    requires(!in_place)
  {
    next = h.array() + v / 3.0;
  }
  void read(maps::token v, libration::vector_span<double> h, workspace&) const
    requires in_place
  {
    h.array() += v / 3.0;
  }
  void logits(libration::vector_view<double> h, libration::vector_span<double> out) const { out = h; }
};

template <class Model>
Eigen::VectorXd after_one(const Model& model) {
  maps::token_state<Model> h = maps::token_state<Model>::Zero(2), scratch = maps::make_read_scratch(model);
  auto ws = model.make_workspace(0);
  maps::read_token(model, maps::token{1}, h, scratch, ws);
  return h;
}

}  // namespace

TEST_CASE("maps::quantize: a token model's state is rounded after each token, in place or not", "[oracle]") {
  const auto step = maps::quantize(adder<false>{}, maps::number_format::bfloat16());
  const auto read = maps::quantize(adder<true>{}, maps::number_format::bfloat16());
  static_assert(maps::token_model<decltype(step)> && !maps::reads_in_place<decltype(step)>);
  static_assert(maps::reads_in_place<decltype(read)>);
  // 1/3 is 1.0101010|1010... · 2^-2, rounded to eight bits upwards: 171/512.
  CHECK(after_one(step) == Eigen::Vector2d::Constant(171.0 / 512.0));
  CHECK(after_one(read) == Eigen::Vector2d::Constant(171.0 / 512.0));
  Eigen::VectorXd out(2);
  step.logits(Eigen::Vector2d(0.25, 0.5), out);
  CHECK(out == Eigen::Vector2d(0.25, 0.5));
  CHECK(step.format().state_size() == 0);

  maps::value_range range;
  range.lower = Eigen::VectorXd::Zero(3);
  range.upper = Eigen::VectorXd::Ones(3);
  const auto wrong = [&] { (void)maps::quantize(adder<false>{}, maps::number_format::uniform(8, range)); };
  CHECK_THAT(message_of<libration::argument_error>(wrong), Contains("maps::quantize"));
}
