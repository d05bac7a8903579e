// What an account's messages still have to do with others: recipients of a message, and what is told of one.
#include <algorithm>

#include "schema/keys.h"
#include "schema/mail_job.h"
#include "store/duty.h"
#include "store/identities.h"
#include "store/outbox.h"
#include "store/outcomes.h"
#include "store/recipients.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/submitted_copies.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kRecipientsAtOnce = 500;
}  // namespace

Result<void> serve_intents(DutyWork& work, const DueItem& item) { return Recipients::serve_intents(work.rooms, work.message(item)); }

Result<void> serve_submission(DutyWork& work, const DueItem& item) { return serve_submission(work.rooms, work.message(item)); }

// One that leaves becomes a job in the batch that takes the item away.
Result<void> send_report(DutyWork& work, const DueItem& item) {
  Rooms& rooms = work.rooms;
  TELEPOST_ASSIGN(const schema::ReportRecord record, schema::decode_ReportRecord(item.value));
  const auto action = record.state == schema::SendState::failed ? transcoders::mime::ReportAction::failed
                                                                : transcoders::mime::ReportAction::delivered;
  const Reported about{record.to, record.request, record.message, record.content_offset, record.content_size, record.arrived, record.trace};
  const std::string key = "due " + schema::to_string(work.message(item)) + " " + std::string(name_of(record.state));
  std::vector<transcoders::mime::ReportedRecipient> recipients;
  for (const auto& recipient : record.recipients) {
    recipients.push_back({action, recipient.address, recipient.wanted.orcpt, recipient.reply, "", record.arrived, {}});
  }
  TELEPOST_ASSIGN(auto job, Reports(rooms).send(about, recipients, key));
  if (!job) return {};
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, work.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto still, write.get(Space::queue, item.key));
  if (!still) return {};
  job->expires = rooms.clock.now() + rooms.configuration.queue.expire;
  const auto queued = Outbox(rooms).enqueue(write, std::move(*job));
  if (!queued.ok()) drop_report("too_large", record.to, record.trace, to_string(queued.error()));
  write.erase(Space::queue, item.key);
  return write.commit();
}

namespace {

// Who follows it is told that the object goes, for as long as changes are told; then it is one of those that nobody tells of.
Result<bool> tells_of_its_end(DutyWork& work, AccountWrite& write, const DueItem& item) {
  const std::string head = keys::submission(item.local());
  TELEPOST_ASSIGN(auto kept, read_submission(write, item.local()));
  if (!kept || !kept->followed) return false;
  schema::SubmissionRecord::Followed& followed = *kept->followed;
  if (!followed.destroyed) {
    followed.destroyed = true;
    followed.modseq = write.advance();
    write.put(Space::point, head, schema::encode(*kept));
    write.add_due(work.rooms.clock.now() + work.rooms.configuration.changes_keep, due::kForgetSubmission, item.id);
    return true;
  }
  TELEPOST_ASSIGN(schema::SenderRecord sender, read_sender(write));
  sender.submissions_floor = std::max(sender.submissions_floor, followed.modseq);
  write.put(Space::point, keys::kSender, schema::encode(sender));
  return false;
}

}  // namespace

Result<void> forget_submission(DutyWork& work, AccountWrite& write, const DueItem& item) {
  const schema::LocalId local = item.local();
  TELEPOST_ASSIGN(const bool is_told, tells_of_its_end(work, write, item));
  if (is_told) return {};
  const std::string prefix = keys::submitted_recipients(local);
  TELEPOST_ASSIGN(const auto recipients, write.scan(Space::point, prefix, keys::after(prefix), kRecipientsAtOnce));
  for (const auto& [key, value] : recipients) write.erase(Space::point, key);
  const std::string head = keys::submission(local);
  TELEPOST_ASSIGN(auto kept, read_submission(write, local));
  if (!kept) return {};
  schema::SubmissionRecord& record = *kept;
  record.recipients -= std::min(record.recipients, static_cast<std::uint32_t>(recipients.size()));
  if (record.recipients == 0) {
    write.erase(Space::point, head);
    return {};
  }
  write.put(Space::point, head, schema::encode(record));
  write.add_due(work.rooms.clock.now() + Duration(1), due::kForgetSubmission, item.id);
  return {};
}

}  // namespace telepost::store
