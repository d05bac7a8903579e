// Changes to one stored message inside an account's batch (mode with_reads): read it, change it, put it back. Several edits may
// share a batch; each sees those before it.
#pragma once

#include <string>
#include <vector>

#include "policies/lifecycle.h"
#include "store/account_write.h"
#include "store/kept_messages.h"
#include "store/removals.h"

namespace telepost::store {

class MessageEdit {
 public:
  // Errors: not_found, io, corrupt.
  static Result<MessageEdit> open(AccountWrite& write, schema::LocalId local);

  const schema::MessageRecord& record() const { return record_; }
  const schema::Summary& summary() const { return summary_; }
  const policies::Lifecycle& lifecycle() const { return was_; }  // by the policy of this moment, before the edit
  bool is_in(schema::MailboxId mailbox) const;

  Result<void> set_keywords(std::vector<std::string> keywords);  // sorted; for every placement
  Result<schema::Uid> place(schema::MailboxId mailbox);          // one more; precondition: not in it, under 64
  Result<void> unplace(schema::MailboxId mailbox);               // precondition: in it, and elsewhere too
  // The message goes for readers; a tombstone stays. Where its class has undelete, or a hold wants it, all else of it is kept
  // (store/kept_messages.h). Else its records go at once and its pieces' links by due work; but what is still to be sent, or to be
  // delivered to others from it, stays without placements until remove_sent().
  enum class Gone { kept, for_good };
  Result<Gone> expunge(schema::Removal reason, Time now, schema::Reach reach = schema::Reach::all_clients);
  // Nobody sends it any more: what an expunge left for that alone goes, unless it is held by now. Nothing happens to any other message.
  static Result<void> remove_sent(AccountWrite& write, schema::LocalId local, Time now);
  // What was kept goes for good; its entry there is the caller's. So does what never lay in a mailbox. Nothing happens to a message that
  // is not there.
  static Result<void> remove_departed(AccountWrite& write, schema::LocalId local);
  // A kept message again, in no mailbox yet: place() and finish() follow. A hold does not mind.
  static Result<MessageEdit> bring_back(AccountWrite& write, const KeptMessages::Entry& entry);
  // Where its source lies (store/archive/relief.h). It may be archived, since nobody touched it for long; or may not any more. Written at once: neither is a
  // change that anybody sees.
  void park(Time touched);
  void unpark();  // precondition: parked
  // Its source lies in the archive; precondition: online. Its inline segments go, its pieces' links by due work. The document stays, unpacked.
  void archive(schema::ArchivedSource where, std::string_view document);
  // Its source is back: `inline_bytes` are its segments without a piece, and links to its pieces stand. The subscriber has just read it.
  void bring_online(const std::vector<std::string>& inline_bytes);
  // Writes record, summaries and the change log's entry, and due work where a date became earlier. Not after expunge().
  Result<schema::Modseq> finish();

 private:
  MessageEdit(AccountWrite& write, schema::LocalId local) : write_(&write), local_(local) {}
  void log_lost_placements();
  Result<void> date();
  Result<void> take_out(const schema::Placement& placement);
  void count(int messages);
  Result<bool> is_to_be_kept(schema::Removal reason);
  void keep(const schema::KeptRecord& kept);

  AccountWrite* write_;
  schema::LocalId local_;
  schema::MessageRecord record_;
  schema::Summary summary_;
  std::vector<schema::Placement> lost_;  // by this edit
  std::optional<Removals::Held> held_;   // what keeps it where undelete does not
  policies::Lifecycle was_;              // before it
};

// Somebody is still to get it: the recipients of a message that the account handed in, or those of a delivery.
Result<bool> is_being_sent(AccountWrite& write, schema::LocalId local);
// What of the source lies outside the account goes, by due work: links to pieces, or what is in the archive.
void drop_source(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record, Time now);
// It waits no more to be archived.
void forget_parked(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record);

}  // namespace telepost::store
