#include "base/random.h"

#include <sys/random.h>

#include "base/assert.h"

namespace telepost {

std::uint64_t Random::u64() {
  std::uint64_t value = 0;
  fill(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

std::string Random::bytes(std::size_t size_bytes) {
  std::string out(size_bytes, '\0');
  fill(out.data(), out.size());
  return out;
}

void SystemRandom::fill(char* bytes, std::size_t size_bytes) {
  while (size_bytes > 0) {
    const ssize_t got = ::getrandom(bytes, size_bytes, 0);
    if (got < 0) continue;  // EINTR
    TELEPOST_ASSERT(got != 0);
    bytes += got;
    size_bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace telepost
