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

}  // namespace

std::string to_id(const BlobId& blob) {
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
