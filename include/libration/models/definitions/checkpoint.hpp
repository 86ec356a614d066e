// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/checkpoint.hpp declares.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/models/checkpoint.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED bool is_same(const io::safetensors::tensor& a, const io::safetensors::tensor& b) {
  return a.type == b.type && std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end()) &&
         std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
}

}  // namespace libration::inline LIBRATION_ABI::models::detail

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED checkpoint::checkpoint(std::span<const io::safetensors::file> files, std::string path,
                                      const checkpoint_options& options)
    : files_(files), path_(std::move(path)) {
  for (const io::safetensors::file& file : files)
    for (std::string& name : file.names()) {
      std::string canonical = detail::canonical_name(name);
      const bool ignored = std::any_of(options.ignore.begin(), options.ignore.end(), [&](const std::string& pattern) {
        return detail::matches_glob(name, pattern) || detail::matches_glob(canonical, pattern);
      });
      entries_.push_back({&file, std::move(name), std::move(canonical), ignored ? state::ignored : state::left});
    }
  undrop();
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].use == state::left) index_.emplace(entries_[i].canonical, i);
  // Tensors that share their memory are stored once; safetensors' save_model says in the metadata which name stands for which.
  for (const io::safetensors::file& file : files)
    for (const auto& [name, stored] : file.metadata())
      if (file.contains(stored) && !file.contains(name)) {
        std::string canonical = detail::canonical_name(name);
        index_.emplace(canonical, entries_.size());
        entries_.push_back({&file, stored, std::move(canonical), state::used});
      }
  if (options.ignore.empty()) return;
  std::vector<std::string> names, canonical;
  for (const io::safetensors::file& file : files)
    for (std::string& name : file.names()) {
      canonical.push_back(detail::canonical_name(name));
      names.push_back(std::move(name));
    }
  const std::string fault =
      detail::unmatched_pattern(options.ignore, names, "tensors", ".ignore (the programs' --ignore)", canonical);
  if (!fault.empty()) throw file_error(path_, file_error::no_byte, fault);
}

LIBRATION_DEFINED void checkpoint::undrop() {
  for (entry& raw : entries_) {
    const std::string name(detail::undropped_name(raw.canonical));
    if (name.empty() || raw.use == state::ignored) continue;
    for (entry& copy : entries_) {
      if (copy.use != state::left || copy.canonical != name || !detail::undropped_name(copy.name).empty()) continue;
      const auto a = raw.file->tensor(raw.name), b = copy.file->tensor(copy.name);
      if (!std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end()))
        throw file_error(raw.file->path(), file_error::no_byte,
                         "the parameter of a weight drop, " + detail::quoted(raw.name) + ", has shape " + io::to_string(a.shape) +
                             ", its masked copy " + detail::quoted(copy.name) + " has " + io::to_string(b.shape) +
                             ", expected the same: .ignore (the programs' --ignore) takes out the one that is wrong");
      copy.use = state::replaced;
    }
    raw.canonical = name;
  }
}

LIBRATION_DEFINED std::string checkpoint::name_in_file(std::string_view name) const {
  const entry* const found = find(name);
  return found == nullptr ? std::string(name) : found->name;
}

LIBRATION_DEFINED void checkpoint::expect(std::string_view name, std::initializer_list<Eigen::Index> shape) {
  const entry& e = use_weight(name);
  e.file->expect_shape(e.name, shape);
}

LIBRATION_DEFINED void checkpoint::refuse(std::string_view who, std::string_view name, const std::string& reason) const {
  const entry* const found = find(name);
  throw file_error(found == nullptr ? path_ : found->file->path(), file_error::no_byte, std::string(who) + ": " + reason);
}

LIBRATION_DEFINED std::string checkpoint::foreign_part(std::string_view below) const {
  for (const entry& e : entries_) {
    if (e.use == state::ignored || !e.canonical.starts_with(below)) continue;
    if (const std::string foreign = detail::describe_foreign_part(e.canonical); !foreign.empty())
      return "; " + detail::quoted(e.name) + " " + foreign;
  }
  return {};
}

LIBRATION_DEFINED std::vector<std::string> checkpoint::left_over(std::string_view prefix) const {
  std::vector<std::string> texts;
  for (const entry* e : find_left_over(prefix)) texts.push_back(describe(*e));
  return texts;
}

LIBRATION_DEFINED void checkpoint::require_all_used(std::string_view who, std::string_view prefix) const {
  const std::vector<const entry*> left = find_left_over(prefix);
  if (left.empty()) return;
  constexpr std::size_t shown = 4;
  std::string reason = left.size() == 1 ? "a tensor that the model as read does not use: "
                                        : number_text(left.size()) + " tensors that the model as read does not use: ";
  for (std::size_t i = 0; i < std::min(shown, left.size()); ++i) reason += (i == 0 ? "" : "; ") + describe(*left[i]);
  if (left.size() > shown) reason += "; and " + number_text(left.size() - shown) + " more";
  // Where nothing beside it is used, the whole module.
  std::string_view module = detail::parent(left.front()->name);
  for (const entry& e : entries_)
    if (e.use == state::used && e.name.starts_with(module)) module = {};
  reason += ". What does not change the result can be named in .ignore (the programs' --ignore), with * for any characters: \"" +
            (module.empty() ? left.front()->name : std::string(module) + "*") + "\"";
  throw file_error(left.front()->file->path(), file_error::no_byte, std::string(who) + ": " + reason);
}

LIBRATION_DEFINED const checkpoint::entry* checkpoint::find(std::string_view name) const {
  const auto [begin, end] = index_.equal_range(detail::canonical_name(name));
  if (begin == end) return nullptr;
  if (std::next(begin) == end) return &entries_[begin->second];
  const entry* exact = nullptr;
  std::string all;
  std::size_t written_so = 0;
  for (auto it = begin; it != end; ++it) {
    const entry& e = entries_[it->second];
    all += (it == begin ? "" : ", ") + detail::quoted(e.name) + (files_.size() > 1 ? " in " + e.file->path() : "");
    if (e.name != name) continue;
    exact = &e;
    ++written_so;
  }
  if (written_so == 1) return exact;
  throw file_error(path_, file_error::no_byte, "several tensors could be " + detail::quoted(name) + ": " + all);
}

LIBRATION_DEFINED const checkpoint::entry& checkpoint::of(std::string_view name) const {
  const entry* const found = find(name);
  if (found == nullptr) refuse_missing(name);
  return *found;
}

LIBRATION_DEFINED checkpoint::entry& checkpoint::use_weight(std::string_view name) {
  entry& e = of(name);
  const auto t = e.file->tensor(e.name);
  if (!detail::is_floating(t.type))
    throw file_error(e.file->path(), file_error::no_byte,
                     "tensor " + detail::quoted(e.name) + " holds " + std::string(io::to_string(t.type)) +
                         ", expected F32, F16, BF16 or F64: integers as weights are quantised" + scales_of(e) +
                         ", and must be stored as floating-point numbers first");
  e.use = state::used;
  return e;
}

LIBRATION_DEFINED std::string checkpoint::scales_of(const entry& weight) const {
  for (const entry& e : entries_)
    if (&e != &weight && e.canonical.starts_with(detail::parent(weight.canonical)) &&
        detail::describe_foreign_part(e.canonical).find("quantised") != std::string::npos)
      return ", with " + detail::quoted(e.name) + " to scale them";
  return {};
}

LIBRATION_DEFINED void checkpoint::refuse_missing(std::string_view name) const {
  const std::string canonical = detail::canonical_name(name);
  const std::string missing = "no tensor " + detail::quoted(name);
  for (const entry& e : entries_)
    if (e.use == state::ignored && e.canonical == canonical)
      throw file_error(path_, file_error::no_byte, missing + ", because " + detail::quoted(e.name) + " is ignored");
  if (const std::string foreign = foreign_part(detail::parent(canonical)); !foreign.empty())
    throw file_error(path_, file_error::no_byte, missing + foreign);
  if (files_.size() == 1) files_.front().tensor(name);  // throws, with the most similar names
  throw file_error(path_, file_error::no_byte, missing + " in any of " + number_text(files_.size()) + " files");
}

LIBRATION_DEFINED std::vector<const checkpoint::entry*> checkpoint::find_left_over(std::string_view prefix) const {
  const std::string below = detail::canonical_name(prefix);
  std::vector<const entry*> left;
  for (const entry& e : entries_) {
    const bool concerned = prefix.empty() || e.name.starts_with(prefix) || (!below.empty() && e.canonical.starts_with(below));
    if (e.use != state::left || !concerned) continue;
    const auto t = e.file->tensor(e.name);
    if (!detail::is_without_effect(e.canonical, t.type, t.shape)) left.push_back(&e);
  }
  return left;
}

LIBRATION_DEFINED bool checkpoint::is_used(const std::string& canonical) const {
  const auto [begin, end] = index_.equal_range(canonical);
  return std::any_of(begin, end, [&](const auto& named) { return entries_[named.second].use == state::used; });
}

LIBRATION_DEFINED std::string checkpoint::describe(const entry& e) const {
  const auto t = e.file->tensor(e.name);
  const std::string_view last = detail::last_component(e.canonical), before = detail::parent(e.canonical);
  const std::string_view module = detail::last_component(before.substr(0, std::max<std::size_t>(before.size(), 1) - 1));
  const auto is = [&](const char* what) {
    return detail::quoted(e.name) + " (" + std::string(io::to_string(t.type)) + ", " + io::to_string(t.shape) + ") " + what;
  };
  if (const std::string foreign = detail::describe_foreign_part(e.canonical); !foreign.empty()) return is(foreign.c_str());
  if (is_used(e.canonical)) return is("is there a second time");
  if (last.ends_with("_reverse")) return is("belongs to the backward direction of a bidirectional network");
  if (last.starts_with("weight_hr")) return is("belongs to a projection (proj_size)");
  if (last.starts_with("weight_ih") || last.starts_with("weight_hh") || last.starts_with("bias_ih") ||
      last.starts_with("bias_hh"))
    return is("belongs to another recurrent layer");
  if (detail::names_initial_state(last))
    return is("is, probably, a learned initial state; a network begins in the zero state here");
  if (detail::is_one_of(last, {"running_mean", "running_var"})) return is("is a running statistic of a batch normalisation");
  if (detail::is_one_of(module, {"q_norm", "k_norm", "query_norm", "key_norm", "q_layernorm", "k_layernorm"}))
    return is("belongs to a normalisation of queries or keys");
  const bool normalises = module.find("norm") != std::string_view::npos || module.starts_with("ln") || module.starts_with("bn");
  if (last == "bias" && is_used(std::string(before) + "weight")) return is("is a bias beside a weight that is read without one");
  if (normalises || (t.shape.size() == 1 && last == "weight"))
    return is("belongs, probably, to a layer norm or another normalisation");
  if (t.shape.size() > 2) return is("belongs, probably, to a convolution");
  if (t.shape.size() == 2 && detail::is_floating(t.type)) return is("is, probably, the weight of a linear layer or an embedding");
  if (last == "bias") return is("is a bias of a layer that is not read");
  return is("is not known to the reader");
}

}  // namespace libration::inline LIBRATION_ABI::models
