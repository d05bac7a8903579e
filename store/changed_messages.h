// The messages that a stretch of the change log names, as the indexes that read the log look at them: records and summaries of all by a
// few questions. Inside the store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/message_records.h"
#include "store/ahead_reader.h"
#include "store/change_log.h"

namespace telepost::store {

class ChangedMessages {
 public:
  // The snapshot outlives it.
  explicit ChangedMessages(const PartitionReader& snapshot) : records_(snapshot) {}

  // `own`: the key, in Space::point, of what the index itself keeps of a message.
  Result<void> read(const std::vector<Change>& changes, std::string (*own)(schema::LocalId));

  // Nothing: it is gone for good. Errors: corrupt, io.
  Result<std::optional<schema::MessageRecord>> record(schema::LocalId local) const;
  struct Message {
    schema::MessageRecord record;
    schema::Summary summary;
  };
  // Of a live entry. Errors: corrupt, also where the message is not there, io.
  Result<Message> message(schema::LocalId local) const;
  Result<std::optional<std::string>> get(Space space, const std::string& key) const { return records_.get(space, key); }

 private:
  AheadReader records_;
};

}  // namespace telepost::store
