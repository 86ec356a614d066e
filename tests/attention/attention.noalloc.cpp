// SPDX-License-Identifier: MIT
#include <libration/attention/accumulator.hpp>
#include <libration/attention/decode.hpp>

#include <Eigen/Core>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace attention = libration::attention;

TEST_CASE("attention::accumulator: a push and a merge allocate nothing", "[no-alloc]") {
  const Eigen::VectorXf logits = Eigen::VectorXf::LinSpaced(1000, -3.0f, 5.0f);
  attention::accumulator<float> row, other;
  CHECK(libration_test::allocations_in([&] {
          row.push(logits);
          row.push(logits.head(77));
          other.push(1.0f);
          row.merge(other);
        }) == 0);
  CHECK(row.count() == 1078);
}

TEST_CASE("attention::decode_rows: a token allocates nothing, however many keys there are", "[no-alloc]") {
  const Eigen::Index d = 16, n = 300;
  const Eigen::MatrixXf K = Eigen::MatrixXf::Random(2 * d, n), Q = Eigen::MatrixXf::Random(6 * d, n);
  attention::decode_rows<float> rows({.query_heads = 6, .key_heads = 2, .size = d});
  CHECK(libration_test::allocations_in([&] {
          for (Eigen::Index t = 0; t < n; ++t) {
            rows.see(Q.col(t), attention::heads_view<float>::stacked(K.leftCols(t + 1), 2));
            rows.see_also(attention::heads_view<float>::stacked(K.leftCols(1), 2));
          }
        }) == 0);
  CHECK(rows[5].count() == n + 1);
}
