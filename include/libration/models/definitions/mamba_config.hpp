// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/mamba_config.hpp declares.

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/models/detail/config_fields.hpp>
#include <libration/models/mamba_config.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// Fields that change the computation, and the only value with which they do not.
inline constexpr auto mamba_fields_with_one_value =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"rms_norm", "true"}, {"is_causal", "true"}});

/// Fields that act on training, on how the scan is computed, or on nothing: `residual_in_fp32` asks for a stream at least as exact
/// as this one is; `norm_before_gate`, which Hugging Face's code writes, it never reads; `dt`, `mean` and `std` are units.
inline constexpr auto mamba_fields_without_effect = std::to_array<std::string_view>(
    {"rescale_prenorm_residual", "residual_in_fp32", "time_step_floor", "time_step_init_scheme", "time_step_max", "time_step_min",
     "time_step_scale", "use_mambapy", "use_associative_scan", "chunk_size", "norm_before_gate", "dt", "mean", "std"});

/// What Mamba and Mamba-2 have in common, but for the inner size.
LIBRATION_DECLARED void read_mamba_fields(const config_fields& fields, std::string_view type, bool tied, mamba_base_config& c);

/// d_i, from `expand`, by which Hugging Face's code goes, and `intermediate_size`, which must agree.
LIBRATION_DECLARED Eigen::Index read_inner_size(const config_fields& fields, const mamba_base_config& c);

LIBRATION_DECLARED void validate_mamba(const mamba_base_config& c, std::string_view who);

LIBRATION_DEFINED void read_mamba_fields(const config_fields& fields, std::string_view type, bool tied, mamba_base_config& c) {
  if (fields.text("model_type") != type) fields.refuse("model_type", "\"" + std::string(type) + "\"");
  require_supported_model(fields, type, {"silu", "swish"});
  c.hidden_size = fields.count("hidden_size");
  c.state_size = fields.count("state_size");
  c.conv_kernel = fields.count("conv_kernel", 4);
  c.layers = fields.count("num_hidden_layers");
  if (fields.has("input_size") || fields.has("output_size")) {
    c.input_size = fields.count("input_size");
    c.output_size = fields.count("output_size");
    if (c.input_size < 1) fields.refuse("input_size", "at least 1");
    if (c.output_size < 1) fields.refuse("output_size", "at least 1");
  } else {
    c.vocabulary_size = fields.count("vocab_size");
    if (c.vocabulary_size < 1) fields.refuse("vocab_size", "at least 1");
  }
  c.norm_epsilon = fields.number("layer_norm_epsilon", 1e-5);
  c.projection_bias = fields.truth("use_bias", false);
  c.conv_bias = fields.truth("use_conv_bias", true);
  c.tied_head = fields.truth("tie_word_embeddings", tied);
}

LIBRATION_DEFINED Eigen::Index read_inner_size(const config_fields& fields, const mamba_base_config& c) {
  const double expand = fields.number("expand", 2.0);
  if (!(expand > 0.0 && expand <= 2147483648.0)) fields.refuse("expand", "a number > 0 and at most 2^31");
  const auto expanded = static_cast<Eigen::Index>(expand * static_cast<double>(c.hidden_size));
  if (fields.has("intermediate_size") && fields.count("intermediate_size") != expanded)
    fields.refuse("intermediate_size", number_text(expanded) + ", expand times hidden_size");
  return expanded;
}

LIBRATION_DEFINED void validate_mamba(const mamba_base_config& c, std::string_view who) {
  const option_check check(who);
  constexpr Eigen::Index most = Eigen::Index{1} << 31;
  for (const auto& [name, value] :
       {std::pair("hidden_size", c.hidden_size), std::pair("inner_size", c.inner_size), std::pair("state_size", c.state_size),
        std::pair("conv_kernel", c.conv_kernel), std::pair("layers", c.layers)})
    check(value >= 1 && value <= most, name, value, ">= 1 and at most 2^31");
  check(c.vocabulary_size >= 0, "vocabulary_size", c.vocabulary_size, ">= 0");
  check(c.norm_epsilon >= 0.0 && std::isfinite(c.norm_epsilon), "norm_epsilon", c.norm_epsilon, ">= 0 and finite");
}

}  // namespace libration::inline LIBRATION_ABI::models::detail

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED mamba_config mamba_config::from_json(std::string_view text, const std::vector<std::string>& ignore_fields) {
  constexpr std::string_view who = "models::mamba_config";
  const nlohmann::json json = detail::parse_config(text, who, ignore_fields);
  const detail::config_fields fields(json, std::string(who), ignore_fields);
  mamba_config c;
  detail::read_mamba_fields(fields, "mamba", true, c);
  c.inner_size = detail::read_inner_size(fields, c);
  const bool automatic =
      !fields.has("time_step_rank") || (json["time_step_rank"].is_string() && fields.text("time_step_rank") == "auto");
  c.time_step_rank = automatic ? (c.hidden_size + 15) / 16 : fields.count("time_step_rank");
  fields.require_all_known(
      {detail::mamba_fields_with_one_value, detail::fields_without_effect, detail::mamba_fields_without_effect});
  c.validate();
  return c;
}

LIBRATION_DEFINED mamba_config mamba_config::read(const std::filesystem::path& path,
                                                  const std::vector<std::string>& ignore_fields) {
  return detail::read_config<mamba_config>(path, ignore_fields);
}

LIBRATION_DEFINED void mamba_config::validate() const {
  constexpr std::string_view who = "models::mamba_config";
  detail::validate_mamba(*this, who);
  const option_check check(who);
  check(time_step_rank >= 1, "time_step_rank", time_step_rank, ">= 1");
}

LIBRATION_DEFINED mamba2_config mamba2_config::from_json(std::string_view text, const std::vector<std::string>& ignore_fields) {
  constexpr std::string_view who = "models::mamba2_config";
  nlohmann::json json = detail::parse_config(detail::quote_infinity(text), who, ignore_fields);
  // A number that JSON cannot hold, in either of its forms, as the number.
  if (json.contains("time_step_limit") && json["time_step_limit"].is_array())
    for (auto& limit : json["time_step_limit"])
      if (limit == "Infinity" ||
          (limit.is_object() && limit.size() == 1 && limit.contains("__float__") && limit["__float__"] == "Infinity"))
        limit = std::numeric_limits<double>::infinity();
  const detail::config_fields fields(json, std::string(who), ignore_fields);
  mamba2_config c;
  detail::read_mamba_fields(fields, "mamba2", false, c);
  c.heads = fields.count("num_heads");
  c.head_size = fields.count("head_dim");
  c.inner_size = detail::read_inner_size(fields, c);
  c.groups = fields.count("n_groups", 8);
  if (c.groups < 1 || c.heads % c.groups != 0)
    fields.fail("n_groups is " + number_text(c.groups) + (fields.has("n_groups") ? "" : " by default") +
                ", expected a divisor of num_heads, " + number_text(c.heads) +
                ": a group's B and C, of mixer.in_proj, serve a whole number of the heads of mixer.A_log");
  if (c.heads * c.head_size != c.inner_size)
    fields.refuse("num_heads", "expand hidden_size / head_dim: " + number_text(c.inner_size) + " / " + number_text(c.head_size));
  if (fields.has("time_step_limit")) {
    const Eigen::VectorXd limit = fields.numbers("time_step_limit");
    if (limit.size() != 2 || !(limit[0] >= 0.0 && limit[0] <= limit[1]))
      fields.refuse("time_step_limit", "two numbers, 0 <= first <= second");
    c.least_time_step = limit[0];
    c.largest_time_step = limit[1];
  }
  fields.has("time_step_rank");  // what Hugging Face's code writes, and no tensor of a Mamba-2 depends on
  fields.require_all_known(
      {detail::mamba_fields_with_one_value, detail::fields_without_effect, detail::mamba_fields_without_effect});
  c.validate();
  return c;
}

LIBRATION_DEFINED mamba2_config mamba2_config::read(const std::filesystem::path& path,
                                                    const std::vector<std::string>& ignore_fields) {
  return detail::read_config<mamba2_config>(path, ignore_fields);
}

LIBRATION_DEFINED void mamba2_config::validate() const {
  constexpr std::string_view who = "models::mamba2_config";
  detail::validate_mamba(*this, who);
  const option_check check(who);
  check(heads >= 1, "heads", heads, ">= 1");
  check(head_size >= 1 && heads * head_size == inner_size, "head_size", head_size,
        "inner_size / heads, " + number_text(inner_size) + " / " + number_text(heads));
  check(groups >= 1 && heads % groups == 0, "groups", groups, "a divisor of .heads, " + number_text(heads));
  check(least_time_step >= 0.0 && least_time_step <= largest_time_step, "least_time_step", least_time_step,
        ">= 0 and at most .largest_time_step, " + number_text(largest_time_step, 6));
}

}  // namespace libration::inline LIBRATION_ABI::models
