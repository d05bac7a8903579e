// Address books and contact cards of an account (RFC 9610), as they stand; store/contacts_write.h changes them. What a card says is text
// to the store, but for what stands beside it in its record. Any thread; every verb blocks on the disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "schema/contact_records.h"
#include "schema/keys.h"
#include "schema/message_records.h"
#include "store/engine/engine.h"

namespace telepost::store {

class Store;

inline constexpr std::size_t kMostAddressBooks = 100;
inline constexpr std::size_t kMostCards = 20'000;
inline constexpr std::size_t kMostCardBytes = std::size_t{256} << 10;      // of one card's text
inline constexpr std::uint64_t kMostContactBytes = std::uint64_t{64} << 20;  // of all together
inline constexpr std::size_t kMostGroupMembers = 5'000;                     // cards that a group leads to, groups in it among them

struct ContactChange {
  std::uint64_t number = 0;
  schema::Modseq at, created;
  bool is_gone = false;
};
struct ContactChanges {
  schema::Modseq until;  // what they tell goes as far: the state now, or earlier where there is more
  std::vector<ContactChange> changes;
};

// Who belongs to a group, once each.
struct GroupMember {
  std::uint64_t card = 0;              // 0: an address by itself, as vCards name some, and no card
  std::string uid;
  std::vector<std::string> addresses;  // "mailto:ann@example.test", "tel:+15550100", what the card prefers first
};
struct GroupMembers {
  std::vector<GroupMember> members;    // in the groups' order; groups themselves are not among them
  std::vector<std::string> unknown;    // uids that no card of the account has
};

// An account's contacts at one state; for some seconds, as the engine's snapshots are.
class Contacts {
 public:
  static Result<Contacts> open(Store& store, schema::AccountId account);  // not_found
  Contacts(Contacts&&) noexcept;
  ~Contacts();

  schema::Modseq modseq() const { return modseq_; }  // of the account
  schema::Modseq floor() const { return floor_; }    // changes up to it are not told any more
  const schema::ContactsRecord& books() const { return record_; }
  const schema::AddressBookRecord* book(std::uint32_t number) const;  // null: there is none

  Result<std::optional<schema::CardRecord>> card(std::uint64_t number) const;
  Result<std::optional<std::uint64_t>> card_by_uid(std::string_view uid) const;
  Result<void> for_each_card(const std::function<bool(const schema::CardRecord&)>& visit) const;  // by number; false ends it

  // Behind `since`, and without what came and went behind it. Of cards at most about `most`, the earliest.
  Result<ContactChanges> book_changes(schema::Modseq since) const;
  Result<ContactChanges> card_changes(schema::Modseq since, std::size_t most) const;

  // A group's members with all of the groups in it, each once, whatever circles they make. Errors: not_found (no such card), invalid
  // (it is no group), too_many (kMostGroupMembers).
  Result<GroupMembers> members_of(std::string_view uid) const;

 private:
  Contacts(std::unique_ptr<PartitionReader> snapshot, schema::ContactsRecord record, schema::Modseq modseq, schema::Modseq floor);
  Result<void> gone_behind(schema::Modseq since, schema::ChangeRecord::What what, std::size_t most, std::vector<ContactChange>& into) const;

  std::unique_ptr<PartitionReader> snapshot_;
  schema::ContactsRecord record_;
  schema::Modseq modseq_, floor_;
};

// The number of the card that has the uid. Reader: a PartitionReader, or an AccountWrite in a mode with reads.
template <class Reader>
Result<std::optional<std::uint64_t>> card_by_uid_in(const Reader& reader, std::string_view uid) {
  TELEPOST_ASSIGN(const auto bytes, reader.get(Space::scan, schema::keys::card_by_uid(uid)));
  return bytes ? std::optional(ByteReader(*bytes).u64()) : std::nullopt;
}

}  // namespace telepost::store
