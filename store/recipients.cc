#include "store/recipients.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "policies/delivery.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/pieces.h"
#include "store/received_order.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr Duration kKeepKeys = std::chrono::days(7);
constexpr Duration kIntentDelay = std::chrono::minutes(1);
constexpr std::size_t kInFlightBytes = 8u << 20;

metrics::Counter& deliveries() {
  static metrics::Counter counter("telepost_deliveries_total", "Copies delivered, by kind and result", {"kind", "result"});
  return counter;
}

void count(schema::Kind kind, const Result<Delivered>& result) {
  // The cell of what happens thousands of times a second is kept.
  static metrics::Counter::Cell& mail_stored = deliveries().with({"email", "stored"});
  if (result.ok() && kind == schema::Kind::email && result->how == Delivered::How::stored) {
    mail_stored.add();
    return;
  }
  const std::string outcome(!result.ok() ? name_of(result.error().kind)
                            : result->how == Delivered::How::stored ? "stored" : "already_there");
  deliveries().with({std::string(name_of(kind)), outcome}).add();
}

// The results of several commits, given on when the last is in.
struct Gathering {
  explicit Gathering(std::size_t recipients)
      : results(recipients, Result<Delivered>(Errc::cancelled, "not decided")), left(recipients) {}
  DeliveredToAll results;
  std::atomic<std::size_t> left;
  Completion<DeliveredToAll> done;
  schema::Kind kind = schema::Kind::email;

  void set(std::size_t index, Result<Delivered> result) {
    count(kind, result);
    results[index] = std::move(result);
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) done(std::move(results));
  }
};

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

policies::DeliveryVerdict decide(Rooms& rooms, AccountWrite& write, const Arrived& arrived) {
  const auto classes = rooms.classes.get();
  const schema::ClassOfService* of_service = classes->find(write.profile().class_of_service);
  policies::DeliveryFacts facts;
  facts.state = write.profile().state;
  facts.class_of_service = of_service != nullptr ? of_service : &classes->standard();
  facts.kind = arrived.document.kind;
  facts.size_bytes = arrived.document.size_bytes;
  facts.received = rooms.clock.now();
  for (const schema::Usage& usage : write.head().usage) {
    facts.account.messages += usage.messages;
    facts.account.bytes += usage.bytes;
  }
  facts.account_of_kind = write.head().usage[static_cast<std::size_t>(arrived.document.kind)];
  return policies::decide_delivery(facts);
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

// When this copy counts as received. Nothing is received in the future, so that what comes next is the newest.
Time received_by(Rooms& rooms, AccountWrite& write, const Arrived& arrived) {
  const Time now = rooms.clock.now();
  return arrived.incoming.received ? std::min(*arrived.incoming.received, now) : write.received(now);
}

// Only what is the newest of its mailbox is put into the order by received time without reading.
bool needs_no_reads(Rooms& rooms, AccountWrite& write, const Arrived& arrived, schema::LocalId local) {
  const Result<schema::MailboxRecord*> inbox = write.mailbox(kInbox);
  return inbox.ok() && ReceivedOrder::is_newest(**inbox, order_key(received_by(rooms, write, arrived), local));
}

Result<AccountWrite> begin_copy(Rooms& rooms, const Arrived& arrived, std::size_t index) {
  const schema::AccountId account = arrived.ids[index].account;
  {
    Result<AccountWrite> write = AccountWrite::begin(rooms, account, AccountWrite::Mode::without_reads);
    if (!write.ok() || needs_no_reads(rooms, *write, arrived, arrived.ids[index].local)) return write;
  }
  return AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads);
}

// Puts one recipient's copy into its account's batch. Nothing is changed on an error.
Result<Delivered> write_copy(Rooms& rooms, AccountWrite& write, Arrived& arrived, std::size_t index) {
  const std::string& key = arrived.incoming.delivery_key;
  if (!key.empty()) {
    TELEPOST_ASSIGN(const auto known, known_key(rooms, write, key));
    if (known) return Delivered{{write.account(), *known}, Delivered::How::already_there};
  }
  const policies::DeliveryVerdict verdict = decide(rooms, write, arrived);
  if (verdict.refusal) return *verdict.refusal;  // no CDR: the peer is told, and nothing is stored

  // The document is written with this copy's own facts in it, not copied for them.
  schema::Document& document = arrived.document;
  document.id = arrived.ids[index];
  document.received = received_by(rooms, write, arrived);
  std::swap(document.envelope.to[0], document.envelope.to[index]);
  const Result<void> written = write_message(write, {&document, &arrived.content, {kInbox}, arrived.incoming.keywords, verdict.expires});
  std::swap(document.envelope.to[0], document.envelope.to[index]);
  TELEPOST_TRY(written);
  write.add_cdr(cdr_of(arrived, index, "stored"));
  if (!key.empty()) {
    const Time expires = rooms.clock.now() + kKeepKeys;
    const std::string stored = keys::delivery_key(key);
    write.put(Space::point, stored, schema::encode(schema::DeliveryKeyRecord{arrived.ids[index].local, expires}));
    write.add_due(expires, due::kForgetKey, std::string_view(stored).substr(1));
    write.assign_key(key, arrived.ids[index].local);
  }
  return Delivered{arrived.ids[index], Delivered::How::stored};
}

// One recipient of LMTP: its own commit, its own answer.
void submit_copy(Rooms& rooms, AccountWrite write, const std::shared_ptr<Arrived>& arrived, std::size_t index,
                 const std::shared_ptr<Gathering>& gathering) {
  Result<Delivered> outcome = write_copy(rooms, write, *arrived, index);
  if (!outcome.ok()) {
    gathering->set(index, std::move(outcome));
    return;
  }
  // Also for what was there already: its own commit may still be in flight, and this one waits behind it.
  write.submit([gathering, index, delivered = *outcome](const Result<void>& committed) {
    gathering->set(index, committed.ok() ? Result<Delivered>(delivered) : Result<Delivered>(committed.error()));
  }, 1);
}

std::shared_ptr<Gathering> gather(const Arrived& arrived, Completion<DeliveredToAll> done) {
  auto gathering = std::make_shared<Gathering>(arrived.incoming.to.size());
  gathering->kind = arrived.document.kind;
  gathering->done = std::move(done);
  return gathering;
}

// Two addresses of one account get one copy: the index of the first recipient with the same account.
std::size_t first_of_account(const Arrived& arrived, std::size_t index) {
  std::size_t first = 0;
  while (arrived.ids[first].account != arrived.ids[index].account) ++first;
  return first;
}

void deliver_one_for_each(Rooms& rooms, const std::shared_ptr<Arrived>& arrived, Completion<DeliveredToAll> done) {
  const std::size_t recipients = arrived->ids.size();
  auto gathering = gather(*arrived, [arrived, done](Result<DeliveredToAll> all) {
    for (std::size_t i = 0; i < all->size(); ++i) (*all)[i] = (*all)[first_of_account(*arrived, i)];
    done(std::move(all));
  });
  std::size_t in_flight = 0;
  for (std::size_t i = 0; i < recipients; ++i) {
    if (in_flight > kInFlightBytes) {
      // Many large copies: what was submitted is waited for, so that it does not pile up in memory.
      if (!rooms.committer.commit({}).ok()) log::warning("commit_barrier_failed", {{"trace", arrived->incoming.origin.trace}});
      in_flight = 0;
    }
    in_flight += arrived->content.inline_size();
    if (first_of_account(*arrived, i) != i) {
      gathering->set(i, Delivered{});  // replaced above
      continue;
    }
    Result<AccountWrite> write = begin_copy(rooms, *arrived, i);
    if (write.ok()) submit_copy(rooms, std::move(*write), arrived, i, gathering);
    else gathering->set(i, write.error());
  }
}

// SMTP gives one answer: the first copy's batch carries the others as intents, then come their batches, then the intents
// are done. One list, so that a crash leaves a prefix: nothing, or the first copy and intents that a hint finds. Where the copies
// are too many to hold, several lists, each durable before the next is built; the intents of the first name all that follow.
class OneForAll : public std::enable_shared_from_this<OneForAll> {
 public:
  OneForAll(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done)
      : rooms_(rooms), arrived_(std::move(arrived)), gathering_(gather(*arrived_, std::move(done))),
        outcomes_(arrived_->ids.size(), Result<Delivered>(Errc::cancelled, "")) {
    for (std::size_t i = 0; i < arrived_->ids.size(); ++i) order_.emplace(arrived_->ids[i].account, i);
  }

  void run() {
    for (auto next = order_.begin(); next != order_.end();) {
      add((next++)->second);
      if (held_ <= kInFlightBytes || next == order_.end()) continue;
      put_intents(next);
      const Result<void> committed = commit_and_wait();
      if (committed.ok()) durable_ = first_.has_value();
      else return stop(next, committed);
    }
    put_intents(order_.end());
    finish();
  }

 private:
  using Order = std::map<schema::AccountId, std::size_t>;  // locks are taken in the order of ids
  struct Copy {
    std::size_t index;
    AccountWrite write;
  };

  void add(std::size_t index) {
    Result<AccountWrite> write = begin_copy(rooms_, *arrived_, index);
    outcomes_[index] = write.ok() ? write_copy(rooms_, *write, *arrived_, index) : Result<Delivered>(write.error());
    if (!outcomes_[index].ok()) return;
    held_ += arrived_->content.inline_size();
    copies_.push_back({index, std::move(*write)});
  }

  // A resend may find copies that are there: the first that is stored now holds what the others need.
  void put_intents(Order::const_iterator rest) {
    if (first_) return;
    Copy* first = nullptr;
    schema::IntentRecord intents;
    const auto name = [&](std::size_t index) { intents.recipients.push_back({arrived_->ids[index], arrived_->incoming.to[index].address}); };
    for (Copy& copy : copies_) {
      if (outcomes_[copy.index]->how != Delivered::How::stored) continue;
      if (first != nullptr) name(copy.index);
      else first = &copy;
    }
    if (first == nullptr) return;
    first_ = arrived_->ids[first->index];
    for (; rest != order_.end(); ++rest) name(rest->second);
    if (intents.recipients.empty()) return;
    intents.delivery_key = arrived_->incoming.delivery_key;
    first->write.put(Space::point, keys::intent(first_->local), schema::encode(intents));
    first->write.add_due(rooms_.clock.now() + kIntentDelay, due::kServeIntents, due::id_of(first_->local));
    intents_done_ = CommitEntry{Batch(schema::Partition::account(first_->account))};
    intents_done_->batch.erase(Space::point, keys::intent(first_->local));
  }

  void submit(std::function<void(const Result<void>&)> done, std::optional<CommitEntry> last) {
    Commit commit;
    commit.done = std::move(done);
    commit.messages = static_cast<std::uint32_t>(copies_.size());
    for (Copy& copy : copies_) copy.write.move_into(commit);
    if (last) commit.list.push_back(std::move(*last));
    rooms_.committer.submit(std::move(commit));
    copies_.clear();  // gives the locks back
    held_ = 0;
  }

  Result<void> commit_and_wait() {
    std::promise<Result<void>> promise;
    submit([&promise](const Result<void>& result) { promise.set_value(result); }, std::nullopt);
    return promise.get_future().get();
  }

  // Once the intents are durable, whoever is not served now will be.
  void stop(Order::const_iterator rest, const Result<void>& failed) {
    for (; rest != order_.end(); ++rest) outcomes_[rest->second] = Delivered{arrived_->ids[rest->second], Delivered::How::stored};
    answer(durable_ ? Result<void>() : failed);
  }

  void finish() {
    if (copies_.empty() && !intents_done_) return answer({});
    submit([self = shared_from_this()](const Result<void>& committed) { self->answer(self->durable_ ? Result<void>() : committed); },
           std::move(intents_done_));
  }

  void answer(const Result<void>& committed) {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const Result<Delivered>& outcome = outcomes_[order_.at(arrived_->ids[i].account)];
      gathering_->set(i, committed.ok() || !outcome.ok() ? outcome : Result<Delivered>(committed.error()));
    }
  }

  Rooms& rooms_;
  const std::shared_ptr<Arrived> arrived_;
  const std::shared_ptr<Gathering> gathering_;
  Order order_;
  DeliveredToAll outcomes_;
  std::vector<Copy> copies_;  // not committed yet, their accounts locked
  std::size_t held_ = 0;      // bytes of their batches
  std::optional<schema::MessageId> first_;
  std::optional<CommitEntry> intents_done_;
  bool durable_ = false;      // the first copy, with its intents
};

// Whether its reader took the message away. Tombstones are not found by id, but this is asked only after a crash.
Result<bool> was_expunged(Rooms& rooms, schema::MessageId message) {
  bool expunged = false;
  const auto reader = rooms.engine->reader(schema::Partition::account(message.account));
  TELEPOST_TRY(reader->scan(Space::scan, "G", keys::after("G"), [&](std::string_view, std::string_view value) {
    const auto record = schema::decode_ChangeRecord(value);
    expunged = record.ok() && record->what == schema::ChangeRecord::What::message_gone && record->id == message.local.value;
    return !expunged;
  }));
  return expunged;
}

// One recipient of an intent: from the first copy's records, under the id that was fixed for it.
Result<void> serve_intent(Rooms& rooms, schema::MessageId first, const schema::IntentRecord::Recipient& recipient,
                          const std::string& delivery_key) {
  Result<AccountWrite> write = AccountWrite::begin(rooms, recipient.message.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return {};  // deleted meanwhile
  TELEPOST_TRY(write);
  TELEPOST_ASSIGN(const auto there, write->get(Space::point, keys::message(recipient.message.local)));
  if (there) return {};
  TELEPOST_ASSIGN(const bool expunged, was_expunged(rooms, recipient.message));
  if (expunged) return {};
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::message(first.local)));
  TELEPOST_ASSIGN(const auto xml, reader->get(Space::large, keys::document(first.local)));
  if (!bytes || !xml) {
    // Expunged since the crash. Nobody was told that the message is safe, so its sender tries again.
    log::warning("intent_without_first_copy", {{"message", schema::to_string(first)}, {"recipient", recipient.address}});
    return {};
  }
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  auto arrived = std::make_shared<Arrived>();
  TELEPOST_ASSIGN(arrived->document, schema::read_document(*xml));
  arrived->content.segments = record.segments;
  for (std::uint32_t index = 0; index < record.segments.size(); ++index) {
    if (record.segments[index].piece) continue;
    TELEPOST_ASSIGN(auto inline_bytes, reader->get(Space::large, keys::segment(first.local, index)));
    if (!inline_bytes) return {Errc::corrupt, "a segment of the first copy is missing"};
    arrived->content.inline_bytes.push_back(std::move(*inline_bytes));
  }
  arrived->ids = {recipient.message};
  arrived->incoming.to = {{recipient.message.account, recipient.address, ""}};
  arrived->incoming.from = arrived->document.envelope.from;
  arrived->incoming.origin = arrived->document.origin;
  arrived->incoming.delivery_key = delivery_key;
  arrived->document.envelope.to = {recipient.address};
  TELEPOST_TRY(Pieces(rooms).link(arrived->content.pieces(), {recipient.message}));
  const Result<Delivered> delivered = write_copy(rooms, *write, *arrived, 0);
  if (delivered.ok()) return write->commit();
  log::warning("intent_refused", {{"trace", arrived->incoming.origin.trace}, {"reason", to_string(delivered.error())}});
  return {};
}

}  // namespace

bool Recipients::try_deliver(Rooms& rooms, const std::shared_ptr<Arrived>& arrived,
                             Completion<DeliveredToAll>& done) {
  if (arrived->ids.size() != 1 || !arrived->incoming.delivery_key.empty() || arrived->incoming.received) return false;
  std::optional<AccountWrite> write = AccountWrite::try_begin(rooms, arrived->ids[0].account);
  if (!write || !write->has_mailbox_loaded(kInbox)) return false;
  if (!needs_no_reads(rooms, *write, *arrived, arrived->ids[0].local)) return false;
  submit_copy(rooms, std::move(*write), arrived, 0, gather(*arrived, std::move(done)));
  return true;
}

void Recipients::deliver(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done) {
  if (arrived->incoming.reply == Incoming::Reply::one_for_all) std::make_shared<OneForAll>(rooms, arrived, std::move(done))->run();
  else deliver_one_for_each(rooms, arrived, std::move(done));
}

// The first copy holds all that the others need. A copy that is there, or was and is gone, is served.
Result<void> Recipients::serve_intents(Rooms& rooms, schema::MessageId first) {
  const auto reader = rooms.engine->reader(schema::Partition::account(first.account));
  TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::intent(first.local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const auto intents, schema::decode_IntentRecord(*bytes));
  for (const schema::IntentRecord::Recipient& recipient : intents.recipients) {
    TELEPOST_TRY(serve_intent(rooms, first, recipient, intents.delivery_key));
  }
  CommitList list;
  list.push_back({Batch(schema::Partition::account(first.account))});
  list.back().batch.erase(Space::point, keys::intent(first.local));
  return rooms.committer.commit(std::move(list));
}

}  // namespace telepost::store
