// What OAuth clients ask without a person: metadata, tokens, and that one be revoked. No cookie counts here.
#include "adapters/access/oauth_reply_codec.h"
#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/own_url.h"
#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::access {
namespace {

using Issued = std::vector<store::Tokens::Issued>;

net::HttpReply oauth_reply(std::string text) {
  net::HttpReply reply = json_reply(std::move(text));
  reply.fields.push_back({"Pragma", "no-cache"});  // RFC 6749 section 5.1
  return reply;
}

net::HttpReply oauth_refusal(const OauthError& error, unsigned status = 400) {
  net::HttpReply reply = oauth_reply(to_json(error));
  reply.status = status;
  return reply;
}

struct Form {
  std::optional<Parameters> parameters;
  net::HttpReply refusal{};  // where there are none
};

net::Awaitable<Form> read_form(net::HttpExchange& exchange) {
  if (!net::may_take_passwords(exchange)) co_return Form{{}, oauth_refusal({"invalid_request", "tokens are given in TLS alone"}, 403)};
  if (exchange.request().field("Authorization")) {  // section 5.2
    net::HttpReply refusal = oauth_refusal({"invalid_client", "the clients here have no secret"}, 401);
    refusal.fields.push_back({"WWW-Authenticate", "Basic realm=\"Telepost\""});
    co_return Form{{}, std::move(refusal)};
  }
  const std::string type = exchange.request().field("Content-Type").value_or("");
  if (!equals_ignoring_case(trim(std::string_view(type).substr(0, type.find(';'))), "application/x-www-form-urlencoded")) {
    co_return Form{{}, oauth_refusal({"invalid_request", "the content type is not application/x-www-form-urlencoded"})};
  }
  const Result<std::string> body = co_await exchange.read_body(kMaxBodyBytes);
  if (!body.ok()) co_return Form{{}, net::problem(body.error())};
  Result<Parameters> parameters = form_from(*body);
  if (!parameters.ok()) co_return Form{{}, oauth_refusal({"invalid_request", "the body is no form"})};
  co_return Form{*std::move(parameters), {}};
}

std::vector<store::NewToken> pair_of(const store::Token& spent, schema::Scopes grant, schema::Scopes access, const std::string& peer) {
  store::NewToken token;
  token.kind = store::TokenKind::access;
  token.client = spent.client;
  token.label = spent.label;
  token.peer = peer;
  token.scopes = access;
  token.lifetime = store::kAccessKept;
  store::NewToken refresh = token;
  refresh.kind = store::TokenKind::refresh;
  refresh.scopes = grant;
  refresh.lifetime = store::kRefreshKept;
  return {std::move(token), std::move(refresh)};
}

Error no_grant() { return {Errc::denied, "the grant is another client's"}; }

Result<Issued> spend(store::Store& store, const CodeGrant& grant, const std::string& peer) {
  return store.tokens().spend(grant.code, [&](const store::Token& code) -> Result<std::vector<store::NewToken>> {
    const bool fits = code.kind == store::TokenKind::code && code.client == grant.client && code.redirect == grant.redirect;
    if (!fits || !proves(grant.verifier, code.challenge)) return no_grant();
    return pair_of(code, code.scopes, code.scopes, peer);
  });
}

// What the configuration has taken from the client since is not given again.
Result<Issued> spend(store::Store& store, const RefreshGrant& grant, schema::Scopes most, const std::string& peer) {
  return store.tokens().spend(grant.token, [&](const store::Token& refresh) -> Result<std::vector<store::NewToken>> {
    if (refresh.kind != store::TokenKind::refresh || refresh.client != grant.client) return no_grant();
    const schema::Scopes left = both(refresh.scopes, most);
    const schema::Scopes wanted = grant.scopes.value_or(left);
    if (left.empty()) return no_grant();
    if (!left.contains(wanted)) return Error{Errc::refused, "more than was granted"};
    return pair_of(refresh, left, wanted, peer);
  });
}

net::HttpReply answer_with(const Result<Issued>& issued) {
  if (!issued.ok()) {
    const Errc kind = issued.error().kind;
    if (kind == Errc::conflict) log::warning("oauth_token_reused", {{"result", "the grant is revoked"}});
    if (kind == Errc::refused) return oauth_refusal({"invalid_scope", "more than was granted"});
    const bool is_none = kind == Errc::not_found || kind == Errc::conflict || kind == Errc::denied || kind == Errc::invalid;
    return is_none ? oauth_refusal({"invalid_grant", "the code or token is none, or is over, or was used before"}) : net::problem(issued.error());
  }
  TokenAnswer answer;
  answer.lifetime = std::chrono::duration_cast<std::chrono::seconds>(store::kAccessKept);
  for (const store::Tokens::Issued& one : *issued) {
    const bool is_access = one.token.kind == store::TokenKind::access;
    (is_access ? answer.access : answer.refresh) = one.text;
    if (is_access) answer.scopes = one.token.scopes;
  }
  return oauth_reply(to_json(answer));
}

}  // namespace

Answered show_metadata(const Service& service, net::HttpExchange& exchange) { co_return json_reply(metadata(issuer_of(service, exchange))); }

Answered give_token(const Service& service, net::HttpExchange& exchange) {
  const Form form = co_await read_form(exchange);
  if (!form.parameters) co_return form.refusal;
  const auto asked = read_token_request(*form.parameters, service.clients);
  if (const auto* const error = std::get_if<OauthError>(&asked)) co_return oauth_refusal(*error);
  auto work = [&service, asked, peer = exchange.peer().network()]() -> Result<Issued> {
    if (const auto* const code = std::get_if<CodeGrant>(&asked)) return spend(service.store, *code, peer);
    const auto& refresh = std::get<RefreshGrant>(asked);
    return spend(service.store, refresh, schema::find_client(service.clients, refresh.client)->scopes, peer);
  };
  net::Awaitable<Result<Issued>> spending = net::on_worker<Issued>(service.store, std::move(work));
  const Result<Issued> issued = co_await std::move(spending);
  co_return answer_with(issued);
}

// RFC 7009: the grant ends as a whole, whichever of its tokens is named; one that is none any more is as well as revoked.
Answered revoke_token(const Service& service, net::HttpExchange& exchange) {
  const Form form = co_await read_form(exchange);
  if (!form.parameters) co_return form.refusal;
  const auto asked = read_revocation(*form.parameters, service.clients);
  if (const auto* const error = std::get_if<OauthError>(&asked)) co_return oauth_refusal(*error);
  auto work = [&store = service.store, revocation = std::get<Revocation>(asked)] {
    return store.tokens().revoke_by(revocation.token, revocation.client);
  };
  using Revoked = store::Tokens::Revoked;
  net::Awaitable<Result<Revoked>> revoking = net::on_worker<Revoked>(service.store, std::move(work));
  const Result<Revoked> revoked = co_await std::move(revoking);
  if (!revoked.ok() && revoked.error().kind == Errc::denied) co_return oauth_refusal({"invalid_grant", "the token is another client's"});
  if (!revoked.ok()) co_return net::problem(revoked.error());
  if (*revoked == Revoked::by_spent) log::warning("oauth_token_reused", {{"result", "the grant is revoked"}});
  co_return oauth_reply("{}");
}

}  // namespace telepost::adapters::access
