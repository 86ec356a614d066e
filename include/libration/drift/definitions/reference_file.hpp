// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/reference_file.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/reference_file.hpp>
#include <libration/io/safetensors/writer.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

inline constexpr const char* reference_format = "libration.drift.reference";

/// Reads tensors, and keeps their names.
struct reference_reader {
  const io::safetensors::file& file;
  std::set<std::string> used;

  [[noreturn]] void fail(const std::string& reason) const { throw file_error(file.path(), file_error::no_byte, reason); }
  Eigen::VectorXd vector(const std::string& name, Eigen::Index size) {
    used.insert(name);
    return file.vector<double>(name, size);
  }
  double scalar(const std::string& name) {
    used.insert(name);
    return file.scalar<double>(name);
  }
  Eigen::MatrixXd matrix(const std::string& name) {
    used.insert(name);
    return file.matrix<double>(name);
  }
};

}  // namespace detail

/// What reading and writing reach of a reference.
class reference_parts {
 public:
  LIBRATION_DECLARED static void add_covariance(io::safetensors::tensor_set& set, const std::string& name,
                                                const factored_covariance& sigma) {
    if (sigma.full()) {
      set.add(name + ".factor", sigma.factor());
    } else {
      set.add(name + ".vectors", Eigen::MatrixXd(sigma.factor().transpose()));
      set.add(name + ".variances", sigma.variances());
      set.add(name + ".residual_variance", sigma.residual_variance());
    }
    set.add(name + ".shrinkage", sigma.shrinkage());
  }

  LIBRATION_DECLARED static void write(const std::filesystem::path& path, const reference& usual) {
    require(usual.status() == libration::status::ok, "drift::write_reference", [&] {
      return "the reference's status is " + std::string(to_string(usual.status())) + ", expected ok: it has no distances";
    });
    io::safetensors::tensor_set set;
    set.add("mean", Eigen::MatrixXd(usual.means_.transpose()));
    set.add("states_of_mean", usual.states_of_mean_);
    set.add("states", usual.states_);
    set.add("divisor", usual.divisor_);
    set.add("degrees_of_freedom", usual.degrees_of_freedom_);
    for (std::size_t i = 0; i < usual.covariances_.size(); ++i)
      add_covariance(set, "covariance." + number_text(i), usual.covariances_[i]);
    if (usual.by_class()) {
      set.add("background.mean", usual.background_mean_);
      add_covariance(set, "background", usual.background_);
    }
    const char* const kind = usual.by_position() ? "by_position" : usual.by_class() ? "by_class" : "pooled";
    io::safetensors::write(path, set, {{"format", detail::reference_format}, {"version", "1"}, {"kind", kind}});
  }

  LIBRATION_DECLARED static factored_covariance covariance(detail::reference_reader& from, const std::string& name,
                                                           Eigen::Index n) {
    try {
      factored_covariance sigma;
      if (from.file.contains(name + ".vectors")) {
        Eigen::MatrixXd rows = from.matrix(name + ".vectors");
        from.file.expect_shape(name + ".vectors", {rows.rows(), n});
        Eigen::VectorXd variances = from.vector(name + ".variances", rows.rows());
        sigma =
            factored_covariance::from_components(rows.transpose(), std::move(variances), from.scalar(name + ".residual_variance"));
      } else {
        from.file.expect_shape(name + ".factor", {n, n});
        sigma = factored_covariance::from_factor(from.matrix(name + ".factor"));
      }
      sigma.shrinkage_ = from.scalar(name + ".shrinkage");
      if (!(sigma.shrinkage_ >= 0.0 && sigma.shrinkage_ <= 1.0))
        from.fail(name + ".shrinkage is " + number_text(sigma.shrinkage_) + ", expected 0 to 1");
      return sigma;
    } catch (const argument_error& error) {
      from.fail(name + ": " + error.what());
    }
  }

  LIBRATION_DECLARED static reference read(const io::safetensors::file& file) {
    detail::reference_reader from{file, {}};
    const auto said = [&](const char* name) {
      const auto found = file.metadata().find(name);
      return found == file.metadata().end() ? std::string() : found->second;
    };
    const auto quoted = [](const std::string& text) { return text.empty() ? std::string("none") : io::quoted(text); };
    if (said("format") != detail::reference_format)
      from.fail("format in the metadata: " + quoted(said("format")) + ", expected \"" + detail::reference_format + "\"");
    if (said("version") != "1") from.fail("version in the metadata: " + quoted(said("version")) + ", expected \"1\"");
    const std::string kind = said("kind");
    if (kind != "pooled" && kind != "by_position" && kind != "by_class")
      from.fail("kind in the metadata: " + quoted(kind) + ", expected \"pooled\", \"by_position\" or \"by_class\"");

    reference usual;
    usual.by_position_ = kind == "by_position";
    usual.means_ = from.matrix("mean").transpose();
    const Eigen::Index n = usual.means_.rows(), K = usual.means_.cols();
    if (n < 1 || K < 1 || (kind == "pooled" && K != 1))
      from.fail("tensor \"mean\" has shape (" + number_text(K) + ", " + number_text(n) + "), expected " +
                (kind == "pooled" ? "(1, n)" : "at least one row and column"));
    if (!usual.means_.allFinite()) from.fail("tensor \"mean\" has a value that is not finite");
    usual.states_of_mean_ = from.vector("states_of_mean", K);
    from.used.insert("states");
    usual.states_ = file.scalar<std::int64_t>("states");
    usual.divisor_ = from.scalar("divisor");
    usual.degrees_of_freedom_ = from.scalar("degrees_of_freedom");
    if (!usual.states_of_mean_.allFinite() || !(usual.states_of_mean_.minCoeff() >= 1.0) || usual.states_ < 2 ||
        !(usual.divisor_ > 0.0 && std::isfinite(usual.divisor_)) ||
        !(usual.degrees_of_freedom_ > 0.0 && std::isfinite(usual.degrees_of_freedom_)))
      from.fail(
          "tensors \"states_of_mean\" (expected at least 1 each), \"states\" (2), \"divisor\", \"degrees_of_freedom\" (above 0) "
          "are "
          "not those of a reference");
    const bool several = usual.by_position_ && (file.contains("covariance.1.factor") || file.contains("covariance.1.vectors"));
    for (Eigen::Index i = 0; i < (several ? K : 1); ++i)
      usual.covariances_.push_back(covariance(from, "covariance." + number_text(i), n));
    if (kind == "by_class") {
      usual.background_mean_ = from.vector("background.mean", n);
      if (!usual.background_mean_.allFinite()) from.fail("tensor \"background.mean\" has a value that is not finite");
      usual.background_ = covariance(from, "background", n);
    }
    for (const std::string& name : file.names())
      if (!from.used.contains(name)) from.fail("tensor " + io::quoted(name) + " is not part of a reference");
    return usual;
  }
};

LIBRATION_DEFINED void write_reference(const std::filesystem::path& path, const reference& usual) {
  reference_parts::write(path, usual);
}

LIBRATION_DEFINED reference read_reference(const io::safetensors::file& file) { return reference_parts::read(file); }

LIBRATION_DEFINED reference read_reference(const std::filesystem::path& path) {
  return reference_parts::read(io::safetensors::open(path));
}

}  // namespace libration::inline LIBRATION_ABI::drift
