#include "store/account_policy.h"

#include "policies/lifecycle.h"
#include "store/account_write.h"
#include "store/classes.h"
#include "store/directory.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/redating.h"
#include "store/rooms.h"

namespace telepost::store {

Result<AccountPolicy> explain(Store& store, schema::AccountId account) {
  Rooms& rooms = rooms_of(store);
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, account, AccountWrite::Mode::without_reads));
  const schema::AccountRecord& profile = write.profile();
  AccountPolicy explained;
  explained.service = effective_class(rooms, profile);
  const auto range = profile.addresses.empty() ? std::nullopt : Directory(rooms).range_of(profile.addresses.front());
  if (range) explained.range_class = range->class_of_service;
  explained.up_to_date = write.head().policy_revision == explained.service->revision;
  return explained;
}

Result<MessagePolicy> explain(Store& store, schema::MessageId message) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), message.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const MessageEdit edit, MessageEdit::open(write, message.local));
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {edit.record(), edit.summary()}));
  const auto told = [](const std::optional<policies::Dated>& dated) -> std::optional<MessagePolicy::Date> {
    if (!dated) return std::nullopt;
    return MessagePolicy::Date{dated->time, policies::policy_of(*dated->rule), dated->reason};
  };
  return MessagePolicy{told(lifecycle.expires), told(lifecycle.retain_until), told(lifecycle.archive_after), told(lifecycle.compress_after)};
}

Result<void> set_own_settings(Store& store, schema::AccountId account, std::string_view settings) {
  if (!settings.empty()) TELEPOST_TRY(schema::read_subscriber_settings(settings));
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::without_reads));
  schema::AccountRecord profile = write.profile();
  if (profile.state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  profile.policy = settings;
  write.set_profile(std::move(profile));
  Redating::check(write);
  return write.commit();
}

}  // namespace telepost::store
