// Shared pieces: bytes against digest, links against the messages that use them.
#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "schema/keys.h"
#include "schema/records.h"
#include "store/due_list.h"
#include "store/pieces.h"
#include "store/verify_scope.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

Result<bool> uses(VerifyScope& scope, schema::MessageId message, const Digest& piece) {
  TELEPOST_ASSIGN(const auto bytes, scope.engine().reader(Partition::account(message.account))->get(Space::point, keys::message(message.local)));
  if (!bytes) return false;
  const auto record = schema::decode_MessageRecord(*bytes);
  if (!record.ok()) return true;  // told where the account is verified
  return uses_piece(*record, piece);
}

// Whether the account's due list says that the link goes.
Result<bool> is_to_be_unlinked(VerifyScope& scope, schema::MessageId message, const Digest& piece) {
  const std::string id = due::id_of(message.local);
  bool found = false;
  TELEPOST_TRY(scope.engine().reader(Partition::account(message.account))->scan(Space::queue, "D", keys::after("D"), [&](std::string_view key, std::string_view value) {
    if (key.size() != 26 || key[9] != due::kUnlink || key.substr(10) != id) return true;
    for (std::size_t at = 0; at + 32 <= value.size(); at += 32) found = found || value.substr(at, 32) == piece.view();
    return !found;
  }));
  return found;
}

class PieceVerification {
 public:
  PieceVerification(VerifyScope& scope, const Digest& digest) : scope_(scope), digest_(digest), partition_(Partition::piece(digest)) {}

  Result<void> run() {
    const auto reader = scope_.engine().snapshot(partition_);
    TELEPOST_ASSIGN(const auto head_bytes, reader->get(Space::point, keys::kPieceHead));
    TELEPOST_ASSIGN(const auto orphan_bytes, reader->get(Space::point, keys::kOrphan));
    TELEPOST_ASSIGN(const auto bytes, reader->get(Space::large, keys::kPieceBytes));
    TELEPOST_ASSIGN(const auto packed, reader->get(Space::large, keys::kPackedPiece));
    Result<void> linked;
    TELEPOST_TRY(reader->scan(Space::scan, keys::kLinks, keys::after(keys::kLinks), [&](std::string_view key, std::string_view) {
      ByteReader numbers(key.substr(1));
      const schema::AccountId account{numbers.u64()};
      linked = verify_link({account, {numbers.u64()}}, key);
      return linked.ok();
    }));
    TELEPOST_TRY(std::move(linked));
    if (!head_bytes) {
      const bool anything = bytes || packed || orphan_bytes || live_ > 0 || dead_ > 0;
      if (anything) damage("piece", keys::kPieceHead, "it has no head");
      return {};
    }
    const auto head = schema::decode_PieceRecord(*head_bytes);
    if (!head.ok()) damage("record", keys::kPieceHead, head.error().detail);
    else verify_bytes(*head, bytes, packed);
    return head.ok() ? verify_orphan(*head, orphan_bytes) : Result<void>();
  }

 private:
  void damage(std::string_view check, std::string_view key, std::string what) { scope_.damage(check, partition_, key, std::move(what)); }

  void verify_bytes(const schema::PieceRecord& head, const std::optional<std::string>& bytes, const std::optional<std::string>& packed) {
    const std::string_view key = head.is_packed() ? keys::kPackedPiece : keys::kPieceBytes;
    if (!(head.is_packed() ? packed : bytes)) return damage("piece", key, "its bytes are missing");
    if (bytes && packed) damage("leftover", head.is_packed() ? keys::kPieceBytes : keys::kPackedPiece, "its bytes lie there twice");
    if (!head.is_packed()) return compare_bytes(head, *bytes);
    if (packed->size() != head.stored_bytes) damage("piece", keys::kPieceHead, "its head tells another stored size");
    const auto unpacked = transcoders::codec::decode(*packed, scope_.dictionaries().finder());
    if (!unpacked.ok()) return damage("piece", key, unpacked.error().detail);
    compare_bytes(head, *unpacked);
  }

  void compare_bytes(const schema::PieceRecord& head, std::string_view bytes) {
    const std::string_view key = head.is_packed() ? keys::kPackedPiece : keys::kPieceBytes;
    if (sha256(bytes) != digest_) return damage("piece", key, "its bytes are not what its digest says");
    if (bytes.size() != head.size_bytes) damage("piece", keys::kPieceHead, "its head tells another size");
  }

  Result<void> verify_link(schema::MessageId message, std::string_view key) {
    TELEPOST_ASSIGN(const bool used, uses(scope_, message, digest_));
    ++(used ? live_ : dead_);
    if (used) return {};
    TELEPOST_ASSIGN(const bool still, still_stored(key));
    if (!still) return {};
    TELEPOST_ASSIGN(bool found_later, scope_.hints().asks_about(partition_, message));
    if (!found_later) {
      TELEPOST_ASSIGN(found_later, is_to_be_unlinked(scope_, message, digest_));
    }
    scope_.debris_if(found_later, "link", partition_, key, "a link to message " + to_string(message) + ", which does not use it");
    return {};
  }

  // Links come before their message and go after it, while this is read.
  Result<bool> still_stored(std::string_view key) {
    TELEPOST_ASSIGN(const auto link, scope_.engine().reader(partition_)->get(Space::scan, key));
    return link.has_value();
  }

  Result<void> verify_orphan(const schema::PieceRecord& head, const std::optional<std::string>& bytes) {
    const auto orphan = bytes ? schema::decode_OrphanRecord(*bytes) : Result<schema::OrphanRecord>(schema::OrphanRecord{});
    if (!orphan.ok()) damage("record", keys::kOrphan, orphan.error().detail);
    if (!orphan.ok() || (live_ > 0 && !bytes)) return {};
    TELEPOST_ASSIGN(const bool hinted, scope_.has_hint(partition_));
    if (live_ > 0) {
      // A link that came after the record raised the generation, and its hint takes the record away.
      if (orphan->generation == head.generation || !hinted) damage("orphan", keys::kOrphan, "an orphan's record on a piece with links");
    } else if (dead_ == 0) {
      scope_.debris_if(hinted, "orphan", partition_, {}, hinted ? "no message uses it; its hint stands" : "no message uses it, and no hint will find it");
    }
    return {};
  }

  VerifyScope& scope_;
  const Digest digest_;
  const Partition partition_;
  std::uint64_t live_ = 0, dead_ = 0;
};

}  // namespace

Result<void> verify_piece(VerifyScope& scope, const Digest& digest) { return PieceVerification(scope, digest).run(); }

}  // namespace telepost::store
