// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"

using libration::random_stream;

namespace {

double open_uniform(std::uint64_t word) { return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52; }

double box_muller(std::uint64_t a, std::uint64_t b, bool sine) {
  const double radius = std::sqrt(-2.0 * std::log(open_uniform(a)));
  const double angle = 2.0 * std::numbers::pi * open_uniform(b);
  return radius * (sine ? std::sin(angle) : std::cos(angle));
}

double correlation(const Eigen::ArrayXd& a, const Eigen::ArrayXd& b) {
  const Eigen::ArrayXd x = a - a.mean(), y = b - b.mean();
  return (x * y).sum() / std::sqrt(x.square().sum() * y.square().sum());
}

constexpr Eigen::Index draws = 200'000;

Eigen::ArrayXd uniforms(const random_stream& s) {
  Eigen::ArrayXd out(draws);
  for (Eigen::Index i = 0; i < draws; ++i) out[i] = s.uniform(static_cast<std::uint64_t>(i));
  return out;
}

Eigen::ArrayXd normals(const random_stream& s) {
  Eigen::ArrayXd out(draws);
  s.fill_normal(out);
  return out;
}

}  // namespace

// The three philox4x32-10 lines of kat_vectors, which Random123 is distributed with (counter, key, answer).
TEST_CASE("core::random: Philox4x32-10 gives the published answers", "[oracle]") {
  CHECK(random_stream(0, 0).bits(0) == 0xe169c58d6627e8d5u);
  CHECK(random_stream(0, 0).bits(1) == 0x9b00dbd8bc57ac4cu);

  // The other two counters have their top bit set, which belongs to the normals.
  const std::uint64_t ones = ~std::uint64_t{0};
  CHECK(random_stream(ones, ones).normal(ones - 1) == box_muller(0x41c83b0e408f276du, 0x6d5451fda20bc7c6u, false));
  CHECK(random_stream(ones, ones).normal(ones) == box_muller(0x41c83b0e408f276du, 0x6d5451fda20bc7c6u, true));

  const random_stream pi(0x299f31d0a4093822u, 0x0370734413198a2eu);
  const std::uint64_t index = (0x85a308d3243f6a88u ^ 0x8000000000000000u) * 2;
  CHECK(pi.normal(index) == box_muller(0x94fdccebd16cfe09u, 0x24126ea15001e420u, false));
  CHECK(pi.normal(index + 1) == box_muller(0x94fdccebd16cfe09u, 0x24126ea15001e420u, true));
}

TEST_CASE("core::random: a value depends on nothing but seed, stream and index", "[law]") {
  const random_stream a(7, 3);
  random_stream b(7, 3);
  const double later = a.normal(1000);
  for (int i = 0; i < 10; ++i) (void)b.next_uniform();
  CHECK(b.normal(1000) == later);
  CHECK(b.position() == 10);

  random_stream c(7, 3);
  for (std::uint64_t i = 0; i < 20; ++i) CHECK(c.next_uniform() == a.uniform(i));
  for (std::uint64_t i = 20; i < 40; ++i) CHECK(c.next_normal() == a.normal(i));
  for (std::uint64_t i = 40; i < 60; ++i) CHECK(c.next_bits() == a.bits(i));
  c.seek(5);
  CHECK(c.next_bits() == a.bits(5));
}

TEST_CASE("core::random: a matrix is filled column by column from any index", "[law]") {
  const random_stream s(11, 2);
  for (const std::uint64_t first : {0u, 1u, 6u}) {
    Eigen::MatrixXd m(3, 5);
    s.fill_normal(m, first);
    Eigen::MatrixXf f(3, 5);
    s.fill_normal(f, first);
    Eigen::MatrixXd whole = Eigen::MatrixXd::Zero(5, 5);
    s.fill_normal(whole.topRows(3), first);
    std::uint64_t index = first;
    for (Eigen::Index j = 0; j < 5; ++j) {
      for (Eigen::Index i = 0; i < 3; ++i, ++index) {
        CHECK(m(i, j) == s.normal(index));
        CHECK(f(i, j) == static_cast<float>(s.normal(index)));
        CHECK(whole(i, j) == m(i, j));
      }
    }
    CHECK(whole.bottomRows(2).isZero(0.0));
  }
  Eigen::MatrixXd nothing(0, 4);
  s.fill_normal(nothing);
}

TEST_CASE("core::random: uniforms lie strictly inside (0, 1) at the extreme words", "[edge]") {
  CHECK(open_uniform(0) > 0.0);
  CHECK(open_uniform(~std::uint64_t{0}) < 1.0);
  CHECK(open_uniform(0) + open_uniform(~std::uint64_t{0}) == 1.0);
}

// Each bound is 5 standard errors: a false alarm in 1.7e6 for each of the 13 checks, if the seed were changed.
TEST_CASE("core::random: moments are those of the uniform and the normal distribution", "[stat]") {
  const double root = std::sqrt(static_cast<double>(draws));
  const Eigen::ArrayXd u = uniforms(random_stream(42, 0));
  CHECK(std::abs(u.mean() - 0.5) < 5.0 * std::sqrt(1.0 / 12.0) / root);
  CHECK(std::abs((u - 0.5).square().mean() - 1.0 / 12.0) < 5.0 * std::sqrt(1.0 / 180.0) / root);

  const Eigen::ArrayXd z = normals(random_stream(42, 0));
  CHECK(std::abs(z.mean()) < 5.0 / root);
  CHECK(std::abs(z.square().mean() - 1.0) < 5.0 * std::sqrt(2.0) / root);
  CHECK(std::abs(z.cube().mean()) < 5.0 * std::sqrt(15.0) / root);
  CHECK(std::abs(z.square().square().mean() - 3.0) < 5.0 * std::sqrt(96.0) / root);
  const double beyond = (z.abs() > 1.959963984540054).cast<double>().mean();
  CHECK(std::abs(beyond - 0.05) < 5.0 * std::sqrt(0.05 * 0.95) / root);
}

TEST_CASE("core::random: streams, seeds, neighbours and kinds are uncorrelated", "[stat]") {
  const double bound = 5.0 / std::sqrt(static_cast<double>(draws));
  const Eigen::ArrayXd z = normals(random_stream(42, 0));
  const Eigen::ArrayXd u = uniforms(random_stream(42, 0));
  CHECK(std::abs(correlation(z, normals(random_stream(42, 1)))) < bound);
  CHECK(std::abs(correlation(z, normals(random_stream(43, 0)))) < bound);
  CHECK(std::abs(correlation(u, uniforms(random_stream(42, 1)))) < bound);
  CHECK(std::abs(correlation(u, z)) < bound);
  CHECK(std::abs(correlation(z.head(draws - 1), z.tail(draws - 1))) < bound);
  CHECK(std::abs(correlation(u.head(draws - 1), u.tail(draws - 1))) < bound);
}
