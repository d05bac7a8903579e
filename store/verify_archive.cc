// What lies in the archive against what the records say. By its list: to read all of it is a choice of its own (VerifyOptions).
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

// Who names what lies there, as it stands now: the list is younger than the accounts' snapshots.
class Namers {
 public:
  explicit Namers(VerifyScope& scope) : scope_(scope) {}

  // A sweep may be moving the name from due work to the record, or back, and may have removed what was listed a moment ago.
  Result<bool> knows(const schema::ArchiveName& name) {
    TELEPOST_ASSIGN(const bool named, is_named(name));
    if (named || asked_again_ == kAskedAgain) return named;
    ++asked_again_;
    bool stands = false;
    const Result<void> listed = scope_.archive().list(name.message.account, [&](const schema::ArchiveName& other, std::uint64_t) {
      stands = other == name;
      return !stands;
    });
    if (!listed.ok()) scope_.archive_is_away(listed.error());
    if (!listed.ok() || !stands) return true;
    return is_named(name);
  }

 private:
  static constexpr unsigned kAskedAgain = 1000;

  Result<bool> is_named(const schema::ArchiveName& name) {
    const std::pair wanted(name.message.local, name.number);
    if (account_ == name.message.account && dues_.contains(wanted)) return true;
    TELEPOST_ASSIGN(const bool recorded, is_recorded(name));
    if (recorded) return true;
    TELEPOST_TRY(read_dues(name.message.account));
    return dues_.contains(wanted) ? Result<bool>(true) : is_recorded(name);
  }

  Result<bool> is_recorded(const schema::ArchiveName& name) {
    const auto reader = scope_.engine().reader(Partition::account(name.message.account));
    TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::message(name.message.local)));
    if (!bytes) return false;
    const auto record = schema::decode_MessageRecord(*bytes);
    if (!record.ok()) return true;  // told where the account is verified
    return record->tier == schema::Tier::archived && record->archived.number == name.number && name.part < record->archived.parts.size();
  }

  // Kept for the names that come next: an account's lie side by side.
  Result<void> read_dues(schema::AccountId account) {
    account_ = account;
    dues_.clear();
    return scope_.engine().bulk_reader(Partition::account(account))->scan(Space::queue, "D", keys::after("D"), [&](std::string_view key, std::string_view) {
      const bool is_archiving = key.size() == 26 && (key[9] == due::kCheckArchived || key[9] == due::kRemoveArchived);
      if (is_archiving) dues_.emplace(due::local_of(key.substr(10)), due::number_of(key.substr(10)));
      return true;
    });
  }

  VerifyScope& scope_;
  std::optional<schema::AccountId> account_;                     // whose due work was read last
  std::set<std::pair<schema::LocalId, std::uint64_t>> dues_;
  unsigned asked_again_ = 0;
};

Result<void> verify_named(VerifyScope& scope, Namers& namers, const schema::ArchiveName& name) {
  TELEPOST_ASSIGN(const bool known, namers.knows(name));
  if (!known) scope.damage("archive", Partition::account(name.message.account), {}, "the archive has " + to_string(name) + ", which nothing names");
  return {};
}

Result<bool> is_archived_still(VerifyScope& scope, schema::MessageId id, std::uint64_t number) {
  TELEPOST_ASSIGN(const auto bytes, scope.engine().reader(Partition::account(id.account))->get(Space::point, keys::message(id.local)));
  if (!bytes) return false;
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  return record.tier == schema::Tier::archived && record.archived.number == number;
}

std::uint64_t size_of_part(std::uint64_t size_bytes, std::uint32_t part) {
  const std::uint64_t begin = part * schema::kArchivePartBytes;
  return begin >= size_bytes ? 0 : std::min(schema::kArchivePartBytes, size_bytes - begin);
}

}  // namespace

Result<void> AccountVerification::verify_archive() {
  if (archived_.empty() && archive_dues_.empty()) return {};
  std::map<schema::ArchiveName, std::uint64_t> listed;
  const Result<void> read = scope_.archive().list(account_, [&](const schema::ArchiveName& name, std::uint64_t size) {
    listed.emplace(name, size);
    return true;
  });
  if (!read.ok()) {
    scope_.archive_is_away(read.error());
    return {};
  }
  for (const Archived& message : archived_) {
    const schema::MessageId id{account_, message.local};
    bool whole = (message.size_bytes + schema::kArchivePartBytes - 1) / schema::kArchivePartBytes == message.parts;
    for (std::uint32_t part = 0; part < message.parts; ++part) {
      const auto found = listed.find({id, message.number, part});
      whole = whole && found != listed.end() && found->second == size_of_part(message.size_bytes, part);
      if (found != listed.end()) listed.erase(found);
    }
    if (whole) continue;
    TELEPOST_ASSIGN(const bool still, is_archived_still(scope_, id, message.number));
    if (still) damage("archive", keys::message(message.local), "message " + to_string(id) + ": the archive does not have its source");
  }
  Namers namers(scope_);
  for (const auto& [name, size] : listed) {
    if (archive_dues_.contains({name.message.local, name.number})) {
      scope_.debris("archive", partition_, {}, "the archive still has " + to_string(name) + ", to be removed");
      continue;
    }
    if (scope_.one_account()) TELEPOST_TRY(verify_named(scope_, namers, name));  // else the whole list tells of it
  }
  return {};
}

// What lies there for accounts that the pass over accounts did not list: those that are gone, or have nothing archived.
Result<void> verify_archive(VerifyScope& scope) {
  Namers namers(scope);
  Result<void> verified;
  const Result<void> read = scope.archive().list({}, [&](const schema::ArchiveName& name, std::uint64_t) {
    verified = verify_named(scope, namers, name);
    return verified.ok();
  });
  if (!read.ok()) scope.archive_is_away(read.error());
  return verified;
}

}  // namespace telepost::store
