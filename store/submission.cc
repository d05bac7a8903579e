#include "store/submission.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/outcomes.h"
#include "store/rooms.h"
#include "store/submission_writer.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr int kReads = 5;
}  // namespace

Submission::Submission(Rooms& rooms) : rooms_(rooms), outcomes_(std::make_shared<Outcomes>(rooms)) {}

std::unique_ptr<Intake> Submission::begin(HandedIn mail) {
  TELEPOST_ASSERT(!mail.to.empty());
  Incoming incoming;
  incoming.origin = mail.origin;
  incoming.from = mail.from;
  incoming.to = {{mail.account, mail.from, "", {}}};
  incoming.trace_block = mail.trace_block;
  incoming.request = mail.request;
  incoming.keywords = {"$seen", "$submitpending"};
  return std::make_unique<IntakeSession>(rooms_, std::move(incoming), std::make_shared<SubmissionKeeping>(std::move(mail)));
}

void Submission::outcome(const Job& job, std::vector<MailOutcome> outcomes, Completion<void> done) {
  outcomes_->add({job, std::move(outcomes), std::move(done), Outcomes::Told::Reporting::as_asked});
}

Result<std::vector<MailToSend>> Submission::claim(Outbox::Claim claim) {
  claim.network = schema::Network::mail;
  TELEPOST_ASSIGN(std::vector<Job> jobs, Outbox(rooms_).claim(claim));
  std::vector<MailToSend> given;
  for (Job& job : jobs) {
    Result<schema::MailJob> mail = schema::decode_MailJob(job.record.payload);
    if (!mail.ok()) {
      // It would come again and again; an operator sees it in the queue.
      log::error("mail_job_damaged", {{"job", job.id}, {"reason", to_string(mail.error())}});
      const Result<void> held = Outbox(rooms_).hold(job.id);
      if (!held.ok()) log::error("mail_job_not_held", {{"job", job.id}, {"reason", to_string(held.error())}});
      continue;
    }
    if (!Outcomes::is_unsettled(job, *mail, rooms_.clock.now())) {
      given.push_back({std::move(job), std::move(*mail)});
      continue;
    }
    const std::uint64_t id = job.id;
    outcomes_->add({std::move(job), {}, [id](const Result<void>& settled) {
      if (!settled.ok()) log::warning("mail_job_not_settled", {{"job", id}, {"reason", to_string(settled.error())}});
    }, Outcomes::Told::Reporting::as_asked});
  }
  return given;
}

Result<SubmissionState> Submission::show(schema::MessageId id) {
  for (int round = 1;; ++round) {
    bool moved = false;
    Result<SubmissionState> state = read(id, moved);
    if (!moved || round == kReads) return state;
  }
}

// An outcome stands in the job first and then in the account: what is in neither when they are read one after the other has moved.
Result<SubmissionState> Submission::read(schema::MessageId id, bool& moved) {
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(id.account));
  TELEPOST_ASSIGN(const auto bytes, snapshot->get(Space::point, keys::submission(id.local)));
  if (!bytes) return {Errc::not_found, "no submission of message " + schema::to_string(id)};
  SubmissionState state;
  TELEPOST_ASSIGN(state.record, schema::decode_SubmissionRecord(*bytes));
  const std::string prefix = keys::submitted_recipients(id.local);
  Result<void> decoded;
  TELEPOST_TRY(snapshot->scan(Space::point, prefix, keys::after(prefix), [&](std::string_view, std::string_view value) {
    auto record = schema::decode_SubmittedRecipientRecord(value);
    if (!record.ok()) decoded = record.error();
    else state.to.push_back(std::move(*record));
    return decoded.ok();
  }));
  TELEPOST_TRY(std::move(decoded));
  std::map<std::uint64_t, schema::MailJob> jobs;  // deferrals stand in the jobs
  for (std::size_t number = 0; number < state.to.size(); ++number) {
    schema::SubmittedRecipientRecord& recipient = state.to[number];
    if (is_final(recipient.state) || recipient.job == 0) continue;
    if (!jobs.contains(recipient.job)) {
      const std::size_t at = recipient.address.rfind('@');
      const std::string destination = at == std::string::npos ? std::string() : to_lower(recipient.address.substr(at + 1));
      TELEPOST_ASSIGN(const auto job, rooms_.engine->reader(keys::queue_slice(destination))->get(Space::point, keys::job(recipient.job)));
      moved = moved || !job;
      const auto record = job ? schema::decode_JobRecord(*job) : Result<schema::JobRecord>(Errc::not_found, "");
      const auto mail = record.ok() ? schema::decode_MailJob(record->payload) : Result<schema::MailJob>(Errc::not_found, "");
      jobs[recipient.job] = mail.ok() ? *mail : schema::MailJob{};
    }
    for (const schema::MailRecipient& waiting : jobs[recipient.job].to) {
      if (waiting.number != number) continue;
      recipient.state = waiting.state;
      recipient.reply = waiting.reply;
      recipient.remote = waiting.remote;
      recipient.when = waiting.when;
    }
  }
  return state;
}

Result<void> Submission::remove(std::uint64_t id, const std::string& reason) {
  TELEPOST_ASSIGN(const Job job, Outbox(rooms_).seize(id, "by hand"));
  const auto mail = schema::decode_MailJob(job.record.payload);
  if (job.record.network != schema::Network::mail || !mail.ok()) return Outbox(rooms_).finish(job);
  std::vector<MailOutcome> outcomes(mail->to.size());
  for (MailOutcome& outcome : outcomes) {
    outcome.state = schema::SendState::failed;
    outcome.reply = "554 5.0.0 " + reason;
  }
  return outcomes_->keep_now({job, std::move(outcomes), {}, Outcomes::Told::Reporting::none});
}

Result<std::uint32_t> Submission::cancel(schema::MessageId id) {
  TELEPOST_ASSIGN(const SubmissionState state, show(id));
  std::vector<std::uint64_t> jobs;
  for (const schema::SubmittedRecipientRecord& recipient : state.to) {
    if (!is_final(recipient.state) && recipient.job != 0) jobs.push_back(recipient.job);
  }
  std::sort(jobs.begin(), jobs.end());
  const auto count = static_cast<std::uint32_t>(jobs.size());
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  for (const std::uint64_t job : jobs) {
    const Result<void> removed = remove(job, "canceled by its sender");
    if (!removed.ok() && removed.error().kind != Errc::not_found) return removed.error();
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, id.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::submission(id.local)));
  if (!bytes) return count;
  TELEPOST_ASSIGN(schema::SubmissionRecord record, schema::decode_SubmissionRecord(*bytes));
  record.canceled = true;
  write.put(Space::point, keys::submission(id.local), schema::encode(record));
  TELEPOST_TRY(write.commit());
  return count;
}

}  // namespace telepost::store
