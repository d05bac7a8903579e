// What clients upload for later use (RFC 8620 section 6): kept for a day, of one account, in no quota of its messages. Any thread; every
// call blocks on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message.h"
#include "schema/upload_record.h"

namespace telepost::store {

struct Rooms;
using Upload = schema::UploadRecord;

inline constexpr Duration kUploadKept = std::chrono::hours(24);
inline constexpr std::size_t kMostUploads = 1000;                              // of an account at a time
inline constexpr std::uint64_t kMostUploadedBytes = std::uint64_t{512} << 20;  // the same

// One on its way in. Memory: a chunk. Destroyed before finish() succeeded: the store's workers take away what was written; what a crash
// leaves of one goes when an upload would. The store outlives it.
class NewUpload {
 public:
  NewUpload(Rooms& rooms, schema::AccountId account, std::uint64_t id, std::uint64_t bytes_before);
  ~NewUpload();
  NewUpload(const NewUpload&) = delete;
  NewUpload& operator=(const NewUpload&) = delete;
  // Errors: over_quota, disk_full, io; then nothing more can be done with it.
  Result<void> write(std::string_view bytes);
  // Durable at return.
  Result<Upload> finish(std::string_view type);
  std::uint64_t id() const { return id_; }

 private:
  enum class Last { no, yes };
  Result<void> store_chunk(Last last);

  Rooms& rooms_;
  const schema::AccountId account_;
  const std::uint64_t id_;
  const std::uint64_t bytes_before_;  // of the account's other uploads
  Upload record_;
  std::string chunk_;
  std::uint32_t chunks_ = 0;
  bool finished_ = false;
};

class Uploads {
 public:
  explicit Uploads(Rooms& rooms) : rooms_(rooms) {}

  // Errors: not_found (the account), over_quota (it has as many as it may).
  Result<std::unique_ptr<NewUpload>> begin(schema::AccountId account);
  Result<Upload> find(schema::AccountId account, std::uint64_t id);  // not_found, also when its time is over
  // In order, a chunk at a time; beyond the end: fewer. false ends it. Errors: not_found.
  Result<void> read(schema::AccountId account, std::uint64_t id, schema::ByteRange range, const std::function<bool(std::string_view)>& sink);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
