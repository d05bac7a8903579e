// A new password. It ends every sign-in and grant there was, by whoever knew the old one.
#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"

namespace telepost::adapters::access {

Answered change_password(const Service& service, net::HttpExchange& exchange) {
  FieldNames names{{"password", "new"}, {"code"}};
  net::Awaitable<SentBySession> reading = read_fields_of_session(service, exchange, std::move(names));
  const SentBySession sent = co_await std::move(reading);
  if (!sent.session) co_return sent.refusal;
  const Fields& fields = sent.fields;
  const std::string wanted = fields["new"];
  if (const Result<void> fits = fits_as_password(wanted); !fits.ok()) co_return problem_of(400, "invalid", fits.error().detail);
  std::string password = fields["password"], code = fields["code"];
  net::Awaitable<Verdict> checking = check_own(service, exchange, *sent.session, std::move(password), std::move(code));
  const Verdict verdict = co_await std::move(checking);
  if (verdict.kind != Verdict::Kind::accepted) co_return refusal_of(verdict);
  auto work = [&store = service.store, account = *verdict.account, wanted, known = verdict.password] {
    return store.accounts().set_password(account, wanted, known);
  };
  net::Awaitable<Result<std::string>> changing = net::on_hasher<std::string>(service.store, std::move(work));
  Result<std::string> changed = co_await std::move(changing);
  if (!changed.ok() && changed.error().kind == Errc::busy) co_return refusal_of({Verdict::Kind::failed});
  if (!changed.ok() && changed.error().kind == Errc::denied) co_return refusal_of({});  // somebody else has changed it meanwhile
  if (!changed.ok()) co_return net::problem(changed.error());
  SignedIn who{*verdict.account, *std::move(changed)};
  net::Awaitable<Result<Begun>> beginning = begin_session(service, exchange, std::move(who));
  const Result<Begun> begun = co_await std::move(beginning);
  if (!begun.ok()) co_return net::problem(begun.error());
  net::HttpReply reply{.status = 204, .content_type = ""};
  reply.fields = {{"Set-Cookie", begun->cookie}, {"Cache-Control", "no-store"}};
  co_return reply;
}

}  // namespace telepost::adapters::access
