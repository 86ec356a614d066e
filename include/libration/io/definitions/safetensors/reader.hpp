// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/safetensors/reader.hpp declares.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/io/safetensors/reader.hpp>
#include <libration/io/similar_names.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

LIBRATION_DEFINED file::file(file_bytes bytes, const read_options& options)
    : bytes_(std::move(bytes)), header_(read_header(bytes_.bytes(), bytes_.path(), options)) {
  for (std::size_t i = 0; i < header_.tensors.size(); ++i) index_.emplace(header_.tensors[i].name, i);
}

LIBRATION_DEFINED bool file::contains(std::string_view name) const { return index_.find(name) != index_.end(); }

LIBRATION_DEFINED void file::fail(std::string reason) const { throw file_error(path(), file_error::no_byte, std::move(reason)); }

LIBRATION_DEFINED void file::refuse_shape(const safetensors::tensor& t, const std::string& expected) const {
  fail("tensor " + io::quoted(t.name) + " has shape " + to_string(t.shape) + ", expected " + expected);
}

LIBRATION_DEFINED std::vector<std::string> file::names() const {
  std::vector<std::string> result;
  result.reserve(size());
  for (const entry& e : header_.tensors) result.push_back(e.name);
  return result;
}

LIBRATION_DEFINED safetensors::tensor file::tensor(std::string_view name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) fail("no tensor " + io::quoted(name) + suggestions(name));
  const entry& e = header_.tensors[found->second];
  return {e.name, e.type, e.shape, bytes_.bytes().subspan(e.begin, e.end - e.begin), e.begin};
}

LIBRATION_DEFINED void file::expect_shape(std::string_view name, std::initializer_list<Eigen::Index> expected) const {
  const auto t = tensor(name);
  const shape_view wanted(expected.begin(), expected.size());
  if (!std::equal(t.shape.begin(), t.shape.end(), wanted.begin(), wanted.end())) refuse_shape(t, to_string(wanted));
}

LIBRATION_DEFINED std::string file::suggestions(std::string_view name) const {
  return size() == 0 ? "; the file has none" : "; the most similar of " + number_text(size()) + ": " + most_similar(names(), name);
}

LIBRATION_DEFINED file open(const std::filesystem::path& path, const read_options& options) {
  return file(file_bytes::open(path, options.mapped), options);
}

LIBRATION_DEFINED file parse(std::span<const std::byte> bytes, std::string name, const read_options& options) {
  return file(file_bytes::borrow(bytes, std::move(name)), options);
}

}  // namespace libration::inline LIBRATION_ABI::io::safetensors
