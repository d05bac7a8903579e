// A message that its account hands in: its copy in the mailbox for sent mail, its jobs, and what is kept of its recipients, in one
// batch of the account. Inside the store only.
#pragma once

#include <memory>
#include <optional>

#include "store/intake.h"
#include "store/submission.h"

namespace telepost::store {

class SubmissionKeeping final : public Keeping {
 public:
  explicit SubmissionKeeping(HandedIn mail) : mail_(std::move(mail)) {}
  bool try_keep(Rooms& rooms, const std::shared_ptr<Arrived>& arrived, Completion<DeliveredToAll>& done) override;
  void keep(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done) override;

 private:
  Result<Delivered> write(Rooms& rooms, AccountWrite& write, Arrived& arrived, std::optional<schema::MailboxId> sent) const;
  void submit(Rooms& rooms, AccountWrite write, const std::shared_ptr<Arrived>& arrived, std::optional<schema::MailboxId> sent,
              Completion<DeliveredToAll> done) const;

  const HandedIn mail_;
};

// Of a message that is put into the account's batch: its jobs, and what is kept of its recipients. too_large.
struct Outbound {
  const HandedIn& mail;               // but for what stands below
  const schema::Document& document;
  schema::LocalId local;
  const schema::MessageRequest& request;
  std::string header;                 // goes before the part that arrived
};
Result<void> write_recipients(Rooms& rooms, AccountWrite& write, const Outbound& outbound);

}  // namespace telepost::store
