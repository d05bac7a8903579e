// A message's source in the archive: read there, and put back into the store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message_records.h"

namespace telepost::store {

struct Rooms;
class ArchivePlace;

using ByteSink = std::function<bool(std::string_view)>;  // false: no more is wanted

// Bytes [offset, end) of an archived source, part after part. Errors: unavailable, timeout, busy, corrupt, cancelled.
Result<void> read_archived(ArchivePlace& archive, schema::MessageId id, const schema::MessageRecord& record, std::uint64_t offset,
                           std::uint64_t end, const ByteSink& sink);

// Cuts an archived source as its record's segments say: pieces are stored and linked to `target`, and the inline segments' bytes given, in
// order. All bytes also go to `sink`, whose answer does not matter. Errors: as read_archived, and as Pieces::store.
Result<std::vector<std::string>> restore_content(Rooms& rooms, schema::MessageId id, const schema::MessageRecord& record,
                                                 schema::MessageId target, const ByteSink& sink);

// The source is in the store again, and goes from the archive; the subscriber has just read it. Its bytes go to `sink` on their way.
// Errors: as restore_content, not_found, busy (somebody changed the message meanwhile). A message that is online stays so.
Result<void> bring_back(Rooms& rooms, schema::MessageId id, const ByteSink& sink);

// Whether the policy of this moment brings the message back when its subscriber reads it.
Result<bool> is_brought_back(Rooms& rooms, schema::MessageId id);

}  // namespace telepost::store
