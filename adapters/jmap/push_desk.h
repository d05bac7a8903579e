// What PushSubscription/set and whoever pushes share: the subscriptions, the server's key, and what a push to one of them is.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/jmap/methods.h"
#include "adapters/jmap/p256_key.h"
#include "adapters/jmap/push_states.h"
#include "adapters/net/https_fetch.h"
#include "base/random.h"
#include "store/push_subscriptions.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostPushVerifications = 60;  // that an account may cause in an hour: each is a request to somebody's server

// Who made a subscription, as its secrets keep it: the keys of an app password, or the family of a token, and what that log-in opened. One
// that an access token made lasts as its grant does, and tells of what that token opened and no more.
void put_login(const Login& login, schema::PushSecrets& into);
bool is_of_login(const schema::PushSecrets& secrets, const Login& login);

// One POST, and what is known once it was taken.
struct PushMessage {
  std::uint64_t subscription = 0;
  net::HttpsPost post;
  std::optional<schema::ToldStates> told;  // none: it asks for the verification code
};

struct PushRound {
  std::vector<PushMessage> messages;
  std::set<std::uint64_t> subscriptions;  // that there are
  bool is_whole = true;                   // false: of one there is no message now that may be to be sent; the log says why
};

// Any thread; what reads or writes blocks on the store. Context and methods outlive it.
class PushDesk {
 public:
  // Errors: those of the key file.
  static Result<std::unique_ptr<PushDesk>> open(const Context& context, const Methods& methods, const Clock& clock, Random& random);

  store::PushSubscriptions& subscriptions() { return subscriptions_; }
  const P256Key& server_key() const { return key_; }
  std::string random_bytes(std::size_t size_bytes) { return random_.bytes(size_bytes); }

  // Called with each account of which something changed that the feed of commits does not tell. Constant once the server listens.
  void when_changed(std::function<void(schema::AccountId)> wake) { wake_ = std::move(wake); }
  void changed(schema::AccountId account) const {
    if (wake_) wake_(account);
  }
  // Whether one more may be asked for its verification code now.
  bool admit(schema::AccountId account);
  // As a subscription of the log-in begins from here.
  Result<schema::ToldStates> states_now(const Login& login, const std::optional<std::vector<std::string>>& types) const;

  // What is to be pushed now; those that are `busy` are left alone. Ends the subscriptions whose log-in is none any more. Errors: those of
  // reading all of them; what fails of a single one keeps no other waiting.
  Result<PushRound> round(schema::AccountId account, const std::set<std::uint64_t>& busy);
  // The push service took it.
  Result<void> taken(schema::AccountId account, const PushMessage& message);

 private:
  PushDesk(const Context& context, const Methods& methods, const Clock& clock, Random& random, P256Key key);
  Result<std::optional<PushMessage>> message_for(const Login& login, const store::PushSubscription& subscription, PushStates::Readings& known);
  Result<std::optional<PushMessage>> change_for(const Login& login, const store::PushSubscription& subscription, PushStates::Readings& known);
  Result<void> end(schema::AccountId account, std::uint64_t subscription);
  Result<PushMessage> write(const store::PushSubscription& subscription, const std::string& text, const std::vector<std::string>& fields);

  const Context& context_;
  const Methods& methods_;
  const Clock& clock_;
  Random& random_;
  const P256Key key_;
  const std::string contact_;
  store::PushSubscriptions subscriptions_;
  std::function<void(schema::AccountId)> wake_;
  std::mutex mutex_;
  std::map<schema::AccountId, std::deque<SteadyTime>> asked_;  // guarded by mutex_: when, in the last hour
};

}  // namespace telepost::adapters::jmap
