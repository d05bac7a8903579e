// What one stream of push tells of one account, whether by server-sent events or over a WebSocket: what changed since it told last.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/push_codec.h"
#include "adapters/jmap/push_feed.h"
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
  using States = std::map<std::string, std::string, std::less<>>;  // by type
  struct Now {
    schema::Modseq modseq;
    std::optional<schema::Modseq> delivered;  // when the newest email came, if one did since it told last
    States own;                               // of the types whose states are not the account's modseq
  };
  PushStream(Service& service, Login login, const PushTypes& types);
  Result<Now> look() const;  // on a worker
  std::optional<StateChange> tell(Now now);

  Service& service_;
  const Login login_;
  std::vector<Methods::ChangingType> types_;  // those that are here: what else a client names is not kept for it
  const bool wants_deliveries_;
  std::unique_ptr<PushFeed::Subscription> subscription_;
  // What it told last. No modseq: it begins with what is now. Of a token only the digest of its own states is known.
  std::optional<schema::Modseq> told_;
  States told_own_;
  std::string told_digest_;
};

}  // namespace telepost::adapters::jmap
