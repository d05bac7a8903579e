// The second factor of an account: one-time passwords of an authenticator (RFC 6238), and recovery codes for who lost it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "schema/sign_in_records.h"
#include "store/secret_key.h"

namespace telepost::store {

class AccountWrite;
struct Rooms;

inline constexpr std::size_t kRecoveryCodes = 10;
inline constexpr std::uint8_t kFreeCodeFailures = 5;
inline constexpr Duration kFirstCodeWait = std::chrono::seconds(30);  // doubles with each failure from there on
inline constexpr Duration kLastCodeWait = std::chrono::minutes(15);

struct Enrolment {
  std::string secret;  // base32 (RFC 4648), as a person types it
  std::string uri;     // otpauth://totp/…, as an authenticator reads it from a picture
};

// Any thread; every verb blocks on the disk, and what it changes is durable at return. Errors beside those told: not_found (no such
// account), io, corrupt, and those of SecretKey.
class SecondFactor {
 public:
  explicit SecondFactor(Rooms& rooms);

  // A new secret, which nobody can read again, and which is not asked for before confirm(). One that waits for that is replaced.
  // exists: one is on.
  Result<Enrolment> enrol(schema::AccountId account);
  // By a code of the authenticator: from here on sign-ins want one, and what was begun without it ends: all sessions and grants but, where
  // one is given, that family. Gives ten recovery codes, which nobody can read again. denied: the code is wrong; not_found: none waits.
  Result<std::vector<std::string>> confirm(schema::AccountId account, std::string_view code, std::optional<std::uint64_t> but = {});
  // Those there were before are no use any more. not_found: none is on.
  Result<std::vector<std::string>> renew_recovery(schema::AccountId account);
  Result<void> remove(schema::AccountId account);  // also one that waits; not_found

  struct State {
    bool is_on = false;
    bool is_pending = false;         // enrolled and not confirmed
    std::size_t recovery_codes = 0;  // left
  };
  Result<State> state(schema::AccountId account);

  // A code of this step of 30 s or of one beside it, each step once (RFC 6238 section 5.2); or a recovery code, once. Spaces and hyphens
  // count for nothing. False also where none is on. True: nobody will be told so again for this code, whatever crashes.
  // Five wrong one-time passwords one after another, and each one from there on, keep all of them out for a time (RFC 4226 section 7.3;
  // also on disk before it is told): whoever gets so far knows the password. Recovery codes stay open.
  Result<bool> take(schema::AccountId account, std::string_view code);

 private:
  Result<bool> use(AccountWrite& write, schema::SecondFactorRecord& record, std::string_view code);
  Result<std::vector<std::string>> new_recovery(schema::AccountId account, schema::SecondFactorRecord& record);
  Rooms& rooms_;
  SecretKey secret_;
};

}  // namespace telepost::store
