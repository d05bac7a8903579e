// A log-in waits its turn (login_delays.h) on its own connection, whatever protocol that speaks.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/net/awaitable.h"
#include "adapters/net/login_delays.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/peer.h"
#include "base/bytes.h"
#include "store/accounts.h"
#include "store/store.h"

namespace telepost::adapters::net {

// What is guessed: a success with one of the two forgives no failure with the other.
enum class LoginSecret : unsigned char { app_password, password };

// Under what guesses at a name are counted: the account that it leads to, or two addresses of one account would be two beginnings; else
// the name as it is looked up, so that no other spelling begins anew. What the name leads to costs one read either way. Blocks.
inline Result<std::string> login_delay_key(store::Store& store, LoginSecret secret, std::string_view name) {
  const std::string door = secret == LoginSecret::password ? "portal\n" : "devices\n";
  const Result<std::string> canonical = store::canonical_address(name);
  if (!canonical.ok()) return door + "name " + to_lower(name).substr(0, 256);
  const Result<schema::AccountId> account = store.accounts().find(*canonical);
  if (!account.ok() && account.error().kind != Errc::not_found) return account.error();
  return account.ok() ? door + "account " + schema::to_string(*account) : door + "name " + canonical->substr(0, 256);
}

// Null: as LoginDelays::begin(). It is looked up before anything is waited for; an error: nothing can be now. All of it is per network:
// whoever guesses makes nobody wait who comes from elsewhere.
using BegunLogin = Result<std::unique_ptr<LoginDelays::Attempt>>;
inline Awaitable<BegunLogin> begin_login(LoginDelays& delays, store::Store& store, LoginSecret secret, std::string name, const Peer& peer) {
  auto work = [&store, secret, name] { return login_delay_key(store, secret, name); };
  Awaitable<Result<std::string>> looking = on_worker<std::string>(store, std::move(work));
  const Result<std::string> key = co_await std::move(looking);
  if (!key.ok()) co_return key.error();
  co_return delays.begin(*key, peer.network());
}

// Until it is due, which comes closer with each success of another one; kMaxLoginWait at most. The connection has rest() and waker().
template <typename Connection>
Awaitable<void> wait_for_turn(Connection& connection, const Clock& clock, LoginDelays::Attempt& attempt) {
  const SteadyTime end = clock.steady() + kMaxLoginWait;
  if (!attempt.is_due()) attempt.when_sooner(connection.waker());
  for (bool goes_on = true; goes_on && !attempt.is_due();) {
    const SteadyTime now = clock.steady();
    if (now >= end) break;
    goes_on = co_await connection.rest(std::chrono::duration_cast<Duration>(std::min(end, attempt.due()) - now));
  }
}

}  // namespace telepost::adapters::net
