// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Statistics of rows of attention that are seen one by one, as a model computes them; no row is kept.

#include <cstddef>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/detail/block_sums.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Fills an `entropy_result` row by row.
///
///     attention::row_writer rows(heads, queries);
///     rows.write(head, query, logits, weights, [](Eigen::Index i) { return query - i; });
///     const auto result = rows.finish();
class row_writer {
 public:
  /// \param sink  first tokens whose weight is the sink mass, >= 0; 0: not wanted
  /// \param who   the call that an error names
  /// \throws argument_error where so many rows do not fit into memory
  LIBRATION_DECLARED row_writer(Eigen::Index heads, Eigen::Index queries, Eigen::Index sink = 0,
                                std::string_view who = "attention::row_writer");

  /// Writes the row of one query of one head.
  ///
  /// \param logits    scaled, of the keys that the query sees, in any order
  /// \param weights   their softmax
  /// \param distance  called as distance(i): how many tokens before the query key i lies
  template <class T, class Distance>
  void write(Eigen::Index head, Eigen::Index query, std::span<const T> logits, std::span<const T> weights,
             const Distance& distance) {
    detail::write_row(result_, head, query, detail::block_sums(logits.data(), static_cast<Eigen::Index>(logits.size())));
    double mean_distance = 0.0, sink = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto weight = static_cast<double>(weights[i]);
      const auto before = static_cast<Eigen::Index>(distance(static_cast<Eigen::Index>(i)));
      mean_distance += weight * static_cast<double>(before);
      if (query - before < sink_) sink += weight;
    }
    result_.mean_distance(head, query) = mean_distance;
    if (sink_ > 0) result_.sink_mass(head, query) = sink;
  }

  /// \return the result, with what says nothing counted; the writer is empty then
  LIBRATION_DECLARED entropy_result finish();

 private:
  Eigen::Index sink_;
  entropy_result result_;
};

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/row_writer.hpp>
#endif
