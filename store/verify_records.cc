// The passes over an account's point and queue records.
#include <algorithm>

#include "base/bytes.h"
#include "schema/app_password.h"
#include "schema/contact_records.h"
#include "schema/index_records.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "schema/reindex_record.h"
#include "schema/rules_record.h"
#include "schema/search_records.h"
#include "schema/sender_record.h"
#include "schema/sign_in_records.h"
#include "schema/vacation_record.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/outbox_job.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

bool holds(const std::vector<std::string>& sorted, std::string_view id) {
  return std::binary_search(sorted.begin(), sorted.end(), id, std::less<>());
}

}  // namespace

std::uint64_t hash_of_placement(schema::MailboxId mailbox, schema::Uid uid) {
  // The finalizer of splitmix64: sums of such hashes are equal by chance once in 2^64.
  std::uint64_t hash = (static_cast<std::uint64_t>(mailbox.value) << 32 | uid.value) + 0x9e3779b97f4a7c15u;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

Result<void> AccountVerification::read_queue() {
  TELEPOST_TRY(scan(Space::queue, {}, {}, [this](std::string_view key, std::string_view value) -> Result<void> {
    if (key.size() == 26 && key[0] == 'D') return read_due(key, value);
    if (key.size() == 17 && key[0] == 'E') return read_cdr(key, value);
    if (key.size() == 17 && key[0] == keys::kParked[0]) return untouched_.emplace(key), Result<void>();
    unknown(key);
    return {};
  }));
  std::sort(forget_key_dues_.begin(), forget_key_dues_.end());
  std::sort(intent_dues_.begin(), intent_dues_.end());
  std::sort(submission_dues_.begin(), submission_dues_.end());
  std::sort(forget_submission_dues_.begin(), forget_submission_dues_.end());
  return {};
}

Result<void> AccountVerification::read_due(std::string_view key, std::string_view value) {
  ByteReader reader(key.substr(1));
  const Time time = from_millis(static_cast<std::int64_t>(reader.u64() ^ (1ull << 63)));
  const char what = static_cast<char>(reader.u8());
  if (!earliest_due_) earliest_due_ = time;
  switch (what) {
    case due::kForgetKey: forget_key_dues_.emplace_back(reader.rest()); break;
    case due::kServeIntents: intent_dues_.emplace_back(reader.rest()); break;
    case due::kServeSubmission: submission_dues_.emplace_back(reader.rest()); break;
    case due::kForgetSubmission: forget_submission_dues_.emplace_back(reader.rest()); break;
    case due::kReport:
      scope_.debris("report", partition_, key, "a report that is still to be sent");
      if (const auto report = schema::decode_ReportRecord(value); !report.ok()) damage("record", key, report.error().detail);
      break;
    case due::kForgetUpload: upload_dues_.insert(due::local_of(reader.rest()).value); break;
    case due::kEndPush: push_dues_.emplace(due::local_of(reader.rest()).value, time); break;
    case due::kForgetToken: token_dues_.emplace(reader.rest(), time); break;
    case due::kTrimChanges: trim_due_ = true; break;
    case due::kForgetAnswer: forget_answer_dues_.insert(std::string(reader.rest())); break;
    case due::kAnswer:
      if (const auto answer = schema::decode_AnswerRecord(value); !value.empty() && !answer.ok()) damage("record", key, answer.error().detail);
      break;
    case due::kPurge:
      if (!purge_due_) purge_due_ = time;
      break;
    case due::kUnlink:
      scope_.debris("link", partition_, key, "links of a message that is gone, to be removed");
      if (value.size() % 32 != 0) damage("record", key, "digests to unlink of a broken size");
      break;
    case due::kCheckArchived:
    case due::kRemoveArchived:
      archive_dues_.emplace(due::local_of(reader.rest()), due::number_of(reader.rest()));
      if (value.size() != 4) damage("record", key, "parts in the archive of a broken number");
      break;
    case due::kRelieve:
    case due::kUnpark:
    case due::kExpire:
    case due::kRedate:
    case due::kWarnQuota:
    case due::kIndex:
    case due::kArchive:
    case due::kCompress:
    case due::kRemoveContent:
    case due::kCheckAddresses: break;
    default: damage("record", key, "due work that nobody knows");
  }
  return {};
}

Result<void> AccountVerification::read_cdr(std::string_view key, std::string_view value) {
  ByteReader reader(key.substr(1));
  const std::uint64_t hint = reader.u64();
  const std::uint64_t sequence = reader.u64();
  const auto record = schema::decode_CdrRecord(value);
  if (!record.ok()) damage("record", key, record.error().detail);
  if (sequence > head_.cdr_sequence) damage("cdr", key, "a CDR numbered above the account's last one");
  if (hint == last_cdr_hint_) return {};
  last_cdr_hint_ = hint;
  const auto reader_of_slice = scope_.engine().reader(keys::cdr_slice(account_));
  TELEPOST_ASSIGN(const auto there, reader_of_slice->get(Space::queue, keys::cdr_hint(hint)));
  if (!there || ByteReader(*there).u64() != account_.value) damage("cdr", key, "CDRs that no export will find: their hint is missing");
  return {};
}

Result<void> AccountVerification::verify_hints() {
  if (earliest_due_ && (!head_.earliest_hint || *head_.earliest_hint > std::max(*earliest_due_, scope_.now()))) {
    damage("due", keys::kHead, "the head knows of no hint as early as the account's first due work");
    return {};
  }
  if (head_.earliest_hint) {
    TELEPOST_ASSIGN(const bool hinted, scope_.will_be_looked_at(partition_, *head_.earliest_hint));
    if (!hinted) damage("due", keys::kHead, "no hint stands in the calendar at " + to_rfc3339(*head_.earliest_hint) + " or before");
  }
  if (head_.trim_due.has_value() != trim_due_) damage("due", keys::kHead, "the end of tombstones is due in the head or in the due list, not in both");
  return {};
}

Result<void> AccountVerification::read_points() {
  TELEPOST_TRY(scan(Space::point, {}, {}, [this](std::string_view key, std::string_view value) -> Result<void> {
    if (key == keys::kAccount || key == keys::kHead || key == keys::kRecount || key == keys::kReindex || key == keys::kSearch || key == keys::kContacts) return {};
    if (key == keys::kSender) return read_sender_record(value), Result<void>();
    if (key == keys::kVacation) return read_vacation(value), Result<void>();
    if (key == keys::kRules) return read_rules(value), Result<void>();
    if (key == keys::kSecondFactor) return read_second_factor(value), Result<void>();
    switch (key.size() < 5 ? '\0' : key[0]) {
      case 'B': return read_mailbox(key, value);
      case 'E': return read_push_subscription(key, value), Result<void>();
      case 'F': return read_name(key, value);
      case 'I': return read_intent(key, value), Result<void>();
      case 'J': return read_job_name(key, value);
      case 'K': return read_delivery_key(key, value), Result<void>();
      case 'L': return read_upload(key, value), Result<void>();
      case 'M': return read_message(key, value);
      case 'O': return read_submission(key, value), Result<void>();
      case 'Q': return read_submitted_recipient(key, value), Result<void>();
      case 'R': return read_answered(key, value), Result<void>();
      case 'W': return read_app_password(key, value), Result<void>();
      case 't': return read_token(key, value), Result<void>();
      case 'C':
      case 'N':
      case 'P':
      case 'S':
      case 'V':
      case 'Y': return {};  // of the indexes
      default: return unknown(key), Result<void>();
    }
  }));
  for (const std::string& key : untouched_) damage("archive", key, "what waits to be archived is no message");
  return {};
}

Result<void> AccountVerification::read_mailbox(std::string_view key, std::string_view value) {
  auto record = schema::decode_MailboxRecord(value);
  if (!record.ok() || keys::mailbox(record->id) != key) {
    damage("record", key, record.ok() ? "a mailbox under another's key" : record.error().detail);
    return {};
  }
  if (record->id >= head_.next_mailbox) damage("mailbox", key, "a mailbox numbered above the next one");
  if (record->modseq > head_.modseq) damage("change", key, "a mailbox changed after the head's modseq");
  mailboxes_[record->id].record = std::move(*record);
  return {};
}

Result<void> AccountVerification::read_name(std::string_view key, std::string_view value) {
  ByteReader reader(key.substr(1));
  const schema::MailboxId parent{reader.u32()};
  Recount* const box = value.size() == 4 ? mailbox({ByteReader(value).u32()}) : nullptr;
  if (box == nullptr || box->record.parent != parent || box->record.name != reader.rest()) {
    damage("mailbox", key, "a name without the mailbox that has it");
  } else {
    box->named = true;
  }
  return {};
}

// Every mailbox is found by its name, its parents exist and end at the top, and a role is one mailbox's.
void AccountVerification::verify_tree() {
  std::map<schema::Role, int> roles;
  for (const auto& [id, box] : mailboxes_) {
    const schema::MailboxRecord& record = box.record;
    if (!box.named) damage("mailbox", keys::mailbox(id), "mailbox '" + record.name + "' is not found by its name");
    if (record.role != schema::Role::none && ++roles[record.role] > 1) {
      damage("mailbox", keys::mailbox(id), "two mailboxes are " + std::string(name_of(record.role)));
    }
    schema::MailboxId above = record.parent;
    std::size_t depth = 0;
    for (const Recount* parent = nullptr; above.value != 0 && depth <= mailboxes_.size(); ++depth) {
      parent = mailbox(above);
      if (parent == nullptr) break;
      above = parent->record.parent;
    }
    if (above.value != 0) damage("mailbox", keys::mailbox(id), "mailbox '" + record.name + "' lies under nothing");
  }
  const Recount* const inbox = mailbox(kInbox);
  if (inbox == nullptr || inbox->record.role != schema::Role::inbox) damage("mailbox", keys::mailbox(kInbox), "the account has no INBOX");
}

Result<void> AccountVerification::read_message(std::string_view key, std::string_view value) {
  const schema::LocalId local{ByteReader(key.substr(1)).u64()};
  const auto record = schema::decode_MessageRecord(value);
  if (!record.ok() || key.size() != 9) {
    damage("record", key, record.ok() ? "a message's key of another size" : record.error().detail);
    explained_.insert(local.value);
    usage_uncertain_ = true;
    for (auto& [id, box] : mailboxes_) box.uncertain = true;
    return {};
  }
  Known known;
  known.local = local;
  known.created = record->created;
  known.modseq = record->modseq;
  known.received = record->received;
  known.size = record->size_bytes;
  known.packed = record->codec.kind != schema::ContentCodec::Kind::raw;
  const bool online = record->tier == schema::Tier::online;
  for (const schema::Segment& segment : record->segments) known.inline_segments += segment.piece || !online ? 0u : 1u;
  if (!online) {
    archived_.push_back({local, record->archived.number, record->size_bytes, static_cast<std::uint32_t>(record->archived.parts.size())});
    archived_usage_.messages += record->placements.empty() ? 0u : 1u;
    archived_usage_.bytes += record->placements.empty() ? 0u : record->size_bytes;
  }
  if (record->parked && (untouched_.erase(keys::untouched(*record->parked, local)) == 0 || !online)) {
    damage("archive", key, "a message that may be archived, and does not wait for it");
  }
  if (record->placements.empty()) {
    known.logged = true;  // by its tombstone
    gone_for_readers_.insert(local.value);
    if (record->departed) departed_.emplace(local.value, record->departed->time);
    else kept_.insert(local.value);
  }
  for (const schema::Placement& placement : record->placements) {
    known.placements += hash_of_placement(placement.mailbox, placement.uid);
    known.mailboxes += hash_of_placement(placement.mailbox, {});
    Recount* const box = mailbox(placement.mailbox);
    if (box == nullptr) {
      damage("placement", key, "a message in a mailbox that is not there");
      continue;
    }
    ++box->messages;
    box->bytes += record->size_bytes;
    if (placement.uid >= box->record.uidnext) damage("uid", key, "uid " + std::to_string(placement.uid.value) + " is not below uidnext");
  }
  messages_.push_back(known);
  return {};
}

void AccountVerification::read_delivery_key(std::string_view key, std::string_view value) {
  const auto record = schema::decode_DeliveryKeyRecord(value);
  if (!record.ok()) damage("record", key, record.error().detail);
  if (!holds(forget_key_dues_, key.substr(1))) damage("delivery-key", key, "a delivery key that is never forgotten");
}

void AccountVerification::read_app_password(std::string_view key, std::string_view value) {
  const auto record = schema::decode_AppPasswordRecord(value);
  if (!record.ok()) damage("record", key, record.error().detail);
  else if (keys::app_password(record->name) != key) damage("record", key, "an app password under another's key");
}

void AccountVerification::read_intent(std::string_view key, std::string_view value) {
  const auto record = schema::decode_IntentRecord(value);
  if (!record.ok()) damage("record", key, record.error().detail);
  const std::string id = std::string(8, '\0') + std::string(key.substr(1));
  scope_.debris_if(holds(intent_dues_, id), "intent", partition_, key, "recipients that are still to be served");
}

Result<void> AccountVerification::read_job_name(std::string_view key, std::string_view value) {
  const auto name = schema::decode_JobNameRecord(value);
  if (!name.ok() || key.size() != 9) {
    damage("record", key, name.ok() ? "a job name's key of another size" : name.error().detail);
    return {};
  }
  const std::uint64_t id = ByteReader(key.substr(1)).u64();
  named_jobs_.insert(id);
  TELEPOST_ASSIGN(const auto job, scope_.engine().reader(keys::queue_slice(name->destination))->get(Space::point, keys::job(id)));
  if (job) return {};
  TELEPOST_ASSIGN(const auto still, scope_.engine().reader(partition_)->get(Space::point, key));
  if (still) damage("outbox", key, "the account names a send job that is not there");
  return {};
}

}  // namespace telepost::store
