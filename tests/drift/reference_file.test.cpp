// SPDX-License-Identifier: MIT
#include <libration/drift/reference_file.hpp>
#include <libration/io/safetensors/writer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"

namespace drift = libration::drift;
namespace safetensors = libration::io::safetensors;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

MatrixXd normal(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd X(rows, columns);
  libration::random_stream(11, stream).fill_normal(X);
  return X;
}

const std::map<std::string, std::string> pooled_metadata{
    {"format", "libration.drift.reference"}, {"version", "1"}, {"kind", "pooled"}};

// The tensors of a pooled reference of two components, but for one that is left out.
safetensors::tensor_set pooled_tensors(const std::string& without = {}) {
  safetensors::tensor_set set;
  if (without != "mean") set.add("mean", MatrixXd::Constant(1, 2, 0.5));
  if (without != "states_of_mean") set.add("states_of_mean", VectorXd::Constant(1, 9.0));
  if (without != "states") set.add("states", std::int64_t{9});
  if (without != "divisor") set.add("divisor", 9.0);
  if (without != "degrees_of_freedom") set.add("degrees_of_freedom", 8.0);
  if (without != "covariance.0.factor") set.add("covariance.0.factor", MatrixXd(2.0 * MatrixXd::Identity(2, 2)));
  if (without != "covariance.0.shrinkage") set.add("covariance.0.shrinkage", 0.25);
  return set;
}

// The reason why a file is refused.
std::string refused(const safetensors::tensor_set& set, const std::map<std::string, std::string>& metadata = pooled_metadata) {
  const scratch_folder folder;
  safetensors::write(folder / "r.safetensors", set, metadata);
  return failure_of([&] { (void)drift::read_reference(folder / "r.safetensors"); }).reason;
}

}  // namespace

TEST_CASE("drift::write_reference, read_reference: every kind comes back bit by bit", "[law]") {
  const scratch_folder folder;
  const std::vector<MatrixXd> runs{normal(4, 9, 1), normal(4, 9, 2), normal(4, 9, 3)};
  const MatrixXd Q = normal(4, 9, 4);
  const std::vector<drift::reference_options> kinds{
      {},
      {.rank = 2},
      {.rank = 4},
      {.by_position = true, .unbiased = true},
      {.by_position = true, .rank = 1},
      {.by_position = true, .position_window = 1, .positions = 9, .covariance_by_position = true},
      {.by_position = true, .covariance_by_position = true, .rank = 2},
      {.labels = {0, 1, 0}, .shrinkage = 0.0, .ridge = 0.5},
      {.labels = {0, 1, 0}, .rank = 3},
  };
  for (const auto& options : kinds) {
    const drift::reference usual(runs, options);
    REQUIRE(usual.status() == status::ok);
    drift::write_reference(folder / "r.safetensors", usual);
    const auto read = drift::read_reference(folder / "r.safetensors");
    CHECK(read.status() == status::ok);
    CHECK(read.positions() == usual.positions());
    CHECK(read.classes() == usual.classes());
    CHECK(read.states() == 27);
    CHECK(read.divisor() == usual.divisor());
    CHECK(read.degrees_of_freedom() == usual.degrees_of_freedom());
    for (const Index k : {Index{0}, Index{1}}) {
      CHECK(read.mean(k) == usual.mean(k));
      CHECK(read.states_of_mean(k) == usual.states_of_mean(k));
      CHECK(read.covariance(k).factor() == usual.covariance(k).factor());
      CHECK(read.covariance(k).variances() == usual.covariance(k).variances());
      CHECK(read.covariance(k).residual_variance() == usual.covariance(k).residual_variance());
      CHECK(read.covariance(k).shrinkage() == usual.covariance(k).shrinkage());
    }
    CHECK(read.squared_mahalanobis_along(Q) == usual.squared_mahalanobis_along(Q));
    if (usual.by_class()) CHECK(read.relative_mahalanobis_along(Q) == usual.relative_mahalanobis_along(Q));
    // Written again it is the same file.
    drift::write_reference(folder / "again.safetensors", read);
    CHECK(slurp(folder / "again.safetensors") == slurp(folder / "r.safetensors"));
  }
}

TEST_CASE("drift::read_reference: a file by another program with these tensors", "[oracle]") {
  const scratch_folder folder;
  safetensors::write(folder / "r.safetensors", pooled_tensors(), pooled_metadata);
  const auto usual = drift::read_reference(safetensors::open(folder / "r.safetensors"));
  CHECK(usual.squared_mahalanobis(Eigen::Vector2d(2.5, 0.5)) == 1.0);
  CHECK(usual.covariance().shrinkage() == 0.25);
}

TEST_CASE("drift::read_reference: what it refuses", "[failure]") {
  REQUIRE(refused(pooled_tensors()).empty());
  CHECK(refused(pooled_tensors(), {}) == "format in the metadata: none, expected \"libration.drift.reference\"");
  CHECK(refused(pooled_tensors(), {{"format", "pt"}}) == "format in the metadata: \"pt\", expected \"libration.drift.reference\"");
  auto metadata = pooled_metadata;
  metadata["version"] = "2";
  CHECK(refused(pooled_tensors(), metadata) == "version in the metadata: \"2\", expected \"1\"");
  metadata = pooled_metadata;
  metadata["kind"] = "by_moon";
  CHECK(refused(pooled_tensors(), metadata) ==
        "kind in the metadata: \"by_moon\", expected \"pooled\", \"by_position\" or \"by_class\"");
  metadata["kind"] = "by_class";
  CHECK_THAT(refused(pooled_tensors(), metadata), Catch::Matchers::StartsWith("no tensor \"background.mean\""));
  for (const char* name :
       {"mean", "states_of_mean", "states", "divisor", "degrees_of_freedom", "covariance.0.factor", "covariance.0.shrinkage"})
    CHECK_THAT(refused(pooled_tensors(name)), Catch::Matchers::StartsWith("no tensor \"" + std::string(name) + "\""));
  CHECK(refused(pooled_tensors().add("covariance.1.shrinkage", 0.5)) ==
        "tensor \"covariance.1.shrinkage\" is not part of a reference");
  CHECK(refused(pooled_tensors("covariance.0.factor").add("covariance.0.factor", MatrixXd(MatrixXd::Identity(3, 3)))) ==
        "tensor \"covariance.0.factor\" has shape (3, 3), expected (2, 2)");
  CHECK(refused(pooled_tensors("states_of_mean").add("states_of_mean", VectorXd::Constant(2, 4.0))) ==
        "tensor \"states_of_mean\" has shape (2), expected (1)");
  CHECK(refused(pooled_tensors("mean").add("mean", MatrixXd::Constant(2, 2, 0.5))) ==
        "tensor \"mean\" has shape (2, 2), expected (1, n)");
  CHECK_THAT(refused(pooled_tensors("divisor").add("divisor", 0.0)), Catch::Matchers::Contains("\"divisor\""));
  CHECK_THAT(refused(pooled_tensors("states").add("states", std::int64_t{1})), Catch::Matchers::Contains("\"states\" (2)"));
  CHECK(refused(pooled_tensors("covariance.0.shrinkage").add("covariance.0.shrinkage", 1.5)) ==
        "covariance.0.shrinkage is 1.5, expected 0 to 1");
  CHECK_THAT(refused(pooled_tensors("covariance.0.factor").add("covariance.0.factor", MatrixXd(-MatrixXd::Identity(2, 2)))),
             Catch::Matchers::Contains("expected a positive diagonal"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(refused(pooled_tensors("mean").add("mean", MatrixXd::Constant(1, 2, nan))) ==
        "tensor \"mean\" has a value that is not finite");
  // Low rank.
  const auto low = [](const MatrixXd& vectors, const VectorXd& variances, double rest) {
    return pooled_tensors("covariance.0.factor")
        .add("covariance.0.vectors", vectors)
        .add("covariance.0.variances", variances)
        .add("covariance.0.residual_variance", rest);
  };
  const MatrixXd row = MatrixXd::Identity(1, 2);
  const VectorXd one = VectorXd::Ones(1);
  CHECK(refused(low(row, one, 0.5)).empty());
  CHECK_THAT(refused(low(MatrixXd::Identity(1, 3), one, 0.5)), Catch::Matchers::Contains("has shape (1, 3), expected (1, 2)"));
  CHECK_THAT(refused(low(row, VectorXd::Ones(2), 0.5)), Catch::Matchers::Contains("has shape (2), expected (1)"));
  CHECK_THAT(refused(low(row, one, -0.5)), Catch::Matchers::Contains("residual variance is -0.5"));
  CHECK_THAT(refused(low(2.0 * row, one, 0.5)), Catch::Matchers::Contains("not orthonormal"));
  CHECK_THAT(refused(low(row, nan * one, 0.5)), Catch::Matchers::Contains("must be positive"));
  // Both forms of one covariance.
  CHECK(refused(low(row, one, 0.5).add("covariance.0.factor", MatrixXd(MatrixXd::Identity(2, 2)))) ==
        "tensor \"covariance.0.factor\" is not part of a reference");
}

TEST_CASE("drift::write_reference: a reference without distances is not written", "[failure]") {
  const scratch_folder folder;
  const drift::reference singular(normal(6, 4, 5), {.shrinkage = 0.0});
  CHECK(message_of<argument_error>([&] { drift::write_reference(folder / "r.safetensors", singular); }) ==
        "drift::write_reference: the reference's status is not_resolved, expected ok: it has no distances");
  CHECK_FALSE(std::filesystem::exists(folder / "r.safetensors"));
}
