// The second factor of whoever is signed in; each change of it wants the password again.
#include "store/second_factor.h"
#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"

namespace telepost::adapters::access {
namespace {

struct Owner {
  std::optional<schema::AccountId> account;
  std::uint64_t family = 0;  // of the session
  std::string code{};        // as it was sent
  net::HttpReply refusal{};  // where there is none
};

enum class CodeIs : unsigned char { of_sign_in, of_enrolment };

// Somebody with a session who knows the password; and the code too, where one is asked for at sign-in.
net::Awaitable<Owner> read_owner(const Service& service, net::HttpExchange& exchange, FieldNames names, CodeIs code_is) {
  net::Awaitable<SentBySession> reading = read_fields_of_session(service, exchange, std::move(names));
  const SentBySession sent = co_await std::move(reading);
  if (!sent.session) co_return Owner{{}, 0, {}, sent.refusal};
  const Fields& fields = sent.fields;
  std::string password = fields["password"], code = code_is == CodeIs::of_sign_in ? fields["code"] : std::string();
  net::Awaitable<Verdict> checking = check_own(service, exchange, *sent.session, std::move(password), std::move(code));
  const Verdict verdict = co_await std::move(checking);
  if (verdict.kind != Verdict::Kind::accepted) co_return Owner{{}, 0, {}, refusal_of(verdict)};
  co_return Owner{verdict.account, sent.session->token.family, fields["code"], {}};
}

}  // namespace

Answered show_second_factor(const Service& service, net::HttpExchange& exchange) {
  const Admitted admitted = co_await admit(service, exchange);
  if (!admitted.session) co_return admitted.refusal;
  using State = store::SecondFactor::State;
  auto work = [&store = service.store, account = admitted.session->token.account] { return store.second_factor().state(account); };
  net::Awaitable<Result<State>> asking = net::on_worker<State>(service.store, std::move(work));
  const Result<State> state = co_await std::move(asking);
  if (!state.ok()) co_return net::problem(state.error());
  co_return json_reply(second_factor_state(*state));
}

Answered enrol_second_factor(const Service& service, net::HttpExchange& exchange) {
  FieldNames names{{"password"}, {"code"}};
  net::Awaitable<Owner> asking = read_owner(service, exchange, std::move(names), CodeIs::of_sign_in);
  const Owner owner = co_await std::move(asking);
  if (!owner.account) co_return owner.refusal;
  auto work = [&store = service.store, account = *owner.account] { return store.second_factor().enrol(account); };
  net::Awaitable<Result<store::Enrolment>> enrolling = net::on_worker<store::Enrolment>(service.store, std::move(work));
  const Result<store::Enrolment> enrolled = co_await std::move(enrolling);
  if (!enrolled.ok()) co_return net::problem(enrolled.error());
  co_return json_reply(enrolment(*enrolled));
}

Answered confirm_second_factor(const Service& service, net::HttpExchange& exchange) {
  FieldNames names{{"password", "code"}, {}};
  net::Awaitable<Owner> asking = read_owner(service, exchange, std::move(names), CodeIs::of_enrolment);
  const Owner owner = co_await std::move(asking);
  if (!owner.account) co_return owner.refusal;
  using Codes = std::vector<std::string>;
  auto work = [&store = service.store, account = *owner.account, code = owner.code, family = owner.family] {
    return store.second_factor().confirm(account, code, family);
  };
  net::Awaitable<Result<Codes>> confirming = net::on_worker<Codes>(service.store, std::move(work));
  const Result<Codes> codes = co_await std::move(confirming);
  if (!codes.ok() && codes.error().kind == Errc::denied)
    co_return problem_of(403, "wrongCode", "the code is wrong; is the clock of the authenticator right?");
  if (!codes.ok()) co_return net::problem(codes.error());
  co_return json_reply(recovery_codes(*codes));
}

Answered remove_second_factor(const Service& service, net::HttpExchange& exchange) {
  FieldNames names{{"password"}, {"code"}};
  net::Awaitable<Owner> asking = read_owner(service, exchange, std::move(names), CodeIs::of_sign_in);
  const Owner owner = co_await std::move(asking);
  if (!owner.account) co_return owner.refusal;
  auto work = [&store = service.store, account = *owner.account] { return store.second_factor().remove(account); };
  net::Awaitable<Result<void>> removing = net::on_worker<void>(service.store, std::move(work));
  const Result<void> removed = co_await std::move(removing);
  if (!removed.ok()) co_return net::problem(removed.error());
  net::HttpReply reply{.status = 204, .content_type = ""};
  co_return reply;
}

}  // namespace telepost::adapters::access
