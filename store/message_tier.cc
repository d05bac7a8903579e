// Where a message's source lies: MessageEdit's part of the archive. What each step leaves for later is due work of its own batch.
#include "base/assert.h"
#include "base/bytes.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/message_edit.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Tier;

void MessageEdit::park(Time touched) {
  TELEPOST_ASSERT(!record_.parked && record_.tier == Tier::online);
  record_.parked = touched;
  write_->put(Space::queue, keys::untouched(touched, local_), {});
  write_->put(Space::point, keys::message(local_), schema::encode(record_));
}

void MessageEdit::unpark() {
  TELEPOST_ASSERT(record_.parked.has_value());
  forget_parked(*write_, local_, record_);
  record_.parked.reset();
  write_->put(Space::point, keys::message(local_), schema::encode(record_));
}

void MessageEdit::archive(schema::ArchivedSource where, std::string_view document) {
  TELEPOST_ASSERT(record_.tier == Tier::online);
  drop_source(*write_, local_, record_, write_->now());
  // The document stays, and what was packed with it goes.
  for (const std::string& key : content_keys(local_, record_)) write_->erase(Space::large, key);
  write_->put(Space::large, keys::document(local_), document);
  record_.codec = {};
  if (record_.parked) unpark();
  record_.tier = Tier::archived;
  record_.archived = std::move(where);
  ++write_->head().archived.messages;
  write_->head().archived.bytes += record_.size_bytes;
}

void MessageEdit::bring_online(const std::vector<std::string>& inline_bytes) {
  TELEPOST_ASSERT(record_.tier == Tier::archived);
  drop_source(*write_, local_, record_, write_->now());
  std::size_t next = 0;
  for (std::uint32_t index = 0; index < record_.segments.size(); ++index) {
    if (!record_.segments[index].piece) write_->put(Space::large, keys::segment(local_, index), inline_bytes[next++]);
  }
  record_.tier = Tier::online;
  record_.archived = {};
  record_.accessed = write_->now();
  was_.archive_after.reset();  // none is due: the next ones are, whenever they come
  was_.compress_after.reset();
  --write_->head().archived.messages;
  write_->head().archived.bytes -= record_.size_bytes;
}

void drop_source(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record, Time now) {
  if (record.tier == Tier::archived) {
    write.add_due(now, due::kRemoveArchived, due::id_of(local, record.archived.number), due::archived_parts(record.archived.parts.size()));
    return;
  }
  std::string digests;
  for (const schema::Segment& segment : record.segments) {
    if (segment.piece) digests.append(segment.piece->view());
  }
  if (!digests.empty()) write.add_due(now, due::kUnlink, due::id_of(local), digests);
}

void forget_parked(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record) {
  if (record.parked) write.erase(Space::queue, keys::untouched(*record.parked, local));
}

}  // namespace telepost::store
