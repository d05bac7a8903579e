#include "store/pieces.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {
constexpr int kPieceTries = 64;  // each refusal means that somebody else succeeded

std::string value_of(Time time) {
  std::string value;
  ByteWriter(value).u64(static_cast<std::uint64_t>(to_millis(time)));
  return value;
}
Time time_from(std::string_view value) { return from_millis(static_cast<std::int64_t>(ByteReader(value).u64())); }
}  // namespace

bool uses_piece(const schema::MessageRecord& record, const Digest& piece) {
  return record.tier == schema::Tier::online && std::any_of(record.segments.begin(), record.segments.end(), [&](const schema::Segment& segment) {
    return segment.piece == piece;
  });
}

Result<void> Pieces::store(const std::vector<Bytes>& pieces, const std::vector<schema::MessageId>& messages) {
  std::vector<Wanted> wanted;
  std::set<Digest> seen;  // two equal parts of one message are one piece
  for (const Bytes& piece : pieces) {
    if (seen.insert(piece.digest).second) wanted.push_back({piece.digest, &piece.bytes});
  }
  return change(wanted, messages);
}

Result<void> Pieces::link(const std::vector<Digest>& pieces, const std::vector<schema::MessageId>& messages) {
  std::vector<Wanted> wanted;
  for (const Digest& piece : std::set<Digest>(pieces.begin(), pieces.end())) wanted.push_back({piece, nullptr});
  return change(wanted, messages);
}

// Head, bytes if they are not there, and links. The head is expected as it was read: reclaim may be deleting the piece at
// this moment, and a raised generation stops reclaim.
Result<CommitEntry> Pieces::changed(const Wanted& piece, const std::vector<schema::MessageId>& add, Time check) {
  const Partition partition = Partition::piece(piece.digest);
  TELEPOST_ASSIGN(const auto stored, rooms_.engine->reader(partition)->get(Space::point, keys::kPieceHead));
  if (!stored && piece.bytes == nullptr) return {Errc::not_found, "piece " + to_hex(piece.digest) + " is gone"};
  schema::PieceRecord head;
  if (stored) {
    TELEPOST_ASSIGN(head, schema::decode_PieceRecord(*stored));
    ++head.generation;
  } else {
    head.size_bytes = piece.bytes->size();
  }
  CommitEntry entry{Batch(partition), {{Space::point, std::string(keys::kPieceHead), stored}}};
  entry.batch.put(Space::point, keys::kPieceHead, schema::encode(head));
  if (!stored) entry.batch.put(Space::large, keys::kPieceBytes, *piece.bytes);
  for (const schema::MessageId& message : add) entry.batch.put(Space::scan, keys::link(message), value_of(check));
  return entry;
}

Result<void> Pieces::change(const std::vector<Wanted>& pieces, const std::vector<schema::MessageId>& add) {
  if (pieces.empty()) return {};
  for (int tries = 0; tries < kPieceTries; ++tries) {
    CommitList list;
    const Time check = rooms_.clock.now() + kLinkCheck;
    for (const Wanted& piece : pieces) {
      TELEPOST_ASSIGN(CommitEntry entry, changed(piece, add, check));
      list.push_back(Calendar::write({check, entry.batch.partition(), add}));
      list.push_back(std::move(entry));
    }
    const Result<void> committed = rooms_.committer.commit(std::move(list));
    if (committed.ok() || committed.error().kind != Errc::conflict) return committed;
  }
  return {Errc::busy, "a piece is being changed by many at once"};
}

Result<void> Pieces::unlink(const std::vector<Link>& links) {
  if (links.empty()) return {};
  CommitList list;
  for (const Link& link : links) {
    const Partition partition = Partition::piece(link.piece);
    CommitEntry entry{Batch(partition)};
    entry.batch.erase(Space::scan, keys::link(link.message));
    list.push_back(Calendar::write(rooms_.clock.now(), partition));
    list.push_back(std::move(entry));
  }
  return rooms_.committer.commit(std::move(list));
}

Result<std::optional<schema::PieceRecord>> Pieces::head(Engine& engine, const Digest& piece) {
  TELEPOST_ASSIGN(const auto stored, engine.reader(Partition::piece(piece))->get(Space::point, keys::kPieceHead));
  if (!stored) return std::optional<schema::PieceRecord>();
  TELEPOST_ASSIGN(const auto head, schema::decode_PieceRecord(*stored));
  return std::optional(head);
}

Result<std::string> Pieces::read(Rooms& rooms, const Digest& piece) { return read(*rooms.engine, rooms.dictionaries, piece); }

// Looked for as raw bytes first, which most pieces are, and without asking the head: a sweep may pack the piece between two
// questions, and then the second finds it.
Result<std::string> Pieces::read(Engine& engine, Dictionaries& dictionaries, const Digest& piece) {
  const auto reader = engine.reader(Partition::piece(piece));
  TELEPOST_ASSIGN(auto bytes, reader->get(Space::large, keys::kPieceBytes));
  if (bytes) return std::move(*bytes);
  TELEPOST_ASSIGN(const auto packed, reader->get(Space::large, keys::kPackedPiece));
  if (!packed) return {Errc::corrupt, "piece " + to_hex(piece) + " is missing; run telepost verify"};
  return transcoders::codec::decode(*packed, dictionaries.finder());
}

// Takes links of gone messages out, into the batch; tells whether a link is left. A link that was renewed since the hint was
// written, by a longer delivery or an import under the same id, is for the renewal's own hint to check.
Result<bool> Pieces::drop_dead_links(const Hint& hint, const PartitionReader& reader, Batch& batch) {
  std::set<std::string> dead;
  for (const schema::MessageId& message : hint.messages) {
    const std::string key = keys::link(message);
    TELEPOST_ASSIGN(const auto link, reader.get(Space::scan, key));
    if (!link || (link->size() == 8 && time_from(*link) > hint.time)) continue;
    const auto account = rooms_.engine->reader(Partition::account(message.account));
    TELEPOST_ASSIGN(const auto record, account->get(Space::point, keys::message(message.local)));
    bool used = false;
    if (record) {
      TELEPOST_ASSIGN(const auto decoded, schema::decode_MessageRecord(*record));
      used = uses_piece(decoded, hint.target.digest());
    }
    if (!used && dead.insert(key).second) batch.erase(Space::scan, key);
  }
  bool linked = false;
  TELEPOST_TRY(reader.scan(Space::scan, keys::kLinks, keys::after(keys::kLinks), [&](std::string_view key, std::string_view) {
    linked = !dead.contains(std::string(key));
    return !linked;
  }));
  return linked;
}

Result<std::uint64_t> Pieces::check(const Hint& hint, Duration grace) {
  const auto reader = rooms_.engine->snapshot(hint.target);
  TELEPOST_ASSIGN(const auto records, reader->get_many(Space::point, {std::string(keys::kPieceHead), std::string(keys::kOrphan)}));
  const auto& [stored, marked] = std::tie(records[0], records[1]);
  if (!stored) return std::uint64_t{0};
  TELEPOST_ASSIGN(const schema::PieceRecord head, schema::decode_PieceRecord(*stored));
  schema::OrphanRecord orphan;
  if (marked) {
    TELEPOST_ASSIGN(orphan, schema::decode_OrphanRecord(*marked));
  }
  CommitList list;
  CommitEntry entry{Batch(hint.target), {{Space::point, std::string(keys::kPieceHead), stored}}};
  TELEPOST_ASSIGN(const bool linked, drop_dead_links(hint, *reader, entry.batch));
  const Time now = rooms_.clock.now();
  const bool known_orphan = marked && orphan.generation == head.generation;
  std::uint64_t freed = 0;
  if (linked) {
    if (marked) entry.batch.erase(Space::point, keys::kOrphan);
  } else if (grace == Duration(0) || (known_orphan && now >= orphan.reclaim)) {
    entry.batch.erase(Space::point, keys::kPieceHead);
    entry.batch.erase(Space::point, keys::kOrphan);
    entry.batch.erase(Space::large, head.is_packed() ? keys::kPackedPiece : keys::kPieceBytes);
    freed = head.is_packed() ? head.stored_bytes : head.size_bytes;
  } else {
    if (!known_orphan) orphan = {head.generation, now + grace};
    entry.batch.put(Space::point, keys::kOrphan, schema::encode(orphan));
    list.push_back(Calendar::write(orphan.reclaim, hint.target));
  }
  if (entry.batch.empty()) return freed;
  list.push_back(std::move(entry));
  const Result<void> committed = rooms_.committer.commit(std::move(list));
  // Linked again meanwhile: links of this hint's messages that are dead stay until it is asked again.
  if (!committed.ok() && committed.error().kind == Errc::conflict && hint.messages.empty()) return std::uint64_t{0};
  TELEPOST_TRY(committed);
  return freed;
}

}  // namespace telepost::store
