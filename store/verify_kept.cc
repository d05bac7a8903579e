// What undelete and holds keep: every message that left its mailboxes and is kept has its entry, and counters and dates agree.
#include "base/bytes.h"
#include "schema/hold_record.h"
#include "schema/kept_record.h"
#include "schema/keys.h"
#include "schema/search_records.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<void> AccountVerification::read_kept() {
  return scan(Space::scan, "T", {}, [this](std::string_view key, std::string_view value) -> Result<void> {
    if (key[0] == keys::kPostings[0] || key[0] == keys::kSearchDocuments[0]) return {};  // of the full text
    const bool parked = key[0] == 'U';
    if (key.size() != 17 || (!parked && key[0] != 'Z')) {
      unknown(key);
      return {};
    }
    const auto record = schema::decode_KeptRecord(value);
    const auto key_of = [&] { return (parked ? keys::parked : keys::kept)(record->departed.time, record->summary.local); };
    if (!record.ok() || key_of() != key) {
      damage("record", key, record.ok() ? "a kept message under another's key" : record.error().detail);
      return {};
    }
    const auto message = departed_.find(record->summary.local.value);
    if (message == departed_.end() || message->second != record->departed.time) {
      damage("kept", key, "an entry of a message that is not kept, or is kept twice");
      return {};
    }
    departed_.erase(message);
    schema::Usage& usage = parked ? parked_ : in_undelete_;
    ++usage.messages;
    usage.bytes += record->summary.size_bytes;
    if (!parked || record->hold == 0) return {};  // its purge finds it, or the end of a minimum retention
    return verify_hold(key, record->hold);
  });
}

// One that is being released, or was, has made due what it kept.
Result<void> AccountVerification::verify_hold(std::string_view key, std::uint64_t hold) {
  const auto meta = scope_.engine().reader(schema::Partition::meta());
  TELEPOST_ASSIGN(const auto bytes, meta->get(Space::point, keys::hold(hold)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const auto record, schema::decode_HoldRecord(*bytes));
  TELEPOST_ASSIGN(const auto noted, meta->get(Space::scan, keys::account_under(hold, account_)));
  if (!noted && record.state == schema::HoldRecord::State::active) {
    damage("hold", key, "kept for hold " + std::to_string(hold) + ", whose release will not find it");
  }
  return {};
}

void AccountVerification::compare_kept() {
  for (const auto& [local, time] : departed_) damage("kept", keys::message({local}), "a kept message that no list of deleted messages shows");
  const schema::Usage kept{in_undelete_.messages + parked_.messages, in_undelete_.bytes + parked_.bytes};
  if (departed_.empty() && (head_.kept != kept || head_.parked != parked_)) {
    damage("counter", keys::kHead, "the account counts " + std::to_string(head_.kept.messages) + " kept messages, " +
           std::to_string(head_.parked.messages) + " of them by holds, and has " + std::to_string(kept.messages) + " and " +
           std::to_string(parked_.messages));
  }
  // Those that were brought back leave the date behind until it comes.
  if (in_undelete_.messages > 0 && !head_.purge_due) damage("due", keys::kHead, "kept messages that nothing will purge");
  if (head_.purge_due && (!purge_due_ || *purge_due_ > *head_.purge_due)) {
    damage("due", keys::kHead, "the head names a purge of kept messages that no due work stands for");
  }
}

}  // namespace telepost::store
