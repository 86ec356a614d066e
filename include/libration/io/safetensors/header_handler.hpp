// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a safetensors header's JSON may be: the parser's events checked one by one, each refusal at its byte.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

/// One tensor as the header describes it. `begin` and `end` are bytes from the file's start.
struct entry {
  std::string name;
  element type = element::f32;
  io::shape shape;
  std::uint64_t begin = 0, end = 0;
};

namespace detail {

// Lets the handler know how far the parser has read, which the library's SAX interface does not tell.
class tracking_iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  tracking_iterator() = default;
  tracking_iterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  tracking_iterator& operator++();
  tracking_iterator operator++(int);
  friend bool operator==(const tracking_iterator& a, const tracking_iterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_ = nullptr;
  const char** furthest_ = nullptr;
};

// The JSON parser's events, checked as they come, so that duplicate keys are seen and nothing nested is ever stored.
class header_handler {
 public:
  header_handler(const std::string& path, const char* file_begin, const char* const& furthest)
      : path_(path), file_begin_(file_begin), furthest_(furthest) {}

  struct located_entry : entry {
    std::uint64_t byte = 0;  // where the header names it
  };
  std::vector<located_entry> entries;
  std::map<std::string, std::string> metadata;

  [[noreturn]] void fail(std::uint64_t byte, std::string reason) const {
    throw file_error(path_, byte, "safetensors header: " + std::move(reason));
  }

  bool null() { return other("null"); }
  bool boolean(bool) { return other("a boolean"); }
  bool number_integer(std::int64_t) { return other("a negative number"); }
  bool number_float(double, const std::string&) { return other("a number that is no 64-bit unsigned integer"); }
  template <class Binary>
  bool binary(Binary&) {
    return other("binary data");
  }

  LIBRATION_DECLARED bool number_unsigned(std::uint64_t value);

  LIBRATION_DECLARED bool string(std::string& text);

  LIBRATION_DECLARED bool start_object(std::size_t);

  LIBRATION_DECLARED bool end_object();

  LIBRATION_DECLARED bool key(std::string& name);

  LIBRATION_DECLARED bool start_array(std::size_t);

  LIBRATION_DECLARED bool end_array();

  LIBRATION_DECLARED bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error);

 private:
  enum class place { outside, root, metadata, entry, shape, offsets };
  enum class field { dtype, shape, offsets, unknown, none };

  bool ignoring() const { return ignored_depth_ > 0 || (place_ == place::entry && field_ == field::unknown); }
  std::uint64_t here() const { return static_cast<std::uint64_t>(furthest_ - file_begin_) - 1; }

  LIBRATION_DECLARED std::string where() const;

  LIBRATION_DECLARED bool other(const char* what) const;

  LIBRATION_DECLARED void check_entry();

  const std::string& path_;
  const char* file_begin_;
  const char* const& furthest_;
  place place_ = place::outside;
  field field_ = field::none;
  std::size_t ignored_depth_ = 0;
  int offset_count_ = 0;
  std::array<bool, 3> seen_{};
  std::set<std::string> names_;
  std::string key_;
  std::uint64_t key_byte_ = 0;
};

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::io::safetensors

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/safetensors/header_handler.hpp>
#endif
