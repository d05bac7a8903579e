// The sign-in of a subscriber with the password of the account, as the portal does it. Devices use app passwords instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::store {

class SecondFactor;
struct Rooms;

struct SignInOutcome {
  enum class Result : unsigned char {
    accepted,
    wants_code,  // the password is right, a second factor is on, and no code came with it
    refused,
  };
  Result result = Result::refused;
  // Whose name it was, also where it is refused: for logs, and never for an answer. None: nobody's.
  std::optional<schema::AccountId> account;
  std::string password;  // where it is accepted: the hash that it was checked against
};

// Any thread.
class SignIn {
 public:
  SignIn(Rooms& rooms, SecondFactor& second_factor) : rooms_(rooms), second_factor_(second_factor) {}

  // By an address of an active account; the password, and where a second factor is on, a code of it. Any other name, a wrong password and
  // an account without one cost the same time. A right password alone tells whether a second factor is on. Blocks for tens of
  // milliseconds (argon2id; few at once, the others wait): for Store::run_hashing. Whoever calls counts the failures (DESIGN section 7): wants_code is none.
  // Errors: io, corrupt, and those of SecretKey.
  telepost::Result<SignInOutcome> check(std::string_view name, std::string_view password, std::string_view code);

 private:
  Rooms& rooms_;
  SecondFactor& second_factor_;
};

}  // namespace telepost::store
