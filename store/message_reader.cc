#include "store/message_reader.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "store/archive/archived_source.h"
#include "store/change_log.h"
#include "store/message_writer.h"
#include "store/pieces.h"
#include "store/received_order.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

constexpr std::size_t kMaxPage = 1000;
constexpr std::size_t kAccessesInMemory = 100'000;
constexpr std::uint64_t kMaxSourceText = 64u << 20;
constexpr int kReadTries = 4;  // of a source that is moved while it is read
constexpr std::uint32_t kScanInsteadOfReads = 4;  // uids this much denser than the page are read as one range

using Reader = PartitionReader;

Result<schema::MailboxRecord> read_mailbox(const Reader& reader, schema::MailboxId mailbox) {
  TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::mailbox(mailbox)));
  if (!bytes) return {Errc::not_found, "no such mailbox"};
  return schema::decode_MailboxRecord(*bytes);
}

Result<ListPage> begin_page(const Reader& reader, schema::MailboxId mailbox) {
  TELEPOST_ASSIGN(const auto records, reader.get_many(Space::point, {keys::mailbox(mailbox), std::string(keys::kHead)}));
  if (!records[0] || !records[1]) return {Errc::not_found, "no such mailbox"};
  ListPage page;
  TELEPOST_ASSIGN(page.mailbox, schema::decode_MailboxRecord(*records[0]));
  TELEPOST_ASSIGN(const auto head, schema::decode_HeadRecord(*records[1]));
  page.modseq = head.modseq;
  return page;
}

schema::Uid uid_of_key(std::string_view summary_key) { return {ByteReader(summary_key.substr(5)).u32()}; }

Result<void> scan_summaries(const Reader& reader, schema::MailboxId mailbox, schema::Uid from, schema::Uid to,
                            const std::function<bool(Listed)>& visit) {
  Result<void> decoded;
  TELEPOST_TRY(reader.scan(Space::scan, keys::summary(mailbox, from), keys::summary(mailbox, to) + '\0',
                           [&](std::string_view key, std::string_view value) {
                             auto summary = schema::decode_Summary(value);
                             if (!summary.ok()) {
                               decoded = summary.error();
                               return false;
                             }
                             return visit({uid_of_key(key), std::move(*summary)});
                           }));
  return decoded;
}

// The summaries of these uids in their order: neighbours as one range, scattered ones one by one.
Result<void> read_summaries(const Reader& reader, schema::MailboxId mailbox, const std::vector<schema::Uid>& uids,
                            std::vector<Listed>& out) {
  if (uids.empty()) return {};
  const auto [low, high] = std::minmax_element(uids.begin(), uids.end());
  std::map<schema::Uid, schema::Summary> found;
  if (high->value - low->value < kScanInsteadOfReads * uids.size()) {
    TELEPOST_TRY(scan_summaries(reader, mailbox, *low, *high, [&](Listed listed) {
      found.emplace(listed.uid, std::move(listed.summary));
      return true;
    }));
  } else {
    std::vector<std::string> wanted;
    for (const schema::Uid uid : uids) wanted.push_back(keys::summary(mailbox, uid));
    TELEPOST_ASSIGN(const auto records, reader.get_many(Space::scan, wanted));
    for (std::size_t i = 0; i < uids.size(); ++i) {
      if (!records[i]) continue;
      TELEPOST_ASSIGN(found[uids[i]], schema::decode_Summary(*records[i]));
    }
  }
  for (const schema::Uid uid : uids) {
    const auto summary = found.find(uid);
    if (summary == found.end()) return {Errc::corrupt, "the order by received time names a uid without summary; run telepost verify"};
    out.push_back({uid, std::move(summary->second)});
  }
  return {};
}

// Gathers up to `limit` uids of the order by received time.
ReceivedOrder::View::Visit take_uids(std::vector<schema::Uid>& uids, std::size_t limit) {
  return [&uids, limit](std::string_view, std::string_view value) {
    if (uids.size() < limit) uids.push_back({ByteReader(value).u32()});
    return uids.size() < limit;
  };
}

Result<schema::MessageRecord> read_message(const Reader& reader, schema::LocalId local) {
  TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::message(local)));
  if (!bytes) return {Errc::not_found, "no such message"};
  return schema::decode_MessageRecord(*bytes);
}

// An expunged message that is still being sent is there for its senders alone.
Result<schema::MessageRecord> read_placed(const Reader& reader, schema::LocalId local) {
  TELEPOST_ASSIGN(auto record, read_message(reader, local));
  if (record.placements.empty()) return {Errc::not_found, "no such message"};
  return record;
}

// Order keys sort the newest first: the key just at the newest message of a moment.
std::string newest_at(Time received) {
  return keys::received(schema::MailboxId{0}, received, schema::LocalId{~std::uint64_t{0}}).substr(keys::kReceivedOrderOffset);
}

}  // namespace

Result<ListPage> MessageReader::list_by_uid(schema::AccountId account, schema::MailboxId mailbox, schema::Uid from,
                                            schema::Uid to, std::size_t limit) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  TELEPOST_ASSIGN(ListPage page, begin_page(*reader, mailbox));
  const std::size_t wanted = std::min(limit, kMaxPage);
  if (wanted == 0) return page;
  TELEPOST_TRY(scan_summaries(*reader, mailbox, from, to, [&](Listed listed) {
    page.messages.push_back(std::move(listed));
    return page.messages.size() < wanted;
  }));
  return page;
}

Result<ListPage> MessageReader::list_by_received(schema::AccountId account, schema::MailboxId mailbox,
                                                 std::optional<Time> before, std::optional<schema::LocalId> after,
                                                 std::size_t limit) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  TELEPOST_ASSIGN(ListPage page, begin_page(*reader, mailbox));
  std::string from;
  if (after) {
    TELEPOST_ASSIGN(const auto record, read_message(*reader, *after));
    from = keys::received(mailbox, record.received, *after).substr(keys::kReceivedOrderOffset) + '\0';
  } else if (before) {
    from = newest_at(*before);
  }
  std::vector<schema::Uid> uids;
  const ReceivedOrder::View order(*reader, mailbox, page.mailbox.front);
  TELEPOST_TRY(order.list_from(from, take_uids(uids, std::min(limit, kMaxPage))));
  TELEPOST_TRY(read_summaries(*reader, mailbox, uids, page.messages));
  return page;
}

Result<ListPage> MessageReader::list_by_position(schema::AccountId account, schema::MailboxId mailbox,
                                                 std::uint64_t position, std::size_t limit) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  TELEPOST_ASSIGN(ListPage page, begin_page(*reader, mailbox));
  if (position >= page.mailbox.messages) return page;
  std::vector<schema::Uid> uids;
  const ReceivedOrder::View order(*reader, mailbox, page.mailbox.front);
  TELEPOST_TRY(order.list(position, take_uids(uids, std::min(limit, kMaxPage))));
  TELEPOST_TRY(read_summaries(*reader, mailbox, uids, page.messages));
  return page;
}

Result<std::uint64_t> MessageReader::position_of(schema::AccountId account, schema::MailboxId mailbox,
                                                 schema::LocalId message) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  TELEPOST_ASSIGN(const auto record, read_message(*reader, message));
  TELEPOST_ASSIGN(const auto box, read_mailbox(*reader, mailbox));
  const ReceivedOrder::View order(*reader, mailbox, box.front);
  TELEPOST_ASSIGN(const auto position, order.position_of(order_key(record.received, message)));
  if (!position) return {Errc::not_found, "the message is not in that mailbox"};
  return *position;
}

Result<schema::MessageRecord> MessageReader::find(schema::MessageId id) {
  TELEPOST_ASSIGN(auto record, read_placed(*rooms_.engine->reader(Partition::account(id.account)), id.local));
  record.accessed = std::max(record.accessed, rooms_.accesses.find(id));
  return record;
}

Result<Listed> MessageReader::summary(schema::MessageId id) {
  const auto reader = rooms_.engine->snapshot(Partition::account(id.account));
  TELEPOST_ASSIGN(const auto record, read_placed(*reader, id.local));
  std::vector<Listed> listed;
  TELEPOST_TRY(read_summaries(*reader, record.placements[0].mailbox, {record.placements[0].uid}, listed));
  return std::move(listed[0]);
}

Result<MessageReader::Selection> MessageReader::select(schema::AccountId account, const std::vector<schema::LocalId>& messages) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  std::vector<std::string> wanted = {std::string(keys::kHead)};
  for (const schema::LocalId local : messages) wanted.push_back(keys::message(local));
  TELEPOST_ASSIGN(const auto records, reader->get_many(Space::point, wanted));
  if (!records[0]) return {Errc::not_found, "no such account"};
  TELEPOST_ASSIGN(const auto head, schema::decode_HeadRecord(*records[0]));
  Selection selection{head.modseq, std::vector<std::optional<Selected>>(messages.size())};
  std::vector<std::size_t> there;
  wanted.clear();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!records[i + 1]) continue;
    TELEPOST_ASSIGN(auto record, schema::decode_MessageRecord(*records[i + 1]));
    if (record.placements.empty()) continue;
    there.push_back(i);
    wanted.push_back(keys::summary(record.placements[0].mailbox, record.placements[0].uid));
    selection.messages[i].emplace().record = std::move(record);
  }
  TELEPOST_ASSIGN(const auto summaries, reader->get_many(Space::scan, wanted));
  for (std::size_t i = 0; i < there.size(); ++i) {
    if (!summaries[i]) return {Errc::corrupt, "a placement without summary; run telepost verify"};
    TELEPOST_ASSIGN(selection.messages[there[i]]->summary, schema::decode_Summary(*summaries[i]));
  }
  return selection;
}

Result<std::string> MessageReader::document(schema::MessageId id) {
  const auto reader = rooms_.engine->reader(Partition::account(id.account));
  TELEPOST_ASSIGN(auto document, StoredContent(*reader, rooms_.dictionaries, id.local).document());
  if (!document) return {Errc::not_found, "no such message"};
  return std::move(*document);
}

Result<std::vector<std::string>> MessageReader::annotations(schema::MessageId id) {
  const auto reader = rooms_.engine->reader(Partition::account(id.account));
  const std::string prefix = keys::annotations(id.local);
  std::vector<std::string> list;
  TELEPOST_TRY(reader->scan(Space::large, prefix, keys::after(prefix), [&](std::string_view, std::string_view value) {
    list.emplace_back(value);
    return list.size() < 1000;
  }));
  return list;
}

Result<void> MessageReader::source(schema::MessageId id, std::uint64_t offset, std::uint64_t size, const ReadOptions& options,
                                   const std::function<bool(std::string_view)>& sink) {
  TELEPOST_ASSIGN(auto record, read_message(*rooms_.engine->reader(Partition::account(id.account)), id.local));
  const std::uint64_t end = size > record.size_bytes - std::min(offset, record.size_bytes) ? record.size_bytes : offset + size;
  const Sink given = [&](std::string_view bytes) {
    offset += bytes.size();
    return sink(bytes);
  };
  bool waited = false;
  for (int tries = 1;; ++tries) {
    const bool is_away = record.tier == schema::Tier::archived;
    if (is_away && options.waits && !std::exchange(waited, true)) options.waits();
    const Result<void> read = is_away ? read_away(id, record, offset, end, options, given) : read_online(id, record, offset, end, given);
    if (read.ok()) break;
    // A sweep may have moved it to the archive, or a reader back, since its record was read: the reading goes on there.
    TELEPOST_ASSIGN(auto now, read_message(*rooms_.engine->reader(Partition::account(id.account)), id.local));
    const bool moved = now.tier != record.tier || now.archived != record.archived || now.codec != record.codec;
    if (!moved || tries == kReadTries) return read;
    record = std::move(now);
  }
  if (options.purpose == Purpose::subscriber && !record.placements.empty()) note_access(id);
  return {};
}

Result<void> MessageReader::read_online(schema::MessageId id, const schema::MessageRecord& record, std::uint64_t offset, std::uint64_t end,
                                        const Sink& sink) {
  const auto reader = rooms_.engine->reader(Partition::account(id.account));
  StoredContent content(*reader, rooms_.dictionaries, id.local);
  std::uint64_t begin = 0;
  for (std::uint32_t index = 0; index < record.segments.size() && begin < end; ++index) {
    const schema::Segment& segment = record.segments[index];
    const std::uint64_t segment_begin = begin;
    begin += segment.size;
    if (begin <= offset) continue;
    std::string bytes;
    if (segment.piece) {
      TELEPOST_ASSIGN(bytes, Pieces::read(rooms_, *segment.piece));
    } else {
      TELEPOST_ASSIGN(bytes, content.segment(record, index));
    }
    if (bytes.size() != segment.size) return {Errc::corrupt, "a segment of the message has another size; run telepost verify"};
    const std::uint64_t skip = offset > segment_begin ? offset - segment_begin : 0;
    const std::uint64_t take = std::min(begin, end) - segment_begin - skip;
    if (!sink(std::string_view(bytes).substr(skip, take))) return {};
  }
  return {};
}

// Brought back, the whole source passes by; what the reader wants of it is given on the way. Where bringing it back fails, as on a disk
// that is full, the reading goes on.
Result<void> MessageReader::read_away(schema::MessageId id, const schema::MessageRecord& record, std::uint64_t offset, std::uint64_t end,
                                      const ReadOptions& options, const Sink& sink) {
  bool returns = false;
  if (options.purpose == Purpose::subscriber && !record.placements.empty()) {
    TELEPOST_ASSIGN(returns, is_brought_back(rooms_, id));
  }
  if (!returns) return read_archived(rooms_.archive, id, record, offset, end, sink);
  std::uint64_t at = 0;
  bool wanted = true;
  const Result<void> back = bring_back(rooms_, id, [&](std::string_view bytes) {
    const std::uint64_t begin = std::exchange(at, at + bytes.size());
    if (!wanted || at <= offset || begin >= end) return true;
    const std::uint64_t from = std::max(begin, offset);
    wanted = sink(bytes.substr(from - begin, std::min(at, end) - from));
    offset = std::min(at, end);
    return true;
  });
  if (!back.ok()) log::warning("not_brought_back", {{"message", schema::to_string(id)}, {"reason", to_string(back.error())}});
  if (!wanted || offset >= end) return {};
  TELEPOST_ASSIGN(const auto now, read_message(*rooms_.engine->reader(Partition::account(id.account)), id.local));
  return now.tier == schema::Tier::archived ? read_archived(rooms_.archive, id, now, offset, end, sink) : read_online(id, now, offset, end, sink);
}

// The record is written later, with others; where too many wait, by who brings one too many.
void MessageReader::note_access(schema::MessageId id) {
  rooms_.accesses.note(id, rooms_.clock.now());
  if (rooms_.accesses.size() <= kAccessesInMemory) return;
  const Result<void> written = write_accesses(rooms_);
  if (!written.ok()) log::warning("accesses_not_written", {{"reason", to_string(written.error())}});
}

Result<std::string> MessageReader::source_text(schema::MessageId id) {
  TELEPOST_ASSIGN(const auto record, find(id));
  if (record.size_bytes > kMaxSourceText) return {Errc::too_large, "the message is over 64 MiB; read it in ranges"};
  std::string text;
  TELEPOST_TRY(source(id, 0, record.size_bytes, {}, [&](std::string_view bytes) {
    text.append(bytes);
    return true;
  }));
  return text;
}

Result<std::vector<Change>> MessageReader::changes(schema::AccountId account, schema::Modseq since, std::size_t limit) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::kHead));
  if (!bytes) return {Errc::not_found, "no such account"};
  TELEPOST_ASSIGN(const auto head, schema::decode_HeadRecord(*bytes));
  if (since < head.floor) return {Errc::unsupported, "changes since that state are not kept any more"};
  return changes_behind(*reader, since, limit);
}

}  // namespace telepost::store
