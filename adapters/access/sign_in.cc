// The portal's door: in and out.
#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/own_url.h"
#include "base/log.h"

namespace telepost::adapters::access {
namespace {

net::HttpReply welcome(const Begun& begun, std::string_view username) {
  net::HttpReply reply = json_reply(signed_in(begun.token.account, username));
  reply.fields.push_back({"Set-Cookie", begun.cookie});
  return reply;
}

}  // namespace

Answered sign_in(const Service& service, net::HttpExchange& exchange) {
  if (auto refusal = refusal_of_page(service, exchange)) co_return refusal;
  FieldNames names{{"name", "password"}, {"code"}};
  net::Awaitable<Sent> reading = read_fields(exchange, std::move(names));
  const Sent sent = co_await std::move(reading);
  if (!sent.fields) co_return sent.refusal;
  const Fields& fields = *sent.fields;
  Credentials credentials{fields["name"], fields["password"], fields["code"]};
  net::Awaitable<Verdict> checking = check(service, exchange, std::move(credentials));
  const Verdict verdict = co_await std::move(checking);
  if (verdict.kind != Verdict::Kind::accepted) co_return refusal_of(verdict);
  SignedIn who{*verdict.account, verdict.password};
  net::Awaitable<Result<Begun>> beginning = begin_session(service, exchange, std::move(who));
  const Result<Begun> begun = co_await std::move(beginning);
  if (!begun.ok() && begun.error().kind == Errc::denied) co_return refusal_of({});  // the password was changed meanwhile
  if (!begun.ok()) co_return net::problem(begun.error());
  auto work = [&store = service.store, account = *verdict.account] { return username_of(store, account); };
  net::Awaitable<Result<std::string>> asking = net::on_worker<std::string>(service.store, std::move(work));
  const Result<std::string> username = co_await std::move(asking);
  if (!username.ok()) co_return net::problem(username.error());
  co_return welcome(*begun, *username);
}

Answered sign_out(const Service& service, net::HttpExchange& exchange) {
  if (auto refusal = refusal_of_page(service, exchange)) co_return refusal;
  const Result<std::optional<Session>> session = co_await find_session(service, exchange);
  if (!session.ok()) co_return net::problem(session.error());
  if (*session) {
    auto work = [&store = service.store, token = (*session)->token] { return store.tokens().revoke(token.account, token.family); };
    net::Awaitable<Result<void>> ending = net::on_worker<void>(service.store, std::move(work));
    const Result<void> ended = co_await std::move(ending);
    if (!ended.ok() && ended.error().kind != Errc::not_found) co_return net::problem(ended.error());
  }
  net::HttpReply reply{.status = 204, .content_type = ""};
  reply.fields = {{"Set-Cookie", net::no_session_cookie(net::cookie_channel(exchange))}, {"Cache-Control", "no-store"}};
  co_return reply;
}

}  // namespace telepost::adapters::access
