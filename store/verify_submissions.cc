// What an account keeps of the messages that it handed in: every recipient who is not final has somebody who serves it.
#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "schema/rules_record.h"
#include "schema/sender_record.h"
#include "schema/vacation_record.h"
#include "store/due_list.h"
#include "store/verify_account.h"

#include <algorithm>

namespace telepost::store {
namespace keys = schema::keys;

// Read before its recipients: "O" sorts before "Q", and both behind "J".
void AccountVerification::read_submission(std::string_view key, std::string_view value) {
  const auto record = schema::decode_SubmissionRecord(value);
  if (!record.ok() || key.size() != 9) {
    damage("record", key, record.ok() ? "a submission's key of another size" : record.error().detail);
    return;
  }
  Submitted& submitted = submissions_[ByteReader(key.substr(1)).u64()];
  submitted.recipients = record->recipients;
  submitted.open = record->open;
  submitted.final = record->final.has_value();
  if (record->followed && record->followed->modseq > head_.modseq) damage("change", key, "a submission changed after the head's modseq");
}

void AccountVerification::read_sender_record(std::string_view value) {
  const auto record = schema::decode_SenderRecord(value);
  if (!record.ok()) return damage("record", keys::kSender, record.error().detail);
  for (const schema::IdentityRecord& identity : record->identities) {
    if (identity.modseq > head_.modseq) damage("change", keys::kSender, "an identity changed after the head's modseq");
  }
}

void AccountVerification::read_vacation(std::string_view value) {
  const auto record = schema::decode_VacationRecord(value);
  if (!record.ok()) return damage("record", keys::kVacation, record.error().detail);
  if (record->modseq > head_.modseq) damage("change", keys::kVacation, "the vacation response changed after the head's modseq");
}

void AccountVerification::read_rules(std::string_view value) {
  const auto record = schema::decode_RulesRecord(value);
  if (!record.ok()) return damage("record", keys::kRules, record.error().detail);
  if (record->modseq > head_.modseq) damage("change", keys::kRules, "the rules changed after the head's modseq");
}

void AccountVerification::read_answered(std::string_view key, std::string_view value) {
  const auto record = schema::decode_AnsweredRecord(value);
  if (!record.ok() || key.size() != 17) return damage("record", key, record.ok() ? "a key of another size" : record.error().detail);
  if (!forget_answer_dues_.contains(std::string(key.substr(1)))) damage("answer", key, "who was answered is never forgotten");
}

void AccountVerification::read_submitted_recipient(std::string_view key, std::string_view value) {
  const auto record = schema::decode_SubmittedRecipientRecord(value);
  if (!record.ok() || key.size() != 13) {
    damage("record", key, record.ok() ? "a submitted recipient's key of another size" : record.error().detail);
    return;
  }
  const auto found = submissions_.find(ByteReader(key.substr(1)).u64());
  if (found == submissions_.end()) return damage("submission", key, "a recipient without its submission");
  ++found->second.counted;
  if (is_final(record->state)) return;
  ++found->second.counted_open;
  if (record->job == 0) found->second.waits_for_copies = true;
  else if (!named_jobs_.contains(record->job)) damage("submission", key, "a recipient who waits for a send job that the account does not name");
}

void AccountVerification::verify_submissions() {
  for (const auto& [local, submitted] : submissions_) {
    const std::string key = keys::submission({local});
    const std::string id = due::id_of({local});
    const auto is_due = [&](const std::vector<std::string>& dues) { return std::binary_search(dues.begin(), dues.end(), id); };
    if (submitted.recipients != submitted.counted || submitted.open != submitted.counted_open) {
      damage("submission", key, "the submission counts " + std::to_string(submitted.recipients) + " recipients, " +
             std::to_string(submitted.open) + " open, and has " + std::to_string(submitted.counted) + " and " +
             std::to_string(submitted.counted_open));
    }
    if (submitted.final != (submitted.open == 0)) damage("submission", key, "the submission is final, or has open recipients, but not one of the two");
    if (submitted.final && !is_due(forget_submission_dues_)) damage("submission", key, "a submission that is never forgotten");
    if (submitted.waits_for_copies && !is_due(submission_dues_)) damage("submission", key, "recipients of ours whom nobody serves");
  }
  for (const std::uint64_t local : kept_) {
    const auto submitted = submissions_.find(local);
    if (submitted != submissions_.end() && submitted->second.open > 0) continue;
    if (std::binary_search(intent_dues_.begin(), intent_dues_.end(), due::id_of({local}))) continue;
    damage("placement", keys::message({local}), "a message that lies in no mailbox and that nobody sends");
  }
}

}  // namespace telepost::store
