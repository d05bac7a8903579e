#include "adapters/jmap/blob_codec.h"

#include <algorithm>

#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

// Numbers from 1 without leading zeros, joined by one separator.
bool is_part(std::string_view id, char separator) {
  bool begins = true;
  for (const char c : id) {
    if (c == separator ? begins : c < (begins ? '1' : '0') || c > '9') return false;
    begins = c == separator;
  }
  return !begins && id.size() <= 200;
}

constexpr std::size_t kDigestDigits = 16;

std::optional<BlobId> card_blob_from(std::string_view id) {
  const std::size_t dash = std::min(id.find('-'), id.size());
  const auto number = number_from('d', id.substr(0, dash));
  const std::string_view digest = id.substr(std::min(dash + 1, id.size()));
  if (!number || digest.size() != kDigestDigits || digest.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return BlobId{BlobId::Of::card, *number, {}, std::string(digest)};
}

}  // namespace

std::string to_id(const BlobId& blob) {
  if (blob.of == BlobId::Of::card) return to_id('d', blob.number) + "-" + blob.digest;
  const char letter = blob.of == BlobId::Of::upload ? 'u' : blob.parts.empty() ? 's' : 'p';
  std::string id = to_id(letter, blob.number);
  for (std::string part : blob.parts) {
    std::replace(part.begin(), part.end(), '.', '_');
    id += '-' + part;
  }
  return id;
}

std::optional<BlobId> blob_from(std::string_view id) {
  if (id.empty()) return std::nullopt;
  const char letter = id[0];
  if (letter == 'd') return card_blob_from(id);
  if (letter != 's' && letter != 'p' && letter != 'u') return std::nullopt;
  BlobId blob;
  blob.of = letter == 'u' ? BlobId::Of::upload : BlobId::Of::message;
  std::size_t end = std::min(id.find('-'), id.size());
  const auto number = number_from(letter, id.substr(0, end));
  if (!number) return std::nullopt;
  blob.number = *number;
  while (end < id.size()) {
    const std::size_t begin = end + 1;
    end = std::min(id.find('-', begin), id.size());
    std::string part(id.substr(begin, end - begin));
    if (!is_part(part, '_')) return std::nullopt;
    std::replace(part.begin(), part.end(), '_', '.');
    blob.parts.push_back(std::move(part));
  }
  const bool has_parts = !blob.parts.empty();
  if (blob.parts.size() > kMostBlobLevels || (letter == 's' && has_parts) || (letter == 'p' && !has_parts)) return std::nullopt;
  return blob;
}

}  // namespace telepost::adapters::jmap
