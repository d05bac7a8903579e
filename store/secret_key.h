// The key that seals what must be read back (DESIGN section 7): a file of its own, so that a copy of the store alone tells nothing.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/sha256.h"

namespace telepost::schema {
struct Configuration;
}

namespace telepost::store {

// Any thread.
class SecretKey {
 public:
  // The file holds 64 hex digits. Where `make` says so it is made, mode 0600, at first use.
  enum class Make : unsigned char { never, if_missing };
  // The store's own: the file of the configuration, or one beside its records that is made.
  SecretKey(const schema::Configuration& configuration, Random& random);
  SecretKey(std::string path, Make make, Random& random) : path_(std::move(path)), make_(make), random_(random) {}

  // A key for one purpose, derived from the file's. Reads the file once. Errors: not_found, invalid (no key in it), denied (others
  // may read the file), io.
  Result<Digest> key(std::string_view purpose);

 private:
  Result<Digest> load();
  Result<Digest> make();

  const std::string path_;
  const Make make_;
  Random& random_;
  std::mutex mutex_;
  std::optional<Digest> key_;  // guarded by mutex_
};

}  // namespace telepost::store
