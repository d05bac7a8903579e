// The account's own due list: what must happen to it at a time. Acted on when the calendar's hint for the account comes
// up; see store/account_duty.h.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "schema/ids.h"

namespace telepost::store::due {

// What is due. The letters are on disk.
inline constexpr char kExpire = 'x';        // id: local number: ask the policy whether the message expires
inline constexpr char kArchive = 'v';       // id: local number: ask the policy whether the message may go to the archive
inline constexpr char kCompress = 'c';      // id: local number: ask the policy whether the message is compressed
inline constexpr char kPurge = 'z';         // id: step and zeros: what undelete kept long enough, or has too much of; value: where the step goes on
inline constexpr char kUnpark = 'h';        // id: step and local number: what kept it may have ended; 0: the same of all, value: where to go on
inline constexpr char kRedate = 'q';       // id: local number: messages behind it are dated by a policy that changed
inline constexpr char kCheckArchived = 'g';  // id: number and local number; value: parts: what a broken-off archiving may have left
inline constexpr char kRemoveArchived = 'y'; // the same: parts in the archive that no record names
inline constexpr char kRelieve = '~';       // id: zeros; value: "1" on the way: the account is over what it may hold online. Behind all others of its time
inline constexpr char kUnlink = 'u';        // id: local number; value: digests of pieces to unlink
inline constexpr char kForgetKey = 'k';     // id: the delivery key's 16 bytes
inline constexpr char kServeIntents = 'i';  // id: local number: recipients that are still to be served
inline constexpr char kTrimChanges = 't';   // id: zeros: tombstones older than changes.keep
inline constexpr char kRemoveContent = 'r'; // id: zeros: the account is being deleted
inline constexpr char kCheckAddresses = 'a';  // id: zeros: a new account whose addresses may never have come
inline constexpr char kServeSubmission = 's';  // id: local number: local recipients of a message that was handed in
inline constexpr char kForgetSubmission = 'o'; // id: local number: what is kept of such a message ends
inline constexpr char kForgetUpload = 'l';  // id: the upload's number; value: chunks: what a client uploaded for a day
inline constexpr char kWarnQuota = 'w';     // id: since when it is over its soft quota, 0 or 1: that, or that it will be full soon, is to be told
inline constexpr char kIndex = 'e';         // id: step and zeros: the account's index is far behind the change log
inline constexpr char kEndPush = 'j';       // id: the number of a push subscription whose time is over
inline constexpr char kForgetToken = 'm';   // id: 16 bytes of the key under which a token stands, whose time may be over
inline constexpr char kAnswer = 'n';        // id: number and local number: whether it is answered; value: AnswerRecord, "": for its recipient is away
inline constexpr char kForgetAnswer = 'f';  // id: 16 bytes of the key under which it stands who was answered
inline constexpr char kReport = 'p';        // id: local number of the copy it is about; value: ReportRecord

// Longer than making an account may take.
inline constexpr Duration kAddressCheck = std::chrono::minutes(15);

inline std::string id_of(schema::LocalId local) {
  std::string id(8, '\0');  // 16 bytes with the number behind
  ByteWriter(id).u64(local.value);
  return id;
}
inline std::string id_of(schema::LocalId local, std::uint64_t number) {  // the same with an archiving's number in front
  std::string id;
  ByteWriter(id).u64(number).u64(local.value);
  return id;
}
inline std::uint64_t number_of(std::string_view id) { return ByteReader(id).u64(); }
inline std::string archived_parts(std::uint64_t parts) {
  std::string value;
  ByteWriter(value).u32(static_cast<std::uint32_t>(parts));
  return value;
}
inline std::uint32_t parts_of(std::string_view value) { return ByteReader(value).u32(); }
inline schema::LocalId local_of(std::string_view id) { return {ByteReader(id.substr(8)).u64()}; }
inline Time time_of(std::string_view key) {  // of an item, by its key
  return from_millis(static_cast<std::int64_t>(ByteReader(key.substr(1)).u64() ^ (1ull << 63)));
}
inline std::string no_id() { return std::string(16, '\0'); }

}  // namespace telepost::store::due
