// SPDX-License-Identifier: MIT
// compare_output EXPECTED PROGRAM: runs the program and compares what it prints with a recorded text.
// compare_output --record EXPECTED PROGRAM: writes the text, keeping its tolerance lines where they stand.
//
// Text is compared exactly, but for the width of blanks; numbers within a tolerance, 1e-6 relative and 1e-12 absolute. A line
// "# tolerance RELATIVE [ABSOLUTE]" in the recorded text gives another one to the lines after it.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

struct tolerance {
  double relative = 1e-6;
  double absolute = 1e-12;
};

// A recorded text without its tolerance lines.
struct recording {
  std::vector<std::string> lines;
  std::vector<tolerance> within;  // of each line
  std::vector<std::pair<std::size_t, std::string>> tolerance_lines;  // and how many lines are before each
};

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

struct token {
  std::string text;
  bool number = false;
};

// A number is digits with an optional fraction and exponent; a sign belongs to it where it does not follow a letter or
// digit.
std::vector<token> tokens_of(const std::string& line) {
  std::vector<token> result;
  std::size_t i = 0;
  while (i < line.size()) {
    if (is_blank(line[i])) {
      ++i;
      continue;
    }
    const bool after_word = i > 0 && std::isalnum(static_cast<unsigned char>(line[i - 1])) != 0;
    const bool sign = (line[i] == '-' || line[i] == '+') && !after_word;
    std::size_t end = sign ? i + 1 : i;
    if (end < line.size() && is_digit(line[end])) {
      while (end < line.size() && is_digit(line[end])) ++end;
      if (end + 1 < line.size() && line[end] == '.' && is_digit(line[end + 1])) {
        ++end;
        while (end < line.size() && is_digit(line[end])) ++end;
      }
      if (end < line.size() && (line[end] == 'e' || line[end] == 'E')) {
        std::size_t exponent = end + 1;
        if (exponent < line.size() && (line[exponent] == '-' || line[exponent] == '+')) ++exponent;
        if (exponent < line.size() && is_digit(line[exponent])) {
          end = exponent;
          while (end < line.size() && is_digit(line[end])) ++end;
        }
      }
      result.push_back({line.substr(i, end - i), true});
      i = end;
    } else {
      result.push_back({line.substr(i, 1), false});
      ++i;
    }
  }
  return result;
}

bool same(const std::string& expected, const std::string& got, const tolerance& within) {
  if (expected == got) return true;
  const auto a = tokens_of(expected), b = tokens_of(got);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const token& x, const token& y) {
    if (!x.number || !y.number) return x.text == y.text;
    const double u = std::stod(x.text), v = std::stod(y.text);
    return std::abs(u - v) <= within.absolute + within.relative * std::max(std::abs(u), std::abs(v));
  });
}

std::vector<std::string> lines_of(std::istream& in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

recording read_recording(std::istream& in) {
  recording r;
  tolerance within;
  for (std::string& line : lines_of(in)) {
    if (line.rfind("# tolerance ", 0) == 0) {
      within = {};
      std::istringstream words(line.substr(12));
      words >> within.relative;
      if (double absolute = 0.0; words >> absolute) within.absolute = absolute;
      r.tolerance_lines.emplace_back(r.lines.size(), line);
    } else {
      r.lines.push_back(std::move(line));
      r.within.push_back(within);
    }
  }
  return r;
}

// Exits where the program does not end well.
std::string output_of(const std::string& program) {
  std::string quoted = "'";
  for (const char c : program) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  quoted += "'";
  std::FILE* pipe = popen(quoted.c_str(), "r");
  if (pipe == nullptr) {
    std::cerr << "cannot run " << program << '\n';
    std::exit(2);
  }
  std::string text;
  char block[4096];
  for (std::size_t n = 0; (n = std::fread(block, 1, sizeof block, pipe)) > 0;) text.append(block, n);
  if (const int status = pclose(pipe); status != 0) {
    std::cerr << text << program << ": ended with status " << status << '\n';
    std::exit(1);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool record = !arguments.empty() && arguments.front() == "--record";
  if (arguments.size() != (record ? 3U : 2U)) {
    std::cerr << "usage: compare_output [--record] EXPECTED PROGRAM\n";
    return 2;
  }
  const std::string& path = arguments[record ? 1 : 0];
  std::ifstream file(path);
  const recording expected = read_recording(file);

  const std::string output = output_of(arguments.back());
  std::istringstream stream(output);
  const auto got = lines_of(stream);
  if (record) {
    std::ofstream out(path);
    auto next = expected.tolerance_lines.begin();
    for (std::size_t i = 0; i < got.size(); ++i) {
      for (; next != expected.tolerance_lines.end() && next->first == i; ++next) out << next->second << '\n';
      out << got[i] << '\n';
    }
    return out.flush() ? 0 : 2;
  }
  if (!file.is_open()) {
    std::cerr << path << ": no such file. The program prints:\n" << output;
    return 1;
  }

  bool equal = true;
  for (std::size_t i = 0; i < std::max(expected.lines.size(), got.size()); ++i) {
    const std::string* a = i < expected.lines.size() ? &expected.lines[i] : nullptr;
    const std::string* b = i < got.size() ? &got[i] : nullptr;
    if (a && b && same(*a, *b, expected.within[i])) continue;
    if (equal) std::cout << "- " << path << "\n+ " << arguments.back() << '\n';
    equal = false;
    std::cout << "line " << i + 1 << '\n';
    if (a) std::cout << "- " << *a << '\n';
    if (b) std::cout << "+ " << *b << '\n';
    if (a && b)
      std::cout << "  (numbers within " << expected.within[i].relative << " relative, " << expected.within[i].absolute
                << " absolute)\n";
  }
  if (!equal) std::cout << "to record what is printed now: examples/run --record\n";
  return equal ? 0 : 1;
}
