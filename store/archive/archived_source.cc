#include "store/archive/archived_source.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/audit.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/pieces.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kPiecesAtOnce = 4;

Result<std::string> read_part(ArchivePlace& archive, schema::MessageId id, const schema::MessageRecord& record, std::uint32_t part) {
  const std::uint64_t begin = part * schema::kArchivePartBytes;
  const std::uint64_t size = std::min(schema::kArchivePartBytes, record.size_bytes - begin);
  return archive.get({id, record.archived.number, part}, size, record.archived.parts[part]);
}

// Takes a source's bytes as they come and cuts them as its segments say.
class SegmentCutter {
 public:
  SegmentCutter(Rooms& rooms, const schema::MessageRecord& record, schema::MessageId target)
      : rooms_(rooms), record_(record), target_(target) {}

  Result<void> write(std::string_view bytes) {
    while (index_ < record_.segments.size()) {
      const schema::Segment& segment = record_.segments[index_];
      const std::size_t take = std::min<std::size_t>(bytes.size(), segment.size - current_.size());
      current_.append(bytes.substr(0, take));
      bytes.remove_prefix(take);
      if (current_.size() < segment.size) return {};
      TELEPOST_TRY(finish(segment));
    }
    return {};
  }

  Result<std::vector<std::string>> finish() {
    TELEPOST_TRY(store());
    if (index_ != record_.segments.size()) return {Errc::corrupt, "the archive has less than the message's segments; run telepost verify"};
    return std::move(inline_bytes_);
  }

 private:
  Result<void> finish(const schema::Segment& segment) {
    ++index_;
    if (!segment.piece) inline_bytes_.push_back(std::exchange(current_, {}));
    else pieces_.push_back({*segment.piece, std::exchange(current_, {})});
    return pieces_.size() < kPiecesAtOnce ? Result<void>() : store();
  }
  Result<void> store() {
    const std::vector<Pieces::Bytes> pieces = std::exchange(pieces_, {});
    return Pieces(rooms_).store(pieces, {target_});
  }

  Rooms& rooms_;
  const schema::MessageRecord& record_;
  const schema::MessageId target_;
  std::size_t index_ = 0;
  std::string current_;
  std::vector<Pieces::Bytes> pieces_;
  std::vector<std::string> inline_bytes_;
};

// Due work of an earlier archiving may have taken a link away since it was made; under the account's lock none can.
Result<bool> all_linked(Rooms& rooms, schema::MessageId id, const schema::MessageRecord& record) {
  for (const schema::Segment& segment : record.segments) {
    if (!segment.piece) continue;
    TELEPOST_ASSIGN(const auto link, rooms.engine->reader(schema::Partition::piece(*segment.piece))->get(Space::scan, keys::link(id)));
    if (!link) return false;
  }
  return true;
}

Result<schema::MessageRecord> read_record(Rooms& rooms, schema::MessageId id) {
  const auto reader = rooms.engine->reader(schema::Partition::account(id.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::message(id.local)));
  if (!bytes) return {Errc::not_found, "no such message"};
  return schema::decode_MessageRecord(*bytes);
}

}  // namespace

Result<void> read_archived(ArchivePlace& archive, schema::MessageId id, const schema::MessageRecord& record, std::uint64_t offset,
                           std::uint64_t end, const ByteSink& sink) {
  while (offset < end) {
    const auto part = static_cast<std::uint32_t>(offset / schema::kArchivePartBytes);
    if (part >= record.archived.parts.size()) return {Errc::corrupt, "the message's record names too few archived parts; run telepost verify"};
    const std::uint64_t begin = part * schema::kArchivePartBytes;
    TELEPOST_ASSIGN(const std::string bytes, read_part(archive, id, record, part));
    const std::uint64_t take = std::min<std::uint64_t>(end, begin + bytes.size()) - offset;
    if (!sink(std::string_view(bytes).substr(offset - begin, take))) return {};
    offset += take;
  }
  return {};
}

Result<std::vector<std::string>> restore_content(Rooms& rooms, schema::MessageId id, const schema::MessageRecord& record,
                                                 schema::MessageId target, const ByteSink& sink) {
  SegmentCutter cutter(rooms, record, target);
  Result<void> cut;
  TELEPOST_TRY(read_archived(rooms.archive, id, record, 0, record.size_bytes, [&](std::string_view bytes) {
    sink(bytes);
    cut = cutter.write(bytes);
    return cut.ok();
  }));
  TELEPOST_TRY(std::move(cut));
  return cutter.finish();
}

Result<bool> is_brought_back(Rooms& rooms, schema::MessageId id) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, id.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const MessageEdit edit, MessageEdit::open(write, id.local));
  return comes_back(write, {edit.record(), edit.summary()});
}

Result<void> bring_back(Rooms& rooms, schema::MessageId id, const ByteSink& sink) {
  TELEPOST_ASSIGN(const schema::MessageRecord record, read_record(rooms, id));
  if (record.tier == schema::Tier::online) return {};
  TELEPOST_ASSIGN(const std::vector<std::string> inline_bytes, restore_content(rooms, id, record, id, sink));
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, id.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, id.local));
  if (edit.record().tier == schema::Tier::online) return {};
  TELEPOST_ASSIGN(const bool linked, all_linked(rooms, id, edit.record()));
  if (!linked || edit.record().archived != record.archived) return {Errc::busy, "the message is just being archived; read it again"};
  edit.bring_online(inline_bytes);
  TELEPOST_TRY(edit.finish());
  AuditTrail audit(id.account);
  audit.add(schema::AuditRecord::Action::brought_back, "class " + write.service().name, "its subscriber read it", id.local);
  audit.attach_to(rooms, write);
  return write.commit();
}

}  // namespace telepost::store
