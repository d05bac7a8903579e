// The other end of the admin socket: how a command reaches the server that runs.
#pragma once

#include <string>

#include "adapters/admin/channel.h"
#include "adapters/admin/exchange.h"

namespace telepost::adapters::admin {

class Client {
 public:
  // Waits at most `patience` for the server's greeting. Errors: unavailable (no socket, a stale one, or silence), denied.
  static Result<Client> connect(const std::string& path, Duration patience = std::chrono::seconds(3));

  // One request per connection. What the verb answers goes to the exchange; the result is the verb's own, or the exchange's
  // first error, or unavailable if the server went away in between.
  Result<void> call(const Request& request, Exchange& exchange);

 private:
  explicit Client(Channel channel) : channel_(std::move(channel)) {}
  Channel channel_;
};

}  // namespace telepost::adapters::admin
