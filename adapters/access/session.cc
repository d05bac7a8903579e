// The session that a cookie names.
#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/origin_codec.h"
#include "adapters/net/own_url.h"
#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::access {
namespace {

constexpr std::size_t kMaxLabelBytes = 200;

// What the person will know the browser by. It comes from outside: controls and what is no UTF-8 are left out.
std::string label_of(const net::HttpRequest& request) {
  std::string label;
  for (const char c : request.field("User-Agent").value_or("")) {
    if (c >= ' ' && c < 0x7f && label.size() < kMaxLabelBytes) label += c;
  }
  return label;
}

std::optional<std::string> cookie_of(const net::HttpExchange& exchange) {
  return net::cookie_from(exchange.request().fields, net::session_cookie_name(net::cookie_channel(exchange)));
}

bool is_session(const std::optional<store::Token>& token) { return token && token->kind == store::TokenKind::session; }

}  // namespace

net::Awaitable<Result<std::optional<Session>>> find_session(const Service& service, net::HttpExchange& exchange) {
  const std::optional<std::string> text = cookie_of(exchange);
  if (!text) co_return std::optional<Session>();
  auto work = [&store = service.store, text = *text, peer = exchange.peer().network()]() -> Result<std::optional<store::Token>> {
    TELEPOST_ASSIGN(std::optional<store::Token> token, store.tokens().find(text));
    if (!is_session(token)) return std::optional<store::Token>();
    (void)store.tokens().note_use(*token, peer);  // where that fails the session still is one: a full disk keeps nobody from deleting
    return token;
  };
  net::Awaitable<Result<std::optional<store::Token>>> finding = net::on_worker<std::optional<store::Token>>(service.store, std::move(work));
  Result<std::optional<store::Token>> found = co_await std::move(finding);
  if (!found.ok()) co_return found.error();
  if (!*found) co_return std::optional<Session>();
  co_return std::optional<Session>(Session{**std::move(found), *text});
}

std::optional<net::HttpReply> refusal_of_page(const Service& service, const net::HttpExchange& exchange) {
  if (!net::may_take_passwords(exchange)) return problem_of(403, "plainText", "sign-ins are taken in TLS alone");
  if (!net::is_own_name(service.url, exchange) || !net::may_use_cookie(exchange.request(), issuer_of(service, exchange)))
    return problem_of(403, "origin", "only this server's own pages may do this");
  return std::nullopt;
}

net::Awaitable<Admitted> admit(const Service& service, net::HttpExchange& exchange) {
  if (auto refusal = refusal_of_page(service, exchange)) co_return Admitted{{}, *std::move(refusal)};
  Result<std::optional<Session>> found = co_await find_session(service, exchange);
  if (!found.ok()) {
    log::error("session_not_checked", {{"reason", to_string(found.error())}});
    co_return Admitted{{}, problem_of(503, "unavailable", "nobody can be checked now; try again later")};
  }
  if (!*found) co_return Admitted{{}, problem_of(401, "signedOut", "sign in")};
  if (!(*found)->token.scopes.contains(schema::Scope::settings)) co_return Admitted{{}, problem_of(403, "scope", "this session opens no settings")};
  co_return Admitted{*std::move(found), {}};
}

net::Awaitable<Sent> read_fields(net::HttpExchange& exchange, FieldNames names) {
  const std::string type = exchange.request().field("Content-Type").value_or("");
  if (!equals_ignoring_case(trim(std::string_view(type).substr(0, type.find(';'))), "application/json")) {
    co_return Sent{{}, problem_of(415, "invalid", "the content type is not application/json")};
  }
  Result<std::string> body = co_await exchange.read_body(kMaxBodyBytes);
  if (!body.ok()) co_return Sent{{}, net::problem(body.error())};
  Result<Fields> fields = fields_from(*body, names);
  if (!fields.ok()) co_return Sent{{}, problem_of(400, "invalid", fields.error().detail)};
  co_return Sent{*std::move(fields), {}};
}

net::Awaitable<SentBySession> read_fields_of_session(const Service& service, net::HttpExchange& exchange, FieldNames names) {
  if (auto refusal = refusal_of_page(service, exchange)) co_return SentBySession{{}, {}, *std::move(refusal)};
  net::Awaitable<Sent> reading = read_fields(exchange, std::move(names));
  Sent sent = co_await std::move(reading);
  if (!sent.fields) co_return SentBySession{{}, {}, std::move(sent.refusal)};
  Admitted admitted = co_await admit(service, exchange);
  co_return SentBySession{std::move(admitted.session), *std::move(sent.fields), std::move(admitted.refusal)};
}

net::Awaitable<Result<Begun>> begin_session(const Service& service, net::HttpExchange& exchange, SignedIn who) {
  store::NewToken wanted;
  wanted.kind = store::TokenKind::session;
  wanted.label = label_of(exchange.request());
  wanted.peer = exchange.peer().network();
  wanted.scopes = schema::Scopes::all();
  wanted.lifetime = store::kSessionKept;
  wanted.while_password = std::move(who.while_password);
  auto work = [&store = service.store, account = who.account, wanted, before = cookie_of(exchange).value_or("")]() -> Result<store::Tokens::Issued> {
    TELEPOST_ASSIGN(const std::optional<store::Token> old, store.tokens().find(before));
    TELEPOST_ASSIGN(store::Tokens::Issued issued, store.tokens().issue(account, wanted));
    if (is_session(old)) {
      const Result<void> ended = store.tokens().revoke(old->account, old->family);
      if (!ended.ok() && ended.error().kind != Errc::not_found) return ended.error();
    }
    return issued;
  };
  net::Awaitable<Result<store::Tokens::Issued>> issuing = net::on_worker<store::Tokens::Issued>(service.store, std::move(work));
  Result<store::Tokens::Issued> issued = co_await std::move(issuing);
  if (!issued.ok()) co_return issued.error();
  const std::string cookie =
      net::session_cookie(net::cookie_channel(exchange), issued->text, std::chrono::duration_cast<std::chrono::seconds>(store::kSessionKept));
  co_return Begun{std::move(issued->token), cookie};
}

}  // namespace telepost::adapters::access
