// The MTA-STS policies (RFC 8461) of the domains that mail goes to: asked for, fetched over HTTPS, and kept as long as they say.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/net/awaitable.h"
#include "adapters/smtp/sender/mta_sts_codec.h"
#include "base/clock.h"

namespace telepost::adapters::net {
class HttpsFetch;
class Resolver;
}

namespace telepost::adapters::smtp::sender {

inline constexpr std::size_t kStsPoliciesKept = 10'000;
inline constexpr std::size_t kStsPoliciesBytes = 16u << 20;  // of all of them: the longest unused go first

// Any loop.
class StsPolicies {
 public:
  StsPolicies(net::Resolver& resolver, net::HttpsFetch& fetch, const Clock& clock) : resolver_(resolver), fetch_(fetch), clock_(clock) {}

  // The policy in force; null: the domain has none. Never an error: without an answer what is known stays in force (section 3.3),
  // and where nothing is known the domain is taken to have none, as an attacker on the first contact could have it.
  net::Awaitable<std::shared_ptr<const StsPolicy>> of(std::string domain);

 private:
  struct Kept {
    std::string id;                           // of the TXT record that led to it
    std::shared_ptr<const StsPolicy> policy;  // null: there was no policy under that id
    SteadyTime until{};
    SteadyTime asked{};                       // the TXT record is not asked for more often than once a minute
    std::list<std::string>::iterator use;
    std::size_t bytes = 0;                    // about
  };
  std::optional<Kept> known(const std::string& domain);
  void keep(const std::string& domain, Kept kept);
  void drop(std::map<std::string, Kept>::iterator kept);  // with mutex_ locked

  net::Resolver& resolver_;
  net::HttpsFetch& fetch_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // guarded by mutex_
  std::size_t bytes_ = 0;             // the same
  std::list<std::string> uses_;       // the same; least recently used first
};

}  // namespace telepost::adapters::smtp::sender
