#include "store/accesses.h"

#include <algorithm>
#include <future>
#include <memory>

#include "schema/keys.h"
#include "schema/records.h"
#include "store/account_write.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kAccountsAtOnce = 128;  // whose batches share a sync
}

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
  auto record = schema::decode_MessageRecord(*bytes);
  if (!record.ok()) return {};  // verify tells of it
  if (record->accessed && time - *record->accessed < kAccessGrain) return {};
  record->accessed = time;
  write.put(Space::point, keys::message(local), schema::encode(*record));
  return {};
}

// One batch of an account under way.
struct Writing {
  schema::AccountId account;
  std::map<schema::LocalId, Time> written;
  bool more = false;  // it did not take all
  std::future<Result<void>> done;
};

// Nothing: there is nothing to write.
Result<std::optional<Writing>> begin_writing(Rooms& rooms, schema::AccountId account) {
  using Begun = std::optional<Writing>;
  const std::map<schema::LocalId, Time> noted = rooms.accesses.of(account);
  if (noted.empty()) return Begun();
  Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return rooms.accesses.forget(account, noted), Begun();
  TELEPOST_TRY(write);
  Writing writing;
  writing.account = account;
  for (const auto& [local, time] : noted) {
    writing.more = write->full();
    if (writing.more) break;
    TELEPOST_TRY(put_access(*write, local, time));
    writing.written.emplace(local, time);
  }
  const auto promise = std::make_shared<std::promise<Result<void>>>();
  writing.done = promise->get_future();
  if (write->size_bytes() == 0) promise->set_value({});
  else write->submit([promise](const Result<void>& result) { promise->set_value(result); });
  return Begun(std::move(writing));
}

}  // namespace

Result<void> write_accesses(Rooms& rooms) {
  Result<void> first;
  std::vector<schema::AccountId> left = rooms.accesses.accounts();
  while (!left.empty()) {
    std::vector<Writing> group;
    while (!left.empty() && group.size() < kAccountsAtOnce) {
      Result<std::optional<Writing>> begun = begin_writing(rooms, left.back());
      left.pop_back();
      if (begun.ok() && *begun) group.push_back(std::move(**begun));
      if (!begun.ok() && first.ok()) first = begun.error();
    }
    for (Writing& writing : group) {
      Result<void> done = writing.done.get();
      if (done.ok()) {
        rooms.accesses.forget(writing.account, writing.written);
        if (writing.more) left.push_back(writing.account);
      } else if (first.ok()) {
        first = std::move(done);
      }
    }
  }
  return first;
}

}  // namespace telepost::store
