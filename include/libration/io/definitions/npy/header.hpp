// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/npy/header.hpp declares.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <libration/core/error.hpp>
#include <libration/io/foreign_format.hpp>
#include <libration/io/npy/header.hpp>

namespace libration::inline LIBRATION_ABI::io::npy::detail {

// A Python literal as numpy writes it: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class literal_reader {
 public:
  literal_reader(std::string_view text, std::uint64_t offset, bool python2, const std::string& path)
      : text_(text), offset_(offset), python2_(python2), path_(path) {}

  [[noreturn]] void fail(std::string reason) const { fail(at_, std::move(reason)); }
  [[noreturn]] void fail(std::size_t at, std::string reason) const {
    throw file_error(path_, offset_ + at, "npy header: " + std::move(reason));
  }

  LIBRATION_DECLARED void read(header& result);

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  LIBRATION_DECLARED bool accept(char c);
  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }

  LIBRATION_DECLARED std::string_view string();

  LIBRATION_DECLARED bool boolean();

  LIBRATION_DECLARED io::shape tuple();

  LIBRATION_DECLARED Eigen::Index integer();

  LIBRATION_DECLARED void descr(header& result);

  std::string_view text_;
  std::uint64_t offset_;
  bool python2_;
  const std::string& path_;
  std::size_t at_ = 0;
};

LIBRATION_DEFINED void literal_reader::read(header& result) {
  expect('{');
  std::array<bool, 3> seen{};
  while (!accept('}')) {
    skip_space();
    const std::size_t begin = at_;
    const std::string_view key = string();
    expect(':');
    const int field = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
    if (field == 3) fail(begin, "unexpected key " + io::quoted(key));
    if (std::exchange(seen[static_cast<std::size_t>(field)], true))
      fail(begin, "duplicate key " + io::quoted(key));
    if (field == 0) descr(result);
    if (field == 1) result.fortran_order = boolean();
    if (field == 2) result.shape = tuple();
    if (!accept(',')) {
      expect('}');
      break;
    }
  }
  skip_space();
  if (at_ != text_.size()) fail("something follows the dictionary");
  if (!(seen[0] && seen[1] && seen[2]))
    fail(std::string("no key ") + (!seen[0] ? "'descr'" : !seen[1] ? "'fortran_order'" : "'shape'"));
}

LIBRATION_DEFINED bool literal_reader::accept(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

LIBRATION_DEFINED std::string_view literal_reader::string() {
  skip_space();
  const char quote = at_ < text_.size() ? text_[at_] : '\0';
  if (quote != '\'' && quote != '"') fail("expected a string");
  const std::size_t begin = at_ + 1;
  const std::size_t end = text_.find(quote, begin);
  if (end == std::string_view::npos) fail("a string without end");
  const std::string_view content = text_.substr(begin, end - begin);
  if (content.find_first_of("\\\n\r") != std::string_view::npos) fail("an escape or a line's end in a string");
  at_ = end + 1;
  return content;
}

LIBRATION_DEFINED bool literal_reader::boolean() {
  skip_space();
  for (const bool value : {false, true}) {
    const std::string_view word = value ? "True" : "False";
    if (text_.substr(at_, word.size()) != word) continue;
    at_ += word.size();
    return value;
  }
  fail("fortran_order: expected True or False");
}

LIBRATION_DEFINED io::shape literal_reader::tuple() {
  constexpr std::size_t most = 64;  // numpy's own limit
  io::shape result;
  expect('(');
  bool comma = true;
  while (!accept(')')) {
    if (!comma) fail("shape: expected ',' or ')'");
    if (result.size() == most) fail("shape: more than 64 dimensions");
    result.push_back(integer());
    comma = accept(',');
  }
  if (result.size() == 1 && !comma) fail("shape: an integer in parentheses is no tuple");
  return result;
}

LIBRATION_DEFINED Eigen::Index literal_reader::integer() {
  constexpr Eigen::Index limit = std::numeric_limits<Eigen::Index>::max();
  skip_space();
  const std::size_t begin = at_;
  Eigen::Index value = 0;
  for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
    const Eigen::Index digit = text_[at_] - '0';
    if (value > (limit - digit) / 10) fail(begin, "shape: an extent is too large");
    value = 10 * value + digit;
  }
  if (at_ == begin) fail("shape: expected an unsigned integer");
  if (text_[begin] == '0' && at_ - begin > 1) fail(begin, "shape: an integer with a leading zero");
  if (python2_ && at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote its long integers so
  return value;
}

LIBRATION_DEFINED void literal_reader::descr(header& result) {
  skip_space();
  const std::size_t begin = at_;
  if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '('))
    fail("descr: structured arrays are not supported");
  const std::string_view text = string();
  const auto refuse = [&](const char* why) { fail(begin, "descr " + io::quoted(text) + ": " + why); };
  if (text.find('O') != std::string_view::npos) refuse("arrays of Python objects are pickles, and not read");
  struct spelling {
    std::string_view code;
    element type;
  };
  static constexpr std::array<spelling, 12> spellings{{{"b1", element::boolean},
                                                       {"i1", element::i8},
                                                       {"u1", element::u8},
                                                       {"i2", element::i16},
                                                       {"u2", element::u16},
                                                       {"f2", element::f16},
                                                       {"i4", element::i32},
                                                       {"u4", element::u32},
                                                       {"f4", element::f32},
                                                       {"f8", element::f64},
                                                       {"i8", element::i64},
                                                       {"u8", element::u64}}};
  for (const auto& [code, type] : spellings) {
    if (text.size() != 3 || text.substr(1) != code) continue;
    result.type = type;
    result.order = text[0] == '>' ? std::endian::big : std::endian::little;
    if (text[0] != '<' && text[0] != '>' && !(text[0] == '|' && element_size(type) == 1))
      refuse("expected a byte order, '<' or '>' ('|' for single bytes)");
    return;
  }
  refuse("neither a boolean nor a real number of a supported size");
}

}  // namespace libration::inline LIBRATION_ABI::io::npy::detail

namespace libration::inline LIBRATION_ABI::io::npy {

LIBRATION_DEFINED std::string descr(element type) {
  if (type == element::bf16) return {};
  if (type == element::boolean) return "|b1";
  const std::string_view name = to_string(type);  // F64, I8, U16
  const std::size_t size = element_size(type);
  return (size == 1 ? '|' : '<') + std::string(1, static_cast<char>(name[0] - 'A' + 'a')) + number_text(size);
}

LIBRATION_DEFINED header read_header(std::span<const std::byte> file, const std::string& path, const read_options& options) {
  const auto fail = [&](std::uint64_t byte, std::string reason) {
    throw file_error(path, byte, "npy: " + std::move(reason));
  };
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(file[i]); };
  // A file that does not begin with the magic string is told by its beginning, where that is known.
  const auto fail_at_start = [&](std::uint64_t at, std::string reason) {
    if (std::string what = foreign_format(file); !what.empty()) fail(0, "this is " + std::move(what));
    fail(at, std::move(reason));
  };
  for (std::size_t i = 0; i < detail::magic.size(); ++i) {
    if (i == file.size()) fail_at_start(i, "the file ends within the magic string");
    if (byte(i) != static_cast<unsigned char>(detail::magic[i])) fail_at_start(i, "no .npy file (the magic string differs)");
  }
  if (file.size() < 8) fail(file.size(), "the file ends within its version");
  const std::uint32_t major = byte(6), minor = byte(7);
  if (major < 1 || major > 3 || minor != 0)
    fail(6, "version " + number_text(major) + '.' + number_text(minor) + " is none of 1.0, 2.0, 3.0");
  const std::size_t length_size = major == 1 ? 2 : 4, begin = 8 + length_size;
  if (file.size() < begin) fail(file.size(), "the file ends within the header's length");
  std::uint32_t length = 0;
  for (std::size_t i = begin; i-- > 8;) length = length << 8 | byte(i);
  if (length > file.size() - begin)
    fail(file.size(), "the file ends within its header of " + number_text(length) + " bytes");

  header result;
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + begin, length);
  detail::literal_reader(text, begin, major <= 2, path).read(result);

  const auto bytes = byte_count(result.shape, result.type);
  if (!bytes) fail(begin, "the size of shape " + to_string(result.shape) + " overflows");
  result.data_begin = begin + length;
  const std::uint64_t available = file.size() - result.data_begin;
  if (*bytes > available)
    fail(file.size(), "the file ends after " + number_text(available) + " of the " + number_text(*bytes) +
                          " bytes of shape " + to_string(result.shape) + " of " + std::string(to_string(result.type)));
  result.data_end = result.data_begin + *bytes;
  if (*bytes < available && !options.allow_trailing_bytes)
    fail(result.data_end,
         number_text(available - *bytes) + " bytes follow the array (the option allow_trailing_bytes accepts them)");
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::io::npy
