#include "store/password.h"

#include <argon2.h>

#include <array>
#include <semaphore>

namespace telepost::store {
namespace {

constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kMemoryKib = 19 * 1024;
constexpr std::size_t kMaxPasswordBytes = 1024;
constexpr int kHashesAtOnce = 2;  // 38 MiB at most

std::counting_semaphore<kHashesAtOnce>& gate() {
  static std::counting_semaphore<kHashesAtOnce> semaphore(kHashesAtOnce);
  return semaphore;
}

}  // namespace

Result<std::string> hash_password(std::string_view password, Random& random) {
  if (password.empty() || password.size() > kMaxPasswordBytes) return {Errc::invalid, "a password has 1 to 1,024 bytes"};
  const std::string salt = random.bytes(16);
  std::array<char, 128> encoded{};
  gate().acquire();
  const int failed = argon2id_hash_encoded(kPasses, kMemoryKib, 1, password.data(), password.size(), salt.data(),
                                           salt.size(), 32, encoded.data(), encoded.size());
  gate().release();
  if (failed != ARGON2_OK) return {Errc::busy, argon2_error_message(failed)};
  return std::string(encoded.data());
}

bool password_matches(std::string_view password, const std::string& hash) {
  // Checked when there is none, so that time does not tell whether an account or a password exists.
  static const std::string kNobody =
      "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdA$3mFGsJcDDhbr1pYyzfkB6yYkP4KYOOQ7VzZxZ2sDPrE";
  if (password.size() > kMaxPasswordBytes) return false;
  gate().acquire();
  const int outcome = argon2id_verify((hash.empty() ? kNobody : hash).c_str(), password.data(), password.size());
  gate().release();
  return outcome == ARGON2_OK && !hash.empty();
}

}  // namespace telepost::store
