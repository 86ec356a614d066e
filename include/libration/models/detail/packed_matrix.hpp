// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Products of a matrix with few columns: one to some dozens, for which a general matrix product is slow.

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// Matrices for `multiply_few`, column-major: column j begins at data + j * stride.
template <class Scalar>
struct columns_of {
  const Scalar* data;
  Eigen::Index stride;
};

template <class Scalar>
struct few_columns {
  using packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr int size = Eigen::internal::unpacket_traits<packet>::size;
  static constexpr int rows = 2 * size;  ///< of a tile: with `columns` it fills the registers of AVX2 (12 of 16 are sums)
  static constexpr int columns = 6;
  static constexpr Eigen::Index depth = 256;  ///< rows of A's tile that the level-1 cache holds while columns pass by

  /// Where register v of column c begins.
  template <class Column, class Register>
  LIBRATION_INLINE static constexpr Eigen::Index at(Column c, Register v, Eigen::Index stride) {
    return static_cast<Eigen::Index>(c) * stride + static_cast<Eigen::Index>(v) * size;
  }

  /// C = A B, or C += A B, of `vectors` registers of rows and `count` columns.
  template <int vectors, int count>
  LIBRATION_INLINE static void tile(columns_of<Scalar> A, columns_of<Scalar> B, Eigen::Index inner, bool add, Scalar* C,
                                    Eigen::Index stride) {
    using libration::detail::unrolled;
    // A single column has too few sums to hide an addition's latency: each is split.
    constexpr int splits = count == 1 ? 4 : 1;
    packet sums[std::size_t{splits}][std::size_t{count}][std::size_t{vectors}];
    unrolled<splits>([&](auto s) LIBRATION_INLINE_LAMBDA {
      unrolled<count>([&](auto c) LIBRATION_INLINE_LAMBDA {
        unrolled<vectors>([&](auto v) LIBRATION_INLINE_LAMBDA {
          sums[s][c][v] = Eigen::internal::pset1<packet>(Scalar(0));
          if (s == 0 && add) sums[s][c][v] = Eigen::internal::ploadu<packet>(C + at(c, v, stride));
        });
      });
    });
    const auto accumulate = [&](auto s, Eigen::Index j) LIBRATION_INLINE_LAMBDA {
      packet a[std::size_t{vectors}];
      unrolled<vectors>([&](auto v) LIBRATION_INLINE_LAMBDA {
        a[v] = Eigen::internal::ploadu<packet>(A.data + at(j, v, A.stride));
      });
      unrolled<count>([&](auto c) LIBRATION_INLINE_LAMBDA {
        const packet b = Eigen::internal::pset1<packet>(B.data[at(c, 0, B.stride) + j]);
        unrolled<vectors>([&](auto v) LIBRATION_INLINE_LAMBDA {
          sums[s][c][v] = Eigen::internal::pmadd(a[v], b, sums[s][c][v]);
        });
      });
    };
    Eigen::Index j = 0;
    for (; j + splits <= inner; j += splits)
      unrolled<splits>([&](auto s) LIBRATION_INLINE_LAMBDA { accumulate(s, j + static_cast<Eigen::Index>(s)); });
    for (; j < inner; ++j) accumulate(std::integral_constant<std::size_t, 0>{}, j);
    unrolled<count>([&](auto c) LIBRATION_INLINE_LAMBDA {
      unrolled<vectors>([&](auto v) LIBRATION_INLINE_LAMBDA {
        packet sum = sums[0][c][v];
        if constexpr (splits == 4)
          sum = Eigen::internal::padd(Eigen::internal::padd(sum, sums[1][c][v]),
                                      Eigen::internal::padd(sums[2][c][v], sums[3][c][v]));
        Eigen::internal::pstoreu(C + at(c, v, stride), sum);
      });
    });
  }

  /// Rows of a tile, all columns of B.
  template <int vectors>
  static void row_of_tiles(columns_of<Scalar> A, columns_of<Scalar> B, Eigen::Index inner, Eigen::Index count, Scalar* C,
                           Eigen::Index stride) {
    const Eigen::Index chunk = count > columns ? depth : inner;
    for (Eigen::Index from = 0; from == 0 || from < inner; from += chunk) {
      const Eigen::Index length = std::min(chunk, inner - from);
      const columns_of<Scalar> a{A.data + from * A.stride, A.stride};
      for (Eigen::Index c = 0; c < count; c += columns) {
        const columns_of<Scalar> b{B.data + c * B.stride + from, B.stride};
        Scalar* const out = C + c * stride;
        switch (std::min<Eigen::Index>(columns, count - c)) {
          case 1: tile<vectors, 1>(a, b, length, from > 0, out, stride); break;
          case 2: tile<vectors, 2>(a, b, length, from > 0, out, stride); break;
          case 3: tile<vectors, 3>(a, b, length, from > 0, out, stride); break;
          case 4: tile<vectors, 4>(a, b, length, from > 0, out, stride); break;
          case 5: tile<vectors, 5>(a, b, length, from > 0, out, stride); break;
          default: tile<vectors, 6>(a, b, length, from > 0, out, stride); break;
        }
      }
    }
  }
};

/// C = A B.
///
/// \param A      column-major, shape (rows, inner)
/// \param B      column-major, shape (inner, count)
/// \param C      out: column-major, shape (rows, count), apart from A and B; each element one sum, in the order of j (of four
///               sums where count is 1)
/// Cost: where count is small, that of reading A; no allocation
template <class Scalar>
void multiply_few(columns_of<Scalar> A, Eigen::Index rows, Eigen::Index inner, columns_of<Scalar> B, Eigen::Index count, Scalar* C,
                  Eigen::Index stride) {
  using kernel = few_columns<Scalar>;
  if (rows < kernel::size) {
    for (Eigen::Index c = 0; c < count; ++c)
      for (Eigen::Index i = 0; i < rows; ++i) {
        Scalar sum(0);
        for (Eigen::Index j = 0; j < inner; ++j) sum += A.data[j * A.stride + i] * B.data[c * B.stride + j];
        C[c * stride + i] = sum;
      }
    return;
  }
  // The last tile ends with the last row, and may compute some rows for the second time.
  const auto tiles = [&]<int vectors>(std::integral_constant<int, vectors>) {
    constexpr Eigen::Index height = vectors * kernel::size;
    for (Eigen::Index i = 0; i < rows; i += height) {
      const Eigen::Index first = std::min(i, rows - height);
      kernel::template row_of_tiles<vectors>({A.data + first, A.stride}, B, inner, count, C + first, stride);
    }
  };
  if (rows < kernel::rows)
    tiles(std::integral_constant<int, 1>{});
  else
    tiles(std::integral_constant<int, 2>{});
}

/// A matrix laid out for `multiply`: panels of as many rows as a tile has, each a contiguous stream.
template <class Scalar>
class packed_matrix {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  packed_matrix() = default;
  template <class Derived>
  explicit packed_matrix(const Eigen::MatrixBase<Derived>& dense)
      : rows_(dense.rows()), cols_(dense.cols()), panels_(matrix::Zero(panel, cols_ * ((rows_ + panel - 1) / panel))) {
    for (Eigen::Index p = 0; p * panel < rows_; ++p)
      panels_.block(0, p * cols_, height(p), cols_) = dense.middleRows(p * panel, height(p));
  }

  Eigen::Index rows() const { return rows_; }
  Eigen::Index cols() const { return cols_; }
  /// The matrix that was packed.
  matrix dense() const {
    matrix result(rows_, cols_);
    for (Eigen::Index p = 0; p * panel < rows_; ++p)
      result.middleRows(p * panel, height(p)) = panels_.block(0, p * cols_, height(p), cols_);
    return result;
  }

  /// C = this * B.
  ///
  /// \param B  shape (cols, count)
  /// \param C  out: shape (rows, count), apart from B
  void multiply(columns_of<Scalar> B, Eigen::Index count, Scalar* C, Eigen::Index stride) const {
    using kernel = few_columns<Scalar>;
    for (Eigen::Index p = 0; p * panel < rows_; ++p) {
      const columns_of<Scalar> A{panels_.data() + p * panel * cols_, panel};
      Scalar* const out = C + p * panel;
      if (height(p) == panel) {
        kernel::template row_of_tiles<2>(A, B, cols_, count, out, stride);
        continue;
      }
      for (Eigen::Index c = 0; c < count; ++c) {
        std::array<Scalar, static_cast<std::size_t>(panel)> whole;
        kernel::template row_of_tiles<2>(A, {B.data + c * B.stride, B.stride}, cols_, 1, whole.data(), panel);
        std::copy_n(whole.data(), height(p), out + c * stride);
      }
    }
  }

  /// C = this^T * B.
  ///
  /// \param B  shape (rows, count)
  /// \param C  out: shape (cols, count), apart from B
  void multiply_transposed(columns_of<Scalar> B, Eigen::Index count, Scalar* C, Eigen::Index stride) const {
    constexpr Eigen::Index together = 4;
    for (Eigen::Index c = 0; c < count; ++c) {
      // The rows that fill up the last panel are zero there, and must be here.
      std::array<Scalar, static_cast<std::size_t>(panel)> tail{};
      const Eigen::Index whole = rows_ / panel;
      std::copy_n(B.data + c * B.stride + whole * panel, rows_ - whole * panel, tail.data());
      Eigen::Index j = 0;
      for (; j + together <= cols_; j += together)
        dot_columns<together>(j, B.data + c * B.stride, tail.data(), C + c * stride + j);
      for (; j < cols_; ++j) dot_columns<1>(j, B.data + c * B.stride, tail.data(), C + c * stride + j);
    }
  }

 private:
  static constexpr Eigen::Index panel = few_columns<Scalar>::rows;
  // The products of `together` columns from j on with b, whose last rows are `tail`.
  template <int together>
  void dot_columns(Eigen::Index j, const Scalar* b, const Scalar* tail, Scalar* out) const {
    using packet = typename few_columns<Scalar>::packet;
    constexpr Eigen::Index size = few_columns<Scalar>::size;
    packet sums[std::size_t{together}][2];
    for (auto& sum : sums) sum[0] = sum[1] = Eigen::internal::pset1<packet>(Scalar(0));
    for (Eigen::Index p = 0; p * panel < rows_; ++p) {
      const Scalar* const of = height(p) == panel ? b + p * panel : tail;
      const Scalar* const a = panels_.data() + (p * cols_ + j) * panel;
      const packet low = Eigen::internal::ploadu<packet>(of), high = Eigen::internal::ploadu<packet>(of + size);
      for (int i = 0; i < together; ++i) {
        sums[i][0] = Eigen::internal::pmadd(Eigen::internal::ploadu<packet>(a + i * panel), low, sums[i][0]);
        sums[i][1] = Eigen::internal::pmadd(Eigen::internal::ploadu<packet>(a + i * panel + size), high, sums[i][1]);
      }
    }
    for (int i = 0; i < together; ++i) out[i] = Eigen::internal::predux(Eigen::internal::padd(sums[i][0], sums[i][1]));
  }
  Eigen::Index height(Eigen::Index p) const { return std::min(panel, rows_ - p * panel); }

  Eigen::Index rows_ = 0, cols_ = 0;
  matrix panels_;  // panel p is the columns from p * cols on
};

}  // namespace libration::inline LIBRATION_ABI::models::detail
