#include "store/copy.h"

#include <algorithm>

#include "policies/delivery.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "store/accounts.h"
#include "store/archive/archived_source.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/pieces.h"
#include "store/quota.h"
#include "store/received_order.h"
#include "store/answers.h"
#include "store/rooms.h"
#include "store/rule_actions.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr Duration kKeepKeys = std::chrono::days(7);

schema::CdrRecord cdr_of(const Arrived& arrived, std::size_t index, std::string_view result) {
  schema::CdrRecord cdr;
  cdr.event = schema::CdrRecord::Event::delivery;
  cdr.kind = arrived.document.kind;
  cdr.result = result;
  cdr.local = arrived.ids[index].local;
  cdr.size_bytes = arrived.document.size_bytes;
  cdr.address = arrived.incoming.to[index].address;
  cdr.other = arrived.incoming.from;
  cdr.network = arrived.incoming.origin.network;
  cdr.trace = arrived.incoming.origin.trace;
  return cdr;
}

// The id under which a delivery key is known: to the head while its commit is in flight, else to the engine.
Result<std::optional<schema::LocalId>> known_key(Rooms& rooms, const AccountWrite& write, const std::string& key) {
  if (const auto assigned = write.assigned_key(key)) return assigned;
  const auto reader = rooms.engine->reader(schema::Partition::account(write.account()));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::delivery_key(key)));
  if (!bytes) return std::optional<schema::LocalId>();
  TELEPOST_ASSIGN(const auto record, schema::decode_DeliveryKeyRecord(*bytes));
  return std::optional(record.local);
}

// Of a copy.
std::vector<std::string> keywords_of(const Incoming& incoming, const Forwarding& forwarding) {
  std::vector<std::string> keywords = incoming.keywords;
  if (incoming.judgement.junk) add_keyword(keywords, kJunkKeyword);
  if (!forwarding.empty()) add_keyword(keywords, kForwardedKeyword);
  return keywords;
}

// Who asked to be told that this copy is stored is told by due work (RFC 3461 section 5.2.3): at most once, and in any case.
void ask_for_report(Rooms& rooms, AccountWrite& write, const Arrived& arrived, std::size_t index) {
  const Recipient& to = arrived.incoming.to[index];
  if (!to.request.notify.success || arrived.incoming.from.empty()) return;
  if (!arrived.incoming.judgement.tells_sender() || arrived.incoming.judgement.may_be_forged) return;
  schema::ReportRecord report;
  report.state = schema::SendState::delivered;
  report.to = addr_spec(arrived.incoming.from);
  report.request = arrived.incoming.request;
  report.recipients = {{addr_spec(to.address), to.request, ""}};
  report.message = arrived.ids[index];
  report.content_offset = arrived.document.trace_size_bytes;
  report.content_size = arrived.document.size_bytes - arrived.document.trace_size_bytes;
  report.arrived = arrived.document.received;
  report.trace = arrived.incoming.origin.trace;
  write.add_due(rooms.clock.now(), due::kReport, due::id_of(arrived.ids[index].local), schema::encode(report));
}

// When this copy counts as received. Nothing is received in the future, so that what comes next is the newest.
Time received_by(Rooms& rooms, AccountWrite& write, const Arrived& arrived) {
  return arrived.incoming.received ? std::min(*arrived.incoming.received, rooms.clock.stamp()) : write.received();
}

}  // namespace

policies::DeliveryFacts delivery_facts(AccountWrite& write, const Arrived& arrived) {
  policies::DeliveryFacts facts;
  facts.state = write.profile().state;
  facts.service = &write.service();
  facts.kind = arrived.document.kind;
  facts.size_bytes = arrived.document.size_bytes;
  facts.junk = arrived.incoming.judgement.junk;
  if (arrived.incoming.quota == Incoming::Quota::asked) facts.quota = quota_facts(write, facts.kind);
  return facts;
}

// Only what is the newest of its mailbox is put into the order by received time without reading.
bool needs_no_reads(Rooms& rooms, AccountWrite& write, const Arrived& arrived, std::size_t index, Decided& decided) {
  if (arrived.incoming.judgement.junk) return false;  // its mailbox must be found
  const Result<schema::MailboxRecord*> inbox = write.mailbox(kInbox);
  const schema::LocalId local = arrived.ids[index].local;
  if (!inbox.ok() || !ReceivedOrder::is_newest((*inbox)->front, order_key(received_by(rooms, write, arrived), local))) return false;
  if (write.automatic() == nullptr) return true;
  decided = decide_copy(write, arrived, index);
  return !needs_reads(*decided);
}

Result<BegunCopy> begin_copy(Rooms& rooms, const Arrived& arrived, std::size_t index) {
  const schema::AccountId account = arrived.ids[index].account;
  {
    Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::without_reads);
    if (!write.ok()) return write.error();
    Decided decided;
    if (needs_no_reads(rooms, *write, arrived, index, decided)) return BegunCopy{std::move(*write), std::move(decided)};
  }
  Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads);
  if (!write.ok()) return write.error();
  return BegunCopy{std::move(*write), std::nullopt};
}

// Puts one recipient's copy into its account's batch. Nothing is changed on an error.
Result<Delivered> write_copy(Rooms& rooms, AccountWrite& write, Arrived& arrived, std::size_t index, Decided decided) {
  const std::string& key = arrived.incoming.delivery_key;
  if (!key.empty()) {
    TELEPOST_ASSIGN(const auto known, known_key(rooms, write, key));
    if (known) return Delivered{{write.account(), *known}, Delivered::How::already_there};
  }
  policies::DeliveryVerdict verdict = decided ? *std::move(decided) : decide_copy(write, arrived, index);
  if (verdict.refusal) {  // no CDR: the peer is told, and nothing is stored
    if (verdict.refusal->kind == Errc::corrupt) rules_are_damaged(write, *verdict.refusal);
    return *verdict.refusal;
  }

  TELEPOST_ASSIGN(const Forwarding forwarding, forwarding_of(write, verdict.by_rules, arrived, index));
  TELEPOST_ASSIGN(const Filing filing, filing_of(write, verdict, keywords_of(arrived.incoming, forwarding)));
  // The document is written with this copy's own facts in it, not copied for them.
  schema::Document& document = arrived.document;
  document.id = arrived.ids[index];
  document.received = received_by(rooms, write, arrived);
  document.envelope.to = {arrived.incoming.to[index].address};  // nobody learns who else got it (RFC 5321 section 7.2)
  TELEPOST_TRY(write_message(write, {&document, &arrived.content, filing.mailboxes, filing.keywords}));
  write.add_cdr(cdr_of(arrived, index, "stored"));
  ask_for_report(rooms, write, arrived, index);
  if (!forwarding.empty()) TELEPOST_TRY(forward_copy(write, forwarding, arrived, index));
  if (!verdict.by_rules.blocked) consider_answer(write, arrived, index, verdict.by_rules.answer);
  if (!key.empty()) {
    const Time expires = rooms.clock.now() + kKeepKeys;
    const std::string stored = keys::delivery_key(key);
    write.put(Space::point, stored, schema::encode(schema::DeliveryKeyRecord{arrived.ids[index].local, expires}));
    write.add_due(expires, due::kForgetKey, std::string_view(stored).substr(1));
    write.assign_key(key, arrived.ids[index].local);
  }
  return Delivered{arrived.ids[index], Delivered::How::stored};
}

Result<Content> copy_content(Rooms& rooms, schema::MessageId id, const schema::MessageRecord& record, schema::MessageId target) {
  Content content;
  content.segments = record.segments;
  if (record.tier == schema::Tier::archived) {
    TELEPOST_ASSIGN(content.inline_bytes, restore_content(rooms, id, record, target, [](std::string_view) { return true; }));
    return content;
  }
  const auto partition = rooms.engine->reader(schema::Partition::account(id.account));
  StoredContent stored(*partition, rooms.dictionaries, id.local);
  TELEPOST_ASSIGN(content.inline_bytes, stored.segments(record));
  TELEPOST_TRY(Pieces(rooms).link(content.pieces(), {target}));
  return content;
}

}  // namespace telepost::store
