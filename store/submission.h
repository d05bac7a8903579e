// Mail on its way out. An authenticated account hands in a message; it is kept in the account's mailbox for sent mail, local
// recipients get their copies, remote ones become jobs of the outbox. Senders tell what became of each; reports, CDRs and what the
// account reads of it follow from that, each exactly once whatever crashes.
//
// Any thread. A verb with a Completion never blocks; the others block on the disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policies/retry.h"
#include "schema/dsn.h"
#include "schema/mail_job.h"
#include "schema/message.h"
#include "store/completion.h"
#include "store/deliver.h"
#include "store/outbox.h"

namespace telepost::store {

struct Rooms;
class IntakeSession;
class Outcomes;

struct HandedIn {
  schema::AccountId account;           // the authenticated sender's; may write in the name of `from`: its adapter checked that
  schema::Origin origin;
  std::string from;                    // "mailto:ann@example.test"; "" is the null reverse path
  struct To {
    std::string address;               // "bob@example.net", as it was given
    schema::RecipientRequest request;  // NOTIFY and ORCPT
    std::optional<Recipient> local;    // what Deliver::resolve() gave; none: it leaves by the outbox
  };
  std::vector<To> to;                  // 1 to the configured limit
  std::string trace_block;             // as Incoming::trace_block; Received and what stands below it leave with the message, but
                                       // for Return-Path and Authentication-Results
  schema::MessageRequest request;      // RET, ENVID, REQUIRETLS
  schema::MailBody body = schema::MailBody::eight_bit;
  bool smtputf8 = false;
  std::optional<Time> send_at;         // RFC 4865: not before
  // Of a program that follows the submission as an object of its own. It keeps the message itself: nothing comes into the mailbox for
  // sent mail, and what leaves is a copy that no reader sees.
  struct Followed {
    schema::LocalId email;
    schema::ThreadId thread;
    std::uint64_t identity = 0;
    std::string envelope;              // as the program said it, for it alone
  };
  std::optional<Followed> followed = {};
};

// What became of one recipient in one attempt.
struct MailOutcome {
  schema::SendState state = schema::SendState::deferred;  // deferred, relayed, delivered or failed
  std::string reply;                   // "550 5.1.1 no such user", or our own words in that form
  std::string remote;                  // the server that gave it: "mx1.example.net"; "" for our own
  policies::Failure failure = policies::Failure::peer;    // of a deferral
  bool peer_reports = false;           // of relayed: the peer took NOTIFY over, so that we do not report (RFC 3461 section 5.2.2)
};

struct MailToSend {
  Job job;
  schema::MailJob mail;
};

struct SubmissionState {
  schema::SubmissionRecord record;
  std::vector<schema::SubmittedRecipientRecord> to;  // with the reply of a deferral, while the job stands
};

// All that are followed, also those that were destroyed and are still told of.
struct FollowedSubmissions {
  schema::Modseq modseq;  // of the account
  schema::Modseq floor;   // changes up to it are not told any more
  std::vector<std::pair<schema::LocalId, schema::SubmissionRecord>> all;  // by id
};

class Submission {
 public:
  explicit Submission(Rooms& rooms);

  // In the manner of Deliver::begin(): bounded memory, and finish() completes after the commit, with one result: the message in
  // the sender's mailbox for sent mail, or why it was not taken (refused, over_quota, too_large, disk_full, io, busy). Once it is
  // durable, every recipient gets the message or the sender a report.
  std::unique_ptr<Intake> begin(HandedIn mail);

  // The same from a thread that may block, a worker's too. `feed` gives the message's bytes to the sink that it gets, in order. Gives
  // the submission's id, under which it is shown.
  using Sink = std::function<Result<void>(std::string_view)>;
  Result<schema::MessageId> hand_in(HandedIn mail, const std::function<Result<void>(const Sink&)>& feed);
  // Whom of ours a mail address leads to; none: it leaves by the outbox. `peer` is counted against the creation limit of the
  // configuration. Blocks. Errors: not_found (its domain is served here, and nobody is there), and the others of Deliver::resolve().
  Result<std::optional<Recipient>> recipient(const std::string& canonical, const std::string& peer);

  // Outbox::claim() of mail, payloads read. Jobs past their end, and those whose last outcome a crash kept from being kept, are ended
  // here and not given; every recipient of a job that is given is to be sent to.
  Result<std::vector<MailToSend>> claim(Outbox::Claim claim);

  // One outcome for each recipient of the job's payload, in its order; what is said of final ones is ignored. Deferred ones are
  // tried again or given up by policies/retry; with the last final one the job goes. Completes when it is durable. Once the job's
  // lease was lost, conflict, and nothing is changed. Outcomes of one account are kept together: tell them as they come.
  void outcome(const Job& job, std::vector<MailOutcome> outcomes, Completion<void> done);

  // As JMAP's EmailSubmission reads it (RFC 8621 section 7). not_found: nothing was handed in under this id, or long ago.
  Result<SubmissionState> show(schema::MessageId id);
  // Ends what waits, without reports. Gives how many recipients it was; busy, and nothing is ended: some are being sent, or delivered
  // here, at this moment.
  Result<std::uint32_t> cancel(schema::MessageId id);
  // Costs as much as the account has handed in in changes.keep. not_found: the account.
  Result<FollowedSubmissions> followed(schema::AccountId account);
  // The object is gone for whoever follows it; what waits goes its way. not_found: none is followed under this id.
  Result<void> destroy(schema::MessageId id);
  // Ends one job by hand, of any network, without reports. Errors: not_found, busy.
  Result<void> remove(std::uint64_t job, const std::string& reason);

 private:
  std::unique_ptr<IntakeSession> open(HandedIn mail);
  Result<SubmissionState> read(schema::MessageId id, bool& moved);
  Result<std::vector<Job>> seize_all(const std::vector<std::uint64_t>& jobs);
  Result<void> end(const Job& job, const std::string& reason);
  Rooms& rooms_;
  std::shared_ptr<Outcomes> outcomes_;
};

}  // namespace telepost::store
