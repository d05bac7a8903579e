#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace telepost {
void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "telepost: invariant broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}
}  // namespace telepost
