// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <libration/io/safetensors.hpp>

#include "support/scratch.hpp"
#include "support/catch.hpp"

using libration_test::bytes_of;
using libration_test::failure;
using libration_test::failure_of;
using libration_test::little;
using libration_test::slurp;
using libration_test::spill;
namespace io = libration::io;
namespace safetensors = libration::io::safetensors;
using io::element;
using safetensors::tensor_set;

namespace {

std::string file_of(const std::string& header, const std::string& data = "") {
  return little(header.size()) + header + data;
}

// A file that is opened and, if that succeeds, read in full; what that threw.
failure opening(const std::string& content, const io::read_options& options = {}) {
  // Exactly as many bytes as there are, on the heap, so that the sanitizer sees one too far.
  const std::vector<char> exact(content.begin(), content.end());
  return failure_of([&] {
    const auto file = safetensors::parse(std::as_bytes(std::span<const char>(exact)), "file", options);
    for (const auto& name : file.names()) static_cast<void>(file.values<double>(name));
  });
}

const std::string two_tensors =
    file_of(R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
            R"("n":{"dtype":"I16","shape":[2],"data_offsets":[24,28]}})",
            std::string(24, '\0') + little(7, 2) + little(0xfffe, 2));

std::string one_tensor(const std::string& fields, std::size_t size) {
  return file_of(R"({"w":{)" + fields + "}}", std::string(size, '\0'));
}

}  // namespace

TEST_CASE("io::safetensors: a file written by hand is read as what it says", "[oracle]") {
  const auto file = safetensors::parse(bytes_of(two_tensors), "file");
  CHECK(file.size() == 2);
  CHECK(file.names() == std::vector<std::string>{"w", "n"});
  CHECK(file.contains("w"));
  CHECK(!file.contains("__metadata__"));
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
  CHECK(file.trailing_bytes() == 0);
  const auto n = file.tensor("n");
  CHECK(n.type == element::i16);
  CHECK(std::vector<Eigen::Index>(n.shape.begin(), n.shape.end()) == std::vector<Eigen::Index>{2});
  CHECK(n.bytes.size() == 4);
  CHECK(n.offset + 4 == two_tensors.size());
  CHECK(file.vector<int>("n") == Eigen::Vector2i(7, -2));
  CHECK(file.vector<double>("n", 2) == Eigen::Vector2d(7, -2));
  CHECK(file.matrix<float>("w", 2, 3) == Eigen::MatrixXf::Zero(2, 3));
}

TEST_CASE("io::safetensors: the writer's bytes are the reference implementation's", "[oracle]") {
  const libration_test::scratch_folder folder;
  const auto written = [&](const tensor_set& tensors, const std::map<std::string, std::string>& metadata = {}) {
    safetensors::write(folder / "file", tensors, metadata);
    return slurp(folder / "file");
  };
  // The vectors of the reference implementation's own tests.
  CHECK(written({}) == file_of("{}      "));
  CHECK(written({}, {{"framework", "pt"}}) == file_of(R"({"__metadata__":{"framework":"pt"}}     )"));
  std::string data;
  for (const std::uint32_t bits : {0u, 0x3f800000u, 0x40000000u, 0x40400000u, 0x40800000u, 0x40a00000u})
    data += little(bits, 4);
  CHECK(written(tensor_set{}.add("attn.0", element::f32, {1, 2, 3}, bytes_of(data))) ==
        file_of(R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})", data));
  CHECK(written(tensor_set{}.add("attn0", element::f32, {1, 1, 2, 3}, bytes_of(data))) ==
        file_of(R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       )", data));
  // Wide types first, then by name.
  CHECK(written(tensor_set{}.add("b", true).add("d", 1.5).add("c", std::int32_t{1}).add("a", std::int32_t{2})) ==
        file_of(R"({"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                R"("a":{"dtype":"I32","shape":[],"data_offsets":[8,12]},)"
                R"("c":{"dtype":"I32","shape":[],"data_offsets":[12,16]},)"
                R"("b":{"dtype":"BOOL","shape":[],"data_offsets":[16,17]}})"
                " ",
                little(0x3ff8000000000000u) + little(2, 4) + little(1, 4) + "\x01"));
}

TEST_CASE("io::safetensors: matrices, vectors and scalars survive in every element type", "[law]") {
  const libration_test::scratch_folder folder;
  Eigen::MatrixXd W(3, 4);
  for (Eigen::Index i = 0; i < W.size(); ++i) W(i) = static_cast<double>(i);
  const Eigen::Matrix<float, 3, 4, Eigen::RowMajor> R = W.cast<float>();
  tensor_set tensors;
  for (int i = 1; i <= static_cast<int>(element::u64); ++i) {
    const auto e = static_cast<element>(i);
    const std::string name(io::to_string(e));
    tensors.add("matrix " + name, W, e).add("vector " + name, W.col(1), e).add("row " + name, 2 * W.row(2), e);
  }
  tensors.add("rows", R).add("array", W.array() + 1).add("flags", (W.array() > 5)).add("block", W.block(1, 1, 2, 2));
  tensors.add("none", Eigen::MatrixXf(0, 5))
      .add("empty", Eigen::VectorXd(0))
      .add("pi", 3.25f)
      .add("k", std::uint8_t{200});
  const std::string odd = "\"\\\n\xc3\xa9";
  tensors.add(odd, 1.0);
  safetensors::write(folder / "file", tensors, {{"key \"", "value \xe2\x82\xac"}, {"a", ""}});

  for (const bool mapped : {true, false}) {
    const auto file = safetensors::open(folder / "file", {.mapped = mapped});
    for (int i = 1; i <= static_cast<int>(element::u64); ++i) {
      const std::string name(io::to_string(static_cast<element>(i)));
      CHECK(file.tensor("matrix " + name).type == static_cast<element>(i));
      CHECK(file.matrix<double>("matrix " + name, 3, 4) == W);
      CHECK(file.matrix<std::int8_t>("matrix " + name) == W.cast<std::int8_t>());
      CHECK(file.vector<float>("vector " + name, 3) == W.col(1).cast<float>());
      CHECK(file.vector<double>("row " + name) == 2 * W.row(2).transpose());
      // Aligned, as the widest come first and the header is padded.
      CHECK(file.tensor("matrix " + name).offset % io::element_size(static_cast<element>(i)) == 0);
    }
    CHECK(file.matrix<float>("rows") == R);
    CHECK(file.matrix<double>("array") == (W.array() + 1).matrix());
    CHECK(file.matrix<int>("flags") == (W.array() > 5).cast<int>().matrix());
    CHECK(file.matrix<double>("block") == W.block(1, 1, 2, 2));
    CHECK(file.matrix<double>("none", 0, 5).cols() == 5);
    CHECK(file.vector<float>("empty", 0).size() == 0);
    CHECK(file.scalar<double>("pi") == 3.25);
    CHECK(file.values<float>("pi", {})[0] == 3.25f);
    CHECK(file.scalar<int>("k") == 200);
    CHECK(file.contains(odd));
    CHECK(file.metadata() == std::map<std::string, std::string>{{"key \"", "value \xe2\x82\xac"}, {"a", ""}});
  }
}

TEST_CASE("io::safetensors: moving a file keeps its tensors' bytes and names", "[law]") {
  std::vector<safetensors::file> files;
  for (int i = 0; i < 5; ++i) files.push_back(safetensors::parse(bytes_of(two_tensors), "file"));
  const auto before = files[0].tensor("n");
  auto moved = std::move(files[0]);
  CHECK(moved.tensor("n").bytes.data() == before.bytes.data());
  CHECK(moved.tensor("n").name == "n");
  CHECK(before.name == "n");
}

TEST_CASE("io::safetensors: a shape or a name that is not there says what is", "[failure]") {
  const auto file = safetensors::parse(bytes_of(two_tensors), "file");
  const auto said = [](auto&& call) { return failure_of(call).what; };
  CHECK(said([&] { file.matrix<double>("w", 96, 32); }) == "file: tensor \"w\" has shape (2, 3), expected (96, 32)");
  CHECK(said([&] { file.matrix<double>("n"); }) == "file: tensor \"n\" has shape (2), expected a matrix");
  CHECK(said([&] { file.vector<double>("w"); }) == "file: tensor \"w\" has shape (2, 3), expected a vector");
  CHECK(said([&] { file.vector<double>("n", 3); }) == "file: tensor \"n\" has shape (2), expected (3)");
  CHECK(said([&] { file.scalar<double>("n"); }) == "file: tensor \"n\" has shape (2), expected one element");
  CHECK(said([&] { file.values<double>("w", {6}); }) == "file: tensor \"w\" has shape (2, 3), expected (6)");
  CHECK(said([&] { file.vector<std::uint8_t>("n"); }) == "file: byte " + std::to_string(two_tensors.size() - 2) +
                                                             ": tensor \"n\": element 1 (I16) cannot be read as U8");

  tensor_set many;
  for (const char* name : {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0", "head.weight"})
    many.add(name, 1.0f);
  const libration_test::scratch_folder folder;
  safetensors::write(folder / "file", many);
  const auto named = safetensors::open(folder / "file");
  CHECK(failure_of([&] { named.tensor("weight_hh_l0"); }).reason ==
        "no tensor \"weight_hh_l0\"; the most similar of 5: \"rnn.weight_hh_l0\", \"rnn.weight_ih_l0\", "
        "\"rnn.bias_hh_l0\"");
  const std::string empty = file_of("{}");
  CHECK(failure_of([&] { safetensors::parse(bytes_of(empty), "file").tensor("w"); }).what ==
        "file: no tensor \"w\"; the file has none");
}

TEST_CASE("io::safetensors: what the format allows is accepted", "[edge]") {
  // Unpadded, other white space, keys in any order, tensors in any order, unknown fields of any depth, trailing spaces.
  CHECK(!opening(file_of("{}")).thrown);
  CHECK(!opening(file_of("{ \n\t} \r\n ")).thrown);
  CHECK(!opening(file_of(R"({"b":{"data_offsets":[2,3],"shape":[1],"dtype":"U8"},)"
                         R"("a":{"shape":[1,2],"x":{"dtype":[{"y":[null,-1,1.5,true,"s",{}]}]},)"
                         R"("dtype":"I8","data_offsets":[0,2]}})",
                         "abc"))
             .thrown);
  // Rank 0; nothing in it, wherever it lies, also where several lie at one place.
  CHECK(!opening(one_tensor(R"("dtype":"F64","shape":[],"data_offsets":[0,8])", 8)).thrown);
  CHECK(!opening(one_tensor(R"("dtype":"F64","shape":[0],"data_offsets":[0,0])", 0)).thrown);
  CHECK(!opening(one_tensor(R"("dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0])", 0)).thrown);
  CHECK(!opening(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                         R"("b":{"dtype":"F32","shape":[3,0],"data_offsets":[1,1]},)"
                         R"("c":{"dtype":"F32","shape":[0],"data_offsets":[1,1]},)"
                         R"("d":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                         "xy"))
             .thrown);
  // A name as an escape, and one that is empty.
  const std::string escaped = file_of(R"({"\u0077\"":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
                                      R"("":{"dtype":"U8","shape":[],"data_offsets":[1,2]}})",
                                      "xy");
  CHECK(safetensors::parse(bytes_of(escaped), "file").names() == std::vector<std::string>{"w\"", ""});
  CHECK(!opening(file_of(R"({"__metadata__":{}})")).thrown);
  // Deep nesting in what is skipped neither recurses nor is stored.
  const std::string deep(200000, '[');
  const std::string closed(200000, ']');
  CHECK(!opening(file_of(R"({"w":{"x":)" + deep + closed + R"(,"dtype":"U8","shape":[],"data_offsets":[0,1]}})", "x"))
             .thrown);
}

TEST_CASE("io::safetensors: every kind of damage is refused at its byte", "[failure]") {
  const auto check = [](const std::string& content, std::uint64_t byte, const std::string& reason) {
    INFO(content.substr(0, 200));
    const auto f = opening(content);
    REQUIRE(f.thrown);
    CHECK(f.byte == byte);
    CHECK(f.reason.find(reason) != std::string::npos);
    if (f.reason.find(reason) == std::string::npos) CHECK(f.reason == reason);
  };
  // The byte of the last character of `text` in the content.
  const auto last_of = [](const std::string& content, const std::string& text) {
    return content.find(text) + text.size() - 1;
  };

  SECTION("the length") {
    check("", 0, "this is an empty file");
    check(little(2).substr(0, 7), 7, "the file ends within the 8 bytes");
    check(little(100000001) + "{}", 0, "is over 100000000");
    check(little(~std::uint64_t{0}) + "{}", 0, "is over 100000000");
    check(little(100000000) + "{}", 10, "the file ends within its header of 100000000 bytes");
    check(little(3) + "{}", 10, "the file ends within its header of 3 bytes");
    check(little(0), 8, "does not begin with '{'");
  }
  SECTION("no JSON object") {
    check(file_of(" {}"), 8, "does not begin with '{'");
    check(file_of("\xef\xbb\xbf{}"), 8, "does not begin with '{'");
    check(file_of("[]"), 8, "does not begin with '{'");
    check(file_of("{} {}"), 11, "parse error");
    check(file_of("{} x"), 11, "parse error");
    check(file_of("{"), 9, "parse error");
    check(file_of("{,}"), 9, "parse error");
    check(file_of("{'w':1}"), 9, "parse error");
    check(file_of("{\"w"), 11, "parse error");
    check(file_of("{}/**/"), 10, "parse error");
    check(file_of(std::string("{}\0\0", 4)), 10, "a zero byte in the header");
    check(file_of(std::string("{}\0{", 4)), 10, "a zero byte in the header");
    check(file_of("{\"\xff\":1}"), 10, "invalid string: ill-formed UTF-8 byte");
    check(file_of("{\"\xed\xa0\x80\":1}"), 11, "invalid string: ill-formed UTF-8 byte");
    check(file_of("{\"a\nb\":1}"), 11, "invalid string");
  }
  SECTION("fields of the wrong kind") {
    for (const char* value : {"null", "true", "1", "-1", "1.5", "\"x\"", "[]"}) {
      const auto f = opening(file_of(std::string("{\"w\":") + value + "}"));
      CHECK(f.reason.find("safetensors header: \"w\": expected an object, found ") == 0);
    }
    const std::string good_type = R"("dtype":"U8")", good_shape = R"("shape":[2])",
                      good_offsets = R"("data_offsets":[0,2])";
    REQUIRE(!opening(one_tensor(good_type + "," + good_shape + "," + good_offsets, 2)).thrown);
    for (const char* value : {"null", "false", "1", "-1", "1.5", "[]", "{}", "\"F8_E4M3\"", "\"u8\"", "\"\""})
      CHECK(opening(one_tensor(std::string("\"dtype\":") + value + "," + good_shape + "," + good_offsets, 2))
                .reason.find("safetensors header: tensor \"w\": dtype: ") == 0);
    for (const char* value : {"null", "false", "2", "\"2\"", "{}", "[-2]", "[2.0]", "[2e0]", "[-0]", "[null]", "[true]",
                              "[[2]]", "[{}]", "[\"2\"]", "[9223372036854775808]", "[18446744073709551616]"}) {
      INFO(value);
      CHECK(opening(one_tensor(good_type + ",\"shape\":" + value + "," + good_offsets, 2))
                .reason.find("safetensors header: tensor \"w\": shape: ") == 0);
    }
    for (const char* value : {"null", "false", "2", "\"2\"", "{}", "[]", "[0]", "[0,2,2]", "[0,-2]", "[0,2.0]",
                              "[0,null]", "[[0,2]]", "[0,[2]]", "[0,18446744073709551616]"}) {
      INFO(value);
      CHECK(opening(one_tensor(good_type + "," + good_shape + ",\"data_offsets\":" + value, 2))
                .reason.find("safetensors header: tensor \"w\": data_offsets") == 0);
    }
    CHECK(opening(one_tensor(good_shape + "," + good_offsets, 2)).reason.find("lacks dtype") != std::string::npos);
    CHECK(opening(one_tensor(good_type + "," + good_offsets, 2)).reason.find("lacks shape") != std::string::npos);
    CHECK(opening(one_tensor(good_type + "," + good_shape, 2)).reason.find("lacks data_offsets") != std::string::npos);
    for (const char* value : {"null", "1", "\"x\"", "[]", "{\"a\":1}", "{\"a\":null}", "{\"a\":{}}", "{\"a\":[\"x\"]}"})
      CHECK(opening(file_of(std::string("{\"__metadata__\":") + value + "}")).thrown);
    CHECK(opening(file_of(R"({"w":{"dtype":"U8","shape":[1e999],"data_offsets":[0,1]}})")).thrown);
  }
  SECTION("the byte is the value's last, or its key's") {
    const std::string type = one_tensor(R"("dtype":"F7","shape":[2],"data_offsets":[0,2])", 2);
    check(type, last_of(type, "\"F7\""), "tensor \"w\": dtype: unknown dtype \"F7\"");
    for (const std::string name : {"F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F4"}) {
      const std::string small = one_tensor(R"("dtype":")" + name + R"(","shape":[1],"data_offsets":[0,1])", 1);
      check(small, last_of(small, "\"" + name + "\""),
            "tensor \"w\": dtype: \"" + name +
                "\", floating-point numbers of 8 bits or fewer, which are quantised weights: they must be stored as F16, BF16 or "
                "F32, "
                "multiplied by their scales, first");
    }
    const std::string hole = one_tensor(R"("dtype":"U8","shape":[2],"data_offsets":[1,3])", 3);
    check(hole, last_of(hole, "\"w\""), "tensor \"w\": data_offsets [1, 3] leave a hole from 0 on");
  }
  SECTION("duplicate keys, also behind an escape") {
    const std::string entry = R"({"dtype":"U8","shape":[],"data_offsets":[0,1]})";
    const std::string twice = file_of("{\"w\":" + entry + ",\"\\u0077\":" + entry + "}", "x");
    check(twice, last_of(twice, "\\u0077\""), "duplicate key \"w\"");
    CHECK(opening(file_of(R"({"__metadata__":{},"__metadata__":{}})")).reason.find("duplicate key") !=
          std::string::npos);
    CHECK(opening(file_of(R"({"__metadata__":{"a":"1","a":"2"}})")).reason.find("duplicate key") != std::string::npos);
    CHECK(opening(one_tensor(R"("dtype":"U8","shape":[],"data_offsets":[0,1],"dtype":"I8")", 1))
              .reason.find("duplicate key \"dtype\" in tensor \"w\"") != std::string::npos);
  }
  SECTION("offsets") {
    const auto reason = [](const std::string& fields, std::size_t size) {
      return opening(one_tensor(fields, size)).reason;
    };
    CHECK(reason(R"("dtype":"F32","shape":[2],"data_offsets":[0,7])", 7) ==
          "safetensors header: tensor \"w\": data_offsets [0, 7] do not hold the 8 bytes of shape (2) of F32");
    CHECK(reason(R"("dtype":"U8","shape":[2],"data_offsets":[2,0])", 2).find("do not hold") != std::string::npos);
    CHECK(reason(R"("dtype":"U8","shape":[2],"data_offsets":[18446744073709551615,1])", 2).find("do not hold") !=
          std::string::npos);
    CHECK(reason(R"("dtype":"U8","shape":[2],"data_offsets":[18446744073709551613,18446744073709551615])", 2)
              .find("leave a hole") != std::string::npos);
    CHECK(reason(R"("dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,0])", 0).find("overflows") !=
          std::string::npos);
    CHECK(reason(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])", 0).find("overflows") !=
          std::string::npos);
    CHECK(reason(R"("dtype":"U8","shape":[4],"data_offsets":[0,4])", 3) ==
          "safetensors header: tensor \"w\": data_offsets [0, 4] pass the end of the file, whose data is 3 bytes");
    const std::string entry = R"({"dtype":"U8","shape":[2],"data_offsets":)";
    CHECK(opening(file_of("{\"a\":" + entry + "[0,2]},\"b\":" + entry + "[1,3]}}", "abc")).reason.find("overlap") !=
          std::string::npos);
    CHECK(opening(file_of("{\"a\":" + entry + "[0,2]},\"b\":" + entry + "[0,2]}}", "ab")).reason.find("overlap") !=
          std::string::npos);
    CHECK(opening(file_of("{\"a\":" + entry + "[0,2]},\"b\":" + entry + "[3,5]}}", "abcde")).reason.find("hole") !=
          std::string::npos);
  }
  SECTION("bytes behind the last tensor, unless they are allowed") {
    const auto f = opening(two_tensors + "abc");
    CHECK(f.byte == two_tensors.size());
    CHECK(f.reason == "safetensors: 3 bytes follow the last tensor (the option allow_trailing_bytes accepts them)");
    const std::string longer = two_tensors + "abc";
    const auto file = safetensors::parse(bytes_of(longer), "file", {.allow_trailing_bytes = true});
    CHECK(file.trailing_bytes() == 3);
    CHECK(file.vector<int>("n") == Eigen::Vector2i(7, -2));
    CHECK(opening(file_of("{}", "x")).byte == 10);
  }
}

TEST_CASE("io::safetensors: a file cut anywhere is refused", "[failure]") {
  const libration_test::scratch_folder folder;
  for (std::size_t size = 0; size < two_tensors.size(); ++size) {
    const std::string cut = two_tensors.substr(0, size);
    INFO(size);
    CHECK(opening(cut).thrown);
    CHECK(opening(cut, {.allow_trailing_bytes = true}).thrown);
  }
  for (const std::size_t size : {0u, 5u, 8u, 50u}) {
    spill(folder / "file", two_tensors.substr(0, size));
    CHECK(failure_of([&] { safetensors::open(folder / "file"); }).what.find((folder / "file").string()) == 0);
    CHECK(failure_of([&] { safetensors::open(folder / "file", {.mapped = false}); }).thrown);
  }
  CHECK(failure_of([&] { safetensors::open(folder / "missing"); }).thrown);
}

TEST_CASE("io::safetensors: any flipped bit, and any byte replaced, is refused or leaves a consistent file",
          "[failure]") {
  int accepted = 0, inconsistent = 0;
  const auto probe = [&](const std::string& damaged) {
    try {
      const auto file = safetensors::parse(bytes_of(damaged), "file");
      ++accepted;
      std::uint64_t end = 0;
      for (const auto& name : file.names()) {
        const auto t = file.tensor(name);
        inconsistent += io::byte_count(t.shape, t.type) != t.bytes.size();
        inconsistent += end != 0 && t.offset != end;
        end = t.offset + t.bytes.size();
      }
      inconsistent += file.size() != 0 && end != damaged.size();
    } catch (const libration::file_error& e) {
      inconsistent += e.byte() > damaged.size() || e.path() != "file" || e.reason().empty();
    }
  };
  for (std::size_t i = 0; i + 28 < two_tensors.size(); ++i) {
    std::string damaged = two_tensors;
    for (int bit = 0; bit < 8; ++bit) {
      damaged[i] = static_cast<char>(two_tensors[i] ^ (1 << bit));
      probe(damaged);
    }
    for (const char c : {'\0', '"', '{', '}', '[', ']', ',', ':', '9', '-', '\\', '\xff'}) {
      damaged[i] = c;
      probe(damaged);
    }
  }
  CHECK(inconsistent == 0);
  CHECK(accepted > 0);  // in names and in metadata anything goes
}

TEST_CASE("io::safetensors: the writer refuses what would not be read, and what cannot be written", "[failure]") {
  using libration::argument_error;
  const libration_test::scratch_folder folder;
  tensor_set tensors;
  tensors.add("w", 1.0);
  CHECK_THROWS_WITH(tensors.add("w", 2.0), "io::safetensors::tensor_set: tensor \"w\" is there already");
  CHECK_THROWS_AS(tensors.add("__metadata__", 2.0), argument_error);
  CHECK_THROWS_WITH(tensors.add("x", Eigen::Vector2d(1, 1e6), element::f16),
                    "io::safetensors::tensor_set: tensor \"x\": element 1 of the values, 1e+06, cannot be "
                    "stored as F16");
  CHECK_THROWS_WITH(tensors.add("x", element::f32, {2, 3}, {}),
                    "io::safetensors::tensor_set: tensor \"x\": 0 bytes came for shape (2, 3) of F32");
  CHECK_THROWS_AS(tensors.add("x", element::f32, {-1, 0}, {}), argument_error);
  const Eigen::Index huge = std::numeric_limits<Eigen::Index>::max();
  CHECK_THROWS_AS(tensors.add("x", element::f32, {huge, huge}, {}), argument_error);
  safetensors::write(folder / "file", tensors);
  CHECK(safetensors::open(folder / "file").names() == std::vector<std::string>{"w"});  // a refused one left nothing

  CHECK_THROWS_AS(safetensors::write(folder / "other", tensor_set{}.add("\xff", 1.0)), argument_error);
  CHECK_THROWS_AS(safetensors::write(folder / "other", tensors, {{"a", "\xff"}}), argument_error);
  CHECK(!std::filesystem::exists(folder / "other"));
  CHECK(failure_of([&] { safetensors::write(folder / "missing" / "file", tensors); }).thrown);
}
