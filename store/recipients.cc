#include "store/recipients.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "schema/keys.h"
#include "store/automatic.h"
#include "store/copy.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/rooms.h"
#include "store/submitted_copies.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

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
                            : result->how == Delivered::How::stored   ? "stored"
                            : result->how == Delivered::How::promised ? "promised"
                                                                      : "already_there");
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

// One recipient of LMTP: its own commit, its own answer. Gives the bytes that wait for the disk.
std::size_t submit_copy(Rooms& rooms, BegunCopy copy, const std::shared_ptr<Arrived>& arrived, std::size_t index,
                 const std::shared_ptr<Gathering>& gathering) {
  AccountWrite write = std::move(copy.write);
  Result<Delivered> outcome = write_copy(rooms, write, *arrived, index, std::move(copy.decided));
  if (!outcome.ok()) {
    gathering->set(index, std::move(outcome));
    return 0;
  }
  const std::size_t size = write.size_bytes();
  // Also for what was there already: its own commit may still be in flight, and this one waits behind it.
  write.submit([gathering, index, delivered = *outcome](const Result<void>& committed) {
    gathering->set(index, committed.ok() ? Result<Delivered>(delivered) : Result<Delivered>(committed.error()));
  }, 1);
  return size;
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
    if (first_of_account(*arrived, i) != i) {
      gathering->set(i, Delivered{});  // replaced above
      continue;
    }
    Result<BegunCopy> copy = begin_copy(rooms, *arrived, i);
    if (copy.ok()) in_flight += submit_copy(rooms, std::move(*copy), arrived, i, gathering);
    else gathering->set(i, copy.error());
  }
}

// SMTP gives one answer: the first copy's batch carries the others as intents, then come their batches, then the intents
// are done. One list, so that a crash leaves a prefix: nothing, or the first copy and intents that a hint finds. Where the copies
// are too many to hold, several lists, each durable before the next is built; the intents of the first name all that follow.
// Whoever refuses is among the intents too, and serving them ends in a report; where nobody takes it, nothing is stored.
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
    Result<BegunCopy> begun = begin_copy(rooms_, *arrived_, index);
    outcomes_[index] = begun.ok() ? write_copy(rooms_, begun->write, *arrived_, index, std::move(begun->decided)) : Result<Delivered>(begun.error());
    if (!outcomes_[index].ok()) return;
    held_ += begun->write.size_bytes();
    copies_.push_back({index, std::move(begun->write)});
  }

  // A resend may find copies that are there: the first that is stored now holds what the others need.
  void put_intents(Order::const_iterator rest) {
    if (first_) return;
    Copy* first = nullptr;
    std::vector<std::size_t> named;
    for (Copy& copy : copies_) {
      if (outcomes_[copy.index]->how != Delivered::How::stored) continue;
      if (first != nullptr) named.push_back(copy.index);
      else first = &copy;
    }
    if (first == nullptr) return;
    // Who refuses, and who could not be asked.
    for (auto each = order_.begin(); each != rest; ++each) {
      if (!outcomes_[each->second].ok()) named.push_back(each->second);
    }
    first_ = arrived_->ids[first->index];
    for (; rest != order_.end(); ++rest) named.push_back(rest->second);
    if (named.empty()) return;
    std::sort(named.begin(), named.end());  // a report names them as the sender did
    schema::IntentRecord intents;
    for (const std::size_t index : named) {
      const Recipient& to = arrived_->incoming.to[index];
      intents.recipients.push_back({arrived_->ids[index], to.address, to.request});
      if (!arrived_->incoming.judgement.tells_sender()) intents.recipients.back().request.notify = {.never = true};
    }
    intents.delivery_key = arrived_->incoming.delivery_key;
    intents.request = arrived_->incoming.request;
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
    for (; rest != order_.end(); ++rest) outcomes_[rest->second] = Error{failed.error()};
    answer(durable_ ? Result<void>() : failed);
  }

  void finish() {
    if (copies_.empty() && !intents_done_) return answer({});
    if (someone_failed()) intents_done_.reset();
    submit([self = shared_from_this()](const Result<void>& committed) { self->answer(self->durable_ ? Result<void>() : committed); },
           std::move(intents_done_));
  }

  bool someone_failed() const {
    return std::any_of(order_.begin(), order_.end(), [&](const auto& each) { return !outcomes_[each.second].ok(); });
  }

  void answer(const Result<void>& committed) {
    // With the first copy durable, intents hold whoever failed.
    if (committed.ok() && first_) {
      if (someone_failed()) serve_soon();
      for (const auto& [account, index] : order_) {
        if (!outcomes_[index].ok()) outcomes_[index] = Delivered{arrived_->ids[index], Delivered::How::promised};
      }
    } else if (const std::optional<Error> refusal = committed.ok() ? refusal_of_all() : std::optional(committed.error())) {
      for (Result<Delivered>& outcome : outcomes_) outcome = *refusal;
    }
    for (std::size_t i = 0; i < outcomes_.size(); ++i) gathering_->set(i, outcomes_[order_.at(arrived_->ids[i].account)]);
  }

  // What is refused is told within the second; should a crash or a full pool come first, the due item has it done.
  void serve_soon() {
    rooms_.workers.run_anyway([&rooms = rooms_, first = *first_] {
      const Result<void> served = Recipients::serve_intents(rooms, first);
      if (!served.ok()) log::warning("intents_wait", {{"message", schema::to_string(first)}, {"reason", to_string(served.error())}});
    });
  }

  // One answer where nobody takes it: the one that has the peer try again, if there is such a one, else that of the first recipient.
  std::optional<Error> refusal_of_all() const {
    const auto weight = [](const Error& error) { return error.kind == Errc::over_quota ? 1 : is_verdict(error.kind) ? 0 : 2; };
    std::optional<Error> said;
    for (const schema::MessageId& id : arrived_->ids) {
      const Result<Delivered>& outcome = outcomes_[order_.at(id.account)];
      if (outcome.ok()) return std::nullopt;
      const Error& error = outcome.error();
      if (!said || weight(error) > weight(*said)) said = error;
    }
    return said;
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

}  // namespace

bool Recipients::try_deliver(Rooms& rooms, const std::shared_ptr<Arrived>& arrived,
                             Completion<DeliveredToAll>& done) {
  if (arrived->ids.size() != 1 || !arrived->incoming.delivery_key.empty() || arrived->incoming.received) return false;
  std::optional<AccountWrite> write = AccountWrite::try_begin(rooms, arrived->ids[0].account);
  if (!write || !write->has_mailbox_loaded(kInbox)) return false;
  if (write->automatic() != nullptr && !write->automatic()->rules.empty()) return false;  // they take their time: not on a session's thread
  Decided decided;
  if (!needs_no_reads(rooms, *write, *arrived, 0, decided)) return false;
  submit_copy(rooms, {std::move(*write), std::move(decided)}, arrived, 0, gather(*arrived, std::move(done)));
  return true;
}

void Recipients::deliver(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done) {
  if (arrived->incoming.reply == Incoming::Reply::one_for_each) return deliver_one_for_each(rooms, arrived, std::move(done));
  std::make_shared<OneForAll>(rooms, arrived, std::move(done))->run();
}

}  // namespace telepost::store
