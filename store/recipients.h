// The last step of a delivery: each recipient's account decides, and its batch is committed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/message.h"
#include "store/account_write.h"
#include "store/deliver.h"
#include "store/message_writer.h"

namespace telepost::store {

// What is the same for every recipient once the last byte is there.
struct Arrived {
  Incoming incoming;
  std::vector<schema::MessageId> ids;  // of each recipient's copy, fixed before the first piece was linked
  schema::Document document;           // but for id, received and the order of envelope.to
  Content content;
  std::optional<Error> invalid;        // the peer proved its identity, and one of its Telepost-* fields states no fact
};
using DeliveredToAll = std::vector<Result<Delivered>>;

class Recipients {
 public:
  // On a session's thread. False: it would have to wait for a lock or the disk, and nothing was done; call deliver() on
  // a worker instead.
  static bool try_deliver(Rooms& rooms, const std::shared_ptr<Arrived>& arrived, Completion<DeliveredToAll>& done);
  // May block. Calls done when the last commit is durable.
  static void deliver(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done);

  // Recipients of a stored message that a crash kept from being served. Safe to repeat. May block.
  static Result<void> serve_intents(Rooms& rooms, schema::MessageId first);
};

}  // namespace telepost::store
