// Pushes what changed to the push services that clients have named (RFC 8620 section 7.2, RFC 8030).
#pragma once

#include <memory>
#include <string>

#include "adapters/jmap/push_desk.h"
#include "adapters/jmap/push_feed.h"
#include "base/clock.h"
#include "base/result.h"
#include "schema/network.h"

namespace telepost::adapters::net {
class IoThreads;
class Resolver;
}

namespace telepost::adapters::jmap {

// Of a subscription one push is under way at most, and nothing waits: what is pushed next is the newest state. What is not taken is tried
// again, later each time. Where the process ends before a push was taken and noted, the next one begins from what was noted.
class PushSender {
 public:
  struct Options {
    net::Resolver* resolver = nullptr;
    std::string authorities = {};           // a PEM file of those who vouch for push services; "" takes the system's
    schema::Networks refuse_networks = {};  // nothing is connected to there
  };
  // Looks through all accounts that have subscriptions, in the background. All that is given must outlive it.
  static Result<std::unique_ptr<PushSender>> start(net::IoThreads& threads, store::Store& store, PushFeed& feed, PushDesk& desk, const Clock& clock,
                                                   Options options);
  ~PushSender();  // stop()
  // Breaks off what is under way. Never on an I/O thread; once is enough.
  void stop();

 private:
  class Parts;
  explicit PushSender(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::jmap
