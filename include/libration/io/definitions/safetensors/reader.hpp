// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/safetensors/reader.hpp declares.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/io/safetensors/reader.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

LIBRATION_DEFINED file::file(file_bytes bytes, const read_options& options)
    : bytes_(std::move(bytes)), header_(read_header(bytes_.bytes(), bytes_.path(), options)) {
  for (std::size_t i = 0; i < header_.tensors.size(); ++i) index_.emplace(header_.tensors[i].name, i);
}

LIBRATION_DEFINED bool file::contains(std::string_view name) const { return index_.find(name) != index_.end(); }

LIBRATION_DEFINED void file::fail(std::string reason) const { throw file_error(path(), file_error::no_byte, std::move(reason)); }

LIBRATION_DEFINED void file::refuse_shape(const safetensors::tensor& t, const std::string& expected) const {
  fail("tensor " + io::detail::quoted(t.name) + " has shape " + to_string(t.shape) + ", expected " + expected);
}

LIBRATION_DEFINED std::vector<std::string> file::names() const {
  std::vector<std::string> result;
  result.reserve(size());
  for (const entry& e : header_.tensors) result.push_back(e.name);
  return result;
}

LIBRATION_DEFINED safetensors::tensor file::tensor(std::string_view name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) fail("no tensor " + io::detail::quoted(name) + suggestions(name));
  const entry& e = header_.tensors[found->second];
  return {e.name, e.type, e.shape, bytes_.bytes().subspan(e.begin, e.end - e.begin), e.begin};
}

LIBRATION_DEFINED void file::expect_shape(std::string_view name, std::initializer_list<Eigen::Index> expected) const {
  const auto t = tensor(name);
  const shape_view wanted(expected.begin(), expected.size());
  if (!std::equal(t.shape.begin(), t.shape.end(), wanted.begin(), wanted.end())) refuse_shape(t, to_string(wanted));
}

LIBRATION_DEFINED std::size_t file::edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

LIBRATION_DEFINED std::string file::suggestions(std::string_view name) const {
  if (size() == 0) return "; the file has none";
  constexpr std::size_t shown = 3, longest = 256;
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  ranked.reserve(size());
  for (const entry& e : header_.tensors)
    ranked.emplace_back(edit_distance(name.substr(0, longest), std::string_view(e.name).substr(0, longest)), e.name);
  const auto middle = ranked.begin() + static_cast<std::ptrdiff_t>(std::min(shown, ranked.size()));
  std::partial_sort(ranked.begin(), middle, ranked.end());
  std::string text = "; the most similar of " + number_text(size()) + ": ";
  for (auto it = ranked.begin(); it != middle; ++it)
    text += (it == ranked.begin() ? "" : ", ") + io::detail::quoted(it->second);
  return text;
}

LIBRATION_DEFINED file open(const std::filesystem::path& path, const read_options& options) {
  return file(file_bytes::open(path, options.mapped), options);
}

LIBRATION_DEFINED file parse(std::span<const std::byte> bytes, std::string name, const read_options& options) {
  return file(file_bytes::borrow(bytes, std::move(name)), options);
}

}  // namespace libration::inline LIBRATION_ABI::io::safetensors
