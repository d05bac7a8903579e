// What became of mail, kept: in the job first, then, in one batch of the sender's account, in the records of its recipients with
// CDRs, reports, keywords and the job's name; then the job goes or waits. A crash in between finds the outcome in the job, and
// nothing is sent twice for it. Outcomes of one account that come together share their writes. Inside the store only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "schema/mail_job.h"
#include "store/account_write.h"
#include "store/completion.h"
#include "store/outbox.h"
#include "store/submission.h"

namespace telepost::store {

struct Rooms;

// One recipient's end, for settle().
struct SettledRecipient {
  std::uint32_t number = 0;
  schema::SendState state = schema::SendState::failed;  // a final one
  std::string reply;
  std::string remote;
  Time when{};
};
// Keeps them in the account's batch (mode with_reads): records, CDRs, and with the last one the message's keywords. What was settled
// before stays as it is. `cdr` has what is the same for all: size, address, trace. Gives the numbers of those settled now.
Result<std::vector<std::uint32_t>> settle(Rooms& rooms, AccountWrite& write, schema::LocalId local, const std::vector<SettledRecipient>& recipients,
                    const schema::CdrRecord& cdr);

// What is kept of a message that its account handed in; none: nothing (any more). Of a write: in a mode with reads.
Result<std::optional<schema::SubmissionRecord>> read_submission(const AccountWrite& write, schema::LocalId local);
Result<std::optional<schema::SubmissionRecord>> read_submission(const PartitionReader& reader, schema::LocalId local);

class Outcomes : public std::enable_shared_from_this<Outcomes> {
 public:
  explicit Outcomes(Rooms& rooms) : rooms_(rooms) {}

  struct Told {
    Job job;
    std::vector<MailOutcome> outcomes;
    Completion<void> done;
    enum class Reporting { as_asked, none } reporting = Reporting::as_asked;  // none: an operator or the sender ended it
  };
  // Never blocks; a worker does it.
  void add(Told told);
  // The same at once, on a thread that may block: it waits for no worker, so that any number of workers may call it.
  Result<void> keep_now(Told told);
  // Whether a job is to be settled before it is sent: a crash cut its last outcome, or it is too late to send it.
  static bool is_unsettled(const Job& job, const schema::MailJob& mail, Time now);

 private:
  struct Work {
    Told told;
    schema::MailJob mail;
    Outbox::Change change;
    bool settles = false;
    std::optional<Error> failed;
    std::optional<Job> job;            // as it is kept
    std::vector<NewJob> reports;       // to go into the account's batch
  };
  void run(schema::AccountId account);
  void keep(std::vector<Told> all, AccountWrite::Mode mode);
  Work weigh(Told told);
  std::optional<Time> weigh_recipients(Work& work, policies::RetryFacts facts, std::string& reason) const;
  void end_at_once(Work& work);
  void change_jobs(std::vector<Work>& all);
  Result<void> report(Work& work);
  Result<void> keep_in_account(std::vector<Work*>& all, AccountWrite::Mode mode);
  Result<void> discard(const std::vector<Work*>& all);
  Result<void> write(AccountWrite& write, Work& work);

  Rooms& rooms_;
  std::mutex mutex_;
  std::map<schema::AccountId, std::vector<Told>> waiting_;  // guarded by mutex_; an account that is here has its worker
};

}  // namespace telepost::store
