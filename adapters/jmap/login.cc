#include <algorithm>

#include "adapters/jmap/basic_codec.h"
#include "adapters/jmap/service.h"
#include "adapters/net/completion.h"
#include "adapters/net/login_turn.h"
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

// RFC 7617 section 2.1. What a browser asks a person for by itself would be no log-in of a mail program.
net::HttpReply unauthorized() {
  net::HttpReply reply = net::problem(401, "log in with an address and an app password");
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
      Result<Checked> again = co_await on_worker(*known);
      if (!again.ok()) co_return LoginOutcome{{}, unavailable(again.error())};
      if (again->account) co_return LoginOutcome{Login{*again->account, credentials_.name, again->keys}, {}};
    }
    const std::unique_ptr<net::LoginDelays::Attempt> attempt = net::begin_login(*service_.delays, credentials_.name, exchange_.peer());
    if (attempt) co_await net::wait_for_turn(exchange_, service_.clock, *attempt);
    if (!attempt || !attempt->check()) co_return LoginOutcome{{}, refused(429, "too many log-ins fail from here; try again later")};
    Result<Checked> checked = co_await on_worker(std::nullopt);
    if (!checked.ok()) co_return LoginOutcome{{}, unavailable(checked.error())};
    logins().with({checked->account ? "accepted" : "refused"}).add();
    if (!checked->account) {
      log::info("login_refused", {{"listener", "jmap"}, {"peer", exchange_.peer().network()}, {"name", credentials_.name}});
      co_return LoginOutcome{{}, unauthorized()};
    }
    attempt->succeeded();
    service_.derived.add(credentials_.name, credentials_.password, checked->keys);
    co_return LoginOutcome{Login{*checked->account, credentials_.name, checked->keys}, {}};
  }

 private:
  // With keys that were derived before, or deriving them.
  net::Awaitable<Result<Checked>> on_worker(std::optional<ScramKeys> known) {
    net::Answer<Checked> answer;
    store::Store& store = service_.context.store;
    const Result<void> queued = store.run([done = answer.completion(), &store, known, credentials = credentials_] {
      if (!known) return done(check(store, credentials));
      auto account = opened_by(store, credentials.name, *known);
      done(account.ok() ? Result<Checked>(Checked{*account, *known}) : Result<Checked>(account.error()));
    });
    if (!queued.ok()) co_return queued.error();
    co_return co_await answer.get();
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

net::Awaitable<LoginOutcome> log_in(Service& service, net::HttpExchange& exchange) {
  const bool is_safe = exchange.tls() != nullptr || exchange.peer().is_loopback || !exchange.peer().front.empty();
  if (!is_safe) co_return LoginOutcome{{}, refused(403, "passwords are taken in TLS alone")};
  auto credentials = basic_credentials_from(exchange.request().field("Authorization").value_or(""));
  if (!credentials) co_return LoginOutcome{{}, unauthorized()};
  LogIn attempt(service, exchange, *std::move(credentials));
  LoginOutcome outcome = co_await attempt.run();
  co_return outcome;
}

}  // namespace telepost::adapters::jmap
