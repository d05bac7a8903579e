#include <memory>

#include "base/log.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/copy.h"
#include "store/pieces.h"
#include "store/recipients.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

// Whether its reader took the message away. Tombstones are not found by id, but this is asked only after a crash.
Result<bool> was_expunged(Rooms& rooms, schema::MessageId message) {
  bool expunged = false;
  const auto reader = rooms.engine->reader(schema::Partition::account(message.account));
  TELEPOST_TRY(reader->scan(Space::scan, "G", keys::after("G"), [&](std::string_view, std::string_view value) {
    const auto record = schema::decode_ChangeRecord(value);
    expunged = record.ok() && record->what == schema::ChangeRecord::What::message_gone && record->id == message.local.value;
    return !expunged;
  }));
  return expunged;
}

// One recipient of an intent: from the first copy's records, under the id that was fixed for it.
Result<void> serve_intent(Rooms& rooms, schema::MessageId first, const schema::IntentRecord::Recipient& recipient,
                          const std::string& delivery_key) {
  Result<AccountWrite> write = AccountWrite::begin(rooms, recipient.message.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return {};  // deleted meanwhile
  TELEPOST_TRY(write);
  TELEPOST_ASSIGN(const auto there, write->get(Space::point, keys::message(recipient.message.local)));
  if (there) return {};
  TELEPOST_ASSIGN(const bool expunged, was_expunged(rooms, recipient.message));
  if (expunged) return {};
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::message(first.local)));
  TELEPOST_ASSIGN(const auto xml, reader->get(Space::large, keys::document(first.local)));
  if (!bytes || !xml) {
    // Expunged since the crash. Nobody was told that the message is safe, so its sender tries again.
    log::warning("intent_without_first_copy", {{"message", schema::to_string(first)}, {"recipient", recipient.address}});
    return {};
  }
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  auto arrived = std::make_shared<Arrived>();
  TELEPOST_ASSIGN(arrived->document, schema::read_document(*xml));
  arrived->content.segments = record.segments;
  for (std::uint32_t index = 0; index < record.segments.size(); ++index) {
    if (record.segments[index].piece) continue;
    TELEPOST_ASSIGN(auto inline_bytes, reader->get(Space::large, keys::segment(first.local, index)));
    if (!inline_bytes) return {Errc::corrupt, "a segment of the first copy is missing"};
    arrived->content.inline_bytes.push_back(std::move(*inline_bytes));
  }
  arrived->ids = {recipient.message};
  arrived->incoming.to = {{recipient.message.account, recipient.address, ""}};
  arrived->incoming.from = arrived->document.envelope.from;
  arrived->incoming.origin = arrived->document.origin;
  arrived->incoming.delivery_key = delivery_key;
  arrived->document.envelope.to = {recipient.address};
  TELEPOST_TRY(Pieces(rooms).link(arrived->content.pieces(), {recipient.message}));
  const Result<Delivered> delivered = write_copy(rooms, *write, *arrived, 0);
  if (delivered.ok()) return write->commit();
  log::warning("intent_refused", {{"trace", arrived->incoming.origin.trace}, {"reason", to_string(delivered.error())}});
  return {};
}

}  // namespace

// The first copy holds all that the others need. A copy that is there, or was and is gone, is served.
Result<void> Recipients::serve_intents(Rooms& rooms, schema::MessageId first) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::intent(first.local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const auto intents, schema::decode_IntentRecord(*bytes));
  for (const schema::IntentRecord::Recipient& recipient : intents.recipients) {
    TELEPOST_TRY(serve_intent(rooms, first, recipient, intents.delivery_key));
  }
  CommitList list;
  list.push_back({Batch(schema::Partition::account(first.account))});
  list.back().batch.erase(Space::point, keys::intent(first.local));
  return rooms.committer.commit(std::move(list));
}

}  // namespace telepost::store
