// SPDX-License-Identifier: MIT
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <libration/io/file_bytes.hpp>
#include <libration/io/output_file.hpp>

#include "support/scratch.hpp"
#include "support/catch.hpp"

using libration::io::output_file;
using libration_test::bytes_of;
using libration_test::failure_of;
using libration_test::slurp;
using libration_test::spill;

namespace {

std::ptrdiff_t files_in(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("io::output_file: the target is the old file until the commit, and the new one after", "[law]") {
  const libration_test::scratch_folder folder;
  spill(folder / "file", "old");
  std::filesystem::permissions(folder / "file",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto mapped = libration::io::file_bytes::open(folder / "file");
  {
    output_file out(folder / "file");
    out.write(bytes_of("new "));
    out.write({});
    out.write(bytes_of("content"));
    CHECK(slurp(folder / "file") == "old");
    out.commit();
  }
  CHECK(slurp(folder / "file") == "new content");
  CHECK(mapped.size() == 3);
  CHECK(static_cast<char>(mapped.bytes()[0]) == 'o');  // a reader keeps what it has mapped
  CHECK(std::filesystem::status(folder / "file").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("io::output_file: without a commit nothing has happened", "[law]") {
  const libration_test::scratch_folder folder;
  spill(folder / "file", "old");
  {
    output_file out(folder / "file");
    out.write(bytes_of("new"));
    output_file other(folder / "other");
    other.write(bytes_of("new"));
  }
  CHECK(slurp(folder / "file") == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("io::output_file: writing through a link keeps the link", "[edge]") {
  const libration_test::scratch_folder folder;
  spill(folder / "file", "old");
  std::filesystem::create_symlink("file", folder / "link");
  output_file out(folder / "link");
  out.write(bytes_of("new"));
  out.commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(slurp(folder / "file") == "new");
}

TEST_CASE("io::output_file: what cannot be written says why, and leaves nothing", "[failure]") {
  const libration_test::scratch_folder folder;
  const auto missing = failure_of([&] { output_file out(folder / "missing" / "file"); });
  CHECK(missing.what == (folder / "missing" / "file").string() + ": cannot create: No such file or directory");
  CHECK(failure_of([&] { output_file out(folder.path()); }).thrown);
  std::filesystem::create_directory(folder / "taken");
  CHECK(files_in(folder.path()) == 1);
  if (std::filesystem::exists("/dev/full")) {
    const auto full = failure_of([] {
      output_file out("/dev/full");
      out.write(bytes_of(std::string(100000, 'x')));
      out.commit();
    });
    CHECK(full.reason == "cannot write: No space left on device");
    CHECK(std::filesystem::exists("/dev/full"));
  }
}
