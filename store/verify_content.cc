// A message's bytes: its document against its record, its parts against its source, its source against its digest, and the
// pieces that it uses.
#include <algorithm>

#include "base/bytes.h"
#include "schema/annotation.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/archive/archived_source.h"
#include "store/pieces.h"
#include "store/stored_content.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

class ContentVerification {
 public:
  ContentVerification(VerifyScope& scope, schema::MessageId id, const AccountVerification::Known& known)
      : scope_(scope), id_(id), known_(known), partition_(Partition::account(id.account)), reader_(scope.engine().reader(partition_)), content_(*reader_, scope.dictionaries(), id.local) {}

  Result<void> run() {
    TELEPOST_ASSIGN(const auto bytes, reader_->get(Space::point, keys::message(id_.local)));
    if (!bytes) return {};  // expunged meanwhile
    TELEPOST_ASSIGN(record_, schema::decode_MessageRecord(*bytes));
    const auto xml = content_.document();
    if (!xml.ok() && xml.error().kind != Errc::corrupt) return xml.error();
    const bool readable = xml.ok() ? read_document(*xml) : (report("document", key_of_document(), xml.error().detail), false);
    Sha256 arrived;
    const bool online = record_.tier == schema::Tier::online;
    if (!online && !scope_.reads_archive()) return confirm();
    TELEPOST_ASSIGN(const bool whole, online ? read_source(arrived) : read_archived_source(arrived));
    if (online) TELEPOST_TRY(verify_links());
    if (readable && whole && arrived.finish() != document_.digest) {
      report("digest", keys::document(id_.local), "the part that arrived is not what the document's digest says");
    }
    return confirm();
  }

 private:
  struct Told {
    std::string check, key, what;
  };
  void report(std::string check, std::string key, std::string what) { told_.push_back({std::move(check), std::move(key), std::move(what)}); }

  // Nothing is told of a message that went while it was read.
  Result<void> confirm() {
    if (told_.empty()) return {};
    TELEPOST_ASSIGN(const auto still, reader_->get(Space::point, keys::message(id_.local)));
    for (Told& told : told_) {
      if (still) scope_.damage(told.check, partition_, told.key, "message " + to_string(id_) + ": " + told.what);
    }
    return {};
  }

  std::string key_of_document() const { return content_keys(id_.local, record_).front(); }

  bool read_document(const std::optional<std::string>& xml) {
    const std::string key = key_of_document();
    if (!xml) return report("document", key, "it is missing"), false;
    const Result<void> valid = schema::validate_document(*xml);
    if (!valid.ok()) return report("document", key, valid.error().detail), false;
    auto document = schema::read_document(*xml);
    if (!document.ok()) return report("document", key, document.error().detail), false;
    document_ = std::move(*document);
    const bool same_kind = known_.kind == 0 || static_cast<std::uint8_t>(document_.kind) == known_.kind;
    if (document_.id != id_ || document_.received != record_.received || document_.size_bytes != record_.size_bytes || !same_kind ||
        document_.trace_size_bytes > document_.size_bytes) {
      report("document", key, "it tells another id, time, size or kind than the message's record");
      return false;
    }
    const schema::Part& root = document_.root;
    if (root.header.offset != 0 || root.body.end() != document_.size_bytes || !nests(root)) {
      report("parts", key, "the ranges of its parts do not cover the source");
    }
    return true;
  }

  static bool nests(const schema::Part& part) {
    if (part.header.end() > part.body.offset || part.body.end() < part.body.offset) return false;
    std::uint64_t begin = part.body.offset;
    for (const schema::Part& child : part.children) {
      if (child.header.offset < begin || child.body.end() > part.body.end() || !nests(child)) return false;
      begin = child.body.end();
    }
    return true;
  }

  // False where bytes are missing or broken, which was told or is told of the piece.
  Result<bool> read_source(Sha256& arrived) {
    std::uint64_t skip = document_.trace_size_bytes;
    std::uint64_t size = 0;
    bool whole = true;
    for (std::uint32_t index = 0; index < record_.segments.size(); ++index) {
      const schema::Segment& segment = record_.segments[index];
      size += segment.size;
      TELEPOST_ASSIGN(const auto bytes, segment.piece ? read_piece(segment) : read_inline(index));
      whole = whole && bytes.has_value();
      if (!whole) continue;
      const std::uint64_t skipped = std::min<std::uint64_t>(skip, bytes->size());
      skip -= skipped;
      arrived.update(std::string_view(*bytes).substr(skipped));
    }
    if (size != record_.size_bytes) report("segment", keys::message(id_.local), "its segments do not add up to its size");
    return whole && size == record_.size_bytes;
  }

  // False where the archive did not give it.
  Result<bool> read_archived_source(Sha256& arrived) {
    std::uint64_t skip = document_.trace_size_bytes;
    const Result<void> read = read_archived(scope_.archive(), id_, record_, 0, record_.size_bytes, [&](std::string_view bytes) {
      const std::uint64_t skipped = std::min<std::uint64_t>(skip, bytes.size());
      skip -= skipped;
      arrived.update(bytes.substr(skipped));
      return true;
    });
    if (read.ok()) return true;
    if (read.error().kind == Errc::corrupt) report("archive", keys::message(id_.local), read.error().detail);
    else scope_.archive_is_away(read.error());
    return false;
  }

  Result<std::optional<std::string>> read_inline(std::uint32_t index) {
    auto bytes = content_.segment(record_, index);
    if (bytes.ok()) return std::optional<std::string>(*std::move(bytes));
    if (bytes.error().kind != Errc::corrupt) return bytes.error();
    report("segment", keys::segment(id_.local, index), bytes.error().detail);
    return std::optional<std::string>();
  }

  Result<std::optional<std::string>> read_piece(const schema::Segment& segment) {
    auto read = Pieces::read(scope_.engine(), scope_.dictionaries(), *segment.piece);
    if (!read.ok() && read.error().kind != Errc::corrupt) return read.error();
    std::optional<std::string> bytes;
    if (read.ok()) bytes = *std::move(read);
    // What is wrong with the piece itself is told once, where pieces are verified.
    if (bytes && sha256(*bytes) == *segment.piece && bytes->size() != segment.size) {
      report("segment", keys::message(id_.local), "a segment has another size than its piece");
    }
    if (bytes && (sha256(*bytes) != *segment.piece || bytes->size() != segment.size)) bytes.reset();
    return bytes;
  }

  Result<void> verify_links() {
    std::vector<Digest> pieces;
    for (const schema::Segment& segment : record_.segments) {
      if (segment.piece) pieces.push_back(*segment.piece);
    }
    std::sort(pieces.begin(), pieces.end());
    pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
    for (const Digest& piece : pieces) {
      const auto reader = scope_.engine().reader(Partition::piece(piece));
      TELEPOST_ASSIGN(const auto head, reader->get(Space::point, keys::kPieceHead));
      TELEPOST_ASSIGN(const auto link, reader->get(Space::scan, keys::link(id_)));
      if (!head && !link) report("piece", keys::message(id_.local), "piece " + to_hex(piece) + " is missing");
      else if (!link) report("link", keys::message(id_.local), "piece " + to_hex(piece) + " has no link to it");
      else if (scope_.one_account()) TELEPOST_TRY(verify_piece(scope_, piece));
    }
    return {};
  }

  VerifyScope& scope_;
  const schema::MessageId id_;
  const AccountVerification::Known& known_;
  const Partition partition_;
  std::unique_ptr<PartitionReader> reader_;
  StoredContent content_;
  schema::MessageRecord record_;
  schema::Document document_;
  std::vector<Told> told_;
};

}  // namespace

Result<void> verify_content(VerifyScope& scope, schema::MessageId id, const AccountVerification::Known& known) {
  return ContentVerification(scope, id, known).run();
}

// Documents, segments and annotations whose message is gone, and segments that their message does not have.
Result<void> AccountVerification::read_large() {
  return scan(Space::large, {}, {}, [this](std::string_view key, std::string_view value) -> Result<void> {
    if (key.size() == 13 && key[0] == 'L') return read_upload_chunk(key, value), Result<void>();
    const bool document = key.size() == 9 && key[0] == 'X';
    const bool segment = key.size() == 13 && key[0] == 'P';
    const bool annotation = key.size() == 17 && key[0] == 'N';
    const bool packed = key.size() == 9 && key[0] == 'U';
    if (!document && !segment && !annotation && !packed) return unknown(key), Result<void>();
    const schema::LocalId local{ByteReader(key.substr(1)).u64()};
    Known* const message = find(local);
    if (message == nullptr) {
      if (!explained_.contains(local.value)) damage("leftover", key, "bytes of a message that is not there");
      return {};
    }
    if (annotation) {
      const Result<void> valid = schema::validate_document(value);
      if (!valid.ok()) damage("document", key, "an annotation: " + valid.error().detail);
    }
    if ((packed && !message->packed) || ((document || segment) && message->packed)) {
      damage("leftover", key, message->packed ? "what its message has packed" : "its message is not packed");
      return {};
    }
    if (segment && ++message->stored_segments > message->inline_segments) damage("leftover", key, "a segment that its message does not have");
    return {};
  });
}

}  // namespace telepost::store
