// A log-in waits its turn (login_delays.h) on its own connection, whatever protocol that speaks.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>

#include "adapters/net/awaitable.h"
#include "adapters/net/login_delays.h"
#include "adapters/net/peer.h"
#include "base/bytes.h"
#include "store/accounts.h"

namespace telepost::adapters::net {

// Under the name as it is looked up: no other spelling of it begins anew.
inline std::unique_ptr<LoginDelays::Attempt> begin_login(LoginDelays& delays, std::string_view name, const Peer& peer) {
  const Result<std::string> canonical = store::canonical_address(name);
  return delays.begin((canonical.ok() ? *canonical : to_lower(name)).substr(0, 256), peer.network());
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
