// Recipients of a message with one answer for all that were not served with it: after a crash, or because they could not be at the time.
#include <memory>

#include "base/log.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/message_edit.h"
#include "store/recipients.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/submission_writer.h"
#include "store/submitted_copies.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr Duration kKeepKeys = std::chrono::days(7);

// The sender was told that the message is taken, so it learns otherwise by a report (RFC 5321 section 6.1). The report is due in the
// account that refused, or where there is none any more in the first copy's, beside a key that keeps it from being written twice.
Result<void> report_refusal(Rooms& rooms, schema::MessageId first, const schema::IntentRecord& intents,
                            const schema::IntentRecord::Recipient& recipient, const Error& refusal) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto xml, reader->get(Space::large, keys::document(first.local)));
  if (!xml) {
    // Expunged since the crash. Nobody was told that the message is safe, so its sender tries again.
    log::warning("intent_without_first_copy", {{"message", schema::to_string(first)}, {"recipient", recipient.address}});
    return {};
  }
  TELEPOST_ASSIGN(const schema::Document document, schema::read_document(*xml));
  log::warning("intent_refused", {{"trace", document.origin.trace}, {"reason", to_string(refusal)}});
  schema::ReportRecord report;
  report.state = schema::SendState::failed;
  report.to = addr_spec(document.envelope.from);
  report.request = intents.request;
  report.address = addr_spec(recipient.address);
  report.wanted = recipient.request;
  report.reply = reply_of_refusal(refusal);
  report.message = first;
  report.content_offset = document.trace_size_bytes;
  report.content_size = document.size_bytes - document.trace_size_bytes;
  report.arrived = document.received;
  report.trace = document.origin.trace;
  if (report.to.empty() || !is_wanted(recipient.request.notify, transcoders::mime::ReportAction::failed)) return {};

  const schema::AccountId account = refusal.kind == Errc::not_found ? first.account : recipient.message.account;
  Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) {
    drop_report("no_account", report.to, report.trace, to_string(refusal));
    return {};
  }
  TELEPOST_TRY(write);
  const std::string key = keys::delivery_key(std::string("\0refused ", 9) + schema::to_string(recipient.message));
  TELEPOST_ASSIGN(const auto told, write->get(Space::point, key));
  if (told) return {};
  const Time forget = rooms.clock.now() + kKeepKeys;
  write->put(Space::point, key, schema::encode(schema::DeliveryKeyRecord{recipient.message.local, forget}));
  write->add_due(forget, due::kForgetKey, std::string_view(key).substr(1));
  write->add_due(rooms.clock.now(), due::kReport, due::id_of(recipient.message.local), schema::encode(report));
  return write->commit();
}

// With them goes what was kept of a first copy that its reader expunged meanwhile.
Result<void> end_intents(Rooms& rooms, schema::MessageId first) {
  Result<AccountWrite> write = AccountWrite::begin(rooms, first.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return {};
  TELEPOST_TRY(write);
  TELEPOST_ASSIGN(const auto intents, write->get(Space::point, keys::intent(first.local)));
  TELEPOST_ASSIGN(const auto message, write->get(Space::point, keys::message(first.local)));
  if (!intents && !message) return {};
  if (intents) write->erase(Space::point, keys::intent(first.local));
  TELEPOST_TRY(MessageEdit::remove_kept(*write, first.local, rooms.clock.now()));
  return write->commit();
}

}  // namespace

// The first copy holds all that the others need. A copy that is there, or was and is gone, is served.
Result<void> Recipients::serve_intents(Rooms& rooms, schema::MessageId first) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::intent(first.local)));
  if (!bytes) return end_intents(rooms, first);
  TELEPOST_ASSIGN(const auto intents, schema::decode_IntentRecord(*bytes));
  for (const schema::IntentRecord::Recipient& recipient : intents.recipients) {
    TELEPOST_ASSIGN(const auto refusal, serve_copy(rooms, first, recipient.message, recipient.address, recipient.request,
                                                   {intents.delivery_key, intents.request}));
    if (refusal) TELEPOST_TRY(report_refusal(rooms, first, intents, recipient, *refusal));
  }
  return end_intents(rooms, first);
}

}  // namespace telepost::store
