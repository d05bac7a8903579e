#include "store/push_subscriptions.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/sealed_box.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/due_list.h"
#include "store/duty.h"
#include "store/held_account.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

// A box opens in its own record alone.
std::string box_context(schema::AccountId account, std::uint64_t number) { return "push " + to_string(account) + "/" + std::to_string(number); }

Result<Digest> key_for_push_boxes(SecretKey& secret) { return secret.key("push subscriptions: boxes"); }

std::uint64_t number_in(std::string_view key) { return ByteReader(key.substr(1)).u64(); }

Result<std::vector<std::pair<std::string, std::string>>> all_of(AccountWrite& write) {
  return write.scan(Space::point, std::string(keys::kPushSubscriptions), keys::after(keys::kPushSubscriptions), kMostPushSubscriptions + 1);
}

CommitEntry listed_entry(schema::AccountId account, bool has_some) {
  CommitEntry entry{Batch(keys::account_list_slice(account))};
  if (has_some) entry.batch.put(Space::point, keys::pushed_account(account), "");
  else entry.batch.erase(Space::point, keys::pushed_account(account));
  return entry;
}

void erase_push_due(AccountWrite& write, std::uint64_t number, const schema::PushSubscriptionRecord& record) {
  write.erase(Space::queue, keys::due(record.due, due::kEndPush, due::id_of(schema::LocalId{number})));
}

// Its end moves with it.
void put_push(AccountWrite& write, std::uint64_t number, schema::PushSubscriptionRecord& record) {
  const Time ends = record.is_verified ? record.expires : std::min(record.expires, record.created + kPushVerifiedWithin);
  if (ends != record.due) {
    if (record.due != Time()) erase_push_due(write, number, record);
    record.due = write.add_due(ends, due::kEndPush, due::id_of(schema::LocalId{number}));
  }
  write.put(Space::point, keys::push_subscription(number), schema::encode(record));
}

Result<void> erase_push(AccountWrite& write, std::uint64_t number) {
  write.erase(Space::point, keys::push_subscription(number));
  TELEPOST_ASSIGN(const auto left, all_of(write));
  if (left.empty()) write.after(listed_entry(write.account(), false));
  return {};
}

Result<std::optional<schema::PushSubscriptionRecord>> find_push(const AccountWrite& write, std::uint64_t number) {
  return stored<schema::decode_PushSubscriptionRecord>(write, Space::point, keys::push_subscription(number));
}

}  // namespace

PushSubscriptions::PushSubscriptions(Store& store) : rooms_(rooms_of(store)), secret_(rooms_.configuration, rooms_.random) {}

Result<PushSubscription> PushSubscriptions::add(schema::AccountId account, schema::PushSubscriptionRecord record, const schema::PushSecrets& secrets) {
  TELEPOST_ASSIGN(const Digest boxes, key_for_push_boxes(secret_));
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  TELEPOST_ASSIGN(const auto all, all_of(write));
  if (all.size() >= kMostPushSubscriptions) return {Errc::too_many, "an account has at most 20 push subscriptions"};
  const std::uint64_t number = rooms_.numbers.next();
  record.created = write.now();
  const Time latest = record.created + kPushKept;
  record.expires = record.expires == Time() ? latest : std::min(record.expires, latest);
  record.box = seal(boxes, box_context(account, number), encode(secrets), rooms_.random);
  if (all.empty()) write.before(listed_entry(account, true));
  put_push(write, number, record);
  TELEPOST_TRY(write.commit());
  return PushSubscription{number, std::move(record), secrets};
}

Result<std::vector<PushSubscription>> PushSubscriptions::list(schema::AccountId account) {
  TELEPOST_ASSIGN(const Digest boxes, key_for_push_boxes(secret_));
  TELEPOST_TRY(Accounts(rooms_).show(account));
  const Time now = rooms_.clock.now();
  std::vector<PushSubscription> all;
  const auto read = [&](std::string_view key, std::string_view value) -> Result<void> {
    TELEPOST_ASSIGN(auto record, schema::decode_PushSubscriptionRecord(value));
    if (record.due <= now) return {};
    const std::uint64_t number = number_in(key);
    TELEPOST_ASSIGN(const std::string opened, open_sealed(boxes, box_context(account, number), record.box));
    TELEPOST_ASSIGN(auto secrets, schema::decode_PushSecrets(opened));
    all.push_back({number, std::move(record), std::move(secrets)});
    return {};
  };
  Result<void> done;
  TELEPOST_TRY(rooms_.engine->reader(schema::Partition::account(account))->scan(
      Space::point, keys::kPushSubscriptions, keys::after(keys::kPushSubscriptions), [&](std::string_view key, std::string_view value) {
        done = read(key, value);
        return done.ok();
      }));
  if (!done.ok() && done.error().kind == Errc::denied) {
    return {Errc::corrupt, "a push subscription of account " + to_string(account) + " does not open: is the key file another one?"};
  }
  TELEPOST_TRY(done);
  return all;
}

Result<schema::PushSubscriptionRecord> PushSubscriptions::change(schema::AccountId account, std::uint64_t number, const Change& change) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(auto record, find_push(write, number));
  if (!record || record->due <= write.now()) return {Errc::not_found, "no such push subscription"};
  const schema::PushSubscriptionRecord before = *record;
  TELEPOST_TRY(change(*record));
  const Time latest = write.now() + kPushKept;
  record->expires = record->expires == Time() ? latest : std::min(record->expires, latest);
  if (*record == before) return before;
  put_push(write, number, *record);
  write.tell_nobody();  // a push that was taken would be news, and looked into by another one
  TELEPOST_TRY(write.commit());
  return *std::move(record);
}

Result<void> PushSubscriptions::remove(schema::AccountId account, std::uint64_t number) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto record, find_push(write, number));
  if (!record) return {Errc::not_found, "no such push subscription"};
  erase_push_due(write, number, *record);
  TELEPOST_TRY(erase_push(write, number));
  return write.commit();
}

Result<std::vector<schema::AccountId>> PushSubscriptions::accounts(std::optional<schema::AccountId> after, std::size_t most) {
  const std::uint16_t first = after ? keys::account_list_slice(*after).slice() : std::uint16_t{0};
  std::vector<schema::AccountId> some;
  for (std::uint16_t slice = first; slice < keys::kAccountListSlices && some.size() < most; ++slice) {
    const auto partition = schema::Partition::slice(schema::PartitionKind::account_list, slice);
    const std::string begin = after && slice == first ? keys::pushed_account(*after) + '\0' : std::string(keys::kPushedAccounts);
    TELEPOST_TRY(rooms_.engine->reader(partition)->scan(Space::point, begin, keys::after(keys::kPushedAccounts), [&](std::string_view key, std::string_view) {
      some.push_back({number_in(key)});
      return some.size() < most;
    }));
  }
  return some;
}

Result<void> PushSubscriptions::forget_if_none(schema::AccountId account) {
  auto write = AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) {  // ids are never used again
    CommitList list;
    list.push_back(listed_entry(account, false));
    return rooms_.committer.commit(std::move(list));
  }
  TELEPOST_TRY(write);
  TELEPOST_ASSIGN(const auto left, all_of(*write));
  if (!left.empty()) return {};
  write->after(listed_entry(account, false));
  return write->commit();
}

Result<void> end_push_subscription(DutyWork&, AccountWrite& write, const DueItem& item) { return erase_push(write, item.local().value); }

// Their due work is gone.
Result<bool> HeldAccount::drop_push_subscriptions(AccountWrite& write, SweepCount*) {
  TELEPOST_ASSIGN(const auto all, all_of(write));
  for (const auto& [key, value] : all) TELEPOST_TRY(erase_push(write, number_in(key)));
  return false;
}

}  // namespace telepost::store
