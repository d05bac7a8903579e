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

// For whom a question is asked. Half of the places for questions is kept from mail that arrives, whose senders decide what is
// asked and how slowly it is answered; and of the other half no network of theirs has more than a share.
struct DnsAsker {
  enum class Purpose : unsigned char { sending, arriving } purpose = Purpose::sending;
  std::string network{};  // of arriving: the peer's, as Peer::network() tells it
};

inline constexpr std::size_t kMostDnsQuestions = 1000;         // under way at one time
inline constexpr std::size_t kMostDnsQuestionsArriving = 500;  // of them, of mail that arrives
inline constexpr std::size_t kMostDnsQuestionsOfNetwork = 50;  // of these, of one network

class Resolver {
 public:
  // Its sockets live on this loop; sessions of any loop may ask. The loop and the clock must outlive it. Errors: unavailable
  // (the system names no server that can be used).
  static Result<std::unique_ptr<Resolver>> open(Loop& home, const schema::DnsSettings& settings, const Clock& clock);
  // Every question must have been answered or its session torn down. Never on a loop.
  ~Resolver();

  // An absence (no_data, no_such_name) is an answer. Errors: unavailable, timeout (both temporary: ask again later), busy (the
  // asker's share of the places is taken: nobody was asked), invalid (no domain name, or a broken answer), too_many. The same
  // question asked twice at one time is one question, of the first asker. Bounded by the lesser of dns.timeout and `timeout`.
  // Without an asker: for sending.
  Awaitable<Result<SharedDnsAnswer>> look_up(std::string name, DnsType type);
  Awaitable<Result<SharedDnsAnswer>> look_up(std::string name, DnsType type, Duration timeout);
  Awaitable<Result<SharedDnsAnswer>> look_up(std::string name, DnsType type, Duration timeout, DnsAsker asker);

 private:
  struct Parts;
  explicit Resolver(std::shared_ptr<Parts> parts);
  const std::shared_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::net
