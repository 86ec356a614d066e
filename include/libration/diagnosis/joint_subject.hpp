// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Two subjects as one whose tokens are pairs of theirs.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/subject.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// A subject each of whose tokens consists of a token of A and one of B that do not depend on each other: losses in nats add up,
/// and the interventions are those of A, then those of B. Degradations and reductions add up too, so that each share is known from
/// the parts. A reference takes both parts' own.
template <subject A, subject B>
class joint_subject {
  static_assert(has_reference<A> == has_reference<B>, "libration: both parts of a joint subject have a reference, or none has");

 public:
  /// \param a, b  outlive the subject
  joint_subject(const A& a, const B& b) : a_(&a), b_(&b), of_a_(a.interventions().size()) {}

  std::vector<intervention> interventions() const {
    std::vector<intervention> all = a_->interventions();
    for (const intervention& i : b_->interventions()) all.push_back(i);
    return all;
  }

  /// \throws argument_error where the parts have different numbers of positions
  Eigen::VectorXd losses(const intervention_set& active, std::int64_t text) const {
    return sum(a_->losses(active, text), b_->losses(active.from(of_a_), text));
  }

  Eigen::VectorXd reference(std::int64_t text) const requires(has_reference<A>&& has_reference<B>) {
    return sum(a_->reference(text), b_->reference(text));
  }

 private:
  static Eigen::VectorXd sum(Eigen::VectorXd of_a, const Eigen::VectorXd& of_b) {
    require_rows(of_b.size(), of_a.size(), "diagnosis::joint_subject", "the second part's losses", "as the first part's");
    of_a += of_b;
    return of_a;
  }

  const A* a_;
  const B* b_;
  std::size_t of_a_;
};

}  // namespace libration::inline LIBRATION_ABI::diagnosis
