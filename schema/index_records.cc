#include "schema/index_records.h"

#include "base/bytes.h"
#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

std::uint64_t number_of(Time time) { return static_cast<std::uint64_t>(to_millis(time)); }

}  // namespace

std::string encode(const IndexedMessageRecord& r) { return Encoder().number(r.thread).number(r.gone).take(); }
Result<IndexedMessageRecord> decode_IndexedMessageRecord(std::string_view bytes) {
  IndexedMessageRecord r;
  Decoder in(bytes, "indexed message record");
  in.number(r.thread).number(r.gone);
  return in.finish(std::move(r));
}

// Members as differences to the one before: a conversation of 1,000 takes about 10 KB.
std::string encode(const ThreadRecord& r) {
  std::string ids;
  for (const std::uint64_t id : r.ids) ByteWriter(ids).u64(id);
  ThreadRecord::Member before;
  return Encoder().number(r.created).number(r.modseq).number(r.joined).number(r.partner).text(ids)
      .list(r.members, [&](Encoder& out, const ThreadRecord::Member& member) {
    out.number(number_of(member.received) - number_of(before.received)).number(member.local.value - before.local.value)
        .number(member.unread).list(member.mailboxes, [](Encoder& each, MailboxId mailbox) { each.number(mailbox); });
    before = member;
  }).take();
}
Result<ThreadRecord> decode_ThreadRecord(std::string_view bytes) {
  ThreadRecord r;
  std::string ids;
  std::uint64_t received = 0, local = 0;
  Decoder in(bytes, "thread record");
  in.number(r.created).number(r.modseq).number(r.joined).number(r.partner).text(ids)
      .list(r.members, [&](Decoder& from, ThreadRecord::Member& member) {
    std::uint64_t later = 0, above = 0;
    from.number(later).number(above).number(member.unread)
        .list(member.mailboxes, [](Decoder& each, MailboxId& mailbox) { each.number(mailbox); });
    member.received = from_millis(static_cast<std::int64_t>(received += later));
    member.local = {local += above};
  });
  if (ids.size() % 8 != 0) return {Errc::corrupt, "a thread record with half an id"};
  for (ByteReader reader(ids); !reader.rest().empty();) r.ids.push_back(reader.u64());
  return in.finish(std::move(r));
}

std::string encode(const PartnerRecord& r) {
  return Encoder().list(r.threads, [](Encoder& out, const PartnerRecord::Open& open) {
    out.number(open.thread).time(open.first).time(open.last);
  }).take();
}
Result<PartnerRecord> decode_PartnerRecord(std::string_view bytes) {
  PartnerRecord r;
  Decoder in(bytes, "partner record");
  in.list(r.threads, [](Decoder& from, PartnerRecord::Open& open) { from.number(open.thread).time(open.first).time(open.last); });
  return in.finish(std::move(r));
}

std::string encode(const OrderRecord& r) {
  return Encoder().number(r.messages).number(r.unread).number(r.modseq).front(r.front).take();
}
Result<OrderRecord> decode_OrderRecord(std::string_view bytes) {
  OrderRecord r;
  Decoder in(bytes, "order record");
  in.number(r.messages).number(r.unread).number(r.modseq).front(r.front);
  return in.finish(std::move(r));
}

std::string encode(const ThreadChangeRecord& r) { return Encoder().number(r.thread).number(r.created).take(); }
Result<ThreadChangeRecord> decode_ThreadChangeRecord(std::string_view bytes) {
  ThreadChangeRecord r;
  Decoder in(bytes, "thread change record");
  in.number(r.thread).number(r.created);
  return in.finish(std::move(r));
}

std::string encode(const RecountRecord& r) { return Encoder().number(r.trash).number(r.in_new).text(r.after).take(); }
Result<RecountRecord> decode_RecountRecord(std::string_view bytes) {
  RecountRecord r;
  Decoder in(bytes, "recount record");
  in.number(r.trash).number(r.in_new).text(r.after);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
