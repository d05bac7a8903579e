#include "store/verify_account.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "schema/hold_record.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/message_writer.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

AccountVerification::AccountVerification(VerifyScope& scope, schema::AccountId account)
    : scope_(scope), account_(account), partition_(Partition::account(account)), snapshot_(scope.engine().snapshot(partition_)) {}

Result<void> AccountVerification::scan(Space space, std::string_view begin, std::string_view end, const Visit& visit) {
  Result<void> visited;
  TELEPOST_TRY(snapshot_->scan(space, begin, end, [&](std::string_view key, std::string_view value) {
    visited = visit(key, value);
    return visited.ok();
  }));
  return visited;
}

void AccountVerification::damage(std::string_view check, std::string_view key, std::string what) {
  scope_.damage(check, partition_, key, std::move(what));
}

AccountVerification::Known* AccountVerification::find(schema::LocalId local) {
  const auto place = std::lower_bound(messages_.begin(), messages_.end(), local,
                                      [](const Known& known, schema::LocalId wanted) { return known.local < wanted; });
  return place == messages_.end() || place->local != local ? nullptr : &*place;
}

AccountVerification::Recount* AccountVerification::mailbox(schema::MailboxId id) {
  const auto found = mailboxes_.find(id);
  return found == mailboxes_.end() ? nullptr : &found->second;
}

Result<void> AccountVerification::run() {
  TELEPOST_ASSIGN(const bool stands, read_profile());
  if (!stands) return {};
  ++scope_.report().accounts;
  TELEPOST_TRY(read_queue());
  TELEPOST_TRY(read_points());
  verify_submissions();
  TELEPOST_TRY(verify_push());
  TELEPOST_TRY(verify_hints());
  verify_tree();
  TELEPOST_TRY(read_summaries());
  TELEPOST_TRY(compare_placements());
  TELEPOST_TRY(read_changes());
  TELEPOST_TRY(verify_order());
  compare_counters();
  compare_kept();
  TELEPOST_TRY(verify_contacts());
  TELEPOST_TRY(verify_index());
  TELEPOST_TRY(verify_archive());
  TELEPOST_TRY(read_large());
  compare_uploads();
  snapshot_.reset();
  for (const Known& message : messages_) TELEPOST_TRY(verify_content(scope_, {account_, message.local}, message));
  scope_.report().messages += messages_.size();
  TELEPOST_TRY(verify_addresses());
  return verify_listed();
}

Result<bool> AccountVerification::read_profile() {
  TELEPOST_ASSIGN(const auto records, snapshot_->get_many(Space::point, {std::string(keys::kAccount), std::string(keys::kHead)}));
  if (!records[0]) {
    TELEPOST_TRY(verify_removed());
    return false;
  }
  auto profile = schema::decode_AccountRecord(*records[0]);
  if (!profile.ok()) {
    damage("record", keys::kAccount, profile.error().detail);
    return false;
  }
  profile_ = std::move(*profile);
  if (profile_.state == schema::AccountState::deleting) {
    TELEPOST_TRY(verify_being_deleted());
    return false;
  }
  if (!records[1]) {
    damage("account", keys::kHead, "an account without head");
    return false;
  }
  auto head = schema::decode_HeadRecord(*records[1]);
  if (!head.ok()) {
    damage("record", keys::kHead, head.error().detail);
    return false;
  }
  head_ = std::move(*head);
  return true;
}

// CDRs stay when an account is removed: they are the record of what was charged.
Result<void> AccountVerification::verify_removed() {
  bool told = false;
  head_.cdr_sequence = ~std::uint64_t{0};
  for (const Space space : {Space::point, Space::scan, Space::queue, Space::large}) {
    TELEPOST_TRY(scan(space, {}, {}, [&](std::string_view key, std::string_view value) -> Result<void> {
      if (space == Space::queue && key.size() == 17 && key[0] == 'E') return read_cdr(key, value);
      if (!std::exchange(told, true)) damage("account", key, "records of an account that has no profile");
      return {};
    }));
  }
  return {};
}

// Its records go bit by bit; what counts is that the work goes on.
Result<void> AccountVerification::verify_being_deleted() {
  TELEPOST_ASSIGN(const bool hinted, scope_.has_hint(partition_));
  bool held = false;
  TELEPOST_TRY(scan(Space::point, keys::kAccountHeld, keys::after(keys::kAccountHeld), [&](std::string_view key, std::string_view) -> Result<void> {
    held = held || key.size() == 9;
    return key.size() == 9 ? verify_hold(key, ByteReader(key.substr(1)).u64()) : Result<void>();
  }));
  if (held) return {};
  scope_.debris_if(hinted, "account", partition_, {}, hinted ? "being deleted" : "being deleted, and no hint that goes on with it");
  return {};
}

Result<void> AccountVerification::read_summaries() {
  TELEPOST_TRY(scan(Space::scan, {}, "C", [this](std::string_view key, std::string_view) { unknown(key); return Result<void>(); }));
  TELEPOST_TRY(read_kept());
  return scan(Space::scan, "S", "T", [this](std::string_view key, std::string_view value) -> Result<void> {
    if (key.size() != 9 || key[0] != 'S') {
      unknown(key);
      return {};
    }
    ByteReader reader(key.substr(1));
    const schema::MailboxId id{reader.u32()};
    const schema::Uid uid{reader.u32()};
    Recount* const box = mailbox(id);
    const auto summary = schema::decode_Summary(value);
    if (!summary.ok()) {
      damage("record", key, summary.error().detail);
      if (box != nullptr) box->uncertain = true;
      return {};
    }
    Known* const message = find(summary->local);
    const bool placed = message != nullptr && box != nullptr;
    if (!placed) {
      const bool told = message == nullptr && !explained_.insert(summary->local.value).second;
      if (!told) damage("placement", key, message == nullptr ? "a summary without its message" : "a summary in a mailbox that is not there");
      if (box != nullptr) box->uncertain = true;
      usage_uncertain_ = true;
      return {};
    }
    message->summaries += hash_of_placement(id, uid);
    box->unseen += is_unseen(*summary) ? 1u : 0u;
    box->unseen_drafts += is_unseen_draft(*summary) ? 1u : 0u;
    compare_summary(*message, key, value, *summary);
    return {};
  });
}

void AccountVerification::compare_summary(Known& message, std::string_view key, std::string_view value,
                                          const schema::Summary& summary) {
  if (summary.created != message.created || summary.modseq != message.modseq || summary.received != message.received ||
      summary.size_bytes != message.size) {
    damage("summary", key, "a summary tells other facts than its message's record");
  }
  const std::uint64_t hash = std::hash<std::string_view>{}(value) | 1u;
  if (message.kind == 0) {
    message.kind = static_cast<std::uint8_t>(summary.kind);
    message.summary = hash;
    message.unread = is_unread(summary);
  } else if (message.summary != hash) {
    damage("summary", key, "the summaries of a message differ between its mailboxes");
    if (Recount* const box = mailbox({ByteReader(key.substr(1)).u32()})) box->uncertain = true;
  }
}

Result<void> AccountVerification::compare_placements() {
  std::map<schema::LocalId, std::vector<schema::Placement>> differ;
  for (const Known& message : messages_) {
    if (message.placements == message.summaries) continue;
    TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::message(message.local)));
    if (!bytes) continue;
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
    for (const schema::Placement& placement : record.placements) TELEPOST_TRY(compare_placement(message, placement));
    if (differ.size() < kMaxFindings) differ[message.local] = record.placements;
  }
  if (differ.empty()) return {};
  return scan(Space::scan, "S", keys::after("S"), [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto summary = schema::decode_Summary(value);
    const auto told = summary.ok() ? differ.find(summary->local) : differ.end();
    if (told == differ.end()) return {};
    ByteReader reader(key.substr(1));
    const schema::MailboxId id{reader.u32()};
    const schema::Placement at{id, {reader.u32()}};
    if (std::find(told->second.begin(), told->second.end(), at) != told->second.end()) return {};
    damage("placement", key, "a summary where its message has no placement");
    if (Recount* const box = mailbox(id)) box->uncertain = true;
    return {};
  });
}

Result<void> AccountVerification::compare_placement(const Known& message, const schema::Placement& placement) {
  const std::string key = keys::summary(placement.mailbox, placement.uid);
  TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::scan, key));
  Recount* const box = mailbox(placement.mailbox);
  if (!bytes) {
    damage("placement", key, "a placement of message " + to_string(schema::MessageId{account_, message.local}) + " has no summary");
  } else {
    const auto summary = schema::decode_Summary(*bytes);
    if (!summary.ok() || summary->local == message.local) return {};
    TELEPOST_ASSIGN(const bool twice, places(summary->local, placement));
    damage(twice ? "uid" : "placement", key, twice ? "two messages have the same uid" : "the summary is another message's");
  }
  if (box != nullptr) box->uncertain = true;
  usage_uncertain_ = usage_uncertain_ || message.kind == 0;
  return {};
}

Result<bool> AccountVerification::places(schema::LocalId local, const schema::Placement& placement) {
  TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::message(local)));
  if (!bytes) return false;
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  return std::find(record.placements.begin(), record.placements.end(), placement) != record.placements.end();
}

void AccountVerification::compare_counters() {
  for (const auto& [id, box] : mailboxes_) {
    const schema::MailboxRecord& told = box.record;
    if (box.uncertain || (told.messages == box.messages && told.unseen == box.unseen && told.unseen_drafts == box.unseen_drafts && told.bytes == box.bytes)) continue;
    damage("counter", keys::mailbox(id), "mailbox '" + told.name + "' counts " + std::to_string(told.messages) + " messages, " +
           std::to_string(told.unseen) + " unseen with " + std::to_string(told.unseen_drafts) + " drafts, " + std::to_string(told.bytes) +
           " bytes and has " + std::to_string(box.messages) + ", " + std::to_string(box.unseen) + ", " +
           std::to_string(box.unseen_drafts) + ", " + std::to_string(box.bytes));
  }
  if (usage_uncertain_) return;
  std::array<schema::Usage, schema::kKinds> usage{};
  for (const Known& message : messages_) {
    ++usage[message.kind].messages;
    usage[message.kind].bytes += message.size;
  }
  if (archived_usage_ != head_.archived) {
    damage("counter", keys::kHead, "the account counts " + std::to_string(head_.archived.messages) + " archived messages with " +
           std::to_string(head_.archived.bytes) + " bytes and has " + std::to_string(archived_usage_.messages) + " with " +
           std::to_string(archived_usage_.bytes));
  }
  for (std::size_t kind = 1; kind < usage.size(); ++kind) {
    if (usage[kind] == head_.usage[kind]) continue;
    const std::string name(name_of(static_cast<schema::Kind>(kind)));
    damage("counter", keys::kHead, "the account counts " + std::to_string(head_.usage[kind].messages) + " messages of kind " + name +
           " with " + std::to_string(head_.usage[kind].bytes) + " bytes and has " + std::to_string(usage[kind].messages) + " with " +
           std::to_string(usage[kind].bytes));
  }
}

Result<void> verify_account(VerifyScope& scope, schema::AccountId account) { return AccountVerification(scope, account).run(); }

}  // namespace telepost::store
