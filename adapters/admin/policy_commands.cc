// What holds for an account and its messages, and the subscriber's own settings.
#include "adapters/admin/commands.h"
#include "schema/class_text.h"
#include "store/account_policy.h"

namespace telepost::adapters::admin {
namespace {

Result<void> answer_line(Exchange& exchange, std::string_view what, std::string_view value, std::string_view from) {
  return exchange.object({{"what", what}, {"value", value}, {"from", from}});
}

Result<void> explain_account(store::Store& store, schema::AccountId account, Exchange& exchange) {
  TELEPOST_ASSIGN(const store::AccountPolicy explained, store::explain(store, account));
  const schema::EffectiveClass& service = *explained.service;
  TELEPOST_TRY(answer_line(exchange, "class", service.name, "account"));
  if (!explained.range_class.empty()) TELEPOST_TRY(answer_line(exchange, "class", explained.range_class, "range"));
  if (!service.missing.empty()) {
    TELEPOST_TRY(answer_line(exchange, "missing class", service.missing, "no file defines it: nothing expires, is archived or compressed until one does"));
  }
  for (const schema::ClassLine& line : schema::lines_of(service)) TELEPOST_TRY(answer_line(exchange, line.what, line.value, line.from));
  return explained.up_to_date ? Result<void>() : answer_line(exchange, "dates", "being changed", "the policy changed lately");
}

Result<void> explain_message(store::Store& store, schema::MessageId message, Exchange& exchange) {
  TELEPOST_ASSIGN(const store::MessagePolicy explained, store::explain(store, message));
  const auto answer = [&](std::string_view what, const std::optional<store::MessagePolicy::Date>& dated) {
    const Json none(nullptr);
    return exchange.object({{"what", what},
                            {"time", dated ? Json(to_rfc3339(dated->time)) : none},
                            {"policy", dated ? Json(dated->policy) : none},
                            {"reason", dated ? Json(dated->reason) : Json("no rule says so")}});
  };
  TELEPOST_TRY(answer("expires", explained.expires));
  TELEPOST_TRY(answer("retained until", explained.retain_until));
  TELEPOST_TRY(answer("archived after", explained.archive_after));
  return answer("compressed after", explained.compress_after);
}

Result<schema::AccountId> account_argument(store::Store& store, Arguments& args) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  return account_named(store, who);
}

}  // namespace

Result<void> explain_policy(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, account_argument(store, args));
  TELEPOST_ASSIGN(const auto named, args.optional_text("message"));
  TELEPOST_TRY(args.done());
  if (!named) return explain_account(store, account, exchange);
  TELEPOST_ASSIGN(const schema::MessageId message, message_named(*named));
  if (message.account != account) return {Errc::not_found, "the account has no message " + *named};
  return explain_message(store, message, exchange);
}

Result<void> set_account_policy(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, account_argument(store, args));
  TELEPOST_ASSIGN(const std::string settings, args.text("settings"));
  TELEPOST_TRY(args.done());
  TELEPOST_TRY(store::set_own_settings(store, account, settings));
  return explain_account(store, account, exchange);
}

Result<void> show_account_policy(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::AccountId account, account_argument(store, args));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const store::Account shown, store.accounts().show(account));
  return exchange.object({{"settings", shown.profile.policy}});
}

}  // namespace telepost::adapters::admin
