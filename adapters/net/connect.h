// Outgoing TCP connections.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "adapters/net/awaitable.h"
#include "base/clock.h"
#include "base/result.h"

namespace telepost::adapters::net {

class Loop;

// Ends a connect() early. On its loop; outlives it.
class ConnectBreaker {
 public:
  void break_off() {
    broken_ = true;
    if (cancel_) cancel_();
  }
  bool is_broken() const { return broken_; }

 private:
  friend class ConnectInProgress;
  std::function<void()> cancel_;
  bool broken_ = false;
};

struct ConnectTarget {
  std::vector<std::string> addresses;  // IP addresses, tried in this order
  std::uint16_t port = 0;
  std::string source_v4;               // the local address for targets of each family; "" leaves it to the system
  std::string source_v6;
  Duration timeout = std::chrono::seconds(30);     // for each address
  Duration total = std::chrono::minutes(2);        // for all of them
  ConnectBreaker* breaker = nullptr;               // null: nobody ends it
};

struct Connected {
  int socket = -1;      // does not block; the callee's to close: LineStream(loop, socket) takes it
  std::string address;  // which of them answered
};

// The first address that answers. On the loop. Errors, of the last address tried: unavailable (refused, no route), timeout,
// invalid (no addresses, or what is no IP address), denied (a source address that is not ours), cancelled (by the breaker).
Awaitable<Result<Connected>> connect(Loop& loop, ConnectTarget target);

}  // namespace telepost::adapters::net
