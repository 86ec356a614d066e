// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/foreign_format.hpp declares.

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <libration/core/lower_case.hpp>
#include <libration/io/foreign_format.hpp>

namespace libration::inline LIBRATION_ABI::io::detail {

LIBRATION_DEFINED std::string_view first_zip_member(std::string_view text) {
  constexpr std::size_t fixed = 30, length_at = 26;
  if (text.size() < fixed) return {};
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(text[i])); };
  return text.substr(fixed, std::min(byte(length_at) | byte(length_at + 1) << 8, text.size() - fixed));
}

LIBRATION_DEFINED std::string foreign_zip(std::string_view text) {
  const std::string_view member = first_zip_member(text);
  if (member.ends_with(".npy"))
    return "a zip archive of arrays, numpy's .npz, not a single array: numpy.save(\"NAME.npy\", numpy.load(FILE)[\"NAME\"]) "
           "writes each to a file of its own";
  constexpr std::array<std::string_view, 4> of_torch = {"data.pkl", "byteorder", ".format_version", ".storage_alignment"};
  for (const std::string_view name : of_torch)
    if (member.ends_with(name))
      return "a zip archive with a pickle, PyTorch's .pt, .pth or .bin: load it with torch.load(FILE, map_location=\"cpu\", "
             "weights_only=True) and write its tensors with safetensors.torch.save_file(state_dict, \"NAME.safetensors\"), or "
             "numpy.save";
  return "a zip archive (PyTorch's .pt and .bin are such, and numpy's .npz): unpack or convert it to safetensors or .npy";
}

}  // namespace libration::inline LIBRATION_ABI::io::detail

namespace libration::inline LIBRATION_ABI::io {

LIBRATION_DEFINED std::string foreign_format(std::span<const std::byte> bytes) {
  constexpr std::size_t seen = 4096;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), seen));
  if (text.empty()) return "an empty file";
  if (text.starts_with("version https://git-lfs"))
    return "a pointer of git-lfs, not the file that it stands for: git lfs pull fetches that";
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06")) return detail::foreign_zip(text);
  struct signature {
    std::string_view begins, what;
  };
  static constexpr std::array<signature, 10> signatures{{
      {"GGUF", "a GGUF file, llama.cpp's format: take the model's original safetensors files instead"},
      {"\x89HDF\r\n\x1a\n",
       "an HDF5 file (Keras's .h5): read its arrays with h5py, and write them with safetensors.numpy.save_file or numpy.save"},
      {"\x1f\x8b", "compressed by gzip: gunzip it first"},
      {"BZh", "compressed by bzip2: bunzip2 it first"},
      {"\xfd\x37zXZ", "compressed by xz: unxz it first"},
      {"\x28\xb5\x2f\xfd", "compressed by zstd: unzstd it first"},
      {"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"},
      {"\x93NUMPY", "a .npy file, one array of numpy's: name it so"},
      {"\x89PNG", "a PNG picture"},
      {"%PDF", "a PDF document"},
  }};
  for (const signature& s : signatures)
    if (text.starts_with(s.begins)) return std::string(s.what);
  if (text.size() > 262 && text.substr(257, 5) == "ustar") return "a tar archive: unpack it first";
  if (text.size() > 8 && text[8] == '{' && text.substr(4, 4) == std::string_view("\0\0\0\0", 4))
    return "a safetensors file: give it the ending .safetensors";

  // Pickles: protocols 2 to 5 name themselves; the older ones are text that begins with a container or a class.
  const bool pickle = text[0] == '\x80' && text.size() > 1 && text[1] >= 2 && text[1] <= 5;
  const bool old_pickle = text.starts_with("(dp") || text.starts_with("(lp") || text.starts_with("ccopy_reg\n") ||
                          text.starts_with("ccollections\n") || text.starts_with("ctorch") || text.starts_with("cnumpy");
  if (pickle || old_pickle)
    return "a pickle (a Python object, or an old .pt or .bin of PyTorch's): load it where it comes from, with torch.load or "
           "numpy.load(FILE, allow_pickle=True) if you trust it, and write its tensors with safetensors.torch.save_file or "
           "numpy.save";

  constexpr std::string_view mark = "\xef\xbb\xbf", blanks = " \t\r\n";
  std::string_view content = text.starts_with(mark) ? text.substr(mark.size()) : text;
  content.remove_prefix(std::min(content.find_first_not_of(blanks), content.size()));
  const std::string begin = lower_case(content.substr(0, 64));
  for (const std::string_view tag : {"<!doctype html", "<html", "<head", "<body", "<!--"})
    if (begin.starts_with(tag)) return "a page of HTML (a login or an error in place of a download?): fetch the file itself";
  if (begin.starts_with("<?xml") || begin.starts_with("<error"))
    return "a page of XML (an error in place of a download?): fetch the file itself";
  if (begin.starts_with("{") || begin.starts_with("["))
    return "a JSON text (a config, an index, or an error in place of a download?), which holds no array";
  const bool printable = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= ' ' && c <= '~') || blanks.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
  });
  const bool ascii = std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(text.size(), 16)),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (printable && ascii) return "a text";
  return {};
}

}  // namespace libration::inline LIBRATION_ABI::io
