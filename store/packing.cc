#include "store/packing.h"

#include <algorithm>

#include "base/log.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/dictionary_training.h"
#include "store/pieces.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;
namespace codec = transcoders::codec;
using schema::Partition;

namespace {

constexpr std::size_t kHeldBytes = 2u << 20;  // what is ready, before it is put in place; half of what a batch takes
constexpr std::size_t kHeldMessages = 200;
constexpr int kPackingTries = 3;  // of a message that others change while it is read

// The message's, by what its lists show.
Result<std::optional<schema::Kind>> kind_of(const PartitionReader& reader, const schema::MessageRecord& record) {
  const schema::Placement& first = record.placements.front();
  TELEPOST_ASSIGN(const auto bytes, reader.get(Space::scan, keys::summary(first.mailbox, first.uid)));
  if (!bytes) return std::optional<schema::Kind>();  // moved meanwhile
  TELEPOST_ASSIGN(const auto summary, schema::decode_Summary(*bytes));
  return std::optional(summary.kind);
}

// What is not placed goes soon, and what is archived has left already.
bool is_to_be_packed(const schema::MessageRecord& record) {
  return !record.placements.empty() && record.tier == schema::Tier::online;
}

}  // namespace

Result<Packed> Packing::pack(const std::vector<schema::LocalId>& messages) {
  for (const schema::LocalId local : messages) {
    if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
    const Result<void> prepared = prepare(local);
    if (!prepared.ok() && prepared.error().kind != Errc::corrupt) return prepared.error();
    if (!prepared.ok()) done_.damaged.emplace(local, prepared.error());
    if (held_bytes_ >= kHeldBytes || contents_.size() >= kHeldMessages) TELEPOST_TRY(put_in_place());
  }
  TELEPOST_TRY(put_in_place());
  return done_;
}

// What is missing is damage, unless the message went, or moved to the archive, while it was read.
Result<void> Packing::prepare(schema::LocalId local) {
  const auto reader = rooms_.engine->bulk_reader(Partition::account(account_));
  for (int tries = 1;; ++tries) {
    TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::message(local)));
    if (!bytes) return {};
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
    const Result<void> prepared = prepare(*reader, local, record);
    if (prepared.ok() || prepared.error().kind != Errc::corrupt || tries == kPackingTries) return prepared;
    TELEPOST_ASSIGN(const auto now, reader->get(Space::point, keys::message(local)));
    if (now == bytes) return prepared;
  }
}

Result<void> Packing::prepare(const PartitionReader& reader, schema::LocalId local, const schema::MessageRecord& record) {
  if (!is_to_be_packed(record)) return {};
  const std::size_t before = contents_.size() + pieces_.size();
  if (record.codec.kind == schema::ContentCodec::Kind::raw) TELEPOST_TRY(prepare_content(reader, local, record));
  TELEPOST_TRY(prepare_pieces(record));
  if (contents_.size() + pieces_.size() > before) ++done_.messages;
  return {};
}

Result<void> Packing::prepare_content(const PartitionReader& reader, schema::LocalId local, const schema::MessageRecord& record) {
  TELEPOST_ASSIGN(const auto kind, kind_of(reader, record));
  if (!kind) return {};
  StoredContent stored(reader, rooms_.dictionaries, local);
  TELEPOST_ASSIGN(const auto document, stored.document());
  if (!document) return {Errc::corrupt, "a message without its document; run telepost verify"};
  TELEPOST_ASSIGN(const auto segments, stored.segments(record));
  const std::string text = joined_content(*document, segments);
  if (text.size() > codec::kMaxCodedText) return {};
  TELEPOST_TRY(DictionaryTraining(rooms_).run_if_due(*kind));
  TELEPOST_ASSIGN(const auto current, rooms_.dictionaries.current(*kind));
  auto coded = coded_text(text, {current.dictionary, current.number, {}});
  if (!coded) return {};
  held_bytes_ += coded->size();
  contents_.push_back({local, record, *std::move(coded), current.number, text.size()});
  return {};
}

// Nothing where it would not save. What will be all that is left of the text is read back first.
std::optional<std::string> Packing::coded_text(std::string_view text, const codec::CodingFacts& facts) {
  auto coded = codec::encode(compressor_, text, facts);
  if (!coded) return std::nullopt;
  const auto back = codec::decode(*coded, rooms_.dictionaries.finder());
  if (back.ok() && *back == text) return coded;
  log::error("not_packed", {{"account", schema::to_string(account_)}, {"reason", back.ok() ? "it is read back as other bytes" : to_string(back.error())}});
  return std::nullopt;
}

// Pieces that follow each other without a gap, and all but the last full, are one body: what its begin says of its sound is true of all.
Result<void> Packing::prepare_pieces(const schema::MessageRecord& record) {
  std::optional<codec::AudioFile> audio;
  std::uint64_t offset = 0;
  for (const schema::Segment& segment : record.segments) {
    if (!segment.piece) {
      offset = 0;
      continue;
    }
    TELEPOST_ASSIGN(const auto head, Pieces::head(*rooms_.engine, *segment.piece));
    const bool begins = offset == 0;
    const bool wanted = head && head->codec == schema::PieceRecord::Codec::raw;
    std::string bytes;
    if (wanted || begins) {
      TELEPOST_ASSIGN(bytes, Pieces::read(rooms_, *segment.piece));
    }
    if (begins) audio = codec::find_audio(bytes);
    if (wanted) {
      codec::CodingFacts facts;
      if (audio && !begins) facts.audio = {*audio, offset};
      TELEPOST_ASSIGN(auto piece, prepare_piece(*segment.piece, bytes, facts));
      if (piece) pieces_.push_back(*std::move(piece));
      if (held_bytes_ >= kHeldBytes) TELEPOST_TRY(put_pieces_in_place());
    }
    offset = segment.size == kPieceBytes ? offset + segment.size : 0;
  }
  return {};
}

// The head is expected as it was read: a link that comes meanwhile raises its generation, and then it is asked again.
Result<std::optional<Packing::Piece>> Packing::prepare_piece(const Digest& digest, std::string_view bytes, const codec::CodingFacts& facts) {
  const Partition partition = Partition::piece(digest);
  TELEPOST_ASSIGN(const auto stored, rooms_.engine->reader(partition)->get(Space::point, keys::kPieceHead));
  if (!stored) return std::optional<Piece>();
  TELEPOST_ASSIGN(schema::PieceRecord head, schema::decode_PieceRecord(*stored));
  // Damage must not become what a checksum of the engine vouches for.
  if (sha256(bytes) != digest) return {Errc::corrupt, "piece " + to_hex(digest) + " has other bytes; run telepost verify"};
  Piece piece{{Batch(partition), {{Space::point, std::string(keys::kPieceHead), stored}}}, 0};
  const auto coded = coded_text(bytes, facts);
  head.codec = schema::PieceRecord::Codec::dense;
  if (coded) {
    TELEPOST_ASSIGN(const auto said, codec::read_coded_facts(*coded));
    head.codec = said.flac ? schema::PieceRecord::Codec::flac : schema::PieceRecord::Codec::zstd;
    head.stored_bytes = coded->size();
    piece.bytes_freed = bytes.size() - coded->size();
    piece.entry.batch.put(Space::large, keys::kPackedPiece, *coded);
    piece.entry.batch.erase(Space::large, keys::kPieceBytes);
  }
  piece.entry.batch.put(Space::point, keys::kPieceHead, schema::encode(head));
  held_bytes_ += piece.entry.batch.size_bytes();
  return std::optional<Piece>(std::move(piece));
}

Result<void> Packing::put_in_place() {
  TELEPOST_TRY(put_pieces_in_place());
  TELEPOST_TRY(put_content_in_place());
  held_bytes_ = 0;
  return {};
}

// Each on its own, by one synced write: one that was linked meanwhile stays as it is until the next message that has it is packed.
Result<void> Packing::put_pieces_in_place() {
  std::vector<CommitList> lists;
  for (Piece& piece : pieces_) lists.emplace_back().push_back(std::move(piece.entry));
  const auto results = rooms_.committer.commit_all(std::move(lists));
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].ok()) done_.bytes_freed += pieces_[i].bytes_freed;
    else if (results[i].error().kind != Errc::conflict) return results[i];
  }
  pieces_.clear();
  return {};
}

Result<void> Packing::put_content_in_place() {
  for (std::size_t next = 0; next < contents_.size();) {
    Result<AccountWrite> write = AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads);
    if (!write.ok() && write.error().kind == Errc::not_found) break;  // the account went
    TELEPOST_TRY(write);
    std::uint64_t freed = 0;
    for (; next < contents_.size() && (write->size_bytes() == 0 || write->has_room(contents_[next].coded.size())); ++next) {
      TELEPOST_ASSIGN(const std::uint64_t of_one, put_in_place(*write, contents_[next]));
      freed += of_one;
    }
    if (write->size_bytes() > 0) TELEPOST_TRY(write->commit());
    done_.bytes_freed += freed;
  }
  contents_.clear();
  return {};
}

// Gives the bytes freed.
Result<std::uint64_t> Packing::put_in_place(AccountWrite& write, const Content& content) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(content.local)));
  if (!bytes) return std::uint64_t{0};
  TELEPOST_ASSIGN(auto record, schema::decode_MessageRecord(*bytes));
  // Its bytes are immutable, but it may have gone, and come back by an import under its id.
  const bool same = is_to_be_packed(record) && record.created == content.seen.created && record.codec == content.seen.codec;
  if (!same) return std::uint64_t{0};
  for (const std::string& key : content_keys(content.local, record)) write.erase(Space::large, key);
  record.codec = {schema::ContentCodec::Kind::zstd, content.dictionary};
  write.put(Space::large, keys::packed(content.local), content.coded);
  write.put(Space::point, keys::message(content.local), schema::encode(record));
  return content.raw_bytes - content.coded.size();
}

}  // namespace telepost::store
