// SPDX-License-Identifier: MIT
// Whether the 95 % interval of a trained network's leading exponent, measured along a short text, holds the exponent of a long one.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/models/models.hpp>

#include "support/catch.hpp"

namespace io = libration::io;
namespace lyapunov = libration::lyapunov;
namespace models = libration::models;
using libration::status;

namespace {

std::string whole_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

// Measured (g++ 12, -O2 -march=native): the whole text has -0.00208 +- 0.00012. Of 60 pieces of 700 characters 59 hold it, of 59 of
// 1500 characters 58, with a root mean square error of 0.0026 and 0.0011 where 0.0039 and 0.0011 are claimed. Without the column
// beyond the one that is wanted (`guarded_columns`) it was 54 of 60 and 53 of 59: the first column's way to its direction takes
// 1/0.004 steps, and only the second exponent shows that.
TEST_CASE("lyapunov::spectrum: coverage of the bundled GRU's first exponent from short texts", "[stat][.slow]") {
  const std::filesystem::path examples = std::filesystem::path(LIBRATION_SOURCE_DIR) / "examples";
  const auto any = models::load_character_model<float>(io::safetensors::open(examples / "models" / "austen_gru.safetensors"));
  const auto& model = std::get<models::character_model<models::gru<float>>>(any);
  const auto tokens = model.characters().encode(whole_text(examples / "data" / "persuasion.txt"));
  const Eigen::VectorXf zero = Eigen::VectorXf::Zero(model.network().state_size());
  const auto measure = [&](std::size_t first, std::size_t length, std::int64_t transient) {
    const std::vector<int> piece(tokens.begin() + static_cast<std::ptrdiff_t>(first),
                                 tokens.begin() + static_cast<std::ptrdiff_t>(first + length));
    const auto source = model.inputs(piece);
    Eigen::MatrixXf inputs(model.network().input_size(), source.size());
    for (Eigen::Index t = 0; t < inputs.cols(); ++t) source(t, inputs.col(t));
    return lyapunov::spectrum(model.network(), zero, inputs, {.count = 1, .transient = transient});
  };
  const auto truth = measure(0, tokens.size(), 1000);
  REQUIRE(truth.status == status::ok);
  std::printf("%zu characters: %.5f +- %.5f\n", tokens.size(), truth.exponents[0], truth.standard_error[0]);
  for (const std::size_t length : {std::size_t{700}, std::size_t{1500}}) {
    int held = 0, pieces = 0;
    double squares = 0.0, claimed = 0.0, sum = 0.0;
    for (std::size_t first = 0; first + length <= tokens.size() && pieces < 60; first += tokens.size() / 60, ++pieces) {
      const auto r = measure(first, length, 200);
      REQUIRE(r.status == status::ok);
      const double error = r.exponents[0] - truth.exponents[0];
      held += std::abs(error) <= std::hypot(r.half_width[0], 2.0 * truth.standard_error[0]);
      squares += error * error;
      sum += error;
      claimed += r.standard_error[0] * r.standard_error[0];
    }
    const double n = static_cast<double>(pieces);
    std::printf("%d pieces of %zu characters: mean error %.5f, rms %.5f, claimed %.5f, held %d\n", pieces, length, sum / n,
                std::sqrt(squares / n), std::sqrt(claimed / n), held);
    CHECK(held >= 0.9 * n);
  }
}
