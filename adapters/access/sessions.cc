// What is signed in to an account, and how it ends.
#include <charconv>

#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"

namespace telepost::adapters::access {
namespace {

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

Answered show_sessions(const Service& service, net::HttpExchange& exchange) {
  const Admitted admitted = co_await admit(service, exchange);
  if (!admitted.session) co_return admitted.refusal;
  const store::Token own = admitted.session->token;
  auto work = [&store = service.store, account = own.account] { return store.tokens().list(account); };
  net::Awaitable<Result<std::vector<store::Token>>> listing = net::on_worker<std::vector<store::Token>>(service.store, std::move(work));
  const Result<std::vector<store::Token>> tokens = co_await std::move(listing);
  if (!tokens.ok()) co_return net::problem(tokens.error());
  co_return json_reply(session_list(*tokens, own.family, service.clients));
}

Answered revoke_session(const Service& service, net::HttpExchange& exchange) {
  FieldNames names{{"family"}, {}};
  net::Awaitable<SentBySession> reading = read_fields_of_session(service, exchange, std::move(names));
  const SentBySession sent = co_await std::move(reading);
  if (!sent.session) co_return sent.refusal;
  const std::optional<std::uint64_t> family = number_from(sent.fields["family"]);
  if (!family) co_return problem_of(400, "invalid", "family is a number, as the list of sessions gives it");
  auto work = [&store = service.store, account = sent.session->token.account, family] { return store.tokens().revoke(account, *family); };
  net::Awaitable<Result<void>> ending = net::on_worker<void>(service.store, std::move(work));
  const Result<void> ended = co_await std::move(ending);
  if (!ended.ok()) co_return net::problem(ended.error());
  net::HttpReply reply{.status = 204, .content_type = ""};
  co_return reply;
}

}  // namespace telepost::adapters::access
