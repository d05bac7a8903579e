#include "store/pieces.h"

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

constexpr std::size_t kDeadLinks = 10'000;  // removed by one batch
constexpr int kTries = 64;  // each refusal means that somebody else succeeded

schema::MessageId message_from_link(std::string_view key) {
  ByteReader reader(key.substr(1));
  const schema::AccountId account{reader.u64()};
  return {account, schema::LocalId{reader.u64()}};
}

}  // namespace

Result<void> Pieces::store(const std::vector<Bytes>& pieces, const std::vector<schema::MessageId>& messages) {
  for (const Bytes& piece : pieces) TELEPOST_TRY(change(piece.digest, &piece.bytes, messages));
  return {};
}

Result<void> Pieces::link(const std::vector<Digest>& pieces, schema::MessageId message) {
  for (const Digest& piece : pieces) TELEPOST_TRY(change(piece, nullptr, {message}));
  return {};
}

// One piece: hint, then head, bytes if they are not there, and links. The head is expected as it was read: reclaim may be
// deleting it at this moment, and a raised generation stops reclaim.
Result<void> Pieces::change(const Digest& piece, const std::string* bytes,
                            const std::vector<schema::MessageId>& add) {
  const Partition partition = Partition::piece(piece);
  for (int tries = 0; tries < kTries; ++tries) {
    TELEPOST_ASSIGN(const auto stored, rooms_.engine->reader(partition)->get(Space::point, keys::kPieceHead));
    if (!stored && bytes == nullptr) return {Errc::not_found, "piece " + to_hex(piece) + " is gone"};
    schema::PieceRecord head;
    if (stored) {
      TELEPOST_ASSIGN(head, schema::decode_PieceRecord(*stored));
      ++head.generation;
    } else {
      head.size_bytes = bytes->size();
    }
    CommitEntry entry{Batch(partition), {{Space::point, std::string(keys::kPieceHead), stored}}};
    entry.batch.put(Space::point, keys::kPieceHead, schema::encode(head));
    if (!stored) entry.batch.put(Space::large, keys::kPieceBytes, *bytes);
    for (const schema::MessageId& message : add) entry.batch.put(Space::scan, keys::link(message), {});
    CommitList list;
    list.push_back(Calendar::write(rooms_.clock.now() + kLinkCheck, partition));
    list.push_back(std::move(entry));
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

Result<std::string> Pieces::read(Engine& engine, const Digest& piece) {
  const auto reader = engine.reader(Partition::piece(piece));
  TELEPOST_ASSIGN(auto bytes, reader->get(Space::large, keys::kPieceBytes));
  if (!bytes) return {Errc::corrupt, "piece " + to_hex(piece) + " is missing; run telepost verify"};
  return std::move(*bytes);
}

Result<std::uint64_t> Pieces::check(const Digest& piece, Duration grace) {
  const Partition partition = Partition::piece(piece);
  const auto reader = rooms_.engine->snapshot(partition);
  TELEPOST_ASSIGN(const auto stored, reader->get(Space::point, keys::kPieceHead));
  if (!stored) return std::uint64_t{0};
  TELEPOST_ASSIGN(const schema::PieceRecord head, schema::decode_PieceRecord(*stored));

  std::vector<std::string> dead;
  bool linked = false;
  Result<void> asked;
  TELEPOST_TRY(reader->scan(Space::scan, keys::kLinks, keys::after(keys::kLinks), [&](std::string_view key, std::string_view) {
    const schema::MessageId message = message_from_link(key);
    const auto found = rooms_.engine->reader(Partition::account(message.account))->get(Space::point, keys::message(message.local));
    if (!found.ok()) asked = found.error();
    else if (*found) linked = true;
    else dead.emplace_back(key);
    return asked.ok() && dead.size() < kDeadLinks;
  }));
  TELEPOST_TRY(std::move(asked));

  CommitEntry entry{Batch(partition), {{Space::point, std::string(keys::kPieceHead), stored}}};
  for (const std::string& key : dead) entry.batch.erase(Space::scan, key);
  const Time now = rooms_.clock.now();
  CommitList list;
  std::uint64_t freed = 0;
  TELEPOST_ASSIGN(const auto orphan_bytes, reader->get(Space::point, keys::kOrphan));
  schema::OrphanRecord orphan;
  if (orphan_bytes) {
    TELEPOST_ASSIGN(orphan, schema::decode_OrphanRecord(*orphan_bytes));
  }
  if (linked) {
    if (orphan_bytes) entry.batch.erase(Space::point, keys::kOrphan);
    if (dead.size() >= kDeadLinks) list.push_back(Calendar::write(now, partition));
  } else if (orphan.generation == head.generation && now >= orphan.reclaim) {
    entry.batch.erase(Space::point, keys::kPieceHead);
    entry.batch.erase(Space::point, keys::kOrphan);
    entry.batch.erase(Space::large, keys::kPieceBytes);
    freed = head.size_bytes;
  } else if (orphan.generation != head.generation) {
    entry.batch.put(Space::point, keys::kOrphan, schema::encode(schema::OrphanRecord{head.generation, now + grace}));
    list.push_back(Calendar::write(now + grace, partition));
  } else {
    list.push_back(Calendar::write(orphan.reclaim, partition));  // asked too early: its hint stands there already
  }
  if (entry.batch.empty()) return freed;
  list.push_back(std::move(entry));
  const Result<void> committed = rooms_.committer.commit(std::move(list));
  if (!committed.ok() && committed.error().kind == Errc::conflict) {
    // Linked again meanwhile; that link wrote a hint of its own.
    return std::uint64_t{0};
  }
  TELEPOST_TRY(committed);
  return freed;
}

}  // namespace telepost::store
