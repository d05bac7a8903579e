// Shared pieces: bytes addressed by their SHA-256, each a partition of its own, kept as long as a message links to it.
//
// Order of writes (DESIGN section 4): a calendar hint "check links" at now + kLinkCheck, then piece and link, then the account's
// batch. Whatever a crash leaves in between, the hint finds.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "schema/ids.h"
#include "schema/records.h"
#include "store/engine/engine.h"

namespace telepost::store {

struct Rooms;

inline constexpr std::size_t kPieceBytes = 1u << 20;         // a part's body is cut every so many bytes
inline constexpr std::size_t kSharedPartBytes = 32u << 10;   // from this size on a part is shared
inline constexpr Duration kLinkCheck = std::chrono::minutes(15);  // longer than any delivery may take

class Pieces {
 public:
  explicit Pieces(Rooms& rooms) : rooms_(rooms) {}

  struct Bytes {
    Digest digest;
    std::string bytes;
  };
  // Stores what is not there and links every message to every piece; durable at return. Safe to repeat.
  Result<void> store(const std::vector<Bytes>& pieces, const std::vector<schema::MessageId>& messages);
  // Adds links to pieces that are there. Errors: not_found (a piece is gone).
  Result<void> link(const std::vector<Digest>& pieces, schema::MessageId message);
  struct Link {
    Digest piece;
    schema::MessageId message;
  };
  Result<void> unlink(const std::vector<Link>& links);  // at most 10,000, by one synced write; safe to repeat

  // The decoded bytes. Errors: corrupt (missing, or not what its digest says).
  static Result<std::string> read(Engine& engine, const Digest& piece);

  // What a hint asks for: links whose message is gone are removed; a piece without links gets an orphan hint, or goes
  // when it has been an orphan for the grace with which it became one. Gives the bytes freed.
  Result<std::uint64_t> check(const Digest& piece, Duration grace);

 private:
  Result<void> change(const Digest& piece, const std::string* bytes, const std::vector<schema::MessageId>& add);
  Rooms& rooms_;
};

}  // namespace telepost::store
