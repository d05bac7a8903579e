// What comes of a message that may be answered, and who was answered lately.
#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "policies/vacation.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "store/accounts.h"
#include "store/answers.h"
#include "store/automatic.h"
#include "store/duty.h"
#include "store/identities.h"
#include "store/intake.h"
#include "store/outbox.h"
#include "store/reports.h"
#include "store/resolve.h"
#include "store/rooms.h"
#include "store/stored_record.h"
#include "store/vacation.h"
#include "transcoders/mime/builder.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/header_cut.h"

namespace telepost::store {
namespace keys = schema::keys;
namespace mime = transcoders::mime;

namespace {

constexpr std::size_t kMostReferences = 20;
constexpr std::size_t kMostSubjectBytes = 500;
constexpr std::uint64_t kByRule = 1;  // in an item's id, whose value then is the rule's answer
constexpr std::string_view kByDefault = "I am away and read your message when I am back.";

metrics::Counter& answers_made() {
  static metrics::Counter counter("telepost_answers_total", "Messages that were to be answered by themselves", {"result"});
  return counter;
}

std::string reverse_path_of(const schema::Document& document) {
  const Result<std::string> canonical = canonical_address(document.envelope.from);
  return canonical.ok() && canonical->starts_with("mailto:") ? canonical->substr(7) : std::string();
}

std::string field_of(const schema::Document& document, std::string_view name) {
  const auto found = std::find_if(document.fields.begin(), document.fields.end(), [&](const auto& field) { return equals_ignoring_case(field.name, name); });
  return found == document.fields.end() ? std::string() : found->value;
}

// Which of the account's addresses the header names (RFC 5230 section 4.5); "" for none.
std::string named_address(const schema::Document& document, const std::vector<std::string>& own) {
  for (const schema::HeaderField& field : document.fields) {
    const std::string name = to_lower(field.name);
    const std::string_view kind = std::string_view(name).substr(name.starts_with("resent-") ? 7 : 0);
    if (kind != "to" && kind != "cc" && kind != "bcc") continue;
    for (const mime::Mailbox& mailbox : mime::parse_addresses(field.value)) {
      if (is_one_of(own, mailbox.address)) return mailbox.address;
    }
  }
  return {};
}

// All that an answer is made of, as the account says it now.
struct Answer {
  std::optional<std::string> subject;
  std::string text, html;
  Duration again{};
  std::string known;    // under which key it stands who was answered
  schema::Document document;
  std::string sender;   // "bob@example.net"
  std::string address;  // in whose name
  std::string name;
};

enum class References { told, left_out };

Result<std::string> compose(const Answer& answer, References references, Time now) {
  mime::MessageFields fields;
  fields.from = {answer.name, answer.address};
  fields.to = {{"", answer.sender}};
  fields.date = now;
  // RFC 5230 section 4.4, RFC 3834 section 3.1.5.
  fields.subject = mime::truncate_utf8(answer.subject ? *answer.subject : "Auto: " + answer.document.subject, kMostSubjectBytes);
  const std::string id = mime::parse_message_id(field_of(answer.document, "Message-ID"));
  fields.in_reply_to = id;
  if (references == References::told) fields.references = mime::parse_message_ids(field_of(answer.document, "References"), kMostReferences);
  if (!id.empty()) fields.references.push_back(id);
  fields.more = {{"Auto-Submitted", "auto-replied"}};
  return mime::build_email(fields, answer.text, answer.html, {});
}

NewJob job_of_answer(const Answer& answer, const std::string& bytes, Time expires) {
  schema::MailJob mail;
  mail.report = true;  // RFC 3834 section 3.3: the null reverse path, and nobody is told when it fails
  mail.trace = answer.document.origin.trace;
  mail.content_size = bytes.size();
  mail.content = bytes;
  schema::MailRecipient& to = mail.to.emplace_back();
  to.address = answer.sender;
  to.request.notify.never = true;
  NewJob job;
  job.destination = to_lower(answer.sender.substr(answer.sender.rfind('@') + 1));
  job.expires = expires;
  job.payload = schema::encode(mail);
  return job;
}

// Whoever wrote chooses the size of the References: where a job cannot hold them, the answer goes without.
Result<NewJob> fitting_job(const Answer& answer, const std::string& bytes, Time now, Time expires) {
  NewJob job = job_of_answer(answer, bytes, expires);
  if (job.payload.size() <= kMaxJobPayload) return job;
  TELEPOST_ASSIGN(const std::string shorter, compose(answer, References::left_out, now));
  return job_of_answer(answer, shorter, expires);
}

// What the answer says, and how often; the interval of an absence is the policy's own.
Result<void> read_texts(AccountWrite& write, const DueItem& item, Answer& answer, policies::VacationFacts& facts) {
  if (!item.value.empty()) {
    TELEPOST_ASSIGN(auto rule, schema::decode_AnswerRecord(item.value));
    facts.enabled = true;
    facts.again = std::chrono::hours(24) * rule.days;
    answer.known = keys::answered(answer.sender + '\n' + item.value);
    answer.subject = std::move(rule.subject);
    answer.text = std::move(rule.text);
    return {};
  }
  TELEPOST_ASSIGN(auto vacation, read_vacation(write));
  facts.enabled = vacation.enabled;
  facts.from = vacation.from;
  facts.to = vacation.to;
  answer.known = keys::answered(answer.sender);
  answer.subject = std::move(vacation.subject);
  answer.html = std::move(vacation.html).value_or("");
  answer.text = vacation.text ? *std::move(vacation.text) : answer.html.empty() ? std::string(kByDefault) : mime::plain_text_of_html(answer.html);
  return {};
}

Result<std::optional<Time>> last_answered(const AccountWrite& write, const Answer& answer) {
  TELEPOST_ASSIGN(const auto record, stored<schema::decode_AnsweredRecord>(write, Space::point, answer.known));
  return record ? std::optional(record->when) : std::nullopt;
}

// What there is to answer; none: nothing, and `why` says why.
Result<std::optional<Answer>> weigh_answer(AccountWrite& write, const DueItem& item, std::string_view& why) {
  Answer answer;
  policies::VacationFacts facts;
  why = "gone";
  TELEPOST_ASSIGN(const auto xml, write.document(item.local()));
  if (!xml || write.profile().state != schema::AccountState::active) return std::optional<Answer>();
  TELEPOST_ASSIGN(answer.document, schema::read_document(*xml));
  answer.sender = reverse_path_of(answer.document);
  TELEPOST_TRY(read_texts(write, item, answer, facts));
  std::vector<std::string> own;
  for (const std::string& address : write.profile().addresses) {
    if (address.starts_with("mailto:")) own.push_back(address);
  }
  answer.address = named_address(answer.document, own);
  answer.name = write.profile().name;
  answer.again = facts.again;
  facts.sender = answer.sender;
  facts.sender_is_own = is_one_of(own, answer.sender);
  facts.names_recipient = !answer.address.empty();
  facts.doubtful = mime::is_header_cut(answer.document.defects);
  facts.fields = &answer.document.fields;
  facts.now = write.now();
  TELEPOST_ASSIGN(facts.answered, last_answered(write, answer));
  why = policies::why_not_answered(facts);
  return why.empty() ? std::optional(std::move(answer)) : std::nullopt;
}

// One of ours gets it through the door, under a key that sends it once; true: it is done, or nobody can be.
Result<bool> deliver_answer(Rooms& rooms, const Answer& answer, schema::MessageId about, const std::string& bytes) {
  ResolveOptions never;
  never.creation = ResolveOptions::Creation::never;
  const Result<Recipient> local = resolve_now(rooms, "mailto:" + answer.sender, never);
  if (!local.ok() && passes(local.error().kind)) return local.error();
  if (!local.ok()) return serves(rooms, "mailto:" + answer.sender);
  Incoming incoming;
  incoming.origin.network = "answer";
  incoming.origin.trace = answer.document.origin.trace;
  incoming.to = {*local};
  incoming.trace_block = "Return-Path: <>\r\n";
  incoming.delivery_key = std::string("\0answer ", 8) + schema::to_string(about);  // a name that no peer can give
  const Result<Delivered> delivered = IntakeSession::deliver_here(rooms, std::move(incoming), bytes);
  if (!delivered.ok() && passes(delivered.error().kind)) return delivered.error();
  return true;
}

// In the batch that takes the item away: the job, and that the sender was answered. False: there is no job for it, and he was not.
Result<bool> keep_answer(DutyWork& work, const DueItem& item, const std::optional<Answer>& answer, std::optional<NewJob> job) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(work.rooms, work.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto still, write.get(Space::queue, item.key));
  if (!still) return true;
  const auto ended = [&write](bool is_kept) -> Result<bool> {
    TELEPOST_TRY(write.commit());
    return is_kept;
  };
  write.erase(Space::queue, item.key);
  if (!answer) return ended(true);
  TELEPOST_ASSIGN(const auto answered, last_answered(write, *answer));
  if (job && answered && write.now() < *answered + answer->again) return ended(true);  // somebody else has done so meanwhile
  if (job) {
    const auto queued = Outbox(work.rooms).enqueue(write, *std::move(job));
    if (!queued.ok()) {
      log::warning("answer_not_queued", {{"to", answer->sender}, {"reason", to_string(queued.error())}});
      return ended(false);
    }
  }
  write.put(Space::point, answer->known, schema::encode(schema::AnsweredRecord{write.now()}));
  write.add_due(write.now() + answer->again, due::kForgetAnswer, std::string_view(answer->known).substr(1));
  return ended(true);
}

}  // namespace

void consider_answer(AccountWrite& write, const Arrived& arrived, std::size_t index, const schema::AnswerRecord* by_rule) {
  const Automatic* const automatic = write.automatic();
  if (automatic == nullptr || arrived.document.kind != schema::Kind::email) return;
  // What the account must be told is nobody's, and neither is a report of ours.
  if (arrived.document.envelope.from.empty() || !arrived.incoming.judgement.tells_sender()) return;
  const schema::LocalId local = arrived.ids[index].local;
  const Automatic::Vacation& vacation = automatic->vacation;
  if (by_rule != nullptr) {
    write.add_due(write.now(), due::kAnswer, due::id_of(local, kByRule), schema::encode(*by_rule));
    return;
  }
  // Where it cannot be read whether he is away, the item finds that out, and waits until it can.
  const bool is_away = automatic->vacation_damage || policies::is_away(vacation.enabled, vacation.from, vacation.to, write.now());
  if (is_away) write.add_due(write.now(), due::kAnswer, due::id_of(local));
}

Result<void> answer_message(DutyWork& work, const DueItem& item) {
  std::string_view why;
  std::optional<Answer> answer;
  {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(work.rooms, work.account, AccountWrite::Mode::with_reads));
    TELEPOST_ASSIGN(answer, weigh_answer(write, item, why));
  }
  std::optional<NewJob> job;
  if (answer) {
    const Time now = work.rooms.clock.now();
    const Result<std::string> bytes = compose(*answer, References::told, now);
    if (bytes.ok()) {
      TELEPOST_ASSIGN(const bool is_done, deliver_answer(work.rooms, *answer, work.message(item), *bytes));
      if (!is_done) {
        TELEPOST_ASSIGN(job, fitting_job(*answer, *bytes, now, now + work.rooms.configuration.queue.expire));
      }
    } else {
      log::warning("answer_not_made", {{"message", schema::to_string(work.message(item))}, {"reason", to_string(bytes.error())}});
      why = "not made";
      answer.reset();
    }
  }
  TELEPOST_ASSIGN(const bool is_kept, keep_answer(work, item, answer, std::move(job)));
  if (!is_kept) why = "not made";
  answers_made().with({answer && is_kept ? "answered" : std::string(why)}).add();
  return {};
}

// Who was answered again since then, which is when this item was due at the earliest, has a later one.
Result<void> forget_answer(DutyWork&, AccountWrite& write, const DueItem& item) {
  const std::string key = std::string(keys::kVacation) + item.id;
  TELEPOST_ASSIGN(const auto record, stored<schema::decode_AnsweredRecord>(write, Space::point, key));
  if (record && record->when < item.time) write.erase(Space::point, key);
  return {};
}

}  // namespace telepost::store
