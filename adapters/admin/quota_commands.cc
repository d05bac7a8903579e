// account.quota: what an account holds of what it may, and what leaves it next.
#include "adapters/admin/commands.h"
#include "schema/quantity.h"
#include "store/quota.h"

namespace telepost::adapters::admin {
namespace {

Json limit_of(const schema::Limit& limit) { return limit ? Json(*limit) : Json(nullptr); }

Json kinds_of(const store::QuotaState& state) {
  Json kinds = Json::array();
  for (std::size_t number = 1; number < schema::kKinds; ++number) {
    const auto kind = static_cast<schema::Kind>(number);
    const schema::Usage& used = state.head.usage[number];
    const schema::KindSettings& settings = state.service->settings.of(kind);
    if (used.messages == 0 && !settings.quota_bytes && !settings.quota_messages && settings.allow) continue;
    kinds.push_back({{"kind", name_of(kind)},
                     {"messages", used.messages},
                     {"bytes", used.bytes},
                     {"max_messages", limit_of(settings.quota_messages)},
                     {"max_bytes", limit_of(settings.quota_bytes)},
                     {"allowed", settings.allow}});
  }
  return kinds;
}

Json leaving_of(const store::QuotaState& state, schema::AccountId account) {
  Json leaving = Json::array();
  for (const store::Leaving& each : state.leaving) {
    leaving.push_back({{"id", schema::to_string(schema::MessageId{account, each.local})},
                       {"when", to_rfc3339(each.when)},
                       {"reason", each.reason},
                       {"kind", name_of(each.summary.kind)},
                       {"from", each.summary.from},
                       {"subject", each.summary.subject},
                       {"size", each.summary.size_bytes}});
  }
  return leaving;
}

std::string_view state_of(const store::QuotaState& state) {
  return state.full ? "full" : state.head.over_quota_since ? "over_soft" : "ok";
}

}  // namespace

Result<void> show_quota(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(const store::QuotaState state, store.quota().show(account));
  const schema::ClassSettings& settings = state.service->settings;
  const schema::Usage used = policies::total_of(state.head);
  const schema::Usage& archived = state.head.archived;
  const schema::Usage& kept = state.head.kept;
  Json object = {{"account", schema::to_string(account)},
                 {"class", state.service->name},
                 {"state", state_of(state)},
                 {"used", {{"messages", used.messages}, {"bytes", used.bytes}}},
                 {"quota", {{"messages", limit_of(settings.quota.messages)}, {"bytes", limit_of(settings.quota.bytes)},
                            {"soft_messages", limit_of(policies::soft_messages(settings.quota))},
                            {"soft_bytes", limit_of(policies::soft_bytes(settings.quota))}}},
                 {"allocation", {{"bytes", limit_of(settings.allocation.bytes)}, {"online", used.bytes - archived.bytes},
                                 {"archived", archived.bytes}, {"archived_messages", archived.messages}}},
                 {"kept", {{"messages", kept.messages}, {"bytes", kept.bytes}}}};
  if (const auto percent = policies::percent_used(settings.quota, used)) object["percent"] = *percent;
  if (settings.quota.grace) object["quota"]["grace"] = schema::to_iso8601(*settings.quota.grace);
  if (state.head.over_quota_since) object["over_soft_since"] = to_rfc3339(*state.head.over_quota_since);
  if (state.full_at) object["full_at"] = to_rfc3339(*state.full_at);
  object["kinds"] = kinds_of(state);
  object["leaving"] = leaving_of(state, account);
  object["more_leave"] = state.more_leave;
  return exchange.object(object);
}

}  // namespace telepost::adapters::admin
