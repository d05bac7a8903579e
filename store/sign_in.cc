#include "store/sign_in.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "store/accounts.h"
#include "store/directory.h"
#include "store/password.h"
#include "store/rooms.h"
#include "store/second_factor.h"

namespace telepost::store {

Result<SignInOutcome> SignIn::check(std::string_view name, std::string_view password, std::string_view code) {
  SignInOutcome outcome;
  const Result<std::string> address = canonical_address(name);
  if (address.ok()) {
    TELEPOST_ASSIGN(outcome.account, Directory(rooms_).find(*address));
  }
  // Who is not there is looked for to the end, as who is.
  const schema::AccountId account = outcome.account.value_or(schema::AccountId{ByteReader(sha256(name).view()).u64()});
  const Result<Account> shown = Accounts(rooms_).show(account);
  if (!shown.ok() && shown.error().kind != Errc::not_found) return shown.error();
  const bool is_there = outcome.account && shown.ok();
  if (!is_there) outcome.account.reset();
  const bool is_right = password_matches(password, is_there ? shown->profile.password : std::string());
  if (!is_right || shown->profile.state != schema::AccountState::active) return outcome;
  TELEPOST_ASSIGN(const SecondFactor::State factor, second_factor_.state(account));
  if (factor.is_on && code.empty()) {
    outcome.result = SignInOutcome::Result::wants_code;
    return outcome;
  }
  bool is_proved = true;
  if (factor.is_on) {
    TELEPOST_ASSIGN(is_proved, second_factor_.take(account, code));
  }
  if (!is_proved) return outcome;
  outcome.result = SignInOutcome::Result::accepted;
  outcome.password = shown->profile.password;
  return outcome;
}

}  // namespace telepost::store
