// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The memory of a running mean: at most 256 equal-length batch sums of each of k variables, whatever the run's length.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// Records k variables along a run as consecutive batches of equal length.
///
/// Time is counted in steps. One `add` brings the k sums over some steps (1 or more). A batch is closed when it holds
/// `batch_length()` steps; when `Capacity` batches are closed, neighbours are merged and the length doubles. Lengths
/// are the granularity times a power of two, and from the first merge on Capacity/2 to Capacity - 1 batches are kept.
///
/// An add must not cross a batch's end: it covers at most `room()` steps. Adds of a fixed number of steps that divides
/// the granularity never do; others are cut at `room()`.
///
/// \tparam T         double, or SIMD lanes of doubles: one run a lane, with common counters
/// \tparam Capacity  largest number of batches kept, even
/// Cost:  memory (Capacity + 5) k values; an add about 14 operations a variable; no allocation after construction
template <class T = double, Eigen::Index Capacity = 256>
class batch_series {
  static_assert(Capacity >= 2 && Capacity % 2 == 0, "libration: batch_series merges pairs: Capacity is even");

 public:
  static constexpr Eigen::Index capacity = Capacity;

  /// \param rows         number of variables k >= 1
  /// \param granularity  steps in the first, shortest batches, >= 1
  /// \throws argument_error where one of them is not positive, and for more variables than there is memory
  explicit batch_series(Eigen::Index rows = 1, std::int64_t granularity = 1) : length_(granularity) {
    require(rows >= 1, "stats::batch_series", [&] { return "rows is " + number_text(rows) + ", expected >= 1"; });
    require(granularity >= 1, "stats::batch_series",
            [&] { return "granularity is " + number_text(granularity) + " steps, expected >= 1"; });
    with_memory("stats::batch_series", [&] {
      open_.resize(static_cast<std::size_t>(rows));  // first: of what fits here the product below does not wrap around
      batches_.assign(static_cast<std::size_t>(rows * Capacity), T(0.0));
    });
  }

  /// Records the sums of the k variables over the next `steps` steps.
  ///
  /// \param sums   shape (k)
  /// \param steps  1 <= steps <= room()
  /// \throws argument_error otherwise
  void add(std::span<const T> sums, std::int64_t steps = 1);

  /// The same for a single variable.
  void add(const T& sum, std::int64_t steps = 1) { add(std::span<const T>(&sum, 1), steps); }

  /// Merges batches until they are at least `steps` long, so that an add may cover as many.
  void lengthen(std::int64_t steps) {
    while (length_ < steps) merge_neighbours();
  }

  /// \return the largest number of steps that the next add may cover
  std::int64_t room() const noexcept { return length_ - open_steps_; }

  /// k
  Eigen::Index rows() const noexcept { return static_cast<Eigen::Index>(open_.size()); }
  /// Number of full batches, below `Capacity`.
  Eigen::Index count() const noexcept { return count_; }
  /// Steps in each full batch.
  std::int64_t batch_length() const noexcept { return length_; }
  /// Steps recorded.
  std::int64_t steps() const noexcept { return steps_; }
  /// Number of adds.
  std::int64_t adds() const noexcept { return adds_; }

  /// The record of one SIMD lane.
  batch_series<double, Capacity> lane(int lane) const {
    batch_series<double, Capacity> one(rows(), length_);
    one.open_steps_ = open_steps_;
    one.steps_ = steps_;
    one.adds_ = adds_;
    one.count_ = count_;
    for (std::size_t i = 0; i < open_.size(); ++i)
      one.open_[i] = {open_[i].sum.lane(lane), lane_value(open_[i].mean, lane), lane_value(open_[i].squares, lane)};
    for (std::size_t i = 0; i < index(rows() * count_); ++i) one.batches_[i] = lane_value(batches_[i], lane);
    return one;
  }

  /// \return the sum of variable `row` over full batch `batch` (0 is the oldest)
  T batch_sum(Eigen::Index row, Eigen::Index batch) const { return batches_[index(batch * rows() + row)]; }
  T batch_mean(Eigen::Index row, Eigen::Index batch) const {
    return batch_sum(row, batch) * (1.0 / static_cast<double>(length_));
  }

  /// Steps after the last full batch, and the sum of a variable over them.
  std::int64_t leftover_steps() const noexcept { return open_steps_; }
  T leftover_sum(Eigen::Index row) const { return open_[index(row)].sum.value(); }

  /// \return the sum of a variable over all steps
  T total(Eigen::Index row) const {
    compensated_sum<T> sum;
    for (Eigen::Index b = 0; b < count_; ++b) sum.add(batches_[index(b * rows() + row)]);
    sum.merge(open_[index(row)].sum);
    return sum.value();
  }

  /// \return the mean of a variable a step; NaN before the first step
  T mean(Eigen::Index row) const { return total(row) * (1.0 / static_cast<double>(steps_)); }

  /// \return the variance of the adds' means a step about their common mean, weighted by steps (population form); NaN
  ///         before the first step and where a value was not finite
  T variance(Eigen::Index row) const { return open_[index(row)].squares * (1.0 / static_cast<double>(steps_)); }

 private:
  template <class, Eigen::Index>
  friend class batch_series;

  struct running {
    compensated_sum<T> sum;  // over the open batch
    T mean = T(0.0);         // over all steps
    T squares = T(0.0);      // weighted squared deviations, over all adds
  };

  static std::size_t index(Eigen::Index i) noexcept { return static_cast<std::size_t>(i); }

  void close();

  void merge_neighbours();

  std::int64_t length_;
  std::int64_t open_steps_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t adds_ = 0;
  Eigen::Index count_ = 0;
  std::vector<running> open_;
  std::vector<T> batches_;  // shape (k, Capacity), one batch a column
};

template <class T, Eigen::Index Capacity>
void batch_series<T, Capacity>::add(std::span<const T> sums, std::int64_t steps) {
  require(static_cast<Eigen::Index>(sums.size()) == rows(), "stats::batch_series::add", [&] {
    return "got " + number_text(sums.size()) + " sums, expected " + number_text(rows()) + " (the rows)";
  });
  require(steps >= 1 && steps <= room(), "stats::batch_series::add", [&] {
    return "the sums cover " + number_text(steps) + " steps, expected 1 to " + number_text(room()) +
           " (an add ends at a batch's end)";
  });
  open_steps_ += steps;
  steps_ += steps;
  ++adds_;
  const double weight = static_cast<double>(steps);
  const double inverse = 1.0 / weight;
  const double share = weight / static_cast<double>(steps_);
  for (std::size_t i = 0; i < open_.size(); ++i) {
    running& r = open_[i];
    r.sum.add(sums[i]);
    // West's weighted form of Welford's update of mean and squared deviations.
    const T x = sums[i] * inverse;
    const T before = x - r.mean;
    r.mean += before * share;
    r.squares += weight * before * (x - r.mean);
  }
  if (open_steps_ == length_) close();
}

template <class T, Eigen::Index Capacity>
void batch_series<T, Capacity>::close() {
  for (Eigen::Index i = 0; i < rows(); ++i) {
    batches_[index(count_ * rows() + i)] = open_[index(i)].sum.value();
    open_[index(i)].sum = compensated_sum<T>();
  }
  ++count_;
  open_steps_ = 0;
  if (count_ == Capacity) merge_neighbours();
}

template <class T, Eigen::Index Capacity>
void batch_series<T, Capacity>::merge_neighbours() {
  const Eigen::Index k = rows();
  for (Eigen::Index b = 0; b + 1 < count_; b += 2) {
    for (Eigen::Index i = 0; i < k; ++i)
      batches_[index(b / 2 * k + i)] = batches_[index(b * k + i)] + batches_[index((b + 1) * k + i)];
  }
  if (count_ % 2 == 1) {  // the last full batch has no partner yet: it begins the open one
    for (Eigen::Index i = 0; i < k; ++i) open_[index(i)].sum.add(batches_[index((count_ - 1) * k + i)]);
    open_steps_ += length_;
  }
  count_ /= 2;
  length_ *= 2;
}

#if defined(LIBRATION_COMPILED)
extern template class batch_series<double>;  // stats/definitions/batch_series.hpp
#endif

}  // namespace libration::inline LIBRATION_ABI::stats
