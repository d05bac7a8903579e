// Asks name servers, by c-ares: over UDP, and over TCP where an answer does not fit.
#pragma once

#include <memory>
#include <string>

#include "adapters/net/awaitable.h"
#include "adapters/net/dns_codec.h"
#include "schema/configuration.h"

namespace telepost::adapters::net {

class Loop;

using SharedDnsAnswer = std::shared_ptr<const DnsAnswer>;

class Resolver {
 public:
  // Its sockets live on this loop; sessions of any loop may ask. The loop and the clock must outlive it. Errors: unavailable
  // (the system names no server that can be used).
  static Result<std::unique_ptr<Resolver>> open(Loop& home, const schema::DnsSettings& settings, const Clock& clock);
  // Every question must have been answered or its session torn down. Never on a loop.
  ~Resolver();

  // An absence (no_data, no_such_name) is an answer. Errors: unavailable, timeout (both temporary: ask again later), busy (too
  // many questions wait), invalid (no domain name, or a broken answer), too_many. The same question asked twice at one time
  // is one question. Bounded by the lesser of dns.timeout and `timeout`.
  Awaitable<Result<SharedDnsAnswer>> look_up(std::string name, DnsType type);
  Awaitable<Result<SharedDnsAnswer>> look_up(std::string name, DnsType type, Duration timeout);

 private:
  struct Parts;
  explicit Resolver(std::shared_ptr<Parts> parts);
  const std::shared_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::net
