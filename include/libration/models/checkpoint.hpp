// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The named tensors of a trained model, from one or several safetensors files, and the account of which of them were used.

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/detail/name_patterns.hpp>
#include <libration/models/detail/tensor_names.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// Whether two tensors hold the same: a head, and the embedding that it is tied to.
LIBRATION_DECLARED bool is_same(const io::safetensors::tensor& a, const io::safetensors::tensor& b);

}  // namespace detail

struct checkpoint_options {
  /// Names of tensors that do not matter, with `*` for any characters and `?` for one: they are taken as not there. A pattern that
  /// matches none is refused.
  std::vector<std::string> ignore = {};
};

/// The tensors of one or several safetensors files as a reader of models sees them.
///
/// A name is found with and without `model.` before it, and with `module.` or `_orig_mod.` (of PyTorch's DataParallel and compile)
/// anywhere in it, in what is asked for as in the file; also by the name of a tied weight that the metadata gives it (safetensors'
/// save_model stores one of the two). Numbers are read as weights: from F32, F16, BF16 and F64; an integer is
/// refused, because quantised weights are no numbers without their scales.
///
/// A weight drop (Merity, Keskar, Socher, "Regularizing and optimizing LSTM language models", ICLR 2018) keeps a recurrent weight's
/// parameter as `weight_hh_l0_raw`, and beside it, while it trains, a copy `weight_hh_l0` with a random part of it zeroed. A
/// network that is evaluated has the parameter in the weight's place, and so it is read here.
///
/// What was read, or accepted by `accept`, is used. `require_all_used` refuses by name what is left over and could change what the
/// model computes: all that is neither a known buffer (rotary frequencies, a causal mask, a counter), nor the state of an
/// optimiser, nor ignored by the options.
///
///     models::checkpoint tensors(file, {.ignore = {"critic.*"}});
///     const auto network = models::gru<float>::from(tensors, "rnn.");
///     const auto output = models::readout<float>::from(tensors, "fc.");
///     tensors.require_all_used("my reader");
class checkpoint {
 public:
  /// \param file  is not copied, and must outlive this
  /// \throws file_error  for a pattern of the options that matches no tensor, and where a weight drop's parameter and its masked
  ///                     copy differ in shape
  explicit checkpoint(const io::safetensors::file& file, const checkpoint_options& options = {})
      : checkpoint(std::span(&file, 1), file.path(), options) {}
  explicit checkpoint(const io::safetensors::file&& file, const checkpoint_options& options = {}) = delete;

  /// \param files  are not copied, and must outlive this
  /// \param path   what an error about all of them names: their folder
  LIBRATION_DECLARED checkpoint(std::span<const io::safetensors::file> files, std::string path,
                                const checkpoint_options& options = {});

  const std::string& path() const { return path_; }
  /// The metadata of the first file.
  const std::map<std::string, std::string>& metadata() const { return files_.front().metadata(); }
  /// Every tensor's name that is not ignored, without what wrappers put into it, file by file in the order of their data.
  std::vector<std::string> names() const {
    return names_where([](const entry& e) { return e.use != state::ignored && e.use != state::replaced; }, &entry::canonical);
  }
  /// Names, as in the files, of the tensors that the options' patterns took out.
  std::vector<std::string> ignored() const {
    return names_where([](const entry& e) { return e.use == state::ignored; }, &entry::name);
  }

  /// Names, as in the files, of the parameters of a weight drop, each read in place of its masked copy where there is one.
  std::vector<std::string> undropped() const {
    return names_where([](const entry& e) { return e.use != state::ignored && !detail::undropped_name(e.name).empty(); },
                       &entry::name);
  }

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// What the file that holds a tensor calls it, or the name itself where there is none.
  LIBRATION_DECLARED std::string name_in_file(std::string_view name) const;

  /// The tensor itself, of any type; this does not count as its use.
  /// \throws file_error  where there is none, with what is there instead, or several
  io::safetensors::tensor tensor(std::string_view name) const { return of(name).file->tensor(of(name).name); }

  /// A weight of rank 2. \return shape (rows, cols) as in the file
  /// \throws file_error  where there is none, of another rank or not of floating-point numbers
  template <class Scalar>
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> matrix(std::string_view name) {
    const entry& e = use_weight(name);
    return e.file->matrix<Scalar>(e.name);
  }
  /// The same, of a shape that is known.
  template <class Scalar>
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> matrix(std::string_view name, Eigen::Index rows, Eigen::Index cols) {
    const entry& e = use_weight(name);
    return e.file->matrix<Scalar>(e.name, rows, cols);
  }
  /// A weight of rank 1. \return shape (n)
  template <class Scalar>
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> vector(std::string_view name) {
    const entry& e = use_weight(name);
    return e.file->vector<Scalar>(e.name);
  }
  template <class Scalar>
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> vector(std::string_view name, Eigen::Index rows) {
    const entry& e = use_weight(name);
    return e.file->vector<Scalar>(e.name, rows);
  }
  /// Every element of a weight of any rank. \return shape (product of the extents), the tensor's last index fastest
  template <class Scalar>
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> values(std::string_view name) {
    const entry& e = use_weight(name);
    return e.file->values<Scalar>(e.name);
  }
  template <class Scalar>
  Scalar scalar(std::string_view name) {
    const entry& e = use_weight(name);
    return e.file->scalar<Scalar>(e.name);
  }

  /// Counts a weight of a known shape as used without reading its numbers: what a reader of large models does with all of them
  /// before it allocates anything.
  /// \throws file_error  as `matrix`
  LIBRATION_DECLARED void expect(std::string_view name, std::initializer_list<Eigen::Index> shape);
  /// Counts a tensor as used without reading it: a tied weight that is stored twice, a table that the reader knows otherwise.
  void accept(std::string_view name) { of(name).use = state::used; }

  /// Throws that the tensors are not what a reader (`who`) needs.
  [[noreturn]] void refuse(std::string_view who, const std::string& reason) const {
    throw file_error(path_, file_error::no_byte, std::string(who) + ": " + reason);
  }
  /// The same of one tensor: the error names the file that holds it.
  LIBRATION_DECLARED [[noreturn]] void refuse(std::string_view who, std::string_view name, const std::string& reason) const;

  /// What of the tensors belongs to another way of storing weights (weight norm, an adapter, quantised weights), as the end of a
  /// message that a weight is missing; empty where there is nothing of the kind.
  ///
  /// \param below  only those whose canonical names begin so
  LIBRATION_DECLARED std::string foreign_part(std::string_view below = "") const;

  /// Tensors that were not used and could change the result: each one's name as in the file, type and shape, and what it
  /// probably is.
  ///
  /// \param prefix  only those whose names begin so; empty: all
  LIBRATION_DECLARED std::vector<std::string> left_over(std::string_view prefix = "") const;

  /// \throws file_error  where tensors are left over, by name (see `left_over`)
  LIBRATION_DECLARED void require_all_used(std::string_view who, std::string_view prefix = "") const;

 private:
  enum class state { left, used, ignored, replaced };  // replaced: the masked copy of a weight drop's parameter
  struct entry {
    const io::safetensors::file* file;
    std::string name, canonical;
    state use;
  };

  template <class Condition>
  std::vector<std::string> names_where(const Condition& condition, std::string entry::*which) const {
    std::vector<std::string> names;
    for (const entry& e : entries_)
      if (condition(e)) names.push_back(e.*which);
    return names;
  }

  // Gives the parameters of a weight drop the names of the weights.
  LIBRATION_DECLARED void undrop();

  // The only tensor of a name; of several, the one that is written so.
  LIBRATION_DECLARED const entry* find(std::string_view name) const;
  entry& of(std::string_view name) { return const_cast<entry&>(std::as_const(*this).of(name)); }
  LIBRATION_DECLARED const entry& of(std::string_view name) const;

  LIBRATION_DECLARED entry& use_weight(std::string_view name);

  // Where a quantised weight's scales are, for a message.
  LIBRATION_DECLARED std::string scales_of(const entry& weight) const;

  LIBRATION_DECLARED [[noreturn]] void refuse_missing(std::string_view name) const;

  LIBRATION_DECLARED std::vector<const entry*> find_left_over(std::string_view prefix) const;

  LIBRATION_DECLARED bool is_used(const std::string& canonical) const;

  // "ln.weight" (F32, (12)), probably ...
  LIBRATION_DECLARED std::string describe(const entry& e) const;

  std::span<const io::safetensors::file> files_;
  std::string path_;
  std::vector<entry> entries_;
  std::multimap<std::string, std::size_t> index_;  // by canonical name; what is ignored or replaced is not in it
};

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/checkpoint.hpp>
#endif
