// SPDX-License-Identifier: MIT
#include <filesystem>
#include <string>
#include <utility>

#include <libration/io/file_bytes.hpp>

#include "support/scratch.hpp"
#include "support/catch.hpp"

using libration::io::file_bytes;
using libration_test::bytes_of;
using libration_test::failure_of;
using libration_test::spill;

namespace {

std::string text(const file_bytes& file) { return {reinterpret_cast<const char*>(file.bytes().data()), file.size()}; }

}  // namespace

TEST_CASE("io::file_bytes: mapped and read are the same bytes, of any size", "[differential][edge]") {
  const libration_test::scratch_folder folder;
  for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 100000u}) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 31 % 251);
    spill(folder / "file", content);
    const auto mapped = file_bytes::open(folder / "file");
    const auto read = file_bytes::open(folder / "file", false);
    CHECK(text(mapped) == content);
    CHECK(text(read) == content);
    CHECK(!read.mapped());
    CHECK(mapped.path() == (folder / "file").string());
  }
}

TEST_CASE("io::file_bytes: moving keeps the bytes where they are and empties the source", "[law]") {
  const libration_test::scratch_folder folder;
  spill(folder / "file", "content");
  for (const bool mapped : {true, false}) {
    auto first = file_bytes::open(folder / "file", mapped);
    const auto* const where = first.bytes().data();
    file_bytes second = std::move(first);
    CHECK(second.bytes().data() == where);
    CHECK(text(second) == "content");
    CHECK(first.size() == 0);  // NOLINT(bugprone-use-after-move): the promise under test
    second = file_bytes::open(folder / "file", !mapped);
    CHECK(text(second) == "content");
  }
}

TEST_CASE("io::file_bytes: borrowed memory is not copied", "[law][edge]") {
  const std::string content = "content";
  const auto file = file_bytes::borrow(bytes_of(content), "memory");
  CHECK(file.bytes().data() == bytes_of(content).data());
  CHECK(file.path() == "memory");
  CHECK(file_bytes::borrow({}, "nothing").size() == 0);
}

TEST_CASE("io::file_bytes: a file whose size the system does not know is read to its end", "[edge]") {
  if (!std::filesystem::exists("/proc/self/status")) return;
  CHECK(file_bytes::open("/proc/self/status").size() > 0);
  CHECK(file_bytes::open("/dev/null").size() == 0);
}

TEST_CASE("io::file_bytes: what cannot be opened says why", "[failure]") {
  const libration_test::scratch_folder folder;
  for (const bool mapped : {true, false}) {
    const auto missing = failure_of([&] { file_bytes::open(folder / "missing", mapped); });
    CHECK(missing.what == (folder / "missing").string() + ": cannot open: No such file or directory");
    CHECK(missing.byte == libration::file_error::no_byte);
    const auto directory = failure_of([&] { file_bytes::open(folder.path(), mapped); });
    CHECK(directory.reason == "cannot read: Is a directory");
  }
}
