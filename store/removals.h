// The one place that is asked before anything of a message is removed for good: the purge of what undelete kept, an expunge or
// expiry that keeps nothing, the cap of what is kept, the removal of an account. A legal hold keeps it, and so does a minimum retention
// of its class; while its class is defined nowhere nobody knows, and everything is kept. What is not known of a message (fields
// beyond those that the scanner keeps, mailboxes and keywords that went with an expunge) counts as what a hold or a retention asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/kept_record.h"
#include "schema/message_records.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;

// Where a message lay that was expunged while it was being sent: nobody knows any more. It comes back into INBOX.
bool is_lost(const schema::KeptRecord::Place& place);

class Removals {
 public:
  explicit Removals(Rooms& rooms) : rooms_(rooms) {}

  struct Candidate {
    const schema::MessageRecord& record;
    const schema::Summary& summary;
    // Where it lay before it left the view; null: where it lies now.
    const std::vector<schema::KeptRecord::Place>* lay = nullptr;
  };
  struct Held {
    std::string by;             // for people: "hold 7: case 17", "gold: mail-7-years (gold.xml:12)"
    std::uint64_t hold = 0;     // 0: a minimum retention, or a class that is missing
    std::optional<Time> until;  // of these two: then it is judged again; none: until the hold is released
  };
  // What keeps the message; nothing: it may go. The write is bound to what was judged: should a hold be placed or released before it
  // is durable, it is refused (conflict), and what was about to be removed has to be judged again. Where nothing could keep
  // anything of the account, nothing is read. Mode with_reads. Errors: io, corrupt.
  Result<std::optional<Held>> what_holds(AccountWrite& write, const Candidate& candidate) const;
  // The same of a message that left the view.
  Result<std::optional<Held>> what_holds(AccountWrite& write, const schema::KeptRecord& kept) const;

  // Whether any hold, minimum retention or missing class could keep a message of the account. Binds the write as what_holds() does.
  bool may_hold(AccountWrite& write) const;
  // Which of them could, for people.
  std::vector<std::string> what_may_hold(const schema::AccountRecord& profile, schema::AccountId account) const;

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
