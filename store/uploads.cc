#include "store/uploads.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/due_list.h"
#include "store/duty.h"
#include "store/held_account.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

constexpr std::size_t kChunksAtOnce = 500;

std::string count_of(std::uint32_t chunks) {
  std::string value;
  ByteWriter(value).u32(chunks);
  return value;
}

// It is visible when its last chunk is there.
Result<std::optional<Upload>> read_record(const PartitionReader& reader, std::uint64_t id) {
  return stored<schema::decode_UploadRecord>(reader, Space::point, keys::upload(id));
}

void erase_upload(AccountWrite& write, std::uint64_t id, std::uint64_t chunks) {
  write.erase(Space::point, keys::upload(id));
  for (std::uint64_t index = 0; index < chunks; ++index) write.erase(Space::large, keys::upload_chunk(id, static_cast<std::uint32_t>(index)));
}

// Of one that nobody will finish. What cannot be written now goes when its due work says.
void forget_unfinished(Rooms& rooms, schema::AccountId account, std::uint64_t id, std::uint32_t chunks, Time expires) {
  Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::without_reads);
  if (!write.ok()) return;
  erase_upload(*write, id, chunks);
  write->erase(Space::queue, keys::due(expires, due::kForgetUpload, due::id_of(schema::LocalId{id})));
  const Result<void> written = write->commit();
  if (!written.ok()) log::warning("upload_not_forgotten", {{"account", schema::to_string(account)}, {"reason", to_string(written.error())}});
}

}  // namespace

NewUpload::NewUpload(Rooms& rooms, schema::AccountId account, std::uint64_t id, std::uint64_t bytes_before)
    : rooms_(rooms), account_(account), id_(id), bytes_before_(bytes_before) {
  record_.created = rooms.clock.now();
  record_.expires = record_.created + kUploadKept;
}

NewUpload::~NewUpload() {
  if (finished_ || chunks_ == 0) return;
  const auto forget = [&rooms = rooms_, account = account_, id = id_, chunks = chunks_, expires = record_.expires] {
    forget_unfinished(rooms, account, id, chunks, expires);
  };
  const Result<void> taken = rooms_.workers.run(forget);
  if (!taken.ok()) log::warning("upload_not_forgotten", {{"account", schema::to_string(account_)}, {"reason", to_string(taken.error())}});
}

Result<void> NewUpload::write(std::string_view bytes) {
  if (bytes.size() > kMostUploadedBytes - std::min(kMostUploadedBytes, bytes_before_ + record_.size_bytes)) {
    return {Errc::over_quota, "the account has uploaded as much as it may in a day"};
  }
  while (!bytes.empty()) {
    if (chunk_.size() == schema::kUploadChunkBytes) TELEPOST_TRY(store_chunk(Last::no));
    const std::string_view piece = bytes.substr(0, schema::kUploadChunkBytes - chunk_.size());
    chunk_ += piece;
    record_.size_bytes += piece.size();
    bytes.remove_prefix(piece.size());
  }
  return {};
}

// With it the due work that takes all of them away again, which knows how many there are by then.
Result<void> NewUpload::store_chunk(Last last) {
  TELEPOST_TRY(rooms_.health.check());
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::without_reads));
  if (!chunk_.empty()) write.put(Space::large, keys::upload_chunk(id_, chunks_++), std::exchange(chunk_, {}));
  const std::string due_id = due::id_of(schema::LocalId{id_});
  if (chunks_ <= 1) record_.expires = write.add_due(record_.expires, due::kForgetUpload, due_id, count_of(chunks_));
  else write.put(Space::queue, keys::due(record_.expires, due::kForgetUpload, due_id), count_of(chunks_));
  if (last == Last::yes) write.put(Space::point, keys::upload(id_), schema::encode(record_));
  return write.commit();
}

Result<Upload> NewUpload::finish(std::string_view type) {
  if (rooms_.clock.now() >= record_.expires - kUploadKept / 2) return {Errc::busy, "the upload took too long"};
  record_.type = type;
  TELEPOST_TRY(store_chunk(Last::yes));
  finished_ = true;
  return record_;
}

Result<std::unique_ptr<NewUpload>> Uploads::begin(schema::AccountId account) {
  const auto reader = rooms_.engine->reader(Partition::account(account));
  std::size_t uploads = 0;
  std::uint64_t bytes = 0;
  Result<void> decoded;
  TELEPOST_TRY(reader->scan(Space::point, keys::kUploads, keys::after(keys::kUploads), [&](std::string_view, std::string_view value) {
    const auto record = schema::decode_UploadRecord(value);
    if (!record.ok()) decoded = record.error();
    else bytes += record->size_bytes;
    return decoded.ok() && ++uploads < kMostUploads;
  }));
  TELEPOST_TRY(decoded);
  if (uploads >= kMostUploads || bytes >= kMostUploadedBytes) return {Errc::over_quota, "the account has uploaded as much as it may in a day"};
  return std::make_unique<NewUpload>(rooms_, account, rooms_.numbers.next(), bytes);
}

Result<Upload> Uploads::find(schema::AccountId account, std::uint64_t id) {
  TELEPOST_ASSIGN(auto record, read_record(*rooms_.engine->reader(Partition::account(account)), id));
  if (!record || record->expires <= rooms_.clock.now()) return {Errc::not_found, "no such upload"};
  return *std::move(record);
}

Result<void> Uploads::read(schema::AccountId account, std::uint64_t id, schema::ByteRange range,
                           const std::function<bool(std::string_view)>& sink) {
  const auto reader = rooms_.engine->snapshot(Partition::account(account));
  TELEPOST_ASSIGN(const auto record, read_record(*reader, id));
  if (!record) return {Errc::not_found, "no such upload"};
  const std::uint64_t begin = std::min(range.offset, record->size_bytes);
  const std::uint64_t end = begin + std::min(range.size, record->size_bytes - begin);
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t index = at / schema::kUploadChunkBytes, skip = at % schema::kUploadChunkBytes;
    TELEPOST_ASSIGN(const auto chunk, reader->get(Space::large, keys::upload_chunk(id, static_cast<std::uint32_t>(index))));
    if (!chunk || chunk->size() <= skip) return {Errc::corrupt, "an upload without its bytes; run telepost verify"};
    const std::string_view piece = std::string_view(*chunk).substr(skip, end - at);
    if (!sink(piece)) return {};
    at += piece.size();
  }
  return {};
}

Result<void> forget_upload(DutyWork&, AccountWrite& write, const DueItem& item) {
  erase_upload(write, item.local().value, ByteReader(item.value).u32());
  return {};
}

// Their due work is gone: what was begun and never finished goes with the account.
Result<bool> HeldAccount::drop_uploads(AccountWrite& write, SweepCount*) {
  TELEPOST_ASSIGN(const auto uploads, write.scan(Space::point, next_, keys::after(keys::kUploads), kChunksAtOnce));
  for (const auto& [key, value] : uploads) {
    if (write.full()) return true;
    next_ = key + '\0';
    TELEPOST_ASSIGN(const auto record, schema::decode_UploadRecord(value));
    const std::uint64_t id = ByteReader(std::string_view(key).substr(1)).u64();
    const std::uint64_t chunks = (record.size_bytes + schema::kUploadChunkBytes - 1) / schema::kUploadChunkBytes;
    erase_upload(write, id, chunks);
  }
  return uploads.size() == kChunksAtOnce;
}

}  // namespace telepost::store
