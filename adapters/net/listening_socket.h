// Binds what the configuration names: "127.0.0.1:25", "[::1]:25", "unix:/run/telepost/lmtp.sock".
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "schema/configuration.h"

namespace telepost::adapters::net {

// A socket that listens, not blocking and closed on exec. Closed, and the path of a Unix socket removed, at its end.
class ListeningSocket {
 public:
  // The mode is for a Unix socket. A path where nobody listens any more is taken over; one where somebody does is busy.
  // Errors: busy (also EADDRINUSE), denied, invalid (no such address here), io. A TCP socket on an IPv6 address takes
  // IPv6 alone, so that "[::]:25" and "0.0.0.0:25" go together.
  static Result<ListeningSocket> open(const schema::Endpoint& endpoint, mode_t unix_mode);
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int fd() const { return fd_; }
  // Where it listens indeed: port 0 has become a number.
  const schema::Endpoint& endpoint() const { return endpoint_; }

 private:
  ListeningSocket(int fd, schema::Endpoint endpoint) : fd_(fd), endpoint_(std::move(endpoint)) {}
  int fd_;
  schema::Endpoint endpoint_;
};

}  // namespace telepost::adapters::net
