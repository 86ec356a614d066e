// SPDX-License-Identifier: MIT
// The kinds of models that the report reads. A new one is a file that loads it, and a line here.

#include "kinds.hpp"

#define STABILITY_KINDS(line) line(state_space) line(transformer) line(recurrent)

namespace stability {

#define STABILITY_DECLARE(name) model_kind name##_kind();
STABILITY_KINDS(STABILITY_DECLARE)

const std::vector<model_kind>& model_kinds() {
#define STABILITY_CALL(name) name##_kind(),
  static const std::vector<model_kind> all = {STABILITY_KINDS(STABILITY_CALL)};
  return all;
}

}  // namespace stability
