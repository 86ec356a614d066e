// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/safetensors/header.hpp declares.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/io/foreign_format.hpp>
#include <libration/io/safetensors/header.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors::detail {

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

LIBRATION_FUNC tracking_iterator& tracking_iterator::operator++() {
  *furthest_ = ++at_;
  return *this;
}

LIBRATION_FUNC tracking_iterator tracking_iterator::operator++(int) {
  const tracking_iterator old = *this;
  ++*this;
  return old;
}

LIBRATION_DEFINED bool header_handler::number_unsigned(std::uint64_t value) {
  if (ignoring()) return true;
  if (place_ == place::shape) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<Eigen::Index>::max()))
      fail(here(), where() + ": extent " + number_text(value) + " is too large");
    entries.back().shape.push_back(static_cast<Eigen::Index>(value));
    return true;
  }
  if (place_ == place::offsets) {
    if (offset_count_ == 2) fail(here(), where() + " has more than two numbers");
    (offset_count_++ == 0 ? entries.back().begin : entries.back().end) = value;
    return true;
  }
  return other("a number");
}

LIBRATION_DEFINED bool header_handler::string(std::string& text) {
  if (ignoring()) return true;
  if (place_ == place::metadata) {
    metadata[key_] = std::move(text);
    return true;
  }
  if (place_ == place::entry && field_ == field::dtype) {
    const auto type = element_named(text);
    if (!type && (text.starts_with("F8_") || text.starts_with("F6_") || text.starts_with("F4")))
      fail(here(), where() + ": " + io::quoted(text) +
                       ", floating-point numbers of 8 bits or fewer, which are quantised weights: they must be stored as F16, "
                       "BF16 or F32, multiplied by their scales, first");
    if (!type) fail(here(), where() + ": unknown dtype " + io::quoted(text));
    entries.back().type = *type;
    return true;
  }
  return other("a string");
}

LIBRATION_DEFINED bool header_handler::start_object(std::size_t) {
  if (ignoring()) {
    ++ignored_depth_;
  } else if (place_ == place::outside) {
    place_ = place::root;
  } else if (place_ == place::root) {
    place_ = key_ == "__metadata__" ? place::metadata : place::entry;
    if (place_ == place::entry) {
      entries.emplace_back();
      entries.back().name = key_;
      entries.back().byte = key_byte_;
      seen_ = {};
    }
  } else {
    return other("an object");
  }
  return true;
}

LIBRATION_DEFINED bool header_handler::end_object() {
  if (ignored_depth_ > 0) {
    --ignored_depth_;
  } else if (place_ == place::root) {
    place_ = place::outside;
  } else {
    if (place_ == place::entry) check_entry();
    place_ = place::root;
    field_ = field::none;
  }
  return true;
}

LIBRATION_DEFINED bool header_handler::key(std::string& name) {
  if (ignored_depth_ > 0) return true;
  if (place_ == place::entry) {
    static constexpr std::array<std::string_view, 3> names{"dtype", "shape", "data_offsets"};
    const auto found = std::find(names.begin(), names.end(), name) - names.begin();
    field_ = static_cast<field>(found);
    // As in the reference implementation, fields that it does not know are skipped.
    if (field_ != field::unknown && std::exchange(seen_[static_cast<std::size_t>(found)], true))
      fail(here(),
           "duplicate key " + io::quoted(name) + " in tensor " + io::quoted(entries.back().name));
    return true;
  }
  const bool fresh =
      place_ == place::root ? names_.insert(name).second : metadata.emplace(name, std::string()).second;
  if (!fresh) fail(here(), "duplicate key " + io::quoted(name));
  key_ = std::move(name);
  key_byte_ = here();
  return true;
}

LIBRATION_DEFINED bool header_handler::start_array(std::size_t) {
  if (ignoring()) {
    ++ignored_depth_;
  } else if (place_ == place::entry && field_ == field::shape) {
    place_ = place::shape;
  } else if (place_ == place::entry && field_ == field::offsets) {
    place_ = place::offsets;
    offset_count_ = 0;
  } else {
    return other("an array");
  }
  return true;
}

LIBRATION_DEFINED bool header_handler::end_array() {
  if (ignored_depth_ > 0) {
    --ignored_depth_;
    return true;
  }
  if (place_ == place::offsets && offset_count_ != 2) fail(here(), where() + " has fewer than two numbers");
  place_ = place::entry;
  return true;
}

LIBRATION_DEFINED bool header_handler::parse_error(std::size_t position, const std::string&,
                                                   const nlohmann::json::exception& error) {
  const std::string_view reason = error.what();
  fail(8 + (position > 0 ? position - 1 : 0), std::string(reason.substr(0, 300)));
}

LIBRATION_DEFINED std::string header_handler::where() const {
  if (place_ == place::outside) return "the header";
  if (place_ == place::root) return io::quoted(key_);
  if (place_ == place::metadata) return "__metadata__ " + io::quoted(key_);
  const std::string tensor = "tensor " + io::quoted(entries.back().name);
  if (field_ == field::dtype) return tensor + ": dtype";
  if (field_ == field::shape) return tensor + ": shape";
  return tensor + ": data_offsets";
}

LIBRATION_DEFINED bool header_handler::other(const char* what) const {
  if (ignoring()) return true;
  static constexpr std::array<const char*, 6> expected{"an object", "an object", "a string",
                                                       "",          "extents",   "offsets"};
  const char* wanted = expected[static_cast<std::size_t>(place_)];
  if (place_ == place::entry) wanted = field_ == field::dtype ? "a string" : "an array of unsigned integers";
  fail(here(), where() + ": expected " + wanted + ", found " + what);
}

LIBRATION_DEFINED void header_handler::check_entry() {
  located_entry& e = entries.back();
  const std::string tensor = "tensor " + io::quoted(e.name);
  if (!(seen_[0] && seen_[1] && seen_[2]))
    fail(here(), tensor + " lacks " + (!seen_[0] ? "dtype" : !seen_[1] ? "shape" : "data_offsets"));
  const auto bytes = byte_count(e.shape, e.type);
  if (!bytes) fail(here(), tensor + ": the size of shape " + to_string(e.shape) + " overflows");
  if (e.end < e.begin || e.end - e.begin != *bytes)
    fail(here(), tensor + ": data_offsets [" + number_text(e.begin) + ", " + number_text(e.end) +
                     "] do not hold the " + number_text(*bytes) + " bytes of shape " + to_string(e.shape) +
                     " of " + std::string(to_string(e.type)));
}

}  // namespace libration::inline LIBRATION_ABI::io::safetensors::detail

namespace libration::inline LIBRATION_ABI::io::safetensors {

LIBRATION_DEFINED header read_header(std::span<const std::byte> file, const std::string& path, const read_options& options) {
  const auto fail = [&](std::uint64_t byte, std::string reason) {
    throw file_error(path, byte, "safetensors: " + std::move(reason));
  };
  std::uint64_t length = 0;
  for (std::size_t i = std::min<std::size_t>(file.size(), 8); i-- > 0;)
    length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
  // A file whose beginning makes no sense is told by it, where that is known.
  const bool begins_well = file.size() > 8 && file[8] == std::byte{'{'} && length >> 32 == 0;
  const auto fail_at_start = [&](std::uint64_t byte, std::string reason) {
    if (std::string what = begins_well ? std::string() : foreign_format(file); !what.empty()) fail(0, "this is " + std::move(what));
    fail(byte, std::move(reason));
  };
  if (file.size() < 8) fail_at_start(file.size(), "the file ends within the 8 bytes of the header's length");
  if (length > max_header_size)
    fail_at_start(0, "the header's length, " + number_text(length) + ", is over " + number_text(max_header_size));
  if (length > file.size() - 8)
    fail_at_start(file.size(), "the file ends within its header of " + number_text(length) + " bytes");

  const char* const file_begin = reinterpret_cast<const char*>(file.data());
  const char* const begin = file_begin + 8;
  const char* const end = begin + length;
  if (length == 0 || *begin != '{') fail_at_start(8, "the header does not begin with '{'");
  // The JSON library takes a zero byte for the end of its input, and would not see what follows.
  if (const char* const zero = std::find(begin, end, '\0'); zero != end)
    fail(static_cast<std::uint64_t>(zero - file_begin), "a zero byte in the header");

  const char* furthest = begin;
  detail::header_handler handler(path, file_begin, furthest);
  nlohmann::json::sax_parse(detail::tracking_iterator(begin, &furthest), detail::tracking_iterator(end, &furthest),
                            &handler);

  auto& entries = handler.entries;
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  header result;
  result.metadata = std::move(handler.metadata);
  result.data_begin = 8 + length;
  const std::uint64_t data_size = file.size() - result.data_begin;
  std::uint64_t position = 0;
  result.tensors.reserve(entries.size());
  for (auto& e : entries) {
    const auto refuse = [&](const std::string& what) {
      handler.fail(e.byte, "tensor " + io::quoted(e.name) + ": data_offsets [" + number_text(e.begin) +
                               ", " + number_text(e.end) + "] " + what);
    };
    if (e.begin > position) refuse("leave a hole from " + number_text(position) + " on");
    if (e.begin < position) refuse("overlap the tensor that ends at " + number_text(position));
    if (e.end > data_size) refuse("pass the end of the file, whose data is " + number_text(data_size) + " bytes");
    position = e.end;
    e.begin += result.data_begin;
    e.end += result.data_begin;
    result.tensors.push_back(std::move(e));
  }
  result.trailing_bytes = data_size - position;
  if (result.trailing_bytes != 0 && !options.allow_trailing_bytes)
    fail(result.data_begin + position,
         number_text(result.trailing_bytes) +
             " bytes follow the last tensor (the option allow_trailing_bytes accepts them)");
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::io::safetensors
