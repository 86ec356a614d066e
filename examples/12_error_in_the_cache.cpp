// SPDX-License-Identifier: MIT
// A transformer as a map whose state is its cache: what a small error in the cache does to what is read after it, by exact
// tangents.
//
// Arguments: another model's folder (of Hugging Face's kind, with a vocabulary.json of characters).

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/models/llama.hpp>
#include <libration/models/vocabulary.hpp>

namespace models = libration::models;

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : LIBRATION_BUNDLED_LLAMA;
  const auto model = models::llama<double>::from(folder);
  const auto characters = models::vocabulary::read(folder / "vocabulary.json");
  const auto& c = model.config();
  fmt::print("{} layers, {} query heads on {} key heads, a window of {}: a state of {} numbers\n", c.layers, c.query_heads,
             c.key_heads, model.window(), model.state_size());

  constexpr std::string_view text =
      "Sir Walter Elliot, of Kellynch Hall, in Somersetshire, was a man who, for his own amusement, never took up any book but the "
      "Baronetage; there he found occupation for an idle hour, and consolation in a distressed one.";
  const auto tokens = characters.encode(text);
  constexpr std::size_t before = 128;
  Eigen::VectorXd h = Eigen::VectorXd::Zero(model.state_size());
  model.prefill(std::span(tokens).first(before), h);

  // Three directions: an error in the youngest key and value of every layer and head, in the oldest, and in all of them.
  Eigen::MatrixXd V = Eigen::MatrixXd::Zero(model.state_size(), 3);
  for (Eigen::Index l = 0; l < c.layers; ++l)
    for (Eigen::Index g = 0; g < c.key_heads; ++g)
      for (int j = 0; j < 3; ++j) {
        const Eigen::Index first = j == 0 ? before - 1 : 0, count = j == 2 ? before : 1;
        const libration::random_stream draw(static_cast<std::uint64_t>(j), static_cast<std::uint64_t>(l * c.key_heads + g));
        draw.fill_normal(model.keys(V.col(j), l, g).middleRows(first, count));
        draw.fill_normal(model.values(V.col(j), l, g).middleCols(first, count), std::uint64_t{1} << 20);
      }
  V.colwise().normalize();

  // Beside the tangents a copy that really is disturbed, in the third direction.
  constexpr double size = 1e-4;
  Eigen::VectorXd disturbed = h + size * V.col(2);
  const auto output = [&](const auto& x) { return x.middleRows(model.output_offset(), model.hidden_size()); };

  auto ws = model.make_workspace(3), other = model.make_workspace();
  fmt::print("\nthe output's error, for an error of size 1 in the cache\n");
  fmt::print("  characters   youngest     oldest        all   all, by a real one of {:.0e}\n", size);
  for (std::size_t t = before; t < tokens.size(); ++t) {
    model.read(tokens[t], h, ws);
    model.read_tangent(h, V, ws);
    model.read(tokens[t], disturbed, other);
    const std::size_t after = t + 1 - before;
    if ((after & (after - 1)) != 0) continue;  // powers of two
    const Eigen::RowVectorXd sizes = output(V).colwise().norm();
    fmt::print("  {:>10}   {:8.4f}   {:8.4f}   {:8.4f}   {:8.4f}\n", after, sizes[0], sizes[1], sizes[2],
               (output(disturbed) - output(h)).norm() / size);
  }
}
