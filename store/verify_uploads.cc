// Uploads against their bytes, and against the due work that takes them away.
#include "base/bytes.h"
#include "schema/upload_record.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;

void AccountVerification::read_upload(std::string_view key, std::string_view value) {
  const auto record = schema::decode_UploadRecord(value);
  const std::uint64_t id = key.size() == 9 ? ByteReader(key.substr(1)).u64() : 0;
  if (!record.ok() || key.size() != 9) return damage("record", key, record.ok() ? "an upload under a broken key" : record.error().detail);
  if (!upload_dues_.contains(id)) damage("upload", key, "nothing is due that takes it away");
  uploads_[id].size_bytes = record->size_bytes;
}

void AccountVerification::read_upload_chunk(std::string_view key, std::string_view value) {
  ByteReader reader(key.substr(1));
  const std::uint64_t id = reader.u64();
  const std::uint32_t index = reader.u32();
  const auto upload = uploads_.find(id);
  if (upload == uploads_.end()) {
    // One that was never finished, or is under way.
    if (!upload_dues_.contains(id)) damage("leftover", key, "bytes of an upload that is not there");
    return;
  }
  if (index != upload->second.chunks++) damage("upload", key, "bytes of it are missing before these");
  upload->second.stored_bytes += value.size();
}

void AccountVerification::compare_uploads() {
  for (const auto& [id, upload] : uploads_) {
    if (upload.stored_bytes != upload.size_bytes) damage("upload", keys::upload(id), "its bytes are not as many as it says");
  }
}

}  // namespace telepost::store
