// The account's next batch, built while its head's lock is held, on the assigned state. Nothing is changed anywhere until
// submit() or commit(); destroyed before, it leaves no trace.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "schema/effective_class.h"
#include "schema/keys.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "store/committer.h"
#include "store/heads.h"
#include "store/open_numbers.h"
#include "store/order_blocks.h"

namespace telepost::store {

struct Rooms;

class AccountWrite {
 public:
  // With reads: what was submitted before is durable first, so that get() and scan() see all of it. Blocks.
  // without_reads: for deliveries, which read nothing but the head and touch no message but their own; goes on while earlier batches
  // are in flight. beside_deliveries: with reads, but only of messages that are known to be durable and of what no delivery writes: waits
  // for no delivery, so that nobody who delivers waits for the disk behind it.
  enum class Mode { with_reads, beside_deliveries, without_reads };
  // Errors: not_found (no such account), io, corrupt.
  static Result<AccountWrite> begin(Rooms& rooms, schema::AccountId account, Mode mode);
  // For a session's thread: nothing if it would have to wait for the lock or the disk.
  static std::optional<AccountWrite> try_begin(Rooms& rooms, schema::AccountId account);
  // For an account that does not exist yet.
  static AccountWrite create(Rooms& rooms, schema::AccountId account);

  AccountWrite(AccountWrite&&) = default;
  AccountWrite& operator=(AccountWrite&&) = default;

  Rooms& rooms() const { return *rooms_; }
  schema::AccountId account() const { return head_->id(); }
  const schema::AccountRecord& profile() const { return profile_; }
  void set_profile(schema::AccountRecord profile);
  const Automatic* automatic() const;         // store/automatic.h; null: nothing
  void set_automatic(Automatic automatic);    // beside its records
  const schema::EffectiveClass& service();  // what holds for the profile; lives as long as the write, unless the profile is set
  schema::HeadRecord& head() { return record_; }
  schema::Modseq advance() { return {++record_.modseq.value}; }
  Time now() const;         // the store's
  Time stamp() const;       // of what happens now, where a retention may count from it: store/store_clock.h
  Time received();          // its stamp, but never before what the account has received already
  std::optional<Time> noted_access(schema::LocalId local) const;  // of the subscriber, not in the record yet

  // Errors: not_found. The pointer stays valid; what is changed through it is written by submit().
  Result<schema::MailboxRecord*> mailbox(schema::MailboxId id);
  // The same without being written; until the next call that loads or changes one.
  Result<const schema::MailboxRecord*> peek_mailbox(schema::MailboxId id);
  bool has_mailbox_loaded(schema::MailboxId id) const;
  std::optional<schema::MailboxId> loaded_mailbox(schema::Role role) const;  // none: not loaded, or not there
  schema::MailboxRecord& add_mailbox(schema::MailboxRecord mailbox);
  void drop_mailbox(schema::MailboxId id);

  // Delivery keys of batches that may not be durable yet; the others are in the engine.
  std::optional<schema::LocalId> assigned_key(const std::string& key) const;
  void assign_key(const std::string& key, schema::LocalId local) { keys_.emplace_back(key, local); }

  void put(Space space, std::string_view key, std::string_view value);
  void erase(Space space, std::string_view key);
  // For a counter that many steps of one batch change: of several the last one is written, at the batch's end.
  void put_once(Space space, std::string_view key, std::string_view value);
  // As the account will be after this batch. In a mode with reads only.
  Result<std::optional<std::string>> get(Space space, const std::string& key) const;
  Result<std::optional<std::string>> document(schema::LocalId local) const;  // the same, however it is packed
  Result<std::vector<std::pair<std::string, std::string>>> scan(Space space, const std::string& begin,
                                                                const std::string& end, std::size_t limit) const;

  // What many get() are going to ask for, by one question. In a mode with reads only.
  Result<void> read_ahead(Space space, const std::vector<std::string>& keys);
  OrderBlocks& order_blocks(schema::MailboxId mailbox) { return order_blocks_[mailbox]; }  // for store/received_order.h

  // Due work, and its hint in the calendar unless an earlier one stands there. Gives when it is due: not before now.
  Time add_due(Time time, char what, std::string_view id, std::string_view value = {});
  void add_cdr(schema::CdrRecord cdr);  // its id and time are given here
  // A change record at `modseq`; `replaces` is the live entry that goes (0: none). A tombstone makes its own end due.
  void log(schema::Modseq modseq, const schema::ChangeRecord& change, schema::Modseq replaces);

  // The batch is refused (conflict) unless the holds in force are those of this revision: of several the first counts.
  void expect_holds(std::uint64_t revision);
  // The same unless that is what is stored under the key: for what is decided by a record that this process alone may have in hand, while
  // another one writes to the account too.
  void expect(Space space, std::string key, std::optional<std::string> value) { expectations_.push_back({space, std::move(key), std::move(value)}); }
  // Something of the account stays for the hold from this batch on: the hold's release has to find it.
  void stay_for_hold(std::uint64_t hold) { holds_to_note_.insert(hold); }

  void before(CommitEntry entry) { before_.push_back(std::move(entry)); }  // goes ahead of the account's batch
  void after(CommitEntry entry) { after_.push_back(std::move(entry)); }
  void hold_until_submitted(OpenNumbers::Opening opening) { held_.push_back(std::move(opening)); }
  void when_durable(std::function<void()> wake) { wakes_.push_back(std::move(wake)); }  // on the committer's thread
  void tell_nobody() { is_told_ = false; }  // unless it makes a change, it is no news to who follows the account (store/change_feed.h)
  std::size_t size_bytes() const { return batch_.size_bytes() + once_bytes_; }
  bool has_room(std::size_t size_bytes) const;  // for records of that size and the batch's own end
  bool full() const;  // near a batch's bound: submit and begin anew

  // The parts of a Commit; several accounts' writes may go into one.
  void move_into(Commit& commit);
  void submit(std::function<void(const Result<void>&)> done, std::uint32_t messages = 0);
  Result<void> commit();  // submits, gives the lock back, and waits
  // The same, but the lock is given back once `then` returns: nothing of the account changes in between. Not called on an error.
  Result<void> commit_and(const std::function<void()>& then);

 private:
  AccountWrite(Rooms& rooms, std::shared_ptr<Head> head, std::unique_lock<std::mutex> lock);
  static Result<void> load(Rooms& rooms, Head& head);
  static Result<bool> is_stale(Rooms& rooms, const Head& head, Mode mode);
  void relieve_if_over();
  void note_trash();
  void make_index_due();
  void hand_over(std::function<void(const Result<void>&)> done, std::uint32_t messages);
  Result<void> wait(bool unlocks);
  void remember(Space space, std::string_view key, std::optional<std::string> value);
  void forget_once(Space space, std::string_view key);

  Rooms* rooms_;
  std::shared_ptr<Head> head_;
  std::unique_lock<std::mutex> lock_;  // of head_->mutex
  Batch batch_;
  schema::AccountRecord profile_;
  bool profile_changed_ = false;
  std::shared_ptr<const Automatic> automatic_;  // as it is set; null: as the head has it
  std::shared_ptr<const schema::EffectiveClass> service_;  // null: nobody asked yet
  schema::HeadRecord record_;
  std::map<schema::MailboxId, schema::MailboxRecord> mailboxes_;  // touched ones, as they will be
  std::vector<schema::MailboxId> dropped_mailboxes_;
  std::vector<std::pair<std::string, schema::LocalId>> keys_;
  Time last_received_{};
  OpenNumbers::Opening opening_;  // of a CDR hint, until the batch is submitted
  std::vector<OpenNumbers::Opening> held_;
  std::optional<std::uint64_t> holds_revision_;  // that the batch was judged by
  std::set<std::uint64_t> holds_to_note_;
  std::vector<Expectation> expectations_;
  std::vector<CommitEntry> before_;
  std::vector<CommitEntry> after_;
  std::vector<std::function<void()>> wakes_;
  bool is_told_ = true;
  bool remembers_ = false;  // in a mode with reads
  std::map<std::pair<Space, std::string>, std::optional<std::string>> known_;  // written by this batch, or read ahead; when remembers_
  std::map<std::pair<Space, std::string>, std::string> once_;                  // what put_once() has for the batch's end
  std::size_t once_bytes_ = 0;
  std::map<schema::MailboxId, OrderBlocks> order_blocks_;
};

}  // namespace telepost::store
