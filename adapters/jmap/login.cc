#include <algorithm>

#include "adapters/jmap/basic_codec.h"
#include "adapters/jmap/service.h"
#include "adapters/net/login_turn.h"
#include "adapters/net/on_worker.h"
#include "base/hmac.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/app_passwords.h"

namespace telepost::adapters::jmap {
namespace {

metrics::Counter& logins() {
  static metrics::Counter counter("telepost_jmap_logins_total", "Log-ins of JMAP clients that were checked", {"result"});
  return counter;
}

// RFC 7617 section 2.1. A browser, which alone tells what kind of fetch it is, is not asked: it would ask its person, keep what is typed,
// and add it to what pages of others send here, forms and images too. Pages that speak JMAP bring credentials of their own.
net::HttpReply unauthorized(const net::HttpRequest& request) {
  net::HttpReply reply = net::problem(401, "log in with an address and an app password");
  if (request.field("Sec-Fetch-Mode")) return reply;
  reply.fields.push_back({"WWW-Authenticate", "Basic realm=\"Telepost\", charset=\"UTF-8\""});
  return reply;
}

net::HttpReply refused(unsigned status, std::string_view why) {
  net::HttpReply reply = net::problem(status, why);
  if (status == 429) reply.fields.push_back({"Retry-After", "60"});
  return reply;
}

// The account whose app password leads to these keys, as things stand now.
Result<std::optional<schema::AccountId>> opened_by(store::Store& store, const std::string& name, const ScramKeys& given) {
  TELEPOST_ASSIGN(const store::LoginKeys there, store.app_passwords().keys_of(name));
  const auto fits = [&](const ScramKeys& one) { return equal_in_constant_time(one.stored_key.view(), given.stored_key.view()); };
  return std::any_of(there.keys.begin(), there.keys.end(), fits) ? there.account : std::nullopt;
}

struct Checked {
  std::optional<schema::AccountId> account;
  ScramKeys keys;
};

Result<Checked> check(store::Store& store, const BasicCredentials& given) {
  TELEPOST_ASSIGN(const store::LoginKeys there, store.app_passwords().keys_of(given.name));
  Checked checked{{}, scram_keys(given.password, there.salt, there.iterations)};
  TELEPOST_ASSIGN(checked.account, opened_by(store, given.name, checked.keys));
  return checked;
}

class LogIn {
 public:
  LogIn(Service& service, net::HttpExchange& exchange, BasicCredentials credentials)
      : service_(service), exchange_(exchange), credentials_(std::move(credentials)) {}

  net::Awaitable<LoginOutcome> run() {
    const std::optional<ScramKeys> known = service_.derived.find(credentials_.name, credentials_.password);
    if (known) {
      Result<Checked> again = co_await check_with(*known);
      if (!again.ok()) co_return LoginOutcome{{}, unavailable(again.error())};
      if (again->account) co_return LoginOutcome{Login{*again->account, credentials_.name, again->keys}, {}};
    }
    const std::unique_ptr<net::LoginDelays::Attempt> attempt = net::begin_login(*service_.delays, credentials_.name, exchange_.peer());
    if (attempt) co_await net::wait_for_turn(exchange_, service_.clock, *attempt);
    if (!attempt || !attempt->check()) co_return LoginOutcome{{}, out_of_turn()};
    Result<Checked> checked = co_await check_with(std::nullopt);
    if (!checked.ok()) co_return LoginOutcome{{}, unavailable(checked.error())};
    logins().with({checked->account ? "accepted" : "refused"}).add();
    if (!checked->account) {
      log::info("login_refused", {{"listener", "jmap"}, {"peer", exchange_.peer().network()}, {"name", credentials_.name}});
      co_return LoginOutcome{{}, unauthorized(exchange_.request())};
    }
    attempt->succeeded();
    service_.derived.add(credentials_.name, credentials_.password, checked->keys);
    co_return LoginOutcome{Login{*checked->account, credentials_.name, checked->keys}, {}};
  }

 private:
  // With keys that were derived before, or deriving them.
  net::Awaitable<Result<Checked>> check_with(std::optional<ScramKeys> known) {
    store::Store& store = service_.context.store;
    auto work = [&store, known, credentials = credentials_]() -> Result<Checked> {
      if (!known) return check(store, credentials);
      TELEPOST_ASSIGN(const auto account, opened_by(store, credentials.name, *known));
      return Checked{account, *known};
    };
    net::Awaitable<Result<Checked>> checking = net::on_worker<Checked>(store, std::move(work));
    Result<Checked> checked = co_await std::move(checking);
    co_return checked;
  }

  // Its wait ended before it was due.
  net::HttpReply out_of_turn() const {
    if (exchange_.is_draining()) return refused(503, "the server stops; try again");
    return refused(429, "too many log-ins fail from here; try again later");
  }

  net::HttpReply unavailable(const Error& error) {
    log::error("login_not_checked", {{"listener", "jmap"}, {"reason", to_string(error)}});
    return refused(503, "nobody can be checked now; try again later");
  }

  Service& service_;
  net::HttpExchange& exchange_;
  const BasicCredentials credentials_;
};

}  // namespace

Result<void> still_allowed(store::Store& store, const Login& login) {
  TELEPOST_ASSIGN(const auto account, opened_by(store, login.name, login.keys));
  if (account != login.account) return {Errc::denied, "the app password is revoked, or the account closed"};
  return {};
}

bool may_take_passwords(const net::Peer& peer, bool in_tls) { return in_tls || peer.is_loopback || !peer.front.empty(); }

net::Awaitable<LoginOutcome> log_in(Service& service, net::HttpExchange& exchange) {
  if (!may_take_passwords(exchange.peer(), exchange.tls() != nullptr)) co_return LoginOutcome{{}, refused(403, "passwords are taken in TLS alone")};
  auto credentials = basic_credentials_from(exchange.request().field("Authorization").value_or(""));
  if (!credentials) co_return LoginOutcome{{}, unauthorized(exchange.request())};
  LogIn attempt(service, exchange, *std::move(credentials));
  LoginOutcome outcome = co_await attempt.run();
  co_return outcome;
}

}  // namespace telepost::adapters::jmap
