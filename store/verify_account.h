// One account's records against each other. A pass over each range of keys, in the order of the keys, with some hundred bytes
// kept for each message: what must agree between records is summed up where it is met and compared at the end, and only
// where sums differ the records are read again.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "schema/message_records.h"
#include "schema/records.h"
#include "store/engine/engine.h"
#include "store/verify_scope.h"

namespace telepost::store {

class AccountVerification {
 public:
  AccountVerification(VerifyScope& scope, schema::AccountId account);
  Result<void> run();

  // What is known of one message after the passes.
  struct Known {
    schema::LocalId local;
    schema::Modseq created, modseq;
    Time received;
    std::uint64_t size = 0;
    std::uint64_t placements = 0, summaries = 0, orders = 0;  // sums of hashes of (mailbox, uid)
    std::uint64_t mailboxes = 0;                              // the same of (mailbox, 0)
    std::uint64_t summary = 0;                                // hash of its first summary
    std::uint32_t inline_segments = 0, stored_segments = 0;
    std::uint8_t kind = 0;  // 0: no summary was met
    bool unread = false;    // neither $seen nor $draft
    bool logged = false;
    bool packed = false;    // document and inline segments
  };

 private:
  struct Recount {
    schema::MailboxRecord record;
    std::uint64_t messages = 0, unseen = 0, unseen_drafts = 0, bytes = 0;
    bool uncertain = false;        // a finding about placements explains what the counters say
    bool order_uncertain = false;
    bool named = false;            // by the name index
  };
  using Visit = std::function<Result<void>(std::string_view key, std::string_view value)>;
  Result<void> scan(Space space, std::string_view begin, std::string_view end, const Visit& visit);

  void damage(std::string_view check, std::string_view key, std::string what);
  void unknown(std::string_view key) { damage("record", key, "no key of an account looks so"); }
  Known* find(schema::LocalId local);
  Recount* mailbox(schema::MailboxId id);

  Result<bool> read_profile();            // false: nothing more to verify
  Result<void> verify_removed();
  Result<void> verify_being_deleted();
  Result<void> read_queue();
  Result<void> read_due(std::string_view key, std::string_view value);
  Result<void> read_cdr(std::string_view key, std::string_view value);
  Result<void> verify_hints();
  Result<void> read_points();
  Result<void> read_mailbox(std::string_view key, std::string_view value);
  Result<void> read_name(std::string_view key, std::string_view value);
  Result<void> read_message(std::string_view key, std::string_view value);
  void read_delivery_key(std::string_view key, std::string_view value);
  void read_app_password(std::string_view key, std::string_view value);
  void read_intent(std::string_view key, std::string_view value);
  void read_upload(std::string_view key, std::string_view value);  // store/verify_uploads.cc, with the two below
  void read_upload_chunk(std::string_view key, std::string_view value);
  void compare_uploads();
  void read_push_subscription(std::string_view key, std::string_view value);  // store/verify_push.cc, with the one below
  Result<void> verify_push();
  void read_second_factor(std::string_view value);  // store/verify_sign_in.cc, with the one below
  void read_token(std::string_view key, std::string_view value);
  Result<void> read_job_name(std::string_view key, std::string_view value);
  void read_submission(std::string_view key, std::string_view value);
  void read_sender_record(std::string_view value);
  void read_vacation(std::string_view value);
  void read_rules(std::string_view value);
  void read_answered(std::string_view key, std::string_view value);
  void read_submitted_recipient(std::string_view key, std::string_view value);
  void verify_submissions();
  void verify_tree();
  Result<void> read_summaries();
  Result<void> read_kept();
  Result<void> verify_hold(std::string_view key, std::uint64_t hold);  // its release will find the account
  void compare_kept();
  void compare_summary(Known& message, std::string_view key, std::string_view value, const schema::Summary& summary);
  Result<void> compare_placements();
  Result<void> compare_placement(const Known& message, const schema::Placement& placement);
  Result<bool> places(schema::LocalId local, const schema::Placement& placement);
  Result<void> read_changes();
  void read_change(std::string_view key, std::string_view value);
  void read_gone(std::string_view key, std::string_view value);
  Result<void> verify_order();
  Result<void> verify_order_of(Recount& mailbox);
  Result<void> verify_contacts();
  Result<void> verify_told_cards(const std::map<std::uint64_t, schema::Modseq>& cards);
  Result<void> verify_index();
  Result<void> verify_archive();
  void compare_counters();
  Result<void> read_large();
  Result<void> verify_addresses();
  Result<void> verify_listed();

  VerifyScope& scope_;
  const schema::AccountId account_;
  const schema::Partition partition_;
  std::unique_ptr<PartitionReader> snapshot_;
  schema::AccountRecord profile_;
  schema::HeadRecord head_;
  std::map<schema::MailboxId, Recount> mailboxes_;
  std::deque<Known> messages_;  // by local number, as they are keyed
  std::unordered_set<std::uint64_t> explained_;  // locals of which a finding told already that their record is missing
  bool usage_uncertain_ = false;
  std::set<std::string> forget_answer_dues_;
  std::vector<std::string> forget_key_dues_, intent_dues_, submission_dues_, forget_submission_dues_;  // ids, sorted once all are read
  struct Submitted {
    std::uint32_t recipients = 0, open = 0;   // as the record tells
    std::uint32_t counted = 0, counted_open = 0;
    bool final = false;
    bool waits_for_copies = false;
  };
  std::map<std::uint64_t, Submitted> submissions_;  // by local number
  std::unordered_set<std::uint64_t> named_jobs_;
  std::unordered_set<std::uint64_t> kept_;  // locals of messages that were expunged and are still being sent
  std::map<std::uint64_t, Time> departed_;   // locals of messages that are kept, and when they left; those that were met go
  std::unordered_set<std::uint64_t> gone_for_readers_;  // both
  std::unordered_set<std::uint64_t> untold_;  // locals of messages whose tombstone the index has yet to read
  schema::Usage in_undelete_, parked_;
  struct Archived {
    schema::LocalId local;
    std::uint64_t number = 0, size_bytes = 0;
    std::uint32_t parts = 0;
  };
  std::vector<Archived> archived_;
  std::set<std::pair<schema::LocalId, std::uint64_t>> archive_dues_;  // what may lie in the archive although no record names it
  std::unordered_set<std::string> untouched_;                         // keys that no record was met for yet
  schema::Usage archived_usage_;
  struct Uploaded {
    std::uint64_t size_bytes = 0, stored_bytes = 0;
    std::uint32_t chunks = 0;
  };
  std::map<std::uint64_t, Uploaded> uploads_;
  std::set<std::uint64_t> upload_dues_;
  std::set<std::pair<std::uint64_t, Time>> push_dues_;
  std::set<std::pair<std::string, Time>> token_dues_;
  std::vector<std::string> push_subscriptions_;  // keys
  std::optional<Time> earliest_due_;
  bool trim_due_ = false;
  std::optional<Time> purge_due_;  // the first one
  std::uint64_t last_cdr_hint_ = 0;
  std::vector<std::string> names_;  // F keys, to be compared once all mailboxes are read
};

// Summed up without order, so that placements and what is keyed by them compare whatever order they are met in.
std::uint64_t hash_of_placement(schema::MailboxId mailbox, schema::Uid uid);

// The bytes of a message: document, segments, pieces, links, digest. A message that is gone meanwhile is left out.
Result<void> verify_content(VerifyScope& scope, schema::MessageId id, const AccountVerification::Known& known);

// Whether the key is one of those that verify_contacts() looks at, in the scan space.
bool is_of_contacts(std::string_view key);

// Recounts one order by received time; see store/received_order.h.
class OrderRecount {
 public:
  // The front outlives it. `bad` is told of block records that are none.
  static Result<OrderRecount> read(const PartitionReader& reader, schema::MailboxId order, const schema::OrderFront& front,
                                   const std::function<void(std::string_view key, std::string what)>& bad);
  void count(std::string_view order_key);
  std::string mismatch() const;  // "" if all counts agree

 private:
  using Entries = std::vector<std::pair<std::string, schema::BlockRecord>>;  // by upper bound
  OrderRecount(const schema::OrderFront& front, Entries blocks, Entries groups);
  const schema::OrderFront& front_;
  Entries blocks_, groups_;
  std::vector<std::uint64_t> in_block_, in_group_;  // the front is the last
  std::string first_;
};

}  // namespace telepost::store
