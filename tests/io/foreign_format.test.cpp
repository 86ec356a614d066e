// SPDX-License-Identifier: MIT
#include <libration/io/foreign_format.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libration/io/npy.hpp>
#include <libration/io/safetensors.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

namespace io = libration::io;
using namespace libration_test;

namespace {

// The local header of a zip archive's first member, and some data behind it.
std::string zip_of(const std::string& member) {
  return "PK\x03\x04" + little(20, 2) + std::string(20, '\0') + little(member.size(), 2) + little(0, 2) + member + "data data data";
}

// Each kind of file that is taken for a model or an array, and what its refusal must say.
std::vector<std::pair<std::string, std::string>> kinds() {
  return {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4f4f\nsize 538090408\n", "git lfs pull"},
      {"<!DOCTYPE html>\n<html><body>Sign in to download</body></html>\n", "page of HTML"},
      {"\xef\xbb\xbf \r\n<HTML lang=\"en\">", "page of HTML"},
      {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "page of XML"},
      {zip_of("archive/data.pkl"), "PyTorch's .pt, .pth or .bin"},
      {zip_of("model/.format_version"), "PyTorch's .pt, .pth or .bin"},
      {zip_of("attention.npy"), "numpy's .npz"},
      {zip_of("readme"), "a zip archive (PyTorch's .pt and .bin are such, and numpy's .npz)"},
      {"PK\x05\x06" + std::string(18, '\0'), "a zip archive"},
      {"\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "a pickle"},
      {std::string("\x80\x04\x95\x1b\0\0\0\0\0\0\0", 11) + "}\x94.", "a pickle"},
      {"ccollections\nOrderedDict\np0\n(tp1\nRp2\n.", "a pickle"},
      {std::string("GGUF\x03\0\0\0", 8) + little(2) + little(3), "a GGUF file"},
      {"\x89HDF\r\n\x1a\n" + std::string(40, '\0'), "an HDF5 file"},
      {std::string("\x1f\x8b\x08\0\0\0\0\0", 8) + "....", "gunzip"},
      {std::string("\xfd\x37zXZ\0\0\x04", 8), "unxz"},
      {"BZh91AY&SY", "bunzip2"},
      {"\x28\xb5\x2f\xfd\x24\x10\x81", "unzstd"},
      {"\n  {\"weight_map\": {}}", "a JSON text"},
      {"[0.1, 0.2, 0.3]", "a JSON text"},
      {"[[1,2],{\"error\": 1}]", "a JSON text"},
      {"0.1,0.2,0.3\n0.4,0.5,0.6\n", "a text"},
      {std::string(257, '\x01') + "ustar" + std::string(250, '\0'), "a tar archive"},
      {"", "an empty file"},
  };
}

}  // namespace

TEST_CASE("io::foreign_format: a file of another format is told by its first bytes, and refused so by both readers", "[failure]") {
  for (const auto& kind : kinds()) {
    const auto& content = kind.first;  // a name that clang 14 lets a lambda capture
    const auto& expected = kind.second;
    CAPTURE(content, expected);
    CHECK(io::foreign_format(bytes_of(content)).find(expected) != std::string::npos);
    const auto of_tensors = failure_of([&] { io::safetensors::parse(bytes_of(content), "file"); });
    CHECK(of_tensors.byte == 0);
    CHECK(of_tensors.reason.starts_with("safetensors: this is "));
    CHECK(of_tensors.reason.find(expected) != std::string::npos);
    const auto of_array = failure_of([&] { io::npy::parse(bytes_of(content), "file"); });
    CHECK(of_array.byte == 0);
    CHECK(of_array.reason.starts_with("npy: this is "));
    CHECK(of_array.reason.find(expected) != std::string::npos);
  }
}

TEST_CASE("io::foreign_format: one reader's file given to the other is named", "[failure]") {
  const std::string tensors = little(2) + "{}", array = "\x93NUMPY\x01" + std::string(1, '\0') + little(10, 2) + "{          ";
  CHECK(failure_of([&] { io::npy::parse(bytes_of(tensors), "file"); }).reason.find("a safetensors file") != std::string::npos);
  CHECK(failure_of([&] { io::safetensors::parse(bytes_of(array), "file"); }).reason.find("a .npy file") != std::string::npos);
}

TEST_CASE("io::foreign_format: bytes that are nobody's are not given a name", "[edge]") {
  for (const std::string& content : {std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09", 9), std::string(600, '\0'),
                                     std::string("P"), std::string("\x80"), std::string("PK")}) {
    CAPTURE(content);
    const std::string what = io::foreign_format(bytes_of(content));
    CHECK((what.empty() || what == "a text"));
  }
}

TEST_CASE("io::foreign_format: a file that is what it was taken for is read, whatever its first bytes", "[edge]") {
  // Header lengths that spell the beginnings of other formats: 0x0280 of a pickle, 0x7b of JSON, 0x8b1f of gzip.
  for (const std::uint64_t length : {std::uint64_t{0x0280}, std::uint64_t{0x7b}, std::uint64_t{0x8b1f}, std::uint64_t{0x5a42}}) {
    const std::string content = little(length) + "{}" + std::string(length - 2, ' ');
    CHECK(io::safetensors::parse(bytes_of(content), "file").size() == 0);
  }
}
