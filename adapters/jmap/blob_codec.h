// Blob ids: what bytes they stand for is read from them alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::adapters::jmap {

// "s5f": message 5f's source. "p5f-2_1": its part 2.1, decoded; "p5f-2_1-1": part 1 of the message that this part is.
// "u9": an upload. "u9-1": part 1 of the message that it is. "d7-0123456789abcdef": what contact card 7 holds of media, by the digest of
// it. All numbers in hex, parts by their IMAP numbers.
struct BlobId {
  enum class Of : std::uint8_t { message, upload, card };
  Of of = Of::message;
  std::uint64_t number = 0;
  std::vector<std::string> parts;
  std::string digest = {};  // of a card's: 16 hex digits
  BlobId part(std::string id) const {  // of the message that this blob is
    BlobId inner = *this;
    inner.parts.push_back(std::move(id));
    return inner;
  }
  bool operator==(const BlobId&) const = default;
};

inline constexpr std::size_t kMostBlobLevels = 4;  // of messages inside one another: each costs a pass over its bytes

std::string to_id(const BlobId& blob);
std::optional<BlobId> blob_from(std::string_view id);  // one spelling of each; nothing: it is none of ours

}  // namespace telepost::adapters::jmap
