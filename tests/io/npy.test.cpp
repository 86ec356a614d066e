// SPDX-License-Identifier: MIT
#include <bit>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <libration/io/npy.hpp>

#include "support/scratch.hpp"
#include "support/catch.hpp"

using libration_test::bytes_of;
using libration_test::failure;
using libration_test::failure_of;
using libration_test::little;
using libration_test::slurp;
using libration_test::spill;
namespace io = libration::io;
namespace npy = libration::io::npy;
using io::element;

namespace {

// As numpy writes it, without the padding.
std::string file_of(const std::string& dictionary, const std::string& data = "", int version = 1) {
  return "\x93NUMPY" + little(static_cast<std::uint64_t>(version), 1) + std::string(1, '\0') +
         little(dictionary.size(), version == 1 ? 2 : 4) + dictionary + data;
}

std::string header_of(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

std::string numbers(int count, int size = 4) {
  std::string data;
  for (int i = 0; i < count; ++i) data += little(static_cast<std::uint64_t>(i), size);
  return data;
}

// A file that is opened and, if that succeeds, read in full; what that threw.
failure opening(const std::string& content, const io::read_options& options = {}) {
  const std::vector<char> exact(content.begin(), content.end());
  return failure_of([&] {
    static_cast<void>(npy::parse(std::as_bytes(std::span<const char>(exact)), "file", options).values<double>());
  });
}

npy::array parse(const std::string& content) { return npy::parse(bytes_of(content), "file"); }

}  // namespace

TEST_CASE("io::npy: a recording (T, n) in C order is our (n, T); one in Fortran order is transposed into it",
          "[oracle]") {
  const std::string c = file_of(header_of("<i4", "(3, 2)"), numbers(6));
  Eigen::MatrixXi expected(2, 3);
  expected << 0, 2, 4, 1, 3, 5;  // step t is (2t, 2t + 1)
  CHECK(parse(c).matrix<int>() == expected);
  CHECK(parse(c).shape() == io::shape{3, 2});
  CHECK(!parse(c).fortran_order());

  const std::string f = file_of(header_of("<i4", "(3, 2)", true), numbers(6));
  expected << 0, 1, 2, 3, 4, 5;  // component i is (3i, 3i + 1, 3i + 2)
  CHECK(parse(f).matrix<int>() == expected);
  CHECK(parse(f).fortran_order());
}

TEST_CASE("io::npy: rank 1 is one component over time, rank 0 one number", "[oracle][edge]") {
  const std::string series = file_of(header_of("<i4", "(3,)"), numbers(3));
  CHECK(parse(series).matrix<double>() == Eigen::RowVector3d(0, 1, 2));
  CHECK(parse(series).vector<double>() == Eigen::Vector3d(0, 1, 2));
  const std::string scalar = file_of(header_of("<i4", "()"), little(7, 4));
  CHECK(parse(scalar).matrix<int>() == Eigen::MatrixXi::Constant(1, 1, 7));
  CHECK(parse(scalar).values<int>().size() == 1);
  for (const char* shape : {"(0,)", "(0, 3)", "(3, 0)", "(0, 9223372036854775807)"})
    for (const bool fortran : {false, true}) {
      const std::string empty = file_of(header_of("<i1", shape, fortran));
      CHECK(parse(empty).matrix<double>().size() == 0);
      CHECK(parse(empty).values<double>().size() == 0);
    }
  CHECK(parse(file_of(header_of("<i1", "(3, 0)"))).matrix<double>().cols() == 3);
  CHECK(failure_of([&] { static_cast<void>(parse(scalar).vector<int>()); }).what ==
        "file: has shape (), expected rank 1");
}

TEST_CASE("io::npy: arrays of higher rank come with the last index fastest, from either order", "[oracle]") {
  const std::string c = file_of(header_of("<i4", "(2, 3, 2)"), numbers(12));
  const std::string f = file_of(header_of("<i4", "(2, 3, 2)", true), numbers(12));
  const auto from_c = parse(c).values<int>();
  const auto from_f = parse(f).values<int>();
  int wrong = 0;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k) {
        wrong += from_c[(i * 3 + j) * 2 + k] != (i * 3 + j) * 2 + k;
        wrong += from_f[(i * 3 + j) * 2 + k] != i + 2 * j + 6 * k;
      }
  CHECK(wrong == 0);
  CHECK(failure_of([&] { static_cast<void>(parse(c).matrix<int>()); }).what ==
        "file: has shape (2, 3, 2), expected rank 2 or less");
}

TEST_CASE("io::npy: every descr, in both byte orders", "[oracle]") {
  struct kind {
    const char* descr;
    element type;
    std::string one;
  };
  const std::vector<kind> kinds{{"b1", element::boolean, "\x01"},
                                {"i1", element::i8, "\x01"},
                                {"u1", element::u8, "\x01"},
                                {"i2", element::i16, little(1, 2)},
                                {"u2", element::u16, little(1, 2)},
                                {"f2", element::f16, little(0x3c00, 2)},
                                {"i4", element::i32, little(1, 4)},
                                {"u4", element::u32, little(1, 4)},
                                {"f4", element::f32, little(0x3f800000, 4)},
                                {"i8", element::i64, little(1)},
                                {"u8", element::u64, little(1)},
                                {"f8", element::f64, little(0x3ff0000000000000)}};
  for (const auto& [descr, type, one] : kinds) {
    INFO(descr);
    const std::string little_file = file_of(header_of(std::string("<") + descr, "(1,)"), one);
    CHECK(parse(little_file).type() == type);
    CHECK(parse(little_file).vector<double>()[0] == 1.0);
    const std::string big_file =
        file_of(header_of(std::string(">") + descr, "(1,)"), std::string(one.rbegin(), one.rend()));
    CHECK(parse(big_file).order() == std::endian::big);
    CHECK(parse(big_file).vector<double>()[0] == 1.0);
    CHECK(!opening(file_of(header_of(std::string("|") + descr, "(1,)"), one)).thrown == (one.size() == 1));
  }
}

TEST_CASE("io::npy: a matrix written is the same matrix read, and numpy's bytes", "[law][oracle]") {
  const libration_test::scratch_folder folder;
  const auto path = folder / "x.npy";
  Eigen::MatrixXd X(2, 3);
  X << 0, 2, 4, 1, 3, 5;
  npy::write(path, X);
  CHECK(npy::read<double>(path) == X);
  CHECK(npy::read<float>(path) == X.cast<float>());
  // numpy.save of the array [[0., 1.], [2., 3.], [4., 5.]].
  std::string expected = "\x93NUMPY\x01" + std::string(1, '\0') + std::string("v\0", 2) + header_of("<f8", "(3, 2)");
  expected.resize(127, ' ');
  expected += '\n';
  for (const double v : {0., 1., 2., 3., 4., 5.}) expected += little(std::bit_cast<std::uint64_t>(v));
  CHECK(slurp(path) == expected);

  for (int i = 1; i <= static_cast<int>(element::u64); ++i) {
    const auto e = static_cast<element>(i);
    if (e == element::bf16) continue;
    npy::write(path, X, e);
    CHECK(npy::open(path).type() == e);
    CHECK(npy::read<double>(path) == X);
  }
  const Eigen::Matrix<float, 2, 3, Eigen::RowMajor> R = X.cast<float>();
  npy::write(path, R);
  CHECK(npy::read<float>(path) == R);
  npy::write(path, X.transpose() * 2);
  CHECK(npy::read<double>(path) == X.transpose() * 2);
  npy::write(path, X.array() > 2);
  CHECK(npy::open(path).type() == element::boolean);
  CHECK(npy::read<int>(path) == (X.array() > 2).cast<int>().matrix());
  npy::write(path, Eigen::Vector3d(1, 2, 3));  // one step of three components
  CHECK(npy::open(path).shape() == io::shape{1, 3});
  CHECK(npy::read<double>(path) == Eigen::Vector3d(1, 2, 3));
  npy::write(path, Eigen::MatrixXf(3, 0));
  CHECK(npy::read<float>(path).rows() == 3);
  npy::write(path, element::i16, {2}, bytes_of(numbers(2, 2)));
  CHECK(npy::open(path).shape() == io::shape{2});
  CHECK(slurp(path).find("'shape': (2,), }") != std::string::npos);
  npy::write(path, element::u8, {}, bytes_of("x"));
  CHECK(npy::read<int>(path)(0, 0) == 'x');
  npy::write(path, element::u8, io::shape(64, 1), bytes_of("x"));
  CHECK(npy::open(path).shape().size() == 64);
  CHECK((slurp(path).size() - 1) % 64 == 0);
}

TEST_CASE("io::npy: a view is the file's memory, where that is what was asked for", "[law]") {
  const libration_test::scratch_folder folder;
  const auto path = folder / "x.npy";
  const Eigen::MatrixXd X = Eigen::MatrixXd::Random(4, 7);
  npy::write(path, X);
  for (const bool mapped : {true, false}) {
    const auto file = npy::open(path, {.mapped = mapped});
    REQUIRE(file.viewable<double>());
    CHECK(file.view<double>() == X);
    CHECK(static_cast<const void*>(file.view<double>().data()) == file.bytes().data());
    CHECK(!file.viewable<float>());
    CHECK_THROWS_AS(file.view<float>(), libration::argument_error);
  }
  const auto viewable = [](const std::string& content) { return parse(content).viewable<std::int8_t>(); };
  CHECK(viewable(file_of(header_of("|i1", "(2, 2)"), "abcd")));
  CHECK(viewable(file_of(header_of(">i1", "(2, 2)"), "abcd")));
  CHECK(viewable(file_of(header_of("|i1", "(4,)", true), "abcd")));
  CHECK(!viewable(file_of(header_of("|i1", "(2, 2)", true), "abcd")));
  CHECK(!viewable(file_of(header_of("|i1", "(2, 2, 1)"), "abcd")));
  CHECK(!parse(file_of(header_of(">i2", "(2,)"), "abcd")).viewable<std::int16_t>());
  const std::string fortran = file_of(header_of("|i1", "(2, 2)", true), "abcd");
  CHECK_THROWS_WITH(parse(fortran).view<std::int8_t>(),
                    "io::npy::array::view: file has shape (2, 2) of I8 in Fortran order, which is not in memory as a "
                    "matrix of I8 (matrix() converts)");
}

TEST_CASE("io::npy: an array that was moved from has no bytes, and is not read", "[edge][failure]") {
  const std::string content = file_of(header_of("<i4", "(3, 2)"), numbers(6));
  auto first = parse(content);
  const auto second = std::move(first);
  CHECK(second.matrix<int>()(1, 2) == 5);
  // NOLINTBEGIN(bugprone-use-after-move): the promise under test
  CHECK(first.bytes().empty());
  CHECK(first.trailing_bytes() == 0);
  CHECK(!first.viewable<int>());
  const auto refused = "io::npy::array: the array was moved from";
  CHECK_THROWS_WITH(first.matrix<int>(), refused);
  CHECK_THROWS_WITH(first.vector<int>(), refused);
  CHECK_THROWS_WITH(first.values<int>(), refused);
  CHECK_THROWS_WITH(first.view<int>(), refused);
  first = parse(content);
  CHECK(first.matrix<int>()(0, 1) == 2);
  // NOLINTEND(bugprone-use-after-move)
}

TEST_CASE("io::npy: what the format allows is accepted", "[edge]") {
  for (const char* dictionary : {"{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2)}",
                                 "{'descr':'|i1','fortran_order':False,'shape':(1,2,)}",
                                 " {\n'shape' : ( 1 , 2 ) , \"descr\": \"|i1\",\t'fortran_order' :True}  \n",
                                 "{'fortran_order': False, 'shape': (1, 2,), 'descr': '|i1',}\n"})
    for (int version = 1; version <= 3; ++version) {
      INFO(dictionary);
      CHECK(!opening(file_of(dictionary, "ab", version)).thrown);
    }
  const std::string python2 = header_of("|i1", "(1L, 2L)");
  CHECK(!opening(file_of(python2, "ab", 1)).thrown);
  CHECK(!opening(file_of(python2, "ab", 2)).thrown);
  CHECK(opening(file_of(python2, "ab", 3)).thrown);
}

TEST_CASE("io::npy: every kind of damage is refused at its byte", "[failure]") {
  const auto check = [](const std::string& content, std::uint64_t byte, const std::string& reason) {
    INFO(content);
    const auto f = opening(content);
    REQUIRE(f.thrown);
    CHECK(f.byte == byte);
    CHECK(f.reason == reason);
  };
  const auto shape_says = [](const std::string& shape) {
    const std::string content = file_of(header_of("|i1", shape), "ab");
    const auto f = opening(content);
    return f.thrown ? f.reason : "";
  };

  SECTION("the beginning") {
    check("", 0, "npy: this is an empty file");
    check("\x93NUM", 4, "npy: the file ends within the magic string");
    check("NUMPY", 0, "npy: this is a text");
    check(std::string("NUMPY\0", 6), 0, "npy: no .npy file (the magic string differs)");
    check("\x93NUMPZ\x01", 5, "npy: no .npy file (the magic string differs)");
    check("\x93NUMPY\x01", 7, "npy: the file ends within its version");
    check(std::string("\x93NUMPY\x04\0v\0", 10), 6, "npy: version 4.0 is none of 1.0, 2.0, 3.0");
    check(std::string("\x93NUMPY\0\0v\0", 10), 6, "npy: version 0.0 is none of 1.0, 2.0, 3.0");
    check(std::string("\x93NUMPY\x01\x01v\0", 10), 6, "npy: version 1.1 is none of 1.0, 2.0, 3.0");
    check(std::string("\x93NUMPY\x01\0v", 9), 9, "npy: the file ends within the header's length");
    check(std::string("\x93NUMPY\x02\0v\0\0", 11), 11, "npy: the file ends within the header's length");
    check(std::string("\x93NUMPY\x01\0v\0{", 11), 11, "npy: the file ends within its header of 118 bytes");
    check(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff{", 13), 13,
          "npy: the file ends within its header of 4294967295 bytes");
  }
  SECTION("the dictionary") {
    check(file_of(""), 10, "npy header: expected '{'");
    check(file_of("[]"), 10, "npy header: expected '{'");
    check(file_of("{}"), 12, "npy header: no key 'descr'");
    check(file_of("{'descr': '|i1', }"), 28, "npy header: no key 'fortran_order'");
    check(file_of("{'descr': '|i1', 'fortran_order': False}"), 50, "npy header: no key 'shape'");
    check(file_of("{'color': 1}"), 11, "npy header: unexpected key \"color\"");
    check(file_of("{'shape': (), 'shape': ()}"), 24, "npy header: duplicate key \"shape\"");
    check(file_of("{shape: ()}"), 11, "npy header: expected a string");
    check(file_of("{'shape"), 11, "npy header: a string without end");
    check(file_of("{'sh\\x61pe': ()}"), 11, "npy header: an escape or a line's end in a string");
    check(file_of("{'shape' ()}"), 19, "npy header: expected ':'");
    check(file_of("{'shape': () 'descr': '|i1'}"), 23, "npy header: expected '}'");
    check(file_of("{,}"), 11, "npy header: expected a string");
    check(file_of(header_of("|i1", "()") + " x", "a"), 10 + header_of("|i1", "()").size() + 1,
          "npy header: something follows the dictionary");
    check(file_of(header_of("|i1", "()") + std::string(1, '\0'), "a"), 10 + header_of("|i1", "()").size(),
          "npy header: something follows the dictionary");
    check(file_of("{'fortran_order': 0, }"), 28, "npy header: fortran_order: expected True or False");
    check(file_of("{'fortran_order': Fals"), 28, "npy header: fortran_order: expected True or False");
    CHECK(opening(file_of("{'fortran_order': Falsey, 'descr': '|i1', 'shape': ()}", "a")).thrown);
  }
  SECTION("the element") {
    for (const char* text : {"|O", "|O8", "O"})
      CHECK(opening(file_of(header_of(text, "()"), "12345678")).reason.find("arrays of Python objects are pickles") !=
            std::string::npos);
    for (const char* text : {"<f3", "<f16", "<c8", "<U3", "|S4", "|V2", "<M8[s]", "", "<", "f8", "<f", "<b2"})
      CHECK(opening(file_of(header_of(text, "()"), "12345678")).reason.find("neither a boolean nor a real number") !=
            std::string::npos);
    for (const char* text : {"=f8", "|f8", " f8", "!f8"})
      CHECK(opening(file_of(header_of(text, "()"), "12345678")).reason.find("expected a byte order") !=
            std::string::npos);
    check(file_of("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,)}", "12345678"), 20,
          "npy header: descr: structured arrays are not supported");
    check(file_of("{'descr': None}"), 20, "npy header: expected a string");
  }
  SECTION("the shape") {
    REQUIRE(shape_says("(2,)").empty());
    CHECK(shape_says("2") == "npy header: expected '('");
    CHECK(shape_says("[2]") == "npy header: expected '('");
    CHECK(shape_says("(2)") == "npy header: shape: an integer in parentheses is no tuple");
    CHECK(shape_says("(2,,)") == "npy header: shape: expected an unsigned integer");
    CHECK(shape_says("(,)") == "npy header: shape: expected an unsigned integer");
    CHECK(shape_says("(1 2)") == "npy header: shape: expected ',' or ')'");
    CHECK(shape_says("(-2,)") == "npy header: shape: expected an unsigned integer");
    CHECK(shape_says("(2.0,)") == "npy header: shape: expected ',' or ')'");
    CHECK(shape_says("(0x2,)") == "npy header: shape: expected ',' or ')'");
    CHECK(shape_says("(02,)") == "npy header: shape: an integer with a leading zero");
    CHECK(shape_says("(None,)") == "npy header: shape: expected an unsigned integer");
    CHECK(shape_says("(9223372036854775808,)") == "npy header: shape: an extent is too large");
    CHECK(shape_says("(99999999999999999999999,)") == "npy header: shape: an extent is too large");
    CHECK(shape_says("(4294967296, 4294967296)") == "npy: the size of shape (4294967296, 4294967296) overflows");
    std::string ones = "(";
    for (int i = 0; i < 65; ++i) ones += "1,";
    CHECK(shape_says(ones + ")") == "npy header: shape: more than 64 dimensions");
  }
  SECTION("the data") {
    const std::string whole = file_of(header_of("<i4", "(2,)"), numbers(2));
    check(whole.substr(0, whole.size() - 1), whole.size() - 1,
          "npy: the file ends after 7 of the 8 bytes of shape (2) of I32");
    check(whole + "xy", whole.size(), "npy: 2 bytes follow the array (the option allow_trailing_bytes accepts them)");
    const std::string longer = whole + "xy";
    const auto lenient = npy::parse(bytes_of(longer), "file", {.allow_trailing_bytes = true});
    CHECK(lenient.trailing_bytes() == 2);
    CHECK(lenient.bytes().size() == 8);
    const std::string huge = file_of(header_of("<i4", "(1152921504606846975,)"), numbers(2));
    CHECK(opening(huge).byte == huge.size());
    const std::string flag = file_of(header_of("|b1", "(2,)"), std::string("\x01\x02", 2));
    CHECK(opening(flag).what ==
          "file: byte " + std::to_string(flag.size() - 1) + ": element 1 (BOOL) cannot be read as F64");
  }
}

TEST_CASE("io::npy: a file cut anywhere is refused", "[failure]") {
  const libration_test::scratch_folder folder;
  const std::string whole = file_of(header_of("<i4", "(2, 3)"), numbers(6));
  REQUIRE(!opening(whole).thrown);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(opening(whole.substr(0, size)).thrown);
    CHECK(opening(whole.substr(0, size), {.allow_trailing_bytes = true}).thrown);
  }
  spill(folder / "x.npy", whole.substr(0, 40));
  CHECK(failure_of([&] {
          static_cast<void>(npy::read<double>(folder / "x.npy"));
        }).what.find((folder / "x.npy").string() + ": byte 40: ") == 0);
  CHECK(failure_of([&] { npy::open(folder / "missing.npy"); }).thrown);
}

TEST_CASE("io::npy: any flipped bit, and any byte replaced, is refused or leaves a consistent array", "[failure]") {
  const std::string whole = file_of(header_of("<i4", "(2, 3)"), numbers(6));
  int accepted = 0, inconsistent = 0;
  const auto probe = [&](const std::string& damaged) {
    try {
      const auto file = npy::parse(bytes_of(damaged), "file");
      ++accepted;
      inconsistent += io::byte_count(file.shape(), file.type()) != file.bytes().size();
      inconsistent += file.bytes().data() + file.bytes().size() != bytes_of(damaged).data() + damaged.size();
    } catch (const libration::file_error& e) {
      inconsistent += e.byte() > damaged.size() || e.path() != "file" || e.reason().empty();
    }
  };
  for (std::size_t i = 0; i < whole.size() - 24; ++i) {
    std::string damaged = whole;
    for (int bit = 0; bit < 8; ++bit) {
      damaged[i] = static_cast<char>(whole[i] ^ (1 << bit));
      probe(damaged);
    }
    for (const char c : {'\0', '\'', '"', '{', '}', '(', ')', ',', ':', '9', ' ', '\\', '\n', '\xff'}) {
      damaged[i] = c;
      probe(damaged);
    }
  }
  CHECK(inconsistent == 0);
  CHECK(accepted > 0);  // '<i4' as '>i4', for one
}

TEST_CASE("io::npy: the writer refuses what numpy has not and what is not the shape's", "[failure]") {
  const libration_test::scratch_folder folder;
  const auto path = folder / "x.npy";
  CHECK_THROWS_WITH(npy::write(path, Eigen::Vector2d(1, 2), element::bf16), "io::npy::write: numpy has no BF16");
  CHECK_THROWS_WITH(npy::write(path, Eigen::Vector2d(1, -2), element::u8),
                    "io::npy::write: element 1 of the values, -2, cannot be stored as U8");
  CHECK_THROWS_WITH(npy::write(path, element::u8, {3}, bytes_of("ab")),
                    "io::npy::write: 2 bytes came for shape (3) of U8");
  CHECK_THROWS_AS(npy::write(path, element::u8, {-1}, {}), libration::argument_error);
  CHECK_THROWS_AS(npy::write(path, element::u8, io::shape(65, 1), bytes_of("x")), libration::argument_error);
  CHECK(!std::filesystem::exists(path));
  CHECK(failure_of([&] { npy::write(folder / "missing" / "x.npy", Eigen::Vector2d(1, 2)); }).thrown);
}
