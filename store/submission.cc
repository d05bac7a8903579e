#include "store/submission.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/identities.h"
#include "store/intake.h"
#include "store/outcomes.h"
#include "store/resolve.h"
#include "store/rooms.h"
#include "store/submission_writer.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr int kReads = 5;
// Before a message is due its local recipients can be called back: by then what is committed is known to whoever delivers to them.
constexpr Duration kRecall = std::chrono::seconds(30);

}  // namespace

Submission::Submission(Rooms& rooms) : rooms_(rooms), outcomes_(std::make_shared<Outcomes>(rooms)) {}

std::unique_ptr<IntakeSession> Submission::open(HandedIn mail) {
  TELEPOST_ASSERT(!mail.to.empty());
  Incoming incoming;
  incoming.origin = mail.origin;
  incoming.from = mail.from;
  incoming.to = {{mail.account, mail.from, "", {}}};
  incoming.trace_block = mail.trace_block;
  incoming.request = mail.request;
  incoming.keywords = {"$seen", "$submitpending"};
  if (mail.followed) incoming.quota = Incoming::Quota::not_asked;  // the email counts already
  return std::make_unique<IntakeSession>(rooms_, std::move(incoming), std::make_shared<SubmissionKeeping>(std::move(mail)));
}

Result<schema::MessageId> Submission::hand_in(HandedIn mail, const std::function<Result<void>(const Sink&)>& feed) {
  const std::unique_ptr<IntakeSession> intake = open(std::move(mail));
  const Sink sink = [&](std::string_view bytes) -> Result<void> {
    for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      intake->write(bytes.substr(at, kPieceBytes));
      if (intake->must_flush()) TELEPOST_TRY(intake->flush_here());
    }
    return {};
  };
  TELEPOST_TRY(feed(sink));
  TELEPOST_ASSIGN(const Delivered delivered, intake->finish_here());
  return delivered.id;
}

std::unique_ptr<Intake> Submission::begin(HandedIn mail) { return open(std::move(mail)); }

Result<std::optional<Recipient>> Submission::recipient(const std::string& canonical, const std::string& peer) {
  Result<Recipient> found = resolve_now(rooms_, canonical, {peer});
  if (found.ok()) return std::optional(std::move(*found));
  if (found.error().kind == Errc::not_found && !serves(rooms_, canonical)) return std::optional<Recipient>();
  return found.error();
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
  TELEPOST_ASSIGN(auto kept, read_submission(*snapshot, id.local));
  if (!kept) return {Errc::not_found, "no submission of message " + schema::to_string(id)};
  SubmissionState state;
  state.record = *std::move(kept);
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

Result<void> Submission::end(const Job& job, const std::string& reason) {
  const auto mail = schema::decode_MailJob(job.record.payload);
  if (job.record.network != schema::Network::mail || !mail.ok()) return Outbox(rooms_).finish(job);
  std::vector<MailOutcome> outcomes(mail->to.size());
  for (MailOutcome& outcome : outcomes) {
    outcome.state = schema::SendState::failed;
    outcome.reply = "554 5.0.0 " + reason;
  }
  return outcomes_->keep_now({job, std::move(outcomes), {}, Outcomes::Told::Reporting::none});
}

Result<void> Submission::remove(std::uint64_t id, const std::string& reason) {
  TELEPOST_ASSIGN(const Job job, Outbox(rooms_).seize(id, "by hand"));
  return end(job, reason);
}

// All or none: what was seized before one that is being sent waits again as it did.
Result<std::vector<Job>> Submission::seize_all(const std::vector<std::uint64_t>& jobs) {
  std::vector<Job> seized;
  for (const std::uint64_t id : jobs) {
    Result<Job> job = Outbox(rooms_).seize(id, "its sender");
    if (!job.ok() && job.error().kind == Errc::not_found) continue;
    if (job.ok()) {
      seized.push_back(std::move(*job));
      continue;
    }
    for (const Job& other : seized) {
      const Result<void> released = Outbox(rooms_).retry_at(other, other.record.next_attempt, other.record.reason);
      if (!released.ok()) log::warning("mail_job_not_released", {{"job", other.id}, {"reason", to_string(released.error())}});
    }
    return job.error();
  }
  return seized;
}

namespace {

// Recipients of ours who wait. busy: they may be served at this moment.
Result<std::vector<SettledRecipient>> waiting_here(const SubmissionState& state, Time now) {
  std::vector<SettledRecipient> waiting;
  for (std::uint32_t number = 0; number < state.to.size(); ++number) {
    const schema::SubmittedRecipientRecord& recipient = state.to[number];
    if (is_final(recipient.state) || recipient.job != 0) continue;
    if (state.record.send_at - kRecall <= now) return {Errc::busy, "it is being delivered at this moment"};
    waiting.push_back({number, schema::SendState::failed, "554 5.0.0 canceled by its sender", "", now});
  }
  return waiting;
}

std::vector<std::uint64_t> open_jobs(const SubmissionState& state) {
  std::vector<std::uint64_t> jobs;
  for (const schema::SubmittedRecipientRecord& recipient : state.to) {
    if (!is_final(recipient.state) && recipient.job != 0) jobs.push_back(recipient.job);
  }
  return jobs;
}

}  // namespace

Result<std::uint32_t> Submission::cancel(schema::MessageId id) {
  TELEPOST_ASSIGN(const SubmissionState state, show(id));
  TELEPOST_ASSIGN(const std::vector<SettledRecipient> here, waiting_here(state, rooms_.clock.now()));
  std::vector<std::uint64_t> jobs = open_jobs(state);
  const auto count = static_cast<std::uint32_t>(jobs.size() + here.size());
  std::sort(jobs.begin(), jobs.end());
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  TELEPOST_ASSIGN(const std::vector<Job> seized, seize_all(jobs));
  for (const Job& job : seized) {
    const Result<void> ended = end(job, "canceled by its sender");
    if (!ended.ok() && ended.error().kind != Errc::not_found) return ended.error();
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, id.account, AccountWrite::Mode::with_reads));
  schema::CdrRecord cdr;
  cdr.kind = schema::Kind::email;
  cdr.size_bytes = state.record.content_size;
  cdr.address = "mailto:" + state.record.from;
  cdr.network = "local";
  cdr.trace = state.record.trace;
  if (!here.empty()) TELEPOST_TRY(settle(rooms_, write, id.local, here, cdr));
  TELEPOST_ASSIGN(auto record, read_submission(write, id.local));
  if (!record) return count;
  record->canceled = true;
  if (record->followed) record->followed->modseq = write.advance();
  write.put(Space::point, keys::submission(id.local), schema::encode(*record));
  TELEPOST_TRY(write.commit());
  return count;
}

Result<FollowedSubmissions> Submission::followed(schema::AccountId account) {
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(const auto head, snapshot->get(Space::point, keys::kHead));
  if (!head) return {Errc::not_found, "no such account"};
  TELEPOST_ASSIGN(const auto head_record, schema::decode_HeadRecord(*head));
  TELEPOST_ASSIGN(const schema::SenderRecord sender, read_sender(*snapshot));
  FollowedSubmissions followed{head_record.modseq, sender.submissions_floor, {}};
  Result<void> decoded;
  TELEPOST_TRY(snapshot->scan(Space::point, "O", keys::after("O"), [&](std::string_view key, std::string_view value) {
    auto record = schema::decode_SubmissionRecord(value);
    if (!record.ok()) decoded = record.error();
    else if (record->followed) followed.all.emplace_back(schema::LocalId{ByteReader(key.substr(1)).u64()}, std::move(*record));
    return decoded.ok();
  }));
  TELEPOST_TRY(std::move(decoded));
  return followed;
}

Result<void> Submission::destroy(schema::MessageId id) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, id.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(auto record, read_submission(write, id.local));
  if (!record || !record->followed || record->followed->destroyed) return {Errc::not_found, "no such submission"};
  record->followed->destroyed = true;
  record->followed->modseq = write.advance();
  write.put(Space::point, keys::submission(id.local), schema::encode(*record));
  return write.commit();
}

}  // namespace telepost::store
