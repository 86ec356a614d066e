// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/weight_files.hpp declares.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/config_fields.hpp>
#include <libration/models/detail/weight_files.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// The parts of a name such as "model-00001-of-00003.safetensors".
struct shard_name {
  std::string prefix, number, total;  ///< "model", "00001", "00003"

  LIBRATION_DECLARED static std::optional<shard_name> parse(std::string_view name);
  /// The file's name of another number of the same set, written as wide.
  LIBRATION_DECLARED std::string sibling(int other) const;
};

LIBRATION_DECLARED int int_of(const std::string& digits);

/// What a folder without safetensors weights holds instead, and what to do about it, for the end of a message.
LIBRATION_DECLARED std::string describe_other_weights(const std::vector<std::string>& names);

/// The shards of a folder without an index: of one set, all that its names promise.
LIBRATION_DECLARED std::vector<std::string> find_shards(const std::filesystem::path& folder, const std::vector<std::string>& names);

/// The shards that an index names, each opened, and each tensor where the index says.
LIBRATION_FUNC std::vector<io::safetensors::file> open_index(const std::filesystem::path& folder,
                                                              const std::filesystem::path& index);

LIBRATION_DEFINED std::optional<shard_name> shard_name::parse(std::string_view name) {
  constexpr std::string_view ending = ".safetensors", between = "-of-";
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  const std::size_t of = name.rfind(between);
  if (of == std::string_view::npos) return std::nullopt;
  const std::size_t dash = name.substr(0, of).rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const shard_name result{std::string(name.substr(0, dash)), std::string(name.substr(dash + 1, of - dash - 1)),
                          std::string(name.substr(of + between.size()))};
  for (const std::string* digits : {&result.number, &result.total})
    if (digits->empty() || digits->size() > 9 || digits->find_first_not_of("0123456789") != std::string::npos)
      return std::nullopt;
  return result;
}

LIBRATION_DEFINED std::string shard_name::sibling(int other) const {
  const std::string digits = number_text(other);
  const std::string zeros(number.size() > digits.size() ? number.size() - digits.size() : 0, '0');
  return prefix + "-" + zeros + digits + "-of-" + total + ".safetensors";
}

LIBRATION_DEFINED int int_of(const std::string& digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

LIBRATION_DEFINED std::string describe_other_weights(const std::vector<std::string>& names) {
  std::vector<std::string> others;
  for (const std::string_view ending : {".safetensors", ".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".ckpt"})
    for (const std::string& name : names)
      if (name.ends_with(ending)) others.push_back(name);
  if (others.empty()) return names.empty() ? "; the folder is empty" : "; the folder holds " + some_of(names);
  std::string text = "; the folder holds " + some_of(others);
  const auto has = [&](std::string_view begins, std::string_view ends) {
    return std::any_of(others.begin(), others.end(),
                       [&](const std::string& name) { return name.starts_with(begins) && name.ends_with(ends); });
  };
  if (has("adapter_model", ""))
    text += ": an adapter (LoRA), which must be merged into its model first (peft's merge_and_unload, then save_pretrained)";
  else if (has("", ".bin") || has("", ".pt") || has("", ".pth"))
    text +=
        ": convert it to safetensors first, with transformers "
        "(AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW, safe_serialization=True))";
  else if (has("", ".gguf"))
    text += ": GGUF is not read; take the model's original safetensors files instead";
  else if (has("", ".safetensors"))
    text += ": rename it to model.safetensors if it is the whole model";
  return text;
}

LIBRATION_DEFINED std::vector<std::string> find_shards(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  std::map<std::string, std::map<int, std::string>> sets;  // by prefix and total
  std::map<std::string, shard_name> first_of;
  for (const std::string& name : names)
    if (const auto parts = shard_name::parse(name)) {
      const std::string set = parts->prefix + "-*-of-" + parts->total;
      sets[set][int_of(parts->number)] = name;
      first_of.emplace(set, *parts);
    }
  if (sets.empty()) return {};
  const auto refuse = [&](const std::string& why) {
    throw file_error(folder.string(), file_error::no_byte, "no model.safetensors.index.json, and " + why);
  };
  if (sets.size() > 1) {
    std::vector<std::string> all;
    for (const auto& [set, files] : sets) all.push_back(set);
    refuse("several sets of shards: " + some_of(all));
  }
  const auto& [set, files] = *sets.begin();
  const shard_name& parts = first_of.at(set);
  const int total = int_of(parts.total);
  std::vector<std::string> result;
  for (int i = 1; i <= total; ++i) {
    const auto found = files.find(i);
    if (found == files.end())
      refuse("of the " + parts.total + " shards only " + number_text(files.size()) + " are there: " + parts.sibling(i) +
             " is missing");
    result.push_back(found->second);
  }
  if (files.size() != result.size()) refuse("more shards than the " + parts.total + " of their names: " + files.rbegin()->second);
  return result;
}

LIBRATION_FUNC std::vector<io::safetensors::file> open_index(const std::filesystem::path& folder,
                                                             const std::filesystem::path& index) {
  const auto refuse = [&](const std::string& why) { throw file_error(index.string(), file_error::no_byte, why); };
  const io::file_bytes bytes = io::file_bytes::open(index);
  const auto [json, reason] = parse_object({reinterpret_cast<const char*>(bytes.bytes().data()), bytes.size()});
  if (!reason.empty()) refuse(reason);
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object()) refuse("no object weight_map");
  std::vector<io::safetensors::file> files;
  std::map<std::string, std::size_t> opened;
  for (const auto& [tensor, file] : map->items()) {
    // A name, not a path: what the index says may not reach out of its folder.
    if (!file.is_string() || std::filesystem::path(file.get<std::string>()).filename() != file.get<std::string>())
      refuse("weight_map: " + tensor + " is in " + value_text(file) + ", expected a file's name");
    const auto name = file.get<std::string>();
    if (opened.emplace(name, files.size()).second) {
      if (!std::filesystem::exists(folder / name))
        refuse("weight_map: " + detail::quoted(tensor) + " is in " + detail::quoted(name) + ", which is not in the folder");
      files.push_back(io::safetensors::open(folder / name));
    }
    if (!files[opened[name]].contains(tensor))
      refuse("weight_map: " + detail::quoted(tensor) + " is in " + detail::quoted(name) + ", but that file has no such tensor");
  }
  if (files.empty()) refuse("weight_map is empty");
  return files;
}

LIBRATION_DEFINED std::vector<io::safetensors::file> open_weight_files(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  const fs::path index = folder / "model.safetensors.index.json", single = folder / "model.safetensors";
  if (fs::exists(folder / "adapter_config.json"))
    throw file_error((folder / "adapter_config.json").string(), file_error::no_byte,
                     "an adapter (LoRA) beside the model, which must be merged into it first, or moved out of the folder");
  std::vector<io::safetensors::file> files;
  if (fs::exists(single)) {
    files.push_back(io::safetensors::open(single));
    return files;
  }
  if (fs::exists(index)) return open_index(folder, index);
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  for (const std::string& name : find_shards(folder, names)) files.push_back(io::safetensors::open(folder / name));
  if (files.empty())
    throw file_error(single.string(), file_error::no_byte,
                     "no such file, and no model.safetensors.index.json" + describe_other_weights(names));
  return files;
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
