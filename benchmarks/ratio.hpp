// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A figure: the ratio of two costs, measured in turns in one run on one core, against its target.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <functional>
#include <limits>
#include <regex>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace benchmarks {

/// One of the two sides of a figure.
struct alternative {
  std::string name;
  double units = 0;           ///< what one call of `run` does, in units of the figure
  std::function<void()> run;  ///< on the calling thread
};

/// What is compared: ours, and the best of the peers.
struct figure {
  std::string name;
  std::string unit;   ///< of both sides' work: "steps"
  double target = 0;  ///< of the ratio
  bool speed = true;  ///< true: peer's cost over ours, at least the target; false: ours over the peer's, at most
  alternative ours;
  std::vector<alternative> peers;
};

/// The command line, the printing, and the exit status of a program of figures.
class program {
 public:
  /// Arguments: `--strict` (a missed target is exit status 1), `--filter=REGEX` (figures whose name matches). Anything else
  /// ends the program with status 2.
  program(int argc, char** argv) {
#if defined(__GLIBC__)
    // Memory that one alternative has given back stays with the process: fetching it anew from the system is not what is timed.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
    for (int i = 1; i < argc; ++i) {
      if (std::strcmp(argv[i], "--strict") == 0) {
        strict_ = true;
      } else if (std::strncmp(argv[i], "--filter=", 9) == 0) {
        try {
          filter_ = std::regex(argv[i] + 9);
        } catch (const std::regex_error& error) {
          refuse(argv[0], std::string("--filter: ") + error.what());
        }
      } else {
        refuse(argv[0], std::string("unknown option ") + argv[i]);
      }
    }
  }

  bool wanted(const std::string& name) const { return std::regex_search(name, filter_); }

  /// Measures and prints a figure. The peer is the one with the lowest median cost.
  void measure(const figure& f) {
    std::vector<const alternative*> sides{&f.ours};
    for (const alternative& peer : f.peers) sides.push_back(&peer);
    const auto cost = time(sides);
    std::size_t best = 1;
    for (std::size_t side = 2; side < sides.size(); ++side)
      if (quantile(cost[side], 0.5) < quantile(cost[best], 0.5)) best = side;
    std::vector<double> ratio;
    for (std::size_t round = 0; round < cost[0].size(); ++round)
      ratio.push_back(f.speed ? cost[best][round] / cost[0][round] : cost[0][round] / cost[best][round]);
    print(f.name, ratio, f.target, f.speed);
    print_sides(sides, cost, f.unit, best);
  }

  /// Measures and prints the part of a speed-up that is reached: (one by one / together) of the work, over the same of its floor.
  ///
  /// \param target  of the part, at least
  void measure_speed_up(const std::string& name, const std::string& unit, double target, const alternative& together,
                        const alternative& one_by_one, const alternative& floor_together, const alternative& floor_one_by_one) {
    const std::vector<const alternative*> sides{&together, &one_by_one, &floor_together, &floor_one_by_one};
    const auto cost = time(sides);
    std::vector<double> part;
    for (std::size_t round = 0; round < cost[0].size(); ++round)
      part.push_back(cost[1][round] / cost[0][round] / (cost[3][round] / cost[2][round]));
    print(name, part, target, true);
    print_sides(sides, cost, unit, sides.size());
  }

  /// Measures and prints what a unit costs, in seconds times whatever `ours.units` makes of it (calls times 1e-9: nanoseconds).
  ///
  /// \param target  of the cost, at most
  void measure_cost(const std::string& name, const std::string& unit, double target, const alternative& ours) {
    std::vector<double> cost = time({&ours})[0];
    const double median = quantile(cost, 0.5);
    const bool met = median <= target;
    missed_ = missed_ || !met;
    std::printf("%s: %.1f %s (quartiles %.1f to %.1f of %d rounds), target at most %.3g: %s\n    %s\n", name.c_str(), median,
                unit.c_str(), quantile(cost, 0.25), quantile(cost, 0.75), rounds, target, met ? "met" : "MISSED",
                ours.name.c_str());
    std::fflush(stdout);
  }

  int status() const { return strict_ && missed_ ? 1 : 0; }

 private:
  static constexpr int rounds = 9;

  /// Processor time of the process, not the wall's, in rounds: a round runs every alternative once, each round beginning with
  /// another; the first one warms up.
  ///
  /// \return seconds a unit, by side and round
  static std::vector<std::vector<double>> time(const std::vector<const alternative*>& sides) {
    std::vector<std::vector<double>> cost(sides.size());
    for (int round = -1; round < rounds; ++round) {
      for (std::size_t turn = 0; turn < sides.size(); ++turn) {
        const std::size_t side = (turn + static_cast<std::size_t>(round + 1)) % sides.size();
        const std::clock_t start = std::clock();
        sides[side]->run();
        const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        if (round >= 0) cost[side].push_back(seconds / sides[side]->units);
      }
    }
    return cost;
  }

  void print(const std::string& name, const std::vector<double>& ratio, double target, bool at_least) {
    const double median = quantile(ratio, 0.5);
    const bool met = at_least ? median >= target : median <= target;
    missed_ = missed_ || !met;
    std::printf("%s: %.2f (quartiles %.2f to %.2f of %d rounds), target %s %.3g: %s\n", name.c_str(), median, quantile(ratio, 0.25),
                quantile(ratio, 0.75), rounds, at_least ? "at least" : "at most", target, met ? "met" : "MISSED");
  }

  static void print_sides(const std::vector<const alternative*>& sides, const std::vector<std::vector<double>>& cost,
                          const std::string& unit, std::size_t peer) {
    for (std::size_t side = 0; side < sides.size(); ++side)
      std::printf("    %-58s %10.4g %s/s%s\n", sides[side]->name.c_str(), 1.0 / quantile(cost[side], 0.5), unit.c_str(),
                  side == peer ? "  (the peer)" : "");
    std::fflush(stdout);
  }

  [[noreturn]] static void refuse(const char* name, const std::string& why) {
    std::fprintf(stderr, "%s: %s\nusage: %s [--strict] [--filter=REGEX]\n", name, why.c_str(), name);
    std::exit(2);
  }

  // By linear interpolation of the order statistics.
  static double quantile(std::vector<double> values, double p) {
    std::sort(values.begin(), values.end());
    const double place = p * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  }

  bool strict_ = false, missed_ = false;
  std::regex filter_{""};
};

}  // namespace benchmarks
