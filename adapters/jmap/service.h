// What every request to the JMAP server shares, and the signature of what answers one.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/jmap/derived_keys.h"
#include "adapters/jmap/methods.h"
#include "adapters/jmap/push_feed.h"
#include "adapters/jmap/session_object.h"
#include "adapters/net/http_exchange.h"
#include "adapters/net/login_delays.h"
#include "adapters/net/own_url.h"

namespace telepost::adapters::jmap {

// How many requests of an account are under way (maxConcurrentRequests). Any thread.
class RequestsUnderWay {
 public:
  // Held while the request is.
  using Ticket = std::shared_ptr<void>;
  Ticket admit(schema::AccountId account, std::uint32_t most);  // null: as many already

 private:
  std::mutex mutex_;
  std::map<schema::AccountId, std::uint32_t> requests_;  // guarded by mutex_
};

struct Service {
  Context context;
  Methods methods;
  const Clock& clock;
  std::shared_ptr<net::LoginDelays> delays;  // of all that takes log-ins
  DerivedKeys derived;
  RequestsUnderWay under_way;
  RequestsUnderWay uploads_under_way = {};  // maxConcurrentUpload
  RequestsUnderWay downloads_under_way = {};  // kMostDownloads
  PushFeed push{context.store.changes()};
  SessionStates session_states = {};
};

using Answered = net::Awaitable<std::optional<net::HttpReply>>;
// A route, once somebody has logged in. Both outlive the coroutine.
using Route = Answered(Service& service, net::HttpExchange& exchange, Login login);

// What the addresses of the session object begin with: jmap.url, else the host that was asked for.
std::string url_of(const Service& service, const net::HttpExchange& exchange);

// Runs it, with the state of the session object that has these addresses. Blocks: on a worker.
std::variant<Response, RequestError> run_in_session(Service& service, const Login& login, std::string_view url, Request request);

// A problem of RFC 8620 section 3.6.1.
net::HttpReply reply_of(const RequestError& error);

struct LoginOutcome {
  std::optional<Login> login;
  net::HttpReply refusal;  // where there is none
};
using net::may_take_passwords;
// In TLS or from this machine or a trusted front alone: HTTP Basic with an address and an app password, which waits as guessing does; an
// access token of an OAuth client (Bearer); or the cookie of a session, for our own pages. What Authorization says counts before a cookie.
net::Awaitable<LoginOutcome> log_in(Service& service, net::HttpExchange& exchange);

// Asked again where a log-in lasts longer than a request: what it opens now, and never more than when it was made: an access token may open
// less than its grant. denied: whoever logged in could not do so now, or the access token is over, though its grant goes on. Blocks on the
// store.
Result<schema::Scopes> still_allowed(store::Store& store, const Login& login);

// Whether an address is one of ours, whatever the method.
bool has_route(const net::HttpRequest& request);
// Every request to one of them (adapters/jmap/session.cc has the routes).
Answered answer(Service& service, net::HttpExchange& exchange);

}  // namespace telepost::adapters::jmap
