// What a client has uploaded and not used yet, or may use again: bytes of an account that belong to no message (RFC 8620 section 6.1).
// They lie beside it in pieces of kUploadChunkBytes, the last one shorter. By the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::schema {

inline constexpr std::size_t kUploadChunkBytes = 1u << 20;

struct UploadRecord {
  std::uint64_t size_bytes = 0;
  std::string type;  // the media type that the client gave
  Time created{};
  Time expires{};
  bool operator==(const UploadRecord&) const = default;
};
std::string encode(const UploadRecord& record);
Result<UploadRecord> decode_UploadRecord(std::string_view bytes);

namespace keys {  // schema/keys.cc
std::string upload(std::uint64_t upload);
std::string upload_chunk(std::uint64_t upload, std::uint32_t index);
inline constexpr std::string_view kUploads = "L";
}  // namespace keys

}  // namespace telepost::schema
