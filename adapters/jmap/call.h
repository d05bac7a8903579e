// What one method call sees: who asks, what is asked, and the store.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/jmap/arguments_codec.h"
#include "adapters/jmap/error_codec.h"
#include "adapters/jmap/id_codec.h"
#include "adapters/jmap/request_codec.h"
#include "base/clock.h"
#include "base/scram_keys.h"
#include "schema/jmap_settings.h"
#include "schema/scopes.h"
#include "store/store.h"

namespace telepost::adapters::jmap {

class PushDesk;

// Of the server. Any thread.
struct Context {
  store::Store& store;
  schema::JmapSettings settings = {};  // the limits of RFC 8620 section 2
  PushDesk* push = nullptr;            // where nothing is pushed, PushSubscription is not offered either
};

// Who asks. The one account is the subscriber's own.
struct Login {
  schema::AccountId account;
  std::string name;  // as it was typed, or of a token's account the first address: the session's username
  // What opened it, by which long connections ask again: the keys of an app password, or the sign-in or grant that a token is of.
  ScramKeys keys = {};
  std::uint64_t family = 0;  // 0: an app password
  schema::Scopes scopes = schema::Scopes::of_app_password();
  std::optional<Time> until = {};  // an access token's end, which no long connection outlives; none: whatever it is of says when
};

// `using`: what of capabilities that add to other types' objects may be shown (RFC 8620 section 1.8).
using Capabilities = std::set<std::string, std::less<>>;

// One thread. Blocks on the store, so it is one of the store's workers.
class Call {
 public:
  Call(const Context& server, const Login& who, const Capabilities& used, CreatedIds& created, const Json& object)
      : context(server), login(who), in_use(used), created_ids(created), arguments(object) {}

  const Context& context;
  const Login& login;
  const Capabilities& in_use;
  CreatedIds& created_ids;
  Arguments arguments;

  // Reads accountId. invalid; not_found (accountNotFound): it is not one that the login may use.
  Result<schema::AccountId> account();
  // A response besides the method's own, right behind it, as though it were another call's (RFC 8620 section 5.4).
  void respond_also(std::string method, MethodResult result) { also_.push_back({std::move(method), std::move(result)}); }
  struct Also {
    std::string method;
    MethodResult result;
  };
  std::vector<Also> take_also() { return std::move(also_); }

 private:
  std::vector<Also> also_;
};

using Method = MethodResult(Call& call);

}  // namespace telepost::adapters::jmap
