// From a destination to a connection that takes mail for it: DNS, MTA-STS, connect, greeting, TLS, AUTH; server after server.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "adapters/net/connect.h"
#include "adapters/net/dns_resolver.h"
#include "adapters/net/smtp_client.h"
#include "adapters/smtp/sender/errand.h"
#include "adapters/smtp/sender/route.h"
#include "adapters/smtp/sender/sts_policies.h"
#include "adapters/smtp/sender/tls_plan.h"
#include "base/random.h"

namespace telepost::adapters::smtp::sender {

// What all connections of a sender share; constant after construction.
struct Dialling {
  const schema::RelaySettings& settings;
  net::Resolver* resolver = nullptr;  // null: the system names no server; only relays with an address can be reached
  std::shared_ptr<const net::TlsAuthorities> authorities;
  StsPolicies* sts = nullptr;         // null: not asked for
  Random& random;
  std::string hello;                            // what we call ourselves
  std::vector<std::string> own_names;           // and what else is us
  std::map<std::string, std::string> passwords; // by password_file
  net::SmtpTimeouts timeouts;
  std::uint16_t port = 25;                      // of servers that the DNS names
  Duration connect_timeout = std::chrono::seconds(30);
};

// A connection that greeted us.
struct Line {
  Line(net::Loop& loop, int socket, net::SmtpClient::Options options) : stream(loop, socket), client(stream, std::move(options)) {}
  net::LineStream stream;
  net::SmtpClient client;
  std::string remote;  // "mx1.example.net", or its address
};

struct Dialled {
  std::unique_ptr<Line> line;  // null: what follows says why
  net::SmtpVerdict verdict;
  policies::Failure failure = policies::Failure::connection;
  std::string remote;          // that said it
};

inline constexpr Duration kDialTotal = std::chrono::minutes(10);  // after it no further address is tried: a slow domain holds no place for hours

// How to end a call early, on its loop; at most one question to a name server is waited for then.
struct CallInProgress {
  net::LineStream* stream = nullptr;
  net::ConnectBreaker connecting;
  void end() {
    connecting.break_off();
    if (stream != nullptr) stream->close();
  }
};

// `progress` outlives it.
net::Awaitable<Dialled> dial(net::Loop& loop, const Dialling& shared, const Errand& errand, CallInProgress& progress);

}  // namespace telepost::adapters::smtp::sender
