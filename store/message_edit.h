// Changes to one stored message inside an account's batch (mode with_reads): read it, change it, put it back. Several edits may
// share a batch; each sees those before it.
#pragma once

#include <string>
#include <vector>

#include "policies/lifecycle.h"
#include "store/account_write.h"

namespace telepost::store {

class MessageEdit {
 public:
  // Errors: not_found, io, corrupt.
  static Result<MessageEdit> open(AccountWrite& write, schema::LocalId local);

  const schema::MessageRecord& record() const { return record_; }
  const schema::Summary& summary() const { return summary_; }
  bool is_in(schema::MailboxId mailbox) const;

  Result<void> set_keywords(std::vector<std::string> keywords);  // sorted; for every placement
  Result<schema::Uid> place(schema::MailboxId mailbox);          // one more; precondition: not in it, under 64
  Result<void> unplace(schema::MailboxId mailbox);               // precondition: in it, and elsewhere too
  // The message goes: its records at once, its pieces' links by due work; a tombstone stays. What is still to be sent, or to be
  // delivered to others from it, goes for readers alone: its record stays without placements until remove_kept().
  Result<void> expunge(schema::Removal reason, Time now);
  // Nobody sends it any more: what an expunge kept goes. Nothing happens to a message that was not expunged.
  static Result<void> remove_kept(AccountWrite& write, schema::LocalId local, Time now);
  // Writes record, summaries and the change log's entry, and due work where a date became earlier. Not after expunge().
  Result<schema::Modseq> finish();

 private:
  MessageEdit(AccountWrite& write, schema::LocalId local) : write_(&write), local_(local) {}
  void log_lost_placements();
  Result<void> date();
  Result<void> take_out(const schema::Placement& placement);

  AccountWrite* write_;
  schema::LocalId local_;
  schema::MessageRecord record_;
  schema::Summary summary_;
  std::vector<schema::Placement> lost_;  // by this edit
  policies::Lifecycle was_;              // before it
};

}  // namespace telepost::store
