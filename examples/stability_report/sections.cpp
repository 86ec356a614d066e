// SPDX-License-Identifier: MIT
// The report's sections, in the order in which it prints them. A new one is a file that defines it, and a line here.

#include "sections.hpp"

#define STABILITY_SECTIONS(line)                                                                                                \
  line(spectrum) line(loops) line(memory) line(attention) line(growth) line(cache_growth) line(precision) line(cache_precision) \
      line(tokens) line(exposure)

namespace stability {

#define STABILITY_DECLARE(name) section name##_section();
STABILITY_SECTIONS(STABILITY_DECLARE)

const std::vector<section>& sections() {
#define STABILITY_CALL(name) name##_section(),
  static const std::vector<section> all = {STABILITY_SECTIONS(STABILITY_CALL)};
  return all;
}

}  // namespace stability
