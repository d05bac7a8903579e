// Recipients of a message with one answer for all that were not served with it: those who refuse it, those whom a crash left out, and
// those who could not be served at the time.
#include <algorithm>
#include <memory>

#include "base/log.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/accounts.h"
#include "store/due_list.h"
#include "store/message_edit.h"
#include "store/recipients.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/stored_content.h"
#include "store/submitted_copies.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

struct Refused {
  const schema::IntentRecord::Recipient* recipient;
  Error why;
};

// The sender was told that the message is taken, so it learns otherwise by a report (RFC 5321 section 6.1), one for all who refused:
// a stranger's message must not become a hundred.
std::optional<schema::ReportRecord> report_of(schema::MessageId first, const schema::Document& document, const schema::IntentRecord& intents,
                                              const std::vector<Refused>& refused) {
  schema::ReportRecord report;
  report.state = schema::SendState::failed;
  report.to = addr_spec(document.envelope.from);
  report.request = intents.request;
  report.message = first;
  report.content_offset = document.trace_size_bytes;
  report.content_size = document.size_bytes - document.trace_size_bytes;
  report.arrived = document.received;
  report.trace = document.origin.trace;
  for (const Refused& each : refused) {
    log::warning("intent_refused", {{"trace", report.trace}, {"recipient", each.recipient->address}, {"reason", to_string(each.why)}});
    if (!is_wanted(each.recipient->request.notify, transcoders::mime::ReportAction::failed)) continue;
    report.recipients.push_back({addr_spec(each.recipient->address), each.recipient->request, reply_of_refusal(each.why)});
  }
  if (report.to.empty() || report.recipients.empty()) return std::nullopt;
  return report;
}

// The first copy's account is gone: the report is due in one of those that refused.
Result<void> report_elsewhere(Rooms& rooms, const schema::ReportRecord& report, const std::vector<Refused>& refused) {
  std::vector<schema::MessageId> others;
  for (const Refused& each : refused) others.push_back(each.recipient->message);
  return Reports(rooms).leave_with(others, "refused " + schema::to_string(others.front()), report);
}

// One batch: who is served or refused is named no more, and the report is due. With the last one goes what was kept of a first copy that
// its reader expunged meanwhile. Who is not named any more was told of by another.
Result<void> end_intents(Rooms& rooms, schema::MessageId first, const std::vector<schema::IntentRecord::Recipient>& waiting,
                         const std::optional<schema::ReportRecord>& report, const std::vector<Refused>& refused) {
  Result<AccountWrite> write = AccountWrite::begin(rooms, first.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return report ? report_elsewhere(rooms, *report, refused) : Result<void>();
  TELEPOST_TRY(write);
  const std::string key = keys::intent(first.local);
  TELEPOST_ASSIGN(const auto bytes, write->get(Space::point, key));
  if (bytes) {
    TELEPOST_ASSIGN(schema::IntentRecord intents, schema::decode_IntentRecord(*bytes));
    const auto is_named = [&](const Refused& each) {
      return std::find(intents.recipients.begin(), intents.recipients.end(), *each.recipient) != intents.recipients.end();
    };
    if (report && std::all_of(refused.begin(), refused.end(), is_named)) {
      // Under the id of a copy that is never made: the first copy's own may be that of a report on its delivery.
      write->add_due(rooms.clock.now(), due::kReport, due::id_of(refused.front().recipient->message.local), schema::encode(*report));
    }
    intents.recipients = waiting;
    if (waiting.empty()) write->erase(Space::point, key);
    else write->put(Space::point, key, schema::encode(intents));
  }
  if (waiting.empty()) TELEPOST_TRY(MessageEdit::remove_sent(*write, first.local, rooms.clock.now()));
  return write->commit();
}

}  // namespace

// The first copy holds all that the others need. A copy that is there, or was and is gone, is served.
Result<void> Recipients::serve_intents(Rooms& rooms, schema::MessageId first) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::intent(first.local)));
  if (!bytes) return end_intents(rooms, first, {}, std::nullopt, {});
  TELEPOST_ASSIGN(const auto intents, schema::decode_IntentRecord(*bytes));
  TELEPOST_ASSIGN(const auto xml, StoredContent(*reader, rooms.dictionaries, first.local).document());
  if (!xml) {
    // What is named by intents is not removed, so this is damage, and verify tells of it. Nothing is left to serve anybody with.
    log::error("intents_without_first_copy", {{"message", schema::to_string(first)}});
    return end_intents(rooms, first, {}, std::nullopt, {});
  }
  TELEPOST_ASSIGN(const schema::Document document, schema::read_document(*xml));
  const ForCopies same{intents.delivery_key, intents.request, document.received};
  std::vector<Refused> refused;
  std::vector<schema::IntentRecord::Recipient> waiting;
  std::optional<Error> later;
  for (const schema::IntentRecord::Recipient& recipient : intents.recipients) {
    const auto served = serve_copy(rooms, first, recipient.message, recipient.address, recipient.request, same);
    if (!served.ok()) {
      later = served.error();
      waiting.push_back(recipient);
    } else if (*served) {
      refused.push_back({&recipient, **served});
    }
  }
  if (waiting.size() < intents.recipients.size()) {
    TELEPOST_TRY(end_intents(rooms, first, waiting, report_of(first, document, intents, refused), refused));
  }
  return later ? Result<void>(*later) : Result<void>();
}

}  // namespace telepost::store
