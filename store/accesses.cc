#include "store/accesses.h"

#include <algorithm>

#include "schema/keys.h"
#include "schema/records.h"
#include "store/account_write.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

void Accesses::note(schema::MessageId message, Time time) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = noted_[message.account].try_emplace(message.local, time);
  if (is_new) ++size_;
  else place->second = std::max(place->second, time);
}

std::optional<Time> Accesses::find(schema::MessageId message) const {
  const std::lock_guard lock(mutex_);
  const auto account = noted_.find(message.account);
  if (account == noted_.end()) return std::nullopt;
  const auto noted = account->second.find(message.local);
  return noted == account->second.end() ? std::nullopt : std::optional(noted->second);
}

std::size_t Accesses::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

std::vector<schema::AccountId> Accesses::accounts() const {
  const std::lock_guard lock(mutex_);
  std::vector<schema::AccountId> accounts;
  for (const auto& [account, messages] : noted_) accounts.push_back(account);
  return accounts;
}

std::map<schema::LocalId, Time> Accesses::of(schema::AccountId account) const {
  const std::lock_guard lock(mutex_);
  const auto noted = noted_.find(account);
  return noted == noted_.end() ? std::map<schema::LocalId, Time>() : noted->second;
}

void Accesses::forget(schema::AccountId account, const std::map<schema::LocalId, Time>& written) {
  const std::lock_guard lock(mutex_);
  const auto noted = noted_.find(account);
  if (noted == noted_.end()) return;
  for (const auto& [local, time] : written) {
    const auto place = noted->second.find(local);
    if (place == noted->second.end() || place->second != time) continue;
    noted->second.erase(place);
    --size_;
  }
  if (noted->second.empty()) noted_.erase(noted);
}

namespace {

// A message that went since is nobody's loss.
Result<void> put_access(AccountWrite& write, schema::LocalId local, Time time) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(auto record, schema::decode_MessageRecord(*bytes));
  if (record.accessed && time - *record.accessed < kAccessGrain) return {};
  record.accessed = time;
  write.put(Space::point, keys::message(local), schema::encode(record));
  return {};
}

}  // namespace

Result<void> write_accesses(Rooms& rooms, schema::AccountId account) {
  for (;;) {
    const std::map<schema::LocalId, Time> noted = rooms.accesses.of(account);
    if (noted.empty()) return {};
    Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads);
    if (!write.ok() && write.error().kind == Errc::not_found) return rooms.accesses.forget(account, noted), Result<void>();
    TELEPOST_TRY(write);
    std::map<schema::LocalId, Time> written;
    for (const auto& [local, time] : noted) {
      if (write->full()) break;
      TELEPOST_TRY(put_access(*write, local, time));
      written.emplace(local, time);
    }
    if (write->size_bytes() > 0) TELEPOST_TRY(write->commit());
    rooms.accesses.forget(account, written);
    if (written.size() == noted.size()) return {};
  }
}

Result<void> write_accesses(Rooms& rooms) {
  Result<void> first;
  for (const schema::AccountId account : rooms.accesses.accounts()) {
    Result<void> written = write_accesses(rooms, account);
    if (!written.ok() && first.ok()) first = std::move(written);
  }
  return first;
}

}  // namespace telepost::store
