// SPDX-License-Identifier: MIT
#include <libration/core/error.hpp>
#include <cstddef>
#include <string>

#include <Eigen/Core>

#include "support/catch.hpp"

namespace {
using namespace libration_test;

TEST_CASE("core::require: a condition that holds costs no text", "[failure]") {
  bool asked = false;
  CHECK_NOTHROW(libration::require(true, "who", [&] {
    asked = true;
    return std::string("never read");
  }));
  CHECK_FALSE(asked);
}

TEST_CASE("core::require: a condition that fails throws who: what", "[failure]") {
  CHECK_THROWS_MATCHES(libration::require(false, "lyapunov::spectrum", "steps must be positive"),
                       libration::argument_error, Message("lyapunov::spectrum: steps must be positive"));
  const int got = 3;
  CHECK_THROWS_MATCHES(libration::require(false, "who", [&] { return "got " + std::to_string(got); }),
                       libration::argument_error, Message("who: got 3"));
  CHECK_THROWS_AS(libration::require(false, "who", "what"), std::invalid_argument);
}

TEST_CASE("core::require_rows: says what came, what was expected and why", "[failure]") {
  CHECK_NOTHROW(libration::require_rows(2, 2, "who", "h0", "the map's dimension"));
  CHECK_THROWS_MATCHES(libration::require_rows(3, 2, "lyapunov::spectrum", "h0", "the map's dimension"),
                       libration::argument_error,
                       Message("lyapunov::spectrum: h0 has 3 rows, expected 2 (the map's dimension)"));
}

TEST_CASE("core::with_memory: sizes beyond all memory are the caller's mistake, other exceptions pass", "[failure]") {
  CHECK(libration::with_memory("who", [] { return 3; }) == 3);
  CHECK_THROWS_MATCHES(libration::with_memory("who", [] { Eigen::VectorXd(std::ptrdiff_t{1} << 50); }), libration::argument_error,
                       Message("who: sizes and options ask for more memory than there is"));
  CHECK_THROWS_MATCHES(libration::with_memory("who", [] { std::string().append(std::string().max_size() + 1, ' '); }),
                       libration::argument_error, Message("who: sizes and options ask for more memory than there is"));
  CHECK_THROWS_AS(libration::with_memory("who", [] { throw 42; }), int);
}

TEST_CASE("core::file_error: names path, byte and reason", "[failure]") {
  const libration::file_error damaged("model.safetensors", 8, "the header's length passes the file's end");
  CHECK(std::string(damaged.what()) == "model.safetensors: byte 8: the header's length passes the file's end");
  CHECK(damaged.path() == "model.safetensors");
  CHECK(damaged.byte() == 8);
  CHECK(damaged.reason() == "the header's length passes the file's end");
}

TEST_CASE("core::file_error: says no byte where no place in the file is to blame", "[edge]") {
  const libration::file_error missing("nowhere.npy", libration::file_error::no_byte, "no such file");
  CHECK(std::string(missing.what()) == "nowhere.npy: no such file");
  const libration::file_error first("a.npy", 0, "not an npy file");
  CHECK(std::string(first.what()) == "a.npy: byte 0: not an npy file");
}

}  // namespace
