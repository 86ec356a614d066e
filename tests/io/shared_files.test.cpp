// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <Eigen/Core>
#include <libration/io/io.hpp>

#include "support/scratch.hpp"
#include "support/catch.hpp"
#include "support/shared.hpp"

using libration_test::slurp;
namespace io = libration::io;
namespace fs = std::filesystem;

TEST_CASE("io: every recorded model is read, and written again is the same file", "[differential]") {
  LIBRATION_REQUIRE_SHARED(folder);
  const libration_test::scratch_folder scratch;
  int files = 0, identical = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder / "models")) {
    if (item.path().extension() != ".safetensors") continue;
    INFO(item.path());
    ++files;
    const auto file = io::safetensors::open(item.path());
    io::safetensors::tensor_set copy;
    bool finite = true;
    for (const auto& name : file.names()) {
      const auto t = file.tensor(name);
      finite = finite && file.values<double>(name).allFinite();
      copy.add(name, t.type, {t.shape.begin(), t.shape.end()}, t.bytes);
    }
    CHECK(finite);
    CHECK(file.size() > 0);
    io::safetensors::write(scratch / "copy", copy, file.metadata());
    const auto again = io::safetensors::open(scratch / "copy", {.mapped = false});
    CHECK(again.size() == file.size());
    for (const auto& name : file.names()) {
      const auto a = again.tensor(name), b = file.tensor(name);
      CHECK(a.type == b.type);
      CHECK(std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end()));
      CHECK(std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end()));
    }
    CHECK(again.metadata() == file.metadata());
    // Where the other writer has put the tensors in the crate's order too, and with one pair of metadata, nothing is left to its
    // choice: they are the same bytes.
    if (again.names() == file.names() && file.metadata().size() == 1) {
      ++identical;
      CHECK(slurp(scratch / "copy") == slurp(item.path()));
    }
  }
  CHECK(files > 0);
  CHECK(identical > 0);
}

TEST_CASE("io: every recorded array is read, viewed, and written again is the same file", "[differential]") {
  LIBRATION_REQUIRE_SHARED(folder);
  const libration_test::scratch_folder scratch;
  int files = 0, identical = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    if (item.path().extension() != ".npy") continue;
    INFO(item.path());
    ++files;
    const auto file = io::npy::open(item.path());
    // Attention may be recorded with more dimensions, and with NaN or minus infinity where it is masked.
    if (const auto X = file.shape().size() <= 2 ? file.matrix<double>() : Eigen::MatrixXd(); X.size() > 0 && X.allFinite()) {
      if (file.viewable<double>()) CHECK(file.view<double>() == X);
      if (file.viewable<float>()) CHECK(file.view<float>().cast<double>() == X);
    }
    io::npy::write(scratch / "copy", file.type(), file.shape(), file.bytes());
    const auto again = io::npy::open(scratch / "copy", {.mapped = false});
    CHECK(again.type() == file.type());
    CHECK(std::equal(again.shape().begin(), again.shape().end(), file.shape().begin(), file.shape().end()));
    CHECK(std::equal(again.bytes().begin(), again.bytes().end(), file.bytes().begin(), file.bytes().end()));
    identical += slurp(scratch / "copy") == slurp(item.path()) ? 1 : 0;  // other writers pad the header in other ways
  }
  CHECK(files > 0);
  CHECK(identical > 0);
}

TEST_CASE("io: a recorded series in text is the same numbers as its array", "[differential]") {
  LIBRATION_REQUIRE_SHARED(folder);
  for (const char* name : {"mackey_glass", "electrochemical"}) {
    const auto X = io::npy::read<double>(folder / "data" / (std::string(name) + ".npy"));
    std::ifstream text(folder / "data" / (std::string(name) + ".csv"));
    REQUIRE(X.rows() == 1);
    Eigen::Index wrong = 0, count = 0;
    for (double value = 0; text >> value; ++count) wrong += count >= X.cols() || X(0, count) != value;
    CHECK(count == X.cols());
    CHECK(wrong == 0);
  }
}
