// TELEPOST_ASSERT stays on in release: a broken invariant of ours must not reach the disk.
#pragma once

namespace telepost {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

#define TELEPOST_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::telepost::assertion_failed(#condition, __FILE__, __LINE__))
