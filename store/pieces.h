// Shared pieces: bytes addressed by their SHA-256, each a partition of its own, kept as long as a message links to it.
//
// Order of writes (DESIGN section 4): a calendar hint "check links" at now + kLinkCheck, then piece and link, then the account's
// batch. Whatever a crash leaves in between, the hint finds. A hint names the messages it is about, so that a piece
// with a million links is checked for one of them at the cost of one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "schema/ids.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "store/calendar.h"
#include "store/engine/engine.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;
class Dictionaries;

inline constexpr std::size_t kPieceBytes = 1u << 20;         // a part's body is cut every so many bytes
inline constexpr std::size_t kSharedPartBytes = 32u << 10;   // from this size on a part is shared
inline constexpr Duration kLinkCheck = std::chrono::minutes(15);  // longer than any delivery may take

// Whether a message needs a piece: not while its source lies in the archive.
bool uses_piece(const schema::MessageRecord& record, const Digest& piece);

class Pieces {
 public:
  explicit Pieces(Rooms& rooms) : rooms_(rooms) {}

  struct Bytes {
    Digest digest;
    std::string bytes;
  };
  // Stores what is not there and links every message to every piece, by one synced write; durable at return. Safe to repeat.
  // Errors: busy (others keep changing the same pieces), disk_full, io.
  Result<void> store(const std::vector<Bytes>& pieces, const std::vector<schema::MessageId>& messages);
  // Adds links of every message to pieces that are there. Errors: not_found (a piece is gone), and as store().
  Result<void> link(const std::vector<Digest>& pieces, const std::vector<schema::MessageId>& messages);
  struct Link {
    Digest piece;
    schema::MessageId message;
  };
  Result<void> unlink(const std::vector<Link>& links);  // at most 10,000, by one synced write; safe to repeat

  // Nothing: it is gone.
  static Result<std::optional<schema::PieceRecord>> head(Engine& engine, const Digest& piece);
  // The bytes as they arrived, however they are stored. Errors: corrupt (missing, damaged).
  static Result<std::string> read(Rooms& rooms, const Digest& piece);
  static Result<std::string> read(Engine& engine, Dictionaries& dictionaries, const Digest& piece);

  // What a piece's hint asks for: links of the hint's messages that are gone are removed; a piece without links becomes
  // an orphan, and an orphan goes when its grace is over and nothing raised its generation. Gives the bytes freed.
  Result<std::uint64_t> check(const Hint& hint, Duration grace);

 private:
  struct Wanted {
    Digest digest;
    const std::string* bytes;  // nullptr: it must be there
  };
  Result<void> change(const std::vector<Wanted>& pieces, const std::vector<schema::MessageId>& add);
  Result<CommitEntry> changed(const Wanted& piece, const std::vector<schema::MessageId>& add, Time check);
  Result<bool> drop_dead_links(const Hint& hint, const PartitionReader& reader, Batch& batch);
  Rooms& rooms_;
};

}  // namespace telepost::store
