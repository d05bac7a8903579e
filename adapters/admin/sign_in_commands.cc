// Second factors, sessions and grants (store/second_factor.h, store/tokens.h).
#include "adapters/admin/commands.h"
#include "base/bytes.h"
#include "schema/scopes.h"
#include "store/second_factor.h"
#include "store/tokens.h"

namespace telepost::adapters::admin {
namespace {

Result<schema::AccountId> only_account(store::Store& store, Arguments& args) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_TRY(args.done());
  return account_named(store, who);
}

Json session_json(const store::Token& token) {
  Json session = {{"number", to_base32(token.family)}, {"kind", token.kind == store::TokenKind::session ? "session" : "grant"}};
  if (!token.client.empty()) session["client"] = token.client;
  session.update({{"label", token.label}, {"scopes", names_of(token.scopes)}, {"created", to_rfc3339(token.created)},
                  {"used", to_rfc3339(token.used)}, {"peer", token.peer}, {"expires", to_rfc3339(token.expires)}});
  return session;
}

}  // namespace

// The one time that the secret is shown.
Result<void> enrol_second_factor(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  TELEPOST_ASSIGN(const store::Enrolment enrolment, store.second_factor().enrol(account));
  return exchange.object({{"secret", enrolment.secret}, {"uri", enrolment.uri}});
}

Result<void> confirm_second_factor(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string code, args.text("code"));
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  TELEPOST_ASSIGN(const std::vector<std::string> codes, store.second_factor().confirm(account, code));
  return exchange.object({{"on", true}, {"recovery", codes}});
}

Result<void> renew_recovery_codes(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  TELEPOST_ASSIGN(const std::vector<std::string> codes, store.second_factor().renew_recovery(account));
  return exchange.object({{"on", true}, {"recovery", codes}});
}

Result<void> show_second_factor(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  TELEPOST_ASSIGN(const store::SecondFactor::State state, store.second_factor().state(account));
  return exchange.object({{"on", state.is_on}, {"pending", state.is_pending}, {"recovery_codes", state.recovery_codes}});
}

Result<void> remove_second_factor(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  TELEPOST_TRY(store.second_factor().remove(account));
  return exchange.object({{"on", false}});
}

Result<void> list_sessions(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  TELEPOST_ASSIGN(const std::vector<store::Token> all, store.tokens().list(account));
  for (const store::Token& token : all) TELEPOST_TRY(exchange.object(session_json(token)));
  return {};
}

Result<void> revoke_session(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string number, args.text_or("number", ""));
  TELEPOST_ASSIGN(const bool all, args.flag("all"));
  if (number.empty() != all) return {Errc::invalid, "say the number of a session or grant, or all"};
  TELEPOST_ASSIGN(const schema::AccountId account, only_account(store, args));
  if (all) {
    TELEPOST_TRY(store.tokens().revoke_all(account));
    return exchange.object({{"all", true}, {"revoked", true}});
  }
  const Result<std::uint64_t> family = from_base32(number);
  if (!family.ok()) return {Errc::not_found, "no session or grant has this number"};
  TELEPOST_TRY(store.tokens().revoke(account, *family));
  return exchange.object({{"number", number}, {"revoked", true}});
}

}  // namespace telepost::adapters::admin
