#include <algorithm>

#include "adapters/jmap/basic_codec.h"
#include "adapters/jmap/service.h"
#include "adapters/net/login_turn.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/origin_codec.h"
#include "adapters/net/visit.h"
#include "base/hmac.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/accounts.h"
#include "store/app_passwords.h"
#include "store/tokens.h"

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

struct Checked {
  std::optional<schema::AccountId> account;
  ScramKeys keys;
  schema::Scopes scopes{};
  std::optional<schema::AccountId> named{};  // whose name it is, whatever the password
};

// The account whose app password leads to these keys, as things stand now.
Result<Checked> opened_by(store::Store& store, const std::string& name, const ScramKeys& given) {
  TELEPOST_ASSIGN(const store::LoginKeys there, store.app_passwords().keys_of(name));
  Checked checked{{}, given, {}, there.account};
  for (std::size_t i = 0; i < there.keys.size(); ++i) {
    if (!equal_in_constant_time(there.keys[i].stored_key.view(), given.stored_key.view())) continue;
    checked.account = there.account;
    checked.scopes = there.scopes[i];
  }
  return checked;
}

Result<Checked> check(store::Store& store, const BasicCredentials& given) {
  TELEPOST_ASSIGN(const store::LoginKeys there, store.app_passwords().keys_of(given.name));
  return opened_by(store, given.name, scram_keys(given.password, there.salt, there.iterations));
}

Login login_of(const Checked& checked, const std::string& name) { return {*checked.account, name, checked.keys, 0, checked.scopes}; }

net::HttpReply unavailable(const Error& error) {
  log::error("login_not_checked", {{"listener", "jmap"}, {"reason", to_string(error)}});
  return refused(503, "nobody can be checked now; try again later");
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
      if (again->account) tell(again->account);
      if (again->account) co_return LoginOutcome{login_of(*again, credentials_.name), {}};
    }
    net::Awaitable<net::BegunLogin> beginning =
        net::begin_login(*service_.delays, service_.context.store, net::LoginSecret::app_password, credentials_.name, exchange_.peer());
    const net::BegunLogin begun = co_await std::move(beginning);
    if (!begun.ok()) co_return LoginOutcome{{}, unavailable(begun.error())};
    const std::unique_ptr<net::LoginDelays::Attempt>& attempt = *begun;
    if (attempt) co_await net::wait_for_turn(exchange_, service_.clock, *attempt);
    if (!attempt || !attempt->check()) {
      tell({}, "too many log-ins fail from here");
      co_return LoginOutcome{{}, out_of_turn()};
    }
    Result<Checked> checked = co_await check_with(std::nullopt);
    if (!checked.ok()) co_return LoginOutcome{{}, unavailable(checked.error())};
    logins().with({checked->account ? "accepted" : "refused"}).add();
    tell(checked->named, checked->account ? "" : "wrong name or app password");
    if (!checked->account) {
      // Not the name as it was typed: where it is nobody's it may be a password.
      log::info("login_refused", {{"listener", "jmap"}, {"peer", exchange_.peer().network()}, {"account", checked->named ? schema::to_string(*checked->named) : "unknown"}});
      co_return LoginOutcome{{}, unauthorized(exchange_.request())};
    }
    attempt->succeeded();
    service_.derived.add(credentials_.name, credentials_.password, checked->keys);
    co_return LoginOutcome{login_of(*checked, credentials_.name), {}};
  }

 private:
  // With keys that were derived before, or deriving them.
  net::Awaitable<Result<Checked>> check_with(std::optional<ScramKeys> known) {
    store::Store& store = service_.context.store;
    auto work = [&store, known, credentials = credentials_]() -> Result<Checked> {
      return known ? opened_by(store, credentials.name, *known) : check(store, credentials);
    };
    net::Awaitable<Result<Checked>> checking = net::on_worker<Checked>(store, std::move(work));
    Result<Checked> checked = co_await std::move(checking);
    co_return checked;
  }

  // For the log of visits.
  void tell(std::optional<schema::AccountId> named, std::string refused = {}) const {
    if (exchange_.visit() == nullptr) return;
    exchange_.visit()->log_in(exchange_.peer(), {.method = "basic", .account = named, .name = credentials_.name, .refused = std::move(refused)});
  }

  // Its wait ended before it was due.
  net::HttpReply out_of_turn() const {
    if (exchange_.is_draining()) return refused(503, "the server stops; try again");
    return refused(429, "too many log-ins fail from here; try again later");
  }

  Service& service_;
  net::HttpExchange& exchange_;
  const BasicCredentials credentials_;
};

// Of an access token or a session's cookie, as things stand now.
Result<std::optional<Login>> opened_by_token(store::Store& store, const std::string& text, store::TokenKind kind, const std::string& peer) {
  TELEPOST_ASSIGN(const std::optional<store::Token> token, store.tokens().find(text));
  if (!token || token->kind != kind) return std::optional<Login>();
  const Result<store::Account> account = store.accounts().show(token->account);
  if (!account.ok() && account.error().kind == Errc::not_found) return std::optional<Login>();
  TELEPOST_TRY(account);
  (void)store.tokens().note_use(*token, peer);  // where that fails it still is one: a full disk keeps nobody from deleting
  const auto& addresses = account->profile.addresses;
  Login login{token->account, addresses.empty() ? std::string() : store::addr_spec(addresses.front()), {}, token->family, token->scopes};
  if (kind == store::TokenKind::access) login.until = token->expires;
  return std::optional(std::move(login));
}

net::Awaitable<LoginOutcome> log_in_by_token(Service& service, net::HttpExchange& exchange, std::string text, store::TokenKind kind) {
  store::Store& store = service.context.store;
  auto work = [&store, text = std::move(text), kind, peer = exchange.peer().network()] { return opened_by_token(store, text, kind, peer); };
  net::Awaitable<Result<std::optional<Login>>> opening = net::on_worker<std::optional<Login>>(store, std::move(work));
  Result<std::optional<Login>> opened = co_await std::move(opening);
  if (!opened.ok()) co_return LoginOutcome{{}, unavailable(opened.error())};
  const bool is_session = kind == store::TokenKind::session;
  if (exchange.visit() != nullptr) {
    exchange.visit()->log_in(exchange.peer(), {.method = is_session ? "session" : "bearer",
                                               .account = *opened ? std::optional((*opened)->account) : std::nullopt,
                                               .name = *opened ? (*opened)->name : std::string(),
                                               .refused = *opened ? "" : "no such token"});
  }
  if (*opened) co_return LoginOutcome{*std::move(opened), {}};
  net::HttpReply refusal = net::problem(401, is_session ? "sign in" : "the access token is none, or is over");
  // RFC 6750 section 3.1. Of a cookie a browser is asked nothing: its page knows where to sign in.
  if (!is_session) refusal.fields.push_back({"WWW-Authenticate", "Bearer realm=\"Telepost\", error=\"invalid_token\""});
  co_return LoginOutcome{{}, std::move(refusal)};
}

net::Awaitable<LoginOutcome> log_in_by_cookie(Service& service, net::HttpExchange& exchange, std::string text) {
  if (!net::may_use_cookie(exchange.request(), url_of(service, exchange))) {
    co_return LoginOutcome{{}, refused(403, "a session counts for this server's own pages alone")};
  }
  net::Awaitable<LoginOutcome> opening = log_in_by_token(service, exchange, std::move(text), store::TokenKind::session);
  LoginOutcome outcome = co_await std::move(opening);
  co_return outcome;
}

Result<schema::Scopes> opened_by_family(store::Store& store, const Login& login) {
  const Result<std::vector<store::Token>> tokens = store.tokens().list(login.account);
  if (!tokens.ok() && tokens.error().kind != Errc::not_found) return tokens.error();
  if (tokens.ok()) {
    const auto found = std::find_if(tokens->begin(), tokens->end(), [&](const store::Token& token) { return token.family == login.family; });
    if (found != tokens->end()) return found->scopes;
  }
  return {Errc::denied, "the session or grant is revoked or over, or the account closed"};
}

}  // namespace

Result<schema::Scopes> still_allowed(store::Store& store, const Login& login) {
  if (login.until && store.now() >= *login.until) return {Errc::denied, "the access token is over"};
  if (login.family != 0) {
    TELEPOST_ASSIGN(const schema::Scopes granted, opened_by_family(store, login));
    return both(granted, login.scopes);
  }
  TELEPOST_ASSIGN(const Checked now, opened_by(store, login.name, login.keys));
  if (now.account != login.account) return {Errc::denied, "the app password is revoked, or the account closed"};
  return both(now.scopes, login.scopes);
}

net::Awaitable<LoginOutcome> log_in(Service& service, net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  if (!may_take_passwords(exchange.peer(), exchange.tls() != nullptr)) co_return LoginOutcome{{}, refused(403, "passwords are taken in TLS alone")};
  const std::string authorization = request.field("Authorization").value_or("");
  std::optional<std::string> token = bearer_token_from(authorization);
  if (token) {
    net::Awaitable<LoginOutcome> opening = log_in_by_token(service, exchange, *std::move(token), store::TokenKind::access);
    LoginOutcome outcome = co_await std::move(opening);
    co_return outcome;
  }
  std::optional<std::string> cookie = net::cookie_from(request.fields, net::session_cookie_name(net::cookie_channel(exchange)));
  if (authorization.empty() && cookie) {
    net::Awaitable<LoginOutcome> opening = log_in_by_cookie(service, exchange, *std::move(cookie));
    LoginOutcome outcome = co_await std::move(opening);
    co_return outcome;
  }
  auto credentials = basic_credentials_from(authorization);
  if (!credentials) co_return LoginOutcome{{}, unauthorized(request)};
  LogIn attempt(service, exchange, *std::move(credentials));
  LoginOutcome outcome = co_await attempt.run();
  co_return outcome;
}

}  // namespace telepost::adapters::jmap
