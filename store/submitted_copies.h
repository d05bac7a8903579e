// Copies of a message that are made from its first one: those of our own recipients of what was handed in, and those of recipients
// that a crash kept from being served. Inside the store only.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/mail_job.h"
#include "store/deliver.h"

namespace telepost::store {

struct Rooms;

struct ForCopies {
  std::string delivery_key;
  schema::MessageRequest request;
  Time since{};  // no copy is older
  bool may_be_forwarded = false;  // the first copy's recipients need not be those that it was sent to
};
// A recipient's copy under the id that was fixed for it, from the records of the message's first copy; what is there, or was and is
// gone, is served. Gives why it is refused: by its account, because there is none any more (not_found), or no first copy
// (unavailable). May block. Errors: those that pass, and corrupt.
Result<std::optional<Error>> serve_copy(Rooms& rooms, schema::MessageId first, schema::MessageId copy, const std::string& address,
                                        const schema::RecipientRequest& request, const ForCopies& same);
// Whether an error is an account's own word on a message, which trying again does not change.
bool is_verdict(Errc kind);
// As a server of ours would have said it: "552 5.2.2 the mailbox is full".
std::string reply_of_refusal(const Error& refusal);

// Each recipient who waits for a copy gets it, or the sender learns why not. Safe to repeat. Errors: those that pass.
Result<void> serve_submission(Rooms& rooms, schema::MessageId first);
// The same for a worker that nobody waits for: what fails is found again by the sweep.
void serve_submission_now(Rooms& rooms, schema::MessageId first);

}  // namespace telepost::store
