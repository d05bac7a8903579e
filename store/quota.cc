#include "store/quota.h"

#include <algorithm>
#include <set>

#include "schema/keys.h"
#include "store/due_list.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

// Read for those that are shown: the due list holds other work too, and dates that became later.
constexpr std::size_t kDueRead = 2'000;
constexpr std::size_t kDueAtOnce = 200;
constexpr Duration kBetweenWarnings = std::chrono::days(1);

// The date that the policies of this moment give; none: it stays, or is gone.
Result<std::optional<Leaving>> leaving(AccountWrite& write, schema::LocalId local) {
  Result<MessageEdit> edit = MessageEdit::open(write, local);
  const bool is_none = !edit.ok() && (edit.error().kind == Errc::not_found || edit.error().kind == Errc::corrupt);  // verify tells of that
  if (is_none) return std::optional<Leaving>();
  TELEPOST_TRY(edit);
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {edit->record(), edit->summary()}));
  if (!lifecycle.expires) return std::optional<Leaving>();
  return std::optional(Leaving{local, lifecycle.expires->time, lifecycle.expires->reason, edit->summary()});
}

// What became later stands under its old date too, and is told once, under its own.
Result<void> read_leaving(AccountWrite& write, QuotaState& state) {
  std::set<std::uint64_t> seen;
  std::string from = "D";
  std::size_t read = 0;
  for (bool more = true; more && state.leaving.size() <= Quota::kLeavingShown;) {
    TELEPOST_ASSIGN(const auto items, write.scan(Space::queue, from, keys::after("D"), kDueAtOnce));
    read += items.size();
    more = items.size() == kDueAtOnce && read < kDueRead;
    state.more_leave = items.size() == kDueAtOnce;
    for (const auto& [key, value] : items) {
      from = key + '\0';
      if (key[9] != due::kExpire) continue;
      const schema::LocalId local = due::local_of(std::string_view(key).substr(10));
      if (!seen.insert(local.value).second) continue;
      TELEPOST_ASSIGN(auto message, leaving(write, local));
      if (message) state.leaving.push_back(std::move(*message));
    }
  }
  std::stable_sort(state.leaving.begin(), state.leaving.end(), [](const Leaving& a, const Leaving& b) { return a.when < b.when; });
  if (state.leaving.size() <= Quota::kLeavingShown) return {};
  state.leaving.resize(Quota::kLeavingShown);
  state.more_leave = true;
  return {};
}

}  // namespace

policies::QuotaFacts quota_facts(AccountWrite& write, schema::Kind kind) {
  const schema::HeadRecord& head = write.head();
  return {&write.service().settings, policies::total_of(head), head.usage[static_cast<std::size_t>(kind)], head.over_quota_since, write.now()};
}

Result<void> ask_quota(AccountWrite& write, schema::Kind kind, std::uint64_t size_bytes) {
  const std::optional<Error> refusal = policies::refusal_by_quota(quota_facts(write, kind), kind, size_bytes);
  return refusal ? Result<void>(*refusal) : Result<void>();
}

std::string id_of_warning(Time over_quota_since, QuotaWarning which) {
  return due::id_of(schema::LocalId{static_cast<std::uint64_t>(which)}, static_cast<std::uint64_t>(to_millis(over_quota_since)));
}

namespace {

void warn_at(AccountWrite& write, Time time, QuotaWarning which) {
  const std::optional<Time>& last = write.head().quota_warned[static_cast<std::size_t>(which)];
  if (last) time = std::max(time, *last + kBetweenWarnings);
  write.add_due(time, due::kWarnQuota, id_of_warning(*write.head().over_quota_since, which));
}

}  // namespace

void watch_quota(AccountWrite& write) {
  if (write.profile().state == schema::AccountState::deleting) return;
  const schema::Quota& quota = write.service().settings.quota;
  std::optional<Time>& since = write.head().over_quota_since;
  if (!quota.soft_percent && !since) return;
  const schema::Usage held = policies::total_of(write.head());
  if (since) {
    if (policies::is_under_soft_again(quota, held)) since.reset();  // what is due finds that out
    return;
  }
  if (!policies::is_over_soft(quota, held)) return;
  since = write.stamp();
  warn_at(write, write.now(), QuotaWarning::over_soft);
  if (const auto last = policies::last_warning_at(quota, *since)) warn_at(write, *last, QuotaWarning::soon_full);
}

Result<QuotaState> Quota::show(schema::AccountId account) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  QuotaState state;
  state.profile = write.profile();
  state.head = write.head();
  state.service = effective_class(rooms_, state.profile);
  if (state.head.over_quota_since) state.full_at = policies::full_at(state.service->settings.quota, *state.head.over_quota_since);
  const auto refusal = policies::refusal_by_quota(quota_facts(write, schema::Kind::email), schema::Kind::email, 1);
  state.full = refusal.has_value();
  TELEPOST_TRY(read_leaving(write, state));
  return state;
}

}  // namespace telepost::store
