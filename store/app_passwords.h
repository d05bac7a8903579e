// App passwords: random ones, each of one device, shown once and revoked alone. What is kept of them lets a server check a log-in by
// SCRAM-SHA-256 or by the password itself; it is sealed under the key file, and the subscriber's own password is never used.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/scram_keys.h"
#include "schema/ids.h"
#include "schema/scopes.h"
#include "store/secret_key.h"

namespace telepost::store {

struct Rooms;

inline constexpr std::size_t kMaxAppPasswords = 32;  // of an account

struct AppPassword {
  std::string name;
  Time created{};
  schema::Scopes scopes;
};

// What a log-in is checked against.
struct LoginKeys {
  std::optional<schema::AccountId> account;  // none: nobody may log in by this name, and no key here is anybody's
  std::string salt;
  std::uint32_t iterations = kScramIterations;
  std::vector<ScramKeys> keys;               // at least one
  std::vector<std::string> names;            // of the app passwords, as many as keys
  std::vector<schema::Scopes> scopes;        // what each opens, as many as keys
};

// Any thread; every verb blocks on the disk. Errors beside those told: not_found (no such account), io, and those of SecretKey.
class AppPasswords {
 public:
  explicit AppPasswords(Rooms& rooms);

  // Gives the new password: "k3v8x-…", 100 random bits, which nobody can read again. exists, invalid (a name of 1 to 64 visible
  // characters; one scope at least, and never settings), too_many.
  Result<std::string> add(schema::AccountId account, std::string_view name, schema::Scopes scopes = schema::Scopes::of_app_password());
  Result<std::vector<AppPassword>> list(schema::AccountId account);
  // Log-ins fail from here on; sessions that stand go on. not_found.
  Result<void> revoke(schema::AccountId account, std::string_view name);

  // By an address of an active account. Any other name gets keys too, the same ones at each call: neither the answer nor the time
  // it takes tells whether somebody is there.
  Result<LoginKeys> keys_of(std::string_view name);

 private:
  struct Opened {
    AppPassword password;
    ScramKeys keys;
  };
  Result<std::vector<Opened>> read(schema::AccountId account);
  Rooms& rooms_;
  SecretKey secret_;
};

}  // namespace telepost::store
