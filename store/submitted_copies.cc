#include "store/submitted_copies.h"

#include <algorithm>
#include <map>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/copy.h"
#include "store/message_writer.h"
#include "store/outcomes.h"
#include "store/pieces.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/stored_content.h"
#include "store/trace_block.h"

namespace telepost::store {
namespace keys = schema::keys;
namespace mime = transcoders::mime;

namespace {

// The first tombstone's key at `since` or later: they are ordered by modseq as by time, and there may be 90 days of them.
Result<std::string> first_gone(const PartitionReader& reader, Time since) {
  TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::kHead));
  if (!bytes) return keys::gone({0});
  TELEPOST_ASSIGN(const auto head, schema::decode_HeadRecord(*bytes));
  std::uint64_t low = head.floor.value + 1, high = head.modseq.value + 1;
  while (since != Time{} && low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    std::optional<std::uint64_t> older;  // there is one, and it is older
    TELEPOST_TRY(reader.scan(Space::scan, keys::gone({middle}), keys::after("G"), [&](std::string_view key, std::string_view value) {
      const auto record = schema::decode_ChangeRecord(value);
      if (record.ok() && record->time < since) older = ByteReader(key.substr(1)).u64();
      return false;
    }));
    if (older) low = *older + 1;
    else high = middle;
  }
  return keys::gone({low});
}

// Whether its reader took the message away. Tombstones are not found by id.
Result<bool> was_expunged(Rooms& rooms, schema::MessageId message, Time since) {
  bool expunged = false;
  const auto reader = rooms.engine->reader(schema::Partition::account(message.account));
  TELEPOST_ASSIGN(const std::string first, first_gone(*reader, since));
  TELEPOST_TRY(reader->scan(Space::scan, first, keys::after("G"), [&](std::string_view, std::string_view value) {
    const auto record = schema::decode_ChangeRecord(value);
    expunged = record.ok() && record->what == schema::ChangeRecord::What::message_gone && record->id == message.local.value;
    return !expunged;
  }));
  return expunged;
}

// What was junk for the first recipient is junk for the others.
Result<bool> lies_in_junk(const PartitionReader& reader, const schema::MessageRecord& message) {
  for (const schema::Placement& placement : message.placements) {
    TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::mailbox(placement.mailbox)));
    if (!bytes) continue;
    TELEPOST_ASSIGN(const auto mailbox, schema::decode_MailboxRecord(*bytes));
    if (mailbox.role != schema::Role::junk) continue;
    TELEPOST_ASSIGN(const auto entry, reader.get(Space::scan, keys::summary(placement.mailbox, placement.uid)));
    if (!entry) continue;
    TELEPOST_ASSIGN(const auto summary, schema::decode_Summary(*entry));
    // What its reader blocks lies there too, and is junk for nobody else.
    if (std::find(summary.keywords.begin(), summary.keywords.end(), kJunkKeyword) != summary.keywords.end()) return true;
  }
  return false;
}

// The first copy as it arrived, for `copy`, to which its pieces are linked; none: it is gone.
Result<std::shared_ptr<Arrived>> first_copy(Rooms& rooms, schema::MessageId first, schema::MessageId copy) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::message(first.local)));
  StoredContent stored(*reader, rooms.dictionaries, first.local);
  TELEPOST_ASSIGN(const auto xml, stored.document());
  if (!bytes || !xml) return std::shared_ptr<Arrived>();
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  auto arrived = std::make_shared<Arrived>();
  TELEPOST_ASSIGN(arrived->document, schema::read_document(*xml));
  TELEPOST_ASSIGN(arrived->incoming.judgement.junk, lies_in_junk(*reader, record));  // forged: no recipient asks for a report
  TELEPOST_ASSIGN(arrived->content, copy_content(rooms, first, record, copy));
  return arrived;
}

// What came for one of ours goes on to another: whom it came for stands in front, so that it does not come back (policies/rules.h).
void note_forwarder(Arrived& arrived, const std::string& address) {
  const std::vector<std::string>& to = arrived.document.envelope.to;
  const bool was_sent_there = std::any_of(to.begin(), to.end(), [&](const std::string& each) { return equals_ignoring_case(each, address); });
  if (!was_sent_there && !to.empty()) extend_trace_block(delivered_to(to.front()), arrived.document, arrived.content);
}

std::string reply_of(const Error& refusal) {
  switch (refusal.kind) {
    case Errc::over_quota: return "552 5.2.2 " + refusal.detail;
    case Errc::too_large: return "552 5.2.3 " + refusal.detail;
    case Errc::not_found: return "550 5.1.1 " + refusal.detail;
    case Errc::refused: return "550 5.2.1 " + refusal.detail;
    case Errc::unavailable: return "554 5.6.0 " + refusal.detail;
    case Errc::invalid:
    case Errc::too_many:
    case Errc::exists:
    case Errc::denied:
    case Errc::busy:
    case Errc::conflict:
    case Errc::disk_full:
    case Errc::io:
    case Errc::corrupt:
    case Errc::timeout:
    case Errc::cancelled:
    case Errc::unsupported: break;
  }
  return "554 5.0.0 " + refusal.detail;
}

constexpr std::size_t kServedAtOnce = 100;  // of a batch that keeps who was served, and of the reports that it holds

struct Waiting {
  std::uint32_t number;
  schema::SubmittedRecipientRecord record;
};

Result<std::vector<Waiting>> waiting_copies(Rooms& rooms, schema::MessageId first) {
  const std::string prefix = keys::submitted_recipients(first.local);
  std::vector<Waiting> waiting;
  Result<void> decoded;
  TELEPOST_TRY(rooms.engine->reader(schema::Partition::account(first.account))->scan(Space::point, prefix, keys::after(prefix),
      [&](std::string_view key, std::string_view value) {
        auto record = schema::decode_SubmittedRecipientRecord(value);
        if (!record.ok()) decoded = record.error();
        else if (record->job == 0 && !is_final(record->state)) waiting.push_back({ByteReader(key.substr(9)).u32(), std::move(*record)});
        return decoded.ok();
      }));
  TELEPOST_TRY(std::move(decoded));
  return waiting;
}

// One batch of the sender's account: who was served, and the reports that leave.
Result<void> keep_served(Rooms& rooms, schema::MessageId first, const schema::SubmissionRecord& submission,
                         const std::vector<SettledRecipient>& settled, std::map<std::uint32_t, NewJob> reports) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, first.account, AccountWrite::Mode::with_reads));
  schema::CdrRecord cdr;
  cdr.kind = schema::Kind::email;
  cdr.size_bytes = submission.content_size;
  cdr.address = "mailto:" + submission.from;
  cdr.network = "local";
  cdr.trace = submission.trace;
  TELEPOST_ASSIGN(const std::vector<std::uint32_t> now, settle(rooms, write, first.local, settled, cdr));
  for (const std::uint32_t number : now) {
    const auto report = reports.find(number);
    if (report == reports.end()) continue;
    report->second.expires = rooms.clock.now() + rooms.configuration.queue.expire;
    const auto queued = Outbox(rooms).enqueue(write, std::move(report->second));
    if (!queued.ok()) drop_report("too_large", submission.from, submission.trace, to_string(queued.error()));
  }
  return write.commit();
}

}  // namespace

Result<std::optional<Error>> serve_copy(Rooms& rooms, schema::MessageId first, schema::MessageId copy, const std::string& address,
                                        const schema::RecipientRequest& request, const ForCopies& same) {
  TELEPOST_ASSIGN(const auto known, rooms.engine->reader(schema::Partition::account(copy.account))->get(Space::point, keys::message(copy.local)));
  if (known) return std::optional<Error>();
  // Before the account is locked: the archive may take its time.
  TELEPOST_ASSIGN(const std::shared_ptr<Arrived> arrived, first_copy(rooms, first, copy));
  Result<AccountWrite> write = AccountWrite::begin(rooms, copy.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return std::optional(Error{Errc::not_found, "there is no such account any more"});
  TELEPOST_TRY(write);
  TELEPOST_ASSIGN(const auto there, write->get(Space::point, keys::message(copy.local)));
  if (there) return std::optional<Error>();
  TELEPOST_ASSIGN(const bool expunged, was_expunged(rooms, copy, same.since));
  if (expunged) return std::optional<Error>();
  if (arrived == nullptr) return std::optional(Error{Errc::unavailable, "the message was removed before it was delivered"});
  if (same.may_be_forwarded) note_forwarder(*arrived, address);
  arrived->ids = {copy};
  arrived->incoming.to = {{copy.account, address, "", request}};
  arrived->incoming.from = arrived->document.envelope.from;
  arrived->incoming.origin = arrived->document.origin;
  arrived->incoming.delivery_key = same.delivery_key;
  arrived->incoming.request = same.request;
  const Result<Delivered> delivered = write_copy(rooms, *write, *arrived, 0);
  if (delivered.ok()) {
    TELEPOST_TRY(write->commit());
    return std::optional<Error>();
  }
  if (is_verdict(delivered.error().kind)) return std::optional(delivered.error());
  return delivered.error();
}

namespace {

// `later`: why somebody is to be served again.
Result<void> serve_some(Rooms& rooms, schema::MessageId first, const schema::SubmissionRecord& submission, std::span<const Waiting> waiting,
                        std::optional<Error>& later) {
  std::vector<SettledRecipient> settled;
  std::map<std::uint32_t, NewJob> reports;
  const Reported about{submission.from, submission.request, first, submission.content_offset, submission.content_size,
                       submission.created, submission.trace};
  for (const Waiting& each : waiting) {
    const schema::SubmittedRecipientRecord& record = each.record;
    const auto served = serve_copy(rooms, first, record.copy, "mailto:" + to_lower(record.address), {}, {"", {}, submission.created, true});
    if (!served.ok()) {
      later = served.error();
      continue;
    }
    const bool failed = served->has_value();
    SettledRecipient one{each.number, failed ? schema::SendState::failed : schema::SendState::delivered,
                         failed ? reply_of(**served) : "250 2.1.5 delivered", "", rooms.clock.now()};
    const mime::ReportAction action = failed ? mime::ReportAction::failed : mime::ReportAction::delivered;
    if (is_wanted(record.notify, action)) {
      const std::string key = "local " + schema::to_string(first) + " " + std::to_string(each.number);
      auto report = Reports(rooms).send(about, {{action, record.address, record.orcpt, one.reply, "", one.when, {}}}, key);
      if (!report.ok()) {
        later = report.error();
        continue;
      }
      if (*report) reports.emplace(each.number, std::move(**report));
    }
    settled.push_back(std::move(one));
  }
  return settled.empty() ? Result<void>() : keep_served(rooms, first, submission, settled, std::move(reports));
}

}  // namespace

bool is_verdict(Errc kind) {
  return kind == Errc::refused || kind == Errc::over_quota || kind == Errc::too_large || kind == Errc::not_found || kind == Errc::invalid;
}

std::string reply_of_refusal(const Error& refusal) { return reply_of(refusal); }

Result<void> serve_submission(Rooms& rooms, schema::MessageId first) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::submission(first.local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const schema::SubmissionRecord submission, schema::decode_SubmissionRecord(*bytes));
  TELEPOST_ASSIGN(const std::vector<Waiting> waiting, waiting_copies(rooms, first));
  std::optional<Error> later;
  for (std::size_t next = 0; next < waiting.size(); next += kServedAtOnce) {
    const auto some = std::span(waiting).subspan(next, std::min(kServedAtOnce, waiting.size() - next));
    TELEPOST_TRY(serve_some(rooms, first, submission, some, later));
  }
  return later ? Result<void>(*later) : Result<void>();
}

void serve_submission_now(Rooms& rooms, schema::MessageId first) {
  const Result<void> served = serve_submission(rooms, first);
  if (!served.ok()) log::warning("local_copies_wait", {{"message", schema::to_string(first)}, {"reason", to_string(served.error())}});
}

}  // namespace telepost::store
