// What inspect tells of mail that leaves: jobs, what is handed in, and what a subscriber says of it.
#include "schema/job_records.h"
#include "schema/mail_job.h"
#include "schema/rules_record.h"
#include "schema/sender_record.h"
#include "schema/vacation_record.h"
#include "store/describer.h"

namespace telepost::store {

bool describe_job(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_JobRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("state", r->state == schema::JobRecord::State::claimed ? "claimed" : "waiting").flag("held", r->held)
      .text("network", schema::name_of(r->network)).text("destination", r->destination).text("account", to_string(r->account))
      .number("message", r->message).number("attempts", r->attempts).time("created", r->created).time("next_attempt", r->next_attempt)
      .time("expires", r->expires).text("lease_owner", r->lease_owner).number("lease_epoch", r->lease_epoch)
      .time("lease_until", r->lease_until).text("reason", r->reason).size("payload", r->payload);
  return true;
}

bool describe_submission(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SubmissionRecord(bytes);
  if (!r.ok()) return false;
  const auto followed = r->followed.value_or(schema::SubmissionRecord::Followed());
  Describer(fields).text("from", r->from).time("created", r->created).time("send_at", r->send_at).number("recipients", r->recipients)
      .number("open", r->open).time("final", r->final).flag("canceled", r->canceled).text("trace", r->trace)
      .flag("sent", r->sent).number("email", followed.email).number("modseq", followed.modseq).flag("destroyed", followed.destroyed);
  return true;
}

bool describe_sender(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SenderRecord(bytes);
  if (!r.ok()) return false;
  std::string emails;
  for (const schema::IdentityRecord& identity : r->identities) emails += (emails.empty() ? "" : " ") + identity.email;
  Describer(fields).text("identities", emails).number("gone", r->gone.size()).number("identities_floor", r->identities_floor)
      .number("submissions_floor", r->submissions_floor);
  return true;
}

bool describe_vacation(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_VacationRecord(bytes);
  if (r.ok()) Describer(fields).flag("enabled", r->enabled).time("from", r->from).time("to", r->to).number("modseq", r->modseq);
  return r.ok();
}

bool describe_answered(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_AnsweredRecord(bytes);
  if (r.ok()) Describer(fields).time("when", r->when);
  return r.ok();
}

bool describe_rules(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_RulesRecord(bytes);
  if (r.ok()) Describer(fields).number("rules", r->rules.size()).number("modseq", r->modseq);
  return r.ok();
}

bool describe_submitted_recipient(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SubmittedRecipientRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("address", r->address).number("job", r->job)
      .text("copy", r->copy.local.value == 0 ? std::string() : to_string(r->copy)).text("state", name_of(r->state)).text("reply", r->reply)
      .text("remote", r->remote).time("when", r->when);
  return true;
}

bool describe_job_name(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_JobNameRecord(bytes);
  if (r.ok()) Describer(fields).text("destination", r->destination);
  return r.ok();
}

}  // namespace telepost::store
