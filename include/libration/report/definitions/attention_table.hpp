// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/attention_table.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/report/attention_table.hpp>

namespace libration::inline LIBRATION_ABI::report::detail {

/// Breaks lines at blanks, so that none is longer than `width` bytes (but for a longer word).
LIBRATION_DECLARED std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  for (std::size_t column = 0; !text.empty();) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0) {
      const bool fits = column + 1 + end <= width;
      out += fits ? ' ' : '\n';
      column = fits ? column + 1 : 0;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// `a`, `a and b`, `a, b and c`.
LIBRATION_DECLARED std::string listed(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : i + 1 < parts.size() ? ", " : " and ") + parts[i];
  return out;
}

LIBRATION_DECLARED std::string first_keys(Eigen::Index keys) {
  return keys == 1 ? "the first key" : fmt::format("the first {} keys", keys);
}

/// `layer 0 heads 1 and 4, layer 2 head 7`; more than 16 heads by their number in each layer.
LIBRATION_DECLARED std::string heads_by_layer(const std::vector<Eigen::Index>& heads, Eigen::Index heads_per_layer) {
  std::vector<std::string> layers;
  for (std::size_t i = 0; i < heads.size();) {
    const Eigen::Index layer = heads[i] / heads_per_layer;
    std::vector<std::string> own;
    for (; i < heads.size() && heads[i] / heads_per_layer == layer; ++i) own.push_back(number_text(heads[i] % heads_per_layer));
    layers.push_back(heads.size() > 16 ? fmt::format("{} in layer {}", own.size(), layer)
                                       : fmt::format("layer {} head{} {}", layer, own.size() == 1 ? "" : "s", listed(own)));
  }
  std::string out;
  for (const std::string& layer : layers) out += (out.empty() ? "" : ", ") + layer;
  return out;
}

/// A number of a table, or a dash where it is not known.
LIBRATION_DECLARED std::string cell(double x, int width, int decimals) {
  return std::isnan(x) ? fmt::format("{:>{}}", "-", width) : fmt::format("{:>{}.{}f}", x, width, decimals);
}

/// A number with the ends of a range, in columns: `  0.42 ( 0.30 to  0.54)`.
LIBRATION_DECLARED std::string range_cell(double value, double lower, double upper) {
  const auto shown = [](double x) { return std::abs(x) < 0.005 ? 0.0 : x; };  // no -0.00
  if (std::isnan(value)) return fmt::format("{:>23}", "-");
  return std::isnan(lower) || std::isnan(upper)
             ? fmt::format("{:>6.2f}{:>17}", shown(value), "(error unknown)")
             : fmt::format("{:>6.2f} ({:>5.2f} to {:>5.2f})", shown(value), shown(lower), shown(upper));
}

LIBRATION_DECLARED void require_layers(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                      Eigen::Index heads_per_layer, std::string_view who) {
  const auto heads = static_cast<Eigen::Index>(dilution.heads.size());
  require(heads_per_layer >= 1 && heads % heads_per_layer == 0, who, [&] {
    return "heads_per_layer is " + number_text(heads_per_layer) + ", expected a divisor of " + number_text(heads) +
           " (the heads)";
  });
  require(sinks.heads.empty() || sinks.heads.size() == dilution.heads.size(), who, [&] {
    return "sinks has " + number_text(sinks.heads.size()) + " heads, expected " + number_text(heads) +
           " (dilution's), or none";
  });
}

/// Columns that are there only where something was recorded.
struct attention_columns {
  Eigen::VectorXd distance, top;  // means by head; empty where not recorded
  bool sinks = false;
};

LIBRATION_DECLARED std::string head_lines(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                      Eigen::Index heads_per_layer, const attention_columns& columns) {
  std::string out = fmt::format("{:>5} {:>4}  {:>7}  {:>7}  {:>6}  {:>23}  {:<9}", "layer", "head", "H, nats", "e^H", "H/ln n",
                                fmt::format("dH/d ln n ({:.4g} %)", 100.0 * dilution.level), "verdict");
  if (columns.sinks) out += fmt::format("  {:<11}", "sink mass");
  if (columns.distance.size() > 0) out += fmt::format("  {:>8}", "distance");
  if (columns.top.size() > 0) out += fmt::format("  {:>8}", "top mass");
  out.erase(out.find_last_not_of(' ') + 1);
  for (std::size_t i = 0; i < dilution.heads.size(); ++i) {
    const attention::head_dilution& h = dilution.heads[i];
    const auto index = static_cast<Eigen::Index>(i);
    out += fmt::format("\n{:>5} {:>4}  {}  {}  {}  {}  {:<9}", index / heads_per_layer, index % heads_per_layer,
                       cell(h.entropy.mean, 7, 3), cell(h.effective_support(), 7, 1), cell(h.normalised_entropy.mean, 6, 3),
                       range_cell(h.slope, h.lower, h.upper), to_string(h.verdict));
    if (columns.sinks) {
      const attention::head_sink& s = sinks.heads[i];
      const char* mark = s.verdict == attention::sink_verdict::sink        ? "sink"
                         : s.verdict == attention::sink_verdict::undecided ? "?"
                                                                           : "";
      out += fmt::format("  {} {:<4}", cell(s.mass.mean, 6, 3), mark);
    }
    if (columns.distance.size() > 0) out += "  " + cell(columns.distance[index], 8, 1);
    if (columns.top.size() > 0) out += "  " + cell(columns.top[index], 8, 3);
    out.erase(out.find_last_not_of(' ') + 1);
  }
  return out;
}

/// Which rows the columns are of.
LIBRATION_DECLARED std::string rows_line(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                         const attention_columns& columns) {
  if (dilution.minimum_context <= 1) return {};
  std::string out = fmt::format("\nrows that see at least {} keys: H, e^H, H/ln n, dH/d ln n", dilution.minimum_context);
  if (columns.sinks && sinks.minimum_context > 1) out += fmt::format("; at least {}: sink mass", sinks.minimum_context);
  if (columns.distance.size() > 0) out += "; all: distance";
  if (columns.top.size() > 0) out += columns.distance.size() > 0 ? ", top mass" : "; all: top mass";
  return out;
}

LIBRATION_DECLARED std::string layer_lines(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                       Eigen::Index heads_per_layer, const attention_columns& columns) {
  std::string out = fmt::format("{:>5}  {:>7}  {:>7}  {:>6}  {:>23}  {:>5} {:>5} {:>6} {:>9}", "layer", "H, nats", "e^H", "H/ln n",
                                "dH/d ln n (its range)", "focus", "widen", "dilute", "undecided");
  if (columns.sinks) out += fmt::format("  {:>5} {:>6}", "sinks", "mass");
  if (columns.distance.size() > 0) out += fmt::format("  {:>8}", "distance");
  if (columns.top.size() > 0) out += fmt::format("  {:>8}", "top mass");
  const auto mean_of = [&](Eigen::Index first, const auto& value) {
    Eigen::MatrixXd values(1, heads_per_layer);
    for (Eigen::Index h = 0; h < heads_per_layer; ++h) values(0, h) = value(static_cast<std::size_t>(first + h));
    return attention::mean_over_queries(values)[0];
  };
  using attention::dilution_verdict;
  for (Eigen::Index first = 0; first < static_cast<Eigen::Index>(dilution.heads.size()); first += heads_per_layer) {
    const auto at = dilution.heads.begin() + first, end = at + heads_per_layer;
    const auto count = [&](dilution_verdict v) { return std::count_if(at, end, [&](const auto& h) { return h.verdict == v; }); };
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (auto h = at; h != end; ++h) {
      least = std::fmin(least, h->slope);
      most = std::fmax(most, h->slope);
    }
    const double entropy = mean_of(first, [&](std::size_t i) { return dilution.heads[i].entropy.mean; });
    out += fmt::format("\n{:>5}  {}  {}  {}  {}  {:>5} {:>5} {:>6} {:>9}", first / heads_per_layer, cell(entropy, 7, 3),
                       cell(std::exp(entropy), 7, 1),
                       cell(mean_of(first, [&](std::size_t i) { return dilution.heads[i].normalised_entropy.mean; }), 6, 3),
                       range_cell(mean_of(first, [&](std::size_t i) { return dilution.heads[i].slope; }), least, most),
                       count(dilution_verdict::focuses), count(dilution_verdict::widens), count(dilution_verdict::dilutes),
                       count(dilution_verdict::undecided));
    if (columns.sinks) {
      const auto s = sinks.heads.begin() + first;
      out += fmt::format(
          "  {:>5} {}",
          std::count_if(s, s + heads_per_layer, [](const auto& h) { return h.verdict == attention::sink_verdict::sink; }),
          cell(mean_of(first, [&](std::size_t i) { return sinks.heads[i].mass.mean; }), 6, 3));
    }
    for (const Eigen::VectorXd* column : {&columns.distance, &columns.top})
      if (column->size() > 0)
        out += "  " + cell(mean_of(first, [&](std::size_t i) { return (*column)[static_cast<Eigen::Index>(i)]; }), 8,
                           column == &columns.top ? 3 : 1);
  }
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::report::detail

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string attention_table(const attention::entropy_result& rows, const attention::dilution_result& dilution,
                                              const attention::sink_result& sinks, Eigen::Index heads_per_layer) {
  constexpr std::string_view who = "report::attention_table";
  detail::require_layers(dilution, sinks, heads_per_layer, who);
  const auto heads = static_cast<Eigen::Index>(dilution.heads.size());
  for (const Eigen::MatrixXd* m : {&rows.mean_distance, &rows.top_mass})
    if (m->size() > 0) require_rows(m->rows(), heads, who, m == &rows.top_mass ? "top_mass" : "mean_distance", "dilution's heads");
  const detail::attention_columns columns{attention::mean_over_queries(rows.mean_distance),
                                          attention::mean_over_queries(rows.top_mass), !sinks.heads.empty()};
  return (heads > 64 ? detail::layer_lines(dilution, sinks, heads_per_layer, columns)
                     : detail::head_lines(dilution, sinks, heads_per_layer, columns)) +
         detail::rows_line(dilution, sinks, columns);
}

}  // namespace libration::inline LIBRATION_ABI::report

namespace libration::inline LIBRATION_ABI::report::detail {

/// How many heads focus, widen, dilute, and are undecided, and why.
LIBRATION_DECLARED std::string dilution_sentence(const attention::dilution_result& dilution) {
  using attention::dilution_verdict;
  struct meaning {
    dilution_verdict verdict;
    const char *one, *many, *means;
  };
  constexpr meaning meanings[] = {
      {dilution_verdict::focuses, "focuses", "focus", "about as many keys hold the attention, however long the context"},
      {dilution_verdict::widens, "widens", "widen", "more keys share it as the context grows, but ever fewer of those seen"},
      {dilution_verdict::dilutes, "dilutes", "dilute", "the keys that share it grow with the context"}};
  std::vector<std::string> parts;
  for (const auto& [verdict, one, many, means] : meanings)
    if (const Eigen::Index n = dilution.count(verdict); n > 0)
      parts.push_back(fmt::format("{} {} ({})", n, n == 1 ? one : many, means));
  if (const Eigen::Index n = dilution.count(dilution_verdict::undecided); n > 0) {
    Eigen::Index judged = 0, not_diluting = 0, not_focusing = 0;
    for (const attention::head_dilution& h : dilution.heads)
      if (h.verdict == dilution_verdict::undecided && h.status == status::ok) {
        ++judged;
        not_diluting += h.upper < dilution.dilutes_above ? 1 : 0;
        not_focusing += h.lower > dilution.focuses_below ? 1 : 0;
      }
    const auto with = [n](Eigen::Index count) { return count == n ? std::string("with") : fmt::format("{} with", count); };
    std::vector<std::string> why;
    if (judged > 0) why.push_back(with(judged) + " an interval that holds a threshold");
    if (judged < n) why.push_back(with(n - judged) + " too short a text or a context that hardly changes");
    std::string open = fmt::format("{} {} undecided ({}", n, n == 1 ? "is" : "are", listed(why));
    if (not_diluting > 0) open += fmt::format("; {} clearly do{} not dilute", not_diluting, not_diluting == 1 ? "es" : "");
    if (not_focusing > 0) open += fmt::format("; {} clearly do{} not focus", not_focusing, not_focusing == 1 ? "es" : "");
    parts.push_back(open + ")");
  }
  return fmt::format("Of {} head{} {}.", dilution.heads.size(), dilution.heads.size() == 1 ? "" : "s", listed(parts));
}

LIBRATION_DECLARED std::string sink_sentence(const attention::sink_result& sinks, Eigen::Index heads_per_layer) {
  const auto found = sinks.sink_heads();
  const auto open = sinks.where(attention::sink_verdict::undecided).size();
  const std::string meaning = fmt::format("more than {:.3g} of the weight on {}", sinks.threshold, first_keys(sinks.keys));
  if (open == sinks.heads.size()) return fmt::format("Whether any is a sink ({}) these rows do not tell.", meaning);
  std::string out = found.empty()       ? "None is a sink"
                    : found.size() == 1 ? "1 is a sink"
                                        : fmt::format("{} are sinks", found.size());
  out += fmt::format(" ({})", meaning);
  if (!found.empty()) out += ": " + heads_by_layer(found, heads_per_layer);
  return out + (open > 0 ? fmt::format("; of {} it cannot be told.", open) : ".");
}

/// How widely the heads spread, and what a longer context would do to that.
LIBRATION_DECLARED std::string context_sentence(const attention::dilution_result& dilution) {
  double entropy = 0.0, slope = 0.0, least = std::numeric_limits<double>::infinity(), most = -least;
  Eigen::Index spread = 0, sloped = 0;
  for (const attention::head_dilution& h : dilution.heads) {
    if (std::isfinite(h.normalised_entropy.mean)) {
      entropy += h.normalised_entropy.mean;
      ++spread;
    }
    if (std::isfinite(h.slope)) {
      slope += h.slope;
      least = std::min(least, h.slope);
      most = std::max(most, h.slope);
      ++sloped;
    }
  }
  std::string out;
  if (spread > 0)
    out = fmt::format("A head's entropy is on the average {:.2f} of ln n, 1 being an even spread over the n keys it sees; ",
                      entropy / static_cast<double>(spread));
  if (sloped == 0) return out + (spread > 0 ? "what" : "What") + " a longer context would change these rows do not tell.";
  out += fmt::format(
      "{} a longer context goes on as this one, doubling it makes the keys that share a head's attention {:.2f} times as many",
      spread > 0 ? "where" : "Where", std::exp2(slope / static_cast<double>(sloped)));
  if (sloped > 1) out += fmt::format(" (by head {:.2f} to {:.2f})", std::exp2(least), std::exp2(most));
  if (dilution.count(attention::dilution_verdict::undecided) > 0) out += ", of undecided heads no better known than their slopes";
  return out + ".";
}

}  // namespace libration::inline LIBRATION_ABI::report::detail

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string attention_verdict(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                                Eigen::Index heads_per_layer) {
  detail::require_layers(dilution, sinks, heads_per_layer, "report::attention_verdict");
  if (dilution.heads.empty()) return "There is no head.";
  constexpr std::size_t width = 110;
  std::string out = detail::wrapped(detail::dilution_sentence(dilution), width) + '\n';
  if (!sinks.heads.empty()) out += detail::wrapped(detail::sink_sentence(sinks, heads_per_layer), width) + '\n';
  return out + detail::wrapped(detail::context_sentence(dilution), width);
}

}  // namespace libration::inline LIBRATION_ABI::report
