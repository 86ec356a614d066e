// SPDX-License-Identifier: MIT
/// \file
/// What the library costs to compile: processor time in units of the same compiler's for <Eigen/Dense>, and peak memory.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

// A text with a part that must be in it put otherwise.
std::string with(std::string text, const std::string& part, const std::string& instead) {
  const auto at = text.find(part);
  if (at == std::string::npos) throw std::runtime_error("the first map has no \"" + part + "\" any more");
  return text.replace(at, part.size(), instead);
}

// The README's first map.
std::string first_map() {
  std::ifstream file(LIBRATION_FIRST_MAP);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string empty_main(const std::string& header) { return "#include <" + header + ">\nint main() {}\n"; }

// A program, and what its compilation may cost.
struct item {
  std::string name;
  std::string text;
  bool compiled;      // with libration::compiled; else headers alone
  double target;      // of the time, in units of Eigen/Dense
  double held = 0;    // with --guard: the most; 0: not looked at
  long megabytes = 0; // the most; 0: no target
};

std::vector<item> items() {
  std::vector<item> list;
  for (const char* module :
       {"attention", "core", "error", "io", "lyapunov", "maps", "models", "rollout", "scalar", "stats", "tangent"}) {
    const std::string header = "libration/" + std::string(module) + "/" + module + ".hpp";
    list.push_back({header + ", compiled form", empty_main(header), true, 2.0});
    list.push_back({header + ", headers alone", empty_main(header), false, 2.0});
  }
  const std::string all = empty_main("libration/libration.hpp");
  list.push_back({"libration.hpp, compiled form", all, true, 3.0, 4.8});
  list.push_back({"libration.hpp, headers alone", all, false, 3.0, 13.0});
  const std::string first = first_map();
  list.push_back({"first map and its print, compiled form", first, true, 2.5, 3.6, 500});
  list.push_back({"first map and its print, headers alone", first, false, 5.0, 14.0});
  std::string spectrum = with(first, "fmt::print(\"{}\\n\", r);", "return r.exponents[0] > 0.0 ? 0 : 1;");
  for (const char* printing : {"#include <fmt/format.h>", "#include <libration/report/format.hpp>"})
    spectrum = with(spectrum, printing, "");
  list.push_back({"one spectrum of a formula, compiled form", spectrum, true, 4.0, 3.6});
  list.push_back({"one spectrum of a formula, headers alone", spectrum, false, 4.0, 14.0});
  const std::string gru = R"(#include <fmt/format.h>
#include <libration/lyapunov/lyapunov.hpp>
#include <libration/report/format.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/gru.hpp>
int main(int, char** argv) {
  const auto file = libration::io::safetensors::open(argv[1]);
  const auto gru = libration::models::gru<float>::from(file, "rnn.");
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(gru.input_size(), 2000);
  const Eigen::VectorXf h0 = Eigen::VectorXf::Zero(gru.state_size());
  fmt::print("{}\n", libration::lyapunov::spectrum(gru, h0, x, {.count = 4, .steps = 1000, .transient = 100}));
}
)";
  list.push_back({"a GRU from a file and its spectrum, compiled form", gru, true, 2.5, 4.5});
  return list;
}

struct cost {
  double seconds = 0;  // user and system
  long kilobytes = 0;  // peak, of the compiler proper
};

// Compiles a text at -O2 in a folder of its own.
class compiler {
 public:
  compiler() : folder_(std::filesystem::temp_directory_path() / ("libration_compile_cost." + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
  }
  ~compiler() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  compiler(const compiler&) = delete;
  compiler& operator=(const compiler&) = delete;

  cost operator()(const std::string& text, bool compiled) const {
    const std::string source = (folder_ / "program.cpp").string();
    std::ofstream(source) << text;
    std::vector<std::string> words{LIBRATION_COMPILER, "-std=c++20", "-O2", "-c", source, "-o", (folder_ / "program.o").string()};
    std::istringstream folders(LIBRATION_INCLUDES);
    for (std::string one; std::getline(folders, one, ':');)
      if (!one.empty()) words.insert(words.end(), {"-isystem", one});
    if (compiled) words.push_back("-DLIBRATION_COMPILED");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    pid_t child = 0;
    if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0)
      throw std::runtime_error(std::string("cannot run ") + LIBRATION_COMPILER);
    int status = 0;
    rusage used{};
    if (wait4(child, &status, 0, &used) != child || status != 0) throw std::runtime_error("a program does not compile:\n" + text);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    return {seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss};
  }

 private:
  std::filesystem::path folder_;
};

// A ratio to Eigen/Dense, which is compiled before and after.
struct measured {
  double ratio;
  cost own;
};
measured measure(const compiler& compile, const item& what) {
  static const std::string unit = empty_main("Eigen/Dense");
  const cost before = compile(unit, false);
  const cost own = compile(what.text, what.compiled);
  const cost after = compile(unit, false);
  return {own.seconds / (0.5 * (before.seconds + after.seconds)), own};
}

int run(int argc, char** argv) {
  bool strict = false, guard = false;
  std::regex filter("");
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--strict") == 0) {
      strict = true;
    } else if (std::strcmp(argv[i], "--guard") == 0) {
      guard = true;
    } else if (std::strncmp(argv[i], "--filter=", 9) == 0) {
      filter = std::regex(argv[i] + 9);
    } else {
      std::fprintf(stderr, "%s: unknown option %s\nusage: %s [--strict | --guard] [--filter=REGEX]\n", argv[0], argv[i], argv[0]);
      return 2;
    }
  }
  const compiler compile;
  bool missed = false;
  for (const item& what : items()) {
    if (!std::regex_search(what.name, filter) || (guard && what.held == 0)) continue;
    measured found = measure(compile, what);
    // A machine that is busy with other work may be slower for a while: what looks too much is measured again.
    if (guard && found.ratio > what.held) found = std::min(found, measure(compile, what), [](const auto& a, const auto& b) {
      return a.ratio < b.ratio;
    });
    const long megabytes = found.own.kilobytes / 1024;
    const double most = guard ? what.held : what.target;
    const bool met = found.ratio <= most && (what.megabytes == 0 || megabytes <= what.megabytes);
    missed = missed || !met;
    std::printf("%-52s %5.2f x Eigen/Dense, %4ld MB; %s %.3g%s: %s\n", what.name.c_str(), found.ratio, megabytes,
                guard ? "held at" : "target at most", most,
                what.megabytes > 0 ? (", " + std::to_string(what.megabytes) + " MB").c_str() : "", met ? "met" : "MISSED");
    std::fflush(stdout);
  }
  return (strict || guard) && missed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}
