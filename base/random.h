// Randomness as a seam: the system's generator in production, a seeded one in tests.
#pragma once

#include <cstdint>
#include <string>

namespace telepost {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(char* bytes, std::size_t size_bytes) = 0;  // any thread
  std::uint64_t u64();
  std::string bytes(std::size_t size_bytes);
};

// getrandom(2); aborts if the kernel has no entropy, which never happens after boot.
class SystemRandom final : public Random {
 public:
  void fill(char* bytes, std::size_t size_bytes) override;
};

}  // namespace telepost
