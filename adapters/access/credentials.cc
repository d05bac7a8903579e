// Passwords are checked here and nowhere else of this room.
#include "adapters/access/service.h"
#include "adapters/net/login_turn.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/visit.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/accounts.h"

namespace telepost::adapters::access {
namespace {

metrics::Counter& sign_ins() {
  static metrics::Counter counter("telepost_sign_ins_total", "Passwords of subscribers that were checked", {"result"});
  return counter;
}

Verdict verdict_of(const store::SignInOutcome& outcome) {
  switch (outcome.result) {
    case store::SignInOutcome::Result::accepted: return {Verdict::Kind::accepted, outcome.account, outcome.password};
    case store::SignInOutcome::Result::wants_code: return {Verdict::Kind::wants_code};
    case store::SignInOutcome::Result::refused: break;
  }
  return {};
}

std::string_view word_for(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::accepted: return "accepted";
    case Verdict::Kind::wants_code: return "wants_code";
    case Verdict::Kind::refused: return "refused";
    case Verdict::Kind::out_of_turn: return "out_of_turn";
    case Verdict::Kind::stopping: return "stopping";
    case Verdict::Kind::signed_out: return "signed_out";
    case Verdict::Kind::failed: break;
  }
  return "failed";
}

// Of the name as it was typed nothing is told: it may be the password, typed into the wrong field.
void note(const net::HttpExchange& exchange, const std::string& name, const store::SignInOutcome& outcome, Verdict::Kind kind) {
  sign_ins().with({std::string(word_for(kind))}).add();
  const std::string account = outcome.account ? schema::to_string(*outcome.account) : "unknown";
  if (exchange.visit() != nullptr && kind != Verdict::Kind::wants_code) {
    const std::string refused = kind == Verdict::Kind::accepted ? "" : "wrong name, password or code";
    exchange.visit()->log_in(exchange.peer(), {.method = "sign-in", .account = outcome.account, .name = name, .refused = refused});
  }
  log::info("sign_in", {{"listener", "access"}, {"peer", exchange.peer().network()}, {"account", account}, {"result", word_for(kind)}});
}

Verdict failed(const Error& error) {
  sign_ins().with({std::string(word_for(Verdict::Kind::failed))}).add();
  const bool is_busy = error.kind == Errc::busy;  // a flood writes no flood of errors
  if (!is_busy) log::error("sign_in_not_checked", {{"reason", to_string(error)}});
  return Verdict{Verdict::Kind::failed};
}

}  // namespace

net::Awaitable<Verdict> check(const Service& service, net::HttpExchange& exchange, Credentials credentials) {
  net::Awaitable<net::BegunLogin> beginning =
      net::begin_login(*service.delays, service.store, net::LoginSecret::password, credentials.name, exchange.peer());
  const net::BegunLogin begun = co_await std::move(beginning);
  if (!begun.ok()) co_return failed(begun.error());
  const std::unique_ptr<net::LoginDelays::Attempt>& attempt = *begun;
  if (attempt) co_await net::wait_for_turn(exchange, service.clock, *attempt);
  if (!attempt || !attempt->is_due()) {
    if (exchange.visit() != nullptr) exchange.visit()->log_in(exchange.peer(), {.method = "sign-in", .refused = "too many sign-ins fail from here"});
    co_return Verdict{exchange.is_draining() ? Verdict::Kind::stopping : Verdict::Kind::out_of_turn};
  }
  auto work = [&store = service.store, credentials] { return store.sign_in().check(credentials.name, credentials.password, credentials.code); };
  net::Awaitable<Result<store::SignInOutcome>> checking = net::on_hasher<store::SignInOutcome>(service.store, std::move(work));
  const Result<store::SignInOutcome> checked = co_await std::move(checking);
  if (!checked.ok()) co_return failed(checked.error());
  const Verdict verdict = verdict_of(*checked);
  // A right password without its code is no guess, and no success either: it makes nobody wait, and forgives nothing.
  if (verdict.kind == Verdict::Kind::accepted) attempt->succeeded();
  if (verdict.kind == Verdict::Kind::refused) (void)attempt->check();
  note(exchange, credentials.name, *checked, verdict.kind);
  co_return verdict;
}

net::HttpReply refusal_of(const Verdict& verdict) {
  net::HttpReply reply = problem_of(503, "unavailable", "nobody can be checked now; try again later");
  switch (verdict.kind) {
    case Verdict::Kind::accepted: break;
    case Verdict::Kind::wants_code: return problem_of(401, "wantsCode", "a code of the second factor is wanted");
    case Verdict::Kind::refused: return problem_of(401, "refused", "the name, the password or the code is wrong");
    case Verdict::Kind::out_of_turn:
      reply = problem_of(429, "tooMany", "too many sign-ins fail from here; try again later");
      reply.fields.push_back({"Retry-After", "60"});
      return reply;
    case Verdict::Kind::stopping: reply = problem_of(503, "unavailable", "the server stops; try again"); break;
    case Verdict::Kind::signed_out: return problem_of(401, "signedOut", "sign in");
    case Verdict::Kind::failed: break;
  }
  reply.fields.push_back({"Retry-After", "5"});
  return reply;
}

net::Awaitable<Verdict> check_own(const Service& service, net::HttpExchange& exchange, const Session& session, std::string password,
                                  std::string code) {
  auto work = [&store = service.store, account = session.token.account] { return username_of(store, account); };
  net::Awaitable<Result<std::string>> asking = net::on_worker<std::string>(service.store, std::move(work));
  Result<std::string> name = co_await std::move(asking);
  if (!name.ok()) co_return Verdict{Verdict::Kind::failed};
  Credentials credentials{*std::move(name), std::move(password), std::move(code)};
  net::Awaitable<Verdict> checking = check(service, exchange, std::move(credentials));
  const Verdict verdict = co_await std::move(checking);
  if (verdict.kind == Verdict::Kind::accepted && verdict.account != session.token.account)
    co_return Verdict{};  // the address went to somebody else meanwhile
  if (verdict.kind != Verdict::Kind::accepted) co_return verdict;
  // Its turn may have been minutes away: whoever ended the session meanwhile has ended what it asked for.
  const Result<std::optional<Session>> now = co_await find_session(service, exchange);
  if (!now.ok()) co_return failed(now.error());
  if (!*now || (*now)->token.family != session.token.family) co_return Verdict{Verdict::Kind::signed_out};
  co_return verdict;
}

Result<std::string> username_of(store::Store& store, schema::AccountId account) {
  TELEPOST_ASSIGN(const store::Account there, store.accounts().show(account));
  return store::addr_spec(there.profile.addresses.empty() ? std::string() : there.profile.addresses.front());
}

}  // namespace telepost::adapters::access
