// What one stream of push tells of one account, whether by server-sent events or over a WebSocket: what changed since it told last.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "adapters/jmap/push_feed.h"
#include "adapters/jmap/push_states.h"
#include "adapters/jmap/service.h"
#include "base/clock.h"

namespace telepost::adapters::jmap {

inline constexpr Duration kBusyPause = std::chrono::milliseconds(200);  // before take() is tried again that was busy

class PushStream {
 public:
  // After what `token` stands for (a StateChange's), or after now where it is "". A token that nobody was given is older than all.
  // Null: too many streams of the account. The service outlives it.
  static std::unique_ptr<PushStream> open(Service& service, const Login& login, const PushTypes& types, std::string_view token,
                                          std::function<void()> wake);

  bool has_news() const { return subscription_->has_news(); }
  void look_again() { subscription_->renew(); }
  // What changed of the types that are wanted; nothing where nothing did. Errors: busy (has_news() stays), denied (the log-in is none
  // any more), and those of reading.
  net::Awaitable<Result<std::optional<StateChange>>> take();

 private:
  PushStream(Service& service, const Login& login, const PushTypes& types);

  Service& service_;
  const Login login_;
  PushStates states_;
  std::unique_ptr<PushFeed::Subscription> subscription_;
};

}  // namespace telepost::adapters::jmap
