#include "store/outcomes.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/metrics.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/message_edit.h"
#include "store/message_writer.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;
namespace mime = transcoders::mime;
using schema::MailJob;
using schema::MailRecipient;
using schema::SendState;

namespace {

constexpr std::size_t kTogether = 64;
constexpr std::size_t kMaxReply = 500;

metrics::Counter& attempts() {
  static metrics::Counter counter("telepost_queue_attempts_total", "Recipients tried, by network and what became of it", {"network", "result"});
  return counter;
}

policies::RetrySchedule schedule_of(const Rooms& rooms) {
  const schema::QueueSettings& queue = rooms.configuration.queue;
  return {queue.retry, queue.expire, queue.delay_notice};
}

// When it was first to be sent.
Time begin_of(const Rooms& rooms, const schema::JobRecord& job) {
  return job.expires ? *job.expires - rooms.configuration.queue.expire : job.created;
}

bool has_open(const MailJob& mail) {
  return std::any_of(mail.to.begin(), mail.to.end(), [](const MailRecipient& r) { return !is_final(r.state); });
}
bool has_final(const MailJob& mail) {
  return std::any_of(mail.to.begin(), mail.to.end(), [](const MailRecipient& r) { return is_final(r.state); });
}

mime::ReportAction action_of(SendState state) {
  switch (state) {
    case SendState::waiting:
    case SendState::deferred: return mime::ReportAction::delayed;
    case SendState::relayed: return mime::ReportAction::relayed;
    case SendState::delivered: return mime::ReportAction::delivered;
    case SendState::failed: return mime::ReportAction::failed;
  }
  return mime::ReportAction::failed;
}

void note_reply(MailRecipient& recipient, const MailOutcome& outcome, const policies::RetryFacts& facts) {
  recipient.reply = outcome.reply.substr(0, kMaxReply);
  recipient.remote = outcome.remote.substr(0, 255);
  recipient.when = facts.now;
  attempts().with({std::string(schema::name_of(facts.network)), std::string(name_of(outcome.state))}).add();
}

bool reports_nothing(const MailJob& mail) {
  return std::none_of(mail.to.begin(), mail.to.end(), [](const MailRecipient& r) {
    return r.state == SendState::failed || is_wanted(r.request.notify, action_of(r.state));
  });
}

void give_up(MailRecipient& recipient, Time now) {
  recipient.state = SendState::failed;
  recipient.reply = "554 5.4.7 not delivered in time" + (recipient.reply.empty() ? "" : "; the last answer was: " + recipient.reply);
  recipient.when = now;
}

// The keywords of RFC 5550 sections 5.9 and 5.10.
std::vector<std::string> submitted(std::vector<std::string> keywords) {
  std::erase(keywords, "$submitpending");
  if (std::find(keywords.begin(), keywords.end(), "$submitted") == keywords.end()) keywords.push_back("$submitted");
  std::sort(keywords.begin(), keywords.end());
  return keywords;
}

// A message that came and went on by a rule: it was handed in by nobody.
bool was_forwarded(const std::vector<std::string>& keywords) {
  const auto has = [&](std::string_view one) { return std::find(keywords.begin(), keywords.end(), one) != keywords.end(); };
  return has(kForwardedKeyword) && !has("$submitpending");
}

Result<void> end_submission(Rooms& rooms, AccountWrite& write, schema::LocalId local, schema::SubmissionRecord& record) {
  record.final = rooms.clock.now();
  write.add_due(*record.final + rooms.configuration.changes_keep, due::kForgetSubmission, due::id_of(local));
  if (record.followed) return MessageEdit::remove_departed(write, local);  // the copy was for that alone
  Result<MessageEdit> edit = MessageEdit::open(write, local);
  if (!edit.ok() && edit.error().kind == Errc::not_found) return MessageEdit::remove_sent(write, local, *record.final);
  TELEPOST_TRY(edit);
  if (was_forwarded(edit->summary().keywords)) return {};
  TELEPOST_TRY(edit->set_keywords(submitted(edit->summary().keywords)));
  const auto finished = edit->finish();
  return finished.ok() ? Result<void>() : Result<void>(finished.error());
}

// Whoever follows the submission is told the replies of its jobs.
Result<void> note_reply_of_deferral(AccountWrite& write, schema::LocalId local) {
  TELEPOST_ASSIGN(auto record, read_submission(write, local));
  if (!record || !record->followed) return {};
  record->followed->modseq = write.advance();
  write.put(Space::point, keys::submission(local), schema::encode(*record));
  return {};
}

}  // namespace

Result<std::optional<schema::SubmissionRecord>> read_submission(const AccountWrite& write, schema::LocalId local) {
  return stored<schema::decode_SubmissionRecord>(write, Space::point, keys::submission(local));
}
Result<std::optional<schema::SubmissionRecord>> read_submission(const PartitionReader& reader, schema::LocalId local) {
  return stored<schema::decode_SubmissionRecord>(reader, Space::point, keys::submission(local));
}

Result<std::vector<std::uint32_t>> settle(Rooms& rooms, AccountWrite& write, schema::LocalId local, const std::vector<SettledRecipient>& recipients,
                    const schema::CdrRecord& same) {
  TELEPOST_ASSIGN(auto kept, read_submission(write, local));
  std::vector<std::uint32_t> now_settled;
  if (!kept) return now_settled;
  schema::SubmissionRecord& record = *kept;
  for (const SettledRecipient& settled : recipients) {
    const std::string key = keys::submitted_recipient(local, settled.number);
    TELEPOST_ASSIGN(const auto before, write.get(Space::point, key));
    if (!before) continue;
    TELEPOST_ASSIGN(schema::SubmittedRecipientRecord recipient, schema::decode_SubmittedRecipientRecord(*before));
    if (is_final(recipient.state)) continue;
    recipient.state = settled.state;
    recipient.reply = settled.reply;
    recipient.remote = settled.remote;
    recipient.when = settled.when;
    write.put(Space::point, key, schema::encode(recipient));
    schema::CdrRecord cdr = same;
    cdr.event = schema::CdrRecord::Event::sending;
    cdr.result = name_of(settled.state);
    cdr.local = local;
    cdr.other = "mailto:" + recipient.address;
    write.add_cdr(std::move(cdr));
    if (record.open > 0) --record.open;
    record.sent = record.sent || settled.state != SendState::failed;
    now_settled.push_back(settled.number);
  }
  if (record.open == 0 && !record.final) TELEPOST_TRY(end_submission(rooms, write, local, record));
  if (record.followed && !now_settled.empty()) record.followed->modseq = write.advance();
  write.put(Space::point, keys::submission(local), schema::encode(record));
  return now_settled;
}

bool Outcomes::is_unsettled(const Job& job, const MailJob& mail, Time now) {
  return has_final(mail) || mail.delay == MailJob::Delay::due || job.expired(now);
}

void Outcomes::add(Told told) {
  const schema::AccountId account = told.job.record.account;
  {
    const std::lock_guard lock(mutex_);
    const auto [waiting, first] = waiting_.try_emplace(account);
    waiting->second.push_back(std::move(told));
    if (!first) return;
  }
  rooms_.workers.run_anyway([self = shared_from_this(), account] { self->run(account); });
}

Result<void> Outcomes::keep_now(Told told) {
  Result<void> kept;
  told.done = [&kept](const Result<void>& result) { kept = result; };
  std::vector<Told> alone;
  alone.push_back(std::move(told));
  keep(std::move(alone), AccountWrite::Mode::with_reads);
  return kept;
}

void Outcomes::run(schema::AccountId account) {
  for (;;) {
    std::vector<Told> together;
    {
      const std::lock_guard lock(mutex_);
      std::vector<Told>& waiting = waiting_[account];
      if (waiting.empty()) {
        waiting_.erase(account);
        return;
      }
      const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(std::min(waiting.size(), kTogether));
      together.assign(std::make_move_iterator(waiting.begin()), std::make_move_iterator(end));
      waiting.erase(waiting.begin(), end);
    }
    // Claimed jobs are named, so that what was handed in with them is durable.
    keep(std::move(together), AccountWrite::Mode::beside_deliveries);
  }
}

// The earliest next attempt of those that are tried again; none: nobody is.
std::optional<Time> Outcomes::weigh_recipients(Work& work, policies::RetryFacts facts, std::string& reason) const {
  const policies::RetrySchedule schedule = schedule_of(rooms_);
  const std::vector<MailOutcome>& outcomes = work.told.outcomes;
  const bool resettled = outcomes.empty();
  std::optional<Time> next;
  for (std::size_t i = 0; i < work.mail.to.size(); ++i) {
    MailRecipient& recipient = work.mail.to[i];
    if (is_final(recipient.state)) continue;
    if (work.told.reporting == Told::Reporting::none) recipient.request.notify = {.never = true};
    const MailOutcome outcome = i < outcomes.size() ? outcomes[i] : MailOutcome{SendState::deferred, recipient.reply, recipient.remote};
    if (!resettled) note_reply(recipient, outcome, facts);
    if (is_final(outcome.state)) {
      recipient.state = outcome.state;
      if (outcome.peer_reports) recipient.request.notify.success = false;  // RFC 3461 section 5.2.2: its report would be a second one
      continue;
    }
    recipient.state = SendState::deferred;
    if (!recipient.reply.empty()) reason = recipient.reply;
    facts.failure = outcome.failure;
    const std::optional<Time> again = policies::next_attempt(schedule, facts);
    if (again) next = std::min(*again, next.value_or(*again));
    else give_up(recipient, facts.now);
  }
  return next;
}

// What the outcomes make of a job.
Outcomes::Work Outcomes::weigh(Told told) {
  Work work{std::move(told), {}, {}, false, {}, {}, {}};
  const schema::JobRecord& record = work.told.job.record;
  Result<MailJob> mail = schema::decode_MailJob(record.payload);
  if (!mail.ok()) {
    work.failed = mail.error();
    return work;
  }
  work.mail = std::move(*mail);
  const Time now = rooms_.clock.now();
  const Time begun = begin_of(rooms_, record);
  const bool resettled = work.told.outcomes.empty();
  std::string reason = record.reason;
  std::optional<Time> next = weigh_recipients(work, {record.network, record.attempts, begun, now, policies::Failure::peer, work.told.job.id}, reason);
  if (next && resettled) next = std::max(record.next_attempt, now);
  const bool late = work.mail.delay == MailJob::Delay::untold && policies::is_delay_notice_due(schedule_of(rooms_), begun, now);
  if (late && has_open(work.mail)) work.mail.delay = MailJob::Delay::due;
  work.settles = has_final(work.mail) || work.mail.delay == MailJob::Delay::due || (work.mail.watched && !resettled);
  if (work.settles && !resettled) ++work.mail.outcomes;
  using How = Outbox::Change::How;
  const How how = !work.settles ? How::waits : has_open(work.mail) ? How::kept : How::ends;
  work.change = {work.told.job, how, next.value_or(now), std::move(reason), schema::encode(work.mail)};
  return work;
}

// What reached its servers, and nobody wants to hear of it: the account's batch says all that there is to keep. A crash before it
// leaves the job as it was, as one before the outcome was told would have.
void Outcomes::end_at_once(Work& work) {
  if (work.failed || work.change.how != Outbox::Change::How::ends || !reports_nothing(work.mail)) return;
  Result<std::optional<Job>> job = Outbox(rooms_).ends_at_once(work.told.job);
  if (job.ok()) work.job = std::move(*job);
  else work.failed = job.error();
}

void Outcomes::change_jobs(std::vector<Work>& all) {
  std::vector<Outbox::Change> changes;
  std::vector<Work*> changed;
  for (Work& work : all) {
    if (work.failed || work.job) continue;
    changes.push_back(work.change);
    changed.push_back(&work);
  }
  std::vector<Result<Job>> jobs = Outbox(rooms_).change_all(changes);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].ok()) changed[i]->job = std::move(*jobs[i]);
    else changed[i]->failed = jobs[i].error();
  }
}

// One report for each action, each named by the job and its outcome.
Result<void> Outcomes::report(Work& work) {
  const MailJob& mail = work.mail;
  const Job& job = *work.job;
  if (mail.report) {
    for (const MailRecipient& recipient : mail.to) {
      if (recipient.state == SendState::failed) drop_report("undeliverable", recipient.address, mail.trace, recipient.reply);
    }
    return {};
  }
  Reported about{mail.from, mail.request, {job.record.account, job.record.message}, mail.content_offset, mail.content_size, job.record.created, mail.trace};
  std::map<mime::ReportAction, std::vector<mime::ReportedRecipient>> groups;
  for (const MailRecipient& recipient : mail.to) {
    const mime::ReportAction action = action_of(recipient.state);
    if (action == mime::ReportAction::delayed && mail.delay != MailJob::Delay::due) continue;
    if (!is_wanted(recipient.request.notify, action)) continue;
    mime::ReportedRecipient reported{action, recipient.address, recipient.request.orcpt, recipient.reply, recipient.remote, recipient.when, {}};
    if (action == mime::ReportAction::delayed) reported.retry_until = job.record.expires;
    groups[action].push_back(std::move(reported));
  }
  for (const auto& [action, recipients] : groups) {
    const std::string key = std::to_string(job.id) + " " + std::to_string(mail.outcomes) + " " + std::to_string(static_cast<int>(action));
    TELEPOST_ASSIGN(auto queued, Reports(rooms_).send(about, recipients, key));
    if (queued) work.reports.push_back(std::move(*queued));
  }
  return {};
}

Result<void> Outcomes::write(AccountWrite& write, Work& work) {
  const Job& job = *work.job;
  std::vector<SettledRecipient> settled;
  MailJob left = work.mail;
  left.to.clear();
  for (const MailRecipient& recipient : work.mail.to) {
    if (is_final(recipient.state)) settled.push_back({recipient.number, recipient.state, recipient.reply, recipient.remote, recipient.when});
    else left.to.push_back(recipient);
  }
  if (left.delay == MailJob::Delay::due) left.delay = MailJob::Delay::told;
  schema::CdrRecord cdr;
  cdr.kind = schema::Kind::email;
  cdr.size_bytes = work.mail.content_size;
  cdr.address = "mailto:" + work.mail.from;
  cdr.network = schema::name_of(job.record.network);
  cdr.trace = work.mail.trace;
  if (!settled.empty()) TELEPOST_TRY(settle(rooms_, write, job.record.message, settled, cdr));
  else if (work.mail.watched) TELEPOST_TRY(note_reply_of_deferral(write, job.record.message));
  for (NewJob& report : work.reports) {
    report.expires = rooms_.clock.now() + rooms_.configuration.queue.expire;
    const auto queued = Outbox(rooms_).enqueue(write, std::move(report));
    if (!queued.ok()) drop_report("too_large", work.mail.from, work.mail.trace, to_string(queued.error()));
  }
  std::optional<Job> after;
  if (!left.to.empty()) {
    after = job;
    after->record.state = schema::JobRecord::State::waiting;
    after->record.lease_owner.clear();
    after->record.payload = schema::encode(left);
  }
  Outbox(rooms_).conclude(write, job, after);
  return {};
}

Result<void> Outcomes::discard(const std::vector<Work*>& all) {
  for (const Work* work : all) TELEPOST_TRY(Outbox(rooms_).discard(*work->job));
  return {};
}

// In as few batches as hold them; what fails leaves its jobs to be settled when their leases lapse.
Result<void> Outcomes::keep_in_account(std::vector<Work*>& all, AccountWrite::Mode mode) {
  const schema::AccountId account = all.front()->job->record.account;
  for (std::size_t next = 0; next < all.size();) {
    Result<AccountWrite> begun = AccountWrite::begin(rooms_, account, mode);
    if (!begun.ok() && begun.error().kind == Errc::not_found) return discard({all.begin() + static_cast<std::ptrdiff_t>(next), all.end()});
    TELEPOST_TRY(begun);
    for (bool first = true; next < all.size() && (first || !begun->full()); first = false) TELEPOST_TRY(write(*begun, *all[next++]));
    TELEPOST_TRY(begun->commit());
  }
  return {};
}

void Outcomes::keep(std::vector<Told> together, AccountWrite::Mode mode) {
  std::vector<Work> all;
  for (Told& told : together) end_at_once(all.emplace_back(weigh(std::move(told))));
  change_jobs(all);
  std::vector<Work*> settling;
  for (Work& work : all) {
    if (work.failed || !work.settles) continue;
    const Result<void> reported = report(work);
    if (reported.ok()) settling.push_back(&work);
    else work.failed = reported.error();
  }
  if (!settling.empty()) {
    const Result<void> kept = keep_in_account(settling, mode);
    for (Work* work : settling) {
      if (!kept.ok()) work->failed = kept.error();
    }
  }
  for (Work& work : all) {
    if (work.told.done) work.told.done(work.failed ? Result<void>(*work.failed) : Result<void>());
  }
}

}  // namespace telepost::store
