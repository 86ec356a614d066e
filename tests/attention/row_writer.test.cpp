// SPDX-License-Identifier: MIT
#include <libration/attention/row_writer.hpp>

#include <cmath>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/from_logits.hpp>

#include "support/catch.hpp"

using namespace libration_test;
namespace attention = libration::attention;
using Eigen::Index;

TEST_CASE("attention::row_writer: rows seen one by one have the statistics of the whole matrix of logits", "[differential]") {
  constexpr Index heads = 2, tokens = 5;
  const Eigen::MatrixXd logits = Eigen::MatrixXd::Random(tokens, heads * tokens);
  const auto whole = attention::entropy_from_logits(logits, {.causal = true, .heads = heads, .sink = 1, .distance = true});
  attention::row_writer rows(heads, tokens, 1);
  for (Index head = 0; head < heads; ++head)
    for (Index query = 0; query < tokens; ++query) {
      const Eigen::VectorXd row = logits.col(head * tokens + query).head(query + 1);
      const Eigen::VectorXd weights = (row.array() - row.maxCoeff()).exp() / (row.array() - row.maxCoeff()).exp().sum();
      const auto size = static_cast<std::size_t>(query + 1);
      rows.write(head, query, std::span<const double>(row.data(), size), std::span<const double>(weights.data(), size),
                 [&](Index key) { return query - key; });
    }
  const auto r = rows.finish();
  CHECK(r.status == libration::status::ok);
  CHECK((r.entropy - whole.entropy).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((r.sink_mass - whole.sink_mass).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((r.mean_distance - whole.mean_distance).cwiseAbs().maxCoeff() < 1e-14);
  CHECK(r.visible == whole.visible);
}

TEST_CASE("attention::row_writer: rows never written are empty, and so many that memory does not hold them are refused", "[edge]") {
  attention::row_writer rows(1, 3);
  const std::vector<double> one = {0.0}, weight = {1.0};
  rows.write(0, 1, std::span<const double>(one), std::span<const double>(weight), [](Index) { return 0; });
  const auto r = rows.finish();
  CHECK(r.empty_rows == 2);
  CHECK(r.entropy(0, 1) == 0.0);
  CHECK(std::isnan(r.entropy(0, 0)));
  CHECK_THROWS_AS(attention::row_writer(Index{1} << 30, Index{1} << 30), libration::argument_error);
}
