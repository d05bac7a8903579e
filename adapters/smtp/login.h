// AUTH: the SASL dialogue of one log-in (RFC 4954) over a session's stream.
#pragma once

#include <optional>

#include "adapters/net/line_stream.h"
#include "adapters/smtp/context.h"

namespace telepost::adapters::smtp {

struct LoginOutcome {
  std::optional<Login> login;
  Reply refusal{};          // where there is no log-in
  bool broken_off = false;  // nothing that the peer says can be taken for a command any more; refusal says why, unless it is gone
};

// Waits as guessing does (net/login_delays.h) before it checks anything. The
// references must outlive it. Reads lines of up to kMaxAuthLine.
net::Awaitable<LoginOutcome> log_in(const Context& context, const Client& client, net::LineStream& stream, Auth auth);

}  // namespace telepost::adapters::smtp
