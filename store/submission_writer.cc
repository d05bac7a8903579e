#include "store/submission_writer.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/accounts.h"
#include "store/copy.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/outbox.h"
#include "store/received_order.h"
#include "store/rooms.h"
#include "store/submitted_copies.h"
#include "store/trace_block.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr Duration kServeDelay = std::chrono::minutes(1);
constexpr std::size_t kRecipientBytes = 300;  // of a payload, beside address and ORCPT

constexpr std::size_t kElementBytes = 64;      // around an address
constexpr std::size_t kMaxNamed = 512u << 10;  // with every character escaped it still fits a batch
constexpr std::size_t kNameBytes = 1024;      // more than a key, and the name of a job, take in the account's batch

Error too_many() { return {Errc::too_large, "the message has more recipients than its account's batch can name"}; }

std::string destination_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : to_lower(address.substr(at + 1));
}

std::optional<schema::MailboxId> known_sent(AccountWrite& write, Time received, schema::LocalId local) {
  const std::optional<schema::MailboxId> sent = write.loaded_mailbox(schema::Role::sent);
  if (!sent) return std::nullopt;
  const auto mailbox = write.mailbox(*sent);
  return mailbox.ok() && ReceivedOrder::is_newest((*mailbox)->front, order_key(received, local)) ? sent : std::nullopt;
}

// A job for each destination; one of many recipients is cut, so that each is a transaction that every server takes.
class Jobs {
 public:
  explicit Jobs(const Outbound& outbound) : mail_(outbound.mail) {
    first_.from = addr_spec(mail_.from);
    first_.request = outbound.request;
    first_.body = mail_.body;
    first_.smtputf8 = mail_.smtputf8;
    first_.trace = mail_.origin.trace;
    first_.content_offset = outbound.document.trace_size_bytes;
    first_.content_size = outbound.document.size_bytes - outbound.document.trace_size_bytes;
    first_.header = outbound.header;
    first_.watched = mail_.followed.has_value();
  }

  Result<void> enqueue_all(Rooms& rooms, AccountWrite& write, schema::LocalId local, std::vector<std::uint64_t>& job_of) {
    std::map<std::string, std::vector<std::uint32_t>> destinations;
    for (std::uint32_t i = 0; i < mail_.to.size(); ++i) {
      if (!mail_.to[i].local) destinations[destination_of(mail_.to[i].address)].push_back(i);
    }
    for (const auto& [destination, recipients] : destinations) {
      if (!write.has_room(kNameBytes)) return too_many();
      for (std::size_t next = 0; next < recipients.size();) TELEPOST_TRY(enqueue(rooms, write, local, destination, recipients, next, job_of));
    }
    return {};
  }

 private:
  Result<void> enqueue(Rooms& rooms, AccountWrite& write, schema::LocalId local, const std::string& destination,
                       const std::vector<std::uint32_t>& recipients, std::size_t& next, std::vector<std::uint64_t>& job_of) {
    schema::MailJob mail = first_;
    std::size_t room = kMaxJobPayload / 2;
    const std::size_t begin = next;
    for (; next < recipients.size() && mail.to.size() < schema::kMailJobRecipients; ++next) {
      const HandedIn::To& to = mail_.to[recipients[next]];
      const std::size_t size = to.address.size() + to.request.orcpt.size() + kRecipientBytes;
      if (size > room && next > begin) break;
      room -= std::min(room, size);
      schema::MailRecipient& recipient = mail.to.emplace_back();
      recipient.address = to.address;
      recipient.request = to.request;
      recipient.number = recipients[next];
    }
    const Time from = mail_.send_at.value_or(rooms.clock.now());
    NewJob job;
    job.destination = destination;
    job.message = local;
    job.first_attempt = mail_.send_at;
    job.expires = from + rooms.configuration.queue.expire;
    job.payload = schema::encode(mail);
    TELEPOST_ASSIGN(const std::uint64_t id, Outbox(rooms).enqueue(write, std::move(job)));
    for (std::size_t i = begin; i < next; ++i) job_of[recipients[i]] = id;
    return {};
  }

  const HandedIn& mail_;
  schema::MailJob first_;
};

bool has_local(const HandedIn& mail) {
  return std::any_of(mail.to.begin(), mail.to.end(), [](const HandedIn::To& to) { return to.local.has_value(); });
}
}  // namespace

Result<void> write_recipients(Rooms& rooms, AccountWrite& write, const Outbound& outbound) {
  const HandedIn& mail = outbound.mail;
  const schema::LocalId local = outbound.local;
  const Time now = rooms.clock.now();
  std::vector<std::uint64_t> jobs(mail.to.size(), 0);
  TELEPOST_TRY(Jobs(outbound).enqueue_all(rooms, write, local, jobs));
  for (std::uint32_t number = 0; number < mail.to.size(); ++number) {
    const HandedIn::To& to = mail.to[number];
    schema::SubmittedRecipientRecord record;
    record.address = to.address;
    record.orcpt = to.request.orcpt;
    record.notify = to.request.notify;
    record.job = jobs[number];
    if (to.local) record.copy = {to.local->account, rooms.numbers.next_local()};
    record.when = now;
    const std::string bytes = schema::encode(record);
    if (!write.has_room(bytes.size() + kNameBytes)) return too_many();
    write.put(Space::point, keys::submitted_recipient(local, number), bytes);
  }
  schema::SubmissionRecord record;
  record.from = addr_spec(mail.from);
  record.request = outbound.request;
  record.created = now;
  record.send_at = std::max(now, mail.send_at.value_or(now));
  record.content_offset = outbound.document.trace_size_bytes;
  record.content_size = outbound.document.size_bytes - outbound.document.trace_size_bytes;
  record.trace = mail.origin.trace;
  record.recipients = record.open = static_cast<std::uint32_t>(mail.to.size());
  if (mail.followed) {
    const schema::Modseq now_followed = write.advance();
    record.followed = {mail.followed->email, mail.followed->thread, mail.followed->identity, mail.followed->envelope, now_followed, now_followed, false};
  }
  write.put(Space::point, keys::submission(local), schema::encode(record));
  if (has_local(mail)) write.add_due(mail.send_at ? record.send_at : now + kServeDelay, due::kServeSubmission, due::id_of(local));
  return {};
}

// Without a mailbox: what leaves is a copy that nobody sees.
Result<Delivered> SubmissionKeeping::write(Rooms& rooms, AccountWrite& write, Arrived& arrived, std::optional<schema::MailboxId> sent) const {
  const policies::DeliveryVerdict verdict = policies::decide_delivery(delivery_facts(write, arrived));
  if (verdict.refusal) return *verdict.refusal;
  std::size_t named = 0;  // by the document too
  for (const HandedIn::To& to : mail_.to) named += to.address.size() + kElementBytes;
  if (named > kMaxNamed) return too_many();
  schema::Document& document = arrived.document;
  document.id = arrived.ids[0];
  document.received = write.received();
  document.envelope.to.clear();
  for (const HandedIn::To& to : mail_.to) document.envelope.to.push_back("mailto:" + to.address);
  TELEPOST_TRY(sent ? write_message(write, {&document, &arrived.content, {*sent}, arrived.incoming.keywords})
                    : write_unplaced(write, document, arrived.content));
  TELEPOST_TRY(write_recipients(rooms, write, {mail_, document, document.id.local, arrived.incoming.request, leaving_header(arrived.incoming.trace_block)}));
  if (!write.has_room(0)) return too_many();
  return Delivered{arrived.ids[0], Delivered::How::stored};
}

void SubmissionKeeping::submit(Rooms& rooms, AccountWrite write, const std::shared_ptr<Arrived>& arrived, std::optional<schema::MailboxId> sent,
                               Completion<DeliveredToAll> done) const {
  const Result<Delivered> outcome = this->write(rooms, write, *arrived, sent);
  if (!outcome.ok()) return done(DeliveredToAll{outcome});
  // Those of our own need not wait for the sweep. A message that is to be sent later waits for it.
  const bool serve = has_local(mail_) && !mail_.send_at;
  write.submit([&rooms, serve, delivered = *outcome, done = std::move(done)](const Result<void>& committed) {
    if (committed.ok() && serve && !rooms.stopping.load()) {
      (void)rooms.workers.run([&rooms, id = delivered.id] { serve_submission_now(rooms, id); });  // busy: the sweep does it
    }
    done(DeliveredToAll{committed.ok() ? Result<Delivered>(delivered) : Result<Delivered>(committed.error())});
  }, 1);
}

bool SubmissionKeeping::try_keep(Rooms& rooms, const std::shared_ptr<Arrived>& arrived, Completion<DeliveredToAll>& done) {
  std::optional<AccountWrite> write = AccountWrite::try_begin(rooms, mail_.account);
  if (!write || mail_.followed) return false;
  const auto sent = known_sent(*write, write->received(), arrived->ids[0].local);
  if (!sent) return false;
  submit(rooms, std::move(*write), arrived, *sent, std::move(done));
  return true;
}

void SubmissionKeeping::keep(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done) {
  {
    Result<AccountWrite> write = AccountWrite::begin(rooms, mail_.account, AccountWrite::Mode::without_reads);
    if (!write.ok()) return done(DeliveredToAll{write.error()});
    if (mail_.followed) return submit(rooms, std::move(*write), arrived, std::nullopt, std::move(done));
    const auto sent = known_sent(*write, write->received(), arrived->ids[0].local);
    if (sent) return submit(rooms, std::move(*write), arrived, *sent, std::move(done));
  }
  Result<AccountWrite> write = AccountWrite::begin(rooms, mail_.account, AccountWrite::Mode::with_reads);
  if (!write.ok()) return done(DeliveredToAll{write.error()});
  const Result<schema::MailboxId> sent = mailbox_for(*write, schema::Role::sent, "Sent");
  if (!sent.ok()) return done(DeliveredToAll{sent.error()});
  submit(rooms, std::move(*write), arrived, *sent, std::move(done));
}

}  // namespace telepost::store
