#include "schema/mail_job.h"

#include <iterator>
#include <span>

#include "base/assert.h"
#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

void put(Encoder& out, const MessageRequest& request) {
  out.number(request.ret).text(request.envid).number(request.require_tls).number(request.tls_optional);
}
void take(Decoder& in, MessageRequest& request) {
  in.choice(request.ret, ReportReturn::unspecified, ReportReturn::headers).text(request.envid).number(request.require_tls)
      .number(request.tls_optional);
}

void put(Encoder& out, const MailRecipient& r) {
  out.text(r.address).number(number_of(r.request.notify)).text(r.request.orcpt).number(r.number).number(r.state).text(r.reply)
      .text(r.remote).time(r.when);
}
void take(Decoder& in, MailRecipient& r) {
  std::uint8_t notify = 0;
  in.text(r.address).number(notify).text(r.request.orcpt).number(r.number).choice(r.state, SendState::waiting, SendState::failed)
      .text(r.reply).text(r.remote).time(r.when);
  r.request.notify = notify_from(notify);
}

}  // namespace

std::uint8_t number_of(const Notify& notify) {
  return static_cast<std::uint8_t>((notify.never ? 1 : 0) | (notify.success ? 2 : 0) | (notify.failure ? 4 : 0) | (notify.delay ? 8 : 0));
}
Notify notify_from(std::uint8_t number) { return {(number & 1) != 0, (number & 2) != 0, (number & 4) != 0, (number & 8) != 0}; }

std::string_view name_of(MailBody body) {
  switch (body) {
    case MailBody::seven_bit: return "7BIT";
    case MailBody::eight_bit: return "8BITMIME";
    case MailBody::binary: return "BINARYMIME";
  }
  return "";
}

std::string_view name_of(SendState state) {
  switch (state) {
    case SendState::waiting: return "waiting";
    case SendState::deferred: return "deferred";
    case SendState::relayed: return "relayed";
    case SendState::delivered: return "delivered";
    case SendState::failed: return "failed";
  }
  return "";
}

std::string encode(const MailJob& r) {
  Encoder out;
  out.text(r.from);
  put(out, r.request);
  out.number(r.body).number(r.smtputf8).number(r.report).text(r.trace).text(r.header).number(r.content.has_value());
  if (r.content) out.text(*r.content);
  out.number(r.content_offset).number(r.content_size)
      .list(r.to, [](Encoder& each, const MailRecipient& recipient) { put(each, recipient); })
      .number(r.outcomes).number(r.delay);
  if (r.watched) out.number(r.watched);
  return out.take();
}
Result<MailJob> decode_MailJob(std::string_view bytes) {
  MailJob r;
  Decoder in(bytes, "mail job");
  in.text(r.from);
  take(in, r.request);
  bool content = false;
  in.choice(r.body, MailBody::seven_bit, MailBody::binary).number(r.smtputf8).number(r.report).text(r.trace).text(r.header).number(content);
  if (content) in.text(r.content.emplace());
  in.number(r.content_offset).number(r.content_size)
      .list(r.to, [](Decoder& each, MailRecipient& recipient) { take(each, recipient); })
      .number(r.outcomes).choice(r.delay, MailJob::Delay::untold, MailJob::Delay::told);
  if (in.more()) in.number(r.watched);
  return in.finish(std::move(r));
}

std::string encode(const SubmissionRecord& r) {
  Encoder out;
  out.text(r.from);
  put(out, r.request);
  out.time(r.created).time(r.send_at).number(r.recipients).number(r.open).number(r.final.has_value());
  if (r.final) out.time(*r.final);
  out.number(r.canceled).number(r.content_offset).number(r.content_size).text(r.trace);
  if (!r.sent && !r.followed) return out.take();
  const SubmissionRecord::Followed f = r.followed.value_or(SubmissionRecord::Followed());
  return out.number(r.sent).number(f.email).number(f.thread).number(f.identity).text(f.envelope).number(f.created_modseq).number(f.modseq)
      .number(f.destroyed).take();
}
Result<SubmissionRecord> decode_SubmissionRecord(std::string_view bytes) {
  SubmissionRecord r;
  Decoder in(bytes, "submission");
  in.text(r.from);
  take(in, r.request);
  bool final = false;
  in.time(r.created).time(r.send_at).number(r.recipients).number(r.open).number(final);
  if (final) in.time(r.final.emplace());
  in.number(r.canceled).number(r.content_offset).number(r.content_size).text(r.trace);
  if (!in.more()) return in.finish(std::move(r));  // written before anybody followed them
  SubmissionRecord::Followed f;
  in.number(r.sent).number(f.email).number(f.thread).number(f.identity).text(f.envelope).number(f.created_modseq).number(f.modseq).number(f.destroyed);
  if (f.email.value != 0) r.followed = std::move(f);
  return in.finish(std::move(r));
}

std::string encode(const SubmittedRecipientRecord& r) {
  return Encoder().text(r.address).text(r.orcpt).number(number_of(r.notify)).number(r.job).number(r.copy.account).number(r.copy.local).number(r.state).text(r.reply).text(r.remote)
      .time(r.when).take();
}
Result<SubmittedRecipientRecord> decode_SubmittedRecipientRecord(std::string_view bytes) {
  SubmittedRecipientRecord r;
  Decoder in(bytes, "submitted recipient");
  std::uint8_t notify = 0;
  in.text(r.address).text(r.orcpt).number(notify).number(r.job).number(r.copy.account).number(r.copy.local).choice(r.state, SendState::waiting, SendState::failed).text(r.reply)
      .text(r.remote).time(r.when);
  r.notify = notify_from(notify);
  return in.finish(std::move(r));
}

std::string encode(const ReportRecord& r) {
  TELEPOST_ASSERT(!r.recipients.empty());
  Encoder out;
  out.number(r.state).text(r.to);
  put(out, r.request);
  const auto put_recipient = [](Encoder& to, const ReportRecord::Recipient& recipient) {
    to.text(recipient.address).number(number_of(recipient.wanted.notify)).text(recipient.wanted.orcpt).text(recipient.reply);
  };
  const std::span recipients(r.recipients);
  put_recipient(out, recipients.front());
  out.number(r.message.account).number(r.message.local).number(r.content_offset).number(r.content_size).time(r.arrived).text(r.trace);
  if (recipients.size() > 1) out.list(recipients.subspan(1), put_recipient);
  return out.take();
}
Result<ReportRecord> decode_ReportRecord(std::string_view bytes) {
  ReportRecord r;
  Decoder in(bytes, "report");
  in.choice(r.state, SendState::waiting, SendState::failed).text(r.to);
  take(in, r.request);
  const auto take_recipient = [](Decoder& from, ReportRecord::Recipient& recipient) {
    std::uint8_t notify = 0;
    from.text(recipient.address).number(notify).text(recipient.wanted.orcpt).text(recipient.reply);
    recipient.wanted.notify = notify_from(notify);
  };
  take_recipient(in, r.recipients.emplace_back());
  in.number(r.message.account).number(r.message.local).number(r.content_offset).number(r.content_size).time(r.arrived).text(r.trace);
  std::vector<ReportRecord::Recipient> others;
  if (in.more()) in.list(others, take_recipient);
  r.recipients.insert(r.recipients.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
